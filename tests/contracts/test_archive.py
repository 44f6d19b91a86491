"""The archive: written once, found again, never overwritten."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.archive import FileArchive
from h2h.core.errors import OutOfSpace, Unavailable, Untrusted

pytest_plugins = ["tests.contracts.places"]

SINCE = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> FileArchive:
    return FileArchive(tmp_path / "archive", tmp_path / "scratch")


def test_an_artefact_lies_under_the_day_and_the_owner_and_only_h2h_may_read_it(
    archive: FileArchive, tmp_path: Path
) -> None:
    path = archive.put("sid1", SINCE, "10-source.csv", b"a")
    assert path == tmp_path / "archive" / "2026" / "11" / "22" / "sid1" / "10-source.csv"
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.read_bytes() == b"a"


def test_the_day_is_counted_in_utc(archive: FileArchive) -> None:
    berlin = timezone(timedelta(hours=1))
    path = archive.put("sid1", datetime(2026, 11, 23, 0, 30, tzinfo=berlin), "10-source.csv", b"a")
    assert archive.list("sid1", SINCE) == [path]


def test_the_same_bytes_again_are_success_and_other_bytes_are_not(archive: FileArchive, tmp_path: Path) -> None:
    archive.put("sid1", SINCE, "40-sealed.pgp", b"a")
    assert archive.put("sid1", SINCE, "40-sealed.pgp", b"a").read_bytes() == b"a"
    source = tmp_path / "file"
    source.write_bytes(b"a")
    assert archive.put("sid1", SINCE, "40-sealed.pgp", source).read_bytes() == b"a"
    for other in (b"b", b"", b"aa"):
        with pytest.raises(Untrusted, match="other content"):
            archive.put("sid1", SINCE, "40-sealed.pgp", other)
    source.write_bytes(b"b")
    with pytest.raises(Untrusted):
        archive.put("sid1", SINCE, "40-sealed.pgp", source)
    assert archive.put("sid1", SINCE, "40-sealed.pgp", b"a").read_bytes() == b"a"


def test_artefacts_are_found_by_the_start_of_their_name_in_order(archive: FileArchive) -> None:
    for name in ("40-sealed.pgp", "10-source.csv", "30-bank.xml"):
        archive.put("sid1", SINCE, name, name.encode())
    assert [p.name for p in archive.list("sid1", SINCE)] == ["10-source.csv", "30-bank.xml", "40-sealed.pgp"]
    found = archive.get("sid1", SINCE, "30-bank")
    assert found is not None
    assert found.read_bytes() == b"30-bank.xml"
    assert archive.get("sid1", SINCE, "50-") is None


def test_an_owner_without_artefacts_has_none_but_a_missing_archive_is_unavailable(
    archive: FileArchive, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable):
        archive.list("sid1", SINCE)
    archive.put("sid2", SINCE, "10-source.csv", b"a")
    assert archive.list("sid1", SINCE) == []
    assert archive.get("sid1", SINCE, "10") is None


@pytest.mark.parametrize("owner", ["../x", "a/b", "", ".", "..", ".a", "a" * 200, "a\nb"])
def test_an_owner_is_never_a_path(archive: FileArchive, owner: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        archive.put(owner, SINCE, "10-source.csv", b"a")
    with pytest.raises(ValueError, match="not an id"):
        archive.scratch(owner)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "a\nb", "x" * 256])
def test_an_artefacts_name_is_never_a_path(archive: FileArchive, name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        archive.put("sid1", SINCE, name, b"a")


def test_a_link_in_an_artefacts_place_is_not_followed(archive: FileArchive, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"a")
    archive.put("sid1", SINCE, "10-source.csv", b"x")
    (tmp_path / "archive/2026/11/22/sid1/20-payment.json").symlink_to(victim)
    with pytest.raises(Untrusted):
        archive.put("sid1", SINCE, "20-payment.json", b"a")
    assert victim.read_bytes() == b"a"


def test_the_scratch_directory_is_private_and_empty_at_start(archive: FileArchive, tmp_path: Path) -> None:
    path = archive.scratch("sid1")
    assert path.stat().st_mode & 0o777 == 0o700
    (path / "sub").mkdir()
    (path / "sub" / "plain.xml").write_bytes(b"x")
    assert list(archive.scratch("sid1").iterdir()) == []
    archive.clean("sid1")
    archive.clean("sid1")
    assert not path.exists()


def test_a_link_in_the_scratch_directorys_place_is_removed_not_followed(archive: FileArchive, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_bytes(b"x")
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "sid1").symlink_to(tmp_path / "precious")
    path = archive.scratch("sid1")
    assert not path.is_symlink()
    assert (tmp_path / "precious" / "file").exists()


def test_a_read_only_archive_is_unavailable_in_words(tiny_disk: Path, tmp_path: Path) -> None:
    archive = FileArchive(tiny_disk, tmp_path / "scratch")
    archive.put("sid1", SINCE, "10-source.csv", b"a")
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(Unavailable, match="read-only"):
        archive.put("sid1", SINCE, "20-payment.json", b"a")
    with pytest.raises(Unavailable, match="read-only"):
        archive.put("sid2", SINCE, "10-source.csv", b"a")


def test_a_full_archive_keeps_no_half_artefact(tiny_disk: Path, tmp_path: Path) -> None:
    archive = FileArchive(tiny_disk, tmp_path / "scratch")
    archive.put("sid1", SINCE, "10-source.csv", b"a" * 700_000)
    with pytest.raises(OutOfSpace):
        archive.put("sid1", SINCE, "30-bank.xml", b"b" * 700_000)
    assert [p.name for p in archive.list("sid1", SINCE)] == ["10-source.csv"]
    assert os.listdir(tiny_disk / "2026/11/22/sid1") == ["10-source.csv"]


def test_without_permission_the_archive_is_unavailable(archive: FileArchive, tmp_path: Path, as_somebody: Any) -> None:
    with as_somebody, pytest.raises(Unavailable, match="right to it"):
        archive.put("sid1", SINCE, "10-source.csv", b"a")


def test_a_start_removes_every_working_directory_and_nothing_else(tmp_path: Path) -> None:
    archive = FileArchive(tmp_path / "archive", tmp_path / "work")
    archive.tidy()
    kept = archive.put("sid1", datetime(2026, 11, 23, tzinfo=UTC), "10-source.csv", b"kept")
    (archive.scratch("sid1") / "plain").write_bytes(b"left by a run that was cut short")
    (tmp_path / "work" / "stray").symlink_to(tmp_path / "archive")
    archive.tidy()
    assert list((tmp_path / "work").iterdir()) == []
    assert kept.read_bytes() == b"kept"
