"""The person: looks at the list now and then, finds out the truth at the bank and the ERP, and says it."""

from __future__ import annotations

from collections.abc import Callable

from h2h.adapters.journal.ledger import FileLedger
from h2h.core.errors import H2HError, IllegalTransition
from h2h.core.lifecycle import State
from h2h.core.records import FileState, InboundFile, Submission
from h2h.pipeline.decisions import cancel, hold, release, resolve_not_sent, resolve_sent, take_over
from h2h.pipeline.house import House
from h2h.pipeline.line import Line
from h2h.pipeline.reread import reread
from h2h.pipeline.send import withdraw
from h2h.simulator.torture.machine import Process, Task, UnforeseenError
from h2h.simulator.torture.outside import Outside
from h2h.simulator.torture.scene import Scene

_WHO = "anna"
#: Reasons why a file is set aside that lie on its way or in h2h, not in what the bank wrote.
_NOT_ITS_FAULT = ("UNEXPECTED", "UNTRUSTED")


class Person:
    """Slow: every third turn at the most. Every decision is a command, a process of its own that can be cut short."""

    def __init__(self, scene: Scene, outside: Outside, house: Callable[[FileLedger, str], House]) -> None:
        self._scene, self._outside, self._house = scene, outside, house
        self._hands = scene.flow.hands
        self._told: set[str] = set()

    def acts(self) -> None:
        """Work through the list."""
        scene = self._scene
        if scene.machine.turn % 3 != 2:
            return
        for sub in scene.oracle.journal.submissions():
            decision = self._decision(sub)
            if decision is not None:
                self._command(decision)
        for item in scene.oracle.journal.attention():
            if item.kind == "clock-jump":
                number = item.number
                self._command(lambda house, n=number: self._close(house, n, "the clock is right again"))  # type: ignore[misc]
        self._look_at_what_was_set_aside()

    def _decision(self, sub: Submission) -> Callable[[House], object] | None:
        sid, why = sub.sid, "asked those who know"
        if sub.state in (State.HELD, State.AWAITING_RELEASE):
            drop = self._scene.oracle.is_asked_about(sub)
            if drop.answer == "take over":
                return lambda house: take_over(house, sid, actor=_WHO, reason=why, knowing_it_may_be_there=False)
            if drop.answer in ("cancel", "never"):
                return lambda house: cancel(house, sid, actor=_WHO, reason=why)
            if self._hands == "hold" and sub.state is State.AWAITING_RELEASE:
                self._hands = ""
                return lambda house: hold(house, sid, actor=_WHO, reason="not before noon")
            return lambda house: release(house, sid, actor=_WHO, reason=why)
        if sub.state is State.IN_DOUBT:
            return lambda house: self._find_out(house, sub)
        return None

    def _find_out(self, house: House, sub: Submission) -> None:
        """As the guide says: take the temporary name away, ask the bank, then say what it said."""
        if self._scene.oracle.given(sub):
            resolve_sent(house, sub.sid, actor=_WHO, reason="the bank has it")
            return
        with Line(house, sub.bank) as line:
            after, _ = withdraw(house, line, sub, actor=_WHO)
        if after.state is not State.IN_DOUBT:
            return
        if self._scene.oracle.given(sub):
            resolve_sent(house, sub.sid, actor=_WHO, reason="the bank has it")
        else:
            resolve_not_sent(house, sub.sid, actor=_WHO, reason="the bank has searched for it")

    def _look_at_what_was_set_aside(self) -> None:
        """What was damaged on its way, the bank sends again; what h2h stumbled over, it reads again."""
        for file in self.has_to_look_at():
            if file.reason == "UNEXPECTED":
                self._command(lambda house, f=file: reread(house, f.fid, actor=_WHO, reason="it was a fault of h2h"))  # type: ignore[misc]
            else:
                self._told.add(file.fid)
                self._outside.repeat(file)

    def has_to_look_at(self) -> list[InboundFile]:
        """What was set aside and the person has not done anything about. What a bank repeats in vain, it meant so."""
        aside = self._scene.oracle.journal.files(states=(FileState.QUARANTINED,))
        new = [file for file in aside if file.fid not in self._told]
        return [file for file in new if file.reason in _NOT_ITS_FAULT or not file.remote_name.startswith("again-")]

    @staticmethod
    def _close(house: House, number: int, why: str) -> None:
        house.journal.close_attention(number, at=house.now(), actor=_WHO, reason=why)

    def _command(self, decision: Callable[[House], object]) -> None:
        scene = self._scene
        process = Process("desk")
        scene.machine.processes.append(process)

        def work() -> None:
            try:
                with FileLedger(scene.settings.paths.ledger, clock=scene.clock) as ledger:
                    decision(self._house(ledger, "desk"))
            except (H2HError, UnforeseenError, OSError) as problem:
                if isinstance(problem, IllegalTransition) and "was never" in str(problem):
                    raise  # told to the person, who looks again later

        task = Task(scene.machine, process, "command", work)
        task.resume()
        while not task.done and not process.dead:
            task.resume()  # a command that was stopped goes on before the person does anything else
        scene.machine.end(process)
