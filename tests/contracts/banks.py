"""Banks of three kinds behind one door: a directory, OpenSSH's own server, the simulated bank's server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import paramiko
import pytest

from h2h.adapters.directory_channel import BankOverDirectory
from h2h.adapters.secrets import Secrets
from h2h.adapters.sftp import BankOverSftp
from h2h.ports import Channel
from h2h.settings import Secret, SftpChannel
from h2h.simulator.files import Faults
from h2h.simulator.server import Login, SftpServer
from tests.contracts.sshd import FOLDERS, Sshd, new_key, running_sshd

Rename = Literal["posix", "fxp"]
PASSWORD = "correct horse"


@dataclass
class Bank:
    """What a test needs of any of them: the files as the bank sees them, and ways to connect."""

    kind: str
    root: Path
    open: Callable[[Rename], Channel]


@pytest.fixture
def sshd(program: Callable[[str], str]) -> Iterator[Sshd]:
    """OpenSSH's server."""
    with running_sshd(program("sshd")) as server:
        yield server


class PlainServer:
    """The simulated bank's SFTP server, alone."""

    def __init__(self, directory: Path, login: Login | None = None) -> None:
        self.root = directory / "root"
        for folder in FOLDERS:
            (self.root / folder).mkdir(parents=True)
        self.key = directory / "client"
        self.fingerprint = new_key(directory / "host", "ed25519")
        new_key(self.key, "ed25519")
        self.faults = Faults()
        login = login or Login("client", public_keys=(paramiko.PKey.from_path(self.key),))
        self.server = SftpServer(self.root, [paramiko.PKey.from_path(directory / "host")], login, faults=self.faults)

    def channel(self, **changes: object) -> SftpChannel:
        """Settings that reach it; *changes* replace some."""
        values: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.server.port,
            "username": "client",
            "key": Secret(file=self.key),
            "host_keys": (self.fingerprint,),
            "connect_timeout_seconds": 10.0,
            "timeout_seconds": 10.0,
        }
        return SftpChannel.model_validate({**values, **changes})


@pytest.fixture
def plain_server(tmp_path: Path) -> Iterator[PlainServer]:
    """The simulated bank's SFTP server with a key log-in."""
    plain = PlainServer(tmp_path)
    plain.server.start()
    yield plain
    plain.server.stop()


def over_sftp(channel: SftpChannel, rename: Rename = "posix") -> BankOverSftp:
    """The adapter, with secrets from files only."""
    return BankOverSftp.of(channel, rename, Secrets({}).read)


@pytest.fixture(params=["directory", "openssh", "simulator"])
def bank(request: pytest.FixtureRequest) -> Iterator[Bank]:
    """Each kind of bank in turn."""
    if request.param == "directory":
        with tempfile.TemporaryDirectory(prefix="h2h-bank-") as directory:
            for folder in FOLDERS:
                (Path(directory) / folder).mkdir()
            root = Path(directory)
            yield Bank("directory", root, lambda rename: BankOverDirectory(root, rename))
        return
    server = request.getfixturevalue("sshd" if request.param == "openssh" else "plain_server")
    yield Bank(request.param, server.root, lambda rename: over_sftp(server.channel(), rename))
