"""Fetch: a bank's answers become ours before they are removed at the bank.

List → download to a private name, hash, fsync → archive → journal → ledger → only then remove or move at the bank, as
the profile says. A file is taken when its size and time have stood still for a while (``stable_seconds``), so that a
half-written one is left alone; and it is removed only if it is still what was fetched.
"""

from __future__ import annotations

import fnmatch
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from h2h.core.errors import Misconfigured, NotDurable, NotFound, Refused, StaleState, Unavailable
from h2h.core.findings import WhoActs
from h2h.core.naming import safe_name
from h2h.core.records import InboundFile
from h2h.pipeline.content import LONG_BYTES
from h2h.pipeline.house import House, log
from h2h.pipeline.line import Line
from h2h.pipeline.places import emptied_afterwards
from h2h.pipeline.witness import ensure_fetched
from h2h.ports import RemoteEntry, RemoteKind, Session
from h2h.settings import Fetching

if TYPE_CHECKING:
    from typing_extensions import Buffer  # collections.abc has it from Python 3.12

READ_BYTES = 1 << 20
#: Items about one name in a bank's folder.
_OF_ONE_NAME = ("odd-remote-name", "file-too-large", "cannot-fetch-file")


@dataclass
class Seen:
    """Names seen at the banks and since when they have stood still: (size, mtime, monotonic seconds)."""

    since: dict[tuple[str, str, bytes], tuple[int, int, float]] = field(default_factory=dict)

    def stable(self, key: tuple[str, str, bytes], entry: RemoteEntry, now: float, seconds: float) -> bool:
        """True if the entry has not changed for *seconds*; remembers it."""
        known = self.since.get(key)
        if known is None or known[:2] != (entry.size, entry.mtime):
            self.since[key] = known = (entry.size, entry.mtime, now)
        return now - known[2] >= seconds

    def forget_others(self, bank: str, folder: str, names: set[bytes]) -> None:
        """Names that the bank no longer offers are not waited for."""
        for key in [k for k in self.since if k[:2] == (bank, folder) and k[2] not in names]:
            del self.since[key]


def fetch(
    house: House,
    line: Line,
    seen: Seen,
    between: Callable[[], None],
    before_long: Callable[[], None] = lambda: None,
) -> int:
    """Fetch what *line*'s bank offers; how many files are new. ``Unavailable`` and ``Misconfigured`` if it cannot.

    *between* is called after each file, for what is more urgent. Short files come first; *before_long* is called when
    some have come and a long one is next.
    """
    bank = house.settings.bank_of(line.bank)
    session = line.session()
    if bank.fetching.after_fetch != "keep":
        for file in house.journal.files_not_removed(bank.name):
            _remove_at_bank(house, session, file, bank.fetching)
    count = told = 0
    for folder in bank.folders.from_bank:
        wanted = _wanted(house, session, bank.name, folder, bank.fetching)
        seen.forget_others(bank.name, folder, {entry.name for entry in wanted})
        for entry in wanted:
            if count >= bank.fetching.entries_max:
                return count
            key = (bank.name, folder, entry.name)
            now = house.clock.monotonic()
            if not seen.stable(key, entry, now, bank.fetching.stable_seconds):
                continue
            seen.since.pop(key, None)
            if entry.size >= LONG_BYTES and count > told:
                told = count
                before_long()
            count += _fetch_one(house, session, bank.name, folder, entry)
            between()
    house.settle("cannot-fetch", bank.name, "answers can be kept again")
    return count


def waiting_to_settle(house: House, bank: str, seen: Seen) -> float:
    """Seconds until the youngest unstable file of *bank* may be taken; 0 if there is none (for `h2h once`)."""
    wait = house.settings.bank_of(bank).fetching.stable_seconds
    now = house.clock.monotonic()
    return max((since + wait - now for (b, _, _), (_, _, since) in seen.since.items() if b == bank), default=0.0)


