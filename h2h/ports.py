"""All that h2h needs from outside, as Protocols, with the errors each may raise.

Every method is one effect that either happened durably when it returns, or raised one of the errors it names. A caller
may meet any other exception too; while sending that means "in doubt" (`h2h.core.errors`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from h2h.core.findings import Finding
from h2h.core.lifecycle import Event, State
from h2h.core.records import (
    Attention,
    EventRecord,
    FileState,
    InboundFile,
    LedgerKind,
    LedgerRecord,
    Matched,
    NewAttention,
    NewSubmission,
    PaymentRecord,
    SourceIdentity,
    StatementRecord,
    Submission,
)

# ---------------------------------------------------------------------------------------------- time and chance


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump: for durations only."""

    def sleep(self, seconds: float) -> None:
        """Wait; returns early when h2h is told to stop."""


# ---------------------------------------------------------------------------------------------- journal and ledger


class Journal(Protocol):
    """The status row and the append-only events, always in one transaction (architecture, section 9).

    Every method may raise ``Unavailable`` (database locked, disk full, connection lost): the outcome of a write is then
    unknown, and the caller reads the row again before deciding; compare-and-set makes a repetition harmless.
    """

    def take_in(self, new: NewSubmission) -> Submission:
        """Insert a submission in RECEIVED. The claim is unique per (folder, sha256) while it is alive:

        - no earlier submission of these bytes, or only REFUSED or CANCELLED ones: a new row in RECEIVED;
        - the same file again (equal ``identity``, an unfinished move): the existing row, unchanged;
        - the same bytes as another drop: a new row in DUPLICATE with ``duplicate_of`` set.
        """

    def restore(self, sub: Submission, detail: dict[str, Any]) -> Submission:
        """Put a submission back as the ledger knows it, over whatever an older copy of the journal has: the one place

        that sets a state without ``lifecycle.advance``, with an event ``restored``. Used at start only.
        """

    def advance(
        self,
        sub: Submission,
        event: Event,
        *,
        at: datetime,
        actor: str = "h2h",
        reason: str | None = None,
        detail: dict[str, Any] | None = None,
        payments: Iterable[PaymentRecord] | None = None,
        **changes: Any,
    ) -> Submission:
        """Move *sub* by *event* through ``lifecycle.advance`` if its version is still ``sub.version``; else

        ``StaleState``. *changes* are columns of ``Submission``; *payments*, if given, replace the payments of the
        submission in the same transaction. ``IllegalTransition`` as ``lifecycle.advance``.
        """

    def change(self, sub: Submission, *, at: datetime, **changes: Any) -> Submission:
        """Change columns without an event that moves the state (next attempt, format found); same compare-and-set."""

    def remark(
        self, sid: str, remark: str, *, at: datetime, actor: str = "h2h", detail: dict[str, Any] | None = None
    ) -> None:
        """Append an event that moves nothing."""

    def allocate_sequence(self, sub: Submission, *, at: datetime) -> Submission:
        """Give *sub* the next number of its bank's file sequence, once; unique per bank for ever."""

    def submission(self, sid: str) -> Submission:
        """The present row; ``NotFound``."""

    def submissions(
        self, *, bank: str | None = None, states: Iterable[State] | None = None, limit: int | None = None
    ) -> list[Submission]:
        """Newest first."""

    def due(self, bank: str, now: datetime, limit: int = 100) -> list[Submission]:
        """Submissions of *bank* that h2h itself can move now, oldest first; those never tried come before retries."""

    def waiting_for_answer(self, bank: str) -> list[Submission]:
        """Submissions in SENT or ACKNOWLEDGED, oldest first."""

    def find(self, what: str) -> list[Submission]:
        """By sid (or its start), source name, message id, remote name, end-to-end id, UETR or bank file name."""

    def events(self, sid: str) -> list[EventRecord]:
        """The history, oldest first."""

    def payments(self, sid: str) -> list[PaymentRecord]:
        """In the order of the bank's file."""

    def payments_by(
        self,
        *,
        bank: str,
        end_to_end_ids: Sequence[str] = (),
        uetrs: Sequence[str] = (),
        payment_information_ids: Sequence[str] = (),
    ) -> list[PaymentRecord]:
        """Payments of submissions to *bank* that may have left the house, by their ids."""

    def by_message_id(self, bank: str, message_id: str) -> list[Submission]:
        """Submissions to *bank* that bear this message id, newest first."""

    def overlapping(self, sid: str, bank: str, since: datetime) -> list[tuple[int, PaymentRecord]]:
        """(ordinal in *sid*, the earlier payment of another live submission with the same fingerprint)."""

    def same_name(self, folder: str, source_name: str, since: datetime) -> list[Submission]:
        """Earlier submissions of a file of that name, newest first."""

    # -- inbound

    def known_file(self, bank: str, folder: str, name: bytes, size: int, mtime: int) -> InboundFile | None:
        """A file already fetched under that name, size and time."""

    def fetched(self, file: InboundFile) -> InboundFile:
        """Insert; if (bank, folder, name, size, mtime, sha256) is there already, the existing row."""

    def file(self, fid: str) -> InboundFile:
        """The present row; ``NotFound``."""

    def file_with_content(self, bank: str, content_sha256: str) -> InboundFile | None:
        """The first file of *bank* that was opened to exactly these bytes, or None."""

    def files(
        self, *, bank: str | None = None, states: Iterable[FileState] | None = None, limit: int | None = None
    ) -> list[InboundFile]:
        """Oldest first."""

    def files_not_removed(self, bank: str) -> list[InboundFile]:
        """Fetched, but not yet removed or moved at the bank."""

    def move_file(
        self,
        file: InboundFile,
        state: FileState,
        *,
        at: datetime,
        matched: Matched | None = None,
        **changes: Any,
    ) -> InboundFile:
        """Move a bank's file and apply all it changes, in one transaction; ``StaleState``."""

    def statements(self, account: str, kind: str) -> list[StatementRecord]:
        """Statements of an account seen so far, in the order they came."""

    def payment_events(self, sid: str, ordinal: int | None = None) -> list[EventRecord]:
        """What was reported about the payments of a submission, oldest first."""

    # -- attention, meta

    def attend(self, items: Iterable[NewAttention], *, at: datetime) -> None:
        """Open items; one that is already open stays as it is."""

    def attention(self, *, open_only: bool = True) -> list[Attention]:
        """What waits for a person."""

    def close_attention(self, number: int, *, at: datetime, actor: str, reason: str) -> Attention:
        """Close an item; ``NotFound``."""

    def settle_attention(self, kind: str, subject: str, *, at: datetime, reason: str) -> None:
        """Close an open item by itself, because its cause has gone."""

    def ledger_position(self) -> int:
        """Number of the last ledger record that this journal reflects."""

    def set_ledger_position(self, number: int) -> None:
        """Remember it; never lowers it."""

    def probe(self) -> None:
        """Write and read one small row, durably: the watchdog's proof that the journal works."""


