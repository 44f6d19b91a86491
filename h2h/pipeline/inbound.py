"""The journey of a bank's file, in order: fetch ▸ open ▸ read ▸ match ▸ deliver, or quarantine. Never dropped.

    FETCHED → OPENED → READ → MATCHED → DELIVERED; QUARANTINED from any of the first three. An archive becomes the file
    that is in it, or as many as there are.

Each step leaves its result durable before the journal says so, and may be taken again after a crash: a file that is
fetched twice is one row, an artefact that is written twice is one file, a report that is matched twice moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from h2h.core.errors import H2HError, Misconfigured, NotDurable, OutOfSpace, Refused, StaleState, Unavailable, Untrusted
from h2h.core.findings import Finding, WhoActs, refuses
from h2h.core.records import FileState, InboundFile, Matched, NewAttention
from h2h.pipeline.content import read_into
from h2h.pipeline.deliver import deliver
from h2h.pipeline.house import House, log
from h2h.pipeline.kept import digest, kept_of_bank
from h2h.pipeline.packed import came_in_archive, looks_packed, take_apart, unpacked, unpacking_place
from h2h.pipeline.places import emptied_afterwards
from h2h.pipeline.reading import dumped, opened, sha256_of, written_at
from h2h.pipeline.settle import follow, match_and_settle

UNREAD = (FileState.FETCHED, FileState.OPENED)
READY = (FileState.READ, FileState.MATCHED)


def every(file: InboundFile) -> bool:
    """All files are of one worker."""
    return True


@dataclass(frozen=True, slots=True)
class Worker:
    """Takes the steps of those files that are *mine*, until it is told to stop.

    *between* is called after each file: a payment that was dropped meanwhile does not wait for a thousand statements.
    """

    stopping: Callable[[], bool]
    between: Callable[[], None]
    mine: Callable[[InboundFile], bool] = every

    def takes(self, house: House, files: Iterable[InboundFile], states: tuple[FileState, ...]) -> int:
        """Each of *files* as far as it goes within *states*; how many steps were taken."""
        steps = 0
        for file in files:
            steps += take(house, file, states, self.stopping, self.mine)
            self.between()
        return steps


def work_inbound(house: House, bank: str, worker: Worker) -> int:
    """Take every fetched file of *bank* as far as it goes; how many steps were taken."""
    return read_inbound(house, bank, worker) + match_inbound(house, bank, worker)


def read_inbound(house: House, bank: str, worker: Worker) -> int:
    """Open and read what was fetched; how many steps were taken."""
    steps = 0
    looked_at: set[str] = set()
    while files := [f for f in house.journal.files(bank=bank, states=UNREAD) if f.fid not in looked_at]:
        looked_at.update(file.fid for file in files)  # an archive among them becomes several, which come next
        steps += worker.takes(house, files, UNREAD)
    return steps


def match_inbound(house: House, bank: str, worker: Worker) -> int:
    """The same with what was read: it is matched and delivered."""
    return worker.takes(house, as_written(house, house.journal.files(bank=bank, states=READY)), READY)


def as_written(house: House, files: Iterable[InboundFile]) -> list[InboundFile]:
    """In the order in which the bank wrote them: a day's statements come in one heap."""
    return sorted(files, key=lambda file: (written_at(house, file), file.fetched_at))


def take(
    house: House,
    file: InboundFile,
    states: tuple[FileState, ...],
    stopping: Callable[[], bool],
    mine: Callable[[InboundFile], bool] = every,
) -> int:
    """Step after step while the file is in one of *states*, and *mine*; how many."""
    steps = 0
    while file.state in states and mine(file) and not stopping():
        moved_on = _step(house, file)
        if moved_on is None:
            break
        file = moved_on
        steps += 1
    return steps


def _step(house: House, file: InboundFile) -> InboundFile | None:
    """The file after its step; None if it has to wait, or if another node has it in hand."""
    try:
        return _sorted(house, file)
    except StaleState:
        house.archive.clean(file.fid)
        log.info("file.moved-elsewhere", fid=file.fid)
        return None


def _sorted(house: House, file: InboundFile) -> InboundFile | None:
    """The step, and what its errors mean: nothing of a bank is ever lost. ``StaleState`` while that is written, too."""
    try:
        return _STEPS[file.state](house, file)
    except StaleState:
        raise
    except Untrusted as problem:
        return quarantine(house, file, "UNTRUSTED", str(problem), WhoActs.SYSTEM_ADMINISTRATOR)
    except Refused as refusal:
        first = refusal.findings[0] if refusal.findings else None
        who = first.who_acts if first else WhoActs.BANK
        keep_findings(house, file, refusal.findings)
        return quarantine(house, file, first.code if first else "REFUSED", str(refusal), who)
    except NotDurable:
        raise
    except (Misconfigured, OutOfSpace, Unavailable, OSError) as problem:
        now = house.journal.file(file.fid)
        if now.version != file.version:
            return now  # the journal did move it; only its answer was lost
        # Ours to mend; the file waits in the archive, the bank's copy is gone or will be.
        log.warning("file.waits", fid=file.fid, state=str(file.state), problem=str(problem))
        house.attend("file-waits", file.fid, f"{file.remote_name}: {problem}", WhoActs.SYSTEM_ADMINISTRATOR, file.bank)
        return None
    except H2HError:
        raise
    except Exception as problem:
        # Nobody foresaw it: the file is kept aside whole, and the next file is not held up by it.
        log.error("file.unexpected", fid=file.fid, error=type(problem).__name__, exc_info=problem)
        text = f"an error that h2h did not foresee: {type(problem).__name__}: {problem}"
        return quarantine(house, file, "UNEXPECTED", text, WhoActs.SYSTEM_ADMINISTRATOR)


