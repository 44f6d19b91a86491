"""The ERP's outbox over a real directory: what is taken, when, and that nothing is lost on the way."""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.folders import FolderOutbox
from h2h.core.errors import OutOfSpace, Refused, Unavailable
from h2h.ports import Candidate, Claimed, Oddity
from h2h.settings.erp import Completeness, CompletenessKind, ErpFolder
from h2h.settings.site import Limits

pytest_plugins = ["tests.contracts.places"]

NOW = datetime(2020, 1, 1, 12, tzinfo=UTC)  # long before the files' own times: only what was seen counts as rest


@pytest.fixture
def outbound(tmp_path: Path) -> Path:
    path = tmp_path / "erp" / "out"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def outbox(outbound: Path, tmp_path: Path) -> Callable[..., FolderOutbox]:
    def make(by: CompletenessKind = CompletenessKind.RENAME, **more: Any) -> FolderOutbox:
        limits = Limits(free_bytes_min=0, **more.pop("limits", {}))
        completeness = Completeness(by=by, **more.pop("completeness", {}))
        folder = ErpFolder(name="sap", bank="b", outbound=outbound, completeness=completeness, **more)
        return FolderOutbox(folder, limits, tmp_path / "state" / "spool")

    return make


def names(found: Iterator[Candidate | Oddity]) -> list[str]:
    return [c.identity.name for c in found if isinstance(c, Candidate)]


def odd(found: Iterator[Candidate | Oddity]) -> list[tuple[str, str]]:
    return [(o.finding.code, o.name) for o in found if isinstance(o, Oddity)]


def first(found: Iterator[Candidate | Oddity]) -> Candidate:
    return next(c for c in found if isinstance(c, Candidate))


def claim(box: FolderOutbox, now: datetime = NOW) -> Claimed:
    claimed = box.claim(first(box.scan(now)))
    assert claimed is not None
    return claimed


# ------------------------------------------------------------------------------------------- from drop to spool


def test_a_dropped_file_is_claimed_spooled_and_discarded_with_its_bytes_intact(outbound: Path, outbox: Any) -> None:
    (outbound / "pay.csv").write_bytes(b"a,b\n1,2\n")
    box = outbox()
    claimed = claim(box)
    assert not (outbound / "pay.csv").exists()
    assert claimed.path.name == "pay.csv"
    spooled = box.spool(claimed)
    assert spooled.path.read_bytes() == b"a,b\n1,2\n"
    assert (spooled.sha256, spooled.size) == (hashlib.sha256(b"a,b\n1,2\n").hexdigest(), 8)
    assert spooled.path.name == spooled.sha256
    box.discard(claimed)
    box.discard(claimed)
    assert list(box.unfinished()) == []
    assert [p.name for p in outbound.iterdir()] == [".h2h"]


def test_a_claim_keeps_the_identity_and_a_later_run_finds_it_again(outbound: Path, outbox: Any) -> None:
    (outbound / "pay.csv").write_bytes(b"x")
    claimed = claim(outbox())
    again = list(outbox().unfinished())
    assert again == [claimed]


def test_a_file_that_changed_or_left_between_scan_and_claim_is_not_taken(outbound: Path, outbox: Any) -> None:
    box = outbox()
    (outbound / "pay.csv").write_bytes(b"x")
    candidate = first(box.scan(NOW))
    (outbound / "pay.csv").write_bytes(b"xy")
    assert box.claim(candidate) is None
    assert (outbound / "pay.csv").read_bytes() == b"xy"
    candidate = first(box.scan(NOW))
    (outbound / "pay.csv").unlink()
    assert box.claim(candidate) is None


def test_files_come_oldest_first_then_by_name(outbound: Path, outbox: Any) -> None:
    for name, age in (("c.csv", 30), ("a.csv", 10), ("b.csv", 10), ("d.xml", 20)):
        (outbound / name).write_bytes(b"x")
        os.utime(outbound / name, (1_700_000_000 - age, 1_700_000_000 - age))
    assert names(outbox().scan(NOW)) == ["c.csv", "d.xml", "a.csv", "b.csv"]


