"""The lines of a file in its declared encoding. What cannot be read is found with line and byte, never replaced."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from h2h.core.codecs.ebcdic import is_ebcdic
from h2h.core.rules.judge import Judge, Where

#: A longer line is not text with rows.
LINE_BYTES_MAX = 1_000_000
#: After so many lines that cannot be read, the file is not what its profile says; the rest is not looked at.
UNREADABLE_LINES_MAX = 100

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK = 1 << 16


def is_text_encoding(name: str) -> bool:
    """True if Python knows the encoding and it stands for characters (not base64, rot13, escapes)."""
    try:
        found = codecs.lookup(name)
        return "\n,1".encode(found.name).decode(found.name) == "\n,1" and found.name.replace("-", "_") not in _ESCAPES
    except (LookupError, UnicodeError, TypeError, ValueError):
        return False


_ESCAPES = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode", "utf_7", "undefined", "mbcs", "oem"})


class TextLines:
    """The lines of *source*, newline kept. ``unreadable`` has the numbers of lines with faults already found."""

    def __init__(self, source: BinaryIO, encoding: str, judge: Judge) -> None:
        self.unreadable: set[int] = set()
        self._source = source
        self._declared = encoding
        self._codec = codecs.lookup(encoding).name
        self._ebcdic = is_ebcdic(self._codec)
        self._judge = judge
        self._number = 0
        self._reads_as_utf8 = 0
        self._other_bytes = False

    def __iter__(self) -> Iterator[str]:
        try:
            like_ascii = "\r\n,".encode(self._codec) == b"\r\n,"
        except UnicodeError:  # no encoder for a lone mark; such an encoding is not like ASCII
            like_ascii = False
        lines = self._by_line() if like_ascii else self._by_block()
        for line in lines:
            if "\0" in line:
                self._nul(line)
            yield line
            if len(self.unreadable) >= UNREADABLE_LINES_MAX:
                self._found("H2H-ENCODING", f"reading stopped here, after {UNREADABLE_LINES_MAX} unreadable lines")
                return
        self._tell_of_utf8()

    def _by_line(self) -> Iterator[str]:
        """For encodings in which a newline byte is a newline and nothing else."""
        raw = self._source.readline(LINE_BYTES_MAX)
        mark, marked = _mark_of(raw)
        if marked is not None:
            if marked != self._codec:
                text = f"the file begins with the mark of {marked.upper()}, but {self._declared} is declared"
                self._found("H2H-ENCODING", text)
                self.unreadable.add(0)
                return
            raw = raw[len(mark) :]
        while raw:
            self._number += 1
            try:
                line = raw.decode(self._codec)
            except UnicodeDecodeError as problem:
                line = self._undecodable(raw, problem, len(mark) if self._number == 1 else 0)
            if not raw.isascii() and self._codec != "utf-8":
                self._witness(raw)
            yield line
            if len(raw) >= LINE_BYTES_MAX and not raw.endswith(b"\n"):
                self._found("H2H-LIMIT", f"the line is longer than {LINE_BYTES_MAX:,} bytes; this is no table")
                self.unreadable.add(self._number)
                return
            raw = self._source.readline(LINE_BYTES_MAX)

    def _by_block(self) -> Iterator[str]:
        """For UTF-16, UTF-32, EBCDIC: decoded in blocks, then cut at newlines."""
        decoder = codecs.getincrementaldecoder(self._codec)("strict")
        rest, position, final = "", 0, False
        problem: UnicodeDecodeError | None = None
        while not final and problem is None:
            block = self._source.read(_BLOCK)
            final = not block
            try:
                rest += decoder.decode(block, final)
            except UnicodeDecodeError as found:
                problem = found
                # The decoder still holds what it kept of the block before: what is good up to the fault comes first.
                kept = len(found.object) - len(block)
                rest += decoder.decode(block[: max(found.start - kept, 0)])
                position += found.start - kept
            else:
                position += len(block)
            if self._ebcdic:
                rest = rest.replace("\x85", "\n")  # NEL, the mainframe's own line end
            *lines, rest = rest.split("\n")
            for line in lines:
                self._number += 1
                yield line.removeprefix("\ufeff") + "\n"
            if len(rest) > LINE_BYTES_MAX:
                self._number += 1
                self._found("H2H-LIMIT", f"the line is longer than {LINE_BYTES_MAX:,} characters; this is no table")
                self.unreadable.add(self._number)
                return
        if problem is not None:
            self._number += 1
            text = f"byte {position + 1} of the file is not {self._declared}: {problem.reason}"
            self._found("H2H-ENCODING", text)
            self.unreadable.add(self._number)
        elif rest:
            self._number += 1
            yield rest.removeprefix("\ufeff")

    def _undecodable(self, raw: bytes, problem: UnicodeDecodeError, offset: int) -> str:
        position = problem.start + offset + 1
        text = f"byte {position} of the line (0x{raw[problem.start]:02X}) is not {self._declared}: {problem.reason}"
        if self._codec == "utf-8":
            text += "; the file may be in CP1252 or GB18030"
        self._found("H2H-ENCODING", text)
        self.unreadable.add(self._number)
        return raw.decode(self._codec, "replace")

    def _nul(self, line: str) -> None:
        if self._number in self.unreadable:
            return
        count = line.count("\0")
        text = f"{count} NUL byte{'s' if count > 1 else ''}, the first at character {line.index(chr(0)) + 1}"
        if count >= len(line) // 3:
            text += "; the file may be in UTF-16, or a disk or a network share filled a gap with zeros"
        self._found("H2H-NUL", text)
        self.unreadable.add(self._number)

    def _witness(self, raw: bytes) -> None:
        """Text that is not UTF-8 hardly ever reads as UTF-8 by chance; if all of a file does, it was written so."""
        if self._other_bytes:
            return
        try:
            self._reads_as_utf8 += len(raw) - len(raw.decode("utf-8"))
        except UnicodeDecodeError:
            self._other_bytes = True

    def _tell_of_utf8(self) -> None:
        # In a one-byte encoding a single sequence is proof enough; among two-byte characters a few may be chance.
        wanted = 1 if len("é".encode(self._codec, "replace")) == 1 and self._codec not in _TWO_BYTES else 8
        if not self._other_bytes and self._reads_as_utf8 >= wanted:
            text = f"the file is written in UTF-8, but {self._declared} is declared: every letter beyond ASCII is wrong"
            self._judge.found("H2H-ENCODING", "", text, where=Where("file"))
            self.unreadable.add(0)

    def _found(self, code: str, text: str) -> None:
        where = Where(f"line {self._number}", self._number) if self._number else Where("file")
        self._judge.found(code, "", text, where=where)


_TWO_BYTES = frozenset({"gb18030", "gbk", "gb2312", "big5", "big5hkscs", "shift_jis", "cp932", "cp949", "euc_kr"})


def _mark_of(raw: bytes) -> tuple[bytes, str | None]:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return mark, encoding
    return b"", None
