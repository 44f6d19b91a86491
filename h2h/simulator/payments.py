"""How the simulated bank reads a pain.001: by local names, in any version, sharing nothing with h2h's own reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from lxml import etree

from h2h.core.xml import name_of


@dataclass(frozen=True, slots=True)
class Payment:
    """One CdtTrfTxInf with what it inherits from its PmtInf."""

    end_to_end_id: str
    instruction_id: str | None
    uetr: str | None
    payment_information_id: str
    amount: Decimal
    currency: str
    creditor_name: str
    creditor_account: str
    debtor_account: str
    remittance: str
    requested_execution_date: str
    batch: bool


@dataclass(slots=True)
class Initiation:
    """One file. ``refusal`` is (reason code, words) if the bank refuses it as a whole."""

    message_name: str = "pain.001.001.09"
    message_id: str = "NOTPROVIDED"
    payments: list[Payment] = field(default_factory=list)
    refusal: tuple[str, str] | None = None

    @property
    def total(self) -> Decimal:
        """Sum of all amounts."""
        return sum((payment.amount for payment in self.payments), Decimal(0))


def read_initiation(data: bytes) -> Initiation:
    """What the file says; never raises, an unreadable file is a refused one."""
    initiation = Initiation()
    if b"<!DOCTYPE" in data:
        initiation.refusal = ("FF01", "a document type declaration is not accepted")
        return initiation
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as problem:
        initiation.refusal = ("FF01", f"not well-formed: {problem.msg}"[:105])
        return initiation
    namespace, local = name_of(root.tag)
    if local != "Document" or not (namespace or "").startswith("urn:iso:std:iso:20022:tech:xsd:pain.001"):
        initiation.refusal = ("FF01", "not a customer credit transfer initiation")
        return initiation
    initiation.message_name = (namespace or "").rpartition(":")[2]
    try:
        _read(root, initiation)
    except (ValueError, InvalidOperation) as problem:
        initiation.refusal = ("FF01", str(problem)[:105])
    return initiation


def _read(root: etree._Element, initiation: Initiation) -> None:
    initiation.message_id = _need(root, "GrpHdr/MsgId")
    for batch in all_of(root, "PmtInf"):
        shared = {
            "payment_information_id": _need(batch, "PmtInfId"),
            "debtor_account": _account(batch, "DbtrAcct"),
            "requested_execution_date": text_of(batch, "ReqdExctnDt") or _need(batch, "ReqdExctnDt/Dt"),
        }
        together = text_of(batch, "BtchBookg") == "true"
        payments = [_payment(transaction, shared, together) for transaction in all_of(batch, "CdtTrfTxInf")]
        _compare(batch, payments)
        initiation.payments += payments
    if not initiation.payments:
        raise ValueError("no transaction")
    stated = _need(root, "GrpHdr/NbOfTxs")
    if int(stated) != len(initiation.payments):
        initiation.refusal = ("AM18", f"{stated} transactions stated, {len(initiation.payments)} found")
    total = text_of(root, "GrpHdr/CtrlSum")
    if total is not None and Decimal(total) != initiation.total:
        initiation.refusal = ("AM10", f"control sum {total} stated, {initiation.total} found")


def _payment(transaction: etree._Element, shared: dict[str, str], together: bool) -> Payment:
    amount = next(iter(all_of(transaction, "InstdAmt")), None)
    if amount is None or amount.text is None:
        raise ValueError("a transaction without InstdAmt")
    value = Decimal(amount.text.strip())
    if not value.is_finite() or value <= 0:
        raise ValueError(f"amount {amount.text} is not payable")
    return Payment(
        end_to_end_id=_need(transaction, "PmtId/EndToEndId"),
        instruction_id=text_of(transaction, "PmtId/InstrId"),
        uetr=text_of(transaction, "PmtId/UETR"),
        amount=value,
        currency=amount.get("Ccy", ""),
        creditor_name=text_of(transaction, "Cdtr/Nm") or "",
        creditor_account=_account(transaction, "CdtrAcct"),
        remittance=text_of(transaction, "RmtInf/Ustrd") or text_of(transaction, "RmtInf//Ref") or "",
        batch=together,
        **shared,
    )


def _compare(batch: etree._Element, payments: list[Payment]) -> None:
    count, total = text_of(batch, "NbOfTxs"), text_of(batch, "CtrlSum")
    if count is not None and int(count) != len(payments):
        raise ValueError(f"payment information states {count} transactions and has {len(payments)}")
    found = sum((payment.amount for payment in payments), Decimal(0))
    if total is not None and Decimal(total) != found:
        raise ValueError(f"payment information states the sum {total} and has {found}")


def all_of(element: etree._Element, path: str) -> list[etree._Element]:
    """The elements of that path of local names, anywhere below."""
    found = _compiled(path)(element)
    return [node for node in found if isinstance(node, etree._Element)] if isinstance(found, list) else []


@lru_cache
def _compiled(path: str) -> etree.XPath:
    steps = ["" if step == "" else f"*[local-name()='{step}']" for step in path.split("/")]
    return etree.XPath(".//" + "/".join(steps))


def text_of(element: etree._Element, path: str) -> str | None:
    """The text of the first such element; None if there is none."""
    found = all_of(element, path)
    text = (found[0].text or "").strip() if found else ""
    return text or None


def _need(element: etree._Element, path: str) -> str:
    text = text_of(element, path)
    if text is None:
        raise ValueError(f"{path} is missing")
    return text


def _account(element: etree._Element, path: str) -> str:
    return text_of(element, f"{path}/Id/IBAN") or _need(element, f"{path}/Id/Othr/Id")
