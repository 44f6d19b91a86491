"""One round of each part: the scanner's over the folders, a worker's over its bank; and `h2h once`, which is both."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from functools import partial

from h2h.core.errors import Misconfigured, Unavailable
from h2h.core.lifecycle import State
from h2h.core.records import FileState
from h2h.pipeline.attention import ClockGuard, look_for_overdue
from h2h.pipeline.fetch import Seen, fetch, waiting_to_settle
from h2h.pipeline.house import House, log
from h2h.pipeline.inbound import Worker, every, match_inbound, read_inbound, work_inbound
from h2h.pipeline.intake import take_in_folder
from h2h.pipeline.line import Line, Trunk
from h2h.pipeline.mending import mend, tidy
from h2h.pipeline.outbound import work_bank
from h2h.pipeline.recovery import recover
from h2h.pipeline.slow_inbound import SlowInbound

#: A worker looks at its due submissions at least this often.
WORKER_SECONDS_MAX = 5.0
#: So often a worker looks for what a person's command that was cut short left half done.
MEND_SECONDS = 3600.0
#: `h2h once` waits this long at the most for files that are still being written.
ONCE_SETTLE_SECONDS_MAX = 60.0


def _nothing() -> None:
    return


def scan_folders(
    house: House, stopping: Callable[[], bool], taken: Callable[[str], None] = lambda bank: None
) -> set[str]:
    """Take in what is complete in all folders; the banks that have new work. *taken* hears of each file's bank."""
    banks = set()
    for folder in house.settings.erp:
        if stopping():
            break
        if take_in_folder(house, folder, partial(taken, folder.bank)):
            banks.add(folder.bank)
    return banks


class BankRound:
    """Rounds over one bank: send what is due; when it is time, fetch; take what came as far as it goes.

    In the daemon stages of their own do the sending (*sends* False), over the same *trunk*, and what is *slow* has a
    worker of its own.
    """

    def __init__(
        self,
        house: House,
        bank: str,
        *,
        trunk: Trunk | None = None,
        sends: bool = True,
        slow: SlowInbound | None = None,
    ) -> None:
        self._house = house
        self._bank = bank
        self._trunk = trunk
        self._sends = sends
        self._mine = every if slow is None else slow.leaves
        self._taking = nullcontext() if slow is None else slow.taking
        self._guard = ClockGuard(house, bank)
        self._seen = Seen()
        self._fetch_at = house.clock.monotonic()
        self._mend_at = self._fetch_at + MEND_SECONDS  # at the start it has just been done
        self.moved = 0

    def take(self, stopping: Callable[[], bool]) -> float:
        """One round; seconds until the next. ``moved`` says how much it did."""
        house, bank = self._house, self._bank
        self.moved = 0

        def send() -> None:
            if self._sends and not self._guard.jumped():
                self._count(work_bank(house, bank, stopping, self._trunk))

        def read_and_match() -> None:
            self._count(work_inbound(house, bank, worker))

        worker = Worker(stopping, send, self._mine)
        send()
        with self._taking:
            if not stopping() and house.clock.monotonic() >= self._fetch_at:
                self._fetch_at = house.clock.monotonic() + house.settings.bank_of(bank).fetching.every_seconds
                self._count(self._fetch(send, _nothing if self._mine is every else read_and_match))
                look_for_overdue(house, bank)
                if house.clock.monotonic() >= self._mend_at:
                    self._mend_at = house.clock.monotonic() + MEND_SECONDS
                    mend(house)
            self._count(read_inbound(house, bank, worker))
        self._count(match_inbound(house, bank, worker))
        settle = waiting_to_settle(house, bank, self._seen)
        if settle > 0:
            self._fetch_at = min(self._fetch_at, house.clock.monotonic() + settle)
        return max(0.1, min(WORKER_SECONDS_MAX, self._fetch_at - house.clock.monotonic()))

    def _count(self, steps: int) -> None:
        """By a call: ``self.moved +=`` would look at it before *steps* are taken, and forget what is sent between."""
        self.moved += steps

    def fetch_soon(self) -> None:
        """Fetch in the next round, whatever the interval says."""
        self._fetch_at = self._house.clock.monotonic()

    @property
    def unsettled_seconds(self) -> float:
        """How long until every file seen at the bank has stood still long enough."""
        return waiting_to_settle(self._house, self._bank, self._seen)

    def _fetch(self, between: Callable[[], None], before_long: Callable[[], None]) -> int:
        try:
            with Line(self._house, self._bank, self._trunk) as line:
                return fetch(self._house, line, self._seen, between, before_long)
        except (Unavailable, Misconfigured) as problem:
            # The line told those who must act; sending and answers already here go on.
            log.warning("fetch.cannot", bank=self._bank, problem=str(problem))
            return 0


def once(house: House) -> bool:
    """One pass over all that is due: until nothing moves any more. False if something was refused or is in doubt."""
    began = house.now()
    tidy(house)
    recover(house)
    rounds = {bank: BankRound(house, bank) for bank in house.settings.banks}
    quiet = [f.completeness.quiet_seconds for f in house.settings.erp if f.completeness.by == "quiet"]
    until = house.clock.monotonic() + min(max(quiet, default=0.0) + 0.1, ONCE_SETTLE_SECONDS_MAX)
    while True:
        moved = len(scan_folders(house, lambda: False))
        unsettled = 0.0
        for turn in rounds.values():
            turn.fetch_soon()
            turn.take(lambda: False)
            moved += turn.moved
            unsettled = max(unsettled, turn.unsettled_seconds)
        if not moved and not unsettled and house.clock.monotonic() >= until:
            return not _troubles(house, began)
        if not moved:
            house.clock.sleep(0.2)


def _troubles(house: House, since: datetime) -> bool:
    """True if anything since then was refused, held back, quarantined, or is in doubt."""
    bad = (State.REFUSED, State.IN_DOUBT, State.DUPLICATE, State.HELD)
    submissions = house.journal.submissions(states=bad)
    files = house.journal.files(states=(FileState.QUARANTINED,))
    return any((s.updated_at or s.received_at) >= since for s in submissions) or any(
        f.fetched_at >= since for f in files
    )
