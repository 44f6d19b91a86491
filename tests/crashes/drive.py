"""Kills h2h at every moment that can be told from another, starts it again, and asks the oracle.

    python -m tests.crashes.drive kill [--channel directory|sshd] [--part 1/2] [--torn]

A process of its own without threads, because it forks: each child is the real pipeline over the real adapters, and the
kernel ends it with SIGKILL at effect number k. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from h2h import wiring
from h2h.adapters.format_files import load_formats
from h2h.adapters.schema import SchemaBook
from h2h.data import data_dir
from h2h.pipeline.rounds import once
from tests.contracts.sshd import find_sshd, running_sshd
from tests.crashes.effects import Meter, deep, ports
from tests.crashes.scene import Scene, summary
from tests.journeys.conftest import fast_directory

ROUNDS_MAX = 4


@dataclass
class Result:
    """What a run of many kills saw."""

    effects: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    scenes: int = 0
    faults: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


class Stage:
    """Directories for scenes, and the parts of a house that are only data, made once."""

    def __init__(self, base: Path, changes: dict[str, Any]) -> None:
        self.base = base
        self.changes = changes
        self.formats = load_formats(data_dir("formats"))
        self.schemas = SchemaBook([data_dir("xsd") / "iso20022"])
        self._count = 0
        # Formats and schemas are only data, and every child inherits what the parent has compiled.
        wiring.formats_of = lambda _settings: self.formats
        wiring.schemas_of = lambda _settings: self.schemas

    def warm_up(self) -> None:
        """The whole scene once, in this process."""
        scene = self.fresh()
        for _ in range(2):
            scene.site.once()
            scene.bank_acts()
        self.strike(scene)

    def fresh(self) -> Scene:
        """A new scene."""
        return Scene.fresh(self._new(), **self.changes)

    def copy_of(self, scene: Scene) -> Scene:
        """The scene as it stands now, a second time."""
        target = self._new()
        target.rmdir()
        shutil.copytree(scene.site.root, target, symlinks=True)
        return scene.again(target)

    def strike(self, scene: Scene) -> None:
        """Take the scene's directory away."""
        shutil.rmtree(scene.site.root)

    def run(self, scene: Scene, meter: Meter | None = None) -> int:
        """`h2h once` in a child; its wait status. A child that is not killed must end well."""

        def work() -> None:
            if meter is not None:
                deep(meter)
            with scene.site.house() as house:
                once(house if meter is None else ports(house, meter.call))

        return in_child(work, meter)

    def _new(self) -> Path:
        self._count += 1
        path = self.base / f"scene-{self._count}"
        path.mkdir()
        return path


