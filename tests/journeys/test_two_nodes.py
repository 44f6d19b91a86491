"""Two daemons on one journal: killed, paused beyond its lease, cut off from the database; each payment once."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from h2h.simulator.rehearsal import Rehearsal
from tests.contracts.postgres import cluster
from tests.crashes.test_daemon_killed import (
    all_home,
    assert_each_answer_came_home_once,
    at_bank,
    bank_of,
    reference,
    wait_for,
)
from tests.journeys.conftest import fast_directory
from tests.journeys.nodes import TwoNodes, torment


@pytest.fixture
def two(program: Callable[[str], str]) -> Iterator[TwoNodes]:
    """Both configured, neither started."""
    program("gpg")
    cluster()
    directory = fast_directory()
    rehearsal = Rehearsal(directory, os.environ)
    try:
        with bank_of(rehearsal):
            scene = TwoNodes(rehearsal)
            try:
                yield scene
            finally:
                scene.end()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def start_both(two: TwoNodes) -> None:
    """One after the other, so that it is known who owns the bank first."""
    for node in two.nodes.values():
        node.start()
        wait_for(node.ready, 30, two.words)


def assert_all_happened_once(two: TwoNodes, files: int) -> None:
    """The bank's own list, the ERP's folders, the journal with the ledgers of both nodes."""
    assert two.paid() == {reference(n): 1 for n in range(1, files + 1)}
    states = Counter(two.rehearsal.receipt(f"run-{n:02d}.csv")["state"] for n in range(1, files + 1))
    assert states == {"ACCEPTED": files}
    assert_each_answer_came_home_once(two, files)
    verified = two.h2h("journal", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    waiting = json.loads(two.h2h("attention", "list", "--json").stdout)["needs_a_person"]
    assert [(item["kind"], item["text"]) for item in waiting if item["kind"] != "folder-unavailable"] == []


@pytest.mark.timeout(600)
def test_a_node_that_dies_is_paused_or_cut_off_is_replaced_and_nothing_happens_twice(two: TwoNodes) -> None:
    start_both(two)
    dropped = 0

    def drop(count: int) -> None:
        nonlocal dropped
        for _ in range(count):
            dropped += 1
            two.drop(dropped)

    def all_settled() -> bool:
        return two.settled(dropped)

    # Killed in the middle of its work.
    drop(5)
    wait_for(lambda: sum(two.paid().values()) >= 1, 30, two.words)
    first = two.owner()
    first.signal(signal.SIGKILL)
    drop(3)
    wait_for(all_settled, 60, two.words)
    assert two.owner() is not first, "the other one has taken over"
    first.start()
    wait_for(first.ready, 30, two.words)

    # Paused beyond its lease with files in its hands; it goes on when the other one has done them.
    before = two.lease()
    assert before is not None
    second = two.nodes[before.node]
    drop(5)
    time.sleep(0.2)
    second.signal(signal.SIGSTOP)
    drop(3)
    wait_for(all_settled, 60, two.words)
    second.signal(signal.SIGCONT)
    drop(2)
    wait_for(all_settled, 60, two.words)
    after = two.lease()
    assert after is not None
    assert after.epoch > before.epoch, "the bank has changed hands (and back, perhaps, on a machine that is busy)"

    # Cut off from the database.
    third = two.owner()
    drop(2)
    time.sleep(0.2)
    third.cut()
    drop(3)
    wait_for(lambda: two.owner() is not third, 30, two.words)
    wait_for(all_settled, 60, two.words)
    third.signal(signal.SIGKILL)
    two.rehearsal.config = two.other(third).config

    wait_for(lambda: all_home(two, dropped), 20, two.astray)
    two.other(third).stop()
    assert_all_happened_once(two, dropped)


@pytest.mark.timeout(600)
def test_status_shows_both_nodes_and_who_works_for_the_bank(two: TwoNodes) -> None:
    start_both(two)

    def seen() -> tuple[list[tuple[str, str]], list[str]]:
        """(name, state) of each node, and whose the bank is."""
        told = json.loads(two.h2h("status", "--json").stdout)["nodes"]
        return [(n["node"], n["state"]) for n in told], [n["node"] for n in told if n["banks"] == ["demobank"]]

    # A node of a busy machine may be late for once, and lose its bank: what counts is that this is shown.
    wait_for(lambda: seen()[0] == [("a", "at work"), ("b", "at work")] and len(seen()[1]) == 1, 30, two.words)
    shown = " ".join(two.h2h("check").stdout.split())
    assert "works in the same folders, and its ledger can be read here" in shown
    assert "has no synchronous standby" in shown
    (two.rehearsal.directory / "ledger" / "b.jsonl").rename(two.rehearsal.directory / "elsewhere")
    assert "it is not shared" in " ".join(two.h2h("check").stdout.split())
    (two.rehearsal.directory / "elsewhere").rename(two.rehearsal.directory / "ledger" / "b.jsonl")
    killed = two.owner()
    killed.signal(signal.SIGKILL)
    wait_for(lambda: (killed.name, "not seen") in seen()[0], 30, two.words)
    wait_for(lambda: seen()[1] == [two.other(killed).name], 30, two.words)


@pytest.mark.timeout(600)
def test_settings_are_taken_node_by_node_while_files_come_and_a_wrong_file_is_refused(two: TwoNodes) -> None:
    start_both(two)
    profile = two.rehearsal.directory / "banks" / "demobank.toml"
    right = profile.read_text()
    for n in range(1, 4):
        two.drop(n)
    profile.write_text(right.replace("[rules]", "[submission]\nretry_seconds_min = 1.0\n\n[rules]", 1))
    assert profile.read_text() != right
    a, b = two.nodes["a"], two.nodes["b"]
    a.signal(signal.SIGHUP)
    wait_for(lambda: a.log.read_text().count("daemon.ready") == 2, 60, two.words)
    wait_for(lambda: "nodes-differ" in two.waiting(), 60, two.words)
    for n in range(4, 7):
        two.drop(n)
    wait_for(lambda: two.settled(6), 90, two.words)

    # The other node reads a wrong file: it says so, and works on with what it has.
    new = profile.read_text()
    profile.write_text(new + "\nnonsense = true\n")
    b.signal(signal.SIGHUP)
    wait_for(lambda: "daemon.reload-refused" in b.log.read_text(), 60, two.words)
    assert b.process is not None
    assert b.process.poll() is None
    profile.write_text(new)
    b.signal(signal.SIGHUP)
    wait_for(lambda: b.log.read_text().count("daemon.ready") == 2, 60, two.words)
    wait_for(lambda: "nodes-differ" not in two.waiting(), 60, two.words)
    two.drop(7)
    wait_for(lambda: two.settled(7), 60, two.words)
    wait_for(lambda: all_home(two, 7), 60, lambda: at_bank(two))
    for node in two.nodes.values():
        node.stop()
    assert_all_happened_once(two, 7)


@pytest.mark.torture
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [20261])
def test_a_thousand_files_while_nodes_are_killed_paused_stopped_and_cut_off_at_random(two: TwoNodes, seed: int) -> None:
    files = int(os.environ.get("H2H_TORTURE_FILES", "1000"))
    start_both(two)
    began = time.monotonic()
    done = torment(two, random.Random(seed), files, seconds=files / 4)
    wait_for(lambda: two.settled(files), 1200, two.words)
    took = time.monotonic() - began
    wait_for(lambda: all_home(two, files), 60, two.astray)
    for node in two.nodes.values():
        node.stop()
    lease = two.lease()
    epochs = lease.epoch if lease else 0
    print(f"{files} files in {took:.0f} s; {dict(done)}; the bank changed hands {epochs - 1} times")
    assert_all_happened_once(two, files)
