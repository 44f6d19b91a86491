"""A bank behind a directory, which another program carries on: the same protocol as over SFTP, held to the same tests.

Folders are reached from the root by descriptor, names never hold a slash, links are never followed. A local file system
has no deadlines: on one that hangs (NFS), these calls hang with it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat as modes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from h2h.core.errors import InDoubt, Misconfigured, NotFound, NotPermitted, NotSent, OutOfSpace, Refused, Unavailable
from h2h.core.findings import WhoActs, error
from h2h.ports import RemoteEntry, RemoteKind, Session

_BLOCK = 1024 * 1024
_NUMBERED_MAX = 1000


class BankOverDirectory:
    """The way to one bank through a directory (`ports.Channel`)."""

    def __init__(self, root: Path, rename: Literal["posix", "fxp"] = "posix") -> None:
        self._root = root
        self._rename = rename

    @property
    def rename_is_atomic(self) -> bool:
        """True for rename(2); "fxp" links and then unlinks, as SFTP's plain rename does on OpenSSH."""
        return self._rename == "posix"

    @contextmanager
    def connect(self) -> Iterator[Session]:
        """Open the root; ``Unavailable`` if it is not there (an unmounted file system, say)."""
        try:
            root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as problem:
            raise Unavailable(
                f"the bank's directory {self._root} cannot be opened: {problem.strerror}",
                hint="system administrator: is it mounted, and may h2h's user enter it?",
            ) from problem
        try:
            yield DirectorySession(root, self._rename)
        finally:
            os.close(root)


