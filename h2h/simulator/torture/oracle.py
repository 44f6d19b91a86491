"""What must hold: the invariants of the protocol, looked at with every effect, and what must be so when all is calm.

The oracle believes nobody: it reads the payments that reach the bank with a parser of its own, keeps its own record of
what was committed, and looks for the source's bytes on the disk.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from h2h.adapters.journal.ledger_lines import read_lines
from h2h.core.errors import NotFound
from h2h.core.lifecycle import BANK_MAY_HAVE_IT, Event, State
from h2h.core.records import SET_ASIDE, FileState, LedgerKind, LedgerRecord, Submission
from h2h.pipeline.witness import BY_HAND
from h2h.ports import Journal
from h2h.simulator.payments import read_initiation
from h2h.simulator.torture.machine import Process, Violation

#: Why h2h asks about the second of two files that look like one.
_BECAUSE_OF_ANOTHER = ("H4-OVERLAP", "H4-SAME-MESSAGE-ID")
_TOLD_ABOUT = {State.HELD: "held", State.IN_DOUBT: "in-doubt"}
Payment = tuple[str, str, str]  # end-to-end id, amount, creditor's account


@dataclass(eq=False, slots=True)
class Drop:
    """A file that the ERP drops, and the truth about it.

    ``answer`` is what a person who knows says: ``pay`` (once), ``never`` (it is refused, or a duplicate), ``cancel``,
    ``take over``.
    """

    name: str
    data: bytes
    payments: tuple[Payment, ...]
    answer: str = "pay"
    folder: str = "erp"
    rival: str = ""  # the file that it looks like: of the two, the one that comes to its turn first is let go
    dropped: bool = False
    place: str = ""  # where its bytes were last seen
    inode: int = 0

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(eq=False)
class Oracle:
    """One schedule's memory of what must not be forgotten."""

    root: Path
    journal: Journal
    drops: list[Drop]
    alone: bool = True  # one node, and no journal restored: what a second one did cannot be known to this one
    restored: bool = False  # an older journal was put back
    unseal: Callable[[bytes], bytes | None] = lambda data: data
    commits: dict[tuple[str, int], str] = field(default_factory=dict)
    durable: Callable[[Path], bool] = lambda path: True
    _records: list[LedgerRecord] = field(default_factory=list)
    _read: tuple[int, int] = (-1, -1)  # size and time of the ledger when it was read
    appeared: list[tuple[str, str, bytes]] = field(default_factory=list)  # bank, name, bytes
    renames: Counter[str] = field(default_factory=Counter)  # temporary name → how often its rename was asked for
    confirmed: dict[str, Process] = field(default_factory=dict)  # temporary name → who was told that it is renamed
    paid: Counter[int] = field(default_factory=Counter)  # number of the drop → times

    @property
    def records(self) -> list[LedgerRecord]:
        """What stands in the ledger's file now."""
        path = self.root / "ledger" / "ledger.jsonl"
        try:
            state = path.stat()
        except FileNotFoundError:
            return []
        if (state.st_size, state.st_mtime_ns) != self._read:
            self._read = (state.st_size, state.st_mtime_ns)
            self._records = [line.record for line in read_lines(path)]
        return self._records

    # -- with every effect

    def before(self, label: str, args: Any, kwargs: Any) -> None:
        """A call is about to be carried out."""
        if label == "session.create":
            self._i2(args[1])
        elif label == "session.rename":
            self._i3(args[1], args[3])
        elif label == "ledger.append" and args[0].kind is LedgerKind.COMMIT:
            self._i7(args[0])

    def after(self, label: str, args: Any, kwargs: Any, answer: Any) -> None:
        """It has been."""
        if label == "journal.restore":
            self._i1(answer)
        elif label == "journal.advance":
            self._moved(answer, args[1])

    def _moved(self, sub: Submission, event: Event) -> None:
        if event is Event.COMMIT_STARTED:
            self._i1(sub)
        elif event is Event.DELIVERED:
            self._i4(sub)
        elif event is Event.RESOLVED_NOT_SENT and not self._in_ledger(LedgerKind.RELEASE, sub.sid, sub.generation - 1):
            raise Violation(f"I7: {sub.sid} was released in the journal before the ledger")

    def _i1(self, sub: Submission) -> None:
        """One temporary name a generation, for ever; an intent that neither bank nor ledger was told is none."""
        if sub.state is not State.COMMITTING:
            return
        key, new = (sub.sid, sub.generation), sub.commit_temporary or ""
        known = self.commits.setdefault(key, new)
        if known != new and self.restored and not self.renames[known] and not self._in_ledger(LedgerKind.COMMIT, *key):
            # Only the journal had heard of it, and was put back: the bank was asked nothing (I3).
            self.commits[key] = known = new
        if known != new:
            raise Violation(f"I1: {sub.sid} committed {sub.commit_temporary} after {known}")

    def _i2(self, temporary: str) -> None:
        """Nothing is uploaded any more for a generation that was committed."""
        for record in self.records:
            final = str(record.detail.get("remote_name"))
            committed = record.kind is LedgerKind.COMMIT and self.alone
            if committed and temporary.startswith(f".{final}.{record.generation}."):
                raise Violation(f"I2: {temporary} is created after {record.detail['temporary']} was committed")

    def _i3(self, temporary: str, final: str) -> None:
        """Only the committed name is renamed, and both witnesses know it."""
        if not self.durable(self.root / "ledger" / "ledger.jsonl"):
            raise Violation(f"I3: the rename of {temporary} is asked for; the ledger is not durable yet")
        for record in self.records:
            if record.kind is LedgerKind.COMMIT and record.detail["temporary"] == temporary:
                sub = self.journal.submission(record.sid)
                if record.detail["remote_name"] == final and (
                    sub.commit_temporary == temporary or sub.generation > record.generation or not self.alone
                ):
                    return
        raise Violation(f"I3: the rename of {temporary} to {final} is asked for; the witnesses do not know it")

    def _i4(self, sub: Submission) -> None:
        """Nothing counts as delivered that the bank was not given, byte for byte."""
        digests = [hashlib.sha256(data).hexdigest() for bank, name, data in self.appeared
                   if (bank, name) == (sub.bank, sub.remote_name)]  # fmt: skip
        if sub.sealed_sha256 not in digests:
            raise Violation(f"I4: {sub.sid} is {sub.state} by {sub.evidence}; the bank has no {sub.remote_name}")

    def _i7(self, record: LedgerRecord) -> None:
        """The journal first, then the ledger, then the bank."""
        try:
            sub = self.journal.submission(record.sid)
        except NotFound:
            raise Violation(f"I7: the ledger is told of {record.sid} before the journal") from None
        if sub.state not in BANK_MAY_HAVE_IT and sub.generation <= record.generation:
            raise Violation(f"I7: the ledger is told that {record.sid} commits; the journal says {sub.state}")

    def appears(self, bank: str, name: str, data: bytes) -> None:
        """The bank can see a payment file."""
        self.appeared.append((bank, name, data))
        commits = [r for r in self.records if r.kind is LedgerKind.COMMIT and r.detail["remote_name"] == name]
        if not any(r.detail["sealed_sha256"] == hashlib.sha256(data).hexdigest() for r in commits):
            raise Violation(f"I5: what appears as {name} at {bank} is not what was sealed")
        if len({r.sid for r in commits}) != 1:
            raise Violation(f"I6: {name} belongs to {sorted({r.sid for r in commits})}")
        plain = self.unseal(data)
        if plain is None:
            raise Violation(f"I12: {bank} cannot open {name}")
        told = read_initiation(plain)
        if told.refusal is not None:
            raise Violation(f"I12: {bank} cannot read {name}: {told.refusal}")
        given = sorted((p.end_to_end_id, f"{p.amount:.2f}", p.creditor_account) for p in told.payments)
        self._count(name, tuple(given))

    def _count(self, name: str, given: tuple[Payment, ...]) -> None:
        number = next((n for n, d in enumerate(self.drops) if d.payments and tuple(sorted(d.payments)) == given), None)
        if number is None:
            raise Violation(f"I12: the bank was given {given} in {name}; nobody dropped that")
        self.paid[number] += 1
        self._goes_first(self.drops[number])
        if self.drops[number].answer in ("never", "cancel", "take over") or self.paid[number] > 1:
            raise Violation(f"I9: {self.drops[number].name} was given to the bank {self.paid[number]} times "
                            f"(a person would say: {self.drops[number].answer})")  # fmt: skip

    def _goes_first(self, drop: Drop) -> None:
        """What is only known once a file was converted (its message id, its payments) holds back whichever is second.

        Trouble with the earlier one, or a node that pauses, lets the later one be first; a person is then asked about
        the other.
        """
        for rival in self.drops:
            if rival.name == drop.rival and drop.answer == "cancel" and not self.paid[self.drops.index(rival)]:
                drop.answer, rival.answer = rival.answer, drop.answer

    def is_asked_about(self, sub: Submission) -> Drop:
        """The drop of a file that waits for a person.

        If it waits because of a rival that was first in spite of being dropped later, this one is the second, and what
        a person says of the second holds for it; unless the rival was cancelled before.
        """
        drop = self.drop_of(sub)
        if sub.reason not in _BECAUSE_OF_ANOTHER or self.paid[self.drops.index(drop)]:
            return drop
        for rival in self.drops:
            if rival.rival == drop.name and rival.answer == "cancel":
                states = {s.state for s in self.journal.submissions() if s.source_sha256 == rival.sha256}
                if states and State.CANCELLED not in states:
                    drop.answer, rival.answer = rival.answer, drop.answer
        return drop

    def sources(self, _path: str = "") -> None:
        """I10: the bytes of every dropped file are in the ERP's folder, h2h's corner of it, or the archive."""
        for drop in self.drops:
            if drop.dropped and not self._is_at(drop.place, drop):
                drop.place = next((p for p in self._places(drop) if self._is_at(p, drop)), "")
                if not drop.place:
                    raise Violation(f"I10: {drop.name} is nowhere")

    def _places(self, drop: Drop) -> list[str]:
        found = []
        for top in ("archive", "erp"):
            for directory, _, names in os.walk(self.root / top):
                found += [os.path.join(directory, n) for n in names if not n.endswith(".json")]
        return found

    @staticmethod
    def _is_at(path: str, drop: Drop) -> bool:
        try:
            if not path or os.stat(path).st_size != len(drop.data):
                return False
            with open(path, "rb", buffering=0) as there:
                return there.read() == drop.data
        except OSError:
            return False

    def replayed(self) -> None:
        """I8, after a start: the journal reflects the ledger, whatever copy of it was put back."""
        for record in self.records:
            if record.kind is LedgerKind.CLAIM:
                self.journal.submission(record.sid)  # NotFound rises
            elif record.kind is LedgerKind.COMMIT:
                sub = self.journal.submission(record.sid)
                if sub.generation < record.generation or (
                    sub.generation == record.generation and sub.state not in BANK_MAY_HAVE_IT
                ):
                    raise Violation(f"I8: after the start {record.sid} is {sub.state}, generation {sub.generation}; "
                                    f"the ledger has its commit of generation {record.generation}")  # fmt: skip

    def _in_ledger(self, kind: LedgerKind, sid: str, generation: int) -> bool:
        return any((r.kind, r.sid, r.generation) == (kind, sid, generation) for r in self.records)

    # -- when a person looks

    def stands_on_the_list(self, turn: int) -> None:
        """I11: what waits for a person is told, and nobody is asked what the bank's server has confirmed."""
        if self.restored:
            return
        listed = {(item.kind, item.subject) for item in self.journal.attention()}
        for sub in self.journal.submissions(states=[State.HELD, State.IN_DOUBT]):
            by_hand = sub.state is State.HELD and sub.reason == BY_HAND
            if not by_hand and (_TOLD_ABOUT[sub.state], sub.sid) not in listed:
                raise Violation(f"I11: {sub.sid} is {sub.state} ({sub.reason}), and nobody is told")
            knows = self.confirmed.get(sub.commit_temporary or "")
            if sub.state is State.IN_DOUBT and knows is not None and not knows.stopped(turn):
                raise Violation(f"I11: {sub.sid} is in doubt; {knows.name} was told that it is renamed")
        for file in self.journal.files(states=(FileState.QUARANTINED,)):
            if not any((kind, file.fid) in listed for kind in SET_ASIDE):
                raise Violation(f"I11: {file.remote_name} was set aside ({file.reason}), and nobody is told")

    # -- at the bank

    def given(self, sub: Submission) -> bool:
        """What a person finds out who asks the bank: has it ever seen that file?"""
        return any((bank, name) == (sub.bank, sub.remote_name) for bank, name, _ in self.appeared)

    def drop_of(self, sub: Submission) -> Drop:
        """The drop a submission was made of; ``Violation`` if nobody dropped it."""
        for drop in self.drops:
            if drop.sha256 == sub.source_sha256:
                return drop
        raise Violation(f"I12: {sub.source_name} ({sub.sid}) was taken in; nobody dropped it")
