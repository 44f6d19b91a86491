"""The real clock: wall time in UTC, durations that never jump, and sleep that ends when h2h is told to stop."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class SystemClock:
    """``ports.Clock`` over the kernel's clocks. Setting ``stop`` wakes every sleeper at once."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump: for durations only."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; returns early when ``stop`` is set."""
        self.stop.wait(max(0.0, seconds))
