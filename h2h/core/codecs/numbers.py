"""Numbers as mainframes write them: decimals implied, the sign in front, behind, or in the zone of the last digit."""

from __future__ import annotations

import re

from h2h.core.codecs.cells import Unreadable
from h2h.core.declared_tables import Slice
from h2h.core.rules.judge import shown

# The last digit with its sign, in ASCII: as EBCDIC's zones C and D come out of a translation, and as compilers for
# small machines write it (p to y).
_OVERPUNCHED = {
    **{c: ("", str(d)) for d, c in enumerate("{ABCDEFGHI")},
    **{c: ("-", str(d)) for d, c in enumerate("}JKLMNOPQR")},
    **{c: ("-", str(d)) for d, c in enumerate("pqrstuvwxy")},
    **{str(d): ("", str(d)) for d in range(10)},
}
_ZONES = {0xC: "", 0xD: "-", 0xF: ""}


def unpacked(raw: str, column: Slice, last_byte: bytes | None) -> str:
    """``0000012345-`` → ``-123.45``; blank → "". ``Unreadable`` says why it is no such number.

    *last_byte*: in EBCDIC a zoned digit is a matter of bytes; what letter it is differs from country to country.
    """
    text = raw.strip(" ")
    if not text:
        return ""
    sign, digits = _signed(text, raw, column, last_byte)
    if not re.fullmatch(r"[0-9]+", digits):
        raise Unreadable(f"{shown(raw)} is not a number of digits{_SIGNS[column.sign]}")
    decimals = column.decimals or 0
    digits = digits.rjust(decimals + 1, "0")
    whole, part = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    number = (whole.lstrip("0") or "0") + (f".{part}" if decimals else "")
    return f"-{number}" if sign and number.strip("0.") else number


_SIGNS = {
    "none": " without a sign",
    "leading": " with a sign in front",
    "trailing": " with a sign behind",
    "overpunched": " with a sign in the last one",
}


def _signed(text: str, raw: str, column: Slice, last_byte: bytes | None) -> tuple[str, str]:
    if column.sign == "leading" and text[0] in "+-":
        return text[0].replace("+", ""), text[1:].lstrip(" ")
    if column.sign == "trailing" and text[-1] in "+-":
        return text[-1].replace("+", ""), text[:-1].rstrip(" ")
    if column.sign == "overpunched":
        if last_byte:
            zone, digit = last_byte[0] >> 4, last_byte[0] & 0xF
            if zone not in _ZONES or digit > 9:
                raise Unreadable(f"{shown(raw)} does not end in a zoned digit (0x{last_byte[0]:02X})")
            return _ZONES[zone], f"{text[:-1]}{digit}"
        sign, last = _OVERPUNCHED.get(text[-1], ("", "?"))
        return sign, text[:-1] + last
    return "", text
