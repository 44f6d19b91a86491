"""What waits for a person, and the journal's own notes: whose it is, which ledger record it reflects, does it work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from h2h.adapters.journal import rows
from h2h.adapters.journal import sql_inbound as sql
from h2h.adapters.journal.attention import attend_in
from h2h.adapters.journal.store import Store
from h2h.core.errors import Misconfigured, NotFound, Unavailable
from h2h.core.records import Attention, NewAttention

#: For so long this process goes by what it last read about open items.
OPEN_ITEMS_SECONDS = 1.0
_INSTANCE, _CREATED, _LEDGER, _PROBE = "instance", "created_at", "ledger_position", "probe"


class Desk(Store):
    """Attention and notes. The docstrings of ``ports.Journal`` say what each method does."""

    def attend(self, items: Iterable[NewAttention], *, at: datetime) -> None:
        """Open items; one that is already open stays as it is."""
        with self.writing() as connection:
            attend_in(connection, self.dialect, items, at)
        self.known_open = None

    def attention(self, *, open_only: bool = True) -> list[Attention]:
        """Oldest first."""
        with self.reading() as connection:
            return [rows.attention_item(row) for row in connection.execute(sql.attention_items(open_only))]

    def close_attention(self, number: int, *, at: datetime, actor: str, reason: str) -> Attention:
        """Close an item; ``NotFound`` if it does not exist or is closed already."""
        with self.writing() as connection:
            row = connection.execute(*sql.close_item(number, at, actor, reason)).one_or_none()
            if row is None:
                raise NotFound(f"there is no open item {number} that waits for a person")
            return rows.attention_item(row)

    def settle_attention(self, kind: str, subject: str, *, at: datetime, reason: str) -> None:
        """Close an open item by itself; costs no write where there is none.

        What is open is read once a second, and after this process opened something; an item that another process has
        just opened is closed the next time.
        """
        if (kind, subject) not in self._open_items():
            return
        with self.reading() as connection:
            number = connection.execute(*sql.open_item(kind, subject)).scalar_one_or_none()
        if number is not None:
            with self.writing() as connection:
                connection.execute(*sql.close_item(number, at, "h2h", reason))

    def _open_items(self) -> set[tuple[str, str]]:
        known, now = self.known_open, self.monotonic()
        if known is None or now >= self.known_open_until:
            self.known_open_until = now + OPEN_ITEMS_SECONDS
            with self.reading() as connection:
                known = {(row.kind, row.subject) for row in connection.execute(sql.open_items())}
            self.known_open = known
        return known

    def ledger_position(self, ledger: str = "") -> int:
        """Number of the last record of that ledger that this journal reflects; 0 at first."""
        with self.reading() as connection:
            return int(connection.execute(*sql.note(_position(ledger))).scalar_one_or_none() or 0)

    def set_ledger_position(self, number: int, ledger: str = "") -> None:
        """Remember it; a lower number changes nothing."""
        key = _position(ledger)
        with self.writing() as connection:
            self.serialise(connection, key)
            if number > int(connection.execute(*sql.note(key)).scalar_one_or_none() or 0):
                connection.execute(*sql.write_note(self.dialect, key, str(number)))

    def probe(self) -> None:
        """Write one small row durably and read it back in a transaction of its own."""
        with self.writing() as connection:
            last = int(connection.execute(*sql.note(_PROBE)).scalar_one_or_none() or 0)
            connection.execute(*sql.write_note(self.dialect, _PROBE, str(last + 1)))
        with self.reading() as connection:
            seen = int(connection.execute(*sql.note(_PROBE)).scalar_one_or_none() or 0)
        if seen <= last:
            raise Unavailable("the journal does not keep what it is given")

    def instance(self) -> str:
        """The installation that this journal belongs to."""
        with self.reading() as connection:
            return str(connection.execute(*sql.note(_INSTANCE)).scalar_one_or_none() or "")

    def belong_to(self, instance: str, at: datetime) -> None:
        """Give a new journal to *instance*; ``Misconfigured`` if it belongs to another installation."""
        owner = self.instance()
        if not owner:
            with self.writing() as connection:
                connection.execute(sql.first_note(self.dialect, _INSTANCE, instance))
                connection.execute(sql.first_note(self.dialect, _CREATED, at.isoformat()))
            owner = self.instance()
        if owner != instance:
            raise Misconfigured(
                f"the journal belongs to the installation '{owner}', not to '{instance}'",
                hint="give each installation a journal of its own",
            )


def _position(ledger: str) -> str:
    return f"{_LEDGER}/{ledger}" if ledger else _LEDGER
