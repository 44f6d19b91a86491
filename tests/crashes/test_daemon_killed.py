"""The real daemon, killed at moments nobody chose, beside a bank in another process, over SFTP and PGP.

The enumeration of side effects is elsewhere; here threads, gpg, sockets and SQLite are caught wherever they happen to
be. The bank's own list of what it received is the truth.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from h2h.simulator.rehearsal import Rehearsal, next_working_day
from tests.journeys.conftest import fast_directory

FILES, KILLS = 40, 8
#: What this bank says about a file: it has it, its payment is paid, and the statement. No refusals, no silence.
ANSWERS = 3
BEHAVIOUR = 'like = "accept"\nstatus_after = 0.2\nstatement_after = 0.4\n'
#: Two cores that others work on, too, are several times as slow: a limit only ends what hangs.
PATIENCE = 5
HEADER = "Kind;Name;IBAN;Amount;Currency;Date;Reference;Text\n"
ROW = "SUPP;Papierhaus Nord GmbH;DE02200505501015871393;{n},10;EUR;{day};{reference};Invoice {n}\n"


class Scene:
    """A bank that runs all the time, and h2h, which does not."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.received = rehearsal.directory / "bank" / "received.jsonl"
        self.daemon: subprocess.Popen[bytes] | None = None
        self.logs: list[Path] = []

    def start(self) -> subprocess.Popen[bytes]:
        """h2h as the service manager starts it, each life with a log of its own."""
        log = self.rehearsal.directory / f"h2h-{len(self.logs)}.log"
        self.logs.append(log)
        command = [sys.executable, "-m", "h2h", "run", "-c", str(self.rehearsal.config)]
        with log.open("wb") as file:
            self.daemon = subprocess.Popen(command, stdout=file, stderr=file)
        return self.daemon

    def ready(self) -> bool:
        """True once this life works; a life that ended by itself fails the test with its last words."""
        assert self.daemon is not None
        said = self.logs[-1].read_text(errors="replace")
        assert self.daemon.poll() is None, f"h2h ended by itself: {said[-3000:]}"
        return "daemon.ready" in said

    def drop(self, n: int) -> str:
        """One file of one payment, renamed into the folder."""
        day = next_working_day(datetime.now(UTC).date()).strftime("%d.%m.%Y")
        name, temporary = f"run-{n:02d}.csv", self.rehearsal.outbound / f".run-{n:02d}.part"
        temporary.write_text(HEADER + ROW.format(n=n, day=day, reference=reference(n)))
        temporary.rename(self.rehearsal.outbound / name)
        return name

    def paid(self) -> Counter[str]:
        """end_to_end_id → how often the bank got it."""
        lines = self.received.read_text().splitlines() if self.received.exists() else []
        return Counter(json.loads(line).get("end_to_end_id", f"problem: {line}") for line in lines)

    def outcomes(self, count: int) -> Counter[str]:
        """Outcome of each dropped file's one payment, as its receipt says."""
        found: Counter[str] = Counter()
        for n in range(1, count + 1):
            receipt = self.rehearsal.receipt(f"run-{n:02d}.csv")
            found.update([*(p["outcome"] for p in receipt.get("payments", ())), *([] if receipt else ["no receipt"])])
        return found

    def h2h(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of h2h on the same installation."""
        command = [sys.executable, "-m", "h2h", *arguments, "-c", str(self.rehearsal.config)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60 * PATIENCE)

    def end(self) -> None:
        """Whatever is left."""
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()


@contextmanager
def bank_of(rehearsal: Rehearsal) -> Iterator[None]:
    """The simulated bank as a process of its own; h2h's configuration leads to it."""
    behaviour = rehearsal.directory / "behaviour.toml"
    behaviour.write_text(BEHAVIOUR)
    command = [sys.executable, "-m", "h2h.simulator", str(rehearsal.directory / "bank"), "--behaviour", str(behaviour)]
    with (rehearsal.directory / "bank.log").open("wb") as log:
        bank = subprocess.Popen([*command, "--every", "0.1"], stdout=subprocess.PIPE, stderr=log)
    assert bank.stdout is not None
    with bank.stdout:
        reached: dict[str, Any] = json.loads(bank.stdout.readline())
        try:
            rehearsal.write_configuration(reached)
            yield
        finally:
            bank.terminate()
            bank.wait(20 * PATIENCE)
            agents = ["gpgconf", "--homedir", reached["keyring"], "--kill", "all"]  # of lives that were killed
            subprocess.run(agents, check=False, capture_output=True)


def reference(n: int) -> str:
    """The payment of file *n*."""
    return f"KILL-{n:02d}"


def wait_for(what: Callable[[], bool], seconds: float, told: Callable[[], object]) -> None:
    """Until *what* holds; fails with what *told* says. *seconds* is what an idle machine would never need."""
    until = time.monotonic() + seconds * PATIENCE
    while not what():
        if time.monotonic() > until:
            pytest.fail(f"not within {seconds * PATIENCE} seconds: {told()}")
        time.sleep(0.05)


@pytest.fixture
def stage(program: Callable[[str], str]) -> Iterator[Scene]:
    """In memory where possible: the kernel keeps what a killed process wrote, and fsync is not what is tested here."""
    program("gpg")
    directory = fast_directory()
    rehearsal = Rehearsal(directory, os.environ)
    try:
        with bank_of(rehearsal):
            played = Scene(rehearsal)
            try:
                yield played
            finally:
                played.end()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [20261])
