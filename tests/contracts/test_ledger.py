"""The second witness: every record durable and bound to the one before; nobody changes it unnoticed."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from h2h.adapters.clock import SystemClock
from h2h.adapters.journal import FileLedger
from h2h.adapters.journal.ledger_lines import read_lines
from h2h.core.errors import Misconfigured, OutOfSpace, Unavailable
from h2h.core.records import LedgerKind, LedgerRecord

pytest_plugins = ["tests.contracts.places"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def ledger(path: Path) -> Iterator[FileLedger]:
    with FileLedger(path, clock=SystemClock()) as opened:
        yield opened


def claim(number: int, **detail: object) -> LedgerRecord:
    return LedgerRecord(LedgerKind.CLAIM, f"sid-{number}", 0, dict(detail))


def filled(path: Path, count: int = 5) -> list[bytes]:
    """The lines of a ledger with some records."""
    with FileLedger(path, clock=SystemClock()) as ledger:
        for number in range(1, count + 1):
            ledger.append(claim(number, name=f"pay-{number}.csv", text="Ünï\ud800\n\0"))
    return path.read_bytes().splitlines(keepends=True)


def opened(path: Path) -> FileLedger:
    return FileLedger(path, clock=SystemClock())


# ---------------------------------------------------------------------------------------------- records


def test_records_come_back_numbered_and_in_order(ledger: FileLedger, path: Path) -> None:
    assert ledger.head() == (0, "")
    one = ledger.append(claim(1, name="a"))
    two = ledger.append(LedgerRecord(LedgerKind.COMMIT, "sid-1", 0, {"temporary": ".t"}))
    assert (one.number, two.number) == (1, 2)
    assert list(ledger.records()) == [one, two]
    assert list(ledger.records(after=1)) == [two]
    assert ledger.has(LedgerKind.COMMIT, "sid-1", 0)
    assert not ledger.has(LedgerKind.COMMIT, "sid-1", 1)
    assert not ledger.has(LedgerKind.DELIVERED, "sid-1", 0)
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_line_is_readable_json_that_names_the_hash_before_it(path: Path) -> None:
    lines = [json.loads(line) for line in filled(path)]
    assert [line["prev"] for line in lines] == ["", *(line["hash"] for line in lines[:-1])]
    assert all(line["at"].endswith("+00:00") for line in lines)


def test_all_is_there_after_closing_and_opening(path: Path) -> None:
    filled(path)
    with opened(path) as ledger:
        assert ledger.head()[0] == 5
        assert ledger.has(LedgerKind.CLAIM, "sid-5", 0)
        assert ledger.append(claim(6)).number == 6


def test_a_detail_that_is_no_json_is_refused_before_anything_is_written(ledger: FileLedger, path: Path) -> None:
    for detail in (Decimal("1.5"), float("nan"), object()):
        with pytest.raises((TypeError, ValueError)):
            ledger.append(claim(1, amount=detail))
    assert path.read_bytes() == b""
    assert ledger.append(claim(1)).number == 1


def test_every_record_is_synchronised_before_append_returns(
    ledger: FileLedger, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    seen: list[int] = []
    real = os.fsync

    def watched(descriptor: int) -> None:
        seen.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    ledger.append(claim(1))
    assert seen == [path.stat().st_size]


# ---------------------------------------------------------------------------------------------- several writers


def test_what_another_process_wrote_is_synchronised_before_it_counts(
    monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    """Also the first records of a ledger that was empty when this process opened it: their writer may be dead."""
    seen: list[int] = []
    with opened(path) as reader:
        with opened(path) as writer:
            writer.append(claim(1))
        real = os.fsync

        def watched(descriptor: int) -> None:
            seen.append(os.fstat(descriptor).st_size)
            real(descriptor)

        monkeypatch.setattr(os, "fsync", watched)
        assert reader.has(LedgerKind.CLAIM, "sid-1", 0)
        assert reader.has(LedgerKind.CLAIM, "sid-1", 0)
    assert seen == [path.stat().st_size]


def test_threads_write_one_chain(ledger: FileLedger) -> None:
    threads = [
        threading.Thread(target=lambda n=n: [ledger.append(claim(n * 100 + i)) for i in range(10)]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.number for r in ledger.records()] == list(range(1, 41))


def test_a_persons_command_writes_while_the_daemon_runs_and_each_sees_the_others_records(path: Path) -> None:
    with FileLedger(path, clock=SystemClock(), daemon=True) as daemon, opened(path) as command:
        daemon.append(claim(1))
        assert command.has(LedgerKind.CLAIM, "sid-1", 0)
        command.append(LedgerRecord(LedgerKind.RELEASE, "sid-1", 0))
        assert daemon.has(LedgerKind.RELEASE, "sid-1", 0)
        assert daemon.append(claim(2)).number == 3
        assert command.head() == daemon.head()


def test_processes_write_one_chain(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from h2h.adapters.clock import SystemClock\n"
        "from h2h.adapters.journal import FileLedger\n"
        "from h2h.core.records import LedgerKind, LedgerRecord\n"
        "ledger = FileLedger(Path(sys.argv[1]), clock=SystemClock())\n"
        "for n in range(25): ledger.append(LedgerRecord(LedgerKind.CLAIM, f'{sys.argv[2]}-{n}', 0))\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, path, name]) for name in ("a", "b", "c")]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert [line.record.number for line in read_lines(path)] == list(range(1, 76))


def test_a_second_daemon_on_the_same_ledger_is_refused(path: Path) -> None:
    first = FileLedger(path, clock=SystemClock(), daemon=True)
    with pytest.raises(Misconfigured, match="another h2h daemon"):
        FileLedger(path, clock=SystemClock(), daemon=True)
    first.close()
    FileLedger(path, clock=SystemClock(), daemon=True).close()


def test_a_writer_killed_at_any_moment_leaves_a_ledger_that_goes_on(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from h2h.adapters.clock import SystemClock\n"
        "from h2h.adapters.journal import FileLedger\n"
        "from h2h.core.records import LedgerKind, LedgerRecord\n"
        "ledger = FileLedger(Path(sys.argv[1]), clock=SystemClock())\n"
        "print('ready', flush=True)\n"
        "while True: ledger.append(LedgerRecord(LedgerKind.CLAIM, 'sid', 0))\n"
    )
    before = 0
    for turn in range(4):
        with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.03 + 0.011 * turn)
            process.send_signal(signal.SIGKILL)
        with opened(path) as ledger:
            after = ledger.append(claim(turn)).number
        assert after > before
        before = after
    assert len(list(read_lines(path))) == before


# ---------------------------------------------------------------------------------------------- a torn end


@pytest.mark.parametrize("left", [1, 2, 40, -30, -2])
def test_a_last_line_without_its_end_never_counted_and_is_cut_off(path: Path, left: int) -> None:
    lines = filled(path)
    path.write_bytes(b"".join(lines[:4]) + lines[4][:left])
    assert len(list(read_lines(path))) == 4
    with opened(path) as ledger:
        assert ledger.head()[0] == 4
        assert not ledger.has(LedgerKind.CLAIM, "sid-5", 0)
        ledger.append(claim(5))
    assert len(list(read_lines(path))) == 5


def test_a_last_line_that_lacks_only_its_newline_counts(path: Path) -> None:
    lines = filled(path)
    path.write_bytes(b"".join(lines)[:-1])
    with opened(path) as ledger:
        assert ledger.has(LedgerKind.CLAIM, "sid-5", 0)
        assert ledger.append(claim(6)).number == 6


def test_zeros_that_a_power_cut_left_behind_the_last_line_are_cut_off(path: Path) -> None:
    lines = filled(path)
    path.write_bytes(b"".join(lines) + bytes(300))
    with opened(path) as ledger:
        assert ledger.append(claim(6)).number == 6


# ---------------------------------------------------------------------------------------------- tampering


def removed(lines: list[bytes], n: int) -> list[bytes]:
    return lines[:n] + lines[n + 1 :]


def altered(lines: list[bytes], n: int) -> list[bytes]:
    return [*lines[:n], lines[n].replace(f"pay-{n + 1}.csv".encode(), f"pay-{n + 2}.csv".encode()), *lines[n + 1 :]]


def exchanged(lines: list[bytes], n: int) -> list[bytes]:
    return [*lines[:n], lines[n + 1], lines[n], *lines[n + 2 :]]


def repeated(lines: list[bytes], n: int) -> list[bytes]:
    return lines[: n + 1] + lines[n:]


def cut(lines: list[bytes], n: int) -> list[bytes]:
    return [*lines[:n], lines[n][:30], *lines[n + 1 :]]


def emptied(lines: list[bytes], n: int) -> list[bytes]:
    return [*lines[:n], b"\n", *lines[n + 1 :]]


def respaced(lines: list[bytes], n: int) -> list[bytes]:
    return [*lines[:n], lines[n].replace(b'","', b'", "', 1), *lines[n + 1 :]]


def with_added_field(lines: list[bytes], n: int) -> list[bytes]:
    return [*lines[:n], lines[n].replace(b"{", b'{"note":1,', 1), *lines[n + 1 :]]


def with_no_number(lines: list[bytes], n: int) -> list[bytes]:
    return [*lines[:n], lines[n].replace(b'"detail":{', b'"detail":{"amount":NaN,', 1), *lines[n + 1 :]]


def nested(lines: list[bytes], n: int) -> list[bytes]:
    deep = b"[" * 100_000 + b"]" * 100_000
    return [*lines[:n], lines[n].replace(b'"detail":{', b'"detail":{"x":' + deep + b",", 1), *lines[n + 1 :]]


TAMPERED = [
    removed, altered, exchanged, repeated, cut, emptied, respaced, with_added_field, with_no_number, nested,
]  # fmt: skip


@pytest.mark.parametrize("line", [0, 2, 3])
@pytest.mark.parametrize("tampered", TAMPERED)
def test_what_was_changed_is_found_at_its_line(path: Path, tampered: object, line: int) -> None:
    assert callable(tampered)
    path.write_bytes(b"".join(tampered(filled(path), line)))
    place = f"line {line + 1}:" if tampered is not repeated else f"line {line + 2}:"
    with pytest.raises(Misconfigured, match=place):
        opened(path)
    with pytest.raises(Misconfigured, match=place):
        list(read_lines(path))


def test_every_single_byte_counts(path: Path) -> None:
    data = b"".join(filled(path, 2))
    for offset in range(len(data) - 1):
        changed = bytearray(data)
        changed[offset] ^= 0x01
        path.write_bytes(changed)
        try:
            count = len(list(read_lines(path)))
        except Misconfigured:
            continue
        assert count < 2, f"byte {offset} was changed unnoticed"


def test_a_ledger_that_is_replaced_or_cut_while_h2h_runs_is_noticed(ledger: FileLedger, path: Path) -> None:
    ledger.append(claim(1))
    whole = path.read_bytes()
    path.rename(path.with_name("moved"))
    with pytest.raises(Misconfigured, match="is gone"):
        ledger.append(claim(2))
    path.write_bytes(whole)
    with pytest.raises(Misconfigured, match="replaced"):
        ledger.has(LedgerKind.CLAIM, "sid-1", 0)
    path.with_name("moved").rename(path)
    assert ledger.append(claim(2)).number == 2
    os.truncate(path, 10)
    with pytest.raises(Misconfigured, match="shorter"):
        ledger.append(claim(3))


# ---------------------------------------------------------------------------------------------- bad days


def test_a_full_disk_leaves_the_chain_whole_and_the_next_record_follows(tiny_disk: Path) -> None:
    path = tiny_disk / "ledger"
    with opened(path) as ledger:
        count = 0
        try:
            for count in range(1000):
                ledger.append(claim(count, text="x" * 7001))
        except OutOfSpace:
            assert 50 < count < 500
        assert len(list(ledger.records())) == count
        with pytest.raises(OutOfSpace):
            ledger.append(claim(count, text="x" * 9001))
        subprocess.run(["mount", "-o", "remount,size=2m", str(tiny_disk)], check=True)
        assert ledger.append(claim(count, text="x" * 9001)).number == count + 1


def test_after_a_failed_fsync_nothing_more_is_written(path: Path, program: Callable[[str], str]) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from h2h.adapters.clock import SystemClock\n"
        "from h2h.adapters.journal import FileLedger\n"
        "from h2h.core.errors import NotDurable\n"
        "from h2h.core.records import LedgerKind, LedgerRecord\n"
        "ledger = FileLedger(Path(sys.argv[1]), clock=SystemClock())\n"
        "for n in range(4):\n"
        "    try: print(ledger.append(LedgerRecord(LedgerKind.CLAIM, 'sid', n)).number)\n"
        "    except NotDurable as problem: print('the process would end:', problem)\n"
    )
    filled(path, 1)
    trace = [program("strace"), "-f", "-qq", "-o", os.devnull, "-e", "inject=fsync:error=EIO:when=4"]
    done = subprocess.run([*trace, sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    first, second, third, fourth = done.stdout.splitlines()
    assert first == "2"
    assert "the process would end" in second
    assert "Input/output error" in second
    for later in (third, fourth):  # the first who should have ended may not have: another error hid it
        assert "the process would end" in later
        assert "must be started again" in later
    # What did not reach the disk for certain is read again, and judged as it stands, when h2h starts.
    with opened(path) as ledger:
        assert ledger.head()[0] in {2, 3}


def test_a_writer_does_not_wait_for_ever_for_one_that_is_paused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("h2h.adapters.journal.ledger.LOCK_SECONDS", 0.2)

    with opened(path) as ledger, path.open("rb") as paused:
        fcntl.flock(paused, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match="another process holds the ledger"):
            ledger.append(claim(1))
        fcntl.flock(paused, fcntl.LOCK_UN)
        assert ledger.append(claim(1)).number == 1


def test_a_ledger_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be opened"):
        opened(tmp_path / "nowhere" / "ledger")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured):
        opened(tmp_path / "link")
    with pytest.raises(Unavailable):
        list(read_lines(tmp_path / "nothing"))
