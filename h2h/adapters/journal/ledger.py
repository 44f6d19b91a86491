"""The second witness: one JSON line a record, each bound to the one before by SHA-256, each fsynced before it counts.

It lies in another directory (best on another disk) than the journal, so that a journal restored from yesterday still
learns what was sent today. Every process that appends takes the file's lock for that one record and first reads what
others have written since, so the daemon and a command of a person share it. Only a last line without its end is ever
cut off: it is what a crash in the middle of an append leaves, and nothing was done on its strength.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from h2h.adapters import files
from h2h.adapters.journal.beside import LedgerBeside, ledgers, records_of
from h2h.adapters.journal.ledger_lines import RESTORE, Line, decoded, encoded, read_lines
from h2h.core.errors import H2HError, Misconfigured, NotDurable, OutOfSpace, Unavailable
from h2h.core.records import LedgerKind, LedgerRecord
from h2h.ports import Clock

LOCK_SECONDS = 5.0


class FileLedger:
    """Implements ``ports.Ledger`` over one file. Threads and processes may share it; ``close`` it at the end.

    With *daemon*, only one process may hold the ledger so: a second daemon on the same ledger is ``Misconfigured``.
    """

    def __init__(self, path: Path, *, clock: Clock, daemon: bool = False, pattern: str = "") -> None:
        self._path = path
        self._pattern = pattern
        self._clock = clock
        self._mutex = threading.RLock()
        self._known: set[tuple[LedgerKind, str, int]] = set()
        self._beside: dict[str, LedgerBeside] = {}
        self._head: tuple[int, str] = (0, "")
        self._offset = 0  # end of the last line that was read
        self._broken = False
        self._daemon_lock = _lock_for_daemon(path) if daemon else None
        try:
            self._fd, self._durable = _open(path)
        except BaseException:
            self._release_daemon()
            raise
        try:
            with self._locked():
                self._catch_up(mend=True)
        except BaseException:
            self.close()
            raise

    def append(self, record: LedgerRecord) -> LedgerRecord:
        """Durable on return. ``OutOfSpace`` and ``Unavailable``: it may or may not stand there; ``has`` tells.

        ``NotDurable``: the process must end and look afresh, and this object does nothing more.
        """
        with self._mutex, self._locked():
            self._catch_up(mend=True)
            number, prev = self._head
            record = replace(record, number=number + 1)
            data = encoded(record, self._clock.now().isoformat(), prev)
            try:
                files.write_all(self._fd, data)
                files.sync(self._fd)
            except OSError as problem:
                raise self._failed(problem) from problem
            self._note(decoded(data, number + 1, prev), len(data))
            return record

    def has(self, kind: LedgerKind, sid: str, generation: int) -> bool:
        """True if that record stands in the ledger, whichever process wrote it."""
        with self._mutex:
            self._catch_up(mend=False)
            return (kind, sid, generation) in self._known

    def anywhere(self, kind: LedgerKind, sid: str, generation: int) -> bool:
        """True if that record stands here or in another node's ledger, as far as those are written by now.

        ``Misconfigured`` if one of them is damaged, was cut or replaced, ``Unavailable`` if one cannot be read, or is
        gone since it was asked before: what it would have said is then not known.
        """
        if self.has(kind, sid, generation):
            return True
        with self._mutex:
            for name in {*self._beside, *self.others()}:
                beside = self._beside.setdefault(name, LedgerBeside(self._path.with_name(name)))
                if beside.has(kind, sid, generation):
                    return True
        return False

    def records(self, after: int = 0, of: str = "") -> Iterator[LedgerRecord]:
        """Records with a higher number, in order, every one of them checked again; ``Misconfigured``."""
        if of:
            return (record for record in records_of(self._path.with_name(of)) if record.number > after)
        return (line.record for line in read_lines(self._path) if line.record.number > after)

    def others(self) -> list[str]:
        """The ledgers of the other nodes beside this one, by file name."""
        return [path.name for path in ledgers(self._path, self._pattern)[1:]]

    def head(self) -> tuple[int, str]:
        """Number and hash of the last record; (0, "") if there is none."""
        with self._mutex:
            self._catch_up(mend=False)
            return self._head

    def close(self) -> None:
        """Give the file back."""
        with self._mutex:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
            self._release_daemon()

    def _release_daemon(self) -> None:
        if self._daemon_lock is not None:
            os.close(self._daemon_lock)
            self._daemon_lock = None

    def __enter__(self) -> FileLedger:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------ the file

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The file's lock, waited for at most ``LOCK_SECONDS``: a paused process must not stop this one for ever."""
        if self._broken:
            # Whoever did not hear of it, or whose error another one hid, must end as well.
            raise NotDurable(errno.EIO, "the ledger could not be made durable; h2h must be started again")
        until = self._clock.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as problem:
                if self._clock.monotonic() >= until:
                    raise Unavailable("another process holds the ledger") from problem
                self._clock.sleep(0.02)
        try:
            yield
        finally:
            if self._fd >= 0:
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _catch_up(self, *, mend: bool) -> None:
        """Read and check what was appended since; with *mend* (under the lock) deal with a line without its end."""
        status = os.fstat(self._fd)
        self._still_there(status)
        if status.st_size < self._offset:
            raise Misconfigured(f"the ledger {self._path} has become shorter while h2h ran", hint=RESTORE)
        if status.st_size == self._offset:
            return
        if status.st_size > self._durable:
            self._make_durable()
            self._durable = status.st_size
        number, prev = self._head
        with os.fdopen(os.dup(self._fd), "rb") as file:
            file.seek(self._offset)
            for data in file:
                if not data.endswith(b"\n"):
                    if mend:
                        self._mend(data, number + 1, prev)
                    return
                line = decoded(data, number + 1, prev)
                number, prev = number + 1, line.hash
                self._note(line, len(data))

    def _make_durable(self) -> None:
        """What another process wrote, or this one before it was killed, may not have reached the disk yet.

        Whoever acts on a record, or notes in the journal that it was seen, must not lose it to a power cut afterwards.
        """
        try:
            files.sync(self._fd)
        except OSError as problem:
            raise self._failed(problem) from problem

    def _still_there(self, status: os.stat_result) -> None:
        try:
            there = os.stat(self._path, follow_symlinks=False)
        except OSError as problem:
            raise Misconfigured(f"the ledger {self._path} is gone: {problem.strerror}", hint=RESTORE) from problem
        if (there.st_dev, there.st_ino) != (status.st_dev, status.st_ino):
            raise Misconfigured(
                f"the ledger {self._path} was replaced while h2h ran",
                hint="no log rotation for the ledger; start h2h again when the right file is back",
            )

    def _mend(self, torn: bytes, number: int, prev: str) -> None:
        """The last line has no end. If all but the newline is there, it is finished; else it never counted: cut off."""
        try:
            try:
                whole = decoded(torn + b"\n", number, prev)
            except Misconfigured:
                os.ftruncate(self._fd, self._offset)
                files.sync(self._fd)
            else:
                files.write_all(self._fd, b"\n")
                files.sync(self._fd)
                self._note(whole, len(torn) + 1)
        except OSError as problem:
            raise self._failed(problem) from problem

    def _note(self, line: Line, size: int) -> None:
        self._known.add((line.record.kind, line.record.sid, line.record.generation))
        self._head = (line.record.number, line.hash)
        self._offset += size
        self._durable = max(self._durable, self._offset)

    def _failed(self, problem: OSError) -> H2HError | NotDurable:
        if isinstance(problem, NotDurable):
            # What the kernel still holds is unknown and must not be synchronised again (fsync lies the second time):
            # the process ends, and reads the file afresh when it starts.
            self._broken = True
            return NotDurable(problem.errno, f"the ledger could not be made durable: {problem.strerror}")
        with suppress(OSError):
            os.ftruncate(self._fd, self._offset)  # else the next append cuts off the half line
        return files.translated(problem, "write the ledger", self._path)


