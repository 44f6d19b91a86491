"""Where in a document each field of an object is written, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from h2h.core.mapping.plan import Carries, Condition, Element


def placements(children: Iterable[Element]) -> dict[str, list[list[Condition]]]:
    """For each field, the ways in which it is written: the conditions of each, all of which must hold."""
    found: dict[str, list[list[Condition]]] = {}

    def visit(element: Element, conditions: list[Condition]) -> None:
        if not element.written:
            return
        conditions = [*conditions, *element.conditions]
        for condition in element.conditions:
            if condition.wanted and not condition.values:
                found.setdefault(condition.field, []).append([])
        carries = element.carries
        if carries is not None and not carries.to_around:
            found.setdefault(carries.field, []).append(conditions)
        if carries is None or carries.cls is None:
            # An attribute is written with the value that it belongs to, and not without.
            there = [Condition(carries.field, (), True)] if carries and carries.cardinality == "opt" else []
            for attribute in element.attributes.values():
                found.setdefault(attribute.field, []).append([*conditions, *there])
            for child in element.children:
                visit(child, conditions)
        else:
            for name in _of_around(element.children):
                found.setdefault(name, []).append(conditions)

    for child in children:
        visit(child, [])
    return found


def holds(condition: Condition) -> str:
    """The condition as an expression over ``o``."""
    value = f"o.{condition.field}"
    if condition.values:
        return f"({value} {'in' if condition.wanted else 'not in'} {condition.values!r})"
    there = f"{value} is not None and {value} is not False and {value} != ''"
    return f"({there})" if condition.wanted else f"(not ({there}))"


def held_by(carries: Carries) -> str:
    """The field as an expression: of this object, or of the one around it."""
    return f"{'u' if carries.to_around else 'o'}.{carries.field}"


def anything_held(children: Iterable[Element]) -> list[str]:
    """Tests of which one holds if anything below these elements could be written, or must be."""
    found: dict[str, None] = {}
    for child in children:
        carries = child.carries
        if not child.written:
            continue
        if carries is None:
            found.update(dict.fromkeys(anything_held(child.children)))
        elif carries.cardinality == "one":
            return ["True"]
        else:
            found[held_by(carries) + (" is not None" if carries.cardinality == "opt" else "")] = None
    return list(found)


def _of_around(children: Iterable[Element]) -> Iterator[str]:
    """Fields of the object around a part that are written inside the part."""
    for child in children:
        if child.written and child.carries is not None and child.carries.to_around:
            yield child.carries.field
        elif child.written and (child.carries is None or child.carries.cls is None):
            yield from _of_around(child.children)
