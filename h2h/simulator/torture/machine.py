"""Processes without a machine: each task runs alone until an effect stops it, so a seed decides who goes first.

A task is a thread that holds the one baton. Every side effect passes `Machine.effect`, which counts it, lets happen
what the plan says, and may end the process there: from then on nothing of that process has an effect any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from h2h.simulator.torture.plan import ENDINGS, OTHERS, Entry, Plan, is_meanwhile


class Crash(BaseException):
    """The process is gone. No ``except Exception`` of anybody sees it, as none would see a SIGKILL."""


class Violation(BaseException):
    """An invariant of the protocol does not hold. Nothing of h2h may catch it."""


class UnforeseenError(Exception):
    """An error that no port's contract names."""


@dataclass(eq=False)
class Process:
    """One h2h: a daemon on a node, or one command of a person."""

    name: str
    dead: bool = False
    tasks: list[Task] = field(default_factory=list)

    def stopped(self, turn: int) -> bool:
        """True if it is gone, or a thread of it will go on in a later turn: what it was told it has not said yet."""
        return self.dead or any(task.sleeps_until > turn for task in self.tasks)


class Task:
    """One thread of a process; it runs only between `resume` and the next place where it stops.

    *work* is done once, or, if it *repeats*, again and again, with a stop in between, until its process ends. Where
    nothing can stop a task within its work (`Machine.threads`) it needs no thread: it is called.
    """

    def __init__(
        self, machine: Machine, process: Process, name: str, work: Callable[[], None], *, repeats: bool = False
    ) -> None:
        self.name, self.process = name, process
        self.done = False
        self.sleeps_until = 0  # turn of the world
        self.failure: BaseException | None = None
        self._machine, self._work, self._repeats = machine, work, repeats
        self._carrier = Carrier(self._run, f"{process.name} {name}") if machine.threads else None
        process.tasks.append(self)

    def resume(self) -> None:
        """Let it run until it stops or ends; what it raised and nobody foresaw rises here."""
        before, self._machine.current = self._machine.current, self
        if self._carrier is None:
            self._go_on(once=True)
        else:
            self._carrier.resume()
        self._machine.current = before
        if self.done:
            if self._carrier is not None:
                self._carrier.join()
            if self in self.process.tasks:
                self.process.tasks.remove(self)
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure

    def stop(self) -> None:
        """Called by the task itself: give the baton back; go on when it is resumed."""
        if self._carrier is None:
            raise AssertionError(
                f"{self.name} is to wait within its work; nobody has foreseen that: see Machine.threads"
            )
        self._carrier.stop()

    def _run(self) -> None:
        self._go_on(once=False)

    def _go_on(self, *, once: bool) -> None:
        try:
            while not self.process.dead:
                self._work()
                if once or not self._repeats:
                    break
                if not self.process.dead:
                    self.stop()
        except Crash:
            pass  # the process is gone, and this thread with it
        except BaseException as problem:
            self.failure = problem
        self.done = not (once and self._repeats) or self.process.dead or self.failure is not None


class Carrier:
    """A thread of the operating system that holds the baton from `resume` until it stops or ends."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self._work = work
        self._go, self._back = threading.Lock(), threading.Lock()  # held but for the moment of a hand-over
        self._go.acquire()
        self._back.acquire()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started = False

    def resume(self) -> None:
        """Give it the baton, and wait until it comes back."""
        if not self._started:
            self._started = True
            self._thread.start()
        self._go.release()
        self._back.acquire()

    def stop(self) -> None:
        """Called by the thread itself: give the baton back; go on when it is resumed."""
        self._back.release()
        self._go.acquire()

    def join(self) -> None:
        """It has ended."""
        self._thread.join()

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._work()
        finally:
            self._back.release()


class Door:
    """A lock among tasks: who finds it held gives the baton back until the holder has gone on."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._held = False

    def __enter__(self) -> None:
        while self._held:
            self._machine.wait()
        self._held = True

    def __exit__(self, *_problem: object) -> None:
        self._held = False


