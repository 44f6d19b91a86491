"""Rows of a statement that is never held whole: memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from h2h.core import rows as delivered
from h2h.core.findings import Finding
from h2h.core.match_entries import Known
from h2h.core.model.statement import Entry
from h2h.core.rules.statement_rules import EntrySums
from h2h.core.view import OF_THE_JOURNAL


def streamed_statement_rows(
    stream: Iterable[tuple[Any, list[Entry]]], findings: list[Finding]
) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """As ``view.statement_rows``, of a statement that is read piece by piece (``Format.stream``).

    Where the statement disagrees with itself is added to *findings* once all rows have been taken.
    """
    width = len(delivered.STATEMENT_HEADER) - len(OF_THE_JOURNAL)

    def rows() -> Iterator[Sequence[str]]:
        nobody, sums = Known(()), dict[int, EntrySums]()
        around: Any = None
        for around, entries in stream:
            if not entries:
                continue
            own = sums.setdefault(id(around), EntrySums(around))
            position = own.count
            for entry in entries:
                own.add(entry)
            for row in delivered.entry_rows(around, entries, position, nobody, {}):
                yield row[:width]
        # The last is the message; each of its statements is the one that stood around its entries.
        for statement in around.statements:
            findings.extend(sums.get(id(statement), EntrySums(statement)).findings())

    return delivered.STATEMENT_HEADER[:width], rows()
