"""Items of the list that waits for a person, opened in a transaction: that of the move they are about, or their own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from h2h.adapters.journal import rows
from h2h.adapters.journal import sql_inbound as sql
from h2h.core.records import NewAttention

_AT_ONCE = 500


def attend_in(connection: Connection, dialect: str, items: Iterable[NewAttention], at: datetime) -> None:
    """Open items inside a transaction; one that is open stays as it is."""
    values = [
        {
            "kind": item.kind,
            "subject": item.subject,
            "text": item.text,
            "who_acts": item.who_acts,
            "bank": item.bank,
            "opened_at": at,
        }
        for item in items
    ]
    for chunk in rows.chunks(values, _AT_ONCE):
        connection.execute(sql.open_attention(dialect), chunk)
