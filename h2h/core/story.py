"""A submission's present and past in plain words, and who must act: for receipts, `h2h status` and `h2h explain`.

The words themselves stand in ``words.py``; here is what is said when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from h2h.core import codes
from h2h.core.answers import ISO_ONLY, Meanings
from h2h.core.codes import Reason
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.core.outcome import Outcome
from h2h.core.recall import ANSWERED, REQUESTED, concerns
from h2h.core.records import Attention, EventRecord, FileState, InboundFile, PaymentRecord, Submission
from h2h.core.saying import Saying, Step
from h2h.core.words import ENGLISH, Words

_N = WhoActs.NOBODY
_MINOR = frozenset({"source-discarded", "seal-made", "removed-at-bank"})
_ACTS: dict[State, WhoActs] = {
    State.AWAITING_RELEASE: WhoActs.TREASURY,
    State.SENT: WhoActs.BANK,
    State.ACKNOWLEDGED: WhoActs.BANK,
    State.PARTIALLY_ACCEPTED: WhoActs.ACCOUNTS_PAYABLE,
    State.REJECTED: WhoActs.ACCOUNTS_PAYABLE,
    State.DUPLICATE: WhoActs.ACCOUNTS_PAYABLE,
    State.REFUSED: WhoActs.ACCOUNTS_PAYABLE,
    State.HELD: WhoActs.TREASURY,
    State.IN_DOUBT: WhoActs.TREASURY,
    State.TAKEN_OVER: WhoActs.TREASURY,
}
_DECIDED = frozenset({State.ACCEPTED, State.PARTIALLY_ACCEPTED, State.REJECTED})
_PAYMENT_ACTS: dict[Outcome, WhoActs] = {
    Outcome.PENDING: WhoActs.BANK,
    Outcome.PROCESSING: WhoActs.BANK,
    Outcome.REJECTED: WhoActs.ACCOUNTS_PAYABLE,
    Outcome.RETURNED: WhoActs.ACCOUNTS_PAYABLE,
    Outcome.CANCELLED: WhoActs.TREASURY,
    Outcome.UNKNOWN: WhoActs.TREASURY,
}


@dataclass(frozen=True, slots=True)
class Present:
    """Where it is, who must act, and what they do. ``words`` is one sentence without the technical terms.

    ``step`` is what to do in words, ``commands`` what to type, in order of likelihood.
    """

    words: str
    who_acts: WhoActs
    step: str
    commands: tuple[str, ...] = ()

    @property
    def next_step(self) -> str:
        """Both in one sentence."""
        return f"{self.step}: {', or '.join(self.commands)}" if self.commands else self.step


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a history, for people; ``more`` are lines that belong to it (the findings, the reason).

    ``minor`` lines are housekeeping: they are told to those who want to know everything.
    """

    at: datetime
    words: str
    actor: str
    event: str
    more: tuple[str, ...] = ()
    minor: bool = False


# ---------------------------------------------------------------------------------------------- the present


def present(sub: Submission, words: Words = ENGLISH) -> Present:
    """Where *sub* is. The submission's own reason and who acts, where it has them, stand before the general ones."""
    asks = request_words(sub, words)
    general = asks.get(sub.state) or words.states[sub.state]
    text = general.words
    if sub.reason_text:
        text = f"{text}: {sub.reason_text}"
    step = Step(general.step, general.commands)
    if sub.state is State.HELD:
        step = _held(sub.reason or "", words) or step
    facts = _facts_of(sub)
    return Present(
        text,
        sub.who_acts or (WhoActs.TREASURY if sub.state in asks and sub.state in _DECIDED else _ACTS.get(sub.state, _N)),
        step.step.format_map(facts),
        tuple(c.format_map(facts) for c in step.commands if "{earlier}" not in c or facts["earlier"]),
    )


def request_words(sub: Submission, words: Words) -> dict[State, Saying]:
    """The words for a submission that asks a bank for something; none for one that pays."""
    return next((said for start, said in words.requests.items() if (sub.bank_format or "").startswith(start)), {})


