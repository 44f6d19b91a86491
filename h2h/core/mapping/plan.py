"""The annotated sample of a document, understood: a tree of elements that know what of the model they carry.

A format's ``mapping.xml`` is a document of that format whose elements carry annotations (``urn:h2h:mapping``):

    one="field[:type]"    exactly one; a miss is a finding when reading and a refusal when writing
    opt="field[:type]"    at most one
    each="field[:type]"   any number: texts in a tuple, or objects in a list
                          ``/field`` belongs to the whole message, ``../field`` to the object around this one
    Ccy="{field}"         an attribute that carries a field
    when, unless          "field", "field=A|B" or "field=@list" (a list of codes.toml): written only then;
                          ``when`` of a true/false field sets it when read
    card="flag", "!flag"  written only by versions whose card has, or has not, this flag; read always
    read="only"           never written; write="only": never read
    alias="Name"          another name of the element, accepted when reading
    set="field=value"     what the presence of the element says
    keep="true"   the element is written even if it holds nothing (a schema may demand it empty)
    wraps="each"          the element repeats around each value of the one inside it
    up="field=."          the object around this one, or one of its fields, is copied here
    record="true"         the element that repeats most: documents are cut, and messages streamed, at its end
    use="part"            continue with the children of ``<m:part name="part">``

``type`` is a value type of ``h2h.core.mapping.values`` or a class of the model. Nothing here is code, so a foreign
format folder is safe to load: every name is checked against the model before it is used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from h2h.core.errors import Misconfigured
from h2h.core.mapping.values import VALUE_TYPES
from h2h.core.model.cancellation import (
    CancellationAnswer,
    CancellationDetail,
    CancellationPart,
    CancellationRequest,
)
from h2h.core.model.collection import Collection, Mandate
from h2h.core.model.enquiry import Enquiry, ReportingRequest, RequestedBalance
from h2h.core.model.parties import Account, Agent, Party, PostalAddress
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from h2h.core.model.status import InstructionStatus, StatusReason, StatusReport, TransactionStatus

M = "{urn:h2h:mapping}"

CLASSES: Mapping[str, type] = {
    cls.__name__: cls
    for cls in (
        *(Account, Agent, Party, PostalAddress, CreditTransfer, Initiation, PaymentInstruction),
        *(Collection, Mandate),
        *(CancellationAnswer, CancellationDetail, CancellationPart, CancellationRequest),
        *(Balance, Entry, EntryDetail, Statement, StatementMessage),
        *(InstructionStatus, StatusReason, StatusReport, TransactionStatus),
        *(Enquiry, ReportingRequest, RequestedBalance),
    )
}

# Root object of a family: what its documents say.
KINDS: Mapping[str, type] = {
    "credit-transfer": Initiation,
    "direct-debit": Initiation,
    "status-report": StatusReport,
    "statement": StatementMessage,
    "cancellation-request": CancellationRequest,
    "cancellation-answer": CancellationAnswer,
    "enquiry": Enquiry,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """``when`` or ``unless``: the field is set (no values), or is one of these."""

    field: str
    values: tuple[str, ...]
    wanted: bool


@dataclass(frozen=True, slots=True)
class Carries:
    """What of the model an element or attribute carries."""

    cardinality: str  # one, opt, each
    field: str
    value_type: str = "text"
    cls: type | None = None
    to_message: bool = False  # "/field": appended to the message, not to the enclosing object
    to_around: bool = False  # "../field": belongs to the object around the enclosing one


@dataclass(slots=True)
class Element:
    """One element of the sample."""

    tag: str
    aliases: tuple[str, ...] = ()
    carries: Carries | None = None
    attributes: dict[str, Carries] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    up: tuple[tuple[str, str], ...] = ()
    written: bool = True
    read: bool = True
    record: bool = False
    wraps: bool = False
    kept: bool = False
    children: list[Element] = field(default_factory=list)

    @property
    def is_row(self) -> bool:
        """Whether the element repeats and makes an object each time."""
        return self.carries is not None and self.carries.cls is not None and self.carries.cardinality == "each"


@dataclass(frozen=True, slots=True)
class Plan:
    """A mapping for one card: the document's root element, the class of the message, where documents may be cut.

    ``containers`` and ``records`` are the tags of root/message/container/record: long documents are cut after a record.
    """

    root: Element
    message: type
    containers: frozenset[str]
    records: frozenset[str]


def compile_plan(
    mapping: bytes, parts: bytes, kind: str, flags: frozenset[str], codes: Mapping[str, Sequence[str]], name: str
) -> Plan:
    """The plan of a mapping for a card with these flags; ``Misconfigured`` names the element that is wrong.

    *parts* is another mapping whose parts may be used, or empty.
    """
    document = document_of(mapping, name)
    shared = document_of(parts, name) if parts else document
    reader = _Reader(document, shared, flags, codes, name)
    message = KINDS[kind]
    body = [n for n in document if n.tag != f"{M}part"]
    if document.tag != f"{M}mapping" or len(body) != 1:
        raise Misconfigured(f"{name}: the root is m:mapping with parts and one sample document")
    root = reader.element(body[0], (message,))
    around = [
        (container, record) for top in root.children for container in top.children for record in container.children
    ]
    cuts = [(container.tag, record.tag) for container, record in around if record.record]
    return Plan(root, message, frozenset(c for c, _ in cuts), frozenset(r for _, r in cuts))


def document_of(mapping: bytes, name: str) -> etree._Element:
    """The parsed mapping; ``Misconfigured`` if it is not well-formed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        return etree.fromstring(mapping, parser)
    except etree.XMLSyntaxError as problem:
        raise Misconfigured(f"{name} is not well-formed: {problem}") from problem


