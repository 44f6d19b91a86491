"""The bank's server: names, bytes, and what an error proves (nothing)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Protocol


class RemoteKind(StrEnum):
    """What a remote name is. Only FILE is ever fetched."""

    FILE = "file"
    DIRECTORY = "directory"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """One name in a remote folder. Names are bytes: banks do not promise UTF-8."""

    name: bytes
    size: int
    mtime: int
    kind: RemoteKind


class Session(Protocol):
    """One logged-in connection. Paths are ``folder/name``; every call has a deadline.

    Errors are never evidence: a server says "Failure" for many things, and a lost reply says nothing at all. After any
    error the caller observes again (``stat``, ``digest``) before it decides.
    """

    def create(self, folder: str, name: str, source: BinaryIO) -> None:
        """Write *source* to a new file: exclusive create, write, fsync if offered, close with its reply checked.

        ``NotSent`` whenever it did not go through entirely (the name is never reused, so a half file is harmless).
        ``InDoubt`` if all of it was written and the name is gone: whoever took it away may have taken it for a payment.
        """

    def stat(self, folder: str, name: str | bytes) -> RemoteEntry | None:
        """The entry, or None if the server says there is no such name; ``Unavailable`` if it cannot be known."""

    def digest(self, folder: str, name: str) -> tuple[int, str] | None:
        """(size, SHA-256) of the content read back; None if there is no such name; ``Unavailable``."""

    def rename(self, folder: str, name: str, to_folder: str, to_name: str) -> None:
        """Rename, by posix-rename or plain as configured. ``InDoubt`` for every outcome but an OK reply."""

    def remove(self, folder: str, name: str | bytes) -> None:
        """Remove a file; a missing name is success. ``Unavailable`` otherwise."""

    def move(self, folder: str, name: bytes, to_folder: str) -> None:
        """Move a fetched file aside; a missing name is success. ``Unavailable`` otherwise."""

    def list(self, folder: str) -> Iterator[RemoteEntry]:
        """All names but . and .., streamed; ``Unavailable``."""

    def fetch(self, folder: str, name: bytes, sink: BinaryIO, bytes_max: int) -> int:
        """Copy a file's content; its size. ``Refused`` over *bytes_max*, ``NotFound``, ``Unavailable``."""


class Channel(Protocol):
    """A way to one bank."""

    @property
    def rename_is_atomic(self) -> bool:
        """True for posix rename: a temporary name can be consumed once, so the request may be repeated."""

    def connect(self) -> AbstractContextManager[Session]:
        """``Unavailable`` (try later), ``Untrusted`` (host key), ``Misconfigured`` (key, password, algorithm)."""
