"""The JSON of the commands, as docs/command-line.md promises it: amounts and times are text. Fields are only added."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from h2h.cli.telling import Story
    from h2h.core.records import InboundFile, PaymentRecord, Submission


def print_json(value: Any) -> None:
    """One JSON object: amounts and times are text in it already."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def story_object(story: Story) -> dict[str, Any]:
    """The shape that docs/command-line.md promises."""
    at = story.present
    made: dict[str, Any] = {
        "what": story.what,
        "kind": story.kind,
        "state": story.state,
        "words": at.words,
        "who_acts": str(at.who_acts),
        "next_step": at.step,
        "commands": [story.site.command(c) for c in at.commands],
        "hints": story.hints,
        "events": [
            {"at": t.at.isoformat(), "event": t.event, "actor": t.actor, "words": t.words, "more": list(t.more)}
            for t in story.lines
        ],
        "findings": story.finding_objects,
        "artefacts": [str(path) for path in story.artefacts],
        "others": story.other_ids,
    }
    if story.submission is not None:
        made["submission"] = submission_object(story.submission)
    if story.payment is not None:
        made["payment"] = payment_object(story.payment) | {"meaning": story.meaning}
    if story.kind == "submission":
        made["payments"] = [payment_object(p) for p in story.payments]
    if story.file is not None:
        made["bank_file"] = file_object(story.file)
    return made


def submission_object(sub: Submission) -> dict[str, Any]:
    """One payment file and where it is."""
    return {
        "submission": sub.sid,
        "bank": sub.bank,
        "erp": sub.folder,
        "file": sub.source_name,
        "sha256": sub.source_sha256,
        "size": sub.source_size,
        "state": str(sub.state),
        "reason": sub.reason,
        "reason_text": sub.reason_text,
        "received_at": sub.received_at.isoformat(),
        "sent_at": sub.sent_at.isoformat() if sub.sent_at else None,
        "next_attempt_at": sub.next_attempt_at.isoformat() if sub.next_attempt_at else None,
        "attempt": sub.attempt,
        "generation": sub.generation,
        "source_format": sub.source_format,
        "bank_format": sub.bank_format,
        "message_id": sub.message_id,
        "transaction_count": sub.transaction_count,
        "control_sum": None if sub.control_sum is None else f"{sub.control_sum:f}",
        "bank_file": sub.remote_name,
        "sealed_sha256": sub.sealed_sha256,
        "evidence": sub.evidence,
        "duplicate_of": sub.duplicate_of,
    }


def payment_object(payment: PaymentRecord) -> dict[str, Any]:
    """One payment and its outcome."""
    return {
        "number": payment.ordinal,
        "end_to_end_id": payment.end_to_end_id,
        "amount": f"{payment.amount:f}",
        "currency": payment.currency,
        "creditor": payment.creditor_name,
        "creditor_account": payment.creditor_account,
        "debtor_account": payment.debtor_account,
        "uetr": payment.uetr,
        "requested_execution_date": _date(payment.requested_execution_date),
        "outcome": str(payment.outcome),
        "outcome_at": payment.outcome_at.isoformat() if payment.outcome_at else None,
        "bank_status": payment.bank_status,
        "reason_code": payment.reason_code,
        "reason_list": payment.reason_list,
        "reason_text": payment.reason_text,
        "settled_on": _date(payment.settled_on),
        "statement": payment.statement_reference,
    }


def file_object(file: InboundFile) -> dict[str, Any]:
    """One file of a bank and where it is."""
    return {
        "id": file.fid,
        "bank": file.bank,
        "folder": file.folder,
        "bank_file": file.remote_name,
        "size": file.size,
        "sha256": file.sha256,
        "fetched_at": file.fetched_at.isoformat(),
        "state": str(file.state),
        "reason": file.reason,
        "reason_text": file.reason_text,
        "removed_at_bank": file.removed,
        "format": file.format,
        "kind": file.kind,
        "message_id": file.message_id,
        "duplicate_of": file.duplicate_of,
    }


def _date(value: Any) -> str | None:
    return value.isoformat() if value else None
