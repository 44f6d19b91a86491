"""SIGKILL at every moment that can be told from another, of the first start and of both journeys."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.crashes.effects import Meter
from tests.crashes.scene import Scene
from tests.crashes.stage import Stage

ROUNDS_MAX = 4
JOURNEYS = ("start", "out", "home")


@dataclass
class Result:
    """What was done and what was seen."""

    effects: dict[str, int] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    runs: int = 0  # processes killed, or faults injected
    endings: int = 0  # scenes played to their end afterwards
    faults: list[str] = field(default_factory=list)


def every_kill(stage: Stage, part: tuple[int, int], journeys: tuple[str, ...] = JOURNEYS, *, torn: bool) -> Result:
    """A dry run counts the effects; then each in turn is one that the process never came to.

    *torn*: only the writes, each with half of its bytes written.
    """
    result = Result()
    labels = _dry_run(stage, result)
    plans = [(j, k) for j in journeys for k in range(1, len(labels[j]) + (1 if j == "start" else 2))]
    if torn:
        plans = [(j, k) for j, k in plans if k <= len(labels[j]) and labels[j][k - 1].endswith(": write")]
    before: Scene | None = None
    for number, (journey, k) in enumerate(plans):
        if number % part[1] != part[0]:
            continue
        what = f"{journey} {k} before {(*labels[journey], 'the end: -')[k - 1]}"
        if journey != "home":
            scene = stage.new() if journey == "start" else stage.fresh()
        else:
            before = before or _sent_and_answered(stage)
            scene = stage.copy_of(before)
        status = stage.run(scene, Meter(kill_at=k, torn=torn))
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if killed != (k <= len(labels[journey])):
            raise SystemExit(f"the proof itself is broken: {what}: wait status {status}")
        result.runs += 1
        result.faults += [f"{what}: at once: {f}" for f in scene.faults_now()]
        for moment, ending in _endings(stage, scene):
            result.endings += 1
            result.faults += [f"{what}: {moment}: {f}" for f in to_the_end(stage, ending)]
            stage.strike(ending)
    return result


def _dry_run(stage: Stage, result: Result) -> dict[str, list[str]]:
    stage.warm_up()
    labels: dict[str, list[str]] = {}
    for journeys in (("start",), ("out", "home")):
        scene = stage.new() if journeys == ("start",) else stage.fresh()
        for journey in journeys:
            meter = Meter()
            if stage.run(scene, meter) != 0:
                raise SystemExit(f"the dry run of '{journey}' failed")
            if journey == "start":  # from the first opening up to where the file is looked at
                first = next(n for n, label in enumerate(meter.labels) if label.startswith("outbox."))
                meter.labels = meter.labels[:first]
            labels[journey] = meter.labels
            result.effects[journey] = len(meter.labels)
            result.kinds.update(label.split(": ")[1].split()[0] for label in meter.labels)
            scene.bank_acts()
        if journeys != ("start",):
            result.faults += [f"dry run: {f}" for f in scene.faults_at_the_end()]
        stage.strike(scene)
    return labels


def _sent_and_answered(stage: Stage) -> Scene:
    scene = stage.fresh()
    if stage.run(scene) != 0:
        raise SystemExit("the way out failed")
    scene.bank_acts()
    return scene


def _endings(stage: Stage, scene: Scene) -> Iterator[tuple[str, Scene]]:
    """Where the bank already sees a file, it may take it before h2h is there again, or only later."""
    if scene.site.at_bank() and scene.site.bank_root is None:
        other = stage.copy_of(scene)
        other.bank_acts()
        yield "the bank was quicker", other
    yield "the bank waited", scene


def to_the_end(stage: Stage, scene: Scene) -> list[str]:
    """Start h2h again, let the bank act, until all has come to rest; what the oracle says then."""
    for _ in range(ROUNDS_MAX):
        if stage.run(scene) != 0:
            return ["h2h ended with an error after the restart"]
        scene.bank_acts()
        if not list((scene.site.at / "from_bank").iterdir()):
            break
        scene.site.clock.sleep(1000)
    return scene.faults_at_the_end()
