"""What writes submissions. State moves only here, through ``lifecycle.advance``, by compare-and-set, with its event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from h2h.adapters.journal import rows, sql_inbound
from h2h.adapters.journal import sql_outbound as sql
from h2h.adapters.journal.attention import attend_in
from h2h.adapters.journal.bulk import Bulk
from h2h.adapters.journal.columns import printable
from h2h.adapters.journal.moves import Move, columns_after, no_others, record_of
from h2h.adapters.journal.store import Store
from h2h.core import lifecycle
from h2h.core.errors import IllegalTransition, NotFound, StaleState
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import Event, State
from h2h.core.naming import submission_id
from h2h.core.records import NewAttention, NewSubmission, PaymentRecord, Submission

#: First line of a submission's history: taken in from a folder, or put back from the ledger.
RECEIVED, RESTORED = "received", "restored"
#: A remark that makes take-in exact: this source file is gone from the ERP's folder, so the same identity seen again is
#: another drop (file systems give a freed inode to the next file) and not the rest of an unfinished move.
SOURCE_DISCARDED = "source-discarded"
#: Reason of a DUPLICATE that take-in finds.
SAME_BYTES = "H2H-SAME-BYTES"

#: The item of the attention list that a state brings with it.
_TOLD_ABOUT = {State.HELD: "held", State.IN_DOUBT: "in-doubt"}
_PAYMENTS_AT_ONCE = 2000


class Submissions(Store):
    """The writing half of the outbound journal."""

    def take_in(self, new: NewSubmission, still_there: Callable[[], bool] = lambda: True) -> Submission:
        """See ``ports.Journal.take_in``."""
        with self.writing() as connection:
            self.serialise(connection, f"take in {new.folder}")
            earlier = connection.execute(*sql.same_bytes(new.folder, new.source_sha256)).all()
            for row in reversed(earlier):
                known = rows.submission(row)
                if not rows.same_identity(known.identity, new.identity):
                    continue
                gone = connection.execute(*sql.has_event(known.sid, SOURCE_DISCARDED)).scalar_one()
                # In this order: what is there after the other was discarded is not that one.
                if not gone or not still_there():
                    return known
            holder = next((row.sid for row in earlier if row.claim is not None), None)
            sub = Submission(
                sid=_next_sid(submission_id(new.folder, new.source_sha256), [row.sid for row in earlier]),
                bank=new.bank,
                folder=new.folder,
                source_name=new.source_name,
                source_sha256=new.source_sha256,
                source_size=new.source_size,
                identity=new.identity,
                received_at=new.received_at,
                receipt=_receipt(connection, new.folder, printable(new.source_name)),
                state=State.RECEIVED if holder is None else State.DUPLICATE,
                duplicate_of=holder,
                reason=None if holder is None else SAME_BYTES,
                reason_text=None if holder is None else f"the same bytes as submission {holder}",
                who_acts=None if holder is None else WhoActs.ACCOUNTS_PAYABLE,
                updated_at=new.received_at,
            )
            detail = {"source_name": new.source_name, "sha256": new.source_sha256, "size": new.source_size}
            if holder is not None:
                detail["duplicate_of"] = holder
            return _insert(connection, sub, RECEIVED, new.received_at, detail)

    def restore(self, sub: Submission, detail: dict[str, Any]) -> Submission:
        """See ``ports.Journal.restore``. *sub* bears the version of the row that it goes over; else ``StaleState``."""
        at = sub.updated_at or sub.received_at
        sub = sub if sub.state is State.HELD else replace(sub, held_from=None)
        with self.writing() as connection:
            self.serialise(connection, f"take in {sub.folder}")
            known = connection.execute(*sql.for_update(sub.sid)).one_or_none()
            if known is None:
                restored = _insert(connection, sub, RESTORED, at, detail)
            else:
                restored = _put_over(connection, rows.submission(known), sub, at, detail)
            if sub.commit_temporary is not None:
                _ensure_intent(connection, restored, at)
            if sub.sequence is not None:
                connection.execute(sql.raise_sequence(self.dialect, sub.bank, sub.sequence))
            return restored

    def advance(
        self,
        sub: Submission,
        event: Event,
        *,
        at: datetime,
        actor: str = "h2h",
        reason: str | None = None,
        detail: dict[str, Any] | None = None,
        payments: Iterable[PaymentRecord] | None = None,
        numbered: Callable[[int], dict[str, Any]] | None = None,
        **changes: Any,
    ) -> Submission:
        """See ``ports.Journal.advance``.

        *reason* stands in the event, and in the row unless a person's words let the submission go on. Only
        COMMIT_STARTED names a ``commit_temporary``; RESOLVED_NOT_SENT opens the next generation by itself.
        """
        move = Move(sub.sid, sub.version, event, at, actor, reason, detail or {}, changes)
        with self.writing() as connection:
            if numbered is not None:
                sub = _with_number(connection, self.dialect, sub, at)
                move = replace(move, version=sub.version, changes=changes | numbered(sub.sequence or 0))
            moved = advance_in(connection, move)
            if payments is not None:
                _replace_payments(connection, moved, payments)
            return moved

    def stop(
        self,
        sub: Submission,
        event: Event,
        told: NewAttention,
        *,
        at: datetime,
        reason: str,
        detail: dict[str, Any],
        **changes: Any,
    ) -> Submission:
        """See ``ports.Journal.stop``."""
        with self.writing() as connection:
            moved = advance_in(connection, Move(sub.sid, sub.version, event, at, "h2h", reason, detail, changes))
            attend_in(connection, self.dialect, [told], at)
            return moved

    def change(self, sub: Submission, *, at: datetime, **changes: Any) -> Submission:
        """See ``ports.Journal.change``."""
        with self.writing() as connection:
            row = _held(connection, sub.sid, sub.version)
            values = no_others(rows.submission(row), changes) | {"updated_at": at}
            return _set(connection, sub.sid, sub.version, values)

    def remark(
        self, sid: str, remark: str, *, at: datetime, actor: str = "h2h", detail: dict[str, Any] | None = None
    ) -> None:
        """See ``ports.Journal.remark``; ``NotFound``."""
        with self.writing() as connection:
            remark_in(connection, sid, remark, at=at, actor=actor, detail=detail or {})


# ---------------------------------------------------------------------------------------------- inside a transaction


def advance_in(connection: Connection, move: Move) -> Submission:
    """Status row and event, both or neither: the only statement that writes a state."""
    before = rows.submission(_held(connection, move.sid, move.version))
    target = lifecycle.advance(before.state, move.event, held_from=before.held_from)
    after = _set(connection, move.sid, move.version, columns_after(before, target, move))
    connection.execute(*sql.insert_event(record_of(before, target, move)))
    _settle(connection, before, target, move.at, move.actor)
    if move.event is Event.COMMIT_STARTED:
        if after.commit_temporary is None:
            raise IllegalTransition("a commit must name the temporary file that it will rename")
        intent = sql.insert_commit_intent(after.sid, after.generation, after.commit_temporary, move.at)
        connection.execute(*intent)
    return after


def _with_number(connection: Connection, dialect: str, sub: Submission, at: datetime) -> Submission:
    """The submission with its number in the bank's sequence, given now if it has none."""
    row = _held(connection, sub.sid, sub.version)
    if row.sequence is not None:
        return rows.submission(row)
    at_least = (connection.execute(*sql.highest_sequence(row.bank)).scalar_one() or 0) + 1
    number = connection.execute(*sql.next_sequence(dialect, row.bank, at_least)).scalar_one()
    return _set(connection, sub.sid, sub.version, {"sequence": number, "updated_at": at})


