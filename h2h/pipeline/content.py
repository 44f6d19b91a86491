"""What a bank's file says, however long it is: a long statement is walked through, and never held whole.

A file from ``LONG_BYTES`` on whose format is read piece by piece gives its statements without their entries, and the
entries in batches, as often as they are wanted. Everything else is held whole, and gives its entries in one batch, so
that each step is written once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from h2h.core import xml
from h2h.core.envelope import without_envelope
from h2h.core.errors import Refused
from h2h.core.findings import Finding, refuses
from h2h.core.format import Format, Message, Read
from h2h.core.format_book import FormatBook
from h2h.core.match_entries import statement_records
from h2h.core.model.statement import Statement, StatementMessage
from h2h.core.records import InboundFile, StatementRecord
from h2h.core.streamed import Stretch, Walk
from h2h.core.view.message import message_json
from h2h.core.view.statement import entry_json
from h2h.pipeline.dumping import HERE, dump_with
from h2h.pipeline.house import House
from h2h.pipeline.reading import completed, dump_into, opened, read_again, read_bank_file

#: A statement of this size or more is read piece by piece.
LONG_BYTES = 2 * 1024 * 1024
#: A file with more accounts is held whole: a table an account would be a walk each.
ACCOUNTS_MAX = 20
_BLOCK_BYTES = 512 * 1024


def blocks_of(path: Path) -> Callable[[], Iterator[bytes]]:
    """The file's bytes, from the beginning each time they are asked for."""

    def blocks() -> Iterator[bytes]:
        with path.open("rb") as source:
            while block := source.read(_BLOCK_BYTES):
                yield block

    return blocks


def long_format(path: Path, book: FormatBook, *kinds: str) -> Format | None:
    """The format of a document of one of these kinds that is better not held whole; None if the file is none."""
    if not LONG_BYTES <= path.stat().st_size <= xml.BYTES_MAX:
        return None
    try:
        with path.open("rb") as source:
            head = source.read(xml.HEAD_BYTES)
        format_ = book.identify(head)
        plain = without_envelope(head).data is head
    except Refused:
        return None  # said when it is looked at whole
    return format_ if format_.kind in kinds and format_.streams and plain else None


