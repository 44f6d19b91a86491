"""One ERP's outbound folder: a scan is the truth, a rename is the claim, one descriptor is the copy."""

from __future__ import annotations

import math
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from h2h.adapters import files
from h2h.adapters.folders import oddities
from h2h.adapters.folders.claims import Corner, identity_of, marker_at
from h2h.adapters.folders.completeness import (
    Marker,
    Rest,
    at_rest_for,
    disturbed_after,
    has_writer,
    signature,
)
from h2h.adapters.folders.listing import Listing
from h2h.adapters.folders.mounts import MountWitness
from h2h.adapters.folders.names import NameKind, Names, escaped, hostile, plain_name, shared_mode
from h2h.core.errors import OutOfSpace, Refused, Unavailable
from h2h.core.findings import Finding, WhoActs, error
from h2h.ports import Candidate, Claimed, Oddity, Spooled
from h2h.settings.erp import CompletenessKind, ErpFolder
from h2h.settings.site import Limits

_COPY = re.compile("[0-9a-f]{64}")  # the copy of a claimed file in the spool, named by its SHA-256
_RECEIPT_BYTES_MAX = 10_000_000


class FolderOutbox:
    """``ports.Outbox`` over a directory. *spool* is h2h's own directory for claimed bytes, on a local disk.

    It remembers between scans what it has seen, so one object serves one folder for the life of the process; it is
    not to be scanned by two threads at once. With *owner*, a folder of another installation's is ``Misconfigured``.
    """

    def __init__(
        self, folder: ErpFolder, limits: Limits, spool: Path, node: str | None = None, owner: str = ""
    ) -> None:
        self._folder = folder
        self._path = folder.outbound
        self._limits = limits
        self._owner = owner
        self._spool = spool
        self._names = Names(folder)
        self._corner = Corner(folder.outbound, node)
        self._witness = MountWitness(folder.outbound, spool / f".mounted-{folder.name}")
        self._rest = Rest()
        self._told: set[tuple[str, str, int]] = set()

    # -- what is there

    def scan(self, now: datetime) -> Iterator[Candidate | Oddity]:
        """Complete wanted files, oldest first, and what is odd. Files still being written are not mentioned.

        ``OutOfSpace`` if the spool's disk is nearly full: then nothing new is taken in, and the ERP's files stay.
        """
        self._ready()
        self._room_for(0)
        seen = Listing(self._path, self._names, self._limits.folder_entries_max)
        local = not files.on_network(self._path)
        self._rest.keep_only(seen.present)
        self._told = {t for t in self._told if t[1] in seen.present or t[1] == ""}
        yield from self._tell(seen.odd)
        if seen.left_over:
            yield from self._tell([("", 0, oddities.too_many(self._limits.folder_entries_max))])
        if self._folder.completeness.by is CompletenessKind.MARKER:
            yield from self._tell(self._lonely_markers(seen, now))
        for _, name in seen.wanted:
            with files.in_words("look at", self._path / escaped(name)):
                # After the file was seen: the listing may have passed the semaphore's place before it came.
                lock = next((n for n in self._names.locks_of(name) if os.path.lexists(self._path / n)), None)
                found = self._judge(name, seen, now, local) if lock is None else self._waits_for(name, lock, now)
            if isinstance(found, Candidate):
                yield found
            elif found is not None:
                yield from self._tell([found])

    def names(self) -> frozenset[str]:
        """What lies in the folder now that is not h2h's own, under the names by which oddities are told."""
        self._ready()
        with files.in_words("read", self._path):
            theirs = [name for name in os.listdir(self._path) if self._names.kind(name) is not NameKind.OURS]
        return frozenset(escaped(name) for name in theirs)

    def unfinished(self) -> Iterator[Claimed]:
        """Files claimed by an earlier run that was cut short."""
        self._ready()
        oldest = time.time() - files.TEMPORARIES_KEPT_SECONDS
        files.tidy(self._path, oldest)
        files.tidy(self._spool, oldest)
        self._forget_copies(oldest)
        with files.in_words("read", self._path):
            yield from self._corner.leftovers()

    def check(self) -> list[Finding]:
        """What a sysadmin should mend about this folder, for `h2h check`; empty if it can be used."""
        try:
            self._ready()
            self._room_for(0)
        except Unavailable as problem:
            return [error("H2H-FOLDER", str(self._path), str(problem), WhoActs.SYSTEM_ADMINISTRATOR)]
        return oddities.of_folder(self._folder, os.stat(self._path).st_mode, files.on_network(self._path))

    def belong(self) -> None:
        """At the start: ``Misconfigured`` if another installation works here. A folder that is not there waits."""
        try:
            self._ready()
        except Unavailable:
            return  # every scan says so, and looks again whose it is

    # -- what is taken

    def claim(self, candidate: Candidate) -> Claimed | None:
        """Rename it into h2h's corner of the folder; None if it is gone or has changed.

        ``OutOfSpace`` before anything is touched if the spool could not hold it; ``Unavailable``.
        """
        self._room_for(min(candidate.identity.size, self._limits.file_bytes_max))
        with files.in_words("claim", self._path / candidate.identity.name):
            return self._corner.claim(candidate)

    def holds(self, claimed: Claimed) -> bool:
        """True if the file is still where it was claimed; False if another node has adopted it. ``Unavailable``."""
        with files.in_words("look at", claimed.path):
            return self._corner.holds(claimed)

    def spool(self, claimed: Claimed) -> Spooled:
        """Copy through one descriptor, hash, fsync. ``Refused`` (not regular, too large, differs from its marker).

        ``OutOfSpace`` and ``Unavailable`` leave it claimed (``unfinished`` finds it again); a file that was written to
        while it was read goes back to its place and is ``Unavailable`` until it is at rest.
        """
        name = claimed.identity.name
        self._refuse_unread(claimed)
        try:
            with files.in_words("read", claimed.path):
                source = files.open_regular(claimed.path)
        except files.NotRegular:
            raise Refused([oddities.not_regular(name, "no regular file")]) from None
        try:
            with (
                files.in_words("copy into the spool", claimed.path),
                files.temporary_file(self._spool, 0o400) as (file, temporary),
            ):
                before = os.fstat(source)
                size, sha256 = files.copy(source, file.fileno(), self._limits.file_bytes_max)
                if identity_of(name, before) != claimed.identity or signature(os.fstat(source)) != signature(before):
                    self._changed(claimed)
                if size > self._limits.file_bytes_max:
                    raise Refused([oddities.too_large(name, size, self._limits.file_bytes_max)])
                if claimed.expected_sha256 is not None and claimed.expected_sha256 != sha256:
                    raise Refused([oddities.not_as_marked(name, "sha256", claimed.expected_sha256, sha256)])
                files.sync(file.fileno())
                file.close()
                os.rename(temporary, self._spool / sha256)
                files.sync_directory(self._spool)
        finally:
            os.close(source)
        return Spooled(self._spool / sha256, sha256, size)

    def tidy(self) -> None:
        """Remove the copies that earlier runs left in the spool: at a start, when nothing is being taken in.

        A file whose copy it was is still claimed, and copied again; or another node, or its archive, has it.
        """
        self._forget_copies(math.inf)

    def _forget_copies(self, older_than: float) -> None:
        with files.in_words("tidy", self._spool):
            if not self._spool.is_dir():
                return
            for path in sorted(self._spool.iterdir()):
                if _COPY.fullmatch(path.name) and path.lstat().st_mtime < older_than:
                    path.unlink(missing_ok=True)

    def adopt(self, node: str) -> int:
        """Make what another node had claimed our own; how many files. Only when that node is gone."""
        self._ready()
        with files.in_words("adopt claims in", self._path):
            return self._corner.adopt(node)

    def discard(self, claimed: Claimed, spooled: Spooled | None = None) -> bool:
        """Remove the claimed file and its copy: only after the archive holds it durably. False if it was gone."""
        with files.in_words("remove", claimed.path):
            # The copy first: cut short in between, the claimed file is found again, and all of this is repeated.
            if spooled is not None:
                spooled.path.unlink(missing_ok=True)
            return self._corner.discard(claimed.path)

    def set_aside(self, claimed: Claimed) -> str:
        """Move a file that ``spool`` refused into ``refused/`` beside it, unread; its name there."""
        with files.in_words("set aside", claimed.path):
            return self._corner.set_aside(claimed.path)

    def place(self, name: str, data: bytes) -> None:
        """Put a file of h2h's own among the claimed ones, durably and at once; the same name again changes nothing."""
        plain_name(name)
        self._ready()
        self._room_for(len(data))
        with files.in_words("write to", self._path):
            self._corner.place(name, data)

    def beside(self, name: str) -> bytes | None:
        """A receipt beside the ERP's file; None if it is not there, or is something else by now."""
        plain_name(name)
        with files.in_words("read", self._path / name):
            self._witness.check()
            try:
                fd = files.open_regular(self._path / name)
            except (FileNotFoundError, files.NotRegular):
                return None
            with open(fd, "rb") as file:
                return file.read(_RECEIPT_BYTES_MAX)

    def write_beside(self, name: str, data: bytes) -> None:
        """Write a receipt or an error report beside the ERP's file, atomically, for all who may list the folder."""
        plain_name(name)
        with files.in_words("write to", self._path):
            self._witness.check()
            folder = os.stat(self._path)
        files.replace(self._path / name, data, mode=shared_mode(folder.st_mode), group=folder.st_gid)

    # -- helpers

    def _ready(self) -> None:
        files.make_directories(self._spool)
        with files.in_words("use the folder", self._path):
            self._witness.check()
            if not stat.S_ISDIR(os.stat(self._path).st_mode):
                raise NotADirectoryError(20, "not a directory", str(self._path))
            if not os.access(self._path, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
                raise PermissionError(13, "h2h may not read and write there", str(self._path))
            self._corner.prepare()
            if self._owner:
                self._corner.belong_to(self._owner)

    def _room_for(self, size: int) -> None:
        free = files.free_bytes(self._spool)
        if free < size + self._limits.free_bytes_min:
            raise OutOfSpace(
                f"only {files.megabytes(free)} are free at {self._spool}: nothing new is taken in from {self._path}",
                hint="the system administrator frees or adds space; h2h goes on by itself then",
            )

    def _judge(
        self, name: str, seen: Listing, now: datetime, local: bool
    ) -> Candidate | tuple[str, int, Finding] | None:
        """A candidate, something to tell, or None: not complete yet (or gone)."""
        try:
            state = os.lstat(self._path / name)
        except FileNotFoundError:
            return None
        fault = oddities.unfit(name, state, self._folder.owners, owner_name) or _hostile(name)
        if fault is not None:
            return name, state.st_ino, fault
        how = self._folder.completeness
        marker: str | None = None
        says = Marker()
        if how.by is CompletenessKind.MARKER:
            key = self._names.marker_key(name)
            marker = seen.markers.get(key)
            if marker is None:
                waited = self._rest.unchanged(name, signature(state), now)
                return (name, state.st_ino, oddities.waits(name)) if waited > oddities.LONG else None
            says = marker_at(self._path / marker)
            if seen.claimants(key) > 1:
                return name, state.st_ino, oddities.bad_marker(name, f"{marker} speaks for more than one file")
            if says.fault is not None:
                return name, state.st_ino, oddities.bad_marker(name, says.fault)
        if not self._at_rest(name, state, marker, now, local):
            return None
        unreadable = self._unreadable(name, quiet=how.by is CompletenessKind.QUIET)
        if unreadable is not None:
            return (name, state.st_ino, unreadable) if isinstance(unreadable, Finding) else None
        return Candidate(identity_of(name, state), says.size, says.sha256, marker, says.totals)

    def _waits_for(self, name: str, lock: str, now: datetime) -> tuple[str, int, Finding] | None:
        waited = self._rest.unchanged(name, ("lock", lock), now)
        return (name, 0, oddities.locked(name, lock)) if waited > oddities.LONG else None

    def _at_rest(self, name: str, state: os.stat_result, marker: str | None, now: datetime, local: bool) -> bool:
        how = self._folder.completeness
        if how.by is CompletenessKind.RENAME:
            return True
        if marker is not None:
            try:
                if not disturbed_after(state, os.lstat(self._path / marker)):
                    return True
            except FileNotFoundError:
                return False
        rested = self._rest.unchanged(name, signature(state), now)
        if local:
            rested = max(rested, at_rest_for(state, now))
        return rested.total_seconds() >= how.quiet_seconds

    def _unreadable(self, name: str, *, quiet: bool) -> Finding | bool | None:
        """A finding if h2h may not read it, True if it is not ours to take now, None if all is well."""
        try:
            fd = files.open_regular(self._path / name)
        except PermissionError:
            return oddities.unreadable(name)
        except (FileNotFoundError, files.NotRegular):
            return True  # gone or replaced since the listing: the next scan says what it is
        try:
            return True if quiet and has_writer(fd) else None
        finally:
            os.close(fd)

    def _refuse_unread(self, claimed: Claimed) -> None:
        """What can be refused without reading a gigabyte."""
        name, size = claimed.identity.name, claimed.identity.size
        if size > self._limits.file_bytes_max:
            raise Refused([oddities.too_large(name, size, self._limits.file_bytes_max)])
        if claimed.expected_size is not None and claimed.expected_size != size:
            raise Refused([oddities.not_as_marked(name, "size", str(claimed.expected_size), str(size))])

    def _changed(self, claimed: Claimed) -> None:
        back = self._corner.put_back(claimed.path)
        where = "it was put back and is taken when it is at rest" if back else f"it is kept in {claimed.path.parent}"
        raise Unavailable(
            f"{claimed.identity.name} was written to while h2h read it; {where}",
            hint="the ERP team writes under a temporary name and renames when done",
        )

    def _lonely_markers(self, seen: Listing, now: datetime) -> Iterator[tuple[str, int, Finding]]:
        for key, marker in seen.markers.items():
            waited = self._rest.unchanged(marker, "marker", now)
            if not seen.claimants(key) and waited > oddities.LONG:
                yield marker, 0, oddities.lonely_marker(marker)

    def _tell(self, found: Iterable[tuple[str, int, Finding]]) -> Iterator[Oddity]:
        for name, inode, finding in found:
            key = (finding.code, name, inode)
            if key not in self._told:
                self._told.add(key)
                yield Oddity(finding.where, finding)


def _hostile(name: str) -> Finding | None:
    why = hostile(name)
    return None if why is None else oddities.bad_name(name, why)


@lru_cache(maxsize=1024)
def owner_name(uid: int) -> str:
    """The user's name, or its number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
