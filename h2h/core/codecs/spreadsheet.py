"""The cells of an Excel sheet, as the person who filled it in saw and meant them, or a finding that says why not.

Rules
1. A number is read from the stored text, never through rounding. Excel keeps numbers in binary and stores 1.1 as
   1.1000000000000001: what was typed is the number of at most 15 digits that gives the same binary value. If there is
   none (12.340000000000001, the dust of a calculation), no amount is certain, and it is refused.
2. An account in a number cell has lost leading zeros, and beyond 15 digits its end.
3. A day is a number in a cell that shows days, in the workbook's own era (1900 or 1904), without a time.
4. A formula's stored result may be out of date: refused, unless the declaration takes it.
5. Hidden rows, columns and sheets and merged cells are found: what people do not see, they did not approve.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO

from lxml import etree

from h2h.core.codecs.fields import FIELDS, Kind, canonical_name
from h2h.core.codecs.sheet_cells import Cell, NotCertain, in_words, letters, number_of
from h2h.core.codecs.source import TRAILER, Totals, totals_of
from h2h.core.codecs.workbook import Unusable, Workbook, events, inline_text, opened, unescaped
from h2h.core.declared_tables import Spreadsheet
from h2h.core.rules.judge import Judge, Where, masked, shown
from h2h.core.xml import name_of

_COLUMNS_MAX = 16_384
#: All that is looked at of a sheet; the cells of a row are looked at when it is whole.
_TAGS = ("{*}col", "{*}row", "{*}mergeCell")


class SpreadsheetCells:
    """The rows of one sheet (``source.Cells``); the first one is the declared header row."""

    def __init__(self, source: BinaryIO, table: Spreadsheet, judge: Judge) -> None:
        self._source, self._table, self._judge = source, table, judge
        self.states_totals = table.trailer == "count-and-sum"
        self.unreadable: set[int] = set()
        self._book = Workbook()
        self._sheet = table.sheet
        self._kinds: list[set[Kind]] = []  # of the columns from the left; empty: nothing reads it
        self._hidden: list[tuple[int, int]] = []
        self._merged: list[str] = []
        self._last = 0

    def __iter__(self) -> Iterator[tuple[int, int, list[str] | Totals]]:
        try:
            archive, self._book = opened(self._source)
            yield from self._rows(events(archive, self._part(), ("start", "end"), _TAGS))
        except Unusable as problem:
            self._judge.found("H2H-SPREADSHEET", "", str(problem), where=Where("file"))
            self.unreadable.add(0)
            return
        self._look_at_merged()

    def where(self, number: int, column: int | None = None, label: str = "") -> Where:
        """``sheet Payments, cell C5 (amount)``."""
        sheet = f"sheet {self._sheet}, " if self._sheet else ""
        if column is None:
            return Where(f"{sheet}row {number}", number)
        named = f" ({label})" if label else ""
        return Where(f"{sheet}cell {letters(column)}{number}{named}", number, column)

    def why_not(self, found: int, wanted: int) -> str:
        """Cells stand beside the table."""
        return f"the row has {found} cells, the header {wanted}; what stands beside the table would be lost"

    def _part(self) -> str:
        book = self._book
        if not book.sheets:
            raise Unusable("the workbook has no sheet")
        if not self._sheet:
            self._sheet = next(iter(book.sheets))
            others = [name for name in book.sheets if name != self._sheet and name not in book.hidden]
            if others:
                text = f"the workbook has other sheets, which are not read: {', '.join(map(shown, others))}"
                self._judge.found("H2H-SPREADSHEET-SHEETS", "", text, where=Where("file"))
        if self._sheet not in book.sheets:
            raise Unusable(f"there is no sheet {shown(self._sheet)}; there are {', '.join(map(shown, book.sheets))}")
        if self._sheet in book.hidden:
            text = f"the sheet {shown(self._sheet)} is hidden"
            self._judge.found("H2H-SPREADSHEET-HIDDEN", "", text, where=Where("file"))
        return book.sheets[self._sheet]

    def _rows(self, seen: Iterator[tuple[str, etree._Element]]) -> Iterator[tuple[int, int, list[str] | Totals]]:
        width = 0
        for event, element in seen:
            tag = _local_name(str(element.tag))
            if event == "start":
                if tag == "col" and element.get("hidden") in ("1", "true"):
                    self._hidden.append((_whole(element.get("min")), _whole(element.get("max"))))
                continue
            if tag == "mergeCell":
                self._merged.append(element.get("ref", ""))
            if tag != "row":
                continue
            number = _whole(element.get("r")) or self._last + 1
            if number <= self._last:
                raise Unusable(f"row {number} stands behind row {self._last}")
            self._last = number
            cells = self._cells(element)
            is_hidden = element.get("hidden") in ("1", "true")
            _forget(element)
            if number < self._table.header_row or not any(c.text or c.formula for c in cells):
                continue
            if not self._kinds:
                if number > self._table.header_row:
                    raise Unusable(f"row {self._table.header_row}, which holds the columns' names, is empty")
                yield number, number, self._header(cells)
                width = len(self._kinds)
                continue
            if is_hidden:
                self._fault("H2H-SPREADSHEET-HIDDEN", number, None, "the row is hidden: nobody sees that it is paid")
            yield number, number, self._row(number, cells, width)

    def _row(self, number: int, cells: list[Cell], width: int) -> list[str] | Totals:
        if self.states_totals and cells and cells[0].text.strip() == TRAILER:
            plain = [TRAILER, *(self._text(number, i, c, set()) for i, c in enumerate(cells[1:], 2))]
            plain[2:3] = [self._text(number, 3, c, {Kind.AMOUNT}) for c in cells[2:3]]
            return totals_of(plain, self._judge, self.where(number)) or Totals(None, None)
        while len(cells) > width and not (cells[-1].text or cells[-1].formula):
            cells.pop()
        cells += [Cell()] * (width - len(cells))
        # A column that is knowingly not read may hold what it likes.
        return [
            self._text(number, index, cell, kinds) if kinds is not None else cell.text
            for index, (cell, kinds) in enumerate(zip(cells, self._padded(len(cells)), strict=True), 1)
        ]

    def _padded(self, width: int) -> list[set[Kind] | None]:
        known: list[set[Kind] | None] = [kinds or None for kinds in self._kinds]
        return known + [None] * (width - len(known))

    def _header(self, cells: list[Cell]) -> list[str]:
        while cells and not cells[-1].text:
            cells.pop()
        names = [cell.text.strip(" \t") for cell in cells]
        read = _kinds_of(self._table, names)
        self._kinds = [read.get(index, set()) for index in range(len(names))]
        for first, last in self._hidden:
            for index in range(max(first, 1), min(last, len(names)) + 1):
                if self._kinds[index - 1]:
                    text = f"the column {shown(names[index - 1])} is hidden: nobody sees what is paid"
                    self._judge.found("H2H-SPREADSHEET-HIDDEN", "", text, where=self.where(self._last, index))
        return names

    def _cells(self, row: etree._Element) -> list[Cell]:
        cells: list[Cell] = []
        for element in row:
            if _local_name(str(element.tag)) != "c":
                continue
            column = _column_of(element.get("r")) or len(cells) + 1
            if not len(cells) < column <= _COLUMNS_MAX:
                raise Unusable(f"the cells of row {self._last} are not in order")
            cells += [Cell()] * (column - 1 - len(cells))
            cells.append(self._cell(element))
        return cells

    def _cell(self, element: etree._Element) -> Cell:
        kind, text, formula = element.get("t", "n"), "", False
        for part in element:
            tag = _local_name(str(part.tag))
            if tag == "f":
                formula = True
            elif tag == "v":
                text = part.text or ""
            elif tag == "is":
                text = inline_text(part)
        if kind == "s" and text:
            number = int(text) if re.fullmatch("[0-9]{1,9}", text) else len(self._book.texts)
            if number >= len(self._book.texts):
                raise Unusable(f"a cell of row {self._last} has a text that the workbook does not hold")
            text = self._book.texts[number]
        elif kind == "str":
            text = unescaped(text)
        return Cell(kind, text, formula, _whole(element.get("s")) in self._book.date_styles)

    def _text(self, number: int, column: int, cell: Cell, kinds: set[Kind]) -> str:
        """What the cell says, in the declared forms; a finding where that is not certain."""
        if cell.formula and self._table.formulas == "refuse":
            text = "a formula stands here; its stored result may be out of date. Paste the values into the sheet"
            self._fault("H2H-SPREADSHEET", number, column, text)
            return ""
        if cell.kind in ("s", "str", "inlineStr") or not cell.text:
            return cell.text
        try:
            found = in_words(cell, kinds, self._table, from_1904=self._book.from_1904)
        except NotCertain as why:
            self._fault(why.code, number, column, str(why))
            return ""
        if Kind.ACCOUNT in kinds and cell.kind == "n":
            said = masked(number_of(cell.text) or found)
            text = f"{said} is a number, not a text: if the account began with zeros, Excel has taken them away"
            self._judge.found("H2H-EXCEL-ZEROS", "", text, where=self.where(number, column))
        return found

    def _look_at_merged(self) -> None:
        for reference in self._merged:
            first, _, last = reference.partition(":")
            row, column = _row_of(last or first), _column_of(first)
            if row > self._table.header_row and any(self._kinds[max(column - 1, 0) : _column_of(last or first)]):
                text = f"the cells {reference} are merged: only the first of them has a value"
                self._judge.found("H2H-SPREADSHEET", "", text, where=self.where(_row_of(first), max(column, 1)))

    def _fault(self, code: str, number: int, column: int | None, text: str) -> None:
        errors_before = self._judge.errors
        self._judge.found(code, "", text, where=self.where(number, column))
        if self._judge.errors > errors_before:
            self.unreadable.add(number)


def _kinds_of(table: Spreadsheet, names: list[str]) -> dict[int, set[Kind]]:
    """Index of every column that is read → the kinds of the fields that are read from it."""
    found: dict[int, set[Kind]] = {}
    for declared, source in table.fields.items():
        column = source if isinstance(source, str) else source.column
        index = column - 1 if isinstance(column, int) else names.index(column) if column in names else None
        field = FIELDS.get(canonical_name(declared, table.kind))
        if index is not None and field is not None:
            found.setdefault(index, set()).add(field.kind)
    return found


def _forget(row: etree._Element) -> None:
    """Give the memory of what has been read back."""
    row.clear()
    while row.getprevious() is not None:
        parent = row.getparent()
        if parent is None:
            return
        del parent[0]


@lru_cache(maxsize=256)
def _local_name(tag: str) -> str:
    """The name without its namespace; a sheet has few names and many elements."""
    return name_of(tag)[1]


def _whole(text: str | None) -> int:
    return int(text) if text and len(text) <= 9 and text.isdecimal() and text.isascii() else 0


def _column_of(reference: str | None) -> int:
    found = re.match(r"[A-Z]{1,3}(?=[0-9]|$)", reference or "")
    number = 0
    for letter in found[0] if found else "":
        number = number * 26 + ord(letter) - 64
    return number


def _row_of(reference: str) -> int:
    found = re.search(r"[0-9]{1,7}$", reference)
    return int(found[0]) if found else 0
