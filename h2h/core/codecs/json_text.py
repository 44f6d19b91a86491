"""JSON (RFC 8259) read piece by piece: the elements of one array, and what stands around it, in constant memory.

Numbers stay the texts that they are in the file. A key that stands twice in an object, and NaN and Infinity, which JSON
does not have, are told; nothing decides which of two values was meant.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from h2h.core.rules.judge import shown

_BLOCK = 1 << 16
#: A larger object is not a payment.
VALUE_CHARACTERS_MAX = 1_000_000
_BLANK = re.compile(r"[ \t\r\n]*")


class Number(str):
    """A number as it is written in the file."""

    __slots__ = ()


class Broken(Exception):
    """From here on the text cannot be read; the message says in words why."""


class Found(NamedTuple):
    """A value and where it begins. ``item`` counts the elements of the array from 1; 0: it stands outside."""

    item: int
    path: str
    value: Any
    line: int
    odd: tuple[str, ...]


class Decoder:
    """Decodes single values; ``odd`` says what was wrong with the last one."""

    def __init__(self) -> None:
        self.odd: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=Number, parse_int=Number, parse_constant=self._constant
        )

    def value(self, text: str, at: int) -> tuple[Any, int]:
        """The value that begins there, and where it ends. ``Broken``."""
        self.odd.clear()
        try:
            value, end = self._decoder.raw_decode(text, at)
        except json.JSONDecodeError as problem:
            raise Broken(f"this is not JSON: {problem.msg[0].lower()}{problem.msg[1:]}") from problem
        except RecursionError:
            raise Broken("objects stand in each other deeper than any payment") from None
        return value, end

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in pairs:
            if key in made:
                self.odd.append(f"the key {shown(key)} stands twice in one object")
            made[key] = value
        return made

    def _constant(self, name: str) -> Number:
        self.odd.append(f"{name} is not a number of JSON")
        return Number(name)


class JsonText:
    """One document; ``walk`` gives its values once, from its beginning to its end."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("strict").decode
        self._decoder = Decoder()
        self._text, self._at = "", 0
        self._ended = False
        self.line = 1

    def walk(self, array: str) -> Iterator[Found]:
        """Every element of the array at the path *array*, and every value outside of it. ``Broken``."""
        yield from self._value("", array)
        if self._next():
            raise Broken("something stands behind the end of the document")

    def _value(self, path: str, array: str) -> Iterator[Found]:
        first = self._next()
        if path == array:
            if first != "[":
                raise Broken(f"{shown(path) if path else 'the document'} is not an array of payments")
            yield from self._items(path)
        elif first == "{" and (not path or array.startswith(f"{path}.")):
            yield from self._members(path, array)
        elif not path:
            raise Broken("the document is not an object")
        else:
            line = self.line
            yield Found(0, path, self._decoded(), line, tuple(self._decoder.odd))

    def _items(self, path: str) -> Iterator[Found]:
        self._pass("[")
        number = 0
        if self._next() == "]":
            self._pass("]")
            return
        while True:
            number += 1
            self._next()
            line = self.line
            value = self._decoded()
            yield Found(number, path, value, line, tuple(self._decoder.odd))
            if self._next() == "]":
                self._pass("]")
                return
            self._pass(",")

    def _members(self, path: str, array: str) -> Iterator[Found]:
        self._pass("{")
        keys: set[str] = set()
        if self._next() == "}":
            self._pass("}")
            return
        while True:
            if self._next() != '"':
                raise Broken("a key was expected here")
            key = self._decoded()
            if key in keys:
                raise Broken(f"the key {shown(key)} stands twice in one object")
            keys.add(key)
            self._next()
            self._pass(":")
            yield from self._value(f"{path}.{key}" if path else key, array)
            if self._next() == "}":
                self._pass("}")
                return
            self._pass(",")

    def _decoded(self) -> Any:
        while True:
            try:
                value, end = self._decoder.value(self._text, self._at)
            except Broken:
                if self._ended or len(self._text) - self._at > VALUE_CHARACTERS_MAX:
                    raise
                self._more()
                continue
            if end == len(self._text) and not self._ended:
                self._more()  # a number may go on
                continue
            self._forward(end)
            return value

    def _next(self) -> str:
        """The next character that is not blank; "" at the end."""
        while True:
            found = _BLANK.match(self._text, self._at)
            self._forward(found.end() if found else self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._more()

    def _pass(self, expected: str) -> None:
        has = self._next()
        if has != expected:
            raise Broken(f"{shown(expected)} was expected, and {shown(has) if has else 'the end of the file'} is there")
        self._at += 1

    def _forward(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> None:
        block = self._source.read(max(_BLOCK, len(self._text) - self._at))
        self._ended = not block
        try:
            more = self._decode(block, self._ended)
        except UnicodeDecodeError as problem:
            wide = " (it begins like UTF-16)" if block.startswith((b"\xff\xfe", b"\xfe\xff")) else ""
            raise Broken(f"the file is not in UTF-8, as JSON is{wide}: {problem.reason}") from problem
        self._text, self._at = self._text[self._at :] + more, 0
