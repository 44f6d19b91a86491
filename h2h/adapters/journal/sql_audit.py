"""Every statement of the audit, each with its sentence. They only read."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Text, and_, bindparam, cast, func, or_, select

from h2h.adapters.journal.prepared import prepared
from h2h.adapters.journal.tables import (
    commit_intents,
    events,
    file_events,
    inbound_files,
    payment_events,
    payments,
    submissions,
)
from h2h.core.outcome import Outcome


@prepared
def submissions_after(number: int, limit: int) -> Select[Any]:
    """The next submissions in the order they came."""
    return select(submissions).where(submissions.c.number > number).order_by(submissions.c.number).limit(limit)


def events_of_all(sids: Sequence[str]) -> tuple[Select[Any], dict[str, Any]]:
    """The histories of some submissions, each oldest first."""
    return _events_of_all(), {"sids": sids}


@functools.cache
def _events_of_all() -> Select[Any]:
    those = events.c.sid.in_(bindparam("sids", expanding=True))
    return select(events).where(those).order_by(events.c.number)


def intents_of_all(sids: Sequence[str]) -> tuple[Select[Any], dict[str, Any]]:
    """The temporary names committed for some submissions."""
    return _intents_of_all(), {"sids": sids}


@functools.cache
def _intents_of_all() -> Select[Any]:
    those = commit_intents.c.sid.in_(bindparam("sids", expanding=True))
    return select(commit_intents).where(those).order_by(commit_intents.c.generation)


@functools.cache
def payments_not_as_reported() -> Select[Any]:
    """Payments whose outcome is not the one of the last report about them; PENDING where there was no report."""
    last = (
        select(payment_events.c.sid, payment_events.c.ordinal, func.max(payment_events.c.number).label("number"))
        .group_by(payment_events.c.sid, payment_events.c.ordinal)
        .subquery()
    )
    p, e = payments.c, payment_events.c
    return (
        select(p.sid, p.ordinal, p.outcome, e.to_outcome)
        .select_from(payments)
        .outerjoin(last, and_(last.c.sid == p.sid, last.c.ordinal == p.ordinal))
        .outerjoin(payment_events, e.number == last.c.number)
        .where(or_(e.to_outcome != p.outcome, and_(e.to_outcome.is_(None), p.outcome != Outcome.PENDING)))
        .order_by(p.sid, p.ordinal)
    )


@functools.cache
def reports_out_of_order() -> Select[Any]:
    """Reports that do not begin where the report before them about the same payment ended."""
    e = payment_events.c
    lag = func.lag(cast(e.to_outcome, Text)).over(partition_by=(e.sid, e.ordinal), order_by=e.number)
    before = func.coalesce(lag, str(Outcome.PENDING)).label("known")
    seen = select(e.sid, e.ordinal, e.number, cast(e.from_outcome, Text).label("begins"), before).subquery()
    return select(seen).where(seen.c.begins != seen.c.known).order_by(seen.c.number)


@functools.cache
def files_not_as_their_history() -> Select[Any]:
    """Bank files whose state is not the one of their last event."""
    last = select(file_events.c.fid, func.max(file_events.c.number).label("number")).group_by(file_events.c.fid)
    newest = last.subquery()
    f, e = inbound_files.c, file_events.c
    return (
        select(f.fid, f.state, e.to_state)
        .select_from(inbound_files)
        .outerjoin(newest, newest.c.fid == f.fid)
        .outerjoin(file_events, e.number == newest.c.number)
        .where(or_(e.to_state.is_(None), e.to_state != cast(f.state, Text)))
        .order_by(f.number)
    )
