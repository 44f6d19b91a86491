"""SIGKILL at every moment that can be told from another, of the first start and of both journeys."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.crashes.effects import Meter
from tests.crashes.scene import Scene
from tests.crashes.stage import Stage

ROUNDS_MAX = 4


@dataclass
class Result:
    """What was done and what was seen."""

    effects: dict[str, int] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    runs: int = 0  # processes killed, or faults injected
    endings: int = 0  # scenes played to their end afterwards
    faults: list[str] = field(default_factory=list)


#: Which of the points: labels and a number from 1 (one more than there are labels is the end) → wanted or not.
SELECTIONS: dict[str, Callable[[list[str], int], bool]] = {
    "all": lambda labels, k: True,
    # Each write to a file, with half of its bytes written.
    "torn": lambda labels, k: k <= len(labels) and labels[k - 1].endswith(": write"),
    # Before and after each packet that changes something at the bank; the rest is the same for every kind of channel.
    "bank": lambda labels, k: any(_at_the_bank(label) for label in labels[max(0, k - 2) : k]),
    # From where gpg is called to where the journal knows of what it made.
    "seal": lambda labels, k: _while_sealing(labels, k),  # noqa: PLW0108 - it stands below
    # Right after each commit of the journal: what was to follow it did not.
    "commits": lambda labels, k: k > 1 and labels[k - 2].endswith(": commit"),
}


def every_kill(stage: Stage, part: tuple[int, int], select: str = "all", only: str = "") -> Result:
    """A dry run counts the effects; then each in turn is one that the process never came to.

    *only*: before effects of that port call, and the one after it.
    """
    result = Result()
    labels = _dry_run(stage, result)
    wanted = SELECTIONS[select]
    journeys = [j for j in stage.journeys if j in labels]
    plans = [(j, k) for j in journeys for k in range(1, len(labels[j]) + (1 if j == "start" else 2))]
    plans = [(j, k) for j, k in plans if wanted(labels[j], k)]
    plans = [(j, k) for j, k in plans if any(n.startswith(only) for n in labels[j][max(0, k - 2) : k])]
    before: Scene | None = None
    for number, (journey, k) in enumerate(plans):
        if number % part[1] != part[0]:
            continue
        what = f"{journey} {k} before {(*labels[journey], 'the end: -')[k - 1]}"
        if journey != "home":
            scene = stage.new() if journey == "start" else stage.fresh()
        elif stage.shared_bank:
            scene = _sent_and_answered(stage)
        else:
            before = before or _sent_and_answered(stage)
            scene = stage.copy_of(before)
        status = stage.run(scene, Meter(kill_at=k, torn=select == "torn"))
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        # Over a network the number of packets is not the same every time; a run may end before its last one.
        if killed != (k <= len(labels[journey])) and not (stage.shared_bank and k > len(labels[journey]) - 5):
            raise SystemExit(f"the proof itself is broken: {what}: wait status {status}")
        result.runs += 1
        result.faults += [f"{what}: at once: {f}" for f in scene.faults_now()]
        for moment, ending in _endings(stage, scene):
            result.endings += 1
            result.faults += [f"{what}: {moment}: {f}" for f in to_the_end(stage, ending)]
            stage.strike(ending)
    return result


def _at_the_bank(label: str) -> bool:
    port, _, what = label.partition(": ")
    return port.removeprefix("session.") in ("create", "rename", "remove", "move") and what.startswith("packet")


def _while_sealing(labels: list[str], k: int) -> bool:
    """The last port before *k* that sealed or opened has not been journalled yet, or has been just now."""
    for label in reversed(labels[: k - 1]):
        if label.endswith(": commit"):
            return label is labels[k - 2] and _while_sealing(labels, k - 1)
        if label.startswith("sealer."):
            return True
    return k <= len(labels) and labels[k - 1].startswith("sealer.")


def _dry_run(stage: Stage, result: Result) -> dict[str, list[str]]:
    stage.warm_up()
    labels: dict[str, list[str]] = {}
    for journeys in (("start",), tuple(j for j in stage.journeys if j != "start")):
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
    if scene.site.at_bank() and not stage.shared_bank:
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
