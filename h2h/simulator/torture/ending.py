"""What must be so when the faults have stopped and all has come to rest (liveness, I11 and I12)."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter

from h2h.adapters.files import is_temporary
from h2h.adapters.journal.audit import verify
from h2h.core.lifecycle import State
from h2h.core.records import FileState
from h2h.simulator.torture.outside import Outside
from h2h.simulator.torture.scene import Scene


def faults_at_the_end(scene: Scene, outside: Outside) -> list[str]:
    """Every contradiction, in words; none if all is well."""
    return [
        *_paid_once(scene),
        *_sources(scene),
        *_told_once(scene, outside),
        *_taken_in_once(scene, outside),
        *_witnesses(scene),
        *_left_over(scene),
    ]


def _paid_once(scene: Scene) -> list[str]:
    faults = []
    for number, drop in enumerate(scene.oracle.drops):
        wanted = 1 if drop.answer == "pay" and drop.payments else 0
        if scene.oracle.paid[number] != wanted:
            faults.append(f"I11: {drop.name} ({drop.answer}) was given to the bank {scene.oracle.paid[number]} times")
    return faults


def _sources(scene: Scene) -> list[str]:
    """Each source file in the archive, and nowhere else."""
    scene.oracle.sources()
    return [
        f"I10: {d.name} is still in {d.place}"
        for d in scene.oracle.drops
        if d.dropped and "/archive/" not in d.place and "/refused/" not in d.place
    ]


def _told_once(scene: Scene, outside: Outside) -> list[str]:
    """The ERP got every answer of the bank once: one manifest a message, whatever was repeated or cut short."""
    faults = []
    journal = scene.oracle.journal
    files = journal.files()
    for bank, said in outside.said.items():
        readable = {hashlib.sha256(data).hexdigest() for data in said if data.endswith(b"</Document>") or b"</" in data}
        by_content = Counter(f.content_sha256 for f in files if f.bank == bank and f.state is FileState.DELIVERED)
        doubled = {k: n for k, n in by_content.items() if n > 1}
        if doubled:
            faults.append(f"I11: bank {bank} said it once, and it was delivered {doubled}")
        missing = readable - set(by_content)
        if missing:
            faults.append(f"I11: {len(missing)} of {len(readable)} answers of bank {bank} never reached the ERP: "
                          f"{[(f.remote_name, str(f.state), f.reason) for f in files]}")  # fmt: skip
    for folder in scene.settings.erp:
        assert folder.inbound is not None
        names = [n for n in os.listdir(folder.inbound) if not is_temporary(n)]
        manifests = [json.loads((folder.inbound / n).read_bytes()) for n in names if n.endswith(".manifest.json")]
        ids = Counter(m["id"] for m in manifests)
        named = {f["name"] for m in manifests for f in m["files"]}
        strays = [n for n in names if n not in named and not n.endswith(".manifest.json")]
        if strays and not scene.restored:
            faults.append(f"I11: delivered without a manifest: {strays}")
        if any(n > 1 for n in ids.values()) and not scene.restored:
            faults.append(f"I11: manifests: {dict(ids)}")
    return faults


def _taken_in_once(scene: Scene, outside: Outside) -> list[str]:
    """A file that was dropped once is no duplicate of itself, whatever was cut short while it was taken in."""
    subs = scene.oracle.journal.submissions()
    taken = Counter(sub.source_sha256 for sub in subs if sub.state is State.DUPLICATE)
    return [
        f"I11: {count} duplicates of a file that was dropped {outside.put[sha256]} times"
        for sha256, count in taken.items()
        if count >= outside.put[sha256]
    ]


def receipts_that_lag(scene: Scene) -> list[str]:
    """Receipts beside the ERP's files that say something else than the journal; h2h mends them within an hour."""
    faults = []
    for sub in scene.oracle.journal.submissions():
        path = scene.settings.erp_of(sub.folder).outbound / f"{sub.receipt}.status.json"
        try:
            said = json.loads(path.read_bytes())["state"]
        except FileNotFoundError:
            said = "nothing"
        if said != str(sub.state):
            faults.append(f"the receipt of {sub.source_name} says {said}, the journal {sub.state}")
    return faults


def _witnesses(scene: Scene) -> list[str]:
    """`h2h journal verify`."""
    report = verify(scene.lab.journal(scene.clock.monotonic), scene.settings.paths.ledger)
    return [f"journal verify: {where}: {text}" for where, text in (*report.faults, *report.notes)]


def _left_over(scene: Scene) -> list[str]:
    """Nothing lies about: no half files at the bank that it would not clear away, no claims, no plaintext."""
    left = []
    places = {"work", "spool", "claimed"}
    for directory, _, names in os.walk(scene.lab.root):
        if places & set(os.path.relpath(directory, scene.lab.root).split("/")):
            left += [os.path.join(directory, n) for n in names if not is_temporary(n) and not n.startswith(".mounted-")]
    faults = [f"left over: {sorted(os.path.relpath(p, scene.lab.root) for p in left)}"] if left else []
    held = [s for s in scene.oracle.journal.submissions() if s.state in (State.HELD, State.IN_DOUBT) and not s.reason]
    return faults + [f"{s.sid} is {s.state} without a reason" for s in held]


#: These have no cause any more once all has come to rest.
MUST_END = frozenset(
    {"held", "in-doubt", "cannot-go-on", "bank-unreachable", "host-key", "disk-full", "folder-unavailable",
     "cannot-fetch", "cannot-remove", "file-waits", "receipt-not-written", "worker-error"}
)  # fmt: skip