def remark_in(
    connection: Connection,
    sid: str,
    remark: str,
    *,
    at: datetime,
    actor: str,
    detail: dict[str, Any],
    fid: str | None = None,
) -> None:
    """An event that moves nothing; a word that could move something is refused, or a replay would go astray."""
    if remark in {*Event, RECEIVED, RESTORED}:
        raise IllegalTransition(f"'{remark}' moves a submission and cannot be a remark")
    if connection.execute(*sql.submission(sid)).one_or_none() is None:
        raise NotFound(f"there is no submission {sid}")
    line = {"sid": sid, "at": at, "event": remark, "actor": actor, "detail": detail, "fid": fid}
    connection.execute(*sql.insert_event(line))


def _held(connection: Connection, sid: str, version: int) -> Row[Any]:
    row = connection.execute(*sql.for_update(sid)).one_or_none()
    if row is None:
        raise NotFound(f"there is no submission {sid}")
    if row.version != version:
        raise StaleState(f"submission {sid} is {row.state} at version {row.version}, not at version {version}")
    return row


def _set(connection: Connection, sid: str, version: int, values: dict[str, Any]) -> Submission:
    row = connection.execute(*sql.compare_and_set(sid, version, values)).one_or_none()
    if row is None:
        raise StaleState(f"submission {sid} is no longer at version {version}")
    return rows.submission(row)


