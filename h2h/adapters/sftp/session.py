"""What a server's answers mean to h2h: not sent, in doubt, not there, not now.

A request that goes wrong before the rename leaves only a temporary file of a name that is never used again (`NotSent`).
The rename is the point of no return: any outcome but OK is a doubt. Everything else can be asked again (`Unavailable`).
"""

from __future__ import annotations

import errno
import hashlib
import stat as modes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO, Literal

from paramiko import sftp as codes

from h2h.adapters.sftp.transfer import hash_file, read_file, write_file
from h2h.adapters.sftp.wire import Attributes, Lost, No, Reply, Wire, string
from h2h.core.errors import InDoubt, Misconfigured, NotFound, NotPermitted, NotSent, OutOfSpace, Refused, Unavailable
from h2h.core.findings import WhoActs, error
from h2h.ports import RemoteEntry, RemoteKind

POSIX_RENAME = b"posix-rename@openssh.com"
_READDIR_UNDER_WAY = 16
_NUMBERED_MAX = 1000


class SftpSession:
    """One logged-in connection (`ports.Session`). After a lost reply it answers nothing but ``Unavailable``."""

    def __init__(
        self, wire: Wire, rename: Literal["posix", "fxp"], *, use_until: float, monotonic: Callable[[], float]
    ) -> None:
        self._wire = wire
        self._rename = rename
        self._use_until = use_until
        self._monotonic = monotonic
        self._posix_rename_known = rename == "fxp" or POSIX_RENAME in wire.extensions

    @property
    def extensions(self) -> frozenset[bytes]:
        """What the server offers beyond SFTP version 3."""
        return frozenset(self._wire.extensions)

    def create(self, folder: str, name: str, source: BinaryIO) -> None:
        """Write a new file whole; ``NotSent`` if anything at all went wrong, ``InDoubt`` if it is gone then."""
        path = _path(folder, name)
        try:
            self._still_young()
            self._know_posix_rename(path)
            written = write_file(self._wire, path, source)
            stored = self._attributes(path)
        except (No, Lost, OSError, Unavailable) as cause:
            raise NotSent(f"writing {_shown(folder, name)} did not succeed: {_words(cause)}") from cause
        if stored is None:
            raise InDoubt(f"the server confirmed {written} bytes of {_shown(folder, name)}, and has it no longer")
        if stored.size != written:
            raise NotSent(
                f"the server confirmed {written} bytes of {_shown(folder, name)}, but has {stored.size} bytes",
                hint="bank: quota or disk full?",
            )

    def stat(self, folder: str, name: str | bytes) -> RemoteEntry | None:
        """The entry; None only where the folder is there and the name is not."""
        path = _path(folder, name)
        with self._observing("looking for", folder, name):
            entry = self._wire.send(codes.CMD_LSTAT, string(path))
            around = self._wire.send(codes.CMD_STAT, string(_encoded(folder)))
            try:
                found: Attributes | None = self._wire.expect(entry, codes.CMD_ATTRS).attributes()
            except No as no:
                if no.code != codes.SFTP_NO_SUCH_FILE:
                    self._wire.forget([around])
                    raise
                found = None
            if found is not None:
                self._wire.forget([around])
                return _entry(_encoded(name), found, b"")
            # "No such file" is also said of a name in a folder that is gone; that proves nothing about the file.
            self._wire.expect(around, codes.CMD_ATTRS)
            return None

    def digest(self, folder: str, name: str) -> tuple[int, str] | None:
        """Read the content back and hash it."""
        path, sha256 = _path(folder, name), hashlib.sha256()
        try:
            with self._observing("reading back", folder, name):
                return hash_file(self._wire, path, sha256.update), sha256.hexdigest()
        except Unavailable as unavailable:
            if not _is_missing(unavailable):
                raise
        if self.stat(folder, name) is not None:
            raise Unavailable(f"{_shown(folder, name)} cannot be read back, though it is there")
        return None

    def rename(self, folder: str, name: str, to_folder: str, to_name: str) -> None:
        """Ask for the rename; anything but the server's OK is ``InDoubt``."""
        old, new = _path(folder, name), _path(to_folder, to_name)
        try:
            self._rename_now(old, new, self._rename)
        except (No, Lost) as cause:
            raise InDoubt(
                f"renaming {_shown(folder, name)} to {_shown(to_folder, to_name)} was not confirmed: {_words(cause)}"
            ) from cause

    def remove(self, folder: str, name: str | bytes) -> None:
        """Remove a file; one that is not there is success."""
        path = _path(folder, name)
        try:
            with self._observing("removing", folder, name):
                self._wire.ask(codes.CMD_REMOVE, string(path))
        except Unavailable as unavailable:
            if not _is_missing(unavailable):
                raise

    def move(self, folder: str, name: bytes, to_folder: str) -> None:
        """Move a file aside; a name that is taken there gets a number behind it. A missing file is success.

        Into the folder in which it lies: it stays as it is.
        """
        old = _path(folder, name)
        if PurePosixPath(folder) == PurePosixPath(to_folder):
            return
        for number in range(_NUMBERED_MAX):
            new_name = name if number == 0 else b"%s~%d" % (name, number + 1)
            with self._observing("moving", folder, name):
                try:
                    # The plain rename refuses to overwrite; posix-rename would replace an older file of that name.
                    self._rename_now(old, _path(to_folder, new_name), "fxp")
                    return
                except No:
                    if self._attributes(old) is None:
                        return
                    if self._attributes(_path(to_folder, new_name)) is None:
                        raise
        raise Unavailable(f"{_shown(to_folder, name)}: {_NUMBERED_MAX} files of that name are there already")

    def list(self, folder: str) -> Iterator[RemoteEntry]:
        """All names but . and .., as the server sends them; never the whole folder in memory."""
        with self._observing("listing", folder):
            self._still_young()
            handle = self._wire.ask(codes.CMD_OPENDIR, string(_encoded(folder)), expect=codes.CMD_HANDLE).string()
        under_way: list[int] = []
        try:
            while True:
                with self._observing("listing", folder):
                    while len(under_way) < _READDIR_UNDER_WAY:
                        under_way.append(self._wire.send(codes.CMD_READDIR, string(handle)))
                    try:
                        names = list(_names(self._wire.expect(under_way.pop(0), codes.CMD_NAME)))
                    except No as no:
                        if no.code == codes.SFTP_EOF:
                            return
                        raise
                yield from names
        finally:
            if self._wire.dead is None:
                with self._observing("listing", folder):
                    self._wire.forget([*under_way, self._wire.send(codes.CMD_CLOSE, string(handle))])

    def fetch(self, folder: str, name: bytes, sink: BinaryIO, bytes_max: int) -> int:
        """Copy the content to *sink*; its size. One that changes meanwhile is not complete: ``Unavailable``."""
        path, room = _path(folder, name), bytes_max

        def write(piece: bytes) -> None:
            nonlocal room
            room -= len(piece)
            if room < 0:
                raise _too_large(folder, name, bytes_max)
            sink.write(piece)

        try:
            with self._observing("fetching", folder, name):
                self._still_young()
                read = read_file(self._wire, path, write, refuse_over=bytes_max)
        except OSError as problem:
            kind = OutOfSpace if problem.errno in (errno.ENOSPC, errno.EDQUOT) else Unavailable
            raise kind(f"{_shown(folder, name)} cannot be written here: {problem.strerror or problem}") from problem
        except Unavailable as unavailable:
            if _is_missing(unavailable) and self.stat(folder, name) is None:
                raise NotFound(f"{_shown(folder, name)} is not there any more") from unavailable
            raise
        if read.too_large:
            raise _too_large(folder, name, bytes_max)
        if read.changed:
            raise Unavailable(f"{_shown(folder, name)} changed while it was read; the bank is still writing it")
        return read.size

    # ------------------------------------------------------------------------------------------ helpers

    def _attributes(self, path: bytes) -> Attributes | None:
        try:
            return self._wire.ask(codes.CMD_LSTAT, string(path), expect=codes.CMD_ATTRS).attributes()
        except No as no:
            if no.code == codes.SFTP_NO_SUCH_FILE:
                return None
            raise

    def _rename_now(self, old: bytes, new: bytes, kind: str) -> None:
        if kind == "posix":
            self._wire.ask(codes.CMD_EXTENDED, string(POSIX_RENAME), string(old), string(new))
        else:
            self._wire.ask(codes.CMD_RENAME, string(old), string(new))

    def _know_posix_rename(self, path: bytes) -> None:
        """Before the point of no return: would the server understand the rename? Asked with a name that never was."""
        if self._posix_rename_known:
            return
        try:
            self._rename_now(path + b".never", path + b".neither", "posix")
        except No as no:
            if no.code == codes.SFTP_OP_UNSUPPORTED:
                raise
        self._posix_rename_known = True

    def _still_young(self) -> None:
        if self._monotonic() > self._use_until:
            raise Unavailable("this connection has been open for long enough; a new one is due")

    @contextmanager
    def _observing(self, doing: str, folder: str, name: str | bytes | None = None) -> Iterator[None]:
        """Turn what the wire says into ``Unavailable``, with words."""
        try:
            yield
        except (No, Lost) as cause:
            code = cause.code if isinstance(cause, No) else None
            hint = _HINTS.get(code) if code is not None else None
            kind = NotPermitted if code == codes.SFTP_PERMISSION_DENIED else Unavailable
            raise kind(f"{doing} {_shown(folder, name)} did not succeed: {_words(cause)}", hint=hint) from cause


