"""A transaction detail (16) of BAI2: type, amount, funds, the bank's and the customer's reference, text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from h2h.core.codecs.bai2_funds import funds_length
from h2h.core.codecs.bai2_records import Record
from h2h.core.codecs.mt_values import Days
from h2h.core.model.statement import Entry, EntryDetail

# Type codes that say that a payment or a deposit came back (BAI's list of uniform codes).
_RETURNS = frozenset(("257", "261", "555", "557"))
# Words of four letters and a colon, as some banks fill the text with; a value ends before a comma or the next word.
_WORD = re.compile(r"(?:^|[,\s])([A-Z]{4}): ?([^,]*?)(?=\s+[A-Z]{4}: |,|$)")


def credit_debit_of(code: str) -> str | None:
    """The direction that a detail's type code says; None if the list knows none.

    100–399 credits, 400–699 debits; loans 720–759 credits, 760–799 debits; 890 moves nothing; the bank's own 920–959
    credits, 960–999 debits.
    """
    if not re.fullmatch("[0-9]{3}", code):
        return None
    number = int(code)
    if 100 <= number <= 399 or 720 <= number <= 759 or 920 <= number <= 959 or number == 890:
        return "CRDT"
    if 400 <= number <= 699 or 760 <= number <= 799 or 960 <= number <= 999:
        return "DBIT"
    return None


@dataclass(frozen=True, slots=True)
class Detail:
    """One detail record as it stands."""

    code: str
    amount: str
    funds: tuple[str, ...]
    bank_reference: str
    customer_reference: str
    text: str
    odd: str  # what its funds type lacks

    def entry(self, amount: Decimal, currency: str, credit_debit: str, as_of: date | None, days: Days) -> Entry:
        """The canonical entry."""
        made = Entry(amount, currency, credit_debit, booking_date=as_of)
        made.status = "INFO" if self.code == "890" else None
        made.value_date = self._value_date(as_of, days)
        made.account_servicer_reference = self.bank_reference or None
        made.bank_transaction_code = self.code
        funds = f"funds {','.join(self.funds)}" if self.funds and self.funds[0] not in ("", "0", "V", "Z") else ""
        made.additional_information = " ".join(p for p in (self.text, funds) if p)
        words = dict(reversed(_WORD.findall(self.text))) if ": " in self.text else {}
        reference = words.get("EREF", "").strip() or self.customer_reference
        other = ("DBNM", "DACT") if credit_debit == "CRDT" else ("CRNM", "CACT")
        name, account = (words.get(word, "").strip() or None for word in other)
        returned = self.code in _RETURNS
        if reference or name or account or returned:
            detail = EntryDetail(end_to_end_id=reference or None, remittance=words.get("REMI", "").strip())
            if credit_debit == "CRDT":
                detail.debtor_name, detail.debtor_account = name, account
            else:
                detail.creditor_name, detail.creditor_account = name, account
            detail.returned = returned
            made.details = [detail]
        return made

    def _value_date(self, as_of: date | None, days: Days) -> date | None:
        """V says the day, 0 is at once; the others count in days of the bank, which nobody knows here."""
        if self.funds[:1] == ("V",) and len(self.funds) > 1 and self.funds[1]:
            return days.value(self.funds[1][-6:])  # some banks write the century before it
        return as_of if self.funds[:1] == ("0",) else None


def entry_of(record: Record) -> Detail:
    """The record's parts. Everything behind the references is text, commas and slashes and continuations with it."""
    fields: list[str] = []
    text_at = None
    texts: list[str] = []
    for piece in record.pieces:
        if text_at is not None and len(fields) > text_at:
            texts.append(piece.strip())
            continue
        fields += piece.split(",")
        text_at = _text_at(fields)
        if len(fields) > text_at:
            texts.append(",".join(fields[text_at:]).strip())
    length, odd = funds_length(fields, 2)
    funds_end = 2 + length
    plain = [f.strip() for f in fields]
    at = dict(enumerate(plain))
    return Detail(
        code=at.get(0, ""),
        amount=at.get(1, ""),
        funds=tuple(plain[2:funds_end]),
        bank_reference=at.get(funds_end, ""),
        customer_reference=at.get(funds_end + 1, ""),
        text=" ".join(t for t in texts if t),
        odd=odd,
    )


def _text_at(fields: list[str]) -> int:
    """The index of the text: type, amount, funds (of 1, 3, 4 or more fields), two references."""
    return 2 + funds_length(fields, 2)[0] + 2
