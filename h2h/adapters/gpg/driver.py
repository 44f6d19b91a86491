"""python-gnupg on a short leash: a status pipe of our own, a time limit, a short socket path, no gpg.conf."""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import gnupg

from h2h.core.errors import Misconfigured, OutOfSpace, Unavailable

SOCKET_PATH_BYTES_MAX = 107  # sun_path of a Unix socket, without its final NUL
_LONGEST_SOCKET = "/S.gpg-agent.browser"
#: What gpg said about its keys holds while the keyring's files stand unchanged, and no longer than this.
LISTING_SECONDS = 60.0
_KEYS = ("pubring.kbx", "pubring.gpg", "secring.gpg", "private-keys-v1.d")  # a directory's time is that of its names
_GRACE_SECONDS = 10.0  # gpg has ended: its last status lines are in the pipe already
#: At the beginning of a line: names that others have chosen stand further on.
_NO_AGENT = re.compile("^gpg: can't connect to the (gpg-)?agent", re.MULTILINE)
_OPTIONS = (
    # Not --quiet: gpg 2.2 would leave out of its status, too, why a key did not fit and which it does not have.
    "--no-options",  # a gpg.conf could switch on key retrieval or another trust model
    "--no-auto-key-retrieve",
    "--no-auto-key-locate",
    "--disable-dirmngr",
    "--no-auto-check-trustdb",
    "--trust-model=always",  # the fingerprints are pinned; the web of trust has no say
    "--weak-digest=SHA1",
    "--no-symkey-cache",
    "--pinentry-mode=loopback",  # nobody is there to be asked
    "--personal-cipher-preferences=AES256 AES192 AES",
    "--personal-digest-preferences=SHA512 SHA384 SHA256",
    "--compress-algo=none",  # some banks' readers stumble over it, and nobody has to fear a bomb
    "--force-mdc",
    "--no-emit-version",
    "--no-comments",
)

# gpg's words come to us through its status pipe; its other words may hold user ids.
logging.getLogger("gnupg").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of gpg: its exit code, its status lines, and what it said to people."""

    exit_code: int
    status: bytes
    said: str


_Stamp = tuple[tuple[str, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Listing:
    """What gpg said of some keys, and what the keyring's files were like then."""

    keys: list[dict[str, Any]]
    stamp: _Stamp
    until: float

    def holds(self, stamp: _Stamp) -> bool:
        return self.stamp == stamp and time.monotonic() < self.until


