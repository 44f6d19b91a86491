"""From one record, read as a document whose texts are marks, to the function that reads all those that look like it.

Where the marks come out of the stylesheet says which text is which cell; which cells there are decides which function
makes the object (``makers``). A look of which that is not certain is given up: such records are read as documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from h2h.core import xml
from h2h.core.errors import Refused
from h2h.core.mapping.shape import Shape
from h2h.core.mapping.stylesheet import ROW_SEPARATOR, SEPARATOR, Compiled, Role

#: Root, message and container stand around a record.
_DEPTH = 3
_MARK = re.compile("\ue000([0-9]+)\ue001")

#: A record without its texts: what stands before, between and behind them.
Look = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sort:
    """What all records with one look have in common."""

    shape: Shape
    make: Callable[[Sequence[str]], Any]
    unread: tuple[str, ...]


class Learning:
    """Learns looks of records that stand in the same surroundings."""

    def __init__(
        self, compiled: Compiled, shapes: Sequence[Shape], before: bytes, record_end: bytes, after: bytes
    ) -> None:
        self._compiled = compiled
        self._shapes = shapes
        self._before, self._end, self._after = before, record_end, after

    def sort(self, look: Look) -> Sort | None:
        """None if records with this look must each be read as a document."""
        marked = "".join(f"{part}>\ue000{n}\ue001<" for n, part in enumerate(look[:-1])) + look[-1]
        if _MARK.search("".join(look)) is not None:
            return None
        try:
            root = xml.parse(self._before + marked.encode() + self._end + self._after)
        except Refused:
            return None
        if not _is_one_record(root):
            return None
        around = (root, root[0], root[0][0])
        foreign = [found for found in self._compiled.foreign_attributes(root) if found.getparent() not in around]
        outermost, *rest = str(self._compiled.transform(root)).split(ROW_SEPARATOR)
        container, *rows = [row.split(SEPARATOR) for row in rest] or [[""]]
        # What is around the record was read with the first one in it.
        if outermost.split(SEPARATOR)[1:] or len(container) != 1 or not rows:
            return None
        keys = self._compiled.keys
        if keys[rows[0][0]].row.parent is not keys[container[0]].row:
            return None
        tree = _Tree(self._compiled, self._shapes, [xml.path_of_attribute(found) for found in foreign])
        return tree.sort() if all(map(tree.take, rows)) else None


class _Row:
    """One row of the record: for each of its cells, the expressions that give its texts."""

    def __init__(self, shape: Shape, character: str) -> None:
        self.shape = shape
        self.cells: dict[str, list[str]] = {character: ["''"]}
        self.rows: dict[str, list[_Row]] = {}


class _Tree:
    """The rows of a record; from their tokens a function that takes the texts and gives the record's object."""

    def __init__(self, compiled: Compiled, shapes: Sequence[Shape], unread: list[str]) -> None:
        self._compiled = compiled
        self._shapes = shapes
        self._unread = unread
        self._latest: dict[int, _Row] = {}
        self._first: _Row | None = None
        self._names: dict[str, Any] = {"__builtins__": {}}

    def take(self, tokens: Sequence[str]) -> bool:
        """The next row; False if such records must each be read as a document."""
        character, *rest = tokens
        type_ = self._compiled.keys[character].row
        row = _Row(self._shapes[type_.index], character)
        if self._first is None:
            self._first = row
            if not type_.element.record:
                return False
        else:
            around = self._latest.get(type_.parent.index) if type_.parent is not None else None
            if around is None or row.shape.to_message or type_.element.record:
                return False
            around.rows.setdefault(row.shape.attaches_to, []).append(row)
        self._latest[type_.index] = row
        return all(self._token(token[0], token[1:]) for token in rest)

    def _token(self, character: str, value: str) -> bool:
        key = self._compiled.keys[character]
        if key.role is Role.UNREAD:
            self._unread.append(f"{key.path}/{value}".lstrip("/"))
            return True
        row = self._latest.get(key.row.index)
        if row is None or (_MARK.search(value) is not None and _MARK.fullmatch(value) is None):
            return False
        mark = _MARK.fullmatch(value)
        expression = f"t[{mark[1]}]" if mark else self._named(value)
        if key.role is Role.PRESENT or character not in row.cells:
            row.cells[character] = [expression]
        elif key.many:
            row.cells[character].append(expression)
        else:
            self._unread.append(f"{key.row.path}/{key.path}")
        return True

    def sort(self) -> Sort | None:
        """The sort of the records that have these rows; None as before."""
        if self._first is None:
            return None
        made = self._expression(self._first)
        if made is None:
            return None
        exec(f"def make(t): return {made}", self._names)  # noqa: S102 - names and numbers of our own
        return Sort(self._first.shape, self._names["make"], tuple(self._unread))

    def _expression(self, row: _Row) -> str | None:
        """The call that makes the row's object, with those of its own rows."""
        maker = row.shape.maker(row.cells)
        later = row.shape.given
        if maker is None or (later and (row is not self._first or not row.shape.filled_later)):
            return None
        name = self._named(maker)
        cells = [texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]" for texts in row.cells.values()]
        lists: list[str] = [f"'{name}': None" for name in sorted(later)]
        for field_, below in row.rows.items():
            made = [self._expression(inner) for inner in below]
            several = ", ".join(m for m in made if m is not None)
            if None in made or not field_.isidentifier():
                return None
            lists.append(f"'{field_}': ({several},)" if row.shape.sequences.get(field_) else f"'{field_}': [{several}]")
        return f"{name}(({''.join(f'{c}, ' for c in cells)}), {{{', '.join(lists)}}})"

    def _named(self, value: Any) -> str:
        """The name by which the function knows a value: nothing that stands in a document becomes code."""
        name = f"v{len(self._names)}"
        self._names[name] = value
        return name


def _is_one_record(root: etree._Element) -> bool:
    """Whether there is nothing but one record, in the place of the records."""
    node = root
    for _ in range(_DEPTH):
        if len(node) != 1 or (node.text or "").strip():
            return False
        node = node[0]
    return not (node.tail or "").strip()
