"""The cells of a CSV-like file, one row a line or, with line ends in quotes, several.

Encoding, delimiter and quote are declared. A first line ``sep=;``, as Excel writes for itself, is passed over if it
names the declared delimiter.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from h2h.core.codecs.source import TRAILER, Totals, totals_of
from h2h.core.codecs.text import TextLines
from h2h.core.declared import Delimited
from h2h.core.rules.judge import Judge, Where, shown


class DelimitedCells:
    """The rows of one file (``source.Cells``)."""

    def __init__(self, source: BinaryIO, delimited: Delimited, judge: Judge) -> None:
        self._delimited = delimited
        self._judge = judge
        self._lines = TextLines(source, delimited.encoding, judge)
        self.unreadable = self._lines.unreadable
        self.states_totals = delimited.trailer == "count-and-sum"

    def __iter__(self) -> Iterator[tuple[int, int, list[str] | Totals]]:
        rows = self._rows()
        for first, last, cells in rows:
            if self._delimited.delimiter.join(cells).strip() != f"sep={self._delimited.delimiter}":
                yield first, last, self._or_totals(first, cells)
            break
        if not self.states_totals:
            yield from rows
        for first, last, cells in rows:
            yield first, last, self._or_totals(first, cells)

    def _or_totals(self, line: int, cells: list[str]) -> list[str] | Totals:
        if not self.states_totals or cells[0].strip() != TRAILER:
            return cells
        totals = totals_of(cells, self._judge, self.where(line))
        return totals if totals is not None else Totals(None, None)

    def where(self, number: int, column: int | None = None, label: str = "") -> Where:
        """``line 3, column amount``."""
        return Where(f"line {number}, column {label}" if label else f"line {number}", number, column)

    def why_not(self, found: int, wanted: int) -> str:
        """Too few or too many fields, and why that may be."""
        few = "few" if found < wanted else "many"
        text = f"the row has {found} fields, {wanted} are expected: too {few}"
        if few == "many":
            text += f"; is there a {shown(self._delimited.delimiter)} in a text without quotes?"
        return text

    def _rows(self) -> Iterator[tuple[int, int, list[str]]]:
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
                self._judge.found("H2H-DELIMITED", "", _why(problem, first, reader.line_num), where=self.where(first))
                continue
            if cells:
                yield first, reader.line_num, cells


def _why(problem: csv.Error, first: int, last: int) -> str:
    said = str(problem)
    if "unexpected end" in said or "field larger" in said:
        return f"a quote that opens in line {first} is never closed"
    if "expected after" in said:
        return f"text follows a closing quote (line {last}); a quote inside a text is written twice"
    if "new-line character" in said:
        return "there is a carriage return without line feed; the export mixes line ends"
    return said