def test_a_crowded_folder_is_read_in_bounded_portions_oldest_first(outbound: Path, outbox: Any) -> None:
    for n in range(30):
        (outbound / f"{n:02}.csv").write_bytes(b"x")
        os.utime(outbound / f"{n:02}.csv", (1000 - n, 1000 - n))
    found = list(outbox(limits={"folder_entries_max": 10}).scan(NOW))
    assert names(iter(found)) == [f"{n:02}.csv" for n in range(29, 19, -1)]
    assert odd(iter(found)) == [("H2H-FOLDER-CROWDED", "the folder")]


def test_patterns_ignore_case_and_our_own_receipts_are_never_taken(outbound: Path, outbox: Any) -> None:
    for name in ("A.CSV", "b.csv.part", "~c.csv", ".d.csv", "a.csv.status.json", "a.csv.error.txt", "a.csv.error.json"):
        (outbound / name).write_bytes(b"x")
    found = list(outbox(patterns=("*",)).scan(NOW))
    assert names(iter(found)) == ["A.CSV"]
    assert odd(iter(found)) == []


def test_a_name_that_no_pattern_wants_is_told_once_and_left(outbound: Path, outbox: Any) -> None:
    (outbound / "pay.txt").write_bytes(b"x")
    box = outbox()
    assert odd(box.scan(NOW)) == [("H2H-FILE-NOT-WANTED", "pay.txt")]
    assert list(box.scan(NOW)) == []
    assert (outbound / "pay.txt").exists()


# ------------------------------------------------------------------------------------------- when a file is whole


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


def test_by_marker_a_file_waits_for_it_and_both_leave_together(outbound: Path, outbox: Any) -> None:
    box = outbox(CompletenessKind.MARKER)
    (outbound / "pay.csv").write_bytes(b"abc")
    assert names(box.scan(NOW)) == []
    sha = hashlib.sha256(b"abc").hexdigest()
    (outbound / "pay.csv.OK").write_text(f"size=3\nsha256={sha.upper()}\n")
    candidate = first(box.scan(NOW))
    assert (candidate.expected_size, candidate.expected_sha256, candidate.marker) == (3, sha, "pay.csv.OK")
    claimed = box.claim(candidate)
    assert claimed is not None
    assert [p.name for p in outbound.iterdir()] == [".h2h"]
    assert list(outbox(CompletenessKind.MARKER).unfinished()) == [claimed]  # what it promised is not forgotten
    assert box.spool(claimed).size == 3
    box.discard(claimed)
    assert list((outbound / ".h2h" / "claimed").iterdir()) == []


def test_a_marker_may_replace_the_extension(outbound: Path, outbox: Any) -> None:
    box = outbox(CompletenessKind.MARKER, completeness={"marker_replaces_extension": True})
    (outbound / "pay.csv").write_bytes(b"abc")
    (outbound / "pay.csv.ok").write_bytes(b"")
    assert names(box.scan(NOW)) == []
    (outbound / "pay.done").write_bytes(b"")
    assert names(box.scan(NOW)) == ["pay.csv"]
    (outbound / "pay.xml").write_bytes(b"<a/>")
    assert ("H2H-FILE-MARKER", "pay.xml") in odd(box.scan(NOW))


@pytest.mark.parametrize(
    ("marker", "code"), [("size=4", "H2H-FILE-MARKER-DIFFERS"), ("sha256=" + "0" * 64, "H2H-FILE-MARKER-DIFFERS")]
)
def test_a_file_that_differs_from_its_marker_is_refused_and_can_be_kept(
    outbound: Path, outbox: Any, marker: str, code: str
) -> None:
    box = outbox(CompletenessKind.MARKER)
    (outbound / "pay.csv").write_bytes(b"abc")
    (outbound / "pay.csv.ok").write_text(marker)
    claimed = claim(box)
    with pytest.raises(Refused) as refusal:
        box.spool(claimed)
    assert [f.code for f in refusal.value.findings] == [code]
    assert (outbound / "refused" / box.set_aside(claimed)).read_bytes() == b"abc"
    assert list(box.unfinished()) == []


