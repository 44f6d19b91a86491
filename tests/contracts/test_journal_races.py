"""Two at once, killed half-way, connection lost: the journal is whole, and exactly one of two moves a submission."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.journal import engine
from h2h.adapters.journal.audit import damage, replay
from h2h.adapters.journal.journal import SqlJournal
from h2h.core.errors import H2HError, StaleState, Unavailable
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import Event, State
from h2h.core.records import NewAttention, Submission
from tests.contracts.journals import NOW, Place, bank_file, drop, journal, numbered, place, sealed
from tests.contracts.postgres import cluster
from tests.contracts.proxy import Proxy

__all__ = ["journal", "place"]  # fixtures

THREADS = 6


@contextmanager
def worker(place: Place, task: str, sid: str, root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process at that journal; killed at the end."""
    command = [sys.executable, "-m", "tests.contracts.journal_worker", place.url, task, sid]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """What each of several threads got from *work*, begun at one moment; errors of h2h are results too."""
    barrier = threading.Barrier(THREADS)
    results: list[Any] = [None] * THREADS

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = work(number)
        except H2HError as problem:
            results[number] = problem

    threads = [threading.Thread(target=run, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# ---------------------------------------------------------------------------------------------- two at once


def test_of_many_threads_exactly_one_moves_a_submission(journal: SqlJournal) -> None:
    for turn in range(5):
        sub = journal.take_in(drop(sha256=f"{turn:064x}"))
        results = at_once(partial(_convert, journal, sub))
        assert sum(isinstance(r, Submission) for r in results) == 1
        assert sum(isinstance(r, StaleState) for r in results) == THREADS - 1
        assert [e.event for e in journal.events(sub.sid)] == ["received", "converted"]


def test_of_two_processes_exactly_one_moves_a_submission(place: Place, root: Path) -> None:
    journal = place.open()
    sub = journal.take_in(drop())
    with worker(place, "advance", sub.sid, root) as one, worker(place, "advance", sub.sid, root) as other:
        assert [heard(one), heard(other)] == ["ready", "ready"]
        for process in (one, other):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        assert sorted([heard(one), heard(other)]) == ["stale", "won"]
    assert [e.event for e in journal.events(sub.sid)] == ["received", "converted"]


def test_the_same_bytes_dropped_at_once_are_taken_once(place: Place) -> None:
    journals = [place.open() for _ in range(THREADS)]
    got = at_once(lambda n: journals[n].take_in(drop(f"{n}.csv", inode=n)))
    assert sorted(s.state for s in got) == [State.DUPLICATE] * (THREADS - 1) + [State.RECEIVED]
    assert len({s.sid for s in got}) == THREADS
    same = at_once(lambda n: journals[n].take_in(drop(sha256="77" * 32)))
    assert len({s.sid for s in same}) == 1


def test_numbers_given_at_once_are_different(place: Place) -> None:
    journals = [place.open() for _ in range(THREADS)]
    subs = [journals[0].take_in(drop(sha256=f"{n:064x}")) for n in range(THREADS)]
    got = at_once(lambda n: numbered(journals[n], subs[n]))
    assert sorted(s.sequence for s in got) == list(range(1, THREADS + 1))


def test_a_file_fetched_at_once_and_an_item_seen_at_once_are_one(place: Place) -> None:
    journals = [place.open() for _ in range(THREADS)]
    fetched = at_once(lambda n: journals[n].fetched(bank_file(f"f{n}")))
    assert len({f.fid for f in fetched}) == 1
    item = NewAttention("overdue", "sid", "no answer", WhoActs.BANK)
    assert at_once(lambda n: journals[n].attend([item], at=NOW)) == [None] * THREADS
    assert len(journals[0].attention()) == 1


_SLOW_BETWEEN_TWO_INDEXES = """
    CREATE FUNCTION slow(text) RETURNS text LANGUAGE plpgsql IMMUTABLE
        AS 'BEGIN PERFORM pg_sleep(0.3); RETURN $1; END';
    ALTER TABLE inbound_files DROP CONSTRAINT uq_inbound_files_fid CASCADE, DROP CONSTRAINT uq_inbound_files_key;
    CREATE INDEX slow ON inbound_files (slow(fid));
    ALTER TABLE inbound_files ADD CONSTRAINT uq_inbound_files_fid UNIQUE (fid);
    ALTER TABLE inbound_files ADD CONSTRAINT uq_inbound_files_key
        UNIQUE (bank, folder, remote_name_raw, size, mtime, sha256);
"""


def test_a_file_that_two_nodes_fetch_in_the_same_instant_is_one_whichever_index_sees_it_first() -> None:
    """Its id follows from the rest of its key. The instant, a few microseconds, is made long."""
    place = Place(cluster().new_database())
    journals = [place.open() for _ in range(THREADS)]
    cluster().sql(_SLOW_BETWEEN_TWO_INDEXES, place.url.rpartition("/")[2])
    try:
        fetched = at_once(lambda n: journals[n].fetched(bank_file()))
        assert fetched == [bank_file()] * THREADS
    finally:
        for journal in journals:
            journal.close()


def test_many_threads_at_work_on_one_journal_get_all_their_work_done(journal: SqlJournal) -> None:
    def work(number: int) -> State:
        for turn in range(4):
            sub = journal.take_in(drop(sha256=f"{number:032x}{turn:032x}"))
            sub = journal.advance(sub, Event.CONVERTED, at=NOW)
            journal.submissions(limit=5)
            journal.probe()
        return sub.state

    assert at_once(work) == [State.CONVERTED] * THREADS
    assert len(journal.submissions()) == THREADS * 4


# ---------------------------------------------------------------------------------------------- killed


def test_a_writer_killed_half_way_leaves_nothing_and_holds_up_nobody(place: Place, root: Path) -> None:
    journal = place.open()
    sub = journal.take_in(drop())
    with worker(place, "half-way", sub.sid, root) as process:
        assert heard(process) == "ready"
        process.send_signal(signal.SIGKILL)
    assert journal.submission(sub.sid) == sub
    assert journal.payments(sub.sid) == []
    assert damage(journal) == []
    assert journal.advance(sub, Event.CONVERTED, at=NOW).version == 1


def test_a_writer_killed_at_any_moment_leaves_histories_that_lead_to_their_rows(place: Place, root: Path) -> None:
    journal = place.open()
    sub = sealed(journal)
    for turn in range(3):
        with worker(place, "for-ever", sub.sid, root) as process:
            assert [heard(process) for _ in range(3)] == ["ready"] * 3
            time.sleep(turn * 0.013)
            process.send_signal(signal.SIGKILL)
        again = place.open()
        sub = again.submission(sub.sid)
        assert replay(again.events(sub.sid)) is sub.state
        assert damage(again) == []
        if sub.state is State.HELD:
            sub = again.advance(sub, Event.RELEASED, at=NOW)
    assert sub.version > 8


def test_a_paused_writer_does_not_hold_up_the_others_for_ever(
    place: Place, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.3)
    journal = place.open()
    sub = journal.take_in(drop())
    with worker(place, "half-way", sub.sid, root) as process:
        assert heard(process) == "ready"
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(Unavailable):
            journal.advance(sub, Event.CANCELLED, at=NOW)
        process.send_signal(signal.SIGKILL)
    assert journal.advance(journal.submission(sub.sid), Event.CANCELLED, at=NOW).state is State.CANCELLED


# ---------------------------------------------------------------------------------------------- locked, lost


def test_a_writer_that_finds_the_file_locked_gives_up_after_a_while_and_readers_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.2)
    place = Place(f"sqlite:///{tmp_path}/journal.db")
    journal = place.open()
    sub = journal.take_in(drop())
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="another process holds the journal"):
            journal.advance(sub, Event.CONVERTED, at=NOW)
        assert journal.submission(sub.sid) == sub
        other.execute("ROLLBACK")
    assert journal.advance(sub, Event.CONVERTED, at=NOW).version == 1
    journal.close()