class Ledger(Protocol):
    """The second witness: append-only, hash-chained, one fsync a record, on another directory or disk."""

    def append(self, record: LedgerRecord) -> LedgerRecord:
        """Durable on return; ``Unavailable``, ``OutOfSpace``."""

    def has(self, kind: LedgerKind, sid: str, generation: int) -> bool:
        """True if that record stands in the ledger."""

    def records(self, after: int = 0) -> Iterator[LedgerRecord]:
        """Records with a higher number, in order; ``Misconfigured`` if the chain is broken (place named)."""

    def head(self) -> tuple[int, str]:
        """Number and hash of the last record; (0, "") if there is none."""


# ---------------------------------------------------------------------------------------------- the bank's server


class RemoteKind(StrEnum):
    """What a remote name is. Only FILE is ever fetched."""

    FILE = "file"
    DIRECTORY = "directory"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """One name in a remote folder. Names are bytes: banks do not promise UTF-8."""

    name: bytes
    size: int
    mtime: int
    kind: RemoteKind


class Session(Protocol):
    """One logged-in connection. Paths are ``folder/name``; every call has a deadline.

    Errors are never evidence: a server says "Failure" for many things, and a lost reply says nothing at all. After any
    error the caller observes again (``stat``, ``digest``) before it decides.
    """

    def create(self, folder: str, name: str, source: BinaryIO) -> None:
        """Write *source* to a new file: exclusive create, write, fsync if offered, close with its reply checked.

        ``NotSent`` whenever it did not go through entirely (the name is never reused, so a half file is harmless).
        """

    def stat(self, folder: str, name: str | bytes) -> RemoteEntry | None:
        """The entry, or None if the server says there is no such name; ``Unavailable`` if it cannot be known."""

    def digest(self, folder: str, name: str) -> tuple[int, str] | None:
        """(size, SHA-256) of the content read back; None if there is no such name; ``Unavailable``."""

    def rename(self, folder: str, name: str, to_folder: str, to_name: str) -> None:
        """Rename, by posix-rename or plain as configured. ``InDoubt`` for every outcome but an OK reply."""

    def remove(self, folder: str, name: str | bytes) -> None:
        """Remove a file; a missing name is success. ``Unavailable`` otherwise."""

    def move(self, folder: str, name: bytes, to_folder: str) -> None:
        """Move a fetched file aside; a missing name is success. ``Unavailable`` otherwise."""

    def list(self, folder: str) -> Iterator[RemoteEntry]:
        """All names but . and .., streamed; ``Unavailable``."""

    def fetch(self, folder: str, name: bytes, sink: BinaryIO, bytes_max: int) -> int:
        """Copy a file's content; its size. ``Refused`` over *bytes_max*, ``NotFound``, ``Unavailable``."""


