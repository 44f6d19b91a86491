"""The ledgers of the other nodes, beside this one's: read, never written, each checked as far as it goes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from h2h.adapters import files
from h2h.adapters.journal.ledger_lines import RESTORE, decoded, read_lines
from h2h.core.errors import Misconfigured
from h2h.core.records import LedgerKind, LedgerRecord


class LedgerBeside:
    """Another node's ledger. What was read once is remembered: asked again, only what was appended since is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = (0, 0)  # device and inode
        self._known: set[tuple[LedgerKind, str, int]] = set()
        self._head: tuple[int, str] = (0, "")
        self._offset = 0

    def has(self, kind: LedgerKind, sid: str, generation: int) -> bool:
        """True if that record stands in it. ``Misconfigured`` if it is damaged or was cut, ``Unavailable`` if it cannot

        be read.
        """
        with named(self._path), files.in_words("read the ledger", self._path):
            self._catch_up()
        return (kind, sid, generation) in self._known

    def _catch_up(self) -> None:
        number, prev = self._head
        with self._path.open("rb") as file:
            status = os.fstat(file.fileno())
            replaced = self._offset and (status.st_dev, status.st_ino) != self._file
            if replaced or status.st_size < self._offset:
                raise Misconfigured("the ledger was cut or replaced while h2h ran", hint=RESTORE)
            self._file = (status.st_dev, status.st_ino)
            file.seek(self._offset)
            for data in file:
                if not data.endswith(b"\n"):
                    return  # its node is just writing it
                line = decoded(data, number + 1, prev)
                number, prev = number + 1, line.hash
                self._known.add((line.record.kind, line.record.sid, line.record.generation))
                self._head, self._offset = (number, prev), self._offset + len(data)


def ledgers(own: Path, pattern: str) -> list[Path]:
    """This node's, and those of the other nodes beside it, which *pattern* names; there is none where it is empty."""
    beside = sorted(own.parent.glob(Path(pattern).name)) if pattern else []
    return [own, *(path for path in beside if path != own)]


def records_of(path: Path) -> Iterator[LedgerRecord]:
    """All records of another node's ledger, checked. Errors as ``LedgerBeside.has``."""
    with named(path):
        for line in read_lines(path):
            yield line.record


@contextmanager
def named(path: Path) -> Iterator[None]:
    """What is wrong inside is wrong with this ledger, of several."""
    try:
        yield
    except Misconfigured as problem:
        raise Misconfigured(f"{path}, another node's: {problem.message}", hint=problem.hint) from problem
