"""Rows to records and back. The names are the same on both sides; only the source's identity is spread over columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

from sqlalchemy import Row, Table

from h2h.adapters.journal.columns import printable
from h2h.adapters.journal.tables import events, submissions
from h2h.core.records import (
    Attention,
    EventRecord,
    InboundFile,
    PaymentRecord,
    SourceIdentity,
    StatementRecord,
    Submission,
)

T = TypeVar("T")

_IDENTITY = ("name", "device", "inode", "mtime_ns", "size")
_SUBMISSION = tuple(f.name for f in fields(Submission) if f.name != "identity")
_IDENTITY_AT = [f.name for f in fields(Submission)].index("identity")
#: Columns of a payment in the order of the record, ``sid`` first.
PAYMENT = tuple(f.name for f in fields(PaymentRecord))
_payment_values = attrgetter(*PAYMENT[1:])
_FILE = tuple(f.name for f in fields(InboundFile))
_STATEMENT = tuple(f.name for f in fields(StatementRecord))
_ATTENTION = tuple(f.name for f in fields(Attention))
_EVENT = tuple(f.name for f in fields(EventRecord))


def _places(table: Table, names: Iterable[str]) -> itemgetter[tuple[Any, ...]]:
    columns = table.columns.keys()
    return itemgetter(*(columns.index(name) for name in names))


_before_identity = _places(submissions, _SUBMISSION[:_IDENTITY_AT])
_identity = _places(submissions, (f"identity_{name}" for name in _IDENTITY))
_after_identity = _places(submissions, _SUBMISSION[_IDENTITY_AT:])
_event = _places(events, _EVENT)


def submission(row: Row[Any]) -> Submission:
    """A row that begins with the columns of ``submissions``."""
    values = (*_before_identity(row), SourceIdentity(*_identity(row)), *_after_identity(row))
    return Submission(*values)


def submission_values(sub: Submission) -> dict[str, Any]:
    """All columns of a submission but its number and claim."""
    values = {name: getattr(sub, name) for name in _SUBMISSION if name != "number"}
    return values | {f"identity_{name}": getattr(sub.identity, name) for name in _IDENTITY}


def same_identity(known: SourceIdentity, seen: SourceIdentity) -> bool:
    """True if *seen* is the file that is journalled as *known* (whose name is spelled as the database can hold it).

    Each machine numbers the devices it has mounted by itself, so the number says nothing where nodes share a folder.
    """
    return (printable(seen.name), seen.inode, seen.mtime_ns, seen.size) == (
        known.name,
        known.inode,
        known.mtime_ns,
        known.size,
    )


def payment(row: Row[Any]) -> PaymentRecord:
    """A row that begins with the columns ``PAYMENT``."""
    return PaymentRecord(*row[: len(PAYMENT)])


def payment_values(sid: str, bank: str, record: PaymentRecord) -> tuple[Any, ...]:
    """The columns ``PAYMENT`` and the bank; the record's own sid does not count."""
    return (sid, *_payment_values(record), bank)


def event(row: Row[Any]) -> EventRecord:
    """A row that begins with the columns of ``events``."""
    return EventRecord(*_event(row))


def file_event(row: Row[Any]) -> EventRecord:
    """A row of ``file_events`` as an event whose ``sid`` is the file's id."""
    v = row._mapping
    moved = "fetched" if v["from_state"] is None else str(v["to_state"]).lower()
    return EventRecord(
        v["number"], v["fid"], v["at"], moved, v["from_state"], v["to_state"], "h2h", v["reason"], v["detail"]
    )


def payment_event(row: Row[Any]) -> EventRecord:
    """A row of ``payment_events``: what a bank reported, as the event ``reported`` between two outcomes."""
    v = row._mapping
    told = ("ordinal", "bank_status", "reason_code", "reason_list", "reason_text", "settled_on", "statement_reference")
    detail = {name: v[name] for name in (*told, "fid") if v[name] is not None}
    if "settled_on" in detail:
        detail["settled_on"] = detail["settled_on"].isoformat()
    states = str(v["from_outcome"]), str(v["to_outcome"])
    return EventRecord(v["number"], v["sid"], v["at"], "reported", *states, "bank", v["reason_code"], detail)


def inbound_file(row: Row[Any]) -> InboundFile:
    """A row of ``inbound_files``."""
    values = row._mapping
    return InboundFile(**{name: values[name] for name in _FILE})


def file_values(file: InboundFile) -> dict[str, Any]:
    """All columns of a bank's file but its number."""
    return {name: getattr(file, name) for name in _FILE}


def statement(row: Row[Any]) -> StatementRecord:
    """A row of ``statements``."""
    values = row._mapping
    return StatementRecord(**{name: values[name] for name in _STATEMENT})


def statement_values(record: StatementRecord) -> dict[str, Any]:
    """All columns of a statement but its number."""
    return {name: getattr(record, name) for name in _STATEMENT}


def attention_item(row: Row[Any]) -> Attention:
    """A row of ``attention``."""
    values = row._mapping
    return Attention(**{name: values[name] for name in _ATTENTION})


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """*items* in lists of at most *size*, never more than one list in memory."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
