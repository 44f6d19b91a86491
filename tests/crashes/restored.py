"""The journal restored from an older copy, of every moment: the ledger knows better, and nothing is sent twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from h2h.core.lifecycle import BANK_MAY_HAVE_IT, State
from h2h.pipeline.rounds import once
from tests.crashes.effects import ports
from tests.crashes.kills import Result
from tests.crashes.scene import Scene
from tests.crashes.stage import Stage

#: After all answers have been fetched there is nobody left to say more than that the bank has it.
_SENT = frozenset(BANK_MAY_HAVE_IT - {State.COMMITTING})


def every_older_journal(stage: Stage, part: tuple[int, int]) -> Result:
    """Copies are taken after every write of the journal; each is put back after the sending, and after all is done."""
    result = Result()
    scene = stage.fresh()
    copies = stage.base / "copies"
    copies.mkdir()
    taken: list[str] = []
    sent = _play_with_copies(stage, scene, copies, taken)
    result.effects["journal"] = len(taken)
    for number in range(len(taken)):
        if number % part[1] != part[0]:
            continue
        for when, at_the_time in (("after the sending", sent), ("after everything", scene)):
            if when == "after the sending" and number >= len(taken) - _after(taken):
                continue  # that copy is not older
            ending = stage.copy_of(at_the_time)
            for file in (ending.site.root / "state").glob("*.db*"):
                file.unlink()
            shutil.copytree(copies / str(number), ending.site.root / "state", dirs_exist_ok=True)
            result.runs += 1
            result.endings += 1
            result.kinds[when] += 1
            found, rolled_back = _to_the_end(ending, when)
            result.kinds["the rollback was told"] += rolled_back
            result.faults += [f"copy {number} (after {taken[number]}) put back {when}: {f}" for f in found]
            stage.strike(ending)
    return result


def _play_with_copies(stage: Stage, scene: Scene, copies: Path, taken: list[str]) -> Scene:
    """Both journeys; the scene as it was between them."""

    def handler(label: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        answer = method(*args, **kwargs)
        if label.startswith("journal."):
            target = copies / str(len(taken))
            target.mkdir()
            for file in (scene.site.root / "state").glob("*.db*"):
                shutil.copy2(file, target)
            taken.append(label)
        return answer

    with scene.site.house() as house:
        once(ports(house, handler))
    taken.append("the end of the way out")
    shutil.copytree(copies / str(len(taken) - 2), copies / str(len(taken) - 1))
    sent = stage.copy_of(scene)
    scene.bank_acts()
    with scene.site.house() as house:
        once(ports(house, handler))
    return sent


def _after(taken: list[str]) -> int:
    return len(taken) - taken.index("the end of the way out") - 1


def _to_the_end(scene: Scene, when: str) -> tuple[list[str], bool]:
    for _ in range(3):
        with scene.site.house() as house:
            once(house)
        scene.bank_acts()
        scene.site.clock.sleep(1000)
    given = scene.faults_now()
    with scene.site.house() as house:
        states = [s.state for s in house.journal.submissions()]
        told = [item.kind for item in house.journal.attention()]
    expected = _SENT if when == "after everything" else frozenset({State.ACCEPTED})
    if len(states) != 1 or states[0] not in expected:
        given.append(f"states: {states}, told: {told}")
    if len(scene.taken) + len(scene.site.at_bank()) != 1:
        given.append(f"the bank was given {len(scene.taken)} files")
    return given, "journal-rollback" in told
