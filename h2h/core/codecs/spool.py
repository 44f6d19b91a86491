"""Rows kept apart by group until they are written: in memory while they are few, else in one scratch file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

Scratch = Callable[[], BinaryIO]

#: So many rows are held in memory.
HELD_MAX = 4096


class Spool:
    """A queue a group. Rows are lists of texts and numbers; they come back in the order in which they went in."""

    def __init__(self, scratch: Scratch, held_max: int = HELD_MAX) -> None:
        self._open = scratch
        self._held_max = held_max
        self._file: BinaryIO | None = None
        self._end = 0
        self._held = 0
        self._pending: dict[int, list[Sequence[Any]]] = {}
        self._blocks: dict[int, list[tuple[int, int]]] = {}

    def add(self, group: int, row: Sequence[Any]) -> None:
        """Keep a row."""
        self._pending.setdefault(group, []).append(row)
        self._held += 1
        if self._held >= self._held_max:
            self._flush()

    def read(self, group: int) -> Iterator[Sequence[Any]]:
        """The rows of a group; may be asked for again and again."""
        for offset, length in self._blocks.get(group, ()):
            if self._file is None:
                raise ValueError("the spool is closed")
            self._file.seek(offset)
            yield from json.loads(self._file.read(length))
        yield from self._pending.get(group, ())

    def close(self) -> None:
        """Give the scratch file back. What was spooled cannot be read after that."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _flush(self) -> None:
        if self._file is None:
            self._file = self._open()
        self._file.seek(self._end)
        for group, rows in self._pending.items():
            block = json.dumps(rows, separators=(",", ":")).encode()
            self._file.write(block)
            self._blocks.setdefault(group, []).append((self._end, len(block)))
            self._end += len(block)
        self._pending.clear()
        self._held = 0