class Bystanders(Protocol):
    """Those who act while somebody stands at an effect: see ``plan.MEANWHILE``."""

    def may(self, what: str) -> bool:
        """True if there is somebody who can do that just now."""
        ...

    def act(self, what: str) -> None:
        """It is done before this returns; every effect of it counts, and can go wrong as any other."""
        ...

    def offers(self) -> Offer:
        """What they could do just now."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """What could happen at a place. *versions* change with every move of a file."""

    what: tuple[str, ...] = ()
    versions: tuple[tuple[str, int], ...] = ()


class Machine:
    """Counts effects and lets the plan happen."""

    def __init__(self, plan: Plan, others: Callable[[Entry], None], power_cut: Callable[[], None]) -> None:
        self.plan = plan
        self.current: Task | None = None
        self.count = 0
        self.turn = 0
        self.labels: list[str] | None = None  # kept when asked for: the effect, its ways to go wrong, turn and task
        self.offers: dict[str, Offer] | None = (
            None  # kept when asked for: by place, when all that is planned there is done
        )
        self.trace: list[str] = []
        self.bystanders: Bystanders | None = None
        self.stopped: list[Process] = []  # these stand at an effect; the last one's is the latest
        self.processes: list[Process] = []
        self.locked = 0  # inside a call that holds a lock nobody may be stopped with
        #: A task is stopped within its work only by a pause, or by a lock that one who paused holds.
        self.threads = any(entry.what == "pause" for entry in plan.entries)
        self._others, self._power_cut = others, power_cut
        self._busy = False

    @property
    def watching(self) -> bool:
        """True if what runs now is h2h: then its effects count."""
        return self.current is not None and not self._busy

    def effect(self, label: str, kinds: tuple[str, ...] = (), *, may_end: bool = True) -> str | None:
        """A side effect is about to happen: the kind in which it goes wrong, or None. ``Crash``."""
        if not self.watching:
            return None
        task = self.current
        assert task is not None
        if task.process.dead:
            raise Crash
        self.count += 1
        if self.labels is not None:
            ways = "|".join((*ENDINGS, *kinds) if may_end else kinds)
            self.labels.append(f"{label}\t{ways}\t{self.turn} {task.process.name}/{task.name}")
        at = str(self.count)
        return self._as_planned(task, at, label, self.plan.at(self.count, label), kinds, may_end=may_end)

    def look(self, label: str) -> None:
        """Something is about to be looked at: no effect, and not counted; but who looks may stand there. ``Crash``."""
        if self.looks and self.watching:
            assert self.current is not None
            place, entries = self.plan.at_look(label)
            self._as_planned(self.current, place, label, entries, (), may_end=False)

    @property
    def looks(self) -> bool:
        """True if it plays a part where somebody only looks."""
        return self.plan.by_label or self.offers is not None

    def _as_planned(
        self, task: Task, at: str, label: str, entries: list[Entry], kinds: tuple[str, ...], *, may_end: bool
    ) -> str | None:
        wrong: str | None = None
        for entry in entries:
            what = self._named(entry, kinds, may_end)
            if what is None:
                continue
            self.plan.taken.append(Entry(at, what))
            self.trace.append(f"{at:>5} {task.process.name}/{task.name} {label}: {what}")
            wrong = self._happen(task, what, may_end) or wrong
        if self.offers is not None and self.bystanders is not None and not self.locked:
            self.offers[at] = self.bystanders.offers()
        return wrong

    def wait(self) -> None:
        """The present task goes on in a later turn. ``Crash`` if its process has ended by then."""
        task = self.current
        assert task is not None
        task.sleeps_until = self.turn + 1
        task.stop()
        if task.process.dead:
            raise Crash

    def end(self, process: Process) -> None:
        """The process is gone, and with it every thread of it."""
        process.dead = True
        for task in list(process.tasks):
            if task is not self.current:
                task.resume()
        if process in self.processes:
            self.processes.remove(process)

    def _named(self, entry: Entry, kinds: tuple[str, ...], may_end: bool) -> str | None:
        possible = (*kinds, *(ENDINGS if may_end else ()))
        if entry.what.startswith("~"):
            return possible[min(int(float(entry.what[1:]) * len(possible)), len(possible) - 1)] if possible else None
        if entry.what.startswith("person~"):
            offers = () if self.bystanders is None or self.locked else self.bystanders.offers().what
            return offers[int(float(entry.what[7:]) * len(offers))] if offers else None
        if is_meanwhile(entry.what):
            can = self.bystanders is not None and not self.locked and self.bystanders.may(entry.what)
            return entry.what if can else None
        return entry.what if entry.what in (*possible, *OTHERS) else None

    def _happen(self, task: Task, what: str, may_end: bool) -> str | None:
        if what == "pause":
            if not self.locked:
                task.sleeps_until = self.turn + 2 + self.count % 5
                task.stop()
                if task.process.dead:
                    raise Crash
            return None
        if is_meanwhile(what):
            self._stand(task, what)
            return None
        if what in OTHERS and what != "restore":
            self.aside(lambda: self._others(Entry(str(self.count), what)))
            return None
        if what in ENDINGS or what == "restore":
            if what == "restore":
                self.aside(lambda: self._others(Entry(str(self.count), what)))
            if what == "power":
                for process in list(self.processes):
                    process.dead = True
                self.aside(self._power_cut)
            task.process.dead = True
            raise Crash
        return what

    def _stand(self, task: Task, what: str) -> None:
        """*task* and all of its process stand where they are; the others act on top of it, and it goes on."""
        assert self.bystanders is not None
        self.stopped.append(task.process)
        try:
            self.bystanders.act(what)
        finally:
            self.stopped.pop()
        if task.process.dead:
            raise Crash

    def aside(self, work: Callable[[], None]) -> None:
        """What others do is no effect of ours."""
        before, self._busy = self._busy, True
        try:
            work()
        finally:
            self._busy = before
