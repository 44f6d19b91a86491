"""A bank's server in memory: folders of names, files as inodes, and requests that are carried out late."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from h2h.core.errors import InDoubt, Misconfigured, NotFound, NotSent, Refused, Unavailable
from h2h.core.findings import WhoActs, error
from h2h.ports import RemoteEntry, RemoteKind, Session

_BLOCK = 1 << 16


@dataclass(eq=False, slots=True)
class Inode:
    """A file apart from its names."""

    data: bytes
    mtime: int


@dataclass(eq=False)
class MemoryBank:
    """The folders. ``appeared`` is called with the folder, the name and the bytes of what a rename made visible."""

    now: Callable[[], datetime]
    rename: str = "posix"
    folders: dict[str, dict[bytes, Inode]] = field(default_factory=dict)
    late: list[Callable[[], object]] = field(default_factory=list)
    appeared: Callable[[str, str, bytes], None] = lambda folder, name, data: None

    @property
    def rename_is_atomic(self) -> bool:
        """True for posix rename; else a link, then an unlink, as OpenSSH does."""
        return self.rename == "posix"

    @contextmanager
    def connect(self) -> Iterator[Session]:
        """Log in: nothing stands against it here."""
        yield MemorySession(self)

    def folder(self, name: str) -> dict[bytes, Inode]:
        """``KeyError`` if there is none."""
        return self.folders[name.strip("/")]

    def put(self, folder: str, name: bytes, data: bytes, mtime: int | None = None) -> None:
        """The bank's own program writes a file."""
        self.folders.setdefault(folder, {})[name] = Inode(data, int(self.now().timestamp()) if mtime is None else mtime)

    def carry_out_late(self) -> None:
        """The server comes to what it was asked long ago."""
        while self.late:
            request = self.late.pop(0)
            try:
                request()
            except (Unavailable, InDoubt, NotSent, Misconfigured, NotFound):
                continue  # its time has gone


class MemorySession:
    """`ports.Session` over the folders."""

    def __init__(self, bank: MemoryBank) -> None:
        self._bank = bank

    def create(self, folder: str, name: str, source: BinaryIO) -> None:
        """A new file, whole; ``NotSent``."""
        key = _name(name)
        try:
            names = self._bank.folder(folder)
        except KeyError:
            raise NotSent(f"there is no folder {folder}") from None
        if key in names:
            raise NotSent(f"writing {folder}/{name} did not succeed: the name is there")
        inode = names[key] = Inode(b"", int(self._bank.now().timestamp()))
        while block := source.read(_BLOCK):
            inode.data += block

    def stat(self, folder: str, name: str | bytes) -> RemoteEntry | None:
        """The entry, or None."""
        key = _name(name)
        inode = self._names(folder).get(key)
        return None if inode is None else RemoteEntry(key, len(inode.data), inode.mtime, RemoteKind.FILE)

    def digest(self, folder: str, name: str) -> tuple[int, str] | None:
        """(size, SHA-256), or None."""
        key = _name(name)
        inode = self._names(folder).get(key)
        return None if inode is None else (len(inode.data), hashlib.sha256(inode.data).hexdigest())

    def rename(self, folder: str, name: str, to_folder: str, to_name: str) -> None:
        """Rename as the bank does; ``InDoubt`` unless it has happened."""
        old, new = _name(name), _name(to_name)
        try:
            source, target = self._bank.folder(folder), self._bank.folder(to_folder)
        except KeyError:
            raise InDoubt(f"there is no folder {folder} or {to_folder}") from None
        if old not in source or (new in target and not self._bank.rename_is_atomic):
            raise InDoubt(f"renaming {folder}/{name} to {to_folder}/{to_name} did not succeed: Failure")
        target[new] = source.pop(old)
        self._bank.appeared(to_folder, to_name, target[new].data)

    def link(self, folder: str, name: str, to_folder: str, to_name: str) -> None:
        """The first half of a rename that is none: both names are there."""
        source, target = self._bank.folder(folder), self._bank.folder(to_folder)
        if _name(name) in source and _name(to_name) not in target:
            target[_name(to_name)] = source[_name(name)]
            self._bank.appeared(to_folder, to_name, target[_name(to_name)].data)

    def remove(self, folder: str, name: str | bytes) -> None:
        """Gone already is success."""
        key = _name(name)
        self._names(folder).pop(key, None)

    def move(self, folder: str, name: bytes, to_folder: str) -> None:
        """Aside, under a number if the name is taken there; gone already is success."""
        key = _name(name)
        source, target = self._names(folder), self._names(to_folder)
        if key not in source:
            return
        new, number = key, 1
        while new in target:
            number += 1
            new = b"%s~%d" % (key, number)
        target[new] = source.pop(key)

    def list(self, folder: str) -> Iterator[RemoteEntry]:
        """All names."""
        for name, inode in list(self._names(folder).items()):
            yield RemoteEntry(name, len(inode.data), inode.mtime, RemoteKind.FILE)

    def fetch(self, folder: str, name: bytes, sink: BinaryIO, bytes_max: int) -> int:
        """Copy the content; its size. ``NotFound``, ``Refused``."""
        key = _name(name)
        inode = self._names(folder).get(key)
        if inode is None:
            raise NotFound(f"{folder}/{name!r} is not there any more")
        if len(inode.data) > bytes_max:
            text = f"the file is larger than {bytes_max} bytes"
            raise Refused([error("H2H-TOO-LARGE", folder, text, WhoActs.BANK)])
        sink.write(inode.data)
        return len(inode.data)

    def _names(self, folder: str) -> dict[bytes, Inode]:
        try:
            return self._bank.folder(folder)
        except KeyError:
            raise Unavailable(f"there is no folder {folder}") from None


def _name(name: str | bytes) -> bytes:
    encoded = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    if encoded in (b"", b".", b"..") or b"/" in encoded or b"\0" in encoded:
        raise Misconfigured(f"{encoded!r} is not a file name")
    return encoded
