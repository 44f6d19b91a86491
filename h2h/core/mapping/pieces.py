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
    """A part of a document as a tree. If it *continues*, the elements around its records were begun by an earlier one.

    *suspicious*: it may hold characters that are no characters; only then need they be looked for.
    """

    root: etree._Element
    first_line: int
    continues: bool
    suspicious: bool


def pieces(data: bytes, plan: Plan, piece_bytes: int = PIECE_BYTES) -> Iterator[Piece]:
    """The document in order, in pieces; ``Refused`` if it is not well-formed."""
    suspicious = _may_hold_noncharacters(data)
    cutter = _Cutter(data, plan) if len(data) > piece_bytes and plan.records else None
    if cutter is None or not cutter.sound:
        yield Piece(xml.parse(data), 1, False, suspicious)
        return
    for root, first_line, continues in cutter.cut(piece_bytes):
        yield Piece(root, first_line, continues, suspicious)


def _may_hold_noncharacters(data: bytes) -> bool:
    """In UTF-8 they begin with these two bytes; elsewhere, or as references, they may look like anything."""
    declared = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=[\"'](?!utf-8)", data, re.IGNORECASE)
    return declared is not None or b"\xef\xb7" in data or b"&#" in data


class _Cutter:
    def __init__(self, data: bytes, plan: Plan) -> None:
        self._data = data
        tags = b"|".join(sorted(t.encode() for t in plan.records))
        around = b"|".join(sorted(t.encode() for t in plan.containers))
        self._record_end = re.compile(rb"</" + _NAME + rb"(?:" + tags + rb")\s*>")
        self._container = re.compile(rb"<" + _NAME + rb"(?:" + around + rb")(?:\s[^<>]*)?(?<!/)>")
        self._names = tuple(t.encode() for t in plan.containers)
        # Two start tags: the document and the message inside it.
        start = re.compile(rb"\s*(<\?xml[^>]*\?>)?\s*(<[^<>!?/]*[^<>/]>)\s*(<[^<>!?/]*[^<>/]>)").match(
            data.removeprefix(b"\xef\xbb\xbf")
        )
        self.sound = start is not None and data.find(b"<!") < 0 and data.find(b"<?", 2 + data.find(b"<?")) < 0
        self._declaration, *self._outer = (start[1] or b"", start[2], start[3]) if start else (b"", b"", b"")

    def cut(self, piece_bytes: int) -> Iterator[tuple[etree._Element, int, bool]]:
        """(root, first line, whether it continues an earlier one)."""
        data, at, line = self._data, 0, 1
        inside: bytes | None = None
        while at < len(data):
            found = self._record_end.search(data, min(at + piece_bytes, len(data)))
            end = found.end() if found else len(data)
            body = data[at:end]
            opened = [*self._outer, inside] if inside is not None else []
            before = self._declaration + b"".join(opened) if opened else b""
            inside = self._last_container(body) or inside
            closing = [*self._outer, inside] if found and inside is not None else []
            after = b"".join(b"</" + _tag_name(tag) + b">" for tag in reversed(closing))
            first_line = line - before.count(b"\n")
            yield xml.parse(before + body + after, first_line), first_line, bool(opened)
            line += body.count(b"\n")
            at = end

    def _last_container(self, body: bytes) -> bytes | None:
        """The start tag of the last container that begins here; searched from the end, where most pieces have none."""
        found = (-1, b"")
        for name in self._names:
            at = body.rfind(name)
            while at >= 0:
                start = body.rfind(b"<", 0, at)
                match = self._container.match(body, start) if start >= 0 else None
                if match is not None:
                    found = max(found, (start, match[0]))
                    break
                at = body.rfind(name, 0, at)
        return found[1] or None


def _tag_name(start_tag: bytes) -> bytes:
    match = re.match(rb"<([^\s/>]+)", start_tag)
    return match[1] if match else b""
