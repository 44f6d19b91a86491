"""Two nodes whose clocks are hours apart: leases go by the database's clock, and nothing happens twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from h2h.core.lifecycle import State
from h2h.pipeline.outbound import work_bank
from h2h.pipeline.ownership import Gate, Presence
from h2h.pipeline.recovery import recover
from h2h.pipeline.rounds import scan_folders
from tests.contracts.pain import IBANS
from tests.contracts.postgres import cluster
from tests.journeys.node_sites import NodeSite, SecondNode
from tests.journeys.site import StandingClock, salaries, week_after

BANK = "testbank"


@pytest.fixture(params=[3, -3], ids=["the second is ahead", "the second is behind"])
def apart(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[NodeSite, NodeSite]:
    """Both nodes; the clock of the second differs by three hours."""
    NodeSite.url = cluster().new_database()
    present = datetime.now(UTC)
    other = StandingClock(present + timedelta(hours=request.param))
    return NodeSite(tmp_path, clock=StandingClock(present)), SecondNode(tmp_path, clock=other)


def test_neither_node_takes_the_others_bank_or_files_because_its_clock_is_wrong(
    apart: tuple[NodeSite, NodeSite],
) -> None:
    a, b = apart
    with a.house() as one, b.house() as two:
        recover(one)
        recover(two)
        first, second = Presence(one, "one"), Presence(two, "two")
        holds, waits = Gate(one, BANK), Gate(two, BANK)
        assert (holds(), waits()) == (True, False)
        a.drop("pay.csv", salaries(("ONE", "1,00", IBANS[0]), date=week_after(a.clock.start)))
        (candidate,) = one.outboxes["erp"].scan(a.clock.now() + timedelta(seconds=10))
        assert one.outboxes["erp"].claim(candidate) is not None  # type: ignore[arg-type]
        assert (first.show(), second.show()) == (0, 0), "nobody is gone, whatever the clocks say"
        assert (holds(), waits()) == (True, False)
        told = [(item.kind, item.subject) for item in one.journal.attention()]
        assert told == [("clocks-differ", "b")]

        # The first one goes, as it should: the second one takes over its bank, and what it had claimed.
        first.leave()
        b.clock.sleep(3600)
        assert second.show() == 1
        assert waits()
        scan_folders(two, lambda: False)
        work_bank(two, BANK, lambda: False)
        assert [s.state for s in two.journal.submissions()] == [State.SENT]
    assert len(a.bank_takes()) == 1
    a.once()
    assert a.bank_takes() == {}


def test_files_are_known_by_the_order_of_the_journal_and_not_by_a_nodes_clock(
    apart: tuple[NodeSite, NodeSite],
) -> None:
    a, b = apart
    date = week_after(a.clock.start)
    b.drop("pay.csv", salaries(("ONE", "1,00", IBANS[0]), date=date))
    with b.house() as two:
        scan_folders(two, lambda: False)
    a.drop("copy.csv", salaries(("ONE", "1,00", IBANS[0]), date=date))
    a.once()
    b.once()
    states = {s.source_name: s.state for s in a.submissions()}
    assert states == {"pay.csv": State.SENT, "copy.csv": State.DUPLICATE}
    assert len(a.bank_takes()) == 1
