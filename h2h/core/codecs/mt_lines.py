"""What the lines of an MT940 or MT942 look like: entries, fields, and what stands around messages."""

from __future__ import annotations

import re

_TAGS = r"(?:20|21|25P?|28C?|60[FM]?|61|62[FM]?|64|65|86|34F|13D?|90[CD]|NSF?)"
# What ends a field: another one, the end of the message (-, -}), the blocks of the next.
_STOP = rf"[ \t]*:{_TAGS} ?:|[ \t]*-[}}\x80-\xff]?[ \t]*(?:\n|\Z)|-\}}|-XXX|\{{[1-5S]:"
# Most lines begin with what can end nothing; only for the others all that could is asked.
_GOES_ON = rf"\n(?:(?![ \t:{{-])|(?!{_STOP}))[^\n]*"
_LINES = rf"[^\n]*(?:{_GOES_ON})*"
ENTRY = re.compile(
    r"[ \t]*:61:([0-9]{6}(?:[0-9]{4})?) *(R?[CD]|E[CD])[A-Z]?(\n?)([0-9.,]+)"  # dates, mark, funds code, amount
    r"(?:( ?)(?!NON?REF)([NSF](?:[A-Z0-9]{2}[A-Z0-9 ]| {3})))?"  # type
    r"([^\n/]*(?:/(?!/)[^\n/]*)*)(?://([^\n]*))?"  # reference of the owner, of the bank
    rf"((?:{_GOES_ON})*)"  # supplementary details
    rf"(?:\n[ \t]*:86 ?:({_LINES}))?\n?"
)
FIELD = re.compile(rf"[ \t]*:({_TAGS}) ?:({_LINES})\n?")
FOREIGN = re.compile(r"[ \t]*:([0-9]{2}[A-Z]?) ?:")
NUMBER = re.compile(r"\s*([0-9]{1,18})?\s*(?:/\s*([0-9]{1,18}))?\s*")
# What stands around messages: SWIFT's blocks, and the header lines of several banks.
ENVELOPE = re.compile(
    r"\s*(?:\{.*|-.*|[A-Z0-9]{8,12}(?: +[0-9]{5})?|ELBA-INT"
    r"|:?9[0-9]{2}(?: ?[0-9]{2}|:)?|[0-9]{4} .*|[^\x00-\x7f]*4:|)\s*"
)

_RAW_MAX = 200


def first_line(text: str) -> str:
    return text.split("\n", 1)[0].strip()


def shortened(text: str) -> str:
    """As it stands in the file, on one line, and not endless."""
    one = " ".join(text.split())
    return one if len(one) <= _RAW_MAX else f"{one[:_RAW_MAX]}…"
