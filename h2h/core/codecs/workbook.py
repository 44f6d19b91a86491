"""What an Excel workbook (ECMA-376, Office Open XML) holds: its sheets, its shared texts, which styles show dates.

Nothing in it is run, followed or trusted: macros and links to other files are not looked at, XML has no DOCTYPE, and
the sizes that the archive states are bounded before anything is unpacked.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from lxml import etree

from h2h.core.xml import name_of

#: Of all that is read of a workbook, unpacked.
UNPACKED_MAX = 512 * 1024 * 1024
#: Shared texts, styles and the list of sheets are held in memory.
HELD_MAX = 64 * 1024 * 1024
_BLOCK = 1 << 16
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
Event = Literal["start", "end"]
_UTF8 = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<(?!\?xml[^>]*encoding\s*=\s*["'](?!utf-?8|us-ascii)|\0)""", re.IGNORECASE)
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_DATES = frozenset(str(n) for n in (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Unusable(Exception):
    """The workbook cannot be read; the message says in words why."""


@dataclass(slots=True)
class Workbook:
    """The parts of an open workbook that a table needs."""

    sheets: dict[str, str] = field(default_factory=dict)  # name → part
    hidden: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    date_styles: set[int] = field(default_factory=set)
    from_1904: bool = False


def opened(source: BinaryIO) -> tuple[zipfile.ZipFile, Workbook]:
    """The archive and what it holds. ``Unusable``."""
    if source.read(8) == _OLD:
        raise Unusable("this is an old .xls file, or a workbook with a password; save it as .xlsx without one")
    source.seek(0)
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError) as problem:
        raise Unusable(f"this is not an Excel workbook (XLSX), or it is cut off: {problem}") from problem
    total = sum(entry.file_size for entry in archive.infolist())
    if total > UNPACKED_MAX:
        raise Unusable(f"unpacked the workbook has {total:,} bytes; at most {UNPACKED_MAX:,} are read")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in archive.infolist()):
        raise Unusable("the archive is packed in a way that Excel does not use")
    names = [entry.filename for entry in archive.infolist()]
    if len(set(names)) < len(names):
        raise Unusable("two parts of the workbook have the same name")
    return archive, _looked_at(archive)


def _looked_at(archive: zipfile.ZipFile) -> Workbook:
    main = next((t for kind, t in _targets(archive, "", "_rels/.rels").values() if kind == "officeDocument"), None)
    if main is None:
        raise Unusable("the archive holds no workbook")
    folder, _, name = main.rpartition("/")
    related = _targets(archive, folder, f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels")
    book = Workbook()
    for element in _held(archive, main):
        tag = name_of(element.tag)[1]
        if tag == "workbookPr":
            book.from_1904 = element.get("date1904") in ("1", "true")
        elif tag == "sheet":
            relation = next((v for k, v in element.attrib.items() if name_of(k)[1] == "id"), "")
            kind, part = related.get(str(relation), ("", ""))
            title = element.get("name", "")
            if kind == "worksheet":
                book.sheets[title] = part
            if element.get("state") in ("hidden", "veryHidden"):
                book.hidden.add(title)
    for kind, part in related.values():
        if kind == "sharedStrings":
            book.texts = [_text(e) for e in _held(archive, part) if name_of(e.tag)[1] == "si"]
        elif kind == "styles":
            book.date_styles = _date_styles(list(_held(archive, part)))
    return book


def _targets(archive: zipfile.ZipFile, folder: str, part: str) -> dict[str, tuple[str, str]]:
    """Relation → (kind, part) of the relations that stay within the archive."""
    found = {}
    for element in _held(archive, part):
        if name_of(element.tag)[1] != "Relationship" or element.get("TargetMode") == "External":
            continue
        target = element.get("Target", "")
        whole = target.removeprefix("/") if target.startswith("/") else f"{folder}/{target}".removeprefix("/")
        found[element.get("Id", "")] = (element.get("Type", "").rpartition("/")[2], whole)
    return found


def _date_styles(elements: list[etree._Element]) -> set[int]:
    """The numbers of the cell styles that show a number as a day."""
    codes = {
        element.get("numFmtId", ""): element.get("formatCode", "")
        for element in elements
        if name_of(element.tag)[1] == "numFmt"
    }
    cells = next((e for e in elements if name_of(e.tag)[1] == "cellXfs"), None)
    found = set()
    for index, style in enumerate(cells if cells is not None else ()):
        number = style.get("numFmtId", "0")
        plain = _LITERAL.sub("", codes.get(number, ""))
        if number.lstrip("0") in _DATES or re.search("[ymdhs]", plain, re.IGNORECASE):
            found.add(index)
    return found


def _text(element: etree._Element) -> str:
    """The text of a shared or inline string, without the reading aids for Japanese."""
    parts = [node.text or "" for node in element.iter("{*}t") if next(node.iterancestors("{*}rPh"), None) is None]
    return unescaped("".join(parts))


def unescaped(text: str) -> str:
    """``_x000D_`` as the character that it stands for (ST_Xstring)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def inline_text(element: etree._Element) -> str:
    """The text of a cell that holds it itself."""
    return _text(element)


def _held(archive: zipfile.ZipFile, part: str) -> Iterator[etree._Element]:
    """All elements of a small part, in document order; none if the part is not there."""
    if part not in archive.namelist():
        return
    size = archive.getinfo(part).file_size
    if size > HELD_MAX:
        raise Unusable(f"{part} has {size:,} bytes; at most {HELD_MAX:,} are held")
    for _event, element in events(archive, part, ("end",)):
        if element.getparent() is None:
            yield from element.iter(etree.Element)


def events(
    archive: zipfile.ZipFile, part: str, of: tuple[Event, ...], tags: Sequence[str] | None = None
) -> Iterator[tuple[str, etree._Element]]:
    """The events of a part's elements (of *tags* only), as it is unpacked block by block. ``Unusable``."""
    parser = etree.XMLPullParser(
        events=of, tag=tags, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    before = b""
    try:
        with archive.open(part) as content:
            while block := content.read(_BLOCK):
                if not before and not _UTF8.match(block):
                    raise Unusable(f"{part} is not XML in UTF-8")
                if _DOCTYPE.search(before + block):
                    raise Unusable(f"{part} has a document type declaration (DOCTYPE); workbooks have none")
                before = block[-16:]
                parser.feed(block)
                yield from parser.read_events()
            parser.close()
            yield from parser.read_events()
    except etree.XMLSyntaxError as problem:
        raise Unusable(f"{part} is not well-formed: {problem.msg}") from problem
    except (zlib.error, zipfile.BadZipFile, KeyError, EOFError, OSError, RuntimeError, ValueError) as problem:
        raise Unusable(f"{part} cannot be unpacked: {problem}") from problem