class Content:
    """What one file says. ``message`` is whole, or its statements have no entries: then those come from ``batches``."""

    def __init__(self, house: House, file: InboundFile, format_: Format) -> None:
        """``Refused`` if there is nothing that can be read; of a long statement also if anything in it is wrong."""
        self.format = format_
        self.findings: list[Finding] = []
        self._path = opened(house, file)
        self._once: list[Stretch] = []
        self.long = long_format(self._path, house.formats, "statement") is not None
        if self.long:
            self._walk = self._walked(self.findings)
            for _ in self._walk:
                pass
            self.message: Message = self._walk.message
            self.findings += [*self._walk.findings(), *self._walk.repeated()]
            accounts = {s.account.number for s in self._walk.message.statements}
            incomplete = completed(house.settings.bank_of(file.bank), file, self.message)
            self.long = len(accounts) <= ACCOUNTS_MAX and not incomplete
        if not self.long:
            read = read_again(house, file, format_)
            self.message, self.findings = read.message, read.findings
            if isinstance(self.message, StatementMessage):
                self._walk = Walk.of(self.message)
                self._once = list(self._walk)
                self.findings += self._walk.findings()

    def batches(self) -> Iterator[list[Stretch]]:
        """All entries in document order, of the statements that ``message`` has."""
        if not self.long:
            yield self._once
            return
        statements = iter([s for s in self.statements().statements if self._walk.count(s)])
        known: dict[int, Statement] = {}  # this walk's statements; those of ``message`` are whole
        for batch in self._walked().batches():
            for part in batch:
                if id(part.statement) not in known:
                    known[id(part.statement)] = next(statements)
            yield [part._replace(statement=known[id(part.statement)]) for part in batch]

    def disagreements(self) -> list[Finding]:
        """Where the message's statements disagree with themselves."""
        return self._walk.findings() if isinstance(self.message, StatementMessage) else []

    def statement_records(self, fid: str) -> list[StatementRecord]:
        """What is kept of each statement for the next one's continuity."""
        return statement_records(fid, self.statements(), self._walk.count)

    def whole_of(self, statements: Sequence[Statement]) -> StatementMessage:
        """The message with these of its statements and all their entries, for whoever cannot do with less."""
        places = [n for n, s in enumerate(self.statements().statements) if any(s is one for one in statements)]
        message = self.format.read(self._path.read_bytes()).message if self.long else self.statements()
        if not isinstance(message, StatementMessage):
            raise TypeError(f"a {type(message).__name__} has no statements")
        return replace(message, statements=[message.statements[n] for n in places])

    def dump_into(self, out: BinaryIO, findings: Sequence[Finding], statements: Sequence[Statement]) -> None:
        """The message with these of its statements, as ``reading.dump_into`` writes it; entries as they come."""
        head = message_json(self.format, Read(replace(self.statements(), statements=list(statements)), list(findings)))
        for told, statement in zip(head["statements"], statements, strict=True):
            told["currency"] = told["currency"] or self._walk.currency(statement)
            told["entries"] = HERE if self._walk.count(statement) else []
        lists = (
            (entry_json(entry) for one in same for entry in one.entries)
            for _, same in groupby(self.stretches(statements), key=lambda one: id(one.statement))
        )
        dump_with(head, lists, out)

    def stretches(self, statements: Sequence[Statement]) -> Iterator[Stretch]:
        """The entries of these statements, in document order."""
        wanted = {id(s) for s in statements}
        return (one for batch in self.batches() for one in batch if id(one.statement) in wanted)

    def statements(self) -> StatementMessage:
        """The message, which is one of statements."""
        if not isinstance(self.message, StatementMessage):
            raise TypeError(f"a {type(self.message).__name__} has no statements")
        return self.message

    def _walked(self, findings: list[Finding] | None = None) -> Walk:
        return walked(self._path, self.format, findings)


def content_of(house: House, file: InboundFile) -> Content:
    """What a file says that was read before."""
    return Content(house, file, house.formats.get(file.format or ""))


def read_into(house: House, file: InboundFile, view: Path) -> tuple[Format, str | None, list[Finding]]:
    """(format, message id, all findings: schema, reader, unread, sums), and the message as JSON in *view*.

    ``Refused`` unless one format fits. After an error there is nothing in *view*.
    """
    long = _read_long(house, file, view)
    if long is not None:
        return long
    format_, read = read_bank_file(house, file)
    if not refuses(read.findings):
        with view.open("wb") as out:
            dump_into(message_json(format_, read), out)
    return format_, getattr(read.message, "message_id", None), read.findings


def _read_long(house: House, file: InboundFile, view: Path) -> tuple[Format, str | None, list[Finding]] | None:
    """The same of a long statement in which nothing is wrong; None if it must be read whole."""
    path = opened(house, file)
    format_ = long_format(path, house.formats, "statement")
    if format_ is None:
        return None
    schema = house.settings.bank_of(file.bank).schemas.get(format_.id, format_.schema)
    if schema is None and format_.codec is None:
        return None
    findings = house.schemas.validate_file(schema, path, format_.as_schema_sees_it) if schema is not None else []
    if refuses(findings):
        return None
    try:
        content = Content(house, file, format_)
    except Refused:
        return None
    message, findings = content.message, [*findings, *content.findings]
    if not content.long or refuses(findings) or not isinstance(message, StatementMessage):
        return None
    with view.open("wb") as out:
        content.dump_into(out, findings, message.statements)
    return format_, message.message_id, findings


def walked(path: Path, format_: Format, findings: list[Finding] | None = None) -> Walk:
    """A walk through a long statement; ``Refused`` once something in it is wrong."""
    return Walk(format_.stream(blocks_of(path), findings))
