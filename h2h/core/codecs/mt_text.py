"""SWIFT MT text as banks deliver it: bytes → lines that end in LF, and which message type they are.

A file may be bare (``:20:`` is its first line), in SWIFT's blocks (``{1:…}{2:…}{4:`` … ``-}``), or behind a bank's own
header lines. Line ends are CRLF, LF, CR, form feeds, or ``@@`` (from the time of German dial-up transfer).
"""

from __future__ import annotations

import re

from h2h.core.codecs import bank_text
from h2h.core.findings import Finding

#: What an end-of-day statement does not have (an MT941 has some).
INTERIM = frozenset(("34F", "13", "13D", "90C", "90D"))

_AT_SIGNS = re.compile(r"@@(?=\s*(?:@@|:[0-9]{2}[A-Z]?:|-|\Z))")

# Where a bank writes the end of a message behind its last text: ``… RON  -}``.
_GLUED_END = re.compile(r"(?<=[^\n\s])[ \t]*-\}(?=\s*(?:\{[15]:|\Z))")

_HEAD_TAGS = re.compile(rb"(?:^|[\r\n\f]|@@|\{4:)[ \t]*:([0-9]{2}[A-Z]?) ?:")
_BLOCK_2 = re.compile(rb"\{2:[IO]([0-9]{3})")
# All that may stand in an MT940, MT942 or MT950; of that, what makes it an end-of-day statement.
_MEMBERS = frozenset(
    ("20", "21", "25", "25P", "28", "28C", "60", "60F", "60M", "61", "86", "62", "62F", "62M", "64", "65")
)
_BALANCES = frozenset(("60", "60F", "60M", "62", "62F", "62M", "64", "65"))
# No other message has these; a request (MT920) has limits (34F) too.
_CERTAIN = _BALANCES | {"61", "13D", "90C", "90D"}
_LIKELY = _CERTAIN | {"20", "28C", "34F"}


def decoded(data: bytes) -> tuple[str, list[Finding]]:
    """The text with LF line ends, and what was odd about the bytes."""
    text, findings = bank_text.decoded(data)
    text = _unpadded(text)
    # Looked for by one sign first, which is ten times as fast.
    if "{" in text and "{4:" in text:
        text = _GLUED_END.sub("\n-}", text)
    return (_AT_SIGNS.sub("\n", text) if "@" in text and "@@" in text else text), findings


def _unpadded(text: str) -> str:
    """Without the blanks that fill up records of one length: they are no text, and hide which line is full."""
    first = text[: text.find("\n")]
    if not first.endswith(" "):
        return text
    lines = text.split("\n")
    if {len(line) for line in lines if line} != {len(first)}:
        return text
    return "\n".join([line.rstrip(" ") for line in lines])


def statement_type(head: bytes) -> str | None:
    """``940`` or ``942`` if a file that begins so is a customer statement or an interim report; else None.

    Block 2 says it where there is one (an MT950 is a statement without texts); else the tags do: nothing may
    stand there that these messages do not have. Never raises.
    """
    head = head.removeprefix(b"\xef\xbb\xbf")
    stated = _BLOCK_2.search(head)
    if stated:
        return {b"940": "940", b"941": "940", b"950": "940", b"942": "942"}.get(stated[1])
    tags = {tag.decode("ascii") for tag in _HEAD_TAGS.findall(head)}
    # A line of free text may look like any tag, so a foreign one counts only where nothing is certain.
    if not tags & _CERTAIN and (not tags & _LIKELY or tags - _MEMBERS - INTERIM):
        return None
    return "942" if tags & INTERIM and not tags & _BALANCES else "940"
