"""A bank's server that keeps less than it says, forbids what is asked, ends its connections, or says the unexpected."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import IllegalTransition, InDoubt, Unavailable
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.core.records import FileState
from h2h.data import data_dir
from h2h.pipeline import decisions
from h2h.pipeline.line import Line, Trunk
from h2h.pipeline.send import look_again, withdraw
from tests.contracts.banks import PlainServer, plain_server
from tests.journeys import states
from tests.journeys.channels import meddled
from tests.journeys.people import Person
from tests.journeys.site import CLEARS_AWAY, ONE, Site, iso

__all__ = ["plain_server"]  # a fixture


def over_sftp(tmp_path: Path, server: PlainServer, **submission: Any) -> Site:
    channel = server.channel().model_dump(mode="json", exclude_none=True)
    return Site(tmp_path, bank={"channel": channel, "submission": submission}, bank_root=server.root)


@pytest.mark.parametrize("read_back", [True, False], ids=["read back", "size only"])
def test_what_the_server_did_not_keep_whole_is_never_made_visible_and_is_sent_anew(
    tmp_path: Path, plain_server: PlainServer, read_back: bool
) -> None:
    site = over_sftp(tmp_path, plain_server, read_back=read_back)
    plain_server.faults.swallow_after_bytes = 500
    site.drop("pay.csv", ONE)
    site.once()
    waiting = site.submission("pay.csv")
    assert (waiting.state, waiting.attempt, site.at_bank()) == (State.SEALED, 1, {})
    plain_server.faults.swallow_after_bytes = None
    site.clock.sleep(3600)
    assert site.once()
    (data,) = site.at_bank().values()
    assert (site.submission("pay.csv").attempt, len(data) > 500) == (2, True)


def test_half_files_that_may_not_be_removed_are_remarked_and_stop_nothing(
    tmp_path: Path, plain_server: PlainServer
) -> None:
    site = over_sftp(tmp_path, plain_server)
    plain_server.faults.swallow_after_bytes = 500
    plain_server.faults.deny = frozenset({"remove"})
    site.drop("pay.csv", ONE)
    site.once()
    plain_server.faults.swallow_after_bytes = None
    site.clock.sleep(3600)
    assert site.once()
    sub = site.submission("pay.csv")
    assert (sub.state, len(site.at_bank()), site.waiting()) == (State.SENT, 1, [])
    assert "it is harmless" in Person(site).says("explain", sub.sid, columns=200).out


def test_a_new_generation_goes_out_though_the_bank_lets_nobody_remove_the_old_temporary_file(
    tmp_path: Path, plain_server: PlainServer
) -> None:
    """The person found out that the bank does not have it; their word stands."""
    site = over_sftp(tmp_path, plain_server, remote_name="PAY_{sequence:04d}.xml")
    another = site.at / "to_bank" / "PAY_0001.xml"
    another.write_bytes(b"another's")
    site.drop("pay.csv", ONE)
    site.once()
    doubt = site.submission("pay.csv")
    assert doubt.state is State.IN_DOUBT
    plain_server.faults.deny = frozenset({"remove"})
    with site.house() as house:
        decisions.resolve_not_sent(house, doubt.sid, actor="anna", reason="the hotline does not find it")
    another.unlink()
    assert site.once()
    sub = site.submission("pay.csv")
    assert (sub.state, sub.generation, list(site.at_bank())) == (State.SENT, 1, ["PAY_0001.xml"])
    with site.house() as house:
        assert "temporary-left" in [event.event for event in house.journal.events(sub.sid)]


class Counted:
    """A channel that counts how often somebody logs in."""

    def __init__(self, channel: Any) -> None:
        self._channel, self.log_ins = channel, 0

    @property
    def rename_is_atomic(self) -> bool:
        return bool(self._channel.rename_is_atomic)

    def connect(self) -> Any:
        self.log_ins += 1
        return self._channel.connect()


def test_a_connection_that_ended_while_it_was_idle_is_not_used_and_a_bank_that_is_away_is_not_knocked_at_all_the_time(
    tmp_path: Path, plain_server: PlainServer
) -> None:
    site = over_sftp(tmp_path, plain_server)
    with site.house() as house:
        way = Counted(house.channels["testbank"])
        house = replace(house, channels={"testbank": way})
        trunk = Trunk(house, "testbank")
        with Line(house, "testbank", trunk) as line:
            line.session()
        plain_server.server.stop()
        site.clock.sleep(10)
        tries = []
        for seconds in (0, 1, 10):
            site.clock.sleep(seconds)
            with Line(house, "testbank", trunk) as line, pytest.raises(Unavailable):
                line.session()
            tries.append(way.log_ins)
        assert tries == [2, 2, 3]
        assert [item.kind for item in house.journal.attention()] == ["bank-unreachable"]
        trunk.close()


def test_a_connection_that_the_bank_still_answers_is_kept_and_one_that_nobody_uses_is_closed(
    tmp_path: Path, plain_server: PlainServer
) -> None:
    site = over_sftp(tmp_path, plain_server)
    with site.house() as house:
        trunk = Trunk(house, "testbank")
        with Line(house, "testbank", trunk) as line:
            first = line.session()
        plain_server.faults.deny = frozenset({"stat"})
        site.clock.sleep(10)
        with Line(house, "testbank", trunk) as line:
            assert line.session() is first, "a refusal is an answer"
        site.clock.sleep(31)
        trunk.rest()
        with Line(house, "testbank", trunk) as line:
            assert line.session() is not first
        trunk.close()


@pytest.mark.parametrize("ask", [look_again, withdraw], ids=["look", "withdraw"])
def test_only_a_file_in_doubt_is_looked_for_or_taken_back(tmp_path: Path, ask: Callable[..., Any]) -> None:
    site = Site(tmp_path)
    states.drop_and_send(site, "pay")
    sub = site.submission("pay.csv")
    with site.house() as house, Line(house, "testbank") as line, pytest.raises(IllegalTransition, match="IN_DOUBT"):
        ask(house, line, sub, actor="anna")


def test_a_temporary_file_that_vanishes_between_two_looks_is_seen_as_gone(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=CLEARS_AWAY)
    site.drop("pay.csv", ONE)

    def lost(real: Callable[..., Any], *given: Any) -> Any:
        raise InDoubt("the reply was lost")

    looks: list[str] = []

    def vanishes(real: Callable[..., Any], folder: str, name: str) -> Any:
        looks.append(name)
        if len(looks) == 2:  # the first is the reading back of what was uploaded
            (site.at / folder / name).unlink()
        return real(folder, name)

    site.once(lambda house: meddled("digest", vanishes)(meddled("rename", lost)(house)))
    sub = site.submission("pay.csv")
    assert (len(looks), sub.state, sub.reason, site.at_bank()) == (2, State.IN_DOUBT, "H3", {})


# -- what a bank says that only customers say


def test_a_payment_file_among_the_banks_answers_pays_nothing_and_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.bank_says("strange.xml", iso("MSG-1", ["10.00"]))
    site.once()
    (item,) = [i for i in site.attention() if i.kind == "unexpected-message"]
    assert ("which only customers send" in item.text, item.who_acts) == (True, WhoActs.BANK)
    assert (site.at_bank(), site.submissions()) == ({}, [])


def test_a_bank_that_wants_a_payment_back_is_told_to_a_person_and_answered_by_nobody_else(tmp_path: Path) -> None:
    site = Site(tmp_path)
    golden = data_dir("formats") / "camt.056" / "golden" / "a-bank-wants-a-fraudulent-payment-back-12.xml"
    site.bank_says("wish.xml", golden.read_text())
    site.once()
    (item,) = [i for i in site.attention() if i.kind == "cancellation-request"]
    assert ("asks for 1 payment back" in item.text, item.who_acts) == (True, WhoActs.TREASURY)
    assert site.files()[0].state is FileState.DELIVERED
    assert site.at_bank() == {}


# -- receipts


@pytest.mark.parametrize("garbage", ["", "[]", '{"state": "SE', '{"state": "RECEIVED"}'])
def test_a_receipt_that_somebody_wrote_over_is_right_again_after_the_next_start(tmp_path: Path, garbage: str) -> None:
    site = Site(tmp_path)
    states.drop_and_send(site, "pay")
    place = tmp_path / "erp/out" / "pay.csv.status.json"
    place.write_text(garbage)
    site.once()
    assert json.loads(place.read_text())["state"] == "SENT"
