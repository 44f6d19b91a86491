"""The ERP's outbox over a real directory: from drop to spool, each file once and whole, also by two nodes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.folders import FolderOutbox
from h2h.core.errors import Unavailable
from h2h.ports import Candidate
from h2h.settings.erp import ErpFolder
from h2h.settings.site import Limits
from tests.contracts.outboxes import NOW, claim, first, names, odd, outbound, outbox

__all__ = ["outbound", "outbox"]  # fixtures


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


def test_twenty_thousand_files_are_all_listed(outbound: Path, outbox: Any) -> None:
    for n in range(20_000):
        os.close(os.open(outbound / f"{n}.csv", os.O_WRONLY | os.O_CREAT))
    assert len(names(outbox().scan(NOW))) == 20_000


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
