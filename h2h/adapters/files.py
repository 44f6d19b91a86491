"""Files on disk, done right in one place: temporary name, write, fsync, rename or link, fsync of the directory.

A reader of any file made here sees all of it or nothing, also after a power cut. Every other adapter that writes files
imports this one (the only import among adapters). Failures come out as ``OutOfSpace`` or ``Unavailable`` with words for
the system administrator; only a failed fsync rises as ``NotDurable``, because what the kernel then still holds is not
known and the same data must not be synchronised again.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from h2h.core.errors import H2HError, NotDurable, OutOfSpace, Unavailable

CHUNK = 1 << 20
TEMPORARIES_KEPT_SECONDS = 86_400  # nobody writes one file for a day
TEMPORARY_PREFIX = ".h2h-"  # all our temporary names; they begin with a dot, so folder watchers pass them over
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "9p", "virtiofs"}
_MOUNTINFO = Path("/proc/self/mountinfo")
_counter = itertools.count(1)
_AT_FDCWD, _RENAME_NOREPLACE = -100, 1  # linux/fcntl.h, linux/fs.h
_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)  # glibc from 2.28, musl from 1.2.6


class NotRegular(OSError):
    """The name is a symbolic link, a directory, a pipe or a device, not a regular file."""


@contextmanager
def in_words(doing: str, path: Path) -> Iterator[None]:
    """Turn an ``OSError`` inside into ``OutOfSpace`` or ``Unavailable``: "cannot *doing* PATH: reason".

    ``NotDurable`` and ``NotRegular`` pass: the caller must not take them for a passing trouble.
    """
    try:
        yield
    except (NotDurable, NotRegular):
        raise
    except OSError as problem:
        raise translated(problem, doing, path) from problem


def translated(problem: OSError, doing: str, path: Path) -> H2HError:
    """The error of the house for *problem*, with what a system administrator can do about it."""
    text = f"cannot {doing} {path}: {(problem.strerror or str(problem)).lower()}"
    if problem.errno in _NO_ROOM:
        return OutOfSpace(text, hint="the system administrator frees or adds space; h2h goes on by itself then")
    hints = {
        errno.ENOENT: "does the folder exist, and is its file system mounted?",
        errno.ENOTDIR: "a part of the path is not a directory",
        errno.EACCES: "give h2h's user the right to it",
        errno.EPERM: "give h2h's user the right to it",
        errno.EROFS: "mount it so that h2h can write to it",
        errno.ESTALE: "the network file system must be mounted again",
        errno.ENAMETOOLONG: "the name is too long for this file system",
        errno.EMFILE: "raise the limit of open files (LimitNOFILE=)",
    }
    return Unavailable(text, hint=hints.get(problem.errno or 0, "the system administrator looks at the file system"))


def megabytes(count: int) -> str:
    """A number of bytes for people, in the units in which disks are sold."""
    return f"{count / 1_000_000:,.0f} MB"


# ------------------------------------------------------------------------------------------------------- writing


def replace(path: Path, data: bytes | Path, *, mode: int = 0o600, group: int | None = None) -> None:
    """Write *path* whole and durably, in the place of whatever bears that name."""
    with in_words("write", path), _temporary(path.parent, data, mode, group) as temporary:
        os.rename(temporary, path)
        sync_directory(path.parent)


def create(path: Path, data: bytes | Path, *, mode: int = 0o600, group: int | None = None) -> bool:
    """Write *path* whole and durably if nothing bears that name; False, and nothing done, if something does."""
    with in_words("write", path), _temporary(path.parent, data, mode, group) as temporary:
        try:
            os.link(temporary, path, follow_symlinks=False)
        except FileExistsError:
            return False
        except OSError as problem:
            if problem.errno not in _NO_LINKS:
                raise
            if not rename_new(temporary, path):
                return False
        sync_directory(path.parent)
        return True


def make_durable(path: Path) -> None:
    """Synchronise a file that is there, and its name: a process that was killed may have left both in memory only."""
    with in_words("synchronise", path):
        fd = open_regular(path)
        try:
            sync(fd)
        finally:
            os.close(fd)
        sync_directory(path.parent)


def rename_new(source: Path, target: Path) -> bool:
    """Rename unless *target* exists (then False). Unlike a hard link it works on other users' files, too."""
    if _renameat2 is not None:
        if _renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE) == 0:
            return True
        number = ctypes.get_errno()
        if number == errno.EEXIST:
            return False
        if number not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(number, os.strerror(number), str(source))
    # NFS and some FUSE cannot do both in one step; h2h asks and renames within microseconds.
    if os.path.lexists(target):
        return False
    os.rename(source, target)
    return True


def make_directories(path: Path) -> None:
    """Make *path* and its parents, durably and for the owner alone; those that exist stay as they are."""
    with in_words("make the directory", path):
        missing = list(itertools.takewhile(lambda p: not p.is_dir(), (path, *path.parents)))
        for directory in reversed(missing):
            try:
                os.mkdir(directory, 0o700)
            except FileExistsError:
                if not directory.is_dir():
                    raise
            sync_directory(directory.parent)


