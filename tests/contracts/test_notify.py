"""The service manager's socket, with a real listener: what is said, and that only real progress feeds the watchdog."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from h2h.adapters.clock import SystemClock
from h2h.adapters.notify import Notifier, Watchdog


class Manager:
    """Listens as systemd does."""

    def __init__(self, address: str | bytes) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(30)

    def heard(self) -> dict[str, str]:
        text = self._socket.recv(4096).decode()
        return dict(line.split("=", 1) for line in text.split("\n"))

    def silent(self) -> bool:
        self._socket.setblocking(False)
        try:
            self._socket.recv(4096)
        except BlockingIOError:
            return True
        finally:
            self._socket.settimeout(30)
        return False

    def close(self) -> None:
        self._socket.close()


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify"))
    yield made
    made.close()


@pytest.fixture
def notifier(manager: Manager, tmp_path: Path) -> Notifier:
    return Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "120000000"})


def test_the_life_of_a_service_is_told(manager: Manager, notifier: Notifier) -> None:
    assert notifier.ready("2 folders, 1 bank")
    assert manager.heard() == {"READY": "1", "STATUS": "2 folders, 1 bank"}
    before = time.monotonic_ns() // 1000
    assert notifier.reloading()
    said = manager.heard()
    assert said["RELOADING"] == "1"
    assert before <= int(said["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert notifier.ready()
    assert manager.heard() == {"READY": "1"}
    notifier.status("one\ntwo " + "x" * 500)
    assert manager.heard()["STATUS"].startswith("one two xxx")
    assert notifier.stopping()
    assert manager.heard()["STOPPING"] == "1"


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"h2h-test-{os.getpid()}"
    manager = Manager(b"\0" + name.encode())
    try:
        assert Notifier({"NOTIFY_SOCKET": "@" + name}).ready()
        assert manager.heard() == {"READY": "1"}
    finally:
        manager.close()


def test_without_a_service_manager_nothing_happens(tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:3"}):
        assert Notifier(environment).ready() is False
    assert Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready() is False


def test_a_manager_that_does_not_read_never_blocks(manager: Manager, notifier: Notifier) -> None:
    started = time.monotonic()
    for _ in range(2000):
        notifier.status("x" * 200)
    assert time.monotonic() - started < 60


def test_the_watchdogs_time_is_halved_and_only_ours_counts(tmp_path: Path) -> None:
    clock = Hands()
    for environment, seconds in (
        ({"WATCHDOG_USEC": "120000000"}, 60.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "1"}, 30.0),
        ({"WATCHDOG_USEC": "never"}, 30.0),
        ({}, 30.0),
    ):
        assert Watchdog(Notifier(environment), clock).interval_seconds == seconds


def test_the_watchdog_is_fed_only_while_every_part_finishes_its_rounds_in_time(
    manager: Manager, notifier: Notifier
) -> None:
    clock = Hands()
    dog = Watchdog(notifier, clock)
    dog.register("scanner", 60)
    dog.register("bank", 600)
    assert dog.feed()
    assert manager.heard() == {"WATCHDOG": "1"}
    clock.seconds += 61
    dog.beat("bank")
    assert not dog.feed()
    assert manager.heard() == {"STATUS": "scanner has not moved for 61 s"}
    clock.seconds += 1
    assert not dog.feed()
    assert manager.silent()  # told once, and above all not fed
    dog.beat("scanner")
    assert dog.feed()
    assert manager.heard() == {"STATUS": "every part moves on"}
    assert manager.heard() == {"WATCHDOG": "1"}
    clock.seconds += 599
    dog.beat("scanner")
    assert dog.feed()


def test_the_real_clock_is_utc_never_jumps_and_sleep_ends_when_h2h_stops() -> None:
    stop = threading.Event()
    clock = SystemClock(stop)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
    started = time.monotonic()
    clock.sleep(0.05)
    clock.sleep(-1)
    assert time.monotonic() - started >= 0.05
    threading.Timer(0.1, stop.set).start()
    clock.sleep(30)
    assert time.monotonic() - started < 60
