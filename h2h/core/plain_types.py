"""Texts that are plainly valid by a schema's simple types, as regular expressions.

Each expression takes less than the type does, never more: what it does not take is the schema's own matter. Only types
that are as simple as ISO 20022's have one: texts with a length, lists of codes, patterns of letters and digits,
amounts, dates, times, and yes or no (XML Schema Part 2, 3.2 and 4.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from lxml import etree

_NAMESPACE = "http://www.w3.org/2001/XMLSchema"
_XS = f"{{{_NAMESPACE}}}"

#: Any character that XML allows (2.2), but for markup and control characters.
_CHARACTER = r"[^&<>\x00-\x1f\x7f-\x9f\ufffe\uffff]"
#: Such patterns mean in both languages the same.
_SAME_PATTERN = re.compile(r"(?:\[[A-Za-z0-9+\-]+\]|[A-Za-z0-9]|\\[.+\-]|[(|)?*+]|\{[0-9]+(?:,[0-9]+)?\})*")
#: Not the 29th of February: that depends on the year.
_DATE = (
    "(?:19|20)[0-9]{2}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    "|(?:0[13578]|1[02])-31)"
)
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,9})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])?"
_BUILT_IN = {"boolean": "(?:true|false)", "date": _DATE, "dateTime": f"{_DATE}T{_TIME}"}


class PlainTypes:
    """The types of one schema, as far as they are simple."""

    def __init__(self, schema: etree._Element) -> None:
        self._simple = _named(schema, "simpleType")
        self._complex = _named(schema, "complexType")
        self._types_of: dict[str, set[str | None]] = {}
        for node in schema.iter(f"{_XS}element"):
            self._types_of.setdefault(node.get("name") or "", set()).add(node.get("type"))
        self._schema = schema
        self._known: dict[tuple[str, ...], str | None] = {}

    @cached_property
    def open_elements(self) -> frozenset[str] | None:
        """Names of the elements in which anything may stand; None if that cannot be said."""
        names: set[str] = set()
        for node in self._schema.iter(f"{_XS}any"):
            holder = next((above for above in node.iterancestors() if above.get("name")), None)
            if holder is None:
                return None
            if holder.tag == f"{_XS}element":
                names.add(holder.get("name") or "")
            names |= {name for name, types in self._types_of.items() if holder.get("name") in types}
        for name, types in self._types_of.items():
            if any(type_ is not None and type_.rpartition(":")[2] == "anyType" for type_ in types):
                names.add(name)
        return frozenset(names)

    def text_at(self, path: Sequence[str]) -> str | None:
        """What the text of the element at *path* may plainly be; its first name is unique in the schema."""
        key = tuple(path)
        if key not in self._known:
            self._known[key] = self._text_at(key)
        return self._known[key]

    def _text_at(self, path: tuple[str, ...]) -> str | None:
        types = self._types_of.get(path[0], set())
        for name in path[1:]:
            holder = self._complex.get(_only(types) or "")
            if holder is None:
                return None
            children = [node for node in holder.iter(f"{_XS}element") if node.get("name") == name]
            if any(set(node.attrib) & {"fixed", "default", "ref"} for node in children):
                return None
            types = {node.get("type") for node in children}
        return self._text_of(_only(types))

    def _text_of(self, name: str | None) -> str | None:
        if name is None:
            return None
        holder = self._complex.get(name)
        if holder is not None:
            content = holder.find(f"{_XS}simpleContent/{_XS}extension")
            return self._text_of(content.get("base")) if content is not None else None
        kind = self._simple.get(name)
        restriction = kind.find(f"{_XS}restriction") if kind is not None else None
        return _text_of_restriction(restriction) if restriction is not None else None


def _text_of_restriction(restriction: etree._Element) -> str | None:
    base = restriction.get("base") or ""
    prefix, _, local = base.rpartition(":")
    if restriction.nsmap.get(prefix or None) != _NAMESPACE:
        return None
    facets: dict[str, list[str]] = {}
    for node in restriction:
        facets.setdefault(str(node.tag).removeprefix(_XS), []).append(node.get("value") or "")
    if local in _BUILT_IN:
        return _BUILT_IN[local] if not facets else None
    if local == "decimal":
        return _decimal(facets)
    return _string(facets) if local == "string" else None


def _decimal(facets: Mapping[str, list[str]]) -> str | None:
    if not {"totalDigits", "fractionDigits"} <= set(facets) <= {"totalDigits", "fractionDigits", "minInclusive"}:
        return None
    if facets.get("minInclusive", ["0"]) != ["0"]:
        return None
    fraction = int(facets["fractionDigits"][0])
    whole = int(facets["totalDigits"][0]) - fraction
    if whole < 1:
        return None
    return f"[0-9]{{1,{whole}}}" + (f"(?:[.][0-9]{{1,{fraction}}})?" if fraction else "")


def _string(facets: Mapping[str, list[str]]) -> str | None:
    if set(facets) == {"enumeration"}:
        return "(?:" + "|".join(map(re.escape, facets["enumeration"])) + ")"
    if set(facets) == {"pattern"} and len(facets["pattern"]) == 1:
        (pattern,) = facets["pattern"]
        return f"(?:{pattern.replace('(', '(?:')})" if _SAME_PATTERN.fullmatch(pattern) else None
    if facets and set(facets) <= {"minLength", "maxLength"}:
        return f"{_CHARACTER}{{{facets.get('minLength', ['0'])[0]},{facets.get('maxLength', [''])[0]}}}"
    return None


def _named(schema: etree._Element, kind: str) -> dict[str, etree._Element]:
    return {node.get("name") or "": node for node in schema.iterchildren(f"{_XS}{kind}")}


def _only(types: set[str | None]) -> str | None:
    return next(iter(types)) if len(types) == 1 else None
