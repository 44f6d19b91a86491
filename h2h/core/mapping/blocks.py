"""What the writers of payments and of statements share: text handed on in blocks, a refusal with its path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from h2h.core.errors import Refused
from h2h.core.findings import WhoActs, error
from h2h.core.mapping.generate import CannotWriteError

Write = Callable[[Any], str]

# Text is handed to the file in blocks of about this many characters.
_BLOCK = 64 * 1024


def in_blocks(parts: Iterable[str], out: BinaryIO) -> None:
    """Write the texts one behind the other, in UTF-8."""
    held: list[str] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _BLOCK:
            out.write("".join(held).encode())
            held.clear()
            size = 0
    out.write("".join(held).encode())


def refusal(problem: CannotWriteError, value: Any, where: str, who_acts: WhoActs) -> Refused:
    """The refusal of *value*, which stands at *where*."""
    place = getattr(value, "place", None)
    path = f"{where}/{problem.path}".strip("/")
    return Refused(
        [
            error(
                *(problem.code, path, f"{path}: {problem.text}", who_acts),
                line=place.line if place else None,
                column=place.column if place else None,
            )
        ]
    )
