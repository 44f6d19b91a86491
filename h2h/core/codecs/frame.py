"""A header of fixed fields before a document (``[frame]`` of a card): seen as an element, so that samples and schemas
speak of it like of any other.

``A00101…0000000511…<?xml …?><Result>…</Result>`` is seen as ``<Packet><Header><Class>A00101</Class>…</Header><Result>…
</Result></Packet>``, on the lines on which it stands in the file. Positions and lengths count bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import Finding, WhoActs, error, warning

_DECLARATION = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*?\?>""")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
# What no XML document can hold; a blank stands for each, and the file is refused.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# GB 18030 holds GBK, which holds GB 2312: who names a smaller one is understood by the larger.
_SAME = {"GB2312": "GB18030", "GBK": "GB18030", "GB18030": "GB18030", "UTF-8": "UTF-8", "UTF8": "UTF-8"}


@dataclass(frozen=True, slots=True)
class FrameField:
    """One field of ``size`` bytes. ``zeros``: filled with zeros from the left, else with blanks from the right.

    ``value`` is written where the document has none; ``mark``: it is the value by which files are known; ``only``: no
    other value is read; ``after``: a sign that the bank puts before the text and that is no part of it.
    """

    name: str
    size: int
    zeros: bool = False
    value: str = ""
    mark: bool = False
    only: tuple[str, ...] = ()
    after: str = ""


@dataclass(frozen=True)
class Frame:
    """``element``: the header's name in the document; ``length``: the field with the number of bytes that follow the
    header; ``charset``: the field that names the encoding, as ``charsets`` says."""

    root: str
    element: str
    length: str
    charset: str
    fields: tuple[FrameField, ...]
    charsets: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The header's length."""
        return sum(f.size for f in self.fields)

    def marks(self, data: bytes) -> bool:
        """Whether a file that begins with these bytes may have this header."""
        marked = [(f, raw) for f, raw in self._cut(data) if f.mark]
        return bool(marked) and all(raw.rstrip() == f.value.encode() for f, raw in marked)

    def seen(self, data: bytes, *, whole: bool = True) -> tuple[bytes, list[Finding]]:
        """The file as one document, and what is wrong with the frame; never raises. *whole*: it is not only a head."""
        found: list[Finding] = []
        raw = dict(self._cut(data))
        body = data[self.size :]
        told = self.charsets.get(_plain(raw, self.charset), "")
        encoding = self._encoding(told, body, found)
        if whole:
            body = self._body(raw, body, found)
        texts = [self._element(f, value, encoding, found) for f, value in raw.items()]
        head = f'<?xml version="1.0" encoding="{encoding}"?><{self.root}><{self.element}>{"".join(texts)}'
        if len(raw) < len(self.fields):
            missing = f"the header ends after {len(data)} of {self.size} bytes: the file is cut off"
            found.append(_error("the header", missing, "fetch or export the file again"))
        seen = f"{head}</{self.element}>".encode(encoding, "replace") + _undeclared(body)
        return seen + (f"</{self.root}>".encode() if whole else b""), found

    def framed(self, document: bytes, encoding: str) -> bytes:
        """A document of that shape as a file, header first; ``Refused`` if a value is too long for its field."""
        text = document.decode(encoding)
        declaration, _, rest = text.partition("\n")
        header, _, inner = rest.partition(f"</{self.element}>\n")
        tree = etree.fromstring(f"{header}</{self.element}></{self.root}>")
        held = {str(one.tag): one.text or "" for one in tree.iterfind(f"{self.element}/*")}
        unknown = sorted(set(held) - {f.name for f in self.fields})
        if unknown:
            raise Misconfigured(f"[frame] has no field {', '.join(unknown)}, and a sample names it")
        inner = inner.removesuffix(f"</{self.root}>\n")
        body = f"{declaration}\n{inner}".encode(encoding)
        held[self.length] = str(len(body))
        held[self.charset] = next((c for c, name in self.charsets.items() if name == encoding), "")
        return b"".join(_filled(f, held.get(f.name) or f.value, encoding) for f in self.fields) + body

    def _cut(self, data: bytes) -> Iterator[tuple[FrameField, bytes]]:
        """The fields that are there whole."""
        at = 0
        for one in self.fields:
            if at + one.size > len(data):
                return
            yield one, data[at : at + one.size]
            at += one.size

    def _encoding(self, told: str, body: bytes, found: list[Finding]) -> str:
        """By the document's own declaration, else by the header; the two may not contradict each other."""
        start = _DECLARATION.match(body)
        stated = _ENCODING.search(start[0]) if start else None
        declared = stated[1].decode("ascii").upper() if stated else ""
        of_header, of_body = _SAME.get(told, ""), _SAME.get(declared, "")
        if not told:
            known = ", ".join(f"{code} ({name})" for code, name in self.charsets.items())
            found.append(_error(self.charset, f"{self.charset} names an encoding that is not read; known: {known}"))
        elif declared and of_header != of_body:
            text = f"the header says that the text is {told}, and the document declares {declared}: one is wrong"
            found.append(_error(self.charset, text))
        return of_body or of_header or "GB18030"

    def _body(self, raw: Mapping[FrameField, bytes], body: bytes, found: list[Finding]) -> bytes:
        """What follows the header, as long as the header says."""
        stated = _plain(raw, self.length)
        if not re.fullmatch("[0-9]+", stated, re.ASCII):
            if len(raw) == len(self.fields):
                found.append(_error(self.length, f"{self.length} is {stated!r}, and not a number of bytes"))
            return body
        length = int(stated)
        if len(body) < length:
            text = f"the header says that {length} bytes follow, and {len(body)} do: the file is cut off"
            found.append(_error(self.length, text, "fetch or export the file again"))
        elif body[length:].strip(b"\r\n"):
            text = f"the header says that {length} bytes follow, and {len(body)} do; what the rest is cannot be known"
            found.append(_error(self.length, text))
        elif len(body) > length:
            text = "there are line ends after the last byte that the header counts; they are left out"
            found.append(warning("H2H-FRAME", self.length, text, WhoActs.BANK))
        if body[:length].strip() and not _undeclared(body).lstrip().startswith(b"<"):
            found.append(_error("after the header", "no XML document follows the header"))
        return body[:length]

    def _element(self, one: FrameField, raw: bytes, encoding: str, found: list[Finding]) -> str:
        where = f"{self.element}/{one.name}"
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(raw)
            if len(text.encode(encoding)) < len(raw):
                text += "…"
                said = f"{where} ends in the middle of a character, which is shown as …"
                found.append(warning("H2H-FRAME", where, said, WhoActs.BANK))
        except UnicodeDecodeError:
            text = raw.decode("ascii", "replace")
            found.append(_error(where, f"{where} holds bytes that are no {encoding}"))
        if _CONTROL.search(text):
            text = _CONTROL.sub(" ", text)
            found.append(_error(where, f"{where} holds a control character"))
        text = text.strip().removeprefix(one.after)
        if (one.only and text not in one.only) or (one.mark and text != one.value):
            allowed = " or ".join(repr(v) for v in one.only or (one.value,))
            found.append(_error(where, f"{where} is {text!r}; only {allowed} is read"))
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"<{one.name}>{escaped}</{one.name}>"


