"""A bank's status report against what was sent: which payments it moves, and what it says of the file.

Two layers stay apart: *was the message handled* (the submission) and *what happened to the payment*. Pure: the caller
brings the submissions and payments the report may speak of. What does not match stays visible, as an attention item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from h2h.core.findings import WhoActs
from h2h.core.lifecycle import NOTHING_LEFT_THE_HOUSE, Event, State, may_happen
from h2h.core.model.status import StatusReason, StatusReport, TransactionStatus
from h2h.core.outcome import Outcome, Verdict, judge, outcome_of_status
from h2h.core.records import Matched, NewAttention, PaymentMove, PaymentRecord, Submission, SubmissionMove
from h2h.core.released import is_released

#: Why a file is HELD that the bank speaks of though it was not sent.
ANSWERED = "H8-ANSWERED"
_GOOD = frozenset({Outcome.ACCEPTED, Outcome.SETTLED, Outcome.RETURNED})
_BAD = frozenset({Outcome.REJECTED, Outcome.CANCELLED})


@dataclass
class Matching:
    """What one bank file changes, as it is gathered."""

    bank: str
    fid: str
    payments: list[PaymentMove] = field(default_factory=list)
    submissions: list[SubmissionMove] = field(default_factory=list)
    remarks: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    attention: list[NewAttention] = field(default_factory=list)
    known: dict[tuple[str, int], Outcome] = field(default_factory=dict)
    collections: frozenset[str] = frozenset()  # submissions of direct debits: their money comes, and may go again

    def attend(self, kind: str, subject: str, text: str, who_acts: WhoActs) -> None:
        """Something a person must look at."""
        self.attention.append(NewAttention(kind, subject, text, who_acts, self.bank))

    def report(self, payment: PaymentRecord, move: PaymentMove) -> None:
        """Judge *move* against what is known of *payment* and keep what follows from it."""
        known = self.known.get((payment.sid, payment.ordinal), payment.outcome)
        verdict = judge(known, move.outcome)
        if (
            known is Outcome.RETURNED
            and move.outcome is Outcome.SETTLED
            and payment.settled_on in (None, move.settled_on)
        ):
            verdict = Verdict.LATE  # it had to be paid before it could come back; this is that booking, told late
        # The same outcome with more in it (a settlement date, a statement line) is worth keeping.
        tells_more = verdict is Verdict.REPEATS and bool(move.statement_reference) and not payment.statement_reference
        if verdict is Verdict.MOVES or tells_more:
            self.payments.append(move)
            self.known[payment.sid, payment.ordinal] = move.outcome
            return
        remark = {
            "payment": payment.ordinal,
            "reported": str(move.outcome),
            "known": str(known),
            "bank_status": move.bank_status,
            "fid": self.fid,
        }
        if verdict is Verdict.CONTRADICTION:
            self.remarks.append((payment.sid, "contradicting-report", remark))
            self.attend(
                "contradiction",
                f"{payment.sid}/{payment.ordinal}",
                f"payment {payment.ordinal} ({payment.end_to_end_id}) was {known} and is now reported {move.outcome}; "
                "both reports are kept, the money's place must be found out",
                WhoActs.TREASURY,
            )
        elif verdict is Verdict.LATE:
            self.remarks.append((payment.sid, "late-report", remark))

    def result(self) -> Matched:
        """All of it, for one transaction of the journal."""
        return Matched(
            payments=tuple(self.payments),
            submissions=tuple(self.submissions),
            remarks=tuple(self.remarks),
            attention=tuple(self.attention),
        )


def match_report(
    report: StatusReport,
    submission: Submission,
    payments: Sequence[PaymentRecord],
    matching: Matching,
    *,
    silence_means_accepted: bool,
) -> None:
    """Gather into *matching* what *report* says of *submission* and its *payments*."""
    named: set[int] = set()
    for number, status in enumerate(report.transactions, 1):
        payment = _payment_of(status, payments)
        if payment is None or (status.ordinal is not None and payment.ordinal in named):
            matching.attend(
                "unmatched-status",
                f"{matching.fid}/{number}",
                f"the report for message {submission.message_id} names a payment that is not in it: "
                f"{status.end_to_end_id or status.instruction_id or 'without an id'}",
                WhoActs.TREASURY,
            )
            continue
        named.add(payment.ordinal)
        _move(matching, payment, status.status, status.reasons, status.outcome)
    for instruction in report.instructions:
        if instruction.status is not None and instruction.status != "PART":
            for payment in payments:
                if (
                    payment.payment_information_id == instruction.payment_information_id
                    and payment.ordinal not in named
                ):
                    named.add(payment.ordinal)
                    _move(matching, payment, instruction.status, instruction.reasons)
    rest = [p for p in payments if p.ordinal not in named]
    if report.group_status == "PART":
        if silence_means_accepted:
            for payment in rest:
                _move(matching, payment, "ACCP", ())
    elif report.group_status is not None:
        for payment in rest:
            _move(matching, payment, report.group_status, report.group_reasons, report.group_outcome)
    _tell_payee_check(report, submission, matching)
    _move_submission(report, submission, payments, matching)


#: Verification of the payee: what a person must look at before the payment goes on.
_NAMES = {
    "RVNM": "not the account's ({code})",
    "RVMC": "only nearly the account's ({code})",
    "RVNA": "not to be checked ({code})",
}


def _tell_payee_check(report: StatusReport, submission: Submission, matching: Matching) -> None:
    """One item a report, whatever the number of payments: the bank waits until a person approves or withdraws."""
    said = [t.status for t in report.transactions] + [i.status for i in report.instructions] + [report.group_status]
    counts = {code: said.count(code) for code in _NAMES if code in said}
    if counts:
        names = ", ".join(f"{count} {_NAMES[code].format(code=code)}" for code, count in counts.items())
        text = f"the bank checked the payees' names of message {submission.message_id}: {names}"
        matching.attend("payee-check", f"{submission.sid}/{matching.fid}", text, WhoActs.TREASURY)


def _move(
    matching: Matching,
    payment: PaymentRecord,
    status: str | None,
    reasons: Sequence[StatusReason],
    known_outcome: Outcome | None = None,
) -> None:
    """*known_outcome*: what a bank's own code means; else the status is one of ISO's."""
    outcome = known_outcome or outcome_of_status(status)
    if outcome is Outcome.UNKNOWN:
        matching.attend(
            "unknown-status",
            f"{payment.sid}/{payment.ordinal}",
            f"the bank reported status {status!r} for payment {payment.ordinal} ({payment.end_to_end_id}); "
            "what became of the payment is not known: ask the bank, and send nothing anew before it has answered",
            WhoActs.TREASURY,
        )
    first = reasons[0] if reasons else None
    matching.report(
        payment,
        PaymentMove(
            sid=payment.sid,
            ordinal=payment.ordinal,
            expected=matching.known.get((payment.sid, payment.ordinal), payment.outcome),
            outcome=outcome,
            bank_status=status,
            reason_code=(first.code or first.proprietary) if first else None,
            reason_list=("status" if first.code else first.list) if first else None,
            reason_text=" / ".join(r.text for r in reasons if r.text) or None,
            fid=matching.fid,
        ),
    )


def _payment_of(status: TransactionStatus, payments: Sequence[PaymentRecord]) -> PaymentRecord | None:
    """The one payment that this line speaks of, by the strongest id it bears; None if it is not exactly one."""
    if status.ordinal is not None:
        return _at_position(status, payments)
    for attribute in ("uetr", "instruction_id", "end_to_end_id"):
        value = getattr(status, attribute)
        if not value or value == "NOTPROVIDED":
            continue
        found = [p for p in payments if getattr(p, attribute) == value]
        if status.payment_information_id:
            within = [p for p in found if p.payment_information_id == status.payment_information_id]
            found = within or found
        if len(found) > 1 and status.amount is not None:
            found = [p for p in found if p.amount == status.amount and status.currency in (None, p.currency)]
        if len(found) > 1 and status.creditor_account:
            found = [p for p in found if p.creditor_account == status.creditor_account]
        if len(found) == 1:
            return found[0]
        if found:
            return None
    return None


def _at_position(status: TransactionStatus, payments: Sequence[PaymentRecord]) -> PaymentRecord | None:
    """The payment at that position in our file, if what the bank says of it besides is that payment's."""
    if status.ordinal == 0:
        found = payments[0] if len(payments) == 1 else None
    else:
        found = next((p for p in payments if p.ordinal == status.ordinal), None)
    if found is None:
        return None
    same = status.amount in (None, found.amount) and status.currency in (None, found.currency)
    return found if same and status.creditor_account in (None, "", found.creditor_account) else None


