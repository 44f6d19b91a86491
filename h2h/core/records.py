"""What the journal remembers, as frozen values. Amounts are exact; times are UTC and aware."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from h2h.core.findings import WhoActs
from h2h.core.lifecycle import Event, State
from h2h.core.outcome import Outcome


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """Which file it was, apart from what is in it: a rescan must tell a re-drop from an unfinished move."""

    name: str
    device: int
    inode: int
    mtime_ns: int
    size: int


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """A claimed file whose bytes are durable in the spool, before the journal knows it."""

    bank: str
    folder: str
    source_name: str
    source_sha256: str
    source_size: int
    identity: SourceIdentity
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """One file from one ERP folder to one bank: the present; its events are the past.

    ``sid`` is made of the folder and the content, so the same bytes give the same id; a further submission of the same
    bytes has ``-2``, ``-3`` … behind it. ``version`` is the compare-and-set counter. ``receipt`` is the stem of the
    files h2h keeps beside the ERP's (``NAME``, or ``NAME~2`` for the second file of that name).
    """

    sid: str
    bank: str
    folder: str
    source_name: str
    source_sha256: str
    source_size: int
    identity: SourceIdentity
    received_at: datetime
    receipt: str
    state: State = State.RECEIVED
    version: int = 0
    generation: int = 0
    attempt: int = 0
    sequence: int | None = None
    commit_temporary: str | None = None
    remote_name: str | None = None
    source_format: str | None = None
    bank_format: str | None = None
    message_id: str | None = None
    transaction_count: int | None = None
    control_sum: Decimal | None = None
    sealed_sha256: str | None = None
    sealed_size: int | None = None
    profile: str | None = None  # digest of the bank profile it was sealed with
    held_from: State | None = None
    reason: str | None = None  # code of why it is HELD, REFUSED, IN_DOUBT, DUPLICATE
    reason_text: str | None = None
    who_acts: WhoActs | None = None
    duplicate_of: str | None = None
    released_by: str | None = None  # what people released it from, and who: "H4-OVERLAP by anna; …"
    next_attempt_at: datetime | None = None
    first_attempt_at: datetime | None = None
    sent_at: datetime | None = None
    evidence: str | None = None  # what proves that the bank has it: E1 … E4, ack, person
    updated_at: datetime | None = None
    number: int = field(default=0, compare=False)  # given by the journal: the order in which files came


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One line of the append-only history. ``event`` is an ``Event`` or a remark; ``actor`` is ``h2h`` or a person."""

    number: int
    sid: str
    at: datetime
    event: str
    from_state: str | None
    to_state: str | None
    actor: str
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """One payment of a submission; ``ordinal`` is its 1-based position in the bank's file."""

    sid: str
    ordinal: int
    end_to_end_id: str
    amount: Decimal
    currency: str
    creditor_name: str | None = None
    creditor_account: str | None = None
    debtor_account: str | None = None
    instruction_id: str | None = None
    payment_information_id: str | None = None
    uetr: str | None = None
    requested_execution_date: date | None = None
    fingerprint: str = ""  # business identity, for overlapping payments (naming.payment_fingerprint)
    outcome: Outcome = Outcome.PENDING
    bank_status: str | None = None
    reason_code: str | None = None
    reason_list: str | None = None  # "status" or "return": the same code means different things in the two lists
    reason_text: str | None = None
    outcome_at: datetime | None = None
    settled_on: date | None = None
    statement_reference: str | None = None  # "statement id / entry reference"


class FileState(StrEnum):
    """Where a bank's file is."""

    FETCHED = "FETCHED"  # ours and durable, journalled; may now be removed at the bank
    OPENED = "OPENED"  # decrypted, signature good
    READ = "READ"
    MATCHED = "MATCHED"
    DELIVERED = "DELIVERED"
    QUARANTINED = "QUARANTINED"
    DUPLICATE = "DUPLICATE"  # the bank gave the same message again; it was delivered once


