"""A submission's present and past in plain words, and who must act: for receipts, `h2h status` and `h2h explain`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.core.outcome import Outcome
from h2h.core.records import EventRecord, PaymentRecord, Submission


@dataclass(frozen=True, slots=True)
class Present:
    """Where it is, who must act, and what they do. ``words`` is one sentence without the technical terms."""

    words: str
    who_acts: WhoActs
    next_step: str


_N = WhoActs.NOBODY
_PRESENT: dict[State, Present] = {
    State.RECEIVED: Present("h2h has the file and will check it", _N, "wait"),
    State.CONVERTED: Present("the file was checked and written in the bank's format", _N, "wait"),
    State.AWAITING_RELEASE: Present(
        "the file was checked and waits to be released", WhoActs.TREASURY, "release it with: h2h release {sid}"
    ),
    State.SEALED: Present("the file is signed and encrypted and waits to be sent", _N, "wait"),
    State.SENDING: Present("the file is being sent; the bank cannot see it yet", _N, "wait"),
    State.COMMITTING: Present("the file is at the bank's door; h2h is finding out whether it went in", _N, "wait"),
    State.SENT: Present("the bank has the file; it has not answered yet", WhoActs.BANK, "wait for the bank's answer"),
    State.ACKNOWLEDGED: Present("the bank says it has the file", WhoActs.BANK, "wait for the bank's decision"),
    State.ACCEPTED: Present("the bank accepted all payments", _N, "nothing"),
    State.PARTIALLY_ACCEPTED: Present(
        "the bank accepted some payments and rejected others",
        WhoActs.ACCOUNTS_PAYABLE,
        "correct the rejected payments and send them as new ones; the others must not be sent again",
    ),
    State.REJECTED: Present(
        "the bank rejected the file; none of its payments will be made",
        WhoActs.ACCOUNTS_PAYABLE,
        "read the reasons, correct, and send new payments",
    ),
    State.DUPLICATE: Present(
        "the same file had been received before; nothing was sent a second time",
        WhoActs.ACCOUNTS_PAYABLE,
        "nothing, if it was a mistake",
    ),
    State.REFUSED: Present(
        "h2h refused the file; nothing was sent", WhoActs.ACCOUNTS_PAYABLE, "correct what the error report says"
    ),
    State.HELD: Present(
        "h2h holds the file back; nothing was sent",
        WhoActs.TREASURY,
        "look at the reason, then: h2h release {sid}, or h2h cancel {sid}",
    ),
    State.IN_DOUBT: Present(
        "nobody knows whether the bank has the file; h2h will not send it again by itself",
        WhoActs.TREASURY,
        "ask the bank for file {remote_name}, then: h2h resolve {sid} --sent, or --not-sent",
    ),
    State.CANCELLED: Present("a person gave the file up; nothing was sent", _N, "nothing"),
    State.TAKEN_OVER: Present(
        "a person sends these payments another way; h2h never will", WhoActs.TREASURY, "nothing in h2h"
    ),
}


def present(sub: Submission) -> Present:
    """Where *sub* is. The submission's own reason and who acts, where it has them, stand before the general ones."""
    general = _PRESENT[sub.state]
    words = general.words
    if sub.reason_text:
        words = f"{words}: {sub.reason_text}"
    return Present(
        words,
        sub.who_acts or general.who_acts,
        general.next_step.format(sid=sub.sid, remote_name=sub.remote_name or "?"),
    )


def outcome_counts(payments: Sequence[PaymentRecord]) -> dict[str, int]:
    """How many payments are where, in the order of their lives; outcomes nobody has are left out."""
    counts = Counter(p.outcome for p in payments)
    return {str(o): counts[o] for o in Outcome if counts[o]}


def sums_by_currency(payments: Sequence[PaymentRecord]) -> dict[str, Decimal]:
    """Exact sums; currencies are never added together."""
    sums: dict[str, Decimal] = {}
    for payment in payments:
        sums[payment.currency] = sums.get(payment.currency, Decimal(0)) + payment.amount
    return sums


_TOLD: dict[str, str] = {
    "received": "h2h took the file in from the ERP's folder",
    "source-discarded": "the archive holds it; it was removed from the ERP's folder",
    "duplicate-warning": "some payments were in earlier files; the profile lets them go on",
    "converted": "h2h read and checked it: {transaction_count} payments",
    "refused": "h2h refused it",
    "duplicate-found": "h2h saw that it is a duplicate",
    "release-required": "it waits for a release",
    "released": "{actor} released it",
    "held": "it was held back",
    "sealed": "h2h signed and encrypted it as {remote_name}",
    "send-started": "h2h began to upload it under a temporary name (attempt {attempt})",
    "send-failed": "the upload failed before the bank could see the file; it may be tried again",
    "commit-started": "the upload was complete and verified; h2h asked the bank's server to rename it",
    "delivered": "the bank has the file ({evidence})",
    "outcome-unknown": "h2h could not find out whether the bank has the file",
    "resolved-sent": "{actor} found out that the bank has the file",
    "resolved-not-sent": "{actor} found out that the bank does not have the file; it may be sent again",
    "bank-acknowledged": "the bank said it has the file",
    "bank-accepted": "the bank accepted the payments",
    "bank-partially-accepted": "the bank accepted some payments and rejected others",
    "bank-rejected": "the bank rejected the file",
    "cancelled": "{actor} gave it up",
    "taken-over": "{actor} took it over to send it another way",
    "payment-moved": "payment {ordinal} is now {outcome}",
    "late-report": "a late report about payment {payment} changed nothing",
    "contradicting-report": "a report about payment {payment} contradicts an earlier one",
    "report-changed-nothing": "a report of the bank changed nothing",
    "restored": "the ledger brought it back into an older journal",
    "temporary-left": "an unfinished upload of an earlier attempt could not be removed at the bank; it is harmless",
}


def tell(event: EventRecord) -> str:
    """One line of the history in words. Facts it has no place for are left to the detail."""
    template = _TOLD.get(event.event, event.event.replace("-", " "))
    facts: dict[str, Any] = {"actor": event.actor, **event.detail}
    text = template.format_map(_Facts(facts))
    reason = event.detail.get("reason_text") or (event.reason if event.actor != "h2h" else None)
    return f"{text}: {reason}" if reason else text


class _Facts(dict[str, Any]):
    """Facts of an event; one that an older version did not record reads as a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"
