"""Document → model, by a compiled mapping. Each miss is located; what the mapping does not know is counted and told."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, info
from h2h.core.mapping.pieces import PIECE_BYTES, Piece, pieces
from h2h.core.mapping.plan import Plan
from h2h.core.mapping.stylesheet import SEPARATOR, Compiled, Key, Role, RowType, compile_stylesheet
from h2h.core.model.parties import Account, Agent, Party
from h2h.core.model.payment import Initiation, Place

# More of one sort say nothing new to a person.
FINDINGS_MAX = 200

# What stands for a part that must be there and is missing: empty, beside the finding that refuses the file.
_EMPTY_PARTS: dict[str, Callable[[], Any]] = {"Party": Party, "Account": Account, "Agent": Agent}


class Reader:
    """Reads documents of one format version."""

    def __init__(self, plan: Plan, namespace: str | None) -> None:
        self._plan = plan
        self._namespace = namespace
        self._compiled: Compiled | None = None
        self._shapes: list[_Shape] = []

    def read(self, data: bytes, piece_bytes: int = PIECE_BYTES) -> tuple[Any, list[Finding]]:
        """The whole message and what was found; ``Refused`` if there is nothing to read."""
        run = _Run(self._ready(), self._shapes, keep=True)
        for piece in pieces(data, self._plan, piece_bytes):
            run.piece(piece)
        return run.finish(), run.findings()

    def stream(self, data: bytes, piece_bytes: int = PIECE_BYTES) -> Iterator[tuple[Any, list[Any]]]:
        """(container's fields so far, its records) piece by piece, in document order; the last is (message, []).

        Records point to no container where the model keeps them in a list; memory does not grow with the file. Only
        for documents that the schema has accepted: a finding that refuses is raised.
        """
        run = _Run(self._ready(), self._shapes, keep=False)
        for piece in pieces(data, self._plan, piece_bytes):
            run.piece(piece)
            yield from run.take()
        message = run.finish()
        yield from run.take()
        yield message, []

    def prepare(self) -> None:
        """Compile now instead of at the first document."""
        self._ready()

    def _ready(self) -> Compiled:
        if self._compiled is None:
            self._compiled = compile_stylesheet(self._plan, self._namespace)
            rows = self._compiled.rows
            self._shapes = [_Shape(row, rows) for row in rows]
        return self._compiled


class _Shape:
    """How the cells of a row become an object of its class."""

    def __init__(self, row: RowType, rows: list[RowType]) -> None:
        self.row = row
        # Records are numbered through the document, everything else within the object around it.
        self.inside_record = row.parent is not None and (row.parent.element.record or row.parent.path.count("/") > 2)
        self.numbered_anew = [r.index for r in rows if r.parent is row and not r.element.record]
        self.defaults = [_without_default(cls) for cls, _, _ in row.slots]
        self.sequences = {f.name: "tuple" in str(f.type) for f in dataclasses.fields(row.cls)}
        self.has_place = "place" in self.sequences
        carries = row.element.carries
        self.attaches_to = carries.field if carries else ""
        self.to_message = bool(carries and carries.to_message)


def _without_default(cls: type) -> list[tuple[str, str]]:
    """Fields that must be given, with their annotation."""
    return [
        (f.name, str(f.type))
        for f in dataclasses.fields(cls)
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]


class _Row:
    """One object being read: its cells, and the lists that its own rows are appended to."""

    __slots__ = ("cells", "faulty", "line", "lists", "made", "number", "shape", "unreadable")

    def __init__(self, shape: _Shape, number: int, line: int | None) -> None:
        self.shape = shape
        self.number = number
        self.line = line
        self.cells: dict[str, Any] = {}
        self.lists: dict[str, list[Any]] = {}
        self.made: Any = None
        self.faulty = False
        self.unreadable: tuple[tuple[int, str], ...] = ()


class _Run:
    """One reading of one document."""

    def __init__(self, compiled: Compiled, shapes: list[_Shape], *, keep: bool) -> None:
        self._compiled = compiled
        self._shapes = shapes
        self._keep = keep
        self._stack = [_Row(shapes[0], 1, 1)]
        self._current: list[_Row] = [self._stack[0]] * len(shapes)
        self._numbers = [0] * len(shapes)
        self._found: list[Finding] = []
        self._unread: Counter[str] = Counter()
        self._taken: list[tuple[Any, list[Any]]] = []
        self._who_acts = WhoActs.ERP_TEAM if shapes[0].row.cls is Initiation else WhoActs.BANK

    # ------------------------------------------------------------------------------------------------ tokens

    def piece(self, piece: Piece) -> None:
        """Read one piece: tokens into rows, complete rows into objects."""
        if _HOLDS_SEPARATOR(piece.root):
            text = "the document holds the noncharacter U+FDD0, which is not for interchange"
            raise Refused([error("H2H-CHARACTER", "the file", text, WhoActs.ERP_TEAM)])
        self._count_attributes(piece.root)
        text = str(self._compiled.transform(piece.root))
        lines = _Lines(piece)
        keys, current, unread = self._compiled.keys, self._current, self._unread
        # The elements around a continued piece are known already: their rows are not begun again.
        known = 1 if piece.continues else 0
        for token in text.split(SEPARATOR)[1:]:
            key = keys[token[0]]
            role = key.role
            if role is Role.LEAF:
                value = token[1:].strip()
                cells = current[key.row.index].cells
                if not value:
                    continue
                if token[0] not in cells:
                    cells[token[0]] = [value] if key.many else value
                elif key.many:
                    cells[token[0]].append(value)
                else:
                    unread[f"{key.row.path}/{key.path}"] += 1
            elif role is Role.UNREAD:
                unread[f"{key.path}/{token[1:]}".lstrip("/")] += 1
            elif role is Role.PRESENT:
                current[key.row.index].cells[token[0]] = ""
            elif known and key.row.index:
                known = 0
            else:
                self._begin(key, token[0], lines)

    def _begin(self, key: Key, character: str, lines: _Lines) -> None:
        row = key.row
        while self._stack[-1].shape.row is not row.parent:
            self._close(self._stack.pop())
        self._numbers[row.index] += 1
        shape = self._shapes[row.index]
        for index in shape.numbered_anew:
            self._numbers[index] = 0
        line = self._stack[-1].line if shape.inside_record else lines.next(row)
        made = _Row(shape, self._numbers[row.index], line)
        made.cells[character] = ""
        self._stack.append(made)
        self._current[row.index] = made

    def _count_attributes(self, root: etree._Element) -> None:
        known = self._compiled.attributes
        for node in _WITH_ATTRIBUTES(root):
            for name in node.attrib:
                if name not in known:
                    self._unread[f"{_names(node)}/@{etree.QName(str(name)).localname}"] += 1

    # ------------------------------------------------------------------------------------------------ objects

    def _close(self, row: _Row) -> None:
        """The row is complete: make its object and hand it to the one around it."""
        made = self._object(row)
        if made is None or not self._stack:
            return
        shape = row.shape
        parent = self._stack[0] if shape.to_message else self._stack[-1]
        if row.shape.row.element.record and not self._keep:
            around = self._stack[-1]
            if not self._taken or self._taken[-1][0] is not around:
                self._taken.append((around, []))
            self._taken[-1][1].append(made)
        else:
            parent.lists.setdefault(shape.attaches_to, []).append(made)

    def _object(self, row: _Row) -> Any:
        """The object of a row, made once; None (and a finding) if it lacks what its class cannot do without."""
        if row.made is not None:
            return row.made
        shape, keys = row.shape, self._compiled.keys
        own: dict[str, Any] = {}
        parts: list[dict[str, Any] | None] = [own, *[None] * (len(shape.row.slots) - 1)]
        for character, raw in row.cells.items():
            key = keys[character]
            part = _open(parts, shape.row, key.slot)
            if key.role is Role.LEAF:
                self._put(row, key, part, raw)
            else:
                part.update(key.sets)
        self._take_from_around(row, own)
        for name, made in row.lists.items():
            own[name] = tuple(made) if shape.sequences.get(name) else made
        self._require(row, parts)
        for slot in range(len(parts) - 1, -1, -1):
            fields = parts[slot]
            if fields is None:
                continue
            cls, outer, name = shape.row.slots[slot]
            if not self._complete(row, slot, fields):
                return None
            made_part = cls(**fields)
            if slot:
                _open(parts, shape.row, outer)[name] = made_part
            else:
                row.made = made_part
        return row.made

    def _put(self, row: _Row, key: Key, part: dict[str, Any], raw: Any) -> None:
        kind = key.type
        if key.many:
            value: Any = kind.joined.join(raw) if kind.joined is not None else tuple(raw)
        else:
            value = raw
        if kind.parse is not None and not key.many:
            try:
                value = kind.parse(raw)
            except ValueError as problem:
                self._error(row, "H2H-VALUE", key.path, f"{raw[:60]!r} is {problem}")
                row.unreadable = (*row.unreadable, (key.slot, key.field))
                return
        if key.field in part:
            if kind.joined is not None:
                value = f"{part[key.field]}{kind.joined}{value}"
            elif part[key.field] != value:
                self._unread[f"{key.row.path}/{key.path}"] += 1
                return
        part[key.field] = value

    def _take_from_around(self, row: _Row, fields: dict[str, Any]) -> None:
        for name, source in row.shape.row.element.up:
            around = self._object(self._stack[-1])
            if around is not None:
                fields[name] = around if source == "." else getattr(around, source)
        if row.shape.has_place:
            fields["place"] = Place(f"{row.shape.row.element.tag}[{row.number}]", row.line)

    def _require(self, row: _Row, parts: list[dict[str, Any] | None]) -> None:
        """Findings for what must stand exactly once and does not."""
        for slot, name, path in row.shape.row.required:
            fields = parts[slot]
            if fields is None or name in fields or (slot, name) in row.unreadable:
                continue
            index = next((i for i, s in enumerate(row.shape.row.slots) if i and s[1:] == (slot, name)), None)
            if index is None or parts[index] is None:
                self._error(row, "H2H-MISSING", path, "is missing or empty")

    def _complete(self, row: _Row, slot: int, fields: dict[str, Any]) -> bool:
        """Fill what may be empty; False if the object cannot be made."""
        for name, annotation in row.shape.defaults[slot]:
            if name in fields:
                continue
            if "None" in annotation:
                fields[name] = None
            elif annotation in _EMPTY_PARTS:
                fields[name] = _EMPTY_PARTS[annotation]()
            elif annotation == "str" and name not in _DECISIVE:
                fields[name] = ""
            else:
                if slot == 0 and not row.faulty:
                    self._error(
                        row, "H2H-NOT-READ", "", f"was not read, because its {name.replace('_', ' ')} is missing"
                    )
                return False
        return True

    # ------------------------------------------------------------------------------------------------ results

    def finish(self) -> Any:
        """Close all that is open; the message, or ``Refused`` if even that cannot be made."""
        while len(self._stack) > 1:
            self._close(self._stack.pop())
        message = self._object(self._stack[0])
        if message is None:
            raise Refused(self.findings())
        return message

    def take(self) -> Iterator[tuple[Any, list[Any]]]:
        """Records that are complete, with the object around them as far as it is known."""
        taken, self._taken = self._taken, []
        for around, records in taken:
            yield self._object(around), records

    def findings(self) -> list[Finding]:
        """All that was found: errors in document order, then what was not read."""
        unread = [
            info("H2H-UNREAD", path, f"{path} was not read ({count} time{'s' if count != 1 else ''})")
            for path, count in sorted((_below_message(path), n) for path, n in self._unread.items())
        ]
        return self._found[:FINDINGS_MAX] + unread

    def _error(self, row: _Row, code: str, path: str, text: str) -> None:
        where = _where(row, self._stack)
        where = _below_message(f"{where}/{path}".strip("/"))
        row.faulty = True
        self._found.append(error(code, where, f"{where} {text}", self._who_acts, line=row.line))


# Fields for which there is no harmless stand-in.
_DECISIVE = frozenset({"credit_debit", "currency", "kind", "type"})

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


def _open(parts: list[dict[str, Any] | None], row: RowType, slot: int) -> dict[str, Any]:
    part = parts[slot]
    if part is None:
        part = parts[slot] = {}
        if slot:
            _open(parts, row, row.slots[slot][1])
    return part


def _where(row: _Row, stack: list[_Row]) -> str:
    """Such as ``Stmt[1]/Ntry[14]``; the message itself has no number."""
    shape = row.shape.row
    if shape.parent is None:
        return ""
    if shape.element.record:
        return f"{shape.element.tag}[{row.number}]"
    around = next((r for r in reversed(stack) if r.shape.row is shape.parent), None)
    before = _where(around, stack) if around is not None else ""
    return f"{before}/{shape.element.tag}[{row.number}]".lstrip("/")


def _below_message(path: str) -> str:
    """Without ``Document`` and the message's element, which say nothing to anybody."""
    steps = path.split("/")
    return "/".join(steps[2:]) if len(steps) > 2 and steps[0] == "Document" else path


def _names(node: etree._Element) -> str:
    names = [etree.QName(a).localname for a in node.iterancestors()]
    return "/".join([*reversed(names), etree.QName(node).localname])
