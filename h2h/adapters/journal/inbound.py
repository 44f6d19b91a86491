"""The bank's files and all they change. What one file says is applied whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from h2h.adapters.journal import rows
from h2h.adapters.journal import sql_inbound as sql
from h2h.adapters.journal.attention import attend_in
from h2h.adapters.journal.bulk import Bulk
from h2h.adapters.journal.moves import Move
from h2h.adapters.journal.store import Store
from h2h.adapters.journal.submissions import advance_in, remark_in
from h2h.core.errors import NotFound, StaleState
from h2h.core.records import (
    SET_ASIDE,
    EventRecord,
    FileState,
    InboundFile,
    Matched,
    PaymentMove,
    StatementRecord,
    SubmissionMove,
)

#: Columns of a bank's file that a caller may change.
CHANGEABLE = frozenset(
    {"removed", "format", "kind", "message_id", "reason", "reason_text", "duplicate_of", "content_sha256"}
)
_AT_ONCE = 500


class Inbound(Store):
    """The bank's files. The docstrings of ``ports.Journal`` say what each method does."""

    def known_file(self, bank: str, folder: str, name: bytes, size: int, mtime: int) -> InboundFile | None:
        """A file already fetched under that name, size and time."""
        with self.reading() as connection:
            row = connection.execute(*sql.known_file(bank, folder, name, size, mtime)).one_or_none()
        return None if row is None else rows.inbound_file(row)

    def fetched(self, file: InboundFile) -> InboundFile:
        """Insert; or the row that is there already."""
        key = (file.bank, file.folder, file.remote_name_raw, file.size, file.mtime, file.sha256)
        with self.writing() as connection:
            values = rows.file_values(file) | {"version": 0}
            row = connection.execute(*sql.insert_file(self.dialect, values)).one_or_none()
            if row is None:
                return rows.inbound_file(connection.execute(*sql.same_file(*key)).one())
            detail = {"remote_name": file.remote_name, "size": file.size, "sha256": file.sha256}
            line = {"fid": file.fid, "at": file.fetched_at, "to_state": str(file.state), "detail": detail}
            connection.execute(*sql.insert_file_event(line))
            return rows.inbound_file(row)

    def file(self, fid: str) -> InboundFile:
        """The present row; ``NotFound``."""
        with self.reading() as connection:
            row = connection.execute(*sql.file(fid)).one_or_none()
        if row is None:
            raise NotFound(f"there is no file {fid} of a bank")
        return rows.inbound_file(row)

    def file_with_content(self, bank: str, content_sha256: str) -> InboundFile | None:
        """The first file opened to these bytes; one in quarantine does not count, or its repetition would be lost."""
        with self.reading() as connection:
            row = connection.execute(*sql.file_with_content(bank, content_sha256)).one_or_none()
        return None if row is None else rows.inbound_file(row)

    def files(
        self, *, bank: str | None = None, states: Iterable[FileState] | None = None, limit: int | None = None
    ) -> list[InboundFile]:
        """Oldest first."""
        wanted = None if states is None else tuple(states)
        with self.reading() as connection:
            return [rows.inbound_file(row) for row in connection.execute(*sql.files_by(bank, wanted, limit))]

    def files_not_removed(self, bank: str) -> list[InboundFile]:
        """Fetched, but not yet removed or moved at the bank; oldest first."""
        with self.reading() as connection:
            return [rows.inbound_file(row) for row in connection.execute(*sql.files_not_removed(bank))]

    def move_file(
        self,
        file: InboundFile,
        state: FileState,
        *,
        at: datetime,
        matched: Matched | None = None,
        detail: dict[str, Any] | None = None,
        **changes: Any,
    ) -> InboundFile:
        """See ``ports.Journal.move_file``. ``StaleState`` if the file, a submission or a payment is no longer what it

        was when it was judged; then nothing of *matched* has been applied.
        """
        unknown = sorted(set(changes) - CHANGEABLE)
        if unknown:
            raise TypeError(f"not columns of a bank's file that may be changed: {', '.join(unknown)}")
        with self.writing() as connection:
            row = connection.execute(*sql.compare_and_set_file(file.fid, file.version, {"state": state, **changes}))
            moved = row.one_or_none()
            if moved is None:
                raise StaleState(f"file {file.fid} is no longer at version {file.version}")
            line = {"fid": file.fid, "at": at, "from_state": str(file.state), "to_state": str(state)}
            told = {name: value for name, value in changes.items() if name != "reason" and value is not None}
            told |= detail or {}
            if file.state is FileState.QUARANTINED and state is not file.state:
                _settle(connection, file.fid, state, at, detail or {})
            if moved.content_sha256 is not None and "content_sha256" in changes:
                self._only_one_is_opened_to(connection, moved)
            connection.execute(*sql.insert_file_event(line | {"reason": changes.get("reason"), "detail": told}))
            if matched is not None:
                self._apply(connection, file.fid, matched, at)
        self.known_open = None
        return rows.inbound_file(moved)

    def statements(self, account: str, kind: str) -> list[StatementRecord]:
        """In the order they came."""
        with self.reading() as connection:
            return [rows.statement(row) for row in connection.execute(*sql.statements_of(account, kind))]

    def payment_events(self, sid: str, ordinal: int | None = None) -> list[EventRecord]:
        """What was reported, oldest first: states are outcomes, ``detail`` says which payment and what exactly."""
        with self.reading() as connection:
            found = connection.execute(sql.payment_events_of(sid, ordinal))
            return [rows.payment_event(row) for row in found]

    def _only_one_is_opened_to(self, connection: Connection, moved: Row[Any]) -> None:
        """Of two files with one content that are opened side by side the second sees the first; ``StaleState``."""
        self.serialise(connection, f"content {moved.bank} {moved.content_sha256}")
        first = connection.execute(*sql.another_with_content(moved.bank, moved.content_sha256, moved.fid)).one_or_none()
        if first is not None:
            raise StaleState(f"file {moved.fid} holds the message that {first.fid} was just opened to")

    def _apply(self, connection: Connection, fid: str, matched: Matched, at: datetime) -> None:
        # Submissions before payments, each in one order, so that two files never wait for each other.
        for move in sorted(matched.submissions, key=lambda m: (m.sid, m.version)):
            advance_in(connection, _step(move, at, fid))
        for sid, remark, detail in matched.remarks:
            remark_in(connection, sid, remark, at=at, actor="h2h", detail=detail, fid=fid)
        _report(connection, fid, matched.payments, at)
        if matched.statements:
            links = [rows.statement_values(s) | {"fid": s.fid or fid} for s in matched.statements]
            connection.execute(sql.insert_statements(), links)
        attend_in(connection, self.dialect, matched.attention, at)


