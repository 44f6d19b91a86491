"""SFTP version 3 (draft-ietf-secsh-filexfer-02) over an SSH channel: requests out, replies in, nothing guessed.

Several requests may be under way; replies are matched by their number. Names are bytes. A reply that is too short, too
late, of an unknown kind or to no request ends the connection for good: what comes after it cannot be trusted.
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from paramiko import Channel, SSHException
from paramiko import sftp as codes

READ_FLAGS = codes.SFTP_FLAG_READ
NEW_FILE_FLAGS = codes.SFTP_FLAG_WRITE | codes.SFTP_FLAG_CREATE | codes.SFTP_FLAG_EXCL
NO_ATTRIBUTES = struct.pack(">I", 0)
PACKET_BYTES_MAX = 16 * 1024 * 1024

_WORDS = {
    codes.SFTP_EOF: "end of file",
    codes.SFTP_NO_SUCH_FILE: "no such file or folder",
    codes.SFTP_PERMISSION_DENIED: "permission denied",
    codes.SFTP_FAILURE: "failure, no reason given",
    codes.SFTP_BAD_MESSAGE: "bad message",
    codes.SFTP_NO_CONNECTION: "no connection",
    codes.SFTP_CONNECTION_LOST: "connection lost",
    codes.SFTP_OP_UNSUPPORTED: "operation not supported",
}
_SAYS_NOTHING = ("", "failure", "error", "no such file", "permission denied", "operation unsupported")


class No(Exception):
    """The server answered with a status other than OK."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        words = _WORDS.get(code, f"status {code}")
        # The server's own text is shown only where it says more than the code.
        said = "".join(c if c.isprintable() else "?" for c in text.strip())[:200]
        super().__init__(words if said.lower() in _SAYS_NOTHING else f"{words}: {said!r}")


class Lost(Exception):
    """There is no answer that could be trusted: connection lost, time out, or garbage."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a server says about a name; None where it says nothing."""

    size: int | None = None
    permissions: int | None = None
    mtime: int | None = None


class Reply:
    """The body of one reply, read strictly from front to back."""

    def __init__(self, kind: int, body: bytes, lose: Callable[[str], Lost]) -> None:
        self.kind = kind
        self._body = body
        self._at = 0
        self._lose = lose

    def number(self) -> int:
        """An unsigned 32-bit number."""
        return int(struct.unpack(">I", self._take(4))[0])

    def string(self) -> bytes:
        """A length and that many bytes."""
        return self._take(self.number())

    def attributes(self) -> Attributes:
        """An ATTRS structure; extended attributes are skipped."""
        flags = self.number()
        size = int(struct.unpack(">Q", self._take(8))[0]) if flags & 0x1 else None
        if flags & 0x2:
            self._take(8)
        permissions = self.number() if flags & 0x4 else None
        mtime = None
        if flags & 0x8:
            self.number()
            mtime = self.number()
        if flags & 0x80000000:
            for _ in range(self.number()):
                self.string()
                self.string()
        return Attributes(size, permissions, mtime)

    def rest_is_empty(self) -> bool:
        """True at the end of the body."""
        return self._at >= len(self._body)

    def _take(self, count: int) -> bytes:
        piece = self._body[self._at : self._at + count]
        if len(piece) != count:
            raise self._lose("the server sent a reply that is cut short")
        self._at += count
        return piece


