"""Initiations as the command line shows them: JSON values, and a row for each payment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from h2h.core.model.parties import Agent
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction
from h2h.core.view.plain import exact, iso

INITIATION_ROW_HEADER = (
    *("message_id", "payment_information_id", "requested_execution_date", "debtor", "debtor_account", "end_to_end_id"),
    *("instruction_id", "amount", "currency", "creditor", "creditor_account", "creditor_agent", "remittance"),
)


def initiation_json(initiation: Initiation) -> dict[str, Any]:
    """The payments, each below its instruction."""
    # Of a collection the own side is the creditor: the two change places (contract of the command line).
    own, other = ("debtor", "creditor") if initiation.kind == "credit-transfer" else ("creditor", "debtor")
    below: dict[int, list[dict[str, Any]]] = {id(i): [] for i in initiation.instructions}
    order: list[PaymentInstruction] = [*initiation.instructions]
    for transaction in initiation.transactions:
        key = id(transaction.instruction)
        if key not in below:
            below[key] = []
            order.append(transaction.instruction)
        below[key].append(_transaction(transaction, other))
    return {
        "message_id": initiation.message_id,
        "creation_date_time": iso(initiation.creation_date_time),
        "initiating_party": initiation.initiating_party.name,
        "transaction_count": len(initiation.transactions),
        "control_sum": exact(initiation.control_sum),
        "stated_transaction_count": initiation.stated_transaction_count,
        "stated_control_sum": exact(initiation.stated_control_sum),
        **({"supplementary": dict(initiation.supplementary)} if initiation.supplementary else {}),
        "instructions": [
            {**_instruction(i, own), **_collecting(i, initiation.kind), "transactions": below[id(i)]} for i in order
        ],
    }


def transaction_json(transaction: CreditTransfer, kind: str) -> dict[str, Any]:
    """One payment of a file of that kind."""
    return _transaction(transaction, "creditor" if kind == "credit-transfer" else "debtor")


def initiation_rows(initiation: Initiation) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Header and rows, one a payment, for people; not all that a payment may hold has a column."""
    return INITIATION_ROW_HEADER, (_initiation_row(initiation, t) for t in initiation.transactions)


def _instruction(instruction: PaymentInstruction, own: str) -> dict[str, Any]:
    when = instruction.requested_execution_date or instruction.requested_execution_date_time
    return {
        "id": instruction.id,
        own: instruction.debtor.name,
        f"{own}_account": instruction.debtor_account.number,
        f"{own}_agent": instruction.debtor_agent.bic,
        "requested_execution_date": iso(when),
        "service_level": instruction.service_level or instruction.service_level_proprietary,
        "local_instrument": instruction.local_instrument or instruction.local_instrument_proprietary,
        "category_purpose": instruction.category_purpose or instruction.category_purpose_proprietary,
    }


def _collecting(instruction: PaymentInstruction, kind: str) -> dict[str, Any]:
    if kind != "direct-debit":
        return {}
    scheme = instruction.creditor_scheme
    return {
        "sequence_type": instruction.sequence_type,
        "creditor_scheme_id": scheme.identification if scheme else None,
    }


def _transaction(transaction: CreditTransfer, other: str) -> dict[str, Any]:
    account = transaction.creditor_account
    return {
        **_mandate(transaction),
        "end_to_end_id": transaction.end_to_end_id,
        "instruction_id": transaction.instruction_id,
        "amount": exact(transaction.amount),
        "currency": transaction.currency,
        other: transaction.creditor.name,
        f"{other}_account": account.number if account else None,
        f"{other}_agent": _agent(transaction.creditor_agent),
        "remittance": " ".join(transaction.remittance_unstructured) or transaction.creditor_reference or "",
        "line": transaction.place.line if transaction.place else None,
        **({"supplementary": dict(transaction.supplementary)} if transaction.supplementary else {}),
    }


def _mandate(transaction: CreditTransfer) -> dict[str, Any]:
    """The facts of a collection that are there; an amendment is told by what the mandate said before."""
    collection = transaction.collection
    if collection is None:
        return {}
    mandate, scheme = collection.mandate, collection.creditor_scheme
    former = mandate.original_debtor_account if mandate else None
    creditor = mandate.original_creditor_scheme if mandate else None
    said = {
        "sequence_type": transaction.sequence_type,
        "creditor_scheme_id": scheme.identification if scheme else None,
        "mandate_id": mandate.id if mandate else None,
        "mandate_date_of_signature": iso(mandate.date_of_signature) if mandate else None,
        "mandate_amended": mandate.amended if mandate else None,
        "original_mandate_id": mandate.original_id if mandate else None,
        "original_creditor_scheme_id": creditor.identification if creditor else None,
        "original_creditor_name": creditor.name if creditor else None,
        "original_debtor_account": former.number if former else None,
        "pre_notification_id": collection.pre_notification_id,
        "pre_notification_date": iso(collection.pre_notification_date),
    }
    return {name: value for name, value in said.items() if value is not None}


def _agent(agent: Agent | None) -> str | None:
    """A bank as people name it: by BIC, else by clearing number, else by name."""
    return agent.bic or agent.member_id or agent.name if agent is not None else None


def _initiation_row(initiation: Initiation, t: CreditTransfer) -> Sequence[str]:
    i = t.instruction
    when = iso(i.requested_execution_date or i.requested_execution_date_time)
    made = _transaction(t, "creditor")
    about = (initiation.message_id, i.id, when, i.debtor.name, i.debtor_account.number)
    names = INITIATION_ROW_HEADER[len(about) :]
    return tuple(str(v or "") for v in (*about, *(made[name] for name in names)))
