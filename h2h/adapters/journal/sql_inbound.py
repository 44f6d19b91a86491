"""Every statement about the bank's files, what they report, attention and the journal's own notes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, Insert, Integer, Select, Update, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from h2h.adapters.journal.prepared import given, prepared
from h2h.adapters.journal.tables import (
    attention,
    file_events,
    inbound_files,
    meta,
    payment_events,
    payments,
    statements,
)
from h2h.core.records import FileState

F = inbound_files.c
P = payments.c
A = attention.c


def _insert(dialect: str, table: Any) -> Any:
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)


# ---------------------------------------------------------------------------------------------- files


@prepared
def known_file(bank: str, folder: str, name: bytes, size: int, mtime: int) -> Select[Any]:
    """The newest file fetched under that name, size and time."""
    return (
        select(inbound_files)
        .where(F.bank == bank, F.folder == folder, F.remote_name_raw == name, F.size == size, F.mtime == mtime)
        .order_by(F.number.desc())
        .limit(1)
    )


def insert_file(dialect: str, values: dict[str, Any]) -> tuple[Executable, dict[str, Any]]:
    """A fetched file; returns nothing if the same content under the same name is there already."""
    return _insert_file(dialect), values


@functools.cache
def _insert_file(dialect: str) -> Executable:
    # Whichever index notices it: of two nodes at once, PostgreSQL may see the one on the id first, which follows from
    # the rest of the key.
    new: Executable = _insert(dialect, inbound_files).on_conflict_do_nothing().returning(*inbound_files.c)
    return new


@prepared
def same_file(bank: str, folder: str, name: bytes, size: int, mtime: int, sha256: str) -> Select[Any]:
    """The row that made ``insert_file`` return nothing."""
    return select(inbound_files).where(
        F.bank == bank,
        F.folder == folder,
        F.remote_name_raw == name,
        F.size == size,
        F.mtime == mtime,
        F.sha256 == sha256,
    )


@prepared
def file_with_content(bank: str, content_sha256: str) -> Select[Any]:
    """The first file of the bank that was opened to this content and not set aside, under whatever name."""
    wanted = select(inbound_files).where(F.bank == bank, F.content_sha256 == content_sha256)
    return wanted.where(F.state != FileState.QUARANTINED).order_by(F.number).limit(1)


@prepared
def another_with_content(bank: str, content_sha256: str, but: str) -> Select[Any]:
    """Any other file of the bank that was opened to this content and not set aside."""
    wanted = select(F.fid).where(F.bank == bank, F.content_sha256 == content_sha256, F.fid != but)
    return wanted.where(F.state != FileState.QUARANTINED).limit(1)


@prepared
def file(fid: str) -> Select[Any]:
    """One file."""
    return select(inbound_files).where(F.fid == fid)


def files_by(
    bank: str | None, states: tuple[FileState, ...] | None, limit: int | None
) -> tuple[Select[Any], dict[str, Any]]:
    """Files of a bank or of all, in some states or in all, oldest first."""
    return _files_by(bank is None, states, limit is None), given(bank=bank, limit=limit)


@functools.cache
def _files_by(every_bank: bool, states: tuple[FileState, ...] | None, all_of_them: bool) -> Select[Any]:
    wanted = select(inbound_files).order_by(F.number)
    if not all_of_them:
        wanted = wanted.limit(bindparam("limit", type_=Integer()))
    if not every_bank:
        wanted = wanted.where(F.bank == bindparam("bank"))
    return wanted if states is None else wanted.where(F.state.in_(states))


@prepared
def files_not_removed(bank: str) -> Select[Any]:
    """Ours and durable, but still at the bank."""
    return select(inbound_files).where(F.bank == bank, F.removed.is_(False)).order_by(F.number)


def file_ids_named(what: str) -> Select[Any]:
    """Files by the bank's name for them, their message id or their own id."""
    return select(F.fid).where((F.remote_name == what) | (F.fid == what) | (F.message_id == what))


def compare_and_set_file(fid: str, version: int, values: dict[str, Any]) -> tuple[Update, dict[str, Any]]:
    """Change the row if nobody else did since *version*; returns it, or nothing."""
    # The names of the conditions must not be those of columns that are set.
    return _compare_and_set_file(tuple(values)), {**values, "version": version + 1, "of_fid": fid, "at": version}


@functools.cache
def _compare_and_set_file(names: tuple[str, ...]) -> Update:
    return (
        update(inbound_files)
        .where(F.fid == bindparam("of_fid"), F.version == bindparam("at"))
        .values({name: bindparam(name) for name in ("version", *names)})
        .returning(*inbound_files.c)
    )


def insert_file_event(values: dict[str, Any]) -> tuple[Insert, dict[str, Any]]:
    """One line of a file's history."""
    return _INSERT_FILE_EVENT, values


_INSERT_FILE_EVENT = insert(file_events)


@prepared
def file_events_of(fid: str) -> Select[Any]:
    """The history of a bank's file, oldest first."""
    return select(file_events).where(file_events.c.fid == fid).order_by(file_events.c.number)


