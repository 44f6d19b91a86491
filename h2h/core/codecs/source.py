"""What every table-like file gives: rows of cells, each with its place. One class a kind of file; all else is shared.

A cell is text, written as the table declares (decimal separator, date form), whatever it was in the file. The first row
holds the columns' names, unless the declaration says that there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from h2h.core.rules.judge import Judge, Where

#: The first cell of the last row, where ``trailer = "count-and-sum"``.
TRAILER = "TRAILER"


class Totals(NamedTuple):
    """What the file says that it holds: a number and a sum, as texts. None: it does not say that."""

    number: str | None
    sum: str | None


class Cells(Protocol):
    """The rows of one file."""

    unreadable: set[int]  # the numbers of rows with faults that have been found already; 0: of the file
    states_totals: bool  # without totals the file has been cut off

    def __iter__(self) -> Iterator[tuple[int, int, list[str] | Totals]]:
        """(first number, last number, cells) of every row, then the totals if there are any."""

    def where(self, number: int, column: int | None = None, label: str = "") -> Where:
        """The place of a row, or of a cell in it (*column* counts from 1; *label* is its name)."""

    def why_not(self, found: int, wanted: int) -> str:
        """In words, what is wrong with a row of another number of cells."""


def totals_of(values: list[str], judge: Judge, where: Where) -> Totals | None:
    """The totals of a row ``TRAILER, count, sum``; None, and a finding, if it is not one."""
    values = [value.strip(" \t") for value in values]
    if len(values) >= 3 and not any(values[3:]):
        return Totals(values[1], values[2])
    text = f"the trailer is {TRAILER}, count, sum; this one has {len(values)} fields"
    judge.found("H2H-TRAILER", "", text, where=where)
    return None
