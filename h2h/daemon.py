"""The daemon: one scanner of the ERP folders, one worker a bank; they share the journal and a stop flag, nothing else.

The main thread deals with signals, readiness and the watchdog, which is fed only while every part makes progress.
SIGTERM: the step in flight finishes, then all stop. SIGHUP: the new configuration is read and proved; only if it is
sound do all stop between two steps and start again with it, otherwise the old one stays.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

import structlog

from h2h.adapters.notify import Notifier, Watchdog
from h2h.adapters.watch import Watcher
from h2h.core.errors import H2HError, Misconfigured, NotDurable, Unavailable
from h2h.core.findings import WhoActs
from h2h.pipeline.house import House
from h2h.pipeline.recovery import recover
from h2h.pipeline.rounds import BankRound, scan_folders
from h2h.settings import Settings, load
from h2h.wiring import open_house

log = structlog.get_logger("h2h")

#: A part that has not finished a round for so long is stuck, and the service manager may restart h2h.
SCANNER_STUCK_SECONDS = 300.0
WORKER_STUCK_SECONDS = 900.0
#: Exit status after an fsync that failed (sysexits.h EX_IOERR); the service manager starts h2h again.
EXIT_DISK_LIES = 74
#: A burst of events (a file that is being written) is one round, not hundreds.
AFTER_EVENT_SECONDS = 0.02
#: After an error nobody foresaw a worker waits before it tries again.
AFTER_ERROR_SECONDS = 10.0


class Daemon:
    """Runs until it is told to stop; ``run`` returns the exit status."""

    def __init__(self, config: Path, settings: Settings, environment: Mapping[str, str]) -> None:
        self._config = config
        self._settings = settings
        self._environment = environment
        self._notifier = Notifier(environment)
        self._signalled = threading.Event()
        self._terminate = False
        self._reload = False
        self._last_good: Settings | None = None

    def run(self) -> int:
        """Work until SIGTERM or SIGINT. ``Misconfigured`` if it cannot even start."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        while not self._terminate:
            try:
                self._serve()
            except Misconfigured as problem:
                if self._last_good is None or self._last_good is self._settings:
                    raise
                log.error("daemon.reload-failed", problem=str(problem))
                self._settings = self._last_good
        return 0

    def _serve(self) -> None:
        """Work with one configuration until a signal."""
        stop = threading.Event()
        with open_house(self._settings, self._environment, stop=stop, daemon=True) as house:
            recover(house)
            crew = Crew(house, stop, Watchdog(self._notifier, house.clock))
            crew.start()
            self._last_good = self._settings
            self._notifier.ready(f"{len(self._settings.erp)} folders, {len(self._settings.banks)} banks")
            log.info("daemon.ready", instance=self._settings.instance, banks=sorted(self._settings.banks))
            self._watch_over(crew)
            self._say_why()
            crew.stop()
        log.info("daemon.stopped", instance=self._settings.instance)

    def _say_why(self) -> None:
        if self._terminate:
            self._notifier.stopping()
        else:
            self._notifier.reloading()

    def _watch_over(self, crew: Crew) -> None:
        """Feed the watchdog until a signal ends this configuration's time."""
        while not self._terminate:
            self._signalled.wait(crew.watchdog.interval_seconds)
            self._signalled.clear()
            if self._reload:
                self._reload = False
                if self._read_again():
                    return
            crew.feed()

    def _read_again(self) -> bool:
        """True if the configuration on disk is sound; it is then the one to go on with."""
        try:
            self._settings = load(self._config)
        except Misconfigured as problem:
            log.error("daemon.reload-refused", problem=str(problem))
            self._notifier.status(f"reload refused, the old configuration stays: {problem}")
            return False
        return True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._reload = True
        else:
            self._terminate = True
        self._signalled.set()


class Crew:
    """The threads of one configuration."""

    def __init__(self, house: House, stop: threading.Event, watchdog: Watchdog) -> None:
        self.watchdog = watchdog
        self._house = house
        self._stop = stop
        self._wake_scanner = threading.Event()
        self._wake_bank = {name: threading.Event() for name in house.settings.banks}
        self._threads = [threading.Thread(target=self._scan, name="scanner")]
        for name in house.settings.banks:
            self._threads.append(threading.Thread(target=self._work, args=(name,), name=f"bank {name}"))
        self._watcher = Watcher(house.settings.erp, self._wake_scanner.set)

    def start(self) -> None:
        """Start all; returns at once."""
        self.watchdog.register("scanner", SCANNER_STUCK_SECONDS)
        for name in self._wake_bank:
            self.watchdog.register(name, WORKER_STUCK_SECONDS)
        self._watcher.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask all to stop and wait: a step in flight, a send above all, finishes."""
        self._stop.set()
        for event in (self._wake_scanner, *self._wake_bank.values()):
            event.set()
        for thread in self._threads:
            thread.join()
        self._watcher.stop()

    def feed(self) -> None:
        """Feed the service manager's watchdog, if every part moves on and the journal can be written."""
        try:
            self._house.journal.probe()
        except (Unavailable, Misconfigured) as problem:
            log.error("daemon.journal-probe-failed", problem=str(problem))
            return
        self.watchdog.feed()

    def _scan(self) -> None:
        interval = min(folder.polling_seconds for folder in self._house.settings.erp)
        # Completeness by quiet time is judged between two looks; they must not lie further apart than the quiet time.
        quiet = [f.completeness.quiet_seconds for f in self._house.settings.erp if f.completeness.by == "quiet"]

        def round_() -> float:
            taken = scan_folders(self._house, self._stop.is_set)
            for bank in taken:
                self._wake_bank[bank].set()
            return min([interval, *(max(q / 2, 0.2) for q in quiet)])

        self._repeat("scanner", self._wake_scanner, round_)

    def _work(self, bank: str) -> None:
        turn = BankRound(self._house, bank)
        self._repeat(bank, self._wake_bank[bank], lambda: turn.take(self._stop.is_set))

    def _repeat(self, part: str, wake: threading.Event, round_: Callable[[], float]) -> None:
        """Rounds until the stop flag; an error is told and never ends the thread."""
        while not self._stop.is_set():
            try:
                wait = round_()
            except (Unavailable, Misconfigured) as problem:
                log.warning("round.cannot-go-on", part=part, problem=str(problem))
                wait = AFTER_ERROR_SECONDS
                self.watchdog.beat(part)
            except NotDurable as problem:
                # What the kernel then still holds is not what the disk has: end as if killed, look afresh at the start.
                log.critical("daemon.disk-lies", part=part, problem=str(problem))
                os._exit(EXIT_DISK_LIES)
            except Exception as problem:
                # Not fed: if this goes on, the service manager restarts h2h, and recovery looks at everything afresh.
                log.error("round.unexpected", part=part, error=type(problem).__name__, exc_info=problem)
                self._tell(part, problem)
                wait = AFTER_ERROR_SECONDS
            else:
                self.watchdog.beat(part)
            wake.wait(wait)
            wake.clear()
            self._stop.wait(AFTER_EVENT_SECONDS)

    def _tell(self, part: str, problem: Exception) -> None:
        try:
            text = f"{part} met an error that h2h did not foresee: {type(problem).__name__}: {problem}"
            self._house.attend("worker-error", part, text, WhoActs.SYSTEM_ADMINISTRATOR)
        except H2HError as worse:
            log.error("round.cannot-tell", part=part, problem=str(worse))
