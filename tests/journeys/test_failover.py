"""The database fails over: two real clusters, the primary killed, its standby promoted, with or without all commits."""

from __future__ import annotations

from pathlib import Path

import pytest

from h2h.core.errors import Unavailable
from h2h.core.lifecycle import Event, State
from h2h.pipeline.outbound import work_bank
from h2h.pipeline.ownership import Gate
from h2h.pipeline.recovery import recover
from h2h.pipeline.rounds import scan_folders
from tests.contracts.pain import IBANS
from tests.contracts.postgres import Cluster, pair
from tests.journeys.node_sites import NodeSite, SecondNode
from tests.journeys.site import Site, salaries

BANK = "testbank"


def nodes(root: Path, primary: Cluster, standby: Cluster) -> tuple[Site, Site]:
    """Both, on the same two database servers."""
    hosts = "&".join(f"host=127.0.0.1:{c.port}" for c in (primary, standby))
    NodeSite.url = f"postgresql://h2h@/journal?{hosts}"
    return NodeSite(root), SecondNode(root)


@pytest.mark.timeout(120)
def test_a_promoted_standby_that_missed_the_last_commits_sends_nothing_twice(tmp_path: Path) -> None:
    with pair(synchronous=False) as (primary, standby):
        a, b = nodes(tmp_path, primary, standby)
        a.drop("first.csv", salaries(("ONE", "1,00", IBANS[0])))
        assert a.once()
        standby.stop()  # from here on nobody confirms what the primary alone writes
        with a.house() as house:
            recover(house)
            gate = Gate(house, BANK)
            assert gate()
            a.drop("second.csv", salaries(("TWO", "2,00", IBANS[0])))
            scan_folders(house, lambda: False)
            work_bank(house, BANK, lambda: False)
            assert [s.state for s in house.journal.submissions()] == [State.SENT, State.SENT]
            assert len(a.bank_takes()) == 2
            primary.kill()
            standby.start()
            standby.promote()

            # The node that was at work: nothing moves before the ledgers were replayed.
            first = house.journal.submissions()[-1]
            assert [s.source_name for s in house.journal.submissions()] == ["first.csv"], "the second one was lost"
            with pytest.raises(Unavailable, match="another history"):
                house.journal.advance(first, Event.BANK_ACCEPTED, at=house.now())
            a.clock.sleep(2)
            assert gate()
            work_bank(house, BANK, lambda: False)
            states = {s.source_name: s.state for s in house.journal.submissions()}
            assert states == {"first.csv": State.SENT, "second.csv": State.SENT}
            assert "journal-rollback" in [item.kind for item in house.journal.attention()]
        assert a.bank_takes() == {}, "the bank was given nothing a second time"
        b.once()
        assert b.bank_takes() == {}


@pytest.mark.timeout(120)
def test_the_other_node_replays_the_ledger_of_the_one_that_died_with_the_primary(tmp_path: Path) -> None:
    with pair(synchronous=False) as (primary, standby):
        a, b = nodes(tmp_path, primary, standby)
        b.once()
        standby.stop()
        a.drop("pay.csv", salaries(("ONE", "1,00", IBANS[0])))
        assert a.once()
        assert len(a.bank_takes()) == 1
        primary.kill()
        standby.start()
        standby.promote()
        b.once()
        assert b.bank_takes() == {}
        with b.house() as house:
            assert [(s.source_name, s.state) for s in house.journal.submissions()] == [("pay.csv", State.SENT)]


@pytest.mark.timeout(120)
def test_a_synchronous_standby_has_all_that_was_confirmed(tmp_path: Path) -> None:
    with pair(synchronous=True) as (primary, standby):
        a, b = nodes(tmp_path, primary, standby)
        for n in range(5):
            a.drop(f"{n}.csv", salaries((f"REF-{n}", f"{n + 1},00", IBANS[0])))
        assert a.once()
        primary.kill()
        standby.promote()
        with b.house() as house:
            assert [s.state for s in house.journal.submissions()] == [State.SENT] * 5
            assert recover(house) == 0, "the ledgers had nothing to add"