def _wanted(house: House, session: Session, bank: str, folder: str, rules: Fetching) -> list[RemoteEntry]:
    """Regular files whose names are wanted and that are not journalled yet: short ones first, then the oldest."""
    wanted, there = [], set()
    for entry in session.list(folder):
        name = safe_name(entry.name)
        there.add(f"{bank}/{folder}/{name}")
        plain = entry.name.decode("utf-8", "replace")
        if any(fnmatch.fnmatch(plain, p) for p in rules.ignore) or not any(
            fnmatch.fnmatch(plain, p) for p in rules.patterns
        ):
            continue
        if entry.kind is not RemoteKind.FILE:
            if entry.kind is RemoteKind.OTHER:
                text = f"{folder}/{name} at the bank is not a regular file; it is never fetched"
                house.attend("odd-remote-name", f"{bank}/{folder}/{name}", text, WhoActs.BANK, bank)
            continue
        known = house.journal.known_file(bank, folder, entry.name, entry.size, entry.mtime)
        # What was removed at the bank and is there again is another file, though name, size and second are the same.
        if known is None or known.removed:
            wanted.append(entry)
    for item in house.journal.attention():
        if item.kind in _OF_ONE_NAME and item.subject.startswith(f"{bank}/{folder}/") and item.subject not in there:
            house.settle(item.kind, item.subject, "the bank offers it no more")
    return sorted(wanted, key=lambda e: (e.size >= LONG_BYTES, e.mtime, _by_number(e.name)))


def _by_number(name: bytes) -> list[tuple[int, bytes]]:
    """Names of one second in the order people count: 9 before 10."""
    return [(int(part), b"") if part.isdigit() else (-1, part) for part in re.split(rb"([0-9]{1,18})", name)]


def _fetch_one(house: House, session: Session, bank: str, folder: str, entry: RemoteEntry) -> int:
    """Download one file and journal it; 1 if it is new. What cannot be taken is left at the bank, and said."""
    fid = hashlib.sha256(b"\0".join([bank.encode(), folder.encode(), entry.name])).hexdigest()[:12]
    with emptied_afterwards(house, f"fetch-{fid}"):
        return _download(house, session, bank, folder, entry, fid)


def _download(house: House, session: Session, bank: str, folder: str, entry: RemoteEntry, fid: str) -> int:
    name = safe_name(entry.name)
    ours = partial(_ours, house, bank)
    limit = house.settings.limits.file_bytes_max
    try:
        with ours():
            scratch = house.archive.scratch(f"fetch-{fid}") / "received"
            sink = _Copy(scratch, ours)
        with sink:
            session.fetch(folder, entry.name, sink, limit)
        after = session.stat(folder, entry.name)
    except NotFound:
        return 0  # the bank took it away between the listing and now
    except Refused as refusal:
        text = f"{folder}/{name} at the bank: {refusal}"
        house.attend("file-too-large", f"{bank}/{folder}/{name}", text, WhoActs.BANK, bank)
        return 0
    except _OursError:
        raise
    except Unavailable as problem:
        next(iter(session.list(folder)), None)  # rises if it is the connection: lost, or too old for anything new
        return _cannot_be_fetched(house, bank, f"{folder}/{name}", str(problem))
    if after is None or (after.size, after.mtime) != (entry.size, entry.mtime):
        log.info("fetch.still-changing", bank=bank, name=name)
        return 0
    digest, size = hashlib.sha256(), 0
    with scratch.open("rb") as received:
        while block := received.read(READ_BYTES):
            digest.update(block)
            size += len(block)
    if size != entry.size:
        text = f"{folder}/{name}: {size} bytes arrived, the bank says {entry.size}"
        return _cannot_be_fetched(house, bank, f"{folder}/{name}", text)
    now = house.now()
    sha256 = digest.hexdigest()
    file = InboundFile(
        fid=f"{fid}{hashlib.sha256(f'{entry.size}:{entry.mtime}:{sha256}'.encode()).hexdigest()[:8]}",
        bank=bank,
        folder=folder,
        remote_name=name,
        remote_name_raw=entry.name,
        size=entry.size,
        mtime=entry.mtime,
        sha256=sha256,
        fetched_at=now,
    )
    # The archive first: a row without its bytes could never be opened, bytes without a row are fetched again.
    with ours():
        house.archive.put(file.fid, file.fetched_at, "10-received", scratch)
    row = house.journal.fetched(file)
    again = row.removed  # the very same file once more: nothing new, but it must go from the bank's folder
    log.info("file.fetched", fid=row.fid, bank=bank, size=size, again=again)
    house.settle("cannot-fetch-file", f"{bank}/{folder}/{name}", "it was fetched")
    _remove_at_bank(house, session, row, house.settings.bank_of(bank).fetching)
    return 0 if again else 1


