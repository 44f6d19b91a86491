"""F36: what one person alone may not decide is asked for by one and carried out when a second one says the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from h2h.cli import login
from h2h.core.lifecycle import State
from h2h.pipeline.recovery import recover
from tests.contracts.pain import IBANS
from tests.journeys import states
from tests.journeys.asking import ASKS
from tests.journeys.deciding import held, last_event, state_of
from tests.journeys.people import Person, Said
from tests.journeys.site import CLEARS_AWAY, Site, in_the_present, salaries, week_after

ALL = {"four_eyes": ["release", "cancel", "resolve", "take-over"]}


@pytest.fixture(autouse=True)
def no_login_of_the_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As where no pam_loginuid is set up: sudo says who it is."""
    monkeypatch.setattr(login, "LOGIN_UID", tmp_path / "nobody-logged-in")


def says(site: Site, name: str, *words: str) -> Said:
    """Somebody with a log-in of that name, by sudo."""
    return Person(site).says(*words, SUDO_USER=name, columns=200)


def decides(site: Site, name: str, verb: str, sid: str, *more: str) -> Said:
    """The same with a reason."""
    return says(site, name, verb, sid, *more, "--reason", f"{name} looked")


@pytest.mark.parametrize(
    ("verb", "more", "state"),
    [("release", (), State.RECEIVED), ("cancel", (), State.CANCELLED), ("take-over", (), State.TAKEN_OVER)],
)
def test_a_held_file_goes_on_only_when_a_second_person_says_the_same(
    tmp_path: Path, verb: str, more: tuple[str, ...], state: State
) -> None:
    site = Site(tmp_path, decisions=ALL)
    sid = held(site)
    first = decides(site, "anna", verb, sid, *more)
    assert first.status == 1
    assert "until a second person says the same" in first.out
    assert state_of(Person(site), sid) is State.HELD
    assert last_event(Person(site), sid) == ("decision-asked", "anna", "anna looked")
    assert "second-person" in site.waiting()

    items = json.loads(says(site, "bert", "attention", "list", "--json").out)["needs_a_person"]
    (item,) = [item for item in items if item["kind"] == "second-person"]
    assert "give the same command yourself" in item["next_step"]

    again = decides(site, "Anna", verb, sid, *more)
    assert (again.status, "another person must say the same" in again.err) == (1, True)
    assert state_of(Person(site), sid) is State.HELD

    second = decides(site, "bert", verb, sid, *more)
    assert second.status == 0
    assert state_of(Person(site), sid) is state
    assert "second-person" not in site.waiting()
    told = says(site, "bert", "explain", sid).out
    assert f"anna asked for '{verb}'" in told


@pytest.mark.parametrize(("word", "state"), [("--sent", State.SENT), ("--not-sent", State.SEALED)])
def test_a_doubt_is_resolved_by_two(tmp_path: Path, word: str, state: State) -> None:
    site = Site(tmp_path, bank=CLEARS_AWAY, decisions=ALL)
    states.in_doubt(site)
    sub = site.submission("doubt.csv")
    temporary = site.at / "to_bank" / (sub.commit_temporary or "")
    if word == "--not-sent":
        (taken,) = (site.at / "processed").iterdir()
        taken.rename(temporary)
    assert decides(site, "anna", "resolve", sub.sid, word, "--yes").status == 1
    assert temporary.exists() == (word == "--not-sent"), "what was only asked for touches nothing at the bank"
    assert state_of(Person(site), sub.sid) is State.IN_DOUBT
    assert decides(site, "bert", "resolve", sub.sid, word, "--yes").status == 0
    assert state_of(Person(site), sub.sid) is state
    assert not temporary.exists()


def test_what_the_second_person_says_must_be_the_same(tmp_path: Path) -> None:
    site = Site(tmp_path, decisions=ALL)
    sid = held(site)
    decides(site, "anna", "release", sid)
    assert decides(site, "bert", "cancel", sid).status == 1
    assert state_of(Person(site), sid) is State.HELD
    assert decides(site, "anna", "release", sid).status == 1, "hers was overtaken by his; it is asked for anew"
    assert decides(site, "bert", "release", sid).status == 0


def test_what_is_closed_away_is_no_longer_asked_for(tmp_path: Path) -> None:
    site = Site(tmp_path, decisions=ALL)
    sid = held(site)
    decides(site, "anna", "release", sid)
    (item,) = [item for item in site.attention() if item.kind == "second-person"]
    closed = says(site, "bert", "attention", "close", str(item.number), "--reason", "not without the invoice")
    assert closed.status == 0
    assert decides(site, "bert", "release", sid).status == 1, "this asks; it does not carry out"
    assert state_of(Person(site), sid) is State.HELD


def test_a_name_that_is_only_typed_is_no_second_person(tmp_path: Path) -> None:
    site = Site(tmp_path, decisions=ALL)
    sid = held(site)
    decides(site, "anna", "release", sid)
    typed = decides(site, "anna", "release", sid, "--actor", "bert")
    assert typed.status == 1
    assert "this is 'anna', not 'bert'" in typed.err
    nobody = decides(site, "h2h", "release", sid, "--actor", "bert")
    assert "this is 'h2h'" in nobody.err
    assert state_of(Person(site), sid) is State.HELD


def test_the_kernels_word_goes_before_that_of_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged_in = tmp_path / "loginuid"
    logged_in.write_text("0")
    monkeypatch.setattr(login, "LOGIN_UID", logged_in)
    site = Site(tmp_path / "site", decisions=ALL)
    sid = held(site)
    said = decides(site, "bert", "release", sid)
    assert "this is 'root', not 'bert'" in said.err
    assert decides(site, "root", "release", sid).status == 1
    assert last_event(Person(site), sid)[:2] == ("decision-asked", "root")


