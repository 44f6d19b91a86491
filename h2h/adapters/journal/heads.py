"""A third place knows how far the ledger got (F37): one older copy of both, journal and ledger, is noticed.

One small file a ledger, ``NAME.head``, in a folder that no backup brings back with the two (another disk, another
machine's share): number and hash of the last record that a send or a person's decision depends on. It is written after
the record and before anything is done on its strength; when h2h opens the ledger, the two are compared.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from h2h.adapters import files
from h2h.adapters.journal.ledger import FileLedger
from h2h.adapters.journal.ledger_lines import read_lines
from h2h.core.errors import Misconfigured
from h2h.core.records import LedgerKind, LedgerRecord

#: A claim, a delivery or an answer that is forgotten makes nobody send: it is noted with the next of the others.
_NOT_AT_ONCE = (LedgerKind.CLAIM, LedgerKind.DELIVERED, LedgerKind.FETCHED)
_HINT = (
    "restore the newest copy of both, from any place; if this is the newest: `h2h journal accept-older`, "
    "which holds back all that has not been sent as far as this copy knows"
)


class NotedLedger:
    """Implements ``ports.Ledger``: the ledger, and its head noted in *folder*.

    ``Misconfigured`` if a ledger is older than its head there, or another. An error while noting is ``Unavailable``:
    the record stands, and nothing is done on its strength until its head is noted.
    """

    def __init__(self, ledger: FileLedger, path: Path, folder: Path) -> None:
        self._ledger = ledger
        self._path = path
        self._folder = folder
        self._mutex = threading.Lock()
        self._behind = False
        for known in (path, *(path.with_name(name) for name in ledger.others())):
            if words := contradiction(folder, known):
                raise Misconfigured(words, hint=_HINT)
        self._note()

    def append(self, record: LedgerRecord) -> LedgerRecord:
        """Durable on return, and noted if anybody is to act on it."""
        written = self._ledger.append(record)
        if record.kind not in _NOT_AT_ONCE:
            self._behind = True
            self._note()
        return written

    def has(self, kind: LedgerKind, sid: str, generation: int) -> bool:
        """True if that record stands in the ledger; then its head is noted, too."""
        found = self._ledger.has(kind, sid, generation)
        if found and self._behind and kind not in _NOT_AT_ONCE:
            self._note()
        return found

    def anywhere(self, kind: LedgerKind, sid: str, generation: int) -> bool:
        """As the ledger."""
        return self.has(kind, sid, generation) or self._ledger.anywhere(kind, sid, generation)

    def records(self, after: int = 0, of: str = "") -> Iterator[LedgerRecord]:
        """As the ledger."""
        return self._ledger.records(after, of)

    def others(self) -> list[str]:
        """As the ledger."""
        return self._ledger.others()

    def head(self) -> tuple[int, str]:
        """As the ledger."""
        return self._ledger.head()

    def _note(self) -> None:
        with self._mutex:
            note(self._folder, self._path, self._ledger.head())
            self._behind = False


def contradiction(folder: Path, ledger: Path) -> str | None:
    """In words, why this ledger is not the one, or not as new as the one, whose head was noted; None if it is."""
    number, known = _noted(folder, ledger)
    last = 0
    for line in read_lines(ledger) if number else ():
        last = line.record.number
        if last == number:
            if line.hash == known:
                return None
            return f"record {number} of the ledger {ledger} is not the one that {_file(folder, ledger)} knows"
    if number:
        return (
            f"the ledger {ledger} ends at record {last}, {_file(folder, ledger)} has seen {number}: journal and ledger "
            "were restored from an older copy, and what was sent since would be sent again"
        )
    return None


def note(folder: Path, ledger: Path, head: tuple[int, str], *, lower: bool = False) -> int:
    """Remember it; by how many records that is less than before. A lower number changes nothing, but with *lower*.

    ``Unavailable``, ``OutOfSpace``.
    """
    with _locked(folder):
        number, known = _noted(folder, ledger)
        if head == (number, known) or (head[0] <= number and not lower):
            return 0
        files.replace(_file(folder, ledger), f"{head[0]} {head[1]}\n".encode())
        return max(number - head[0], 0)


def _file(folder: Path, ledger: Path) -> Path:
    return folder / f"{ledger.name}.head"


def _noted(folder: Path, ledger: Path) -> tuple[int, str]:
    if not folder.is_dir():
        raise Misconfigured(
            f"paths.heads: {folder} is not there", hint="make it, or mount it; h2h never makes it itself"
        )
    file = _file(folder, ledger)
    try:
        with files.in_words("read", file):
            number, known = file.read_text("ascii").split() if file.exists() else ("0", "")
        return int(number), known
    except ValueError as problem:
        raise Misconfigured(f"{file} is damaged: it does not hold a number and a hash", hint=_HINT) from problem


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """A command must not put an older head over the daemon's."""
    with files.in_words("open", folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with files.in_words("lock", folder):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
