"""The world itself is tried: its bank against a real directory, its disk against what a power cut does."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from h2h.adapters import files
from h2h.adapters.directory_channel import BankOverDirectory
from h2h.core.errors import H2HError
from h2h.ports import RemoteEntry
from h2h.simulator.torture.bank import MemoryBank
from h2h.simulator.torture.disk import Disk
from h2h.simulator.torture.machine import Crash, Machine, Process, Task
from h2h.simulator.torture.plan import Plan

FOLDERS = ("to_bank", "from_bank", "processed")
NAMES = ("a", "b", ".c.part", "not/one", "..")


def _told(call: Callable[[], Any]) -> object:
    """What a caller sees of it: the kind of error, or the answer without the time."""
    try:
        answer = call()
    except H2HError as problem:
        return type(problem).__name__
    if isinstance(answer, RemoteEntry):
        return answer.name, answer.size, answer.kind
    return answer


def _asked(session: Any, dice: random.Random) -> object:
    folder, other = dice.choice((*FOLDERS, "nowhere")), dice.choice(FOLDERS)
    name, new, data = dice.choice(NAMES), dice.choice(NAMES), dice.randbytes(dice.randrange(0, 9))
    what = dice.choice(("create", "create", "stat", "digest", "rename", "rename", "remove", "move", "list", "fetch"))
    sink = io.BytesIO()
    calls: dict[str, Callable[[], Any]] = {
        "create": lambda: session.create(folder, name, io.BytesIO(data)),
        "stat": lambda: session.stat(folder, name),
        "digest": lambda: session.digest(folder, name),
        "rename": lambda: session.rename(folder, name, other, new),
        "remove": lambda: session.remove(folder, name),
        "move": lambda: session.move(folder, name.encode(), FOLDERS[FOLDERS.index(other) - (other == folder)]),
        "list": lambda: sorted((e.name, e.size, e.kind) for e in session.list(folder)),
        "fetch": lambda: (session.fetch(folder, name.encode(), sink, 6), sink.getvalue()),
    }
    return what, folder, name, other, new, _told(calls[what])


@pytest.mark.parametrize("rename", ["posix", "fxp"])
def test_the_bank_in_memory_answers_as_a_directory_does(tmp_path: Path, rename: Literal["posix", "fxp"]) -> None:
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    memory = MemoryBank(lambda: datetime(2026, 11, 23, tzinfo=UTC), rename, {f: {} for f in FOLDERS})
    channel = BankOverDirectory(tmp_path, rename)
    assert channel.rename_is_atomic == memory.rename_is_atomic
    answers = set()
    with channel.connect() as real, memory.connect() as simulated:
        for seed in range(700):
            said = _asked(real, random.Random(seed))
            assert _asked(simulated, random.Random(seed)) == said
            answers.add(str(said))
    assert len(answers) > 200, "the questions had many different answers"
    assert any("InDoubt" in a for a in answers)
    assert any("NotSent" in a for a in answers)


def _cut_after(tmp_path: Path, seed: int, at: int, work: Callable[[Path], None]) -> tuple[Path, bool]:
    """The disk after the power was cut before effect *at* of *work*; False if that ended before."""
    root = tmp_path / f"{seed}-{at}"
    (root / "archive").mkdir(parents=True)
    (root / ".limbo").mkdir()
    disk = Disk(root, random.Random(seed))
    machine = Machine(Plan.of(f"{at}:power"), lambda entry: None, disk.power_cut)
    disk.machine = machine
    process = Process("p")
    machine.processes.append(process)
    with disk.hooked():
        Task(machine, process, "t", lambda: work(root / "archive")).resume()
        if not process.dead:
            machine.aside(disk.power_cut)
    return root / "archive", process.dead


def test_a_file_that_was_written_as_the_house_does_is_whole_or_absent_after_any_power_cut(tmp_path: Path) -> None:
    seen = set()
    for seed in range(6):
        for at in range(1, 40):
            place, cut = _cut_after(tmp_path, seed, at, lambda place: files.replace(place / "name", b"whole"))
            found = (place / "name").read_bytes() if (place / "name").exists() else None
            assert found in (None, b"whole")
            seen.add((cut, found))
            if not cut:
                break
    assert (True, None) in seen
    assert (False, b"whole") in seen, "what returned is durable"
    assert (False, None) not in seen


def test_a_file_that_was_not_synchronised_does_not_always_survive_a_power_cut(tmp_path: Path) -> None:
    def careless(place: Path) -> None:
        fd = os.open(place / "draft", os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(fd, b"whole")
        os.close(fd)
        os.rename(place / "draft", place / "name")

    left = set()
    for seed in range(300):
        place, cut = _cut_after(tmp_path, seed, 99, careless)
        assert not cut
        name = place / "name"
        left.add(name.read_bytes() if name.exists() else None)
    assert {None, b"whole"} <= left
    assert left & {b"", b"wh"}, "a name without all its bytes"


def test_a_process_that_was_killed_has_no_effect_any_more(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / ".limbo").mkdir()
    disk = Disk(tmp_path, random.Random(1))
    machine = Machine(Plan.of("2:kill"), lambda entry: None, disk.power_cut)
    disk.machine = machine
    process = Process("p")

    def work() -> None:
        os.mkdir(tmp_path / "archive" / "one")
        try:
            os.mkdir(tmp_path / "archive" / "two")
        finally:
            os.mkdir(tmp_path / "archive" / "in a finally")

    task = Task(machine, process, "t", work)
    with disk.hooked():
        task.resume()
    assert task.done
    assert process.dead
    assert os.listdir(tmp_path / "archive") == ["one"]
    assert not issubclass(Crash, Exception), "nothing that is caught"
