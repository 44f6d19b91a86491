"""The funds type of a BAI2 summary or detail, and the fields that belong to it.

Z, 0, 1 and 2 stand alone. S has three amounts behind it (at once, in one day, later), V a day and a time, D a number
of pairs of days and amount, and the pairs (version 2, "funds type"). Where a writer put the letter and left its fields
out, the next field is the record's own again: nothing of it may be taken for a day or an amount.
"""

from __future__ import annotations

import re

_DAY = re.compile("(?:20)?[0-9]{6}")
_TIME = re.compile("[0-9]{1,4}")
_AMOUNT = re.compile(r"[-+]?[0-9]*(?:\.[0-9]*)?")
_PAIRS = re.compile("[0-9]{1,3}")


def funds_length(fields: list[str], at: int) -> tuple[int, str]:
    """(how many fields the funds type at *at* has, itself counted; what is odd about them, or "").

    Fields that a continuation may still bring count as if they were there.
    """
    kind = _field(fields, at)
    if kind == "V":
        return _value_dated(fields, at)
    if kind == "S":
        if all(_AMOUNT.fullmatch(_field(fields, at + n)) for n in (1, 2, 3)):
            return 4, ""
        return 1, "behind the funds type S stand no three amounts"
    if kind == "D":
        return _distributed(fields, at)
    return 1, ""


def _value_dated(fields: list[str], at: int) -> tuple[int, str]:
    day, time = _field(fields, at + 1), _field(fields, at + 2)
    if day and not _DAY.fullmatch(day):
        return 1, f"behind the funds type V {day!r} stands where the day is to be"
    if time and not _TIME.fullmatch(time):
        return 2, f"behind the funds type V {time!r} stands where the time is to be"
    return 3, ""


def _distributed(fields: list[str], at: int) -> tuple[int, str]:
    pairs = _field(fields, at + 1)
    if pairs and not _PAIRS.fullmatch(pairs):
        return 1, f"behind the funds type D {pairs!r} stands where the number of its amounts is to be"
    count = int(pairs or "0")
    given = [_field(fields, at + 2 + n) for n in range(2 * count)]
    lacking = f"behind the funds type D stand no {count} amounts with their days"
    if not all(_AMOUNT.fullmatch(value) for value in given):
        return 2, lacking
    return 2 + 2 * count, lacking if count and not any(given) else ""


def _field(fields: list[str], at: int) -> str:
    return fields[at].strip() if at < len(fields) else ""
