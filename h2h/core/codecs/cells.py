"""How amounts, dates and flags are written in the cells of a table, and in words why one is not."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from h2h.core.rules.judge import shown

_MINUS = "-−–‒﹣－"
_NOT_NUMBERS = frozenset({"nan", "inf", "infinity", "null", "none", "nil", "n/a", "na", "-inf", "+inf"})
_FLAGS = {"true": True, "1": True, "yes": True, "y": True, "false": False, "0": False, "no": False, "n": False}
_DATES_KEPT = 10_000


class Unreadable(Exception):
    """The cell is not written as declared; the message says in words why."""


class Forms:
    """The declared forms of one file, compiled."""

    def __init__(self, *, decimal_separator: str, thousands_separator: str, date_format: str) -> None:
        self._decimal = decimal_separator
        self._thousands = thousands_separator
        self._date_format = date_format
        point = re.escape(decimal_separator)
        grouped = rf"|[0-9]{{1,3}}(?:{re.escape(thousands_separator)}[0-9]{{3}})+" if thousands_separator else ""
        self._amount = re.compile(rf"(?:[0-9]+{grouped})(?:{point}[0-9]+)?")
        self._dates: dict[str, date] = {}

    def amount(self, text: str) -> Decimal:
        """The exact number; ``Unreadable``. Nothing is rounded."""
        if not self._amount.fullmatch(text):
            raise Unreadable(self._why_no_amount(text))
        if self._thousands:
            text = text.replace(self._thousands, "")
        return Decimal(text if self._decimal == "." else text.replace(self._decimal, "."))

    def date(self, text: str) -> date:
        """The day; ``Unreadable``. The form must fit entirely."""
        known = self._dates.get(text)
        if known is not None:
            return known
        try:
            # Only the day is wanted: the declared form has no time and no zone (check_fields).
            found = datetime.strptime(text, self._date_format).date()  # noqa: DTZ007
        except ValueError:
            raise Unreadable(self._why_no_date(text)) from None
        if len(self._dates) < _DATES_KEPT:
            self._dates[text] = found
        return found

    def flag(self, text: str) -> bool:
        """true, yes, y, 1 or false, no, n, 0; ``Unreadable``."""
        known = _FLAGS.get(text.lower())
        if known is None:
            raise Unreadable(f"{shown(text)} is neither true nor false")
        return known

    def _why_no_amount(self, text: str) -> str:
        said = shown(text)
        low = text.lower()
        if low in _NOT_NUMBERS or text.startswith("#"):
            return f"{said} is not a number"
        if re.fullmatch(r"[+-]?[0-9.,]+e[+-]?[0-9]+", low):
            return f"{said} is in exponent form, as spreadsheets write; write the amount out"
        if re.fullmatch(r"\([^()]*\)", text) or any(c in _MINUS for c in text):
            return f"{said} is negative; h2h pays amounts, it does not net credit notes"
        if "+" in text:
            return f"{said} has a plus sign; write the amount without sign"
        if re.fullmatch(r"[0-9.,' \u00a0\u202f]+", text):
            return f"{said} is not written as declared: {self._form()}"
        other = next((c for c in text if c not in "0123456789.,' "), " ")
        if other.isdigit():
            return f"{said} has the digit {shown(other)}, which is not one of 0 to 9"
        return f"{said} holds {shown(other)}; an amount is only digits: {self._form()}"

    def _form(self) -> str:
        decimals = f'decimals after "{self._decimal}"'
        grouping = f'thousands set apart by "{self._thousands}"' if self._thousands else "thousands not set apart"
        return f"{decimals}, {grouping}"

    def _why_no_date(self, text: str) -> str:
        if re.fullmatch(r"[34567][0-9]{4}(\.[0-9]+)?", text):
            return f"{shown(text)} is a spreadsheet's day number, not a date of the form {self._date_format}"
        return f"{shown(text)} is not a date of the form {self._date_format}"
