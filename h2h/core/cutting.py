"""A long document as small ones, each of which a schema can be asked about: memory does not grow with the file.

A small document is the beginning of the long one (up to its first record's container), the container's own beginning
with its first record, some more records, and the end tags. If all of them are valid, so is the long one, provided that
the schema (1) lets records follow each other without limit and (2) compares nothing across records;
``schema_lets_cut`` says so. Ids that must be unique are a rule of ours, not of these schemas.

Cutting by bytes is sound only where ``<`` always begins a tag: a document with comments, CDATA sections or processing
instructions is not cut. A cut at the wrong place, inside a record, gives a document that is not well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from h2h.core import xml

#: The elements that repeat most in ISO 20022.
RECORDS = ("CdtTrfTxInf", "DrctDbtTxInf", "TxInfAndSts", "Ntry")
#: What is around the records, and the message and the document around that.
_AROUND = 3
#: So much is read to find the first record, or the end of one.
_LONGEST = 16 * 1024 * 1024

_FIRST = re.compile(rb"<((?:[\w.\-]+:)?(?:" + "|".join(RECORDS).encode() + rb"))(?=[\s>])")
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\?>")
_XS = "{http://www.w3.org/2001/XMLSchema}"


class NotCut(Exception):
    """The document cannot be cut soundly."""


@dataclass(slots=True)
class _Shape:
    """How the records of a document stand in it."""

    before: bytes  # up to the first container
    container: bytes  # its name, as it is written
    record_start: bytes
    record_end: bytes
    closing: bytes


def small_documents(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The small documents of a long one that comes in blocks; ``NotCut``. A short document comes out as it is."""
    source = iter(blocks)
    buffer = next(source, b"")
    declaration = _DECLARATION.match(buffer)
    looked = declaration.end() if declaration else 0
    shape: _Shape | None = None
    around = b""
    for block in source:
        buffer += block
        # A tag may begin at the end of one block and go on in the next.
        if _other_markup(buffer, max(looked - 1, 0)):
            raise NotCut
        looked = len(buffer)
        if shape is None:
            shape = _shape_of(buffer)
        end = buffer.rfind(shape.record_end) + len(shape.record_end) if shape is not None else -1
        if shape is None or end < len(shape.record_end):
            if len(buffer) > _LONGEST:
                raise NotCut
            continue
        body = buffer[:end]
        yield around + body + shape.closing
        around = _around(shape, around, body)
        buffer, looked = buffer[end:], looked - end
    if _other_markup(buffer, max(looked - 1, 0)):
        raise NotCut
    yield around + buffer


def _other_markup(buffer: bytes, start: int) -> bool:
    """Whether a comment, section or instruction begins from *start* on. One byte is looked for faster than two."""
    return any(buffer.find(mark, start) >= 0 and buffer.find(b"<" + mark, start) >= 0 for mark in (b"!", b"?"))


def _shape_of(beginning: bytes) -> _Shape | None:
    """None if there is no record yet."""
    first = _FIRST.search(beginning)
    if first is None:
        return None
    reader = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        reader.feed(beginning[: first.start()])
        stack: list[str] = []
        for event, node in reader.read_events():
            if event == "start":
                local = xml.name_of(node.tag)[1]
                stack.append(f"{node.prefix}:{local}" if node.prefix else local)
            else:
                stack.pop()
    except etree.XMLSyntaxError as problem:
        raise NotCut from problem
    if len(stack) != _AROUND:
        raise NotCut
    names = [name.encode() for name in stack]
    start = _last_start(beginning[: first.start()], names[-1])
    if start < 0:
        raise NotCut
    return _Shape(
        before=beginning[:start],
        container=names[-1],
        record_start=b"<" + first[1],
        record_end=b"</" + first[1] + b">",
        closing=b"".join(b"</" + name + b">" for name in reversed(names)),
    )


def _around(shape: _Shape, around: bytes, body: bytes) -> bytes:
    """What stands before what follows: the beginning of the document, and of the open container with one record.

    With a record, because the container may end right after the cut, and one without records may not be valid.
    """
    start = _last_start(body, shape.container)
    if start < 0:
        return around
    first = body.find(shape.record_start, start)
    if first < 0:
        raise NotCut
    return shape.before + body[start : body.find(shape.record_end, first) + len(shape.record_end)]


def _last_start(text: bytes, name: bytes) -> int:
    """Where the last start tag of that name begins; -1 if there is none."""
    at = text.rfind(b"<" + name)
    while at >= 0 and text[at + 1 + len(name) : at + 2 + len(name)] not in (b">", b" ", b"\n", b"\t", b"\r"):
        at = text.rfind(b"<" + name, 0, at)
    return at


def schema_lets_cut(schema: etree._Element) -> bool:
    """Whether a document is valid by this schema exactly if all its small documents are."""
    apart = ("key", "keyref", "unique", "import", "include", "redefine", "override", "assert")
    if any(next(schema.iter(f"{_XS}{name}"), None) is not None for name in apart):
        return False
    for node in schema.iter(f"{_XS}element", f"{_XS}attribute", f"{_XS}restriction", f"{_XS}extension"):
        if (node.get("type") or node.get("base") or "").rpartition(":")[2] in ("ID", "IDREF", "IDREFS"):
            return False
    records = [node for node in schema.iter(f"{_XS}element") if node.get("name") in RECORDS]
    return bool(records) and all(map(_follow_without_limit, records)) and all(_one_or_many(n) for n in _holders(schema))


def _follow_without_limit(record: etree._Element) -> bool:
    group = record.getparent()
    if group is None or group.tag != f"{_XS}sequence" or record.get("maxOccurs") != "unbounded":
        return False
    return group.get("maxOccurs", "1") == "1" and group.getparent() is not None


def _holders(schema: etree._Element) -> Iterator[etree._Element]:
    """The declarations of what holds records."""
    types = {
        kind.get("name")
        for kind in schema.iter(f"{_XS}complexType")
        if any(node.get("name") in RECORDS for node in kind.iter(f"{_XS}element"))
    }
    yield from (node for node in schema.iter(f"{_XS}element") if (node.get("type") or "").rpartition(":")[2] in types)


def _one_or_many(holder: etree._Element) -> bool:
    """Two that follow each other stand in one small document; of three or more some stand in none together."""
    return holder.get("maxOccurs", "1") in ("1", "unbounded")
