"""A message as the command-line contract shows it: plain JSON values. Amounts are text, never numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from h2h.core.findings import Finding
from h2h.core.format import Format, Message, Read
from h2h.core.model.cancellation import CancellationAnswer, CancellationRequest
from h2h.core.model.enquiry import Enquiry
from h2h.core.model.parties import Agent
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from h2h.core.model.status import StatusReason, StatusReport, TransactionStatus
from h2h.core.view_cancellation import cancellation_json
from h2h.core.view_enquiry import enquiry_json

STATUS_ROW_HEADER = (
    *("original_message_id", "payment_information_id", "end_to_end_id", "instruction_id", "uetr", "amount", "currency"),
    *("creditor_account", "status", "reason_code", "reason_text", "bank_reference"),
    *("outcome", "payment"),  # of a bank's own codes: what they mean, and the position of the payment in our file
)
INITIATION_ROW_HEADER = (
    *("message_id", "payment_information_id", "requested_execution_date", "debtor", "debtor_account", "end_to_end_id"),
    *("instruction_id", "amount", "currency", "creditor", "creditor_account", "creditor_agent", "remittance"),
)
# What h2h itself knows of a payment is not part of a bank's message.
OF_THE_JOURNAL = ("source_file", "payment", "outcome")


def message_json(format_: Format, read: Read) -> dict[str, Any]:
    """The whole message with its findings, as ``h2h inspect --json`` prints it."""
    return {
        "format": format_.id,
        "kind": format_.kind,
        **_content(read.message),
        "findings": findings_json(read.findings),
    }


def refused_json(format_: Format | None, findings: Iterable[Finding]) -> dict[str, Any]:
    """What is printed for a file that could not be read."""
    return {
        "format": format_.id if format_ else None,
        "kind": format_.kind if format_ else None,
        "findings": findings_json(findings),
    }


def findings_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON values."""
    return [f.as_json() for f in findings]


def _content(message: Message) -> dict[str, Any]:
    if isinstance(message, StatementMessage):
        return _statements(message)
    if isinstance(message, CancellationRequest | CancellationAnswer):
        return cancellation_json(message)
    if isinstance(message, StatusReport):
        return _report(message)
    return enquiry_json(message) if isinstance(message, Enquiry) else _initiation(message)


# ---------------------------------------------------------------------------------------------------- statements


def _statements(message: StatementMessage) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "creation_date_time": _when(message.creation_date_time),
        "statements": [_statement(s) for s in message.statements],
    }


def _statement(statement: Statement) -> dict[str, Any]:
    opening, closing = statement.opening, statement.closing
    currency = statement.account.currency or next((b.currency for b in (opening, closing) if b), None)
    return {
        "id": statement.id,
        "kind": statement.kind,
        "account": statement.account.number,
        "account_owner": statement.account_owner,
        "currency": currency or next((e.currency for e in statement.entries), None),
        "electronic_sequence_number": _exact(statement.electronic_sequence_number),
        "legal_sequence_number": _exact(statement.legal_sequence_number),
        "creation_date_time": _when(statement.creation_date_time),
        "opening_balance": _balance(opening),
        "closing_balance": _balance(closing),
        "balances": [{"type": b.type, **(_balance(b) or {})} for b in statement.balances],
        **({"additional_information": told} if (told := statement.additional_information) else {}),
        "entries": [entry_json(e) for e in statement.entries],
    }


