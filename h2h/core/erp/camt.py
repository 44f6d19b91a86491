"""Statement of any source → one that camt.053 can carry: what a schema demands of the envelope is made, and told.

Only the envelope: the ids and times of the message, and the status of entries that a source without statuses books.
Nothing of the money is made up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time

from h2h.core.erp.lines import Entries
from h2h.core.erp.told import Told
from h2h.core.mapping.statement_writer import Listed
from h2h.core.model.statement import Entry, EntryDetail, Statement, StatementMessage

_ID = 35


def completed(
    message: StatementMessage, entries: Entries, format_id: str, told: Told
) -> tuple[StatementMessage, Iterator[Listed]]:
    """(the message for ``camt.053.001.02`` or ``.08``, its statements each with its entries as they come).

    What was made or left out is *told*, all of it once all entries were taken.
    """
    made = [_statement(s, f"Stmt[{n}]", told) for n, s in enumerate(message.statements, 1)]
    at = message.creation_date_time or next((s.creation_date_time for s in made if s.creation_date_time), None)
    name = _id(message.message_id or next((s.id for s in made if s.id), None), "GrpHdr/MsgId", told)
    if message.creation_date_time is None and at is not None:
        told.completed("GrpHdr/CreDtTm", "the message's time is its first statement's")
    older = format_id.endswith(".02")
    listed = (
        (head, (_entry(e, f"Stmt[{n}]/Ntry[{at}]", told, older=older) for at, e in enumerate(entries(statement), 1)))
        for n, (head, statement) in enumerate(zip(made, message.statements, strict=True), 1)
    )
    return replace(message, message_id=name, creation_date_time=at, statements=made), listed


def _statement(statement: Statement, where: str, told: Told) -> Statement:
    at, closing = statement.creation_date_time, statement.closing
    if at is None and closing is not None and closing.date is not None:
        at = datetime.combine(closing.date, time())
        told.completed(f"{where}/CreDtTm", "the statement's time is the beginning of its closing balance's day")
    return replace(statement, id=_id(statement.id, f"{where}/Id", told), creation_date_time=at, entries=[])


def _entry(entry: Entry, where: str, told: Told, *, older: bool) -> Entry:
    status = entry.status
    if status is None:
        status = "BOOK"
        told.completed(f"{where}/Sts", "entries of a source that knows no status are booked (BOOK)")
    details = [_detail(d, entry, where, told) for d in entry.details] if older else list(entry.details)
    # The entry may be of a class that takes its text apart late; what is written is a plain one.
    return Entry(
        *(entry.amount, entry.currency, entry.credit_debit, entry.reversal, status, entry.booking_date),
        *(entry.value_date, entry.entry_reference, entry.account_servicer_reference, entry.bank_transaction_code),
        *(entry.additional_information, entry.batch_message_id, entry.batch_payment_information_id),
        *(entry.batch_transaction_count, details),
    )


def _detail(detail: EntryDetail, entry: Entry, where: str, told: Told) -> EntryDetail:
    """For .02, which has no UETR and no direction of a transaction."""
    if detail.uetr is not None:
        told.left_out(where, "the UETR")
        detail = replace(detail, uetr=None)
    if detail.credit_debit == entry.credit_debit:
        detail = replace(detail, credit_debit=None)
    return detail


def _id(name: str | None, where: str, told: Told) -> str | None:
    if name is None or len(name) <= _ID:
        return name
    made = hashlib.sha256(name.encode()).hexdigest()[:_ID]
    told.completed(where, f"the id {name!r} has more than {_ID} characters; {made} stands for it")
    return made
