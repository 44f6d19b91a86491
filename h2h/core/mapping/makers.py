"""Rows with the same cells become objects by the same function, made when the first of them is read.

Which fields are there, which parts they belong to and what is missing is decided by which cells a row has, not by what
they say. So it is decided once, and what remains for each row is to take the texts, to parse them and to call the
classes. A row whose texts need more (an empty one, one that cannot be parsed, one that is there twice) is left to
``Assembly``, which finds and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from h2h.core.mapping.stylesheet import Key, Role

#: (texts of the cells, lists and what else is given by field) → the object; ``Odd`` if the row needs more.
Maker = Callable[[Iterable[Any], dict[str, Any]], Any]


class Odd(Exception):
    """The row is to be looked at cell by cell."""


class Part(NamedTuple):
    """What a maker must know of a row's shape (``assembly.Shape``)."""

    slots: Sequence[tuple[type, int, str]]  # class, enclosing slot, field there
    required: Sequence[tuple[int, str, str]]
    defaults: Sequence[Sequence[tuple[str, str]]]
    given: frozenset[str]  # fields that come with the lists, not from cells: from around, and the place
    keys: dict[str, Key]


def maker_of(part: Part, cells: tuple[str, ...]) -> Maker | None:
    """The function for rows with these cells, in this order; None if each such row needs more."""
    source = _Source(part)
    if not all(source.cell(number, part.keys[character]) for number, character in enumerate(cells)):
        return None
    return source.made(cells)


class _Source:
    def __init__(self, part: Part) -> None:
        self._part = part
        self._names: dict[str, Any] = {"__builtins__": {}, "Odd": Odd}
        self._values: list[str] = []  # of the cells that must not be empty
        self._lines: list[str] = []
        self._fields: list[dict[str, str] | None] = [{}, *[None] * (len(part.slots) - 1)]

    def cell(self, number: int, key: Key) -> bool:
        """Take a cell in; False if rows with such cells need more."""
        fields, kind = self._open(key.slot), key.type
        if key.role is not Role.LEAF:
            for name, value in key.sets:
                self._names[f"s{number}_{name}"] = value
                fields[name] = f"s{number}_{name}"
            return True
        name, value = key.field, f"v{number}"
        if key.many:
            self._names[f"many{number}"] = partial(_several, kind.joined)
            value = f"many{number}(r{number})"
        else:
            self._values.append(value)
            if kind.joined is not None:
                value = f"r{number}"
        if kind.parse is not None and not key.many:
            self._names[f"parse{number}"] = kind.parse
            value = f"parse{number}({value})"
        if name not in fields:
            fields[name] = value
        elif kind.joined is not None and not key.many:
            self._names[f"j{number}"] = kind.joined
            fields[name] = f"{fields[name]} + j{number} + {value}"
        else:
            return False
        return True

    def made(self, cells: tuple[str, ...]) -> Maker | None:
        """The function; None if something is missing that must be told."""
        part = self._part
        if part.given & (self._fields[0] or {}).keys():
            return None
        for slot, name, _ in part.required:
            fields = self._fields[slot]
            if fields is not None and name not in fields and not self._is_part(slot, name):
                return None
        for slot in range(len(self._fields) - 1, -1, -1):
            fields = self._fields[slot]
            if fields is None:
                continue
            if not self._complete(slot, fields):
                return None
            cls, outer, name = part.slots[slot]
            self._names[f"cls{slot}"] = cls
            given = ", ".join(f"{field}={value}" for field, value in fields.items())
            if slot:
                self._lines.append(f" o{slot} = cls{slot}({given})")
                self._open(outer)[name] = f"o{slot}"
            else:
                self._lines.append(f" return cls0({given}, **lists)" if given else " return cls0(**lists)")
        head = ["def make(cells, lists):"]
        if cells:  # a damaged document may have none
            head.append(f" {''.join(f'r{n}, ' for n in range(len(cells)))} = cells")
        head += [f" v{n} = r{n}.strip()" for n, c in enumerate(cells) if _is_one(part.keys[c])]
        if self._values:
            head.append(f" if not ({' and '.join(self._values)}): raise Odd")
        exec("\n".join([*head, *self._lines]), self._names)  # noqa: S102 - names of fields that the classes have
        made: Maker = self._names["make"]
        return made

    def _open(self, slot: int) -> dict[str, str]:
        fields = self._fields[slot]
        if fields is None:
            fields = self._fields[slot] = {}
            if slot:
                self._open(self._part.slots[slot][1])
        return fields

    def _is_part(self, slot: int, name: str) -> bool:
        """Whether the field is a part of which something is there."""
        return any(
            fields is not None and self._part.slots[inner][1:] == (slot, name)
            for inner, fields in enumerate(self._fields)
            if inner
        )

    def _complete(self, slot: int, fields: dict[str, str]) -> bool:
        """Fields that the class cannot do without: None where it may be so; otherwise the row needs more."""
        for name, annotation in self._part.defaults[slot]:
            if name not in fields and (slot or name not in self._part.given):
                if "None" not in annotation:
                    return False
                fields[name] = "None"
        return True


def _is_one(key: Key) -> bool:
    return key.role is Role.LEAF and not key.many


def _several(joined: str | None, raw: str | list[str]) -> Any:
    """The texts of elements that may repeat: as one text with *joined* between them, or as they are."""
    texts = [text for text in map(str.strip, raw if isinstance(raw, list) else [raw]) if text]
    return tuple(texts) if joined is None else joined.join(texts)