class _Reader:
    """Turns annotated elements into ``Element``s, checking every name against the model."""

    def __init__(
        self,
        document: etree._Element,
        shared: etree._Element,
        flags: frozenset[str],
        codes: Mapping[str, Sequence[str]],
        name: str,
    ) -> None:
        self._codes = codes
        self._parts = {str(p.get("name")): p for source in (shared, document) for p in source.iterfind(f"{M}part")}
        self._flags = flags
        self._name = name

    def element(self, node: etree._Element, owners: tuple[type, ...]) -> Element:
        """*owners*: the class whose fields the element carries, before it the class around that one, and so on."""
        owner = owners[-1]
        notes = {str(k)[len(M) :]: str(v) for k, v in node.attrib.items() if str(k).startswith(M)}
        carries = self._carries(node, notes, owners)
        within = (*owners, carries.cls) if carries is not None and carries.cls is not None else owners
        inner = within[-1]
        made = Element(
            tag=str(node.tag),
            aliases=tuple(notes.pop("alias", "").split()),
            carries=carries,
            attributes={
                str(k): self._spec(node, "one", str(v).strip("{}"), within)
                for k, v in node.attrib.items()
                if not str(k).startswith(M)
            },
            conditions=tuple(self._conditions(node, notes, owner)),
            sets=tuple(self._pairs(node, notes.pop("set", ""), inner)),
            up=tuple(self._pairs(node, notes.pop("up", ""), inner)),
            written=self._written(notes),
            read=notes.pop("write", "") != "only",
            record=notes.pop("record", "") == "true",
            wraps=notes.pop("wraps", "") == "each",
            kept=notes.pop("keep", "") == "true",
        )
        for child in self._children(node, notes.pop("use", "")):
            made.children.append(self.element(child, within))
        if notes:
            raise self._wrong(node, f"unknown annotation {', '.join(sorted(notes))}")
        return made

    def _children(self, node: etree._Element, part: str) -> Iterator[etree._Element]:
        yield from node
        if part:
            if part not in self._parts:
                raise self._wrong(node, f"there is no part {part!r}")
            yield from self._parts[part]

    def _carries(self, node: etree._Element, notes: dict[str, str], owners: tuple[type, ...]) -> Carries | None:
        given = [(c, notes.pop(c)) for c in ("one", "opt", "each") if c in notes]
        if len(given) > 1:
            raise self._wrong(node, "only one of one, opt, each")
        return self._spec(node, *given[0], owners) if given else None

    def _spec(self, node: etree._Element, cardinality: str, text: str, owners: tuple[type, ...]) -> Carries:
        name, _, kind = text.partition(":")
        kind = kind or "text"
        cls = CLASSES.get(kind)
        to_message, to_around = name.startswith("/"), name.startswith("../")
        name = name.lstrip("./")
        if cls is None and kind not in VALUE_TYPES:
            raise self._wrong(node, f"unknown type {kind!r}")
        if to_around and len(owners) < 2:
            raise self._wrong(node, "there is no object around this one")
        self._known(node, name, owners[0] if to_message else owners[-2] if to_around else owners[-1])
        return Carries(cardinality, name, kind, cls, to_message, to_around)

    def _conditions(self, node: etree._Element, notes: dict[str, str], owner: type) -> Iterator[Condition]:
        for verb, wanted in (("when", True), ("unless", False)):
            if verb in notes:
                name, _, values = notes.pop(verb).partition("=")
                self._known(node, name, owner)
                yield Condition(name, self._values(node, values), wanted)

    def _values(self, node: etree._Element, text: str) -> tuple[str, ...]:
        if not text.startswith("@"):
            return tuple(text.split("|")) if text else ()
        if text[1:] not in self._codes:
            raise self._wrong(node, f"codes.toml has no list {text[1:]!r}")
        return tuple(self._codes[text[1:]])

    def _pairs(self, node: etree._Element, text: str, owner: type) -> Iterator[tuple[str, str]]:
        for pair in text.split():
            name, _, value = pair.partition("=")
            self._known(node, name, owner)
            yield name, value

    def _written(self, notes: dict[str, str]) -> bool:
        flags = notes.pop("card", "").split()
        read_only = notes.pop("read", "") == "only"
        return not read_only and all((f[1:] not in self._flags) if f[0] == "!" else (f in self._flags) for f in flags)

    def _known(self, node: etree._Element, name: str, owner: type) -> None:
        if name not in {f.name for f in dataclasses.fields(owner)}:
            raise self._wrong(node, f"{owner.__name__} has no field {name!r}")

    def _wrong(self, node: etree._Element, text: str) -> Misconfigured:
        return Misconfigured(f"{self._name}, line {node.sourceline}, {node.tag!s}: {text}")
