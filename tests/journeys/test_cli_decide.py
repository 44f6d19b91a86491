"""What people decide by command: journalled with name and reason; the impossible is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from h2h.core.errors import IllegalTransition
from h2h.core.lifecycle import State
from h2h.core.records import LedgerKind
from h2h.pipeline.decisions import take_over
from tests.contracts.pain import IBANS
from tests.journeys import states
from tests.journeys.answers import pain002
from tests.journeys.deciding import doubtful, held, last_event, state_of
from tests.journeys.people import Person
from tests.journeys.site import Site, salaries

__all__ = ["doubtful"]  # fixtures


def test_a_released_file_goes_on_and_says_who_let_it(tmp_path: Path) -> None:
    site = Site(tmp_path)
    sid, alice = held(site), Person(site)
    said = alice.says("release", sid, "--reason", "a correction, agreed with AP", columns=200)
    assert said.status == 0
    assert "HELD → RECEIVED, by alice: a correction, agreed with AP" in said.out
    assert site.waiting() == []
    assert site.once()
    assert len(site.at_bank()) == 1
    assert "alice released it: a correction, agreed with AP" in alice.says("explain", sid, columns=200).out


def test_a_cancelled_file_is_never_sent_and_the_receipt_says_so(tmp_path: Path) -> None:
    site = Site(tmp_path)
    sid, alice = held(site), Person(site, "bob")
    said = alice.says("cancel", sid, "--reason", "paid already", "--actor", "carol")
    assert said.status == 0
    assert last_event(alice, sid) == ("cancelled", "carol", "paid already")
    assert site.receipt("pay.csv~2")["state"] == "CANCELLED"
    assert site.once()
    assert site.at_bank() == {}


def test_what_the_bank_has_can_neither_be_held_nor_cancelled_nor_released_nor_taken_over(tmp_path: Path) -> None:
    site = Site(tmp_path)
    states.drop_and_send(site, "pay")
    alice, sid = Person(site), site.submission("pay.csv").sid
    for verb in ("hold", "cancel", "release", "take-over"):
        said = alice.says(verb, sid, "--reason", "too late")
        assert said.status == 1, verb
        assert "the bank has the file; it has not answered yet [SENT]" in said.err
    more = alice.says("take-over", sid, "--reason", "too late", "--although-the-bank-may-have-it", "--yes")
    assert more.status == 1
    with site.house() as house:
        with pytest.raises(IllegalTransition):
            take_over(house, sid, actor="alice", reason="too late", knowing_it_may_be_there=True)
        assert not house.ledger.has(LedgerKind.TAKEN_OVER, sid, 0), "the second witness was not told of it"


def test_of_a_file_with_which_nothing_is_to_be_done_no_next_step_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.bank_says("accepted.xml", pain002(states.drop_and_send(site, "pay"), "ACCP"))
    site.once()
    said = Person(site).says("hold", site.submission("pay.csv").sid, "--reason", "too late")
    assert (said.status, "[ACCEPTED]" in said.err, "Next:" in said.err) == (1, True, False)


def test_a_file_is_held_before_it_is_sent_and_released_again(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("pay.csv", salaries(("A-1", "7,00", IBANS[0])))
    site.at.rename(site.root / "unmounted")
    site.once()
    alice, sid = Person(site), site.submission("pay.csv").sid
    assert state_of(alice, sid) is State.SEALED
    assert alice.says("hold", sid, "--reason", "the CFO asked").status == 0
    (site.root / "unmounted").rename(site.at)
    site.once()
    assert site.at_bank() == {}
    assert "SEALED" in alice.says("release", sid, "--reason", "the CFO agreed").out
    assert site.once()
    assert len(site.at_bank()) == 1


@pytest.mark.parametrize("verb", ["release", "hold", "cancel", "take-over"])
def test_a_decision_needs_a_reason_and_the_name_of_a_person(tmp_path: Path, verb: str) -> None:
    alice = Person(Site(tmp_path))
    assert alice.says(verb, "abcd").status == 2
    assert alice.says(verb, "abcd", "--reason", "   ").status == 2
    said = alice.says(verb, "abcd", "--reason", "x", "--actor", "h2h")
    assert said.status == 2
    assert "not a person" in said.err


def test_behind_sudo_the_person_is_named_and_not_root(tmp_path: Path) -> None:
    site = Site(tmp_path)
    sid = held(site)
    Person(site, "root").says("cancel", sid, "--reason", "x", SUDO_USER="dora")
    assert last_event(Person(site), sid)[1] == "dora"


def test_a_decision_is_never_made_about_a_guess(tmp_path: Path) -> None:
    site = Site(tmp_path)
    sid, alice = held(site), Person(site)
    said = alice.says("cancel", "pay.csv", "--reason", "x")
    assert said.status == 1
    assert sid in said.err, "the ids are offered"
    assert alice.says("cancel", "zzzz", "--reason", "x").status == 1
    assert state_of(alice, sid) is State.HELD


def test_an_item_is_closed_with_name_and_reason_and_stays_on_record(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.bank_says("nonsense.xml", "<nonsense/>")
    site.once()
    alice = Person(site)
    (item,) = site.attention()
    listed = alice.says("attention", "list", "--json").json["needs_a_person"]
    assert [(i["number"], i["kind"]) for i in listed] == [(item.number, "quarantined")]
    assert alice.says("attention", "close", str(item.number), "--reason", "asked the bank").status == 0
    assert alice.says("attention", "list", "--json").json == {"needs_a_person": []}
    (closed,) = alice.says("attention", "list", "--closed", "--json").json["closed"]
    assert (closed["closed_by"], closed["closed_reason"]) == ("alice", "asked the bank")
    again = alice.says("attention", "close", str(item.number), "--reason", "x")
    assert (again.status, "no open item" in again.err) == (1, True)


def test_a_doubt_cannot_be_closed_away(doubtful: Person) -> None:
    (item,) = doubtful.site.attention()
    said = doubtful.says("attention", "close", str(item.number), "--reason", "tired")
    assert said.status == 1
    assert "h2h resolve" in said.err
    assert doubtful.site.waiting() == ["in-doubt"]


def test_the_json_of_a_decision_is_one_object_and_nothing_else(doubtful: Person) -> None:
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.types("resolve", sid, "--sent", "--reason", "x", "--json")
    assert json.loads(said.out)["state"] == "SENT"
    assert said.err == "", "the pipeline's log lines are the daemon's"
