"""Those who go on while somebody stands at an effect: the other node, and a person with the choices of the commands.

A pause of a thread (``plan.OTHERS``) lets the world's turns go by, in which a person does what the list asks for. Here
a whole process stands, and at that very place others do what they like: the other node finishes the file, a person
holds it, cancels it, takes it over, ends a doubt. A command of a person can stand, too: then both nodes go on, or a
second person decides.
"""

from __future__ import annotations

from collections.abc import Callable

from h2h.simulator.torture.machine import Machine, Offer, Violation
from h2h.simulator.torture.person import Person
from h2h.simulator.torture.scene import Scene

#: One round takes a file in, converts, seals and sends it; the next one sees what the first has left.
_ROUNDS = 2


class TheOthers:
    """See the module. *nodes_move*: the nodes that do not stand have a round; *nodes_end*: their processes end.

    *up*: is there such a node?
    """

    def __init__(
        self,
        scene: Scene,
        person: Person,
        *,
        nodes_move: Callable[[], None],
        nodes_end: Callable[[], None],
        up: Callable[[], bool],
    ) -> None:
        self._scene, self._person = scene, person
        self._nodes_move, self._nodes_end, self._up = nodes_move, nodes_end, up

    @property
    def _machine(self) -> Machine:
        return self._scene.machine

    def may(self, what: str) -> bool:
        """``machine.Bystanders``."""
        return self._up() if what in ("others", "restart") else self._person.may_decide(what)

    def act(self, what: str) -> None:
        """``machine.Bystanders``; what they let escape is theirs, and not told to who stands."""
        try:
            if what in ("others", "restart"):
                self._go_on(anew=what == "restart")
            else:
                self._person.decides(what)
        except Exception as problem:
            raise Violation(f"uncaught: {type(problem).__name__}: {problem}") from problem

    def offers(self) -> Offer:
        """``machine.Bystanders``."""
        journal = self._scene.oracle.journal
        versions = [(sub.sid, sub.version) for sub in journal.submissions()]
        versions += [(f"{file.fid} {file.state}", 0) for file in journal.files()]
        return Offer(tuple(self._person.offered()), tuple(versions))

    def _go_on(self, *, anew: bool) -> None:
        if anew:
            self._nodes_end()
        for _ in range(_ROUNDS):
            if any(process.dead for process in self._machine.stopped):
                return  # the power has failed: nobody is up before those who stand are gone
            self._nodes_move()
            self._scene.clock.sleep(self._scene.flow.step_seconds)
