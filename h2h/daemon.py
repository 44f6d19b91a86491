"""The daemon: one scanner of the ERP folders, and for each bank three stages of sending and two readers of its answers.

They share the journal, a bank's connection and a stop flag, nothing else.

The main thread deals with signals, readiness and the watchdog, which is fed only while every part makes progress.
SIGTERM: the step in flight finishes, then all stop. SIGHUP: the new configuration is read and proved; only if it is
sound do all stop between two steps and start again with it, otherwise the old one stays.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType

import structlog

from h2h.adapters.notify import Notifier, Watchdog
from h2h.adapters.watch import Watcher
from h2h.core.errors import H2HError, Misconfigured, NotDurable, StaleState, Unavailable
from h2h.core.findings import WhoActs
from h2h.pipeline.house import House
from h2h.pipeline.line import Trunk
from h2h.pipeline.mending import tidy
from h2h.pipeline.ownership import Gate, Presence
from h2h.pipeline.recovery import recover
from h2h.pipeline.rounds import BankRound, scan_folders
from h2h.pipeline.slow_inbound import SlowInbound
from h2h.pipeline.stages import Stage, stages_of
from h2h.settings import Settings, load, read_directories
from h2h.wiring import open_house

log = structlog.get_logger("h2h")

#: A part that has not finished a round for so long is stuck, and the service manager may restart h2h.
SCANNER_STUCK_SECONDS = 300.0
WORKER_STUCK_SECONDS = 900.0
#: A stage's own thread only begins and counts steps; it turns every few seconds, whatever the steps do.
STAGE_STUCK_SECONDS = 120.0
#: Exit status after an fsync that failed (sysexits.h EX_IOERR); the service manager starts h2h again.
EXIT_DISK_LIES = 74
AFTER_EVENT_SECONDS = 0.02
#: After an error nobody foresaw a worker waits before it tries again.
AFTER_ERROR_SECONDS = 10.0
AFTER_OVERTAKEN_SECONDS = 0.5


class Daemon:
    """Runs until it is told to stop; ``run`` returns the exit status."""

    def __init__(self, config: Path, settings: Settings, environment: Mapping[str, str]) -> None:
        self._config = config
        self._settings = settings
        self._environment = environment
        self._notifier = Notifier(environment)
        self._terminate = False
        self._reload = False
        self._last_good: Settings | None = None

    def run(self) -> int:
        """Work until SIGTERM or SIGINT. ``Misconfigured`` if it cannot even start."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        with Alarm() as alarm:
            while not self._terminate:
                try:
                    self._serve(alarm)
                except Misconfigured as problem:
                    if self._last_good is None or self._last_good is self._settings:
                        raise
                    log.error("daemon.reload-failed", problem=str(problem))
                    self._settings = self._last_good
        return 0

    def _serve(self, alarm: Alarm) -> None:
        """Work with one configuration until a signal."""
        stop = threading.Event()
        with open_house(self._settings, self._environment, stop=stop, daemon=True) as house:
            tidy(house)
            recover(house)
            presence = Presence(house, os.uname().nodename)
            crew = Crew(house, stop, Watchdog(self._notifier, house.clock), presence)
            crew.start()
            self._last_good = self._settings
            self._notifier.ready(
                f"ERP folders: {len(self._settings.erp)}; banks: {', '.join(self._settings.banks) or 'none'}"
            )
            log.info("daemon.ready", instance=self._settings.instance, banks=sorted(self._settings.banks))
            self._watch_over(crew, alarm)
            self._say_why()
            crew.stop()
            presence.leave()
        log.info("daemon.stopped", instance=self._settings.instance)

    def _say_why(self) -> None:
        if self._terminate:
            self._notifier.stopping()
        else:
            self._notifier.reloading()

    def _watch_over(self, crew: Crew, alarm: Alarm) -> None:
        """Feed the watchdog until a signal ends this configuration's time."""
        while not self._terminate:
            alarm.wait(crew.watchdog.interval_seconds)
            if self._reload:
                self._reload = False
                if self._read_again():
                    return
            crew.feed()

    def _read_again(self) -> bool:
        """True if the configuration on disk is sound; it is then the one to go on with."""
        try:
            settings = load(self._config)
            read_directories(settings)
        except Misconfigured as problem:
            log.error("daemon.reload-refused", problem=str(problem))
            self._notifier.status(f"reload refused, the old configuration stays: {problem}")
            return False
        self._settings = settings
        return True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._reload = True
        else:
            self._terminate = True


class Alarm:
    """Any signal ends the main thread's wait. A lock would not do: a signal that comes just before the wait is not seen

    until it is over, and where many threads want to run that moment is long. The kernel's own pipe misses none.
    """

    def __enter__(self) -> Alarm:
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_problem: object) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float) -> None:
        """Until a signal came, at most so long."""
        if select.select([self._reader], [], [], seconds)[0]:
            os.read(self._reader, 4096)


def _always() -> bool:
    return True


def _nothing() -> None:
    return


def _moves(stage: Stage) -> bool:
    return stage.oldest_seconds() < WORKER_STUCK_SECONDS


@dataclass
class Part:
    """One thread's work: *round* again and again, after a wait that *wake* ends early; *finish* when all is to end."""

    round: Callable[[], float]
    stuck_seconds: float
    wake: threading.Event = field(default_factory=threading.Event)
    moves: Callable[[], bool] = _always
    finish: Callable[[], None] = _nothing
    pause: float = 0.0  # after each wake: a burst of events is one round, not hundreds
    thread: threading.Thread = field(default_factory=threading.Thread)

    def end(self) -> float:
        """*finish* as a last round."""
        self.finish()
        return 0.0


