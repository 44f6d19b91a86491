"""A TCP proxy that fails on demand: cuts after byte n, freezes, or swallows what the server says."""

from __future__ import annotations

import selectors
import socket
import threading
from dataclasses import dataclass


@dataclass
class _Pair:
    client: socket.socket
    server: socket.socket
    to_server: int = 0
    to_client: int = 0


class Proxy:
    """Forwards one loopback port to another.

    ``cut_to_server`` and ``cut_to_client`` close both ends once that many bytes went that way (of each connection);
    ``mute_to_client`` swallows what the server says after that many bytes, as a lost reply does; ``freeze()`` stops
    reading and writing, as a dead machine does, until ``mend()``. All may be changed while connections are open.
    """

    def __init__(self, target_port: int, *, narrow: bool = False) -> None:
        """*narrow*: small segments and buffers towards the client, as on a long line; they fill at once."""
        self._target = target_port
        self.cut_to_server: int | None = None
        self.cut_to_client: int | None = None
        self.mute_to_client: int | None = None
        self.accepted = 0
        self.bytes_to_server = 0
        self.bytes_to_client = 0
        self._frozen = threading.Event()
        self._stop = threading.Event()
        self._lose = False
        self._listener = socket.socket()
        if narrow:
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = int(self._listener.getsockname()[1])
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._pairs: list[_Pair] = []
        self._thread = threading.Thread(target=self._run, name="proxy")
        self._thread.start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for pair in self._pairs:
            self._close(pair)
        self._listener.close()
        self._selector.close()

    def freeze(self) -> None:
        """From now on nothing moves any more, in either direction."""
        self._frozen.set()

    def mend(self, *, lost: bool = False) -> None:
        """What was frozen moves on, as when a firewall lets packets pass again; *lost*: its connections are reset."""
        self._lose = lost
        self._frozen.clear()

    def mute_now(self) -> None:
        """From now on the server's words are lost; the client's still arrive."""
        self.mute_to_client = 0

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._frozen.is_set():
                self._stop.wait(0.02)
                continue
            if self._lose:
                self._lose = False
                for pair in list(self._pairs):
                    self._close(pair)
            for key, _ in self._selector.select(0.02):
                if self._frozen.is_set():
                    break
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._forward(*key.data)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        self.accepted += 1
        pair = _Pair(client, server)
        self._pairs.append(pair)
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(client, selectors.EVENT_READ, (pair, "to_server"))
        self._selector.register(server, selectors.EVENT_READ, (pair, "to_client"))

    def _forward(self, pair: _Pair, way: str) -> None:
        source, target = (pair.client, pair.server) if way == "to_server" else (pair.server, pair.client)
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        cut = self.cut_to_server if way == "to_server" else self.cut_to_client
        gone = getattr(pair, way)
        end = not data
        if cut is not None and gone + len(data) >= cut:
            data, end = data[: max(0, cut - gone)], True
        setattr(pair, way, gone + len(data))
        setattr(self, f"bytes_{way}", getattr(self, f"bytes_{way}") + len(data))
        if way == "to_client" and self.mute_to_client is not None:
            data = data[: max(0, self.mute_to_client - gone)]
        try:
            target.sendall(data)
        except OSError:
            end = True
        if end:
            self._close(pair)

    def _close(self, pair: _Pair) -> None:
        for sock in (pair.client, pair.server):
            if sock.fileno() >= 0:
                try:
                    self._selector.unregister(sock)
                except KeyError:
                    pass  # was closed before it was registered
                sock.close()
        if pair in self._pairs and not self._stop.is_set():
            self._pairs.remove(pair)
