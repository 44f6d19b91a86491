"""CFONB "relevé de compte", records of 120 characters → the canonical statement. Read only.

Old balance (01), movements (04) with their complements (05), new balance (07). The last character of an amount is its
last digit and its sign: ``{ABCDEFGHI`` are 0 to 9 of a credit, ``}JKLMNOPQR`` of a debit. How many decimals an amount
has stands in each record.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from h2h.core.codecs.bank_text import decoded, read_or_none
from h2h.core.findings import Finding, WhoActs, error, warning
from h2h.core.format import Card, Read, ReadingCodec
from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from h2h.core.rules.lists import named_money

WIDTH = 120
_FIRST = re.compile(
    rb"\s*0[147][0-9A-Z]{5}[0-9A-Z ]{4}[0-9A-Z]{5}[A-Z ]{3}[0-9 ].[0-9A-Z ]{11}..[0-9]{6}"
    rb"[^\r\n]{50}[0-9 ]{13}[0-9{}A-R]"
)
_AMOUNT = re.compile(r"([0-9 ]{13})([0-9{}A-R])")
_SIGNS = {
    **{c: (n, "CRDT") for n, c in enumerate("{ABCDEFGHI")},
    **{c: (n, "DBIT") for n, c in enumerate("}JKLMNOPQR")},
}
_NO_REJECTION = frozenset(("", "00"))


class Cfonb120(ReadingCodec):
    """``cfonb120``."""

    def __init__(self, _card: Card) -> None: ...

    def identify(self, head: bytes) -> bool:
        """By the shape of the first record."""
        return _FIRST.match(head.removeprefix(b"\xef\xbb\xbf")) is not None

    def read(self, data: bytes) -> Read:
        """All statements; ``Refused`` if there is none."""
        text, findings = decoded(data)
        reading = _Reading(findings)
        for number, line in enumerate(_records(text), 1):
            if line.strip():
                reading.take(number, line)
        reading.end()
        return read_or_none(reading.message, findings, "H2H-CFONB-NONE", "there is no statement in the file")


def _records(text: str) -> list[str]:
    """Lines; some banks leave out the line ends."""
    stripped = text.strip("\n")
    if "\n" not in stripped and len(stripped) > WIDTH:
        return [stripped[at : at + WIDTH] for at in range(0, len(stripped), WIDTH)]
    return text.split("\n")


class _Reading:
    """What is known while the records go by."""

    def __init__(self, findings: list[Finding]) -> None:
        self.message = StatementMessage(None, None)
        self._findings = findings
        self._statement: Statement | None = None
        self._entry: Entry | None = None
        self._texts: list[tuple[str, str]] = []
        self._label = ""
        self._currency = ""

    def take(self, number: int, line: str) -> None:
        """The next record, padded to its width."""
        if len(line) > WIDTH and line[WIDTH:].strip():
            self._odd(number, f"the record has {len(line)} characters; what is behind {WIDTH} was not read")
        record = line.ljust(WIDTH)
        code = record[:2]
        if code != "05":
            self._end_entry()
        if code == "01":
            self._end_statement(number)
            self._begin(number, record)
        elif code == "04":
            self._movement(number, record)
        elif code == "05":
            self._complement(number, record)
        elif code == "07":
            self._close(number, record)
        else:
            self._bad(number, f"{code!r} is no record of a statement", record)

    def end(self) -> None:
        """The file is over."""
        self._end_entry()
        self._end_statement(None)

    def _begin(self, number: int, record: str) -> None:
        self._statement = Statement("statement", None, _account(record))
        self._currency = ""
        balance = self._balance(number, record, "OPBD")
        if balance is not None:
            self._statement.balances.append(balance)

    def _close(self, number: int, record: str) -> None:
        statement = self._needed(number, record)
        balance = self._balance(number, record, "CLBD")
        if balance is not None:
            statement.balances.append(balance)
        day = balance.date.isoformat() if balance and balance.date else ""
        statement.id = "-".join(p for p in (statement.account.number, day) if p) or None
        self.message.statements.append(statement)
        self._statement = None

    def _end_statement(self, number: int | None) -> None:
        """A statement that nobody closed: something is lost."""
        statement, self._statement = self._statement, None
        if statement is None:
            return
        statement.id = statement.account.number
        self.message.statements.append(statement)
        where = "the end of the file" if number is None else f"line {number}"
        text = f"the statement of {statement.account.number} has no new balance (07); the file may be cut off"
        self._findings.append(error("H2H-CFONB-CUT", where, text, WhoActs.BANK, line=number))

    def _needed(self, number: int, record: str) -> Statement:
        account = _account(record)
        if self._statement is not None and _last(self._statement.account) != _last(account):
            self._end_statement(number)
        if self._statement is None:
            self._bad(number, "this record stands behind no old balance (01)", record)
            self._statement = Statement("statement", None, account)
        return self._statement

    def _movement(self, number: int, record: str) -> None:
        statement = self._needed(number, record)
        made = self._amount(number, record)
        if made is None:
            return
        entry = Entry(made[0], record[16:19].strip(), made[1])
        entry.booking_date = self._date(number, record[34:40])
        entry.value_date = self._date(number, record[42:48])
        entry.account_servicer_reference = record[81:88].strip().lstrip("0") or None
        entry.bank_transaction_code = "+".join(c for c in (record[32:34].strip(), record[7:11].strip()) if c) or None
        self._label = record[48:79].strip()
        self._texts = [("", record[104:120].strip()), ("rejected", record[40:42].strip())]
        statement.entries.append(entry)
        self._entry = entry

    def _complement(self, number: int, record: str) -> None:
        if self._entry is None:
            self._bad(number, "this complement (05) stands behind no movement", record)
            return
        self._texts.append((record[45:48].strip(), record[48:118].rstrip()))

    def _end_entry(self) -> None:
        entry, self._entry = self._entry, None
        if entry is None:
            return
        detail, rest = EntryDetail(), [self._label]
        for word, text in self._texts:
            if not _put(entry, detail, word, text) and text.strip():
                rest.append(f"{word} {text.strip()}" if word != "LIB" else text.strip())
        known = (detail.end_to_end_id, detail.debtor_name, detail.creditor_name, detail.creditor_account)
        if any(known) or detail.remittance or detail.returned:
            entry.details = [detail]
        entry.additional_information = " ".join(p for p in rest if p)

    def _balance(self, number: int, record: str, kind: str) -> Balance | None:
        made = self._amount(number, record)
        if made is None:
            return None
        return Balance(kind, made[0], record[16:19].strip(), made[1], self._date(number, record[34:40]))

    def _amount(self, number: int, record: str) -> tuple[Decimal, str] | None:
        found = _AMOUNT.fullmatch(record[90:104])
        decimals, currency = record[19], record[16:19]
        if found is None or not found[1].strip().isdecimal() or decimals not in "0123456789":
            self._bad(number, "the amount cannot be read", record)
            return None
        if not currency.strip():
            self._bad(number, "nothing says in which currency the amount is", record)
        elif not named_money(currency):
            self._odd(number, f"{currency} is no currency")
        elif self._currency and currency != self._currency:
            self._odd(number, f"it is in {currency}, and what stands before it in {self._currency}")
        self._currency = self._currency or currency.strip()
        digits = found[1].replace(" ", "0")
        if found[2] in _SIGNS:
            last, direction = _SIGNS[found[2]]
        else:
            last, direction = int(found[2]), "CRDT"
            self._odd(number, f"the amount {record[90:104].strip()} has no sign; it is read as a credit")
        return Decimal(f"{digits}{last}").scaleb(-int(decimals)), direction

    def _date(self, number: int, text: str) -> date | None:
        """DDMMYY; years up to 79 are of this century. None if it is blank or no date."""
        if not text.strip():
            return None
        if re.fullmatch("[0-9]{6}", text):
            year = int(text[4:])
            try:
                return date(year + (1900 if year >= 80 else 2000), int(text[2:4]), int(text[:2]))
            except ValueError:
                pass
        self._odd(number, f"{text} is no date; there is none")
        return None

    def _bad(self, number: int, text: str, record: str) -> None:
        told = f"line {number}: {text}: {record.rstrip()}"
        where = f"line {number}, record {record[:2]}"
        self._findings.append(error("H2H-CFONB-RECORD", where, told, WhoActs.BANK, line=number))

    def _odd(self, number: int, text: str) -> None:
        told = f"line {number}: {text}"
        self._findings.append(warning("H2H-CFONB-DIALECT", f"line {number}", told, WhoActs.BANK, line=number))


def _account(record: str) -> Account:
    """Bank, branch and account, as in the French RIB without its key."""
    number = f"{record[2:7]}{record[11:16]}{record[21:32]}".replace(" ", "")
    return Account(other=number, currency=record[16:19].strip() or None)


def _last(account: Account) -> str:
    """The account within its bank: the branch may differ from record to record."""
    return (account.number or "")[-11:]


def _put(entry: Entry, detail: EntryDetail, word: str, text: str) -> bool:
    """A complement's text into its place; False if it has none."""
    told = text.strip()
    if word in ("LCC", "LC2"):
        detail.remittance = f"{detail.remittance} {told}".strip()
    elif word == "LCS":
        detail.creditor_reference = told or None
    elif word == "NPY":
        detail.debtor_name = told or None
    elif word == "NBE":
        detail.creditor_name = told or None
    elif word == "CBE":
        detail.creditor_account = told or None
    elif word == "RCN":
        # The client's reference, and behind it what the payment is for.
        detail.end_to_end_id = text[:35].strip() or detail.end_to_end_id
        return not text[35:].strip()
    elif word == "REF" and entry.account_servicer_reference is None:
        entry.account_servicer_reference = told or None
    elif word == "RET":
        detail.returned, detail.return_reason, detail.return_text = True, text[:4].strip() or None, text[4:].strip()
    elif word == "rejected":
        if told not in _NO_REJECTION:
            detail.returned, detail.return_text = True, f"rejection {told}"
    elif word == "":
        detail.end_to_end_id = detail.end_to_end_id or told or None
    else:
        return False
    return True
