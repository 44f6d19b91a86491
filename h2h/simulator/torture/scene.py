"""What everybody in a schedule stands on: an installation, its machine, its disk, its time, and who watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from h2h.settings.site import Settings
from h2h.simulator.torture.disk import Disk
from h2h.simulator.torture.flows import Flow
from h2h.simulator.torture.lab import Lab
from h2h.simulator.torture.machine import Machine
from h2h.simulator.torture.oracle import Oracle


class WorldClock:
    """Time moves when the world says so; the wall clock can be set wrong, the other cannot."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self.passed = 0.0
        self.wrong = 0.0

    def now(self) -> datetime:
        """What the clock of h2h's machine says, a microsecond later than the last time."""
        return self.right() + timedelta(seconds=self.wrong)

    def right(self) -> datetime:
        """What everybody else's clock says: a bank's is not set wrong with ours."""
        self.passed += 1e-6
        return self._start + timedelta(seconds=round(self.passed, 6))

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.passed

    def sleep(self, seconds: float) -> None:
        """No waiting: the time is over."""
        self.passed += max(seconds, 0.0)


@dataclass(eq=False)
class Scene:
    """One installation, and the world around it as far as all share it."""

    lab: Lab
    flow: Flow
    settings: Settings
    clock: WorldClock
    disk: Disk
    machine: Machine
    oracle: Oracle
    #: An older journal was put back.
    restored: bool = False
