"""The real daemon for a long time: files come evenly, answers go home; memory and descriptors stay as they are.

    python -m tests.torture.soak [--files 2000] [--minutes 20]

Prints one line of JSON. Exit status 1 if a payment was not made once, an answer did not come home once, or the daemon
grew. It is measured from the first quarter on: until then Python, SQLite and the formats take what they need.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

from h2h.simulator.rehearsal import Rehearsal
from tests.crashes.test_daemon_killed import Scene, all_home, assert_each_answer_came_home_once, bank_of
from tests.journeys.conftest import fast_directory

#: The last quarter may need so much more than the second: memory fragments a little; descriptors come and go.
MEMORY_GROWTH_MAX = 1.10
DESCRIPTORS_MORE_MAX = 4


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=20.0)
    arguments = parser.parse_args()
    directory = fast_directory()
    try:
        rehearsal = Rehearsal(directory, os.environ)
        with bank_of(rehearsal):
            scene = Scene(rehearsal)
            try:
                told = soaked(scene, arguments.files, arguments.minutes * 60)
            finally:
                scene.end()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(json.dumps(told))
    return 1 if told["faults"] else 0


def soaked(scene: Scene, files: int, seconds: float) -> dict[str, Any]:
    """Drop *files* over *seconds*, wait until all is settled and home; what was seen."""
    daemon = scene.start()
    _until(scene.ready, 150)
    began = time.monotonic()
    samples: list[tuple[int, int]] = []
    for n in range(1, files + 1):
        scene.drop(n)
        due = began + seconds * n / files
        while (left := due - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
        if n % max(1, files // 200) == 0:
            samples.append(_size_of(daemon.pid))
    settled = _until(
        lambda: scene.outcomes(files)["settled"] == files and all_home(scene, files), max(300.0, seconds / 4)
    )
    paid = scene.paid()
    daemon.terminate()
    status = daemon.wait(150)
    faults = [] if settled else [f"not settled in time: {dict(scene.outcomes(files))}"]
    faults += [f"paid {count} times: {name}" for name, count in paid.items() if count != 1]
    faults += [f"lost: {files - len(paid)} payments"] if len(paid) != files else []
    faults += [] if status == 0 else [f"the daemon ended with status {status}"]
    try:
        assert_each_answer_came_home_once(scene, files)
    except AssertionError as problem:
        faults.append(f"answers: {problem}")
    told = _growth(samples)
    if told["memory_growth"] > MEMORY_GROWTH_MAX:
        faults.append(f"memory grew {told['memory_growth']} times")
    if told["descriptors"][1] > told["descriptors"][0] + DESCRIPTORS_MORE_MAX:
        faults.append(f"descriptors grew: {told['descriptors']}")
    return {
        "files": files,
        "seconds": round(time.monotonic() - began, 1),
        "paid": dict(Counter(paid.values())),
        **told,
        "faults": faults[:20],
    }


def _growth(samples: list[tuple[int, int]]) -> dict[str, Any]:
    quarter = max(1, len(samples) // 4)
    second, last = samples[quarter : 2 * quarter], samples[-quarter:]
    memory = [statistics.median(m for m, _ in part) for part in (second, last)]
    return {
        "memory_kilobytes": [round(m) for m in memory],
        "memory_growth": round(memory[1] / memory[0], 3),
        "descriptors": [max(d for _, d in part) for part in (second, last)],
    }


def _size_of(pid: int) -> tuple[int, int]:
    """(resident memory in kB, open descriptors)."""
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]), len(os.listdir(f"/proc/{pid}/fd"))


def _until(what: Any, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True


if __name__ == "__main__":
    raise SystemExit(main())
