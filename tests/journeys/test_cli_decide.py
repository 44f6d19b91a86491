"""What people decide by command: journalled with name and reason; a risk is spelled out, the impossible is refused."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from h2h.core.errors import IllegalTransition
from h2h.core.lifecycle import State
from h2h.core.records import LedgerKind
from h2h.pipeline.decisions import take_over
from tests.contracts.pain import IBANS
from tests.journeys import states
from tests.journeys.answers import Line, camt053
from tests.journeys.people import Person
from tests.journeys.site import Site, salaries

PURGING = {"submission": {"bank_removes_temporaries": True}}


@pytest.fixture
def doubtful(tmp_path: Path) -> Person:
    """A file of two payments over 100.00 EUR is in doubt: the bank took it, and the reply was lost."""
    site = Site(tmp_path, bank=PURGING)
    states.in_doubt(site)
    return Person(site)


def held(site: Site) -> str:
    """A file that is held because an earlier one had its name; its sid."""
    states.drop_and_send(site, "pay")
    site.drop("pay.csv", salaries(("OTHER-1", "7,00", IBANS[0])))
    site.once()
    return next(s.sid for s in site.submissions() if s.state is State.HELD)


def state_of(person: Person, sid: str) -> State:
    return next(s.state for s in person.site.submissions() if s.sid == sid)


def last_event(person: Person, sid: str) -> tuple[str, str, str]:
    with person.site.house() as house:
        event = house.journal.events(sid)[-1]
    return event.event, event.actor, event.detail.get("reason_text", "")


def swallowed_back(person: Person) -> None:
    """The bank puts what it took back where it was: now it can be seen."""
    at = person.site.at
    (file,) = (at / "processed").iterdir()
    file.rename(at / "to_bank" / file.name)


# ---------------------------------------------------------------------------------------------- resolve


def test_the_banks_word_that_it_has_the_file_settles_the_doubt_with_name_and_reason(doubtful: Person) -> None:
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.says("resolve", sid[:8], "--sent", "--reason", "Ms Meier, EB desk, 09:10", columns=200)
    assert said.status == 0
    assert "IN_DOUBT → SENT, by alice: Ms Meier, EB desk, 09:10" in said.out
    sub = doubtful.site.submission("doubt.csv")
    assert (sub.state, sub.evidence) == (State.SENT, "person: alice: Ms Meier, EB desk, 09:10")
    assert last_event(doubtful, sid) == ("resolved-sent", "alice", "Ms Meier, EB desk, 09:10")
    assert doubtful.site.waiting() == []
    with doubtful.site.house() as house:
        assert house.ledger.has(LedgerKind.DELIVERED, sid, 0)


def test_looking_again_without_evidence_decides_nothing(doubtful: Person) -> None:
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.says("resolve", sid, "--look", "--json")
    assert said.status == 1
    assert (said.json["state"], said.json["reason"]) == ("IN_DOUBT", None)
    assert "both names are gone" in said.json["notes"][0]
    assert last_event(doubtful, sid)[:2] == ("looked-again", "alice")
    assert doubtful.site.waiting() == ["in-doubt"]


def test_looking_again_finds_late_evidence(doubtful: Person) -> None:
    swallowed_back(doubtful)
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.says("resolve", sid, "--look")
    assert said.status == 0
    assert "IN_DOUBT → SENT" in said.out
    assert "exactly our bytes" in said.out
    assert (
        doubtful.site.submission("doubt.csv").evidence
        == "E2: the bank's folder holds exactly our bytes under the final name"
    )
    assert doubtful.site.waiting() == []


def test_looking_never_renames_what_the_bank_has_not_taken(doubtful: Person) -> None:
    """The temporary file is back: to go on with it is a decision, and looking decides nothing."""
    sub, at = doubtful.site.submission("doubt.csv"), doubtful.site.at
    (taken,) = (at / "processed").iterdir()
    taken.rename(at / "to_bank" / (sub.commit_temporary or ""))
    said = doubtful.says("resolve", sub.sid, "--look", columns=200)
    assert said.status == 1
    assert "So far the bank has not taken it." in said.out
    assert doubtful.site.at_bank() == {}
    assert state_of(doubtful, sub.sid) is State.IN_DOUBT


def test_that_the_bank_has_it_not_is_asked_twice_and_spelled_out(doubtful: Person) -> None:
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.says("resolve", sid, "--not-sent", "--reason", "Ms Meier")
    assert said.status == 2
    assert "2 payments over 100.00 EUR will be paid twice" in said.err.replace("\n", " ")
    assert "--yes" in said.err
    assert state_of(doubtful, sid) is State.IN_DOUBT


@pytest.mark.parametrize(
    ("typed", "state"), [("not sent", State.SEALED), ("yes", State.IN_DOUBT), ("", State.IN_DOUBT)]
)
def test_on_a_terminal_only_the_word_itself_goes_on(doubtful: Person, typed: str, state: State) -> None:
    sid = doubtful.site.submission("doubt.csv").sid
    status, screen = on_a_terminal(doubtful, ["resolve", sid, "--not-sent", "--reason", "Ms Meier"], typed)
    assert "will be paid twice" in screen
    assert (status == 0) == (state is State.SEALED)
    assert state_of(doubtful, sid) is state


def test_with_the_banks_no_a_new_generation_is_sent(doubtful: Person) -> None:
    for taken in (doubtful.site.at / "processed").iterdir():
        taken.unlink()
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.says("resolve", sid, "--not-sent", "--reason", "Ms Meier", "--yes", "--json")
    assert said.status == 0
    assert (said.json["from_state"], said.json["state"]) == ("IN_DOUBT", "SEALED")
    assert doubtful.site.once()
    assert len(doubtful.site.at_bank()) == 1
    assert doubtful.site.submission("doubt.csv").generation == 1


def test_before_a_new_generation_the_old_temporary_file_is_taken_away(doubtful: Person) -> None:
    """Else a rename that was asked for long ago could still be carried out, beside the new one."""
    sub, at = doubtful.site.submission("doubt.csv"), doubtful.site.at
    (taken,) = (at / "processed").iterdir()
    taken.rename(at / "to_bank" / (sub.commit_temporary or ""))
    assert doubtful.says("resolve", sub.sid, "--not-sent", "--reason", "Ms Meier", "--yes").status == 0
    assert os.listdir(at / "to_bank") == []
    assert "temporary file at the bank away" in doubtful.says("explain", sub.sid, columns=200).out
    assert doubtful.site.once()
    assert len(doubtful.site.at_bank()) == 1


def test_h2h_looks_before_it_believes_that_the_bank_has_it_not(doubtful: Person) -> None:
    swallowed_back(doubtful)
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.says("resolve", sid, "--not-sent", "--reason", "Ms Meier", "--yes")
    assert said.status == 1
    assert "the bank has it" in said.out
    assert state_of(doubtful, sid) is State.SENT


def test_a_statement_is_stronger_than_anybodys_word(doubtful: Person) -> None:
    doubtful.site.bank_says("statement.xml", camt053([Line("99.50", "DOUBT-1")]))
    doubtful.site.once()
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.says("resolve", sid, "--not-sent", "--reason", "Ms Meier", "--yes")
    assert said.status == 1
    assert "cannot be resolved: the bank has the file" in said.err
    assert state_of(doubtful, sid) is State.SENT, "money that moved is proof that the bank had the file"
    assert "the bank's statement shows payments of this file" in doubtful.says("explain", sid, columns=200).out
    with doubtful.site.house() as house:
        assert not house.ledger.has(LedgerKind.RELEASE, sid, 0), "the second witness was not told of it"


def test_a_bank_that_cannot_be_reached_does_not_stop_a_persons_decision(doubtful: Person) -> None:
    doubtful.site.at.rename(doubtful.site.root / "unmounted")
    sid = doubtful.site.submission("doubt.csv").sid
    assert doubtful.says("resolve", sid, "--look").status == 1
    said = doubtful.says("resolve", sid, "--not-sent", "--reason", "Ms Meier", "--yes")
    assert said.status == 0
    assert "could not look at the bank" in said.out


def test_a_lost_key_and_a_broken_format_do_not_stop_a_person_from_deciding(doubtful: Person) -> None:
    site = doubtful.site
    site.bank = {**PURGING, "seal": {
        "kind": "pgp", "keyring": "/nowhere", "own_fingerprint": "A" * 40, "bank_encryption_fingerprints": ["B" * 40],
        "bank_signing_fingerprints": ["B" * 40], "passphrase": {"credential": "gone"},
    }}  # fmt: skip
    site.configure()
    sid = "4acfdb2dadee08a94fa8"
    assert doubtful.says("resolve", sid, "--sent", "--reason", "Ms Meier").status == 0


# ---------------------------------------------------------------------------------------------- release, hold, cancel


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


# ---------------------------------------------------------------------------------------------- take over


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
    sub, at = doubtful.site.submission("doubt.csv"), doubtful.site.at
    (taken,) = (at / "processed").iterdir()
    taken.rename(at / "to_bank" / (sub.commit_temporary or ""))
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
    sub, at = doubtful.site.submission("doubt.csv"), doubtful.site.at
    (taken,) = (at / "processed").iterdir()
    taken.rename(at / "to_bank" / (sub.commit_temporary or ""))
    at.rename(doubtful.site.root / "unmounted")
    assert doubtful.says("resolve", sub.sid, "--not-sent", "--reason", "Ms Meier", "--yes").status == 0
    (doubtful.site.root / "unmounted").rename(at)
    assert doubtful.site.once()
    assert len(os.listdir(at / "to_bank")) == 1, "the new one, and no temporary file that could still be renamed"
    assert doubtful.site.submission("doubt.csv").state is State.SENT


# ---------------------------------------------------------------------------------------------- who, why, what


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


# ---------------------------------------------------------------------------------------------- attention


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


# ---------------------------------------------------------------------------------------------- a terminal


def on_a_terminal(person: Person, words: list[str], typed: str) -> tuple[int, str]:
    """`h2h` on a real pseudo-terminal; *typed* is entered when it asks. (exit status, what stood on the screen)."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "h2h", *words, "-c", str(person.site.config)]
    environment = {**os.environ, "LOGNAME": "alice", "TERM": "dumb", "NO_COLOR": "1"}
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        screen, answered = b"", False
        while True:
            ready, _, _ = select.select([leader], [], [], 30)
            assert ready, f"it hangs after {screen!r}"
            try:
                data = os.read(leader, 4096)
            except OSError:  # how Linux says that nobody holds the other end any more
                break
            screen += data
            if b"anything else to stop:" in screen and not answered:
                answered = True
                os.write(leader, typed.encode() + b"\n")
            if not data:
                break
        status = process.wait(timeout=150)
    os.close(leader)
    return status, screen.decode().replace("\r\n", "\n")


def test_the_json_of_a_decision_is_one_object_and_nothing_else(doubtful: Person) -> None:
    sid = doubtful.site.submission("doubt.csv").sid
    said = doubtful.types("resolve", sid, "--sent", "--reason", "x", "--json")
    assert json.loads(said.out)["state"] == "SENT"
    assert said.err == "", "the pipeline's log lines are the daemon's"
