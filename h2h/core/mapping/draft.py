"""A starting mapping, made from a sample document: what its names say for certain, and honest blanks for the rest.

A name that means one thing in banking (an IBAN, an end-to-end id) is annotated; every other value stands as a comment
in its place, with the sample's text, so that a person decides. A blank is never a guess: until it is filled, reading
says that the element was not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from h2h.core import xml
from h2h.core.errors import Refused
from h2h.core.findings import WhoActs, error
from h2h.core.mapping.plan import KINDS, compile_plan

#: Where the things that repeat go: (what stands around them, they themselves).
_ROWS = {
    "credit-transfer": ("instructions:PaymentInstruction", "/transactions:CreditTransfer"),
    "direct-debit": ("instructions:PaymentInstruction", "/transactions:CreditTransfer"),
    "status-report": ("instructions:InstructionStatus", "/transactions:TransactionStatus"),
    "statement": ("statements:Statement", "entries:Entry"),
}
_Names = dict[str, tuple[str, ...]]
_MESSAGE: _Names = {
    "message_id": ("msgid", "messageid", "batchid", "fileid"),
    "creation_date_time:date_time": ("credttm", "creationdatetime", "created", "made"),
    "stated_transaction_count:count": ("nboftxs", "count", "numberoftransactions"),
    "stated_control_sum:decimal": ("ctrlsum", "controlsum"),
}
_AROUND: dict[str, _Names] = {
    "credit-transfer": {
        "id": ("pmtinfid", "orderid"),
        "requested_execution_date:date": ("reqdexctndt", "executiondate", "valuedate"),
        "stated_transaction_count:count": ("nboftxs", "count"),
        "stated_control_sum:decimal": ("ctrlsum", "controlsum"),
        "payment_method": ("pmtmtd",),
        "charge_bearer": ("chrgbr",),
    },
    "status-report": {"payment_information_id": ("pmtinfid", "orgnlpmtinfid"), "status": ("pmtinfsts",)},
    "statement": {"id": ("id", "statementid"), "electronic_sequence_number:decimal": ("elctrncseqnb",)},
}
_ROW: dict[str, _Names] = {
    "credit-transfer": {
        "end_to_end_id": ("endtoendid",),
        "instruction_id": ("instrid", "instructionid"),
        "uetr": ("uetr",),
        "amount:amount": ("instdamt", "amount", "amt"),
        "purpose": ("purp", "purpose"),
    },
    "status-report": {
        "end_to_end_id": ("orgnlendtoendid", "endtoendid"),
        "instruction_id": ("orgnlinstrid", "instrid"),
        "status": ("txsts", "status"),
        "amount:amount": ("amount", "amt"),
    },
    "statement": {
        "amount:amount": ("amt", "amount"),
        "credit_debit": ("cdtdbtind", "creditdebit"),
        "booking_date:date": ("bookgdt", "bookingdate"),
        "value_date:date": ("valdt", "valuedate"),
        "account_servicer_reference": ("acctsvcrref", "bankreference"),
    },
}
#: Elements that hold a party, an account or a bank: field and class, and what stands inside.
_PARTS: dict[str, tuple[_Names, _Names]] = {
    "credit-transfer": (
        {"debtor:Party": ("dbtr", "debtor", "payer"), "debtor_account:Account": ("dbtracct", "debtoraccount"),
         "debtor_agent:Agent": ("dbtragt", "debtoragent", "debtorbank")},
        {"creditor:Party": ("cdtr", "creditor", "payee"), "creditor_account:Account": ("cdtracct", "creditoraccount"),
         "creditor_agent:Agent": ("cdtragt", "creditoragent", "creditorbank")},
    ),
    "status-report": ({}, {}),
    "statement": ({"account:Account": ("acct", "account")}, {}),
}  # fmt: skip
_INSIDE: dict[str, _Names] = {
    "Party": {"name": ("nm", "name")},
    "Account": {"iban": ("iban",), "currency": ("ccy", "currency")},
    "Agent": {"bic": ("bic", "bicfi"), "name": ("nm", "name")},
}


@dataclass(slots=True)
class Draft:
    """The mapping, and what a person must still do."""

    mapping: str
    namespace: str | None
    root: str  # of the message, below the document's root
    record: str  # path of the element that was taken for the payment, entry or status
    known: list[str] = field(default_factory=list)  # paths that are annotated
    blanks: list[str] = field(default_factory=list)  # paths that are not


def draft_of(sample: bytes, kind: str, record: str | None = None) -> Draft:
    """A mapping for documents like *sample*; ``Refused`` says what is missing in it.

    *record*: the name of the element that is one payment, entry or status; without it, the one that repeats.
    """
    if kind not in _ROWS:
        raise refused(f"a starting mapping is made for {', '.join(_ROWS)}; {kind} is one of {', '.join(KINDS)}")
    xml.refuse_unsafe(sample)
    root = xml.parse(sample)
    found = record_of(root, record)
    return _Drawing(root, found, kind).draft()


def record_of(root: etree._Element, name: str | None) -> etree._Element:
    """The element that is one of many: the one of that *name*, else the one that repeats most. ``Refused`` if none."""
    elements = [e for e in root.iter() if isinstance(e.tag, str)]
    if name is not None:
        named = next((e for e in elements if _local(e) == name), None)
        if named is None:
            raise refused(f"there is no element {name} in the sample")
        return named
    found: etree._Element | None = None
    most = 1
    for parent in elements:
        for tag, count in Counter(_local(child) for child in parent if isinstance(child.tag, str)).items():
            alike = [child for child in parent if isinstance(child.tag, str) and _local(child) == tag]
            if count > most and any(len(child) for child in alike):
                most, found = count, alike[0]
    if found is None:
        text = "nothing repeats in the sample, so it does not show which element is one payment; name it (--record)"
        raise refused(text)
    return found


class _Drawing:
    """The sample, drawn once as a mapping: each element once, in the order of its first appearance."""

    def __init__(self, root: etree._Element, record: etree._Element, kind: str) -> None:
        self._root, self._record, self._kind = root, record, kind
        around = record.getparent()
        self._around = around if around is not None and around.getparent() not in (None, root) else None
        base = "credit-transfer" if kind == "direct-debit" else kind
        self._fields = (_MESSAGE, _AROUND[base], _ROW[base])
        self._parts: tuple[_Names, ...] = ({}, *_PARTS[base])
        self._used: set[tuple[int, str]] = set()
        self._lines: list[str] = []
        self._made = Draft("", xml.name_of(root.tag)[0], "", _path(record, root))

    def draft(self) -> Draft:
        """The whole; it compiles, whatever was in the sample."""
        top = next((child for child in self._root if isinstance(child.tag, str)), None)
        self._made.root = _local(top) if top is not None else _local(self._root)
        self._lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<m:mapping xmlns:m="urn:h2h:mapping">']
        self._element(self._root, 0, None, 1)
        self._lines.append("</m:mapping>")
        self._made.mapping = "\n".join(self._lines) + "\n"
        compile_plan(self._made.mapping.encode(), b"", self._kind, frozenset(), {}, "the starting mapping")
        return self._made

    def _element(self, node: etree._Element, level: int, inside: str | None, depth: int) -> None:
        notes = ""
        if node is self._around:
            level, notes = 1, f' m:each="{_ROWS[self._kind][0]}"'
        elif node is self._record:
            level, notes = 2, self._record_notes()
        children = list(self._children(node))
        indent = "  " * depth
        if not children:
            self._leaf(node, level, inside, indent)
            return
        if not notes and inside is None:
            inside, notes = self._part(node, level)
        self._lines.append(f"{indent}<{_local(node)}{notes}>")
        for child in children:
            self._element(child, level, inside, depth + 1)
        self._lines.append(f"{indent}</{_local(node)}>")

    def _record_notes(self) -> str:
        up = (
            ' m:up="instruction=."'
            if self._kind in ("credit-transfer", "direct-debit") and self._around is not None
            else ""
        )
        return f' m:each="{_ROWS[self._kind][1]}" m:record="true"{up}'

    def _children(self, node: etree._Element) -> Iterator[etree._Element]:
        """Each name once; where the payments are, the first of them only."""
        seen = set()
        for child in node:
            if isinstance(child.tag, str) and _local(child) not in seen:
                seen.add(_local(child))
                yield (
                    self._record
                    if _local(child) == _local(self._record) and node is self._record.getparent()
                    else child
                )

    def _part(self, node: etree._Element, level: int) -> tuple[str | None, str]:
        for what, names in self._parts[level].items():
            if _local(node).lower() in names and (level, what) not in self._used:
                self._used.add((level, what))
                return what.partition(":")[2], f' m:opt="{what}"'
        return None, ""

    def _leaf(self, node: etree._Element, level: int, inside: str | None, indent: str) -> None:
        name, path = _local(node), _path(node, self._root)
        fields = _INSIDE[inside] if inside is not None else self._fields[level]
        for what, names in fields.items():
            if name.lower() in names and (inside is not None or (level, what) not in self._used):
                if inside is None:
                    self._used.add((level, what))
                self._made.known.append(path)
                self._lines.append(f'{indent}<{name} m:opt="{what}"{_currency(node, what)}/>')
                return
        self._made.blanks.append(path)
        text = (node.text or "").strip().replace("--", "- -")[:60]
        self._lines.append(f"{indent}<!-- {name}: which field is it? In the sample: {text or 'nothing'} -->")


def _currency(node: etree._Element, what: str) -> str:
    """An amount's attribute that is a currency."""
    if not what.endswith(":amount"):
        return ""
    for name, value in node.attrib.items():
        if len(str(value)) == 3 and str(value).isalpha() and str(value).isupper():
            return f' {xml.name_of(name)[1]}="{{currency}}"'
    return ""


def _local(node: etree._Element) -> str:
    return xml.name_of(node.tag)[1]


def _path(node: etree._Element, root: etree._Element) -> str:
    names = [_local(node)]
    for around in node.iterancestors():
        if around is root:
            break
        names.append(_local(around))
    return "/".join(reversed(names))


def refused(text: str) -> Refused:
    """The sample does not show what is needed."""
    return Refused([error("H2H-SAMPLE", "the sample", text, WhoActs.SYSTEM_ADMINISTRATOR)])
