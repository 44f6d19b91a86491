"""Statement → document, by a compiled mapping: the same rules as for payments, entries one by one.

What the bank's schema demands and the statement has not (an id, a balance, a date) is refused, never made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import BinaryIO

from h2h.core.errors import Refused
from h2h.core.findings import WhoActs, error
from h2h.core.mapping.blocks import Frame, in_blocks, written
from h2h.core.mapping.generate import object_writer
from h2h.core.mapping.plan import Plan
from h2h.core.model.statement import Entry, Statement, StatementMessage

_WHO = WhoActs.SYSTEM_ADMINISTRATOR
#: A statement without its entries, and its entries.
Listed = tuple[Statement, Iterable[Entry]]


class StatementWriter:
    """Writes statements in one format version."""

    def __init__(self, plan: Plan, namespace: str | None, name: str) -> None:
        frame = Frame.of(plan, namespace, name, StatementMessage)
        self._start, self._end, group, record = frame.start, frame.end, frame.group, frame.record
        self._name, self._says, self._tag, self._entry_tag = name, group.sets, group.tag, record.tag
        at = group.children.index(record)
        before, after = group.children[:at], group.children[at + 1 :]
        last = {c.carries.field for c in after if c.carries}
        self._header = object_writer(StatementMessage, frame.header, ["statements"])
        self._before = object_writer(Statement, before, ["entries", *last])
        self._after = object_writer(Statement, after, [f.name for f in fields(Statement) if f.name not in last])
        self._entry = object_writer(Entry, record.children)

    def write(self, message: StatementMessage, out: BinaryIO) -> None:
        """The whole message; ``Refused`` as ``stream``."""
        self.stream(message, ((s, s.entries) for s in message.statements), out)

    def stream(self, header: StatementMessage, statements: Iterable[Listed], out: BinaryIO) -> None:
        """*statements* gives each statement with its entries as an iterable: memory does not grow with them.

        ``Refused`` if a value has no place, something is missing or a character is illegal: then *out* holds a part of
        a document and must be thrown away.
        """
        in_blocks(self._document(header, statements), out)

    def _document(self, header: StatementMessage, statements: Iterable[Listed]) -> Iterator[str]:
        yield self._start
        yield written(self._header, header, "", _WHO) + "\n"
        number = 0
        for at, (statement, entries) in enumerate(statements, 1):
            where = f"{self._tag}[{at}]"
            self._refuse_other_kind(statement, where)
            yield f"<{self._tag}>\n{written(self._before, statement, where, _WHO)}\n"
            for entry in entries:
                number += 1
                text = written(self._entry, entry, f"{self._entry_tag}[{number}]", _WHO)
                yield f"<{self._entry_tag}>{text}</{self._entry_tag}>\n"
            yield f"{written(self._after, statement, where, _WHO)}</{self._tag}>\n"
        yield self._end

    def _refuse_other_kind(self, statement: Statement, where: str) -> None:
        """An interim report or a notification never becomes a statement of the end of the day."""
        for field, value in self._says:
            if getattr(statement, field) != value:
                text = f"{where}: this is a {getattr(statement, field)}; {self._name} carries a {value}"
                raise Refused([error("H2H-KIND", where, text, WhoActs.SYSTEM_ADMINISTRATOR)])
