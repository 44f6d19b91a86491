"""Many schedules: drawn from seeds, or every single fault and every pair of a flow; and a failing one made small."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from os import W_OK, access
from pathlib import Path
from typing import Any

import structlog

from h2h.adapters.journal import ledger, ledger_lines
from h2h.simulator.torture.flows import FLOWS
from h2h.simulator.torture.lab import Lab
from h2h.simulator.torture.plan import ENDINGS, Entry, Plan, drawn, smallest, with_stops
from h2h.simulator.torture.world import Outcome, World

#: A plan is drawn over the effects that its story has when all is calm, and some more: what goes wrong makes others.
FURTHER = 1.25
#: So many of the seeds play the daemon, the others `h2h once`, which goes on for ever here.
STAGED = 1 / 3
#: So many of the seeds in which somebody stands have two nodes.
TWO_NODES = 0.7
#: The flows of which every pair of faults is tried: one file out, one statement in.
PAIRED = ("send", "statement")
_PAIRED_KINDS = frozenset({"kill", "power", "reply lost", "late", "torn", "i/o error"})
_LEAVE_NOTHING = ("fsync ", "channel.connect", "session.stat", "session.digest", "session.list")
FAILURES_MAX = 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that a schedule depends on."""

    flow: str
    seed: int
    plan: str
    nodes: int = 1
    calm: bool = False
    stages: bool = False

    def play(self, lab: Lab, *, labels: bool = False, offers: bool = False) -> Outcome:
        """Play it."""
        flow, plan = FLOWS[self.flow], Plan.of(self.plan)
        world = World(lab, flow, self.seed, plan, nodes=self.nodes, calm=self.calm, stages=self.stages)
        return world.play(labels=labels, offers=offers)


@dataclass(slots=True)
class Tally:
    """What was played and found."""

    runs: int = 0
    effects: int = 0
    seconds: float = 0.0
    faults: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    by_flow: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)

    def add(self, schedule: Schedule, outcome: Outcome) -> None:
        """Count one."""
        self.runs += 1
        self.effects += outcome.effects
        self.by_flow[schedule.flow] = self.by_flow.get(schedule.flow, 0) + 1
        for entry in outcome.taken:
            self.faults += 1
            self.kinds[entry.what] = self.kinds.get(entry.what, 0) + 1

    def merge(self, other: dict[str, Any]) -> None:
        """Another process's count."""
        self.runs += other["runs"]
        self.effects += other["effects"]
        self.seconds = max(self.seconds, other["seconds"])
        self.faults += other["faults"]
        self.failures += other["failures"]
        for mine, theirs in ((self.by_flow, other["by_flow"]), (self.kinds, other["kinds"])):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count

    def as_json(self) -> dict[str, Any]:
        """For another process."""
        return asdict(self)


