"""Single values of an MT940 and MT942: dates, amounts, balances, accounts (SWIFT User Handbook, category 9)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance
from h2h.core.rules.lists import decimals_of

#: Mark → direction in which the money moves, whether it corrects another entry, and the entry's status.
MARKS: dict[str, tuple[str, bool, str | None]] = {
    "C": ("CRDT", False, None),
    "D": ("DBIT", False, None),
    "RC": ("DBIT", True, None),
    "RD": ("CRDT", True, None),
    "EC": ("CRDT", False, "PDNG"),
    "ED": ("DBIT", False, "PDNG"),
}

DOTTED = "amounts are written with a dot, where the standard has a comma"

_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})([0-9.,]+)\s*")
_LOOSE_BALANCE = re.compile(r"([CD])\s?([0-9]{6})\s?([A-Z]{3})\s*([0-9.,]+)")
_NO_CURRENCY = re.compile(r"([CD])([0-9]{6})()([0-9]+,[0-9]*)")
# What goes on behind an amount, so that it is a part of one: where the type is missing, and where it is there.
_GOES_ON = re.compile(r"\s*['\u2019+-]?\s?[0-9]|[.,]")
_DECIMALS = re.compile(r"[0-9]*[.,][0-9]")
_SUM = re.compile(r"([0-9]{0,9})([A-Z]{3})([0-9.,]+)")
_FLOOR = re.compile(r"([A-Z]{3})\s?([CD]?)\s?([0-9.,]+)")
_MOMENT = re.compile(r"([0-9]{6})([0-9]{4})(?:([+-])([0-9][0-9])([0-9][0-9]))?")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
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


def unusual_amount(money: str, type_: str | None, rest: str, currency: str) -> tuple[Decimal | None, str]:
    """An entry's amount that is not written as ``1234,56`` before its type, and in words what is odd about it.

    None if it could mean another amount: ``1 000,50`` and ``1'000,50`` go on behind what looked like the amount, and
    ``1.234`` euros are a thousand or one.
    """
    value = amount(money)
    plain = "," not in money and "." not in money
    if value is None or (plain and type_ is None) or (_GOES_ON if type_ is None else _DECIMALS).match(rest):
        return None, ""
    if plain:
        return value, "amounts are written without a comma, which the standard demands"
    behind = len(money) - max(money.rfind(","), money.rfind(".")) - 1
    decimals = decimals_of(currency)
    if decimals is not None and behind > max(decimals, 2):
        if "," not in money:
            return None, ""
        return value, f"an amount has {behind} decimals, {currency} has {decimals}"
    if "." in money:
        return value, DOTTED
    return value, "" if type_ is not None else "no type stands behind the amount"


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


def balance(type_: str, text: str, days: Days, before: Balance | None = None) -> tuple[Balance | None, list[str]]:
    """A balance field's content, and in words what is odd about it.

    *before* is the message's balance before it: all have one currency (rule C27), and some banks leave it out behind.
    """
    odd = []
    found = _BALANCE.fullmatch(text)
    if found is None and before is not None and (found := _NO_CURRENCY.fullmatch(text)) is not None:
        return _without_currency(type_, found, days, before)
    if found is None:
        found = _LOOSE_BALANCE.match(text)
        rest = text[found.end() :].strip() if found else ""
        odd.append(f"{rest!r} behind the amount" if rest else "blanks in a balance")
    value = amount(found[4]) if found else None
    if found is None or value is None:
        return None, []
    whole, dot, behind = found[4].rpartition(".")
    if dot and "," not in whole + behind:
        if len(behind) > 2 and len(behind) != decimals_of(found[3]):
            return None, []  # 1.234 euros are a thousand or one
        odd.append(DOTTED)
    elif not dot and "," not in behind:
        odd.append(f"the amount {found[4]} has no comma, which the standard demands")
    day = days.value(found[2])
    if day is None:
        odd.append(f"{found[2]} is no date")
    return Balance(type_, value, found[3], "DBIT" if found[1] == "D" else "CRDT", day), odd


def _without_currency(
    type_: str, found: re.Match[str], days: Days, before: Balance
) -> tuple[Balance | None, list[str]]:
    """Read only where the six digits are a day that follows: else they could be a part of the amount."""
    day, value = days.value(found[2]), amount(found[4])
    near = day and before.date and timedelta(0) <= day - before.date <= timedelta(days=366)
    if value is None or not near:
        return None, []
    told = f"a balance names no currency; it is read in {before.currency}, as the one before it"
    return Balance(type_, value, before.currency, "DBIT" if found[1] == "D" else "CRDT", day), [told]


def count_and_sum(text: str) -> tuple[int | None, str, Decimal] | None:
    """:90C: and :90D: (number, currency, sum of entries); None if it is not that."""
    found = _SUM.match(text)
    value = amount(found[3]) if found else None
    if found is None or value is None:
        return None
    return int(found[1]) if found[1] else None, found[2], value


def floor_limit(text: str) -> tuple[str, str, Decimal] | None:
    """:34F: (currency, the mark of the direction that it is for or "" for both, amount below which none is listed)."""
    found = _FLOOR.match(text)
    value = amount(found[3]) if found else None
    return (found[1], found[2], value) if found and value is not None else None


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
    """:25: or :25P:. A currency behind the number is the account's, not a part of the number, nor is a slash before it.

    An IBAN is the account, whatever bank is named before it (``DABADKKK/DK50…``).
    """
    number = text.split("\n", 1)[0].strip().lstrip("/")
    told = _WITH_CURRENCY.fullmatch(number)
    if told and (told[2] or told[3] == currency) and not _OWN_CURRENCY.fullmatch(number):
        number, currency = told[1].strip(), told[3]
    compact = number.replace(" ", "")
    bank, _, behind = compact.rpartition("/")
    if _IBAN.fullmatch(behind) and (not bank or _BIC.fullmatch(bank)):
        return Account(iban=behind, currency=currency)
    return Account(other=number or None, currency=currency)
