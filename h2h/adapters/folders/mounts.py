"""What lies under a folder: a network file system gives no events, and an empty mount point is not the folder."""

from __future__ import annotations

import os
from pathlib import Path

from h2h.core.errors import Unavailable
from h2h.settings.erp import ErpFolder

MOUNT_MARKER = ".h2h-mounted"
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "9p", "virtiofs"}
_MOUNTINFO = Path("/proc/self/mountinfo")


def wants_events(folder: ErpFolder) -> bool:
    """True if the kernel's events may shorten the wait for this folder's rescan."""
    if folder.watch == "auto":
        return not on_network(folder.outbound)
    return folder.watch == "events"


def on_network(path: Path, mountinfo: Path = _MOUNTINFO) -> bool:
    """True if *path* lies on a file system whose other writers this kernel does not see (NFS, SMB, FUSE).

    Where the mounts cannot be read the answer is True: to poll is always right, only slower.
    """
    kind = file_system(path, mountinfo)
    return kind is None or kind in _NETWORK or kind.startswith("fuse")


def file_system(path: Path, mountinfo: Path = _MOUNTINFO) -> str | None:
    """The type of the file system that *path* lies on; None if it cannot be known."""
    try:
        lines = mountinfo.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None  # no /proc in this sandbox: not known, and the caller polls
    real = os.path.realpath(path)
    best, kind = -1, None
    for line in lines:
        left, _, right = line.partition(" - ")
        fields, after = left.split(" "), right.split(" ")
        if len(fields) < 5 or not after[0]:
            continue
        point = _unescaped(fields[4])
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:  # >=: a later mount on the same point lies on top
            best, kind = len(point), after[0]
    return kind


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


def _unescaped(point: str) -> str:
    r"""The kernel writes space, tab, newline and backslash of a mount point as \040, \011, \012, \134."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, character)
    return point
