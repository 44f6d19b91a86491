"""Real faults, each in a scene of its own that is then played to its end; one line of JSON says what was done and seen.

    python -m tests.torture.drive kill   [--runs 500] [--seed 1]   killed at a system call
    python -m tests.torture.drive error  [--runs 200] [--seed 1]   a system call fails: no room, a disk that lies
    python -m tests.torture.drive power  [--seed 1]                the power goes off at every fsync of one way out
    python -m tests.torture.drive cut    [--runs 300] [--seed 1]   the line is cut after byte n, in either direction

With ``--part 1/2`` only a part of the same plan. Exit status 1 if the oracle found anything.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from h2h.pipeline.rounds import once
from tests.contracts.proxy import Proxy
from tests.crashes.kills import to_the_end
from tests.crashes.scene import Scene
from tests.torture.stages import DiskStage, RealStage, cutting_stage, real_stage
from tests.torture.syscalls import counted, injected, was_killed

#: What a call that fails may say: no room left; and a disk that does not keep what it was given.
ERRORS = {
    **dict.fromkeys(("openat", "write", "pwrite64", "mkdir", "linkat", "rename"), "error=ENOSPC"),
    **dict.fromkeys(("fsync", "fdatasync"), "error=EIO"),
}
SYNCS = ("fsync", "fdatasync")
#: SQLite passes over a directory that cannot be synchronised (sqlite3's os_unix.c, unixSync): h2h is never told of it.
NEVER_TOLD = "state"


@dataclass
class Told:
    """What was done and what was seen."""

    points: dict[str, int] = field(default_factory=dict)  # that the plan was drawn from
    done: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


Plan = tuple[str, str, int, str]  # journey, system call, which one, the name of the file that it is about


def plans_of(stage: RealStage, calls: Callable[[str], bool], told: Told) -> list[Plan]:
    """Every such call of the way out and of the way home, counted by a dry run."""
    stage.warm_up()
    scene = stage.fresh()
    found: list[Plan] = []
    for journey in ("out", "home"):
        for call, files in sorted(counted(work(scene), stage.base).items()):
            if calls(call):
                told.points[f"{journey} {call}"] = len(files)
                found += [(journey, call, number, file) for number, file in enumerate(files, 1)]
        scene.site.clock.sleep(60)
        scene.bank_acts()
    told.faults += [f"dry run: {f}" for f in scene.faults_at_the_end()]
    stage.strike(scene)
    return found


def work(scene: Scene) -> Callable[[], None]:
    """`h2h once` on this scene."""

    def pass_over() -> None:
        with scene.site.house() as house:
            once(house)

    return pass_over


def begun(stage: RealStage, journey: str) -> Scene:
    """A scene that stands before this journey."""
    scene = stage.fresh()
    if journey == "home":
        if stage.run(scene) != 0:
            raise SystemExit("the way out failed")
        scene.bank_acts()
    return scene


def kill(stage: RealStage, plans: list[Plan], told: Told) -> None:
    """SIGKILL instead of the call."""
    for journey, call, number, file in plans:
        scene = begun(stage, journey)
        killed = was_killed(injected(work(scene), call, number, "signal=KILL"))
        told.done["killed" if killed else "ended before it"] += 1
        ended(stage, scene, f"{journey}: killed at {call} {number} of {file}", told)


def error(stage: RealStage, plans: list[Plan], told: Told) -> None:
    """The call fails; h2h lives on or ends, and is started again."""
    for journey, call, number, file in plans:
        scene = begun(stage, journey)
        status = injected(work(scene), call, number, ERRORS[call])
        told.done[f"{call} {ERRORS[call][6:]}: {'went on' if status == 0 else 'ended'}"] += 1
        if call in SYNCS and file != NEVER_TOLD and status == 0:
            told.faults.append(f"{journey}: {call} {number} of {file}: h2h went on after a synchronisation that failed")
        ended(stage, scene, f"{journey}: {call} {number} of {file} {ERRORS[call]}", told)


def power(stage: RealStage, plans: list[Plan], told: Told) -> None:
    """The machine is gone at the moment of a synchronisation that has not happened yet."""
    assert isinstance(stage, DiskStage)
    for journey, call, number, file in plans:
        scene = begun(stage, journey)
        killed = was_killed(injected(work(scene), call, number, "signal=KILL"))
        scene = stage.power_cut(scene)
        told.done[f"{journey}: power cut" if killed else "ended before it"] += 1
        ended(stage, scene, f"{journey}: power cut at {call} {number} of {file}", told)


def ended(stage: RealStage, scene: Scene, what: str, told: Told) -> None:
    """What the oracle says at once, and when all has come to rest."""
    scene.site.clock.sleep(60)
    told.faults += [f"{what}: at once: {f}" for f in scene.faults_now()]
    told.faults += [f"{what}: {f}" for f in to_the_end(stage, scene)]
    stage.strike(scene)


def cut(stage: RealStage, proxy: Proxy, runs: int, chance: random.Random, part: tuple[int, int], told: Told) -> None:
    """The line is cut once, after a random byte; h2h meets it in its way out or home, and goes on by itself."""
    stage.warm_up()
    sizes: dict[str, tuple[int, int]] = {}
    scene = stage.fresh()
    for journey in ("out", "home"):
        before = (proxy.bytes_to_server, proxy.bytes_to_client)
        stage.run(scene)
        sizes[journey] = (proxy.bytes_to_server - before[0], proxy.bytes_to_client - before[1])
        told.points.update({f"{journey} bytes sent": sizes[journey][0], f"{journey} bytes got": sizes[journey][1]})
        scene.bank_acts()
    stage.strike(scene)
    for number in range(runs):
        journey, way = chance.choice(("out", "home")), chance.choice(("to_server", "to_client"))
        after = chance.randint(0, sizes[journey][way == "to_client"] + 200)
        if number % part[1] != part[0]:
            continue
        scene = begun(stage, journey)
        setattr(proxy, f"cut_{way}", after)
        stage.run(scene)
        setattr(proxy, f"cut_{way}", None)
        told.done[f"{journey}, {way.replace('_', ' ')}"] += 1
        scene.site.clock.sleep(1000)
        ended(stage, scene, f"{journey}: cut {way} after {after} bytes", told)


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["kill", "error", "power", "cut"])
    parser.add_argument("--runs", type=int, help="default: all there are (cuts: 300)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="1/1")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    number, of = (int(x) for x in arguments.part.split("/"))
    chance, told, began = random.Random(arguments.seed), Told(), time.monotonic()
    if arguments.what == "cut":
        with cutting_stage() as (stage, proxy):
            cut(stage, proxy, arguments.runs or 300, chance, (number - 1, of), told)
    else:
        with real_stage(disk=arguments.what == "power") as stage:
            wanted: dict[str, Callable[[str], bool]] = {
                "kill": lambda call: True, "error": ERRORS.__contains__, "power": SYNCS.__contains__
            }  # fmt: skip
            plans = plans_of(stage, wanted[arguments.what], told)
            if arguments.runs is not None and arguments.runs < len(plans):
                plans = sorted(chance.sample(plans, arguments.runs))
            {"kill": kill, "error": error, "power": power}[arguments.what](stage, plans[number - 1 :: of], told)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"seed": arguments.seed, "seconds": seconds, **vars(told)}, ensure_ascii=False))
    return 1 if told.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
