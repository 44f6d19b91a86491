"""Rows kept apart by group until they are written: in memory while they are few, else in one scratch file."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

Scratch = Callable[[], BinaryIO]

#: So many rows are held in memory.
HELD_MAX = 4096
#: The last version of marshal that does not look for equal objects, which takes longer than writing them.
_PLAIN_MARSHAL = 2


class Spool:
    """A queue a group. Rows are lists of texts and numbers; they come back in the order in which they went in."""

    def __init__(self, scratch: Scratch, held_max: int | None = None) -> None:
        self._open = scratch
        self._held_max = HELD_MAX if held_max is None else held_max
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
            yield from marshal.loads(self._file.read(length))  # noqa: S302 - a private file that this process wrote
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
            block = marshal.dumps(rows, _PLAIN_MARSHAL)
            self._file.write(block)
            self._blocks.setdefault(group, []).append((self._end, len(block)))
            self._end += len(block)
        self._pending.clear()
        self._held = 0