@pytest.mark.parametrize("way", ["to_server", "to_client"])
def test_a_connection_lost_at_any_byte_leaves_the_row_and_its_event_or_neither(way: str) -> None:
    direct = Place(cluster().new_database())
    journal = direct.open()
    sub = journal.advance(journal.take_in(drop()), Event.HELD, at=NOW)
    total = _bytes_of_one_move(direct, sub, way)
    seen: set[tuple[str, str]] = set()
    # Coarse over the whole move, fine where its commit is: the answer to that is a few bytes at the end.
    for cut in (*range(0, total, max(1, total // 12)), *range(total - 60, total + 60, 8), total * 2):
        before = journal.submission(sub.sid)
        with Proxy(cluster().port) as proxy:
            through = Place(_through(direct, proxy)).open()
            through.submission(sub.sid)
            setattr(proxy, f"cut_{way}", getattr(proxy, f"bytes_{way}") + cut + 1)
            try:
                through.advance(before, _other(before), at=NOW)
                told = "done"
            except Unavailable:
                told = "unknown"
            through.close()
        after = journal.submission(sub.sid)
        seen.add((told, {0: "not moved", 1: "moved"}[after.version - before.version]))
        assert replay(journal.events(sub.sid)) is after.state
        assert len(journal.events(sub.sid)) == after.version + 1
    assert {("unknown", "not moved"), ("done", "moved")} <= seen
    assert ("done", "not moved") not in seen
    # The commit arrived and its answer did not: only reading the row again tells.
    assert way == "to_server" or ("unknown", "moved") in seen
    journal.close()


def test_the_journal_goes_on_after_the_database_server_was_started_again() -> None:
    place = Place(cluster().new_database())
    journal = place.open()
    sub = journal.take_in(drop())
    cluster().stop("immediate")
    with pytest.raises(Unavailable):
        journal.submission(sub.sid)
    cluster().start()
    assert journal.submission(sub.sid) == sub
    assert journal.advance(sub, Event.CONVERTED, at=NOW).state is State.CONVERTED
    journal.close()


def _convert(journal: SqlJournal, sub: Submission, _thread: int) -> Submission:
    return journal.advance(sub, Event.CONVERTED, at=NOW)


def _other(sub: Submission) -> Event:
    return Event.RELEASED if sub.state is State.HELD else Event.HELD


def _through(place: Place, proxy: Proxy) -> str:
    return cluster().url(place.url.rpartition("/")[2], proxy.port)


def _bytes_of_one_move(place: Place, sub: Submission, way: str) -> int:
    """How many bytes one move takes on the wire, so that the cuts fall before, into and after its commit."""
    with Proxy(cluster().port) as proxy:
        through = Place(_through(place, proxy)).open()
        before = through.submission(sub.sid)
        start = int(getattr(proxy, f"bytes_{way}"))
        through.advance(before, _other(before), at=NOW)
        used = int(getattr(proxy, f"bytes_{way}")) - start
        through.close()
    return used
