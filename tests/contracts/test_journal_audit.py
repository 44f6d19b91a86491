"""The audit finds what does not fit: a row that its history does not lead to, a witness that says something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from h2h.adapters.clock import SystemClock
from h2h.adapters.journal import FileLedger, default_url, open_journal
from h2h.adapters.journal.audit import Report, replay, verify
from h2h.adapters.journal.journal import SqlJournal
from h2h.cli.main import main
from h2h.core.errors import IllegalTransition
from h2h.core.lifecycle import Event, State
from h2h.core.outcome import Outcome
from h2h.core.records import (
    EventRecord,
    FileState,
    LedgerKind,
    LedgerRecord,
    Matched,
    PaymentMove,
    Submission,
)
from tests.contracts.journals import NOW, bank_file, drop, journal, place, sealed, sent
from tests.journeys.site import Site

__all__ = ["journal", "place"]  # fixtures


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def witnessed(path: Path, *records: tuple[LedgerKind, Submission]) -> None:
    with FileLedger(path, clock=SystemClock()) as ledger:
        for kind, sub in records:
            ledger.append(LedgerRecord(kind, sub.sid, sub.generation, {"source_sha256": sub.source_sha256}))


def lived(journal: SqlJournal, path: Path) -> Submission:
    """A submission that was sent and answered, as the daemon would leave it in both places."""
    sub = sent(journal)
    witnessed(path, (LedgerKind.CLAIM, sub), (LedgerKind.COMMIT, sub), (LedgerKind.DELIVERED, sub))
    journal.take_in(drop(inode=8))
    told = PaymentMove(sub.sid, 1, Outcome.PENDING, Outcome.ACCEPTED, "ACCP")
    again = replace(told, expected=Outcome.ACCEPTED, outcome=Outcome.SETTLED, bank_status="ACSC")
    file = journal.fetched(bank_file())
    journal.move_file(file, FileState.MATCHED, at=NOW, matched=Matched(payments=(told, again)))
    journal.set_ledger_position(3)
    return sub


def tampered(journal: SqlJournal, statement: str) -> None:
    with journal.writing() as connection:
        connection.execute(text(statement))


def faults(report: Report) -> str:
    return "\n".join(f"{where}: {words}" for where, words in report.faults)


# ---------------------------------------------------------------------------------------------- replay


def event(name: str, before: str | None, after: str | None) -> EventRecord:
    return EventRecord(1, "sid", NOW, name, before, after, "h2h")


def test_a_history_leads_to_its_state() -> None:
    history = [
        event("received", None, "RECEIVED"),
        event("held", "RECEIVED", "HELD"),
        event("seen by ann", None, None),
        event("released", "HELD", "RECEIVED"),
        event("converted", "RECEIVED", "CONVERTED"),
        event("restored", "CONVERTED", "COMMITTING"),
        event("delivered", "COMMITTING", "SENT"),
    ]
    assert [replay(history[: n + 1]) for n in (0, 1, 3, 5, 6)] == [
        State.RECEIVED,
        State.HELD,
        State.RECEIVED,
        State.COMMITTING,
        State.SENT,
    ]


@pytest.mark.parametrize(
    "history",
    [
        [],
        [event("converted", "RECEIVED", "CONVERTED")],
        [event("received", None, "RECEIVED"), event("received", None, "RECEIVED")],
        [event("received", None, "RECEIVED"), event("delivered", "RECEIVED", "SENT")],
        [event("received", None, "RECEIVED"), event("converted", "SEALED", "CONVERTED")],
        [event("received", None, "RECEIVED"), event("converted", "RECEIVED", "SENT")],
    ],
)
def test_a_history_that_does_not_hang_together_is_refused(history: list[EventRecord]) -> None:
    with pytest.raises(IllegalTransition):
        replay(history)


# ---------------------------------------------------------------------------------------------- the whole audit


def test_what_the_daemon_leaves_is_sound(journal: SqlJournal, path: Path) -> None:
    lived(journal, path)
    report = verify(journal, path)
    assert (report.faults, report.notes) == ([], [])
    assert (report.submissions, report.records) == (2, 3)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE submissions SET state = 'SEALED' WHERE state = 'SENT'", "leads to SENT, its row says SEALED"),
        ("DELETE FROM events WHERE event = 'commit-started'", "does not hang together"),
        ("UPDATE events SET event = 'cancelled' WHERE event = 'sealed'", "does not hang together"),
        ("DELETE FROM commit_intents", "was never committed"),
        ("UPDATE commit_intents SET temporary = 'x'", "was never committed"),
        ("UPDATE payments SET outcome = 'rejected' WHERE ordinal = 1", "it is rejected, the last report: settled"),
        ("UPDATE payments SET outcome = 'settled' WHERE ordinal = 2", "it is settled, the last report: never"),
        ("UPDATE payment_events SET from_outcome = 'pending' WHERE to_outcome = 'settled'", "begins at pending"),
        ("UPDATE inbound_files SET state = 'DELIVERED'", "history leads to MATCHED, its row says DELIVERED"),
        ("UPDATE submissions SET source_sha256 = 'ff' WHERE state = 'SENT'", "it says 'claim'"),
        ("UPDATE meta SET value = '9' WHERE key = 'ledger_position'", "it was cut off"),
    ],
)
def test_a_row_that_was_changed_by_hand_is_found(journal: SqlJournal, path: Path, statement: str, words: str) -> None:
    lived(journal, path)
    tampered(journal, statement)
    assert words in faults(verify(journal, path))


def test_a_broken_ledger_is_found(journal: SqlJournal, path: Path) -> None:
    lived(journal, path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    assert "damaged at line 2" in faults(verify(journal, path))


def test_a_journal_older_than_its_ledger_is_found(journal: SqlJournal, path: Path) -> None:
    sub = sealed(journal)
    later = replace(sub, generation=1)
    unknown = replace(sub, sid="0000")
    witnessed(
        path, (LedgerKind.CLAIM, sub), (LedgerKind.COMMIT, sub), (LedgerKind.COMMIT, later), (LedgerKind.CLAIM, unknown)
    )
    found = faults(verify(journal, path))
    assert found.count("it says 'commit'") == 2
    assert "does not know submission 0000" in found


def test_a_commit_that_the_ledger_never_saw_is_found(journal: SqlJournal, path: Path) -> None:
    sub = sent(journal)
    witnessed(path, (LedgerKind.CLAIM, sub))
    assert "does not know the commit of generation 0" in faults(verify(journal, path))


def test_what_a_crash_may_leave_is_a_note_and_no_fault(journal: SqlJournal, path: Path) -> None:
    journal.take_in(drop(sha256="01"))
    doubt = sent_into_doubt(journal)
    witnessed(path, (LedgerKind.CLAIM, doubt), (LedgerKind.COMMIT, doubt), (LedgerKind.RELEASE, doubt))
    report = verify(journal, path)
    assert report.faults == []
    assert len(report.notes) == 2


@pytest.mark.parametrize("quicker", [Event.TAKEN_OVER, Event.DELIVERED])
def test_a_not_sent_that_another_decision_or_evidence_overtook_is_void_and_nothing_to_mend(
    journal: SqlJournal, path: Path, quicker: Event
) -> None:
    doubt = sent_into_doubt(journal)
    what = (LedgerKind.TAKEN_OVER if quicker is Event.TAKEN_OVER else LedgerKind.DELIVERED, doubt)
    witnessed(path, (LedgerKind.CLAIM, doubt), (LedgerKind.COMMIT, doubt), (LedgerKind.RELEASE, doubt))
    assert verify(journal, path).notes, "the decision was cut short, and is made again"
    journal.advance(doubt, quicker, at=NOW)
    witnessed(path, what)
    report = verify(journal, path)
    assert (report.faults, report.notes) == ([], [])


def sent_into_doubt(journal: SqlJournal) -> Submission:
    sub = journal.advance(sealed(journal), Event.SEND_STARTED, at=NOW)
    sub = journal.advance(sub, Event.COMMIT_STARTED, at=NOW, commit_temporary=".t")
    return journal.advance(sub, Event.OUTCOME_UNKNOWN, at=NOW, reason="H3")


# ---------------------------------------------------------------------------------------------- the command


@pytest.fixture
def site(tmp_path: Path) -> Callable[[], tuple[Site, SqlJournal]]:
    """An installation with a journal and a ledger in it."""

    def make() -> tuple[Site, SqlJournal]:
        made = Site(tmp_path)
        for folder in ("state", "ledger"):
            (tmp_path / folder).mkdir()
        opened = open_journal(default_url(tmp_path / "state"), instance="proof", now=NOW)
        lived(opened, tmp_path / "ledger" / "ledger.jsonl")
        return made, opened

    return make


def test_the_command_says_that_all_is_sound(site: Callable[[], tuple[Site, SqlJournal]]) -> None:
    made, opened = site()
    with opened:
        said = CliRunner().invoke(main, ["journal", "verify", "-c", str(made.config)])
    assert (said.exit_code, "Sound:" in said.output) == (0, True), said.output
    told = json.loads(CliRunner().invoke(main, ["journal", "verify", "--json", "-c", str(made.config)]).output)
    assert told["sound"] is True
    assert (told["submissions"], told["ledger"]["records"], told["faults"]) == (2, 3, [])


def test_the_command_exits_with_1_and_names_the_fault(site: Callable[[], tuple[Site, SqlJournal]]) -> None:
    made, opened = site()
    with opened:
        tampered(opened, "UPDATE submissions SET state = 'SEALED' WHERE state = 'SENT'")
    said = CliRunner().invoke(main, ["journal", "verify", "-c", str(made.config)])
    assert (said.exit_code, "its row says SEALED" in said.output) == (1, True), said.output
    told = CliRunner().invoke(main, ["journal", "verify", "--json", "-c", str(made.config)])
    assert (told.exit_code, json.loads(told.output)["sound"]) == (1, False)


def test_a_journal_too_damaged_to_open_is_told_in_json_too(site: Callable[[], tuple[Site, SqlJournal]]) -> None:
    made, opened = site()
    opened.close()
    (made.root / "state" / "journal.db").write_bytes(b"nothing of the kind" * 100)
    said = CliRunner().invoke(main, ["journal", "verify", "-c", str(made.config)])
    assert said.exit_code == 1
    told = CliRunner().invoke(main, ["journal", "verify", "--json", "-c", str(made.config)])
    assert (told.exit_code, "damaged" in json.loads(told.output)["faults"][0]["text"]) == (1, True)
