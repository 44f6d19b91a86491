"""Statement → document, by a compiled mapping: the same rules as for payments, entries one by one.

What the bank's schema demands and the statement has not (an id, a balance, a date) is refused, never made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any, BinaryIO

from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import WhoActs, error
from h2h.core.mapping.blocks import Write, in_blocks, refusal
from h2h.core.mapping.generate import CannotWriteError, object_writer
from h2h.core.mapping.plan import Plan
from h2h.core.model.statement import Entry, Statement, StatementMessage

#: A statement without its entries, and its entries.
Listed = tuple[Statement, Iterable[Entry]]


class StatementWriter:
    """Writes statements in one format version."""

    def __init__(self, plan: Plan, namespace: str | None, name: str) -> None:
        top = next((c for c in plan.root.children if any(g.is_row for g in c.children)), None)
        group = next((g for g in top.children if g.is_row), None) if top else None
        record = next((r for r in group.children if r.record), None) if group else None
        if top is None or group is None or record is None or plan.message is not StatementMessage:
            raise Misconfigured(f"{name}: this mapping only reads")
        declares = f' xmlns="{namespace}"' if namespace else ""
        self._start = f'<?xml version="1.0" encoding="UTF-8"?>\n<{plan.root.tag}{declares}>\n<{top.tag}>\n'
        self._end = f"</{top.tag}>\n</{plan.root.tag}>\n"
        self._name, self._says, self._tag, self._entry_tag = name, group.sets, group.tag, record.tag
        at = group.children.index(record)
        before, after = group.children[:at], group.children[at + 1 :]
        last = {c.carries.field for c in after if c.carries}
        self._header = object_writer(StatementMessage, [c for c in top.children if c is not group], ["statements"])
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
        yield self._try(self._header, header, "") + "\n"
        number = 0
        for at, (statement, entries) in enumerate(statements, 1):
            where = f"{self._tag}[{at}]"
            self._refuse_other_kind(statement, where)
            yield f"<{self._tag}>\n{self._try(self._before, statement, where)}\n"
            for entry in entries:
                number += 1
                try:
                    written = self._entry(entry)
                except CannotWriteError as problem:
                    raise self._refused(problem, entry, f"{self._entry_tag}[{number}]") from problem
                yield f"<{self._entry_tag}>{written}</{self._entry_tag}>\n"
            yield f"{self._try(self._after, statement, where)}</{self._tag}>\n"
        yield self._end

    def _refuse_other_kind(self, statement: Statement, where: str) -> None:
        """An interim report or a notification never becomes a statement of the end of the day."""
        for field, value in self._says:
            if getattr(statement, field) != value:
                text = f"{where}: this is a {getattr(statement, field)}; {self._name} carries a {value}"
                raise Refused([error("H2H-KIND", where, text, WhoActs.SYSTEM_ADMINISTRATOR)])

    def _try(self, write: Write, value: Any, where: str) -> str:
        try:
            return write(value)
        except CannotWriteError as problem:
            raise self._refused(problem, value, where) from problem

    @staticmethod
    def _refused(problem: CannotWriteError, value: Any, where: str) -> Refused:
        return refusal(problem, value, where, WhoActs.SYSTEM_ADMINISTRATOR)
