"""In the daemon what is long has a worker of its own, beside the one that fetches: what is urgent passes it by.

An answer of a few lines, on which a payment or a person waits, is home while a month's end statement is still read. All
statements go the slow way from where they are matched, short ones too: those of an account form a chain, and one that
overtakes another would look like a gap. Everything else may come in any order (``core.outcome``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from h2h.core.records import FileState, InboundFile
from h2h.pipeline.content import LONG_BYTES
from h2h.pipeline.house import House
from h2h.pipeline.inbound import READY, UNREAD, as_written, take

#: The slow worker looks at least this often for what another node has fetched.
SLOW_SECONDS = 5.0


def is_slow(house: House, file: InboundFile) -> bool:
    """Whether the file's next step takes long, or must not be taken before a long file's. Each step is one worker's."""
    if file.size >= LONG_BYTES or (file.state in READY and file.kind == "statement"):
        return True
    if file.state is FileState.FETCHED:
        return False  # how long it is when it is opened, is seen then
    opened = house.archive.get(file.fid, file.fetched_at, "20-opened")
    return opened is not None and opened.stat().st_size >= LONG_BYTES


class SlowInbound:
    """The worker of one bank. Whoever fetches and reads that bank's short files holds *taking* meanwhile."""

    def __init__(self, house: House, bank: str) -> None:
        self._house = house
        self._bank = bank
        self.taking = threading.Lock()

    def leaves(self, file: InboundFile) -> bool:
        """True if the other worker takes the file's next step."""
        return not is_slow(self._house, file)

    def take(self, stopping: Callable[[], bool]) -> float:
        """One round over what is slow; seconds until the next."""
        tried: set[str] = set()
        while True:
            # Both lists are of one moment, and nothing is half fetched in it: of two statements that came together
            # the later one is not matched because the earlier one is not read yet.
            with self.taking:
                unread = [file for file in self._slow(UNREAD) if file.fid not in tried]
                ready = self._slow(READY)
            if not unread or stopping():
                break
            for file in unread:
                tried.add(file.fid)
                take(self._house, file, UNREAD, stopping)
        for file in as_written(self._house, ready):
            take(self._house, file, READY, stopping)
        return SLOW_SECONDS

    def _slow(self, states: tuple[FileState, ...]) -> list[InboundFile]:
        files = self._house.journal.files(bank=self._bank, states=states)
        return [file for file in files if is_slow(self._house, file)]
