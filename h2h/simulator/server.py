"""A real SFTP server over loopback: paramiko's server with a host key of its own, one user, one directory.

It offers posix-rename and fsync as OpenSSH does, takes names that are not UTF-8, and can be told to misbehave.
"""

from __future__ import annotations

import hmac
import logging
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_PARTIALLY_SUCCESSFUL, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from h2h.simulator.files import Faults, Files, FileServer

logging.getLogger("paramiko").addHandler(logging.NullHandler())

_CLOSE_SECONDS = 5.0


@dataclass(frozen=True)
class Login:
    """Who may log in, and how: each of key and password that is given is asked for, one after the other."""

    username: str
    public_keys: tuple[paramiko.PKey, ...] = ()
    password: str | None = None
    interactive: bool = False  # ask for the password by keyboard-interactive instead

    @property
    def any_key(self) -> bool:
        """True if nothing is asked for: every key is welcome (a rehearsal is not about log-in)."""
        return not self.public_keys and self.password is None


class SftpServer:
    """The listening server; ``port`` 0 takes a free one."""

    def __init__(
        self,
        root: Path,
        host_keys: Sequence[paramiko.PKey],
        login: Login,
        *,
        port: int = 0,
        faults: Faults | None = None,
    ) -> None:
        self.root = root
        self.faults = faults or Faults()
        self._host_keys = host_keys
        self._login = login
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(0.2)
        self.port = int(self._listener.getsockname()[1])
        self._connections: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._accept, name="bank-sftp", daemon=True)

    def start(self) -> None:
        """Listen in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Close all connections, end all threads."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()
        for transport in self._connections:
            transport.packetizer.complete_handshake()  # ends a timer of a handshake that failed
            transport.close()
            transport.sock.close()
            transport.join(_CLOSE_SECONDS)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            self._connections = [transport for transport in self._connections if transport.is_alive()]
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = paramiko.Transport(sock)
            transport.daemon = True
            for key in self._host_keys:
                transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", FileServer, Files, self.root, self.faults)
            self._connections.append(transport)
            # The handshake goes on in the transport's own thread; one slow client keeps nobody else waiting.
            transport.start_server(event=threading.Event(), server=_Gate(self._login))


class _Gate(paramiko.ServerInterface):
    """Lets one user in."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._passed: set[str] = set()

    def get_allowed_auths(self, username: str) -> str:
        return ",".join(sorted(self._wanted() - self._passed))

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = any(hmac.compare_digest(key.asbytes(), own.asbytes()) for own in self._login.public_keys)
        return self._judge(username, "publickey", known or self._login.any_key)

    def check_auth_password(self, username: str, password: str) -> int:
        return self._judge(username, "password", self._is_password(password))

    def check_auth_interactive(self, username: str, submethods: str) -> int | paramiko.server.InteractiveQuery:
        if "keyboard-interactive" not in self._wanted():
            return AUTH_FAILED
        self._username = username
        return paramiko.server.InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        return self._judge(self._username, "keyboard-interactive", self._is_password("".join(responses)))

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def _wanted(self) -> set[str]:
        wanted = {"publickey"} if self._login.public_keys or self._login.any_key else set()
        if self._login.password is not None:
            wanted.add("keyboard-interactive" if self._login.interactive else "password")
        return wanted

    def _is_password(self, password: str) -> bool:
        expected = self._login.password
        return expected is not None and hmac.compare_digest(password.encode(), expected.encode())

    def _judge(self, username: str, kind: str, good: bool) -> int:
        if not good or username != self._login.username or kind not in self._wanted():
            return AUTH_FAILED
        self._passed.add(kind)
        return AUTH_SUCCESSFUL if self._passed >= self._wanted() else AUTH_PARTIALLY_SUCCESSFUL
