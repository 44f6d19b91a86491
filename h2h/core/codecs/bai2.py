"""BAI2 (Cash Management Balance Reporting, version 2) → the canonical statement: one an account (03). Read only.

Amounts have no decimal point: how many decimals they have, the currency says. Type codes below 100 are balances; those
of a detail (16) say its direction.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from h2h.core.codecs.bai2_detail import credit_debit_of, entry_of
from h2h.core.codecs.bai2_funds import funds_length
from h2h.core.codecs.bai2_records import Record, records_of
from h2h.core.codecs.bai2_totals import Totals
from h2h.core.codecs.bank_text import decoded, read_or_none
from h2h.core.codecs.mt_values import Days
from h2h.core.findings import Finding, WhoActs, error, info, warning
from h2h.core.format import Card, Read, ReadingCodec
from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance, Statement, StatementMessage
from h2h.core.rules.lists import decimals_of

_FIRST = re.compile(
    rb"\s*(?:01[ \t]*,[^,\r\n]*,[^,\r\n]*,[ ]?(?:[0-9]{2})?[0-9]{6}[ ]?,"
    rb"|02[ \t]*,[^,\r\n]*,[^,\r\n]*,[ ]?[0-4]?,(?:[0-9]{2})?[0-9]{6},"
    rb"|03[ \t]*,[^,\r\n]+,(?:[A-Za-z]{3})?,(?:[0-9]{3})?,[-+]?[0-9]*,"
    rb"|0[123][ \t]*,[^\r\n/]*/[ \t]*[\r\n]+[ \t]*88[ \t]*,)"  # any record may go on in a continuation
)
# Balances that ISO 20022 has a name for; the others keep their BAI code.
_BALANCES = {"010": "OPBD", "015": "CLBD", "030": "ITBD", "040": "OPAV", "045": "CLAV", "060": "ITAV"}
# As-of-date modifiers of a group: 1 and 3 are interim figures, 2 and 4 final ones.
_INTERIM = frozenset(("1", "3"))
# A group's status: of 1 (update) nothing is to be said.
_STATUS = {"2": "takes back what was reported before", "3": "corrects what was reported before", "4": "is a test"}
_FUNDS = frozenset(("", "0", "1", "2", "S", "V", "D", "Z"))
_CODE = re.compile("[0-9]{3}")
# What stands behind the first comma of an amount that is written with commas.
_THOUSANDS = re.compile(r"[0-9]{3}(?:\.[0-9]{1,2})?")
_AMOUNT = re.compile(r"[-+]?[0-9]{1,30}(?:\.[0-9]*)?")


class Bai2(ReadingCodec):
    """``bai2``."""

    def __init__(self, _card: Card) -> None: ...

    def identify(self, head: bytes) -> bool:
        """By the first record: a file header; of a file that has lost it, a group or an account."""
        return _FIRST.match(head.removeprefix(b"\xef\xbb\xbf")) is not None

    def read(self, data: bytes) -> Read:
        """All accounts; ``Refused`` if there is none."""
        text, findings = decoded(data)
        reading = _Reading(findings)
        for record in records_of(text, findings):
            reading.take(record)
        reading.end()
        return read_or_none(reading.message, findings, "H2H-BAI2-NONE", "there is no account (record 03) in the file")


class _Reading:
    """What is known while the records go by."""

    def __init__(self, findings: list[Finding]) -> None:
        self.message = StatementMessage(None, None)
        self._findings = findings
        self._days = Days()
        self._totals = Totals(findings)
        self._file = ""
        self._as_of: date | None = None
        self._currency = "USD"  # the standard's default
        self._interim = False
        self._statement: Statement | None = None
        self._stated: dict[str, tuple[Decimal, int | None]] = {}
        self._decimals = 2
        self._last = ""

    def take(self, record: Record) -> None:
        """The next record."""
        self._totals.take(record)
        self._last = record.code
        takes = {"01": self._header, "02": self._group, "03": self._account, "16": self._detail}
        known = takes.get(record.code)
        if known is not None:
            known(record)
        elif record.code == "49":
            self._close()
        elif record.code == "88":
            self._bad(record, "a continuation without a record before it")

    def end(self) -> None:
        """The file is over; if its trailer is missing, something is lost."""
        self._close()
        if self._last != "99":
            text = "the file has no trailer (record 99); it may be cut off"
            self._findings.append(error("H2H-BAI2-CUT", "the end of the file", text, WhoActs.BANK))

    def _header(self, record: Record) -> None:
        fields = [*record.fields(), *[""] * 8]
        sender, _, day, time, number = fields[:5]
        self._file = "-".join(f for f in (day, number) if f)
        self.message.message_id = "-".join(f for f in (sender, day, time, number) if f) or None
        self.message.creation_date_time = self._moment(day, time)
        if fields[7] not in ("", "2"):
            self._odd(record, f"version {fields[7]} is stated; version 2 is read")

    def _group(self, record: Record) -> None:
        fields = [*record.fields(), *[""] * 7]
        self._as_of = self._day(fields[3])
        if fields[2] in _STATUS:
            self._odd(record, f"the group {_STATUS[fields[2]]} (status {fields[2]}); it is read like any other")
        if self._as_of is None:
            self._odd(record, f"the as-of date {fields[3]!r} is no date; entries and balances have none")
        self._currency = fields[5].upper() or "USD"
        self._interim = fields[6] in _INTERIM

    def _account(self, record: Record) -> None:
        self._close()
        number, currency, *rest = [*record.fields(), "", ""]
        currency = currency.upper() or self._currency
        decimals = decimals_of(currency)
        if decimals is None:
            self._bad(record, f"{currency} is no currency, so nobody knows how many decimals the amounts have")
        self._decimals = 2 if decimals is None else decimals
        kind = "report" if self._interim else "statement"
        account = Account(other=number or None, currency=currency)
        id_ = " ".join(p for p in (self._file, number) if p) or None
        self._statement = Statement(kind, id_, account, creation_date_time=self.message.creation_date_time)
        if not number:
            self._bad(record, "the account has no number")
        for code, amount, count, funds, odd in _summaries(rest):
            self._summary(record, code, (amount, count, funds), currency)
            if odd:
                self._odd(record, odd)

    def _summary(self, record: Record, code: str, given: tuple[str, str, str], currency: str) -> None:
        amount, count, funds = given
        if not code and not amount:
            return
        statement = self._statement
        value = self.money(record, amount or "0")
        self._look_at_funds(record, funds.split(",", 1)[0], code)
        if not _CODE.fullmatch(code):
            self._odd(record, f"{code!r} is no type code, which has three digits; its amount is {amount}")
        if _THOUSANDS.fullmatch(count) and (code < "100" or "." in count):
            self._bad(record, f"there is a comma within the amount {amount},{count} of type {code}")
            return
        if count and not re.fullmatch("[0-9]{1,9}", count):
            self._odd(record, f"{count!r} stands where type {code} has its number of items")
        if value is None or statement is None:
            return
        self._totals.add(amount)
        if code < "100" and code:
            direction = "DBIT" if value < 0 else "CRDT"
            balance = Balance(_BALANCES.get(code, f"BAI {code}"), abs(value), currency, direction, self._as_of)
            statement.balances.append(balance)
            return
        items = int(count) if re.fullmatch("[0-9]{1,9}", count) else None
        self._stated[code] = (value, items)
        more = f", {items} items" if items is not None else ""
        told = f"total {code}: {value:f} {currency}{more}{f', funds {funds}' if funds else ''}"
        statement.additional_information = f"{statement.additional_information} {told}".strip()

    def _detail(self, record: Record) -> None:
        if self._statement is None:
            self._bad(record, "an entry outside of an account (03)")
            return
        detail = entry_of(record)
        self._totals.add(detail.amount)
        value = self.money(record, detail.amount or "0")
        direction = credit_debit_of(detail.code)
        if value is None:
            return
        if direction is None:
            self._bad(record, f"nobody knows whether type {detail.code!r} is a credit or a debit")
            return
        if not detail.amount and detail.code != "890":
            self._odd(record, "an entry without an amount; it is 0")
        funds = detail.funds[0] if detail.funds else ""
        if _THOUSANDS.fullmatch(funds):
            self._bad(record, f"there is a comma within the amount {detail.amount},{funds}")
            return
        self._look_at_funds(record, funds, detail.code)
        if detail.odd:
            self._odd(record, detail.odd)
        if value < 0:
            self._odd(record, f"the amount {detail.amount} has a sign; type {detail.code} says its direction")
            direction, value = ("DBIT" if direction == "CRDT" else "CRDT"), -value
        currency = self._statement.account.currency or ""
        self._statement.entries.append(detail.entry(value, currency, direction, self._as_of, self._days))

    def _look_at_funds(self, record: Record, funds: str, code: str) -> None:
        """What stands there instead shows that fields are missing, or too many."""
        if funds not in _FUNDS:
            self._odd(record, f"{funds!r} stands where type {code} has its funds type (0, 1, 2, S, V, D or Z)")

    def money(self, record: Record, text: str) -> Decimal | None:
        """An amount with the currency's decimals put in; None, and said, if it is none."""
        if not _AMOUNT.fullmatch(text):
            self._bad(record, f"{text!r} is no amount")
            return None
        if "." in text:
            self._odd(record, f"the amount {text} has a decimal point; BAI2 has none, and it is read as it stands")
            return Decimal(text)
        return Decimal(text).scaleb(-self._decimals)

    def _close(self) -> None:
        """The account is whole. Its totals are of its entries only where it says how many they are of."""
        statement, self._statement = self._statement, None
        if statement is None:
            return
        if statement.entries:
            credits_, debits = self._stated.get("100"), self._stated.get("400")
            statement.stated_credit_sum = credits_[0] if credits_ and credits_[1] is not None else None
            statement.stated_debit_sum = debits[0] if debits and debits[1] is not None else None
            if credits_ and debits and credits_[1] is not None and debits[1] is not None:
                told = sum(e.status == "INFO" for e in statement.entries)  # what moves no money is in no total
                statement.stated_entry_count = credits_[1] + debits[1] + told
        elif any(value for code, (value, _) in self._stated.items() if credit_debit_of(code)):
            statement.entries_elsewhere = True
            where = f"statement {statement.id or ''}".strip()
            told_of = f"{where}: totals are stated and no entries are listed; it is a report of balances"
            self._findings.append(info("H2H-BAI2-SUMMARY", where, told_of))
        self._stated = {}
        self.message.statements.append(statement)

    def _moment(self, day: str, time: str) -> datetime | None:
        found = self._day(day)
        if found is None:
            return None
        hour, minute = (int(time[:2]), int(time[2:])) if re.fullmatch("[0-9]{4}", time) else (0, 0)
        if hour > 23 or minute > 59:  # 2400 and 9999 are the end of the day
            hour, minute = 23, 59
        return datetime(found.year, found.month, found.day, hour, minute)  # noqa: DTZ001  the bank's own clock

    def _day(self, text: str) -> date | None:
        """YYMMDD; some banks write the century before it."""
        if re.fullmatch("20[0-9]{6}", text):
            text = text[2:]
        return self._days.value(text) if re.fullmatch("[0-9]{6}", text) else None

    def _bad(self, record: Record, text: str) -> None:
        told = f"line {record.line}: {text}: {_raw(record)}"
        self._findings.append(error("H2H-BAI2-RECORD", record.where, told, WhoActs.BANK, line=record.line))

    def _odd(self, record: Record, text: str) -> None:
        told = f"line {record.line}: {text}"
        self._findings.append(warning("H2H-BAI2-DIALECT", record.where, told, WhoActs.BANK, line=record.line))


def _summaries(fields: list[str]) -> list[tuple[str, str, str, str, str]]:
    """(type, amount, item count, funds with their distribution, what is odd of them) of an account record."""
    made = []
    at = 0
    while at + 1 < len(fields):
        code, amount = fields[at], fields[at + 1]
        if not code and _CODE.fullmatch(amount):
            at += 1  # a comma too many behind the summary before: no amount stands without its type
            continue
        count = fields[at + 2] if at + 2 < len(fields) else ""
        length, odd = funds_length(fields, at + 3)
        after = at + 3 + length
        made.append((code, amount, count, ",".join(fields[at + 3 : after]).rstrip(","), odd))
        at = after
    return made


def _raw(record: Record) -> str:
    return f"{record.code},{','.join(record.pieces)}"[:200]
