"""The daemon's way with one bank's payment files: three stages side by side, convert | seal | send, each with a width.

A stage takes what is due in its states and works on as many files at once as it is wide; what it has done wakes the
next stage. The steps, and what becomes of their errors, are those of `outbound.step`; between the stages stands only
the journal, so a stage can be stopped, killed or doubled at any moment. `h2h once` takes the same steps one by one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from h2h.core.errors import Misconfigured, Unavailable
from h2h.core.lifecycle import State
from h2h.core.records import Submission
from h2h.pipeline.house import House, log
from h2h.pipeline.line import Line, Trunk
from h2h.pipeline.outbound import AT_THE_BANK, next_in_order, step, takes_long
from h2h.pipeline.ownership import Gate

#: A stage looks at what is due at least this often.
LOOK_SECONDS = 5.0
LOOK_SECONDS_AMONG_NODES = 0.5
#: What had to be left (being taken in, moved by somebody else) is looked at again after so long.
LEFT_SECONDS = 0.5
#: A stage reads so many rows at once; it works on fewer.
ROWS_AT_ONCE = 100
#: Two at a time: one gpg works while the other's result is verified and kept.
SEALS_AT_ONCE = 2
#: So many waiting files are looked through for short ones; so many are taken on between two parts of a long one.
LOOKED_THROUGH, SHORT_AT_ONCE = 1000, 20


class Stopping(Protocol):
    """True once the part is to end after the step in flight."""

    def __call__(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Started:
    sid: str
    at: float


class Stage:
    """One kind of work on one bank's files. ``turn`` is called again and again by one thread; ``finish`` at the end.

    *wake* ends that thread's wait; *then* tells the next stage that there is something for it.
    """

    def __init__(
        self,
        house: House,
        due: Callable[[], list[Submission]],
        work: Callable[[Submission], int],
        *,
        may_begin: Callable[[], bool],
        width: int,
        name: str,
        wake: Callable[[], None],
        then: Callable[[], None],
    ) -> None:
        self._house = house
        self._may_begin = may_begin
        self._due = due
        self._work = work
        self._width = width
        # What another node takes in wakes nobody here.
        self._look_seconds = LOOK_SECONDS_AMONG_NODES if house.settings.node.name else LOOK_SECONDS
        self._wake = wake
        self._then = then
        self._pool = ThreadPoolExecutor(width, thread_name_prefix=name)
        self._busy: dict[Future[int], _Started] = {}
        self._waiting: deque[Submission] = deque()
        self._left: dict[str, float] = {}  # sid → when it may be looked at again

    def turn(self, stopping: Stopping) -> float:
        """Take in what is done, begin what is due; seconds until the next turn if nothing wakes it before.

        What a step could not sort (a disk that lies, a mistake of ours) rises here.
        """
        self._reap()
        if stopping() or not self._may_begin():
            self._waiting.clear()
            return self._look_seconds
        now = self._house.clock.monotonic()
        self._left = {sid: until for sid, until in self._left.items() if until > now}
        while len(self._busy) < self._width and not stopping():
            if not self._waiting:
                self._waiting.extend(sub for sub in self._due() if self._free(sub))
                if not self._waiting:
                    break
            sub = self._waiting.popleft()
            if self._free(sub):
                future = self._pool.submit(self._work, sub)
                self._busy[future] = _Started(sub.sid, now)
                future.add_done_callback(lambda _: self._wake())
        return LEFT_SECONDS if self._left else self._look_seconds

    def oldest_seconds(self) -> float:
        """For how long the longest step has been going on; a step that never ends is what a watchdog is for."""
        now = self._house.clock.monotonic()
        return max((now - started.at for started in self._busy.values()), default=0.0)

    def finish(self) -> None:
        """Wait for the steps in flight."""
        self._pool.shutdown(wait=True)
        self._reap()

    def _free(self, sub: Submission) -> bool:
        return sub.sid not in self._left and all(sub.sid != started.sid for started in self._busy.values())

    def _reap(self) -> None:
        for future in [f for f in self._busy if f.done()]:
            started = self._busy.pop(future)
            try:
                done = future.result()
            except (Unavailable, Misconfigured) as problem:
                # The journal could not be asked about this one (held by a paused node, perhaps); the others go on.
                log.warning("submission.left-for-later", sid=started.sid, problem=str(problem))
                done = 0
            if done:
                self._then()
            else:
                self._left[started.sid] = self._house.clock.monotonic() + LEFT_SECONDS


def stages_of(house: House, trunk: Trunk, gate: Gate, wakes: dict[str, threading.Event]) -> dict[str, Stage]:
    """convert, seal and send for *trunk*'s bank; *wakes* has an event for each."""
    bank, profile = trunk.bank, house.settings.bank_of(trunk.bank).submission

    def due_in(*states: State) -> Callable[[], list[Submission]]:
        return lambda: house.journal.due(bank, house.now(), ROWS_AT_ONCE, states)

    def due_in_order() -> list[Submission]:
        sub = next_in_order(house, bank)
        return [sub] if sub is not None else []

    def at_home(sub: Submission) -> int:
        return step(house, None, sub)

    def convert_one(sub: Submission) -> int:
        now = house.journal.submission(sub.sid)  # it may have been taken on between the parts of a long one
        return step(house, None, now, short_ones) if now.state is State.RECEIVED else 0

    def short_ones() -> None:
        """What is dropped while a long file is converted does not wait for it."""
        waiting = house.journal.due(bank, house.now(), LOOKED_THROUGH, (State.RECEIVED,)) if gate() else []
        for sub in [sub for sub in waiting if not takes_long(sub)][:SHORT_AT_ONCE]:
            if step(house, None, sub):
                wakes["seal"].set()

    def received() -> list[Submission]:
        return sorted(due_in(State.RECEIVED)(), key=takes_long)

    def at_the_bank(sub: Submission) -> int:
        with Line(house, bank, trunk) as line:
            return step(house, line, sub)

    def nothing() -> None:
        return

    def stage(
        name: str,
        due: Callable[[], list[Submission]],
        work: Callable[[Submission], int],
        width: int,
        then: Callable[[], None],
    ) -> Stage:
        return Stage(
            house, due, work, may_begin=gate, width=width, name=f"{bank} {name}", wake=wakes[name].set, then=then
        )

    sends = due_in_order if profile.in_order else due_in(*AT_THE_BANK)
    return {
        # One at a time and in order, but for long ones: a later file is compared with what earlier ones hold.
        "convert": stage("convert", received, convert_one, 1, wakes["seal"].set),
        "seal": stage("seal", due_in(State.CONVERTED), at_home, SEALS_AT_ONCE, wakes["send"].set),
        "send": stage("send", sends, at_the_bank, 1 if profile.in_order else profile.in_flight, nothing),
    }
