"""Formats: which one a file has, what it says, and how a payment is written in it.

A format is one version of one document (``pain.001.001.09``). It is backed by a mapping (data: an annotated sample) or
by a codec (code, for what no XML sample can express). Identification asks every format: exactly one must say yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, BinaryIO, Protocol, Self, cast

from h2h.core import xml
from h2h.core.answers import BankCode
from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.mapping.document_writer import DocumentWriter
from h2h.core.mapping.pattern import Pattern
from h2h.core.mapping.pieces import Blocks
from h2h.core.mapping.plan import Plan, compile_plan
from h2h.core.mapping.reader import Reader
from h2h.core.mapping.statement_writer import Listed, StatementWriter
from h2h.core.mapping.writer import Group, Writer
from h2h.core.model.cancellation import CancellationAnswer, CancellationRequest
from h2h.core.model.enquiry import Enquiry
from h2h.core.model.payment import CreditTransfer, Initiation
from h2h.core.model.statement import StatementMessage
from h2h.core.model.status import StatusReport

Message = Initiation | StatusReport | StatementMessage | CancellationRequest | CancellationAnswer | Enquiry

# The finding of a file that no format knows; the command line answers it with exit status 3.
UNKNOWN_FORMAT = "H2H-UNKNOWN-FORMAT"


#: Kinds of messages that ask a bank for something and move no money by themselves.
REQUESTS = ("cancellation-request", "enquiry")

_WRITERS = {
    "credit-transfer": "_writer",
    "direct-debit": "_writer",
    "statement": "_statement_writer",
    "cancellation-request": "_document_writer",
    "enquiry": "_document_writer",
}


@dataclass(slots=True)
class Read:
    """What a file says, with everything found on the way: misses, odd values, and what was not read."""

    message: Message
    findings: list[Finding] = field(default_factory=list)


class Codec(Protocol):
    """Code that reads, and perhaps writes, one format which a mapping cannot express (MT94x, BAI2 …)."""

    @property
    def streams(self) -> bool:
        """Whether ``stream`` can read it."""

    def prepare(self) -> None:
        """Compile what can be wrong before the first document; ``Misconfigured``."""

    def knowing(self, facts: Mapping[str, str]) -> Codec:
        """The same for a bank of which these facts are known."""

    def identify(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes (``xml.HEAD_BYTES`` of it) has this format. Never raises."""

    def read(self, data: bytes) -> Read:
        """The message; ``Refused`` if there is nothing that can be read. A bad line is a finding, not a refusal."""

    def stream(self, data: bytes, findings: list[Finding] | None) -> Iterator[tuple[Any, list[Any]]]:
        """As ``Format.stream``; ``Misconfigured`` if this codec only reads whole messages."""

    def write(self, message: Message, out: BinaryIO) -> None:
        """The message in this format; ``Refused`` names what has no place in it, ``Misconfigured`` if it only reads."""

    def as_schema_sees_it(self, data: bytes) -> bytes:
        """As ``Format.as_schema_sees_it``."""

    def bank_codes(self) -> Iterable[BankCode]:
        """What a bank's own codes mean in answers of this format."""


class ReadingCodec:
    """What most codecs have in common: they read whole messages, and do not write."""

    streams = False

    def prepare(self) -> None:
        """Nothing that could be wrong before the first document."""

    def knowing(self, facts: Mapping[str, str]) -> Self:
        """The same for a bank of which these facts are known; most have no use for any."""
        return self

    def stream(self, data: bytes, findings: list[Finding] | None) -> Iterator[tuple[Any, list[Any]]]:
        """``Misconfigured``."""
        raise Misconfigured("this format is not read piece by piece")

    def write(self, message: Message, out: BinaryIO) -> None:
        """``Misconfigured``."""
        raise Misconfigured("this is a format that h2h reads, not one that it writes")

    def as_schema_sees_it(self, data: bytes) -> bytes:
        """The document itself."""
        return data

    def bank_codes(self) -> Iterable[BankCode]:
        """None: most formats have ISO 20022's codes, or none."""
        return ()


@dataclass(frozen=True)
class Card:
    """One version of a family, as its card in ``format.toml`` says."""

    id: str
    namespace: str | None  # None: a document of this family that does not say its version
    schema: str | None
    flags: frozenset[str] = frozenset()
    writes: bool = False
    schema_namespace: str | None = None  # a national variant is checked as this ISO document
    title: str = ""
    message_id: str | None = None  # the shape of our ids where it is not ISO's (``naming.message_id``)


