"""The watcher over the kernel's real events: every way to drop a file wakes, and nothing ends it for good."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from h2h.adapters import files
from h2h.adapters.watch import Watcher, wants_events
from h2h.settings.erp import ErpFolder


class Alarm:
    """Counts wake-ups."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.count = 0

    def __call__(self) -> None:
        self.count += 1
        self.event.set()

    def rings(self, seconds: float = 30.0) -> bool:
        rang = self.event.wait(seconds)
        self.event.clear()
        return rang


def folder(path: Path, watch: str = "events") -> ErpFolder:
    return ErpFolder.model_validate({"name": "sap", "bank": "b", "outbound": path, "watch": watch})


@pytest.fixture
def alarm() -> Alarm:
    return Alarm()


@pytest.fixture
def watch(alarm: Alarm) -> Iterator[Callable[..., Watcher]]:
    made: list[Watcher] = []

    def start(*paths: Path) -> Watcher:
        made.append(Watcher([folder(p) for p in paths], alarm, keep_seconds=0.1))
        made[-1].start()
        alarm.rings(0.2)
        return made[-1]

    yield start
    for watcher in made:
        watcher.stop()


def settle(alarm: Alarm) -> None:
    while alarm.rings(0.3):
        pass


@pytest.mark.parametrize("way", ["write", "rename from outside", "rename inside", "hard link", "empty"])
def test_every_way_to_drop_a_file_wakes(tmp_path: Path, alarm: Alarm, watch: Callable[..., Watcher], way: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "outside").write_bytes(b"x")
    (out / "inside.tmp").write_bytes(b"x")
    watch(out)
    settle(alarm)
    if way == "write":
        (out / "a.csv").write_bytes(b"x")
    elif way == "rename from outside":
        (tmp_path / "outside").rename(out / "a.csv")
    elif way == "rename inside":
        (out / "inside.tmp").rename(out / "a.csv")
    elif way == "hard link":
        os.link(tmp_path / "outside", out / "a.csv")
    else:
        (out / "a.csv").touch()
    assert alarm.rings()


def test_our_own_receipts_claims_and_readings_do_not_wake(
    tmp_path: Path, alarm: Alarm, watch: Callable[..., Watcher]
) -> None:
    (tmp_path / "a.csv").write_bytes(b"x")
    (tmp_path / ".h2h").mkdir()
    watch(tmp_path)
    settle(alarm)
    files.replace(tmp_path / "a.csv.status.json", b"{}")
    (tmp_path / "a.csv").read_bytes()
    (tmp_path / "a.csv").rename(tmp_path / ".h2h" / "a.csv")
    assert not alarm.rings(0.7)


