"""What was sent before: what a day has used already, and on which accounts a payee was paid."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select

from h2h.adapters.journal import rows
from h2h.adapters.journal.prepared import prepared
from h2h.adapters.journal.store import Store
from h2h.adapters.journal.tables import payments, submissions
from h2h.core.lifecycle import BANK_MAY_HAVE_IT, State
from h2h.core.outcome import Outcome
from h2h.core.records import Submission

S, P = submissions.c, payments.c

# Below every database's limit of parameters in one statement.
_AT_ONCE = 500
#: A million amounts are added up without being held in memory.
_ROWS_AT_ONCE = 10_000
_LEAVES_NOTHING = (State.RECEIVED, State.REFUSED, State.CANCELLED, State.DUPLICATE, State.REJECTED)
_NOT_PAID = (Outcome.REJECTED, Outcome.CANCELLED)


class History(Store):
    """The docstrings of ``ports.Journal`` say what each returns."""

    def leaving(self, bank: str, since: datetime) -> list[Submission]:
        """Of those that a bank has, one whose time of sending nobody knows counts by when it last moved."""
        with self.reading() as connection:
            return [rows.submission(row) for row in connection.execute(*_leaving(bank, since))]

    def sums(self, sids: Collection[str]) -> dict[tuple[str, str, str], Decimal]:
        """Added up here: a database's own sum would be a float on SQLite."""
        found: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        with self.reading() as connection:
            for chunk in rows.chunks(sids, _AT_ONCE):
                options = {"yield_per": _ROWS_AT_ONCE}
                for row in connection.execute(_amounts(), {"sids": chunk}, execution_options=options):
                    found[row.sid, row.debtor_account or "", row.currency] += row.amount * row.number
        return dict(found)

    def payees(self, sid: str) -> list[tuple[int, str, str]]:
        """In the order in which they first stand in the file."""
        with self.reading() as connection:
            found = connection.execute(*_payees(sid))
            return [(row.first, row.creditor_name, row.creditor_account) for row in found]

    def accounts_paid(self, names: Collection[str], since: datetime) -> dict[str, frozenset[str]]:
        """By the name as the ERP writes it, to the letter."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        with self.reading() as connection:
            for chunk in rows.chunks(names, _AT_ONCE):
                for row in connection.execute(_accounts_paid(), {"names": chunk, "since": since}):
                    found[row.creditor_name].add(row.creditor_account)
        return {name: frozenset(accounts) for name, accounts in found.items()}


@prepared
def _leaving(bank: str, since: datetime) -> Select[Any]:
    """Submissions of the bank that leave, or left since then."""
    left = or_(S.sent_at >= since, S.sent_at.is_(None) & or_(S.state.not_in(_SENT), S.updated_at >= since))
    return select(submissions).where(S.bank == bank, S.state.not_in(_LEAVES_NOTHING), left).order_by(S.number)


#: The journal of a bank that was put back from the ledger does not know when these were sent.
_SENT = tuple(sorted(BANK_MAY_HAVE_IT - {State.COMMITTING, State.IN_DOUBT}))


@functools.cache
def _amounts() -> Select[Any]:
    """(sid, account, currency, amount, how many such payments) of several submissions."""
    kinds = (P.sid, P.debtor_account, P.currency, P.amount)
    return (
        select(*kinds, func.count().label("number"))
        .where(P.sid.in_(bindparam("sids", expanding=True)), P.outcome.not_in(_NOT_PAID))
        .group_by(*kinds)
    )


@prepared
def _payees(sid: str) -> Select[Any]:
    """Every payee of the submission once, with the first payment to it."""
    first = func.min(P.ordinal)
    return (
        select(P.creditor_name, P.creditor_account, first.label("first"))
        .where(P.sid == sid, P.creditor_name.is_not(None), P.creditor_account.is_not(None))
        .group_by(P.creditor_name, P.creditor_account)
        .order_by(first)
    )


@functools.cache
def _accounts_paid() -> Select[Any]:
    """(name, account) of payments to payees of these names that may have left the house."""
    return (
        select(P.creditor_name, P.creditor_account)
        .distinct()
        .join(submissions, S.sid == P.sid)
        .where(
            P.creditor_name.in_(bindparam("names", expanding=True)),
            P.creditor_account.is_not(None),
            P.outcome.not_in(_NOT_PAID),
            S.state.in_(tuple(sorted(BANK_MAY_HAVE_IT - {State.REJECTED}))),
            S.received_at >= bindparam("since", type_=S.received_at.type),
        )
    )
