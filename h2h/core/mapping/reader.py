"""Document → model, by a compiled mapping. Each miss is located; what the mapping does not know is counted and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from lxml import etree

from h2h.core import xml
from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.mapping.assembly import Assembly
from h2h.core.mapping.familiar import Familiar, Run
from h2h.core.mapping.pieces import PIECE_BYTES, Blocks, Piece, pieces
from h2h.core.mapping.plan import Plan
from h2h.core.mapping.shape import Shape
from h2h.core.mapping.stylesheet import ROW_SEPARATOR, SEPARATOR, Compiled, Role, RowType, compile_stylesheet


class Reader:
    """Reads documents of one format version."""

    def __init__(self, plan: Plan, namespace: str | None) -> None:
        self._plan = plan
        self._namespace = namespace
        self._made: tuple[Compiled, list[Shape]] | None = None

    def read(self, data: bytes, piece_bytes: int = PIECE_BYTES) -> tuple[Any, list[Finding]]:
        """The whole message and what was found; ``Refused`` if there is nothing to read."""
        compiled, shapes = self._ready()
        assembly, familiar = Assembly(shapes, keep=True), Familiar(compiled, shapes)
        for piece in pieces(data, self._plan, piece_bytes):
            _read_runs(piece, familiar, compiled, assembly)
        return assembly.finish(), assembly.findings()

    def stream(
        self, data: bytes | Blocks, findings: list[Finding] | None = None, piece_bytes: int = PIECE_BYTES
    ) -> Iterator[tuple[Any, list[Any]]]:
        """(container's fields so far, its records) piece by piece, in document order; the last is (message, []).

        Records point to no container where the model keeps them in a list; memory does not grow with the file. Only
        for documents that the schema has accepted: an error is raised as ``Refused``. What was not read is added to
        *findings* at the end.
        """
        compiled, shapes = self._ready()
        assembly, familiar = Assembly(shapes, keep=False), Familiar(compiled, shapes)
        for piece in pieces(data, self._plan, piece_bytes):
            _read_runs(piece, familiar, compiled, assembly)
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

    def _ready(self) -> tuple[Compiled, list[Shape]]:
        """Both of one making: two threads that come first at once may each make them, and must not mix them."""
        made = self._made
        if made is None:
            compiled = compile_stylesheet(self._plan, self._namespace)
            made = self._made = compiled, [Shape(row, compiled) for row in compiled.rows]
        return made


def _read_runs(piece: Piece, familiar: Familiar, compiled: Compiled, assembly: Assembly) -> None:
    runs = familiar.runs(piece)
    if not all(assembly.awaits(run.shape) for run in runs if isinstance(run, Run)):
        runs = [piece]
    for run in runs:
        if isinstance(run, Piece):
            _read_piece(run, compiled, assembly)
        else:
            assembly.adopt(run.shape, run.made, run.lines)
            assembly.unread.update(run.unread())


def _read_piece(piece: Piece, compiled: Compiled, assembly: Assembly) -> None:
    """Turn one piece into tokens, and the tokens into cells of rows."""
    if piece.suspicious and _HOLDS_SEPARATOR(piece.root):
        text = "the document holds a noncharacter (U+FDD0 or U+FDD1), which is not for interchange"
        raise Refused([error("H2H-CHARACTER", "the file", text, WhoActs.ERP_TEAM)])
    around = _continued(piece)
    for found in compiled.foreign_attributes(piece.root) if piece.foreign else ():
        if found.getparent() not in around:
            assembly.unread[xml.path_of_attribute(found)] += 1
    text = str(compiled.transform(piece.root))
    line = _Lines(piece).next
    # The elements around a continued piece are known already: their rows are not begun again.
    known = piece.continues
    before, *rows = text.split(ROW_SEPARATOR)
    _read_tokens(before.split(SEPARATOR)[1:], compiled, assembly)
    for tokens in rows:
        character, *rest = tokens.split(SEPARATOR)
        if known:
            known = False
            _read_tokens(rest, compiled, assembly)
            continue
        row = assembly.begin(compiled.keys[character], character, line)
        cells = {token[0]: token[1:] for token in rest}
        # As a rule the tokens differ and most are the row's own; a loop over all of them costs three times as much.
        if len(cells) != len(rest):
            _read_tokens(rest, compiled, assembly)
            continue
        others = cells.keys() - row.shape.own
        if others:
            _read_tokens([f"{key}{cells.pop(key)}" for key in others], compiled, assembly)
        row.cells.update(cells)


def _read_tokens(tokens: list[str], compiled: Compiled, assembly: Assembly) -> None:
    """Each token to the row that its key belongs to, or to what was not read."""
    keys, places, current = compiled.keys, compiled.places, assembly.current
    for token in tokens:
        character, value = token[0], token[1:]
        role, index = places[character]
        if role is Role.UNREAD:
            assembly.unread[f"{keys[character].path}/{value}".lstrip("/")] += 1
            continue
        cells, key = current[index].cells, keys[character]
        if role is Role.PRESENT or character not in cells:
            cells[character] = value
        elif not key.many:
            assembly.unread[f"{key.row.path}/{key.path}"] += 1
        elif isinstance(cells[character], list):
            cells[character].append(value)
        else:
            cells[character] = [cells[character], value]


_HOLDS_SEPARATOR = etree.XPath(
    " or ".join(f"contains(string(/), '{s}') or boolean(//@*[contains(., '{s}')])" for s in (SEPARATOR, ROW_SEPARATOR))
)


class _Lines:
    """Line numbers of the rows of a piece; what is inside a record is told by the record's line."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._begun: dict[int, int] = {}
        self._nodes: dict[int, list[Any]] = {}

    def next(self, row: RowType) -> Callable[[], int | None]:
        """What knows the line of the next row of that type. It is looked for only if somebody asks."""
        at = self._begun.get(row.index)
        if at is None:
            # The container that an earlier piece began is no row of this one.
            at = 1 if self._piece.continues and row.path.count("/") == 2 else 0
        self._begun[row.index] = at + 1
        return partial(self._line, row, at)

    def _line(self, row: RowType, at: int) -> int | None:
        if row.index not in self._nodes:
            self._nodes[row.index] = list(row.nodes(self._piece.root))
        node = self._nodes[row.index][at] if at < len(self._nodes[row.index]) else None
        return None if node is None or node.sourceline is None else node.sourceline + self._piece.first_line - 1


def _continued(piece: Piece) -> list[etree._Element]:
    """The elements around the records, if an earlier piece has them, too."""
    root = piece.root
    return [root, *root[:1], *(inner for first in root[:1] for inner in first[:1])] if piece.continues else []