def test_killed_again_and_again_while_files_come_the_bank_gets_each_payment_once(stage: Scene, seed: int) -> None:
    chance = random.Random(seed)
    dropped, into_work = 0, 0
    for life in range(KILLS):
        daemon = stage.start()
        while dropped < FILES * (life + 1) // KILLS:
            dropped += 1
            stage.drop(dropped)
        if life % 4 != 3:  # every fourth life ends while it is still starting, perhaps in its recovery
            wait_for(stage.ready, 20, lambda: stage.logs[-1].read_text()[-2000:])
        time.sleep(chance.uniform(0.05, 1.2))
        daemon.kill()
        assert daemon.wait() == -9
        into_work += stage.outcomes(dropped)["settled"] < dropped
    assert stage.paid(), "the lives were long enough to send"
    assert into_work, "and kills fell into work that was not done yet"

    last = stage.start()
    wait_for(lambda: stage.ready() and stage.outcomes(FILES)["settled"] == FILES, 60, lambda: stage.outcomes(FILES))
    wait_for(lambda: all_home(stage, FILES), 20, lambda: at_bank(stage))
    last.terminate()
    assert last.wait(20 * PATIENCE) == 0

    assert stage.paid() == {reference(n): 1 for n in range(1, FILES + 1)}
    states = Counter(stage.rehearsal.receipt(f"run-{n:02d}.csv")["state"] for n in range(1, FILES + 1))
    assert states == {"ACCEPTED": FILES}
    assert_each_answer_came_home_once(stage, FILES)
    verified = stage.h2h("journal", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    waiting = stage.h2h("attention", "list", "--json")
    assert json.loads(waiting.stdout)["needs_a_person"] == [], "nothing was left for a person"


@pytest.mark.timeout(600)
def test_asked_to_stop_in_the_middle_of_work_it_ends_with_status_0_and_loses_nothing(stage: Scene) -> None:
    count = 12
    for life in range(3):
        daemon = stage.start()
        for n in range(count * life // 3 + 1, count * (life + 1) // 3 + 1):
            stage.drop(n)
        wait_for(stage.ready, 20, lambda: stage.logs[-1].read_text()[-2000:])
        time.sleep((0.0, 0.3, 0.6)[life])
        daemon.terminate()
        assert daemon.wait(20 * PATIENCE) == 0
        assert "daemon.stopped" in stage.logs[-1].read_text()
    last = stage.start()
    wait_for(lambda: stage.ready() and stage.outcomes(count)["settled"] == count, 30, lambda: stage.outcomes(count))
    wait_for(lambda: all_home(stage, count), 20, lambda: at_bank(stage))
    last.terminate()
    assert last.wait(20 * PATIENCE) == 0
    assert stage.paid() == {reference(n): 1 for n in range(1, count + 1)}
    assert_each_answer_came_home_once(stage, count)
    assert stage.h2h("journal", "verify").returncode == 0


def at_bank(stage: Scene) -> list[str]:
    """Answers that h2h has not fetched and removed yet."""
    return sorted(p.name for p in (stage.rehearsal.directory / "bank" / "sftp" / "from_bank").iterdir())


def all_home(stage: Scene, files: int) -> bool:
    """Nothing is left at the bank, and what was fetched is with the ERP; a daemon may stop between the two."""
    return not at_bank(stage) and len(stage.rehearsal.manifests()) >= ANSWERS * files


def assert_each_answer_came_home_once(stage: Scene, files: int) -> None:
    """One manifest for each answer of the bank, all files that it names there with their bytes, and no others."""
    manifests = stage.rehearsal.manifests()
    came = Counter(m["bank_file"] for m in manifests)
    assert set(came.values()) == {1}, "no answer twice"
    assert len(came) == ANSWERS * files
    assert Counter(m["kind"] for m in manifests) == {"status-report": 2 * files, "statement": files}
    named = {file["name"]: file for manifest in manifests for file in manifest["files"]}
    there = {p.name: p.read_bytes() for p in stage.rehearsal.inbound.iterdir()}
    assert set(named) == {name for name in there if not name.endswith(".manifest.json")}
    for name, file in named.items():
        assert hashlib.sha256(there[name]).hexdigest() == file["sha256"], name