def _insert(connection: Connection, sub: Submission, event: str, at: datetime, detail: dict[str, Any]) -> Submission:
    values = rows.submission_values(sub) | {"claim": _claim(sub), "version": 0}
    row = connection.execute(*sql.insert_submission(values)).one()
    line = {"sid": sub.sid, "at": at, "event": event, "to_state": str(sub.state), "actor": "h2h"}
    connection.execute(*sql.insert_event(line | {"reason": sub.reason, "detail": detail}))
    return rows.submission(row)


def _put_over(
    connection: Connection, known: Submission, sub: Submission, at: datetime, detail: dict[str, Any]
) -> Submission:
    values = rows.submission_values(sub) | {"claim": _claim(sub), "updated_at": at}
    del values["version"], values["sid"]
    restored = _set(connection, sub.sid, sub.version, values)
    line = {"sid": sub.sid, "at": at, "event": RESTORED, "from_state": str(known.state), "to_state": str(sub.state)}
    connection.execute(*sql.insert_event(line | {"actor": "h2h", "reason": sub.reason, "detail": detail}))
    _settle(connection, known, sub.state, at, "h2h")
    return restored


def _settle(connection: Connection, before: Submission, target: State, at: datetime, actor: str) -> None:
    """What somebody was told about a state ends with it, at that very moment: later it may be about the next one."""
    kind = _TOLD_ABOUT.get(before.state)
    if kind is not None and target is not before.state:
        connection.execute(*sql_inbound.close_about(kind, before.sid, at, actor, f"it went on to {target}"))


def _ensure_intent(connection: Connection, sub: Submission, at: datetime) -> None:
    """I1 holds for restored submissions too: the ledger's temporary name, or the one that was committed before."""
    for intent in connection.execute(*sql.commit_intents_of(sub.sid)):
        if intent.generation == sub.generation:
            if intent.temporary != sub.commit_temporary:
                raise IllegalTransition(f"{intent.temporary} was committed for submission {sub.sid}, not another name")
            return
    temporary = sub.commit_temporary or ""
    connection.execute(*sql.insert_commit_intent(sub.sid, sub.generation, temporary, at))


def _claim(sub: Submission) -> str | None:
    return None if sub.state in sql.NOT_LIVE else f"{sub.folder}/{sub.source_sha256}"


def _replace_payments(connection: Connection, sub: Submission, payments: Iterable[PaymentRecord]) -> None:
    connection.execute(*sql.forget_payments(sub.sid))
    bulk = Bulk(connection, sql.insert_payments(), (*rows.PAYMENT, "bank"))
    for chunk in rows.chunks(payments, _PAYMENTS_AT_ONCE):
        bulk.run(rows.payment_values(sub.sid, sub.bank, payment) for payment in chunk)


def _next_sid(first: str, taken: list[str]) -> str:
    """*first*, or *first*-2, -3 … after the highest taken: a restored journal may have gaps."""
    if not taken:
        return first
    return f"{first}-{max(int(sid.partition('-')[2] or 1) for sid in taken) + 1}"


def _receipt(connection: Connection, folder: str, source_name: str) -> str:
    """NAME for the first file of that name, NAME~2 for the second; passing over names that files bear themselves."""
    number = connection.execute(*sql.count_named(folder, source_name)).scalar_one() + 1
    while True:
        stem = source_name if number == 1 else f"{source_name}~{number}"
        if not connection.execute(*sql.has_receipt(folder, stem)).scalar_one():
            return stem
        number += 1