# ---------------------------------------------------------------------------------------------- opening


def _open(path: Path) -> tuple[int, int]:
    """The ledger, made if need be; and how much of it is durable."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            descriptor = os.open(path, flags | os.O_CREAT, 0o600)
        try:
            # Also of a ledger that exists: whoever made it may have been killed before its name was durable.
            size = os.fstat(descriptor).st_size
            os.fsync(descriptor)
            files.sync_directory(path.parent)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor, size
    except OSError as problem:
        if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise OutOfSpace(f"no room for the ledger {path}") from problem
        raise Misconfigured(f"the ledger {path} cannot be opened: {problem.strerror}") from problem


@contextmanager
def only_daemon(path: Path, what: str) -> Iterator[None]:
    """Inside, no other daemon works with this file, the *what* of an installation; ``Misconfigured``."""
    descriptor = _lock_for_daemon(path, what)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock_for_daemon(path: Path, what: str = "ledger") -> int:
    """A lock file beside it, held for the life of the process; the kernel gives it back when it dies."""
    beside = path.with_name(path.name + ".daemon")
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as problem:
        raise Misconfigured(f"the lock {beside} cannot be made: {problem.strerror}") from problem
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        os.close(descriptor)
        raise Misconfigured(
            f"another h2h daemon works with the {what} {path}", hint="one daemon an installation: stop the other first"
        ) from problem
    return descriptor
