"""When a bank wrote a file, told by its first bytes: for the order among files, never for a decision about money."""

from __future__ import annotations

import re

#: So much of a file's beginning is enough.
HEAD_BYTES = 4096

_ISO = re.compile(rb"CreDtTm>\s*([0-9T:.+Z-]+)")
_MOMENT = re.compile(rb"^:13D? ?:([0-9]{10})", re.MULTILINE)
_CLOSING = re.compile(rb"^:62[FM] ?:[CD]([0-9]{6})", re.MULTILINE)
_OPENING = re.compile(rb"^:60[FM] ?:[CD]([0-9]{6})", re.MULTILINE)
_BAI2 = re.compile(rb"\s*01,[^,\n]*,[^,\n]*,([0-9]{6}),([0-9]{4})?")


def written_at(head: bytes) -> str:
    """GrpHdr/CreDtTm of an ISO message, :13D: of an MT942, the day's end of an MT940, the header of a BAI2 file: as
    text that sorts; "" if there is none.

    Of a long statement only the opening balance stands in the head; its day serves as well among statements.
    """
    found = _ISO.search(head)
    if found:
        return found[1].decode("ascii", "replace")
    header = _BAI2.match(head)
    if header:
        return _sortable(header[1] + (header[2] or b"2359") + b"00")
    lines = head.replace(b"\r", b"\n")
    moment = _MOMENT.search(lines)
    if moment:
        return _sortable(moment[1] + b"00")
    day = _CLOSING.search(lines) or _OPENING.search(lines)
    return _sortable(day[1] + b"235959") if day else ""


def _sortable(digits: bytes) -> str:
    """YYMMDDhhmmss → 20YY-MM-DDThh:mm:ss."""
    two = [digits[n : n + 2].decode("ascii") for n in range(0, 12, 2)]
    return f"20{'-'.join(two[:3])}T{':'.join(two[3:])}"
