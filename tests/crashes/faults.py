"""Every effect of both journeys goes wrong once, in every way that its port's contract allows, and in one it does not.

h2h lives on in these scenes. It must end with the payments at the bank once and all answers at home; or with a person
told, who then finds out the truth at the bank, decides, and the scene still ends so.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from h2h.core.errors import H2HError, InDoubt, NotPermitted, NotSent, OutOfSpace, Unavailable, Untrusted
from h2h.core.lifecycle import State
from h2h.core.records import FileState
from h2h.pipeline.decisions import release, resolve_not_sent, resolve_sent
from h2h.pipeline.house import House
from h2h.pipeline.rounds import once
from tests.crashes.effects import ports
from tests.crashes.kills import Result
from tests.crashes.scene import Scene
from tests.crashes.stage import Stage

ROUNDS_MAX = 8
#: In these ways the effect did not happen, and in these it did though the caller is told otherwise.
LOOKS = ("unavailable", "not permitted", "unforeseen")
KINDS: dict[str, tuple[str, ...]] = {
    "journal": ("unavailable", "reply lost"),
    "journal.settle_attention": ("unavailable",),  # most of them find nothing to settle
    "ledger": ("no room", "reply lost"),
    "archive": ("no room", "reply lost"),
    "outbox": ("no room", "reply lost"),
    "inbox": ("no room", "reply lost"),
    "sealer": ("unavailable", "untrusted", "unforeseen"),
    "channel": ("unavailable", "untrusted", "unforeseen"),
    "session.create": ("refused", "half", "reply lost", "half but OK", "unforeseen"),
    "session.rename": ("refused", "reply lost", "late", "both names", "unforeseen", "unforeseen after"),
    "session": ("unavailable", "not permitted", "unforeseen"),
}


class UnforeseenError(Exception):
    """An error that no contract names."""


@dataclass
class Fault:
    """At effect number *at* things go wrong in this way."""

    at: int
    kind: str
    scene: Scene
    quick: bool  # the bank takes what it sees before h2h looks again
    seen: int = 0
    labels: list[str] | None = None
    late: list[Callable[[], object]] | None = None

    def __call__(self, label: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The handler of `ports`."""
        self.seen += 1
        self.scene.temporary_may_stay = self.kind == "both names" and self.quick
        if self.labels is not None:
            self.labels.append(label)
        if label.startswith("session.") and self.late and label != "session.rename" and self.seen > self.at + 1:
            # The server comes to the old request only now, between two looks.
            self._safely(self.late.pop())
        if self.seen != self.at:
            return method(*args, **kwargs)
        try:
            return self._wrong(label, method, args, kwargs)
        finally:
            if self.quick:
                self.scene.bank_acts()

    def _wrong(self, label: str, method: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        lost: dict[str, type[H2HError]] = {"session.create": NotSent, "session.rename": InDoubt}
        error = lost.get(label, Unavailable)
        if self.kind == "unforeseen":
            raise UnforeseenError("nobody thought of this")
        if self.kind == "unforeseen after":
            method(*args, **kwargs)
            raise UnforeseenError("nobody thought of this")
        if self.kind in ("half", "half but OK"):
            folder, name, source = args
            data = source.read()
            method(folder, name, io.BytesIO(data[: len(data) // 2]))
            if self.kind == "half":
                raise NotSent("the connection was lost")
            return None
        if self.kind == "both names":
            folder, name, to_folder, to_name = args
            at = self.scene.site.at
            (at / to_folder / to_name).hardlink_to(at / folder / name)
            raise InDoubt("the connection was lost")
        if self.kind == "late":
            self.late = [lambda: method(*args, **kwargs)]
            raise InDoubt("the connection was lost")
        if self.kind == "reply lost":
            method(*args, **kwargs)
            raise error("the reply was lost")
        named = {"no room": OutOfSpace, "untrusted": Untrusted, "not permitted": NotPermitted}
        raise named.get(self.kind, error)("it did not succeed")

    @staticmethod
    def _safely(request: Callable[[], object]) -> None:
        try:
            request()
        except H2HError:
            return  # the server refuses a request whose time has gone


def every_fault(stage: Stage, part: tuple[int, int], only: str = "") -> Result:
    """Every effect of both journeys (*only*: of that port call), every way in which it can go wrong."""
    result = Result()
    scene = stage.fresh()
    labels: list[str] = []
    result.faults += [f"dry run: {f}" for f in _play(scene, Fault(0, "", scene, False, labels=labels))]
    fxp = scene.site.settings().banks["testbank"].submission.rename == "fxp"
    stage.strike(scene)
    result.effects["ports"] = len(labels)
    plans = []
    home = labels.index("session.list")  # from here on the answers are fetched
    for number, label in enumerate(labels, 1):
        if not label.startswith(only):
            continue
        for kind in KINDS.get(label) or KINDS[label.split(".")[0]]:
            if kind == "both names" and not fxp:
                continue  # one rename(2) has no middle
            if fxp and (number > home or not label.startswith("session.")):
                continue  # nothing else knows how the bank renames
            for quick in (False, True) if label.startswith("session.") else (False,):
                plans.append((number, label, kind, quick))
    for position, (number, label, kind, quick) in enumerate(plans):
        if position % part[1] != part[0]:
            continue
        scene = stage.fresh()
        result.runs += 1
        result.endings += 1
        result.kinds[kind] += 1
        what = f"effect {number} {label}: {kind}{', the bank is quick' if quick else ''}"
        result.faults += [f"{what}: {f}" for f in _play(scene, Fault(number, kind, scene, quick))]
        stage.strike(scene)
    return result


def _play(scene: Scene, fault: Fault) -> list[str]:
    faults: list[str] = []
    with scene.site.house() as house:
        for _ in range(ROUNDS_MAX):
            clean = fault.seen >= fault.at
            try:
                once(ports(house, fault))
            except (H2HError, UnforeseenError):
                pass  # `h2h once` says so and ends; it is started again by its timer
            faults += scene.faults_now()
            at_rest = _at_rest(house, scene)
            scene.bank_acts()
            scene.site.clock.sleep(1000)
            _person_acts(house, scene)
            if at_rest and clean:
                break
    for item in scene.site.attention():
        if item.kind in ("worker-error", "bank-unreachable", "host-key", "disk-full", "folder-unavailable"):
            faults.append(f"still open: {item.kind} {item.text}")
    return faults + scene.faults_at_the_end()


def _person_acts(house: House, scene: Scene) -> None:
    """Who is told looks at the bank and says what is so there."""
    for sub in house.journal.submissions():
        there = any(True for _ in scene.taken) or bool(scene.site.at_bank())
        if sub.state is State.HELD:
            release(house, sub.sid, actor="anna", reason="looked at it, it may go on")
        elif sub.state is State.IN_DOUBT:
            # An answer of the bank ends the doubt by itself; a person acts where there is none.
            if there and not list((scene.site.at / "from_bank").iterdir()):
                resolve_sent(house, sub.sid, actor="anna", reason="the bank has it")
            elif not there:
                for half in (scene.site.at / "to_bank").iterdir():
                    half.unlink()  # the guide: clear the temporary name first
                resolve_not_sent(house, sub.sid, actor="anna", reason="the bank has searched its folder")

    for file in house.journal.files(states=(FileState.QUARANTINED,)):
        for item in house.journal.attention():
            if item.subject == file.fid:
                house.journal.close_attention(item.number, at=house.now(), actor="anna", reason="the bank repeats it")
                kept = house.archive.get(file.fid, file.fetched_at, "10-received")
                assert kept is not None
                scene.site.bank_says(file.remote_name, kept.read_bytes(), mtime=house.now())


def _at_rest(house: House, scene: Scene) -> bool:
    states = {s.state for s in house.journal.submissions()}
    quiet = not list((scene.site.at / "from_bank").iterdir()) and not scene.site.at_bank()
    return quiet and states == {State.ACCEPTED} and len(house.journal.files(states=(FileState.DELIVERED,))) == 2