class Crew:
    """The threads of one configuration."""

    def __init__(self, house: House, stop: threading.Event, watchdog: Watchdog, presence: Presence) -> None:
        self.watchdog = watchdog
        self._house = house
        self._stop = stop
        self._parts = {"scanner": Part(self._scan, SCANNER_STUCK_SECONDS, pause=AFTER_EVENT_SECONDS)}
        if house.settings.node.name:
            self._parts["node"] = Part(partial(self._show, presence), SCANNER_STUCK_SECONDS)
        self._trunks: list[Trunk] = []
        for bank in house.settings.banks:
            self._parts |= self._parts_of(bank)
        self._watcher = Watcher(house.settings.erp, self._parts["scanner"].wake.set)

    def start(self) -> None:
        """Start all; returns at once."""
        for name, part in self._parts.items():
            self.watchdog.register(name, part.stuck_seconds)
            part.thread = threading.Thread(target=self._repeat, name=name, args=(name, part))
        self._watcher.start()
        for part in self._parts.values():
            part.thread.start()

    def stop(self) -> None:
        """Ask all to stop and wait: a step in flight, a send above all, finishes."""
        self._stop.set()
        for part in self._parts.values():
            part.wake.set()
        for part in self._parts.values():
            part.thread.join()
        for trunk in self._trunks:
            trunk.close()
        self._watcher.stop()

    def feed(self) -> None:
        """Feed the service manager's watchdog, if every part moves on and the journal can be written."""
        try:
            self._house.journal.probe()
        except (Unavailable, Misconfigured) as problem:
            log.error("daemon.journal-probe-failed", problem=str(problem))
            return
        self.watchdog.feed()

    def _parts_of(self, bank: str) -> dict[str, Part]:
        trunk, gate = Trunk(self._house, bank), Gate(self._house, bank)
        self._trunks.append(trunk)
        slow = SlowInbound(self._house, bank)
        answers = BankRound(self._house, bank, trunk=trunk, sends=False, slow=slow)

        def fetch() -> float:
            if not gate():
                return 1.0
            wait = answers.take(self._stop.is_set)
            if answers.moved:
                statements.wake.set()
            trunk.rest()
            return wait

        def follow() -> float:
            return slow.take(self._stop.is_set) if gate() else 1.0

        statements = Part(follow, WORKER_STUCK_SECONDS)
        parts = {f"{bank} answers": Part(fetch, WORKER_STUCK_SECONDS), f"{bank} statements": statements}
        wakes = {name: threading.Event() for name in ("convert", "seal", "send")}
        for name, stage in stages_of(self._house, trunk, gate, wakes).items():
            parts[f"{bank} {name}"] = Part(
                partial(stage.turn, self._stop.is_set),
                STAGE_STUCK_SECONDS,
                wake=wakes[name],
                moves=partial(_moves, stage),
                finish=stage.finish,
            )
        return parts

    def _scan(self) -> float:
        interval = min(folder.polling_seconds for folder in self._house.settings.erp)
        # Completeness by quiet time is judged between two looks; they must not lie further apart than the quiet time.
        quiet = [f.completeness.quiet_seconds for f in self._house.settings.erp if f.completeness.by == "quiet"]
        scan_folders(self._house, self._stop.is_set, lambda bank: self._parts[f"{bank} convert"].wake.set())
        return min([interval, *(max(q / 2, 0.2) for q in quiet)])

    def _show(self, presence: Presence) -> float:
        if presence.show():
            self._parts["scanner"].wake.set()
        return presence.interval_seconds

    def _repeat(self, name: str, part: Part) -> None:
        """Rounds until the stop flag; then what is in flight is waited for."""
        while not self._stop.is_set():
            wait = self._guarded(name, part.round, part.moves)
            part.wake.wait(wait)
            part.wake.clear()
            if part.pause:
                self._stop.wait(part.pause)
        self._guarded(name, part.end, part.moves)

    def _guarded(self, name: str, round_: Callable[[], float], moves: Callable[[], bool]) -> float:
        """One round; seconds to wait after it. An error is told and never ends the thread."""
        try:
            wait = round_()
        except (Unavailable, Misconfigured) as problem:
            log.warning("round.cannot-go-on", part=name, problem=str(problem))
            self.watchdog.beat(name)
        except StaleState as problem:
            # Another node, or a person, was quicker; the next round sees what there is.
            log.info("round.overtaken", part=name, problem=str(problem))
            self.watchdog.beat(name)
            return AFTER_OVERTAKEN_SECONDS
        except NotDurable as problem:
            # What the kernel then still holds is not what the disk has: end as if killed, look afresh at the start.
            log.critical("daemon.disk-lies", part=name, problem=str(problem))
            os._exit(EXIT_DISK_LIES)
        except Exception as problem:
            # Not fed: if this goes on, the service manager restarts h2h, and recovery looks at everything afresh.
            log.error("round.unexpected", part=name, error=type(problem).__name__, exc_info=problem)
            self._tell(name, problem)
        else:
            if moves():
                self.watchdog.beat(name)
            return wait
        return AFTER_ERROR_SECONDS

    def _tell(self, part: str, problem: Exception) -> None:
        try:
            text = f"{part} met an error that h2h did not foresee: {type(problem).__name__}: {problem}"
            self._house.attend("worker-error", part, text, WhoActs.SYSTEM_ADMINISTRATOR)
        except H2HError as worse:
            log.error("round.cannot-tell", part=part, problem=str(worse))
