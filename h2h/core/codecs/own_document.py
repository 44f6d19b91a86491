"""A bank's own XML by an annotated sample: identified by its root and what it holds, read and written as data says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, BinaryIO, Self

from h2h.core import xml
from h2h.core.answers import BankCode, CodeTable, Layers, judge_answer
from h2h.core.codecs.frame import Frame
from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import Finding, WhoActs, refuses
from h2h.core.format import Card, Family, Message, Read, ReadingCodec
from h2h.core.mapping.own_reader import OwnReader
from h2h.core.mapping.own_sample import Node, compile_sample
from h2h.core.mapping.own_writer import Derived, OwnWriter
from h2h.core.model.payment import NOTHING, CreditTransfer, Initiation
from h2h.core.model.statement import StatementMessage
from h2h.core.model.status import StatusReport

_CNAPS = re.compile(r"[0-9]{12}")


@dataclass(frozen=True)
class OwnCard:
    """What a card says of a bank's own document, besides its id, schema and mapping.

    ``holds`` and ``lacks`` are elements, or elements with a value (``INFO/FUNNAM=A|B``), as ``xml.outline`` names them.
    ``bank_number`` are the first digits of the CNAPS numbers of the bank itself, ``bank_name`` its name: who banks
    there is found by them.
    """

    root: str
    holds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    encoding: str = "GBK"
    layers: Layers = field(default_factory=Layers)
    transactions_max: int | None = None
    forbidden: str = ""  # characters that the bank takes in no value
    bank_number: str | None = None
    bank_name: str | None = None
    #: Facts of a payment whose payee banks at this bank (Y), and elsewhere (N).
    follows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    answers: CodeTable = field(default_factory=lambda: CodeTable(()))
    frame: Frame | None = None  # a header of fixed fields before each document


class OwnDocument(ReadingCodec):
    """The codec of one card of a bank's own documents."""

    def __init__(self, family: Family, card: Card, own: OwnCard, facts: Mapping[str, str] = NOTHING) -> None:
        self._family, self._card, self._own, self._facts = family, card, own, facts

    def prepare(self) -> None:
        """Compile the sample; ``Misconfigured`` names what is wrong in it."""
        _ = self._sample

    def knowing(self, facts: Mapping[str, str]) -> Self:
        """The same for a bank that is told these facts in each file of payments, where the file does not state them."""
        return type(self)(self._family, self._card, self._own, facts)

    def identify(self, head: bytes) -> bool:
        """By header, root, what the document must hold and what it must not. Never raises."""
        if self._own.frame is not None:
            if not self._own.frame.marks(head):
                return False
            head, _ = self._own.frame.seen(head, whole=False)
        # One look at the bytes spares other banks' and ISO's documents the walk.
        if b"<" + self._own.root.encode() not in head or not xml.looks_like_xml(head) or b"<!DOCTYPE" in head:
            return False
        there = xml.outline(head)
        if f"/{self._own.root}" not in there:
            return False
        return all(_holds(there, h) for h in self._own.holds) and not any(_holds(there, h) for h in self._own.lacks)

    def read(self, data: bytes) -> Read:
        """The message, its outcomes judged, and all findings; ``Refused`` if nothing can be read."""
        document, framing = self._unframed(data)
        try:
            xml.refuse_unsafe(document)
            root, message_class = self._sample
            message, findings = OwnReader(root, message_class).read(xml.parse(document))
        except Refused as refused:
            raise Refused([self._whose(f) for f in refused.findings]) from refused
        findings = [*framing, *findings]
        if isinstance(message, Initiation):
            message.kind = self._family.kind
            self._leave_out_what_follows(message)
        if isinstance(message, StatusReport | StatementMessage):
            findings += judge_answer(message, self._own.answers, self._own.layers)
        return Read(message, findings)

    def write(self, message: Message, out: BinaryIO) -> None:
        """The document in the bank's encoding; ``Refused`` names what it cannot carry."""
        root, message_class = self._sample
        if not self._card.writes:
            raise Misconfigured(f"{self._card.id} is a format that h2h reads, not one that it writes")
        if not isinstance(message, message_class):
            raise Misconfigured(f"{self._card.id} is written from a {self._family.kind} only")
        if isinstance(message, Initiation):
            message = replace(message, supplementary={**self._facts, **message.supplementary})
        own = self._own
        framed = own.frame is not None
        writer = OwnWriter(root, own.encoding, self._derived, own.transactions_max, own.forbidden, framed)
        document = writer.write(message)
        out.write(own.frame.framed(document, own.encoding) if own.frame is not None else document)

    def as_schema_sees_it(self, data: bytes) -> bytes:
        """With its header, where it has one, as an element; ``Refused`` if the header is wrong."""
        return self._unframed(data)[0]

    def bank_codes(self) -> Iterable[BankCode]:
        """``answers.toml`` of the folder."""
        return self._own.answers

    def meaning(self, list_: str, code: str, text: str) -> str:
        """What a code of the bank's means, in words; "" if no table has it."""
        known = self._own.answers.find(list_, code, text)
        return known.meaning if known is not None else ""

    def _unframed(self, data: bytes) -> tuple[bytes, list[Finding]]:
        """The document with its header as an element; ``Refused`` if the header is wrong."""
        if self._own.frame is None:
            return data, []
        document, findings = self._own.frame.seen(data)
        findings = [self._whose(f) for f in findings]
        if refuses(findings):
            raise Refused(findings)
        return document, findings

    @cached_property
    def _sample(self) -> tuple[Node, type]:
        family, name = self._family, f"{self._family.folder}: {self._card.id}"
        return compile_sample(family.mapping, family.parts, family.kind, self._card.flags, family.codes, name)

    def _whose(self, finding: Finding) -> Finding:
        """A bank's document that is damaged is the bank's matter."""
        ours = self._family.kind in ("credit-transfer", "enquiry") or finding.who_acts is not WhoActs.ERP_TEAM
        return finding if ours else replace(finding, who_acts=WhoActs.BANK)

    @cached_property
    def _derived(self) -> Derived:
        rules: dict[str, Callable[[CreditTransfer], str | None]] = {"same_bank": self._same_bank}
        for fact in {fact for facts in self._own.follows.values() for fact in facts}:
            rules[fact] = partial(self._following, fact)
        return rules

    def _following(self, fact: str, transfer: CreditTransfer) -> str | None:
        same = transfer.supplementary.get("same_bank") or self._same_bank(transfer)
        return self._own.follows.get(same or "", {}).get(fact)

    def _same_bank(self, transfer: CreditTransfer) -> str | None:
        """Y or N: whether the payee banks at this bank, by CNAPS number, else by name; None if neither tells."""
        agent, own = transfer.creditor_agent, self._own
        if agent is None:
            return None
        if own.bank_number and agent.member_id and _CNAPS.fullmatch(agent.member_id):
            return "Y" if agent.member_id.startswith(own.bank_number) else "N"
        if own.bank_name and agent.name:
            return "Y" if own.bank_name in agent.name else "N"
        return None

    def _leave_out_what_follows(self, initiation: Initiation) -> None:
        """A fact that other fields say is not kept twice; one that contradicts them stays, for people to see."""
        for transfer in initiation.transactions:
            stated: Mapping[str, Any] = transfer.supplementary
            follows = {n: rule(transfer) for n, rule in self._derived.items() if n in stated}
            if any(follows[name] == stated[name] for name in follows):
                transfer.supplementary = {n: v for n, v in stated.items() if follows.get(n) != v}


def _holds(there: frozenset[str], wanted: str) -> bool:
    path, equals, values = wanted.partition("=")
    return any(f"{path}={v}" in there for v in values.split("|")) if equals else wanted in there
