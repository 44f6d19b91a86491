"""A real OpenSSH server on a loopback port, with host keys, a user key and a directory of its own."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from paramiko import PKey

from h2h.settings import Secret, SftpChannel

FOLDERS = ("to_bank", "temporary", "from_bank", "processed")
_SYSTEM_PATHS = ":/usr/sbin:/sbin:/usr/lib/openssh"


class Sshd:
    """The running server. ``root`` is what the user sees; the user is not root, so that permissions count."""

    def __init__(self, directory: Path, program: str, extra_configuration: str) -> None:
        self.directory = directory
        self.root = directory / "root"
        self.username = "nobody" if os.geteuid() == 0 else getpass.getuser()
        self.key = directory / "client_key"
        self.port = _free_port()
        self._program = program
        self._extra = extra_configuration
        self._process: subprocess.Popen[bytes] | None = None
        self.fingerprints = {kind: new_key(directory / f"host_{kind}", kind) for kind in ("ed25519", "ecdsa")}
        new_key(self.key, "ed25519")
        for folder in FOLDERS:
            (self.root / folder).mkdir(parents=True)
        self._own(self.root, *(self.root / folder for folder in FOLDERS))

    def channel(self, **changes: Any) -> SftpChannel:
        """Settings that reach this server; *changes* replace some."""
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": self.username,
            "key": Secret(file=self.key),
            "host_keys": (self.fingerprints["ed25519"],),
            "connect_timeout_seconds": 10.0,
            "timeout_seconds": 10.0,
        }
        return SftpChannel(**{**values, **changes})

    def start(self) -> None:
        """Start and wait until it listens."""
        configuration = self.directory / "sshd_config"
        configuration.write_text(self._configuration())
        command = [self._program, "-D", "-e", "-f", str(configuration)]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL)
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self._process.poll() is not None:
                    raise AssertionError(f"sshd ended: {(self.directory / 'log').read_text()}") from None
                time.sleep(0.01)
        raise AssertionError("sshd does not listen")

    def stop(self) -> None:
        """End it and all its sessions."""
        if self._process is None:
            return
        pids = self.sessions()
        self._process.kill()
        self._process.wait()
        for pid in pids:
            _signal(pid, signal.SIGKILL)
        self._process = None

    def sessions(self) -> list[int]:
        """Process ids of all that serves connections."""
        assert self._process is not None
        found: list[int] = []
        parents = {self._process.pid}
        family = _children()
        while parents:
            parents = {child for parent in parents for child in family.get(parent, ())}
            found.extend(parents)
        return found

    def freeze(self) -> list[int]:
        """SIGSTOP every session: TCP still answers, the server does not. The process ids, for `thaw`."""
        pids = self.sessions()
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        return pids

    @staticmethod
    def thaw(pids: list[int]) -> None:
        """SIGCONT them."""
        for pid in pids:
            _signal(pid, signal.SIGCONT)

    def change_host_keys(self) -> dict[str, str]:
        """Start again with other host keys; the new fingerprints."""
        self.stop()
        self.fingerprints = {kind: new_key(self.directory / f"host_{kind}", kind) for kind in self.fingerprints}
        self.start()
        return self.fingerprints

    def _configuration(self) -> str:
        (self.directory / "authorized_keys").write_text(self.key.with_suffix(".pub").read_text())
        (self.directory / "authorized_keys").chmod(0o644)
        lines = [
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            *(f"HostKey {self.directory}/host_{kind}" for kind in self.fingerprints),
            f"AuthorizedKeysFile {self.directory}/authorized_keys",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "MaxStartups 100",
            "Subsystem sftp internal-sftp",
            f"ForceCommand internal-sftp -d {self.root}",
            "LogLevel ERROR",
            self._extra,
        ]
        return "\n".join(lines) + "\n"

    def _own(self, *paths: Path) -> None:
        if os.geteuid() == 0:
            user = pwd.getpwnam(self.username)
            for path in paths:
                os.chown(path, user.pw_uid, user.pw_gid)


@contextmanager
def running_sshd(program: str, extra_configuration: str = "") -> Iterator[Sshd]:
    """A server for the duration of a ``with``; *program* is the path of sshd."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="h2h-sshd-"))
    directory.chmod(0o755)  # the server's user must be able to walk through
    server = Sshd(directory, program, extra_configuration)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory)


def find_sshd() -> str | None:
    """The path of OpenSSH's sshd, if it is installed."""
    return shutil.which("sshd", path=os.environ.get("PATH", "") + _SYSTEM_PATHS)


def new_key(path: Path, kind: str) -> str:
    """Write a private key and its ``.pub``; the fingerprint."""
    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if kind == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    elif kind == "ecdsa":
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_bytes(private)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    path.with_suffix(".pub").write_bytes(public + b"\n")
    return str(PKey.from_path(path).fingerprint)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _children() -> dict[int, list[int]]:
    family: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue  # it has just ended
            family.setdefault(int(text.rsplit(")", 1)[1].split()[1]), []).append(int(entry.name))
    return family


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