@pytest.mark.parametrize("marker", ["size=many", "sha256=abc", "size=1 size=2", "x" * 5000])
def test_a_marker_that_cannot_be_understood_is_told_and_nothing_is_taken(
    outbound: Path, outbox: Any, marker: str
) -> None:
    box = outbox(CompletenessKind.MARKER)
    (outbound / "pay.csv").write_bytes(b"a")
    (outbound / "pay.csv.ok").write_text(marker)
    found = list(box.scan(NOW))
    assert names(iter(found)) == []
    assert odd(iter(found)) == [("H2H-FILE-MARKER", "pay.csv")]


def test_a_file_written_to_after_its_marker_must_also_come_to_rest(outbound: Path, outbox: Any) -> None:
    box = outbox(CompletenessKind.MARKER)
    (outbound / "pay.csv.ok").write_bytes(b"")
    os.utime(outbound / "pay.csv.ok", (1000, 1000))  # left behind by an earlier file of that name
    (outbound / "pay.csv").write_bytes(b"ha")
    assert names(box.scan(NOW)) == []
    (outbound / "pay.csv").write_bytes(b"half")
    assert names(box.scan(NOW + timedelta(seconds=6))) == []
    assert names(box.scan(NOW + timedelta(seconds=12))) == ["pay.csv"]


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


def test_a_marker_without_its_file_and_a_file_without_its_marker_are_told_after_a_while(
    outbound: Path, outbox: Any
) -> None:
    box = outbox(CompletenessKind.MARKER)
    (outbound / "lonely.csv.ok").write_bytes(b"")
    (outbound / "waiting.csv").write_bytes(b"x")
    assert list(box.scan(NOW)) == []
    later = NOW + timedelta(minutes=11)
    assert sorted(odd(box.scan(later))) == [
        ("H2H-FILE-NO-MARKER", "waiting.csv"),
        ("H2H-MARKER-NO-FILE", "lonely.csv.ok"),
    ]
    assert list(box.scan(later)) == []


@pytest.mark.parametrize("moved", ["nothing", "the marker", "both"])
def test_a_claim_cut_short_at_any_point_loses_neither_file_nor_marker(outbound: Path, outbox: Any, moved: str) -> None:
    box = outbox(CompletenessKind.MARKER)
    (outbound / "pay.csv").write_bytes(b"abc")
    (outbound / "pay.csv.ok").write_text("size=3")
    list(box.scan(NOW))
    home = outbound / ".h2h" / "claimed" / "1-2-3"
    home.mkdir()
    if moved != "nothing":
        (outbound / "pay.csv.ok").rename(home / ".h2h-marker-pay.csv.ok")
    if moved == "both":
        (outbound / "pay.csv").rename(home / "pay.csv")
    later = outbox(CompletenessKind.MARKER)
    unfinished = list(later.unfinished())
    if moved == "both":
        assert [(c.identity.name, c.expected_size) for c in unfinished] == [("pay.csv", 3)]
    else:
        assert unfinished == []
        assert names(later.scan(NOW)) == ["pay.csv"]
        assert list((outbound / ".h2h" / "claimed").iterdir()) == []


def test_a_file_that_is_written_to_while_it_is_read_goes_back_and_is_taken_later(outbound: Path, outbox: Any) -> None:
    box = outbox()
    (outbound / "pay.csv").write_bytes(b"x")
    claimed = claim(box)
    with claimed.path.open("ab") as late:  # the ERP still had it open
        late.write(b"y")
    with pytest.raises(Unavailable, match="put back"):
        box.spool(claimed)
    assert (outbound / "pay.csv").read_bytes() == b"xy"
    assert list(box.unfinished()) == []
    assert box.spool(claim(box)).size == 2


def test_a_changed_file_whose_name_is_taken_again_overwrites_nothing(outbound: Path, outbox: Any) -> None:
    box = outbox()
    (outbound / "pay.csv").write_bytes(b"x")
    claimed = claim(box)
    with claimed.path.open("ab") as late:
        late.write(b"y")
    (outbound / "pay.csv").write_bytes(b"another")
    with pytest.raises(Unavailable):
        box.spool(claimed)
    assert (outbound / "pay.csv").read_bytes() == b"another"
    assert [c.path.read_bytes() for c in box.unfinished()] == [b"xy"]


