"""A contest: each contender in a child of its own, the best of several rounds in turn, and a table in h2h's measure.

Seconds are those of the work alone, as the child says; memory is the peak of its whole process (ru_maxrss).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Measured(NamedTuple):
    """One contender at one size."""

    name: str
    records: int
    seconds: float
    megabytes: int


class Contest(NamedTuple):
    """``python -m MODULE --one NAME FILE…`` is a child; ``words`` names each contender in the table."""

    module: str
    title: str
    counted: str  # what a size counts: "entries", "payments"
    words: Mapping[str, str]


def played(
    counts: Iterable[int],
    rounds: Mapping[int, int],
    prepare: Callable[[Path, int], Path],
    names: Callable[[int], Sequence[str]],
    measure: Callable[[str, int, Path], Measured],
) -> list[Measured]:
    """The best round of each contender at each size; *prepare* writes the file of a size into a directory."""
    measured: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="h2h-bench-") as place:
        for count in counts:
            source = prepare(Path(place), count)
            taken = [[measure(name, count, source) for name in names(count)] for _ in range(rounds.get(count, 1))]
            measured += [min(same, key=lambda m: m.seconds) for same in zip(*taken, strict=True)]
    return measured


def table(contest: Contest, measured: Sequence[Measured]) -> str:
    """Seconds and peak memory, and both as multiples of h2h's."""
    lines = [f"{contest.title:46}{contest.counted:>10}   seconds   × h2h   peak MB   × h2h"]
    ours = {m.records: m for m in measured if m.name == "h2h"}
    for m in measured:
        own = ours[m.records]
        lines.append(
            f"{contest.words[m.name]:46}{m.records:>10,}{m.seconds:>10.2f}{m.seconds / own.seconds:>8.1f}"
            f"{m.megabytes:>10,}{m.megabytes / own.megabytes:>8.1f}"
        )
    return "\n".join(lines)


def child(
    contest: Contest, name: str, count: int, *files: Path, program: Sequence[str] | None = None
) -> tuple[str, int]:
    """(the last line that the child said, its peak memory in MB). *program*: what is run in place of the module."""
    command = [*(program or (sys.executable, "-m", contest.module, "--one", name)), *map(str, files)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{name} failed with {count} {contest.counted}")
    return said.strip().splitlines()[-1], usage.ru_maxrss // 1024
