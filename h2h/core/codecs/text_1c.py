"""The text of a 1CClientBankExchange file: its encoding, its days, and whether it is an order or a statement."""

from __future__ import annotations

import re
from datetime import date

from h2h.core.codecs.bank_text import decoded
from h2h.core.findings import Finding, WhoActs, warning
from h2h.core.rules.judge import shown

MARK = b"1CClientBankExchange"
ENCODINGS = {"Windows": "cp1251", "DOS": "cp866", "UTF-8": "utf-8", "UTF8": "utf-8"}
_SECTION = "СекцияРасчСчет"
_DAY = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")
# A file's end in the time of DOS.
_END = "\x1a"


def is_statement(head: bytes) -> bool:
    """Whether a section of an account stands there: only a bank's statement has one."""
    return _encoding_of(head) is not None


def statement_text(data: bytes, findings: list[Finding]) -> str:
    """The text with LF line ends, in the encoding in which its section of an account can be read.

    The file names its encoding (Кодировка); where that is another one, what was read counts and it is said.
    """
    encoding = _encoding_of(data) or "cp1251"
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError:
        text, odd = decoded(data)
        findings.extend(odd)
    text = with_line_feeds(text)
    named = re.search(r"^Кодировка=([^\n]*)$", text, re.MULTILINE)
    if named is None or ENCODINGS.get(named[1].strip()) != encoding:
        told = f"names its encoding {shown(named[1].strip())}" if named else "names no encoding (Кодировка)"
        text_ = f"the file {told}; it was read as {encoding}"
        findings.append(warning("H2H-1C-DIALECT", "the file", text_, WhoActs.BANK))
    return text


def with_line_feeds(text: str) -> str:
    """CRLF and CR as LF, without DOS's sign for the end of a file."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip(_END)


def day_of(text: str) -> date | None:
    """DD.MM.YYYY; None if it is no day."""
    found = _DAY.fullmatch(text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else None
    except ValueError:
        return None


def shown_text(text: str) -> str:
    """A value in a finding; nothing is called so."""
    return shown(text) if text else "(nothing)"


def _encoding_of(data: bytes) -> str | None:
    return next((e for e in ENCODINGS.values() if _SECTION.encode(e) in data), None)
