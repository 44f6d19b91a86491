"""Records that look like one read before are read by their texts alone, without parsing the document again.

A record without its texts is its *look*: the tags, the attributes, the blanks between tags. Of each look one record is
read as a document whose texts are marks; where the marks come out says which text is which cell. From then on a record
with that look is taken apart at its texts (``_TEXT``), and the same function makes its object as else.

Sound, because a text holds neither ``<`` nor ``>`` nor a character that XML forbids, and ``&`` only in the five
entities that XML knows: the document with the marks is well-formed and read in one way, so the one with the texts is,
too. Which cells there are is decided by tags and attributes alone (``makers``). What is odd in any way is read as a
document: other encodings, character references, looks seen once, texts that are empty or cannot be parsed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from h2h.core.errors import Refused
from h2h.core.mapping.looks import Learning, Look, Sort
from h2h.core.mapping.makers import Odd
from h2h.core.mapping.pieces import Piece
from h2h.core.mapping.shape import Shape
from h2h.core.mapping.stylesheet import ROW_SEPARATOR, SEPARATOR, Compiled

#: So many looks are known of one document; what looks otherwise is read as a document.
LOOKS_MAX = 2000
#: A piece that falls into more parts than this is read as one.
RUNS_MAX = 100
#: A piece with a record longer than this is read as a document: the parser has limits of its own.
LONGEST = 4 * 1024 * 1024

_TEXT = re.compile(r">([^<>\s][^<>]*)<")
# XML 1.0, 2.2: what is no character, but for those that no UTF-8 can say; and the separators of tokens.
_FORBIDDEN = bytes([*range(9), *range(11, 32)])  # and a carriage return that is not a line's end
_NO_CHARACTERS = ("\ufffe".encode(), "\uffff".encode(), SEPARATOR.encode(), ROW_SEPARATOR.encode())
_OTHER_REFERENCE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
_REFERENCES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


@dataclass(slots=True)
class Run:
    """Records that follow each other and need not be parsed: their objects, and the sort of each."""

    shape: Shape
    made: list[Any] = field(default_factory=list)
    sorts: list[Sort] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)  # where each begins

    def unread(self) -> Counter[str]:
        """What was not read of them, by path."""
        found: Counter[str] = Counter()
        for sort, count in Counter(self.sorts).items():
            for path in sort.unread:
                found[path] += count
        return found


class Familiar:
    """The looks of one document's records."""

    def __init__(self, compiled: Compiled, shapes: Sequence[Shape]) -> None:
        self._compiled = compiled
        self._shapes = shapes
        self._around: tuple[bytes, bytes, bytes] = (b"", b"", b"")
        self._sorts: dict[Look, Sort | None] = {}
        self._seen: set[int] = set()

    def runs(self, piece: Piece) -> list[Piece | Run]:
        """What the piece holds, in order: records that look like earlier ones, and pieces that must be parsed."""
        text = _plain(piece)
        if text is None:
            return [piece]
        around = (piece.before, piece.record_end, piece.after)
        if self._around != around:
            self._around = around
            self._sorts.clear()
            self._seen.clear()
        runs = self._parted(piece, text)
        try:
            # Parsed before anything of the piece is used: what is no whole part by itself is read as one with the rest.
            parsed = [run.root for run in runs if isinstance(run, Piece)]
        except Refused:
            return [piece]
        return runs if len(parsed) <= RUNS_MAX else [piece]

    def _parted(self, piece: Piece, text: str) -> list[Piece | Run]:
        end = piece.record_end.decode()
        *chunks, rest = text.split(end)
        runs: list[Piece | Run] = []
        odd: list[str] = []
        first_line = odd_from = piece.first_line
        before = piece.before.count(b"\n")
        for chunk in chunks:
            one = self._object(chunk)
            if one is None:
                if not odd:
                    odd_from = first_line
                odd.append(chunk + end)
            else:
                if odd:
                    runs.append(replace(piece, body="".join(odd).encode(), first_line=odd_from))
                    odd = []
                sort, made = one
                last = runs[-1] if runs else None
                if not isinstance(last, Run) or last.shape is not sort.shape:
                    runs.append(last := Run(sort.shape))
                last.made.append(made)
                last.sorts.append(sort)
                last.lines.append(first_line + before + chunk.count("\n", 0, chunk.index(">")))
            first_line += chunk.count("\n")
        if odd or rest.strip():
            runs.append(replace(piece, body="".join([*odd, rest]).encode(), first_line=odd_from if odd else first_line))
        return runs

    def _object(self, chunk: str) -> tuple[Sort, Any] | None:
        """The record as an object; None if it must be parsed. *chunk* is all of it but its end tag."""
        parts = _TEXT.split(chunk)
        look = tuple(parts[::2])
        sort = self._sorts.get(look)
        if sort is None:
            if look in self._sorts or not self._seen_before(look):
                return None
            sort = self._sorts[look] = Learning(self._compiled, self._shapes, *self._around).sort(look)
            if sort is None:
                return None
        texts = parts[1::2]
        if "&" in chunk:
            if _OTHER_REFERENCE.search(chunk) is not None:
                return None
            texts = [_resolved(text) for text in texts]
        try:
            return sort, sort.make(texts)
        except (Odd, ValueError, AttributeError):  # told where it is read as a document
            return None

    def _seen_before(self, look: Look) -> bool:
        """Whether it is worth while to know it; a look that is there once is not."""
        known = hash(look)
        if known in self._seen:
            return len(self._sorts) < LOOKS_MAX
        if len(self._seen) < LOOKS_MAX * 10:
            self._seen.add(known)
        return False


def _plain(piece: Piece) -> str | None:
    """What stands in the piece, if it is nothing but records whose bytes mean what they seem to mean."""
    body = piece.body
    if not piece.only_records or len(body) > LONGEST:
        return None
    if b"\r" in body:  # XML 1.0, 2.11
        body = body.replace(b"\r\n", b"\n")
    if len(body.translate(None, _FORBIDDEN)) != len(body):
        return None
    if not body.isascii() and any(c in body for c in _NO_CHARACTERS):
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _resolved(text: str) -> str:
    if "&" in text:
        for reference, character in _REFERENCES:
            text = text.replace(reference, character)
    return text