# ---------------------------------------------------------------------------------------------- what they report


#: What a report may change of a payment, in this order.
REPORTED = (
    "outcome",
    "bank_status",
    "reason_code",
    "reason_list",
    "reason_text",
    "outcome_at",
    "settled_on",
    "statement_reference",
)
#: What ``update_payment`` takes, in this order.
UPDATED = ("b_sid", "b_ordinal", *(f"b_{name}" for name in REPORTED))
#: What ``insert_payment_events`` takes, in this order.
TOLD = (
    "sid",
    "ordinal",
    "at",
    "from_outcome",
    "to_outcome",
    "bank_status",
    "reason_code",
    "reason_list",
    "reason_text",
    "settled_on",
    "statement_reference",
    "fid",
)


def payments_for_update(sid: str, ordinals: Sequence[int]) -> tuple[Select[Any], dict[str, Any]]:
    """What is known of these payments, their rows held until the transaction ends."""
    return _payments_for_update(), {"of_sid": sid, "ordinals": ordinals}


@functools.cache
def _payments_for_update() -> Select[Any]:
    known = select(P.ordinal, *(payments.c[name] for name in REPORTED))
    those = P.ordinal.in_(bindparam("ordinals", expanding=True))
    return known.where(P.sid == bindparam("of_sid"), those).order_by(P.ordinal).with_for_update()


@functools.cache
def update_payment() -> Update:
    """What a report leaves on a payment; for many rows of ``UPDATED``, one payment each."""
    return (
        update(payments)
        .where(P.sid == bindparam("b_sid"), P.ordinal == bindparam("b_ordinal"))
        .values({name: bindparam(f"b_{name}") for name in REPORTED})
    )


@functools.cache
def insert_payment_events() -> Insert:
    """What was reported, payment by payment, as it was reported; for many rows of ``TOLD``."""
    return insert(payment_events)


def payment_events_of(sid: str, ordinal: int | None) -> Select[Any]:
    """What was reported about a submission's payments, or about one of them, oldest first."""
    wanted = select(payment_events).where(payment_events.c.sid == sid).order_by(payment_events.c.number)
    return wanted if ordinal is None else wanted.where(payment_events.c.ordinal == ordinal)


@functools.cache
def insert_statements() -> Insert:
    """Links of the chain of statements."""
    return insert(statements)


@prepared
def statements_of(account: str, kind: str) -> Select[Any]:
    """Statements of an account in the order they came."""
    wanted = select(statements).where(statements.c.account == account, statements.c.kind == kind)
    return wanted.order_by(statements.c.number)


# ---------------------------------------------------------------------------------------------- attention and notes


@functools.cache
def open_attention(dialect: str) -> Executable:
    """Items that wait for a person, for many rows; one that is open already stays as it is."""
    new: Executable = _insert(dialect, attention).on_conflict_do_nothing()
    return new


@functools.cache
def attention_items(open_only: bool) -> Select[Any]:
    """The list that waits for a person, oldest first."""
    wanted = select(attention).order_by(A.number)
    return wanted.where(A.closed_at.is_(None)) if open_only else wanted


@prepared
def close_item(item: int, at: datetime, actor: str, reason: str) -> Update:
    """Close one item, if it is open."""
    return (
        update(attention)
        .where(A.number == item, A.closed_at.is_(None))
        .values(closed_at=at, closed_by=actor, closed_reason=reason)
        .returning(*attention.c)
    )


@prepared
def close_about(about_kind: str, about: str, at: datetime, actor: str, reason: str) -> Update:
    """Close the item of that kind *about* something, if one is open."""
    return (
        update(attention)
        .where(A.kind == about_kind, A.subject == about, A.closed_at.is_(None))
        .values(closed_at=at, closed_by=actor, closed_reason=reason)
    )


@prepared
def open_item(kind: str, subject: str) -> Select[Any]:
    """The number of the open item about *subject*, if there is one."""
    return select(A.number).where(A.kind == kind, A.subject == subject, A.closed_at.is_(None))


@functools.cache
def open_items() -> Select[Any]:
    """What is open, without its words."""
    return select(A.kind, A.subject).where(A.closed_at.is_(None))


@prepared
def note(key: str) -> Select[Any]:
    """One of the journal's own notes."""
    return select(meta.c.value).where(meta.c.key == key)


def write_note(dialect: str, key: str, value: str) -> tuple[Executable, dict[str, Any]]:
    """Write one of the journal's own notes; returns what stands there."""
    return _write_note(dialect), {"key": key, "value": value}


@functools.cache
def _write_note(dialect: str) -> Executable:
    new = _insert(dialect, meta)
    written: Executable = new.on_conflict_do_update(
        index_elements=["key"], set_={"value": new.excluded.value}
    ).returning(meta.c.value)
    return written


def first_note(dialect: str, key: str, value: str) -> Executable:
    """Write a note only if there is none."""
    written: Executable = _insert(dialect, meta).values(key=key, value=value).on_conflict_do_nothing()
    return written
