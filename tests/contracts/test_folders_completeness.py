"""When a file is whole: by rename, by quiet time, by the absence of a semaphore; never while somebody writes."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from h2h.ports import Candidate
from h2h.settings.erp import CompletenessKind
from tests.contracts.outboxes import NOW, claim, names, odd, outbound, outbox

__all__ = ["outbound", "outbox"]  # fixtures


@pytest.mark.parametrize("way", ["rename", "hard link", "in place"])
def test_all_ways_to_drop_a_whole_file_are_seen_at_once_by_rename(outbound: Path, outbox: Any, way: str) -> None:
    outside = outbound.parent / "outside.tmp"
    outside.write_bytes(b"x")
    if way == "rename":
        outside.rename(outbound / "pay.csv")
    elif way == "hard link":
        os.link(outside, outbound / "pay.csv")
    else:
        (outbound / "pay.csv").write_bytes(b"x")
    box = outbox()
    assert box.spool(claim(box)).size == 1


def test_by_quiet_time_a_file_is_taken_only_after_it_has_not_changed_for_that_time(outbound: Path, outbox: Any) -> None:
    box = outbox(CompletenessKind.QUIET, completeness={"quiet_seconds": 5.0})
    (outbound / "pay.csv").write_bytes(b"x")
    assert names(box.scan(NOW)) == []
    assert names(box.scan(NOW + timedelta(seconds=4))) == []
    (outbound / "pay.csv").write_bytes(b"xy")
    assert names(box.scan(NOW + timedelta(seconds=6))) == []
    assert names(box.scan(NOW + timedelta(seconds=10))) == []
    assert names(box.scan(NOW + timedelta(seconds=12))) == ["pay.csv"]


def test_a_clock_that_goes_back_starts_the_quiet_time_anew(outbound: Path, outbox: Any) -> None:
    box = outbox(CompletenessKind.QUIET, completeness={"quiet_seconds": 5.0})
    (outbound / "pay.csv").write_bytes(b"x")
    assert names(box.scan(NOW)) == []
    assert names(box.scan(NOW - timedelta(hours=1))) == []
    assert names(box.scan(NOW - timedelta(hours=1) + timedelta(seconds=6))) == ["pay.csv"]


def test_a_file_the_kernel_has_seen_at_rest_is_taken_on_first_sight(outbound: Path, outbox: Any) -> None:
    box = outbox(CompletenessKind.QUIET, completeness={"quiet_seconds": 5.0})
    (outbound / "pay.csv").write_bytes(b"x")
    os.utime(outbound / "pay.csv", (1, 1))  # an old mtime proves nothing: copying tools set it
    assert names(box.scan(datetime.now(UTC))) == []
    assert names(outbox(CompletenessKind.QUIET).scan(datetime.now(UTC) + timedelta(seconds=60))) == ["pay.csv"]


def test_a_file_that_someone_holds_open_for_writing_is_never_taken_by_quiet_time(outbound: Path, outbox: Any) -> None:
    box = outbox(CompletenessKind.QUIET, completeness={"quiet_seconds": 0})
    with (outbound / "pay.csv").open("wb") as writer:
        writer.write(b"half")
        writer.flush()
        assert names(box.scan(NOW)) == []
        assert names(box.scan(NOW + timedelta(hours=1))) == []
    assert names(box.scan(NOW + timedelta(hours=2))) == ["pay.csv"]


def test_a_writer_that_comes_while_we_ask_for_writers_does_not_kill_us(outbound: Path) -> None:
    from h2h.adapters.folders.completeness import has_writer

    path = outbound / "pay.csv"
    path.write_bytes(b"x")
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with path.open("ab") as file:
                file.write(b"y")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        answers = set()
        with path.open("rb") as reader:
            for _ in range(3000):
                answers.add(has_writer(reader.fileno()))
        assert answers <= {True, False}
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("lock", ["pay.csv.lck", "pay.lck"])
def test_while_its_semaphore_is_there_a_file_is_not_taken_and_that_is_told_after_a_while(
    outbound: Path, outbox: Any, lock: str
) -> None:
    box = outbox(completeness={"lock_suffixes": (".lck",)})
    (outbound / lock).write_bytes(b"")
    (outbound / "pay.csv").write_bytes(b"x")
    assert list(box.scan(NOW)) == []
    later = NOW + timedelta(minutes=11)
    assert odd(box.scan(later)) == [("H2H-FILE-LOCKED", "pay.csv")]
    (outbound / lock).unlink()
    assert names(box.scan(later)) == ["pay.csv"]


def test_a_writer_that_pauses_anywhere_is_never_taken_half(outbound: Path, outbox: Any) -> None:
    """A real process writes byte by byte while the folder is scanned all the time: only the whole file is taken."""
    content = b"0123456789" * 3
    script = (
        "import os,sys,time\n"
        "fd=os.open(sys.argv[1],os.O_WRONLY|os.O_CREAT,0o644)\n"
        f"for b in {content!r}:\n os.write(fd,bytes([b])); time.sleep(0.005)\n"
        "os.close(fd)\n"
    )
    box = outbox(CompletenessKind.QUIET, completeness={"quiet_seconds": 0})
    writer = subprocess.Popen(["python3", "-c", script, str(outbound / "pay.csv")])
    taken = None
    deadline = time.monotonic() + 30
    while taken is None and time.monotonic() < deadline:
        for found in box.scan(NOW):
            if isinstance(found, Candidate):
                taken = box.claim(found)
    assert taken is not None
    assert writer.wait(10) == 0
    assert box.spool(taken).path.read_bytes() == content


def test_the_lease_that_asks_for_writers_is_given_back(outbound: Path) -> None:
    from h2h.adapters.folders.completeness import has_writer

    (outbound / "a").write_bytes(b"x")
    with (outbound / "a").open("rb") as reader:
        assert has_writer(reader.fileno()) is False
        assert fcntl.fcntl(reader.fileno(), fcntl.F_GETLEASE) == fcntl.F_UNLCK