class Wire:
    """One SFTP conversation, which threads may share: each waits for its own replies, whichever of them reads."""

    def __init__(self, channel: Channel, timeout: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._channel = channel
        self._timeout = timeout
        self._monotonic = monotonic
        self._sending = threading.Lock()
        self._turn = threading.Condition()  # guards what follows; told of every packet that came
        self._reading = False
        self._buffer = bytearray()  # of the one who reads
        self._last = 0
        self._expected: set[int] = set()
        self._forgotten: set[int] = set()
        self._arrived: dict[int, Reply] = {}
        self._dead: str | None = None
        self.extensions = self._introduce()

    def send(self, kind: int, *parts: bytes) -> int:
        """Send a request made of *parts* (already encoded); its number."""
        with self._sending:
            self._last += 1
            number = self._last
            body = struct.pack(">BI", kind, number) + b"".join(parts)
            with self._turn:
                self._expected.add(number)
            self._put(struct.pack(">I", len(body)) + body)
        return number

    def reply(self, request: int) -> Reply:
        """The reply to *request*, waited for at most ``timeout`` seconds. ``No`` for a status that is not OK."""
        deadline = self._monotonic() + self._timeout
        while (reply := self._arrived_or_my_turn(request, deadline)) is None:
            packet = None
            try:
                packet = self._next(deadline)
            finally:
                with self._turn:
                    self._reading = False
                    self._turn.notify_all()
                    if packet is not None:
                        self._sort(*packet)
        if reply.kind == codes.CMD_STATUS:
            code = reply.number()
            if code != codes.SFTP_OK:
                text = b"" if reply.rest_is_empty() else reply.string()
                raise No(code, text.decode("utf-8", "replace"))
        return reply

    def _arrived_or_my_turn(self, request: int, deadline: float) -> Reply | None:
        """The reply, if another thread has read it; None if it is this thread's turn to read."""
        with self._turn:
            while request not in self._arrived:
                if not self._reading:
                    self._reading = True
                    return None
                remaining = deadline - self._monotonic()
                if remaining <= 0:
                    raise self.lose(f"the server did not answer within {self._timeout:g} s")
                self._turn.wait(remaining)
                if self._dead is not None:
                    raise Lost(self._dead)
            return self._arrived.pop(request)

    def _sort(self, number: int, reply: Reply) -> None:
        if number in self._forgotten:
            self._forgotten.discard(number)
        elif number in self._expected:
            self._expected.discard(number)
            self._arrived[number] = reply
        else:
            raise self.lose(f"the server answered request {number}, which was never asked")

    def forget(self, requests: list[int]) -> None:
        """Drop the replies to these requests whenever they come."""
        with self._turn:
            for request in requests:
                if self._arrived.pop(request, None) is None and request in self._expected:
                    self._expected.discard(request)
                    self._forgotten.add(request)

    def ask(self, kind: int, *parts: bytes, expect: int = codes.CMD_STATUS) -> Reply:
        """Send one request and wait for a reply of the kind *expect*."""
        return self.expect(self.send(kind, *parts), expect)

    def expect(self, request: int, kind: int) -> Reply:
        """The reply to *request*, which must be of that kind."""
        reply = self.reply(request)
        if reply.kind != kind:
            raise self.lose(f"the server answered with packet kind {reply.kind} where {kind} was due")
        return reply

    @property
    def dead(self) -> str | None:
        """Why this connection must not be used any more, or None."""
        return self._dead

    # ------------------------------------------------------------------------------------------ packets

    def _introduce(self) -> dict[bytes, bytes]:
        self._put(struct.pack(">IBI", 5, codes.CMD_INIT, 3))
        packet = self._packet(self._monotonic() + self._timeout)
        if packet[0] != codes.CMD_VERSION:
            raise self.lose("the server does not speak SFTP")
        reply = Reply(packet[0], packet[1:], self.lose)
        if reply.number() < 3:
            raise self.lose("the server speaks an SFTP version older than 3")
        extensions: dict[bytes, bytes] = {}
        while not reply.rest_is_empty():
            name = reply.string()
            extensions[name] = reply.string()
        return extensions

    def _next(self, deadline: float) -> tuple[int, Reply]:
        packet = self._packet(deadline)
        reply = Reply(packet[0], packet[1:], self.lose)
        return reply.number(), reply

    def _packet(self, deadline: float) -> bytes:
        self._fill(4, deadline)
        length = int(struct.unpack(">I", self._buffer[:4])[0])
        if not 1 <= length <= PACKET_BYTES_MAX:
            raise self.lose("the server sent garbage instead of an SFTP packet")
        self._fill(4 + length, deadline)
        packet = bytes(self._buffer[4 : 4 + length])
        del self._buffer[: 4 + length]
        return packet

    def _fill(self, count: int, deadline: float) -> None:
        while len(self._buffer) < count:
            remaining = deadline - self._monotonic()
            if self._dead is not None:
                raise Lost(self._dead)
            if remaining <= 0:
                raise self.lose(f"the server did not answer within {self._timeout:g} s")
            try:
                self._channel.settimeout(remaining)
                piece = self._channel.recv(max(65536, count - len(self._buffer)))
            except TimeoutError as problem:
                raise self.lose(f"the server did not answer within {self._timeout:g} s") from problem
            except (OSError, EOFError, SSHException) as problem:
                raise self.lose("the connection was lost") from problem
            if not piece:
                raise self.lose("the server closed the connection")
            self._buffer += piece

    def _put(self, packet: bytes) -> None:
        if self._dead is not None:
            raise Lost(self._dead)
        try:
            self._channel.settimeout(self._timeout)
            self._channel.sendall(packet)
        except TimeoutError as problem:
            raise self.lose(f"the server did not take any data for {self._timeout:g} s") from problem
        except (OSError, EOFError, SSHException) as problem:
            raise self.lose("the connection was lost") from problem

    def lose(self, why: str) -> Lost:
        """Give the connection up, because of *why*; the error to raise."""
        self._dead = self._dead or why
        return Lost(self._dead)


def string(value: bytes) -> bytes:
    """*value* as SFTP writes it."""
    return struct.pack(">I", len(value)) + value


def number32(value: int) -> bytes:
    """*value* as 32 bits."""
    return struct.pack(">I", value)


def number64(value: int) -> bytes:
    """*value* as 64 bits."""
    return struct.pack(">Q", value)
