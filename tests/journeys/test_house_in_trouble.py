"""What h2h needs is missing, full or changed: files wait unsent, a person is told, and it goes on by itself."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from h2h.core.errors import H2HError
from h2h.core.lifecycle import State
from h2h.core.records import FileState
from h2h.data import data_dir
from h2h.pipeline.rounds import scan_folders
from tests.conftest import missing
from tests.contracts.banks import sshd
from tests.contracts.keyrings import DAY, keyring
from tests.contracts.pain import IBANS
from tests.contracts.sshd import Sshd
from tests.journeys.answers import Sent, pain002
from tests.journeys.site import Site, in_the_present, iso, salaries, week_after
from tests.journeys.test_bad_input import only_sent, pgp

GOOD = salaries(("GOOD-1", "10,00", IBANS[0]))
DOCUMENT = iso("ERP-1", ["10.00", "20.00"])
ADMIN = "system administrator"
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")
__all__ = ["sshd"]


# ---------------------------------------------------------------------------------------------- what h2h itself lacks


def test_a_missing_schema_lets_files_wait_and_they_go_on_by_themselves_when_it_is_there(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"schemas": {"pain.001.001.09": "own.xsd", "pain.002.001.10": "own-report.xsd"}})
    own = tmp_path / "schemas"
    own.mkdir()
    site.config.write_text(f"schema_directories = [{json.dumps(str(own))}]\n" + site.config.read_text())
    site.drop("pay.csv", GOOD)
    site.drop("pay.xml", DOCUMENT)
    site.once()
    assert site.at_bank() == {}
    assert [s.state for s in site.submissions()] == [State.RECEIVED] * 2
    assert [(i.kind, str(i.who_acts)) for i in site.attention()] == [("cannot-go-on", ADMIN)] * 2
    assert all("own.xsd is missing" in i.text for i in site.attention())

    schemas = data_dir("xsd") / "iso20022"
    (own / "own.xsd").write_bytes(next(schemas.rglob("pain.001.001.09.xsd")).read_bytes())
    site.clock.sleep(1000)
    site.once()
    assert only_sent(site) == ["ERP-1-1", "ERP-1-2", "GOOD-1"]
    assert site.waiting() == []

    sent = Sent.of(next(data for data in site.bank_takes().values() if b"GOOD-1" in data))
    site.bank_says("report.xml", pain002(sent, "ACSP"))
    site.once()
    assert [f.state for f in site.files()] == [FileState.OPENED]
    assert (site.waiting(), site.inbox()) == (["file-waits"], {})
    (own / "own-report.xsd").write_bytes(next(schemas.rglob("pain.002.001.10.xsd")).read_bytes())
    site.once()
    assert site.submission("pay.csv").state is State.ACCEPTED
    assert site.waiting() == []


@pytest.mark.parametrize("missing", ["the bank's key", "our own key"])
def test_a_missing_key_lets_a_file_wait_unsent_until_it_is_imported(
    tmp_path: Path, program: Callable[[str], str], missing: str
) -> None:
    program("gpg")
    with keyring() as bank, keyring() as ours:
        key = bank.make("bank")
        our_key = bank.make("ours")  # made elsewhere, both: what is not imported is missing
        secret = bank.gpg("--export-secret-keys", our_key)
        if missing == "the bank's key":
            ours.take(secret)
            lacking = bank.public("bank")
        else:
            ours.take(bank.public("bank"))
            lacking = secret
        site = Site(tmp_path, bank={"seal": pgp(ours, our_key, key)}, clock=in_the_present())
        site.drop("pay.csv", salaries(("GOOD-1", "10,00", IBANS[0]), date=week_after(site.clock.start)))
        site.once()
        assert site.at_bank() == {}
        assert site.submission("pay.csv").state is State.CONVERTED
        (item,) = site.attention()
        assert (item.kind, str(item.who_acts)) == ("cannot-go-on", ADMIN)
        assert (key if missing == "the bank's key" else our_key) in item.text
        ours.take(lacking)
        site.clock.sleep(1000)
        site.once()
        (sealed,) = site.at_bank().values()
        assert Sent.of(bank.gpg("--decrypt", data=sealed)).payments[0][1] == "GOOD-1"
        assert site.waiting() == []


def test_a_key_that_expires_soon_is_told_when_a_file_is_sealed_until_it_is_renewed(
    tmp_path: Path, program: Callable[[str], str]
) -> None:
    program("gpg")
    with keyring() as bank, keyring() as ours:
        key, own = bank.make("bank"), ours.make("ours", subkey=None, expires=f"seconds={6 * DAY}", at=time.time() - 60)
        ours.take(bank.public("bank"))
        site = Site(tmp_path, bank={"seal": pgp(ours, own, key)}, clock=in_the_present())
        site.drop("pay.csv", salaries(("GOOD-1", "10,00", IBANS[0]), date=week_after(site.clock.start)))
        site.once()
        assert len(site.at_bank()) == 1
        (item,) = site.attention()
        assert (item.kind, item.subject, str(item.who_acts)) == ("key-expires", "testbank", ADMIN)
        assert f"our signing key {own} expires" in item.text
        site.once()
        assert site.waiting() == ["key-expires"]
        ours.gpg("--quick-set-expire", own, "0", at=time.time())
        site.once()
        assert site.waiting() == []


def test_a_changed_host_key_gets_nothing_and_the_file_goes_out_when_the_new_one_is_pinned(
    tmp_path: Path, sshd: Sshd
) -> None:
    def channel() -> dict[str, object]:
        return {
            "kind": "sftp", "host": "127.0.0.1", "port": sshd.port, "username": sshd.username,
            "key": {"file": str(sshd.key)}, "host_keys": [sshd.fingerprints["ed25519"]], "timeout_seconds": 10.0,
        }  # fmt: skip

    site = Site(tmp_path, bank={"channel": channel()}, bank_root=sshd.root)
    site.drop("one.csv", GOOD)
    site.once()
    assert len(site.bank_takes()) == 1
    new = sshd.change_host_keys()["ed25519"]
    site.drop("two.csv", salaries(("GOOD-2", "20,00", IBANS[1])))
    site.once()
    assert list((sshd.root / "to_bank").iterdir()) == [], "not even a temporary file"
    assert site.submission("two.csv").state is State.SEALED
    (item,) = site.attention()
    assert (item.kind, str(item.who_acts)) == ("host-key", ADMIN)
    assert new in item.text, "it can be compared with what the bank tells"
    site.bank = {"channel": channel()}
    site.configure()
    site.clock.sleep(1000)
    site.once()
    assert only_sent(site) == ["GOOD-2"]
    assert site.waiting() == []


# ---------------------------------------------------------------------------------------------- disks


@pytest.fixture
def mounted() -> Iterator[Callable[[Path, str], Path]]:
    """Mounts a small tmpfs (2 MiB) on a directory; all are gone afterwards."""
    points: list[Path] = []

    def mount(point: Path, options: str) -> Path:
        point.mkdir(mode=0o700, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", point], capture_output=True, check=False)
        if done.returncode != 0:
            missing(f"the right to mount: {done.stderr.decode()}")
        points.append(point)
        return point

    yield mount
    for point in reversed(points):
        subprocess.run(["umount", "-l", point], check=True)


Mounted = Callable[[Path, str], Path]


class Filler:
    """A file that leaves room for so many pages only; it is held open, so that tidying its name away makes no room."""

    def __init__(self, directory: Path, pages_left: int) -> None:
        self._path = directory / "filler"
        page = os.sysconf("SC_PAGESIZE")
        self._file = self._path.open("wb", buffering=0)
        try:
            while True:
                self._file.write(bytes(page))
        except OSError as problem:
            assert problem.errno == errno.ENOSPC
        self._file.truncate(max(self._file.seek(0, os.SEEK_END) - pages_left * page, 0))

    def unlink(self) -> None:
        """There is room again."""
        self._file.close()
        self._path.unlink(missing_ok=True)


@root_only
@pytest.mark.parametrize("place", ["archive", "state", "state/work", "state/spool"])
def test_a_full_disk_loses_and_doubles_nothing_and_h2h_goes_on_by_itself_when_there_is_room(
    tmp_path: Path, mounted: Mounted, place: str
) -> None:
    """Room for none, one, two … pages: each time another step is the one that finds the disk full."""
    site = Site(tmp_path)
    (tmp_path / "state").mkdir(mode=0o700)
    disk = mounted(tmp_path / place, "size=4m")
    site.once()
    told, stopped, outcomes = set(), 0, set()
    for pages in range(0, 24, 3) if place == "state" else range(5):
        reference = f"PAGES-{pages}"
        filler = Filler(disk, pages)
        site.drop(f"{reference}.csv", salaries((reference, "10,00", IBANS[0])))
        try:
            site.once()
            told.update(site.waiting())
        except H2HError as problem:
            stopped += 1
            assert "no room" in str(problem) or "no space" in str(problem), problem
        outcomes.add(len(site.at_bank()))
        filler.unlink()
        site.clock.sleep(1000)
        site.once()
        assert only_sent(site) == [reference], f"{pages} pages"
        sent = Sent.of(next(iter(site.bank_takes().values())))
        assert site.waiting() == [], f"{pages} pages"

        filler = Filler(disk, pages)
        site.bank_says(f"{reference}.xml", pain002(sent, "ACSP", message_id=reference))
        try:
            site.once()
            told.update(site.waiting())
        except H2HError:
            stopped += 1
        filler.unlink()
        site.clock.sleep(1000)
        site.once()
        assert site.submission(f"{reference}.csv").state is State.ACCEPTED, f"{pages} pages"
        assert site.waiting() == [], f"{pages} pages"
    manifests = [m["bank_file"] for m in site.manifests()]
    assert len(manifests) == len(set(manifests))
    assert told or stopped, "a person was told, or h2h said so and ended"
    assert 0 in outcomes, "the disk was full indeed"


@root_only
def test_a_read_only_archive_stops_intake_and_conversion_loudly_and_loses_nothing(
    tmp_path: Path, mounted: Mounted
) -> None:
    site = Site(tmp_path)
    archive = mounted(tmp_path / "archive", "size=4m")

    def remount(how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", archive], check=True)

    site.drop("early.csv", GOOD)
    with site.house() as house:
        scan_folders(house, lambda: False)  # taken in while it could be written
    remount("ro")
    site.drop("late.csv", salaries(("GOOD-2", "20,00", IBANS[1])))
    site.once()
    assert site.at_bank() == {}
    told = {i.kind: i for i in site.attention()}
    assert set(told) == {"folder-unavailable", "cannot-go-on"}
    for item in told.values():
        assert str(item.who_acts) == ADMIN
        assert "read-only" in item.text
        assert str(archive) in item.text
    remount("rw")
    site.clock.sleep(1000)
    site.once()
    assert only_sent(site) == ["GOOD-1", "GOOD-2"]
    assert site.waiting() == []
    sent = Sent.of(next(data for data in site.bank_takes().values() if b"GOOD-1" in data))
    remount("ro")
    site.bank_says("report.xml", pain002(sent, "ACSP"))
    site.once()
    assert [p.name for p in (site.at / "from_bank").iterdir()] == ["report.xml"], "not removed before it is ours"
    (item,) = site.attention()
    assert (item.kind, str(item.who_acts)) == ("cannot-fetch", ADMIN)
    assert "read-only" in item.text
    remount("rw")
    site.once()
    assert site.waiting() == []
    assert site.submission("early.csv").state is State.ACCEPTED
