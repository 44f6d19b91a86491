"""Plan → XSLT stylesheet that turns a document into a line of tokens, at C speed.

Each element of the sample becomes a template in a mode of its own, so a document is walked once and every element is
either known at its place or reported. A token is a separator, a key (one character that stands for the place in the
sample) and the text there. Keys are handed out while the templates are written; ``Key`` says what each one means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from lxml import etree

from h2h.core.mapping.plan import Carries, Element, Plan
from h2h.core.mapping.values import VALUE_TYPES, ValueType

# Before each token, and before the token of each row. Unicode noncharacters: legal in XML, meaningless in text that is
# exchanged. Documents that hold them are refused.
SEPARATOR, ROW_SEPARATOR = "\ufdd0", "\ufdd1"
_FIRST_KEY = 0x4E00
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Role(Enum):
    """What a token means."""

    ROW = auto()  # an object that repeats begins
    PRESENT = auto()  # an element that says something by being there
    LEAF = auto()  # a value
    UNREAD = auto()  # an element that the sample does not know, or knows only once; the text is its name


@dataclass(slots=True)
class RowType:
    """Objects of one class that one repeating element makes. Slot 0 is the object, further slots its parts."""

    element: Element
    cls: type
    parent: RowType | None
    path: str
    index: int
    nodes: etree.XPath  # the row's elements, in document order, from the root
    slots: list[tuple[type, int, str]] = field(default_factory=list)  # class, enclosing slot, field there
    required: list[tuple[int, str, str]] = field(default_factory=list)  # slot, field, path


@dataclass(frozen=True, slots=True)
class Key:
    """What a key character stands for. ``path`` counts from the row's element for a leaf, from the root else."""

    role: Role
    row: RowType
    path: str
    slot: int = 0
    field: str = ""
    type: ValueType = VALUE_TYPES["text"]
    many: bool = False
    sets: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A stylesheet and the meaning of its keys."""

    transform: etree.XSLT
    keys: dict[str, Key]
    places: dict[str, tuple[Role, int]]  # the role of each key and its row's index
    rows: list[RowType]
    foreign_attributes: etree.XPath  # those that no element of the sample carries


def compile_stylesheet(plan: Plan, namespace: str | None) -> Compiled:
    """The stylesheet for documents in this namespace."""
    return _Compiler(namespace).compile(plan)


class _Compiler:
    def __init__(self, namespace: str | None) -> None:
        self._prefix = "d:" if namespace else ""
        self._uses = {"d": namespace} if namespace else None
        self._declares = f'xmlns:d="{_quoted(namespace)}"' if namespace else ""
        self._templates: list[str] = []
        self._keys: dict[str, Key] = {}
        self._rows: list[RowType] = []
        self._attributes: set[str] = set()
        self._modes = 0

    def compile(self, plan: Plan) -> Compiled:
        message = RowType(plan.root, plan.message, None, "", 0, etree.XPath("."), [(plan.message, -1, "")])
        self._rows.append(message)
        self._element(plan.root, "m0", message, 0, "", "")
        # Only the root itself may carry what is not ours: schema locations.
        self._fallback("m0", message, "")
        text = (
            f'<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" {self._declares}>'
            '<xsl:output method="text" encoding="UTF-8"/>'
            '<xsl:template match="/"><xsl:apply-templates select="*" mode="m0"/></xsl:template>'
            + "".join(self._templates)
            + "</xsl:stylesheet>"
        )
        transform = etree.XSLT(etree.fromstring(text), access_control=etree.XSLTAccessControl.DENY_ALL)
        places = {character: (key.role, key.row.index) for character, key in self._keys.items()}
        known = "".join(f" and name() != '{name}'" for name in sorted(self._attributes))
        foreign = etree.XPath(f"//@*[namespace-uri() != '{_XSI}'{known}]")
        return Compiled(transform, self._keys, places, self._rows, foreign)

    def _element(self, element: Element, mode: str, row: RowType, slot: int, inside: str, path: str) -> None:
        """The template of one element: *inside* is its parent's path from the row, *path* from the root."""
        path = f"{path}/{element.tag}".lstrip("/")
        body: list[str] = []
        carries = element.carries
        if element.is_row and carries is not None and carries.cls is not None:
            nodes = self._nodes(path)
            row = RowType(element, carries.cls, row, path, len(self._rows), nodes, [(carries.cls, -1, "")])
            self._rows.append(row)
            slot, inside = 0, ""
            body.append(self._token(Key(Role.ROW, row, path, sets=_sets(element))))
        else:
            inside = f"{inside}/{element.tag}".lstrip("/")
            if carries is not None and carries.cls is not None:
                row.slots.append((carries.cls, slot, carries.field))
                if carries.cardinality == "one":
                    row.required.append((slot, carries.field, inside))
                slot = len(row.slots) - 1
            if (carries is not None and carries.cls is not None) or _sets(element):
                body.append(self._token(Key(Role.PRESENT, row, inside, slot, sets=_sets(element))))
        body.extend(self._attribute(name, what, row, slot, inside) for name, what in element.attributes.items())
        if carries is not None and carries.cls is None:
            body.append(self._leaf(element, carries, row, slot, inside))
        if element.children:
            self._modes += 1
            below = f"m{self._modes}"
            body.append(f'<xsl:apply-templates select="*" mode="{below}"/>')
            for child in (c for c in element.children if c.read):
                self._element(child, below, row, slot, inside, path)
            self._fallback(below, row, path)
        names = "|".join(f"{self._prefix}{name}" for name in (element.tag, *element.aliases))
        self._templates.append(
            f'<xsl:template match="{names}" mode="{mode}">{self._once(element, row, path, body)}</xsl:template>'
        )

    def _nodes(self, path: str) -> etree.XPath:
        *around, tag = path.split("/")[1:]
        return etree.XPath(
            "/".join([*("*" for _ in around), f"d:{tag}" if self._prefix else tag]), namespaces=self._uses
        )

    def _once(self, element: Element, row: RowType, path: str, body: list[str]) -> str:
        """A part that may stand only once is read once: the parts of two must never be mixed into one."""
        text = "".join(body)
        if not element.children or element.is_row or element.wraps or _holds_rows(element):
            return text
        again = self._token(Key(Role.UNREAD, row, path.rpartition("/")[0]), "local-name()")
        return (
            f'<xsl:choose><xsl:when test="preceding-sibling::{self._prefix}{element.tag}">{again}</xsl:when>'
            f"<xsl:otherwise>{text}</xsl:otherwise></xsl:choose>"
        )

    def _leaf(self, element: Element, carries: Carries, row: RowType, slot: int, inside: str) -> str:
        if carries.cardinality == "one":
            row.required.append((slot, carries.field, inside))
        text = self._token(self._value(carries, row, slot, inside), ".")
        return f'<xsl:if test="not(*)">{text}</xsl:if>' if element.children else text

    def _attribute(self, name: str, carries: Carries, row: RowType, slot: int, inside: str) -> str:
        self._attributes.add(name)
        text = self._token(self._value(carries, row, slot, f"{inside}/@{name}"), f"@{name}")
        return f'<xsl:if test="@{name}">{text}</xsl:if>'

    def _value(self, carries: Carries, row: RowType, slot: int, path: str) -> Key:
        many = carries.cardinality == "each"
        slot = row.slots[slot][1] if carries.to_around else slot
        return Key(Role.LEAF, row, path, slot, carries.field, VALUE_TYPES[carries.value_type], many)

    def _fallback(self, mode: str, row: RowType, path: str) -> None:
        token = self._token(Key(Role.UNREAD, row, path), "local-name()")
        self._templates.append(f'<xsl:template match="*" mode="{mode}">{token}</xsl:template>')

    def _token(self, key: Key, select: str | None = None) -> str:
        character = chr(_FIRST_KEY + len(self._keys))
        self._keys[character] = key
        value = f'<xsl:value-of select="{select}"/>' if select else ""
        separator = ROW_SEPARATOR if key.role is Role.ROW else SEPARATOR
        return f"<xsl:text>{separator}{character}</xsl:text>{value}"


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _sets(element: Element) -> tuple[tuple[str, Any], ...]:
    if element.carries is not None and element.carries.cls is not None:
        return element.sets
    flags = tuple((c.field, True) for c in element.conditions if c.wanted and not c.values)
    return (*element.sets, *flags)


def _holds_rows(element: Element) -> bool:
    return any(child.is_row or _holds_rows(child) for child in element.children)
