"""What reads submissions and their payments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select

from h2h.adapters.journal import rows
from h2h.adapters.journal import sql_inbound as sql_in
from h2h.adapters.journal import sql_outbound as sql
from h2h.adapters.journal.columns import printable
from h2h.adapters.journal.store import Store
from h2h.core.errors import NotFound
from h2h.core.lifecycle import DUE, State
from h2h.core.outcome import Outcome
from h2h.core.records import EventRecord, PaymentRecord, Submission

# Below every database's limit of parameters in one statement.
_IDS_AT_ONCE = 500


class Queries(Store):
    """The reading half of the outbound journal. The docstrings of ``ports.Journal`` say what each returns."""

    def submission(self, sid: str) -> Submission:
        """The present row; ``NotFound``."""
        with self.reading() as connection:
            return _submission(connection, sid)

    def submissions(
        self, *, bank: str | None = None, states: Iterable[State] | None = None, limit: int | None = None
    ) -> list[Submission]:
        """Newest first."""
        wanted = None if states is None else tuple(states)
        return self._submissions(*sql.submissions_by(bank, wanted, limit))

    def due(
        self, bank: str, now: datetime, limit: int = 100, states: Iterable[State] | None = None
    ) -> list[Submission]:
        """What h2h itself can move now: those never tried before retries, then oldest first."""
        return self._submissions(*sql.due(bank, now, limit, DUE if states is None else tuple(states)))

    def oldest(self, bank: str) -> Submission | None:
        """The first of those that h2h itself still has to move on."""
        return next(iter(self._submissions(*sql.oldest(bank))), None)

    def waiting_for_answer(self, bank: str) -> list[Submission]:
        """SENT or ACKNOWLEDGED, oldest first."""
        return self._submissions(*sql.waiting_for_answer(bank))

    def by_message_id(self, bank: str, message_id: str) -> list[Submission]:
        """Newest first."""
        return self._submissions(*sql.by_message_id(bank, message_id))

    def same_name(self, folder: str, source_name: str, since: datetime) -> list[Submission]:
        """Newest first; a submission of that name which is in the journal already is among them."""
        return self._submissions(*sql.same_name(folder, source_name, since))

    def find(self, what: str) -> list[Submission]:
        """By any name or id that a person may have at hand, newest first; an id in full finds only its own."""
        if not what:
            return []
        with self.reading() as connection:
            exact = connection.execute(*sql.submission(what)).all()
            if exact:
                return [rows.submission(row) for row in exact]
            found = [*connection.execute(sql.by_own_words(what)), *connection.execute(sql.by_payment(what))]
            fids = connection.execute(sql_in.file_ids_named(what)).scalars().all()
            for chunk in rows.chunks(fids, _IDS_AT_ONCE):
                found += connection.execute(sql.by_files(chunk))
        unique = {row.sid: row for row in found}
        return [rows.submission(row) for row in sorted(unique.values(), key=lambda row: -row.number)]

    def events(self, sid: str) -> list[EventRecord]:
        """The history of a submission, or of a bank's file if *sid* is a file's id; oldest first."""
        with self.reading() as connection:
            found = [rows.event(row) for row in connection.execute(*sql.events_of(sid))]
            return found or [rows.file_event(row) for row in connection.execute(*sql_in.file_events_of(sid))]

    def payments(
        self, sid: str, *, outcomes: Collection[Outcome] | None = None, limit: int | None = None
    ) -> list[PaymentRecord]:
        """In the order of the bank's file; only those with one of *outcomes*, only the first *limit* of them."""
        with self.reading() as connection:
            return _payments(connection, sid, outcomes, limit)

    def outcomes(self, sid: str) -> dict[Outcome, int]:
        """How many payments of a submission are where; what no payment has is left out."""
        with self.reading() as connection:
            return _outcomes(connection, sid)

    def overview(
        self, sid: str, limit: int, *, of_more: Collection[Outcome]
    ) -> tuple[Submission, dict[Outcome, int], list[PaymentRecord]]:
        """One transaction instead of three: a receipt is made of it with every move."""
        with self.reading() as connection:
            sub, counts = _submission(connection, sid), _outcomes(connection, sid)
            only = of_more if sum(counts.values()) > limit else None
            return sub, counts, _payments(connection, sid, only, limit)

    def payments_by(
        self,
        *,
        bank: str,
        end_to_end_ids: Sequence[str] = (),
        uetrs: Sequence[str] = (),
        payment_information_ids: Sequence[str] = (),
    ) -> list[PaymentRecord]:
        """Each payment once, however many of its ids were asked for; in the order they were sent."""
        asked = {
            "end_to_end_id": end_to_end_ids,
            "uetr": uetrs,
            "payment_information_id": payment_information_ids,
        }
        found: dict[tuple[str, int], PaymentRecord] = {}
        with self.reading() as connection:
            for column, ids in asked.items():
                for chunk in rows.chunks(dict.fromkeys(map(printable, ids)), _IDS_AT_ONCE):
                    for row in connection.execute(*sql.payments_with(bank, column, chunk)):
                        found.setdefault((row.sid, row.ordinal), rows.payment(row))
        return list(found.values())

    def overlapping(self, sid: str, bank: str, since: datetime) -> list[tuple[int, PaymentRecord]]:
        """Live means: not REFUSED, CANCELLED or DUPLICATE, whether taken in earlier or later than *sid*."""
        with self.reading() as connection:
            found = connection.execute(*sql.overlapping(sid, bank, since))
            return [(row.own_ordinal, rows.payment(row)) for row in found]

    def _submissions(self, statement: Select[Any], values: dict[str, Any] | None = None) -> list[Submission]:
        with self.reading() as connection:
            return [rows.submission(row) for row in connection.execute(statement, values)]


def _submission(connection: Connection, sid: str) -> Submission:
    row = connection.execute(*sql.submission(sid)).one_or_none()
    if row is None:
        raise NotFound(f"there is no submission {sid}")
    return rows.submission(row)


def _payments(
    connection: Connection, sid: str, outcomes: Collection[Outcome] | None, limit: int | None
) -> list[PaymentRecord]:
    if outcomes is None and limit is None:
        found = connection.execute(*sql.payments_of(sid))
    else:
        found = connection.execute(*sql.some_payments_of(sid, outcomes, limit))
    return [rows.payment(row) for row in found]


def _outcomes(connection: Connection, sid: str) -> dict[Outcome, int]:
    counted = {row.outcome: row.number for row in connection.execute(*sql.outcomes_of(sid))}
    return {outcome: counted[outcome] for outcome in Outcome if outcome in counted}
