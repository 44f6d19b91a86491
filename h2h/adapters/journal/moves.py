"""What one move changes in a submission's row and what its event says: pure, so that it can be read in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from h2h.core.errors import IllegalTransition
from h2h.core.lifecycle import Event, State
from h2h.core.records import Submission

#: Columns that a caller may change. The others say what the file was, or are moved by the journal itself.
CHANGEABLE = frozenset(
    {
        "attempt",
        "commit_temporary",
        "remote_name",
        "source_format",
        "bank_format",
        "message_id",
        "transaction_count",
        "control_sum",
        "sealed_sha256",
        "sealed_size",
        "profile",
        "reason",
        "reason_text",
        "who_acts",
        "duplicate_of",
        "released_by",
        "next_attempt_at",
        "first_attempt_at",
        "sent_at",
        "evidence",
    }
)
#: Fixed once, at seal: what leaves the house must be what was sealed.
WRITE_ONCE = ("remote_name", "sealed_sha256", "sealed_size")
#: A person's words that let it go on explain the event, not the state that follows.
_GOES_ON = frozenset({Event.RELEASED, Event.RESOLVED_SENT, Event.RESOLVED_NOT_SENT})
#: What of the changes an event keeps, because the row will forget it.
_TOLD = ("attempt", "commit_temporary", "remote_name", "sealed_sha256", "duplicate_of", "evidence", "next_attempt_at")


@dataclass(frozen=True, slots=True)
class Move:
    """One event that is about to happen to one submission, judged at ``version``."""

    sid: str
    version: int
    event: Event
    at: datetime
    actor: str = "h2h"
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    fid: str | None = None  # the bank's file that brings it


def no_others(before: Submission, changes: dict[str, Any]) -> dict[str, Any]:
    """*changes*, if they are columns that may be changed without a move; ``TypeError`` or ``IllegalTransition``."""
    unknown = sorted(set(changes) - CHANGEABLE)
    if unknown:
        raise TypeError(f"not columns of a submission that may be changed: {', '.join(unknown)}")
    for name in (*WRITE_ONCE, "commit_temporary"):
        known = getattr(before, name)
        if name in changes and changes[name] != known and (known is not None or name == "commit_temporary"):
            raise IllegalTransition(f"{name} of submission {before.sid} is fixed ({known}) and cannot become another")
    return dict(changes)


def columns_after(before: Submission, target: State, move: Move) -> dict[str, Any]:
    """The columns that the move sets. I1: only a commit names a temporary, and once a generation."""
    changes = dict(move.changes)
    commits = move.event is Event.COMMIT_STARTED
    temporary = changes.pop("commit_temporary", None) if commits else None
    if commits and before.commit_temporary is not None:
        raise IllegalTransition(
            f"submission {before.sid} has already committed {before.commit_temporary} in generation {before.generation}"
        )
    values: dict[str, Any] = {"reason_text": None, "who_acts": None}
    values["reason"] = None if move.event in _GOES_ON else move.reason
    if move.event is Event.RESOLVED_NOT_SENT:
        values |= _next_generation(before)
        changes.pop("commit_temporary", None)
    values |= no_others(before, changes)
    if commits:
        values["commit_temporary"] = temporary
    if target in {State.REFUSED, State.CANCELLED}:
        values["claim"] = None  # the same bytes may come again
    held_from = before.state if move.event is Event.HELD else None
    return values | {"state": target, "held_from": held_from, "updated_at": move.at}


def record_of(before: Submission, target: State, move: Move) -> dict[str, Any]:
    """The event's row."""
    told = {name: move.changes[name] for name in _TOLD if move.changes.get(name) is not None}
    if move.event is Event.RESOLVED_NOT_SENT:
        told["generation"] = before.generation + 1
    if move.fid is not None:
        told["fid"] = move.fid
    return {
        "sid": before.sid,
        "at": move.at,
        "event": str(move.event),
        "from_state": str(before.state),
        "to_state": str(target),
        "actor": move.actor,
        "reason": move.reason,
        "detail": told | move.detail,
        "fid": move.fid,
    }


def _next_generation(before: Submission) -> dict[str, Any]:
    return {
        "generation": before.generation + 1,
        "commit_temporary": None,
        "attempt": 0,
        "first_attempt_at": None,
        "next_attempt_at": None,
        "sent_at": None,
        "evidence": None,
    }
