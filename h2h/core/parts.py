"""A long delimited file converted in parts, which may be done at the same time: the same bytes as in one go.

A part is some whole rows, converted as if they were a file: checked, written and shown to the schema. Put together they
are the bank's file if nothing was found in any of them, nothing is there twice in all of them, and no payment is named
by its position. Otherwise the file is converted in one go, which finds and says everything as always.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO, Protocol

from h2h.core.alike import KeptRow
from h2h.core.codecs.layout import Values
from h2h.core.codecs.rows import ROWS_MAX
from h2h.core.codecs.spool import Scratch
from h2h.core.codecs.text import LINE_BYTES_MAX
from h2h.core.convert import Conversion, Stamp, Writes, gather
from h2h.core.declared import Delimited
from h2h.core.errors import Refused
from h2h.core.gathering import Gathering
from h2h.core.mapping.pattern import Records
from h2h.core.mapping.writer import Group as WrittenGroup
from h2h.core.model.parties import Party
from h2h.core.model.payment import Initiation
from h2h.core.rules.limits import check_limits
from h2h.core.rules.references import Marks
from h2h.core.rules.terms import BankTerms, Terms

# Encodings in which a newline or a quote is that byte and nothing else, and one wrong letter tells of another encoding.
_SIMPLE = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d")


class CannotBePartedError(Exception):
    """The file has no places where a part could end; it may be no table at all."""


class WritesParts(Writes, Protocol):
    """A format whose documents can be put together of parts (``h2h.core.format.Format``)."""

    def areas(self, document: bytes) -> list[tuple[int, int]]: ...
    def frame(self, header: Initiation, groups: list[WrittenGroup]) -> bytes: ...


@dataclass(frozen=True, slots=True)
class PartGroup:
    """The payments of one instruction in one part."""

    instruction: Values
    currency: str
    count: int
    total: Decimal


@dataclass(slots=True)
class Part:
    """What became of one part. The order of ``groups`` is that of the part's document."""

    width: int
    groups: list[PartGroup]
    marks: Marks
    rows: Callable[[int], Iterator[KeptRow]] = lambda _: iter(())
    close: Callable[[], None] = lambda: None


def may_be_parted(delimited: Delimited) -> bool:
    """Whether files that are declared so can be converted in parts."""
    plain = delimited.quote.isascii() and delimited.delimiter.isascii()
    simple = _SIMPLE.fullmatch(codecs.lookup(delimited.encoding).name)
    return simple is not None and plain and delimited.kind == "credit-transfer" and delimited.trailer == "none"


def spans(source: BinaryIO, delimited: Delimited, size: int) -> Iterator[tuple[int, int]]:
    """(offset, length) of the parts, about *size* bytes each.

    A part ends at the end of a line and outside of quotes. Where a quote is only a character among others, a part may
    end inside a value: such a part is found to be wrong, and the file is then converted in one go.
    ``CannotBePartedError`` if no part ends within the largest length of a line.
    """
    quote, at, rest = delimited.quote.encode(), source.tell(), b""
    while block := source.read(size):
        rest += block
        end = rest.rfind(b"\n") + 1
        while end > 0 and rest.count(quote, 0, end) % 2:
            end = rest.rfind(b"\n", 0, end - 1) + 1
        if end > 0:
            yield at, end
            at, rest = at + end, rest[end:]
        elif len(rest) > size + LINE_BYTES_MAX:
            raise CannotBePartedError
    if rest:
        yield at, len(rest)


