"""The cells of a JSON file: one payment an object, and the columns are paths in it.

``creditor.iban`` is a key within a key, ``texts.0`` the first element of an array, ``$.header.day`` a value of the
document around the payments. A key that nothing reads is found like a column that nothing reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from h2h.core.codecs.fields import FIELDS, Kind, canonical_name
from h2h.core.codecs.json_text import Broken, Decoder, Found, JsonText, Number
from h2h.core.codecs.source import Totals
from h2h.core.codecs.text import TextLines
from h2h.core.declared_tables import JsonTable
from h2h.core.rules.judge import Judge, Where, shown

_AROUND = "$."


class JsonCells:
    """The rows of one file (``source.Cells``)."""

    def __init__(self, source: BinaryIO, table: JsonTable, judge: Judge) -> None:
        self._table, self._judge, self._source = table, judge, source
        self._began = source.tell()
        self.states_totals = table.count is not None or table.sum is not None
        self.unreadable: set[int] = set()
        self._kinds = _kinds_of(table)
        self._columns = list(self._kinds)
        self._wanted = frozenset(self._columns)
        self._ignored = tuple(table.ignore_columns)
        self._told: set[str] = set()
        self._stated: dict[str, str] = {}
        self._number = 0
        self._line = 0

    def __iter__(self) -> Iterator[tuple[int, int, list[str] | Totals]]:
        yield 1, 1, list(self._columns)  # declared, so no file says them
        around: dict[str, str] = {}
        try:
            if any(name.startswith(_AROUND) for name in self._columns):
                # Members of an object have no order: what stands around the payments may stand behind them.
                around = self._around()
                self._source.seek(self._began)
            for found in self._lines() if self._table.lines else JsonText(self._source).walk(self._table.payments):
                self._line = found.line
                if found.item:
                    yield from self._row(found, around)
                else:
                    self._look_around(found)
        except Broken as problem:
            self._number = 0
            self._found("H2H-JSON", str(problem))
            self.unreadable.add(0)
            return
        if self.states_totals:
            self._number = 0
            for path in (self._table.count, self._table.sum):
                if path is not None and path not in self._stated:
                    self._judge.found("H2H-TRAILER", "", f"the document does not state {path}", where=Where("file"))
            yield 0, 0, Totals(self._stated.get(self._table.count or ""), self._stated.get(self._table.sum or ""))

    def where(self, number: int, column: int | None = None, label: str = "") -> Where:
        """``payment 3, creditor.iban``, with the line on which the payment begins."""
        line = self._line if number == self._number else None
        row = f"{self._table.unit} {number}" if number else f"line {self._line}"
        return Where(f"{row}, {label}" if label else row, line or None)

    def why_not(self, found: int, wanted: int) -> str:
        """Every payment has all columns, empty or not."""
        return f"the payment has {found} values, {wanted} are expected"

    def _row(self, found: Found, around: dict[str, str]) -> Iterator[tuple[int, int, list[str]]]:
        self._number = found.item
        for odd in found.odd:
            self._fault("H2H-JSON", odd)
        if not isinstance(found.value, dict):
            self._found("H2H-JSON", "the payment is not an object")
            return
        values: dict[str, Any] = {}
        for path, value in _leaves(found.value):
            if path in values:  # a key with a dot in it, and a key within a key
                self._fault("H2H-JSON", f"{shown(path)} is the path of two values")
            values[path] = value
            if path not in self._wanted:
                self._unread(path)
        cells = [
            around.get(path, "") if path.startswith(_AROUND) else self._cell(path, values.get(path))
            for path in self._columns
        ]
        yield found.item, found.item, cells

    def _around(self) -> dict[str, str]:
        read: dict[str, str] = {}
        for found in JsonText(self._source).walk(self._table.payments):
            if found.item:
                continue
            self._line = found.line
            for path, value in _leaves(found.value, f"{_AROUND}{found.path}"):
                if path in read:
                    self._fault("H2H-JSON", f"{shown(path)} is the path of two values")
                if path in self._wanted:
                    read[path] = self._cell(path, value)
        return read

    def _look_around(self, found: Found) -> None:
        self._number = 0
        for odd in found.odd:
            self._fault("H2H-JSON", odd)
        for path, value in _leaves(found.value, found.path):
            if path in self._stated:
                self._fault("H2H-JSON", f"{shown(path)} is the path of two values")
            if path in (self._table.count, self._table.sum):
                plain = str(value) if isinstance(value, str) else ""
                if path == self._table.sum and isinstance(value, Number):
                    plain = plain.replace(".", self._table.decimal_separator)
                self._stated[path] = plain
            elif f"{_AROUND}{path}" not in self._wanted:
                self._unread(f"{_AROUND}{path}")

    def _cell(self, path: str, value: Any) -> str:
        """A value as the text that the table declares; what is none is found."""
        kinds = self._kinds[path]
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, Number):
            if Kind.ACCOUNT in kinds:
                text = f"{shown(value)} is written as a number: that loses leading zeros, and most programs change the "
                self._fault("H2H-FORM", f"{text}last digits of a long one; write accounts in quotes", path)
            return value.replace(".", self._table.decimal_separator) if Kind.AMOUNT in kinds else str(value)
        if not isinstance(value, str):
            self._fault("H2H-FORM", "there is an empty object or array where a text or a number was expected", path)
            return ""
        odd = next((c for c in value if c == "\0" or "\ud800" <= c <= "\udfff"), None)
        if odd is not None:
            code = "H2H-NUL" if odd == "\0" else "H2H-ENCODING"
            self._fault(code, f"the text holds \\u{ord(odd):04x}, which is no character", path)
            return ""
        return value

    def _lines(self) -> Iterator[Found]:
        lines, decoder = TextLines(self._source, "utf-8", self._judge), Decoder()
        self.unreadable = lines.unreadable
        for number, text in enumerate(lines, 1):
            if not text.strip() or number in lines.unreadable:
                continue
            try:
                value, end = decoder.value(text.strip(), 0)
                if end < len(text.strip()):
                    raise Broken("something stands behind the payment")
            except Broken as problem:
                self._number = self._line = number
                self._fault("H2H-JSON", str(problem))
                continue
            yield Found(number, "", value, number, tuple(decoder.odd))

    def _unread(self, path: str) -> None:
        ignored = any(path == name or path.startswith(f"{name}.") for name in self._ignored)
        if not ignored and path not in self._told:
            self._told.add(path)
            self._found("H2H-COLUMNS", f"nothing reads {shown(path)}; what it says would be lost")

    def _fault(self, code: str, text: str, path: str = "") -> None:
        self._judge.found(code, "", text, where=self.where(self._number, None, path))
        self.unreadable.add(self._number)

    def _found(self, code: str, text: str) -> None:
        self._judge.found(code, "", text, where=self.where(self._number))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of everything that is no object or array; an empty one is its own leaf."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{index}" if path else str(index))
    else:
        yield path, value


def _kinds_of(table: JsonTable) -> dict[str, set[Kind]]:
    """Every declared path, with the kinds of the fields that are read from it."""
    kinds: dict[str, set[Kind]] = {}
    for declared, source in table.fields.items():
        column = source if isinstance(source, str) else source.column
        field = FIELDS.get(canonical_name(declared, table.kind))
        if isinstance(column, str):
            kinds.setdefault(column, set()).update({field.kind} if field is not None else ())
    return kinds
