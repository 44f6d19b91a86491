"""Text in a document ↔ a value of the model. Exact both ways: nothing is rounded, cut or guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_COUNT = re.compile(r"[0-9]{1,18}")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}

# 18 digits is what ISO 20022 allows; a number far beyond it would only be there to hurt.
DIGITS_MAX = 60


@dataclass(frozen=True, slots=True)
class ValueType:
    """How a leaf is read and written. ``parse`` is None where the text is the value; both raise ``ValueError``."""

    parse: Callable[[str], Any] | None
    render: Callable[[Any], str | None]  # None: this value is written elsewhere, and here nothing
    joined: str | None = None  # several leaves make one text, with this between them
    is_text: bool = False  # what is rendered is text that must be escaped
    part: Callable[[str], Sequence[str]] | None = None  # the leaves that one text makes


def parse_decimal(text: str) -> Decimal:
    """An xs:decimal. Never an exponent, NaN or another script's digits, which ``Decimal`` would take."""
    digits = text.replace(".", "", 1)
    plain = digits.isascii() and digits.isdigit()  # what most numbers are is seen faster so
    if len(text) > DIGITS_MAX or not (plain or _DECIMAL.fullmatch(text)):
        raise ValueError("not a decimal number")
    return Decimal(text)


def render_decimal(value: Decimal) -> str:
    """All the decimals that the value has, and never an exponent."""
    if not value.is_finite():
        raise ValueError("not a finite number")
    return format(value, "f")


def parse_count(text: str) -> int:
    """A number of things."""
    if _COUNT.fullmatch(text) is None:
        raise ValueError("not a count")
    return int(text)


@lru_cache(maxsize=1000)  # the days of a file are few
def parse_date(text: str) -> date:
    """An xs:date; a zone (legal, and meaningless for a booking day) is accepted and not kept."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("not a date (YYYY-MM-DD)")
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        raise ValueError("no such day in the calendar") from None


def parse_date_time(text: str) -> datetime:
    """An xs:dateTime; digits of a second beyond the sixth are not kept."""
    if _DATE_TIME.fullmatch(text) is None:
        raise ValueError("not a date and time (YYYY-MM-DDThh:mm:ss)")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("no such day or time") from None


def render_date_time(value: datetime) -> str:
    """ISO 8601; UTC is written as Z."""
    text = value.isoformat()
    return text.removesuffix("+00:00") + "Z" if value.utcoffset() == timedelta(0) else text


def parse_day_of(text: str) -> date:
    """The day of a date and time: where the model wants a day and the document has a moment (read only)."""
    return parse_date_time(text).date()


def parse_flag(text: str) -> bool:
    """An xs:boolean."""
    try:
        return _FLAGS[text]
    except KeyError:
        raise ValueError("neither true nor false") from None


_STEPS = re.compile(r"([A-Z]{4})/([A-Z]{4})/([A-Z]{4})")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{11,30}")
_CODE_LENGTH = 4


def _step(number: int) -> Callable[[str], str | None]:
    """One of domain, family and sub-family; None for a code that has no such steps."""

    def render(value: str) -> str | None:
        found = _STEPS.fullmatch(value)
        return found[number] if found else None

    return render


def _parted(length_max: int) -> Callable[[str], Sequence[str]]:
    """A text in leaves of so many characters, parted at single blanks, so that joining them gives the text again."""

    def leaves(text: str) -> Iterator[str]:
        text = text.strip()
        while len(text) > length_max:
            at = next((i for i in range(length_max, 0, -1) if _lone_blank(text, i)), 0)
            if not at:
                raise ValueError(f"there are {length_max} characters without a blank at which it could be parted")
            yield text[:at]
            text = text[at + 1 :]
        if text:
            yield text

    return lambda text: list(leaves(text))


def _lone_blank(text: str, at: int) -> bool:
    return text[at] == " " and not text[at - 1].isspace() and not text[at + 1].isspace()


VALUE_TYPES: Mapping[str, ValueType] = {
    "text": ValueType(None, str),
    "amount": ValueType(parse_decimal, render_decimal),
    "decimal": ValueType(parse_decimal, render_decimal),
    "count": ValueType(parse_count, str),
    "date": ValueType(parse_date, date.isoformat),
    "date_time": ValueType(parse_date_time, render_date_time),
    "day_of": ValueType(parse_day_of, date.isoformat),
    "flag": ValueType(parse_flag, lambda v: "true" if v else "false"),
    # Several lines that make one text; when it is written, a line has at most 140 characters, or so many.
    "words": ValueType(None, str, joined=" ", is_text=True, part=_parted(140)),
    "words_105": ValueType(None, str, joined=" ", is_text=True, part=_parted(105)),
    # domain/family/sub-family, one element each; any other code is the bank's own.
    "steps": ValueType(None, str, joined="/", is_text=True),
    "step_1": ValueType(None, _step(1), joined="/", is_text=True),
    "step_2": ValueType(None, _step(2), joined="/", is_text=True),
    "step_3": ValueType(None, _step(3), joined="/", is_text=True),
    "own_code": ValueType(None, lambda v: None if _STEPS.fullmatch(v) else v, is_text=True),
    # A text that stands in one of two elements, by what it looks like.
    "iban": ValueType(None, lambda v: v if _IBAN.fullmatch(v) else None, is_text=True),
    "not_iban": ValueType(None, lambda v: None if _IBAN.fullmatch(v) else v, is_text=True),
    "short_code": ValueType(None, lambda v: v if len(v) <= _CODE_LENGTH else None, is_text=True),
    "long_code": ValueType(None, lambda v: v if len(v) > _CODE_LENGTH else None, is_text=True),
}