def present_of_payment(
    sub: Submission, payment: PaymentRecord, words: Words = ENGLISH, meanings: Meanings = ISO_ONLY
) -> Present:
    """Where one payment of *sub* is; what the bank's reason code means and asks for stands before the general words."""
    if payment.outcome is Outcome.PENDING:
        return present(sub, words)
    general = words.outcomes[payment.outcome]
    who = _PAYMENT_ACTS.get(payment.outcome, _N)
    text, step = general.words, general.step
    if payment.outcome is Outcome.SETTLED and payment.settled_on:
        text += f" ({payment.settled_on.isoformat()})"
    if payment.statement_reference:
        text += f", {words.fixed['statement']} {payment.statement_reference}"
    reason = meanings.of_payment(payment)
    if payment.reason_code:
        said = [payment.reason_code, in_words(reason, words) if reason else None, payment.reason_text]
        text += ": " + ", ".join(part for part in said if part)
    elif payment.reason_text:
        text += f": {payment.reason_text}"
    if reason is not None:
        who, step = reason.who_acts, reason.next_step_zh if words.language == "zh" else reason.next_step
    if sub.state in (State.IN_DOUBT, State.COMMITTING) and payment.outcome is not Outcome.UNKNOWN:
        # The bank speaks of a payment of a file that is in doubt: that is the evidence that was missing.
        return Present(text, who, step, (f'h2h resolve {sub.sid} --sent --reason "WHO SAID SO"',))
    return Present(text, who, step)


def in_words(reason: Reason, words: Words = ENGLISH) -> str:
    """The plain meaning of a reason in the language of *words*."""
    return reason.meaning_zh if words.language == "zh" else reason.meaning


def present_of_file(file: InboundFile, words: Words = ENGLISH) -> Present:
    """Where a bank's file is."""
    general = words.file_states[str(file.state)]
    text = f"{general.words}: {file.reason_text}" if file.reason_text else general.words
    who = WhoActs.TREASURY if file.state == "QUARANTINED" else _N
    return Present(text, who, general.step, tuple(c.format(sid=file.fid) for c in general.commands))


def step_for(item: Attention, words: Words = ENGLISH) -> Step:
    """What a person does about *item*, with the commands filled in."""
    step = words.attention.get(item.kind, words.unknown_attention)
    facts = _Facts({"number": item.number, "subject": item.subject, "bank": item.bank or "BANK"})
    commands = tuple(c.format_map(facts) for c in step.commands)
    return Step(step.step.format_map(facts), commands)


def seen_elsewhere(sub: Submission, payments: Sequence[PaymentRecord]) -> list[PaymentRecord]:
    """Payments of a file in doubt that a statement has: evidence that the bank had the file after all."""
    if sub.state not in (State.IN_DOUBT, State.COMMITTING):
        return []
    return [p for p in payments if p.outcome in (Outcome.SETTLED, Outcome.RETURNED)]


# ---------------------------------------------------------------------------------------------- sums


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


# ---------------------------------------------------------------------------------------------- the past


def tell(event: EventRecord, words: Words = ENGLISH) -> str:
    """One line of the history in words. Facts it has no place for are left to the detail."""
    template = words.events.get(_key(event), event.event.replace("-", " "))
    facts: dict[str, Any] = {"actor": event.actor, "to": event.to_state, **event.detail}
    text = template.format_map(_Facts(facts))
    reason = event.detail.get("reason_text") or (event.reason if event.actor != "h2h" else None)
    return f"{text}: {reason}" if reason else text


def _key(event: EventRecord) -> str:
    """Which words an event has: of a request to a bank the same events tell something else."""
    about = event.detail.get("answers") or next((f for f in ("recalls", "asks") if f in event.detail), None)
    return f"{event.event}:{about}" if about else event.event


def chronicle(
    events: Sequence[EventRecord],
    reports: Sequence[EventRecord] = (),
    words: Words = ENGLISH,
    meanings: Meanings = ISO_ONLY,
) -> list[Told]:
    """The history of a submission: its own events, and what the bank reported of its payments, summed up by report."""
    lines = [_told(event, words) for event in events] + _summed_up(reports, words, meanings)
    return sorted(lines, key=lambda line: line.at)


def chronicle_of_payment(
    events: Sequence[EventRecord],
    reports: Sequence[EventRecord],
    ordinal: int,
    words: Words = ENGLISH,
    meanings: Meanings = ISO_ONLY,
) -> list[Told]:
    """The history of one payment: its file's, with what the bank reported of it and of no other."""
    about_others = {"late-report", "contradicting-report", ANSWERED, REQUESTED}
    own = [e for e in events if e.event not in about_others or concerns(e, ordinal)]
    told = [_told_report(r, words, meanings) for r in reports if r.detail.get("ordinal") == ordinal]
    return sorted([_told(e, words) for e in own] + told, key=lambda line: line.at)