_HINTS = {
    codes.SFTP_PERMISSION_DENIED: "bank: does this user have the right to do so?",
    codes.SFTP_NO_SUCH_FILE: "system administrator: compare [folders] with what the bank shows this user",
}


def _is_missing(unavailable: Unavailable) -> bool:
    cause = unavailable.__cause__
    return isinstance(cause, No) and cause.code == codes.SFTP_NO_SUCH_FILE


def _words(cause: BaseException) -> str:
    if isinstance(cause, No) and cause.code == codes.SFTP_OP_UNSUPPORTED:
        return f"{cause} (system administrator: `h2h bank test` finds out which rename this server knows)"
    if isinstance(cause, OSError):
        return f"the file to send cannot be read: {cause.strerror or cause}"
    return str(cause)


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def _path(folder: str, name: str | bytes) -> bytes:
    """``folder/name``; a name that could lead elsewhere is refused before anything is asked."""
    encoded = _encoded(name)
    if encoded in (b"", b".", b"..") or b"/" in encoded or b"\0" in encoded:
        raise Misconfigured(f"{encoded!r} is not a file name")
    return _encoded(folder).rstrip(b"/") + b"/" + encoded


def _shown(folder: str, name: str | bytes | None) -> str:
    if name is None:
        return f"folder {folder!r}"
    return repr(f"{folder}/" + _encoded(name).decode("utf-8", "backslashreplace"))


