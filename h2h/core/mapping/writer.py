"""Model → document, by a compiled mapping: each element becomes a small function once, when the format is loaded.

Rules: deterministic (same values, same bytes); nothing is cut, rounded or defaulted; a value which the sample has no
place for is refused with its name; transactions are streamed, so memory does not grow with the file.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import WhoActs, error
from h2h.core.mapping.plan import Carries, Condition, Element, Plan
from h2h.core.mapping.values import VALUE_TYPES
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction

Write = Callable[[Any], str]
Group = tuple[PaymentInstruction, int, Decimal, Iterable[CreditTransfer]]

# Text is handed to the file in blocks of about this many characters.
_BLOCK = 64 * 1024

# What must be escaped, and what no XML document may hold (with Unicode's noncharacters, which nobody can exchange).
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ATTRIBUTE = re.compile('["\t\n]')
_ATTRIBUTE_ESCAPES = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;"}

# Known to the reader only, or written by being streamed.
_NOT_CONTENT = frozenset({"place", "kind", "transactions", "instructions"})


class Writer:
    """Writes initiations in one format version."""

    def __init__(self, plan: Plan, namespace: str | None, name: str) -> None:
        top = next((c for c in plan.root.children if any(g.is_row for g in c.children)), None)
        group = next((g for g in top.children if g.is_row), None) if top else None
        record = next((r for r in group.children if r.record), None) if group else None
        if top is None or group is None or record is None or plan.message is not Initiation:
            raise Misconfigured(f"{name}: this mapping only reads")
        declares = f' xmlns="{namespace}"' if namespace else ""
        self._start = f'<?xml version="1.0" encoding="UTF-8"?>\n<{plan.root.tag}{declares}>\n<{top.tag}>\n'
        self._end = f"</{top.tag}>\n</{plan.root.tag}>\n"
        self._group_tag, self._record_tag = group.tag, record.tag
        self._header = _Object(Initiation, [c for c in top.children if c is not group]).write
        self._group = _Object(PaymentInstruction, [c for c in group.children if c is not record]).write
        self._record = _Object(CreditTransfer, record.children, frozenset(n for n, _ in record.up)).write

    def write(self, initiation: Initiation, out: BinaryIO) -> None:
        """The whole initiation; equal instructions that follow each other are one group."""
        self.stream(initiation, groups_of(initiation), out)

    def stream(self, header: Initiation, groups: Iterable[Group], out: BinaryIO) -> None:
        """*groups* gives, for each instruction, how many transactions, their sum, and the transactions one by one.

        ``Refused`` if a value has no place, a character is illegal, or a count or sum is not what it was said to be:
        then *out* holds a part of a document and must be thrown away.
        """
        known = list(groups)
        count, total = sum(g[1] for g in known), sum((g[2] for g in known), Decimal(0))
        _agree("NbOfTxs", "GrpHdr", header.stated_transaction_count, count)
        _agree("CtrlSum", "GrpHdr", header.stated_control_sum, total)
        header = dataclasses.replace(header, stated_transaction_count=count, stated_control_sum=total)
        parts: list[str] = []
        size = 0
        for part in self._document(header, known):
            parts.append(part)
            size += len(part)
            if size >= _BLOCK:
                out.write("".join(parts).encode())
                parts.clear()
                size = 0
        out.write("".join(parts).encode())

    def _document(self, header: Initiation, groups: Sequence[Group]) -> Iterator[str]:
        yield self._start
        yield self._try(self._header, header, "") + "\n"
        number = 0
        start, end = f"<{self._record_tag}>", f"</{self._record_tag}>\n"
        write = self._record
        for at, (instruction, count, total, transactions) in enumerate(groups, 1):
            where = f"{self._group_tag}[{at}]"
            _agree("NbOfTxs", where, instruction.stated_transaction_count, count)
            _agree("CtrlSum", where, instruction.stated_control_sum, total)
            instruction = dataclasses.replace(instruction, stated_transaction_count=count, stated_control_sum=total)
            yield f"<{self._group_tag}>\n{self._try(self._group, instruction, where)}\n"
            seen, seen_sum = 0, Decimal(0)
            for transaction in transactions:
                number += 1
                seen += 1
                seen_sum += transaction.amount
                try:
                    yield f"{start}{write(transaction)}{end}"
                except _CannotWriteError as problem:
                    raise self._refused(problem, transaction, f"{self._record_tag}[{number}]") from problem
            _agree("NbOfTxs", where, count, seen)
            _agree("CtrlSum", where, total, seen_sum)
            yield f"</{self._group_tag}>\n"
        yield self._end

    def _try(self, write: Write, value: Any, where: str) -> str:
        try:
            return write(value)
        except _CannotWriteError as problem:
            raise self._refused(problem, value, where) from problem

    def _refused(self, problem: _CannotWriteError, value: Any, where: str) -> Refused:
        place = getattr(value, "place", None)
        path = f"{where}/{problem.path}".strip("/")
        return Refused(
            [
                error(
                    *(problem.code, path, f"{path}: {problem.text}", WhoActs.ACCOUNTS_PAYABLE),
                    line=place.line if place else None,
                    column=place.column if place else None,
                )
            ]
        )


def groups_of(initiation: Initiation) -> list[Group]:
    """The transactions under their instructions, in order; an instruction without transactions is refused."""
    groups: list[tuple[PaymentInstruction, list[CreditTransfer]]] = []
    for transaction in initiation.transactions:
        last = groups[-1][0] if groups else None
        if last is not transaction.instruction and last != transaction.instruction:
            groups.append((transaction.instruction, []))
        groups[-1][1].append(transaction)
    if not groups:
        raise Refused([error("H2H-NO-TRANSACTIONS", "the file", "there is no transaction to write", WhoActs.ERP_TEAM)])
    return [(i, len(many), sum((t.amount for t in many), Decimal(0)), many) for i, many in groups]


class _CannotWriteError(Exception):
    """A value that the document cannot carry, with its path below the record."""

    def __init__(self, code: str, path: str, text: str) -> None:
        self.code, self.path, self.text = code, path, text
        super().__init__(text)


class _Object:
    """Writes the content of one object, and refuses what it holds beyond that."""

    def __init__(self, cls: type, children: Sequence[Element], copied: frozenset[str] = frozenset()) -> None:
        self._parts = [p for c in children if c.written for p in [_element(c, cls, "")]]
        placed = _placements(children)
        self._guards = [
            (f.name, placed.get(f.name, []))
            for f in dataclasses.fields(cls)
            if f.name not in _NOT_CONTENT and f.name not in copied and [] not in placed.get(f.name, [])
        ]

    def write(self, value: Any) -> str:
        for name, ways in self._guards:
            held = getattr(value, name)
            if held is None or held is False or held in ((), "", {}):
                continue
            if not any(all(c.holds(getattr(value, c.field)) for c in way) for way in ways):
                text = f"this format has no place for {name.replace('_', ' ')} ({str(held)[:40]!r}) here"
                raise _CannotWriteError("H2H-NO-PLACE", name, text)
        return "".join([part(value) for part in self._parts])


def _placements(children: Iterable[Element]) -> dict[str, list[list[Condition]]]:
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
        if carries is not None:
            found.setdefault(carries.field, []).append(conditions)
        if carries is None or carries.cls is None:
            for attribute in element.attributes.values():
                found.setdefault(attribute.field, []).append(conditions)
            for child in element.children:
                visit(child, conditions)

    for child in children:
        visit(child, [])
    return found


def _element(element: Element, owner: type, path: str) -> Write:
    """The function that writes one element for an object of the class *owner*."""
    path = f"{path}/{element.tag}".lstrip("/")
    carries = element.carries
    if carries is None:
        write = _wrapper(element, owner, path)
    elif carries.cls is not None:
        write = _part(element, carries, owner, path)
    else:
        write = _leaf(element, carries, path)
    return _conditional(write, element.conditions) if element.conditions else write


def _conditional(write: Write, conditions: tuple[Condition, ...]) -> Write:
    def conditional(value: Any) -> str:
        for condition in conditions:
            if not condition.holds(getattr(value, condition.field)):
                return ""
        return write(value)

    return conditional


def _wrapper(element: Element, owner: type, path: str) -> Write:
    start, end = f"<{element.tag}>", f"</{element.tag}>"
    if element.wraps:
        (inner,) = element.children
        return _each(inner, f"{start}<{inner.tag}>", f"</{inner.tag}>{end}", f"{path}/{inner.tag}")
    parts = [_element(child, owner, path) for child in element.children if child.written]
    if len(parts) == 1:
        only = parts[0]

        def wrap_one(value: Any) -> str:
            text = only(value)
            return f"{start}{text}{end}" if text else ""

        return wrap_one

    def wrap(value: Any) -> str:
        text = "".join([part(value) for part in parts])
        return f"{start}{text}{end}" if text else ""

    return wrap


def _part(element: Element, carries: Carries, owner: type, path: str) -> Write:
    assert carries.cls is not None
    start, end, name = f"<{element.tag}>", f"</{element.tag}>", carries.field
    content = _Object(carries.cls, element.children).write
    must = carries.cardinality == "one"
    # A part that may be None says something by being there; one that may not, only by what it holds.
    optional = any(f.name == name and "None" in str(f.type) for f in dataclasses.fields(owner))

    def part(value: Any) -> str:
        held = getattr(value, name)
        if held is None:
            if must:
                raise _missing(path, name)
            return ""
        try:
            text = content(held)
        except _CannotWriteError as problem:
            raise _CannotWriteError(problem.code, f"{path}/{problem.path}", problem.text) from None
        return f"{start}{text}{end}" if text or must or optional else ""

    return part


def _leaf(element: Element, carries: Carries, path: str) -> Write:
    start, end, name = f"<{element.tag}>", f"</{element.tag}>", carries.field
    if carries.cardinality == "each":
        return _each(element, start, end, path)
    must, is_text = carries.cardinality == "one", carries.value_type == "text"
    render = VALUE_TYPES[carries.value_type].render
    if element.attributes:
        return _leaf_with_attributes(element, carries, path)

    def leaf(value: Any) -> str:
        held = getattr(value, name)
        if held is None:
            if must:
                raise _missing(path, name)
            return ""
        text = held if is_text else _render(render, held, path)
        if _SPECIAL.search(text):
            text = _escape(text, path)
        return f"{start}{text}{end}"

    return leaf


def _leaf_with_attributes(element: Element, carries: Carries, path: str) -> Write:
    plain = _leaf(dataclasses.replace(element, attributes={}), carries, path)
    names = [(f'<{element.tag} {key}="', c.field, f"{path}/@{key}") for key, c in element.attributes.items()]
    (before, field, attribute_path), cut = names[0], len(element.tag) + 2

    def leaf(value: Any) -> str:
        text = plain(value)
        if not text:
            return ""
        held = getattr(value, field)
        if held is None:
            raise _missing(attribute_path, field)
        held = _ATTRIBUTE.sub(lambda m: _ATTRIBUTE_ESCAPES[m[0]], _escape(held, attribute_path))
        return f'{before}{held}">{text[cut:]}'

    return leaf


def _each(element: Element, start: str, end: str, path: str) -> Write:
    assert element.carries is not None
    name = element.carries.field
    render = VALUE_TYPES[element.carries.value_type].render

    def each(value: Any) -> str:
        held = getattr(value, name)
        return "".join([f"{start}{_escape(_render(render, h, path), path)}{end}" for h in held]) if held else ""

    return each


def _render(render: Callable[[Any], str], held: Any, path: str) -> str:
    try:
        return render(held)
    except (ValueError, TypeError) as problem:
        raise _CannotWriteError("H2H-VALUE", path, f"{str(held)[:40]!r} cannot be written: {problem}") from None


def _escape(text: str, path: str) -> str:
    def replacement(match: re.Match[str]) -> str:
        if match[0] in _ESCAPES:
            return _ESCAPES[match[0]]
        character = f"U+{ord(match[0]):04X}"
        what = f"the character {character} at position {match.start() + 1}, which XML does not allow"
        raise _CannotWriteError("H2H-CHARACTER", path, f"the text holds {what}")

    return _SPECIAL.sub(replacement, text) if _SPECIAL.search(text) else text


def _missing(path: str, name: str) -> _CannotWriteError:
    return _CannotWriteError("H2H-MISSING", path, f"{name.replace('_', ' ')} is missing, and this format demands it")


def _agree(tag: str, where: str, stated: int | Decimal | None, found: int | Decimal) -> None:
    if stated is not None and stated != found:
        text = f"{where}: {tag} was given as {stated}, and the transactions make {found}"
        raise Refused([error("H2H-COUNT" if tag == "NbOfTxs" else "H2H-SUM", f"{where}/{tag}", text, WhoActs.ERP_TEAM)])
