"""Every statement about submissions and their payments, each with its sentence. Nothing here runs anything."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Delete,
    Executable,
    Insert,
    Integer,
    Select,
    Update,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from h2h.adapters.journal import rows
from h2h.adapters.journal.prepared import given, prepared
from h2h.adapters.journal.tables import (
    bank_sequences,
    commit_intents,
    events,
    payment_events,
    payments,
    submissions,
)
from h2h.core.lifecycle import BANK_MAY_HAVE_IT, DUE, State
from h2h.core.outcome import Outcome

S = submissions.c
P = payments.c

#: Their payments no longer count when a later file holds the same.
NOT_LIVE = (State.REFUSED, State.CANCELLED, State.DUPLICATE)

# ---------------------------------------------------------------------------------------------- take in


@prepared
def same_bytes(folder: str, sha256: str) -> Select[Any]:
    """All submissions of these bytes from this folder, in the order they came."""
    return select(submissions).where(S.folder == folder, S.source_sha256 == sha256).order_by(S.number)


@prepared
def has_event(sid: str, event: str) -> Select[Any]:
    """Whether the submission has that event or remark in its history."""
    return select(exists().where(events.c.sid == sid, events.c.event == event))


@prepared
def count_named(folder: str, source_name: str) -> Select[Any]:
    """How many files of that name came from the folder."""
    return select(func.count()).select_from(submissions).where(S.folder == folder, S.source_name == source_name)


@prepared
def has_receipt(folder: str, stem: str) -> Select[Any]:
    """Whether a submission of the folder already writes its receipts under that stem."""
    return select(exists().where(S.folder == folder, S.receipt == stem))


def insert_submission(values: dict[str, Any]) -> tuple[Executable, dict[str, Any]]:
    """A new submission."""
    return _INSERT_SUBMISSION, values


_INSERT_SUBMISSION = insert(submissions).returning(*submissions.c)


# ---------------------------------------------------------------------------------------------- move


@prepared
def for_update(sid: str) -> Select[Any]:
    """One submission, its row held until the transaction ends (SQLite holds the whole database anyway)."""
    return select(submissions).where(S.sid == sid).with_for_update()


def compare_and_set(sid: str, version: int, values: dict[str, Any]) -> tuple[Update, dict[str, Any]]:
    """Change the row if nobody else did since *version*; returns it, or nothing."""
    # The names of the conditions must not be those of columns that are set.
    return _compare_and_set(tuple(values)), {**values, "version": version + 1, "of_sid": sid, "at_version": version}


@functools.cache
def _compare_and_set(names: tuple[str, ...]) -> Update:
    return (
        update(submissions)
        .where(S.sid == bindparam("of_sid"), S.version == bindparam("at_version"))
        .values({name: bindparam(name) for name in ("version", *names)})
        .returning(*submissions.c)
    )


def insert_event(values: dict[str, Any]) -> tuple[Insert, dict[str, Any]]:
    """One line of the append-only history."""
    return _INSERT_EVENT, values


_INSERT_EVENT = insert(events)


def insert_commit_intent(sid: str, generation: int, temporary: str, at: datetime) -> tuple[Insert, dict[str, Any]]:
    """The one temporary name that may be renamed in this generation (invariant I1)."""
    return _INSERT_COMMIT_INTENT, {"sid": sid, "generation": generation, "temporary": temporary, "at": at}


_INSERT_COMMIT_INTENT = insert(commit_intents)


@prepared
def commit_intents_of(sid: str) -> Select[Any]:
    """The temporary names committed for a submission, one a generation."""
    return select(commit_intents).where(commit_intents.c.sid == sid).order_by(commit_intents.c.generation)


@prepared
def highest_sequence(bank: str) -> Select[Any]:
    """The highest number that any submission of the bank bears."""
    return select(func.max(S.sequence)).where(S.bank == bank)


def next_sequence(dialect: str, bank: str, at_least: int) -> tuple[Executable, dict[str, Any]]:
    """Take the bank's next file number, at least *at_least*; it is never given twice, even if the file is cancelled."""
    return _next_sequence(dialect), {"bank": bank, "last": at_least}


