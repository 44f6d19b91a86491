"""Calling payments back: which may be, what is asked, and what has become of earlier requests.

A request moves no money, but two of them at once confuse a bank: the same payment is called back once at a time. What
was asked stands as a remark in the history of the payment's own submission, so that its story tells it, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from h2h.core.code_data.recall_reasons import RECALL_REASONS
from h2h.core.codes import meaning
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.lifecycle import NOTHING_LEFT_THE_HOUSE, State
from h2h.core.model.cancellation import CancellationDetail, CancellationPart, CancellationRequest
from h2h.core.model.parties import Agent, Party
from h2h.core.model.status import StatusReason
from h2h.core.outcome import Outcome
from h2h.core.records import EventRecord, PaymentRecord, Submission

#: Remarks in the history of the submission whose payments are called back.
REQUESTED, ANSWERED = "recall-requested", "cancellation-answered"
#: The bank has the file, and said nothing that ends it.
RECALLABLE = frozenset({State.SENT, State.ACKNOWLEDGED, State.ACCEPTED, State.PARTIALLY_ACCEPTED})
#: There is still something to call back.
_OPEN = frozenset({Outcome.PENDING, Outcome.PROCESSING, Outcome.ACCEPTED, Outcome.SETTLED, Outcome.UNKNOWN})
#: A request that went no further asks for nothing any more.
OVER = frozenset({State.REFUSED, State.CANCELLED, State.DUPLICATE, State.REJECTED, State.TAKEN_OVER})
#: The bank has said nothing, or that it has not decided yet.
_NOT_DECIDED = frozenset({None, "PDCR"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for: ``code`` of ExternalCancellationReason1Code, ``why`` in words (they go to the bank)."""

    message_id: str
    created: datetime
    code: str
    why: str
    initiating_party: str | None
    bank_bic: str | None
    bank_name: str


def judge_recall(
    sub: Submission, payments: Sequence[PaymentRecord], today: date, within_days: int | None
) -> list[Finding]:
    """Why *payments* of *sub* cannot be called back; empty if they can. *within_days*: settled no longer ago."""
    where = f"{sub.source_name} ({sub.sid})"
    if sub.state in NOTHING_LEFT_THE_HOUSE:
        text = f"{where} has not left the house ({sub.state}): there is nothing to call back"
        return [_no("H2H-RECALL-STATE", where, text, f'give it up: h2h cancel {sub.sid} --reason "WHY"')]
    if sub.state in (State.COMMITTING, State.IN_DOUBT):
        text = f"nobody knows yet whether the bank has {where}"
        return [_no("H2H-RECALL-STATE", where, text, f"settle the doubt first: h2h resolve {sub.sid} --look")]
    if sub.state not in RECALLABLE:
        text = f"{where} is {sub.state}: h2h has nothing at the bank to call back"
        return [_no("H2H-RECALL-STATE", where, text, "nothing, or talk to the bank")]
    return [found for payment in payments for found in _judge_payment(payment, today, within_days)]


def judge_reason(code: str) -> list[Finding]:
    """A code that ISO 20022's list of cancellation reasons has not."""
    if meaning("recall", code) is not None:
        return []
    text = f"'{code}' is no reason of ExternalCancellationReason1Code for a payment"
    known = ", ".join(row[0] for row in RECALL_REASONS)
    return [_no("H2H-RECALL-REASON", "reason", text, f"one of {known}; h2h reason CODE says what each means")]


def request_of(
    wish: Wish, sub: Submission, message_name: str, payments: Sequence[PaymentRecord], *, whole: bool
) -> CancellationRequest:
    """The request: the whole file, or *payments* grouped by their instructions in the order of the file."""
    reasons = (StatusReason(wish.code, text=wish.why),)
    total = sum((p.amount for p in payments), Decimal(0))
    part = CancellationPart()
    if whole:
        part.files.append(
            CancellationDetail(
                "file",
                original_message_id=sub.message_id,
                original_message_name=message_name,
                stated_transaction_count=len(payments),
                stated_control_sum=total,
                whole=True,
                reasons=reasons,
            )
        )
    else:
        part.instructions += _instructions(sub, message_name, payments, reasons)
    us = Party(name=wish.initiating_party)
    bank = Agent(bic=wish.bank_bic) if wish.bank_bic else Agent(name=wish.bank_name)
    return CancellationRequest(
        wish.message_id,
        wish.created,
        assigner=us,
        assignee_agent=bank,
        case_id=wish.message_id,
        case_creator=us,
        stated_transaction_count=len(payments),
        stated_control_sum=total,
        parts=[part],
    )


