"""Cells → objects: the rows of a document become objects of the model, each handed to the one around it.

A row is open from its element's start until the next row of its kind or of one around it begins; only then is it known
to be complete, and its object is made. What lacks something that its class cannot do without is a finding, not a guess.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, info
from h2h.core.mapping.makers import Odd
from h2h.core.mapping.shape import Shape, is_frozen
from h2h.core.mapping.stylesheet import Key, Role, RowType
from h2h.core.model.cancellation import CancellationRequest
from h2h.core.model.enquiry import Enquiry
from h2h.core.model.parties import Account, Agent, Party
from h2h.core.model.payment import Initiation, Place

# More of one sort say nothing new to a person; the rest are counted.
FINDINGS_MAX = 200

# What stands for a part that must be there and is missing: empty, beside the finding that refuses the file.
_EMPTY_PARTS: dict[str, Callable[[], Any]] = {"Party": Party, "Account": Account, "Agent": Agent}


# Fields for which there is no harmless stand-in.
_DECISIVE = frozenset({"credit_debit", "currency", "kind", "type"})


#: What we send: a fault in it is ours.
_OURS = (Initiation, CancellationRequest, Enquiry)


#: What knows the line of a row. Hardly any row is asked for it.
Line = Callable[[], int | None]


def _first_line() -> int:
    return 1


class Row:
    """One object being read: its cells, and the lists that its own rows are appended to."""

    __slots__ = ("cells", "faulty", "known", "lists", "made", "number", "shape", "unreadable", "where")

    def __init__(self, shape: Shape, number: int, where: Line) -> None:
        self.shape = shape
        self.number = number
        self.where = where
        self.cells: dict[str, Any] = {}
        self.lists: dict[str, list[Any]] = {}
        self.made: Any = None
        self.known = 0  # how much of it was known when it was made
        self.faulty = False
        self.unreadable: tuple[tuple[int, str], ...] = ()

    @property
    def line(self) -> int | None:
        """Where it begins in the document."""
        return self.where()


class Assembly:
    """The rows of one document that are open, and what was found in it."""

    def __init__(self, shapes: Sequence[Shape], *, keep: bool) -> None:
        """*keep*: records are kept in the object around them; else ``take`` gives them out."""
        self._shapes = shapes
        self._keep = keep
        self._stack = [Row(shapes[0], 1, _first_line)]
        # The open, or last, row of each type, by the type's index.
        self.current: list[Row] = [self._stack[0]] * len(shapes)
        self._numbers = [0] * len(shapes)
        self._found: list[Finding] = []
        self._more = 0
        self.unread: Counter[str] = Counter()
        self._taken: list[tuple[Row, list[Any]]] = []
        self._who_acts = WhoActs.ERP_TEAM if shapes[0].row.cls in _OURS else WhoActs.BANK

    def begin(self, key: Key, character: str, line: Callable[[RowType], Line]) -> Row:
        """A row begins; those that it ends are complete. *line* gives what knows the line of such a row."""
        row = key.row
        while self._stack[-1].shape.row is not row.parent:
            self._close(self._stack.pop())
        self._numbers[row.index] += 1
        shape = self._shapes[row.index]
        for index in shape.numbered_anew:
            self._numbers[index] = 0
        made = Row(shape, self._numbers[row.index], self._stack[-1].where if shape.inside_record else line(row))
        made.cells[character] = ""
        self._stack.append(made)
        self.current[row.index] = made
        return made

    def adopt(self, shape: Shape, made: Sequence[Any], lines: Sequence[int]) -> None:
        """Records that were made elsewhere, the next ones of the container that ``awaits`` them; where each begins."""
        while self._stack[-1].shape.row is not shape.row.parent:
            self._close(self._stack.pop())
        around = self._stack[-1].made
        for name, source in shape.row.element.up:
            value = around if source == "." else getattr(around, source)
            for one in made:
                setattr(one, name, value)
        if shape.has_place:
            tag, number = shape.row.element.tag, self._numbers[shape.row.index]
            for at, (one, line) in enumerate(zip(made, lines, strict=True), number + 1):
                one.place = Place(f"{tag}[{at}]", line)
        self._numbers[shape.row.index] += len(made)
        self._hand_over(shape, made)

    def awaits(self, shape: Shape) -> bool:
        """Whether the container of such records is open, and known as far as they need it."""
        around = next((row for row in reversed(self._stack) if row.shape.row is shape.row.parent), None)
        return around is not None and (around.made is not None or not shape.row.element.up)

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
        more = [info("H2H-MORE", "the file", f"and {self._more} more findings of this kind")] if self._more else []
        unread = [
            info("H2H-UNREAD", path, f"{path} was not read ({count} time{'s' if count != 1 else ''})")
            for path, count in sorted((_below_message(path), n) for path, n in self.unread.items())
        ]
        return [*self._found, *more, *unread]

    @property
    def refused(self) -> bool:
        """Whether an error was found."""
        return bool(self._found)

    def _close(self, row: Row) -> None:
        """The row is complete: make its object and hand it to the one around it."""
        if row.made is not None and row.known != _amount(row):
            self._late(row)
        made = self._object(row)
        if made is None or not self._stack:
            return
        self._hand_over(row.shape, (made,))

    def _late(self, row: Row) -> None:
        """Something stands after its records, of which an object was made when they were given out."""
        if is_frozen(row.shape.row.cls):
            self._error(row, "H2H-LATE", "", "holds something after its transactions, which was not read")
            return
        known, row.made = row.made, None
        whole = self._object(row)
        if whole is not None:
            for field in dataclasses.fields(known):
                setattr(known, field.name, getattr(whole, field.name))
        row.made = known

    def _hand_over(self, shape: Shape, made: Sequence[Any]) -> None:
        """To the object around them, or to whoever takes the records."""
        if shape.row.element.record and not self._keep:
            around = self._stack[-1]
            if not self._taken or self._taken[-1][0] is not around:
                self._taken.append((around, []))
            self._taken[-1][1].extend(made)
        else:
            parent = self._stack[0] if shape.to_message else self._stack[-1]
            parent.lists.setdefault(shape.attaches_to, []).extend(made)

    def _object(self, row: Row) -> Any:
        """The object of a row, made once; None (and a finding) if it lacks what its class cannot do without."""
        if row.made is not None:
            return row.made
        shape = row.shape
        row.known = _amount(row)
        maker = shape.maker(row.cells)
        # Findings stand in the order of the document: what is around the row is not looked at before its own cells.
        if maker is not None and not (shape.row.element.up and self._stack[-1].made is None):
            sequences = shape.sequences
            lists: dict[str, Any] = {n: tuple(made) if sequences.get(n) else made for n, made in row.lists.items()}
            self._take_from_around(row, lists)
            try:
                row.made = maker(row.cells.values(), lists)
            except (Odd, ValueError, AttributeError, TypeError):  # told below, cell by cell
                pass
            else:
                return row.made
        parts = self._parts(row)
        own = _open(parts, shape.row, 0)
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

    def _parts(self, row: Row) -> list[dict[str, Any] | None]:
        """The fields of the object and of its parts, by slot; None for a part that is not there."""
        parts: list[dict[str, Any] | None] = [{}, *[None] * (len(row.shape.row.slots) - 1)]
        cells = row.shape.cells
        for character, raw in row.cells.items():
            slot, name, parse, plain, key = cells[character]
            part = parts[slot]
            if part is None:
                part = _open(parts, row.shape.row, slot)
            if plain:
                raw = raw.strip()
                if raw and parse is None and name not in part:
                    part[name] = raw
                elif raw:
                    self._put(row, key, part, raw)
            elif key.role is Role.LEAF:
                self._put(row, key, part, raw)
            else:
                part.update(key.sets)
        return parts

    def _put(self, row: Row, key: Key, part: dict[str, Any], raw: Any) -> None:
        kind = key.type
        value: Any = raw
        if key.many:
            many = [text for text in map(str.strip, raw if isinstance(raw, list) else [raw]) if text]
            value = kind.joined.join(many) if kind.joined is not None else tuple(many)
        elif not raw.strip():
            return
        elif kind.parse is not None:
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
                self.unread[f"{key.row.path}/{key.path}"] += 1
                return
        part[key.field] = value

    def _take_from_around(self, row: Row, fields: dict[str, Any]) -> None:
        for name, source in row.shape.row.element.up:
            around = self._object(self._stack[-1])
            if around is not None:
                fields[name] = around if source == "." else getattr(around, source)
        if row.shape.has_place:
            fields["place"] = Place(f"{row.shape.row.element.tag}[{row.number}]", row.line)

    def _require(self, row: Row, parts: list[dict[str, Any] | None]) -> None:
        """Findings for what must stand exactly once and does not; one field may have a place in several documents."""
        told: set[tuple[int, str]] = set()
        for slot, name, path in row.shape.row.required:
            fields = parts[slot]
            if fields is None or name in fields or (slot, name) in row.unreadable or (slot, name) in told:
                continue
            told.add((slot, name))
            index = next((i for i, s in enumerate(row.shape.row.slots) if i and s[1:] == (slot, name)), None)
            if index is None or parts[index] is None:
                self._error(row, "H2H-MISSING", path, "is missing or empty")

    def _complete(self, row: Row, slot: int, fields: dict[str, Any]) -> bool:
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
                if not row.faulty:
                    self._error(
                        row, "H2H-NOT-READ", "", f"was not read, because its {name.replace('_', ' ')} is missing"
                    )
                return False
        return True

    def _error(self, row: Row, code: str, path: str, text: str) -> None:
        where = _where(row, self._stack)
        where = _below_message(f"{where}/{path}".strip("/"))
        row.faulty = True
        if len(self._found) < FINDINGS_MAX:
            self._found.append(error(code, where, f"{where} {text}", self._who_acts, line=row.line))
        else:
            self._more += 1


def _amount(row: Row) -> int:
    """How many values and objects are known of it."""
    return len(row.cells) + (sum(map(len, row.lists.values())) if row.lists else 0)


def _open(parts: list[dict[str, Any] | None], row: RowType, slot: int) -> dict[str, Any]:
    part = parts[slot]
    if part is None:
        part = parts[slot] = {}
        if slot:
            _open(parts, row, row.slots[slot][1])
    return part


def _where(row: Row, stack: list[Row]) -> str:
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