def _settle(connection: Connection, fid: str, state: FileState, at: datetime, detail: dict[str, Any]) -> None:
    """What somebody was told of a file set aside ends at that very moment: later it may be about the next time."""
    actor, why = detail.get("actor", "h2h"), f"it is {state} again: {detail.get('reason_text', '')}"
    for kind in SET_ASIDE:
        connection.execute(*sql.close_about(kind, fid, at, actor, why))


def _step(move: SubmissionMove, at: datetime, fid: str) -> Move:
    told = {"reason_text": move.reason_text, "who_acts": move.who_acts}
    changes = {name: value for name, value in told.items() if value is not None}
    detail = move.detail
    return Move(move.sid, move.version, move.event, at, reason=move.reason, detail=detail, changes=changes, fid=fid)


def _report(connection: Connection, fid: str, moves: Sequence[PaymentMove], at: datetime) -> None:
    """Apply the moves in their order: two reports about one payment in one file follow each other."""
    update = Bulk(connection, sql.update_payment(), sql.UPDATED)
    tell = Bulk(connection, sql.insert_payment_events(), sql.TOLD)
    by_sid: dict[str, list[PaymentMove]] = {}
    for move in moves:
        by_sid.setdefault(move.sid, []).append(move)
    for sid in sorted(by_sid):
        for turn in _turns(by_sid[sid]):
            for some in rows.chunks(turn, _AT_ONCE):
                known = _known(connection, sid, some)
                update.run((sid, move.ordinal, *_after(known[move.ordinal], move, at)) for move in some)
                tell.run(_told(move, fid, at) for move in some)


def _turns(moves: list[PaymentMove]) -> list[list[PaymentMove]]:
    """The first move of each payment, then the second of each, and so on: within a turn each payment comes once."""
    count: dict[int, int] = {}
    turns: list[list[PaymentMove]] = []
    for move in moves:
        turn = count.get(move.ordinal, 0)
        count[move.ordinal] = turn + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(move)
    return turns


def _known(connection: Connection, sid: str, moves: list[PaymentMove]) -> dict[int, Row[Any]]:
    """The payments that the moves are about, each as it was when it was judged; else ``StaleState``."""
    known = {row.ordinal: row for row in connection.execute(*sql.payments_for_update(sid, [m.ordinal for m in moves]))}
    for move in moves:
        row = known.get(move.ordinal)
        if row is None:
            raise NotFound(f"submission {sid} has no payment {move.ordinal}")
        if row.outcome is not move.expected:
            raise StaleState(f"payment {move.ordinal} of submission {sid} is {row.outcome}, not {move.expected}")
    return known


def _after(row: Row[Any], move: PaymentMove, at: datetime) -> tuple[Any, ...]:
    """The columns ``REPORTED``: a report that moves the payment replaces what was known, another fills its gaps."""
    settled_on = move.settled_on or row.settled_on
    reference = move.statement_reference or row.statement_reference
    if move.outcome is not row.outcome:
        told = (move.bank_status, move.reason_code, move.reason_list, move.reason_text)
        return (move.outcome, *told, at, settled_on, reference)
    told = (
        row.bank_status or move.bank_status,
        row.reason_code or move.reason_code,
        row.reason_list or move.reason_list,
        row.reason_text or move.reason_text,
    )
    return (move.outcome, *told, row.outcome_at, settled_on, reference)


def _told(move: PaymentMove, fid: str, at: datetime) -> tuple[Any, ...]:
    """The columns ``TOLD``."""
    reasons = (move.reason_code, move.reason_list, move.reason_text)
    where = (move.settled_on, move.statement_reference, move.fid or fid)
    return (move.sid, move.ordinal, at, move.expected, move.outcome, move.bank_status, *reasons, *where)
