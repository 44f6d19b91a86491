"""An empty mount point is not the folder that was to be mounted there."""

from __future__ import annotations

import os
from pathlib import Path

from h2h.core.errors import Unavailable

MOUNT_MARKER = ".h2h-mounted"


class MountWitness:
    """Remembers that a folder once held ``.h2h-mounted``; without it later, the file system is not mounted.

    The sysadmin puts that file into the mounted folder, once. *memory* is a file of ours that outlives the process;
    None remembers only while it runs.
    """

    def __init__(self, folder: Path, memory: Path | None) -> None:
        self._folder = folder
        self._memory = memory
        self._seen = False

    def check(self) -> None:
        """``Unavailable`` if the marker was there before and is not now."""
        if os.path.lexists(self._folder / MOUNT_MARKER):
            if not self._seen and self._memory is not None:
                self._memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._memory.touch(mode=0o600)
            self._seen = True
        elif self._seen or (self._memory is not None and self._memory.exists()):
            forget = f", or removes {self._memory} if the mark was taken away on purpose" if self._memory else ""
            raise Unavailable(
                f"{self._folder} is there but its mark {MOUNT_MARKER} is not: probably an empty mount point",
                hint=f"the system administrator mounts the file system{forget}",
            )
