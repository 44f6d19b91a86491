"""MT101 request for transfer → the canonical payments (SWIFT User Handbook, category 1).

Rules
1. Sequence A holds for all, sequence B begins with each ``:21:``; an ordering customer stands in A or in every B.
2. Payments of one ordering customer, bank, day and currency share an instruction.
3. What is not written as the standard demands is an error with its line: this is money going out, so nothing is read
   generously. A field that has no place in a payment is told as unread, and the file is not sent without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from h2h.core.codecs.assemble import NO_AGENT
from h2h.core.codecs.mt_parties import Owned, Unread, agent_of, party_of
from h2h.core.codecs.mt_values import Days
from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, info, warning
from h2h.core.format import Card, Read, ReadingCodec
from h2h.core.model.parties import Account, Agent, Party
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction, Place
from h2h.core.rules.judge import shown
from h2h.core.rules.references import NOT_PROVIDED

_BLOCK_2 = re.compile(rb"\{2:[IO]([0-9]{3})")
_HEAD_TAG = re.compile(rb"^:([0-9]{2}[A-Z]?):", re.MULTILINE)
_FIELD = re.compile(r":([0-9]{2})([A-Z]?):(.*)")
_AMOUNT = re.compile(r"([A-Z]{3})([0-9]{1,14},[0-9]{0,14})")
_CHARGES = {"SHA": "SHAR", "OUR": "DEBT", "BEN": "CRED"}
#: :23E: → (field of a payment, value). Other instructions have no place in it.
_INSTRUCTIONS = {
    "URGP": ("service_level", "URGP"),
    "INTC": ("category_purpose", "INTC"),
    "CORT": ("category_purpose", "CORT"),
}
_IN_A = frozenset(("20", "21R", "28D", "51A", "25"))
_IN_B = frozenset(("21", "21F", "23E", "32B", "33B", "36", "57", "56", "59", "70", "71A", "77B", "25A"))


class Field(NamedTuple):
    """One field: its number, its option letter, its lines, and the line where it begins."""

    number: str
    option: str
    lines: list[str]
    line: int

    @property
    def tag(self) -> str:
        """As people write it: 50H."""
        return self.number + self.option


class Mt101(ReadingCodec):
    """Reads all MT101 messages of a file."""

    def __init__(self, card: Card) -> None:
        self._id = card.id

    def identify(self, head: bytes) -> bool:
        """By block 2, else by the tags of the beginning."""
        stated = _BLOCK_2.search(head)
        if stated:
            return stated[1] == b"101"
        tags = {tag.decode("ascii") for tag in _HEAD_TAG.findall(head.replace(b"\r", b""))}
        return {"20", "21", "32B"} <= tags and "30" in tags and not tags & {"32A", "23B", "61", "60F", "60M", "34F"}

    def read(self, data: bytes) -> Read:
        """The payments; ``Refused`` if the file is no text or holds none."""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            line = data.count(b"\n", 0, problem.start) + 1
            told = f"byte {problem.start + 1} is not UTF-8; SWIFT messages hold letters of ASCII"
            raise Refused([error("H2H-ENCODING", f"line {line}", told, WhoActs.ERP_TEAM, line=line)]) from problem
        odd = next((c for c in text if c < " " and c not in "\r\n\x01\x03"), None)
        if odd is not None:
            line = text.count("\n", 0, text.index(odd)) + 1
            told = f"the file holds the control character U+{ord(odd):04X}"
            raise Refused([error("H2H-CONTROL", f"line {line}", told, WhoActs.ERP_TEAM, line=line)])
        walk = _Walk()
        for message in _messages(text.replace("\r\n", "\n").replace("\r", "\n"), walk.findings):
            walk.message(message)
        if not walk.transactions:
            none = error("H2H-MT101-NONE", "the file", "the file holds no payment (:21: with :32B:)", WhoActs.ERP_TEAM)
            raise Refused([none, *walk.findings])
        party = Party(name=walk.initiating.name, any_bic=walk.initiating.any_bic) if walk.initiating else Party()
        initiation = Initiation(walk.message_id, None, party, transactions=walk.transactions)
        initiation.instructions = list(walk.instructions.values())
        return Read(initiation, walk.findings)


def _messages(text: str, findings: list[Finding]) -> Iterator[list[Field]]:
    """The fields of each message: in block 4, or of a bare file."""
    fields: list[Field] = []
    opened = 0
    indented = False  # said once: where one field is, all are
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip("\x01\x03").rstrip(" ").removeprefix("$")
        inside = re.fullmatch(r"\{1:.*\{4:(.*)", line)
        if inside:
            line, opened = inside[1], number
        if line.startswith("-"):
            opened = 0
        if not line or line.startswith(("{", "-")):
            if fields and line.startswith(("{", "-")):
                yield fields
                fields = []
            continue
        found = _FIELD.fullmatch(line)
        if found and found[1] == "20" and not found[2] and fields:
            yield fields
            fields = []
        if found:
            fields.append(Field(found[1], found[2], [found[3]], number))
        elif fields:
            fields[-1].lines.append(line)
        elif not indented:
            indented = _FIELD.fullmatch(line.lstrip()) is not None
            told = "is indented; a field begins where its line does" if indented else "stands before the first field"
            text = f"{shown(line.lstrip())} {told}"
            findings.append(error("H2H-MT101", f"line {number}", text, WhoActs.ERP_TEAM, line=number))
    if fields:
        yield fields
    if opened:
        told = "the message that begins here has no end (-}): the file is cut off"
        findings.append(error("H2H-MT101", f"line {opened}", told, WhoActs.ERP_TEAM, line=opened))


class _Walk:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.transactions: list[CreditTransfer] = []
        self.instructions: dict[tuple[PaymentInstruction, str], PaymentInstruction] = {}
        self.message_id = ""
        self.initiating: Party | None = None
        self._days = Days()
        self._known: set[tuple[str, str]] = set()

    def message(self, fields: Sequence[Field]) -> None:
        """One MT101."""
        starts = [n for n, field in enumerate(fields) if field.tag == "21"]
        general = _Sequence(fields[: starts[0]] if starts else fields, self)
        for field in general.others(_IN_A | {"30", "50", "52"}):
            self._error(field, f"the tag :{field.tag}: has no place before the first :21:")
        reference = general.text("20")
        if not reference:
            self._error(fields[0], "the message has no reference (:20:)")
        self.message_id = self.message_id or reference
        # Messages of a chain share the reference; each has a number of its own (SWIFT's usage rules for field 20).
        known = (reference, "".join(f.lines[0].strip() for f in general.all("28D")))
        if known in self._known:
            self._error(fields[0], "a message of this reference (:20:) and number (:28D:) stands in the file before")
        self._known.add(known)
        self._number(general, fields[0])
        self._unread(general, ("51A", "25", "28"))
        day_field = general.only("30")
        day = self._day(day_field, fields[0])
        if not starts:
            self._error(fields[0], "the message holds no payment (:21:)")
            return
        for start, stop in zip(starts, [*starts[1:], len(fields)], strict=True):
            self._transaction(_Sequence(fields[start:stop], self), general, day)

    def _transaction(self, b: _Sequence, a: _Sequence, day: date | None) -> None:
        first = b.fields[0]
        for field in b.others(_IN_B | {"50", "52"}):
            self._error(field, f"the tag :{field.tag}: has no place in a transaction")
        reference = first.lines[0].strip()
        if not reference:
            self._error(first, "the payment has no reference (:21:)")
        money = self._amount(b.only("32B"), first)
        beneficiary = b.party("59")
        if beneficiary is None:
            self._error(first, "the payment has no beneficiary (:59:)")
        instruction = self._instruction(a, b, day, money[0], first)
        agents = {number: b.agent(number) for number in ("56", "57")}
        transfer = CreditTransfer(
            instruction=instruction,
            end_to_end_id=NOT_PROVIDED if reference == "NONREF" else reference,
            amount=money[1],
            currency=money[0],
            creditor=beneficiary.party if beneficiary else Party(),
            creditor_account=beneficiary.account if beneficiary else None,
            creditor_agent=agents["57"],
            intermediary_agent=agents["56"],
            charge_bearer=self._charges(b.only("71A"), first),
            remittance_unstructured=_joined(b.only("70")),
            place=Place(f"line {first.line}", first.line),
        )
        for field in b.all("23E"):
            code = field.lines[0].strip().partition("/")[0]
            known = _INSTRUCTIONS.get(code)
            if known is None:
                self._tell_unread(field, f"the instruction {code} (:23E:)")
            else:
                setattr(transfer, *known)
        self._unread(b, ("21F", "25A", "33B", "36", "77B"))
        self.transactions.append(transfer)

    def _instruction(
        self, a: _Sequence, b: _Sequence, day: date | None, currency: str, first: Field
    ) -> PaymentInstruction:
        customer = self._customer(a, b, first)
        own, common = b.agent("52"), a.agent("52")
        if own is not None and common is not None:
            self._error(first, "the bank of the account (:52:) stands in sequence A and here: one of them is wrong")
        made = PaymentInstruction(
            id=None,
            debtor=customer.party if customer else Party(),
            debtor_account=(customer.account if customer else None) or Account(),
            debtor_agent=own or common or NO_AGENT,
            requested_execution_date=day,
            # 21R asks for one debit of all payments; it has no other meaning for the bank.
            batch_booking=True if a.text("21R") else None,
        )
        # Kept apart by currency too: banks refuse an instruction in several.
        return self.instructions.setdefault((made, currency), made)

    def _customer(self, a: _Sequence, b: _Sequence, first: Field) -> Owned | None:
        """The ordering customer; an instructing party (C, L) is who initiates."""
        here, general = b.party("50", "FGHK"), a.party("50", "FGHK")
        instructing = b.party("50", "CL") or a.party("50", "CL")
        if instructing is not None:
            self.initiating = self.initiating or instructing.party
        if here is not None and general is not None:
            self._error(first, "an ordering customer (:50:) stands in sequence A and here: which account pays?")
        if here is None and general is None:
            self._error(first, "there is no ordering customer (:50:), in sequence A or here")
        customer = here or general
        if customer is not None and customer.account is None:
            self._error(first, "the ordering customer (:50:) names no account to pay from")
        return customer

    def _amount(self, field: Field | None, first: Field) -> tuple[str, Decimal]:
        """(currency, amount); (\"\", 0), and an error, if it cannot be read."""
        if field is None:
            self._error(first, "the payment has no amount (:32B:)")
            return "", Decimal(0)
        found = _AMOUNT.fullmatch(field.lines[0].strip())
        if found is None or len(field.lines) > 1 or len(found[2]) > 15:
            said = shown(" ".join(field.lines))
            self._error(field, f"{said} is no amount (currency, then at most 15 digits with a decimal comma)")
            return "", Decimal(0)
        return found[1], Decimal(found[2].replace(",", "."))

    def _day(self, field: Field | None, first: Field) -> date | None:
        if field is None:
            self._error(first, "the message has no execution date (:30:)")
            return None
        text = field.lines[0].strip()
        day = self._days.value(text) if re.fullmatch(r"[0-9]{6}", text) else None
        if day is None:
            self._error(field, f"{shown(text)} is no day (YYMMDD)")
        return day

    def _charges(self, field: Field | None, first: Field) -> str | None:
        if field is None:
            self._error(first, "the payment does not say who bears the charges (:71A:)")
            return None
        code = _CHARGES.get(field.lines[0].strip())
        if code is None:
            self._error(field, f"{shown(field.lines[0])} is none of SHA, OUR, BEN")
        return code

    def _number(self, general: _Sequence, first: Field) -> None:
        field = general.only("28D")
        if field is None:
            self._warn(first, "the message does not say which of how many it is (:28D:)")
            return
        found = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", field.lines[0].strip())
        if found is None:
            self._error(field, f"{shown(field.lines[0])} is no number of how many (:28D:)")
        elif int(found[2]) > 1:
            told = f"this is message {int(found[1])} of {int(found[2])}; h2h does not wait for the others"
            self._warn(field, told)

    def _unread(self, sequence: _Sequence, tags: Sequence[str]) -> None:
        for field in sequence.fields:
            if field.tag in tags:
                self._tell_unread(field, f"the tag :{field.tag}:")

    def _tell_unread(self, field: Field, what: str) -> None:
        where = f"line {field.line}, tag {field.tag}"
        self.findings.append(info("H2H-UNREAD", where, f"{what} has no place in a payment", line=field.line))

    def _warn(self, field: Field, text: str) -> None:
        where = f"line {field.line}, tag {field.tag}"
        self.findings.append(warning("H2H-MT101", where, text, WhoActs.ERP_TEAM, line=field.line))

    def _error(self, field: Field, text: str) -> None:
        where = f"line {field.line}, tag {field.tag}"
        step = "correct it in the treasury system and export again"
        self.findings.append(error("H2H-MT101", where, text, WhoActs.ERP_TEAM, line=field.line, next_step=step))

    def wrong(self, field: Field, text: str) -> None:
        """An error of that field."""
        self._error(field, text)


class _Sequence:
    """The fields of sequence A, or of one B."""

    def __init__(self, fields: Sequence[Field], walk: _Walk) -> None:
        self.fields, self._walk = fields, walk

    def all(self, tag: str) -> list[Field]:
        """Every field of that tag, with or without its option letter."""
        return [f for f in self.fields if tag in (f.tag, f.number)]

    def only(self, tag: str) -> Field | None:
        """The field of that tag; a second one is an error."""
        found = [f for f in self.fields if f.tag == tag]
        for again in found[1:]:
            self._walk.wrong(again, f"the tag :{tag}: stands twice")
        return found[0] if found else None

    def text(self, tag: str) -> str:
        """Its first line; "" if it is not there."""
        field = self.only(tag)
        return field.lines[0].strip() if field else ""

    def others(self, known: frozenset[str] | set[str]) -> list[Field]:
        """The fields of other tags."""
        return [f for f in self.fields if f.tag not in known and f.number not in known & _WITH_OPTIONS]

    def party(self, number: str, options: str = "AF") -> Owned | None:
        """The customer of that field; what cannot be read is an error."""
        found = [
            f for f in self.fields if f.number == number and (f.option in options or (not f.option and number == "59"))
        ]
        for again in found[1:]:
            self._walk.wrong(again, f"the field :{number}: stands twice")
        for field in found[:1]:
            try:
                return party_of(field.option, field.lines)
            except Unread as why:
                self._walk.wrong(field, str(why))
                return Owned(Party(), None)
        return None

    def agent(self, number: str) -> Agent | None:
        """The bank of that field; what cannot be read is an error."""
        found = [f for f in self.fields if f.number == number]
        for again in found[1:]:
            self._walk.wrong(again, f"the field :{number}: stands twice")
        for field in found[:1]:
            try:
                return agent_of(field.option, field.lines)
            except Unread as why:
                self._walk.wrong(field, str(why))
        return None


_WITH_OPTIONS = frozenset(("50", "52", "56", "57", "59"))


def _joined(field: Field | None) -> tuple[str, ...]:
    """The text as one: a line of 35 characters goes on in the next without a blank, as SWIFT folds it."""
    if field is None:
        return ()
    text, full = "", True
    for line in field.lines:
        text += line if full else f" {line}"
        full = len(line) >= 35
    return (text.strip(),) if text.strip() else ()