class Gpg:
    """gpg on one keyring; each thread that runs it drives a process of its own. ``close`` ends the agent it started."""

    def __init__(self, keyring: Path, timeout_seconds: float) -> None:
        self._keyring = keyring
        self._timeout = timeout_seconds
        self._mutex = threading.Lock()
        self._home: Path | None = None
        self._idle: list[_Driven] = []
        self._listings: dict[tuple[bool, tuple[str, ...]], _Listing] = {}
        self._stand_in: Path | None = None
        self._agent_is_ours = False

    def list_keys(self, fingerprints: Sequence[str], *, secret: bool, anew: bool = False) -> list[dict[str, Any]]:
        """What the keyring holds of these; as python-gnupg describes it.

        gpg is asked again only if the keyring has changed since, or *anew*. ``OutOfSpace``, ``Unavailable``: gpg that
        cannot write a lock, or has no agent, lists nothing, and then no key is missing.
        """
        asked, stamp = (secret, tuple(fingerprints)), self._stamp()
        known = self._listings.get(asked)
        if known is not None and not anew and known.holds(stamp):
            return known.keys
        with self._driven() as driven:
            keys: list[dict[str, Any]] = list(driven.list_keys(secret, keys=list(fingerprints)))
            _able(driven.ended(), self._keyring)
        self._listings[asked] = _Listing(keys, stamp, time.monotonic() + LISTING_SECONDS)
        return keys

    def encrypt(
        self,
        source: BinaryIO,
        target: Path,
        *,
        signer: str,
        recipients: Sequence[str],
        passphrase: str,
    ) -> Run:
        """Sign by *signer* and encrypt to *recipients* and to *passphrase*."""
        options = ["--symmetric", f"--s2k-count={65_536}", "--local-user", signer]

        def go(driven: _Driven) -> object:
            return driven.encrypt_file(
                source,
                list(recipients),
                sign=signer,
                passphrase=_as_written(passphrase),
                armor=False,
                output=str(target),
                extra_args=options,
            )

        return self._run(target, go)

    def decrypt(
        self,
        source: BinaryIO,
        target: Path | None,
        *,
        passphrase: str | None,
        bytes_max: int,
        on_data: Callable[[bytes], None] | None = None,
    ) -> Run:
        """Decrypt into *target*, or hand the content to *on_data* piece by piece."""

        def go(driven: _Driven) -> object:
            driven.on_data = None if on_data is None else lambda data: (on_data(data), False)[1]
            try:
                return driven.decrypt_file(
                    source,
                    passphrase=_as_written(passphrase) if passphrase else None,
                    output=str(target) if target else None,
                    extra_args=[f"--max-output={bytes_max}"],
                )
            finally:
                driven.on_data = None

        return self._run(target or self._keyring, go)

    def close(self) -> None:
        """End the agent if this object started it, and remove the short link."""
        if self._home is not None and self._agent_is_ours:
            command = ["gpgconf", "--homedir", str(self._home), "--kill", "all"]
            subprocess.run(command, env=_environment(), capture_output=True, check=False, timeout=self._timeout)
        self._home = None
        self._idle.clear()
        self._listings.clear()
        self._remove_stand_in()

    def _run(self, place: Path, go: Callable[[_Driven], object]) -> Run:
        with self._driven() as driven:
            try:
                go(driven)
            except OSError:
                # gpg ended before it had read everything; its status and its exit code, below, tell why.
                driven.ended()
            return _able(driven.ended(), place)

    @contextmanager
    def _driven(self) -> Iterator[_Driven]:
        """A driver that no other thread uses meanwhile; ``Misconfigured`` if gpg cannot be run on this keyring."""
        with self._mutex:
            driven = self._idle.pop() if self._idle else self._another()
        try:
            yield driven
        finally:
            with self._mutex:
                self._idle.append(driven)

    def _another(self) -> _Driven:
        if not self._keyring.is_dir():
            raise Misconfigured(f"the PGP keyring {self._keyring} does not exist", hint="import the keys into it")
        first = self._home is None
        try:
            if self._home is None:
                home = self._working_home()
                self._agent_is_ours = not _agent_answers(home)
                self._home = home
            return _Driven(self._home, self._timeout)
        except (OSError, ValueError) as problem:
            if first:
                self._home = None
                self._remove_stand_in()
            raise Misconfigured(f"gpg cannot be run: {problem}", hint="install gnupg 2.2 or later") from problem

    def _stamp(self) -> _Stamp:
        """Changes whenever a key is imported, deleted, or changed."""
        stamp = []
        for name in _KEYS:
            try:
                state = os.stat(self._keyring / name)
            except OSError:
                continue
            stamp.append((name, state.st_mtime_ns, state.st_ctime_ns, state.st_ino, state.st_size))
        return tuple(stamp)

    def _remove_stand_in(self) -> None:
        if self._stand_in is not None:
            shutil.rmtree(self._stand_in, ignore_errors=True)
            self._stand_in = None

    def _working_home(self) -> Path:
        """The keyring, or what stands for it where gpg-agent cannot put its socket into it."""
        writable = os.access(self._keyring, os.W_OK, effective_ids=True)
        if writable and _fits(self._keyring):
            return self._keyring
        directory = Path(tempfile.mkdtemp(prefix="h2h-"))
        self._stand_in = directory
        if not _fits(directory / "k"):
            self._remove_stand_in()
            raise Misconfigured(
                f"the path of the PGP keyring {self._keyring} is too long for gpg-agent's socket, and so is TMPDIR",
                hint=f"move it to a path of at most {SOCKET_PATH_BYTES_MAX - len(_LONGEST_SOCKET)} bytes",
            )
        keyring = self._keyring.absolute()
        if writable:  # too long only
            (directory / "k").symlink_to(keyring, target_is_directory=True)
            return directory / "k"
        for entry in keyring.iterdir():  # read-only: locks and sockets go beside links to the keys
            if not entry.name.startswith(("S.", ".#")):
                (directory / entry.name).symlink_to(entry)
        return directory


