"""A whole rehearsal in one directory: a bank and h2h as processes of their own, and sample files to drop.

Only folders are looked at from outside, as an ERP would: receipts, error reports, deliveries; and the bank's own list
of what it received, which is the truth.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from h2h.data import data_dir

#: In the sample files this day stands for "soon"; the rehearsal writes the real one.
SAMPLE_DAY = date(2026, 12, 1)


class Rehearsal:
    """Processes and folders of one rehearsal below *directory*. A context manager: both processes end with it."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.outbound = directory / "erp" / "out"
        self.inbound = directory / "erp" / "in"
        self.config = directory / "h2h.toml"
        self.log = directory / "h2h.log"
        self._environment = dict(environment)
        self._samples = data_dir("samples") / "demo"
        self._bank: subprocess.Popen[bytes] | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self._received: Path | None = None

    def __enter__(self) -> Rehearsal:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._daemon, self._bank):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            if process is not None and process.stdout is not None:
                process.stdout.close()

    def start_bank(self) -> dict[str, Any]:
        """Start the simulated bank with fresh keys; how to reach it. ``RuntimeError`` with its words if it cannot."""
        command = [sys.executable, "-m", "h2h.simulator", str(self.directory / "bank")]
        command += ["--behaviour", str(self._samples / "behaviour.toml"), "--every", "0.1"]
        with (self.directory / "bank.log").open("wb") as log:
            self._bank = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=self._environment)
        line = self._bank.stdout.readline() if self._bank.stdout is not None else b""
        if not line:
            raise RuntimeError(f"the simulated bank did not start: {(self.directory / 'bank.log').read_text()}")
        reached: dict[str, Any] = json.loads(line)
        self._received = Path(reached["received"])
        return reached

    def write_configuration(self, bank: Mapping[str, Any]) -> None:
        """The sample configuration, with the bank's address, keys and fingerprints filled in."""
        for folder in (self.outbound, self.inbound, self.directory / "banks"):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._samples / "h2h.toml", self.config)
        profile = (self._samples / "banks" / "demobank.toml").read_text(encoding="utf-8").format(**bank)
        (self.directory / "banks" / "demobank.toml").write_text(profile, encoding="utf-8")

    def start_daemon(self) -> None:
        """Start h2h itself, as a service would."""
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "h2h", "run", "-c", str(self.config)]
            self._daemon = subprocess.Popen(command, stderr=log, stdout=log, env=self._environment)

    def daemon_ready(self) -> bool:
        """True once h2h says that it is ready; ``RuntimeError`` with its last words if it has ended."""
        if self._daemon is not None and self._daemon.poll() is not None:
            raise RuntimeError(f"h2h ended with status {self._daemon.returncode}: {self.log.read_text()[-2000:]}")
        return "daemon.ready" in self.log.read_text(encoding="utf-8", errors="replace")

    def stop_daemon(self) -> int:
        """Ask h2h to stop, as a service manager does; its exit status."""
        if self._daemon is None:
            return 0
        self._daemon.send_signal(signal.SIGTERM)
        return self._daemon.wait(20)

    def drop(self, today: date) -> list[str]:
        """Drop the sample files as a careful ERP does: under a temporary name, then renamed. Their names."""
        names = []
        for sample in sorted((self._samples / "erp-out").iterdir()):
            soon = next_working_day(today)
            text = sample.read_text(encoding="utf-8").replace(SAMPLE_DAY.isoformat(), soon.isoformat())
            text = text.replace(SAMPLE_DAY.strftime("%d.%m.%Y"), soon.strftime("%d.%m.%Y"))
            temporary = self.outbound / f".{sample.name}.part"
            temporary.write_text(text, encoding="utf-8")
            os.rename(temporary, self.outbound / sample.name)
            names.append(sample.name)
        return names

    def receipt(self, name: str) -> dict[str, Any]:
        """The live receipt beside a dropped file; empty while there is none."""
        path = self.outbound / f"{name}.status.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return found

    def refusal(self, name: str) -> dict[str, Any]:
        """The error report beside a dropped file; empty while there is none."""
        path = self.outbound / f"{name}.error.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return found

    def manifests(self) -> list[dict[str, Any]]:
        """What was delivered to the ERP."""
        return [json.loads(p.read_text(encoding="utf-8")) for p in sorted(self.inbound.glob("*.manifest.json"))]

    def received(self) -> list[dict[str, Any]]:
        """Every payment that ever arrived at the bank, by its own list."""
        if self._received is None or not self._received.exists():
            return []
        lines = self._received.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]  # the last one may just be being written


def next_working_day(today: date) -> date:
    """The first Monday to Friday after *today*: a sample must not be refused for its date."""
    day = today + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day
