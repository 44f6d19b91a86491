"""Many small files from the ERP's folder to a bank: files a second, how long each one took, and where the time goes.

A real daemon, a real OpenSSH server, real gpg; SQLite and ledger on this disk, every fsync done. The clock of the first
table starts at the first rename into the outbound folder and stops when the last file bears its final name at the bank.
The second table walks through the same stages one after the other in one thread, with what each of them asks of the
machine: processor seconds, commits, fsyncs, gpg processes, and waits for an answer of the bank's server.

    python -m tests.benchmarks.throughput [--files N] [--seal none|pgp|both] [--distance MILLISECONDS]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from h2h.simulator.rehearsal import next_working_day
from tests.benchmarks.distance import Distance
from tests.contracts.sshd import Sshd, find_sshd, running_sshd
from tests.crashes.sealed import keyrings
from tests.journeys.site import Site, laid_over, salaries

IBAN = "DE02200505501015871393"
STAGES = ("take in", "convert", "seal", "send")


@dataclass
class Costs:
    """What the stages asked of the machine, counted at the place where each is asked."""

    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, dict[str, float]] = field(default_factory=dict)
    stage: str = ""

    def add(self, what: str, amount: float = 1) -> None:
        """Count it for the stage at work."""
        known = self.counts.setdefault(self.stage, {})
        known[what] = known.get(what, 0) + amount

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Inside, everything counts for *stage*."""
        self.stage, began, before = stage, time.perf_counter(), _processor()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began
            self.add("processor", _processor() - before)


def run(files: int = 100, seals: tuple[str, ...] = ("none", "pgp"), milliseconds: float = 0.0) -> str:
    """Both tables, as text."""
    program = find_sshd()
    if program is None:
        raise SystemExit("there is no sshd")
    lines = [f"{files} small files to one bank{f', {milliseconds:g} ms away' if milliseconds else ''}"]
    lines.append(f"{'':34}files/s   p50 ms   p95 ms   max ms")
    tables: list[str] = []
    for seal in seals:
        with ExitStack() as stack:
            server = stack.enter_context(running_sshd(program))
            sealing = stack.enter_context(keyrings()) if seal == "pgp" else {"kind": "none"}
            port = stack.enter_context(Distance(server.port, milliseconds / 1000)).port if milliseconds else server.port
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="h2h-bench-")))
            rate, took = _through_the_daemon(_site(place / "daemon", server, port, sealing), server, files)
            lines.append(_line(f"dropped at once, seal {seal}", rate, took))
            if not milliseconds:
                alone, single = _one_by_one(_site(place / "single", server, port, sealing), server, min(files, 20))
                lines.append(_line(f"one after the other, seal {seal}", alone, single))
            tables.append(_stages(_site(place / "stages", server, port, sealing), min(files, 40), seal))
    return "\n".join([*lines, "", *tables])


def _line(name: str, rate: float, took: list[float]) -> str:
    ordered = sorted(s * 1000 for s in took)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{name:34}{rate:7.1f}{statistics.median(ordered):9.0f}{p95:9.0f}{ordered[-1]:9.0f}"


def _site(root: Path, server: Sshd, port: int, sealing: dict[str, Any]) -> Site:
    channel = server.channel()
    reach = {"kind": "sftp", "host": channel.host, "port": port, "username": channel.username}
    reach |= {"key": {"file": str(server.key)}, "host_keys": list(channel.host_keys)}
    for folder in server.root.iterdir():
        for file in folder.iterdir():
            file.unlink()
    root.mkdir()
    bank = {"channel": reach, "seal": sealing, "folders": {"temporary": "temporary"}}
    return Site(root, bank=laid_over(bank, {"fetching": {"every_seconds": 60.0}}), bank_root=server.root)


def _content(n: int) -> str:
    day = next_working_day(datetime.now(UTC).date()).strftime("%d.%m.%Y")
    return salaries((f"RUN-{n:04d}", f"{n},10", IBAN), date=day)


@contextmanager
def _daemon(site: Site) -> Iterator[Path]:
    log = site.root / "h2h.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "h2h", "run", "-c", str(site.config)], stdout=file, stderr=file
        )
    try:
        _wait(lambda: "daemon.ready" in log.read_text(), 30, log)
        yield log
    finally:
        process.terminate()
        process.wait(60)


def _through_the_daemon(site: Site, server: Sshd, files: int) -> tuple[float, list[float]]:
    """Files a second, and for each the seconds from its rename to its final name, as the log and the bank say."""
    with _daemon(site) as log:
        for n in range(files):
            (site.root / "erp/out" / f".{n}.part").write_text(_content(n))
        began, dropped = time.perf_counter(), {}
        for n in range(files):
            (site.root / "erp/out" / f".{n}.part").rename(site.root / "erp/out" / f"{n:04d}.csv")
            dropped[n] = time.time()
        at_bank = server.root / "to_bank"
        _wait(lambda: len(os.listdir(at_bank)) == files, 30 + files, log)
        rate = files / (time.perf_counter() - began)
    arrived = sorted(entry.stat().st_ctime for entry in os.scandir(at_bank))
    return rate, [there - here for there, here in zip(arrived, sorted(dropped.values()), strict=True)]


