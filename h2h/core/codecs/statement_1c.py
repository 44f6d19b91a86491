"""1CClientBankExchange, a bank's statement for the accounting system 1C → the canonical statement. Read only.

A section of an account (СекцияРасчСчет) states a period with its balances and turnovers; then the documents follow. A
document is an entry of the account that paid (ДатаСписано is filled) or got (ДатаПоступило) it; one between two
accounts of the file is an entry of both. Source: 1C's exchange standard, versions 1.01 to 1.03.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, time
from decimal import Decimal

from h2h.core.codecs.bank_text import read_or_none
from h2h.core.codecs.text_1c import MARK, day_of, is_statement, shown_text, statement_text
from h2h.core.findings import Finding, WhoActs, error, info, warning
from h2h.core.format import Card, Read, ReadingCodec
from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from h2h.core.rules.judge import shown
from h2h.core.rules.lists import currency_of_number
from h2h.core.unnamed import NO_CURRENCY

_AMOUNT = re.compile(r"(-?)([0-9]{1,15})(?:[.,-]([0-9]{1,2}))?")
# Positions 6 to 8 of a Russian account are its currency's number in ISO 4217; 810, the rouble before 1998, is in use.
_ROUBLE = "810"
# Who pays and who gets: the prefix of the keys, the key of the day, the direction of the entry on that side's account.
_SIDES = (("Плательщик", "ДатаСписано", "DBIT"), ("Получатель", "ДатаПоступило", "CRDT"))
_READ = frozenset((
    "Номер", "Дата", "Сумма", "ДатаСписано", "ДатаПоступило", "НазначениеПлатежа", "ВидОплаты", "Плательщик",
    "Плательщик1", "ПлательщикСчет", "ПлательщикРасчСчет", "Получатель", "Получатель1", "ПолучательСчет",
    "ПолучательРасчСчет",
))  # fmt: skip
_LINES = tuple(f"НазначениеПлатежа{n}" for n in range(1, 7))


class Statement1C(ReadingCodec):
    """Reads all statements of a file."""

    def __init__(self, _card: Card) -> None: ...

    def identify(self, head: bytes) -> bool:
        """By the first line, and a section of an account in the file's beginning."""
        return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(MARK) and is_statement(head)

    def read(self, data: bytes) -> Read:
        """All statements; ``Refused`` if there is none."""
        findings: list[Finding] = []
        walk = _Walk(findings)
        for number, line in enumerate(statement_text(data, findings).split("\n"), 1):
            key, _, value = line.strip().partition("=")
            if key:
                walk.line(number, key.strip(), value.strip())
        walk.end()
        return read_or_none(walk.message, findings, "H2H-1C-NONE", "there is no statement in the file")