def in_child(work: Callable[[], None], meter: Meter | None) -> int:
    """Run *work* in a forked child; the meter's labels come back through a pipe if the child lives."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            if meter is not None and status == 0:
                with open(writing, "w", closefd=False) as pipe:
                    pipe.write("\n".join(meter.labels))
            sys.stderr.flush()
            os._exit(status)
    os.close(writing)
    with open(reading) as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    if meter is not None and said:
        meter.labels = said.splitlines()
    return status


def every_kill(stage: Stage, part: tuple[int, int], torn: bool) -> Result:
    """A dry run counts the effects of both journeys; then each is the last thing that a process does."""
    result = Result()
    stage.warm_up()
    scene = stage.fresh()
    meters = []
    for journey in ("out", "home"):
        meter = Meter()
        _must(stage.run(scene, meter) == 0, f"the dry run of journey {journey} failed")
        meters.append(meter)
        result.effects[journey] = len(meter.labels)
        result.kinds.update(label.split()[1] for label in meter.labels)
        scene.bank_acts()
    result.faults += [f"dry run: {f}" for f in scene.faults_at_the_end()]
    stage.strike(scene)
    plans = [("out", k) for k in range(1, result.effects["out"] + 2)]
    plans += [("home", k) for k in range(1, result.effects["home"] + 2)]
    if torn:
        writes = {"out": meters[0].labels, "home": meters[1].labels}
        plans = [(j, k) for j, k in plans if k <= len(writes[j]) and writes[j][k - 1].endswith(": write")]
    before = None
    for number, (journey, k) in enumerate(plans):
        if number % part[1] != part[0]:
            continue
        labels = meters[0 if journey == "out" else 1].labels
        what = f"{journey} {k} before {labels[k - 1] if k <= len(labels) else 'the end'}"
        if journey == "home":
            if before is None:
                before = stage.fresh()
                _must(stage.run(before) == 0, "the way out failed")
                before.bank_acts()
            scene = stage.copy_of(before)
        else:
            scene = stage.fresh()
        status = stage.run(scene, Meter(kill_at=k, torn=torn))
        if k <= len(labels):
            _must(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, f"{what}: lived on ({status})")
        result.kills += 1
        result.faults += [f"{what}: at once: {f}" for f in scene.faults_now()]
        for moment, ending in _endings(stage, scene):
            result.scenes += 1
            result.faults += [f"{what}: {moment}: {f}" for f in _to_the_end(stage, ending)]
            stage.strike(ending)
    return result


def _endings(stage: Stage, scene: Scene) -> Iterator[tuple[str, Scene]]:
    """Where the bank already sees a file, it may take it before h2h is there again, or only later."""
    if scene.site.at_bank():
        other = stage.copy_of(scene)
        other.bank_acts()
        yield "the bank was quicker", other
    yield "the bank waited", scene


def _to_the_end(stage: Stage, scene: Scene) -> list[str]:
    for _ in range(ROUNDS_MAX):
        if stage.run(scene) != 0:
            return ["h2h ended with an error after the restart"]
        scene.bank_acts()
        scene.site.clock.sleep(1000)
        if stage.run(scene) != 0:
            return ["h2h ended with an error after the restart"]
        if not scene.site.at_bank() and not list((scene.site.at / "from_bank").iterdir()):
            break
    return scene.faults_at_the_end()


def _must(condition: bool, text: str) -> None:
    if not condition:
        raise SystemExit(f"the proof itself is broken: {text}")


@contextmanager
def staged(channel: str, changes: dict[str, Any] | None = None) -> Iterator[Stage]:
    """A stage whose scenes have their bank in a directory or behind OpenSSH's server."""
    base = fast_directory()
    changes = dict(changes or {})
    try:
        if channel == "directory":
            yield Stage(base, changes)
            return
        program = find_sshd()
        _must(program is not None, "there is no sshd")
        with running_sshd(program or "") as server:
            yield SshdStage(base, server, changes)
    finally:
        shutil.rmtree(base, ignore_errors=True)


class SshdStage(Stage):
    """Scenes one after the other at one server: its folders are emptied for each."""

    def __init__(self, base: Path, server: Any, changes: dict[str, Any]) -> None:
        channel = server.channel()
        self._server = server
        settings = {
            "kind": "sftp",
            "host": channel.host,
            "port": channel.port,
            "username": channel.username,
            "key": {"file": str(server.key)},
            "host_keys": list(channel.host_keys),
            "timeout_seconds": 10.0,
        }
        super().__init__(base, {**changes, "bank": {**changes.get("bank", {}), "channel": settings}})


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["kill"])
    parser.add_argument("--channel", choices=["directory", "sshd"], default="directory")
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--torn", action="store_true")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    part, of = (int(x) for x in arguments.part.split("/"))
    began = time.monotonic()
    with staged(arguments.channel) as stage:
        result = every_kill(stage, (part - 1, of), arguments.torn)
    print(
        summary(
            {
                "effects": result.effects,
                "kinds": dict(result.kinds.most_common()),
                "kills": result.kills,
                "scenes": result.scenes,
                "seconds": round(time.monotonic() - began, 1),
                "faults": result.faults,
            }
        )
    )
    return 1 if result.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
