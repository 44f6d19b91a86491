"""The simulated bank as a whole: an SFTP server, a folder watch, PGP, and a mind that answers."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paramiko

from h2h.settings import NoSeal, PgpSeal, RemoteFolders, Secret, SftpChannel
from h2h.simulator.behaviour import BEHAVIOURS, Behaviour
from h2h.simulator.brain import Answer, Brain
from h2h.simulator.files import Faults
from h2h.simulator.keys import Keys, prepare
from h2h.simulator.oracle import Oracle
from h2h.simulator.payments import read_initiation
from h2h.simulator.pgp import Gpg, PgpProblem
from h2h.simulator.questions import read_question
from h2h.simulator.server import Login, SftpServer

USERNAME = "customer"
_TEMPORARY = (".tmp", ".part", ".filepart")


def utc_now() -> datetime:
    """The wall clock, for a bank that runs on its own."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a bank and its customer agree on, apart from keys. *root* is what the customer sees as /."""

    folders: RemoteFolders = field(default_factory=RemoteFolders)
    login: Login | None = None  # default: the customer's key, as user "customer"
    root: Path | None = None  # default: DIRECTORY/sftp
    suffix: str = ".pgp"  # of sealed answers


@dataclass
class _Growing:
    """An answer that is being written slowly under its final name."""

    path: Path
    rest: bytes
    until: datetime


