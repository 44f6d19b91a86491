"""Another scene: files that do not go out, and a bank that takes the one that does and never says a word."""

from __future__ import annotations

import os

from h2h.adapters.files import is_temporary
from h2h.core.lifecycle import State
from tests.contracts.pain import IBANS
from tests.crashes.scene import CONTENT, NAME, Scene
from tests.journeys.site import TickingClock, salaries

FILES = {
    NAME: CONTENT,
    "bad.csv": salaries(("BAD-1", "1,005", IBANS[0]), ("BAD-2", "10,00", "DE00")),
    "again.csv": CONTENT,
    "overlap.csv": salaries(("SAL-2", "0,01", IBANS[1]), ("NEW-1", "5,00", IBANS[2])),
}
ENDS = {NAME: State.SENT, "bad.csv": State.REFUSED, "again.csv": State.DUPLICATE, "overlap.csv": State.HELD}


class Trouble(Scene):
    """The first file is sent, the others are refused, a duplicate, and held for a person."""

    def drop(self) -> None:
        """All at once; the order is that of their times."""
        self.site.clock = TickingClock()
        for minute, (name, content) in enumerate(FILES.items()):
            path = self.site.drop(name, content)
            moment = 1_790_000_000 + 60 * minute
            os.utime(path, (moment, moment))

    def bank_acts(self) -> None:
        """Takes what it sees; says nothing."""
        self.taken += self.site.bank_takes().values()

    def faults_at_the_end(self, *, states: frozenset[State] = frozenset()) -> list[str]:
        """Everybody was told: the ERP beside its file, people by the list, the second witness."""
        faults = self._at_the_bank(final=True)
        with self.site.house() as house:
            found = {s.source_name: s.state for s in house.journal.submissions()}
            told = [(item.kind, house.journal.find(item.subject)[0].source_name) for item in house.journal.attention()]
        if found != ENDS:
            faults.append(f"states: {found}")
        if told != [("held", "overlap.csv")]:
            faults.append(f"told: {told}")
        for name, state in ENDS.items():
            said = self.site.receipt(name)["state"]
            if said != str(state):
                faults.append(f"the receipt of {name} says {said}")
        for name, code in (("bad.csv", "H2H-DECIMALS"), ("again.csv", "H2H-SAME-BYTES")):
            codes = [f["code"] for f in self.site.findings(name)]
            if code not in codes:
                faults.append(f"the report on {name} has {codes}")
        if [n for n in self.site.outbox() if not is_temporary(n)]:
            faults.append(f"still in the ERP's folder: {self.site.outbox()}")
        return faults + self._witnesses() + self._left_over()
