"""Document → model, by a compiled mapping. Each miss is located; what the mapping does not know is counted and told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.mapping.assembly import Assembly, Shape
from h2h.core.mapping.pieces import PIECE_BYTES, Piece, pieces
from h2h.core.mapping.plan import Plan
from h2h.core.mapping.stylesheet import SEPARATOR, Compiled, Key, Role, RowType, compile_stylesheet

_LEAF, _PRESENT, _UNREAD = Role.LEAF, Role.PRESENT, Role.UNREAD  # looked up for every token


class Reader:
    """Reads documents of one format version."""

    def __init__(self, plan: Plan, namespace: str | None) -> None:
        self._plan = plan
        self._namespace = namespace
        self._compiled: Compiled | None = None
        self._shapes: list[Shape] = []

    def read(self, data: bytes, piece_bytes: int = PIECE_BYTES) -> tuple[Any, list[Finding]]:
        """The whole message and what was found; ``Refused`` if there is nothing to read."""
        compiled, assembly = self._ready(), Assembly(self._shapes, keep=True)
        for piece in pieces(data, self._plan, piece_bytes):
            _read_piece(piece, compiled, assembly)
        return assembly.finish(), assembly.findings()

    def stream(
        self, data: bytes, findings: list[Finding] | None = None, piece_bytes: int = PIECE_BYTES
    ) -> Iterator[tuple[Any, list[Any]]]:
        """(container's fields so far, its records) piece by piece, in document order; the last is (message, []).

        Records point to no container where the model keeps them in a list; memory does not grow with the file. Only
        for documents that the schema has accepted: an error is raised as ``Refused``. What was not read is added to
        *findings* at the end.
        """
        compiled, assembly = self._ready(), Assembly(self._shapes, keep=False)
        for piece in pieces(data, self._plan, piece_bytes):
            _read_piece(piece, compiled, assembly)
            if assembly.refused:
                raise Refused(assembly.findings())
            yield from assembly.take()
        message = assembly.finish()
        if assembly.refused:
            raise Refused(assembly.findings())
        yield from assembly.take()
        if findings is not None:
            findings += assembly.findings()
        yield message, []

    def prepare(self) -> None:
        """Compile now instead of at the first document."""
        self._ready()

    def _ready(self) -> Compiled:
        if self._compiled is None:
            self._compiled = compile_stylesheet(self._plan, self._namespace)
            self._shapes = [Shape(row, self._compiled) for row in self._compiled.rows]
        return self._compiled


def _read_piece(piece: Piece, compiled: Compiled, assembly: Assembly) -> None:
    """Turn one piece into tokens, and the tokens into cells of rows."""
    if _HOLDS_SEPARATOR(piece.root):
        text = "the document holds the noncharacter U+FDD0, which is not for interchange"
        raise Refused([error("H2H-CHARACTER", "the file", text, WhoActs.ERP_TEAM)])
    _count_attributes(piece.root, compiled, assembly)
    text = str(compiled.transform(piece.root))
    line = _Lines(piece).next
    keys, places, current = compiled.keys, compiled.places, assembly.current
    # The elements around a continued piece are known already: their rows are not begun again.
    known = piece.continues
    for token in text.split(SEPARATOR)[1:]:
        character = token[0]
        role, index = places[character]
        if role is _LEAF:
            value = token[1:].strip()
            cells = current[index].cells
            if value and character not in cells:
                cells[character] = value
            elif value:
                _again(keys[character], character, cells, value, assembly)
        elif role is _PRESENT:
            current[index].cells[character] = ""
        elif role is _UNREAD:
            assembly.unread[f"{keys[character].path}/{token[1:]}".lstrip("/")] += 1
        elif known and index:
            known = False
        else:
            assembly.begin(keys[character], character, line)


def _again(key: Key, character: str, cells: dict[str, Any], value: str, assembly: Assembly) -> None:
    """A value where one stands already."""
    if not key.many:
        assembly.unread[f"{key.row.path}/{key.path}"] += 1
    elif isinstance(cells[character], list):
        cells[character].append(value)
    else:
        cells[character] = [cells[character], value]


def _count_attributes(root: etree._Element, compiled: Compiled, assembly: Assembly) -> None:
    for node in _WITH_ATTRIBUTES(root):
        for name in node.attrib:
            if name not in compiled.attributes:
                assembly.unread[f"{_names(node)}/@{etree.QName(str(name)).localname}"] += 1


_HOLDS_SEPARATOR = etree.XPath(f"contains(string(/), '{SEPARATOR}') or boolean(//@*[contains(., '{SEPARATOR}')])")
_WITH_ATTRIBUTES = etree.XPath("//@*[namespace-uri() != 'http://www.w3.org/2001/XMLSchema-instance']/..")


class _Lines:
    """Line numbers of the rows of a piece; what is inside a record is told by the record's line."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._nodes: dict[int, Iterator[Any]] = {}

    def next(self, row: RowType) -> int | None:
        if row.index not in self._nodes:
            self._nodes[row.index] = iter(row.nodes(self._piece.root))
            if self._piece.continues and row.path.count("/") == 2:
                # The container that an earlier piece began is no row of this one.
                next(self._nodes[row.index], None)
        node = next(self._nodes[row.index], None)
        return None if node is None or node.sourceline is None else node.sourceline + self._piece.first_line - 1


def _names(node: etree._Element) -> str:
    names = [etree.QName(a).localname for a in node.iterancestors()]
    return "/".join([*reversed(names), etree.QName(node).localname])