def _cannot_be_fetched(house: House, bank: str, name: str, text: str) -> int:
    """One file that the bank's server does not give: the others come all the same. It is tried again every time."""
    log.warning("fetch.file-not-given", bank=bank, name=name, problem=text)
    house.attend("cannot-fetch-file", f"{bank}/{name}", text, WhoActs.BANK, bank)
    return 0


class _OursError(Unavailable):
    """A disk of ours does not take what the bank gives."""


class _Copy(io.FileIO):
    """The private copy of a bank's file. Trouble with our disk is said as such, and not taken for the bank's."""

    def __init__(self, path: Path, ours: Callable[[], AbstractContextManager[None]]) -> None:
        super().__init__(path, "w")
        self._ours = ours

    def write(self, data: Buffer) -> int:
        """All of it."""
        view = memoryview(data)
        with self._ours():
            while view:
                view = view[super().write(view) :]
        return len(memoryview(data))


@contextmanager
def _ours(house: House, bank: str) -> Iterator[None]:
    """What fails inside is a disk of ours: the answers stay at the bank, and the system administrator is told."""
    try:
        yield
    except NotDurable:
        raise
    except (OSError, Unavailable) as problem:
        text = f"answers stay at the bank, they cannot be kept here: {problem}"
        house.attend("cannot-fetch", bank, text, WhoActs.SYSTEM_ADMINISTRATOR, bank)
        raise _OursError(text) from problem


def _remove_at_bank(house: House, session: Session, file: InboundFile, rules: Fetching) -> None:
    """After the file is ours for certain. The bank forbidding it is no reason to fetch it again, or to stop."""
    with _ours(house, file.bank):
        ensure_fetched(house, file)
    if rules.after_fetch == "keep" or house.archive.get(file.fid, file.fetched_at, "10-received") is None:
        return
    try:
        entry = session.stat(file.folder, file.remote_name_raw)
        if entry is not None and (entry.size, entry.mtime) == (file.size, file.mtime):
            if rules.after_fetch == "move":
                processed = house.settings.bank_of(file.bank).folders.processed
                session.move(file.folder, file.remote_name_raw, processed or "processed")
            else:
                session.remove(file.folder, file.remote_name_raw)
    except (Unavailable, Misconfigured) as problem:
        log.warning("fetch.not-removed", fid=file.fid, bank=file.bank, problem=str(problem))
        text = f"fetched files cannot be removed at the bank: {problem}"
        house.attend("cannot-remove", file.bank, text, WhoActs.SYSTEM_ADMINISTRATOR, file.bank)
        return
    # Settled first: once the row says that it is removed, nobody looks at it again.
    house.settle("cannot-remove", file.bank, "fetched files can be removed again")
    file = house.journal.file(file.fid)
    try:
        house.journal.move_file(file, file.state, at=house.now(), removed=True)
    except StaleState:
        log.info("file.moved-elsewhere", fid=file.fid)  # by another node; that it is removed is noted the next time
