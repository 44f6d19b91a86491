"""Model → a bank's own document, by its annotated sample.

Rules: deterministic; nothing is cut, rounded or defaulted; a character that the document's encoding cannot express, a
text longer than the bank's limit in bytes, and a value that the sample has no place for are refused with their name.
Without a place only the day of the file itself may be asked for: these documents are executed when they arrive.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from h2h.core.errors import Refused
from h2h.core.findings import WhoActs, error
from h2h.core.mapping.own_sample import Node, Path, Target, When
from h2h.core.mapping.own_values import CHINA
from h2h.core.mapping.writing import SPECIAL
from h2h.core.model.payment import CreditTransfer, Initiation, Place

#: h2h's own numbers, what is counted anew, and the BIC of the bank that the file goes to: nothing that could be lost.
_NOT_CONTENT: frozenset[Path] = frozenset(
    {("instruction", "id"), ("place",), ("kind",), ("stated_transaction_count",), ("stated_control_sum",)}
    | {("instruction", "stated_transaction_count"), ("instruction", "stated_control_sum"), ("about",)}
    | {("creation_date_time",), ("instruction", "debtor_agent", "bic")}
)
_LISTS = frozenset({"transactions", "instructions", "accounts"})
_NOT_PROVIDED = "NOTPROVIDED"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}

#: A fact that follows from other fields where nobody states it: its name → (payment → value or None).
Derived = Mapping[str, Callable[[CreditTransfer], str | None]]


class OwnWriter:
    """Writes messages of one sample."""

    def __init__(
        self,
        root: Node,
        encoding: str,
        derived: Derived,
        transactions_max: int | None = None,
        forbidden: str = "",
        framed: bool = False,
    ) -> None:
        """*framed*: the root only holds the parts of a file together; they are not indented for it."""
        self._root, self._encoding, self._derived = root, encoding, derived
        self._max, self._forbidden, self._depth = transactions_max, forbidden, -1 if framed else 0

    def write(self, message: Any) -> bytes:
        """The document; ``Refused`` names what it cannot carry."""
        if isinstance(message, Initiation):
            message = self._counted(message)
        work = _Work(message, self._encoding, self._derived, self._forbidden)
        work.element(self._root, message, "", self._depth)
        for item, path in work.items():
            work.nothing_lost(item, path)
        head = f'<?xml version="1.0" encoding="{self._encoding}"?>\n'
        return (head + "".join(work.out)).encode(self._encoding)

    def _counted(self, initiation: Initiation) -> Initiation:
        count = len(initiation.transactions)
        if not count:
            raise _refused("H2H-NO-TRANSACTIONS", "the file", "there is no transaction to write")
        if self._max is not None and count > self._max:
            text = f"there are {count} payments; the bank takes at most {self._max} in one such file"
            raise _refused("H2H-TOO-MANY", "the file", text)
        return replace(initiation, stated_transaction_count=count, stated_control_sum=initiation.control_sum)


@dataclass
class _Work:
    """One document as it is written. ``used`` has the paths of each object that found a place."""

    message: Any
    encoding: str
    derived: Derived
    forbidden: str
    out: list[str] = field(default_factory=list)
    used: dict[int, set[Path]] = field(default_factory=dict)

    def items(self) -> list[tuple[Any, str]]:
        """The payments, or the accounts asked about, each with its place."""
        if isinstance(self.message, Initiation):
            return [(t, f"payment[{n}]") for n, t in enumerate(self.message.transactions, 1)]
        accounts = enumerate(self.message.accounts, 1)
        return [(self.message, ""), *((account, f"account[{n}]") for n, account in accounts)]

    # ------------------------------------------------------------------------------------------------ elements

    def element(self, node: Node, owner: Any, path: str, depth: int) -> bool:
        """Write one element of the sample as often as it is there; False if nothing was written."""
        path = f"{path}/{node.tag}".lstrip("/")
        if not node.written or node.skip:
            return False
        if not all(self._holds(c, owner) for c in node.conditions):
            return node.keep_always and self._tag(node, owner, path, depth, "")
        if node.cls is not None:
            rows = self._rows_of(node, owner)
            for number, row in enumerate(rows, 1):
                self._one(node, row, f"{path}[{number}]", depth, number)
            return bool(rows)
        if node.cardinality == "each":
            values = self._value(owner, node.targets[0])
            for value in values or ():
                self._tag(node, owner, path, depth, self._rendered(node, node.targets[0], value, path))
            return bool(values)
        return self._one(node, owner, path, depth, 1)

    def _rows_of(self, node: Node, owner: Any) -> Sequence[Any]:
        name = node.targets[0].path[0]
        holder = owner if hasattr(owner, name) else self.message
        self._use(holder, (name,))
        rows: Sequence[Any] = getattr(holder, name)
        return rows

    def _one(self, node: Node, owner: Any, path: str, depth: int, number: int) -> bool:
        if node.counts:
            number = self._position(owner)
            return self._tag(node, owner, path, depth, str(number).zfill(node.pad))
        if node.constant is not None:
            return self._tag(node, owner, path, depth, node.constant)
        if node.lines is not None:
            return self._tag(node, owner, path, depth, self._lines(node, owner, path), raw=True)
        target = node.value or (node.targets[0] if node.targets and node.cls is None else None)
        if target is not None:
            value = self._value(owner, target)
            if value is None or value == "":
                if node.cardinality == "one":
                    self._fail("H2H-MISSING", owner, path, f"{_name(target.path)} is missing, and the bank demands it")
                return node.keep and self._tag(node, owner, path, depth, "")
            return self._tag(node, owner, path, depth, self._rendered(node, target, value, path, owner))
        return self._with_children(node, owner, path, depth)

    def _position(self, owner: Any) -> int:
        rows = self.message.transactions if isinstance(self.message, Initiation) else self.message.accounts
        return next((n for n, row in enumerate(rows, 1) if row is owner), 1)

    def _with_children(self, node: Node, owner: Any, path: str, depth: int) -> bool:
        self._must_be(node, owner, path)
        mark = len(self.out)
        self.out.append(f"{' ' * depth}<{node.tag}{self._attributes(node, owner, path)}>\n")
        written = [self.element(child, owner, path, depth + 1) for child in node.children]
        if not any(written) and not node.keep:
            del self.out[mark:]
            return False
        self.out.append(f"{' ' * depth}</{node.tag}>\n")
        return True

    def _must_be(self, node: Node, owner: Any, path: str) -> None:
        """What the element says by being there must be so, where the object says anything of it."""
        for field_path, value in node.sets:
            held = self._found(owner, field_path)
            if held is not None and str(held) != value:
                text = f"the bank's format is for {_name(field_path)} {value} only, and this is {str(held)[:40]!r}"
                self._fail("H2H-NO-PLACE", owner, path, text)

    def _tag(self, node: Node, owner: Any, path: str, depth: int, text: str, *, raw: bool = False) -> bool:
        inner = text if raw else _escaped(text)
        attributes = self._attributes(node, owner, path)
        self.out.append(f"{' ' * depth}<{node.tag}{attributes}>{inner}</{node.tag}>\n")
        return True

    def _attributes(self, node: Node, owner: Any, path: str) -> str:
        made = []
        for attribute in node.attributes:
            where = f"{path}/@{attribute.tag}"
            if attribute.constant is not None:
                text = attribute.constant
            elif attribute.counts:
                text = str(len(self._rows_of(node.children[0], owner)))
            else:
                target = attribute.targets[0]
                value = self._value(owner, target)
                if value is None:
                    self._fail("H2H-MISSING", owner, where, _how_to_say(target.path))
                text = self._rendered(attribute, target, value, where, owner)
            made.append(f' {attribute.tag}="{_escaped(text)}"')
        return "".join(made)

    def _lines(self, node: Node, owner: Any, path: str) -> str:
        (row,) = node.children
        separator = node.lines or "|"
        lines = []
        for number, item in enumerate(self._rows_of(row, owner), 1):
            where = f"{path}/row[{number}]"
            cells = [self._cell(column, item, f"{where}/{column.tag}", number, separator) for column in row.children]
            self._must_be(row, item, where)
            lines.append(separator.join(cells) + ("" if node.open_rows else separator))
        # Rows hold < and > as they are; only the end of the section itself could not.
        return "<![CDATA[" + "\n".join(["", *lines, ""]) + "]]>"

    def _cell(self, column: Node, item: Any, path: str, number: int, separator: str) -> str:
        if column.counts:
            if column.stands is not None:
                self._use(item, column.stands)
            return str(number).zfill(column.pad)
        if column.constant is not None:
            return column.constant
        target = column.targets[0]
        value = self._value(item, target) if all(self._holds(c, item) for c in column.conditions) else None
        if value is None:
            if column.cardinality == "one":
                self._fail("H2H-MISSING", item, path, _how_to_say(target.path))
            return ""
        text = self._rendered(column, target, value, path, item)
        for sign in (separator, "\n", "]]>"):
            if sign in text:
                self._fail("H2H-CHARACTER", item, path, f"the text holds {sign!r}, which separates the bank's columns")
        return text

    # ------------------------------------------------------------------------------------------------ values

    def _holds(self, condition: When, owner: Any) -> bool:
        if condition.path == ("@future",):
            day, today = _execution_day(owner), self._today()
            return (day is not None and (today is None or day > today)) is condition.wanted
        value = self._found(owner, condition.path)
        if condition.values:
            return (value in condition.values) is condition.wanted
        return (value not in (None, "", (), False)) is condition.wanted

    def _today(self) -> Any:
        moment = getattr(self.message, "creation_date_time", None)
        return None if moment is None else (moment.astimezone(CHINA) if moment.tzinfo else moment).date()

    def _value(self, owner: Any, target: Target) -> Any:
        path = target.path
        if target.scope == "message":
            return self._own(self.message, path)
        if isinstance(self.message, Initiation) and owner is self.message and path[0] in ("instruction", "payment"):
            return self._shared(path[1:] if path[0] == "payment" else path)
        return self._found(owner, path)

    def _found(self, owner: Any, path: Path) -> Any:
        """The value; of a fact that the payment does not state: what follows from its other fields, else the file's."""
        value = self._own(owner, path)
        if value is None and path[0] == "supplementary":
            if path[1] in self.derived and isinstance(owner, CreditTransfer):
                value = self.derived[path[1]](owner)
            if value is None and owner is not self.message:
                value = self._own(self.message, path)
        return value

    def _own(self, owner: Any, path: Path) -> Any:
        self._use(owner, path)
        value = owner
        for number, step in enumerate(path):
            if isinstance(value, Mapping):
                return value.get(".".join(path[number:]))
            value = getattr(value, step, None)
        if isinstance(value, tuple):
            if len(value) > 1:
                self._fail("H2H-NO-PLACE", owner, ".".join(path), f"there is a place for one {_name(path)}")
            value = value[0] if value else None
        return None if value in ("", _NOT_PROVIDED) else value

    def _shared(self, path: Path) -> Any:
        """A value that all payments of the document must share."""
        values = [self._own(t, path) for t in self.message.transactions]
        for number, value in enumerate(values, 1):
            if value != values[0]:
                text = (
                    f"{_name(path)} differs from the first payment's, and one such file has one; give each its own file"
                )
                self._fail("H2H-NOT-SHARED", self.message.transactions[number - 1], f"payment[{number}]", text)
        return values[0]

    def _rendered(self, node: Node, target: Target, value: Any, path: str, owner: Any = None) -> str:
        try:
            text = target.type.render(value)
        except (ValueError, TypeError) as problem:
            self._fail("H2H-VALUE", owner, path, f"{str(value)[:40]!r} cannot be written: {problem}")
        if text is None:
            return ""
        found = SPECIAL.search(text)
        if found is not None and found[0] not in _ESCAPES:
            self._fail("H2H-CHARACTER", owner, path, f"the text holds U+{ord(found[0]):04X}, which XML does not allow")
        for character in self.forbidden:
            if character in text:
                self._fail("H2H-CHARACTER", owner, path, f"the text holds {character!r}, which this bank takes nowhere")
        try:
            length = len(text.encode(self.encoding))
        except UnicodeEncodeError as problem:
            character = text[problem.start]
            what = f"{character!r} (U+{ord(character):04X}) at position {problem.start + 1} is not in {self.encoding}"
            self._fail("H2H-CHARACTER", owner, path, f"{what}, the bank's encoding; it is not replaced")
        if node.bytes_max is not None and length > node.bytes_max:
            self._fail(
                "H2H-LENGTH", owner, path, f"has {length} bytes in {self.encoding}; the bank takes {node.bytes_max}"
            )
        if node.characters_max is not None and len(text) > node.characters_max:
            self._fail("H2H-LENGTH", owner, path, f"has {len(text)} characters; the bank takes {node.characters_max}")
        return text

    def _use(self, owner: Any, path: Path) -> None:
        self.used.setdefault(id(owner), set()).add(path)

    # ------------------------------------------------------------------------------------------------ what is left

    def nothing_lost(self, item: Any, where: str) -> None:
        """Refuse what the object holds and no element has carried."""
        used = self.used.get(id(item), set())
        for path, value in _held(item):
            if any(path[: len(u)] == u for u in used) or path in _NOT_CONTENT or value == _NOT_PROVIDED:
                continue
            if path == ("instruction", "requested_execution_date") and value == self._today():
                continue
            text = f"the bank's format has no place for {_name(path)} ({str(value)[:40]!r}) here"
            self._fail("H2H-NO-PLACE", item, f"{where} {_name(path)}".strip(), text)

    def _fail(self, code: str, owner: Any, where: str, text: str) -> NoReturn:
        place: Place | None = getattr(owner, "place", None)
        said = text if where in text else f"{where}: {text}"
        line, column = (place.line, place.column) if place else (None, None)
        raise Refused([error(code, where, said, WhoActs.ACCOUNTS_PAYABLE, line=line, column=column)])