def tidy(directory: Path, older_than: float) -> None:
    """Remove temporary files that a process cut short left behind before *older_than* (seconds since 1970)."""
    with in_words("tidy", directory), os.scandir(directory) as entries:
        for entry in entries:
            if is_temporary(entry.name) and _older(entry, older_than):
                Path(entry.path).unlink(missing_ok=True)


def _older(entry: os.DirEntry[str], than: float) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_mtime < than
    except FileNotFoundError:
        return False  # whoever was writing it has given it its name: it is no left-over


def is_temporary(name: str) -> bool:
    """True for the names this module gives to files that are not whole yet."""
    return name.startswith(TEMPORARY_PREFIX) and name.endswith(".tmp")


@contextmanager
def temporary_file(directory: Path, mode: int = 0o600) -> Iterator[tuple[FileIO, Path]]:
    """An open file and its path in *directory*; the name is gone afterwards unless it was renamed."""
    while True:
        path = directory / f"{TEMPORARY_PREFIX}{os.getpid()}-{next(_counter)}.tmp"
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            break
        except FileExistsError:
            continue  # left by an earlier process of the same number; tidy() removes it one day
    try:
        with FileIO(fd, "r+") as file:
            os.fchmod(fd, mode)  # explicit: the umask must not decide who can read a receipt
            yield file, path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _temporary(directory: Path, data: bytes | Path, mode: int, group: int | None) -> Iterator[Path]:
    with temporary_file(directory, mode) as (file, path):
        fd = file.fileno()
        if group is not None and os.fstat(fd).st_gid != group:
            _give_to_group(fd, group, mode)
        if isinstance(data, Path):
            source = open_regular(data)
            try:
                copy(source, fd)
            finally:
                os.close(source)
        else:
            write_all(fd, data)
        sync(fd)
        file.close()  # before it gets its name: a close after that looks like news to those who watch the folder
        yield path


def _give_to_group(fd: int, group: int, mode: int) -> None:
    try:
        os.fchown(fd, -1, group)
        os.fchmod(fd, mode)
    except PermissionError:
        return  # h2h is no member of that group: the file keeps its own group, and its mode says who may read it


# ------------------------------------------------------------------------------------------------------- reading


def open_regular(path: Path) -> int:
    """A descriptor for reading *path*, which must be a regular file; never follows a link, never waits for a pipe.

    ``NotRegular``; any other ``OSError`` as it is.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as problem:
        if problem.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):
            raise NotRegular(problem.errno, "not a regular file", str(path)) from problem
        raise
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotRegular(errno.EINVAL, "not a regular file", str(path))
    return fd


def same_bytes(path: Path, data: bytes | Path) -> bool:
    """True if *path* is a regular file with exactly these bytes."""
    try:
        fd = open_regular(path)
    except NotRegular:
        return False
    with open(fd, "rb") as there:
        if not isinstance(data, Path):
            return os.fstat(fd).st_size == len(data) and there.read(len(data) + 1) == data
        with open(open_regular(data), "rb") as ours:
            return os.fstat(fd).st_size == os.fstat(ours.fileno()).st_size and _same_stream(there, ours)


def digest(path: Path) -> tuple[int, str]:
    """(size, SHA-256) of a regular file."""
    fd = open_regular(path)
    try:
        return copy(fd, None)
    finally:
        os.close(fd)


def copy(source: int, sink: int | None, bytes_max: int | None = None) -> tuple[int, str]:
    """Copy one descriptor's bytes to the other; (size, SHA-256). Stops one chunk after *bytes_max*."""
    size, sha = 0, hashlib.sha256()
    while chunk := os.read(source, CHUNK):
        size += len(chunk)
        sha.update(chunk)
        if sink is not None:
            write_all(sink, chunk)
        if bytes_max is not None and size > bytes_max:
            break
    return size, sha.hexdigest()


def write_all(fd: int, data: bytes) -> None:
    """Write every byte; a short write is continued, not an error."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync(fd: int) -> None:
    """fsync. ``NotDurable`` if it failed for any reason but a full disk (then the temporary file is thrown away)."""
    try:
        os.fsync(fd)
    except OSError as problem:
        if problem.errno in _NO_ROOM:
            raise
        raise NotDurable(problem.errno, f"fsync failed: {problem.strerror}") from problem


def sync_directory(path: Path) -> None:
    """Make the names of a directory durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(fd)
    except NotDurable as problem:
        if problem.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
        # Some network file systems know no fsync of directories; their server orders names itself.
    finally:
        os.close(fd)


def free_bytes(path: Path) -> int:
    """Bytes that h2h's user can still write to the file system of *path*."""
    with in_words("ask for the free space of", path):
        state = os.statvfs(path)
        return state.f_bavail * state.f_frsize


def _same_stream(one: BinaryIO, other: BinaryIO) -> bool:
    while True:
        left, right = one.read(CHUNK), other.read(CHUNK)
        if left != right:
            return False
        if not left:
            return True


# ------------------------------------------------------------------------------------------------------- where


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


def _unescaped(point: str) -> str:
    r"""The kernel writes space, tab, newline and backslash of a mount point as \040, \011, \012, \134."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, character)
    return point
