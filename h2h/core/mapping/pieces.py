"""A long document cut after records into small documents, so that memory does not grow with the file.

A piece is well-formed by itself: the start tags of the elements around the cut are put before it and their end tags
after it. Cutting by bytes is sound only where ``<`` always begins a tag: a document with comments, CDATA sections or
processing instructions is parsed whole instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from h2h.core import xml
from h2h.core.mapping.plan import Plan

# Small enough to stay in the processor's cache, large enough that a piece's fixed cost does not show.
PIECE_BYTES = 512 * 1024

_NAME = rb"(?:[\w.\-]+:)?"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a document as a tree. ``around`` elements of it were begun by an earlier piece."""

    root: etree._Element
    first_line: int
    continues: bool


def pieces(data: bytes, plan: Plan, piece_bytes: int = PIECE_BYTES) -> Iterator[Piece]:
    """The document in order, in pieces; ``Refused`` if it is not well-formed."""
    cutter = _Cutter(data, plan) if len(data) > piece_bytes and plan.records else None
    if cutter is None or not cutter.sound:
        yield Piece(xml.parse(data), 1, False)
        return
    yield from cutter.cut(piece_bytes)


class _Cutter:
    def __init__(self, data: bytes, plan: Plan) -> None:
        self._data = data
        tags = b"|".join(sorted(t.encode() for t in plan.records))
        around = b"|".join(sorted(t.encode() for t in plan.containers))
        self._record_end = re.compile(rb"</" + _NAME + rb"(?:" + tags + rb")\s*>")
        self._container = re.compile(rb"<" + _NAME + rb"(?:" + around + rb")(?:\s[^<>]*)?(?<!/)>")
        # Two start tags: the document and the message inside it.
        start = re.compile(rb"\s*(<\?xml[^>]*\?>)?\s*(<[^<>!?/]*[^<>/]>)\s*(<[^<>!?/]*[^<>/]>)").match(
            data.removeprefix(b"\xef\xbb\xbf")
        )
        self.sound = start is not None and data.find(b"<!") < 0 and data.find(b"<?", 2 + data.find(b"<?")) < 0
        self._declaration, *self._outer = (start[1] or b"", start[2], start[3]) if start else (b"", b"", b"")

    def cut(self, piece_bytes: int) -> Iterator[Piece]:
        data, at, line = self._data, 0, 1
        inside: bytes | None = None
        while at < len(data):
            found = self._record_end.search(data, min(at + piece_bytes, len(data)))
            end = found.end() if found else len(data)
            body = data[at:end]
            opened = [*self._outer, inside] if inside is not None else []
            before = self._declaration + b"".join(opened) if opened else b""
            containers = self._container.findall(body)
            inside = containers[-1] if containers else inside
            closing = [*self._outer, inside] if found and inside is not None else []
            after = b"".join(b"</" + _tag_name(tag) + b">" for tag in reversed(closing))
            first_line = line - before.count(b"\n")
            yield Piece(xml.parse(before + body + after, first_line), first_line, bool(opened))
            line += body.count(b"\n")
            at = end


def _tag_name(start_tag: bytes) -> bytes:
    match = re.match(rb"<([^\s/>]+)", start_tag)
    return match[1] if match else b""