@functools.cache
def _next_sequence(dialect: str) -> Executable:
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(bank_sequences)
    following = bank_sequences.c.last + 1
    taken = case((following < new.excluded.last, new.excluded.last), else_=following)
    return new.on_conflict_do_update(index_elements=["bank"], set_={"last": taken}).returning(bank_sequences.c.last)


def raise_sequence(dialect: str, bank: str, to: int) -> Executable:
    """After a restored submission: the counter never gives its number again."""
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(bank_sequences).values(bank=bank, last=to)
    higher = case((bank_sequences.c.last < new.excluded.last, new.excluded.last), else_=bank_sequences.c.last)
    return new.on_conflict_do_update(index_elements=["bank"], set_={"last": higher})


# ---------------------------------------------------------------------------------------------- read submissions


@prepared
def submission(sid: str) -> Select[Any]:
    """One submission."""
    return select(submissions).where(S.sid == sid)


def submissions_by(
    bank: str | None, states: tuple[State, ...] | None, limit: int | None
) -> tuple[Select[Any], dict[str, Any]]:
    """Submissions of a bank or of all, in some states or in all, newest first."""
    return _submissions_by(bank is None, states, limit is None), given(bank=bank, limit=limit)


@functools.cache
def _submissions_by(every_bank: bool, states: tuple[State, ...] | None, all_of_them: bool) -> Select[Any]:
    wanted = select(submissions).order_by(S.number.desc())
    if not all_of_them:
        wanted = wanted.limit(bindparam("limit", type_=Integer()))
    if not every_bank:
        wanted = wanted.where(S.bank == bindparam("bank"))
    return wanted if states is None else wanted.where(S.state.in_(states))


def due(bank: str, now: datetime, limit: int, states: tuple[State, ...] = DUE) -> tuple[Select[Any], dict[str, Any]]:
    """What h2h can move at *now*: those never tried before retries, then in the order they came."""
    return _due(states), {"bank": bank, "now": now, "limit": limit}


@functools.cache
def _due(states: tuple[State, ...]) -> Select[Any]:
    tried = case((or_(S.next_attempt_at.is_not(None), S.attempt > 0), 1), else_=0)
    now = bindparam("now", type_=S.next_attempt_at.type)
    return (
        select(submissions)
        .where(
            S.bank == bindparam("bank"), S.state.in_(states), or_(S.next_attempt_at.is_(None), S.next_attempt_at <= now)
        )
        .order_by(tried, S.number)
        .limit(bindparam("limit", type_=Integer()))
    )


@prepared
def oldest(bank: str) -> Select[Any]:
    """The first that came of those that h2h has to move on, be it now or later."""
    return select(submissions).where(S.bank == bank, S.state.in_(DUE)).order_by(S.number).limit(1)


@prepared
def waiting_for_answer(bank: str) -> Select[Any]:
    """The bank has them and has not yet said what becomes of them."""
    return select(submissions).where(S.bank == bank, S.state.in_([State.SENT, State.ACKNOWLEDGED])).order_by(S.number)


@prepared
def by_message_id(bank: str, message_id: str) -> Select[Any]:
    """Submissions to the bank that bear the message id, newest first."""
    return select(submissions).where(S.bank == bank, S.message_id == message_id).order_by(S.number.desc())


@prepared
def same_name(folder: str, source_name: str, since: datetime) -> Select[Any]:
    """Submissions of a file of that name since then, newest first."""
    return (
        select(submissions)
        .where(S.folder == folder, S.source_name == source_name, S.received_at >= since)
        .order_by(S.number.desc())
    )


def by_own_words(what: str) -> Select[Any]:
    """Submissions by the start of their id (four letters or more), file name, receipt, message id, name at the bank."""
    named = [S.source_name == what, S.receipt == what, S.message_id == what, S.remote_name == what]
    if len(what) >= 4:
        named.append(S.sid.startswith(what, autoescape=True))
    return select(submissions).where(or_(*named))