class _Walk:
    """What is known while the lines go by."""

    def __init__(self, findings: list[Finding]) -> None:
        self.message = StatementMessage(None, None)
        self._findings = findings
        self._head: dict[str, str] = {}
        self._block: tuple[int, str, dict[str, str]] | None = None  # line, kind ("" for an account's section), values
        self._documents: list[tuple[int, str, dict[str, str]]] = []
        self._unread: Counter[str] = Counter()
        self._ended = self._told_of_more = False

    def line(self, number: int, key: str, value: str) -> None:
        """The next line that is not empty."""
        if self._ended:
            if not self._told_of_more:
                self._bad(number, "something stands behind the end of the file (КонецФайла)")
            self._told_of_more = True
        elif key in ("СекцияРасчСчет", "СекцияДокумент"):
            self._close(number, "")
            self._block = number, value if key == "СекцияДокумент" else "", {"": key}
        elif key in ("КонецРасчСчет", "КонецДокумента"):
            self._close(number, key)
        elif key == "КонецФайла":
            self._close(number, "")
            self._ended = True
        elif self._block is None:
            self._head.setdefault(key, value)
        elif key in self._block[2] and self._block[2][key] != value:
            self._bad(number, f"{key} stands twice in one section")
            self._block[2][key] += f" / {value}"  # which one is meant is not certain: no amount, and no day
        else:
            self._block[2][key] = value

    def end(self) -> None:
        """All lines have come: the documents go to their accounts."""
        self._close(0, "")
        if not self._ended:
            self._add(error("H2H-1C", "the file", "the file has no end (КонецФайла): it is cut off", WhoActs.BANK))
        day = day_of(self._head.get("ДатаСоздания", ""))
        if day is not None:
            self.message.creation_date_time = datetime.combine(day, _time(self._head.get("ВремяСоздания", "")))
        for line, kind, values in self._documents:
            self._document(line, kind, values)
        for key, count in self._unread.items():
            self._add(info("H2H-UNREAD", key, f"{key} was not read ({count} time{'s' if count > 1 else ''})"))

    def _close(self, number: int, key: str) -> None:
        """The end of a section, by its own key; "" where another begins or the file ends."""
        block, self._block = self._block, None
        if block is None:
            if key:
                self._bad(number, f"{key} ends nothing")
            return
        line, kind, values = block
        section = values.pop("")
        if key != ("КонецРасчСчет" if section == "СекцияРасчСчет" else "КонецДокумента"):
            self._bad(line, f"the section that begins here ({section}) is not closed, and was not read")
            return
        if section == "СекцияРасчСчет":
            self._account(line, values)
        else:
            self._documents.append((line, kind, values))

    def _account(self, line: int, values: dict[str, str]) -> None:
        get = values.get
        number = get("РасчСчет", "")
        if not number:
            self._bad(line, "the section of an account names none (РасчСчет)")
        first, last = self._day(line, "ДатаНачала", values), self._day(line, "ДатаКонца", values)
        currency = _currency(number)
        statement = Statement("statement", "-".join((number, *(d.isoformat() for d in (last or first,) if d))) or None,
                              Account(other=number or None, currency=currency))  # fmt: skip
        if currency == NO_CURRENCY:
            text = f"account {shown(number)} does not say its currency, as one of 20 digits does"
            self._add(warning("H2H-1C-DIALECT", f"line {line}", text, WhoActs.BANK, line=line))
        statement.from_date_time = datetime.combine(first, time()) if first else None
        statement.to_date_time = datetime.combine(last or first, time()) if last or first else None  # type: ignore[arg-type]
        for key, type_, day in (("НачальныйОстаток", "OPBD", first), ("КонечныйОстаток", "CLBD", last or first)):
            if get(key) and (value := self._amount(line, key, values)) is not None:
                mark = "DBIT" if value < 0 else "CRDT"
                statement.balances.append(Balance(type_, abs(value), currency, mark, day))
            elif not get(key):
                self._bad(line, f"{key} is missing; the file may be incomplete")
        if get("ВсегоПоступило"):
            statement.stated_credit_sum = self._amount(line, "ВсегоПоступило", values)
        if get("ВсегоСписано"):
            statement.stated_debit_sum = self._amount(line, "ВсегоСписано", values)
        self.message.statements.append(statement)

    def _document(self, line: int, kind: str, values: dict[str, str]) -> None:
        amount = self._amount(line, "Сумма", values)
        if amount is None:
            return
        own = {s.account.other for s in self.message.statements}
        sides = [side for side in _SIDES if own & _accounts(values, side[0])]
        filled = [side for side in _SIDES if values.get(side[1])]
        # Which day is filled says whose entry it is; where none is, the account alone does.
        taken = [side for side in sides if side in filled] or sides
        if not taken and len(own) == 1 and len(filled) == 1:
            taken = filled
            text = "neither account is the statement's; the day that is filled says whether it came in or went out"
            self._add(warning("H2H-1C-DIALECT", f"line {line}", f"line {line}: {text}", WhoActs.BANK, line=line))
        if not taken:
            self._bad(line, "this document was not read: neither account is one of the statement's")
        for side in taken:
            day = self._day(line, side[1], values) or self._day(line, "Дата", values)
            statement = self._statement(line, _accounts(values, side[0]) & own or own, day)
            statement.entries.append(_entry(statement, amount, day, side, kind, values))
        self._unread.update(k for k, v in values.items() if v and k not in _READ and k not in _LINES)

    def _statement(self, line: int, accounts: set[str | None], day: date | None) -> Statement:
        """The account's section whose period holds the day; else its last, which is said."""
        of_account = [s for s in self.message.statements if s.account.other in accounts]
        for statement in of_account:
            first, last = statement.from_date_time, statement.to_date_time
            if day and first and last and first.date() <= day <= last.date():
                return statement
        if len(of_account) > 1:
            self._bad(line, "the document's day is in none of the account's periods")
        return of_account[-1]

    def _amount(self, line: int, key: str, values: dict[str, str]) -> Decimal | None:
        text = values.get(key, "")
        found = _AMOUNT.fullmatch(text)
        if found is None:
            self._bad(line, f"{key} {shown_text(text)} is no amount")
            return None
        return Decimal(f"{found[1]}{found[2]}.{found[3] or '0'}") if found[3] else Decimal(found[1] + found[2])

    def _day(self, line: int, key: str, values: dict[str, str]) -> date | None:
        text = values.get(key, "")
        day = day_of(text)
        if text and day is None:
            self._bad(line, f"{key} {shown_text(text)} is no day (DD.MM.YYYY)")
        return day

    def _bad(self, line: int, text: str) -> None:
        where = f"line {line}"
        self._add(error("H2H-1C", where, f"{where}: {text}", WhoActs.BANK, line=line))

    def _add(self, finding: Finding) -> None:
        self._findings.append(finding)


def _entry(
    statement: Statement,
    amount: Decimal,
    day: date | None,
    side: tuple[str, str, str],
    kind: str,
    values: dict[str, str],
) -> Entry:
    """The entry of one side; the other side is its counterparty."""
    get = values.get
    mark, currency = side[2], statement.account.currency or NO_CURRENCY
    other = next(prefix for prefix, _, _ in _SIDES if prefix != side[0])
    name = get(f"{other}1") or get(other) or None
    account = get(f"{other}РасчСчет") or get(f"{other}Счет") or None
    number = get("Номер") or None
    remittance = get("НазначениеПлатежа") or " ".join(v for k in _LINES if (v := get(k, "")))
    detail = EntryDetail(end_to_end_id=number, remittance=remittance)
    if mark == "CRDT":
        detail.debtor_name, detail.debtor_account = name, account
    else:
        detail.creditor_name, detail.creditor_account = name, account
    return Entry(
        amount, currency, mark, booking_date=day, value_date=day, bank_transaction_code=get("ВидОплаты") or None,
        additional_information=kind, details=[detail],
    )  # fmt: skip


def _accounts(values: dict[str, str], prefix: str) -> set[str | None]:
    return {n for key in ("РасчСчет", "Счет") if (n := values.get(f"{prefix}{key}"))}


def _currency(account: str) -> str:
    if not re.fullmatch(r"[0-9]{20}", account):
        return NO_CURRENCY
    number = account[5:8]
    return "RUB" if number == _ROUBLE else currency_of_number(number) or NO_CURRENCY


def _time(text: str) -> time:
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?", text)
    return time(int(found[1]), int(found[2]), int(found[3] or 0)) if found else time()