def _held(item: Any, before: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The leaves of an object that say something: not empty, and not what its class says by default."""
    for f in dataclasses.fields(item):
        value, path = getattr(item, f.name), (*before, f.name)
        if f.name in _LISTS or value is None or value in ("", (), [], False):
            continue
        if f.default is not dataclasses.MISSING and value == f.default:
            continue
        if isinstance(value, Mapping):
            yield from (((*path, name), inner) for name, inner in value.items())
        elif dataclasses.is_dataclass(value) and not isinstance(value, Place):
            yield from _held(value, path)
        else:
            yield path, value


def _execution_day(owner: Any) -> Any:
    instruction = getattr(owner, "instruction", None)
    if instruction is None and isinstance(owner, Initiation) and owner.transactions:
        instruction = owner.transactions[0].instruction
    return instruction.requested_execution_date if instruction is not None else None


def _name(path: Path) -> str:
    return " ".join(step.replace("_", " ") for step in path if step != "supplementary")


def _how_to_say(path: Path) -> str:
    if path[0] != "supplementary":
        return f"{_name(path)} is missing, and the bank demands it"
    hint = f"[facts] of the bank's profile may say it for all ({path[1]} = …)"
    return f"{_name(path)} is not known, and the bank demands it; {hint}"


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)


def _refused(code: str, where: str, text: str) -> Refused:
    return Refused([error(code, where, text, WhoActs.ERP_TEAM)])
