"""Statement → MT940 (SWIFT User Handbook, category 9): a message a statement, never in pages.

    :20: :25: :28C: :60F: (:61: :86:)* :62F: :64:      lines of at most 65 characters, CRLF, ``-`` at the end

What stands in a text never counts as structure: a payee who writes ``/EREF/X`` or ``?20EREF+X`` into a remittance gets
it written with a blank inside, so no reader takes it for a reference, and no line of a text begins like a field.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from h2h.core.erp.keys import PRIMANOTA_MAX, Keys
from h2h.core.erp.lines import (
    SEPA_WORD,
    Entries,
    Line,
    Speller,
    Stated,
    lines_of,
    own_entries,
    pieces,
    plain,
    sepa_words,
    stated,
)
from h2h.core.erp.options import Mt940Options
from h2h.core.erp.told import Told
from h2h.core.findings import Finding
from h2h.core.mapping.blocks import in_blocks
from h2h.core.model.statement import Balance, Statement, StatementMessage

LINE = 65
LINES_MAX = 6
_AMOUNT_MAX = 15  # 15d
_SUPPLEMENT_MAX = 34  # 34x
_ACCOUNT_MAX = 35  # 35x
_HALF_A_YEAR = 183
_YEARS = range(1980, 2080)  # two digits
_REFERENCE = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9/\-?:().,'+ ]{1,16}(?<!/)")
_SLASH_WORD = re.compile(r"/(?=(?:[A-Z]{4}|BIC)/)")
_LIKE_GERMAN = re.compile(r"^((?:[0-9]{3})?) ?[^\w ](?=[0-9]{2})")
_LIKE_UNSTRUCTURED = re.compile(r"^(999)(?=[A-Za-z])")
_LIKE_A_FIELD = re.compile(r" |\{|:[0-9A-Z]{2,3} ?:|-(?:[}\x80-\xff]| *$|XXX)")
_QUESTION_MARK = re.compile(r"\?")
_SUBFIELD = 27
_REMITTANCE = (*(f"{n}" for n in range(20, 30)), "60", "61", "62", "63")


def write_mt940(
    message: StatementMessage, out: BinaryIO, options: Mt940Options, entries: Entries = own_entries
) -> list[Finding]:
    """Write it; what was left out. ``Refused`` with the place of what cannot be carried exactly: throw *out* away."""
    told = Told("MT940")
    writer = _Writer(options, entries, told)
    encoding = writer.speller.encoding
    texts = (f"{line}\r\n" for number, s in enumerate(message.statements, 1) for line in writer.lines(s, number))
    if encoding in ("ascii", "utf-8"):
        in_blocks(texts, out)
    else:
        for text in texts:
            out.write(text.encode(encoding))
    return told.findings()


class _Writer:
    def __init__(self, options: Mt940Options, entries: Entries, told: Told) -> None:
        self._options, self._entries, self._told = options, entries, told
        self._keys = Keys(options.text_keys)
        self.speller = Speller(options, told)

    def lines(self, statement: Statement, number: int) -> Iterator[str]:
        """The message of one statement, line by line."""
        head = stated(statement, f"Stmt[{number}]", self._options, self._told)
        yield f":20:{self._reference(statement, head)}"
        yield f":25:{self.speller.exact(head.account, _ACCOUNT_MAX, f'{head.where}/Acct', 'the account number')}"
        yield f":28C:{head.number}"
        yield f":60F:{self._balance(head.opening, head)}"
        for line in lines_of(self._entries(statement), head, self._options, self._told):
            yield from self._entry(line)
        yield f":62F:{self._balance(head.closing, head)}"
        for balance in statement.balances:
            tag = {"CLAV": "64", "FWAV": "65"}.get(balance.type)
            if tag is not None and balance.date is not None and balance.currency == head.currency:
                yield f":{tag}:{self._balance(balance, head)}"
            elif balance is not head.opening and balance is not head.closing:
                self._told.left_out(head.where, f"the balance {balance.type}")
        if statement.additional_information:
            self._told.left_out(head.where, "the statement's own text")
        yield "-"

    def _reference(self, statement: Statement, head: Stated) -> str:
        """:20: is what the statement is called; a name that does not fit is replaced by one made of it."""
        name = (statement.id or "").split(" ")[0]
        if _REFERENCE.fullmatch(name):
            return name
        made = f"H2H{hashlib.sha256(f'{statement.id} {head.account}'.encode()).hexdigest()[:13].upper()}"
        self._told.completed(
            head.where, f"{head.where}: the id {statement.id!r} does not fit into :20:; {made} stands for it"
        )
        return made

    def _balance(self, balance: Balance, head: Stated) -> str:
        day = self._day(balance.date or head.closing_day, f"{head.where}/Bal[{balance.type}]")
        mark = "D" if balance.credit_debit == "DBIT" else "C"
        return f"{mark}{day}{balance.currency}{self._amount(balance.amount, f'{head.where}/Bal[{balance.type}]')}"

    def _amount(self, amount: Decimal, where: str) -> str:
        text = plain(amount)
        text = text.replace(".", ",") if "." in text else f"{text},"
        if amount < 0 or len(text) > _AMOUNT_MAX:
            raise self._told.refuse("H2H-VALUE", where, f"{plain(amount)} does not fit into an amount of MT940 (15d)")
        return text

    def _day(self, day: date, where: str) -> str:
        if day.year not in _YEARS:
            raise self._told.refuse("H2H-VALUE", where, f"the year of {day} cannot be written with two digits")
        return f"{day:%y%m%d}"

    # ------------------------------------------------------------------------------------------------ entries

    def _entry(self, line: Line) -> Iterator[str]:
        entry, where = line.entry, line.where
        booked = ""
        if entry.booking_date is not None:
            if abs((entry.booking_date - line.value_date).days) > _HALF_A_YEAR:
                text = "booking and value date lie more than half a year apart, and MT940 has no year for the booking"
                raise self._told.refuse("H2H-VALUE", f"{where}/BookgDt", text)
            booked = f"{entry.booking_date:%m%d}"
        mark = "D" if entry.credit_debit == "DBIT" else "C"
        if entry.reversal:  # RC takes a credit back, so the money goes
            mark = "RC" if mark == "D" else "RD"
        amount = self._amount(entry.amount, f"{where}/Amt")
        type_ = self._keys.swift_type(entry.bank_transaction_code)
        yield (
            f":61:{self._day(line.value_date, where)}{booked}{mark}{amount}{type_}"
            f"{self._own_reference(line)}{self._bank_reference(line)}"
        )
        narrative, supplement = self._narrative(line)
        if supplement:
            yield supplement
        if narrative:
            code = 3 if self._options.narrative == "german" else 0
            wrapped = list(wrap(narrative, code))
            if len(wrapped) > LINES_MAX:
                room = LINE * LINES_MAX - LINES_MAX * 5  # a line may end up to five characters early
                narrative = self.speller.fitting(narrative, room, f"{where}/RmtInf", "the text of the entry")
                wrapped = list(wrap(narrative, code))
            yield from (f":86:{text}" if not at else text for at, text in enumerate(wrapped))

    def _own_reference(self, line: Line) -> str:
        name = line.detail.end_to_end_id or ""
        return name if _REFERENCE.fullmatch(name) and name not in ("NONREF", "NOTPROVIDED") else "NONREF"

    def _bank_reference(self, line: Line) -> str:
        name = line.entry.account_servicer_reference or line.detail.account_servicer_reference or ""
        if not name or _REFERENCE.fullmatch(name):
            return f"//{name}" if name else ""
        self._told.left_out(line.where, "the bank's reference, where it is longer than 16 characters")
        return ""

    def _narrative(self, line: Line) -> tuple[str, str]:
        """(the text of :86:, the supplementary details of :61:)."""
        return {"slash": self._slash, "german": self._german, "plain": self._plain}[self._options.narrative](line)

    def _plain(self, line: Line) -> tuple[str, str]:
        text = line.text or line.entry.additional_information
        if line.name or line.account:
            self._told.left_out(line.where, "the other side's name and account, in a plain text")
        text = self.speller.harmless(_SLASH_WORD, "/ ", self.speller.spelled(text, f"{line.where}/RmtInf"), line.where)
        text = self.speller.harmless(_LIKE_UNSTRUCTURED, r"\1 ", text, line.where)
        return self.speller.harmless(_LIKE_GERMAN, r"\1 ", text, line.where), ""

    def _slash(self, line: Line) -> tuple[str, str]:
        detail, entry = line.detail, line.entry
        batch = entry.batch_payment_information_id
        words = [
            ("EREF", detail.end_to_end_id),
            ("PREF", detail.payment_information_id or batch),
            ("UETR", detail.uetr),
            ("RTRN", detail.return_reason if detail.returned else None),
            ("IBAN" if _looks_like_iban(line.account) else "BBAN", line.account),
            ("NAME", line.name),
            ("REMI", line.text or (entry.additional_information if batch else "")),
        ]
        if detail.returned and not detail.return_reason:
            self._told.left_out(line.where, "that it is a return, where the bank gives no reason")
        self._leave_out(line, detail.instruction_id)
        told = [(word, self._value(value, line)) for word, value in words if value]
        if not told:
            return self._plain(line)
        made = "".join(f"/{word}/{value}" for word, value in told)
        return made, self._supplement(line) if not (batch and not line.text) else ""

    def _value(self, value: str, line: Line) -> str:
        return self.speller.harmless(
            _SLASH_WORD, "/ ", self.speller.spelled(value, f"{line.where}/NtryDtls"), line.where
        )

    def _supplement(self, line: Line) -> str:
        """What the bank says of the booking itself, if it fits behind the line."""
        text = self.speller.spelled(line.entry.additional_information, f"{line.where}/AddtlNtryInf")
        if len(text) <= _SUPPLEMENT_MAX and not text.startswith((":", "-", "/", "{")):
            return text
        self._told.left_out(line.where, "the bank's own text of the booking")
        return ""

    def _leave_out(self, line: Line, instruction_id: str | None) -> None:
        if instruction_id:
            self._told.left_out(line.where, "the instruction's id (InstrId)")

    # ------------------------------------------------------------------------------------------------ german banks

    def _german(self, line: Line) -> tuple[str, str]:
        """``166?00…?20EREF+…?21SVWZ+…?31account?32name`` (DFÜ agreement, annex 3, chapter 8)."""
        detail, entry, where = line.detail, line.entry, line.where
        key = self._keys.text_key(entry)
        if key is None or not re.fullmatch("[0-9]{3}", key):
            text = f"there is no three-digit text key for {entry.bank_transaction_code!r}; declare it in text_keys"
            raise self._told.refuse("H2H-NO-PLACE", f"{where}/BkTxCd", text)
        if detail.returned and detail.return_reason:
            self._told.left_out(where, "the reason of a return")
        if detail.uetr:
            self._told.left_out(where, "the UETR")
        parts = [
            part
            for word, value in sepa_words(line)
            for part in pieces(f"{word}+{self._german_value(value, where)}", _SUBFIELD)
        ]
        if len(parts) > len(_REMITTANCE):
            _ = self.speller.fitting("".join(parts), _SUBFIELD * len(_REMITTANCE) - 1, where, "the text of the entry")
            parts = parts[: len(_REMITTANCE)]
        posting = self.speller.whole(
            self._german_value(entry.additional_information, where),
            _SUBFIELD,
            where,
            "the bank's own text of the booking",
        )
        batch = self.speller.whole(
            self._german_value(self._keys.primanota(entry), where),
            PRIMANOTA_MAX,
            where,
            "the number of the bank's batch",
        )
        name = self.speller.fitting(self._german_value(line.name, where), 2 * _SUBFIELD, where, "the other side's name")
        account = self._german_value(line.account, where)
        account = self.speller.fitting(account, _SUPPLEMENT_MAX, where, "the other side's account")
        fields = [("00", posting), ("10", batch), *zip(_REMITTANCE, parts, strict=False)]
        fields += [("31", account), *zip(("32", "33"), pieces(name, _SUBFIELD), strict=False)]
        return key + "".join(f"?{number}{value}" for number, value in fields if value), ""

    def _german_value(self, value: str, where: str) -> str:
        text = self.speller.harmless(_QUESTION_MARK, ".", self.speller.spelled(value, where), where)
        return self.speller.harmless(SEPA_WORD, r"\1 +", text, where)


def wrap(text: str, code: int = 0) -> Iterator[str]:
    """Lines of at most 65 characters (the first begins with the tag, ``:86:``, which counts for nothing).

    Readers join lines by setting one behind the other, where they are full (60 characters; *code*: so many of the first
    line do not count). So none ends or begins with a blank, and none begins like a field, a block or a message's end.
    """
    while len(text) > LINE:
        near = range(LINE, LINE - 6 + code, -1)
        at = next((n for n in near if text[n - 1] != " " and _may_follow(text[n])), 0)
        # Where such signs run on: a line that ends with a blank, one that begins with a sign but not like a field, a
        # short one. Longer than is allowed it is never.
        at = at or next((n for n in near if _may_follow(text[n])), 0)
        at = at or next((n for n in near if _LIKE_A_FIELD.match(text, n) is None), 0)
        at = at or next((n for n in range(LINE - 6, 1, -1) if _may_follow(text[n])), LINE)
        yield text[:at]
        text, code = text[at:], 0
    yield text


def _may_follow(character: str) -> bool:
    return character not in " :-{"


def _looks_like_iban(account: str) -> bool:
    return re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", account) is not None
