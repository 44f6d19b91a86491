"""A statement message that is never held whole: its entries come in batches, and memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from h2h.core import rows as delivered
from h2h.core.findings import Finding
from h2h.core.match_entries import Known
from h2h.core.model.statement import Entry, Statement, StatementMessage
from h2h.core.rules.statement_rules import EntrySums, check_repeated

#: So many entries are looked at together.
ENTRIES_AT_ONCE = 1000


class Stretch(NamedTuple):
    """Entries that follow each other in one statement; the first of them stands at *position* (from 0)."""

    statement: Statement
    position: int
    entries: Sequence[Entry]


class InTurn:
    """The entries of some stretches, statement by statement as they stand there; nobody can take them out of turn."""

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        self._stretches = iter(stretches)
        self._next: Stretch | None = None
        self._over = False

    def of(self, statement: Statement) -> Iterator[Entry]:
        """The entries of *statement*, if its turn has come; a statement without entries has none."""
        while (there := self._there()) is not None and there.statement is statement:
            self._next = None
            yield from there.entries

    def must_be_over(self) -> None:
        """``RuntimeError`` if somebody did not take all: what is written lacks entries."""
        if self._there() is not None:
            raise RuntimeError("entries of a statement were passed over")

    def _there(self) -> Stretch | None:
        if self._next is None and not self._over:
            self._next = next(self._stretches, None)
            self._over = self._next is None
        return self._next


class Walk:
    """One walk over a message's entries, in document order; what only the end tells is known when it is over.

    *stream* is what ``Format.stream`` gives. A statement stands in them as far as it was known then; it is the
    same object that the message has in the end.
    """

    def __init__(self, stream: Iterable[tuple[Any, Sequence[Entry]]]) -> None:
        self._stream = stream
        self._sums: dict[int, EntrySums] = {}
        self._currencies: dict[int, str] = {}
        self.message = StatementMessage(None, None)

    @classmethod
    def of(cls, message: StatementMessage) -> Walk:
        """Of a message that is held whole."""
        return cls([*((s, s.entries) for s in message.statements), (message, [])])

    def __iter__(self) -> Iterator[Stretch]:
        around: Any = None
        for around, entries in self._stream:
            if not entries:
                continue
            sums = self._sums.get(id(around))
            if sums is None:
                sums = self._sums[id(around)] = EntrySums(around)
                self._currencies[id(around)] = entries[0].currency
            position = sums.count
            for entry in entries:
                sums.add(entry)
            yield Stretch(around, position, entries)
        self.message = around

    def batches(self) -> Iterator[list[Stretch]]:
        """The stretches, so many together that it is worth while to ask the journal about them."""
        batch: list[Stretch] = []
        count = 0
        for part in self:
            batch.append(part)
            count += len(part.entries)
            if count >= ENTRIES_AT_ONCE:
                yield batch
                batch, count = [], 0
        if batch:
            yield batch

    def count(self, statement: Statement) -> int:
        """How many entries of it have come."""
        sums = self._sums.get(id(statement))
        return sums.count if sums is not None else 0

    def currency(self, statement: Statement) -> str | None:
        """That of its first entry."""
        return self._currencies.get(id(statement))

    def repeated(self) -> list[Finding]:
        """What stands twice in it, once all entries have come."""
        return check_repeated(self.message.statements, lambda s: self._sums.get(id(s), EntrySums(s)).ends())

    def findings(self) -> list[Finding]:
        """Where the message disagrees with itself, once all entries have come."""
        statements = self.message.statements
        return [f for s in statements for f in self._sums.get(id(s), EntrySums(s)).findings()]


def streamed_statement_rows(
    stream: Iterable[tuple[Any, list[Entry]]], findings: list[Finding]
) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """As ``view.statement.statement_rows``, of a statement that is read piece by piece (``Format.stream``).

    Where the statement disagrees with itself is added to *findings* once all rows have been taken.
    """

    def rows() -> Iterator[Sequence[str]]:
        nobody, walk = Known(()), Walk(stream)
        for statement, position, entries in walk:
            for row in delivered.entry_rows(statement, entries, position, nobody, {}):
                yield row[: delivered.OF_THE_BANK]
        findings.extend([*walk.findings(), *walk.repeated()])

    return delivered.STATEMENT_HEADER[: delivered.OF_THE_BANK], rows()
