"""`h2h resolve`: a doubt is settled by evidence or by a person's word, and the risk of the word is spelled out."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys

import pytest

from h2h.core.lifecycle import State
from h2h.core.records import LedgerKind
from tests.journeys.answers import Line, camt053
from tests.journeys.deciding import doubtful, last_event, state_of, swallowed_back, temporary_back
from tests.journeys.people import Person
from tests.journeys.site import CLEARS_AWAY

__all__ = ["doubtful"]  # fixtures


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
    sub = temporary_back(doubtful)
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
    sub, at = temporary_back(doubtful), doubtful.site.at
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
    sid = site.submission("doubt.csv").sid
    site.bank = {**CLEARS_AWAY, "seal": {
        "kind": "pgp", "keyring": "/nowhere", "own_fingerprint": "A" * 40, "bank_encryption_fingerprints": ["B" * 40],
        "bank_signing_fingerprints": ["B" * 40], "passphrase": {"credential": "gone"},
    }}  # fmt: skip
    site.configure()
    assert doubtful.says("resolve", sid, "--sent", "--reason", "Ms Meier").status == 0


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