def frame_of(where: str, root: str, content: Mapping[str, Any]) -> Frame:
    """``[frame]`` of a ``format.toml``; ``Misconfigured`` names the mistake."""
    known = {"element", "length", "charset", "charsets", "field"}
    if set(content) != known:
        raise Misconfigured(f"{where}: [frame] has exactly {', '.join(sorted(known))}")
    fields = tuple(_field(where, one) for one in content["field"])
    names = [f.name for f in fields]
    if len(set(names)) < len(names) or not {content["length"], content["charset"]} <= set(names):
        raise Misconfigured(f"{where}: [frame] fields have a name each, and length and charset are two of them")
    if not any(f.mark for f in fields):
        raise Misconfigured(f"{where}: [frame] needs a field with mark = true, by which files are known")
    charsets = {str(code): str(name) for code, name in content["charsets"].items()}
    if not set(charsets.values()) <= set(_SAME):
        raise Misconfigured(f"{where}: [frame.charsets] knows {', '.join(_SAME)}")
    return Frame(root, content["element"], content["length"], content["charset"], fields, charsets)


def _field(where: str, content: Mapping[str, Any]) -> FrameField:
    known = {"name", "bytes", "zeros", "value", "mark", "only", "after"}
    name, size = content.get("name"), content.get("bytes")
    if set(content) - known or not isinstance(size, int) or size < 1:
        raise Misconfigured(f"{where}: [[frame.field]] {name}: bytes is a number; known: {', '.join(sorted(known))}")
    if not isinstance(name, str) or not re.fullmatch("[A-Za-z][A-Za-z0-9]*", name):
        raise Misconfigured(f"{where}: [[frame.field]] {name!r}: a name is that of an element")
    return FrameField(
        name,
        size,
        zeros=bool(content.get("zeros", False)),
        value=str(content.get("value", "")),
        mark=bool(content.get("mark", False)),
        only=tuple(content.get("only", ())),
        after=str(content.get("after", "")),
    )


def _undeclared(body: bytes) -> bytes:
    declaration = _DECLARATION.match(body)
    return body[declaration.end() :] if declaration else body


def _plain(raw: Mapping[FrameField, bytes], name: str) -> str:
    return next((value.decode("ascii", "replace").strip() for f, value in raw.items() if f.name == name), "")


def _filled(one: FrameField, value: str, encoding: str) -> bytes:
    raw = value.encode(encoding)
    if len(raw) > one.size:
        text = f"{one.name} has {len(raw)} bytes in {encoding}; the bank's header takes {one.size}"
        raise Refused([error("H2H-LENGTH", one.name, text, WhoActs.ERP_TEAM)])
    return raw.rjust(one.size, b"0") if one.zeros else raw.ljust(one.size)


def _error(where: str, text: str, next_step: str | None = None) -> Finding:
    return error("H2H-FRAME", where, text, WhoActs.ERP_TEAM, next_step=next_step)