def chronicle_of_file(events: Sequence[EventRecord], words: Words = ENGLISH) -> list[Told]:
    """The history of a bank's file."""
    return [_told(replace(event, event=_file_event(event)), words) for event in events]


def _file_event(event: EventRecord) -> str:
    if event.event == "delivered":
        return "delivered-to-erp"
    if event.from_state == FileState.QUARANTINED:
        return "reread"
    stays = event.from_state is not None and event.from_state == event.to_state
    return "removed-at-bank" if stays and event.detail.get("removed") else event.event


def _told(event: EventRecord, words: Words) -> Told:
    more: tuple[str, ...] = ()
    findings = event.detail.get("findings")
    if isinstance(findings, list):
        more = tuple(f"{f.get('where')}: {f.get('text')} [{f.get('code')}]" for f in findings if isinstance(f, dict))
        missing = int(event.detail.get("count", len(findings))) - len(findings)
        more += (f"… +{missing}",) if missing > 0 else ()
    return Told(event.at, tell(event, words), event.actor, event.event, more, event.event in _MINOR)


def _summed_up(reports: Sequence[EventRecord], words: Words, meanings: Meanings) -> list[Told]:
    """One line a report and outcome: a file of ten thousand payments has no ten thousand lines."""
    groups: dict[tuple[datetime, Any, str], list[EventRecord]] = {}
    for report in reports:
        groups.setdefault((report.at, report.detail.get("fid"), report.to_state or ""), []).append(report)
    lines = []
    for (at, _, outcome), group in groups.items():
        first = group[0]
        if len(group) == 1:
            lines.append(_told_report(first, words, meanings))
            continue
        said = Counter(line for r in group for line in _reason_said(r, words, meanings))
        text = words.fixed["reported-many"].format_map(_Facts({"count": len(group), "to": _outcome(outcome, words)}))
        lines.append(Told(at, text, "bank", "reported", tuple(f"{n} × {line}" for line, n in said.most_common())))
    return lines


def _told_report(report: EventRecord, words: Words, meanings: Meanings) -> Told:
    """One report about one payment: the outcome, and beside it what the bank gave as its reason or place."""
    facts = {"ordinal": report.detail.get("ordinal"), "to": _outcome(report.to_state or "", words)}
    text = words.events["reported"].format_map(_Facts(facts))
    more = _reason_said(report, words, meanings)
    if report.detail.get("statement_reference"):
        more = (*more, f"{words.fixed['statement']} {report.detail['statement_reference']}")
    return Told(report.at, text, "bank", "reported", more)


def _reason_said(report: EventRecord, words: Words, meanings: Meanings) -> tuple[str, ...]:
    """The bank's status, reason code with its plain meaning, and text. A statement's line repeats an older status."""
    d = report.detail
    code = d.get("reason_code")
    known = meanings.of(d.get("reason_list"), code, d.get("reason_text"))
    status = None if d.get("statement_reference") else d.get("bank_status")
    parts = [status, _name_check(status, words), code, in_words(known, words) if known else None, d.get("reason_text")]
    # A bank's own status is the code that decided.
    said = ", ".join(dict.fromkeys(str(part) for part in parts if part))
    return (said,) if said else ()


def _name_check(code: str | None, words: Words) -> str | None:
    """What the bank found when it compared the payee's name."""
    found = codes.status(code) if code in codes.PAYEE_CHECKS else None
    return None if found is None else found.meaning_zh if words.language == "zh" else found.meaning


def _outcome(outcome: str, words: Words) -> str:
    """An outcome as the tables name it; in another language with its words."""
    if words.language == "en" or outcome not in {str(o) for o in Outcome}:
        return outcome
    return words.outcomes[Outcome(outcome)].words


def _held(reason: str, words: Words) -> Step | None:
    return next((step for start, step in words.held.items() if reason.startswith(start)), None)


def _facts_of(sub: Submission) -> dict[str, Any]:
    earlier = sub.duplicate_of or _named_submission(sub.reason_text or "")
    return _Facts({"sid": sub.sid, "remote_name": sub.remote_name or "?", "bank": sub.bank, "earlier": earlier})


def _named_submission(text: str) -> str:
    """The other submission that a suspicion speaks of: ``(submission 1f…, SENT)``."""
    _, found, rest = text.partition("submission ")
    sid = rest.split()[0].strip(",;).") if found and rest.split() else ""
    return sid if len(sid) >= 20 and sid.replace("-", "").isalnum() else ""


class _Facts(dict[str, Any]):
    """Facts of an event; one that an older version did not record reads as a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"
