"""The simulated server's files: a directory as an SFTP client sees it, and the ways in which servers misbehave."""

from __future__ import annotations

import errno
import os
import stat as modes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko
from paramiko import sftp as codes
from paramiko.message import Message

if TYPE_CHECKING:
    from typing_extensions import Buffer

_EXTENSIONS = (("posix-rename@openssh.com", "1"), ("fsync@openssh.com", "1"))


@dataclass
class Faults:
    """What this server does wrong; all may be changed while it runs."""

    deny: frozenset[str] = frozenset()  # of create, rename, remove, list, stat, read: "permission denied"
    quota_bytes: int | None = None  # a write beyond this size of a file fails
    swallow_after_bytes: int | None = None  # beyond this size writes are confirmed and not stored
    posix_rename: bool = True  # offered and understood
    says_extensions: bool = True  # in the greeting; some servers understand what they do not announce
    list_escapes: bool = False  # names that lead elsewhere stand in every listing


class Files(paramiko.SFTPServerInterface):
    """One client's view of the directory *root*, which it cannot leave."""

    def __init__(self, server: paramiko.ServerInterface, root: Path, faults: Faults) -> None:
        super().__init__(server)
        self._root = root
        self.faults = faults

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        """Open or create a file, without following a link."""
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if ("create" if writes else "read") in self.faults.deny:
            return codes.SFTP_PERMISSION_DENIED
        try:
            descriptor = os.open(self._local(path), flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o640)
        except OSError as problem:
            return _code(problem)
        return _OpenFile(descriptor, self.faults)

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        """All entries, links not followed."""
        if "list" in self.faults.deny:
            return codes.SFTP_PERMISSION_DENIED
        found = []
        try:
            with os.scandir(self._local(path)) as entries:
                for entry in entries:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # taken away meanwhile
                    found.append(paramiko.SFTPAttributes.from_stat(status, entry.name))
        except OSError as problem:
            return _code(problem)
        if self.faults.list_escapes:
            found += [paramiko.SFTPAttributes.from_stat(os.stat(self._root), "../../etc/passwd")]
        return found

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        """Links followed."""
        return self._stat(path, follow=True)

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        """Links not followed."""
        return self._stat(path, follow=False)

    def remove(self, path: str) -> int:
        """Remove a file."""
        return self._act("remove", lambda: os.unlink(self._local(path)))

    def rename(self, oldpath: str, newpath: str) -> int:
        """As OpenSSH does it: link, then unlink; never over an existing name."""

        def link_and_unlink() -> None:
            os.link(self._local(oldpath), self._local(newpath), follow_symlinks=False)
            os.unlink(self._local(oldpath))

        return self._act("rename", link_and_unlink)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        """rename(2)."""
        if not self.faults.posix_rename:
            return codes.SFTP_OP_UNSUPPORTED
        return self._act("rename", lambda: os.rename(self._local(oldpath), self._local(newpath)))

    def _stat(self, path: str, *, follow: bool) -> paramiko.SFTPAttributes | int:
        if "stat" in self.faults.deny:
            return codes.SFTP_PERMISSION_DENIED
        try:
            return paramiko.SFTPAttributes.from_stat(os.stat(self._local(path), follow_symlinks=follow))
        except OSError as problem:
            return _code(problem)

    def _act(self, what: str, act: Callable[[], None]) -> int:
        if what in self.faults.deny:
            return codes.SFTP_PERMISSION_DENIED
        try:
            act()
        except OSError as problem:
            return _code(problem)
        return codes.SFTP_OK

    def _local(self, path: str) -> str:
        return str(self._root) + os.path.normpath("/" + path.lstrip("/"))


class _OpenFile(paramiko.SFTPHandle):
    """An open file by its descriptor."""

    def __init__(self, descriptor: int, faults: Faults) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._faults = faults

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def read(self, offset: int, length: int) -> bytes | int:
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as problem:
            return _code(problem)

    def write(self, offset: int, data: Buffer) -> int:
        quota, swallow = self._faults.quota_bytes, self._faults.swallow_after_bytes
        data = bytes(data)
        if quota is not None and offset + len(data) > quota:
            return codes.SFTP_FAILURE
        if swallow is not None:
            data = data[: max(0, swallow - offset)]
        try:
            os.pwrite(self._descriptor, data, offset)
        except OSError as problem:
            return _code(problem)
        return codes.SFTP_OK

    def stat(self) -> paramiko.SFTPAttributes | int:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self._descriptor))

    def sync(self) -> int:
        """Make it durable."""
        try:
            os.fsync(self._descriptor)
        except OSError as problem:
            return _code(problem)
        return codes.SFTP_OK


class FileServer(paramiko.SFTPServer):
    """paramiko's server, with OpenSSH's two extensions and with names as bytes."""

    file_table: dict[bytes, paramiko.SFTPHandle]

    def _send_server_version(self) -> int:
        kind, _ = self._read_packet()  # type: ignore[attr-defined]
        if kind != codes.CMD_INIT:
            raise codes.SFTPError("the client does not speak SFTP")
        greeting = Message()
        greeting.add_int(3)
        faults: Faults = self.server.faults  # type: ignore[attr-defined]
        for name, version in _EXTENSIONS if faults.says_extensions else ():
            if faults.posix_rename or not name.startswith("posix-rename"):
                greeting.add_string(name)
                greeting.add_string(version)
        self._send_packet(codes.CMD_VERSION, greeting)  # type: ignore[attr-defined]
        return 3

    def _process(self, kind: int, request: int, message: Message) -> None:
        body = _Request(message.get_remainder())
        if kind == codes.CMD_EXTENDED and body.get_text() == "fsync@openssh.com":
            handle = self.file_table.get(body.get_binary())
            code = handle.sync() if isinstance(handle, _OpenFile) else codes.SFTP_BAD_MESSAGE
            self._send_status(request, code)  # type: ignore[attr-defined]
            return
        body.rewind()
        super()._process(kind, request, body)  # type: ignore[misc]

    def _read_folder(self, request: int, folder: paramiko.SFTPHandle) -> None:
        entries: list[paramiko.SFTPAttributes] = folder._get_next_files()  # type: ignore[attr-defined]
        if not entries:
            self._send_status(request, codes.SFTP_EOF)  # type: ignore[attr-defined]
            return
        answer = Message()
        answer.add_int(request)
        answer.add_int(len(entries))
        for entry in entries:
            name = os.fsencode(entry.filename)
            answer.add_string(name)
            answer.add_string(modes.filemode(entry.st_mode or 0).encode() + b" " + name)
            entry._pack(answer)  # type: ignore[attr-defined]
        self._send_packet(codes.CMD_NAME, answer)  # type: ignore[attr-defined]


class _Request(Message):
    """A request whose texts are names: bytes that need not be UTF-8."""

    def get_text(self) -> str:
        return os.fsdecode(self.get_string())


def _code(problem: OSError) -> int:
    if problem.errno in (errno.EACCES, errno.EPERM):
        return codes.SFTP_PERMISSION_DENIED
    if problem.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return codes.SFTP_NO_SUCH_FILE
    return codes.SFTP_FAILURE