class _Driven(gnupg.GPG):  # type: ignore[misc]  # python-gnupg comes without types
    """python-gnupg, with a status pipe of our own and a time limit for each process that it starts.

    python-gnupg reads status lines from standard error, where gpg also prints names that others have chosen.
    """

    def __init__(self, home: Path, timeout_seconds: float) -> None:
        self._seconds = timeout_seconds
        self._last: _Process | None = None
        super().__init__(gnupghome=str(home), options=[*_OPTIONS], env=_environment())

    def _open_subprocess(self, args: list[str], passphrase: bool = False) -> subprocess.Popen[bytes]:
        reader, writer = os.pipe()
        try:
            # The last status option counts.
            self.options = [*_OPTIONS, "--status-fd", str(writer)]
            command = self.make_args(args, passphrase)
            pipe = subprocess.PIPE
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=self.env, pass_fds=(writer,))
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        self._last = _Process(process, reader, self._seconds)
        return process

    def _read_response(self, stream: Any, result: Any) -> None:
        result.stderr = stream.read()
        if self._last is not None:
            self._last.said = result.stderr

    def ended(self) -> Run:
        """What the last process left behind, after its end; ``Unavailable`` if it had to be killed."""
        if self._last is None:
            raise Unavailable("gpg was not started")
        return self._last.ended()


class _Process:
    """One process of gpg: its status is read as it comes, its time is limited."""

    def __init__(self, process: subprocess.Popen[bytes], reader: int, seconds: float) -> None:
        self.said = ""
        self._process = process
        self._seconds = seconds
        self._late = False
        self._status = b""
        self._thread = threading.Thread(target=self._read, args=(reader,), daemon=True)
        self._thread.start()
        self._timer = threading.Timer(seconds, self._too_late)
        self._timer.daemon = True
        self._timer.start()

    def ended(self) -> Run:
        """Wait for the end, close what is left open. ``Unavailable`` if the time was over."""
        code = self._process.wait()
        self._timer.cancel()
        self._thread.join(_GRACE_SECONDS)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                continue  # what could not be flushed to a process that has ended is of no use to anyone
        if self._late:
            raise Unavailable(
                f"gpg did not finish within {self._seconds:g} seconds",
                hint="the system administrator looks at gpg-agent, the smart card or the disk",
            )
        return Run(code, self._status, self.said)

    def _read(self, reader: int) -> None:
        with open(reader, "rb") as pipe:
            self._status = pipe.read()

    def _too_late(self) -> None:
        self._late = True
        self._process.kill()


def _able(run: Run, place: Path) -> Run:
    """The run, if gpg could work at all: ``OutOfSpace`` for no room in *place*, ``Unavailable`` without an agent.

    Without one gpg lists no secret key and knows none for any message; its status channel says no more than that.
    """
    if "No space left on device" in run.said or "Disk quota exceeded" in run.said:
        raise OutOfSpace(
            f"gpg could not write to {place}: no space left on device",
            hint="the system administrator frees or adds space; h2h goes on by itself then",
        )
    if _NO_AGENT.search(run.said):
        raise agent_gone()
    return run


def agent_gone() -> Unavailable:
    """Neither keys nor messages are to blame: another process may have ended the agent, or the machine is too busy."""
    return Unavailable(
        "gpg-agent could not be reached, or went away while it was asked",
        hint="h2h tries again; if it stays so, the system administrator looks at gpg-agent",
    )


def _as_written(passphrase: str) -> str:
    """python-gnupg writes Latin-1; this makes the bytes on the pipe UTF-8, as gpg expects."""
    return passphrase.encode("utf-8").decode("latin-1")


def _fits(home: Path) -> bool:
    return len(os.fsencode(home.absolute())) + len(_LONGEST_SOCKET) <= SOCKET_PATH_BYTES_MAX


def _environment() -> dict[str, str]:
    """No language, no home, no agent of the caller's: only where programs are, and where temporary files go."""
    return {"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)}


def _agent_answers(home: Path) -> bool:
    command = ["gpgconf", "--homedir", str(home), "--list-dirs", "agent-socket"]
    done = subprocess.run(command, env=_environment(), capture_output=True, check=False, timeout=30)
    path = urllib.parse.unquote(done.stdout.decode("utf-8", "surrogateescape").strip())
    try:
        with socket.socket(socket.AF_UNIX) as agent:
            agent.settimeout(5)
            agent.connect(path)
            return True
    except (OSError, ValueError):
        return False
