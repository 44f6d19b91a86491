"""The short way to the journal's database is no other database: every story leaves the same rows as by SQLAlchemy's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select

from h2h.adapters.journal import sql_inbound, sql_outbound
from h2h.adapters.journal.faults import translated
from h2h.adapters.journal.tables import meta
from h2h.core.errors import IllegalTransition
from h2h.simulator.torture.campaign import drawn_schedule, laboratory
from h2h.simulator.torture.database import Memory, ShortEngine
from h2h.simulator.torture.flows import FLOWS
from h2h.simulator.torture.lab import Lab
from h2h.simulator.torture.machine import Violation
from h2h.simulator.torture.plan import Plan
from h2h.simulator.torture.world import World

#: A file's number on its disk is another one each time.
_NOT_COMPARED = {"identity_inode", "identity_device"}


@pytest.fixture(scope="module")
def long_way() -> Iterator[Lab]:
    """A lab whose journal is a file behind SQLAlchemy's own engine, as the daemon's."""
    with laboratory(short=False) as made:
        yield made


def _left(lab: Lab, flow: str, seed: int, plan: str, nodes: int, *, calm: bool) -> tuple[Any, ...]:
    """All that a schedule leaves: its effects, its end, and every row of the journal."""
    outcome = World(lab, FLOWS[flow], seed, Plan.of(plan), nodes=nodes, calm=calm).play(labels=True)
    with sqlite3.connect(":memory:") as driver:
        driver.row_factory = sqlite3.Row
        driver.deserialize(lab.snapshot())
        tables = [row[0] for row in driver.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = {name: sorted(_row(lab, row) for row in driver.execute(f"SELECT * FROM {name}")) for name in tables}
    driver.close()
    assert rows["submissions"] or rows["inbound_files"]
    return outcome.labels, outcome.states, outcome.faults, outcome.trace, outcome.decisions, rows


def _row(lab: Lab, row: sqlite3.Row) -> list[str]:
    values = zip(row.keys(), row, strict=True)
    return [f"{key} {value}".replace(str(lab.root), "") for key, value in values if key not in _NOT_COMPARED]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_story_leaves_the_same_journal_by_the_short_way_and_by_the_daemons(
    lab: Lab, long_way: Lab, flow: str
) -> None:
    short = _left(lab, flow, 1, "", 1, calm=True)
    assert short == _left(long_way, flow, 1, "", 1, calm=True)
    assert len(short[0]) > 50


@pytest.mark.parametrize("seed", range(10, 18))
def test_a_bad_day_leaves_the_same_journal_by_the_short_way_and_by_the_daemons(
    lab: Lab, long_way: Lab, seed: int
) -> None:
    drawn = drawn_schedule(lab, seed)
    short = _left(lab, drawn.flow, seed, drawn.plan, drawn.nodes, calm=False)
    assert short == _left(long_way, drawn.flow, seed, drawn.plan, drawn.nodes, calm=False)
    assert short[3], "something went wrong"


def test_a_transaction_that_fails_leaves_nothing_and_one_within_another_is_a_mistake(lab: Lab) -> None:
    engine: Any = ShortEngine(Memory(lab.snapshot()))

    def notes() -> int:
        with engine.connect() as connection:
            return len(connection.execute(select(meta)).all())

    before = notes()

    def fails() -> None:
        with engine.begin() as connection:
            connection.execute(insert(meta), {"key": "new", "value": "1"})
            assert connection.execute(*sql_inbound.note("new")).scalar_one() == "1"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert notes() == before
    with engine.begin() as connection:
        connection.execute(insert(meta), {"key": "new", "value": "1"})
        with pytest.raises(Violation):
            notes()
    assert notes() == before + 1
    engine.memory.clear()
    assert notes() == before


def test_constraints_of_the_tables_hold_in_memory(lab: Lab) -> None:
    engine: Any = ShortEngine(Memory(lab.snapshot()))
    orphan = sql_outbound.insert_commit_intent("nobody", 0, ".x.part", datetime(2026, 11, 23, tzinfo=UTC))
    with pytest.raises(IllegalTransition), translated(), engine.begin() as connection:
        connection.execute(*orphan)
