"""What the journeys work with: the ports, wired once by the daemon, and small helpers that every step uses."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import structlog

from h2h.core.findings import WhoActs
from h2h.core.format_book import FormatBook
from h2h.core.records import NewAttention, Submission
from h2h.core.schedule import time_zone
from h2h.ports import Archive, Channel, Clock, Helpers, Inbox, Journal, Ledger, Outbox, Schemas, Sealer
from h2h.settings import BankProfile, ErpFolder, Settings

log = structlog.get_logger("h2h")


class Written:
    """Which version of a submission its receipt shows, for the last few thousand; threads take turns."""

    KEPT = 4096

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._turns = [threading.Lock() for _ in range(32)]
        self._shown: OrderedDict[str, int] = OrderedDict()

    @contextmanager
    def turn(self, sid: str, version: int) -> Iterator[bool]:
        """Inside, nobody else writes this receipt; False if a newer one stands already."""
        with self._turns[hash(sid) % len(self._turns)]:
            with self._mutex:
                shown = self._shown.pop(sid, -1)
            yield version >= shown
            with self._mutex:
                self._shown[sid] = max(shown, version)
                while len(self._shown) > self.KEPT:
                    self._shown.popitem(last=False)


@dataclass(frozen=True)
class House:
    """One installation at work. Keys of the mappings are the names in the configuration."""

    settings: Settings
    journal: Journal
    ledger: Ledger
    archive: Archive
    clock: Clock
    formats: FormatBook
    schemas: Schemas
    outboxes: Mapping[str, Outbox]
    inboxes: Mapping[str, Inbox]
    channels: Mapping[str, Channel]
    sealers: Mapping[str, Sealer]
    helpers: Helpers | None = None
    identity: str = ""  # of this installation; no other one has it
    receipts: Written = field(default_factory=Written, compare=False, repr=False)
    _told: set[tuple[str, str]] = field(default_factory=set, compare=False, repr=False)

    def now(self) -> datetime:
        """The wall clock, UTC."""
        return self.clock.now()

    def day_at(self, bank: BankProfile, moment: datetime) -> date:
        """The day it is at the bank at *moment*: payment dates are judged by the bank's calendar."""
        return moment.astimezone(time_zone(bank.cutoff.timezone) if bank.cutoff else UTC).date()

    def bank(self, sub: Submission) -> BankProfile:
        """The profile of the submission's bank."""
        return self.settings.bank_of(sub.bank)

    def folder(self, sub: Submission) -> ErpFolder:
        """The ERP folder the submission came from."""
        return self.settings.erp_of(sub.folder)

    def outbox(self, sub: Submission) -> Outbox:
        """Where the submission came from, as a port."""
        self.settings.erp_of(sub.folder)
        return self.outboxes[sub.folder]

    def attend(self, kind: str, subject: str, text: str, who_acts: WhoActs, bank: str | None = None) -> None:
        """Open an item of the list that waits for a person; logged when it is new to this process."""
        item = NewAttention(kind, subject, text, who_acts, bank)
        self.journal.attend([item], at=self.now())
        self.opened(item)

    def opened(self, item: NewAttention) -> None:
        """Log an item that stands in the journal, when it is new to this process."""
        if (item.kind, item.subject) not in self._told:
            self._told.add((item.kind, item.subject))
            log.warning("attention", kind=item.kind, subject=item.subject, bank=item.bank, who_acts=str(item.who_acts))

    def settle(self, kind: str, subject: str, reason: str) -> None:
        """Close such an item, because its cause has gone."""
        self._told.discard((kind, subject))
        self.journal.settle_attention(kind, subject, at=self.now(), reason=reason)


def moved(sub: Submission, event: str, **more: Any) -> None:
    """One log line for one move: ids, counts and states, never accounts or names."""
    log.info("submission." + event, sid=sub.sid, bank=sub.bank, folder=sub.folder, state=str(sub.state), **more)
