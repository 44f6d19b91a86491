"""Where scenes are played: directories for them, an installation that has been started once, children to be killed."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from h2h import wiring
from h2h.adapters.format_files import load_formats
from h2h.adapters.journal import engine
from h2h.adapters.schema import SchemaBook
from h2h.core.format_book import FormatBook
from h2h.data import data_dir
from h2h.pipeline.rounds import once
from h2h.settings import Settings
from tests.contracts.sshd import Sshd, find_sshd, running_sshd
from tests.crashes.effects import Meter, deep, ports
from tests.crashes.scene import Scene
from tests.crashes.sealed import Sealed, keyrings
from tests.crashes.trouble import Trouble
from tests.journeys.conftest import fast_directory
from tests.journeys.site import laid_over


class Stage:
    """Scenes with a bank in a directory. *changes* are those of `Site`."""

    shared_bank = False
    journeys: tuple[str, ...] = ("start", "out", "home")
    scene: type[Scene] = Scene

    def __init__(self, base: Path, changes: dict[str, Any]) -> None:
        self.base = base
        self.changes = changes
        self._count = 0
        self._template: Scene | None = None
        formats = load_formats(data_dir("formats"))
        schemas = SchemaBook([data_dir("xsd") / "iso20022"])

        def formats_of(settings: Settings | None) -> FormatBook:
            return formats

        def schemas_of(settings: Settings | None) -> SchemaBook:
            return schemas

        # Formats and schemas are only data, and every child inherits what the parent has compiled.
        wiring.formats_of, wiring.schemas_of = formats_of, schemas_of
        _compile_statements_once()

    def warm_up(self) -> None:
        """The whole scene once, in this process; from now on `fresh` begins with an installation started before."""
        scene = self.new()
        for _ in range(2):
            scene.site.once()
            scene.bank_acts()
        self.strike(scene)
        self._template = self.new(drop=False)
        with self._template.site.house():
            pass

    def new(self, *, drop: bool = True) -> Scene:
        """A scene whose h2h was never started."""
        return self.scene.new(self._directory(), self.changes, drop=drop)

    def fresh(self) -> Scene:
        """A scene whose h2h was started once, and stopped; the ERP's file has just been dropped."""
        if self._template is None:
            self.warm_up()
        assert self._template is not None
        scene = self.copy_of(self._template)
        scene.site.clock.start = scene.begins()  # the template may be an hour old, and gpg signs by the machine's clock
        scene.drop()
        return scene

    def copy_of(self, scene: Scene) -> Scene:
        """The scene as it stands now, a second time."""
        target = self._directory()
        target.rmdir()
        shutil.copytree(scene.site.root, target, symlinks=True)
        return scene.again(target)

    def strike(self, scene: Scene) -> None:
        """Take the scene's directory away."""
        shutil.rmtree(scene.site.root)

    def run(self, scene: Scene, meter: Meter | None = None) -> int:
        """`h2h once` in a child; its wait status. Then it is a minute later."""

        def work() -> None:
            if meter is not None:
                deep(meter)
            with scene.site.house() as house:
                once(house if meter is None else ports(house, meter.call))

        status = in_child(work, meter)
        scene.site.clock.sleep(60)
        return status

    def _directory(self) -> Path:
        self._count += 1
        path = self.base / f"scene-{self._count}"
        path.mkdir()
        return path


class SshdStage(Stage):
    """Scenes one after the other behind one OpenSSH server: the bank's folders are emptied for each."""

    shared_bank = True
    journeys = ("out", "home")

    def __init__(self, base: Path, server: Sshd, changes: dict[str, Any]) -> None:
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
        bank = {**changes.get("bank", {}), "channel": settings}
        super().__init__(base, {**changes, "bank": bank, "bank_root": server.root})

    def fresh(self) -> Scene:
        """See `Stage`."""
        self._empty()
        return super().fresh()

    def new(self, *, drop: bool = True) -> Scene:
        """See `Stage`."""
        self._empty()
        return super().new(drop=drop)

    def _empty(self) -> None:
        for folder in self._server.root.iterdir():
            for file in folder.iterdir():
                file.unlink()


class SealedStage(Stage):
    """A bank that takes and gives only what is signed and encrypted, by real gpg."""

    journeys = ("out", "home")
    scene = Sealed


class PairStage(Stage):
    """An ERP that is given pairs of files, of which each is nothing without the other."""

    journeys = ("out", "home")

    def __init__(self, base: Path, changes: dict[str, Any]) -> None:
        super().__init__(base, laid_over(changes, {"erp": {"deliver": ["multicash", "mt940", "csv"]}}))


class TroubledStage(Stage):
    """Files that are refused, held and duplicates, and a bank that never answers."""

    journeys = ("out",)
    scene = Trouble


@contextmanager
def staged(channel: str, changes: dict[str, Any] | None = None) -> Iterator[Stage]:
    """A stage whose bank is behind a *directory* or *sshd*; over a directory, too: *sealed*; *pair*; *trouble*."""
    base = fast_directory()
    try:
        if channel == "sealed":
            with keyrings() as seal:
                yield SealedStage(base, laid_over(changes or {}, {"bank": {"seal": seal}}))
            return
        if channel != "sshd":
            stages = {"directory": Stage, "pair": PairStage, "trouble": TroubledStage}
            yield stages[channel](base, changes or {})
            return
        program = find_sshd()
        if program is None:
            raise SystemExit("there is no sshd")
        with running_sshd(program) as server:
            yield SshdStage(base, server, changes or {})
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _compile_statements_once() -> None:
    """Each scene has a database of its own, and SQLAlchemy compiles anew for each; the statements are the same."""
    real: Callable[..., Engine] = vars(engine)["create_engine"]
    compiled: dict[Any, Any] = {}

    def create_engine(*args: Any, **kwargs: Any) -> Engine:
        made = real(*args, **kwargs)
        kind: Any = type(made.dialect)
        kind.__hash__ = lambda dialect: hash(type(dialect))
        kind.__eq__ = lambda dialect, other: type(dialect) is type(other)
        vars(made)["_compiled_cache"] = compiled
        return made

    vars(engine)["create_engine"] = create_engine


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
