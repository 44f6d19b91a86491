"""What must be so when the faults have stopped and all has come to rest (liveness, I11 and I12)."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from typing import TYPE_CHECKING

from h2h.adapters.files import is_temporary
from h2h.adapters.journal.audit import verify
from h2h.core.lifecycle import State
from h2h.core.records import FileState

if TYPE_CHECKING:
    from h2h.simulator.torture.world import World


def faults_at_the_end(world: World) -> list[str]:
    """Every contradiction, in words; none if all is well."""
    return [
        *_paid_once(world),
        *_sources(world),
        *_told_once(world),
        *_taken_in_once(world),
        *_witnesses(world),
        *_left_over(world),
    ]


def _paid_once(world: World) -> list[str]:
    faults = []
    for number, drop in enumerate(world.oracle.drops):
        wanted = 1 if drop.answer == "pay" and drop.payments else 0
        if world.oracle.paid[number] != wanted:
            faults.append(f"I11: {drop.name} ({drop.answer}) was given to the bank {world.oracle.paid[number]} times")
    return faults


def _sources(world: World) -> list[str]:
    """Each source file in the archive, and nowhere else."""
    world.oracle.sources()
    return [
        f"I10: {d.name} is still in {d.place}"
        for d in world.oracle.drops
        if d.dropped and "/archive/" not in d.place and "/refused/" not in d.place
    ]


def _told_once(world: World) -> list[str]:
    """The ERP got every answer of the bank once: one manifest a message, whatever was repeated or cut short."""
    faults = []
    journal = world.oracle.journal
    files = journal.files()
    for bank, said in world.outside.said.items():
        readable = {hashlib.sha256(data).hexdigest() for data in said if data.endswith(b"</Document>") or b"</" in data}
        by_content = Counter(f.content_sha256 for f in files if f.bank == bank and f.state is FileState.DELIVERED)
        doubled = {k: n for k, n in by_content.items() if n > 1}
        if doubled:
            faults.append(f"I11: bank {bank} said it once, and it was delivered {doubled}")
        missing = readable - set(by_content)
        if missing:
            faults.append(f"I11: {len(missing)} of {len(readable)} answers of bank {bank} never reached the ERP: "
                          f"{[(f.remote_name, str(f.state), f.reason) for f in files]}")  # fmt: skip
    for folder in world.settings.erp:
        assert folder.inbound is not None
        names = [n for n in os.listdir(folder.inbound) if not is_temporary(n)]
        manifests = [json.loads((folder.inbound / n).read_bytes()) for n in names if n.endswith(".manifest.json")]
        ids = Counter(m["id"] for m in manifests)
        named = {f["name"] for m in manifests for f in m["files"]}
        strays = [n for n in names if n not in named and not n.endswith(".manifest.json")]
        if strays and not world.restored:
            faults.append(f"I11: delivered without a manifest: {strays}")
        if any(n > 1 for n in ids.values()) and not world.restored:
            faults.append(f"I11: manifests: {dict(ids)}")
    return faults


def _taken_in_once(world: World) -> list[str]:
    """A file that was dropped once is no duplicate of itself, whatever was cut short while it was taken in.

    Nodes share h2h's corner of a folder here, and one that was paused may take in what another has finished.
    """
    if not world.oracle.alone:
        return []
    subs = world.oracle.journal.submissions()
    taken = Counter(sub.source_sha256 for sub in subs if sub.state is State.DUPLICATE)
    return [
        f"I11: {count} duplicates of a file that was dropped {world.outside.put[sha256]} times"
        for sha256, count in taken.items()
        if count >= world.outside.put[sha256]
    ]


def receipts_that_lag(world: World) -> list[str]:
    """Receipts beside the ERP's files that say something else than the journal; h2h mends them within an hour."""
    faults = []
    for sub in world.oracle.journal.submissions():
        path = world.settings.erp_of(sub.folder).outbound / f"{sub.receipt}.status.json"
        try:
            said = json.loads(path.read_bytes())["state"]
        except FileNotFoundError:
            said = "nothing"
        if said != str(sub.state):
            faults.append(f"the receipt of {sub.source_name} says {said}, the journal {sub.state}")
    return faults


def _witnesses(world: World) -> list[str]:
    """`h2h journal verify`."""
    report = verify(world.lab.journal(world.clock.monotonic), world.settings.paths.ledger)
    return [f"journal verify: {where}: {text}" for where, text in (*report.faults, *report.notes)]


def _left_over(world: World) -> list[str]:
    """Nothing lies about: no half files at the bank that it would not clear away, no claims, no plaintext."""
    left = []
    places = {"work", "spool", "claimed"}
    for directory, _, names in os.walk(world.lab.root):
        if places & set(os.path.relpath(directory, world.lab.root).split("/")):
            left += [os.path.join(directory, n) for n in names if not is_temporary(n) and not n.startswith(".mounted-")]
    faults = [f"left over: {sorted(os.path.relpath(p, world.lab.root) for p in left)}"] if left else []
    held = [s for s in world.oracle.journal.submissions() if s.state in (State.HELD, State.IN_DOUBT) and not s.reason]
    return faults + [f"{s.sid} is {s.state} without a reason" for s in held]


#: These have no cause any more once all has come to rest.
MUST_END = frozenset(
    {"held", "in-doubt", "cannot-go-on", "bank-unreachable", "host-key", "disk-full", "folder-unavailable",
     "cannot-fetch", "cannot-remove", "file-waits", "receipt-not-written", "worker-error"}
)  # fmt: skip
