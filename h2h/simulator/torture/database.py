"""The journal's database in memory: its statements by the short way that the journal itself goes on SQLite.

A transaction goes a short way, too, for a schedule has hundreds of them; `tests/simulation` plays every story this way
and by SQLAlchemy's own, and compares what is left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect

from h2h.adapters.journal.short import ShortConnection
from h2h.adapters.journal.tables import metadata
from h2h.simulator.torture.machine import Violation

_STATEMENTS_KEPT = 400


class Memory:
    """One SQLite database in memory; in a simulated world transactions follow each other, so one connection is all."""

    def __init__(self, image: bytes) -> None:
        self.dialect = sqlite_dialect(paramstyle="qmark")
        self.driver = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS_KEPT
        )
        self.put(image)
        made = [(table, self.driver.execute(str(select(table))).fetchall()) for table in metadata.sorted_tables]
        self._wipe = [str(delete(table)) for table, _ in reversed(made)]  # what refers to another goes before it
        self._first = [(str(insert(table).compile(dialect=self.dialect)), rows) for table, rows in made if rows]

    def clear(self) -> None:
        """As it was when it was made; quicker than to put that image back, for all that is compiled stays so.

        To switch the foreign keys off meanwhile would make SQLite compile every statement anew.
        """
        self.driver.execute("BEGIN")
        for statement in self._wipe:
            self.driver.execute(statement)
        for statement, rows in self._first:
            self.driver.executemany(statement, rows)
        self.driver.execute("COMMIT")

    def image(self) -> bytes:
        """All that was committed."""
        return self.driver.serialize()

    def put(self, image: bytes) -> None:
        """An older copy of the database, or another one."""
        self.driver.deserialize(image)
        self.driver.execute("PRAGMA foreign_keys=ON")
        self.driver.execute("PRAGMA trusted_schema=OFF")

    def close(self) -> None:
        """Give the memory back."""
        self.driver.close()


class ShortEngine:
    """What `Store` asks of an engine, over one `Memory`."""

    def __init__(self, memory: Memory, begin: str = "BEGIN") -> None:
        self.memory = memory
        self.dialect = memory.dialect
        self._begin = begin

    def execution_options(self, **options: Any) -> ShortEngine:
        """A transaction that means to write says so, as on the real one."""
        return ShortEngine(self.memory, "BEGIN IMMEDIATE" if options.get("h2h_writes") else "BEGIN")

    @contextmanager
    def begin(self) -> Iterator[ShortConnection]:
        """A transaction: committed when it is left, rolled back on any exception."""
        driver = self.memory.driver
        self._alone()
        driver.execute(self._begin)
        try:
            yield ShortConnection(driver, self.dialect, keeps=True)
        except BaseException:
            driver.execute("ROLLBACK")
            raise
        driver.execute("COMMIT")

    def connect(self) -> AloneConnection:
        """For a transaction that only reads. While it lasts nobody writes, so nothing need be begun."""
        self._alone()
        return AloneConnection(self.memory.driver, self.dialect, keeps=True)

    def _alone(self) -> None:
        if self.memory.driver.in_transaction:
            raise Violation("a transaction begins within another one: two connections would wait for each other")

    def dispose(self) -> None:
        """The memory is everybody's; it stays."""


class AloneConnection(ShortConnection):
    """For a transaction that only reads; nothing need be begun, and nothing ended."""

    __slots__ = ()

    def __enter__(self) -> AloneConnection:
        return self

    def __exit__(self, *_problem: object) -> None:
        """Nothing was begun."""

    def begin(self) -> AloneConnection:
        """See `ShortEngine.connect`."""
        return self