def test_a_folder_removed_and_made_again_is_watched_again(
    tmp_path: Path, alarm: Alarm, watch: Callable[..., Watcher]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    watcher = watch(out)
    for _ in range(3):
        shutil.rmtree(out)
        settle(alarm)
        out.mkdir()
        assert alarm.rings()  # what came before the watch stood is looked for
        assert watcher.watched() == [out]
        settle(alarm)
        (out / "a.csv").write_bytes(b"x")
        assert alarm.rings()


def test_a_folder_that_is_exchanged_for_another_is_watched(
    tmp_path: Path, alarm: Alarm, watch: Callable[..., Watcher]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    watch(out)
    (tmp_path / "new").mkdir()
    out.rename(tmp_path / "old")
    (tmp_path / "new").rename(out)
    assert alarm.rings()
    settle(alarm)
    (out / "a.csv").write_bytes(b"x")
    assert alarm.rings()


def test_a_folder_that_comes_later_is_watched_from_then_on(
    tmp_path: Path, alarm: Alarm, watch: Callable[..., Watcher]
) -> None:
    out = tmp_path / "later"
    watcher = watch(out)
    assert watcher.watched() == []
    out.mkdir()
    assert alarm.rings()
    settle(alarm)
    (out / "a.csv").write_bytes(b"x")
    assert alarm.rings()


def test_one_missing_folder_does_not_stop_the_others(
    tmp_path: Path, alarm: Alarm, watch: Callable[..., Watcher]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    watcher = watch(tmp_path / "gone", out)
    assert watcher.watched() == [out]
    settle(alarm)
    (out / "a.csv").write_bytes(b"x")
    assert alarm.rings()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_exception_on_waking_costs_seconds_not_the_watch(tmp_path: Path) -> None:
    calls = threading.Semaphore(0)
    failures = iter([False, True, False, False, False, False, False])

    def wake() -> None:
        calls.release()
        if next(failures, False):
            raise RuntimeError("the daemon is confused")

    watcher = Watcher([folder(tmp_path)], wake, keep_seconds=0.1)
    watcher.start()
    try:
        assert calls.acquire(timeout=30)  # placed
        (tmp_path / "a.csv").write_bytes(b"x")
        assert calls.acquire(timeout=30)  # fails
        assert calls.acquire(timeout=30)  # placed again, or the next event
        deadline = time.monotonic() + 30
        while watcher.watched() != [tmp_path] and time.monotonic() < deadline:
            time.sleep(0.05)
        while calls.acquire(blocking=False):
            pass
        (tmp_path / "b.csv").write_bytes(b"x")
        assert calls.acquire(timeout=30)
    finally:
        watcher.stop()


def test_a_burst_larger_than_the_kernels_queue_still_wakes_afterwards(
    tmp_path: Path, alarm: Alarm, watch: Callable[..., Watcher]
) -> None:
    watch(tmp_path)
    for n in range(20_000):
        os.close(os.open(tmp_path / f"{n}.csv", os.O_WRONLY | os.O_CREAT))
    assert alarm.rings()
    settle(alarm)
    (tmp_path / "last.csv").write_bytes(b"x")
    assert alarm.rings()


def test_stopping_ends_every_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    watcher = Watcher([folder(tmp_path)], lambda: None)
    watcher.start()
    assert threading.active_count() > before
    watcher.stop()
    assert threading.active_count() == before
    Watcher([folder(tmp_path)], lambda: None).stop()


def test_where_polling_is_asked_for_nothing_is_watched(tmp_path: Path, alarm: Alarm) -> None:
    before = threading.active_count()
    watcher = Watcher([folder(tmp_path, "polling")], alarm)
    watcher.start()
    assert threading.active_count() == before
    watcher.stop()


MOUNTS = """22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw
30 22 0:40 / /srv/erp rw - nfs4 server:/erp rw
31 30 0:41 / /srv/erp/local rw shared:5 master:1 - ext4 /dev/vdb rw
32 22 0:42 / /srv/win\\040share rw - cifs //host/share rw
33 22 0:43 / /srv/fuse rw - fuse.sshfs user@host:/ rw
34 22 0:44 / /srv/over rw - nfs4 a:/b rw
35 22 0:45 / /srv/over rw - tmpfs tmpfs rw
36 22 0:46 / /srv/auto rw - autofs systemd-1 rw
37 36 0:47 / /srv/auto rw - smb3 //h/s rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "network"),
    [
        ("/srv/erp/out", True),
        ("/srv/erp", True),
        ("/srv/erp/local/out", False),
        ("/srv/erpx", False),
        ("/srv/win share/out", True),
        ("/srv/fuse/out", True),
        ("/srv/over/out", False),
        ("/srv/auto/out", True),
        ("/home", False),
    ],
)
def test_network_file_systems_are_known_by_their_mount(tmp_path: Path, path: str, network: bool) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTS)
    assert files.on_network(Path(path), table) is network


def test_where_mounts_cannot_be_read_we_poll_and_here_we_do_not(tmp_path: Path) -> None:
    assert files.on_network(tmp_path, tmp_path / "none") is True
    assert wants_events(folder(tmp_path, "auto")) is True