class DirectorySession:
    """The open root (`ports.Session`)."""

    def __init__(self, root: int, rename: Literal["posix", "fxp"]) -> None:
        self._root = root
        self._rename = rename

    def create(self, folder: str, name: str, source: BinaryIO) -> None:
        """Write a new file whole and durably; ``NotSent`` if anything went wrong, ``InDoubt`` if it is gone then."""
        encoded = _name(name)
        try:
            with self._open(folder) as directory:
                written = _write(directory, encoded, source)
                os.fsync(directory)
                try:
                    stored = os.stat(encoded, dir_fd=directory, follow_symlinks=False).st_size
                except FileNotFoundError:
                    raise InDoubt(f"{written} bytes of {_shown(folder, name)} were written, and it is gone") from None
        except OSError as problem:
            raise NotSent(f"writing {_shown(folder, name)} did not succeed: {problem.strerror or problem}") from problem
        if stored != written:
            raise NotSent(f"{written} bytes of {_shown(folder, name)} were written, but {stored} are there")

    def stat(self, folder: str, name: str | bytes) -> RemoteEntry | None:
        """The entry, or None if the folder is there and the name is not."""
        encoded = _name(name)
        with _observing("looking for", folder, name), self._open(folder) as directory:
            try:
                return _entry(encoded, os.stat(encoded, dir_fd=directory, follow_symlinks=False))
            except FileNotFoundError:
                return None

    def digest(self, folder: str, name: str) -> tuple[int, str] | None:
        """(size, SHA-256) of the content, or None if the folder is there and the name is not."""
        encoded, sha256, size = _name(name), hashlib.sha256(), 0
        with _observing("reading back", folder, name), self._open(folder) as directory:
            try:
                with _reading(directory, encoded) as file:
                    while block := file.read(_BLOCK):
                        sha256.update(block)
                        size += len(block)
            except FileNotFoundError:
                return None
        return size, sha256.hexdigest()

    def rename(self, folder: str, name: str, to_folder: str, to_name: str) -> None:
        """Rename durably; anything but success is ``InDoubt``, as the caller observes again in any case."""
        old, new = _name(name), _name(to_name)
        try:
            with self._open(folder) as source, self._open(to_folder) as target:
                if self._rename == "posix":
                    os.rename(old, new, src_dir_fd=source, dst_dir_fd=target)
                else:
                    os.link(old, new, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
                    os.unlink(old, dir_fd=source)
                os.fsync(target)
                os.fsync(source)
        except OSError as problem:
            raise InDoubt(
                f"renaming {_shown(folder, name)} to {_shown(to_folder, to_name)} did not succeed: "
                f"{problem.strerror or problem}"
            ) from problem

    def remove(self, folder: str, name: str | bytes) -> None:
        """Remove a file; one that is not there is success."""
        encoded = _name(name)
        with _observing("removing", folder, name), self._open(folder) as directory:
            try:
                os.unlink(encoded, dir_fd=directory)
                os.fsync(directory)
            except FileNotFoundError:
                return

    def move(self, folder: str, name: bytes, to_folder: str) -> None:
        """Move a file aside; a name that is taken there gets a number behind it. A missing file is success.

        Into the folder in which it lies, under whatever name that folder goes: it stays as it is.
        """
        encoded = _name(name)
        with (
            _observing("moving", folder, name),
            self._open(folder) as source,
            self._open(to_folder) as target,
        ):
            if os.path.samestat(os.fstat(source), os.fstat(target)):
                return  # its name is "taken there" by itself; the link that was made and the file would be one
            for number in range(_NUMBERED_MAX):
                new = encoded if number == 0 else b"%s~%d" % (encoded, number + 1)
                try:
                    # A link refuses to overwrite; a crash between the two leaves both names, and the next move ends it.
                    os.link(encoded, new, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
                except FileExistsError:
                    if not _same(source, encoded, target, new):
                        continue
                except FileNotFoundError:
                    return
                os.fsync(target)
                os.unlink(encoded, dir_fd=source)
                os.fsync(source)
                return
        raise Unavailable(f"{_shown(to_folder, name)}: {_NUMBERED_MAX} files of that name are there already")

    def list(self, folder: str) -> Iterator[RemoteEntry]:
        """All names, streamed."""
        with _observing("listing", folder), self._open(folder) as directory, os.scandir(directory) as entries:
            for entry in entries:
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # taken away while the folder was read
                yield _entry(os.fsencode(entry.name), found)

    def fetch(self, folder: str, name: bytes, sink: BinaryIO, bytes_max: int) -> int:
        """Copy the content to *sink*; its size. One that changes meanwhile is not complete: ``Unavailable``."""
        encoded, size = _name(name), 0
        with _observing("fetching", folder, name), self._open(folder) as directory:
            try:
                with _reading(directory, encoded) as file:
                    before = os.fstat(file.fileno())
                    while block := file.read(_BLOCK):
                        size += len(block)
                        if size > bytes_max:
                            raise _too_large(folder, name, bytes_max)
                        sink.write(block)
                    after = os.fstat(file.fileno())
            except FileNotFoundError as problem:
                raise NotFound(f"{_shown(folder, name)} is not there any more") from problem
        if (before.st_size, before.st_mtime_ns, size) != (after.st_size, after.st_mtime_ns, after.st_size):
            raise Unavailable(f"{_shown(folder, name)} changed while it was read; the bank is still writing it")
        return size

    @contextmanager
    def _open(self, folder: str) -> Iterator[int]:
        """The folder's descriptor, below the root."""
        parts = [part for part in PurePosixPath(folder).parts if part != "/"]
        if ".." in parts:
            raise Misconfigured(f"folder {folder!r} leads out of the bank's directory")
        try:
            directory = os.open("/".join(parts) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._root)
        except OSError as problem:
            # The folder itself is gone: that says nothing about the file, so it must not look like "no such name".
            raise OSError(errno.ESTALE, f"the folder {folder!r} cannot be opened: {problem.strerror}") from problem
        try:
            yield directory
        finally:
            os.close(directory)


def _write(directory: int, name: bytes, source: BinaryIO) -> int:
    descriptor = os.open(
        name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640, dir_fd=directory
    )
    written = 0
    with os.fdopen(descriptor, "wb") as file:
        while block := source.read(_BLOCK):
            file.write(block)
            written += len(block)
        file.flush()
        os.fsync(descriptor)
    return written


@contextmanager
def _reading(directory: int, name: bytes) -> Iterator[BinaryIO]:
    """A regular file, opened without following a link and without waiting for a pipe's other end."""
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    with os.fdopen(descriptor, "rb") as file:
        if not modes.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        yield file


@contextmanager
def _observing(doing: str, folder: str, name: str | bytes | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        kind: Callable[[str], Unavailable] = Unavailable
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            kind = OutOfSpace
        elif problem.errno in (errno.EACCES, errno.EPERM):
            kind = NotPermitted
        raise kind(f"{doing} {_shown(folder, name)} did not succeed: {problem.strerror or problem}") from problem


def _same(one: int, name: bytes, other: int, other_name: bytes) -> bool:
    return os.path.samestat(
        os.stat(name, dir_fd=one, follow_symlinks=False), os.stat(other_name, dir_fd=other, follow_symlinks=False)
    )


def _name(name: str | bytes) -> bytes:
    encoded = os.fsencode(name)
    if encoded in (b"", b".", b"..") or b"/" in encoded or b"\0" in encoded:
        raise Misconfigured(f"{encoded!r} is not a file name")
    return encoded


def _shown(folder: str, name: str | bytes | None) -> str:
    if name is None:
        return f"folder {folder!r}"
    return repr(f"{folder}/" + os.fsencode(name).decode("utf-8", "backslashreplace"))


def _too_large(folder: str, name: bytes, bytes_max: int) -> Refused:
    return Refused(
        [error("H2H-TOO-LARGE", _shown(folder, name), f"the file is larger than {bytes_max} bytes", WhoActs.BANK)]
    )


def _entry(name: bytes, found: os.stat_result) -> RemoteEntry:
    kind = RemoteKind.OTHER
    if modes.S_ISREG(found.st_mode):
        kind = RemoteKind.FILE
    elif modes.S_ISDIR(found.st_mode):
        kind = RemoteKind.DIRECTORY
    return RemoteEntry(name, found.st_size, int(found.st_mtime), kind)
