"""Single values of an MT940 and MT942: dates, amounts, balances, accounts (SWIFT User Handbook, category 9)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance

#: Mark → direction in which the money moves, whether it corrects another entry, and the entry's status.
MARKS: dict[str, tuple[str, bool, str | None]] = {
    "C": ("CRDT", False, None),
    "D": ("DBIT", False, None),
    "RC": ("DBIT", True, None),
    "RD": ("CRDT", True, None),
    "EC": ("CRDT", False, "PDNG"),
    "ED": ("DBIT", False, "PDNG"),
}

_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})([0-9.,]+)\s*")
_LOOSE_BALANCE = re.compile(r"([CD])\s?([0-9]{6})\s?([A-Z]{3})\s*([0-9.,]+)")
_SUM = re.compile(r"([0-9]{0,9})([A-Z]{3})([0-9.,]+)")
_FLOOR = re.compile(r"([A-Z]{3})\s?[CD]?\s?([0-9.,]+)")
_MOMENT = re.compile(r"([0-9]{6})([0-9]{4})(?:([+-])([0-9][0-9])([0-9][0-9]))?")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_WITH_CURRENCY = re.compile(r"(.*[0-9A-Za-z])([ /]?)([A-Z]{3})", re.DOTALL)
# IBANs of Mauritius and the Seychelles end in a currency.
_OWN_CURRENCY = re.compile(r"MU[0-9]{2}[A-Z0-9]{26}|SC[0-9]{2}[A-Z0-9]{27}")


def amount(text: str) -> Decimal | None:
    """``1234,56`` (the standard), ``1234.56``, ``1234,`` or ``1.234,56`` as what they say; None if it is no amount."""
    comma, dot = text.rfind(","), text.rfind(".")
    if dot >= 0 and comma >= 0:
        thousands = "." if comma > dot else ","
        whole, _, _ = text.rpartition("," if thousands == "." else ".")
        groups = whole.split(thousands)
        if not (1 <= len(groups[0]) <= 3 and all(len(g) == 3 for g in groups[1:])):
            return None
        text = text.replace(thousands, "")
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


class Days:
    """Six digits → the day. A statement has few days and many entries, so they are remembered."""

    def __init__(self) -> None:
        self._known: dict[str, date | None] = {}
        self._entry: dict[tuple[str, str], date | None] = {}

    def value(self, text: str) -> date | None:
        """YYMMDD; years from 80 on are of the last century (the handbook's rule). None if there is no such day."""
        if text not in self._known:
            year = int(text[:2])
            self._known[text] = _day(year + (1900 if year >= 80 else 2000), text[2:])
        return self._known[text]

    def entry(self, value: str, text: str) -> date | None:
        """MMDD in the year that puts it nearest to the value date: booked on 0102, valued on 1231."""
        key = (value, text)
        if key not in self._entry:
            near = self.value(value)
            self._entry[key] = _nearest(near, text) if near else None
        return self._entry[key]


def _nearest(near: date, text: str) -> date | None:
    days = [d for year in (near.year - 1, near.year, near.year + 1) if (d := _day(year, text)) is not None]
    found = min(days, key=lambda d: abs((d - near).days), default=None)
    # 29 February belongs to no year but its own.
    return found if found and abs((found - near).days) <= 184 else None


def _day(year: int, text: str) -> date | None:
    try:
        return date(year, int(text[:2]), int(text[2:]))
    except ValueError:
        return None


def balance(type_: str, text: str, days: Days) -> tuple[Balance | None, str]:
    """A balance field's content, and in words what is odd about it ("" if nothing is)."""
    found = _BALANCE.fullmatch(text)
    odd = ""
    if found is None:
        found = _LOOSE_BALANCE.match(text)
        rest = text[found.end() :].strip() if found else ""
        odd = f"{rest!r} behind the amount" if rest else "blanks in it"
    value = amount(found[4]) if found else None
    if found is None or value is None:
        return None, ""
    day = days.value(found[2])
    if day is None:
        odd = f"{found[2]} is no date"
    return Balance(type_, value, found[3], "DBIT" if found[1] == "D" else "CRDT", day), odd


def count_and_sum(text: str) -> tuple[int | None, str, Decimal] | None:
    """:90C: and :90D: (number, currency, sum of entries); None if it is not that."""
    found = _SUM.match(text)
    value = amount(found[3]) if found else None
    if found is None or value is None:
        return None
    return int(found[1]) if found[1] else None, found[2], value


def floor_limit(text: str) -> tuple[str, Decimal] | None:
    """:34F: (currency, amount below which entries are not listed)."""
    found = _FLOOR.match(text)
    value = amount(found[2]) if found else None
    return (found[1], value) if found and value is not None else None


def moment(text: str) -> datetime | None:
    """:13D: or :13: (YYMMDDhhmm, and mostly the offset from UTC)."""
    found = _MOMENT.match(text)
    if found is None:
        return None
    zone = None
    if found[3]:
        offset = timedelta(hours=int(found[4]), minutes=int(found[5]))
        if offset >= timedelta(hours=24):
            return None
        zone = timezone(-offset if found[3] == "-" else offset)
    day = Days().value(found[1])
    hour, minute = int(found[2][:2]), int(found[2][2:])
    if day is None or hour > 23 or minute > 59:
        return None
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


def account(text: str, currency: str | None) -> Account:
    """:25: or :25P:. A currency behind the number is the account's, not a part of the number."""
    number = text.split("\n", 1)[0].strip()
    told = _WITH_CURRENCY.fullmatch(number)
    if told and (told[2] or told[3] == currency) and not _OWN_CURRENCY.fullmatch(number):
        number, currency = told[1].strip(), told[3]
    compact = number.replace(" ", "")
    if _IBAN.fullmatch(compact):
        return Account(iban=compact, currency=currency)
    return Account(other=number or None, currency=currency)
