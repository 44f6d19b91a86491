"""The life of a submission: one file from one ERP to one bank. State moves only through ``advance()``.

Rules
1. The table below is the whole truth; the diagram in the README is drawn from it.
2. From COMMITTING on, the bank may have the file. Nothing leads from there back to sending but proof, brought by a
   person, that the bank does not have it (``RESOLVED_NOT_SENT``), and that opens a new generation.
3. A doubt is resolved by evidence or by a person with a reason, never by a timer.
4. A bank's report never moves a state backwards: it only tells more. A file accepted as a whole may still lose single
   payments, later; a rejected one never comes back.
5. "Not heard back" is derived from time, not stored; SETTLED and RETURNED belong to a payment (``outcome.py``).
"""

from __future__ import annotations

from enum import StrEnum

from h2h.core.errors import IllegalTransition


class State(StrEnum):
    """Where a submission is. The words of the journal, the log, `h2h explain` and the guides."""

    RECEIVED = "RECEIVED"  # claimed from the ERP's folder; its bytes are ours and durable
    CONVERTED = "CONVERTED"  # read, checked, written in the bank's format
    AWAITING_RELEASE = "AWAITING_RELEASE"  # a person must release it
    SEALED = "SEALED"  # final bytes and remote name fixed for ever
    SENDING = "SENDING"  # an attempt is uploading under a temporary name; free to repeat
    COMMITTING = "COMMITTING"  # the rename may have been requested: the point of no return
    SENT = "SENT"  # evidence that the bank has it
    ACKNOWLEDGED = "ACKNOWLEDGED"  # the bank says it has the file
    ACCEPTED = "ACCEPTED"
    PARTIALLY_ACCEPTED = "PARTIALLY_ACCEPTED"
    REJECTED = "REJECTED"
    DUPLICATE = "DUPLICATE"  # the same payments again; nothing was sent
    REFUSED = "REFUSED"  # by us, with findings; nothing was sent
    HELD = "HELD"  # waits for a person, with a reason; nothing was sent
    IN_DOUBT = "IN_DOUBT"  # COMMITTING without evidence; a person must find out
    CANCELLED = "CANCELLED"  # given up by a person before sending
    TAKEN_OVER = "TAKEN_OVER"  # a person sends it another way; h2h never will


class Event(StrEnum):
    """What can happen to a submission."""

    CONVERTED = "converted"
    REFUSED = "refused"
    DUPLICATE_FOUND = "duplicate-found"
    RELEASE_REQUIRED = "release-required"
    RELEASED = "released"
    HELD = "held"
    SEALED = "sealed"
    SEND_STARTED = "send-started"
    SEND_FAILED = "send-failed"
    COMMIT_STARTED = "commit-started"
    DELIVERED = "delivered"
    OUTCOME_UNKNOWN = "outcome-unknown"
    RESOLVED_SENT = "resolved-sent"
    RESOLVED_NOT_SENT = "resolved-not-sent"
    BANK_ACKNOWLEDGED = "bank-acknowledged"
    BANK_ACCEPTED = "bank-accepted"
    BANK_PARTIALLY_ACCEPTED = "bank-partially-accepted"
    BANK_REJECTED = "bank-rejected"
    CANCELLED = "cancelled"
    TAKEN_OVER = "taken-over"


S, E = State, Event

#: Before the point of no return: a person may hold, cancel or take over without asking the bank.
NOTHING_LEFT_THE_HOUSE = frozenset({S.RECEIVED, S.CONVERTED, S.AWAITING_RELEASE, S.SEALED, S.SENDING, S.HELD})
#: The bank may have the file: no temporary file may be created for it (invariant I2).
BANK_MAY_HAVE_IT = frozenset(
    {S.COMMITTING, S.IN_DOUBT, S.SENT, S.ACKNOWLEDGED, S.ACCEPTED, S.PARTIALLY_ACCEPTED, S.REJECTED, S.TAKEN_OVER}
)
#: Nothing more is expected from h2h or from a person (a bank may still say more about single payments).
FINAL = frozenset({S.ACCEPTED, S.PARTIALLY_ACCEPTED, S.REJECTED, S.DUPLICATE, S.REFUSED, S.CANCELLED, S.TAKEN_OVER})
#: A person must decide.
NEEDS_A_PERSON = frozenset({S.AWAITING_RELEASE, S.HELD, S.IN_DOUBT})
#: What h2h itself can move on. The others wait for a bank, for a person, or for nothing.
DUE = (S.RECEIVED, S.CONVERTED, S.SEALED, S.SENDING, S.COMMITTING)