def _too_large(folder: str, name: bytes, bytes_max: int) -> Refused:
    return Refused(
        [error("H2H-TOO-LARGE", _shown(folder, name), f"the file is larger than {bytes_max} bytes", WhoActs.BANK)]
    )


def _names(reply: Reply) -> Iterator[RemoteEntry]:
    for _ in range(reply.number()):
        name, long_name = reply.string(), reply.string()
        attributes = reply.attributes()
        if name not in (b".", b".."):
            yield _entry(name, attributes, long_name)


def _entry(name: bytes, attributes: Attributes, long_name: bytes) -> RemoteEntry:
    return RemoteEntry(name, attributes.size or 0, attributes.mtime or 0, _kind(name, attributes, long_name))


def _kind(name: bytes, attributes: Attributes, long_name: bytes) -> RemoteKind:
    # A server may not send the type bits; then the first character of its `ls -l` line says it, else it is a file.
    if name == b"" or b"/" in name or b"\0" in name:
        return RemoteKind.OTHER
    bits = modes.S_IFMT(attributes.permissions or 0)
    if bits:
        kinds = {modes.S_IFREG: RemoteKind.FILE, modes.S_IFDIR: RemoteKind.DIRECTORY}
        return kinds.get(bits, RemoteKind.OTHER)
    letters = {b"d": RemoteKind.DIRECTORY, b"l": RemoteKind.OTHER, b"p": RemoteKind.OTHER, b"s": RemoteKind.OTHER}
    return letters.get(long_name[:1], RemoteKind.FILE)
