"""What is known of a kind of row before any document: its cells, and how they become an object of its class."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from h2h.core.mapping.makers import Maker, Part, maker_of
from h2h.core.mapping.stylesheet import Compiled, Key, Role, RowType

# So many combinations of cells of one kind of row have a function of their own.
_MAKERS_MAX = 1000


class Shape:
    """How the cells of a row become an object of its class."""

    def __init__(self, row: RowType, compiled: Compiled) -> None:
        self.row = row
        self.cells = {character: Cell.of(key) for character, key in compiled.keys.items() if key.row is row}
        self.own = frozenset(c for c, cell in self.cells.items() if cell.key.role in (Role.LEAF, Role.PRESENT))
        # Records are numbered through the document, everything else within the object around it.
        self.inside_record = row.parent is not None and (row.parent.element.record or row.parent.path.count("/") > 2)
        self.numbered_anew = [r.index for r in compiled.rows if r.parent is row and not r.element.record]
        self.defaults = [_without_default(cls) for cls, _, _ in row.slots]
        self.sequences = {f.name: "tuple" in str(f.type) for f in dataclasses.fields(row.cls)}
        self.has_place = "place" in self.sequences
        carries = row.element.carries
        self.attaches_to = carries.field if carries else ""
        self.to_message = bool(carries and carries.to_message)
        keys = {character: cell.key for character, cell in self.cells.items()}
        #: Fields that no cell of its own says.
        self.given = frozenset([*(name for name, _ in row.element.up), *(["place"] if self.has_place else [])])
        #: Whether they can be filled in when the object is there already.
        self.filled_later = not is_frozen(row.cls)
        self._part = Part(row.slots, row.required, self.defaults, self.given, keys)
        self._makers: dict[tuple[str, ...], Maker | None] = {}

    def maker(self, cells: Mapping[str, Any]) -> Maker | None:
        """What makes the object of a row with these cells at once; None if it must be looked at cell by cell."""
        characters = tuple(cells)
        try:
            return self._makers[characters]
        except KeyError:
            made = maker_of(self._part, characters) if len(self._makers) < _MAKERS_MAX else None
            if len(self._makers) < _MAKERS_MAX:
                self._makers[characters] = made
            return made


class Cell(NamedTuple):
    """What is done with a cell; ``plain`` if its field has no other source."""

    slot: int
    field: str
    parse: Callable[[str], Any] | None
    plain: bool
    key: Key

    @classmethod
    def of(cls, key: Key) -> Cell:
        plain = key.role is Role.LEAF and not key.many and key.type.joined is None
        return cls(key.slot, key.field, key.type.parse, plain, key)


def is_frozen(cls: Any) -> bool:
    """Whether objects of a class stay as they were made."""
    return bool(cls.__dataclass_params__.frozen)


def _without_default(cls: type) -> list[tuple[str, str]]:
    """Fields that must be given, with their annotation."""
    return [
        (f.name, str(f.type))
        for f in dataclasses.fields(cls)
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
