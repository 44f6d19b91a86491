"""One schedule: nodes, banks, an ERP and a person, each moving when the seed says so, until all has come to rest."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from h2h.adapters.archive import FileArchive
from h2h.adapters.folders import FolderInbox, FolderOutbox
from h2h.adapters.folders.names import CORNER
from h2h.adapters.journal.ledger import FileLedger
from h2h.core.errors import Misconfigured, NotDurable, Unavailable
from h2h.core.lifecycle import State
from h2h.core.records import FileState
from h2h.pipeline.house import House, Written
from h2h.pipeline.mending import tidy
from h2h.pipeline.recovery import recover
from h2h.simulator.torture.bystanders import TheOthers
from h2h.simulator.torture.crew import crew
from h2h.simulator.torture.disk import Disk
from h2h.simulator.torture.ending import MUST_END, faults_at_the_end, receipts_that_lag
from h2h.simulator.torture.flows import Flow
from h2h.simulator.torture.lab import Lab
from h2h.simulator.torture.machine import Door, Machine, Offer, Process, Task, UnforeseenError, Violation
from h2h.simulator.torture.oracle import Oracle
from h2h.simulator.torture.outside import Outside
from h2h.simulator.torture.person import Person
from h2h.simulator.torture.plan import Entry, Plan
from h2h.simulator.torture.scene import Scene, WorldClock
from h2h.simulator.torture.taps import DiceSealer, tapped, unsealed

TURNS_MAX = 400
#: After the last fault everything must have come to rest within so many turns (of a few minutes each).
TURNS_TO_REST = 60


@dataclass
class Outcome:
    """How a schedule ended."""

    faults: list[str]
    effects: int
    turns: int
    labels: list[str]
    rested: int  # how many effects there were when all had come to rest; the last start comes after them
    taken: list[Entry]
    trace: list[str]
    offers: dict[str, Offer] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)
    decisions: set[str] = field(default_factory=set)  # rows of the recovery table that were met


@dataclass(eq=False)
class Node:
    """One h2h daemon, running or not."""

    name: str
    process: Process | None = None
    house: House | None = None
    ledger: FileLedger | None = None


class World:
    """See the module. *calm*: everybody moves in the same order each turn, so that effects have the same numbers.

    *stages*: nodes work as the daemon does (`crew`).
    """

    def __init__(self, lab: Lab, flow: Flow, seed: int, plan: Plan, *, nodes: int = 1, calm: bool = False,
                 stages: bool = False) -> None:  # fmt: skip
        self.lab, self.flow, self.calm, self.stages = lab, flow, calm, stages
        self.dice = random.Random(seed)
        self.settings = lab.settings(flow)
        self.clock = WorldClock(datetime.fromisoformat(flow.start))
        lab.clear(self.settings)
        self.disk = Disk(lab.root, random.Random(seed + 1))
        both = Plan((*Plan.of(flow.plan).entries, *plan.entries))
        self.machine = Machine(both, self._other, self._power_cut)
        self.disk.machine = self.machine
        drops = list(flow.fresh())
        dropped = [drop for _, drop in drops]
        self.oracle = Oracle(lab.root, lab.journal(self.clock.monotonic), dropped, alone=nodes == 1, unseal=unsealed)
        self.oracle.durable = self.disk.durable
        self.disk.after_change = lambda path: self.oracle.sources(path) if "/erp/" in path else None
        self.scene = Scene(lab, flow, self.settings, self.clock, self.disk, self.machine, self.oracle)
        self.outside = Outside(self.scene, drops, self.dice)
        self.nodes = [Node(chr(ord("a") + number)) for number in range(nodes)]
        self.person = Person(self.scene, self.outside, self.house)
        self.machine.bystanders = TheOthers(
            self.scene,
            self.person,
            nodes_move=self._nodes_move,
            nodes_end=self._nodes_end,
            up=lambda: bool(self._not_standing()),
        )
        self._snapshot: bytes | None = None

    # -- the schedule

    def play(self, *, labels: bool = False, offers: bool = False) -> Outcome:
        """All of it; what the oracle found stands in ``faults``. *labels*, *offers*: to be kept for every effect."""
        if labels:
            self.machine.labels = []
        if offers:
            self.machine.offers = {}
        faults: list[str] = []
        turn = rested = 0
        try:
            with self.disk.hooked():
                turn = self._turns()
                rested = self.machine.count
                self._stop()
                self._start_once_more()
                faults = faults_at_the_end(self.scene, self.outside)
        except Violation as found:
            faults = [str(found)]
        except Exception as problem:  # whatever h2h let escape is a fault of h2h
            faults = [f"uncaught: {type(problem).__name__}: {problem}"]
        finally:
            self._stop()
        return Outcome(
            faults=faults,
            effects=self.machine.count,
            turns=turn,
            labels=self.machine.labels or [],
            offers=self.machine.offers or {},
            rested=rested,
            taken=self.machine.plan.taken,
            trace=self.machine.trace,
            decisions=self._decisions(),
            states=sorted(str(s.state) for s in self.oracle.journal.submissions()) if not faults else [],
        )

    def _decisions(self) -> set[str]:
        """Which rows of the recovery table decided: by their proofs, or ``again`` for a rename that was repeated."""
        met = {"again"} if self.oracle.renames and max(self.oracle.renames.values()) > 1 else set()
        for sub in self.oracle.journal.submissions():
            for event in self.oracle.journal.events(sub.sid):
                if event.event == "delivered":
                    met.add(str(event.detail.get("proof")))
                elif event.event == "outcome-unknown":
                    met.add(str(event.reason))
                elif event.event.startswith("bank-") and event.from_state in ("COMMITTING", "IN_DOUBT"):
                    met.add("E3")
        return met

    def _turns(self) -> int:
        quiet = 0
        for turn in range(TURNS_MAX):
            self.machine.turn = turn
            over = self.machine.count >= self.machine.plan.last and not self.outside.to_say
            over = over and all(drop.dropped for _, drop in self.outside.drops)
            quiet = quiet + 1 if over else 0
            self.outside.drop(turn)
            actors: list[Callable[[], None]] = [self._nodes_move, self.outside.banks_move, self.person.acts]
            if not self.calm and not over:
                self.dice.shuffle(actors)
                actors = [a for a in actors if self.dice.random() < 0.8]
            for act in actors:
                act()
            if over and self._at_rest():
                return turn
            if quiet > TURNS_TO_REST:
                break
            step = self.flow.step_seconds if self.calm or over else self.dice.choice((1.0, 7.0, 61.0, 181.0, 901.0))
            self.clock.sleep(step)
        raise Violation("I11: no rest: " + self._why_not_at_rest())

    # -- nodes

    def _not_standing(self) -> list[Node]:
        return [node for node in self.nodes if node.process not in self.machine.stopped]

    def _nodes_move(self) -> None:
        for node in self._not_standing():
            if node.process is None or node.process.dead:
                self._start(node)
            assert node.process is not None
            for task in list(node.process.tasks):
                if task.sleeps_until <= self.machine.turn and not task.done:
                    self.run(task)

    def _nodes_end(self) -> None:
        for node in self._not_standing():
            if node.process is not None and not node.process.dead:
                self._end(node.process)

    def run(self, task: Task) -> None:
        """Until it stops; if its process ended there, all its other threads end with it."""
        task.resume()
        if task.process.dead:
            self._end(task.process)

    def _end(self, process: Process) -> None:
        self.machine.end(process)
        for node in self.nodes:
            if node.process is process and node.ledger is not None:
                node.ledger.close()

    def _start(self, node: Node) -> None:
        process = node.process = Process(node.name)
        self.machine.processes.append(process)

        def boot() -> None:
            self._safely(process, lambda: self._open(node))
            house = node.house
            if house is None:
                process.dead = True
                return
            tidy(house)
            recover(house)
            self.oracle.replayed()
            self.oracle.sources()
            for name, begun in crew(self.machine, process, house, stages=self.stages).items():
                self._thread(process, name, begun)

        def booted() -> None:
            node.house = None
            try:
                boot()
            except (Unavailable, Misconfigured) as problem:
                if isinstance(problem, Misconfigured) and "ledger" in str(problem) and "cut" in str(problem):
                    raise
                process.dead = True  # `h2h run` says so and ends; its service manager starts it again
            except (NotDurable, UnforeseenError):
                process.dead = True

        self.run(Task(self.machine, process, "start", booted))

    def _start_once_more(self) -> None:
        """What lies about in working places then is nobody's, and lies there for ever."""
        for node in self.nodes:
            while node.process is None or node.process.dead:
                self._start(node)
        self._stop()

    def _open(self, node: Node) -> None:
        node.ledger = FileLedger(self.settings.paths.ledger, clock=self.clock)
        node.house = self.house(node.ledger, node.name)

    def house(self, ledger: FileLedger, name: str) -> House:
        """A house over the real adapters, with taps on every port. Nodes share all but their own working places."""
        state, limits = self.lab.root / "state" / name, self.settings.limits
        house = House(
            settings=self.settings,
            journal=self.lab.journal(self.clock.monotonic),
            ledger=ledger,
            archive=FileArchive(self.settings.paths.archive, state / "work"),
            clock=self.clock,
            formats=self.lab.formats,
            schemas=self.lab.schemas,
            outboxes={f.name: FolderOutbox(f, limits, state / "spool") for f in self.settings.erp},
            inboxes={f.name: FolderInbox(f.inbound) for f in self.settings.erp if f.inbound is not None},
            channels=self.outside.banks,
            receipts=self._receipts(),
            sealers={bank: DiceSealer(self.dice) for bank in self.settings.banks},
        )
        return tapped(house, self.machine, self.oracle)

    def _receipts(self) -> Written:
        """Threads take turns; here a lock that is waited for must not stop the world."""
        written = Written()
        written._turns = [Door(self.machine) for _ in written._turns]  # type: ignore[misc]
        return written

    def _thread(self, process: Process, name: str, begun: Callable[[], Callable[[], object]]) -> None:
        """Rounds for ever, as the daemon's threads: an error is told and never ends one, a disk that lies does.

        *begun* is called when the thread has begun, and says what a round is.
        """
        rounds: list[Callable[[], object]] = []

        def once() -> None:
            if not rounds:
                rounds.append(begun())
            self._safely(process, rounds[0])

        Task(self.machine, process, name, once, repeats=True)

    def _safely(self, process: Process, work: Callable[[], object]) -> None:
        try:
            work()
        except (Unavailable, Misconfigured, UnforeseenError):
            return
        except NotDurable:
            process.dead = True
        except OSError as problem:
            if problem.errno not in (5, 28):
                raise

    def _stop(self) -> None:
        self._nodes_end()
        for process in list(self.machine.processes):
            self._end(process)

    def _power_cut(self) -> None:
        self.disk.power_cut()
        self.oracle.sources()

    # -- the others

    def _other(self, entry: Entry) -> None:
        """What somebody else does at this very moment."""
        what = entry.what
        if what == "bank":
            self.outside.banks_move()
        elif what == "serve":
            self.outside.serve()
        elif what == "collide":
            self.outside.collide()
        elif what in ("again", "renamed", "modified"):
            self.outside.again(what)
        elif what in ("forward", "back"):
            self.clock.wrong += 3700.0 if what == "forward" else -3700.0
        elif what == "snapshot" or (what == "restore" and self._snapshot is None):
            self._snapshot = self.lab.snapshot()
        elif what == "restore" and self._snapshot is not None:
            for process in self.machine.processes:
                process.dead = True
            self.scene.restored = self.oracle.restored = True
            self.oracle.alone = False
            self.lab.restore(self._snapshot)
            self.person.forgets()

    # -- rest

    def _at_rest(self) -> bool:
        return not self._why_not_at_rest()

    def _why_not_at_rest(self) -> str:
        return self._nodes_move_still() or self._banks_have_still() or self._journal_says() or self._folders_hold()

    def _nodes_move_still(self) -> str:
        for node in self.nodes:
            if node.process is None or node.process.dead:
                return f"node {node.name} is not up"
            if any(task.sleeps_until > self.machine.turn for task in node.process.tasks):
                return f"a thread of node {node.name} is stopped"
        return ""

    def _banks_have_still(self) -> str:
        for name, bank in self.outside.banks.items():
            left = [f for f in bank.folder("to_bank") if not f.startswith(b".")]
            if left or bank.folder("from_bank") or bank.late or self.outside.brains[name].silent_until:
                return f"bank {name} has {left}, {list(bank.folder('from_bank'))}"
        return ""

    def _journal_says(self) -> str:
        journal = self.oracle.journal
        ends = self.flow.ends | {State.DUPLICATE, State.CANCELLED, State.REFUSED}
        if self.scene.restored:
            ends |= {State.SENT, State.ACKNOWLEDGED}  # what the older journal forgot, nobody says a second time
        for sub in journal.submissions():
            taken_over = sub.state is State.TAKEN_OVER and self.oracle.drop_of(sub).answer == "take over"
            if (sub.state not in ends and not taken_over) or (
                sub.state is State.REFUSED and self.oracle.drop_of(sub).answer == "pay"
            ):
                return f"{sub.source_name} is {sub.state} {sub.reason or ''} {sub.reason_text or ''}"
        for file in journal.files():
            if file.state not in (FileState.DELIVERED, FileState.QUARANTINED, FileState.DUPLICATE) or not file.removed:
                return f"{file.remote_name} is {file.state}, removed {file.removed}"
        aside = self.person.has_to_look_at()
        if aside:
            return f"{aside[0].remote_name} was set aside, and nobody has looked at it yet: {aside[0].reason}"
        lagging = receipts_that_lag(self.scene)
        if lagging:
            return lagging[0]
        open_items = [f"{i.kind} {i.subject}: {i.text}" for i in journal.attention() if i.kind in MUST_END]
        return f"still waits for a person: {open_items}" if open_items and not self.scene.restored else ""

    def _folders_hold(self) -> str:
        for folder in self.settings.erp:
            ours = (".status.json", ".error.json", ".error.txt")
            waiting = [n for n in os.listdir(folder.outbound) if not n.startswith(".") and not n.endswith(ours)]
            if [n for n in waiting if n != "refused"]:
                return f"{waiting} still lie in the folder {folder.name}"
            claimed = [p for p in (folder.outbound / CORNER / "claimed").rglob("*") if p.is_file()]
            if claimed:  # by a node that was cut short; one that has just started has not looked yet
                return f"{claimed} are claimed, and not taken in"
        return ""
