"""One scene: an ERP's file, a bank that takes it and answers, and the oracle that counts at both ends.

The bank is an observer of its own: it reads what it took with its own parser, answers each message once, and remembers
every payment it was ever given.
"""

from __future__ import annotations

from collections import Counter
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from lxml import etree

from h2h.adapters.files import is_temporary
from h2h.adapters.journal import default_url, open_journal
from h2h.adapters.journal.audit import verify
from h2h.core.lifecycle import State
from h2h.core.records import FileState
from tests.contracts.pain import IBANS
from tests.journeys.answers import Line, Sent, camt053, pain002
from tests.journeys.site import MONDAY, Site, StandingClock, salaries, week_after

NAME = "salaries.csv"
PAYMENTS = {"SAL-1": "1250.00", "SAL-2": "0.01"}


def content_at(start: datetime) -> str:
    """An ERP's file of that day; its payments are due about a week later."""
    payments = ("SAL-1", "1250,00", IBANS[0]), ("SAL-2", "0,01", IBANS[1])
    return salaries(*payments, date=week_after(start))


CONTENT = content_at(MONDAY)


@dataclass
class Scene:
    """The site, and the bank's memory."""

    site: Site
    changes: dict[str, Any]  # those of `Site`
    taken: list[bytes] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    suffix: ClassVar[str] = ""  # of sealed files
    temporary_may_stay: bool = False  # the bank was quicker than the tidying up; no bank takes such a name

    @classmethod
    def begins(cls) -> datetime:
        """When the scene is played."""
        return MONDAY

    @property
    def content(self) -> str:
        """The ERP's file."""
        return content_at(self.site.clock.start)

    @classmethod
    def new(cls, root: Path, changes: dict[str, Any], *, drop: bool = True) -> Scene:
        """A new installation, with the ERP's file in its folder."""
        scene = cls(Site(root, clock=StandingClock(cls.begins()), **changes), changes)
        if drop:
            scene.drop()
        return scene

    def drop(self) -> None:
        """The ERP's file."""
        self.site.drop(NAME, self.content)

    def again(self, root: Path) -> Scene:
        """The same scene in another directory, with a memory of its own (the directory is a copy)."""
        site = Site(root, clock=copy(self.site.clock), **self.changes)
        return type(self)(site, self.changes, list(self.taken), set(self.answered))

    def bank_acts(self) -> None:
        """The bank's own program: takes every payment file, answers each message once, and states its account."""
        for data in self.site.bank_takes().values():
            self.taken.append(data)
            try:
                sent = self.reads(data)
            except (etree.XMLSyntaxError, AssertionError):
                continue  # the oracle says so
            if sent.message_id in self.answered:
                continue  # a second time: the oracle counts it
            self.answered.add(sent.message_id)
            self.says("1-status.xml", pain002(sent, "ACSP"))
            lines = [Line(amount, reference) for _, reference, amount in sent.payments]
            self.says("2-statement.xml", camt053(lines))

    def reads(self, data: bytes) -> Sent:
        """What the bank reads in a file."""
        return Sent.of(data)

    def says(self, name: str, text: str) -> None:
        """The bank's word."""
        self.site.bank_says(name, text, mtime=MONDAY)

    # -- the oracle

    def faults_now(self) -> list[str]:
        """What must hold at any instant: nothing is lost between two places, nothing is at the bank twice."""
        faults = []
        if not self._places():
            faults.append("the source file is nowhere")
        return faults + self._at_the_bank(final=False) + self._half_pairs()

    def faults_at_the_end(self, *, states: frozenset[State] = frozenset({State.ACCEPTED})) -> list[str]:
        """What must hold when all has come to rest."""
        faults = self._at_the_bank(final=State.ACCEPTED in states and len(states) == 1)
        if self._places() != ["archive"]:
            faults.append(f"the source file is in {self._places()}")
        with self.site.house() as house:
            subs = house.journal.submissions()
            files = house.journal.files()
            outcomes = {p.end_to_end_id: str(p.outcome) for s in subs for p in house.journal.payments(s.sid)}
            open_items = [f"{item.kind} {item.subject}: {item.text}" for item in house.journal.attention()]
        if [s.source_name for s in subs] != [NAME] or subs[0].state not in states:
            faults.append(f"submissions: {[(s.source_name, str(s.state), s.reason) for s in subs]}")
            return faults
        if subs[0].state is State.ACCEPTED:
            faults += self._home(files, outcomes, open_items)
        elif subs[0].state in (State.HELD, State.IN_DOUBT) and not (subs[0].reason and open_items):
            faults.append(f"{subs[0].state} without a reason or without anybody told: {subs[0].reason}")
        receipt = self.site.receipt(NAME)
        if receipt["state"] != str(subs[0].state):
            faults.append(f"the receipt says {receipt['state']}, the journal {subs[0].state}")
        told = {p["end_to_end_id"]: p["outcome"] for p in receipt["payments"]}
        if told != outcomes:
            faults.append(f"the receipt says {told}, the journal {outcomes}")
        return faults + self._witnesses() + self._left_over()

    def _half_pairs(self) -> list[str]:
        """Who sees AUSZUG takes both."""
        inbox = self.site.inbox()
        heads = [name for name in inbox if name.endswith(".AUSZUG.TXT")]
        return [f"given without its other half: {n}" for n in heads if n.replace("AUSZUG", "UMSATZ") not in inbox]

    def _home(self, files: list[Any], outcomes: dict[str, str], open_items: list[str]) -> list[str]:
        faults = []
        if outcomes != dict.fromkeys(PAYMENTS, "settled"):
            faults.append(f"outcomes: {outcomes}")
        # What was quarantined was told, and the bank has repeated it.
        states = Counter((f.remote_name, str(f.state)) for f in files if f.state is not FileState.QUARANTINED)
        expected = {(n + self.suffix, str(FileState.DELIVERED)): 1 for n in ("1-status.xml", "2-statement.xml")}
        if dict(states) != expected:
            faults.append(f"bank files: {dict(states)}")
        inbox = self.site.inbox()
        kinds = Counter(m["kind"] for m in self.site.manifests())
        if kinds != {"status-report": 1, "statement": 1}:
            faults.append(f"manifests: {dict(kinds)}")
        named = {n["name"] for m in self.site.manifests() for n in m["files"]}
        strays = [n for n in inbox if n not in named and not n.endswith(".manifest.json") and not is_temporary(n)]
        if strays or any("~" in n for n in inbox):
            faults.append(f"delivered twice or without a manifest: {sorted(inbox)}")
        if [n for n in self.site.outbox() if not is_temporary(n)]:
            faults.append(f"still in the ERP's folder: {self.site.outbox()}")
        if open_items:
            faults.append(f"somebody is told without need: {open_items}")
        return faults

    def _places(self) -> list[str]:
        """Where the source's bytes are: the ERP's folder, h2h's corner of it, the archive."""
        root, data = self.site.root, self.content.encode()

        def holds(paths: Any) -> bool:
            return any(p.is_file() and p.read_bytes() == data for p in paths)

        found = []
        if holds([root / "erp/out" / NAME]):
            found.append("folder")
        if holds((root / "erp/out").glob(".h2h/claimed/*/*")):
            found.append("claimed")
        if holds((root / "archive").rglob("10-source*")):
            found.append("archive")
        return found

    def _at_the_bank(self, *, final: bool) -> list[str]:
        given: Counter[tuple[str, str]] = Counter()
        altered = []
        for data in [*self.taken, *self.site.at_bank().values()]:
            try:
                given.update((reference, amount) for _, reference, amount in self.reads(data).payments)
            except (etree.XMLSyntaxError, AssertionError) as problem:
                altered.append(f"never dropped: the bank cannot read what it was given: {problem}")
        faults = altered + [f"paid {count} times: {what}" for what, count in given.items() if count > 1]
        faults += [f"never dropped: {what}" for what in given if PAYMENTS.get(what[0]) != what[1]]
        if final:
            faults += [f"lost: {what}" for what in PAYMENTS.items() if given[what] == 0]
        return faults

    def _witnesses(self) -> list[str]:
        """`h2h journal verify`."""
        settings = self.site.settings()
        url = default_url(settings.paths.state)
        with open_journal(url, instance=settings.instance, now=self.site.clock.now()) as journal:
            report = verify(journal, settings.paths.ledger)
        return [f"journal verify: {where}: {text}" for where, text in (*report.faults, *report.notes)]

    def _left_over(self) -> list[str]:
        """Nothing is left lying about: no half files at the bank, no plaintext in working directories."""
        root, at = self.site.root, self.site.at
        left = [str(p.relative_to(at)) for f in ("to_bank", "temporary") for p in (at / f).iterdir()]
        if self.temporary_may_stay:
            left = [name for name in left if not name.endswith(".part")]
        left += [str(p.relative_to(at)) for p in (at / "from_bank").iterdir()]
        for folder in ("state/work", "state/spool", "erp/out/.h2h/claimed"):
            found = (root / folder).rglob("*") if (root / folder).exists() else ()
            ours = [p for p in found if not p.name.startswith(".mounted-") and not is_temporary(p.name)]
            left += [str(p.relative_to(root)) for p in ours if p.is_file()]
        return [f"left over: {left}"] if left else []
