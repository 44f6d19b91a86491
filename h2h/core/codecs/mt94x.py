"""MT940 customer statement and MT942 interim report (and MT950, an MT940 without texts) → the canonical statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from h2h.core.codecs.mt940_write import write_mt940
from h2h.core.codecs.mt_text import decoded, statement_type
from h2h.core.codecs.mt_walk import Walk
from h2h.core.erp.options import Mt940Options
from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.format import Card, Message, Read, ReadingCodec
from h2h.core.model.statement import Statement, StatementMessage


class Mt94x(ReadingCodec):
    """``mt940`` or ``mt942``, as the card's id says."""

    streams = True

    def __init__(self, card: Card) -> None:
        self._type = card.id.removeprefix("mt")

    def identify(self, head: bytes) -> bool:
        """By block 2, else by the tags."""
        return statement_type(head) == self._type

    def read(self, data: bytes) -> Read:
        """All messages of the file; ``Refused`` if there is none."""
        findings: list[Finding] = []
        for statement, entries in self.stream(data, findings):
            if isinstance(statement, StatementMessage):
                return Read(statement, findings)
            statement.entries += entries
        raise AssertionError("a stream ends with its message")

    def stream(self, data: bytes, findings: list[Finding] | None) -> Iterator[tuple[Any, list[Any]]]:
        """(statement as far as it is known, its next entries) …, (message, []); ``Refused`` if there is none."""
        told: list[Finding] = [] if findings is None else findings
        text, odd = decoded(data)
        told += odd
        walk = Walk(text, self._type, told)
        del data, text  # of a long file one of them is enough
        created = None
        statements: list[Statement] = []
        for statement, entries in walk:
            if not statements or statements[-1] is not statement:
                statements.append(statement)
            created = created or statement.creation_date_time
            yield statement, entries
        if not statements:
            none = f"there is no message MT{self._type} in the file"
            raise Refused([error("H2H-MT-NONE", "the file", none, WhoActs.BANK), *told])
        yield StatementMessage(walk.reference, created, statements), []

    def write(self, message: Message, out: BinaryIO) -> None:
        """An MT940 with slash words; ``Refused`` names what it cannot carry. ``Misconfigured``: MT942 is only read."""
        if self._type != "940" or not isinstance(message, StatementMessage):
            raise Misconfigured(f"mt{self._type} is not written from a {type(message).__name__}")
        write_mt940(message, out, Mt940Options())
