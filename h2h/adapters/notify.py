"""Talks to the service manager: ready, reloading, stopping, a status line; and the watchdog, fed only by real progress.

Datagrams to ``$NOTIFY_SOCKET`` as sd_notify(3) describes them; without that variable all of it does nothing.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping

from h2h.ports import Clock

_INTERVAL_WITHOUT_WATCHDOG = 30.0
_LINE_MAX = 300


class Notifier:
    """Sends; a service manager that does not listen never blocks or fails the daemon."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self.watchdog_seconds = _watchdog_seconds(environment)

    def ready(self, status: str = "") -> bool:
        """Everything is open and working. True if it was sent."""
        return self._send("READY=1", *_status(status))

    def reloading(self) -> bool:
        """The configuration is being changed; ``ready`` ends it."""
        return self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> bool:
        """The last step is being finished."""
        return self._send("STOPPING=1", "STATUS=finishing the steps in flight")

    def status(self, text: str) -> bool:
        """One line for ``systemctl status``."""
        return self._send(*_status(text))

    def alive(self) -> bool:
        """Feed the service manager's watchdog."""
        return self._send("WATCHDOG=1")

    def _send(self, *assignments: str) -> bool:
        if self._address is None or not assignments:
            return False
        try:
            with socket.socket(
                socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            ) as sender:
                sender.sendto("\n".join(assignments).encode(), self._address)
        except OSError:
            return False  # the service manager will notice the silence by itself; payments go on
        return True


class Watchdog:
    """Feeds the service manager only while every registered part finishes its rounds in time."""

    def __init__(self, notifier: Notifier, clock: Clock) -> None:
        self._notifier = notifier
        self._clock = clock
        self._lock = threading.Lock()
        self._allowed: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._told = ""

    @property
    def interval_seconds(self) -> float:
        """How often to ``feed``: twice within the service manager's time, as its manual asks."""
        seconds = self._notifier.watchdog_seconds
        return seconds / 2 if seconds is not None else _INTERVAL_WITHOUT_WATCHDOG

    def register(self, part: str, seconds: float) -> None:
        """*part* promises to finish a round every *seconds*; its time runs from now."""
        with self._lock:
            self._allowed[part] = seconds
            self._last[part] = self._clock.monotonic()

    def beat(self, part: str) -> None:
        """*part* finished a round."""
        with self._lock:
            self._last[part] = self._clock.monotonic()

    def stuck(self) -> dict[str, float]:
        """The parts that are late, and for how many seconds they have been silent."""
        now = self._clock.monotonic()
        with self._lock:
            silent = {part: now - self._last[part] for part in self._allowed}
            return {part: seconds for part, seconds in silent.items() if seconds > self._allowed[part]}

    def feed(self) -> bool:
        """Feed the service manager if nothing is stuck; else say what is, once. True if it was fed or none is there."""
        stuck = self.stuck()
        text = ", ".join(f"{part} has not moved for {seconds:.0f} s" for part, seconds in sorted(stuck.items()))
        if set(stuck) != set(self._told.split("\0")) - {""}:
            self._notifier.status(text or "every part moves on")
            self._told = "\0".join(stuck)
        if stuck:
            return False
        self._notifier.alive()
        return True


def _address(text: str) -> bytes | None:
    if text.startswith("@"):
        return b"\0" + os.fsencode(text[1:])  # Linux' abstract namespace
    return os.fsencode(text) if text.startswith("/") else None


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """The service manager's time; None if it does not watch, or watches another process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        microseconds = int(environment.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1_000_000 if microseconds > 0 else None


def _status(text: str) -> list[str]:
    line = " ".join(text.split())[:_LINE_MAX]
    return [f"STATUS={line}"] if line else []
