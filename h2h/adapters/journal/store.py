"""One transaction at a time: how every method of the journal reaches the database, and in what order writers go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from h2h.adapters.journal.engine import BUSY_SECONDS, TIMELINE, WRITES
from h2h.adapters.journal.faults import translated
from h2h.core.errors import Unavailable


class Store:
    """The engine, and one writer at a time within the process (threads would else wait in SQLite's busy loop)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing_engine = engine.execution_options(**WRITES)
        self._writer = threading.Lock()
        self._history: str | None = None  # the one that may be written to; None: any
        self._replayer = threading.local()
        self.known_open: set[tuple[str, str]] | None = None  # see Desk.settle_attention
        self.known_open_until = 0.0
        self.monotonic: Callable[[], float] = time.monotonic

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads: several statements see one moment on SQLite."""
        with translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: committed and durable when it is left, rolled back on any exception.

        On SQLite it holds the one write lock from its first statement (``BEGIN IMMEDIATE``).
        """
        try:
            with self._turn(), translated(), self._writing_engine.begin() as connection:
                self._on_known_history(connection)
                yield connection
        except Unavailable:
            # After a failed write or fsync nothing that this process still has open is to be believed.
            self._engine.dispose()
            raise

    # -- which history of the database

    def history(self) -> str:
        """The timeline that the server writes now; empty on SQLite."""
        with self.reading() as connection:
            return _history_of(connection)

    @property
    def is_replayed(self) -> bool:
        """See ``ports.Journal.is_replayed``."""
        return self._history is None or self.history() == self._history

    def trust(self, history: str) -> None:
        """See ``ports.Journal.trust``."""
        self._history = history

    @contextmanager
    def replaying(self) -> Iterator[None]:
        """See ``ports.Journal.replaying``."""
        self._replayer.at_work = True
        try:
            yield
        finally:
            self._replayer.at_work = False

    def _on_known_history(self, connection: Connection) -> None:
        """F27: a standby that was promoted may lack the last commits. Nothing moves on it before the ledgers did."""
        if self._history is None or getattr(self._replayer, "at_work", False):
            return
        if (now := _history_of(connection)) != self._history:
            raise Unavailable(
                f"the journal's database is on another history (timeline {now}, it was {self._history}): "
                "a standby was promoted, and the ledgers are replayed first"
            )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self.dialect != "sqlite":
            yield
            return
        # Longer than a bulk insert of payments takes; a writer that waits longer tries again later.
        if not self._writer.acquire(timeout=BUSY_SECONDS * 12):
            raise Unavailable("another thread holds the journal")
        try:
            yield
        finally:
            self._writer.release()

    def serialise(self, connection: Connection, what: str) -> None:
        """On PostgreSQL, wait until no other transaction that named *what* is open. SQLite has one writer anyway."""
        if self.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": what})

    def close(self) -> None:
        """Give the connections back; the journal must not be used after."""
        self._engine.dispose()


def _history_of(connection: Connection) -> str:
    """Known since the connection was made: a server that is promoted or replaced ends its connections."""
    return str(connection.info.get(TIMELINE, ""))