class Channel(Protocol):
    """A way to one bank."""

    @property
    def rename_is_atomic(self) -> bool:
        """True for posix rename: a temporary name can be consumed once, so the request may be repeated."""

    def connect(self) -> AbstractContextManager[Session]:
        """``Unavailable`` (try later), ``Untrusted`` (host key), ``Misconfigured`` (key, password, algorithm)."""


# ---------------------------------------------------------------------------------------------- folders and archive


@dataclass(frozen=True, slots=True)
class Candidate:
    """A complete file that an ERP dropped."""

    identity: SourceIdentity
    expected_size: int | None = None  # from the marker file
    expected_sha256: str | None = None
    marker: str | None = None


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

    def claim(self, candidate: Candidate) -> Claimed | None:
        """Rename it into h2h's corner of the folder; None if it is gone or has changed."""

    def unfinished(self) -> Iterator[Claimed]:
        """Files claimed by an earlier run that was cut short."""

    def spool(self, claimed: Claimed) -> Spooled:
        """Copy through one descriptor, hash, fsync. ``Refused`` (not regular, too large, differs from its marker),

        ``OutOfSpace``.
        """

    def discard(self, claimed: Claimed, spooled: Spooled | None = None) -> None:
        """Remove the claimed file and its spooled copy: only after the archive holds it durably."""

    def set_aside(self, claimed: Claimed) -> str:
        """Move a claimed file that cannot be taken in (too large, not regular) into ``refused/``; its name there."""

    def write_beside(self, name: str, data: bytes) -> None:
        """Write a receipt or an error report beside the ERP's file, atomically."""


class Inbox(Protocol):
    """One ERP's inbound folder."""

    def deliver(self, name: str, data: bytes | Path) -> str:
        """Write a file atomically; the same name with the same bytes is success, with other bytes a numbered name.

        The name it has. ``Unavailable``, ``OutOfSpace``.
        """


class Archive(Protocol):
    """Numbered write-once artefacts, one folder a submission or bank file (``owner`` is a sid or fid)."""

    def put(self, owner: str, since: datetime, name: str, data: bytes | Path) -> Path:
        """Keep it, durably; the same bytes again is success, other bytes under a name that exists ``Untrusted``."""

    def get(self, owner: str, since: datetime, start: str) -> Path | None:
        """The artefact whose name starts so (``30-bank``), or None."""

    def list(self, owner: str, since: datetime) -> list[Path]:
        """All artefacts, in order."""

    def scratch(self, owner: str) -> Path:
        """A private working directory for that owner, emptied at start."""

    def clean(self, owner: str) -> None:
        """Remove the working directory."""


# ---------------------------------------------------------------------------------------------- seal and schema


@dataclass(frozen=True, slots=True)
class SealReport:
    """What was done to the final bytes."""

    signed_by: str | None
    encrypted_to: tuple[str, ...]
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenReport:
    """Whose signature was good."""

    signed_by: str | None
    warnings: tuple[Finding, ...] = ()


class Sealer(Protocol):
    """Signs and encrypts for one bank, and opens what that bank sends."""

    def seal(self, plain: Path, sealed: Path) -> SealReport:
        """Make *sealed*, verified as the bank would. ``Untrusted``, ``Misconfigured`` (key missing, expired),

        ``Unavailable``, ``OutOfSpace``.
        """

    def open(self, sealed: Path, plain: Path) -> OpenReport:
        """Decrypt and verify into *plain*, which exists only if all is good. ``Untrusted``, ``Misconfigured``."""

    def check(self) -> list[Finding]:
        """Keys that are missing, expired or soon will be."""


class Schemas(Protocol):
    """The XSDs."""

    def validate(self, schema: str, data: bytes) -> list[Finding]:
        """All violations, with line, path, value and rule; ``Misconfigured`` if the schema is missing."""


class Progress(Protocol):
    """Tells the service manager that work really moves on."""

    def beat(self, part: str) -> None:
        """*part* finished a round."""
