"""Plan → Python functions that write: static text joined with fields, as one would write them by hand.

Why source text: a function per element costs 47 µs a payment, the straight-line function made here about a fifth. A
format folder stays data: the only names that get into the source are fields that the model's classes have, and every
text is put in by ``repr``.

Each function is made twice. The *plain* one notes the texts it writes, so that the caller can look through all of them
at once; the *escaping* one is used for a record in which that look has found something.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from h2h.core.mapping.placements import anything_held, held_by, holds, placements
from h2h.core.mapping.plan import Carries, Element
from h2h.core.mapping.values import VALUE_TYPES
from h2h.core.mapping.writing import (
    SPECIAL,
    CannotWriteError,
    attribute,
    escape,
    missing,
    no_place,
    numbered,
    rendering,
)

# Known to the reader only, or written by being streamed.
_NOT_CONTENT = frozenset({"place", "kind", "transactions", "instructions", "original_query_id"})


def object_writer(cls: type, children: Sequence[Element], copied: Iterable[str] = ()) -> Callable[[Any], str]:
    """A function that writes the content of one object, or raises ``CannotWriteError``.

    *copied* are fields that say what stands around the object.
    """
    plain = _Source(escaping=False).function(cls, children, frozenset(copied))
    escaping = _Source(escaping=True).function(cls, children, frozenset(copied))
    search = SPECIAL.search

    def write(value: Any) -> str:
        out: list[str] = []
        texts: list[str] = []
        plain(value, out, texts)
        if search("".join(texts)) is None:
            return "".join(out)
        out.clear()
        escaping(value, out, texts)
        return "".join(out)

    return write


class _Source:
    """The source of one function and of those that it calls."""

    def __init__(self, *, escaping: bool) -> None:
        self._escaping = escaping
        self._functions: list[str] = []
        self._names: dict[str, str] = {}
        self._globals: dict[str, Any] = {"__builtins__": {}, **_HELPERS}
        self._lines: list[str] = []
        self._depth = 1
        self._count = 0

    def function(self, cls: type, children: Sequence[Element], copied: frozenset[str]) -> Callable[..., None]:
        """Compile and return the function for one class."""
        name = self._object(cls, children, copied)
        exec("\n".join(self._functions), self._globals)  # noqa: S102 - made from checked names only, see above
        made: Callable[..., None] = self._globals[name]
        return made

    def _object(self, cls: type, children: Sequence[Element], copied: frozenset[str] = frozenset()) -> str:
        """The name of the function that writes such an object; equal objects share one."""
        key = f"{cls.__name__} {[dataclasses.replace(c, record=False) for c in children]!r} {sorted(copied)}"
        if key in self._names:
            return self._names[key]
        name = self._names[key] = f"write_{len(self._names)}"
        outer = self._lines, self._depth
        # u: the object around this one
        self._lines, self._depth = [f"def {name}(o, out, texts, u=None):", " a = out.append; t = texts.append"], 1
        self._guards(cls, children, copied)
        for child in children:
            self._element(child, cls, "")
        self._functions.append("\n".join(self._lines))
        self._lines, self._depth = outer
        return name

    def _guards(self, cls: type, children: Sequence[Element], copied: frozenset[str]) -> None:
        """Refuse what the object holds and no element would carry."""
        placed = placements(children)
        for field in dataclasses.fields(cls):
            ways = placed.get(field.name, [])
            if field.name in _NOT_CONTENT or field.name in copied or [] in ways:
                continue
            self._say(f"v = o.{field.name}")
            carried = " or ".join(f"({' and '.join(holds(c) for c in way)})" for way in ways)
            held = "v is not None and v is not False and v != '' and v != () and v != [] and v != {}"
            self._say(f"if {held}{_unless(carried)}:")
            self._say(f" no_place({field.name!r}, v)")

    # ------------------------------------------------------------------------------------------------ elements

    def _element(self, element: Element, owner: type, path: str) -> None:
        if not element.written:
            return
        path = f"{path}/{element.tag}".lstrip("/")
        depth = self._depth
        if element.conditions:
            self._say(f"if {' and '.join(holds(c) for c in element.conditions)}:")
            self._depth += 1
            self._say("pass")
        if element.carries is None:
            self._wrapper(element, owner, path)
        elif element.carries.cls is not None and element.is_row:
            self._parts(element, element.carries, element.carries.cls, path)
        elif element.carries.cls is not None:
            self._part(element, element.carries, element.carries.cls, owner, path)
        else:
            self._leaf(element, element.carries, owner, path)
        self._depth = depth

    def _wrapper(self, element: Element, owner: type, path: str) -> None:
        if element.wraps:
            (inner,) = element.children
            if inner.carries is not None:
                start, end = f"<{element.tag}><{inner.tag}>", f"</{inner.tag}></{element.tag}>"
                self._each(inner.carries, start, end, f"{path}/{inner.tag}")
            return
        # Most optional wrappers are absent from most payments: one look at their fields is enough then.
        held = "True" if element.kept else " or ".join(anything_held(element.children)) or "False"
        self._say(f"if {held}:")
        self._depth += 1
        mark = self._name("n")
        self._say(f"{mark} = len(out); a({f'<{element.tag}>'!r})")
        for child in element.children:
            self._element(child, owner, path)
        if element.kept:
            self._say(f"a({f'</{element.tag}>'!r})")
        else:
            self._say(f"if len(out) == {mark} + 1: out.pop()")
            self._say(f"else: a({f'</{element.tag}>'!r})")
        self._depth -= 1

    def _parts(self, element: Element, carries: Carries, cls: type, path: str) -> None:
        """Objects in a list, an element each. What its presence says is not written, so it must be what they say."""
        content = self._object(cls, element.children, frozenset(name for name, _ in element.sets))
        value, number = self._name("v"), self._name("i")
        self._say(f"{number} = 0")
        self._say(f"for {value} in o.{carries.field}:")
        self._depth += 1
        for name, said in element.sets:
            self._say(f"if {value}.{name} != {said!r}: no_place({name!r}, {value}.{name})")
        self._say(f"{number} += 1; a({f'<{element.tag}>'!r})")
        self._say(f"try: {content}({value}, out, texts, o)")
        self._say(f"except CannotWriteError as problem: raise problem.below(numbered({path!r}, {number})) from None")
        self._say(f"a({f'</{element.tag}>'!r})")
        self._depth -= 1

    def _part(self, element: Element, carries: Carries, cls: type, owner: type, path: str) -> None:
        content = self._object(cls, element.children)
        value, mark = self._name("v"), self._name("n")
        self._say(f"{value} = o.{carries.field}")
        self._if_there(value, carries, path)
        self._say(f"{mark} = len(out); a({f'<{element.tag}>'!r})")
        self._say(f"try: {content}({value}, out, texts, o)")
        self._say(f"except CannotWriteError as problem: raise problem.below({path!r}) from None")
        # A part that may be None says something by being there; one that may not, only by what it holds.
        optional = any(f.name == carries.field and "None" in str(f.type) for f in dataclasses.fields(owner))
        if carries.cardinality == "one" or optional:
            self._say(f"a({f'</{element.tag}>'!r})")
        else:
            self._say(f"if len(out) == {mark} + 1: out.pop()")
            self._say(f"else: a({f'</{element.tag}>'!r})")
        self._depth -= 1

    def _leaf(self, element: Element, carries: Carries, owner: type, path: str) -> None:
        if carries.cardinality == "each":
            self._each(carries, f"<{element.tag}>", f"</{element.tag}>", path)
            return
        self._say(f"v = {held_by(carries)}")
        self._if_there("v", carries, path)
        depth = self._depth
        if carries.cardinality == "opt" and _is(carries.field, owner, "str"):
            # A text that is never None is empty where there is none.
            self._say("if v:")
            self._depth += 1
        if carries.value_type != "text" and VALUE_TYPES[carries.value_type].is_text:
            # Written here or elsewhere, as the value is.
            self._say(f"v = {self._rendered('v', carries, path)}")
            self._say("if v is not None:")
            self._depth += 1
        if element.attributes:
            self._say(f"a({f'<{element.tag}'!r})")
            for name, what in element.attributes.items():
                self._say(f"w = o.{what.field}")
                self._say(f"if w is None: missing({f'{path}/@{name}'!r}, {what.field!r})")
                rendered = self._rendered("w", what, path)
                start, end = f' {name}="', '"'
                self._say(f"a({start!r}); a(attribute({rendered}, {path!r})); a({end!r})")
            self._say("a('>')")
        else:
            self._say(f"a({f'<{element.tag}>'!r})")
        self._text("v", carries, path)
        self._say(f"a({f'</{element.tag}>'!r})")
        self._depth = depth - 1

    def _each(self, carries: Carries, start: str, end: str, path: str) -> None:
        self._say(f"for v in {self._leaves(carries, path)}:")
        self._depth += 1
        self._say(f"a({start!r})")
        self._text("v", carries, path)
        self._say(f"a({end!r})")
        self._depth -= 1

    def _if_there(self, value: str, carries: Carries, path: str) -> None:
        """Begin the block for a value that is there."""
        if carries.cardinality == "one":
            self._say(f"if {value} is None: missing({path!r}, {carries.field!r})")
        self._say(f"if {value} is not None:")
        self._depth += 1

    def _leaves(self, carries: Carries, path: str) -> str:
        """The texts of a field that is in several elements."""
        parted = VALUE_TYPES[carries.value_type].part
        if parted is None:
            return f"o.{carries.field}"
        name = f"part_{carries.value_type}"
        self._globals[name] = rendering(parted)
        return f"{name}(o.{carries.field}, {path!r})"

    def _text(self, value: str, carries: Carries, path: str) -> None:
        if carries.value_type != "text" and not VALUE_TYPES[carries.value_type].is_text:
            self._say(f"a({self._rendered(value, carries, path)})")
        elif self._escaping:
            self._say(f"a(escape({value}, {path!r}))")
        else:
            self._say(f"a({value}); t({value})")

    def _rendered(self, value: str, carries: Carries, path: str) -> str:
        if carries.value_type == "text":
            return value
        name = f"render_{carries.value_type}"
        self._globals[name] = rendering(VALUE_TYPES[carries.value_type].render)
        return f"{name}({value}, {path!r})"

    def _name(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def _say(self, line: str) -> None:
        self._lines.append(" " * self._depth + line)


def _is(name: str, owner: type, annotation: str) -> bool:
    """Whether the field is of just this type."""
    return any(f.name == name and str(f.type) == annotation for f in dataclasses.fields(owner))


def _unless(carried: str) -> str:
    return f" and not ({carried})" if carried else ""


_HELPERS: dict[str, Any] = {
    "no_place": no_place,
    "missing": missing,
    "escape": escape,
    "attribute": attribute,
    "numbered": numbered,
    "CannotWriteError": CannotWriteError,
    "len": len,
}
