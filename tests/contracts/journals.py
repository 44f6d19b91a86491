"""What the tests of the journal share: the same journal on each database, and short ways to fill it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.journal import default_url, open_journal
from h2h.adapters.journal.journal import SqlJournal
from h2h.adapters.journal.tables import metadata
from h2h.core.lifecycle import Event, State
from h2h.core.records import InboundFile, NewSubmission, PaymentRecord, SourceIdentity, Submission
from tests.contracts.postgres import cluster

NOW = datetime(2026, 11, 23, 9, 30, 15, 123456, tzinfo=UTC)
TODAY = date(2026, 11, 23)
SHA = "ab" * 32


@dataclass
class Place:
    """Where a journal is, and every journal opened there."""

    url: str
    opened: list[SqlJournal] = field(default_factory=list)

    def open(self, instance: str = "house") -> SqlJournal:
        """A journal there, closed when the test ends."""
        journal = open_journal(self.url, instance=instance, now=NOW)
        self.opened.append(journal)
        return journal


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place for a journal, on each database."""
    there = Place(default_url(tmp_path) if request.param == "sqlite" else _emptied_database())
    yield there
    for journal in there.opened:
        journal.close()


@functools.cache
def _database() -> str:
    url = cluster().new_database()
    open_journal(url, instance="house", now=NOW).close()
    return url


def _emptied_database() -> str:
    """One database a process, its tables emptied: a new one a test would take half a second."""
    url = _database()
    tables = ", ".join(metadata.tables)
    cluster().sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE", url.rpartition("/")[2])
    return url


@pytest.fixture
def journal(place: Place) -> SqlJournal:
    """An empty journal."""
    return place.open()


def later(seconds: float) -> datetime:
    """So much after ``NOW``."""
    return NOW + timedelta(seconds=seconds)


def drop(name: str = "pay.csv", sha256: str = SHA, inode: int = 7, **other: Any) -> NewSubmission:
    """A file that an ERP dropped."""
    identity = SourceIdentity(name, 64769, inode, 1_700_000_000_123_456_789, 120)
    new = NewSubmission("bank", "erp", name, sha256, 120, identity, NOW)
    return replace(new, **other)


def payments(count: int, start: int = 1, **other: Any) -> Iterator[PaymentRecord]:
    """*count* payments, made one by one."""
    for number in range(start, start + count):
        record = PaymentRecord("", number, f"E2E-{number}", Decimal("10.50"), "EUR", fingerprint=f"print-{number}")
        yield replace(record, **other)


def moved(journal: SqlJournal, sub: Submission, *steps: Event | tuple[Event, dict[str, Any]]) -> Submission:
    """*sub* after some events."""
    for step in steps:
        event, changes = step if isinstance(step, tuple) else (step, {})
        sub = journal.advance(sub, event, at=NOW, **changes)
    return sub


def sealed(journal: SqlJournal, new: NewSubmission | None = None, count: int = 2, **other: Any) -> Submission:
    """A submission with *count* payments and its final bytes fixed."""
    sub = journal.take_in(new or drop())
    sub = journal.advance(
        sub, Event.CONVERTED, at=NOW, payments=payments(count, **other), message_id=f"MSG-{sub.sid[:8]}"
    )
    return numbered(journal, sub)


def numbered(journal: SqlJournal, sub: Submission) -> Submission:
    """Sealed under the next number of its bank; a submission that was only taken in is converted before."""
    if sub.state is State.RECEIVED:
        sub = journal.advance(sub, Event.CONVERTED, at=NOW)
    return journal.advance(
        sub,
        Event.SEALED,
        at=NOW,
        numbered=lambda number: {"remote_name": f"out-{number}.xml"},
        sealed_sha256="ee" * 32,
        sealed_size=900,
    )


def committing(journal: SqlJournal, sub: Submission) -> Submission:
    """A sealed submission at the point of no return."""
    sub = journal.advance(sub, Event.SEND_STARTED, at=NOW, attempt=sub.attempt + 1, first_attempt_at=NOW)
    temporary = f".{sub.remote_name}.{sub.generation}.{sub.attempt}.part"
    return journal.advance(sub, Event.COMMIT_STARTED, at=NOW, commit_temporary=temporary)


def sent(journal: SqlJournal, sub: Submission | None = None) -> Submission:
    """A submission that the bank has."""
    sub = committing(journal, sub or sealed(journal))
    return journal.advance(sub, Event.DELIVERED, at=NOW, evidence="E1", sent_at=NOW)


def bank_file(fid: str = "f1", name: bytes = b"answer.xml", **other: Any) -> InboundFile:
    """A file of the bank that was fetched."""
    plain = name.decode("utf-8", "replace")
    return replace(InboundFile(fid, "bank", "from_bank", plain, name, 500, 1_700_000_000, "cd" * 32, NOW), **other)


def states(journal: SqlJournal, subs: Iterable[Submission]) -> list[State]:
    """What the journal says of them now."""
    return [journal.submission(sub.sid).state for sub in subs]
