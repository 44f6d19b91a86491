"""The others: banks that take and answer when they like, and an ERP that drops, drops again, and changes its mind."""

from __future__ import annotations

import os
import random
from collections import Counter

from h2h.adapters.archive import FileArchive
from h2h.core.lifecycle import State
from h2h.core.records import InboundFile
from h2h.simulator.behaviour import BEHAVIOURS, Behaviour
from h2h.simulator.brain import Brain
from h2h.simulator.payments import read_initiation
from h2h.simulator.torture.bank import MemoryBank
from h2h.simulator.torture.oracle import Drop
from h2h.simulator.torture.scene import Scene
from h2h.simulator.torture.taps import sealed_by, unsealed

_BEHAVIOURS = {**BEHAVIOURS, "brief": Behaviour(rules=(), acknowledge=False)}
#: Seconds since 1970 of the first file: the disk's own clock plays no part.
_DROPPED_AT, _SAID_AT = 1_790_000_000, 1_800_000_000


class Outside:
    """``said`` holds what each bank has said, unsealed; ``drops`` every file with the turn in which it comes."""

    def __init__(self, scene: Scene, drops: list[tuple[int, Drop]], dice: random.Random) -> None:
        self._scene = scene
        self._dice = dice
        self.drops = drops
        self.said: dict[str, list[bytes]] = {}
        self.banks: dict[str, MemoryBank] = {}
        self.brains: dict[str, Brain] = {}
        self.to_say = list(scene.flow.said)
        self.put: Counter[str] = Counter()  # the bytes of a file → how often they were dropped
        self.spared: set[str] = set()  # bytes that nobody drops again: a person has given them up, or is about to
        self._count = 0
        for name in scene.settings.banks:  # empty folders, empty books
            self.banks[name] = self._bank(name)
            self.brains[name] = Brain(_BEHAVIOURS[scene.flow.behaviour])

    def _bank(self, name: str) -> MemoryBank:
        rename = self._scene.settings.bank_of(name).submission.rename
        bank = MemoryBank(self._scene.clock.right, rename, {f: {} for f in ("to_bank", "from_bank", "processed")})

        def appeared(folder: str, file: str, data: bytes) -> None:
            if folder == "to_bank" and not file.startswith("."):
                self._scene.oracle.appears(name, file, data)

        bank.appeared = appeared
        return bank

    # -- the banks

    def banks_move(self) -> None:
        """Each comes to late requests, takes what it can see, and says what is due."""
        while self.to_say and self.to_say[0][0] <= self._scene.machine.turn:
            _, name, data = self.to_say.pop(0)
            self._say("bank", name, data)
        self.serve()
        for name, bank in self.banks.items():
            self._take(name, bank)
            for answer in self.brains[name].speak(self._scene.clock.right()):
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
                self.brains[name].take(read_initiation(plain), self._scene.clock.right())
        if self._scene.flow.purges:
            folder.clear()

    def _say(self, bank: str, name: str, data: bytes) -> None:
        self.said.setdefault(bank, []).append(data)
        self._put_at(bank, name, data)

    def _put_at(self, bank: str, name: str, data: bytes) -> None:
        self._count += 1
        self.banks[bank].put("from_bank", name.encode(), sealed_by(self._dice, data), _SAID_AT + self._count)

    def collide(self) -> None:
        """A stranger's file lies at the bank under a name that h2h is about to use."""
        for sub in self._scene.oracle.journal.submissions(states=[State.SENDING, State.COMMITTING]):
            name = (sub.remote_name or "").encode()
            if name not in self.banks[sub.bank].folder("to_bank"):  # else it would destroy what was delivered
                self.banks[sub.bank].put("to_bank", name, b"a stranger's")

    def repeat(self, file: InboundFile) -> None:
        """A bank sends a message again, under a name of its own, because a person asked for it."""
        archive = FileArchive(self._scene.settings.paths.archive, self._scene.lab.root)
        kept = archive.get(file.fid, file.fetched_at, "10-received")
        plain = None if kept is None else unsealed(kept.read_bytes())
        for data in self.said.get(file.bank, []):
            if plain in (data, None):
                self._put_at(file.bank, f"again-{self._count}.xml", data)

    # -- the ERP

    def drop(self, turn: int) -> None:
        """What is due in this turn; a name that still lies there is waited for."""
        for when, drop in self.drops:
            there = self._scene.settings.erp_of(drop.folder).outbound / drop.name
            if 0 <= when <= turn and not drop.dropped and not there.exists():
                self._put(drop, drop.name)

    def _put(self, drop: Drop, name: str) -> None:
        """Under a temporary name, then renamed; then its marker, where one is wanted."""
        folder = self._scene.settings.erp_of(drop.folder)
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
            self._scene.disk.later(target)
        drop.dropped, drop.place = True, str(path)
        self.put[drop.sha256] += 1

    def again(self, what: str) -> None:
        """The same bytes *again*, *renamed*, or *modified* under the same name: by mistake, says who knows."""
        dropped = [d for _, d in self.drops if d.dropped and d.answer == "pay" and d.sha256 not in self.spared]
        if not dropped:
            return
        drop = self._dice.choice(dropped)
        if what == "modified":
            data = drop.data.replace(b"Example", b"Exumple").replace(b"Invoice", b"invoice")
            other = Drop(drop.name, data, (), "cancel", drop.folder)
        else:
            other = Drop(drop.name if what == "again" else f"x-{drop.name}", drop.data, (), "again", drop.folder)
        if (self._scene.settings.erp_of(drop.folder).outbound / other.name).exists():
            return  # it would overwrite its own file before anybody took it
        if what == "modified":
            self.drops.append((-1, other))
            self._scene.oracle.drops.append(other)
        self._put(other, other.name)
