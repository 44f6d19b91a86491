"""A whole exchange of `samples/`, played by the real pipeline: what the ERP drops, the bank gets and says, and so on.

python -m tests.journeys.exchange samples/BANK     writes what came out into the sample, to be read and committed
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from h2h.pipeline.rounds import once
from h2h.settings import load
from h2h.wiring import open_house
from tests.journeys.site import StandingClock, contents, put

DROPPED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
#: The n-th file of the bank comes so many seconds after the first.
BETWEEN_ANSWERS = 1200
_REPORTS = (".status.json", ".error.txt", ".error.json")


class HourClock(StandingClock):
    """The wall shows the hour of the step, however often h2h looks; waiting costs nothing."""

    hour = DROPPED

    def now(self) -> datetime:
        """The step's moment."""
        return self.hour


class Exchange:
    """One folder of `samples/`, and a directory in which it happens."""

    def __init__(self, sample: Path, root: Path) -> None:
        self.sample, self.root = sample, root
        self.clock = HourClock()
        shutil.copyfile(sample / "h2h.toml", root / "h2h.toml")
        shutil.copytree(sample / "banks", root / "banks")
        for folder in ("erp/out", "erp/in", "bank/in", "bank/out"):
            (root / folder).mkdir(parents=True)

    def play(self) -> dict[str, dict[str, bytes]]:
        """All of it; folder → name → bytes of what h2h wrote."""
        self._drop("erp/out", DROPPED.timestamp())
        for number, (name, data) in enumerate(contents(self.sample / "bank/out").items(), 1):
            at = DROPPED.timestamp() + number * BETWEEN_ANSWERS
            self.clock.hour = datetime.fromtimestamp(at, UTC)
            path = put(self.root / "bank/out", name, data)
            os.utime(path, (at, at))
            self._once()
            if (self.sample / f"erp/out-after-{number}").is_dir():
                self._drop(f"erp/out-after-{number}", at)
        sent = contents(self.root / "bank/in")
        beside = {n: data for n, data in contents(self.root / "erp/out").items() if n.endswith(_REPORTS)}
        return {"bank/in": sent, "erp/in": contents(self.root / "erp/in"), "erp/out": beside}

    def _drop(self, folder: str, at: float) -> None:
        """What the ERP drops at that moment, markers last; h2h looks once."""
        dropped = {n: data for n, data in contents(self.sample / folder).items() if not n.endswith(_REPORTS)}
        for name, data in sorted(dropped.items(), key=lambda item: (item[0].endswith(".ok"), item[0])):
            path = put(self.root / "erp/out", name, data)
            os.utime(path, (at, at))
        self._once()

    def _once(self) -> None:
        with open_house(load(self.root / "h2h.toml"), {}, clock=self.clock) as house:
            once(house)


def golden(sample: Path) -> dict[str, dict[str, bytes]]:
    """What the sample says should come out."""
    beside = {n: data for n, data in contents(sample / "erp/out").items() if n.endswith(_REPORTS)}
    return {"bank/in": contents(sample / "bank/in"), "erp/in": contents(sample / "erp/in"), "erp/out": beside}


def main() -> None:
    """Accept what comes out."""
    sample = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as root:
        played = Exchange(sample, Path(root)).play()
    for folder, files in golden(sample).items():
        for name in files:
            (sample / folder / name).unlink()
    for folder, files in played.items():
        for name, data in files.items():
            (sample / folder / name).write_bytes(data)
            print(f"{folder}/{name}")


if __name__ == "__main__":
    main()