def convert_part(
    source: BinaryIO,
    delimited: Delimited,
    bank: BankTerms,
    target: Writes,
    stamp: Stamp,
    *,
    scratch: Scratch,
    out: BinaryIO,
) -> Part | None:
    """Convert some rows (with the header before them) to a document of their own; None if they need the whole file."""
    marks = Marks()
    terms, gathered = gather(source, delimited, bank, target, stamp, scratch, marks)
    if terms.judge.count or gathered.has_unnamed or gathered.width is None:
        gathered.spool.close()
        return None
    header = Initiation(stamp.message_id, stamp.creation_date_time, Party(name=bank.initiating_party))
    written = ((g.instruction, g.count, g.total, gathered.written(n)) for n, g in enumerate(gathered.groups))
    try:
        target.write_stream(header, written, out)
    except Refused:
        gathered.spool.close()
        return None
    groups = [
        PartGroup(instruction, currency, group.count, group.total)
        for (instruction, currency), group in zip(gathered.keys(), gathered.groups, strict=True)
    ]
    return Part(gathered.width, groups, marks, gathered.rows, gathered.spool.close)


@dataclass(slots=True)
class _Piece:
    """Where the payments of a group in one part are."""

    part: int
    group: int
    count: int
    total: Decimal


@dataclass(slots=True)
class Whole:
    """The parts of one file, put together in the order in which they are added.

    ``text(part, group)`` and ``rows(part, group)`` give what a part has written of one of its groups.
    """

    delimited: Delimited
    bank: BankTerms
    target: WritesParts
    stamp: Stamp
    text: Callable[[int, int], str]
    rows: Callable[[int, int], Iterator[KeptRow]]
    marks: Marks = field(default_factory=Marks)
    _pieces: list[list[_Piece]] = field(default_factory=list)
    _widths: set[int] = field(default_factory=set)
    _parts: int = 0
    _gathered: Gathering = field(init=False)
    _terms: Terms = field(init=False)

    def __post_init__(self) -> None:
        def none() -> BinaryIO:
            raise ValueError("the parts have kept the rows")

        self._terms = Terms.of(self.bank, self.stamp.today)
        self._gathered = Gathering(
            self.delimited, self._terms, self.stamp.message_id, none, self.marks, self.target.pattern
        )

    def add(self, width: int, groups: list[PartGroup]) -> None:
        """The next part."""
        self._widths.add(width)
        for position, one in enumerate(groups):
            number = self._gathered.number_of(one.instruction, one.currency)
            if number == len(self._pieces):
                self._pieces.append([])
            group = self._gathered.groups[number]
            group.count += one.count
            group.total += one.total
            self._pieces[number].append(_Piece(self._parts, position, one.count, one.total))
        self._parts += 1

    def written(self, out: BinaryIO) -> tuple[Conversion, bytes] | None:
        """Write the bank's file to *out*; None if the file must be converted in one go.

        The bytes are the file with only the first payment of each instruction: what no part has shown to the schema.
        """
        conversion = self._conversion()
        too_many = conversion.count > ROWS_MAX
        check_limits(conversion.count, conversion.sums(), self._terms)
        twice = self.marks.repeated()
        self.marks.forget()
        if self._terms.judge.count or len(self._widths) != 1 or too_many or twice:
            return None
        header = conversion.header
        header.stated_transaction_count, header.stated_control_sum = conversion.count, conversion.control_sum
        try:
            frame = self.target.frame(header, self._groups())
            self.target.write_stream(header, iter(self._groups()), out)
        except Refused:
            return None
        return conversion, frame

    def _conversion(self) -> Conversion:
        header = Initiation(
            self.stamp.message_id, self.stamp.creation_date_time, Party(name=self.bank.initiating_party)
        )
        header.kind = self.delimited.kind
        return Conversion(header, self._gathered.groups, self._terms.judge.findings(), rows=self._rows)

    def _groups(self) -> list[WrittenGroup]:
        return [(g.instruction, g.count, g.total, self._records(n)) for n, g in enumerate(self._gathered.groups)]

    def _records(self, number: int) -> Iterator[Records]:
        for piece in self._pieces[number]:
            yield Records(self.text(piece.part, piece.group), piece.count, piece.total)

    def _rows(self, number: int) -> Iterator[KeptRow]:
        for piece in self._pieces[number]:
            yield from self.rows(piece.part, piece.group)
