"""What `h2h status` counts and what `h2h explain` looks for: whole tables, read once and summed exactly. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from h2h.adapters.journal import rows
from h2h.adapters.journal.columns import printable
from h2h.adapters.journal.store import Store
from h2h.adapters.journal.tables import file_events, inbound_files, payments, submissions
from h2h.core.lifecycle import FINAL
from h2h.core.records import FileState, InboundFile, Submission
from h2h.core.tally import Holding, Stated, Tally, count_up
from h2h.core.words_of_requests import REQUESTS

S, P, F = submissions.c, payments.c, inbound_files.c
_ROWS_AT_ONCE = 5000
_KIND = len("camt.055")
#: A file of a bank that goes nowhere by itself any more.
_FILE_ENDS = (FileState.DELIVERED, FileState.DUPLICATE)


def tally(store: Store, since: datetime) -> Tally:
    """Counts and money of what was received since then, and of everything older that is still open.

    Sums are made here, of exact decimals: SQLite would add the texts as floating-point numbers.
    """
    recent = or_(S.received_at >= since, S.state.not_in(tuple(FINAL)))
    with store.reading() as connection:
        result = Tally()
        kind = func.substr(S.bank_format, 1, _KIND).label("kind")
        counted = select(S.bank, S.state, kind, func.count()).where(recent).group_by(S.bank, S.state, kind)
        for bank, state, start, number in connection.execute(counted):
            result.submissions[bank, state] = result.submissions.get((bank, state), 0) + number
            if start in REQUESTS:
                result.requests[bank, state, start] = number
        wanted = or_(F.fetched_at >= since, F.state.not_in(_FILE_ENDS))
        counted = select(F.bank, F.state, func.count()).where(wanted).group_by(F.bank, F.state)
        for bank, file_state, number in connection.execute(counted):
            result.files[bank, file_state] = number
        stated = [Stated(*row) for row in connection.execute(_stated(recent))]
        result.accounts, result.not_counted = count_up(_holdings(connection, recent), stated)
    return result


def find_files(store: Store, what: str, limit: int = 100) -> list[InboundFile]:
    """Files of banks by their own id (or its start, of four letters or more), name or message id; newest first."""
    what = printable(what)
    named = [F.remote_name == what, F.message_id == what]
    if len(what) >= 4:
        named.append(F.fid.startswith(what, autoescape=True))
    found = select(inbound_files).where(or_(*named)).order_by(F.number.desc()).limit(limit)
    with store.reading() as connection:
        return [rows.inbound_file(row) for row in connection.execute(found)]


def changed_since(store: Store, moment: datetime) -> tuple[list[Submission], list[InboundFile]]:
    """Submissions, and files of banks, to which anything happened since then; oldest first."""
    moved = select(file_events.c.fid).where(file_events.c.at >= moment)
    with store.reading() as connection:
        subs = connection.execute(select(submissions).where(S.updated_at >= moment).order_by(S.number))
        files = connection.execute(select(inbound_files).where(F.fid.in_(moved)).order_by(F.number))
        return [rows.submission(row) for row in subs], [rows.inbound_file(row) for row in files]


def names_in_use(store: Store, limit: int = 2000) -> list[str]:
    """The names and ids of the newest submissions and bank files, for those who mistyped one."""
    names: dict[str, None] = {}
    with store.reading() as connection:
        newest = select(S.source_name, S.message_id, S.remote_name, S.sid).order_by(S.number.desc()).limit(limit)
        for row in connection.execute(newest):
            names.update(dict.fromkeys(name for name in row if name))
        ids = select(P.end_to_end_id).where(P.sid.in_(select(S.sid).order_by(S.number.desc()).limit(20))).limit(limit)
        names.update(dict.fromkeys(connection.execute(ids).scalars()))
        fetched = select(F.remote_name, F.fid).order_by(F.number.desc()).limit(limit)
        for name, fid in connection.execute(fetched):
            names.update({name: None, fid: None})
    return list(names)


def _stated(recent: ColumnElement[bool]) -> Select[Any]:
    return select(S.sid, S.bank, S.transaction_count, S.control_sum).where(recent)


def _holdings(connection: Connection, recent: ColumnElement[bool]) -> Iterator[Holding]:
    held = select(S.sid, S.bank, S.state, P.currency, P.outcome, P.amount).join(payments, P.sid == S.sid).where(recent)
    for row in connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(held):
        yield Holding(*row)