def test_a_hard_link_dropped_again_is_claimed_again(outbound: Path, outbox: Any) -> None:
    outside = outbound.parent / "outside"
    outside.write_bytes(b"x")
    box = outbox()
    os.link(outside, outbound / "pay.csv")
    one = claim(box)
    os.link(outside, outbound / "pay.csv")
    two = claim(box)
    assert one.path != two.path
    assert not (outbound / "pay.csv").exists()


# ------------------------------------------------------------------------------------------- what is odd


def test_what_is_not_a_regular_file_is_told_once_and_never_opened(outbound: Path, outbox: Any) -> None:
    secret = outbound.parent / "secret"
    secret.write_bytes(b"root:")
    (outbound / "link.csv").symlink_to(secret)
    (outbound / "dangling.csv").symlink_to("nowhere")
    (outbound / "folder.csv").mkdir()
    os.mkfifo(outbound / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(outbound / "socket.csv"))
    (outbound / "suid.csv").write_bytes(b"x")
    (outbound / "suid.csv").chmod(0o4644)
    (outbound / "subfolder").mkdir()
    box = outbox()
    found = list(box.scan(NOW))
    expected = [f"{n}.csv" for n in ("dangling", "folder", "link", "pipe", "socket", "suid")]
    assert sorted(odd(iter(found))) == [("H2H-FILE-NOT-REGULAR", n) for n in expected]
    assert names(iter(found)) == []
    assert list(box.scan(NOW)) == []
    os.mkfifo(outbound / "another")
    (outbound / "another").rename(outbound / "pipe.csv")
    assert odd(box.scan(NOW)) == [("H2H-FILE-NOT-REGULAR", "pipe.csv")]


