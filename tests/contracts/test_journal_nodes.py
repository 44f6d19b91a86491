"""Leases and nodes on both databases; on PostgreSQL also what history a database is on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from h2h.adapters.clock import SystemClock
from h2h.adapters.journal.journal import SqlJournal
from h2h.adapters.journal.ledger import FileLedger, only_daemon
from h2h.core.errors import Misconfigured, Unavailable
from h2h.core.lifecycle import Event
from h2h.core.records import LedgerKind, LedgerRecord, Node
from tests.contracts.journals import NOW, Place, drop, journal, later, place

__all__ = ["journal", "place"]  # fixtures

FRESH = timedelta(seconds=10)
#: Long enough that no test of a slow machine sees one end by itself.
LONG = 600.0


def node(name: str, host: str = "one") -> Node:
    return Node(name, host, "1.0", "digest")


def test_a_lease_belongs_to_the_first_and_is_renewed_by_it_alone(journal: SqlJournal) -> None:
    first = journal.hold("bank", "a", at=NOW, seconds=LONG)
    assert (first.node, first.epoch) == ("a", 1)
    assert journal.hold("bank", "b", at=later(1), seconds=LONG) == first
    again = journal.hold("bank", "a", at=later(2), seconds=LONG)
    assert (again.node, again.epoch, again.since) == ("a", 1, first.since)
    assert again.until > first.until
    assert journal.leases() == [again]


def test_a_lease_that_has_run_out_is_taken_over_and_the_old_holder_learns_of_it(journal: SqlJournal) -> None:
    journal.hold("bank", "a", at=NOW, seconds=-1)
    taken = journal.hold("bank", "b", at=later(1), seconds=LONG)
    assert (taken.node, taken.epoch) == ("b", 2)
    assert journal.hold("bank", "a", at=later(2), seconds=LONG) == taken


def test_one_that_comes_back_after_its_lease_begins_a_new_epoch(journal: SqlJournal) -> None:
    journal.hold("bank", "a", at=NOW, seconds=-1)
    assert journal.hold("bank", "a", at=later(1), seconds=LONG).epoch == 2


def test_each_bank_has_a_lease_of_its_own(journal: SqlJournal) -> None:
    journal.hold("one", "a", at=NOW, seconds=LONG)
    journal.hold("other", "b", at=NOW, seconds=LONG)
    assert [(lease.bank, lease.node) for lease in journal.leases()] == [("one", "a"), ("other", "b")]


def test_of_many_that_ask_at_once_one_holds(place: Place) -> None:
    journals = [place.open() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        held = list(pool.map(lambda n: journals[n].hold("bank", f"node-{n}", at=NOW, seconds=LONG), range(4)))
    assert len({(lease.node, lease.epoch) for lease in held}) == 1


def test_a_node_that_stops_as_it_should_lets_its_banks_go_at_once(journal: SqlJournal) -> None:
    journal.announce(node("a"), at=NOW, fresh=FRESH)
    journal.hold("bank", "a", at=NOW, seconds=LONG)
    journal.seen("a", at=later(1), stopped=True)
    assert [n.stopped for n in journal.nodes(at=later(1))] == [True]
    assert journal.hold("bank", "b", at=later(2), seconds=LONG).node == "b"


def test_two_machines_cannot_work_under_one_name(journal: SqlJournal) -> None:
    journal.announce(node("a"), at=NOW, fresh=FRESH)
    with pytest.raises(Misconfigured, match="another h2h works as node 'a' on one"):
        journal.announce(node("a", "two"), at=later(1), fresh=FRESH)
    journal.announce(node("a"), at=later(1), fresh=FRESH)  # the same machine, started again
    journal.seen("a", at=later(2), stopped=True)
    journal.announce(node("a", "two"), at=later(3), fresh=FRESH)
    assert [(n.name, n.host) for n in journal.nodes(at=later(3))] == [("a", "two")]


def test_a_history_that_was_not_replayed_is_written_to_only_by_the_replay(journal: SqlJournal) -> None:
    sub = journal.take_in(drop())
    journal.trust(journal.history())
    before = journal.is_replayed
    sub = journal.advance(sub, Event.CONVERTED, at=NOW)
    journal.trust("00000FFF")
    assert (before, journal.is_replayed) == (True, False)
    with pytest.raises(Unavailable, match="another history"):
        journal.advance(sub, Event.SEALED, at=NOW)
    with journal.replaying():
        journal.remark(sub.sid, "looked-at", at=NOW)
    with pytest.raises(Unavailable, match="another history"):
        journal.remark(sub.sid, "looked-at", at=NOW)


def test_each_ledger_has_a_position_of_its_own(journal: SqlJournal) -> None:
    journal.set_ledger_position(5, "a.jsonl")
    journal.set_ledger_position(3, "b.jsonl")
    journal.set_ledger_position(2, "a.jsonl")
    assert [journal.ledger_position(name) for name in ("a.jsonl", "b.jsonl", "")] == [5, 3, 0]


def test_a_node_finds_the_ledgers_of_the_others_beside_its_own(tmp_path: Path) -> None:
    clock = SystemClock()
    pattern = str(tmp_path / "*.jsonl")
    record = LedgerRecord(LedgerKind.CLAIM, "sid", 0, {})
    with FileLedger(tmp_path / "a.jsonl", clock=clock, pattern=pattern) as ours:
        with FileLedger(tmp_path / "b.jsonl", clock=clock, pattern=pattern) as theirs:
            theirs.append(record)
        assert ours.others() == ["b.jsonl"]
        assert [r.sid for r in ours.records(of="b.jsonl")] == ["sid"]
        assert list(ours.records()) == []


def test_a_second_daemon_on_one_journal_is_refused_in_words(tmp_path: Path) -> None:
    second = only_daemon(tmp_path / "journal.db", "journal")
    with (
        only_daemon(tmp_path / "journal.db", "journal"),
        pytest.raises(Misconfigured, match="another h2h daemon works with the journal"),
    ):
        second.__enter__()
    with only_daemon(tmp_path / "journal.db", "journal"):
        pass
