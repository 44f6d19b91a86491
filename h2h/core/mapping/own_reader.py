"""A bank's own document → model, by its annotated sample. Each miss is located; what is not known is counted and told.

The document is walked once into drafts (fields by path); objects are made when all is read, so that what stands below
may be copied from what stands after it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from h2h.core import xml
from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, info, warning
from h2h.core.mapping.own_objects import Draft, Maker
from h2h.core.mapping.own_sample import Node, Target
from h2h.core.model.payment import Initiation, Place

# More of one sort say nothing new to a person; the rest are counted.
FINDINGS_MAX = 200
# Elements whose text is shown to nobody: a password that the front-end is to put there, a session's token.
_SECRET = re.compile(r"pass|pwd|token", re.IGNORECASE)


class OwnReader:
    """Reads documents of one sample."""

    def __init__(self, root: Node, message: type) -> None:
        self._root, self._message = root, message

    def read(self, document: etree._Element) -> tuple[Any, list[Finding]]:
        """The message and what was found; ``Refused`` if there is nothing to read."""
        return _Walk(self._root, self._message).read(document)


@dataclass
class _At:
    """Where the walk is: the object being read, and those around it."""

    draft: Draft
    around: Draft
    path: str
    line: int | None = None
    number: int = 1  # of the object among its like


@dataclass
class _Walk:
    root: Node
    message: type
    found: list[Finding] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    more: int = 0

    def read(self, document: etree._Element) -> tuple[Any, list[Finding]]:
        top = Draft(self.message, document.sourceline)
        self.top = top
        self.who = WhoActs.ERP_TEAM if self.message is Initiation else WhoActs.BANK
        at = _At(top, top, "", document.sourceline)
        if self.root.cls is not None:  # the whole document is one payment
            at = _At(self._begin(self.root, self.root.cls, at), top, "", at.line)
        self._sets(self.root, at.draft)
        self._attributes(self.root, document, at)
        self._children(self.root, document, at)
        made = Maker(self._error).message(top)
        if made is None:
            raise Refused(self._findings())
        return made, self._findings()

    def _findings(self) -> list[Finding]:
        more = [info("H2H-MORE", "the file", f"and {self.more} more findings of this kind")] if self.more else []
        unread = [
            info("H2H-UNREAD", path, f"{path} was not read ({count} time{'s' if count != 1 else ''})")
            for path, count in sorted(self.unread.items())
        ]
        return [*self.found, *more, *unread]

    # ------------------------------------------------------------------------------------------------ elements

    def _children(self, node: Node, element: etree._Element, at: _At) -> None:
        known = {name: child for child in reversed(node.children) for name in (child.tag, *child.aliases) if child.read}
        seen: Counter[str] = Counter()
        for inner in element.iterchildren(etree.Element):
            name = xml.name_of(inner.tag)[1]
            child = known.get(name)
            path = f"{at.path}/{name}".lstrip("/")
            if child is None or (seen[child.tag] and child.cardinality != "each"):
                self.unread[path] += 1
                continue
            seen[child.tag] += 1
            self._element(child, inner, at, f"{path}[{seen[child.tag]}]" if child.cardinality == "each" else path)
        for child in node.children:
            if child.cardinality == "one" and child.read and not seen[child.tag]:
                self._error("H2H-MISSING", f"{at.path}/{child.tag}".lstrip("/"), "is missing", at.line)

    def _element(self, node: Node, element: etree._Element, at: _At, path: str) -> None:
        if node.skip:
            return
        here = _At(at.draft, at.around, path, element.sourceline or at.line, at.number)
        if node.cls is not None:
            draft = self._begin(node, node.cls, here)
            here = _At(draft, at.draft, path, here.line, self._number(node, at))
        self._sets(node, here.draft)
        self._attributes(node, element, here)
        text = (element.text or "").strip()
        if node.lines is not None:
            self._rows(node, element, here)
        elif node.children:
            self._children(node, element, here)
        else:
            for inner in element.iterchildren(etree.Element):
                self.unread[f"{path}/{xml.name_of(inner.tag)[1]}"] += 1
        self._text(node, text, here)

    def _begin(self, node: Node, cls: type, at: _At) -> Draft:
        draft = Draft(cls, at.line, Place(at.path, at.line), node.up)
        owner = self._owner(node.targets[0], at)
        owner.objects.setdefault(node.targets[0].path, []).append(draft)
        return draft

    def _number(self, node: Node, at: _At) -> int:
        return len(self._owner(node.targets[0], at).objects[node.targets[0].path])

    def _owner(self, target: Target, at: _At) -> Draft:
        return {"own": at.draft, "around": at.around, "message": self.top}[target.scope]

    def _sets(self, node: Node, draft: Draft) -> None:
        for path, value in node.sets:
            draft.values.setdefault(path, value)

    def _attributes(self, node: Node, element: etree._Element, at: _At) -> None:
        known = {a.tag: a for a in node.attributes}
        for name, text in element.attrib.items():
            child = known.get(str(name))
            if child is None:
                if not str(name).startswith("{"):
                    self.unread[f"{at.path}/@{name}"] += 1
            elif not (child.counts or child.skip):
                self._text(child, str(text).strip(), _At(at.draft, at.around, f"{at.path}/@{name}", at.line))

    # ------------------------------------------------------------------------------------------------ values

    def _text(self, node: Node, text: str, at: _At) -> None:
        if node.constant is not None and text != node.constant:
            if text or node.constant:
                self.unread[at.path if _SECRET.search(node.tag) else f"{at.path} ({text[:40] or 'empty'})"] += 1
            return
        if node.counts:
            self._in_order(text, at.number, at.path, at.line)
            return
        targets = (node.value,) if node.value is not None else node.targets if node.cls is None else ()
        if not text:
            if node.cardinality == "one" and targets:
                self._error("H2H-MISSING", at.path, "is empty", at.line)
            return
        for target in targets:
            try:
                value = target.type.parse(text) if target.type.parse else text
            except ValueError as problem:
                self._error("H2H-VALUE", at.path, f"{text[:60]!r} is {problem}", at.line)
                self._owner(target, at).faulty = True
                continue
            if value is None:  # the type says that this text is no value
                continue
            self._put(self._owner(target, at), target, value, node.cardinality == "each" and node.cls is None, at)

    def _put(self, draft: Draft, target: Target, value: Any, many: bool, at: _At) -> None:
        if many:
            draft.values[target.path] = (*draft.values.get(target.path, ()), value)
        elif target.path not in draft.values:
            draft.values[target.path] = value
        elif target.type.joined is not None:
            draft.values[target.path] = f"{draft.values[target.path]}{target.type.joined}{value}"
        elif draft.values[target.path] != value:
            self.unread[at.path] += 1

    def _rows(self, node: Node, element: etree._Element, at: _At) -> None:
        """Rows of text: each line is an object, its columns are the children."""
        (row,) = node.children
        for number, (line, cells) in enumerate(_cells(element, node.lines or "|", node.open_rows), 1):
            path = f"{at.path}/row[{number}]"
            here = _At(at.draft, at.around, path, line)
            if len(cells) != len(row.children):
                text = f"has {len(cells)} columns instead of {len(row.children)} and was not read"
                self._error("H2H-COLUMNS", path, text, line)
                continue
            if row.cls is not None:
                here = _At(self._begin(row, row.cls, here), at.draft, path, line)
            self._sets(row, here.draft)
            for column, cell in zip(row.children, cells, strict=True):
                if not (column.skip or column.counts):
                    self._text(column, cell.strip(), _At(here.draft, here.around, f"{path}/{column.tag}", line))
                if column.counts:
                    self._in_order(cell.strip(), number, path, line)

    def _in_order(self, said: str, number: int, path: str, line: int | None) -> None:
        """Answers name the object by its position: one that calls itself otherwise may be answered as another."""
        if said.lstrip("0") != str(number):
            text = f"{path} calls itself {said!r}, but it is number {number}"
            self.found.append(warning("H2H-ORDER", path, text, self.who, line=line))

    def _error(self, code: str, where: str, text: str, line: int | None) -> None:
        if len(self.found) < FINDINGS_MAX:
            self.found.append(error(code, where, f"{where} {text}".strip(), self.who, line=line))
        else:
            self.more += 1


def _cells(element: etree._Element, separator: str, open_rows: bool) -> Iterator[tuple[int | None, list[str]]]:
    """(line, cells) of the rows; the separator after the last column is no further column."""
    first = element.sourceline
    for offset, line in enumerate((element.text or "").split("\n")):
        if line.strip():
            cells = line.strip().split(separator)
            yield (
                first + offset if first is not None else None,
                cells[:-1] if not open_rows and cells[-1] == "" and len(cells) > 1 else cells,
            )