@dataclass(frozen=True)
class Family:
    """What the versions of a document have in common: the content of a format folder."""

    name: str
    kind: str
    mapping: bytes = b""  # empty: a codec reads and writes it
    parts: bytes = b""  # the mapping of another family whose parts this one uses
    roots: tuple[str, ...] = ()
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    folder: str = ""
    title: str = ""


class Format:
    """One version of one document: identifies, reads and, where its card says so, writes it."""

    def __init__(self, id: str, kind: str, *, schema: str | None = None, codec: Codec | None = None) -> None:
        """A format backed by a codec; ``from_card`` makes those that are backed by a mapping."""
        self.id, self.kind, self.schema, self.codec = id, kind, schema, codec
        self.card: Card | None = None
        self.family: Family | None = None

    @classmethod
    def from_card(cls, family: Family, card: Card, codec: Codec | None = None) -> Format:
        """A format backed by its family's mapping, compiled when it is first used, or by a codec."""
        made = cls(card.id, family.kind, schema=card.schema, codec=codec)
        made.card, made.family = card, family
        return made

    def __repr__(self) -> str:
        return f"Format({self.id})"

    @property
    def namespace(self) -> str | None:
        """The XML namespace that its documents have."""
        return self.card.namespace if self.card else None

    @property
    def message_id_shape(self) -> str | None:
        """The shape of our message ids, where it is not ISO 20022's (``naming.message_id``)."""
        return self.card.message_id if self.card else None

    def knowing(self, facts: Mapping[str, str]) -> Format:
        """The same format for one bank of ours, which wants to be told *facts* beside the payments."""
        if not facts or self.codec is None or self.card is None or self.family is None:
            return self
        return Format.from_card(self.family, self.card, self.codec.knowing(facts))

    @property
    def streams(self) -> bool:
        """Whether a document that says what it is can be read piece by piece."""
        return self.codec.streams if self.codec is not None else self.namespace is not None

    @property
    def writes(self) -> bool:
        """Whether payments, statements or requests can be written in it."""
        return self.card is not None and self.card.writes

    def prepare(self) -> None:
        """Compile what is compiled on first use; ``Misconfigured`` names what is wrong in the mapping."""
        if self.codec is None:
            self._reader.prepare()
            if self.writes:
                _ = getattr(self, _WRITERS[self.kind])
        else:
            self.codec.prepare()

    def is_format_of(self, head: bytes, root: xml.Root | None) -> bool:
        """Whether a file has this format; *root* is None if it is not XML."""
        if self.codec is not None:
            return self.codec.identify(head)
        if root is None or self.card is None or self.family is None:
            return False
        if self.card.namespace is None:
            return root.namespace is None and root.child in self.family.roots
        return root.namespace == self.card.namespace

    def read(self, data: bytes) -> Read:
        """The message and all findings but the schema's; ``Refused`` if nothing can be read."""
        if self.codec is not None:
            return self.codec.read(data)
        try:
            xml.refuse_unsafe(data)
            message, findings = self._reader.read(data)
        except Refused as refused:
            raise Refused([self._whose(f) for f in refused.findings]) from refused
        if isinstance(message, Initiation):
            message.kind = self.kind
        if self.namespace is None:
            text = "the document has no namespace, so its version is unknown and no schema can check it"
            findings.insert(0, error("H2H-NO-NAMESPACE", "Document", text, WhoActs.BANK))
        else:
            findings[:0] = self._strangers(xml.root_of(data[: xml.HEAD_BYTES]))
        return Read(message, findings)

    def _strangers(self, root: xml.Root) -> list[Finding]:
        """A message of another name, or in another namespace than its document: nothing of it can be read."""
        if root.child is None or self.family is None:
            return []
        names = self.family.roots
        if root.child.removesuffix("V01") not in names:  # the first versions wrote it behind the name
            text = f"<{root.child}> stands where {' or '.join(f'<{n}>' for n in names)} should; nothing in it is read"
        elif root.child_namespace != root.namespace:
            where = f"in the namespace {root.child_namespace}" if root.child_namespace else "in no namespace"
            text = f"<{root.child}> stands {where}, its document in {root.namespace}; nothing in it is read"
        else:
            return []
        return [self._whose(error("H2H-NAMESPACE", root.child, text, WhoActs.ERP_TEAM))]

    def _whose(self, finding: Finding) -> Finding:
        """A bank's document that is damaged is the bank's matter."""
        ours = self.kind in ("credit-transfer", "direct-debit", *REQUESTS) or finding.who_acts is not WhoActs.ERP_TEAM
        return finding if ours else replace(finding, who_acts=WhoActs.BANK)

    def stream(self, data: bytes | Blocks, findings: list[Finding] | None = None) -> Iterator[tuple[Any, list[Any]]]:
        """(statement or instruction as far as it is known, its records) in document order, in constant memory.

        The last pair is (message, []). Only for documents which the schema has accepted: an error is raised as
        ``Refused``. What was not read is added to *findings* at the end. A document that is not held in memory comes
        in blocks, more than once.
        """
        if self.codec is not None:
            return self.codec.stream(data if isinstance(data, bytes) else b"".join(data()), findings)
        if isinstance(data, bytes):
            xml.refuse_unsafe(data)
        return self._reader.stream(data, findings)

    def write(self, message: Message, out: BinaryIO) -> None:
        """The message as a document; ``Refused`` names what the format has no place for."""
        if self.codec is not None:
            self.codec.write(message, out)
            return
        if isinstance(message, StatementMessage) and self.kind == "statement":
            self._statement_writer.write(message, out)
            return
        if self.kind in REQUESTS:
            self._document_writer.write(message, out)
            return
        if not isinstance(message, Initiation):
            raise Misconfigured(f"{self.id} is not written from a {type(message).__name__}")
        self._refuse_other_kind(message)
        self._writer.write(message, out)

    def write_stream(self, header: Initiation, groups: Iterable[Group], out: BinaryIO) -> None:
        """The same, with the transactions of each instruction as an iterable, and their count and sum beforehand."""
        self._refuse_other_kind(header)
        if self.codec is not None:
            # What a codec writes are small documents, with limits of their own: they are held whole. Payments that are
            # written already exist only where ``pattern`` gives one.
            header = replace(header, transactions=[cast("CreditTransfer", t) for _, _, _, some in groups for t in some])
            self.codec.write(header, out)
            return
        self._writer.stream(header, groups, out)

    def write_statements(self, header: StatementMessage, statements: Iterable[Listed], out: BinaryIO) -> None:
        """A message whose statements come each with its entries as an iterable: memory does not grow with them."""
        self._statement_writer.stream(header, statements, out)

    def _refuse_other_kind(self, header: Initiation) -> None:
        """A credit transfer never becomes a direct debit: the money would move the other way."""
        if header.kind != self.kind:
            is_, wants = header.kind.replace("-", " "), self.kind.replace("-", " ")
            text = f"the file holds {is_}s; {self.id} carries {wants}s, which move money the other way"
            raise Refused([error("H2H-KIND", "the file", text, WhoActs.SYSTEM_ADMINISTRATOR)])

    def areas(self, document: bytes) -> list[tuple[int, int]]:
        """Where in a document that this format has written each instruction's transactions begin and end."""
        return self._writer.areas(document)

    def frame(self, header: Initiation, groups: Iterable[Group]) -> bytes:
        """As ``write_stream`` writes it, but with only the first transaction of each instruction."""
        return self._writer.frame(header, groups)

    def pattern(self, like: CreditTransfer) -> Pattern | None:
        """What writes payments that differ from *like* only in ``pattern.Gaps``; None if each is to be written."""
        return self._writer.pattern(like) if self.codec is None else None

    def as_schema_sees_it(self, data: bytes) -> bytes:
        """The bytes that the schema is asked about: a national variant under the namespace of its ISO original.

        Of a file with a header before the document: both as one document; ``Refused`` if the header is wrong.
        """
        if self.codec is not None:
            return self.codec.as_schema_sees_it(data)
        if self.card is None or self.card.schema_namespace is None or self.card.namespace is None:
            return data
        return data.replace(self.card.namespace.encode(), self.card.schema_namespace.encode())

    @cached_property
    def _plan(self) -> Plan:
        if self.family is None or self.card is None:
            raise Misconfigured(f"{self.id} has no mapping")
        family, name = self.family, f"{self.family.folder}/mapping.xml"
        return compile_plan(family.mapping, family.parts, self.kind, self.card.flags, family.codes, name)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self._plan, self.namespace)

    @cached_property
    def _writer(self) -> Writer:
        self._refuse_to_write()
        return Writer(self._plan, self.namespace, self.id)

    @cached_property
    def _statement_writer(self) -> StatementWriter:
        self._refuse_to_write()
        return StatementWriter(self._plan, self.namespace, self.id)

    @cached_property
    def _document_writer(self) -> DocumentWriter:
        self._refuse_to_write()
        return DocumentWriter(self._plan, self.namespace, self.id)

    def _refuse_to_write(self) -> None:
        if not self.writes:
            raise Misconfigured(f"{self.id} is a format that h2h reads, not one that it writes")
