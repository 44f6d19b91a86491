"""The journal's database in memory, by a short way: SQLAlchemy's statements, compiled once, run by the driver itself.

To go through SQLAlchemy's connection takes ten times as long as SQLite needs, and a schedule has hundreds of them.
What stands in a statement, how the columns' own types bind and read values, what is a transaction and what becomes of
an error is the journal's; `tests/simulation` plays every story both ways and compares what is left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Executable, Row, delete, insert, select
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import MultipleResultsFound, NoResultFound

from h2h.adapters.journal.columns import Json
from h2h.adapters.journal.tables import metadata
from h2h.simulator.torture.machine import Violation

_KEPT = "_h2h_plans"
_STATEMENTS_KEPT = 400
_ROWS_KEPT = 2000  # a statement


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
            yield ShortConnection(driver, self.dialect)
        except BaseException:
            driver.execute("ROLLBACK")
            raise
        driver.execute("COMMIT")

    def connect(self) -> ShortConnection:
        """For a transaction that only reads. While it lasts nobody writes, so nothing need be begun."""
        self._alone()
        return ShortConnection(self.memory.driver, self.dialect)

    def _alone(self) -> None:
        if self.memory.driver.in_transaction:
            raise Violation("a transaction begins within another one: two connections would wait for each other")

    def dispose(self) -> None:
        """The memory is everybody's; it stays."""


class ShortConnection:
    """What the journal asks of a connection."""

    def __init__(self, driver: sqlite3.Connection, dialect: Any) -> None:
        self._driver = driver
        self.dialect = dialect
        self.info: dict[str, Any] = {}

    def __enter__(self) -> ShortConnection:
        return self

    def __exit__(self, *_problem: object) -> None:
        """Nothing was begun."""

    def begin(self) -> ShortConnection:
        """See `ShortEngine.connect`."""
        return self

    def execution_options(self, **_options: Any) -> ShortConnection:
        """How many rows are read at once plays no part here."""
        return self

    def execute(self, statement: Executable, parameters: Any = None) -> Found:
        """Run it; *parameters* for one row, or a list of them for many."""
        if isinstance(parameters, list):
            plan = _plan(statement, parameters[0], self.dialect)
            self._driver.executemany(plan.sql, [plan.values(one) for one in parameters])
            return Found([])
        plan = _plan(statement, parameters or {}, self.dialect)
        cursor = self._driver.execute(plan.sql, plan.values(parameters))
        return Found([plan.row(raw) for raw in cursor.fetchall()] if plan.metadata is not None else cursor.fetchall())

    def exec_driver_sql(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows that have been through the columns' types already."""
        self._driver.executemany(sql, rows)


class Found:
    """What the journal asks of a result: SQLAlchemy's own takes longer to make than the rows in it."""

    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Every row."""
        return self._rows

    def one_or_none(self) -> Any:
        """The only row, or None; ``MultipleResultsFound``."""
        if len(self._rows) > 1:
            raise MultipleResultsFound("Multiple rows were found when one or none was required")
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        """The only row; ``NoResultFound``, ``MultipleResultsFound``."""
        if not self._rows:
            raise NoResultFound("No row was found when one was required")
        return self.one_or_none()

    def scalars(self) -> Found:
        """The first column."""
        return Found([row[0] for row in self._rows])

    def scalar_one_or_none(self) -> Any:
        """The first column of the only row, or None."""
        return self.scalars().one_or_none()

    def scalar_one(self) -> Any:
        """The first column of the only row; ``NoResultFound``."""
        return self.scalars().one()


@dataclass(slots=True)
class _Plan:
    """A compiled statement. *slots*: for each place the name, its place in a list (for IN), and what binds it.

    Without a name the third is the value itself. Rows that were read before are kept, by what SQLite said: schedules of
    one story are alike. *keeps* is False where a column's value can be changed by who reads it.
    """

    sql: str
    slots: list[tuple[str | None, int | None, Any]]
    metadata: SimpleResultMetaData | None = None
    keeps: bool = True
    kept: dict[tuple[Any, ...], Row[Any]] = field(default_factory=dict)

    def row(self, raw: tuple[Any, ...]) -> Row[Any]:
        row = self.kept.get(raw)
        if row is None:
            assert self.metadata is not None
            row = Row(self.metadata, self.metadata._processors, self.metadata._key_to_index, raw)
            if self.keeps:
                if len(self.kept) >= _ROWS_KEPT:
                    self.kept.clear()
                self.kept[raw] = row
        return row

    def values(self, parameters: dict[str, Any] | None) -> list[Any]:
        given = parameters or {}
        found = []
        for name, number, bind in self.slots:
            if name is None:
                found.append(bind)
            else:
                value = given[name] if number is None else given[name][number]
                found.append(value if bind is None else bind(value))
        return found


def _plan(statement: Executable, parameters: dict[str, Any], dialect: Any) -> _Plan:
    """Kept with the statement for as long as that lives."""
    plans = statement.__dict__.get(_KEPT)
    if plans is None:
        plans = statement.__dict__[_KEPT] = {}
    key = tuple([(n, len(v)) if isinstance(v, (list, tuple)) else n for n, v in parameters.items()])
    plan: _Plan | None = plans.get(key)
    if plan is None:
        plan = plans[key] = _compiled(statement, parameters, dialect)
    return plan


def _compiled(statement: Any, parameters: dict[str, Any], dialect: Any) -> _Plan:
    compiled = statement.compile(dialect=dialect, column_keys=list(parameters) or None)
    state = compiled.construct_expanded_state(parameters)
    lists = {one: (name, number) for name, many in state.parameter_expansion.items() for number, one in enumerate(many)}
    slots: list[tuple[str | None, int | None, Any]] = []
    for place in state.positiontup:
        name, number = lists.get(place, (place, None))
        bind = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        if name in parameters:
            slots.append((name, number, bind))
        else:
            value = state.parameters[place]
            slots.append((None, None, value if bind is None else bind(value)))
    columns = list(getattr(statement, "exported_columns", ()))
    if not columns:
        return _Plan(state.statement, slots)
    processors: Any = [c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns]
    found = SimpleResultMetaData([c.key for c in columns], _processors=processors)
    return _Plan(state.statement, slots, found, keeps=not any(isinstance(c.type, Json) for c in columns))
