"""Where the real faults happen: a real sshd, real gpg, and, for power cuts, a real file system that loses what it may.

`RealStage` is the scene of the crash tests behind OpenSSH with sealed files. `DiskStage` puts the installation on an
ext4 image of its own: what such a file system would hold after the power went off is the image, copied at that moment.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.contracts.proxy import Proxy
from tests.contracts.sshd import Sshd, find_sshd, running_sshd
from tests.crashes.scene import Scene
from tests.crashes.sealed import Sealed, keyrings
from tests.crashes.stage import SshdStage
from tests.journeys.conftest import fast_directory

#: Small, and more than an installation with two journeys behind it needs.
IMAGE_BYTES = 48 * 1024 * 1024


class RealStage(SshdStage):
    """One OpenSSH server, files signed and encrypted by gpg."""

    scene = Sealed


class DiskStage(RealStage):
    """Each scene lies on an ext4 image that is mounted for it."""

    def __init__(self, base: Path, server: Sshd, changes: dict[str, Any]) -> None:
        super().__init__(base, server, changes)
        self._images: dict[Path, Path] = {}
        self._empty_image = base / "empty.img"
        with self._empty_image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        _call("mkfs.ext4", "-q", "-F", "-m", "0", str(self._empty_image))

    def power_cut(self, scene: Scene) -> Scene:
        """The scene after the power went off now and came back: only what the disk holds at this moment is there."""
        image = self._images.pop(scene.site.root)
        kept = self.base / f"cut-{image.name}"
        _copy(image, kept)
        _call("umount", str(scene.site.root))
        image.unlink()
        self._mount(kept, scene.site.root)
        return scene.again(scene.site.root)

    def strike(self, scene: Scene) -> None:
        """See `Stage`."""
        _call("umount", str(scene.site.root))
        self._images.pop(scene.site.root).unlink()
        scene.site.root.rmdir()

    def copy_of(self, scene: Scene) -> Scene:
        """See `Stage`; everything of the copy is on the disk when the scene begins."""
        target = self._directory()
        shutil.copytree(scene.site.root, target, symlinks=True, dirs_exist_ok=True, ignore=_no_lost_and_found)
        subprocess.run(["sync", "-f", str(target)], check=True)
        return scene.again(target)

    def fresh(self) -> Scene:
        """See `Stage`; the ERP's file is on the disk, as its writer made sure."""
        scene = super().fresh()
        subprocess.run(["sync", "-f", str(scene.site.root)], check=True)
        return scene

    def _directory(self) -> Path:
        path = super()._directory()
        image = self.base / f"{path.name}.img"
        _copy(self._empty_image, image)
        self._mount(image, path)
        return path

    def _mount(self, image: Path, at: Path) -> None:
        _call("mount", "-o", "loop", str(image), str(at))
        at.chmod(0o755)
        self._images[at] = image

    def close(self) -> None:
        """Unmount whatever is left."""
        for path in self._images:
            subprocess.run(["umount", "-l", str(path)], check=False, capture_output=True)


@contextmanager
def real_stage(changes: dict[str, Any] | None = None, *, disk: bool = False) -> Iterator[RealStage]:
    """A stage for as long as the ``with`` lasts; SystemExit if there is no sshd."""
    program = find_sshd()
    if program is None:
        raise SystemExit("there is no sshd")
    base = fast_directory()
    try:
        with running_sshd(program) as server, keyrings() as seal:
            stage = (DiskStage if disk else RealStage)(base, server, {**(changes or {}), "bank": {"seal": seal}})
            try:
                yield stage
            finally:
                if isinstance(stage, DiskStage):
                    stage.close()
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def cutting_stage() -> Iterator[tuple[RealStage, Proxy]]:
    """A stage whose bank is reached through a proxy that can cut the line."""
    program = find_sshd()
    if program is None:
        raise SystemExit("there is no sshd")
    base = fast_directory()
    try:
        with running_sshd(program) as server, keyrings() as seal, Proxy(server.port) as proxy:
            there, server.port = server.port, proxy.port
            try:
                stage = RealStage(base, server, {"bank": {"seal": seal}})
            finally:
                server.port = there
            yield stage, proxy
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _no_lost_and_found(folder: str, names: list[str]) -> set[str]:
    return {"lost+found"} & set(names)


def _copy(image: Path, target: Path) -> None:
    _call("cp", "--sparse=always", str(image), str(target))


def _call(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
