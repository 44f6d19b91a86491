"""The disk under h2h: real files in memory, every change an effect, and what was not synchronised lost at a power cut.

Two images without a copy: the directory is what a reader sees now, and a list of what would undo the changes that
nobody made durable gives what is there after the power comes back. An fsync of a directory takes its changes off that
list with all that came before them, an fsync of a file makes its bytes durable. What survives of the rest is drawn:
nothing, or the first few in order, as a file system with a journal does; of unsynchronised bytes none, half, or all.
The ERP's folders, the archive, the state and the ledger lie on file systems of their own: one knows nothing of another.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from h2h.adapters import files
from h2h.simulator.torture.machine import Crash, Machine

_HOOKED = ("open", "write", "fsync", "rename", "replace", "link", "unlink", "remove", "mkdir", "rmdir", "ftruncate")
_REAL: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in _HOOKED}
_REAL_RENAME_NEW, _REAL_FILE_SYSTEM = files._renameat2, files.file_system
_EXCHANGE: dict[str, tuple[str, ...]] = {
    "create": ("no room",),
    "write": ("torn", "no room"),
    "fsync": ("i/o error",),
    "rename": ("i/o error",),
    "link": ("i/o error",),
    "mkdir": ("no room",),
}


@dataclass(slots=True)
class Change:
    """A change of names that is not durable yet, and what undoes it."""

    directories: frozenset[str]
    undo: Callable[[], object]


class Disk:
    """Everything below *root* but ``journal.db`` (SQLite synchronises it itself) and working directories."""

    def __init__(self, root: Path, dice: random.Random) -> None:
        self.root = str(root)
        self.machine: Machine | None = None
        self.after_change: Callable[[str], None] = lambda path: None
        self._dice = dice
        self._changes: dict[str, list[Change]] = {}  # file system → in order
        self._unsynced: dict[int, bytes] = {}  # inode → its durable bytes
        self._limbo = root / ".limbo"
        self._count = 0

    # -- hooks

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """While this lasts, what h2h does to files passes here."""
        hooks = {
            "open": self._open, "write": self._write, "fsync": self._fsync, "ftruncate": self._ftruncate,
            "rename": self._rename, "replace": self._rename, "link": self._link, "unlink": self._unlink,
            "remove": self._unlink, "mkdir": self._mkdir, "rmdir": self._rmdir,
        }  # fmt: skip
        for name, hook in hooks.items():
            setattr(os, name, hook)
        files._renameat2 = self._rename_new
        files.file_system = _local
        try:
            yield
        finally:
            for name, real in _REAL.items():
                setattr(os, name, real)
            files._renameat2 = _REAL_RENAME_NEW
            files.file_system = _REAL_FILE_SYSTEM

    def _ours(self, path: Any, kwargs: dict[str, Any]) -> str | None:
        """The path as text if the call is h2h's and the place is one we watch."""
        if self.machine is None or not self.machine.watching:
            return None
        if kwargs and any(kwargs.get(k) is not None for k in _FDS):
            return None
        text = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else os.fsdecode(path)
        if not text.startswith(self.root) or "journal.db" in text:
            return None
        return None if f"{text}/".find(_WORKING, len(self.root)) >= 0 else text

    def _effect(self, kind: str, path: str) -> str | None:
        assert self.machine is not None
        wrong = self.machine.effect(f"{kind} {_short(path)}", _EXCHANGE.get(kind, ()))
        if wrong == "i/o error":
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        if wrong == "no room" and kind != "write":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        return wrong

    def _open(self, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        ours = self._ours(path, kwargs) if flags & os.O_CREAT else None
        if ours is None or os.path.lexists(ours):
            return int(_REAL["open"](path, flags, *args, **kwargs))
        self._effect("create", ours)
        fd = int(_REAL["open"](path, flags, *args, **kwargs))
        self._unsynced[os.fstat(fd).st_ino] = b""
        self._note({ours}, lambda: _REAL["unlink"](ours))
        return fd

    def _write(self, fd: int, data: Any) -> int:
        ours = self._ours(fd, {})
        if ours is None:
            return int(_REAL["write"](fd, data))
        wrong = self._effect("write", ours)
        self._dirty(fd, ours)
        if wrong is None:
            return int(_REAL["write"](fd, data))
        _REAL["write"](fd, bytes(data)[: len(data) // 2])
        if wrong == "no room":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), ours)
        assert self.machine is not None
        assert self.machine.current is not None
        self.machine.current.process.dead = True
        raise Crash

    def _ftruncate(self, fd: int, length: int) -> None:
        ours = self._ours(fd, {})
        if ours is not None:
            self._effect("truncate", ours)
            self._dirty(fd, ours)
        _REAL["ftruncate"](fd, length)

    def _fsync(self, fd: int) -> None:
        ours = self._ours(fd, {})
        if ours is None:
            return
        self._effect("fsync", ours)
        state = os.fstat(fd)
        if stat.S_ISDIR(state.st_mode):
            there = self._changes.get(self._volume(ours), [])
            last = max((n for n, change in enumerate(there, 1) if ours in change.directories), default=0)
            del there[:last]
        else:
            self._unsynced.pop(state.st_ino, None)

    def _rename(self, source: Any, target: Any, **kwargs: Any) -> None:
        old = self._ours(source, kwargs)
        if old is None:
            _REAL["rename"](source, target, **kwargs)
            return
        new = os.fsdecode(target)
        if os.path.lexists(old):
            self._effect("rename", new)
        aside = self._keep(new)
        _REAL["rename"](old, new)

        def undo() -> None:
            _REAL["rename"](new, old)
            if aside is not None:
                _REAL["link"](aside, new)

        self._note({old, new}, undo)
        self.after_change(new)

    def _rename_new(self, at: Any, source: bytes, to: Any, target: bytes, flags: int) -> int:
        old, new = self._ours(source, {}), os.fsdecode(target)
        if old is not None and os.path.lexists(old) and not os.path.lexists(new):
            self._effect("rename", new)
        assert _REAL_RENAME_NEW is not None
        answer = int(_REAL_RENAME_NEW(at, source, to, target, flags))
        if old is not None and answer == 0:
            self._note({old, new}, lambda: _REAL["rename"](new, old))
            self.after_change(new)
        return answer

    def _link(self, source: Any, target: Any, **kwargs: Any) -> None:
        new = self._ours(target, kwargs)
        if new is not None and not os.path.lexists(new):
            self._effect("link", new)
        _REAL["link"](source, target, **kwargs)
        if new is not None:
            self._note({new}, lambda: _REAL["unlink"](new))

    def _unlink(self, path: Any, **kwargs: Any) -> None:
        ours = self._ours(path, kwargs)
        if ours is None or not os.path.lexists(ours):
            _REAL["unlink"](path, **kwargs)
            return
        self._effect("unlink", ours)
        aside = self._keep(ours)
        _REAL["unlink"](ours)
        self._note({ours}, lambda: _REAL["link"](aside, ours))
        self.after_change(ours)

    def _mkdir(self, path: Any, *args: Any, **kwargs: Any) -> None:
        ours = self._ours(path, kwargs)
        if ours is not None and not os.path.lexists(ours):
            self._effect("mkdir", ours)
        _REAL["mkdir"](path, *args, **kwargs)
        if ours is not None:
            self._note({ours}, lambda: shutil.rmtree(ours))

    def _rmdir(self, path: Any, **kwargs: Any) -> None:
        ours = self._ours(path, kwargs)
        if ours is not None:
            self._effect("rmdir", ours)
        _REAL["rmdir"](path, **kwargs)
        if ours is not None:
            self._note({ours}, lambda: _REAL["mkdir"](ours, 0o700))

    # -- images

    def power_cut(self) -> None:
        """What was not made durable is lost, or some of it."""
        for changes in self._changes.values():
            kept = self._dice.choice((0, 0, self._dice.randint(0, len(changes))))
            for change in reversed(changes[kept:]):
                change.undo()
        self._changes.clear()
        for path in self._files():
            durable = self._unsynced.get(path.stat().st_ino)
            if durable is not None:
                self._lose(path, durable)
        self._unsynced.clear()

    def durable(self, path: Path) -> bool:
        """True if a power cut would leave the bytes of *path* as they are."""
        return path.stat().st_ino not in self._unsynced

    def later(self, path: Path) -> None:
        """Somebody else has made a durable change at *path*: what came before it there is durable, too."""
        self._changes.pop(self._volume(str(path)), None)

    def _lose(self, path: Path, durable: bytes) -> None:
        now = path.read_bytes()
        half = durable + now[len(durable) : (len(durable) + len(now)) // 2] if now.startswith(durable) else durable
        data = self._dice.choice((durable, half, now))
        mode = path.stat().st_mode
        times = path.stat()
        path.chmod(0o600)
        path.write_bytes(data)
        path.chmod(stat.S_IMODE(mode))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def _files(self) -> Iterator[Path]:
        for directory, _, names in os.walk(self.root):
            for name in names:
                path = Path(directory, name)
                if not path.is_symlink() and "journal.db" not in name:
                    yield path

    def _dirty(self, fd: int, path: str) -> None:
        inode = os.fstat(fd).st_ino
        if inode not in self._unsynced:
            self._unsynced[inode] = Path(path).read_bytes()

    def _note(self, paths: set[str], undo: Callable[[], object]) -> None:
        change = Change(frozenset(os.path.dirname(path) for path in paths), undo)
        self._changes.setdefault(self._volume(next(iter(paths))), []).append(change)

    def _volume(self, path: str) -> str:
        return path[len(self.root) + 1 :].split("/", 1)[0]

    def _keep(self, path: str) -> str | None:
        """A second name for a file that is about to lose its own."""
        if not os.path.lexists(path) or os.path.isdir(path):
            return None
        self._count += 1
        aside = f"{self._limbo}/{self._count}"
        _REAL["link"](path, aside, follow_symlinks=False)
        return aside


_WORKING = "/{}/".format("work")  # plaintext that no power cut needs to leave behind
_FDS = ("dir_fd", "src_dir_fd", "dst_dir_fd")


def _local(path: Path, mountinfo: Path = Path()) -> str | None:
    """All of it lies in memory, and nobody mounts anything meanwhile."""
    return "tmpfs"


def _short(path: str) -> str:
    above, _, name = path.rpartition("/")
    if name.startswith(".h2h-") and name.endswith(".tmp"):
        name = "TEMPORARY"
    elif len(name) > 20 and name[:1].isdigit() and "-" in name:
        name = "CLAIM"  # named after an inode, which is another one each time
    parent = above.rpartition("/")[2]
    return f"{parent}/{name}" if not parent[:1].isdigit() else name
