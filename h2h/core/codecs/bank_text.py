"""A bank's text file: bytes → lines that end in LF. Every byte string has a text, and what was odd about it is said."""

from __future__ import annotations

import re

from h2h.core.codecs.encoding import guessed
from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, warning
from h2h.core.format import Read
from h2h.core.model.statement import StatementMessage

_LINE_ENDS = re.compile(r"\r+\n?|\n?\f\n?")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
# The same for bytes, where a look costs a tenth, and CR. In UTF-8 and in windows-1252 they stand for nothing else.
_CONTROL_BYTES = bytes((*range(9), 11, *range(13, 32), 127))


def decoded(data: bytes) -> tuple[str, list[Finding]]:
    """The text with LF line ends, in UTF-8 where the bytes are, else as ``guessed``; and what was odd about them."""
    findings: list[Finding] = []
    bare = data.translate(None, _CONTROL_BYTES)
    # Nothing was taken away but a CR before each LF, as most banks write: that is all there is to do.
    plain = len(data) - len(bare) == data.count(b"\r\n")
    given = bare if plain else data
    try:
        text = given.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        name, codec = guessed(given)
        text = given.decode(codec)
        line = given.count(b"\n", 0, problem.start) + 1
        told = f"the file is not in UTF-8 (line {line}); it was read as {name}"
        findings.append(warning("H2H-ENCODING", f"line {line}", told, WhoActs.BANK, line=line))
    if not plain:
        text = text.replace("\r\n", "\n")
    if "\r" in text or "\f" in text:
        text = _LINE_ENDS.sub("\n", text)
    if not plain and (odd := _CONTROL.search(text)):
        line = text.count("\n", 0, odd.start()) + 1
        told = f"line {line} holds a control character (U+{ord(odd.group()):04X}); such are read as blanks"
        findings.append(warning("H2H-CONTROL", f"line {line}", told, WhoActs.BANK, line=line))
        text = _CONTROL.sub(" ", text)
    return text, findings


def read_or_none(message: StatementMessage, findings: list[Finding], code: str, none: str) -> Read:
    """What was read; ``Refused`` if it is not one statement, which *code* and *none* say."""
    if not message.statements:
        raise Refused([error(code, "the file", none, WhoActs.BANK), *findings])
    return Read(message, findings)