def _balance(balance: Balance | None) -> dict[str, Any] | None:
    if balance is None:
        return None
    return {
        "amount": _exact(balance.amount),
        "currency": balance.currency,
        "credit_debit": balance.credit_debit,
        "date": _when(balance.date),
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """One entry of a statement."""
    details = entry.details
    remittance = " ".join(d.remittance for d in details if d.remittance)
    more = entry.additional_information if remittance else ""
    return {
        "amount": _exact(entry.amount),
        "currency": entry.currency,
        "credit_debit": entry.credit_debit,
        "booking_date": _when(entry.booking_date),
        "value_date": _when(entry.value_date),
        "reversal": entry.reversal,
        "status": entry.status,
        "end_to_end_ids": [d.end_to_end_id for d in details if d.end_to_end_id],
        "counterparty": counterparty(entry),
        "remittance": remittance or entry.additional_information,
        **({"additional_information": more} if more else {}),
        "entry_reference": entry.entry_reference,
        "account_servicer_reference": entry.account_servicer_reference,
        "bank_transaction_code": entry.bank_transaction_code,
        "batch": _batch(entry),
        "details": [_detail(d) for d in details],
    }


def _batch(entry: Entry) -> dict[str, Any] | None:
    if entry.batch_message_id is None and entry.batch_payment_information_id is None:
        return None
    return {
        "message_id": entry.batch_message_id,
        "payment_information_id": entry.batch_payment_information_id,
        "transaction_count": entry.batch_transaction_count,
    }


def _detail(detail: EntryDetail) -> dict[str, Any]:
    made = {name: _plain(getattr(detail, name)) for name in EntryDetail.__slots__}
    return {name: value for name, value in made.items() if value not in (None, "", False)}


def counterparty(entry: Entry) -> str | None:
    """The other side: whom a debit went to, whom a credit came from. A reversal was booked the other way round."""
    incoming = (entry.credit_debit == "CRDT") is not entry.reversal
    for detail in entry.details:
        name = detail.debtor_name if incoming else detail.creditor_name
        if name:
            return name
    return None


# ---------------------------------------------------------------------------------------------------- initiations


def _initiation(initiation: Initiation) -> dict[str, Any]:
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
        "creation_date_time": _when(initiation.creation_date_time),
        "initiating_party": initiation.initiating_party.name,
        "transaction_count": len(initiation.transactions),
        "control_sum": _exact(initiation.control_sum),
        "stated_transaction_count": initiation.stated_transaction_count,
        "stated_control_sum": _exact(initiation.stated_control_sum),
        **({"supplementary": dict(initiation.supplementary)} if initiation.supplementary else {}),
        "instructions": [
            {**_instruction(i, own), **_collecting(i, initiation.kind), "transactions": below[id(i)]} for i in order
        ],
    }


def _instruction(instruction: PaymentInstruction, own: str) -> dict[str, Any]:
    when = instruction.requested_execution_date or instruction.requested_execution_date_time
    return {
        "id": instruction.id,
        own: instruction.debtor.name,
        f"{own}_account": instruction.debtor_account.number,
        f"{own}_agent": instruction.debtor_agent.bic,
        "requested_execution_date": _when(when),
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
        "mandate_date_of_signature": _when(mandate.date_of_signature) if mandate else None,
        "mandate_amended": mandate.amended if mandate else None,
        "original_mandate_id": mandate.original_id if mandate else None,
        "original_creditor_scheme_id": creditor.identification if creditor else None,
        "original_creditor_name": creditor.name if creditor else None,
        "original_debtor_account": former.number if former else None,
        "pre_notification_id": collection.pre_notification_id,
        "pre_notification_date": _when(collection.pre_notification_date),
    }
    return {name: value for name, value in said.items() if value is not None}


def transaction_json(transaction: CreditTransfer, kind: str) -> dict[str, Any]:
    """One payment of a file of that kind."""
    return _transaction(transaction, "creditor" if kind == "credit-transfer" else "debtor")


def _transaction(transaction: CreditTransfer, other: str) -> dict[str, Any]:
    account = transaction.creditor_account
    return {
        **_mandate(transaction),
        "end_to_end_id": transaction.end_to_end_id,
        "instruction_id": transaction.instruction_id,
        "amount": _exact(transaction.amount),
        "currency": transaction.currency,
        other: transaction.creditor.name,
        f"{other}_account": account.number if account else None,
        f"{other}_agent": _agent(transaction.creditor_agent),
        "remittance": " ".join(transaction.remittance_unstructured) or transaction.creditor_reference or "",
        "line": transaction.place.line if transaction.place else None,
        **({"supplementary": dict(transaction.supplementary)} if transaction.supplementary else {}),
    }


def _agent(agent: Agent | None) -> str | None:
    """A bank as people name it: by BIC, else by clearing number, else by name."""
    return agent.bic or agent.member_id or agent.name if agent is not None else None


# ---------------------------------------------------------------------------------------------------- status reports