def _open(house: House, file: InboundFile) -> InboundFile:
    """FETCHED → OPENED: decrypted, and signed by a pinned key of this bank; unpacked, if it is an archive of one file.

    An archive of many goes to DELIVERED: what is in it goes on in its place.
    """
    received = kept_of_bank(house, file, "10-received", file.sha256)
    plain = received
    if not came_in_archive(file):  # what came in an archive was opened with it, and is known by its digest
        plain = house.archive.scratch(file.fid) / "opened"
        report = house.sealers[file.bank].open(received, plain)
        log.info("file.opened", fid=file.fid, bank=file.bank, signed_by=report.signed_by)
    parts = unpacked(house, file, plain) if looks_packed(plain) else []
    # What lies there already, of a step that was cut short or of nobody knows whom, must be just this.
    house.archive.put(file.fid, file.fetched_at, "20-opened", parts[0][1] if len(parts) == 1 else plain)
    for place in (file.fid, unpacking_place(file)):
        house.archive.clean(place)
    content = sha256_of(house, file)
    first = house.journal.file_with_content(file.bank, content)
    if first is not None and first.fid != file.fid:
        # Encryption makes the same message look different; its content decides. It is matched and delivered once.
        log.info("file.duplicate", fid=file.fid, bank=file.bank, of=first.fid)
        text = f"the same message as {first.remote_name}, fetched {first.fetched_at:%Y-%m-%d %H:%M} UTC"
        moved_on = house.journal.move_file(
            file, FileState.DUPLICATE, at=house.now(), duplicate_of=first.fid, reason="SAME-MESSAGE", reason_text=text
        )
        house.settle("file-waits", file.fid, "it is a message that came before")
        return moved_on
    whole = opened(house, file)
    if looks_packed(whole):
        with emptied_afterwards(house, unpacking_place(file)):
            return take_apart(house, file, whole, content)
    return house.journal.move_file(file, FileState.OPENED, at=house.now(), content_sha256=content)


def _read(house: House, file: InboundFile) -> InboundFile:
    """OPENED → READ: exactly one format knows it, its schema holds, and what was not read is said."""
    view = house.archive.scratch(file.fid) / "message.json"
    format_, message_id, findings = read_into(house, file, view)
    if refuses(findings):
        raise Refused(sorted(findings, key=lambda f: not refuses([f])))  # the first says why
    keep_findings(house, file, findings)
    # Not journalled yet: a later release of h2h, after a crash just here, may say it in other words.
    kept = house.archive.put(file.fid, file.fetched_at, "30-message.json", view, anew=True)
    house.archive.clean(file.fid)
    return house.journal.move_file(
        file,
        FileState.READ,
        at=house.now(),
        detail={"message_sha256": digest(kept)[0]},
        format=format_.id,
        kind=format_.kind,
        message_id=message_id,
    )


def _match(house: House, file: InboundFile) -> InboundFile:
    """READ → MATCHED: what it says of our payments, in one transaction."""
    return match_and_settle(house, file)


def _deliver(house: House, file: InboundFile) -> InboundFile:
    """MATCHED → DELIVERED: witness and receipts follow, then the ERP's folder, atomically, the manifest last."""
    follow(house, file)
    deliver(house, file)
    moved_on = house.journal.move_file(file, FileState.DELIVERED, at=house.now())
    house.settle("file-waits", file.fid, "it was delivered")
    log.info("file.delivered", fid=file.fid, bank=file.bank, format=file.format)
    return moved_on


_STEPS: dict[FileState, Callable[[House, InboundFile], InboundFile]] = {
    FileState.FETCHED: _open,
    FileState.OPENED: _read,
    FileState.READ: _match,
    FileState.MATCHED: _deliver,
}


def quarantine(house: House, file: InboundFile, reason: str, text: str, who_acts: WhoActs) -> InboundFile:
    """Set the file aside, whole, with its reason; nothing of it reaches the ERP.

    ``StaleState`` if it has moved on since the step began: then another node took the step, and what went wrong here
    (its files were there already, or gone) says nothing of the file.
    """
    now = house.journal.file(file.fid)
    if now.version != file.version:
        raise StaleState(f"file {file.fid} was moved by another node meanwhile")
    told = NewAttention("quarantined", file.fid, f"{file.remote_name}: {text}", who_acts, file.bank)
    moved_on = house.journal.move_file(
        file,
        FileState.QUARANTINED,
        at=house.now(),
        matched=Matched(attention=(told,)),
        reason=reason,
        reason_text=text,
    )
    for place in (file.fid, unpacking_place(file)):
        house.archive.clean(place)
    house.settle("file-waits", file.fid, "it is quarantined")
    log.warning("file.quarantined", fid=file.fid, bank=file.bank, reason=reason)
    return moved_on


def keep_findings(house: House, file: InboundFile, findings: list[Finding]) -> None:
    """Findings of a bank's file stay in its archive folder, for those who look: those of the last time it was read."""
    name = "25-findings.json"
    if findings or house.archive.get(file.fid, file.fetched_at, name) is not None:
        house.archive.put(file.fid, file.fetched_at, name, dumped([f.as_json() for f in findings]), anew=True)
