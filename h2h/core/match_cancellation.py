"""A bank's answer to a cancellation against what was sent: never silently, and never ahead of the money.

An accepted cancellation ends a payment that was not executed yet. One that is settled stays settled until the money is
booked back: the answer is a promise, and a person waits for it. A refused or undecided cancellation changes nothing of
the payment; both are told. Pure: the caller brings the payments the answer may speak of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from h2h.core.codes import meaning
from h2h.core.findings import WhoActs
from h2h.core.match import Matching
from h2h.core.model.cancellation import CancellationAnswer, CancellationDetail, CancellationRequest
from h2h.core.model.status import StatusReason
from h2h.core.outcome import Outcome
from h2h.core.records import PaymentMove, PaymentRecord
from h2h.core.rules.references import NOT_PROVIDED

#: What the bank decided, in words (ISO 20022 CancellationIndividualStatus1Code, GroupCancellationStatus1Code).
DECISIONS = {
    "ACCR": "accepted",
    "RJCR": "refused",
    "PDCR": "not decided yet",
    "PACR": "accepted in part",
    "UWFW": "the bank cannot find the payment",
}
#: Sts/Conf of the whole answer (ExternalInvestigationExecutionConfirmation1Code) that says the same.
_CONFIRMATIONS = {"CNCL": "ACCR", "RJCR": "RJCR", "PDCR": "PDCR"}
_NOT_EXECUTED = frozenset({Outcome.PENDING, Outcome.PROCESSING, Outcome.ACCEPTED, Outcome.UNKNOWN})


def ids_answered(answer: CancellationAnswer | CancellationRequest) -> tuple[list[str], list[str], list[str], list[str]]:
    """(message ids, instruction ids, end-to-end ids, UETRs) that the answer, or the request, names."""

    def given(name: str) -> list[str]:
        values = (getattr(detail, name) for detail in answer.details)
        return sorted({v for v in values if v and v != NOT_PROVIDED})

    return (
        given("original_message_id"),
        given("payment_information_id"),
        given("end_to_end_id"),
        given("uetr"),
    )


def match_answer(
    answer: CancellationAnswer,
    payments: Sequence[PaymentRecord],
    of_message: dict[str, frozenset[str]],
    matching: Matching,
    of_case: Sequence[PaymentRecord] = (),
) -> None:
    """Gather into *matching* what *answer* says of *payments*; *of_message*: message id → its submissions.

    *of_case* are the payments that were called back under its case: what it says as a whole is said of them.
    """
    decided = [d for d in answer.details if d.status is not None]
    whole = _CONFIRMATIONS.get(answer.confirmation or "")
    if not decided and of_case and whole is not None:
        for payment in of_case:
            _answer(CancellationDetail("payment", status=whole), payment, matching)
    elif not decided:
        _tell_whole(answer, matching)
    for number, detail in enumerate(decided, 1):
        about = payments_of(detail, payments, of_message)
        if not about:
            what = detail.end_to_end_id or detail.uetr or detail.payment_information_id or detail.original_message_id
            text = f"the bank answers a cancellation of {what or 'something without an id'}: {said(detail)}; "
            text += "nothing that h2h sent to this bank bears that id"
            matching.attend("unmatched-cancellation", f"{matching.fid}/{number}", text, WhoActs.TREASURY)
        for payment in about:
            _answer(detail, payment, matching)


def match_request(request: CancellationRequest, matching: Matching) -> None:
    """A bank wants money back, or passes a wish on: a person decides, whatever it names."""
    count = sum(d.level == "payment" for d in request.details)
    what = f"{count} payment{'s' if count != 1 else ''}" if count else "a whole file or instruction"
    reasons = sorted({r.code or r.proprietary or "" for d in request.details for r in d.reasons} - {""})
    why = f", for {', '.join(reasons)}" if reasons else ""
    text = f"the bank asks for {what} back (request {request.message_id}{why}); h2h answers nothing by itself"
    matching.attend("cancellation-request", matching.fid, text, WhoActs.TREASURY)


def said(detail: CancellationDetail) -> str:
    """The decision and its reasons, for people."""
    decision = DECISIONS.get(detail.status or "", f"status {detail.status}")
    reasons = [_reason(r) for r in detail.reasons]
    return ": ".join([f"{decision} ({detail.status})", *(["; ".join(reasons)] if any(reasons) else [])])


def _reason(reason: StatusReason) -> str:
    """Code, its plain meaning, and the bank's text."""
    known = meaning("cancellation", reason.code) if reason.code else None
    code = f"{reason.code} ({known.meaning})" if known else reason.code or reason.proprietary
    return " ".join(part for part in (code, reason.text) if part)