@dataclass(frozen=True, slots=True)
class InboundFile:
    """One file of a bank. The key is (bank, name, size, mtime, sha256): banks reuse names, and content decides."""

    fid: str
    bank: str
    folder: str  # the bank's folder it came from
    remote_name: str  # escaped for people; ``remote_name_raw`` addresses it
    remote_name_raw: bytes
    size: int
    mtime: int
    sha256: str
    fetched_at: datetime
    state: FileState = FileState.FETCHED
    version: int = 0
    removed: bool = False  # removed or moved at the bank
    format: str | None = None
    kind: str | None = None
    message_id: str | None = None
    reason: str | None = None
    reason_text: str | None = None
    duplicate_of: str | None = None
    content_sha256: str | None = None  # of the opened bytes: encryption makes the same message look different


@dataclass(frozen=True, slots=True)
class StatementRecord:
    """What is kept of a statement to check the next one's continuity."""

    fid: str
    account: str
    kind: str
    statement_id: str | None
    sequence: Decimal | None
    currency: str | None
    opening: Decimal | None  # signed
    closing: Decimal | None  # signed
    opening_date: date | None
    closing_date: date | None
    entry_count: int


@dataclass(frozen=True, slots=True)
class PaymentMove:
    """A report that says something about one payment. ``expected`` is what was known when it was judged."""

    sid: str
    ordinal: int
    expected: Outcome
    outcome: Outcome
    bank_status: str | None
    reason_code: str | None = None
    reason_list: str | None = None
    reason_text: str | None = None
    settled_on: date | None = None
    statement_reference: str | None = None
    fid: str | None = None


@dataclass(frozen=True, slots=True)
class SubmissionMove:
    """An event that a report brings to a submission. ``version`` is what was known when it was judged."""

    sid: str
    version: int
    event: Event
    detail: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None
    reason_text: str | None = None
    who_acts: WhoActs | None = None


#: Kinds of items about a bank's file that was set aside. They end when it is taken again.
SET_ASIDE = ("quarantined", "unknown-message")


@dataclass(frozen=True, slots=True)
class NewAttention:
    """Something that waits for a person. The same ``kind`` and ``subject`` is one item, however often it is seen."""

    kind: str
    subject: str  # sid, fid, bank or account
    text: str
    who_acts: WhoActs
    bank: str | None = None


@dataclass(frozen=True, slots=True)
class Attention:
    """An item of the list that `h2h status` shows."""

    number: int
    kind: str
    subject: str
    text: str
    who_acts: WhoActs
    bank: str | None
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """All that one bank file changes, applied in one transaction."""

    payments: tuple[PaymentMove, ...] = ()
    submissions: tuple[SubmissionMove, ...] = ()
    remarks: tuple[tuple[str, str, dict[str, Any]], ...] = ()  # (sid, remark, detail): events that move nothing
    statements: tuple[StatementRecord, ...] = ()
    attention: tuple[NewAttention, ...] = ()


class LedgerKind(StrEnum):
    """What the second witness records (protocol 3.3): what was sent, of what it was said that it never will be, and

    which files of a bank are here and may be gone at the bank.
    """

    CLAIM = "claim"
    COMMIT = "commit"
    DELIVERED = "delivered"
    RELEASE = "release"
    TAKEN_OVER = "taken-over"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    FETCHED = "fetched"


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """One line of the ledger: enough to bring any older journal to a state that sends nothing twice.

    ``sid`` is the submission's; of what was fetched, the bank's file's ``fid``.
    """

    kind: LedgerKind
    sid: str
    generation: int
    detail: dict[str, Any] = field(default_factory=dict)
    number: int = 0  # set by the ledger


@dataclass(frozen=True, slots=True)
class Node:
    """One of several daemons that share a journal. ``silent_seconds`` since it was seen, by the journal's clock."""

    name: str
    host: str
    release: str
    settings: str  # digest of what all nodes must have in common
    started_at: datetime | None = None
    seen_at: datetime | None = None
    stopped: bool = False
    silent_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Lease:
    """Which node works for a bank, and until when the others leave it to that one."""

    bank: str
    node: str
    epoch: int
    since: datetime
    until: datetime
