"""When the folder itself fails: not there, not mounted, not ours, or the disk is full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.folders import FolderOutbox
from h2h.core.errors import OutOfSpace, Unavailable
from h2h.settings.erp import Completeness, CompletenessKind, ErpFolder
from h2h.settings.site import Limits
from tests.contracts.outboxes import NOW, claim, first, names, odd, outbound, outbox

__all__ = ["outbound", "outbox"]  # fixtures
pytest_plugins = ["tests.contracts.places"]


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
