"""A table-like file, row by row: every row that is sound becomes a payment, everything else a finding with its place.

Rules
1. Encoding, columns, decimals and dates are declared, never guessed (``layout.check_fields``).
2. Every column is read or knowingly ignored; every row has as many cells as there are columns.
3. Blanks around a cell and between the groups of a printed IBAN are not part of the value. Nothing else is changed.
4. A file with findings of severity error is refused as a whole, but read to its end first, so that all are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import BinaryIO, NamedTuple

from h2h.core.codecs.cells import Forms, Unreadable
from h2h.core.codecs.delimited import DelimitedCells
from h2h.core.codecs.fields import TRANSACTION_FIELDS
from h2h.core.codecs.fixed_width import FixedWidthCells
from h2h.core.codecs.json_cells import JsonCells
from h2h.core.codecs.layout import Layout, Values, bind, check_fields
from h2h.core.codecs.source import Cells, Totals
from h2h.core.codecs.spreadsheet import SpreadsheetCells
from h2h.core.declared import Delimited, Table
from h2h.core.declared_tables import FixedWidth, JsonTable, Spreadsheet
from h2h.core.errors import Misconfigured
from h2h.core.rules.judge import Judge, Where, shown

ROWS_MAX = 1_000_000
#: A file with so many errors is not what its profile says; the rest is not looked at.
ERRORS_MAX = 10_000

_AMOUNT = TRANSACTION_FIELDS.index("amount")


class Row(NamedTuple):
    """One payment as the file writes it: its cells, and its values in the order of the field tables."""

    line: int
    cells: list[str]
    instruction: Values
    transaction: Values
    layout: Layout


#: (line, cells as they stand) → the amount, if the row has been taken; None: it has not, and comes out as ``Row``.
Take = Callable[[int, list[str]], Decimal | None]


def forms_of(table: Table) -> Forms:
    """How the file writes numbers and dates."""
    return Forms(
        decimal_separator=table.decimal_separator,
        thousands_separator=table.thousands_separator,
        date_format=table.date_format,
    )


def cells_of(source: BinaryIO, table: Table, judge: Judge) -> Cells:
    """The rows of *source*, whatever kind of table it is."""
    if isinstance(table, FixedWidth):
        return FixedWidthCells(source, table, judge)
    if isinstance(table, Spreadsheet):
        return SpreadsheetCells(source, table, judge)
    if isinstance(table, JsonTable):
        return JsonCells(source, table, judge)
    if isinstance(table, Delimited):
        return DelimitedCells(source, table, judge)
    raise Misconfigured(f"nothing reads a table of the kind {type(table).__name__}")


def read_rows(
    source: BinaryIO, table: Table, judge: Judge, quick: Callable[[Layout], Take | None] = lambda _: None
) -> Iterator[Row]:
    """The payments of a file. While a row is out, ``judge.place`` knows its line and columns.

    *quick* is asked once the columns are known; what it gives may take rows before they are looked at closely.
    ``Misconfigured`` if the declaration itself is wrong.
    """
    faults = check_fields(table)
    if faults:
        raise Misconfigured("; ".join(f"{fault.where}: {fault.text}" for fault in faults))
    yield from _Reader(cells_of(source, table, judge), table, judge).rows(quick)


class _Reader:
    def __init__(self, cells: Cells, table: Table, judge: Judge) -> None:
        self._table = table
        self._judge = judge
        self._source = cells
        self._layout: Layout | None = None
        self._line = 0
        self._count = 0
        self._sum = Decimal(0)
        self._forms = forms_of(table)

    def rows(self, quick: Callable[[Layout], Take | None]) -> Iterator[Row]:
        trailer_seen = False
        take: Take | None = None
        unreadable = self._source.unreadable
        for first, last, cells in self._source:
            self._line = first
            if trailer_seen:
                self._found("H2H-TRAILER", "there are rows after the trailer")
                return
            if isinstance(cells, Totals):
                trailer_seen = True
                self._check_totals(cells)
                continue
            if self._layout is None:
                self._layout = bind(self._table, cells, self._judge, self._source.where, first)
                if self._layout is None:
                    return
                self._judge.place = self._place
                take = quick(self._layout) if not self._layout.blank_columns else None
                if self._table.has_header:
                    continue
            amount = take(first, cells) if take is not None and not unreadable else None
            if amount is not None:
                self._count += 1
                self._sum += amount
            else:
                row = self._row(self._layout, cells, first, last)
                if row is not None:
                    yield row
            if self._count > ROWS_MAX:
                self._found("H2H-LIMIT", f"the file has more than {ROWS_MAX:,} payments")
                return
            if self._judge.errors > ERRORS_MAX:
                self._found("H2H-LIMIT", f"reading stopped here, after {ERRORS_MAX:,} errors")
                return
        self._close(trailer_seen)

    def _row(self, layout: Layout, cells: list[str], first: int, last: int) -> Row | None:
        if len(cells) != layout.width:
            self._found("H2H-DELIMITED", self._source.why_not(len(cells), layout.width))
            return None
        if not "".join(cells).strip(" \t"):
            self._found("H2H-BLANK-ROW", "the row has no values; it is left out")
            return None
        self._count += 1
        unreadable = self._source.unreadable
        if unreadable and any(n in unreadable for n in range(first, last + 1)):
            return None
        cells = layout.stripped(cells)
        extended = layout.extended(cells)
        for index in layout.blank_columns:
            if extended[index]:
                text = f"{shown(extended[index])} stands in a column without a name, which nothing reads"
                where = self._source.where(first, index + 1, str(index + 1))
                self._judge.found("H2H-COLUMNS", "", text, where=where)
        row = Row(first, cells, layout.instruction(extended), layout.transaction(extended), layout)
        self._add(row)
        return row

    def _add(self, row: Row) -> None:
        if not self._source.states_totals:
            return
        try:
            self._sum += self._forms.amount(row.transaction[_AMOUNT])
        except Unreadable:
            return  # found where the payment is made; the trailer's sum will differ too, and says so

    def _check_totals(self, totals: Totals) -> None:
        if totals.number is not None and not (
            re.fullmatch(r"[0-9]{1,18}", totals.number) and int(totals.number) == self._count
        ):
            self._found("H2H-TRAILER", f"the trailer says {shown(totals.number)} rows, there are {self._count}")
        if totals.sum is None:
            return
        try:
            stated = self._forms.amount(totals.sum)
        except Unreadable as why:
            self._found("H2H-TRAILER", f"the trailer's sum {why}")
            return
        if stated != self._sum:
            text = f"the trailer says {stated}, the rows add up to {self._sum}"
            self._judge.found("H2H-TRAILER", "", text, reason="AM10", where=self._where())

    def _close(self, trailer_seen: bool) -> None:
        self._line = 0
        if self._layout is None:
            if not self._judge.refuses:
                self._found("H2H-EMPTY", "the file is empty")
        elif self._source.states_totals and not trailer_seen and not self._source.unreadable:
            self._found("H2H-TRAILER", "the trailer is missing: the file may have been cut off")
        elif self._count == 0 and not self._judge.refuses:
            self._found("H2H-EMPTY", "the file has a header and no payment" if self._table.has_header else "no payment")

    def _place(self, field: str) -> Where:
        return self._layout.where(field, self._line) if self._layout is not None else self._where()

    def _where(self) -> Where:
        return self._source.where(self._line) if self._line else Where("file")

    def _found(self, code: str, text: str) -> None:
        self._judge.found(code, "", text, where=self._where())