def _answer(detail: CancellationDetail, payment: PaymentRecord, matching: Matching) -> None:
    known = matching.known.get((payment.sid, payment.ordinal), payment.outcome)
    which = f"payment {payment.ordinal} ({payment.end_to_end_id})"
    remark: dict[str, Any] = {
        "payment": payment.ordinal,
        "answer": said(detail),
        "fid": matching.fid,
        "known": str(known),
    }
    remark["status"] = detail.status
    matching.remarks.append((payment.sid, "cancellation-answered", remark))
    text = f"cancellation of {which}: {said(detail)}"
    if detail.status == "ACCR" and known in _NOT_EXECUTED:
        first = detail.reasons[0] if detail.reasons else None
        move = PaymentMove(
            sid=payment.sid,
            ordinal=payment.ordinal,
            expected=known,
            outcome=Outcome.CANCELLED,
            bank_status=detail.status,
            reason_code=(first.code or first.proprietary) if first else None,
            reason_list="cancellation" if first and first.code else None,
            reason_text=" / ".join(r.text for r in detail.reasons if r.text) or None,
            fid=matching.fid,
        )
        matching.report(payment, move)
        text += "; it will not be paid"
    elif detail.status == "ACCR" and known is Outcome.SETTLED:
        text += "; it was paid before, so wait until the money is booked back"
    elif detail.status == "ACCR":
        text += f"; the payment was {known} already"
    elif detail.status == "RJCR":
        text += f"; the payment stays as it was: {known}"
    else:
        text += f"; until the bank decides, the payment stays as it was: {known}"
    matching.attend("cancellation-answer", f"{payment.sid}/{payment.ordinal}/{matching.fid}", text, WhoActs.TREASURY)


def _tell_whole(answer: CancellationAnswer, matching: Matching) -> None:
    decision = DECISIONS.get(_CONFIRMATIONS.get(answer.confirmation or "", ""), "")
    about = f"case {answer.case_id}" if answer.case_id else "no case that it names"
    text = f"the bank answers {about} with {answer.confirmation or 'no status'}{f' ({decision})' if decision else ''}; "
    text += "it names no payment, so nothing here was changed"
    matching.attend("unmatched-cancellation", matching.fid, text, WhoActs.TREASURY)


def payments_of(
    detail: CancellationDetail, payments: Sequence[PaymentRecord], of_message: dict[str, frozenset[str]]
) -> list[PaymentRecord]:
    """The payments that an answer, or a wish, speaks of. An id that several bear is none, unless it means them all."""
    found = list(payments)
    if detail.original_message_id in of_message:
        found = [p for p in found if p.sid in of_message[detail.original_message_id or ""]]
    elif detail.level == "file":
        return []
    if detail.payment_information_id:
        found = [p for p in found if p.payment_information_id == detail.payment_information_id]
    if detail.level != "payment":
        return found
    for attribute in ("uetr", "instruction_id", "end_to_end_id"):
        value = getattr(detail, attribute)
        if value and value != NOT_PROVIDED:
            named = [p for p in found if getattr(p, attribute) == value]
            return named if len(named) == 1 else []
    return []
