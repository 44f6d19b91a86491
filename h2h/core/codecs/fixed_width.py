"""The cells of a fixed-width file: records of several sorts, fields at declared positions, numbers of the mainframe.

Rules
1. A record has a declared sort; one that is of none is found.
2. What stands between the columns of a payment's record is found: it would be lost.
3. A number with implied decimals holds digits and its sign, nothing else. It goes on as ``123.45``, with the declared
   decimal separator and a minus in front; h2h pays no negative amounts, so those are found.
4. A date of zeros is no date.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from h2h.core.codecs.cells import Unreadable
from h2h.core.codecs.ebcdic import is_ebcdic
from h2h.core.codecs.fields import FIELDS, Kind, canonical_name
from h2h.core.codecs.numbers import unpacked
from h2h.core.codecs.records import records_of
from h2h.core.codecs.source import Totals
from h2h.core.codecs.text import TextLines
from h2h.core.declared_tables import FixedWidth, Slice
from h2h.core.rules.judge import Judge, Where, shown


class FixedWidthCells:
    """The rows of one file (``source.Cells``). The first one holds the names of its columns."""

    def __init__(self, source: BinaryIO, table: FixedWidth, judge: Judge) -> None:
        self._table, self._judge = table, judge
        self.states_totals = bool(table.trailer_marker)
        if table.record_length:
            self.unreadable: set[int] = set()
            self._texts = records_of(source, table.record_length, table.encoding, judge, self.unreadable)
        else:
            lines = TextLines(source, table.encoding, judge)
            self.unreadable = lines.unreadable
            self._texts = ((n, line.rstrip("\r\n")) for n, line in enumerate(lines, 1))
        self._ebcdic = is_ebcdic(table.encoding)
        self._in_details = [(n, c) for n, c in table.columns.items() if c.record == "detail"]
        self._in_headers = [(n, c) for n, c in table.columns.items() if c.record == "header"]
        self._gaps = _gaps(table, [c for _, c in self._in_details])
        self._told_gaps: set[int] = set()
        self._dates, self._amounts = _columns_of(table, Kind.DATE), _columns_of(table, Kind.AMOUNT)
        self._number = 0

    def __iter__(self) -> Iterator[tuple[int, int, list[str] | Totals]]:
        header: list[str] | None = None if self._table.header_marker else []
        named = False
        for number, text in self._texts:
            self._number = number
            if not named:
                named = True
                yield self._number, self._number, [name for name, _ in self._in_details + self._in_headers]
            if not text.strip() and not self._table.record_length:
                continue
            sort = self._sort_of(text)
            if sort == "header":
                header = self._values(text, self._in_headers)
            elif sort == "trailer":
                yield self._number, self._number, self._totals(text)
            elif sort == "detail":
                if header is None:
                    self._found("H2H-RECORD", "a payment stands before the first header record")
                    header = [""] * len(self._in_headers)
                self._look_between(text)
                yield self._number, self._number, self._values(text, self._in_details) + header

    def where(self, number: int, column: int | None = None, label: str = "") -> Where:
        """``line 3, positions 12–25 (amount)``."""
        row = f"{self._table.unit} {number}"
        found = self._table.columns.get(label)
        if found is None:
            return Where(row, number)
        last = found.start + found.length - 1
        return Where(f"{row}, positions {found.start}–{last} ({label})", number, found.start)

    def why_not(self, found: int, wanted: int) -> str:
        """Every record has all columns."""
        return f"the record has {found} fields, {wanted} are expected"

    def _sort_of(self, text: str) -> str:
        table = self._table
        for marker, sort in (
            (table.header_marker, "header"),
            (table.trailer_marker, "trailer"),
            (table.detail_marker, "detail"),
            *((marker, "ignored") for marker in table.ignore_markers),
        ):
            if marker and self._cut(text, table.marker_start, len(marker)) == marker:
                return sort
        if not table.detail_marker:
            return "detail"
        known = [m for m in (table.header_marker, table.detail_marker, table.trailer_marker) if m]
        has = self._cut(text, table.marker_start, max(map(len, known)))
        names = ", ".join(shown(m) for m in known)
        self._found("H2H-RECORD", f"the record has the marker {shown(has)}; known are {names}")
        return "unknown"

    def _values(self, text: str, columns: list[tuple[str, Slice]]) -> list[str]:
        end = max((c.start + c.length - 1 for _, c in columns), default=0)
        size = len(self._encoded(text)) if self._table.positions == "bytes" else len(text)
        if size < end and not self._table.trimmed:
            self._found("H2H-RECORD", f"the record ends at position {size}, its last column at {end}: it is cut off")
            self.unreadable.add(self._number)
        return [self._value(text, name, column, size) for name, column in columns]

    def _value(self, text: str, name: str, column: Slice, size: int) -> str:
        raw = self._cut(text, column.start, column.length)
        if column.decimals is not None:
            if size < column.start + column.length - 1 and raw.strip():
                self._fault(name, "the number is cut off at the end of the record")
                return ""
            try:
                return self._number_in(raw, name, column)
            except Unreadable as why:
                self._fault(name, str(why))
                return ""
        value = raw.strip(" ")
        return "" if name in self._dates and value and not value.strip("0") else value

    def _number_in(self, raw: str, name: str, column: Slice) -> str:
        found = unpacked(raw, column, self._encoded(raw.rstrip(" ")[-1:]) if self._ebcdic else None)
        if name in self._amounts and self._table.amounts == "negative" and found:
            if not found.startswith("-"):
                raise Unreadable(f"{shown(raw)} has no minus; amounts of this file are declared as negative")
            found = found[1:]
        return found if self._table.decimal_separator == "." else found.replace(".", self._table.decimal_separator)

    def _totals(self, text: str) -> Totals:
        table, read = self._table, {}
        for name in (table.count, table.sum):
            if name is not None:
                (read[name],) = self._values(text, [(name, table.columns[name])])
        count = read.get(table.count) if table.count is not None else None
        total = read.get(table.sum) if table.sum is not None else None
        if total is not None and table.amounts == "negative":
            total = total.removeprefix("-")
        return Totals(count.lstrip("0") or "0" if count else count, total)

    def _look_between(self, text: str) -> None:
        for start, length in self._gaps:
            between = self._cut(text, start, length) if length else self._cut(text, start, len(text))
            if between.strip(" \0") and start not in self._told_gaps:
                self._told_gaps.add(start)
                last = f" to {start + length - 1}" if length else ""
                told = (
                    f"{shown(between.strip())} stands at positions {start}{last}, which nothing reads; it would be lost"
                )
                self._found("H2H-COLUMNS", told)

    def _cut(self, text: str, start: int, length: int) -> str:
        if self._table.positions == "characters":
            return text[start - 1 : start - 1 + length]
        try:
            return self._encoded(text)[start - 1 : start - 1 + length].decode(self._table.encoding)
        except UnicodeDecodeError:
            self._found("H2H-ENCODING", f"positions {start} to {start + length - 1} cut a character in two")
            self.unreadable.add(self._number)
            return ""

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._table.encoding, "replace")

    def _fault(self, name: str, text: str) -> None:
        self._judge.found("H2H-FORM", "", text, where=self.where(self._number, 1, name))
        self.unreadable.add(self._number)

    def _found(self, code: str, text: str) -> None:
        self._judge.found(code, "", text, where=self.where(self._number))


def _columns_of(table: FixedWidth, kind: Kind) -> set[str]:
    """The columns from which fields of that kind are read."""
    found = set()
    for declared, source in table.fields.items():
        field = FIELDS.get(canonical_name(declared, table.kind))
        column = source if isinstance(source, str) else source.column
        if field is not None and field.kind is kind and isinstance(column, str):
            found.add(column)
    return found


def _gaps(table: FixedWidth, columns: list[Slice]) -> list[tuple[int, int]]:
    """(start, length) of what no column covers, the marker apart; length 0: to the end of the record."""
    covered = [(c.start, c.length) for c in columns]
    if table.detail_marker:
        covered.append((table.marker_start, len(table.detail_marker)))
    gaps, at = [], 1
    for start, length in sorted(covered):
        if start > at:
            gaps.append((at, start - at))
        at = max(at, start + length)
    return [*gaps, (at, 0)]