class SimulatedBank:
    """A bank in a directory.

    ``DIRECTORY/sftp`` is what the customer sees, ``received.jsonl`` what the bank got (the truth for tests),
    ``received/`` the files themselves, ``keys/`` both sides' keys. Use as a context manager, or ``start``/``stop``;
    ``tick`` does one round, ``serve`` many. Times come from *now* and numbers count from one, so that the same files
    at the same times bring the same answers (PGP's own randomness apart).
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        behaviour: Behaviour = BEHAVIOURS["cents"],
        now: Callable[[], datetime] = utc_now,
        keys: Keys | None = None,
        pgp: bool = True,
        agreement: Agreement = Agreement(),
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        """*tell* hears of each file in words."""
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory.absolute()
        self.folders = agreement.folders
        self.keys = keys or prepare(self.directory / "keys", pgp=pgp)
        self.oracle = Oracle(self.directory / "received.jsonl")
        self.faults = Faults()
        self.brain = Brain(behaviour)
        self._now = now
        self._gpg = Gpg(self.keys.bank_keyring) if pgp and self.keys.bank_keyring else None
        self._growing: list[_Growing] = []
        self._seen: dict[tuple[str, int], datetime] = {}
        self._taken: set[tuple[str, int]] = set()
        self._root = agreement.root or self.directory / "sftp"
        self._suffix = agreement.suffix
        self._tell = tell
        self._make_folders()
        if self._state.exists():
            self.brain.restore(json.loads(self._state.read_text(encoding="utf-8")))
        login = agreement.login or Login(USERNAME, (_public_key(self.keys.client_public_key),))
        self._username = login.username
        self._server = SftpServer(
            self._root, [paramiko.PKey.from_path(self.keys.host_key)], login, port=port, faults=self.faults
        )

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return self._server.port

    @property
    def root(self) -> Path:
        """What the customer sees as /."""
        return self._root

    def __enter__(self) -> SimulatedBank:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Open the SFTP server."""
        self._server.start()

    def stop(self) -> None:
        """Close it, and end gpg's agent."""
        self._server.stop()
        if self._gpg is not None:
            self._gpg.stop()

    def serve(self, stop: threading.Event, every_seconds: float = 0.2) -> None:
        """Round after round, until *stop*."""
        while not stop.wait(every_seconds):
            self.tick()

    def tick(self) -> int:
        """One round: take what has arrived, say what is due. How many files were taken and answers written."""
        now = self._now()
        self._grow(now)
        done = 0
        for path in self._arrived(now):
            self._take(path, now)
            done += 1
        for answer in self.brain.speak(now):
            self._answer(answer, now)
            done += 1
        if done:
            self._remember()
        return done

    def received(self) -> list[dict[str, Any]]:
        """The oracle: every payment of every file that ever arrived, in order."""
        return list(self.oracle.lines())

    def channel(self, **changes: Any) -> SftpChannel:
        """Settings by which a customer reaches this bank; *changes* replace some."""
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": self._username,
            "key": Secret(file=self.keys.client_key),
            "host_keys": (self.keys.host_key_fingerprint,),
        }
        return SftpChannel(**{**values, **changes})

    def seal(self) -> PgpSeal | NoSeal:
        """Settings by which a customer seals for this bank."""
        keys = self.keys
        if self._gpg is None or keys.client_keyring is None or not keys.bank_fingerprint or not keys.client_fingerprint:
            return NoSeal()
        return PgpSeal(
            kind="pgp",
            keyring=keys.client_keyring,
            own_fingerprint=keys.client_fingerprint,
            bank_encryption_fingerprints=(keys.bank_fingerprint,),
            bank_signing_fingerprints=(keys.bank_fingerprint,),
        )

    # ------------------------------------------------------------------------------------------ files

    @property
    def _state(self) -> Path:
        return self.directory / "bank.json"

    def _make_folders(self) -> None:
        names = [self.folders.to_bank, *self.folders.from_bank, self.folders.temporary, self.folders.processed]
        for name in names:
            if name is not None:
                self._folder(name).mkdir(parents=True, exist_ok=True)
        (self.directory / "received").mkdir(exist_ok=True)

    def _folder(self, name: str) -> Path:
        return self._root / name.lstrip("/")

    def _arrived(self, now: datetime) -> Iterator[Path]:
        """Complete files, oldest name first; names that say "not yet" are left alone."""
        wait = self.brain.behaviour.take_after
        for path in sorted(self._folder(self.folders.to_bank).iterdir()):
            temporary = path.name.startswith(".") or path.name.endswith(_TEMPORARY)
            if path.is_symlink() or not path.is_file() or (temporary and not self.brain.behaviour.takes_temporaries):
                continue
            key = (path.name, path.stat().st_ino)
            since = self._seen.setdefault(key, now)
            if (now - since).total_seconds() >= wait and key not in self._taken:
                yield path

    def _take(self, path: Path, now: datetime) -> None:
        sealed = path.read_bytes()
        try:
            plain = self._open(sealed)
        except PgpProblem as problem:
            self.oracle.untrusted(now, path.name, sealed, str(problem))
            self._tell(f"took {path.name!r} and cannot trust it: {problem}")
        else:
            self._tell(f"took {path.name!r}: {self._read(path.name, sealed, plain, now)}")
        kept = self.directory / "received"
        number = len(list(kept.iterdir())) + 1
        (kept / f"{number:06d}.{path.name}").write_bytes(sealed)
        if self.brain.behaviour.remove_taken:
            path.unlink()
        else:
            self._taken.add((path.name, path.stat().st_ino))

    def _read(self, name: str, sealed: bytes, plain: bytes, now: datetime) -> str:
        """Judge a file that could be opened; what it holds, in words."""
        question = read_question(plain)
        if question is not None:
            self.brain.answer(question, now)
            self.oracle.question(now, name, sealed, question)
            return f"a {question.message_name}"
        initiation = read_initiation(plain)
        self.brain.take(initiation, now)
        self.oracle.payments(now, name, sealed, plain, initiation)
        return initiation.refusal[1] if initiation.refusal else f"{len(initiation.payments)} payments"

    def _open(self, sealed: bytes) -> bytes:
        if self._gpg is None:
            return sealed
        return self._gpg.open(sealed, signer=self.keys.client_fingerprint or "")

    def _answer(self, answer: Answer, now: datetime) -> None:
        data, suffix = answer.data, ""
        if self._gpg is not None:
            data = self._gpg.seal(
                data, signer=self.keys.bank_fingerprint or "", recipient=self.keys.client_fingerprint or ""
            )
            suffix = self._suffix
        path = self._folder(self.folders.from_bank[0]) / (answer.name + suffix)
        self._tell(f"answered {path.name!r}")
        slow = self.brain.behaviour.slow_write_seconds
        if slow:
            half = len(data) // 2
            path.write_bytes(data[:half])
            self._growing.append(_Growing(path, data[half:], now + timedelta(seconds=slow)))
            return
        _write(path, data)

    def _grow(self, now: datetime) -> None:
        for growing in [growing for growing in self._growing if growing.until <= now]:
            if growing.path.exists():
                with growing.path.open("ab") as file:
                    file.write(growing.rest)
            self._growing.remove(growing)

    def _remember(self) -> None:
        _write(self._state, json.dumps(self.brain.state()).encode())


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


def _public_key(line: str) -> paramiko.PKey:
    kind, encoded = line.split()[:2]
    return paramiko.PKey.from_type_string(kind, base64.b64decode(encoded))
