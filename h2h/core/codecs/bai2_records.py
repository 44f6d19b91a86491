"""The records of a BAI2 file: physical lines → logical records, each with its continuations (record code 88).

A record ends with ``/`` or, where its last field is text, with its line. A continuation after ``/`` begins a new field,
or goes on with a text; after a line without ``/`` it goes on with the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from h2h.core.findings import Finding, WhoActs, warning

# Some banks put several records on a line.
_NEXT_ON_LINE = re.compile(r"/[ \t]+(?=(?:01|02|03|16|49|88|98|99),)")
_CODE = re.compile(r"[ \t]*(01|02|03|16|49|88|98|99)[ \t]*,")


@dataclass(slots=True)
class Record:
    """One logical record: its code, the pieces of its lines (without the code), and where it begins (1-based)."""

    code: str
    line: int
    pieces: list[str]
    physical: int = 1
    where: str = field(default="")

    def fields(self) -> list[str]:
        """All fields, for a record without text. Where a line ended in the middle, the next begins a field."""
        return [f.strip() for piece in self.pieces for f in piece.split(",")]


def records_of(text: str, findings: list[Finding]) -> Iterator[Record]:
    """All records in order. A line that is none goes on with the record before it, and that is said."""
    current: Record | None = None
    told_of_lines = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        parts = _NEXT_ON_LINE.split(line) if "/" in line else [line]
        if len(parts) > 1 and not told_of_lines:
            told_of_lines = True
            odd = f"line {number} holds several records; a line should hold one"
            findings.append(warning("H2H-BAI2-DIALECT", f"line {number}", odd, WhoActs.BANK, line=number))
        for part in parts:
            found = _CODE.match(part)
            if found is None:
                odd = f"line {number} is no record; it is read as the rest of the one before: {part.strip()[:200]}"
                findings.append(warning("H2H-BAI2-DIALECT", f"line {number}", odd, WhoActs.BANK, line=number))
                if current is not None:
                    current.pieces[-1] += _ended(part)
                continue
            content = _ended(part[found.end() :])
            if found[1] == "88" and current is not None:
                current.pieces.append(content)
                current.physical += 1
                continue
            if current is not None:
                yield current
            current = Record(found[1], number, [content], where=f"line {number}, record {found[1]}")
    if current is not None:
        yield current


def _ended(content: str) -> str:
    """Without the sign of the record's end, and what pads the line behind it."""
    return content.rstrip().removesuffix("/").rstrip()
