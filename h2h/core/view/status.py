"""Status reports as the command line shows them: JSON values, and a row for each payment that was answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from h2h.core.model.status import StatusReport, TransactionStatus
from h2h.core.view.plain import exact, iso, reasons_joined, reasons_json

STATUS_ROW_HEADER = (
    *("original_message_id", "payment_information_id", "end_to_end_id", "instruction_id", "uetr", "amount", "currency"),
    *("creditor_account", "status", "reason_code", "reason_text", "bank_reference"),
    *("outcome", "payment"),  # of a bank's own codes: what they mean, and the position of the payment in our file
)


def status_report_json(report: StatusReport) -> dict[str, Any]:
    """What a bank answered: of the whole file, of its instructions, of its payments."""
    return {
        "message_id": report.message_id,
        "creation_date_time": iso(report.creation_date_time),
        "original_message_id": report.original_message_id,
        "original_message_name": report.original_message_name,
        "group_status": report.group_status,
        "group_reasons": reasons_json(report.group_reasons),
        **({"group_outcome": str(report.group_outcome)} if report.group_outcome else {}),
        "instructions": [
            {"id": i.payment_information_id, "status": i.status, "reasons": reasons_json(i.reasons)}
            for i in report.instructions
        ],
        "transactions": [_status(t) for t in report.transactions],
    }


def status_rows(report: StatusReport) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Header and rows, one a transaction; of a report about the whole file or instructions only, one a status."""
    return STATUS_ROW_HEADER, (tuple(str(v or "") for v in row) for row in _status_rows(report))


def _status(transaction: TransactionStatus) -> dict[str, Any]:
    return {
        "end_to_end_id": transaction.end_to_end_id,
        "instruction_id": transaction.instruction_id,
        "payment_information_id": transaction.payment_information_id,
        "status": transaction.status,
        "reasons": reasons_json(transaction.reasons),
        "amount": exact(transaction.amount),
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


def _status_rows(report: StatusReport) -> Iterator[tuple[object, ...]]:
    original = report.original_message_id
    for t in report.transactions:
        about = (t.payment_information_id, t.end_to_end_id, t.instruction_id, t.uetr, exact(t.amount), t.currency)
        said = (t.creditor_account, t.status, *reasons_joined(t.reasons), t.account_servicer_reference)
        yield (original, *about, *said, t.outcome, t.ordinal)
    answered = {t.payment_information_id for t in report.transactions}
    for i in report.instructions:
        if i.payment_information_id not in answered:
            status = (i.status, *reasons_joined(i.reasons), None, None, None)
            yield (original, i.payment_information_id, *[None] * 6, *status)
    if not report.transactions and not report.instructions:
        whole = (report.group_status, *reasons_joined(report.group_reasons), None, report.group_outcome, None)
        yield (original, *[None] * 7, *whole)
