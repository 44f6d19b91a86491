"""The threads of a node: as `h2h once` works, or as the daemon does, with stages of its own for convert, seal and send.

A stage gives each step to a thread of a pool; here that is a task, which goes on at once and may be stopped within its
step while the stage and all others go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

from h2h.pipeline.house import House
from h2h.pipeline.line import Trunk
from h2h.pipeline.ownership import Gate
from h2h.pipeline.rounds import BankRound, scan_folders
from h2h.pipeline.stages import Stage, stages_of
from h2h.simulator.torture.machine import Door, Machine, Process, Task

#: The name of a thread → what is called when it has begun, and says what a round of it is.
Crew = dict[str, Callable[[], Callable[[], object]]]


def crew(machine: Machine, process: Process, house: House, *, stages: bool) -> Crew:
    """The scanner, and for each bank a worker that also sends, or with *stages* the daemon's four parts."""
    parts: Crew = {"scanner": lambda: partial(scan_folders, house, _never)}
    for bank in house.settings.banks:
        if stages:
            parts |= _parts(machine, process, house, bank)
        else:
            parts[bank] = partial(_worker, house, bank)
    return parts


def _worker(house: House, bank: str) -> Callable[[], object]:
    return partial(BankRound(house, bank).take, _never)


def _parts(machine: Machine, process: Process, house: House, bank: str) -> Crew:
    """As `daemon.Crew` makes them."""
    trunk, gate = Trunk(house, bank), Gate(house, bank)
    trunk._mutex = gate._mutex = Door(machine)  # type: ignore[assignment]
    answers = BankRound(house, bank, trunk=trunk, sends=False)

    def fetch() -> None:
        if gate():
            answers.take(_never)
            trunk.rest()

    wakes = {name: threading.Event() for name in ("convert", "seal", "send")}
    parts: Crew = {f"{bank} answers": lambda: fetch}
    for name, stage in stages_of(house, trunk, gate, wakes).items():
        stage._pool = Pool(machine, process, f"{bank} {name} step")  # type: ignore[assignment]
        parts[f"{bank} {name}"] = partial(_turns, stage, wakes[name])
    return parts


def _turns(stage: Stage, wake: threading.Event) -> Callable[[], object]:
    def turns() -> None:
        """A step that is done wakes its stage, which turns again."""
        wake.set()
        while wake.is_set():
            wake.clear()
            stage.turn(_never)

    return turns


class Pool(Executor):
    """Every call is a task of the process. It goes on at once; if it is stopped, in a later turn."""

    def __init__(self, machine: Machine, process: Process, name: str) -> None:
        self._machine, self._process, self._name = machine, process, name

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future may be done already."""
        future: Future[Any] = Future()

        def step() -> None:
            try:
                answer = work(*args, **kwargs)
            except Exception as problem:
                future.set_exception(problem)
            else:
                future.set_result(answer)

        Task(self._machine, self._process, self._name, step).resume()
        return future


def _never() -> bool:
    """Nobody asks the daemon to stop: it is stopped."""
    return False
