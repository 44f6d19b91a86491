"""How banks' own documents write values, beside ISO 20022's ways: exact both ways, like ``values``.

Moments without a zone are China's: the country has one zone and no summer time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from h2h.core.mapping.values import VALUE_TYPES, ValueType, parse_decimal, render_decimal

CHINA = timezone(timedelta(hours=8))

_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_CENTS = re.compile(r"-?[0-9]{1,20}")


def parse_amount(text: str) -> Decimal:
    """An amount in units; some banks put commas between thousands when they answer."""
    return parse_decimal(text.replace(",", "") if _GROUPED.fullmatch(text) else text)


def render_two(value: Decimal) -> str:
    """With exactly two decimals; what has more is refused, never rounded."""
    if value.is_finite() and value != value.quantize(Decimal("0.01")):
        raise ValueError("the bank takes two decimals")
    return render_decimal(value.quantize(Decimal("0.01")) if value.is_finite() else value)


def parse_cents(text: str) -> Decimal:
    """A whole number of 分 (cents) → yuan: ``1250000`` is 12500.00."""
    if _CENTS.fullmatch(text) is None:
        raise ValueError("not a whole number of 分 (cents)")
    return Decimal(text).scaleb(-2)


def parse_cents_of_side(text: str) -> Decimal | None:
    """One of two columns, debit and credit: the one that is not meant is 0 or empty, and says nothing."""
    return parse_cents(text) or None


def render_cents(value: Decimal) -> str:
    """Yuan → 分; what is not a whole number of them is refused."""
    cents = value.scaleb(2) if value.is_finite() else value
    if not cents.is_finite() or cents != cents.to_integral_value():
        raise ValueError("it is not a whole number of 分 (cents)")
    return format(cents.to_integral_value(), "f")


def _moment(pattern: str, shape: str, shown: str) -> ValueType:
    compiled = re.compile(shape)

    def parse(text: str) -> datetime:
        if compiled.fullmatch(text) is None:
            raise ValueError(f"not a date and time ({shown})")
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=CHINA)
        except ValueError:
            raise ValueError("no such day or time") from None

    def render(value: datetime) -> str:
        return (value.astimezone(CHINA) if value.tzinfo else value).strftime(pattern)

    return ValueType(parse, render)


def _day(pattern: str, shape: str, shown: str, tail: str = "") -> ValueType:
    compiled = re.compile(f"({shape}){tail}")

    def parse(text: str) -> date:
        match = compiled.fullmatch(text)
        if match is None:
            raise ValueError(f"not a date ({shown})")
        try:
            return datetime.strptime(match[1], pattern).replace(tzinfo=CHINA).date()
        except ValueError:
            raise ValueError("no such day in the calendar") from None

    return ValueType(parse, lambda value: value.strftime(pattern))


def parse_17(text: str) -> datetime:
    """yyyyMMddHHmmss and, perhaps, thousandths of a second."""
    if re.fullmatch("[0-9]{14}(?:[0-9]{3})?", text) is None:
        raise ValueError("not a date and time (yyyyMMddHHmmssSSS)")
    try:
        moment = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
    except ValueError:
        raise ValueError("no such day or time") from None
    return moment.replace(microsecond=int(text[14:] or "0") * 1000)


#: All types of values that a sample may name.
OWN_TYPES: Mapping[str, ValueType] = {
    **VALUE_TYPES,
    "amount2": ValueType(parse_amount, render_two),
    "cents": ValueType(parse_cents, render_cents),
    "cents_of_side": ValueType(parse_cents_of_side, render_cents),
    "date8": _day("%Y%m%d", "[0-9]{8}", "yyyyMMdd"),
    "date_slashes": _day("%Y/%m/%d", "[0-9]{4}/[0-9]{2}/[0-9]{2}", "yyyy/MM/dd"),
    "day_of": _day("%Y-%m-%d", "[0-9]{4}-[0-9]{2}-[0-9]{2}", "yyyy-MM-dd", "(?:[T -].*)?"),
    "day_of14": _day("%Y%m%d", "[0-9]{8}", "yyyyMMddHHmmss", "[0-9]*"),
    "moment": _moment("%Y-%m-%d %H:%M:%S", r"[0-9-]{10} [0-9:]{8}", "yyyy-MM-dd HH:mm:ss"),
    "day_start": _moment("%Y-%m-%d", "[0-9-]{10}", "yyyy-MM-dd"),  # a moment given as its day
    "day_start8": _moment("%Y%m%d", "[0-9]{8}", "yyyyMMdd"),
    "moment14": _moment("%Y%m%d%H%M%S", "[0-9]{14}", "yyyyMMddHHmmss"),
    "moment17": ValueType(parse_17, lambda value: value.astimezone(CHINA).strftime("%Y%m%d%H%M%S000")),
    # A day and a time in two elements: each is half of one value, which is put together when the object is made.
    "date_of": ValueType(None, lambda value: value.astimezone(CHINA).strftime("%Y%m%d"), joined=""),
    "time6": ValueType(None, lambda value: value.astimezone(CHINA).strftime("%H%M%S"), joined=""),
    "time9": ValueType(None, lambda value: value.astimezone(CHINA).strftime("%H%M%S000"), joined=""),
}


def translated(table: Mapping[str, str], name: str) -> ValueType:
    """A bank's codes ↔ ours, as a table of ``codes.toml`` has them; of several codes for one, the first is written."""
    back: dict[str, str] = {}
    for theirs, ours in table.items():
        back.setdefault(ours, theirs)

    def looked_up(way: Mapping[str, str], whose: str) -> Callable[[str | bool], str]:
        def look(held: str | bool) -> str:
            text = str(held).lower() if isinstance(held, bool) else held
            if text not in way:
                raise ValueError(f"not one of {whose} ({', '.join(way)}) in {name} of codes.toml")
            return way[text]

        return look

    return ValueType(looked_up(table, "the bank's codes"), looked_up(back, "ours"))
