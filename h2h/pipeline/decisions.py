"""What people decide: release, hold, cancel, resolve, take over. Each with a name and a reason, journalled.

Order matters for `resolve --not-sent` (I7): the ledger's release first, the journal second; a crash in between leaves
the submission in doubt, and the decision is made again.

Where the configuration wants two people for a decision, the first call of each function only asks (`four_eyes.py`): the
submission comes back as it was.
"""

from __future__ import annotations

from typing import Any

from h2h.core.errors import IllegalTransition
from h2h.core.lifecycle import BANK_MAY_HAVE_IT, NOTHING_LEFT_THE_HOUSE, Event, State, advance, may_happen
from h2h.core.match import ANSWERED
from h2h.core.records import LedgerKind, LedgerRecord, Submission
from h2h.core.released import with_release, without_release
from h2h.core.story import seen_elsewhere
from h2h.pipeline.four_eyes import ITEM, Decision, goes_on, may_release
from h2h.pipeline.house import House, moved
from h2h.pipeline.receipts import write_receipt
from h2h.pipeline.witness import BY_HAND, ensure_delivered, ensure_given_up, knows, tell_held


def release(house: House, sid: str, *, actor: str, reason: str) -> Submission:
    """HELD or AWAITING_RELEASE goes on from where it was; the suspicion it was held for is answered."""
    sub = house.journal.submission(sid)
    _must_be_possible(sub, Event.RELEASED)
    may_release(house, sub, actor)
    if not goes_on(house, sub, Decision.RELEASE, actor=actor, reason=reason):
        return sub
    answers = sub.released_by
    for reason_answered in (sub.reason or sub.state).split("+"):  # several rules may have held it at once
        answers = with_release(answers, reason_answered, actor)
    return _decide(house, sub, Event.RELEASED, actor, reason, released_by=answers, next_attempt_at=None)


def hold(house: House, sid: str, *, actor: str, reason: str) -> Submission:
    """Stop it before it is sent; ``IllegalTransition`` if the bank may have it already."""
    sub = house.journal.submission(sid)
    held = _decide(house, sub, Event.HELD, actor, reason, reason=BY_HAND, reason_text=f"{reason} ({actor})")
    tell_held(house, held)
    return held


def cancel(house: House, sid: str, *, actor: str, reason: str) -> Submission:
    """Give it up; nothing was sent and nothing will be. The same bytes may then be dropped again."""
    sub = house.journal.submission(sid)
    _must_be_possible(sub, Event.CANCELLED)
    _witness_agrees(house, sub)
    if not goes_on(house, sub, Decision.CANCEL, actor=actor, reason=reason):
        return sub
    sub = _decide(house, sub, Event.CANCELLED, actor, reason, reason_text=reason)
    ensure_given_up(house, sub)
    house.settle("cannot-go-on", sid, f"cancelled by {actor}: {reason}")
    return sub


def resolve_sent(house: House, sid: str, *, actor: str, reason: str) -> Submission:
    """A person found out that the bank has it."""
    sub = house.journal.submission(sid)
    _must_be_possible(sub, Event.RESOLVED_SENT)
    _journal_is_no_copy(sub, knows(house, LedgerKind.COMMIT, sub, after=1))
    if not goes_on(house, sub, Decision.RESOLVE_SENT, actor=actor, reason=reason):
        return sub
    evidence = f"person: {actor}: {reason}"
    sub = _decide(
        house,
        sub,
        Event.RESOLVED_SENT,
        actor,
        reason,
        evidence=evidence,
        sent_at=sub.sent_at or house.now(),
    )
    ensure_delivered(house, sub)
    return sub


