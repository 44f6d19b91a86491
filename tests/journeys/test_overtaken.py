"""A node that stops in the middle of a step and finds, when it goes on, that another one has taken it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import StaleState, Untrusted
from h2h.core.lifecycle import State
from h2h.pipeline import decisions
from h2h.pipeline.house import House
from h2h.pipeline.inbound import Worker, work_inbound
from h2h.pipeline.line import Line
from h2h.pipeline.rounds import scan_folders
from h2h.pipeline.send import look_again
from tests.contracts.postgres import cluster
from tests.journeys import states
from tests.journeys.answers import pain002
from tests.journeys.channels import Killed, dying
from tests.journeys.older import OlderJournal
from tests.journeys.site import CLEARS_AWAY, ONE, WINDOW, Site
from tests.journeys.test_failover import NodeSite, SecondNode
from tests.journeys.test_inbound import sent_site


@pytest.mark.parametrize("problem", [ZeroDivisionError("a mistake of ours"), Untrusted("other bytes are there")])
@pytest.mark.parametrize("artefact", ["20-opened", "30-message.json"])
def test_what_goes_wrong_here_while_another_node_takes_the_step_says_nothing_of_the_file(
    tmp_path: Path, problem: Exception, artefact: str
) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("ack.xml", pain002(sent, "ACSP"))

    class Overtaken:
        """The archive of a node that stops just before it keeps something, and goes on to find that it cannot."""

        def __init__(self, house: House) -> None:
            self._house = house

        def __getattr__(self, name: str) -> Any:
            return getattr(self._house.archive, name)

        def put(self, owner: str, since: datetime, name: str, *given: Any, **more: Any) -> Any:
            if name == artefact:
                work_inbound(self._house, "testbank", Worker(lambda: False, lambda: None))
                raise problem
            return self._house.archive.put(owner, since, name, *given, **more)

    site.once(lambda house: replace(house, archive=Overtaken(house)))
    assert [str(f.state) for f in site.files()] == ["DELIVERED"]
    assert site.waiting() == []
    assert site.submission("salaries.csv").state is State.ACCEPTED


@pytest.fixture
def nodes(tmp_path: Path) -> tuple[NodeSite, NodeSite]:
    """Both, on one database."""
    NodeSite.url = cluster().new_database()
    return NodeSite(tmp_path), SecondNode(tmp_path)


class Stopped:
    """A port of a node that stops before it is asked for *call*, once, and goes on when *meanwhile* is over."""

    def __init__(self, port: Any, call: str, meanwhile: Callable[[], object]) -> None:
        self._port, self._call, self._meanwhile = port, call, [meanwhile]

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)

        def after_a_while(*given: Any, **more: Any) -> Any:
            if name == self._call and self._meanwhile:
                self._meanwhile.pop()()
            return real(*given, **more)

        return after_a_while if callable(real) else real


@pytest.mark.parametrize("end", [State.SENT, State.CANCELLED])
def test_a_file_that_another_node_adopted_and_finished_is_not_taken_in_again(
    nodes: tuple[NodeSite, NodeSite], end: State
) -> None:
    """It is no duplicate of itself; and what a person gave up meanwhile is not sent after all."""
    a, b = nodes
    a.drop("pay.csv", ONE)

    def adopted() -> None:
        with b.house() as house:
            house.outboxes["erp"].adopt("a")
            scan_folders(house, lambda: False)
            (sub,) = house.journal.submissions()
            if end is State.CANCELLED:
                decisions.cancel(house, sub.sid, actor="anna", reason="dropped by mistake")
        b.once()

    a.once(lambda house: replace(house, journal=Stopped(house.journal, "take_in", adopted)))
    assert [s.state for s in a.submissions()] == [end]
    assert len(a.at_bank()) == (end is State.SENT)
    assert a.receipt("pay.csv")["state"] == end
    assert not (a.root / "erp/out/pay.csv.error.txt").exists()
    assert list((a.root / "state-a/spool").glob("?" * 64)) == []


def test_a_take_over_that_came_too_late_takes_nothing_over_at_the_next_start(tmp_path: Path) -> None:
    """Who took it over was told no and sends nothing; so it is h2h that must."""
    site = Site(tmp_path, bank=WINDOW)
    site.drop("pay.csv", ONE)
    site.once()  # 09:00

    def committed() -> None:
        site.clock.sleep(7200)
        with pytest.raises(Killed):
            site.once(dying)

    sid = site.submission("pay.csv").sid
    with site.house() as house:
        late = replace(house, journal=Stopped(house.journal, "advance", committed))
        with pytest.raises(StaleState):
            decisions.take_over(late, sid, actor="anna", reason="by portal", knowing_it_may_be_there=False)
    site.once()
    assert site.submission("pay.csv").state is State.SENT
    assert len(site.at_bank()) == 1


def test_a_not_sent_that_came_too_late_sends_nothing_again_by_an_older_journal(tmp_path: Path) -> None:
    """The bank's folder showed the file between a person's look and the person's word."""
    site = Site(tmp_path, bank=CLEARS_AWAY)
    sid = states.in_doubt(site)
    older = OlderJournal(site, tmp_path / "copy")

    def seen() -> None:
        (taken,) = (site.at / "processed").iterdir()
        back = taken.rename(site.at / "to_bank" / taken.name)
        with site.house() as house, Line(house, "testbank") as line:
            look_again(house, line, house.journal.submission(sid), actor="bo")
        back.unlink()

    with site.house() as house:
        late = replace(house, journal=Stopped(house.journal, "advance", seen))
        with pytest.raises(StaleState):
            decisions.resolve_not_sent(late, sid, actor="anna", reason="the hotline does not find it")
    assert site.submission("doubt.csv").state is State.SENT
    older.is_put_back()
    site.once()
    assert (site.submission("doubt.csv").state, site.at_bank()) == (State.SENT, {})