def test_only_the_decisions_that_are_named_need_two(tmp_path: Path) -> None:
    site = Site(tmp_path, decisions={"four_eyes": ["resolve"]})
    sid = held(site)
    assert decides(site, "anna", "release", sid, "--actor", "whoever").status == 0


def test_nothing_is_exported_before_the_second_person_agrees(tmp_path: Path) -> None:
    site = Site(tmp_path, decisions=ALL)
    sid = held(site)
    (tmp_path / "export").mkdir()
    asked = decides(site, "anna", "take-over", sid, "--export", str(tmp_path / "export"), "--json")
    assert json.loads(asked.out)["waits_for_second_person"] is True
    assert list((tmp_path / "export").iterdir()) == []


def test_what_cannot_be_done_is_not_asked_for(tmp_path: Path) -> None:
    site = Site(tmp_path, decisions=ALL)
    states.drop_and_send(site, "pay")
    sid = site.submissions()[0].sid
    assert decides(site, "anna", "release", sid).status == 1
    assert "second-person" not in site.waiting()


def test_an_item_about_what_went_on_by_itself_is_closed_at_the_next_look(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=CLEARS_AWAY, decisions=ALL)
    states.in_doubt(site)
    sub = site.submission("doubt.csv")
    decides(site, "anna", "resolve", sub.sid, "--sent")
    (taken,) = (site.at / "processed").iterdir()
    taken.rename(site.at / "to_bank" / (sub.remote_name or ""))
    says(site, "anna", "resolve", sub.sid, "--look")
    with site.house() as house:
        recover(house)
    assert "second-person" not in site.waiting()


def recalled(tmp_path: Path, decisions: dict[str, Any]) -> tuple[Site, str]:
    """A sent payment that anna calls back; the id of her request."""
    site = Site(tmp_path, bank=ASKS, decisions=decisions, clock=in_the_present())
    day = week_after(site.clock.start)
    site.drop("pay.csv", salaries(("PAY-1", "10,00", IBANS[0]), date=day))
    site.once()
    site.bank_takes()
    asked = says(site, "anna", "recall", site.submission("pay.csv").sid, "--reason", "DUPL", "--why", "paid twice")
    assert asked.status == 0, asked.err
    site.once()
    (request,) = [sub.sid for sub in site.submissions() if sub.source_name.startswith("recall-")]
    return site, request


def test_a_recall_goes_to_the_bank_when_somebody_else_has_released_it(tmp_path: Path) -> None:
    site, request = recalled(tmp_path, {"four_eyes": ["recall"]})
    assert state_of(Person(site), request) is State.AWAITING_RELEASE
    assert site.at_bank() == {}
    own = decides(site, "Anna", "release", request)
    assert (own.status, "another person must release it" in own.err) == (1, True)
    typed = decides(site, "anna", "release", request, "--actor", "bert")
    assert (typed.status, "this is 'anna', not 'bert'" in typed.err) == (1, True)
    assert state_of(Person(site), request) is State.AWAITING_RELEASE
    assert decides(site, "bert", "release", request).status == 0
    site.once()
    assert len(site.at_bank()) == 1


def test_a_recall_that_one_person_may_ask_for_goes_by_itself(tmp_path: Path) -> None:
    site, request = recalled(tmp_path, {"four_eyes": ["release", "cancel"]})
    assert state_of(Person(site), request) is State.SENT


def test_who_asks_for_a_recall_is_the_log_in_where_two_must_agree(tmp_path: Path) -> None:
    site, _ = recalled(tmp_path, {"four_eyes": ["recall"]})
    sid = site.submission("pay.csv").sid
    said = says(site, "anna", "recall", sid, "--reason", "DUPL", "--why", "again", "--actor", "bert")
    assert (said.status, "this is 'anna', not 'bert'" in said.err) == (1, True)


RELEASES = {"release_amount_max": {"anna": {"EUR": "1250.01"}, "others": {"EUR": "0.00"}}}


@pytest.mark.parametrize(("amount", "released"), [("1250,00", True), ("1250,01", False)])
def test_a_person_releases_what_the_limit_allows_to_the_cent(tmp_path: Path, amount: str, released: bool) -> None:
    site = Site(tmp_path, decisions=RELEASES, erp={"release_required": True})
    site.drop("pay.csv", salaries(("A", amount, IBANS[0]), ("B", "0,01", IBANS[1])))
    site.once()
    sid = site.submission("pay.csv").sid
    assert decides(site, "bert", "release", sid).status == 1
    said = decides(site, "ANNA", "release", sid)
    assert said.status == (0 if released else 1)
    assert ("may release up to 1250.01 EUR" in said.err) is not released
    assert decides(site, "bert", "release", sid, "--actor", "anna").status == 1
    assert state_of(Person(site), sid) is (State.CONVERTED if released else State.AWAITING_RELEASE)


def test_a_file_whose_sum_nobody_has_read_is_not_released_by_whose_sums_are_limited(tmp_path: Path) -> None:
    site = Site(tmp_path, decisions={"release_amount_max": {"anna": {"EUR": "1000000.00"}}})
    sid = held(site)
    assert site.submissions()[-1].transaction_count is None
    assert "not known yet" in decides(site, "anna", "release", sid).err
    assert decides(site, "bert", "release", sid).status == 0
