"""`h2h take-over`: a file goes to the bank by hand, and never again by h2h."""

from __future__ import annotations

import os
from pathlib import Path

from h2h.core.lifecycle import State
from tests.contracts.pain import IBANS
from tests.journeys.deciding import doubtful, held, state_of, swallowed_back, temporary_back
from tests.journeys.people import Person
from tests.journeys.site import Site, salaries

__all__ = ["doubtful"]  # fixtures


def test_a_file_taken_over_is_exported_and_never_sent(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("pay.csv", salaries(("A-1", "7,00", IBANS[0])))
    site.at.rename(site.root / "unmounted")
    site.once()
    alice, sub = Person(site), site.submission("pay.csv")
    by_hand = tmp_path / "by-hand"
    by_hand.mkdir()
    said = alice.says("take-over", sub.sid, "--reason", "cut-off", "--export", str(by_hand), "--json")
    assert said.status == 0
    (exported,) = by_hand.iterdir()
    assert said.json["exported"] == [str(exported)]
    assert exported.name == sub.remote_name
    assert b"<EndToEndId>A-1</EndToEndId>" in exported.read_bytes()
    assert exported.stat().st_mode & 0o077 == 0, "a payment file is for its owner's eyes"
    (site.root / "unmounted").rename(site.at)
    site.once()
    assert site.at_bank() == {}
    assert alice.says("take-over", sub.sid, "--reason", "lost it", "--export", str(by_hand)).status == 0


def test_nothing_is_taken_over_if_it_could_not_be_exported(tmp_path: Path) -> None:
    site = Site(tmp_path)
    sid, alice = held(site), Person(site)
    said = alice.says("take-over", sid, "--reason", "cut-off", "--export", str(tmp_path / "nowhere"))
    assert said.status == 2
    assert state_of(alice, sid) is State.HELD


def test_a_file_in_doubt_is_taken_over_only_in_as_many_words(doubtful: Person) -> None:
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.says("take-over", sid, "--reason", "portal")
    assert said.status == 1
    assert "--although-the-bank-may-have-it" in said.err
    although = ("take-over", sid, "--reason", "portal", "--although-the-bank-may-have-it")
    assert doubtful.says(*although).status == 2, "and then the risk is asked for once more"
    assert state_of(doubtful, sid) is State.IN_DOUBT
    assert doubtful.says(*although, "--yes").status == 0
    assert state_of(doubtful, sid) is State.TAKEN_OVER
    assert doubtful.site.waiting() == []


def test_what_is_taken_over_cannot_be_renamed_at_the_bank_any_more(doubtful: Person) -> None:
    sub, at = temporary_back(doubtful), doubtful.site.at
    although = ("take-over", sub.sid, "--reason", "portal", "--although-the-bank-may-have-it", "--yes")
    assert doubtful.says(*although).status == 0
    assert os.listdir(at / "to_bank") == []
    assert state_of(doubtful, sub.sid) is State.TAKEN_OVER


def test_what_the_bank_is_seen_to_have_is_not_taken_over(doubtful: Person) -> None:
    swallowed_back(doubtful)
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.says("take-over", sid, "--reason", "portal", "--although-the-bank-may-have-it", "--yes")
    assert said.status == 1
    assert "was not taken over" in said.err
    assert state_of(doubtful, sid) is State.SENT


def test_a_new_generation_takes_away_what_could_not_be_reached_when_it_was_decided(doubtful: Person) -> None:
    sub, at = temporary_back(doubtful), doubtful.site.at
    at.rename(doubtful.site.root / "unmounted")
    assert doubtful.says("resolve", sub.sid, "--not-sent", "--reason", "Ms Meier", "--yes").status == 0
    (doubtful.site.root / "unmounted").rename(at)
    assert doubtful.site.once()
    assert len(os.listdir(at / "to_bank")) == 1, "the new one, and no temporary file that could still be renamed"
    assert doubtful.site.submission("doubt.csv").state is State.SENT
