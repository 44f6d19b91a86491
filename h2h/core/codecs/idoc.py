"""SAP IDocs in XML: segments by name, their fields, days as SAP writes them.

Segments are found wherever they stand: some writers nest them, others put them side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from datetime import date

from lxml import etree

from h2h.core import xml
from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, info


def is_idoc(basic_type: str, head: bytes) -> bool:
    """True if the document's root, in no namespace, is that basic type."""
    if b"<" + basic_type.encode() not in head or not xml.looks_like_xml(head):
        return False
    try:
        root = xml.root_of(head)
    except Refused:
        return False
    return root.name == basic_type and root.namespace is None


def idocs_of(data: bytes, basic_type: str, who_acts: WhoActs) -> list[etree._Element]:
    """All IDocs of a file; ``Refused`` if it is no XML or holds none, which is for *who_acts* to mend."""
    xml.refuse_unsafe(data)
    found = list(segments(xml.parse(data), "IDOC"))
    if not found:
        raise Refused([error("H2H-EMPTY", basic_type, "the file holds no IDOC", who_acts)])
    return found


def segments(node: etree._Element, name: str) -> Iterator[etree._Element]:
    """All segments of that name, at any depth, in document order."""
    return node.iter(name)


def text_of(segment: etree._Element | None, name: str) -> str:
    """The field of that name, without blanks around it; empty if there is none."""
    child = segment.find(name) if segment is not None else None
    return (child.text or "").strip() if child is not None else ""


def day_of(text: str) -> date | None:
    """``YYYYMMDD`` as a day; None if it is none."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) if re.fullmatch(r"[0-9]{8}", text) else None
    except ValueError:
        return None


def unread(node: etree._Element, known: Set[str], at: str) -> list[Finding]:
    """One finding for each name of a segment that says something and is not *known*."""
    told: dict[str, Finding] = {}
    for segment in node.iter(etree.Element):
        name = xml.name_of(segment.tag)[1]
        is_segment = segment.get("SEGMENT") is not None or re.match(r"E1|Z1", name) is not None
        if is_segment and name not in known and name not in told and any((e.text or "").strip() for e in segment):
            text = f"the segment {name} is not read"
            told[name] = info("H2H-UNREAD", f"{at}/{name}", text, line=int(segment.sourceline or 0))
    return list(told.values())