HOSTILE = [
    b"new\nline.csv",
    b"bell\x07.csv",
    b"esc\x1b[31m.csv",
    b"latin-\xe9.csv",
    b"gb\xc4\xe3\xba\xc3.csv",
    b"half-utf8\xe4\xbd.csv",
    b"nul\xc2\x80.csv",
    "bidi\u202egpj.csv".encode(),
    "zero\u200bwidth.csv".encode(),
    "line\u2028sep.csv".encode(),
    b"tab\t.csv",
    b"cr\r.csv",
    b"del\x7f.csv",
    b"x" * 251 + b".csv",
    "\u4f60".encode() * 80 + b".csv",
]
FRIENDLY = [
    b"-rf.csv",
    b"--help.csv",
    b"a b.csv",
    b" lead.csv",
    b"$(reboot).csv",
    b"`id`.csv",
    b"a;b.csv",
    b"a'b\".csv",
    b"..csv.csv"[1:],
    b"%00.csv",
    b"<script>.csv",
    "工资\u3000十一月.csv".encode(),
    "é.csv".encode(),
    "e\u0301.csv".encode(),
    b"x" * 196 + b".csv",
    b"*.csv",
    b"[a].csv",
    b"\\.csv",
    b"{sid}.csv",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_told_in_safe_letters_and_not_taken(outbound: Path, outbox: Any, name: bytes) -> None:
    with open(os.fsencode(outbound) + b"/" + name, "wb") as file:
        file.write(b"x")
    (outbound / "good.csv").write_bytes(b"x")
    found = list(outbox().scan(NOW))
    assert names(iter(found)) == ["good.csv"]
    (code, told) = odd(iter(found))[0]
    assert code == "H2H-FILE-NAME"
    told.encode("utf-8")
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u200b\u2028" for c in told)


@pytest.mark.parametrize("name", [n for n in FRIENDLY if not n.startswith(b".")])
def test_a_strange_but_harmless_name_is_taken_as_it_is(outbound: Path, outbox: Any, name: bytes) -> None:
    with open(os.fsencode(outbound) + b"/" + name, "wb") as file:
        file.write(b"x")
    box = outbox()
    claimed = claim(box)
    assert claimed.identity.name == name.decode()
    assert box.spool(claimed).size == 1
    assert [c.identity.name for c in box.unfinished()] == [name.decode()]


@pytest.mark.parametrize("seconds", [-5_000_000_000, 0, 4_000_000_000, 10_000_000_000, 15_000_000_000])
def test_an_impossible_time_of_change_stops_nothing(outbound: Path, outbox: Any, seconds: int) -> None:
    (outbound / "odd.csv").write_bytes(b"x")
    os.utime(outbound / "odd.csv", (seconds, seconds))
    (outbound / "good.csv").write_bytes(b"x")
    assert "good.csv" in names(outbox(CompletenessKind.QUIET, completeness={"quiet_seconds": 0}).scan(NOW))


def test_only_files_of_the_named_owners_are_taken(outbound: Path, outbox: Any) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to give files away")
    (outbound / "mine.csv").write_bytes(b"x")
    (outbound / "foreign.csv").write_bytes(b"x")
    os.chown(outbound / "foreign.csv", 4242, -1)
    found = list(outbox(owners=("root",)).scan(NOW))
    assert names(iter(found)) == ["mine.csv"]
    assert odd(iter(found)) == [("H2H-FILE-OWNER", "foreign.csv")]
    assert names(outbox(owners=("4242",)).scan(NOW)) == ["foreign.csv"]


def test_an_empty_file_is_taken_like_any_other(outbound: Path, outbox: Any) -> None:
    (outbound / "empty.csv").write_bytes(b"")
    box = outbox()
    assert box.spool(claim(box)).size == 0


def bytes_read() -> int:
    """How many bytes this process has read so far, from anywhere (proc(5), rchar)."""
    return int(Path("/proc/self/io").read_text().split()[1])


def test_a_gigabyte_is_claimed_and_refused_without_being_read(outbound: Path, outbox: Any) -> None:
    with (outbound / "huge.csv").open("wb") as file:
        file.truncate(1 << 30)
    box = outbox(limits={"file_bytes_max": 1000})
    claimed = claim(box)
    before = bytes_read()
    with pytest.raises(Refused) as refusal:
        box.spool(claimed)
    assert bytes_read() - before < 1 << 20
    assert refusal.value.findings[0].code == "H2H-FILE-TOO-LARGE"
    assert (outbound / "refused" / box.set_aside(claimed)).stat().st_size == 1 << 30
    assert list(box.unfinished()) == []


def test_refused_files_of_one_name_lie_side_by_side_and_are_not_looked_at_again(outbound: Path, outbox: Any) -> None:
    box = outbox(limits={"file_bytes_max": 1}, patterns=("*",))
    told = []
    for content in (b"first", b"second"):
        (outbound / "pay.csv").write_bytes(content)
        told.append(box.set_aside(claim(box)))
    assert told == ["pay.csv", "pay~2.csv"]
    assert (outbound / "refused" / "pay~2.csv").read_bytes() == b"second"
    assert (outbound / "refused").stat().st_mode == outbound.stat().st_mode
    assert list(box.scan(NOW)) == []


# ------------------------------------------------------------------------------------------- when the folder fails


def test_a_missing_folder_is_unavailable_in_words(outbound: Path, outbox: Any) -> None:
    box = outbox()
    outbound.rmdir()
    with pytest.raises(Unavailable, match="mounted") as problem:
        list(box.scan(NOW))
    assert str(outbound) in problem.value.message
    assert box.check()[0].code == "H2H-FOLDER"
    outbound.mkdir()
    (outbound / "pay.csv").write_bytes(b"x")
    assert names(box.scan(NOW)) == ["pay.csv"]


def test_a_file_in_the_folders_place_is_unavailable(outbound: Path, outbox: Any) -> None:
    outbound.rmdir()
    outbound.write_bytes(b"")
    with pytest.raises(Unavailable, match="not a directory"):
        list(outbox().scan(NOW))


def test_once_a_folder_was_marked_as_mounted_it_is_not_used_without_its_mark(outbound: Path, outbox: Any) -> None:
    (outbound / ".h2h-mounted").write_bytes(b"")
    (outbound / "pay.csv").write_bytes(b"x")
    assert names(outbox().scan(NOW)) == ["pay.csv"]
    (outbound / ".h2h-mounted").unlink()
    with pytest.raises(Unavailable, match="empty mount point"):
        list(outbox().scan(NOW))
    with pytest.raises(Unavailable, match="empty mount point"):
        outbox().write_beside("a.csv.status.json", b"{}")


def test_a_corner_that_someone_else_put_there_is_not_used(outbound: Path, outbox: Any) -> None:
    elsewhere = outbound.parent / "elsewhere"
    elsewhere.mkdir()
    (outbound / ".h2h").symlink_to(elsewhere)
    (outbound / "pay.csv").write_bytes(b"x")
    with pytest.raises(Unavailable, match="not a directory of h2h's own user"):
        list(outbox().scan(NOW))


def test_without_permission_everything_says_so_in_words(outbound: Path, outbox: Any, as_somebody: Any) -> None:
    (outbound / "pay.csv").write_bytes(b"x")
    with as_somebody, pytest.raises(Unavailable, match="right to it"):
        list(outbox().scan(NOW))


def test_a_file_we_may_not_read_is_told_and_the_others_go_on(
    outbound: Path, outbox: Any, as_somebody: Any, tmp_path: Path
) -> None:
    outbound.chmod(0o777)
    (tmp_path / "state").mkdir(mode=0o777)
    (tmp_path / "state").chmod(0o777)
    (outbound / "closed.csv").write_bytes(b"x")
    (outbound / "closed.csv").chmod(0o600)
    (outbound / "open.csv").write_bytes(b"x")
    (outbound / "open.csv").chmod(0o644)
    box = outbox(CompletenessKind.QUIET, completeness={"quiet_seconds": 0})
    with as_somebody:
        found = list(box.scan(NOW))
        assert names(iter(found)) == ["open.csv"]
        assert odd(iter(found)) == [("H2H-FILE-UNREADABLE", "closed.csv")]
        claimed = box.claim(first(iter(found)))
        assert claimed is not None
        assert box.spool(claimed).size == 1


def test_another_users_changed_file_can_be_put_back_without_root(
    outbound: Path, outbox: Any, as_somebody: Any, tmp_path: Path
) -> None:
    outbound.chmod(0o777)
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    (outbound / "pay.csv").write_bytes(b"x")
    (outbound / "pay.csv").chmod(0o644)
    box = outbox()
    with (outbound / "pay.csv").open("ab") as writer, as_somebody:
        claimed = claim(box)
        writer.write(b"y")
        writer.flush()
        with pytest.raises(Unavailable, match="put back"):
            box.spool(claimed)
    assert (outbound / "pay.csv").read_bytes() == b"xy"


def test_a_full_disk_takes_nothing_in_and_recovers_by_itself(outbound: Path, tiny_disk: Path) -> None:
    folder = ErpFolder(name="sap", bank="b", outbound=outbound, completeness=Completeness(by=CompletenessKind.RENAME))
    box = FolderOutbox(folder, Limits(free_bytes_min=0), tiny_disk / "spool")
    (outbound / "pay.csv").write_bytes(b"x" * 600_000)
    claimed = claim(box)
    filler = tiny_disk / "filler"
    filler.write_bytes(b"f" * 700_000)
    with pytest.raises(OutOfSpace):
        box.spool(claimed)
    assert [p.name for p in (tiny_disk / "spool").iterdir()] == []
    assert list(box.unfinished()) == [claimed]
    (outbound / "next.csv").write_bytes(b"y" * 600_000)
    with pytest.raises(OutOfSpace, match="nothing new is taken in"):
        box.claim(first(box.scan(NOW)))
    assert (outbound / "next.csv").exists()
    filler.unlink()
    assert box.spool(claimed).size == 600_000


def test_below_the_reserve_nothing_new_is_taken_in(outbound: Path, tiny_disk: Path) -> None:
    folder = ErpFolder(name="sap", bank="b", outbound=outbound)
    box = FolderOutbox(folder, Limits(free_bytes_min=10_000_000), tiny_disk / "spool")
    with pytest.raises(OutOfSpace):
        list(box.scan(NOW))


# ------------------------------------------------------------------------------------------- receipts


def test_a_receipt_is_replaced_whole_and_the_folders_group_may_read_it(outbound: Path, outbox: Any) -> None:
    outbound.chmod(0o2770)
    if os.geteuid() == 0:
        os.chown(outbound, -1, 4242)
    box = outbox()
    box.write_beside("pay.csv.status.json", b"{1}")
    box.write_beside("pay.csv.status.json", b"{2}")
    receipt = outbound / "pay.csv.status.json"
    assert receipt.read_bytes() == b"{2}"
    assert receipt.stat().st_mode & 0o777 == 0o640
    assert receipt.stat().st_gid == outbound.stat().st_gid
    assert [p.name for p in outbound.iterdir()] == ["pay.csv.status.json"]


def test_a_reader_never_sees_half_a_receipt(outbound: Path, outbox: Any) -> None:
    box = outbox()
    versions = [bytes([65 + n]) * 50_000 for n in range(20)]
    box.write_beside("r.status.json", versions[0])
    seen: list[bytes] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append((outbound / "r.status.json").read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for data in versions:
        box.write_beside("r.status.json", data)
    stop.set()
    reader.join()
    assert seen
    assert set(seen) <= set(versions)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "..", "a\nb", "x" * 300])