_BANK_SAYS = {
    E.BANK_ACKNOWLEDGED: S.ACKNOWLEDGED,
    E.BANK_ACCEPTED: S.ACCEPTED,
    E.BANK_PARTIALLY_ACCEPTED: S.PARTIALLY_ACCEPTED,
    E.BANK_REJECTED: S.REJECTED,
}
_BEFORE_SENDING = {E.HELD: S.HELD, E.CANCELLED: S.CANCELLED, E.TAKEN_OVER: S.TAKEN_OVER}

TRANSITIONS: dict[State, dict[Event, State]] = {
    S.RECEIVED: {
        E.CONVERTED: S.CONVERTED,
        E.REFUSED: S.REFUSED,
        E.DUPLICATE_FOUND: S.DUPLICATE,
        **_BEFORE_SENDING,
    },
    S.CONVERTED: {
        E.RELEASE_REQUIRED: S.AWAITING_RELEASE,
        E.SEALED: S.SEALED,
        E.REFUSED: S.REFUSED,
        **_BEFORE_SENDING,
    },
    S.AWAITING_RELEASE: {E.RELEASED: S.CONVERTED, **_BEFORE_SENDING},
    S.SEALED: {E.SEND_STARTED: S.SENDING, **_BEFORE_SENDING},
    S.SENDING: {
        E.SEND_STARTED: S.SENDING,  # the next attempt, under its own temporary name
        E.SEND_FAILED: S.SEALED,  # NotSent: nothing was renamed
        E.COMMIT_STARTED: S.COMMITTING,
        **_BEFORE_SENDING,
    },
    S.COMMITTING: {E.DELIVERED: S.SENT, E.OUTCOME_UNKNOWN: S.IN_DOUBT, **_BANK_SAYS},
    S.IN_DOUBT: {
        E.DELIVERED: S.SENT,  # late evidence
        E.RESOLVED_SENT: S.SENT,
        E.RESOLVED_NOT_SENT: S.SEALED,  # a new generation
        E.TAKEN_OVER: S.TAKEN_OVER,
        **_BANK_SAYS,
    },
    S.SENT: {**_BANK_SAYS},
    S.ACKNOWLEDGED: {k: v for k, v in _BANK_SAYS.items() if k is not E.BANK_ACKNOWLEDGED},
    S.PARTIALLY_ACCEPTED: {E.BANK_ACCEPTED: S.ACCEPTED, E.BANK_REJECTED: S.REJECTED},
    S.ACCEPTED: {E.BANK_PARTIALLY_ACCEPTED: S.PARTIALLY_ACCEPTED, E.BANK_REJECTED: S.REJECTED},
    S.REJECTED: {},
    S.DUPLICATE: {},
    S.REFUSED: {},
    # Released, a held submission goes back to where it was held; see ``advance``.
    S.HELD: {E.RELEASED: S.RECEIVED, E.CANCELLED: S.CANCELLED, E.TAKEN_OVER: S.TAKEN_OVER, E.REFUSED: S.REFUSED},
    S.CANCELLED: {},
    S.TAKEN_OVER: {},
}


def advance(state: State, event: Event, *, held_from: State | None = None) -> State:
    """The state after *event*; ``IllegalTransition`` if it cannot happen in *state*.

    A submission that is released from HELD returns to *held_from* (SENDING returns to SEALED: the attempt is over).
    """
    target = TRANSITIONS[state].get(event)
    if target is None:
        raise IllegalTransition(f"'{event}' cannot happen to a submission that is {state}")
    if state is State.HELD and event is Event.RELEASED and held_from is not None:
        return State.SEALED if held_from is State.SENDING else held_from
    return target


def may_happen(state: State, event: Event) -> bool:
    """True if *event* can happen in *state*."""
    return event in TRANSITIONS[state]
