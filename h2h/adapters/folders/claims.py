"""h2h's corner of an ERP's folder: one directory a claimed file, in which the file keeps its name.

``.h2h/claimed/<inode>-<mtime>-<size>/NAME``, beside it the file's marker if it had one; where several nodes share the
folder, below ``.h2h/nodes/<node>/``. The marker moves in first, so that it can never speak for a later file of the same
name, and both leave together. Whatever a crash leaves there is undone or finished by ``leftovers``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from h2h.adapters import files
from h2h.adapters.folders.completeness import MARKER_BYTES_MAX, Marker, read_marker
from h2h.adapters.folders.names import CORNER, REFUSED, numbered
from h2h.core.errors import Misconfigured, Unavailable
from h2h.core.records import SourceIdentity
from h2h.ports import Candidate, Claimed

#: Whose folder this is.
MARK = "installation"
_MARKER_PREFIX = ".h2h-marker-"


def identity_of(name: str, state: os.stat_result) -> SourceIdentity:
    """Which file it is; a rename leaves all of it unchanged."""
    return SourceIdentity(name, state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size)


class Corner:
    """The directory ``.h2h`` of one outbound folder."""

    def __init__(self, folder: Path, node: str | None = None) -> None:
        self._folder = folder
        self._base = _base(folder, node)
        self._claimed = self._base / "claimed"
        self._done = self._base / "done"  # to be removed
        self._refusing = self._base / "refusing"  # on its way to refused/
        self._placing = self._base / "placing"  # of h2h's own, not whole yet
        self._refused = folder / REFUSED

    def prepare(self) -> None:
        """Make the corner, and see that it is a directory of our own: nobody else may redirect claims."""
        above = (self._folder / CORNER, self._base.parent, self._base)
        for directory in (*dict.fromkeys(above), self._claimed, self._done, self._refusing, self._placing):
            if directory == self._folder:
                continue
            try:
                directory.mkdir(mode=0o700)
            except FileExistsError:
                state = os.lstat(directory)
                if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid():
                    raise Unavailable(
                        f"{directory} is not a directory of h2h's own user",
                        hint="the system administrator removes it; h2h makes it again",
                    ) from None

    def belong_to(self, owner: str) -> None:
        """Mark the folder as *owner*'s; ``Misconfigured`` if another installation has it: both would pay (F29)."""
        mark = self._folder / CORNER / MARK
        if not mark.exists():
            files.create(mark, f"{owner}\n".encode())
        known = mark.read_text("utf-8", errors="replace").strip()
        if known != owner:
            raise Misconfigured(
                f"another installation, '{known[:100]}', takes the files of {self._folder}; this one is '{owner}'",
                hint=f"one folder, one installation. If that one is gone for ever, remove {mark}",
            )

    def claim(self, candidate: Candidate) -> Claimed | None:
        """Move the file in; None if it is gone or has changed."""
        name = candidate.identity.name
        source = self._folder / name
        if self._identity(source, name) != candidate.identity:
            return None
        home = self._new_home(candidate.identity)
        if candidate.marker is not None and not self._bring_marker(candidate.marker, home):
            home.rmdir()
            return None
        target = home / name
        try:
            os.rename(source, target)
        except FileNotFoundError:
            self._undo(home)
            return None
        if self._identity(target, name) != candidate.identity:  # replaced between the look and the rename
            self.put_back(target)
            return None
        expected = (candidate.expected_size, candidate.expected_sha256, candidate.totals)
        return Claimed(target, candidate.identity, *expected)

    def holds(self, claimed: Claimed) -> bool:
        """True if it is still there."""
        return self._identity(claimed.path, claimed.identity.name) == claimed.identity

    def leftovers(self) -> Iterator[Claimed]:
        """Files that an earlier run claimed, oldest first; half-made claims are undone."""
        for home in self._done.iterdir():
            _remove(home)
        for home in self._refusing.iterdir():
            self._finish_refusal(home)
        for home in sorted(self._claimed.iterdir(), key=lambda p: (p.lstat().st_mtime_ns, p.name)):
            names = [n for n in os.listdir(home) if not n.startswith(_MARKER_PREFIX)]
            if not names:
                self._undo(home)
                continue
            path = home / names[0]
            state = os.lstat(path)
            if not stat.S_ISREG(state.st_mode):
                self.put_back(path)  # the next scan says what is odd about it
                continue
            marker = self._marker(home)
            if marker.fault is not None:
                self.put_back(path)  # what it promised cannot be read any more: without it nothing is checked against
                continue
            yield Claimed(path, identity_of(path.name, state), marker.size, marker.sha256, marker.totals)

    def place(self, name: str, data: bytes) -> None:
        """A file of h2h's own, made beside the claimed ones and moved among them when it is whole."""
        home = self._placing / name
        home.mkdir(mode=0o700, exist_ok=True)  # one that was cut short is written over
        files.replace(home / name, data, mode=0o400)
        if not files.rename_new(home, self._claimed / name):
            _remove(home)  # it waits there already
        files.sync_directory(self._claimed)

    def put_back(self, path: Path) -> bool:
        """Give a claimed file its place and its marker back; False if that name is taken again by now."""
        if not files.rename_new(path, self._folder / path.name):
            return False
        self._undo(path.parent)
        return True

    def discard(self, path: Path) -> bool:
        """Remove a claimed file and its marker, in one step for whoever looks; False if it is gone already."""
        try:
            moved = _moved(path.parent, self._done)
        except FileNotFoundError:
            return False
        # Durable before the journal says so: else a power cut gives the file back, and it is taken for a second drop.
        files.sync_directory(self._done)
        _remove(moved)
        return True

    def adopt(self, node: str) -> int:
        """Take over what *node* had claimed, one rename each: of several that try, one has it."""
        count, base = 0, _base(self._folder, node or None)
        for name, ours in (("claimed", self._claimed), ("done", self._done), ("refusing", self._refusing)):
            for home in sorted((base / name).iterdir()) if (base / name).is_dir() else ():
                try:
                    _moved(home, ours)
                except FileNotFoundError:
                    continue  # another node was quicker
                count += name == "claimed"
        return count

    def set_aside(self, path: Path) -> str:
        """Move a file that was refused unread into ``refused/``, where the ERP's people find it; its name there."""
        return self._finish_refusal(_moved(path.parent, self._refusing))

    def _finish_refusal(self, home: Path) -> str:
        if self._refused.is_symlink():
            raise Unavailable(f"{self._refused} is a link", hint="the system administrator removes it")
        if not self._refused.exists():
            self._refused.mkdir()
            self._refused.chmod(stat.S_IMODE(self._folder.stat().st_mode))
        name = ""
        for path in home.iterdir():
            if path.name.startswith(_MARKER_PREFIX):
                continue
            number = 1
            while not files.rename_new(path, self._refused / numbered(path.name, number)):
                number += 1
            name = numbered(path.name, number)
        files.sync_directory(self._refused)
        _remove(home)
        return name

    def _new_home(self, identity: SourceIdentity) -> Path:
        stem = f"{identity.inode}-{identity.mtime_ns}-{identity.size}"
        number = 1
        while True:
            # A fresh directory each time: renaming one hard link onto another of the same file would do nothing.
            home = self._claimed / (stem if number == 1 else f"{stem}~{number}")
            try:
                home.mkdir(mode=0o700)
                return home
            except FileExistsError:
                number += 1

    def _bring_marker(self, marker: str, home: Path) -> bool:
        try:
            os.rename(self._folder / marker, home / f"{_MARKER_PREFIX}{marker}")
        except FileNotFoundError:
            return False
        return True

    def _undo(self, home: Path) -> None:
        for rest in home.iterdir():
            place = self._folder / rest.name.removeprefix(_MARKER_PREFIX)
            if not files.rename_new(rest, place):
                rest.unlink()  # the ERP wrote the marker anew: that one counts
        home.rmdir()

    @staticmethod
    def _marker(home: Path) -> Marker:
        for path in home.glob(f"{_MARKER_PREFIX}*"):
            return marker_at(path)
        return Marker()

    @staticmethod
    def _identity(path: Path, name: str) -> SourceIdentity | None:
        try:
            state = os.lstat(path)
        except FileNotFoundError:
            return None
        return identity_of(name, state) if stat.S_ISREG(state.st_mode) else None


def _base(folder: Path, node: str | None) -> Path:
    return folder / CORNER if node is None else folder / CORNER / "nodes" / node


def _moved(home: Path, into: Path) -> Path:
    number = 1
    while not files.rename_new(home, target := into / (home.name if number == 1 else f"{home.name}~{number}")):
        number += 1
    return target


def _remove(home: Path) -> None:
    for rest in home.iterdir():
        rest.unlink()
    home.rmdir()


def marker_at(path: Path) -> Marker:
    """What a marker file says; a fault if it is not a regular file or cannot be read."""
    try:
        fd = files.open_regular(path)
    except FileNotFoundError:
        return Marker(fault="the marker has gone again")
    except OSError as problem:
        return Marker(fault=f"the marker cannot be read: {(problem.strerror or str(problem)).lower()}")
    with open(fd, "rb") as file:
        return read_marker(file.read(MARKER_BYTES_MAX + 1))
