"""SQLAlchemy's statements, compiled once and run on SQLite by the driver itself.

To go through SQLAlchemy's connection takes several times as long as SQLite needs, and a payment file asks some fifty
times. What stands in a statement, how the columns' own types bind and read values, and what becomes of an error is the
journal's, whichever way it goes; `tests/simulation` plays every story both ways and compares what is left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Engine, Executable, Row
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import MultipleResultsFound, NoResultFound

from h2h.adapters.journal.columns import Json

_PLANS = "_h2h_plans"
#: A statement with a list is another one for each length of it; so many of them are kept.
_PLANS_KEPT = 64
_ROWS_KEPT = 2000  # a plan


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, on one of *engine*'s connections to SQLite."""
    held = engine.raw_connection()
    try:
        driver = cast(sqlite3.Connection, held.driver_connection)
        driver.execute("BEGIN")
        yield cast(Connection, ShortConnection(driver, engine.dialect))
        driver.execute("COMMIT")
    finally:
        held.close()  # rolls back what has not ended


def shortened(connection: Connection) -> Connection:
    """The same transaction on SQLite, its statements by the short way."""
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    return cast(Connection, ShortConnection(driver, connection.dialect))


@dataclass(frozen=True, slots=True)
class ShortConnection:
    """What the journal asks of SQLAlchemy's connection, over the driver's own, within a transaction of the caller's.

    *keeps*: rows that are read again and again are made once. *streams*: a result is read as it is walked through.
    """

    driver: sqlite3.Connection
    dialect: Dialect
    keeps: bool = False
    streams: bool = False
    info: dict[str, Any] = field(default_factory=dict)

    def execution_options(self, *, yield_per: int) -> ShortConnection:
        """The same connection; of its results no more rows are held than SQLite itself reads at once."""
        return replace(self, streams=yield_per > 0)

    def execute(
        self, statement: Executable, parameters: Any = None, *, execution_options: dict[str, Any] | None = None
    ) -> Found:
        """Run it; *parameters* for one row, or a list of them for many."""
        if isinstance(parameters, list):
            plan = _plan(statement, parameters[0], self.dialect)
            self.driver.executemany(plan.sql, [plan.values(one) for one in parameters])
            return Found([])
        plan = _plan(statement, parameters or {}, self.dialect)
        cursor = self.driver.execute(plan.sql, plan.values(parameters or {}))
        raw = cursor if self.streams or execution_options else cursor.fetchall()
        return Found(map(plan.kept_row if self.keeps and plan.keeps else plan.row, raw))

    def exec_driver_sql(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows that have been through the columns' types already."""
        self.driver.executemany(sql, rows)


class Found:
    """What the journal asks of a result: SQLAlchemy's own takes longer to make than the rows in it."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Iterable[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Every row."""
        return list(self._rows)

    def one_or_none(self) -> Any:
        """The only row, or None; ``MultipleResultsFound``."""
        rows = self.all()
        if len(rows) > 1:
            raise MultipleResultsFound("Multiple rows were found when one or none was required")
        return rows[0] if rows else None

    def one(self) -> Any:
        """The only row; ``NoResultFound``, ``MultipleResultsFound``."""
        row = self.one_or_none()
        if row is None:
            raise NoResultFound("No row was found when one was required")
        return row

    def scalars(self) -> Found:
        """The first column."""
        return Found(row[0] for row in self._rows)

    def scalar_one_or_none(self) -> Any:
        """The first column of the only row, or None."""
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalar_one(self) -> Any:
        """The first column of the only row; ``NoResultFound``."""
        return self.one()[0]


@dataclass(slots=True)
class _Plan:
    """A compiled statement. *slots*: for each place the name, its place in a list (for IN), and what binds it.

    Without a name the third is the value itself. *keeps* is False where who reads a column's value can change it.
    """

    sql: str
    slots: list[tuple[str | None, int | None, Any]]
    metadata: SimpleResultMetaData | None
    keeps: bool = True
    kept: dict[tuple[Any, ...], Row[Any]] = field(default_factory=dict)

    def row(self, raw: tuple[Any, ...]) -> Row[Any]:
        """What SQLite said, as the columns' types read it."""
        told = self.metadata
        return Row(told, told._processors, told._key_to_index, raw) if told is not None else cast("Row[Any]", raw)

    def kept_row(self, raw: tuple[Any, ...]) -> Row[Any]:
        """The same, made once for what SQLite says again."""
        row = self.kept.get(raw)
        if row is None:
            if len(self.kept) >= _ROWS_KEPT:
                self.kept.clear()
            row = self.kept[raw] = self.row(raw)
        return row

    def values(self, given: dict[str, Any]) -> list[Any]:
        """For each place what the driver binds there."""
        found = []
        for name, number, bind in self.slots:
            if name is None:
                found.append(bind)
            else:
                value = given[name] if number is None else given[name][number]
                found.append(value if bind is None else bind(value))
        return found


def _plan(statement: Executable, parameters: dict[str, Any], dialect: Dialect) -> _Plan:
    """Kept with the statement for as long as that lives."""
    plans = statement.__dict__.get(_PLANS)
    if plans is None:
        plans = statement.__dict__[_PLANS] = {}
    key = tuple([(n, len(v)) if isinstance(v, (list, tuple)) else n for n, v in parameters.items()])
    plan: _Plan | None = plans.get(key)
    if plan is None:
        if len(plans) >= _PLANS_KEPT:
            plans.clear()
        plan = plans[key] = _compiled(statement, parameters, dialect)
    return plan


def _compiled(statement: Any, parameters: dict[str, Any], dialect: Dialect) -> _Plan:
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
        return _Plan(state.statement, slots, None, keeps=False)
    processors: Any = [c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns]
    found = SimpleResultMetaData([c.key for c in columns], _processors=processors)
    return _Plan(state.statement, slots, found, keeps=not any(isinstance(c.type, Json) for c in columns))
