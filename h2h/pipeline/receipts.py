"""What stands beside the ERP's file: a live receipt through its whole life, and an error report if it was refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from h2h.core.answers import Meanings
from h2h.core.errors import Misconfigured, Unavailable
from h2h.core.findings import Finding, WhoActs
from h2h.core.outcome import Outcome
from h2h.core.records import PaymentRecord, Submission
from h2h.core.story import present
from h2h.pipeline.house import House, log

#: A receipt names every payment of small files; of large ones only those that need somebody.
PAYMENTS_IN_RECEIPT_MAX = 500
#: So many of the newest receipts are looked at: a stop cuts short no more than a step of each worker.
RECEIPTS_LOOKED_AT = 200
_NEEDS_SOMEBODY = frozenset({Outcome.REJECTED, Outcome.RETURNED, Outcome.UNKNOWN, Outcome.CANCELLED})


def write_receipt(house: House, sub: Submission) -> bool:
    """Write ``NAME.status.json``. The journal is the truth: a receipt that cannot be written stops nothing; False.

    Stages overtake each other here: what is older than the receipt that stands is not written over it. Another process
    (a node, a person's command) may write the same receipt, and may have been paused between reading and writing; so
    whoever wrote looks again and writes what has become of it meanwhile. The last to write then tells the truth.
    """
    with house.receipts.turn(sub.sid, sub.version) as newest:
        if not newest:
            return True
        told = receipt(house, sub.sid)
        while True:
            data = json.dumps(told, ensure_ascii=False, indent=2).encode()
            if not _beside(house, sub.folder, f"{sub.receipt}.status.json", data):
                return False
            written, told = told, receipt(house, sub.sid)
            if told == written | {"updated_at": told["updated_at"]}:
                return True


def catch_up(house: House, folder: str) -> None:
    """Where receipts could not be written for a while (no room, no right), write the newest ones again."""
    if any(item.kind == "receipt-not-written" and item.subject == folder for item in house.journal.attention()):
        for sub in house.journal.submissions(limit=RECEIPTS_LOOKED_AT):
            if sub.folder == folder and not write_receipt(house, sub):
                return  # still no room: the next scan tries again
        house.settle("receipt-not-written", folder, "receipts can be written again")


def mend_receipt(house: House, sub: Submission) -> None:
    """Write it again if the one beside the ERP's file is of an earlier state; one that the ERP took away stays away."""
    try:
        there = house.outboxes[sub.folder].beside(f"{sub.receipt}.status.json")
    except Unavailable:
        return  # the folder is told about by its own scan
    if there is None:
        return
    try:
        said = json.loads(there).get("state")
    except (ValueError, AttributeError):
        said = None  # not what h2h wrote
    if said != str(sub.state):
        write_receipt(house, sub)


def receipt(house: House, sid: str) -> dict[str, Any]:
    """The receipt as JSON: what happened, where it is, who acts next, and every payment's outcome."""
    sub, counts, listed = house.journal.overview(sid, PAYMENTS_IN_RECEIPT_MAX, of_more=_NEEDS_SOMEBODY)
    now = present(sub)
    fields: dict[str, Any] = {
        "file": sub.source_name,
        "submission": sub.sid,
        "state": str(sub.state),
        "words": now.words,
        "who_acts": str(now.who_acts),
        "next_step": now.next_step,
        "reason": sub.reason,
        "bank": sub.bank,
        "bank_file": sub.remote_name,
        "message_id": sub.message_id,
        "transaction_count": sub.transaction_count,
        "control_sum": None if sub.control_sum is None else f"{sub.control_sum:f}",
        "received_at": sub.received_at.isoformat(),
        "sent_at": sub.sent_at.isoformat() if sub.sent_at else None,
        "updated_at": house.now().isoformat(),
        "sha256": sub.source_sha256,
        "duplicate_of": sub.duplicate_of,
        "payments_by_outcome": {str(outcome): count for outcome, count in counts.items()},
        "payments": [_payment(p, house.formats.meanings) for p in listed],
    }
    return {k: v for k, v in fields.items() if v is not None}


def write_error_beside(house: House, folder: str, name: str, findings: Sequence[Finding], *, sid: str | None) -> None:
    """Write ``NAME.error.txt`` for people and ``NAME.error.json`` for programs, with every finding."""
    report = {"file": name, "submission": sid, "findings": [f.as_json() for f in findings]}
    _beside(house, folder, f"{name}.error.json", json.dumps(report, ensure_ascii=False, indent=2).encode())
    _beside(house, folder, f"{name}.error.txt", error_text(name, findings, sid).encode())


def error_text(name: str, findings: Sequence[Finding], sid: str | None) -> str:
    """The error report as a tired person reads it: the verdict, then every finding with who acts and what is next."""
    errors = [f for f in findings if f.severity == "error"]
    others = [f for f in findings if f.severity != "error"]
    lines = [f"{name}: not sent. {len(errors)} error{'s' if len(errors) != 1 else ''} found."]
    if sid:
        lines.append(f"Submission {sid}; `h2h explain {sid}` tells its story.")
    for title, group in (("Errors", errors), ("Remarks", others)):
        if group:
            lines += ["", title]
            for number, finding in enumerate(group, 1):
                lines.append(f"{number:4}. {finding.where}: {finding.text} [{finding.code}]")
                lines.append(f"      Who acts: {finding.who_acts}." + _next(finding))
    return "\n".join(lines) + "\n"


def _next(finding: Finding) -> str:
    return f" Next: {finding.next_step}." if finding.next_step else ""


def _payment(payment: PaymentRecord, meanings: Meanings) -> dict[str, Any]:
    known = meanings.of_payment(payment)
    fields: dict[str, Any] = {
        "number": payment.ordinal,
        "end_to_end_id": payment.end_to_end_id,
        "amount": f"{payment.amount:f}",
        "currency": payment.currency,
        "creditor": payment.creditor_name,
        "outcome": str(payment.outcome),
        "bank_status": payment.bank_status,
        "reason_code": payment.reason_code,
        "reason_text": payment.reason_text,
        "meaning": known.meaning if known else None,
        "who_acts": str(known.who_acts) if known else None,
        "next_step": known.next_step if known else None,
        "settled_on": payment.settled_on.isoformat() if payment.settled_on else None,
        "statement": payment.statement_reference,
    }
    return {k: v for k, v in fields.items() if v is not None}


def _beside(house: House, folder: str, name: str, data: bytes) -> bool:
    """A receipt informs; it must not hold up a payment, nor hide that it could not be written."""
    try:
        house.settings.erp_of(folder)
        house.outboxes[folder].write_beside(name, data)
    except (Unavailable, Misconfigured) as problem:
        log.warning("receipt.not-written", folder=folder, problem=str(problem))
        house.attend("receipt-not-written", folder, f"{name}: {problem}", WhoActs.SYSTEM_ADMINISTRATOR)
        return False
    return True  # an item about earlier ones stays open until `catch_up` has written those