def _report(report: StatusReport) -> dict[str, Any]:
    return {
        "message_id": report.message_id,
        "creation_date_time": _when(report.creation_date_time),
        "original_message_id": report.original_message_id,
        "original_message_name": report.original_message_name,
        "group_status": report.group_status,
        "group_reasons": _reasons(report.group_reasons),
        **({"group_outcome": str(report.group_outcome)} if report.group_outcome else {}),
        "instructions": [
            {"id": i.payment_information_id, "status": i.status, "reasons": _reasons(i.reasons)}
            for i in report.instructions
        ],
        "transactions": [_status(t) for t in report.transactions],
    }


def _status(transaction: TransactionStatus) -> dict[str, Any]:
    return {
        "end_to_end_id": transaction.end_to_end_id,
        "instruction_id": transaction.instruction_id,
        "payment_information_id": transaction.payment_information_id,
        "status": transaction.status,
        "reasons": _reasons(transaction.reasons),
        "amount": _exact(transaction.amount),
        "currency": transaction.currency,
        "account_servicer_reference": transaction.account_servicer_reference,
        **_own_codes(transaction),
    }


def _own_codes(transaction: TransactionStatus) -> dict[str, Any]:
    """What a bank with codes of its own says besides."""
    if transaction.outcome is None and not transaction.codes:
        return {}
    outcome = str(transaction.outcome) if transaction.outcome else None
    return {"ordinal": transaction.ordinal, "outcome": outcome, "codes": dict(transaction.codes)}


def _reasons(reasons: Iterable[StatusReason]) -> list[dict[str, Any]]:
    return [{"code": r.code or r.proprietary, "text": r.text} for r in reasons]


# ---------------------------------------------------------------------------------------------------- rows


def statement_rows(message: StatementMessage) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Header and rows, one a transaction, as they are delivered to an ERP but without what h2h knows of payments.

    Amounts are text; formulas are the caller's to defuse (``h2h.core.rows.write_csv`` does).
    """
    from h2h.core import rows as delivered  # what payments are known by is not needed to show a message

    width = len(delivered.STATEMENT_HEADER) - len(OF_THE_JOURNAL)
    rows = (row[:width] for s in message.statements for row in delivered.statement_rows(s, (), {}))
    return delivered.STATEMENT_HEADER[:width], rows


def initiation_rows(initiation: Initiation) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Header and rows, one a payment, for people; not all that a payment may hold has a column."""
    return INITIATION_ROW_HEADER, (_initiation_row(initiation, t) for t in initiation.transactions)


def _initiation_row(initiation: Initiation, t: CreditTransfer) -> Sequence[str]:
    i = t.instruction
    when = _when(i.requested_execution_date or i.requested_execution_date_time)
    made = _transaction(t, "creditor")
    about = (initiation.message_id, i.id, when, i.debtor.name, i.debtor_account.number)
    names = INITIATION_ROW_HEADER[len(about) :]
    return tuple(str(v or "") for v in (*about, *(made[name] for name in names)))


def status_rows(report: StatusReport) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Header and rows, one a transaction; of a report about the whole file or instructions only, one a status."""
    return STATUS_ROW_HEADER, (tuple(str(v or "") for v in row) for row in _status_rows(report))


def _status_rows(report: StatusReport) -> Iterator[tuple[object, ...]]:
    original = report.original_message_id
    for t in report.transactions:
        about = (t.payment_information_id, t.end_to_end_id, t.instruction_id, t.uetr, _exact(t.amount), t.currency)
        said = (t.creditor_account, t.status, *_reason(t.reasons), t.account_servicer_reference)
        yield (original, *about, *said, t.outcome, t.ordinal)
    answered = {t.payment_information_id for t in report.transactions}
    for i in report.instructions:
        if i.payment_information_id not in answered:
            yield (original, i.payment_information_id, *[None] * 6, i.status, *_reason(i.reasons), None, None, None)
    if not report.transactions and not report.instructions:
        whole = (report.group_status, *_reason(report.group_reasons), None, report.group_outcome, None)
        yield (original, *[None] * 7, *whole)


def _reason(reasons: Sequence[StatusReason]) -> tuple[str, str]:
    codes = "; ".join(r.code or r.proprietary or "" for r in reasons)
    return codes, "; ".join(r.text for r in reasons if r.text)


def _exact(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _when(moment: date | datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _plain(value: object) -> Any:
    return _exact(value) if isinstance(value, Decimal) else value
