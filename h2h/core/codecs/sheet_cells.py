"""What a typed cell of a sheet says: exact numbers, days, flags. What is not certain is refused with the reason."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Context, Decimal
from typing import NamedTuple

from h2h.core.codecs.fields import Kind
from h2h.core.declared import Table
from h2h.core.rules.judge import shown

_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
_FIFTEEN = Context(prec=15)
_ISO_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T00:00:00(?:\.0+)?)?")
#: Before that day Excel counts a 29 February 1900 that never was.
_SURE_FROM = 61
_LAST_DAY = 2_958_465  # 31 December 9999


class NotCertain(Exception):
    """The cell does not say one thing only; the message says in words why, ``code`` which rule that is."""

    def __init__(self, text: str, code: str = "H2H-FORM") -> None:
        super().__init__(text)
        self.code = code


class Cell(NamedTuple):
    """A cell as it is stored: its type (n, s, str, inlineStr, b, d, e), its text, what stands behind and around it."""

    kind: str = "n"
    text: str = ""
    formula: bool = False
    shows_day: bool = False


def letters(column: int) -> str:
    """1 → A, 27 → AA."""
    made = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        made = chr(65 + rest) + made
    return made


def in_words(cell: Cell, kinds: set[Kind], table: Table, *, from_1904: bool) -> str:
    """The text that the table would declare for a cell that is no text; ``NotCertain``."""
    if cell.kind == "e":
        raise NotCertain(f"{shown(cell.text)} is an error that Excel reports, not a value")
    if cell.kind == "b":
        return "true" if cell.text == "1" else "false"
    if cell.kind == "d":
        found = _ISO_DAY.fullmatch(cell.text)
        if found is None or Kind.DATE not in kinds:
            raise NotCertain(f"{shown(cell.text)} is a point in time, where {_wanted(kinds)} was expected")
        return _day(found[1], table.date_format)
    if cell.kind != "n":
        raise NotCertain(f"the cell has a type that Excel does not use: {shown(cell.kind)}")
    if not _NUMBER.fullmatch(cell.text):
        raise NotCertain(f"{shown(cell.text)} is not a number")
    exact = number_of(cell.text)
    if cell.shows_day:
        if Kind.DATE not in kinds:
            raise NotCertain(f"the cell shows a day, where {_wanted(kinds)} was expected; Excel may have made it one")
        return _day_of(cell.text, exact, table.date_format, from_1904)
    if Kind.ACCOUNT in kinds:
        return _account(cell.text, exact)
    if exact is None:
        raise NotCertain(_why_not_exact(cell.text))
    return exact.replace(".", table.decimal_separator) if Kind.AMOUNT in kinds else exact


def number_of(stored: str) -> str | None:
    """The number that was typed, written out; None if no number of 15 digits gives the stored binary value.

    IEEE 754: at most one decimal number of 15 digits or fewer belongs to a binary value, and Excel shows no more.
    """
    if not _NUMBER.fullmatch(stored):
        return None
    exact = Decimal(stored)
    typed = _FIFTEEN.plus(exact)
    # Compared, not kept: two texts are one number for Excel if they are one binary number.
    if typed != exact and float(typed) != float(exact):
        return None
    return _written_out(typed)


def _written_out(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _why_not_exact(stored: str) -> str:
    seen = _written_out(_FIFTEEN.plus(Decimal(stored)))
    text = (
        f"the cell holds {stored}, the result of a calculation, and shows at most {seen}; which is meant is not certain"
    )
    return f"{text}. Round it with ROUND() and paste the value"


def _account(stored: str, exact: str | None) -> str:
    whole = exact is not None and exact.isdecimal()
    if exact is None or not whole or len(exact) > 15:
        text = f"Excel has made a number of the account: it keeps 15 digits, and the rest of {shown(stored)} is lost"
        raise NotCertain(text, "H2H-EXCEL")
    return exact


def _day_of(stored: str, exact: str | None, form: str, from_1904: bool) -> str:
    if exact is None or "." in exact:
        raise NotCertain(f"the cell shows a point in time ({shown(stored)}), not a day")
    number = int(exact)
    if not (0 if from_1904 else _SURE_FROM) <= number <= _LAST_DAY:
        raise NotCertain(f"{shown(stored)} is no day that Excel counts reliably")
    start = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
    try:
        return _day((start + timedelta(days=number)).isoformat(), form)
    except OverflowError:
        raise NotCertain(f"{shown(stored)} is no day") from None


def _day(iso: str, form: str) -> str:
    try:
        return date.fromisoformat(iso).strftime(form)
    except ValueError:
        raise NotCertain(f"{shown(iso)} is no day") from None


def _wanted(kinds: set[Kind]) -> str:
    return "an amount" if Kind.AMOUNT in kinds else "an account" if Kind.ACCOUNT in kinds else "a text"
