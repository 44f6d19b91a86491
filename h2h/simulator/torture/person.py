"""The person: looks at the list now and then, finds out the truth at the bank and the ERP, and says it."""

from __future__ import annotations

from collections.abc import Callable

from h2h.adapters.journal.ledger import FileLedger
from h2h.core.errors import H2HError, IllegalTransition, StaleState
from h2h.core.lifecycle import Event, State, may_happen
from h2h.core.records import FileState, InboundFile, LedgerKind, Submission
from h2h.pipeline.decisions import cancel, hold, release, resolve_not_sent, resolve_sent, take_over
from h2h.pipeline.house import House
from h2h.pipeline.line import Line
from h2h.pipeline.reread import reread
from h2h.pipeline.send import look_again, withdraw
from h2h.simulator.torture.machine import Process, Task, UnforeseenError
from h2h.simulator.torture.oracle import Drop
from h2h.simulator.torture.outside import Outside
from h2h.simulator.torture.scene import Scene

_WHO, _SECOND = "anna", "bert"
_DESK = "desk"
_GIVEN_UP = {State.CANCELLED: "cancel", State.TAKEN_OVER: "take over"}
#: Reasons why a file is set aside that lie on its way or in h2h, not in what the bank wrote.
_NOT_ITS_FAULT = ("UNEXPECTED", "UNTRUSTED")


class Person:
    """Slow: every third turn at the most. Every decision is a command, a process of its own that can be cut short."""

    def __init__(self, scene: Scene, outside: Outside, house: Callable[[FileLedger, str], House]) -> None:
        self._scene, self._outside, self._house = scene, outside, house
        self._hands = scene.flow.hands
        self._told: set[str] = set()
        self._given_up: dict[str, Drop] = {}  # by a decision of ``decides``: sid → the file

    def acts(self) -> None:
        """Work through the list."""
        scene = self._scene
        if scene.machine.turn % 3 != 2:
            return
        scene.oracle.stands_on_the_list(scene.machine.turn)
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

    # -- at any moment

    def offered(self) -> list[str]:
        """What somebody could decide just now, as a plan names it."""
        journal = self._scene.oracle.journal
        found = [f"{word} {n}" for n, sub in enumerate(self._submissions(), 1) for word in self._choices(sub)]
        return found + (["reread"] if journal.files(states=(FileState.QUARANTINED,)) else [])

    def may_decide(self, what: str) -> bool:
        """True if the commands offer it just now, and one who knows the truth could want it."""
        return any(what in (offer, offer.rstrip(" 0123456789")) for offer in self.offered())

    def decides(self, what: str) -> None:
        """It is said by a command of its own; of *what* without a number, about the first file that it may be said of.

        If the journal has taken the decision, that is the truth about the file from now on; not if the answer was no.
        """
        journal = self._scene.oracle.journal
        if what == "reread":
            fid = journal.files(states=(FileState.QUARANTINED,))[0].fid
            self._command(lambda house: reread(house, fid, actor=self._who, reason="asked to"))
            return
        offer = next(o for o in self.offered() if what in (o, o.rstrip(" 0123456789")))
        word, _, number = offer.rpartition(" ")
        sub = self._submissions()[int(number) - 1]
        if word in ("cancel", "take over"):
            self._outside.spared.add(sub.source_sha256)
        told_no = isinstance(self._command(self._said(word, sub)), IllegalTransition | StaleState)
        drop, now = self._scene.oracle.drop_of(sub), self._state(sub.sid)
        if drop.answer == "pay" and now in _GIVEN_UP and not told_no:
            drop.answer = _GIVEN_UP[now]
            self._given_up[sub.sid] = drop

    def forgets(self) -> None:
        """An older journal was put back: a decision that neither it nor the ledger knows was never told as done."""
        oracle = self._scene.oracle
        told = {r.sid for r in oracle.records if r.kind in (LedgerKind.CANCELLED, LedgerKind.TAKEN_OVER)}
        for sid, drop in self._given_up.items():
            if sid not in told and self._state(sid) not in _GIVEN_UP:
                drop.answer = "pay"

    def _state(self, sid: str) -> State | None:
        """None if the journal, an older one, does not know it."""
        return next((sub.state for sub in self._submissions() if sub.sid == sid), None)

    def _submissions(self) -> list[Submission]:
        """In order of take-in."""
        return self._scene.oracle.journal.submissions()[::-1]

    def _choices(self, sub: Submission) -> list[str]:
        drop = self._scene.oracle.drop_of(sub)
        found = ["resolve", "look"] if sub.state is State.IN_DOUBT else []
        found += ["hold"] if may_happen(sub.state, Event.HELD) else []
        if self._stands_alone(drop):
            found += ["release"] if may_happen(sub.state, Event.RELEASED) else []
            found += ["cancel"] if may_happen(sub.state, Event.CANCELLED) else []
            found += ["take over"] if may_happen(sub.state, Event.TAKEN_OVER) else []
        return found

    def _stands_alone(self, drop: Drop) -> bool:
        """Where another file like it is a mistake, or it came twice, one who knows decides about that one first."""
        like_it = [
            other
            for other in self._scene.oracle.drops
            if other is not drop
            and (other.sha256 == drop.sha256 or drop.name in (other.name, other.rival) or drop.rival == other.name)
        ]
        return drop.answer == "pay" and not like_it and self._outside.put[drop.sha256] == 1

    def _said(self, word: str, sub: Submission) -> Callable[[House], object]:
        sid, who, why = sub.sid, self._who, "decided meanwhile"
        if word == "hold":
            return lambda house: hold(house, sid, actor=who, reason=why)
        if word == "release":
            return lambda house: release(house, sid, actor=who, reason=why)
        if word == "cancel":
            return lambda house: cancel(house, sid, actor=who, reason=why)
        if word == "take over":
            return lambda house: self._take_over(house, sub)
        if word == "look":
            return lambda house: self._look(house, sub)
        return lambda house: self._find_out(house, sub)

    def _look(self, house: House, sub: Submission) -> None:
        with Line(house, sub.bank) as line:
            look_again(house, line, sub, actor=self._who)

    def _take_over(self, house: House, sub: Submission) -> None:
        """Of a doubt only when the bank was asked, and the file can get there no more."""
        doubt = sub.state is State.IN_DOUBT
        if doubt:
            with Line(house, sub.bank) as line:
                withdraw(house, line, sub, actor=self._who)
            if self._scene.oracle.given(sub):
                return
        take_over(house, sub.sid, actor=self._who, reason="by hand", knowing_it_may_be_there=doubt)

    @property
    def _who(self) -> str:
        """While a command stands it is somebody else who decides."""
        return _SECOND if any(process.name == _DESK for process in self._scene.machine.stopped) else _WHO

    # -- the list

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

    def _command(self, decision: Callable[[House], object]) -> Exception | None:
        """What it ended with, if it could say so."""
        scene = self._scene
        ended: list[Exception] = []
        process = Process(_DESK)
        scene.machine.processes.append(process)

        def work() -> None:
            try:
                with FileLedger(scene.settings.paths.ledger, clock=scene.clock) as ledger:
                    decision(self._house(ledger, _DESK))
            except (H2HError, UnforeseenError, OSError) as problem:
                if isinstance(problem, IllegalTransition) and "was never" in str(problem):
                    raise
                ended.append(problem)  # told to the person, who looks again later

        task = Task(scene.machine, process, "command", work)
        task.resume()
        while not task.done and not process.dead:
            task.resume()  # a command that was stopped goes on before the person does anything else
        scene.machine.end(process)
        return ended[0] if ended else None
