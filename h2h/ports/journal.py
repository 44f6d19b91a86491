"""What remembers: the journal, and the ledger that the journal cannot deny."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from h2h.core.lifecycle import Event, State
from h2h.core.outcome import Outcome
from h2h.core.records import (
    Attention,
    EventRecord,
    FileState,
    InboundFile,
    Lease,
    LedgerKind,
    LedgerRecord,
    Matched,
    NewAttention,
    NewSubmission,
    Node,
    PaymentRecord,
    StatementRecord,
    Submission,
)


class Journal(Protocol):
    """The status row and the append-only events, always in one transaction (architecture, section 9).

    Every method may raise ``Unavailable`` (database locked, disk full, connection lost): the outcome of a write is then
    unknown, and the caller reads the row again before deciding; compare-and-set makes a repetition harmless.
    """

    def take_in(self, new: NewSubmission, still_there: Callable[[], bool] = lambda: True) -> Submission:
        """Insert a submission in RECEIVED. The claim is unique per (folder, sha256) while it is alive:

        - no earlier submission of these bytes, or only REFUSED or CANCELLED ones: a new row in RECEIVED;
        - the same file again (equal ``identity``, an unfinished move): the existing row, unchanged;
        - the same bytes as another drop: a new row in DUPLICATE with ``duplicate_of`` set.

        *still_there* is asked where a file of this ``identity`` was taken in to its end: is the claimed one there all
        the same? Then it is another drop. If not, it is that very file: another node adopted and finished it.
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
        numbered: Callable[[int], dict[str, Any]] | None = None,
        **changes: Any,
    ) -> Submission:
        """Move *sub* by *event* through ``lifecycle.advance`` if its version is still ``sub.version``; else

        ``StaleState``. *changes* are columns of ``Submission``; *payments*, if given, replace the payments of the
        submission in the same transaction. *numbered* gives it the next number of its bank's sequence, if it has
        none (from 1 on, unique for ever), and makes further changes of it, in the same transaction.
        ``IllegalTransition`` as ``lifecycle.advance``.
        """

    def stop(
        self,
        sub: Submission,
        event: Event,
        told: NewAttention,
        *,
        at: datetime,
        reason: str,
        detail: dict[str, Any],
        **changes: Any,
    ) -> Submission:
        """``advance`` to where only a person can let it go on; *told*, the item of the list of those who act, with it.

        Both or neither: such a state is always told, and where somebody else was quicker nothing is told of it.
        """

    def change(self, sub: Submission, *, at: datetime, **changes: Any) -> Submission:
        """Change columns without an event that moves the state (next attempt, format found); same compare-and-set."""

    def remark(
        self, sid: str, remark: str, *, at: datetime, actor: str = "h2h", detail: dict[str, Any] | None = None
    ) -> None:
        """Append an event that moves nothing."""

    def submission(self, sid: str) -> Submission:
        """The present row; ``NotFound``."""

    def submissions(
        self, *, bank: str | None = None, states: Iterable[State] | None = None, limit: int | None = None
    ) -> list[Submission]:
        """Newest first."""

    def due(
        self, bank: str, now: datetime, limit: int = 100, states: Iterable[State] | None = None
    ) -> list[Submission]:
        """Submissions of *bank* that h2h itself can move now, oldest first; those never tried come before retries.

        *states*: only those in one of them.
        """

    def oldest(self, bank: str) -> Submission | None:
        """The first dropped of those that h2h itself still has to move on, be it now or later."""

    def waiting_for_answer(self, bank: str) -> list[Submission]:
        """Submissions in SENT or ACKNOWLEDGED, oldest first."""

    def find(self, what: str) -> list[Submission]:
        """By sid (or its start), source name, message id, remote name, end-to-end id, UETR or bank file name."""

    def events(self, sid: str) -> list[EventRecord]:
        """The history, oldest first; of a bank's file, if *sid* is its ``fid``."""

    def payments(
        self, sid: str, *, outcomes: Collection[Outcome] | None = None, limit: int | None = None
    ) -> list[PaymentRecord]:
        """In the order of the bank's file; only those with one of *outcomes*, only the first *limit* of them."""

    def outcomes(self, sid: str) -> dict[Outcome, int]:
        """How many payments of a submission are where; what no payment has is left out."""

    def overview(
        self, sid: str, limit: int, *, of_more: Collection[Outcome]
    ) -> tuple[Submission, dict[Outcome, int], list[PaymentRecord]]:
        """``submission``, ``outcomes`` and ``payments``, on SQLite as one moment shows them; ``NotFound``.

        All payments are listed if there are at most *limit*; else the first of those with an outcome of *of_more*.
        """

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

    def leaving(self, bank: str, since: datetime) -> list[Submission]:
        """Submissions to *bank* that were converted and not refused, cancelled or rejected: those sent since then, and

        those whose sending is not known yet. Oldest first.
        """

    def sums(self, sids: Collection[str]) -> dict[tuple[str, str, str], Decimal]:
        """(sid, debtor's account, currency) → the exact sum of its payments that were not rejected or cancelled."""

    def payees(self, sid: str) -> list[tuple[int, str, str]]:
        """(ordinal of the first payment to it, name, account) of every payee of *sid*; payments without either are

        left out.
        """

    def accounts_paid(self, names: Collection[str], since: datetime) -> dict[str, frozenset[str]]:
        """Name of a payee → accounts on which it was paid by files of any bank, taken in since then, that may have left

        the house; names that were not paid are left out.
        """

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
        detail: dict[str, Any] | None = None,
        **changes: Any,
    ) -> InboundFile:
        """Move a bank's file and apply all it changes, in one transaction; ``StaleState``.

        The event has *changes* and *detail*; ``events`` gives it back under the file's id.
        """

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

    def ledger_position(self, ledger: str = "") -> int:
        """Number of the last record of that ledger (a node's, by name) that this journal reflects."""

    def set_ledger_position(self, number: int, ledger: str = "") -> None:
        """Remember it; never lowers it."""

    # -- several nodes

    def announce(self, node: Node, *, at: datetime, fresh: timedelta) -> None:
        """*node* begins. ``Misconfigured`` if another machine was seen under its name within *fresh*."""

    def seen(self, node: str, *, at: datetime, stopped: bool = False) -> None:
        """It is there; or has *stopped* as it should, and lets its leases go."""

    def nodes(self, *, at: datetime) -> list[Node]:
        """All nodes that ever were, by name."""

    def hold(self, bank: str, node: str, *, at: datetime, seconds: float) -> Lease:
        """Take or renew the lease of *bank* for so many seconds; the lease as it stands, which may be another node's.

        For order and speed only: what makes a payment happen once is the compare-and-set of every move.
        """

    def leases(self) -> list[Lease]:
        """Who works for which bank."""

    def history(self) -> str:
        """Which history the database is on: another word after a standby was promoted. Empty where there is none."""

    @property
    def is_replayed(self) -> bool:
        """False if a connection was made to another history than the one that was last trusted."""

    def trust(self, history: str) -> None:
        """The ledgers were replayed over that *history*: from now on it may be written to, and no other."""

    def replaying(self) -> AbstractContextManager[None]:
        """Inside, this thread may write to whatever history there is: only to replay the ledgers over it."""

    def probe(self) -> None:
        """Write and read one small row, durably: the watchdog's proof that the journal works."""


class Ledger(Protocol):
    """The second witness: append-only, hash-chained, one fsync a record, on another directory or disk."""

    def append(self, record: LedgerRecord) -> LedgerRecord:
        """Durable on return; ``Unavailable``, ``OutOfSpace``; ``NotDurable`` ends the process."""

    def has(self, kind: LedgerKind, sid: str, generation: int) -> bool:
        """True if that record stands in the ledger."""

    def anywhere(self, kind: LedgerKind, sid: str, generation: int) -> bool:
        """True if it stands in this ledger or in that of another node, as far as those are written by now.

        ``Misconfigured`` (damaged, cut), ``Unavailable`` (unreadable, gone): what that ledger would say is not known.
        """

    def records(self, after: int = 0, of: str = "") -> Iterator[LedgerRecord]:
        """Records with a higher number, in order; ``Misconfigured`` if the chain is broken (place named).

        *of*: of another node's ledger instead.
        """

    def others(self) -> list[str]:
        """The ledgers of the other nodes, where there are several."""

    def head(self) -> tuple[int, str]:
        """Number and hash of the last record; (0, "") if there is none."""
