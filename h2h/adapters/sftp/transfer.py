"""Whole files over the wire, with many requests under way: a round trip of 40 ms costs once, not per block."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from paramiko import sftp as codes

from h2h.adapters.sftp.wire import NEW_FILE_FLAGS, NO_ATTRIBUTES, READ_FLAGS, Attributes, No, Wire, string
from h2h.adapters.sftp.wire import number32 as u32
from h2h.adapters.sftp.wire import number64 as u64

FSYNC = b"fsync@openssh.com"
_BLOCK = 32 * 1024  # the largest block that every server takes
_UNDER_WAY = 32  # at most 1 MiB in flight: 25 MB/s at 40 ms, and less than an SSH window


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a file came to."""

    size: int
    changed: bool  # size or time differ before and after
    too_large: bool = False  # nothing was read


def write_file(wire: Wire, path: bytes, source: BinaryIO) -> int:
    """Create *path*, which must not exist, and write all of *source*; its size. Every reply is checked."""
    opened = wire.ask(codes.CMD_OPEN, string(path), u32(NEW_FILE_FLAGS), NO_ATTRIBUTES, expect=codes.CMD_HANDLE)
    handle = string(opened.string())
    under_way: deque[int] = deque()
    offset, closing = 0, False
    try:
        while block := source.read(_BLOCK):
            under_way.append(wire.send(codes.CMD_WRITE, handle, u64(offset), string(block)))
            offset += len(block)
            while len(under_way) >= _UNDER_WAY:
                wire.expect(under_way.popleft(), codes.CMD_STATUS)
        if FSYNC in wire.extensions:
            under_way.append(wire.send(codes.CMD_EXTENDED, string(FSYNC), handle))
        under_way.append(wire.send(codes.CMD_CLOSE, handle))
        closing = True
        while under_way:
            wire.expect(under_way.popleft(), codes.CMD_STATUS)
    except (No, OSError):
        if not closing:
            under_way.append(wire.send(codes.CMD_CLOSE, handle))
        wire.forget(list(under_way))
        raise
    return offset


def hash_file(wire: Wire, path: bytes, update: Callable[[bytes], object]) -> int:
    """Read a file of ours that nobody else writes; its size. ``No`` if it cannot be opened or read."""
    handle = _opened(wire, path)
    reader = _Reader(wire, handle)
    try:
        return reader.run(update)
    finally:
        reader.forget()
        _close(wire, handle)


def read_file(wire: Wire, path: bytes, write: Callable[[bytes], object], *, refuse_over: int) -> Read:
    """Read *path* from front to end into *write*, watching for changes. ``No`` if it cannot be opened or read."""
    handle = _opened(wire, path)
    try:
        first = wire.send(codes.CMD_FSTAT, handle)
        reader = _Reader(wire, handle)
        reader.ask_ahead()
        before = _stated(wire, first)
        if before.size is not None and before.size > refuse_over:
            reader.forget()
            return Read(before.size, changed=False, too_large=True)
        try:
            size = reader.run(write)
        finally:
            reader.forget()
        after = _stated(wire, wire.send(codes.CMD_FSTAT, handle))
        changed = before != after or (after.size is not None and after.size != size)
        return Read(size, changed=changed)
    finally:
        _close(wire, handle)


def _opened(wire: Wire, path: bytes) -> bytes:
    opened = wire.ask(codes.CMD_OPEN, string(path), u32(READ_FLAGS), NO_ATTRIBUTES, expect=codes.CMD_HANDLE)
    return string(opened.string())


def _close(wire: Wire, handle: bytes) -> None:
    """Without waiting: nothing was written, so the answer proves nothing."""
    if wire.dead is None:
        wire.forget([wire.send(codes.CMD_CLOSE, handle)])


def _stated(wire: Wire, request: int) -> Attributes:
    """Size and time of an open file; nothing known where the server cannot say (fstat is not offered by all)."""
    try:
        attributes = wire.expect(request, codes.CMD_ATTRS).attributes()
    except No:
        return Attributes()
    return Attributes(size=attributes.size, mtime=attributes.mtime)


class _Reader:
    """Reads ahead, more with every block; a short block (allowed to servers) makes it ask again from there."""

    def __init__(self, wire: Wire, handle: bytes) -> None:
        self._wire = wire
        self._handle = handle
        self._under_way: deque[int] = deque()
        self._ahead = 4
        self._asked = 0
        self._size = 0

    def ask_ahead(self) -> None:
        while len(self._under_way) < self._ahead:
            self._under_way.append(self._wire.send(codes.CMD_READ, self._handle, u64(self._asked), u32(_BLOCK)))
            self._asked += _BLOCK

    def run(self, write: Callable[[bytes], object]) -> int:
        while True:
            self.ask_ahead()
            try:
                block = self._wire.expect(self._under_way.popleft(), codes.CMD_DATA).string()
            except No as no:
                if no.code == codes.SFTP_EOF:
                    return self._size
                raise
            if not block:
                raise self._wire.lose("the server sent an empty block of a file")
            write(block)
            self._size += len(block)
            self._ahead = min(_UNDER_WAY, self._ahead + 4)
            if len(block) != _BLOCK:
                self.forget()
                self._asked = self._size

    def forget(self) -> None:
        self._wire.forget(list(self._under_way))
        self._under_way.clear()