@contextmanager
def laboratory(*, short: bool = True) -> Iterator[Lab]:
    """A lab in memory if the machine has such a place; quiet, for every fault is meant. *short*: see `Lab`."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    memory = "/dev/shm"  # noqa: S108
    base = Path(tempfile.mkdtemp(prefix="h2h-torture-", dir=memory if access(memory, W_OK) else None))
    decoded = ledger_lines.decoded
    try:
        # The same lines are read at every start and by the oracle, in one schedule as in the next.
        ledger.decoded = ledger_lines.decoded = lru_cache(maxsize=20_000)(decoded)  # type: ignore[attr-defined]
        lab = Lab(base, short=short)
        yield lab
        lab.close()
    finally:
        ledger.decoded = ledger_lines.decoded = decoded  # type: ignore[attr-defined]
        shutil.rmtree(base, ignore_errors=True)


def drawn_schedule(lab: Lab, seed: int, *, meanwhile: bool = False) -> Schedule:
    """The schedule of a seed: which flow, one node or two, what goes wrong, and whether nodes work in stages.

    *meanwhile*: the same, with places where somebody stands and the others act; then there are more often two nodes.
    """
    dice = random.Random(seed)
    flow = dice.choice([name for name, flow in FLOWS.items() if flow.drawn])
    nodes = 2 if dice.random() < 0.25 else 1
    effects = int(_effects(lab, flow) * FURTHER)
    plan = drawn(dice, effects)
    stages = dice.random() < STAGED
    if meanwhile:
        more = random.Random(f"meanwhile {seed}")
        nodes = 2 if more.random() < TWO_NODES else nodes
        plan = with_stops(more, plan, effects)
    return Schedule(flow, seed, str(plan), nodes, stages=stages)


def _effects(lab: Lab, flow: str) -> int:
    if flow not in lab.effects:
        lab.effects[flow] = Schedule(flow, 1, "", calm=True).play(lab).effects
    return lab.effects[flow]


def singles(lab: Lab, flow: str, *, nodes: int = 1, stages: bool = False) -> list[Schedule]:
    """Every effect of a flow, every way in which it can go wrong, and the process or the machine ending there.

    An end after an effect is the end before the next one; the last effect has one that follows it. Of two *nodes* one
    is also stopped just there, while the other goes on.
    """
    calm = Schedule(flow, 1, "", nodes, calm=True, stages=stages)
    plans = []
    for number, label in enumerate(calm.play(lab, labels=True).labels, 1):
        kinds = _kinds(label)
        plans += [str(Entry(str(number), kind)) for kind in (*kinds, *(("pause",) if nodes > 1 else ()))]
        if label.startswith("session."):
            # The bank acts between the request and the next look at it.
            plans += [f"{Entry(str(number), kind)} {number + 1}:bank" for kind in kinds if kind not in ENDINGS]
    return [replace(calm, plan=plan) for plan in plans]


def pairs(lab: Lab, flow: str, *, stages: bool = False) -> Iterator[Schedule]:
    """Every fault of a flow's effects that ends a process or loses an answer, and then every second one.

    The second one strikes what h2h does after the first, so that is played alone first, and its effects are looked at.
    """
    calm = Schedule(flow, 1, "", calm=True, stages=stages)
    for one in _places(calm.play(lab, labels=True)):
        alone = replace(calm, plan=str(one)).play(lab, labels=True)
        for other in _places(alone, after=int(one.at)):
            yield replace(calm, plan=f"{one} {other}")


def _places(outcome: Outcome, after: int = 0) -> Iterator[Entry]:
    """What can go wrong from the effect *after* until all is at rest, without what leaves the same behind.

    A process that is killed just after an fsync or a look leaves what it would have left just before: a process of
    ours that looks tells nobody, and what is durable sooner is only safer.
    """
    before, by = "", ""
    for number, effect in enumerate(outcome.labels[: outcome.rested], 1):
        label, _, rest = effect.partition("\t")
        who = rest.partition("\t")[2]
        same = number > after + 1 and who == by and before.startswith(_LEAVE_NOTHING)
        before, by = label, who
        if number > after:
            kinds = [kind for kind in _kinds(effect) if kind in _PAIRED_KINDS and not (kind == "kill" and same)]
            yield from (Entry(str(number), kind) for kind in kinds)


def _kinds(label: str) -> list[str]:
    """Of a label as `Machine` keeps it: the effect, then the ways in which it can go wrong."""
    ways = label.split("\t")[1]
    return ways.split("|") if ways else []


def run(lab: Lab, schedules: Iterable[Schedule], *, until: float = float("inf"), small: bool = True) -> Tally:
    """Play them; stops after a few failures, each made small, or at *until* (monotonic seconds)."""
    tally, began = Tally(), time.monotonic()
    for schedule in schedules:
        if time.monotonic() >= until or len(tally.failures) >= FAILURES_MAX:
            break
        outcome = schedule.play(lab)
        tally.add(schedule, outcome)
        if outcome.faults:
            tally.failures.append(failure(lab, schedule, outcome) if small else asdict(schedule))
    tally.seconds = time.monotonic() - began
    return tally


def failure(lab: Lab, schedule: Schedule, outcome: Outcome) -> dict[str, Any]:
    """What was found, and the least that still shows it."""
    named = replace(schedule, plan=_text(outcome.taken))
    if not _fails(lab, named):
        named = schedule

    def still(entries: tuple[Entry, ...]) -> bool:
        return _fails(lab, replace(named, plan=_text(entries)))

    least = smallest(Plan.of(named.plan).entries, still)
    found = replace(named, plan=_text(least))
    shown = found.play(lab)
    return {**asdict(schedule), "smallest": found.plan, "faults": shown.faults or outcome.faults, "trace": shown.trace}


def _text(entries: Iterable[Entry]) -> str:
    return " ".join(map(str, entries))


def _fails(lab: Lab, schedule: Schedule) -> bool:
    return bool(schedule.play(lab).faults)
