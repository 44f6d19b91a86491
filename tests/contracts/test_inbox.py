"""Delivering to an ERP: whole files, under names that never come to mean something else."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.folders import FolderInbox
from h2h.core.errors import OutOfSpace, Unavailable

pytest_plugins = ["tests.contracts.places"]


def test_a_delivery_is_there_whole_and_again_is_no_second_file(tmp_path: Path) -> None:
    box = FolderInbox(tmp_path)
    assert box.deliver("camt.xml", b"<a/>") == "camt.xml"
    assert FolderInbox(tmp_path).deliver("camt.xml", b"<a/>") == "camt.xml"
    assert [p.name for p in tmp_path.iterdir()] == ["camt.xml"]


def test_other_bytes_under_a_used_name_get_the_next_number_and_keep_it(tmp_path: Path) -> None:
    box = FolderInbox(tmp_path)
    assert [box.deliver("camt.xml", data) for data in (b"1", b"2", b"3", b"2")] == [
        "camt.xml",
        "camt~2.xml",
        "camt~3.xml",
        "camt~2.xml",
    ]
    assert (tmp_path / "camt.xml").read_bytes() == b"1"


PAIR = [("a.UMSATZ.TXT", b"rows"), ("a.AUSZUG.TXT", b"head")]


def test_a_pair_is_put_down_in_its_order_and_again_is_no_second_pair(tmp_path: Path) -> None:
    assert FolderInbox(tmp_path).deliver_together(PAIR) == ["a.UMSATZ.TXT", "a.AUSZUG.TXT"]
    assert FolderInbox(tmp_path).deliver_together(PAIR) == ["a.UMSATZ.TXT", "a.AUSZUG.TXT"]
    assert len(list(tmp_path.iterdir())) == 2
    times = [(tmp_path / name).stat().st_mtime_ns for name, _ in PAIR]
    assert times == sorted(times), "who sees the last one finds both"


@pytest.mark.parametrize("taken", ["a.UMSATZ.TXT", "a.AUSZUG.TXT"])
def test_a_pair_has_one_number_whichever_of_its_names_somebody_else_has(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_bytes(b"another's")
    assert FolderInbox(tmp_path).deliver_together(PAIR) == ["a.UMSATZ~2.TXT", "a.AUSZUG~2.TXT"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([taken, "a.UMSATZ~2.TXT", "a.AUSZUG~2.TXT"])


def test_a_pair_of_which_the_first_file_was_left_by_a_crash_becomes_whole(tmp_path: Path) -> None:
    (tmp_path / "a.UMSATZ.TXT").write_bytes(b"rows")
    assert FolderInbox(tmp_path).deliver_together(PAIR) == ["a.UMSATZ.TXT", "a.AUSZUG.TXT"]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_large_file_is_delivered_from_disk_without_reading_it_into_memory(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3_000_000))
    (tmp_path / "in").mkdir()
    assert FolderInbox(tmp_path / "in").deliver("big.xml", source) == "big.xml"
    assert FolderInbox(tmp_path / "in").deliver("big.xml", source) == "big.xml"
    assert (tmp_path / "in" / "big.xml").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("kind", ["directory", "symlink", "fifo"])
def test_what_is_in_the_way_is_neither_followed_nor_replaced(tmp_path: Path, kind: str) -> None:
    (tmp_path / "in").mkdir()
    target = tmp_path / "in" / "a.csv"
    if kind == "directory":
        target.mkdir()
    elif kind == "symlink":
        target.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(target)
    assert FolderInbox(tmp_path / "in").deliver("a.csv", b"x") == "a~2.csv"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".a", "..", "a\nb", "a\x00b", "\udce9", "x" * 256])
def test_a_name_that_is_a_path_or_hidden_is_a_programming_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        FolderInbox(tmp_path).deliver(name, b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_numbered_name_still_fits_the_file_system(tmp_path: Path) -> None:
    box = FolderInbox(tmp_path)
    name = "工" * 83 + ".csv"
    assert box.deliver(name, b"1") == name
    second = box.deliver(name, b"2")
    assert second.endswith("~2.csv")
    assert len(second.encode()) <= 255


def test_a_missing_folder_is_unavailable_in_words(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="mounted"):
        FolderInbox(tmp_path / "gone").deliver("a.csv", b"x")


def test_an_empty_mount_point_gets_no_answers(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ".h2h-mounted").touch()
    memory = tmp_path / "state" / "mounted"
    FolderInbox(tmp_path / "in", memory).deliver("a.csv", b"x")
    (tmp_path / "in" / ".h2h-mounted").unlink()
    with pytest.raises(Unavailable, match="empty mount point"):
        FolderInbox(tmp_path / "in", memory).deliver("b.csv", b"x")


def test_a_folder_we_may_not_write_to_is_unavailable_in_words(tmp_path: Path, as_somebody: Any) -> None:
    with as_somebody, pytest.raises(Unavailable, match="right to it"):
        FolderInbox(tmp_path).deliver("a.csv", b"x")


def test_a_full_folder_keeps_no_half_file_and_takes_the_delivery_later(tiny_disk: Path) -> None:
    filler = tiny_disk / "filler"
    filler.write_bytes(b"f" * 900_000)
    with pytest.raises(OutOfSpace, match="space"):
        FolderInbox(tiny_disk).deliver("a.csv", b"x" * 500_000)
    assert [p.name for p in tiny_disk.iterdir()] == ["filler"]
    filler.unlink()
    assert FolderInbox(tiny_disk).deliver("a.csv", b"x" * 500_000) == "a.csv"


def test_a_read_only_folder_is_unavailable_in_words(tiny_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(Unavailable, match="read-only"):
        FolderInbox(tiny_disk).deliver("a.csv", b"x")


def test_two_deliveries_at_once_never_overwrite_each_other(tmp_path: Path) -> None:
    delivered: list[str] = []

    def deliver(n: int) -> None:
        delivered.append(FolderInbox(tmp_path).deliver("a.csv", str(n).encode()))

    threads = [threading.Thread(target=deliver, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(delivered)) == 8
    assert {p.read_bytes() for p in tmp_path.iterdir()} == {str(n).encode() for n in range(8)}


def test_the_erp_can_read_what_was_delivered_to_its_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    FolderInbox(tmp_path).deliver("a.csv", b"x")
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o640
    tmp_path.chmod(0o700)
    FolderInbox(tmp_path).deliver("b.csv", b"x")
    assert (tmp_path / "b.csv").stat().st_mode & 0o777 == 0o600