def test_a_receipt_never_leaves_the_folder(outbound: Path, outbox: Any, name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        outbox().write_beside(name, b"x")


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


def test_twenty_thousand_files_are_all_listed(outbound: Path, outbox: Any) -> None:
    for n in range(20_000):
        os.close(os.open(outbound / f"{n}.csv", os.O_WRONLY | os.O_CREAT))
    assert len(names(outbox().scan(NOW))) == 20_000


def test_the_lease_that_asks_for_writers_is_given_back(outbound: Path) -> None:
    from h2h.adapters.folders.completeness import has_writer

    (outbound / "a").write_bytes(b"x")
    with (outbound / "a").open("rb") as reader:
        assert has_writer(reader.fileno()) is False
        assert fcntl.fcntl(reader.fileno(), fcntl.F_GETLEASE) == fcntl.F_UNLCK


def test_of_two_nodes_on_one_folder_exactly_one_claims_a_file_and_adopts_what_the_other_left(tmp_path: Path) -> None:
    outbound = tmp_path / "out"
    outbound.mkdir()
    settings = ErpFolder.model_validate(
        {"name": "erp", "bank": "b", "outbound": outbound, "completeness": {"by": "rename"}}
    )
    one, other = (FolderOutbox(settings, Limits(free_bytes_min=0), tmp_path / n, n) for n in ("one", "other"))
    (outbound / "pay.csv").write_text("content")
    (seen,) = [c for c in one.scan(NOW) if isinstance(c, Candidate)]
    (seen_too,) = [c for c in other.scan(NOW) if isinstance(c, Candidate)]
    claimed = one.claim(seen)
    assert claimed is not None
    assert other.claim(seen_too) is None
    assert list(other.unfinished()) == [], "what a node at work has claimed is no business of the other's"
    spooled = one.spool(claimed)

    assert other.adopt("one") == 1
    (adopted,) = other.unfinished()
    assert adopted.identity == claimed.identity
    assert one.discard(claimed, spooled) is False, "the first, waking up, sees that it has nothing in hand any more"
    assert other.discard(adopted, other.spool(adopted)) is True
    assert other.adopt("one") == 0


def test_copies_that_earlier_runs_left_go_at_the_start_or_after_a_day_and_a_mark_of_a_mount_stays(
    outbox: Callable[..., FolderOutbox], outbound: Path, tmp_path: Path
) -> None:
    box = outbox()
    (outbound / ".h2h-mounted").touch()
    (outbound / "pay.csv").write_bytes(b"a payment")
    copy = box.spool(claim(box)).path
    old = copy.with_name("0" * 64)
    old.write_bytes(b"of a run long ago")
    os.utime(old, (1, 1))
    assert [c.identity.name for c in box.unfinished()] == ["pay.csv"]
    assert (copy.exists(), old.exists()) == (True, False), "another part may be at work on the young one"
    box.tidy()
    assert not copy.exists()
    assert (tmp_path / "state" / "spool" / ".mounted-sap").exists()
    (again,) = box.unfinished()
    assert box.spool(again).path.read_bytes() == b"a payment"
