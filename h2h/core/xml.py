"""Looking at foreign bytes before, and while, they are parsed as XML: nothing is expanded, fetched or trusted.

Rules: no document type declaration, ever (entity bombs, external files); an encoding in which the look at the bytes is
valid (ASCII's characters are ASCII's bytes); one document in a file; limits that have reasons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.foreign import foreign

# Far beyond any bank file seen (100,000 entries are 90 MB), far below what harms a small server.
BYTES_MAX = 512 * 1024 * 1024

# Enough for the declaration, comments of a few kB and the root's start tag.
HEAD_BYTES = 64 * 1024

_DECLARATION = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_BEFORE_ROOT = re.compile(rb"(?:\s|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
# Encodings of real bank files whose ASCII part is ASCII, so that the search for "<!DOCTYPE" cannot be deceived.
_ENCODINGS = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?1|windows-12\d\d|cp12\d\d|gbk|gb2312|gb18030|big5|euc-(?:jp|kr|cn)",
    re.IGNORECASE,
)
# How a document in UTF-16, UTF-32 or EBCDIC begins (XML 1.0, appendix F).
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"\x00<", b"<\x00", b"\x00\x00\x00<", b"L\x6f\xa7\x94")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Root:
    """The first elements of a document: enough to know its format."""

    namespace: str | None
    name: str
    child: str | None
    child_namespace: str | None = None


def looks_like_xml(head: bytes) -> bool:
    """Whether the first thing in these bytes is markup."""
    return head.removeprefix(_BOM).lstrip()[:1] == b"<" or head.startswith(_WIDE)


def parser() -> etree.XMLParser:
    """A parser that expands nothing, fetches nothing and keeps no comments."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def refuse_unsafe(data: bytes) -> None:
    """``Refused`` says why these bytes may not be given to a parser."""
    if not data:
        raise _refused("H2H-EMPTY", "the file is empty")
    if len(data) > BYTES_MAX:
        raise _refused("H2H-TOO-LARGE", f"the file has {len(data)} bytes; at most {BYTES_MAX} are read")
    head = data[:HEAD_BYTES]
    if head.startswith(_WIDE):
        raise _refused("H2H-ENCODING", "the file is not in UTF-8 (it looks like UTF-16, UTF-32 or EBCDIC)")
    start = _BEFORE_ROOT.match(head.removeprefix(_BOM))
    if not looks_like_xml(head):
        raise _refused("H2H-NOT-XML", "the file does not begin with an XML document")
    declared = _DECLARATION.search(head[: start.end() if start else 0] or head)
    if declared and not _ENCODINGS.fullmatch(declared[1].decode("ascii")):
        raise _refused("H2H-ENCODING", f"the encoding {declared[1].decode('ascii')!r} is not one that h2h reads as XML")
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", data, re.IGNORECASE):
        told = "the file has a document type declaration (DOCTYPE)"
        if (what := foreign(head)) is None:
            raise _refused("H2H-DOCTYPE", f"{told}; bank files have none")
        text, admin = f"{told}; it looks like {what.words}", WhoActs.SYSTEM_ADMINISTRATOR
        raise Refused([error("H2H-DOCTYPE", "the file", text, admin, next_step=what.next_step)])
    nul = data.find(b"\0")
    if nul >= 0:
        raise _refused(
            "H2H-NUL", f"byte {nul + 1} is NUL, which XML does not allow", line=data.count(b"\n", 0, nul) + 1
        )


def parse(data: bytes, first_line: int = 1) -> etree._Element:
    """The root of a document that has passed ``refuse_unsafe``; not well-formed is ``Refused`` with line and column."""
    try:
        return etree.fromstring(data, parser())
    except etree.XMLSyntaxError as problem:
        raise Refused([not_well_formed(problem, first_line)]) from problem


def not_well_formed(problem: etree.XMLSyntaxError, first_line: int = 1) -> Finding:
    """The finding for what the parser said."""
    line = (problem.lineno or 1) + first_line - 1
    text = (problem.msg or "not well-formed").split(" (<string>")[0]
    return error(
        *("H2H-NOT-WELL-FORMED", f"line {line}", f"not well-formed XML: {text}", WhoActs.ERP_TEAM),
        line=line,
        column=problem.offset or None,
        next_step="export or fetch the file again; it may be cut off",
    )


def name_of(tag: object) -> tuple[str | None, str]:
    """Namespace and local name of a tag or an attribute's name.

    lxml's own QName refuses with an error what libxml2 has let pass: ``p:Amt`` whose prefix is declared nowhere.
    """
    namespace, found, local = str(tag).rpartition("}")
    return (namespace[1:] if found else None), local


def path_of_attribute(found: Any) -> str:
    """The names from the root to an attribute that XPath found, as ``Document/Stmt/@Id``."""
    names = [name_of(node.tag)[1] for node in (found.getparent(), *found.getparent().iterancestors())]
    return "/".join([*reversed(names), f"@{name_of(found.attrname)[1]}"])


def root_of(head: bytes) -> Root:
    """Namespace and first two names of the document that begins with these safe bytes; ``Refused`` if there is none."""
    reader = etree.XMLPullParser(
        events=("start",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    found: list[tuple[str | None, str]] = []
    # Fed piecemeal: an error further on must not hide the root that stands before it.
    problem: etree.XMLSyntaxError | None = None
    for at in range(0, len(head), 2048):
        try:
            reader.feed(head[at : at + 2048])
        except etree.XMLSyntaxError as raised:
            problem = raised
        found.extend(name_of(node.tag) for _, node in reader.read_events() if len(found) < 2)
        if len(found) >= 2 or problem is not None:
            break
    if not found:
        if problem is not None:
            raise Refused([not_well_formed(problem)]) from problem
        raise _refused("H2H-NOT-WELL-FORMED", "the file holds no XML element")
    child_namespace, child = found[1] if len(found) > 1 else (None, None)
    return Root(*found[0], child, child_namespace)


@lru_cache(maxsize=4)
def outline(head: bytes) -> frozenset[str]:
    """The paths of the elements that begin in these bytes, below the root and without namespaces, and their values.

    ``INFO``, ``INFO/FUNNAM`` and ``INFO/FUNNAM=DCPAYMNT``; the root itself as ``/CMBSDKPGK``. Never raises: of what is
    not well-formed, as far as it is. Deep elements and long values tell no format and are left out.
    """
    found: set[str] = set()
    steps: list[str] = []
    reader = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    for at in range(0, len(head), 2048):
        broken = False
        try:
            reader.feed(head[at : at + 2048])
        except etree.XMLSyntaxError:
            broken = True  # what stands before it tells the format all the same
        for event, node in reader.read_events():
            _outline(event, node, steps, found)
        if broken:
            break
    return frozenset(found)


def _outline(event: str, node: etree._Element, steps: list[str], found: set[str]) -> None:
    if event == "start":
        if not steps:
            found.add(f"/{node.tag!s}")
        steps.append(name_of(node.tag)[1])
        if 1 < len(steps) <= 6:
            found.add("/".join(steps[1:]))
        return
    text = (node.text or "").strip()
    if 1 < len(steps) <= 6 and 0 < len(text) <= 32:
        found.add(f"{'/'.join(steps[1:])}={text}")
    steps.pop()
    node.clear()


def _refused(code: str, text: str, line: int | None = None) -> Refused:
    where = "the file" if line is None else f"line {line}"
    return Refused([error(code, where, text, WhoActs.ERP_TEAM, line=line)])
