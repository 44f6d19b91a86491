"""A bank for rehearsals and tests: a real SFTP server over loopback, its own keys, and answers by a table.

It accepts, rejects, returns later, stays silent, repeats itself, states; and it writes down all it got
(``received.jsonl``), so that a test can hold h2h to "each payment once". It reads and seals with code of its own and is
thereby a witness of what h2h really sends.

    with SimulatedBank(directory) as bank:
        ...                       # send to bank.channel(), sealed by bank.seal()
        bank.tick()               # the bank takes, judges, answers
        bank.received()           # what it got
"""

from h2h.simulator.bank import Agreement, SimulatedBank
from h2h.simulator.behaviour import BEHAVIOURS, Behaviour, Rule, load_behaviour
from h2h.simulator.keys import Keys, prepare

__all__ = ["BEHAVIOURS", "Agreement", "Behaviour", "Keys", "Rule", "SimulatedBank", "load_behaviour", "prepare"]
