"""Requests to a bank: payments called back (camt.055), statements asked for (camt.060). They go the way payments go.

A request's bytes go through unchanged, whether an ERP wrote them or `h2h recall`. What it calls back must be payments
that h2h sent to this bank, each of them once at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from h2h.core.errors import Misconfigured, NotFound, Refused
from h2h.core.findings import Finding, Severity, WhoActs, error, refuses
from h2h.core.format import REQUESTS, Format, Message
from h2h.core.match_cancellation import payments_of
from h2h.core.model.cancellation import CancellationDetail, CancellationRequest
from h2h.core.model.enquiry import Enquiry
from h2h.core.model.status import StatusReason
from h2h.core.recall import (
    OVER,
    REQUESTED,
    detail_of_request,
    judge_reason,
    judge_recall,
    standing,
    undecided,
)
from h2h.core.records import EventRecord, PaymentRecord, Submission
from h2h.core.rules.statement_rules import check_message
from h2h.core.view.cancellation import told
from h2h.core.view.enquiry import accounts_of
from h2h.core.view.message import message_json
from h2h.pipeline.called_back import called_back
from h2h.pipeline.house import House
from h2h.settings import BankProfile


@dataclass(frozen=True, slots=True)
class Request:
    """What the journal must know of a request. ``detail`` is kept with its conversion, for the answer."""

    message_id: str
    findings: list[Finding]
    view: dict[str, Any]
    detail: dict[str, Any] = field(default_factory=dict)


def check_request(house: House, sub: Submission, bank: BankProfile, format_: Format, data: bytes) -> Request:
    """The request, sound and told where it belongs; ``Refused`` with all findings."""
    wanted = bank.recall_format if format_.kind == "cancellation-request" else bank.enquiry_format
    if format_.id != wanted and format_.id not in bank.accepts:
        raise Refused([_not_taken(bank, format_)])
    schema = bank.schemas.get(format_.id, format_.schema)
    if schema is None:
        raise Misconfigured(f"format {format_.id} has no schema; a file of it is never sent unchecked")
    findings = house.schemas.validate(schema, format_.as_schema_sees_it(data))
    if refuses(findings):
        raise Refused(findings)
    read = format_.read(data)
    message = read.message
    # Wrong sums in what a bank sends are remarks; in what goes out they are errors.
    findings += [*read.findings, *(replace(f, severity=Severity.ERROR) for f in check_message(message))]
    if isinstance(message, CancellationRequest):
        recalls = _recalls(house, sub, bank, message, findings)
        detail: dict[str, Any] = {"recalls": {sid: [p.ordinal for p in payments] for sid, payments in recalls.items()}}
    else:
        findings += _judge_enquiry(message, bank)
        detail = {"asks": _asks(message)}
    if refuses(findings):
        raise Refused(findings)
    if isinstance(message, CancellationRequest):
        _remark(house, sub, message, recalls)
    return Request(message.message_id or "", findings, message_json(format_, read), detail)


def is_request(house: House, sub: Submission, *kinds: str) -> bool:
    """Whether the submission asks a bank for something, or (*kinds*) for just that."""
    if sub.bank_format is None:
        return False
    try:
        return house.formats.get(sub.bank_format).kind in (kinds or REQUESTS)
    except Misconfigured:
        return False  # a format of the installation's own that is gone: no request is written in such


def recalls_of(house: House, sid: str) -> dict[str, list[int]]:
    """Submission → payments that the request *sid* calls back; empty if it is none, or was not converted."""
    return _recalled(house.journal.events(sid))


def _recalled(history: Sequence[EventRecord]) -> dict[str, list[int]]:
    for event in reversed(history):
        if event.event == "converted":
            return dict(event.detail.get("recalls") or {})
    return {}


def wished_by(house: House, sid: str) -> set[str]:
    """Who asked for the recall *sid*, as the histories of the submissions tell that it is about."""
    return {
        event.actor
        for original in recalls_of(house, sid)
        for event in house.journal.events(original)
        if event.event == REQUESTED and event.detail.get("recall") == sid
    }


def refuse_twice(house: House, sub: Submission, history: Sequence[EventRecord]) -> None:
    """Asked again when sealing: two requests that were checked side by side did not see each other. ``Refused``."""
    findings = []
    for sid, ordinals in _recalled(history).items():
        for ordinal, others in _live(house, sid, ordinals, but=sub.sid).items():
            first = [o for o in others if o.number < sub.number]
            findings += [_twice(f"payment {ordinal} of submission {sid}", other) for other in first[:1]]
    if findings:
        raise Refused(findings)


def already_asked(house: House, sub: Submission, payments: Sequence[PaymentRecord], *, but: str = "") -> list[Finding]:
    """A finding for each of *payments* that is being called back already, by another request than *but*."""
    live = _live(house, sub.sid, [p.ordinal for p in payments], but=but)
    return [_twice(f"payment {p.ordinal} ({p.end_to_end_id})", o) for p in payments for o in live[p.ordinal][:1]]


def taken_in(house: House, sids: Iterable[str]) -> dict[str, Submission]:
    """The requests that were taken in; one that was made and never taken in asked for nothing."""
    found = {}
    for sid in sids:
        try:
            found[sid] = house.journal.submission(sid)
        except NotFound:
            continue
    return found


def _live(house: House, sid: str, ordinals: Sequence[int], *, but: str) -> dict[int, list[Submission]]:
    """Payment → the requests for it that are on their way, or that the bank has not decided."""
    said = {o: undecided(by_request) for o, by_request in standing(house.journal.events(sid), ordinals).items()}
    requests = taken_in(house, {request for named in said.values() for request in named} - {but})
    live = {request: sub for request, sub in requests.items() if sub.state not in OVER}
    return {ordinal: [live[request] for request in named if request in live] for ordinal, named in said.items()}


# ---------------------------------------------------------------------------------------------- payments called back


def _recalls(
    house: House, sub: Submission, bank: BankProfile, message: CancellationRequest, findings: list[Finding]
) -> dict[str, list[PaymentRecord]]:
    """Submission → its payments that are called back; all that is wrong goes to *findings*."""
    payments, of_message = called_back(house, bank.name, message)
    recalls: dict[str, dict[int, PaymentRecord]] = {}
    for detail in _wishes(message):
        about = payments_of(detail, payments, of_message)
        findings += _judge_wish(detail, about)
        for payment in about:
            recalls.setdefault(payment.sid, {})[payment.ordinal] = payment
    chosen = {sid: [by_ordinal[o] for o in sorted(by_ordinal)] for sid, by_ordinal in recalls.items()}
    today = house.day_at(bank, house.now())
    for sid, members in chosen.items():
        original = house.journal.submission(sid)
        findings += judge_recall(original, members, today, bank.recall_within_days)
        findings += already_asked(house, original, members, but=sub.sid)
    return chosen


def _wishes(message: CancellationRequest) -> Iterator[CancellationDetail]:
    """What is called back: a file or an instruction that only says where single payments stood is none."""
    details = told(message)
    single = any(d.level != "file" for d in details)
    for detail in details:
        if detail.level != "file" or detail.whole or not single:
            yield detail


def _judge_wish(detail: CancellationDetail, about: Sequence[PaymentRecord]) -> Iterator[Finding]:
    what = detail.end_to_end_id or detail.uetr or detail.payment_information_id or detail.original_message_id
    where = what or "the request"
    if not about:
        text = f"{what or 'something without an id'} is no payment that h2h sent to this bank"
        yield error("H2H-RECALL-UNKNOWN", where, text, WhoActs.TREASURY, next_step="compare the ids with the payment's")
    for payment in about:
        of_one = detail.level == "payment" and detail.amount is not None
        if of_one and (detail.amount, detail.currency) != (payment.amount, payment.currency):
            text = f"{where}: it was {payment.amount:f} {payment.currency}, not {detail.amount:f} {detail.currency}"
            yield error("H2H-RECALL-AMOUNT", where, text, WhoActs.TREASURY)
    for reason in detail.reasons:
        if reason.code is not None:
            yield from judge_reason(reason.code)


def _remark(
    house: House, sub: Submission, message: CancellationRequest, recalls: dict[str, list[PaymentRecord]]
) -> None:
    """The wish in the history of each submission it is about; one that `h2h recall` has written stands there."""
    for sid, payments in recalls.items():
        if any(e.event == REQUESTED and e.detail.get("recall") == sub.sid for e in house.journal.events(sid)):
            continue
        whole = len(payments) == sum(house.journal.outcomes(sid).values())
        reasons: list[StatusReason] = [r for d in message.details for r in d.reasons]
        ordinals = None if whole else [p.ordinal for p in payments]
        detail = detail_of_request(sub.sid, message.message_id or "", ordinals, reasons)
        house.journal.remark(sid, REQUESTED, at=house.now(), actor="ERP", detail=detail)


def _twice(what: str, other: Submission) -> Finding:
    text = f"{what} is being called back already, by '{other.source_name}' (submission {other.sid}, {other.state})"
    return error("H2H-RECALL-TWICE", what, text, WhoActs.TREASURY, next_step=f"h2h explain {other.sid}", reason="DUPL")


# ---------------------------------------------------------------------------------------------- questions


def _judge_enquiry(message: Message, bank: BankProfile) -> Iterator[Finding]:
    if not isinstance(message, Enquiry):
        yield error("H2H-KIND", "the file", "this is no question to a bank", WhoActs.ERP_TEAM)
        return
    for account in accounts_of(message):
        if bank.accounts and account.number not in bank.accounts:
            text = f"account {account.number} is not one of ours at {bank.name}"
            step = "correct the account, or add it to the bank's profile"
            yield error("H2H-ACCOUNT", "RptgReq/Acct", text, WhoActs.TREASURY, next_step=step)


def _asks(message: Message) -> list[dict[str, Any]]:
    """What was asked for, so that the answer is known by it."""
    return [
        {
            "account": r.account.number if r.account else None,
            "message": r.requested_message,
            "from": r.from_date.isoformat() if r.from_date else None,
            "to": r.to_date.isoformat() if r.to_date else None,
        }
        for r in (message.requests if isinstance(message, Enquiry) else ())
    ]


def _not_taken(bank: BankProfile, format_: Format) -> Finding:
    setting = "recall_format" if format_.kind == "cancellation-request" else "enquiry_format"
    text = f"bank {bank.name} takes no {format_.id} by file"
    step = f"call the bank; if it does take them, its profile says so: {setting}"
    return error("H2H-NOT-TAKEN", "the file", text, WhoActs.TREASURY, next_step=step)
