"""A long document cut after records into small documents, so that memory does not grow with the file.

A piece is well-formed by itself: the start tags of the elements around the cut are put before it and their end tags
after it. Cutting by bytes is sound only where ``<`` always begins a tag: a document with comments, CDATA sections or
processing instructions is parsed whole instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from h2h.core import xml
from h2h.core.mapping.plan import Element, Plan

# Small enough to stay in the processor's cache, large enough that a piece's fixed cost does not show.
PIECE_BYTES = 512 * 1024

_NAME = rb"(?:[\w.\-]+:)?"


@dataclass(frozen=True)
class Piece:
    """A part of a document, with the tags around it; *first_line* is that of its first byte.

    If it *continues*, the elements around its records were begun by an earlier one. *suspicious*: it may hold
    characters that are no characters. *only_records*: in UTF-8, and no container begins or ends in it; then it ends
    with *record_end*, as all its records do that are written as the last one is.
    """

    before: bytes
    body: bytes
    after: bytes = b""
    first_line: int = 1
    continues: bool = False
    suspicious: bool = False
    known: tuple[bytes, ...] = ()  # how the attributes that the sample knows are written
    only_records: bool = False
    record_end: bytes = b""

    @cached_property
    def root(self) -> etree._Element:
        """Parsed; ``Refused`` if it is not well-formed."""
        return xml.parse(self.before + self.body + self.after, self.first_line)

    @property
    def foreign(self) -> bool:
        """Whether it may hold attributes that the sample does not know."""
        return self.body.count(b"=") != sum(map(self.body.count, self.known))


#: Begins a document anew and gives it in blocks: for documents that are not held in memory.
Blocks = Callable[[], Iterator[bytes]]


def pieces(document: bytes | Blocks, plan: Plan, piece_bytes: int = PIECE_BYTES) -> Iterator[Piece]:
    """The document in order, in pieces; ``Refused`` if it is not well-formed. Bytes are known to be safe to parse."""
    blocks = _blocks_of(document, piece_bytes) if isinstance(document, bytes) else document
    look = _look(blocks)
    cutter = _Cutter(look.head, plan) if look.length > piece_bytes and plan.records and look.sound else None
    if cutter is None or not cutter.sound:
        data = document if isinstance(document, bytes) else b"".join(blocks())
        if not isinstance(document, bytes):
            xml.refuse_unsafe(data)
        yield Piece(b"", data, suspicious=look.suspicious)
        return
    xml.refuse_unsafe(look.head)
    yield from cutter.cut(blocks(), piece_bytes, look)


def _blocks_of(data: bytes, size: int) -> Blocks:
    return lambda: (data[at : at + size] for at in range(0, len(data), size))


@dataclass(frozen=True, slots=True)
class _Look:
    """What a first look at all bytes tells."""

    head: bytes
    length: int
    sound: bool
    suspicious: bool
    in_utf_8: bool


def _look(blocks: Blocks) -> _Look:
    head, length, suspicious, sound, declared, last = b"", 0, False, True, 0, b""
    for block in blocks():
        if len(head) < xml.HEAD_BYTES:
            head += block[: xml.HEAD_BYTES - len(head)]
        length += len(block)
        between = last + block[:1]  # what begins at the end of one block goes on in the next
        # Looking for one byte is much faster than for two, and most of these are in no block at all.
        declared += (b"?" in block and block.count(b"<?")) + (between == b"<?")
        sound = sound and not (b"!" in block and b"<!" in block) and between != b"<!" and b"\0" not in block
        suspicious = suspicious or between in (b"\xef\xb7", b"&#") or (b"&" in block and b"&#" in block)
        suspicious = suspicious or (not block.isascii() and b"\xef\xb7" in block)
        last = block[-1:]
    in_utf_8 = not _in_another_encoding(head)
    return _Look(
        head,
        length,
        # One processing instruction is the XML declaration; it stands in the first piece and is put before the others.
        sound and declared <= 1 and length <= xml.BYTES_MAX,
        suspicious or not in_utf_8,
        in_utf_8,
    )


def _in_another_encoding(head: bytes) -> bool:
    """In UTF-8 noncharacters begin with two bytes of their own; elsewhere they may look like anything."""
    return re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=[\"'](?!utf-8)", head, re.IGNORECASE) is not None


class _Cutter:
    def __init__(self, head: bytes, plan: Plan) -> None:
        tags = b"|".join(sorted(t.encode() for t in plan.records))
        around = b"|".join(sorted(t.encode() for t in plan.containers))
        self._record_end = re.compile(rb"</" + _NAME + rb"(?:" + tags + rb")\s*>")
        self._container = re.compile(rb"<" + _NAME + rb"(?:" + around + rb")(?:\s[^<>]*)?(?<!/)>")
        self._attributes = tuple(f' {name}="'.encode() for name in sorted(_attributes(plan.root)))
        self._names = tuple(t.encode() for t in plan.containers)
        # Two start tags: the document and the message inside it.
        start = re.compile(rb"\s*(<\?xml[^>]*\?>)?\s*(<[^<>!?/]*[^<>/]>)\s*(<[^<>!?/]*[^<>/]>)").match(
            head.removeprefix(b"\xef\xbb\xbf")
        )
        self.sound = start is not None and head.count(b"<?") == (start[1] is not None)
        self._declaration, *self._outer = (start[1] or b"", start[2], start[3]) if start else (b"", b"", b"")

    def cut(self, blocks: Iterator[bytes], piece_bytes: int, look: _Look) -> Iterator[Piece]:
        """The document after the head that the cutter was made from."""
        line = 1
        inside: bytes | None = None
        for body, record_end in self._bodies(blocks, piece_bytes):
            opened = [*self._outer, inside] if inside is not None else []
            before = self._declaration + b"".join(opened) if opened else b""
            container, mentioned = self._last_container(body)
            inside = container or inside
            closing = [*self._outer, inside] if record_end and inside is not None else []
            yield Piece(
                before,
                body,
                b"".join(b"</" + _tag_name(tag) + b">" for tag in reversed(closing)),
                line - before.count(b"\n"),
                bool(opened),
                look.suspicious,
                self._attributes,
                bool(opened and record_end and look.in_utf_8) and not mentioned,
                record_end,
            )
            line += body.count(b"\n")

    def _bodies(self, blocks: Iterator[bytes], piece_bytes: int) -> Iterator[tuple[bytes, bytes]]:
        """(bytes up to the end of a record, that end): about so many each; the last ends otherwise."""
        buffer = b""
        for block in blocks:
            buffer += block
            while len(buffer) > piece_bytes and (found := self._record_end.search(buffer, piece_bytes)) is not None:
                yield buffer[: found.end()], found[0]
                buffer = buffer[found.end() :]
        if buffer:
            yield buffer, b""

    def _last_container(self, body: bytes) -> tuple[bytes | None, bool]:
        """The start tag of the last container that begins here, and whether the name of one is there at all.

        Searched from the end: in most pieces there is none.
        """
        found = (-1, b"")
        mentioned = False
        for name in self._names:
            at = body.rfind(name)
            mentioned = mentioned or at >= 0
            while at >= 0:
                start = body.rfind(b"<", 0, at)
                match = self._container.match(body, start) if start >= 0 else None
                if match is not None:
                    found = max(found, (start, match[0]))
                    break
                at = body.rfind(name, 0, at)
        return found[1] or None, mentioned


def _attributes(element: Element) -> set[str]:
    """The names of all attributes that the sample knows."""
    return set(element.attributes).union(*map(_attributes, element.children))


def _tag_name(start_tag: bytes) -> bytes:
    match = re.match(rb"<([^\s/>]+)", start_tag)
    return match[1] if match else b""
