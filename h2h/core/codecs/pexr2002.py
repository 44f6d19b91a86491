"""SAP IDoc PEXR2002 (message type PAYEXT) in XML → the canonical payments; one IDoc is one payment.

Segments are found by name wherever they stand: some writers nest them under E1IDKU1, others put them beside it. What a
segment means is said by its qualifier, from SAP's own lists.

Rules
1. An IDoc that is no payment order (REMADV), or only a test, is an error.
2. SAP writes a minus behind an amount. One that goes out may have it; that is told, and the amount is what is paid.
3. The documents that are paid (E1IDPU1) must add up: invoices less credit memos.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from lxml import etree

from h2h.core import xml
from h2h.core.codecs.assemble import NO_AGENT
from h2h.core.codecs.idoc import day_of, idocs_of, is_idoc, segments, text_of, unread
from h2h.core.codecs.mt_parties import account_of
from h2h.core.findings import Finding, WhoActs, error, info, warning
from h2h.core.format import Card, Read, ReadingCodec
from h2h.core.model.parties import Account, Agent, Party, PostalAddress
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction, Place
from h2h.core.rules.judge import shown

_MONEY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,5})?)(-?)")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
#: Country and shape of a bank key → ISO 20022 ExternalClearingSystemIdentification1Code.
_BANK_KEYS = (
    ("DE", 8, "DEBLZ"), ("US", 9, "USABA"), ("GB", 6, "GBDSC"), ("AT", 5, "ATBLZ"), ("CN", 12, "CNAPS"),
    ("AU", 6, "AUBSB"), ("CA", 9, "CACPA"), ("ZA", 6, "ZANCC"), ("IN", 11, "INFSC"),
)  # fmt: skip
#: What FIIBKUCD says that FIIBKUKN is (SAP's domain EDIF1131; 002 is a BIC) → ISO 20022 clearing system.
_BANK_ID_TYPES = {
    "003": "USABA", "006": "ITNCC", "007": "CHBCC", "013": "GBDSC", "014": "ATBLZ", "017": "ESNCC",
}  # fmt: skip
#: Banks between the two, by SAP's domain EDIF3035: a payment that names one may not go another way.
_BETWEEN = ("I1", "I2", "I3", "I4")
# Read, or known to say nothing of the payment itself (control data, the run, check numbers).
_KNOWN = frozenset((
    "EDI_DC40", "E1IDKU1", "E1IDKU3", "E1EDK02", "E1EDK03", "E1IDKU5", "E1IDB02", "E1EDKA1", "E1IDPU1", "E1EDP02",
    "E1EDP03", "E1IDPU5", "E1IDLU5",
))  # fmt: skip
_CREDIT_MEMO = "CRM"


class Pexr2002(ReadingCodec):
    """Reads all IDocs of a file."""

    def __init__(self, card: Card) -> None:
        self._id = card.id

    def identify(self, head: bytes) -> bool:
        """By the root, which has no namespace."""
        return is_idoc("PEXR2002", head)

    def read(self, data: bytes) -> Read:
        """The payments; ``Refused`` if it is no XML or holds no IDoc."""
        nodes = idocs_of(data, "PEXR2002", WhoActs.ERP_TEAM)
        idocs = [_Idoc(node, number) for number, node in enumerate(nodes, 1)]
        instructions: dict[tuple[PaymentInstruction, str], PaymentInstruction] = {}
        transactions = [idoc.payment(instructions) for idoc in idocs]
        first = idocs[0]
        initiation = Initiation(first.message_id(), first.created(), Party(), transactions=transactions)
        initiation.instructions = list(instructions.values())
        return Read(initiation, [finding for idoc in idocs for finding in idoc.findings])


class _Idoc:
    def __init__(self, node: etree._Element, number: int) -> None:
        self.findings: list[Finding] = []
        self._node, self._at = node, f"IDOC[{number}]"

    def message_id(self) -> str:
        """The IDoc's number, else the reference of its header."""
        return self._control("DOCNUM") or self._header_text("E1IDKU1", "BGMREF")

    def created(self) -> datetime | None:
        """When SAP made the IDoc."""
        day, time = day_of(self._control("CREDAT")), self._control("CRETIM")
        if day is None or not re.fullmatch(r"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]", time):
            return None
        passed = timedelta(hours=int(time[:2]), minutes=int(time[2:4]), seconds=int(time[4:]))
        return datetime(day.year, day.month, day.day) + passed  # noqa: DTZ001 - SAP does not say its zone

    def payment(self, instructions: dict[tuple[PaymentInstruction, str], PaymentInstruction]) -> CreditTransfer:
        """The payment, with what was found on the way."""
        self._look_at_control()
        segment, amount, currency = self._amount()
        payer, payee = self._bank("BA"), self._bank("BB")
        made = PaymentInstruction(
            id=None,
            debtor=self._party(("AG",)),
            debtor_account=self._account(payer, "ordering", required=True) or Account(),
            debtor_agent=self._agent(payer, "ordering") or NO_AGENT,
            requested_execution_date=self._execution_day(),
        )
        instruction = instructions.setdefault((made, currency), made)
        self._tell_of_the_rest()
        line = int((segment if segment is not None else self._node).sourceline or 0) or None
        return CreditTransfer(
            instruction=instruction,
            end_to_end_id=self._reference(),
            amount=amount,
            currency=currency,
            creditor=self._party(("BE", "ZE", "LF")),
            creditor_account=self._account(payee, "beneficiary", required=True),
            creditor_agent=self._agent(payee, "beneficiary"),
            remittance_unstructured=self._remittance(),
            place=Place(self._at, line),
        )

    def _look_at_control(self) -> None:
        kind = self._control("MESTYP")
        if kind != "PAYEXT":
            said = f"it is a {kind}" if kind else "it does not say what it is"
            self._error("EDI_DC40/MESTYP", f"{said}; only PAYEXT is a payment order")
        if self._control("TEST"):
            self._error("EDI_DC40/TEST", "the IDoc is marked as a test")

    def _amount(self) -> tuple[etree._Element | None, Decimal, str]:
        found = self._qualified("E1IDKU5", "MOAQUAL", "002") or self._qualified("E1IDPU5", "MOAQUAL", "001")
        if len(found) != 1:
            many = "more than one amount" if found else "no amount"
            self._error("E1IDKU5", f"the payment has {many} (MOAQUAL 002)")
            return None, Decimal(0), ""
        segment = found[0]
        name = xml.name_of(segment.tag)[1]
        value = self._money(segment)
        if value is None:
            self._error(f"{name}/MOABETR", f"{shown(text_of(segment, 'MOABETR'))} is no amount")
            return segment, Decimal(0), text_of(segment, "CUXWAERZ")
        if value < 0:
            text = "SAP has written a minus behind the amount; it is read as what is paid"
            self.findings.append(warning("H2H-PEXR-SIGN", self._path(f"{name}/MOABETR"), text, WhoActs.NOBODY))
        self._compare(value)
        return segment, abs(value), text_of(segment, "CUXWAERZ")

    def _compare(self, total: Decimal) -> None:
        """The documents' amounts of one qualifier, credit memos less, are the payment's."""
        sums: dict[str, Decimal] = {}
        for document in segments(self._node, "E1IDPU1"):
            sign = -1 if text_of(document, "DOCNAME") == _CREDIT_MEMO else 1
            for segment in segments(document, "E1IDPU5"):
                value = self._money(segment)
                kind = text_of(segment, "MOAQUAL")
                if value is not None:
                    sums[kind] = sums.get(kind, Decimal(0)) + sign * value
        if sums and total not in sums.values() and abs(total) not in map(abs, sums.values()):
            said = ", ".join(f"{value:f} (MOAQUAL {kind})" for kind, value in sorted(sums.items()))
            text = f"the payment is {total:f}, its documents add up to {said}"
            where = self._path("E1IDPU1")
            self.findings.append(error("H2H-SUM", where, text, WhoActs.ERP_TEAM, reason="AM10"))

    def _money(self, segment: etree._Element) -> Decimal | None:
        found = _MONEY.fullmatch(text_of(segment, "MOABETR"))
        return (-1 if found[2] else 1) * Decimal(found[1]) if found else None

    def _reference(self) -> str:
        for qualifier in ("022", "009"):
            for segment in self._qualified("E1EDK02", "QUALF", qualifier):
                if text_of(segment, "BELNR"):
                    return text_of(segment, "BELNR")
        reference = self._header_text("E1IDKU1", "BGMREF")
        if not reference:
            self._error("E1EDK02", "the payment has no reference (E1EDK02 QUALF 022 or 009, or E1IDKU1 BGMREF)")
        return reference

    def _execution_day(self) -> date | None:
        for qualifier in ("017", "026"):
            for segment in self._qualified("E1EDK03", "IDDAT", qualifier):
                text = text_of(segment, "DATUM")
                if not text.strip("0"):
                    continue
                day = day_of(text)
                if day is None:
                    self._error("E1EDK03/DATUM", f"{shown(text)} is no day (YYYYMMDD)")
                return day
        self._error("E1EDK03", "the payment has no execution day (IDDAT 017)")
        return None

    def _bank(self, qualifier: str) -> etree._Element | None:
        found = self._qualified("E1IDB02", "FIIQUALI", qualifier)
        if len(found) > 1:
            self._error("E1IDB02", f"there are {len(found)} accounts with FIIQUALI {qualifier}")
        return found[0] if found else None

    def _account(self, segment: etree._Element | None, whose: str, *, required: bool) -> Account | None:
        number = text_of(segment, "FIIKONTO") if segment is not None else ""
        if not number:
            if required:
                self._error("E1IDB02/FIIKONTO", f"the {whose} account is missing")
            return None
        made = account_of(number)
        return Account(made.iban, made.other, currency=text_of(segment, "FIIKWAER") or None)

    def _agent(self, segment: etree._Element | None, whose: str) -> Agent | None:
        """FIIBKUKN, where FIIBKUCD says what it is; FIIBKENN, the bank key of its country, beside it or alone."""
        key, coded, code = (text_of(segment, name) for name in ("FIIBKENN", "FIIBKUKN", "FIIBKUCD"))
        bic = coded if _BIC.fullmatch(coded) and code in ("", "002") else ""
        if code == "002" and coded and not bic:
            self._error("E1IDB02/FIIBKUKN", f"{shown(coded)} is called a SWIFT code and is no BIC")
        if code in _BANK_ID_TYPES and coded:
            return Agent(clearing_system=_BANK_ID_TYPES[code], member_id=coded)
        if coded and code not in ("", "001", "002", *_BANK_ID_TYPES):
            self._unread("E1IDB02/FIIBKUKN", f"the {whose} bank id {shown(coded)} is of a type {code} that is not read")
        country = text_of(segment, "FIIBLAND")
        for of, length, system in _BANK_KEYS:
            if country == of and len(key) == length and key.isalnum():
                return Agent(bic=bic or None, clearing_system=system, member_id=key)
        if bic or _BIC.fullmatch(key):
            return Agent(bic=bic or key)
        if key:
            text = f"the {whose} bank key {shown(key)} of {country or 'no country'} has no place in a payment"
            self._unread("E1IDB02/FIIBKENN", text)
        return None

    def _party(self, roles: Sequence[str]) -> Party:
        for role in roles:
            for segment in self._qualified("E1EDKA1", "PARVW", role):
                names = [text_of(segment, f"NAME{n}") for n in range(1, 5)]
                address = PostalAddress(
                    street_name=text_of(segment, "STRAS") or None,
                    post_box=text_of(segment, "PFACH") or None,
                    town_name=text_of(segment, "ORT01") or None,
                    country_sub_division=text_of(segment, "REGIO") or None,
                    post_code=text_of(segment, "PSTLZ") or None,
                    country=text_of(segment, "LAND1") or None,
                )
                name = " ".join(part for part in names if part) or None
                return Party(name=name, postal_address=address if address != PostalAddress() else None)
        return Party()

    def _remittance(self) -> tuple[str, ...]:
        texts = []
        for document in segments(self._node, "E1IDPU1"):
            references = {text_of(s, "QUALF"): text_of(s, "BELNR") for s in segments(document, "E1EDP02")}
            best = (references.get(q) for q in ("009", "010", "071"))
            texts.append(next((r for r in best if r), "") or text_of(document, "DOCNUMMR"))
        said = ", ".join(text for text in texts if text)
        return (said,) if said else ()

    def _tell_of_the_rest(self) -> None:
        for code in _BETWEEN:
            for _ in self._qualified("E1IDB02", "FIIQUALI", code):
                self._unread(f"E1IDB02[{code}]", f"the bank between payer and payee ({code}) is not read")
        self.findings += unread(self._node, _KNOWN, self._at)

    def _qualified(self, segment: str, name: str, value: str) -> list[etree._Element]:
        """The segments of the header (not of a document that is paid) with that qualifier."""
        found = [s for s in segments(self._node, segment) if text_of(s, name) == value]
        return [s for s in found if next(s.iterancestors("E1IDPU1"), None) is None]

    def _control(self, name: str) -> str:
        return self._header_text("EDI_DC40", name)

    def _header_text(self, segment: str, name: str) -> str:
        return next((text_of(s, name) for s in segments(self._node, segment)), "")

    def _path(self, path: str) -> str:
        return f"{self._at}/{path}"

    def _unread(self, path: str, text: str) -> None:
        self.findings.append(info("H2H-UNREAD", self._path(path), text))

    def _error(self, path: str, text: str) -> None:
        step = "correct it in SAP and export again"
        self.findings.append(error("H2H-PEXR", self._path(path), text, WhoActs.ERP_TEAM, next_step=step))
