"""SQLite on a bad day: a full disk, a damaged file. What is wrong is said in h2h's words, and nothing is half there."""

from __future__ import annotations

from pathlib import Path

import pytest

from h2h.adapters.journal import default_url, open_journal
from h2h.adapters.journal.audit import damage
from h2h.adapters.journal.journal import SqlJournal
from h2h.core.errors import H2HError, Misconfigured, OutOfSpace
from h2h.core.lifecycle import Event
from tests.contracts.journals import NOW, drop, payments, sent

pytest_plugins = ["tests.contracts.places"]

PAGE = 4096


def open_there(folder: Path) -> SqlJournal:
    return open_journal(default_url(folder), instance="house", now=NOW)


def test_a_full_disk_stops_the_step_and_nothing_else(tiny_disk: Path) -> None:
    with open_there(tiny_disk) as journal:
        sub = journal.take_in(drop())
        with pytest.raises(OutOfSpace):
            journal.advance(sub, Event.CONVERTED, at=NOW, payments=payments(20000))
        assert journal.submission(sub.sid) == sub
        assert journal.payments(sub.sid) == []
        assert damage(journal) == []
        converted = journal.advance(sub, Event.CONVERTED, at=NOW, payments=payments(10))
        assert len(journal.payments(converted.sid)) == 10


def test_a_disk_that_is_full_at_any_moment_never_leaves_half_a_move(tiny_disk: Path) -> None:
    """The room is taken away page by page, down to nothing, and given back."""
    with open_there(tiny_disk) as journal:
        sub = sent(journal)
        refused = 0
        ballast = tiny_disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 512)
            except OSError:
                pass  # full, as intended
        for event in (Event.BANK_ACKNOWLEDGED, Event.BANK_ACCEPTED):
            for room in range(0, 40 * PAGE, PAGE):
                with ballast.open("r+b") as file:
                    file.truncate(max(0, ballast.stat().st_size - room))
                before = journal.submission(sub.sid)
                try:
                    sub = journal.advance(before, event, at=NOW)
                    break
                except OutOfSpace:
                    refused += 1
                    assert journal.submission(sub.sid) == before
            assert len(journal.events(sub.sid)) == sub.version
        assert sub.state == "ACCEPTED"
        assert refused > 0
        assert damage(journal) == []


@pytest.mark.parametrize("page", range(0, 44, 3))
def test_a_damaged_page_is_found_and_said_in_words_of_h2h(tmp_path: Path, page: int) -> None:
    with open_there(tmp_path) as journal:
        sub = sent(journal)
    path = tmp_path / "journal.db"
    data = bytearray(path.read_bytes())
    if page * PAGE >= len(data):
        pytest.skip(f"the journal has only {len(data) // PAGE} pages")
    for offset in range(page * PAGE, (page + 1) * PAGE, 7):
        data[offset] ^= 0x5A
    path.write_bytes(data)
    found: list[str] = []
    try:
        with open_there(tmp_path) as journal:
            found += damage(journal)
            journal.submission(sub.sid)
            journal.events(sub.sid)
            journal.payments(sub.sid)
    except H2HError as problem:
        found.append(str(problem))
    assert found, "the damage was not noticed"


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be looked at" * 40, b"SQLite format 3\0"]
)
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal.db").write_bytes(content)
    with pytest.raises(Misconfigured, match="damaged"):
        open_there(tmp_path)


def test_a_journal_that_was_cut_short_is_found_out(tmp_path: Path) -> None:
    with open_there(tmp_path) as journal:
        sent(journal)
    path = tmp_path / "journal.db"
    path.write_bytes(path.read_bytes()[: 6 * PAGE])
    found: list[str] = []
    try:
        with open_there(tmp_path) as journal:
            found += damage(journal)
    except H2HError as problem:
        found.append(str(problem))
    assert found