def _move_submission(
    report: StatusReport, submission: Submission, payments: Sequence[PaymentRecord], matching: Matching
) -> None:
    outcomes = [matching.known.get((p.sid, p.ordinal), p.outcome) for p in payments]
    event = _event(report, outcomes)
    if event is None:
        return
    detail = {"fid": matching.fid, "group_status": report.group_status, "report": report.message_id}
    if may_happen(submission.state, event):
        matching.submissions.append(SubmissionMove(submission.sid, submission.version, event, detail))
        return
    if submission.state in NOTHING_LEFT_THE_HOUSE or submission.state in (State.REFUSED, State.CANCELLED):
        stop_unsent(submission, f"the bank answered message {submission.message_id}", detail, matching)
    elif submission.state is State.REJECTED and event in (Event.BANK_ACCEPTED, Event.BANK_PARTIALLY_ACCEPTED):
        matching.attend(
            "contradiction",
            submission.sid,
            f"the bank rejected message {submission.message_id} and now reports {report.group_status}",
            WhoActs.TREASURY,
        )
    matching.remarks.append((submission.sid, "report-changed-nothing", {**detail, "state": str(submission.state)}))


def stop_unsent(submission: Submission, seen: str, detail: dict[str, Any], matching: Matching) -> None:
    """The bank knows a file that has not left the house: it must not follow before a person has looked (H8).

    Somebody sent it another way during an outage, or an earlier generation arrived after all. What a person has
    released with that knowledge is not stopped again.
    """
    text = f"{seen}, which h2h has not sent ({submission.state}): somebody may have sent it another way"
    if may_happen(submission.state, Event.HELD) and not is_released(submission.released_by, ANSWERED):
        matching.submissions.append(
            SubmissionMove(
                submission.sid,
                submission.version,
                Event.HELD,
                {**detail, "reason_text": text},
                reason=ANSWERED,
                reason_text=text,
                who_acts=WhoActs.TREASURY,
            )
        )
        matching.attend("held", submission.sid, f"{submission.source_name}: {text}", WhoActs.TREASURY)
    else:
        matching.attend("answer-to-unsent", submission.sid, text, WhoActs.TREASURY)


def _event(report: StatusReport, outcomes: Sequence[Outcome]) -> Event | None:
    """What the report means for the file, judged by what is now known of its payments.

    Where none is known (an older journal was put back, and the file cannot be read again) the file's own status counts.
    """
    alone = not (outcomes or report.transactions or report.instructions)
    if alone and report.group_status is not None:
        outcomes = [report.group_outcome or outcome_of_status(report.group_status)]
    bad = sum(o in _BAD for o in outcomes)
    good = sum(o in _GOOD for o in outcomes)
    if report.group_status == "RJCT" or (outcomes and bad == len(outcomes)):
        return Event.BANK_REJECTED
    if outcomes and good == len(outcomes):
        return Event.BANK_ACCEPTED
    if bad and good:
        return Event.BANK_PARTIALLY_ACCEPTED
    if report.group_status is None and not report.transactions and not report.instructions:
        return None
    return Event.BANK_ACKNOWLEDGED
