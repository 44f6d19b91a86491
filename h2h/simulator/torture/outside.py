"""The others: banks that take and answer when they like, and an ERP that drops, drops again, and changes its mind."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from h2h.adapters.archive import FileArchive
from h2h.core.lifecycle import State
from h2h.core.records import InboundFile
from h2h.simulator.behaviour import BEHAVIOURS, Behaviour
from h2h.simulator.brain import Brain
from h2h.simulator.payments import read_initiation
from h2h.simulator.torture.bank import MemoryBank
from h2h.simulator.torture.oracle import Drop
from h2h.simulator.torture.taps import sealed_by, unsealed

if TYPE_CHECKING:
    from h2h.simulator.torture.world import World

_BEHAVIOURS = {**BEHAVIOURS, "brief": Behaviour(rules=(), acknowledge=False)}
#: Seconds since 1970 of the first file: the disk's own clock plays no part.
_DROPPED_AT, _SAID_AT = 1_790_000_000, 1_800_000_000


class WorldClock:
    """Time moves when the world says so; the wall clock can be set wrong, the other cannot."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self.passed = 0.0
        self.wrong = 0.0

    def now(self) -> datetime:
        """A microsecond later than the last time."""
        self.passed += 1e-6
        return self._start + timedelta(seconds=round(self.passed + self.wrong, 6))

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.passed

    def sleep(self, seconds: float) -> None:
        """No waiting: the time is over."""
        self.passed += max(seconds, 0.0)


class Outside:
    """``said`` holds what each bank has said, unsealed; ``drops`` every file with the turn in which it comes."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        self.drops = list(world.flow.fresh())
        self.said: dict[str, list[bytes]] = {}
        self.banks: dict[str, MemoryBank] = {}
        self.brains: dict[str, Brain] = {}
        self.to_say = list(world.flow.said)
        self.put: Counter[str] = Counter()  # the bytes of a file → how often they were dropped
        self._count = 0

    def open_banks(self) -> None:
        """Empty folders, empty books."""
        for name in self._world.settings.banks:
            self.banks[name] = self._bank(name)
            self.brains[name] = Brain(_BEHAVIOURS[self._world.flow.behaviour])

    def _bank(self, name: str) -> MemoryBank:
        rename = self._world.settings.bank_of(name).submission.rename
        bank = MemoryBank(self._world.clock.now, rename, {f: {} for f in ("to_bank", "from_bank", "processed")})

        def appeared(folder: str, file: str, data: bytes) -> None:
            if folder == "to_bank" and not file.startswith("."):
                self._world.oracle.appears(name, file, data)

        bank.appeared = appeared
        return bank

    # -- the banks

    def banks_move(self) -> None:
        """Each comes to late requests, takes what it can see, and says what is due."""
        while self.to_say and self.to_say[0][0] <= self._world.machine.turn:
            _, name, data = self.to_say.pop(0)
            self._say("bank", name, data)
        self.serve()
        for name, bank in self.banks.items():
            self._take(name, bank)
            for answer in self.brains[name].speak(self._world.clock.now()):
                self._say(name, answer.name, answer.data)

    def serve(self) -> None:
        """The servers come to what they were asked long ago."""
        for bank in self.banks.values():
            bank.carry_out_late()

    def _take(self, name: str, bank: MemoryBank) -> None:
        folder = bank.folder("to_bank")
        for file in [n for n in folder if not n.startswith(b".")]:
            plain = unsealed(folder.pop(file).data)
            if plain is not None:
                self.brains[name].take(read_initiation(plain), self._world.clock.now())
        if self._world.flow.purges:
            folder.clear()

    def _say(self, bank: str, name: str, data: bytes) -> None:
        self.said.setdefault(bank, []).append(data)
        self._put_at(bank, name, data)

    def _put_at(self, bank: str, name: str, data: bytes) -> None:
        self._count += 1
        self.banks[bank].put("from_bank", name.encode(), sealed_by(self._dice, data), _SAID_AT + self._count)

    def collide(self) -> None:
        """A stranger's file lies at the bank under a name that h2h is about to use."""
        for sub in self._world.oracle.journal.submissions(states=[State.SENDING, State.COMMITTING]):
            name = (sub.remote_name or "").encode()
            if name not in self.banks[sub.bank].folder("to_bank"):  # else it would destroy what was delivered
                self.banks[sub.bank].put("to_bank", name, b"a stranger's")

    def repeat(self, file: InboundFile) -> None:
        """A bank sends a message again, under a name of its own, because a person asked for it."""
        world = self._world
        archive = FileArchive(world.settings.paths.archive, world.lab.root)
        kept = archive.get(file.fid, file.fetched_at, "10-received")
        plain = None if kept is None else unsealed(kept.read_bytes())
        for data in self.said.get(file.bank, []):
            if plain in (data, None):
                self._put_at(file.bank, f"again-{self._count}.xml", data)

    # -- the ERP

    def drop(self, turn: int) -> None:
        """What is due in this turn; a name that still lies there is waited for."""
        for when, drop in self.drops:
            there = self._world.settings.erp_of(drop.folder).outbound / drop.name
            if 0 <= when <= turn and not drop.dropped and not there.exists():
                self._put(drop, drop.name)

    def _put(self, drop: Drop, name: str) -> None:
        """Under a temporary name, then renamed; then its marker, where one is wanted."""
        folder = self._world.settings.erp_of(drop.folder)
        self._count += 1
        path = folder.outbound / name
        for target, data in ((path, drop.data), (folder.outbound / f"{name}.ok", b"")):
            if target is not path and folder.completeness.by != "marker":
                continue
            hidden = folder.outbound / ".growing"
            hidden.write_bytes(data)
            stamp = (_DROPPED_AT + self._count) * 10**9
            os.utime(hidden, ns=(stamp, stamp))
            hidden.rename(target)
            self._world.disk.later(target)
        drop.dropped, drop.place = True, str(path)
        self.put[drop.sha256] += 1

    def again(self, what: str) -> None:
        """The same bytes *again*, *renamed*, or *modified* under the same name: by mistake, says who knows."""
        dropped = [d for _, d in self.drops if d.dropped and d.answer == "pay"]
        if not dropped:
            return
        drop = self._dice.choice(dropped)
        if what == "modified":
            data = drop.data.replace(b"Example", b"Exumple").replace(b"Invoice", b"invoice")
            other = Drop(drop.name, data, (), "cancel", drop.folder)
        else:
            other = Drop(drop.name if what == "again" else f"x-{drop.name}", drop.data, (), "again", drop.folder)
        if (self._world.settings.erp_of(drop.folder).outbound / other.name).exists():
            return  # it would overwrite its own file before anybody took it
        if what == "modified":
            self.drops.append((-1, other))
            self._world.oracle.drops.append(other)
        self._put(other, other.name)
