"""MultiCash AUSZUG.TXT and UMSATZ.TXT: rows of fields between semicolons, without quotes → the canonical statement.

AUSZUG has one row a statement with its balances, UMSATZ one row a movement. They belong together: the movements' file
names no currency. Each is read alone; one behind the other in one file, or with the file beside it, they are whole.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from h2h.core.codecs.bank_text import decoded, read_or_none
from h2h.core.codecs.mt_detail import joined, read_remittance
from h2h.core.findings import Finding, WhoActs, error, info, warning
from h2h.core.format import Card, Read, ReadingCodec
from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance, Entry, Statement, StatementMessage
from h2h.core.rules.lists import named_money

_DAY = r"[0-9]{2}\.[0-9]{2}\.(?:[0-9]{2}|[0-9]{4})"
_MONEY = r"[-+]?[0-9]{1,18}(?:[.,][0-9]{1,2})?"
_START = r"[^;\r\n]{0,12};[^;\r\n]{1,34};[ ]*[0-9]{0,5}[ ]*;"
_SHAPES = {
    "auszug": re.compile(
        rf"\s*{_START}[ ]*{_DAY}[ ]*;[A-Z]{{3}};(?:[ ]*{_MONEY}[ ]*;){{3}}[ ]*{_MONEY}[ ]*(?:;|\r|\n|\Z)"
    ),
    "umsatz": re.compile(
        rf"\s*{_START}[ ]*{_DAY}[ ]*;(?:[^;\r\n]*;){{6}}[ ]*{_MONEY}[ ]*;[^;\r\n]*;[^;\r\n]*;[ ]*{_DAY}[ ]*"
    ),
}
# Where a movement's notes to the payee (17 to 29) and the other side's name (30, 31) stand, counted from 0.
_TEXTS = range(16, 31)
_KIND_OF_ROW = re.compile("[A-Z]{3}")


_SISTERS = {"auszug": "umsatz", "umsatz": "auszug"}
_NAMED = re.compile("auszug|umsatz", re.IGNORECASE)


def sister_name(name: str) -> str | None:
    """What the other file of a pair is called: ``D7_AUSZUG.TXT`` and ``D7_UMSATZ.TXT``; None if the name says none."""
    found = list(_NAMED.finditer(name))
    if not found:
        return None
    said, other = found[-1][0], _SISTERS[found[-1][0].lower()]
    other = other.upper() if said.isupper() else other.capitalize() if said[0].isupper() else other
    return name[: found[-1].start()] + other + name[found[-1].end() :]


class MultiCash(ReadingCodec):
    """``multicash-auszug`` or ``multicash-umsatz``, as the card's id says: what the file's first row is."""

    def __init__(self, card: Card) -> None:
        self._shape = _SHAPES[card.id.rpartition("-")[2]]

    def identify(self, head: bytes) -> bool:
        """By the shape of the first row."""
        return self._shape.match(head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")) is not None

    def read(self, data: bytes) -> Read:
        """All statements; ``Refused`` if there is none."""
        return self.read_pair(data, b"", "")

    def read_pair(self, data: bytes, beside: bytes, name: str) -> Read:
        """The same of one file of a pair, and with it what the file *beside* it, of that *name*, says of them."""
        text, findings = decoded(data)
        reading = _Reading(findings)
        reading.take_all(text)
        if beside:
            text, odd = decoded(beside)
            findings += [replace(f, where=f"{name}, {f.where}") for f in odd]
            reading.take_beside(text, name)
        reading.end()
        return read_or_none(reading.message, findings, "H2H-MULTICASH-NONE", "no row of the file can be read")


class _Reading:
    """What is known while the rows go by; statements by bank key, account and number."""

    def __init__(self, findings: list[Finding]) -> None:
        self.message = StatementMessage(None, None)
        self._findings = findings
        self._known: dict[tuple[str, ...], Statement] = {}
        self._stated: dict[tuple[str, ...], tuple[Decimal, Decimal, int | None]] = {}
        self._rows: dict[tuple[str, ...], tuple[int, list[str]]] = {}
        self._of_file = ""

    def take_all(self, text: str) -> None:
        """All rows of a file."""
        rows = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        for number, line in rows:
            self.take(number, _fields(line), line)
        half = len(rows) // 2
        if half > 1 and [line for _, line in rows[:half]] == [line for _, line in rows[half:]]:
            at = rows[half][0]
            told = f"line {at}: from here on the file holds the same rows once more; their movements would count twice"
            self._findings.append(warning("H2H-STATEMENT-TWICE", f"line {at}", told, WhoActs.BANK, line=at))

    def take_beside(self, text: str, name: str) -> None:
        """Of another file, the rows of the statements that are known."""
        self._of_file = f"{name}, "
        taken, others = 0, 0
        for number, line in enumerate(text.split("\n"), 1):
            fields = _fields(line)
            if len(fields) > 2 and _key(fields) in self._known:
                self.take(number, fields, line)
                taken += 1
            elif line.strip():
                others += 1
        if taken:
            more = f"; {others} more rows are of other statements" if others else ""
            told = f"{name} stands beside the file, and {taken} of its rows belong to it: they were read with it{more}"
            self._findings.append(info("H2H-MULTICASH-PAIR", name, told))

    def take(self, number: int, fields: list[str], line: str) -> None:
        """The next row: a statement's has the currency in its fifth field, a movement's the amount in its eleventh."""
        fields += [""] * (37 - len(fields))
        if _KIND_OF_ROW.fullmatch(fields[4]) and re.fullmatch(_MONEY, fields[8]):
            self._statement_row(number, fields, line)
        elif re.fullmatch(_MONEY, fields[10]):
            self._movement(number, fields)
        else:
            self._bad(number, "this row is neither a statement's nor a movement's", line)

    def end(self) -> None:
        """Which statements have both parts, and what is to be said of the others."""
        for key, statement in self._known.items():
            stated = self._stated.get(key)
            where = f"statement {statement.id}"
            if stated is not None and statement.entries:
                statement.stated_debit_sum, statement.stated_credit_sum, statement.stated_entry_count = stated
                for entry in statement.entries:
                    entry.currency = statement.account.currency or ""
            elif stated is not None:
                statement.entries_elsewhere = True
                count = f"{stated[2]} rows" if stated[2] is not None else "rows"
                told = f"{where}: its {count} stand in UMSATZ.TXT: debits {stated[0]:f}, credits {stated[1]:f}"
                self._findings.append(info("H2H-MULTICASH-PART", where, told))
            else:
                statement.kind = "report"
                told = f"{where}: balances and currency stand in AUSZUG.TXT; without it the currency is not known"
                self._findings.append(warning("H2H-MULTICASH-PART", where, told, WhoActs.BANK))

    def _statement_row(self, number: int, fields: list[str], line: str) -> None:
        before = self._rows.setdefault(_key(fields), (number, fields))
        statement = self._of(fields)
        if before[0] != number:
            self._again(number, statement, same=before[1] == fields, first=before[0])
            return
        day = self._date(number, fields[3])
        opening, debits, credits_, closing = (self._money(number, text, line) for text in fields[5:9])
        currency = fields[4]
        if not named_money(currency):
            told, where = f"line {number}: {currency} is no currency", f"{self._of_file}line {number}"
            self._findings.append(warning("H2H-MULTICASH-DIALECT", where, told, WhoActs.BANK, line=number))
        statement.account = Account(other=statement.account.other, currency=currency, name=fields[10] or None)
        statement.account_owner = fields[9] or None
        for kind, value in (("OPBD", opening), ("CLBD", closing)):
            if value is not None:
                direction = "DBIT" if value < 0 else "CRDT"
                statement.balances.append(Balance(kind, abs(value), currency, direction, day))
        if opening is None or debits is None or credits_ is None or closing is None:
            return
        if opening - abs(debits) + credits_ != closing:
            text = (
                f"line {number}: opening {opening:f} less debits {abs(debits):f} plus credits {credits_:f} is "
                f"{opening - abs(debits) + credits_:f}, but the closing balance is {closing:f}"
            )
            where = f"{self._of_file}line {number}"
            self._findings.append(warning("H2H-BALANCE", where, text, WhoActs.BANK, line=number))
        count = int(fields[17]) if re.fullmatch("[0-9]{1,9}", fields[17].strip()) else None
        self._stated[_key(fields)] = (abs(debits), credits_, count)

    def _again(self, number: int, statement: Statement, *, same: bool, first: int) -> None:
        """A second row of a statement: its balances cannot hold beside the first one's."""
        where = f"{self._of_file}line {number}"
        about = f"line {number}: the statement {statement.id} has a row already, in line {first}"
        if same:
            self._findings.append(warning("H2H-STATEMENT-TWICE", where, about, WhoActs.BANK, line=number))
        else:
            told = f"{about}, and this one says something else; it was not read"
            self._findings.append(error("H2H-MULTICASH-ROW", where, told, WhoActs.BANK, line=number))

    def _movement(self, number: int, fields: list[str]) -> None:
        statement = self._of(fields)
        value = self._money(number, fields[10], fields[10])
        if value is None:
            return
        entry = Entry(abs(value), "", "DBIT" if value < 0 else "CRDT")
        entry.value_date = self._date(number, fields[3])
        entry.booking_date = self._date(number, fields[13]) if fields[13] else None
        entry.account_servicer_reference = fields[9] or None
        entry.bank_transaction_code = "+".join(p for p in (fields[8], fields[4]) if p) or None
        notes = [fields[5], *fields[16:29]]
        name = joined(fields[29:31]).strip()
        read_remittance(entry, notes, name or None, fields[32] or None, fields[6])
        statement.entries.append(entry)

    def _of(self, fields: list[str]) -> Statement:
        key = _key(fields)
        if key not in self._known:
            _, account, number = key
            made = Statement("statement", " ".join(p for p in (account, number) if p), Account(other=account or None))
            made.electronic_sequence_number = Decimal(number) if re.fullmatch("[0-9]{1,9}", number) else None
            self._known[key] = made
            self.message.statements.append(made)
        return self._known[key]

    def _money(self, number: int, text: str, line: str) -> Decimal | None:
        if not re.fullmatch(_MONEY, text):
            self._bad(number, f"{text!r} is no amount", line)
            return None
        return Decimal(text.replace(",", "."))

    def _date(self, number: int, text: str) -> date | None:
        if re.fullmatch(_DAY, text):
            day, month, year = (int(part) for part in text.split("."))
            try:
                return date(year if year > 99 else year + (1900 if year >= 80 else 2000), month, day)
            except ValueError:
                pass
        told = f"line {number}: {text!r} is no date; there is none"
        where = f"{self._of_file}line {number}"
        self._findings.append(warning("H2H-MULTICASH-DIALECT", where, told, WhoActs.BANK, line=number))
        return None

    def _bad(self, number: int, text: str, line: str) -> None:
        told = f"line {number}: {text}: {line.strip()[:200]}"
        where = f"{self._of_file}line {number}"
        self._findings.append(error("H2H-MULTICASH-ROW", where, told, WhoActs.BANK, line=number))


def _fields(line: str) -> list[str]:
    """The fields of a row, trimmed; where texts go on from field to field, a blank before one parts two words."""
    return [f.rstrip() if at in _TEXTS else f.strip() for at, f in enumerate(line.split(";"))]


def _key(fields: list[str]) -> tuple[str, str, str]:
    return fields[0], fields[1], fields[2].lstrip("0") or fields[2]