def _instructions(
    sub: Submission, message_name: str, payments: Sequence[PaymentRecord], reasons: tuple[StatusReason, ...]
) -> Iterator[CancellationDetail]:
    groups: dict[str | None, list[PaymentRecord]] = {}
    for payment in payments:
        groups.setdefault(payment.payment_information_id, []).append(payment)
    for identification, members in groups.items():
        yield CancellationDetail(
            "instruction",
            payment_information_id=identification,
            original_message_id=sub.message_id,
            original_message_name=message_name,
            payments=[_payment(p, reasons) for p in members],
        )


def _payment(payment: PaymentRecord, reasons: tuple[StatusReason, ...]) -> CancellationDetail:
    return CancellationDetail(
        "payment",
        instruction_id=payment.instruction_id,
        end_to_end_id=payment.end_to_end_id,
        uetr=payment.uetr,
        amount=payment.amount,
        currency=payment.currency,
        requested_execution_date=payment.requested_execution_date,
        reasons=reasons,
    )


# ---------------------------------------------------------------------------------------------- earlier requests


def standing(events: Iterable[EventRecord], ordinals: Iterable[int]) -> dict[int, dict[str, str | None]]:
    """Payment → submission of each request for it → the bank's last decision; None: it has not said anything."""
    found: dict[int, dict[str, str | None]] = {ordinal: {} for ordinal in ordinals}
    for event in events:
        if event.event == REQUESTED:
            named = event.detail.get("payments")
            for ordinal in found if named is None else found.keys() & set(named):
                found[ordinal][str(event.detail.get("recall"))] = None
        elif event.event == ANSWERED and event.detail.get("payment") in found:
            said = found[event.detail["payment"]]
            said.update({sid: event.detail.get("status") for sid, before in said.items() if before in _NOT_DECIDED})
    return found


def undecided(said: Mapping[str, str | None]) -> list[str]:
    """The submissions of those requests for one payment that the bank has not decided."""
    return [sid for sid, decision in said.items() if decision in _NOT_DECIDED]


def concerns(event: EventRecord, ordinal: int) -> bool:
    """Whether the remark is about that payment; one that names none is about all of the file."""
    named: Any = event.detail.get("payments")
    one = event.detail.get("payment")
    return ordinal in named if named is not None else one in (None, ordinal)


def detail_of_request(
    recall: str, message_id: str, ordinals: Sequence[int] | None, reasons: Sequence[StatusReason], **more: Any
) -> dict[str, Any]:
    """What the remark tells; *ordinals* is None for the whole file."""
    codes = sorted({r.code or r.proprietary or "" for r in reasons} - {""})
    texts = list(dict.fromkeys(r.text for r in reasons if r.text))
    detail: dict[str, Any] = {
        "recall": recall,
        "request": message_id,
        "which": "the whole file" if ordinals is None else _which(ordinals),
        "reason_code": ", ".join(codes),
        "reason_text": "; ".join(texts) or None,
        **more,
    }
    if ordinals is not None:
        detail["payments"] = [*ordinals]
    return detail


def decided(statuses: Mapping[tuple[str, int], str | None]) -> str | None:
    """What the bank decided of all payments of a request: accepted, refused, partly; None as long as one is open."""
    said = set(statuses.values())
    if not said or said & _NOT_DECIDED:
        return None
    return "accepted" if said == {"ACCR"} else "refused" if "ACCR" not in said else "partly"


def _which(ordinals: Sequence[int]) -> str:
    shown = ", ".join(str(o) for o in ordinals[:5])
    more = f" and {len(ordinals) - 5} more" if len(ordinals) > 5 else ""
    return f"payment{'s' if len(ordinals) > 1 else ''} {shown}{more}"


def _judge_payment(payment: PaymentRecord, today: date, within_days: int | None) -> Iterator[Finding]:
    where = f"payment {payment.ordinal} ({payment.end_to_end_id})"
    if payment.outcome not in _OPEN:
        text = f"{where} was {payment.outcome} already: there is nothing to call back"
        yield _no("H2H-RECALL-OUTCOME", where, text, f"h2h explain {payment.end_to_end_id}")
    elif payment.outcome is Outcome.SETTLED and payment.settled_on is not None and within_days is not None:
        last = payment.settled_on + timedelta(days=within_days)
        if today > last:
            text = f"{where} was paid on {payment.settled_on}; this bank takes requests until {last}"
            yield _no("H2H-RECALL-TOO-OLD", where, text, "ask the payee for the money")


def _no(code: str, where: str, text: str, step: str) -> Finding:
    return error(code, where, text, WhoActs.TREASURY, next_step=step)
