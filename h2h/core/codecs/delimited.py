"""A CSV-like file, read row by row: every row that is sound becomes a payment, everything else a finding with its line.

Rules
1. Encoding, delimiter, header, decimals and dates are declared, never guessed (``layout.check_fields``).
2. Every column is read or knowingly ignored; every row has as many cells as the header.
3. Blanks around a cell and between the groups of a printed IBAN are not part of the value. Nothing else is changed.
4. A file with findings of severity error is refused as a whole, but read to its end first, so that all are known.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import BinaryIO, NamedTuple

from h2h.core.codecs.cells import Forms, Unreadable
from h2h.core.codecs.fields import INSTRUCTION_FIELDS, TRANSACTION_FIELDS
from h2h.core.codecs.layout import Layout, Values, bind, check_fields
from h2h.core.codecs.text import TextLines
from h2h.core.declared import Delimited
from h2h.core.errors import Misconfigured
from h2h.core.rules.judge import Judge, Where, shown

__all__ = ["TRAILER", "Row", "Take", "check_fields", "forms_of", "read_rows"]

#: The first cell of the last row, where ``trailer = "count-and-sum"``.
TRAILER = "TRAILER"
ROWS_MAX = 1_000_000
#: A file with so many errors is not what its profile says; the rest is not looked at.
ERRORS_MAX = 10_000

_INSTRUCTION = {name: i for i, name in enumerate(INSTRUCTION_FIELDS)}
_TRANSACTION = {name: i for i, name in enumerate(TRANSACTION_FIELDS)}


class Row(NamedTuple):
    """One payment as the file writes it: its cells, and its values in the order of the field tables."""

    line: int
    cells: list[str]
    instruction: Values
    transaction: Values
    layout: Layout


def forms_of(delimited: Delimited) -> Forms:
    """How the file writes numbers and dates."""
    return Forms(
        decimal_separator=delimited.decimal_separator,
        thousands_separator=delimited.thousands_separator,
        date_format=delimited.date_format,
    )


#: (line, cells as they stand) → the amount, if the row has been taken; None: it has not, and comes out as ``Row``.
Take = Callable[[int, list[str]], Decimal | None]


def read_rows(
    source: BinaryIO, delimited: Delimited, judge: Judge, quick: Callable[[Layout], Take | None] = lambda _: None
) -> Iterator[Row]:
    """The payments of a file. While a row is out, ``judge.place`` knows its line and columns.

    *quick* is asked once the columns are known; what it gives may take rows before they are looked at closely.
    ``Misconfigured`` if the declaration itself is wrong.
    """
    faults = check_fields(delimited)
    if faults:
        raise Misconfigured("; ".join(f"{fault.where}: {fault.text}" for fault in faults))
    yield from _Reader(source, delimited, judge).rows(quick)


class _Reader:
    def __init__(self, source: BinaryIO, delimited: Delimited, judge: Judge) -> None:
        self._delimited = delimited
        self._judge = judge
        self._lines = TextLines(source, delimited.encoding, judge)
        self._layout: Layout | None = None
        self._line = 0
        self._count = 0
        self._sum = Decimal(0)
        self._forms = forms_of(delimited)
        self._amount = _TRANSACTION["amount"]

    def rows(self, quick: Callable[[Layout], Take | None]) -> Iterator[Row]:
        trailer_seen = False
        take: Take | None = None
        unreadable = self._lines.unreadable
        for first, last, cells in self._cells():
            self._line = first
            if self._layout is None:
                self._layout = bind(self._delimited, cells, self._judge)
                if self._layout is None:
                    return
                self._judge.place = partial(self._place, self._layout)
                take = quick(self._layout) if not self._layout.blank_columns else None
                if self._delimited.header:
                    continue
            if trailer_seen:
                self._found("H2H-TRAILER", "there are rows after the trailer")
                return
            if self._delimited.trailer == "count-and-sum" and cells[0].strip() == TRAILER:
                trailer_seen = True
                self._check_trailer(cells)
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

    def _cells(self) -> Iterator[tuple[int, int, list[str]]]:
        """(first line, last line, cells) of every row that is not blank."""
        dialect = self._delimited
        reader = csv.reader(iter(self._lines), delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
        while True:
            first = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                self._line = first
                self._found("H2H-DELIMITED", self._why(problem, first, reader.line_num))
                continue
            if cells:
                yield first, reader.line_num, cells

    def _row(self, layout: Layout, cells: list[str], first: int, last: int) -> Row | None:
        if len(cells) != layout.width:
            few = "few" if len(cells) < layout.width else "many"
            text = f"the row has {len(cells)} fields, {layout.width} are expected: too {few}"
            if few == "many":
                text += f"; is there a {shown(self._delimited.delimiter)} in a text without quotes?"
            self._found("H2H-DELIMITED", text)
            return None
        if not "".join(cells).strip(" \t"):
            self._found("H2H-BLANK-ROW", "the row has no values; it is left out")
            return None
        self._count += 1
        if self._lines.unreadable and any(n in self._lines.unreadable for n in range(first, last + 1)):
            return None
        cells = layout.stripped(cells)
        extended = layout.extended(cells)
        for index in layout.blank_columns:
            if extended[index]:
                text = f"{shown(extended[index])} stands in a column without a name, which nothing reads"
                self._judge.found(
                    "H2H-COLUMNS", "", text, where=Where(f"line {first}, column {index + 1}", first, index + 1)
                )
        row = Row(first, cells, layout.instruction(extended), layout.transaction(extended), layout)
        self._add(row)
        return row

    def _add(self, row: Row) -> None:
        if self._delimited.trailer == "none":
            return
        try:
            self._sum += self._forms.amount(row.transaction[self._amount])
        except Unreadable:
            return  # found where the payment is made; the trailer's sum will differ too, and says so

    def _check_trailer(self, cells: list[str]) -> None:
        values = [cell.strip(" \t") for cell in cells]
        if len(values) < 3 or any(values[3:]):
            self._found("H2H-TRAILER", f"the trailer is {TRAILER}, count, sum; this one has {len(values)} fields")
            return
        if not re.fullmatch(r"[0-9]+", values[1]) or int(values[1]) != self._count:
            self._found("H2H-TRAILER", f"the trailer says {shown(values[1])} rows, there are {self._count}")
        try:
            stated = self._forms.amount(values[2])
        except Unreadable as why:
            self._found("H2H-TRAILER", f"the trailer's sum {why}")
            return
        if stated != self._sum:
            self._judge.found("H2H-TRAILER", "", f"the trailer says {stated}, the rows add up to {self._sum}",
                              reason="AM10", where=Where(f"line {self._line}", self._line))  # fmt: skip

    def _close(self, trailer_seen: bool) -> None:
        self._line = 0
        if self._layout is None:
            if not self._judge.refuses:
                self._found("H2H-EMPTY", "the file is empty")
        elif self._delimited.trailer != "none" and not trailer_seen and not self._lines.unreadable:
            self._found("H2H-TRAILER", "the trailer is missing: the file may have been cut off")
        elif self._count == 0 and not self._judge.refuses:
            self._found("H2H-EMPTY", "the file has a header and no payment" if self._delimited.header else "no payment")

    def _place(self, layout: Layout, field: str) -> Where:
        return layout.where(field, self._line)

    def _found(self, code: str, text: str) -> None:
        where = Where(f"line {self._line}", self._line) if self._line else Where("file")
        self._judge.found(code, "", text, where=where)

    def _why(self, problem: csv.Error, first: int, last: int) -> str:
        said = str(problem)
        if "unexpected end" in said or "field larger" in said:
            return f"a quote that opens in line {first} is never closed"
        if "expected after" in said:
            return f"text follows a closing quote (line {last}); a quote inside a text is written twice"
        if "new-line character" in said:
            return "there is a carriage return without line feed; the export mixes line ends"
        return said
