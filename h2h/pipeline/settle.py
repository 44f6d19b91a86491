"""Settle: what a bank's message says becomes what we know of our payments, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable

from h2h.core.findings import WhoActs
from h2h.core.lifecycle import BANK_MAY_HAVE_IT, NOTHING_LEFT_THE_HOUSE, Event, State
from h2h.core.match import Matching, match_report, stop_unsent
from h2h.core.match_cancellation import match_answer, match_request
from h2h.core.match_entries import Known, ids_among, match_some
from h2h.core.model.cancellation import CancellationAnswer, CancellationRequest
from h2h.core.model.statement import StatementMessage
from h2h.core.model.status import StatusReport
from h2h.core.outcome import Outcome
from h2h.core.records import (
    FileState,
    InboundFile,
    Matched,
    NewAttention,
    PaymentRecord,
    StatementRecord,
    Submission,
    SubmissionMove,
)
from h2h.core.rules.statement_chain import link
from h2h.core.streamed import Stretch
from h2h.pipeline.called_back import called_back
from h2h.pipeline.content import Content, content_of
from h2h.pipeline.house import House, log
from h2h.pipeline.reading import answered_id
from h2h.pipeline.receipts import write_receipt
from h2h.pipeline.request_answers import (
    enquiries_answered_by,
    move_enquiries,
    move_requests,
    of_case,
    requests_answered,
    tell_refused_request,
)
from h2h.pipeline.witness import ensure_delivered

BOOKED = "the bank's statement shows payments of this file"


def match_and_settle(house: House, file: InboundFile) -> InboundFile:
    """READ → MATCHED (or QUARANTINED: an answer to a message that is not ours)."""
    content = content_of(house, file)
    message = content.message
    matching = Matching(bank=file.bank, fid=file.fid)
    statements: list[StatementRecord] = []
    mended: list[tuple[str, str]] = []
    if isinstance(message, StatusReport):
        ours = _match_status(house, file, message, matching)
        if not ours:
            return _foreign(house, file, message)
    elif isinstance(message, StatementMessage):
        statements, mended = _match_statements(house, file, content, matching)
    elif isinstance(message, CancellationAnswer):
        payments, of_message = called_back(house, file.bank, message)
        ours_of_case = of_case(house, file.bank, message)
        match_answer(message, payments, of_message, matching, ours_of_case)
        asked = requests_answered(house, file.bank, message, payments or ours_of_case)
        move_requests(house, asked, matching)
    elif isinstance(message, CancellationRequest):
        match_request(message, matching)
    else:
        matching.attend(
            "unexpected-message", file.fid, f"the bank sent {file.format}, which only customers send", WhoActs.BANK
        )
    result = matching.result()
    matched = Matched(
        payments=result.payments,
        submissions=result.submissions,
        remarks=result.remarks,
        statements=tuple(statements),
        attention=result.attention,
    )
    moved_on = house.journal.move_file(file, FileState.MATCHED, at=house.now(), matched=matched)
    for kind, subject in mended:
        house.settle(kind, subject, f"statement came late, in {file.remote_name}")
    log.info("file.matched", fid=file.fid, bank=file.bank, payments=len(matched.payments))
    return moved_on


def follow(house: House, file: InboundFile) -> None:
    """The second witness, the closed doubts and the receipts of every submission that *file* speaks of.

    A part of the step after MATCHED, so that a crash in between repeats it.
    """
    content = content_of(house, file)
    message = content.message
    if isinstance(message, StatusReport):
        found = _answered(house, file, message)
        sids = {found.sid} if found else set()
    elif isinstance(message, StatementMessage):
        sids = {p.sid for batch in content.batches() for p in candidates_among(house, file, batch)}
        sids |= set(enquiries_answered_by(house, file.bank, file.fid))
    elif isinstance(message, CancellationAnswer):
        payments = called_back(house, file.bank, message)[0] or of_case(house, file.bank, message)
        sids = {p.sid for p in payments}
        sids |= {r.sid for r in requests_answered(house, file.bank, message, payments)}
    else:
        sids = set()
    for sid in sorted(sids):
        _after(house, sid)


def candidates_among(house: House, file: InboundFile, batch: Iterable[Stretch]) -> list[PaymentRecord]:
    """Payments that bear one of the ids in some entries."""
    end_to_end_ids, uetrs, batches = ids_among(entry for part in batch for entry in part.entries)
    return house.journal.payments_by(
        bank=file.bank, end_to_end_ids=end_to_end_ids, uetrs=uetrs, payment_information_ids=batches
    )


def _match_status(house: House, file: InboundFile, report: StatusReport, matching: Matching) -> bool:
    """Gather what the report says; False if we have no such message at this bank."""
    bank = house.settings.bank_of(file.bank)
    submission = _answered(house, file, report)
    if submission is None:
        return False
    match_report(
        report,
        submission,
        house.journal.payments(submission.sid),
        matching,
        silence_means_accepted=bank.submission.silence_means_accepted,
    )
    tell_refused_request(house, report, submission, matching)
    return True


def _answered(house: House, file: InboundFile, report: StatusReport) -> Submission | None:
    """The submission that the report is about; None if we have no such message at this bank."""
    candidates = house.journal.by_message_id(file.bank, answered_id(file, report))
    # Of several with this id (a person released a suspicion) the answer is about one that may have left the house.
    candidates = [s for s in candidates if s.state in BANK_MAY_HAVE_IT] or candidates
    return candidates[0] if candidates else None


def _match_statements(
    house: House, file: InboundFile, content: Content, matching: Matching
) -> tuple[list[StatementRecord], list[tuple[str, str]]]:
    """(what is kept of the statements, what they mend in their accounts' chains)."""
    mended: list[tuple[str, str]] = []
    for batch in content.batches():
        candidates = candidates_among(house, file, batch)
        matching.collections |= _collections(house, candidates)
        known = Known(candidates)
        for statement, position, entries in batch:
            match_some(statement, entries, position, known, matching)
    _prove_delivery(house, matching)
    move_enquiries(house, file.bank, content.statements(), matching)
    records = content.statement_records(file.fid)
    for number, record in enumerate(records):
        before = [r for r in records[:number] if (r.account, r.kind) == (record.account, record.kind)]
        earlier = house.journal.statements(record.account, record.kind) + before
        links = link(earlier, record, file.bank)
        matching.attention += links.broken
        mended += links.mended
    for finding in content.disagreements():
        matching.attend("statement-sums", f"{file.fid}/{finding.where}", finding.text, finding.who_acts)
    return records, mended


def _collections(house: House, payments: list[PaymentRecord]) -> frozenset[str]:
    """The submissions among those of *payments* that are direct debits."""
    formats = {sid: house.journal.submission(sid).bank_format for sid in {p.sid for p in payments}}
    kinds = {name: house.formats.get(name).kind for name in set(formats.values()) if name}
    return frozenset(sid for sid, name in formats.items() if name and kinds[name] == "direct-debit")


def _prove_delivery(house: House, matching: Matching) -> None:
    """Money that moved is proof that the bank had the file: a doubt about it ends (E3), and it is not sent anew."""
    for sid in sorted({m.sid for m in matching.payments if m.outcome in (Outcome.SETTLED, Outcome.RETURNED)}):
        sub = house.journal.submission(sid)
        if sub.state in (State.COMMITTING, State.IN_DOUBT):
            detail = {"evidence": BOOKED, "proof": "E3", "fid": matching.fid}
            matching.submissions.append(SubmissionMove(sid, sub.version, Event.DELIVERED, detail))
        elif sub.state in NOTHING_LEFT_THE_HOUSE:
            stop_unsent(sub, BOOKED, {"fid": matching.fid}, matching)


def _foreign(house: House, file: InboundFile, report: StatusReport) -> InboundFile:
    """F61: somebody else sends with our contract, or a test system reads production. A person must know."""
    text = f"an answer to message {report.original_message_id!r}, which h2h never sent to this bank"
    told = NewAttention("unknown-message", file.fid, f"{file.remote_name}: {text}", WhoActs.TREASURY, file.bank)
    moved_on = house.journal.move_file(
        file,
        FileState.QUARANTINED,
        at=house.now(),
        matched=Matched(attention=(told,)),
        reason="UNKNOWN-MESSAGE",
        reason_text=text,
    )
    log.warning("file.quarantined", fid=file.fid, bank=file.bank, reason="UNKNOWN-MESSAGE")
    return moved_on


def _after(house: House, sid: str) -> None:
    """The second witness, the closed doubts and the receipt follow what the journal now says."""
    sub = house.journal.submission(sid)
    if sub.state is State.SENT and sub.evidence is None:
        sub = house.journal.change(sub, at=house.now(), evidence=f"E3: {BOOKED}", sent_at=sub.sent_at or house.now())
        ensure_delivered(house, sub)
        house.settle("in-doubt", sid, BOOKED)
        house.settle("cannot-go-on", sid, BOOKED)
    if sub.state in (State.ACKNOWLEDGED, State.ACCEPTED, State.PARTIALLY_ACCEPTED, State.REJECTED):
        if sub.evidence is None:
            sub = house.journal.change(
                sub, at=house.now(), evidence="E3: the bank answered it", sent_at=sub.sent_at or house.now()
            )
        ensure_delivered(house, sub)
        house.settle("in-doubt", sid, f"the bank answered: {sub.state}")
        house.settle("overdue-answer", sid, f"the bank answered: {sub.state}")
        house.settle("cannot-go-on", sid, f"the bank answered: {sub.state}")
    write_receipt(house, sub)