def resolve_not_sent(house: House, sid: str, *, actor: str, reason: str) -> Submission:
    """A person found out that the bank does not have it: a new generation may be sent, the same bytes and name."""
    sub = house.journal.submission(sid)
    if sub.state is not State.IN_DOUBT:
        raise IllegalTransition(f"submission {sid} is {sub.state}; only one that is IN_DOUBT can be resolved")
    _witness_agrees(house, sub)
    for payment in seen_elsewhere(sub, house.journal.payments(sid)):
        # Stronger than anybody's word: sending the file again would pay this one twice.
        raise IllegalTransition(
            f"payment {payment.ordinal} ({payment.end_to_end_id}) is {payment.outcome} on statement "
            f"{payment.statement_reference}: the bank had the file"
        )
    if not goes_on(house, sub, Decision.RESOLVE_NOT_SENT, actor=actor, reason=reason):
        return sub
    if not house.ledger.has(LedgerKind.RELEASE, sid, sub.generation):
        detail = {"actor": actor, "reason": reason}
        house.ledger.append(LedgerRecord(LedgerKind.RELEASE, sid, sub.generation, detail))
    # What was known of the bank's word then was about the generation before.
    answers = without_release(sub.released_by, ANSWERED)
    return _decide(house, sub, Event.RESOLVED_NOT_SENT, actor, reason, released_by=answers)


def take_over(house: House, sid: str, *, actor: str, reason: str, knowing_it_may_be_there: bool) -> Submission:
    """A person sends it another way. While the bank may have it, only if the person says so in as many words."""
    sub = house.journal.submission(sid)
    if sub.state in BANK_MAY_HAVE_IT and not knowing_it_may_be_there:
        raise IllegalTransition(
            f"submission {sid} is {sub.state}: the bank may have it, and sending it another way may pay twice",
        )
    if not may_happen(sub.state, Event.TAKEN_OVER):
        # Before anybody is asked to say the same.
        raise IllegalTransition(f"submission {sid} is {sub.state}; it cannot be taken over any more")
    _witness_agrees(house, sub)
    if not goes_on(house, sub, Decision.TAKE_OVER, actor=actor, reason=reason):
        return sub
    # The journal first: where the daemon was quicker, the ledger must not say what the journal refuses. Replayed, it
    # would take over what this person was told is h2h's, and nobody would send it.
    sub = _decide(house, sub, Event.TAKEN_OVER, actor, reason, reason_text=f"{reason} ({actor})")
    ensure_given_up(house, sub)
    house.settle("cannot-go-on", sid, f"taken over by {actor}: {reason}")
    return sub


def _witness_agrees(house: House, sub: Submission) -> None:
    """Before a decision that could pay twice: an older journal that was put back knows less than the ledgers (I8).

    ``Misconfigured``, ``Unavailable`` if the ledger of one of the nodes cannot be asked.
    """
    if sub.state in NOTHING_LEFT_THE_HOUSE:
        sent = knows(house, LedgerKind.COMMIT, sub)
    else:  # in doubt; or somebody has ended the doubt, and the next generation went out
        sent = knows(house, LedgerKind.DELIVERED, sub) or knows(house, LedgerKind.COMMIT, sub, after=1)
    _journal_is_no_copy(sub, sent)


def _journal_is_no_copy(sub: Submission, sent: bool) -> None:
    """``IllegalTransition`` if the ledger knows that it was *sent* since the journal's last word on it."""
    if sent:
        raise IllegalTransition(
            f"the journal has submission {sub.sid} as {sub.state}, the ledger knows that it went to the bank",
            hint="the journal is an older copy: start h2h, which replays the ledger, then look again",
        )


def _must_be_possible(sub: Submission, event: Event) -> None:
    """Before anybody is asked to say the same."""
    advance(sub.state, event, held_from=sub.held_from)


def _decide(house: House, sub: Submission, event: Event, actor: str, why: str, **changes: Any) -> Submission:
    sub = house.journal.advance(sub, event, at=house.now(), actor=actor, detail={"reason_text": why}, **changes)
    house.settle(ITEM, sub.sid, f"{event} by {actor}")
    write_receipt(house, sub)
    moved(sub, str(event), actor=actor)
    return sub
