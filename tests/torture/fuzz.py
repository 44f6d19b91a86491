"""Damaged documents of every format: findings come out and nothing else, soon, and in memory that is bounded.

    python -m tests.torture.fuzz [--runs 1000000] [--seed 1] [--part 1/2]

The seeds are the goldens of all format folders, the tables that an ERP folder may declare, and archives; each is
damaged one to six times, read, checked, shown and written in what it can become (``subjects.py``). Prints one line of
JSON; what went wrong is named so that it can be repeated: seed, number, document.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from h2h.cli.desk import Desk
from h2h.core.errors import Refused
from tests.torture.damage import Damage
from tests.torture.subjects import Subject, goldens, others

#: Far above what the largest seed needs; a machine that is busy with other things must not fail this.
SECONDS_MAX = 10.0
MEGABYTES_MORE_MAX = 400
FAULTS_MAX = 20
#: What is no format's own is a small part of all documents, and has readers of its own.
DOCUMENTS = 0.8


@dataclass
class Told:
    """What was done and what was seen."""

    runs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    subjects: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    faults: list[str] = field(default_factory=list)


def fuzz(runs: int, seed: int, part: tuple[int, int] = (0, 1)) -> Told:
    """Damage and read; run *number* is the same whatever part it belongs to."""
    desk = Desk()
    documents, rest = goldens(desk), others(desk)
    seeds = [subject.inner for subject in (*documents, *rest)]
    told = Told()
    base = 0
    for number in range(part[0], runs, part[1]):
        chance = random.Random(f"{seed}/{number}")
        subject = chance.choice(documents if chance.random() < DOCUMENTS else rest)
        data = subject.wrap(Damage(chance, seeds)(subject.inner))
        what = f"seed {seed}, run {number}, {subject.name}"
        began = time.perf_counter()
        _look(subject, data, number, what, told)
        seconds = time.perf_counter() - began
        told.slowest = max(told.slowest, (round(seconds, 3), what))
        if seconds > SECONDS_MAX:
            told.faults.append(f"{what}: it took {seconds:.1f} s")
        told.runs += 1
        if told.runs == min(2000, max(1, runs // 4)):
            base = _megabytes()
        if len(told.faults) >= FAULTS_MAX:
            break
    if _megabytes() > base + MEGABYTES_MORE_MAX:
        told.faults.append(f"memory grew from {base} to {_megabytes()} MB")
    return told


def _look(subject: Subject, data: bytes, number: int, what: str, told: Told) -> None:
    outcome = "refused"
    try:
        outcome = subject.look(data, number)
    except Refused as refused:
        if not refused.findings or not all(f.text and f.where for f in refused.findings):
            told.faults.append(f"{what}: refused without saying why or where")
    except Exception as problem:  # that nothing else comes out is what is shown here
        told.faults.append(f"{what}: {type(problem).__name__}: {problem}"[:300])
    told.outcomes[outcome] += 1
    told.subjects[subject.name.partition("/")[0]] += 1


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="1/1")
    arguments = parser.parse_args()
    number, of = (int(x) for x in arguments.part.split("/"))
    began = time.monotonic()
    told = fuzz(arguments.runs, arguments.seed, (number - 1, of))
    shown: dict[str, Any] = {**vars(told), "subjects": len(told.subjects), "megabytes": _megabytes()}
    print(
        json.dumps({"seed": arguments.seed, "seconds": round(time.monotonic() - began, 1), **shown}, ensure_ascii=False)
    )
    return 1 if told.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
