"""What became of requests: the bank's answer to a recall, a statement that was asked for, or a plain refusal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from h2h.core.findings import WhoActs
from h2h.core.lifecycle import Event, State, may_happen
from h2h.core.match import Matching
from h2h.core.model.cancellation import CancellationAnswer
from h2h.core.model.statement import Statement, StatementMessage
from h2h.core.model.status import StatusReport
from h2h.core.recall import ANSWERED, decided, standing
from h2h.core.records import PaymentRecord, Submission, SubmissionMove
from h2h.pipeline.house import House
from h2h.pipeline.requests import is_request, recalls_of, taken_in

_EVENTS = {
    "accepted": Event.BANK_ACCEPTED,
    "refused": Event.BANK_REJECTED,
    "partly": Event.BANK_PARTIALLY_ACCEPTED,
    None: Event.BANK_ACKNOWLEDGED,
}
#: Which statements answer a request for that message.
_KINDS = {"camt.052": "report", "camt.053": "statement", "camt.054": "notification"}
#: So many of a bank's answered requests are looked at for the file that answered them.
_LOOKED_AT = 50


def of_case(house: House, bank: str, answer: CancellationAnswer) -> list[PaymentRecord]:
    """The payments that were called back under the answer's case."""
    found = []
    for request in _by_case(house, bank, answer):
        for sid, ordinals in recalls_of(house, request.sid).items():
            found += [p for p in house.journal.payments(sid) if p.ordinal in set(ordinals)]
    return found


def requests_answered(
    house: House, bank: str, answer: CancellationAnswer, payments: Sequence[PaymentRecord]
) -> list[Submission]:
    """The requests that an answer speaks of: by its case, else by the payments that it names."""
    by_case = _by_case(house, bank, answer)
    if by_case:
        return by_case
    sids: set[str] = set()
    for sid in {p.sid for p in payments}:
        said = standing(house.journal.events(sid), [p.ordinal for p in payments if p.sid == sid])
        sids |= {request for by_request in said.values() for request in by_request}
    return [request for request in taken_in(house, sorted(sids)).values() if is_request(house, request)]


def move_requests(house: House, requests: Sequence[Submission], matching: Matching) -> None:
    """Each request goes on by what the bank has decided of all its payments so far, this answer included."""
    said = {(sid, d["payment"]): d["status"] for sid, remark, d in matching.remarks if remark == ANSWERED}
    for request in requests:
        statuses: dict[tuple[str, int], str | None] = {}
        for sid, ordinals in recalls_of(house, request.sid).items():
            for ordinal, by_request in standing(house.journal.events(sid), ordinals).items():
                statuses[sid, ordinal] = said.get((sid, ordinal), by_request.get(request.sid))
        event = _EVENTS[decided(statuses)]
        if may_happen(request.state, event):
            answered = sum(s is not None for s in statuses.values())
            detail = {"fid": matching.fid, "answers": "recalls", "answered": answered, "of": len(statuses)}
            matching.submissions.append(SubmissionMove(request.sid, request.version, event, detail))


def tell_refused_request(house: House, report: StatusReport, request: Submission, matching: Matching) -> None:
    """A bank that cannot use the request says so in a status report: nobody else would notice."""
    if is_request(house, request) and report.group_status == "RJCT":
        reasons = "; ".join(" ".join(p for p in (r.code or r.proprietary, r.text) if p) for r in report.group_reasons)
        text = f"the bank refuses the request {request.source_name}{f': {reasons}' if reasons else ''}"
        matching.attend("request-refused", request.sid, text, WhoActs.TREASURY)


def move_enquiries(house: House, bank: str, message: StatementMessage, matching: Matching) -> None:
    """A statement that was asked for has come: by our question's id, else by account and day."""
    for request in house.journal.waiting_for_answer(bank):
        if not is_request(house, request, "enquiry") or not may_happen(request.state, Event.BANK_ACCEPTED):
            continue
        named = message.original_query_id
        answers = named == request.message_id if named else _answers(message, _asked(house, request.sid))
        if answers:
            detail = {"fid": matching.fid, "answers": "asks"}
            matching.submissions.append(SubmissionMove(request.sid, request.version, Event.BANK_ACCEPTED, detail))


def enquiries_answered_by(house: House, bank: str, fid: str) -> Iterator[str]:
    """The requests that the bank's file *fid* has answered."""
    for request in house.journal.submissions(bank=bank, states=(State.ACCEPTED,), limit=_LOOKED_AT):
        asks = is_request(house, request, "enquiry")
        if asks and any(e.detail.get("fid") == fid for e in house.journal.events(request.sid)):
            yield request.sid


def _by_case(house: House, bank: str, answer: CancellationAnswer) -> list[Submission]:
    found = house.journal.by_message_id(bank, answer.case_id) if answer.case_id else []
    return [s for s in found if is_request(house, s, "cancellation-request")]


def _asked(house: House, sid: str) -> list[dict[str, Any]]:
    for event in reversed(house.journal.events(sid)):
        if event.event == "converted":
            return list(event.detail.get("asks") or ())
    return []


def _answers(message: StatementMessage, asked: Sequence[dict[str, Any]]) -> bool:
    return any(_fits(statement, question) for question in asked for statement in message.statements)


def _fits(statement: Statement, question: dict[str, Any]) -> bool:
    if _KINDS.get(str(question["message"])[:8]) != statement.kind or statement.account.number != question["account"]:
        return False
    day = _day_of(statement)
    first = date.fromisoformat(question["from"]) if question["from"] else date.min
    last = date.fromisoformat(question["to"]) if question["to"] else date.max
    return day is not None and first <= day <= last


def _day_of(statement: Statement) -> date | None:
    """The last day that it is about."""
    if statement.closing is not None and statement.closing.date is not None:
        return statement.closing.date
    moment = statement.to_date_time or statement.from_date_time or statement.creation_date_time
    return moment.date() if moment is not None else None
