"""The ERP's folders and h2h's own archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from h2h.core.control import NO_TOTALS, StatedTotals
from h2h.core.findings import Finding
from h2h.core.records import (
    SourceIdentity,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A complete file that an ERP dropped."""

    identity: SourceIdentity
    expected_size: int | None = None  # from the marker file
    expected_sha256: str | None = None
    marker: str | None = None
    totals: StatedTotals = NO_TOTALS


#: What an oddity of no single file is named after.
THE_FOLDER = "the folder"


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something in the folder that is not a file to take: named once, never followed."""

    name: str  # escaped for people
    finding: Finding


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file taken out of the ERP's sight by a rename; still in the ERP's folder tree."""

    path: Path
    identity: SourceIdentity
    expected_size: int | None = None
    expected_sha256: str | None = None
    totals: StatedTotals = NO_TOTALS


@dataclass(frozen=True, slots=True)
class Spooled:
    """A claimed file's bytes, durable in h2h's own state directory."""

    path: Path
    sha256: str
    size: int


class Outbox(Protocol):
    """One ERP's outbound folder. ``Unavailable`` if it cannot be reached (unmounted, no permission)."""

    def scan(self, now: datetime) -> Iterator[Candidate | Oddity]:
        """Complete wanted files, oldest first, and what is odd. Files still being written are not mentioned."""

    def names(self) -> frozenset[str]:
        """What lies in the folder now that is not h2h's own, under the names by which oddities are told."""

    def claim(self, candidate: Candidate) -> Claimed | None:
        """Rename it into h2h's corner of the folder; None if it is gone or has changed."""

    def unfinished(self) -> Iterator[Claimed]:
        """Files claimed by an earlier run that was cut short."""

    def holds(self, claimed: Claimed) -> bool:
        """True if the file is still where it was claimed; False if another node has adopted it. ``Unavailable``."""

    def spool(self, claimed: Claimed) -> Spooled:
        """Copy through one descriptor, hash, fsync. ``Refused`` (not regular, too large, differs from its marker),

        ``OutOfSpace``.
        """

    def discard(self, claimed: Claimed, spooled: Spooled | None = None) -> bool:
        """Remove the claimed file and its spooled copy: only after the archive holds it durably.

        False if the claimed file was not there any more.
        """

    def tidy(self) -> None:
        """Remove spooled copies of files that earlier runs left: at a start, when nothing is being taken in."""

    def adopt(self, node: str) -> int:
        """Make the claims of another node, which is gone, our own unfinished ones; how many. '' is one without name."""

    def set_aside(self, claimed: Claimed) -> str:
        """Move a claimed file that cannot be taken in (too large, not regular) into ``refused/``; its name there."""

    def place(self, name: str, data: bytes) -> None:
        """Put a file of h2h's own where claimed files are: the next round takes it in, as if an ERP had dropped it.

        Whole or not at all; the same name again changes nothing. ``OutOfSpace``, ``Unavailable``.
        """

    def beside(self, name: str) -> bytes | None:
        """A receipt that was written beside the ERP's file, or None if it is not (or no longer) there."""

    def write_beside(self, name: str, data: bytes) -> None:
        """Write a receipt or an error report beside the ERP's file, atomically."""


class Inbox(Protocol):
    """One ERP's inbound folder."""

    def deliver(self, name: str, data: bytes | Path) -> str:
        """Write a file atomically; the same name with the same bytes is success, with other bytes a numbered name.

        The name it has. ``Unavailable``, ``OutOfSpace``.
        """

    def deliver_together(self, files: Sequence[tuple[str, bytes | Path]]) -> list[str]:
        """Write files that are only whole together, in this order: who sees the last one finds all of them.

        The names they have: all plain, or all with the same number. Cut short and repeated, it ends the same.
        ``Unavailable``, ``OutOfSpace``.
        """


class Archive(Protocol):
    """Numbered write-once artefacts, one folder a submission or bank file (``owner`` is a sid or fid)."""

    def put(self, owner: str, since: datetime, name: str, data: bytes | Path, *, anew: bool = False) -> Path:
        """Keep it, durably; the same bytes again is success, other bytes under a name that exists ``Untrusted``.

        *anew*: the journal does not name it yet, so what a step cut short left under that name is replaced.
        """

    def get(self, owner: str, since: datetime, start: str) -> Path | None:
        """The artefact whose name starts so (``30-bank``), or None."""

    def list(self, owner: str, since: datetime) -> list[Path]:
        """All artefacts, in order."""

    def scratch(self, owner: str) -> Path:
        """A private working directory for that owner, emptied at start."""

    def clean(self, owner: str) -> None:
        """Remove the working directory."""

    def tidy(self) -> None:
        """Remove all working directories: at a start, when nobody works yet."""