def by_payment(what: str) -> Select[Any]:
    """Submissions that hold a payment with that end-to-end id or UETR."""
    held = select(P.sid).where(or_(P.end_to_end_id == what, P.uetr == what))
    return select(submissions).where(S.sid.in_(held))


def by_files(fids: Sequence[str]) -> Select[Any]:
    """Submissions about which these files of the bank said something."""
    moved = select(events.c.sid).where(events.c.fid.in_(fids))
    reported = select(payment_events.c.sid).where(payment_events.c.fid.in_(fids))
    return select(submissions).where(or_(S.sid.in_(moved), S.sid.in_(reported)))


@prepared
def events_of(sid: str) -> Select[Any]:
    """The history of a submission, oldest first."""
    return select(events).where(events.c.sid == sid).order_by(events.c.number)


# ---------------------------------------------------------------------------------------------- payments


@prepared
def forget_payments(sid: str) -> Delete:
    """Before they are replaced; refused by the database once a bank has said something about one of them."""
    return delete(payments).where(P.sid == sid)


@functools.cache
def insert_payments() -> Insert:
    """A chunk of payments."""
    return insert(payments)


def _payment_columns() -> list[Column[Any]]:
    return [payments.c[name] for name in rows.PAYMENT]


@prepared
def payments_of(sid: str) -> Select[Any]:
    """The payments of a submission in the order of the bank's file."""
    return select(*_payment_columns()).where(P.sid == sid).order_by(P.ordinal)


def some_payments_of(
    sid: str, outcomes: Collection[Outcome] | None, limit: int | None
) -> tuple[Select[Any], dict[str, Any]]:
    """The first payments of a submission in the order of the bank's file, or the first with one of these outcomes."""
    wanted = None if outcomes is None else tuple(outcomes)
    return _some_payments_of(wanted, limit is None), given(of_sid=sid, limit=limit)


@functools.cache
def _some_payments_of(outcomes: tuple[Outcome, ...] | None, all_of_them: bool) -> Select[Any]:
    wanted = select(*_payment_columns()).where(P.sid == bindparam("of_sid")).order_by(P.ordinal)
    if not all_of_them:
        wanted = wanted.limit(bindparam("limit", type_=Integer()))
    return wanted if outcomes is None else wanted.where(P.outcome.in_(outcomes))


@prepared
def outcomes_of(sid: str) -> Select[Any]:
    """(outcome, number of payments) of a submission."""
    return select(P.outcome, func.count().label("number")).where(P.sid == sid).group_by(P.outcome)


def payments_with(bank: str, column: str, ids: Sequence[str]) -> tuple[Select[Any], dict[str, Any]]:
    """Payments to the bank with one of these ids, if their submission may have left the house, now or earlier."""
    return _payments_with(column), {"bank": bank, "ids": ids}


@functools.cache
def _payments_with(column: str) -> Select[Any]:
    return (
        select(*_payment_columns())
        .join(submissions, S.sid == P.sid)
        .where(
            P[column].in_(bindparam("ids", expanding=True)),
            P.bank == bindparam("bank"),
            or_(S.state.in_(tuple(BANK_MAY_HAVE_IT)), S.generation > 0),
        )
        .order_by(S.number, P.ordinal)
    )


@prepared
def overlapping(sid: str, bank: str, since: datetime) -> Select[Any]:
    """Payments of other live submissions to the bank with the fingerprint of one of this submission's payments."""
    mine = payments.alias("mine")
    return (
        select(*_payment_columns(), mine.c.ordinal.label("own_ordinal"))
        .select_from(mine)
        .join(payments, (P.fingerprint == mine.c.fingerprint) & (P.bank == bank) & (P.sid != sid))
        .join(submissions, S.sid == P.sid)
        .where(
            mine.c.sid == sid,
            mine.c.fingerprint != "",
            S.state.not_in(NOT_LIVE),
            S.received_at >= since,
        )
        .order_by(mine.c.ordinal, S.number, P.ordinal)
    )
