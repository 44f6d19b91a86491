"""What `h2h bank test` does, step by step: reach the server, prove it, and find out what it can do.

Nothing is ever given a name that a bank would take for a payment file: the probe's names start with a dot, end in
``.part``, and its content says what it is.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Literal

from h2h.adapters.directory_channel import BankOverDirectory
from h2h.adapters.sftp import BankOverSftp
from h2h.adapters.sftp.connect import authenticate, close, dial, reach, resolve
from h2h.adapters.sftp.keys import credentials_of
from h2h.core.errors import H2HError, InDoubt, NotSent
from h2h.ports import Session
from h2h.settings import BankProfile, Secret, SftpChannel

CONTENT = b"A connection test of h2h. Not a payment file.\n"
Rename = Literal["posix", "fxp"]
Mark = Literal["yes", "no", "note"]
_RENAMES: dict[Rename, str] = {"posix": "atomic", "fxp": "plain; the server may link and then unlink"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing tried. "no" fails the test; a "note" is worth knowing and does not."""

    name: str
    mark: Mark
    text: str
    next_step: str = ""


class _Stop(Exception):
    """Without the step that failed the next ones make no sense."""


@dataclass
class Probe:
    """One run against one bank; *tell* hears each step as soon as its outcome is known.

    ``found`` is what to put into [submission]. *token* makes the probe's names its own. *wait_seconds* is how long the
    bank is given to take a file under a temporary name, which it must not.
    """

    profile: BankProfile
    read: Callable[[Secret], bytes]
    token: str
    tell: Callable[[Step], object] = lambda _: None
    wait_seconds: float = 0.0
    steps: list[Step] = field(default_factory=list)
    found: dict[str, str | bool] = field(default_factory=dict)

    def run(self, *, write: bool = True) -> bool:
        """True if all that h2h needs works. Without *write* nothing is written, only looked."""
        try:
            if isinstance(self.profile.channel, SftpChannel):
                self._reach(self.profile.channel)
            self._list()
            if write:
                folder, name = self._rename(*self._write())
                self._remove(folder, name)
        except _Stop:
            return False
        return all(step.mark != "no" for step in self.steps)

    # ------------------------------------------------------------------------------------------ parts

    def _reach(self, channel: SftpChannel) -> None:
        with self._step("secrets", needed=True):
            credentials = credentials_of(channel, self.read)
        self._say("secrets", "yes", "key or password can be read")
        with self._step("host name", needed=True):
            self._say("host name", "yes", f"{channel.host} is {', '.join(resolve(channel))}")
        with self._step("connection", needed=True):
            dial(channel).close()
            self._say("connection", "yes", f"port {channel.port} answers")
        with self._step("host key", needed=True):
            transport = reach(channel)
        try:
            key = transport.get_remote_server_key()
            place = "first" if key.fingerprint == channel.host_keys[0].rstrip("=") else "second"
            self._say("host key", "yes", f"{key.fingerprint} ({key.get_name()}), the {place} pinned one")
            with self._step("log-in", needed=True):
                authenticate(transport, channel, credentials)
                self._say("log-in", "yes", f"as {channel.username}")
        finally:
            close(transport)

    def _list(self) -> None:
        folders = self.profile.folders
        wanted = [folders.to_bank, folders.temporary, *folders.from_bank, folders.processed]
        with self._step("session", needed=True), self._session() as session:
            for folder in dict.fromkeys(name for name in wanted if name is not None):
                with self._step(f"list {folder}"):
                    count = sum(1 for _ in session.list(folder))
                    self._say(f"list {folder}", "yes", f"{count} names")

    def _write(self) -> tuple[str, str]:
        folder = self.profile.folders.growing
        name = f".h2h-test-{self.token}.part"
        with self._step("write", needed=True), self._session() as session:
            session.create(folder, name, io.BytesIO(CONTENT))
            self._say("write", "yes", f"{folder}/{name}")
            try:
                session.create(folder, name, io.BytesIO(b""))
                self._say("exclusive create", "no", "a name that exists was written to", "bank: it must be refused")
            except NotSent:
                self._say("exclusive create", "yes", "a name that exists is refused")
            self.found["read_back"] = False
            with self._step("read back", note="set read_back = false; only the size is compared then"):
                same = session.digest(folder, name) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
                self.found["read_back"] = same
                text = "the bytes are ours" if same else "other bytes are there than were written"
                self._say("read back", "yes" if same else "no", text, "" if same else "bank: what changes our files?")
            self._stays(session, folder, name)
        return folder, name

    def _stays(self, session: Session, folder: str, name: str) -> None:
        """F46: a bank that takes files under temporary names would take half a file, and the same payments again."""
        time.sleep(self.wait_seconds)
        with self._step("temporary names", note="h2h cannot see whether they are left alone; ask the bank"):
            if session.stat(folder, name) is None:
                text = f"{name} is gone: this bank takes files under temporary names, or clears them away at once"
                self._say("temporary names", "no", text, "bank: agree on a folder that it does not read, for uploads "
                          "(folders.temporary)")  # fmt: skip
                raise _Stop
            self._say("temporary names", "yes", f"left alone for {self.wait_seconds:g} seconds")

    def _rename(self, folder: str, name: str) -> tuple[str, str]:
        """From where uploads grow to where payment files go, under a name that is still a temporary one."""
        to_folder = self.profile.folders.to_bank
        works: list[Rename] = []
        for number, (kind, words) in enumerate(_RENAMES.items()):
            to_name = f".h2h-test-{self.token}.{number}.part"
            with self._step(f"rename {kind}", needed=True), self._session(kind) as session:
                try:
                    session.rename(folder, name, to_folder, to_name)
                except InDoubt as doubt:
                    self._say(f"rename {kind}", "note", doubt.message)
                    continue
                folder, name = to_folder, to_name
                works.append(kind)
                self._say(f"rename {kind}", "yes", words)
        configured = self.profile.submission.rename
        if works:
            self.found["rename"] = works[0]
        if configured not in works:
            change = f'system administrator: set rename = "{works[0]}"' if works else "bank: allow files to be renamed"
            self._say("rename as configured", "no", f'rename = "{configured}" does not work here', change)
        return folder, name

    def _remove(self, folder: str, name: str) -> None:
        with self._step("remove", note=f"bank: please remove {folder}/{name}"), self._session() as session:
            session.remove(folder, name)
            self._say("remove", "yes", "nothing of this test is left")

    # ------------------------------------------------------------------------------------------ helpers

    def _session(self, rename: Rename = "fxp") -> AbstractContextManager[Session]:
        if isinstance(self.profile.channel, SftpChannel):
            return BankOverSftp.of(self.profile.channel, rename, self.read).connect()
        return BankOverDirectory(self.profile.channel.root, rename).connect()

    @contextmanager
    def _step(self, name: str, *, needed: bool = False, note: str | None = None) -> Iterator[None]:
        """What fails inside is told; with *needed* it also ends the test, with *note* it is only worth knowing."""
        try:
            yield
        except H2HError as problem:
            self._say(name, "note" if note else "no", problem.message, note or problem.hint or "")
            if needed:
                raise _Stop from problem

    def _say(self, name: str, mark: Mark, text: str, next_step: str = "") -> None:
        step = Step(name, mark, text, next_step)
        self.steps.append(step)
        self.tell(step)