def _one_by_one(site: Site, server: Sshd, files: int) -> tuple[float, list[float]]:
    """The same when each file comes after the one before has arrived: what a single file waits."""
    took = []
    for file in (server.root / "to_bank").iterdir():
        file.unlink()
    with _daemon(site) as log:
        for n in range(files):
            part = site.root / "erp/out" / f".{n}.part"
            part.write_text(_content(n))
            time.sleep(0.1)
            began = time.perf_counter()
            part.rename(site.root / "erp/out" / f"{n:04d}.csv")
            _wait(lambda n=n: len(os.listdir(server.root / "to_bank")) > n, 30, log, every=0.001)  # type: ignore[misc]
            took.append(time.perf_counter() - began)
    return files / sum(took), took


def _stages(site: Site, files: int, seal: str) -> str:
    """One thread, one stage after the other; what h2h logs meanwhile goes to a file, as the daemon's does."""
    from h2h import log
    from h2h.core.lifecycle import State
    from h2h.pipeline.intake import take_in_folder
    from h2h.pipeline.line import Line
    from h2h.pipeline.outbound import AT_HOME, step
    from h2h.wiring import open_house

    costs = Costs()
    for n in range(files):
        site.drop(f"{n:04d}.csv", _content(n))
    with (
        (site.root / "h2h.log").open("w") as told,
        _counted(costs),
        open_house(site.settings(), dict(os.environ)) as house,
    ):
        log.configure("json", "info", told)
        with costs.of("open"):
            house.sealers["testbank"].check()
        with costs.of("take in"):
            take_in_folder(house, house.settings.erp[0])
        with Line(house, "testbank") as line:
            for state, name in ((State.RECEIVED, "convert"), (State.CONVERTED, "seal"), (State.SEALED, "send")):
                if state not in AT_HOME:
                    line.session()
                with costs.of(name):
                    for sub in house.journal.due("testbank", house.now(), limit=files):
                        step(house, line, sub)
        states = {str(s.state) for s in house.journal.submissions()}
    if states != {"SENT"}:
        raise RuntimeError(f"not all were sent: {states}")
    columns = ("processor", "commits", "fsyncs", "gpg", "waits")
    lines = [f"{'per file, seal ' + seal:18}{'ms':>8}" + "".join(f"{c:>11}" for c in ("processor", *columns[1:]))]
    for stage in STAGES:
        known = costs.counts.get(stage, {})
        cells = [f"{known.get('processor', 0) / files * 1000:11.1f}"]
        cells += [f"{known.get(c, 0) / files:11.1f}" for c in columns[1:]]
        lines.append(f"{stage:18}{costs.seconds[stage] / files * 1000:8.1f}" + "".join(cells))
    return "\n".join([*lines, ""])


@contextmanager
def _counted(costs: Costs) -> Iterator[None]:
    """Count, where each is done: commits, fsyncs, processes of gpg, waits for the bank's server."""
    from sqlalchemy import Connection, Engine, event

    from h2h.adapters.sftp.wire import Wire

    fsync, popen, reply = os.fsync, subprocess.Popen, Wire._fill

    def syncing(fd: Any) -> None:
        costs.add("fsyncs")
        fsync(fd)

    class Counting(popen):  # type: ignore[misc,valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            costs.add("gpg")
            super().__init__(*args, **kwargs)

    def waiting(self: Wire, count: int, deadline: float) -> None:
        if len(self._buffer) < count and not self._channel.recv_ready():
            costs.add("waits")
        reply(self, count, deadline)

    def committing(connection: Connection) -> None:
        if connection.get_execution_options().get("h2h_writes"):
            costs.add("commits")

    os.fsync, Wire._fill = syncing, waiting  # type: ignore[method-assign]
    subprocess.Popen = Counting  # type: ignore[misc]
    event.listen(Engine, "commit", committing)
    try:
        yield
    finally:
        event.remove(Engine, "commit", committing)
        os.fsync, subprocess.Popen, Wire._fill = fsync, popen, reply  # type: ignore[method-assign,misc]


def _processor() -> float:
    """Processor seconds of this process and of its ended children."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _wait(done: Callable[[], bool], seconds: float, log: Path, every: float = 0.01) -> None:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise RuntimeError(f"not within {seconds} s: {log.read_text()[-3000:]}")
        time.sleep(every)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--files", type=int, default=100)
    asked.add_argument("--seal", choices=["none", "pgp", "both"], default="both")
    asked.add_argument("--distance", type=float, default=0.0, metavar="MILLISECONDS")
    given = asked.parse_args()
    print(run(given.files, ("none", "pgp") if given.seal == "both" else (given.seal,), given.distance))
