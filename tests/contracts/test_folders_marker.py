"""When a file is whole, by its marker: it waits for it, agrees with it, and both leave together."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import Refused
from h2h.settings.erp import CompletenessKind
from tests.contracts.outboxes import NOW, claim, first, names, odd, outbound, outbox

__all__ = ["outbound", "outbox"]  # fixtures


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
