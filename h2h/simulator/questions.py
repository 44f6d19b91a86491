"""How the simulated bank reads what is no payment: a camt.055 or a camt.060, by local names, in any version."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from h2h.core.xml import name_of
from h2h.simulator.payments import all_of, text_of

_ISO = "urn:iso:std:iso:20022:tech:xsd:"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that is called back: a payment of an instruction, the whole instruction, or the whole file."""

    message_id: str
    payment_information_id: str | None = None
    end_to_end_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recall:
    """A camt.055."""

    message_name: str
    message_id: str
    case_id: str | None
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One RptgReq of a camt.060."""

    account: str
    message: str


@dataclass(frozen=True, slots=True)
class Question:
    """A camt.060."""

    message_name: str
    message_id: str
    asked: tuple[Asked, ...]


def read_question(data: bytes) -> Recall | Question | None:
    """What is asked; None if it is something else, or cannot be read."""
    if b"<!DOCTYPE" in data:
        return None
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except etree.XMLSyntaxError:
        return None
    message = (name_of(root.tag)[0] or "").removeprefix(_ISO)
    if message.startswith("camt.055"):
        identification = text_of(root, "Assgnmt/Id") or "NOTPROVIDED"
        return Recall(message, identification, text_of(root, "CstmrPmtCxlReq/Case/Id"), tuple(_wanted(root)))
    if message.startswith("camt.060"):
        asked = tuple(
            Asked(text_of(r, "Id/IBAN") or text_of(r, "Othr/Id") or "", text_of(r, "ReqdMsgNmId") or "")
            for r in all_of(root, "RptgReq")
        )
        return Question(message, text_of(root, "GrpHdr/MsgId") or "NOTPROVIDED", asked)
    return None


def _wanted(root: etree._Element) -> list[Wanted]:
    found = []
    for instruction in all_of(root, "OrgnlPmtInfAndCxl"):
        message = text_of(instruction, "OrgnlGrpInf/OrgnlMsgId") or ""
        identification = text_of(instruction, "OrgnlPmtInfId")
        singles = [text_of(tx, "OrgnlEndToEndId") for tx in all_of(instruction, "TxInf")]
        found += [Wanted(message, identification, single) for single in singles or [None]]
    if not found:
        found = [Wanted(text_of(group, "OrgnlMsgId") or "") for group in all_of(root, "OrgnlGrpInfAndCxl")]
    return found
