"""A directory of banks: which numbers there are, by what names, on which days, and which schemes reach them.

It is kept as one sorted block of text: 170,000 numbers take what their file takes, and not many objects each.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_CNAPS = re.compile(r"[0-9]{12}", re.ASCII)
_HEAD_OFFICE = "XXX"


class Entry(NamedTuple):
    """What the directory says of a number from one day to another; an empty field says nothing.

    ``schemes`` are words of the directory's own, e.g. SCT, INST, SDD, HVPS, BEPS, IBPS.
    """

    number: str
    name: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    schemes: tuple[str, ...] = ()

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on that day."""
        began = self.valid_from is None or self.valid_from <= day
        return began and (self.valid_until is None or day <= self.valid_until)


def kind_of(number: str) -> str | None:
    """``BIC`` (ISO 9362, 8 or 11 characters) or ``CNAPS`` (联行号, 12 digits); None if it is neither."""
    if _CNAPS.fullmatch(number):
        return "CNAPS"
    return "BIC" if _BIC.fullmatch(number) else None


class BankDirectory:
    """All entries. ``kinds`` of numbers it has at all; ``schemes`` that any entry names; ``count`` of its entries."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Numbers are BICs or CNAPS numbers (``kind_of``); no text holds a control character."""
        kinds: set[str] = set()
        schemes: set[str] = set()
        lines: list[bytes] = []
        for entry in entries:
            kinds.add(kind_of(entry.number) or "")
            schemes.update(entry.schemes)
            lines.append(_line(entry))
        lines.sort()
        self.kinds, self.schemes, self.count = frozenset(kinds), frozenset(schemes), len(lines)
        self._starts = array("Q")
        at = 0
        for line in lines:
            self._starts.append(at)
            at += len(line)
        self._text = b"".join(lines)

    def entries(self, number: str) -> list[Entry]:
        """What it says of a number, whatever the day; of a branch's BIC that it does not have, that of its head office.

        A BIC of eight characters is the head office's, which ends in XXX.
        """
        found = self._of(_full(number))
        if not found and kind_of(number) == "BIC":
            found = self._of(number[:8] + _HEAD_OFFICE)
        return found

    def _of(self, number: str) -> list[Entry]:
        wanted, found = number.encode() + b"\t", []
        at = bisect_left(range(self.count), wanted, key=lambda i: self._head(i, len(wanted)))
        while at < self.count and self._text.startswith(wanted, self._starts[at]):
            begins = self._starts[at]
            found.append(_entry(self._text[begins : self._text.index(b"\n", begins)].decode()))
            at += 1
        return found

    def _head(self, position: int, length: int) -> bytes:
        begins = self._starts[position]
        return self._text[begins : begins + length]


def _full(number: str) -> str:
    return number + _HEAD_OFFICE if len(number) == 8 else number


def _line(entry: Entry) -> bytes:
    days = [day.isoformat() if day is not None else "" for day in (entry.valid_from, entry.valid_until)]
    return ("\t".join([_full(entry.number), entry.name, *days, " ".join(entry.schemes)]) + "\n").encode()


def _entry(line: str) -> Entry:
    number, name, begins, ends, schemes = line.split("\t")
    return Entry(number, name, _day(begins), _day(ends), tuple(schemes.split()))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
