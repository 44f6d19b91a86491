"""What a bank puts around a document: UTF-16, blanks, and envelopes (a business application header, SOAP, DataPDU).

ISO 20022 puts a business application header (head.001) beside the document; networks put both into a root of their
own. What counts is the one ``Document`` within. The bytes that came stay as they are: this is only for reading.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from h2h.core import xml
from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, info, warning

#: A document in an envelope is held whole; a longer one comes without (a statement of 30,000 entries has as much).
ENVELOPE_BYTES_MAX = 32 * 1024 * 1024

_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
_DECLARED = re.compile(r"""(<\?xml\s[^>]*?encoding\s*=\s*["'])[A-Za-z0-9._-]+(["'])""")
# Blanks, and behind them an XML declaration.
_BLANK = re.compile(rb"(?:\xef\xbb\xbf)?([ \t\r\n]+)(<\?xml\s[^>]{0,200}\?>)")
_BLANK_MAX = 4096
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml\s[^>]*\?>")
# The root of a business application header (head.001).
_HEADER = "AppHdr"
_ISO = "urn:iso:std:iso:20022:tech:xsd:"
_ISO_BYTES = _ISO.encode()


class Plain(NamedTuple):
    """A document without what was around it, and what is said of that (nothing, if nothing was)."""

    data: bytes
    findings: list[Finding]


def without_envelope(data: bytes) -> Plain:
    """The document in UTF-8 and alone; *data* itself if it is so. ``Refused``: unsafe, damaged, or several documents.

    What follows in the document stands on the line on which it stood in the file.
    """
    findings: list[Finding] = []
    codec = _UTF16.get(data[:2]) if data[:4] not in (b"\xff\xfe\0\0", b"<\0\0\0") else None
    if codec is not None:
        data = _in_utf8(data, codec)
        text = "the file is in UTF-16; it was read as that"
        findings.append(warning("H2H-ENCODING", "the file", text, WhoActs.BANK))
    blank = _BLANK.match(data[:_BLANK_MAX])
    if blank is not None and len(data) <= ENVELOPE_BYTES_MAX:
        # XML allows nothing before its declaration; behind it, the lines keep their numbers.
        data = blank[2] + b"\n" * blank[1].count(b"\n") + data[blank.end() :]
        text = "blanks stand before the XML declaration; they were left out"
        findings.append(warning("H2H-ENVELOPE", "line 1", text, WhoActs.BANK, line=1))
    head = data[: xml.HEAD_BYTES]
    if not xml.looks_like_xml(head) or _ISO_BYTES not in head or len(data) > ENVELOPE_BYTES_MAX:
        return Plain(data, findings)
    xml.refuse_unsafe(data)
    root = xml.root_of(head)
    if root.name == "Document":
        return Plain(data, findings)
    if root.name == _HEADER:
        data = _in_one_root(data)
    return _unwrapped(data, root.name, findings)


def _in_one_root(data: bytes) -> bytes:
    """A header and a document side by side, as SWIFT's networks store a payload, in a root that holds both."""
    declared = _DECLARATION.match(data)
    start = declared.end() if declared else 0
    return b"".join((data[:start], b"<Payload>", data[start:], b"</Payload>"))


def _in_utf8(data: bytes, codec: str) -> bytes:
    if len(data) > xml.BYTES_MAX:
        xml.refuse_unsafe(data)
    try:
        text = data.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError as problem:
        text = f"byte {problem.start + 1} of the file is not UTF-16, as which it begins"
        raise Refused([error("H2H-ENCODING", "the file", text, WhoActs.BANK)]) from problem
    return _DECLARED.sub(r"\1UTF-8\2", text, count=1).encode()


def _unwrapped(data: bytes, around: str, findings: list[Finding]) -> Plain:
    documents = [
        node for node in xml.parse(data).iter("{*}Document") if (xml.name_of(node.tag)[0] or "").startswith(_ISO)
    ]
    if not documents:
        return Plain(data, findings)
    if len(documents) > 1:
        text = f"<{around}> holds {len(documents)} documents; each is to come as a file of its own"
        raise Refused([*findings, error("H2H-ENVELOPE", f"<{around}>", text, WhoActs.BANK)])
    (document,) = documents
    findings += _by_header(document, around)
    alone: bytes = etree.tostring(document, encoding="UTF-8", xml_declaration=False, with_tail=False)
    return Plain(b"\n" * ((document.sourceline or 1) - 1) + alone, findings)


def _by_header(document: etree._Element, around: str) -> list[Finding]:
    """That there was an envelope, and whether its header names another message than the one within."""
    text = f"the document stands in an envelope <{around}>; what the envelope says is not read"
    findings = [info("H2H-ENVELOPE", f"<{around}>", text)]
    named = document.getroottree().getroot().findtext(".//{*}MsgDefIdr")
    is_ = (xml.name_of(document.tag)[0] or "").removeprefix(_ISO)
    if named is not None and named.strip() != is_:
        text = f"the envelope's header names {named.strip()}, the document within is {is_}"
        findings.append(warning("H2H-ENVELOPE", "AppHdr/MsgDefIdr", text, WhoActs.BANK))
    return findings
