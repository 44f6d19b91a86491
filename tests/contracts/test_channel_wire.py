"""The SFTP conversation against a server that lies: nothing but a clear OK counts as one."""

from __future__ import annotations

import io
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import paramiko
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h2h.adapters.sftp.session import SftpSession
from h2h.adapters.sftp.wire import Lost, No, Wire
from h2h.core.errors import InDoubt, NotSent, Unavailable
from h2h.ports import RemoteKind

VERSION = struct.pack(">IBI", 5, 2, 3)
STATUS, HANDLE, DATA, NAME, ATTRS = 101, 102, 103, 104, 105
OK, EOF, NO_SUCH_FILE, FAILURE = 0, 1, 2, 4

# A script gets (packet kind, request number, body) and says what to send back, byte by byte.
Script = Callable[[int, int, bytes], bytes]


def packet(kind: int, body: bytes) -> bytes:
    return struct.pack(">IB", len(body) + 1, kind) + body


def text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def status(number: int, code: int, words: bytes = b"words") -> bytes:
    return packet(STATUS, struct.pack(">II", number, code) + text(words) + text(b"en"))


@contextmanager
def served(script: Script, greeting: bytes = VERSION, timeout: float = 0.4) -> Iterator[Wire]:
    """A conversation with a server that follows *script*."""
    ours, theirs = socket.socketpair()

    def read(count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = theirs.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def serve() -> None:
        try:
            read(struct.unpack(">I", read(4))[0])
            theirs.sendall(greeting)
            while True:
                body = read(struct.unpack(">I", read(4))[0])
                theirs.sendall(script(body[0], struct.unpack(">I", body[1:5])[0], body[5:]))
        except (EOFError, OSError):
            return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Wire(cast(paramiko.Channel, ours), timeout)
    finally:
        ours.close()
        theirs.close()
        thread.join()


@contextmanager
def session(script: Script, **more: float) -> Iterator[SftpSession]:
    with served(script, **more) as wire:  # type: ignore[arg-type]
        yield SftpSession(wire, "fxp", use_until=1.0, monotonic=lambda: 0.0)


LIES: dict[str, Script] = {
    "cut-short status": lambda kind, number, body: packet(STATUS, struct.pack(">I", number)),
    "status without code": lambda kind, number, body: packet(STATUS, struct.pack(">IH", number, 0)),
    "another request's number": lambda kind, number, body: status(number + 1000, OK),
    "another kind of reply": lambda kind, number, body: packet(DATA, struct.pack(">I", number) + text(b"OK")),
    "a packet without content": lambda kind, number, body: struct.pack(">I", 0),
    "a giant packet": lambda kind, number, body: struct.pack(">I", 0x7FFFFFFF),
    "half a packet": lambda kind, number, body: status(number, OK)[:-3],
    "nothing": lambda kind, number, body: b"",
    "an unknown status": lambda kind, number, body: status(number, 4711),
    "failure": lambda kind, number, body: status(number, FAILURE),
    "end of file": lambda kind, number, body: status(number, EOF),
    "text where a packet is due": lambda kind, number, body: b"Permission denied, please contact your bank\r\n",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_rename_is_done_only_by_a_clear_ok(lie: str) -> None:
    with session(LIES[lie]) as one, pytest.raises(InDoubt):
        one.rename("a", "b", "c", "d")


@pytest.mark.parametrize("lie", LIES)
def test_a_file_is_written_only_if_every_reply_is_a_clear_ok(lie: str) -> None:
    def script_for(lying_kind: int) -> Script:
        def script(kind: int, number: int, body: bytes) -> bytes:
            if kind == lying_kind:
                return LIES[lie](kind, number, body)
            if kind == 3:
                return packet(HANDLE, struct.pack(">I", number) + text(b"h"))
            if kind == 7:
                return packet(ATTRS, struct.pack(">IIQ", number, 1, 4))
            return status(number, OK)

        return script

    for kind in (3, 6, 4, 7):  # open, write, close, lstat
        with session(script_for(kind)) as one, pytest.raises(NotSent):
            one.create("to_bank", "a", io.BytesIO(b"data"))
    with session(script_for(99)) as one:
        one.create("to_bank", "a", io.BytesIO(b"data"))


@pytest.mark.parametrize("lie", [name for name in LIES if name not in ("end of file", "failure", "an unknown status")])
def test_after_a_lie_nothing_more_is_believed(lie: str) -> None:
    truthful = threading.Event()

    def script(kind: int, number: int, body: bytes) -> bytes:
        return status(number, OK) if truthful.is_set() else LIES[lie](kind, number, body)

    with session(script) as one:
        with pytest.raises(Unavailable):
            one.remove("a", "b")
        truthful.set()
        with pytest.raises(Unavailable):
            one.remove("a", "b")


def test_an_answer_that_only_drips_is_late() -> None:
    """Each byte comes in time, the answer never does."""
    stop = threading.Event()
    ours, theirs = socket.socketpair()

    def drip() -> None:
        theirs.recv(100)
        theirs.sendall(VERSION)
        theirs.recv(1000)
        for byte in struct.pack(">IB", 10_000, STATUS) + b"x" * 10_000:
            if stop.wait(0.05):
                return
            theirs.sendall(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    one = SftpSession(Wire(cast(paramiko.Channel, ours), 0.4), "fxp", use_until=1.0, monotonic=lambda: 0.0)
    started = time.monotonic()
    with pytest.raises(InDoubt, match=r"0\.4 s"):
        one.rename("a", "b", "c", "d")
    assert time.monotonic() - started < 20
    stop.set()
    thread.join()
    ours.close()
    theirs.close()


@pytest.mark.parametrize("greeting", [b"", b"Welcome!\r\n", struct.pack(">IBI", 5, 2, 2), packet(STATUS, b"\0" * 8)])
def test_what_does_not_greet_as_sftp_is_no_server(greeting: bytes) -> None:
    with pytest.raises(Lost), served(LIES["nothing"], greeting):
        pass


def test_a_name_counts_as_missing_only_by_the_code_for_it() -> None:
    for code in (EOF, 3, FAILURE, 5, 8, 10):

        def script(kind: int, number: int, body: bytes, code: int = code) -> bytes:
            return status(number, code)

        with session(script) as one, pytest.raises(Unavailable):
            one.stat("folder", "name")


def test_short_blocks_are_put_together_and_empty_ones_refused() -> None:
    content = bytes(range(256)) * 1000

    def script(kind: int, number: int, body: bytes) -> bytes:
        if kind == 3:
            return packet(HANDLE, struct.pack(">I", number) + text(b"h"))
        if kind == 5:
            offset, count = struct.unpack(">QI", body[-12:])
            block = content[offset : offset + min(count, 10_007)]
            return packet(DATA, struct.pack(">I", number) + text(block)) if block else status(number, EOF)
        return status(number, FAILURE if kind == 8 else OK)

    with session(script, timeout=5) as one:
        sink = io.BytesIO()
        assert one.fetch("f", b"n", sink, 1_000_000) == len(content)
        assert sink.getvalue() == content

    def empty(kind: int, number: int, body: bytes) -> bytes:
        return packet(DATA, struct.pack(">I", number) + text(b"")) if kind == 5 else script(kind, number, body)

    with session(empty) as one, pytest.raises(Unavailable, match="empty block"):
        one.fetch("f", b"n", io.BytesIO(), 1_000_000)


def test_a_server_without_type_bits_is_understood_by_its_listing() -> None:
    listed = iter([(b"file", b"-rw-r--r-- 1"), (b"folder", b"drwxr-xr-x 2"), (b"link", b"lrwxrwxrwx"), (b"bare", b"")])

    def script(kind: int, number: int, body: bytes) -> bytes:
        if kind == 11:
            return packet(HANDLE, struct.pack(">I", number) + text(b"h"))
        if kind == 12:
            entry = next(listed, None)
            if entry is None:
                return status(number, EOF)
            name, long_name = entry
            return packet(NAME, struct.pack(">II", number, 1) + text(name) + text(long_name) + struct.pack(">I", 0))
        return status(number, OK)

    with session(script) as one:
        kinds = {entry.name: entry.kind for entry in one.list("f")}
    assert kinds == {
        b"file": RemoteKind.FILE,
        b"folder": RemoteKind.DIRECTORY,
        b"link": RemoteKind.OTHER,
        b"bare": RemoteKind.FILE,
    }


def test_the_servers_own_words_are_shown_without_what_moves_a_terminal() -> None:
    def script(kind: int, number: int, body: bytes) -> bytes:
        return status(number, FAILURE, b"quota \x1b[2J exceeded\n" + b"x" * 500)

    with served(script) as wire, pytest.raises(No) as caught:
        wire.ask(13, text(b"a"))
    words = str(caught.value)
    assert "quota" in words
    assert "\x1b" not in words
    assert len(words) < 300


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_no_garbage_is_ever_an_ok(garbage: bytes) -> None:
    """Whatever a server sends, a rename is confirmed only by the one packet that says so."""
    said = False

    def script(kind: int, number: int, body: bytes) -> bytes:
        nonlocal said
        said, first = True, not said
        return garbage if first else b""

    with session(script, timeout=0.05) as one:
        clear_ok = garbage[4:5] == b"\x65" and garbage[5:13] == struct.pack(">II", 1, OK)
        try:
            one.rename("a", "b", "c", "d")
        except InDoubt:
            return
        assert clear_ok
