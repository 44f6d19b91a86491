"""The annotated sample of a bank's own document, understood: of small documents that are no ISO 20022.

The language is that of ``plan`` where it says the same (``one opt each when unless set read write alias use``), and
besides:

    one="field[:type] …"  several targets, blank between; the first is the one that is written
                          ``a.b`` is the field b of the part a; ``/a`` belongs to the whole message, ``../a`` to the
                          object around this one; ``supplementary.x`` and ``codes.x`` are facts with names of the bank's
    :@table               a type: the bank's codes ↔ ours, a table of codes.toml
    <X>text</X>           a constant: always written; another value when read is reported
    <X/>                  always written empty; nothing is read
    keep="empty"          written empty where there is no value; ``always``: and where its condition does not hold
    bytes, characters     the longest value, in bytes of the document's encoding, in characters
    count="true"          the position (from 1) of the payment in the file; answers may name payments by it;
                          pad="4": with so many digits; stands="field": the bank has no place for that field, and our
                          journal finds the payment by its position instead
    Size="{rows}"         the number of rows below; ``Size=""``: an attribute that is known and of no meaning
    value="field[:type]"  of an object's element: what its own text says
    up="field=a.b"        copied from the object around, when all is read
    lines="|"             the text holds rows; the children are their columns, each row ends with the separator
                          (ends="open": it does not)
    skip="true"           known and of no meaning to a payment: neither told nor written

Of the whole message, ``instruction.…`` and ``payment.…`` are what all its payments share, and ``statement.…`` the one
statement of an answer that has no element of its own for it. Of an entry, ``detail.…`` is its only detail, and
``counterparty.name`` and ``counterparty.account`` the side that is not ours. Of a status, ``said`` is the bank's words
beside its codes. ``when="@future"`` holds for a day after that of the file.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lxml import etree

from h2h.core.errors import Misconfigured
from h2h.core.mapping.own_values import OWN_TYPES, translated
from h2h.core.mapping.plan import CLASSES, KINDS, M, document_of
from h2h.core.mapping.values import ValueType
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction
from h2h.core.model.statement import Entry, EntryDetail, Statement, StatementMessage
from h2h.core.model.status import StatusReport, TransactionStatus

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counterparty:
    """The other side of an entry, whichever way the money went."""

    name: str | None = None
    account: str | None = None


#: The part of a message that its sample may name though the model keeps a list of it.
SHARED: Mapping[type, tuple[str, type]] = {
    Initiation: ("instruction", PaymentInstruction),
    StatementMessage: ("statement", Statement),
}

#: Where a bank's words (``said``) go that stand beside its codes.
SAID: Mapping[type, str] = {TransactionStatus: "reasons", StatusReport: "group_reasons"}


@dataclass(frozen=True, slots=True)
class Target:
    """A field that a value goes to. ``scope``: own, around (the object around) or message."""

    scope: str
    path: Path
    type: ValueType


@dataclass(frozen=True, slots=True)
class When:
    """A condition of writing; no values: the field is there. ``@future`` has no field."""

    path: Path
    values: tuple[str, ...]
    wanted: bool


@dataclass(slots=True)
class Node:
    """One element, attribute or column of the sample."""

    tag: str
    aliases: tuple[str, ...] = ()
    cardinality: str = ""  # one, opt, each
    targets: tuple[Target, ...] = ()
    cls: type | None = None  # an object begins here; targets[0] is the list it goes to
    value: Target | None = None
    constant: str | None = None
    attributes: list[Node] = field(default_factory=list)
    conditions: tuple[When, ...] = ()
    sets: tuple[tuple[Path, str], ...] = ()
    up: tuple[tuple[Path, Path], ...] = ()
    written: bool = True
    read: bool = True
    skip: bool = False
    keep: bool = False
    keep_always: bool = False
    counts: bool = False
    pad: int = 0
    stands: Path | None = None
    bytes_max: int | None = None
    characters_max: int | None = None
    lines: str | None = None
    open_rows: bool = False
    children: list[Node] = field(default_factory=list)


def compile_sample(
    mapping: bytes, parts: bytes, kind: str, flags: frozenset[str], codes: Mapping[str, Any], name: str
) -> tuple[Node, type]:
    """The root element of a sample and the class of its message; ``Misconfigured`` names the element that is wrong.

    *parts* is a document with parts that several samples use, or empty.
    """
    document = document_of(mapping, name)
    sources = [document_of(parts, name), document] if parts else [document]
    body = [n for n in document if n.tag != f"{M}part"]
    if document.tag != f"{M}mapping" or len(body) != 1:
        raise Misconfigured(f"{name}: the root is m:mapping with parts and one sample document")
    message = KINDS[kind]
    return _Compiler(sources, flags, codes, name).node(body[0], (message,)), message


class _Compiler:
    def __init__(
        self, sources: Sequence[etree._Element], flags: frozenset[str], codes: Mapping[str, Any], name: str
    ) -> None:
        self._parts = {str(p.get("name")): p for source in sources for p in source.iterfind(f"{M}part")}
        self._flags, self._codes, self._name = flags, codes, name

    def node(self, element: etree._Element, owners: tuple[type, ...]) -> Node:
        """*owners*: the class whose fields the element carries, before it the class around that one, and so on."""
        notes = {str(k)[len(M) :]: str(v) for k, v in element.attrib.items() if str(k).startswith(M)}
        made = Node(str(element.tag), tuple(notes.pop("alias", "").split()))
        made.conditions = tuple(self._conditions(element, notes, owners))
        self._carry(element, notes, owners, made)
        within = (*owners, made.cls) if made.cls is not None else owners
        if "value" in notes:
            made.value = self._target(element, notes.pop("value"), within)
        made.sets = tuple((self._path(element, n, within[-1]), v) for n, v in _pairs(notes.pop("set", "")))
        made.up = tuple(
            (self._path(element, n, within[-1]), self._path(element, v, within[-2]))
            for n, v in _pairs(notes.pop("up", ""))
        )
        self._manner(element, notes, made, owners)
        made.attributes = [
            self._attribute(element, str(k), str(v), within)
            for k, v in element.attrib.items()
            if not str(k).startswith(M)
        ]
        part = notes.pop("use", "")
        if part and part not in self._parts:
            raise self._wrong(element, f"there is no part {part!r}")
        made.children = [self.node(c, within) for c in [*element, *(self._parts[part] if part else ())]]
        text = (element.text or "").strip()
        if text:
            made.constant = text
        elif not (made.children or made.targets or made.skip or made.sets or made.counts):
            made.constant = ""
        if notes:
            raise self._wrong(element, f"unknown annotation {', '.join(sorted(notes))}")
        return made

    def _carry(self, element: etree._Element, notes: dict[str, str], owners: tuple[type, ...], made: Node) -> None:
        given = [(c, notes.pop(c)) for c in ("one", "opt", "each") if c in notes]
        if len(given) > 1:
            raise self._wrong(element, "only one of one, opt, each")
        made.counts = notes.pop("count", "") == "true"
        for made.cardinality, text in given:
            first, _, kind = text.partition(":")
            if kind in CLASSES:
                made.cls = CLASSES[kind]
                made.targets = (self._target(element, first, owners),)
            else:
                made.targets = tuple(self._target(element, one, owners) for one in text.split())

    def _manner(self, element: etree._Element, notes: dict[str, str], made: Node, owners: tuple[type, ...]) -> None:
        flags = notes.pop("card", "").split()
        read = notes.pop("read", "")
        has = all((f[1:] not in self._flags) if f[0] == "!" else (f in self._flags) for f in flags)
        made.written = has and read != "only"
        made.read = notes.pop("write", "") != "only"
        made.skip = notes.pop("skip", "") == "true"
        keep = notes.pop("keep", "")
        made.keep, made.keep_always = keep in ("empty", "always"), keep == "always"
        made.lines, made.open_rows = notes.pop("lines", None), notes.pop("ends", "") == "open"
        if "stands" in notes:
            made.stands = self._path(element, notes.pop("stands"), owners[-1])
        made.pad = int(notes.pop("pad", "0"))
        for limit in ("bytes", "characters"):
            text = notes.pop(limit, None)
            if text is not None and not text.isdigit():
                raise self._wrong(element, f"{limit} is a number")
            setattr(made, f"{limit}_max", int(text) if text else None)

    def _attribute(self, element: etree._Element, name: str, text: str, owners: tuple[type, ...]) -> Node:
        if not text.startswith("{"):
            return Node(name, constant=text) if text else Node(name, skip=True)
        inner = text.strip("{}")
        if inner == "rows":
            return Node(name, counts=True)
        return Node(name, cardinality="one", targets=(self._target(element, inner, owners),))

    def _target(self, element: etree._Element, text: str, owners: tuple[type, ...]) -> Target:
        name, _, kind = text.partition(":")
        scope = "message" if name.startswith("/") else "around" if name.startswith("../") else "own"
        if scope == "around" and len(owners) < 2:
            raise self._wrong(element, "there is no object around this one")
        owner = owners[0] if scope == "message" else owners[-2] if scope == "around" else owners[-1]
        path = self._path(element, name.lstrip("./"), owner)
        if kind.startswith("@"):
            table = self._codes.get(kind[1:])
            if not isinstance(table, Mapping):
                raise self._wrong(element, f"codes.toml has no table {kind[1:]!r}")
            return Target(scope, path, translated(table, kind[1:]))
        if (kind or "text") not in OWN_TYPES:
            raise self._wrong(element, f"unknown type {kind!r}")
        return Target(scope, path, OWN_TYPES[kind or "text"])

    def _conditions(self, element: etree._Element, notes: dict[str, str], owners: tuple[type, ...]) -> Iterator[When]:
        for verb, wanted in (("when", True), ("unless", False)):
            if verb not in notes:
                continue
            name, _, values = notes.pop(verb).partition("=")
            path = (name,) if name == "@future" else self._path(element, name, owners[-1])
            yield When(path, self._values(element, values), wanted)

    def _values(self, element: etree._Element, text: str) -> tuple[str, ...]:
        if not text.startswith("@"):
            return tuple(text.split("|")) if text else ()
        found = self._codes.get(text[1:])
        if not isinstance(found, Sequence) or isinstance(found, str):
            raise self._wrong(element, f"codes.toml has no list {text[1:]!r}")
        return tuple(found)

    def _path(self, element: etree._Element, name: str, owner: type) -> Path:
        """The path, every step of it checked against the model."""
        steps = tuple(name.split("."))
        cls: type | None = owner
        for number, step in enumerate(steps):
            if cls is None:
                raise self._wrong(element, f"{'.'.join(steps[:number])} has no parts")
            found = parts_of(cls).get(step, _NO_FIELD)
            if found is _NO_FIELD:
                raise self._wrong(element, f"{cls.__name__} has no field {step!r}")
            if found is Mapping:
                return steps
            cls = found
        return steps

    def _wrong(self, element: etree._Element, text: str) -> Misconfigured:
        return Misconfigured(f"{self._name}, line {element.sourceline}, {element.tag!s}: {text}")


_NO_FIELD: Any = object()


@lru_cache(maxsize=64)
def parts_of(cls: type) -> Mapping[str, Any]:
    """The fields of a class: the class of each that is a part, ``Mapping`` for facts, else None."""
    hints = typing.get_type_hints(cls)
    found: dict[str, Any] = {f.name: _part(hints[f.name]) for f in dataclasses.fields(cls)}
    if cls in SHARED:
        name, shared = SHARED[cls]
        found[name] = shared
    if cls is Initiation:
        found["payment"] = CreditTransfer
    if cls is Entry:
        found |= {"detail": EntryDetail, "counterparty": Counterparty}
    if cls in SAID:
        found["said"] = None
    return found


def _part(hint: Any) -> Any:
    if typing.get_origin(hint) is Mapping:
        return Mapping
    alternatives = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return next((a for a in alternatives if dataclasses.is_dataclass(a)), None)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in text.split():
        name, _, value = pair.partition("=")
        yield name, value
