"""Records of a fixed length, one after the other without line ends, as mainframes transfer them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from h2h.core.codecs.text import UNREADABLE_LINES_MAX
from h2h.core.rules.judge import Judge, Where


def records_of(
    source: BinaryIO, length: int, encoding: str, judge: Judge, unreadable: set[int]
) -> Iterator[tuple[int, str]]:
    """(number, text) of every record. What is no text, or too short, is found; its number is added to *unreadable*."""
    number = 0
    while raw := _read(source, length):
        number += 1
        where = Where(f"record {number}", number)
        if len(raw) < length:
            if not raw.strip(b"\r\n\x1a\x00\x15\x25\x40\x20"):
                return  # what transfers leave behind: line ends, an end-of-file mark, blanks
            text = (
                f"the record has {len(raw)} bytes of {length}: the file is cut off, or its records have another length"
            )
            judge.found("H2H-RECORD", "", text, where=where)
            unreadable.add(number)
            return
        if b"\0" in raw:
            text = f"byte {raw.index(0) + 1} of the record is NUL; a packed number, or a gap that a transfer filled"
            judge.found("H2H-NUL", "", text, where=where)
            unreadable.add(number)
        try:
            yield number, raw.decode(encoding)
        except UnicodeDecodeError as problem:
            text = f"byte {problem.start + 1} of the record (0x{raw[problem.start]:02X}) is not {encoding}"
            judge.found("H2H-ENCODING", "", text, where=where)
            unreadable.add(number)
            yield number, raw.decode(encoding, "replace")
        if len(unreadable) >= UNREADABLE_LINES_MAX:
            text = f"reading stopped here, after {UNREADABLE_LINES_MAX} unreadable records"
            judge.found("H2H-ENCODING", "", text, where=where)
            return


def _read(source: BinaryIO, length: int) -> bytes:
    """So many bytes, even if the source gives them in pieces; fewer only at the end."""
    raw = source.read(length)
    while len(raw) < length and (more := source.read(length - len(raw))):
        raw += more
    return raw
