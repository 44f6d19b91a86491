"""Take in: a complete file in an ERP's folder becomes a submission. Nothing is lost between two folders.

Order is the protocol (t1): claim by rename → bytes durable in the spool → journal → ledger → archive → only then is the
claimed file removed. Cut short anywhere, the next round finds the claimed file and goes on.
"""

from __future__ import annotations

from collections.abc import Callable

from h2h.core.errors import OutOfSpace, Refused, Unavailable
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.lifecycle import State
from h2h.core.records import NewSubmission, Submission
from h2h.pipeline.house import House, log, moved
from h2h.pipeline.receipts import catch_up, write_error_beside, write_receipt
from h2h.pipeline.witness import ensure_claimed
from h2h.ports import Claimed, Oddity
from h2h.settings import ErpFolder


def take_in_folder(house: House, folder: ErpFolder, taken: Callable[[], None] = lambda: None) -> int:
    """Take in all that is complete in one ERP folder; how many files were claimed. Never raises for one bad file.

    *taken* is called after each one: its journey goes on while the next one is taken in.
    """
    outbox = house.outboxes[folder.name]
    count = 0
    try:
        for claimed in list(outbox.unfinished()):
            count += _take(house, folder, claimed)
            taken()
        for seen in outbox.scan(house.now()):
            if isinstance(seen, Oddity):
                _report_oddity(house, folder, seen)
                continue
            claimed_now = outbox.claim(seen)
            if claimed_now is not None:
                count += _take(house, folder, claimed_now)
                taken()
    except OutOfSpace as problem:
        # Nothing new is taken in; answers and sends in flight go on. The files wait in the ERP's folder.
        house.attend("disk-full", folder.name, problem.message, WhoActs.SYSTEM_ADMINISTRATOR, folder.bank)
        return count
    except Unavailable as problem:
        house.attend("folder-unavailable", folder.name, str(problem), WhoActs.SYSTEM_ADMINISTRATOR, folder.bank)
        return count
    house.settle("folder-unavailable", folder.name, "the folder can be used again")
    house.settle("disk-full", folder.name, "there is room again")
    catch_up(house, folder.name)
    return count


def _take(house: House, folder: ErpFolder, claimed: Claimed) -> int:
    outbox = house.outboxes[folder.name]
    try:
        spooled = outbox.spool(claimed)
    except Refused as refusal:
        # Told before it is set aside: cut short in between, it is told again.
        name = claimed.identity.name
        write_error_beside(house, folder.name, name, refusal.findings, sid=None)
        subject = f"{folder.name}/{name}"
        first = refusal.findings[0].text if refusal.findings else str(refusal)
        house.attend("refused-file", subject, f"{subject}: {first}", WhoActs.ERP_TEAM, folder.bank)
        outbox.set_aside(claimed)
        log.warning("intake.refused", folder=folder.name, codes=[f.code for f in refusal.findings])
        return 0
    sub = house.journal.take_in(
        NewSubmission(
            bank=folder.bank,
            folder=folder.name,
            source_name=claimed.identity.name,
            source_sha256=spooled.sha256,
            source_size=spooled.size,
            identity=claimed.identity,
            received_at=house.now(),
        ),
        lambda: outbox.holds(claimed),  # else another node, which took this one for gone, has it in hand
    )
    ensure_claimed(house, sub)
    if claimed.totals:  # before the source, without which nothing is converted
        house.archive.put(sub.sid, sub.received_at, "10-control.json", claimed.totals.as_json())
    house.archive.put(sub.sid, sub.received_at, f"10-source{_extension(sub.source_name)}", spooled.path)
    write_receipt(house, sub)
    if sub.state is State.DUPLICATE:
        write_error_beside(house, sub.folder, sub.receipt, [duplicate_finding(house, sub)], sid=sub.sid)
    if outbox.discard(claimed, spooled):
        # From here on the same name, inode and time are another drop, not the rest of this one: inodes are reused.
        # If another node adopted the file meanwhile, it has the rest of this one in hand.
        house.journal.remark(sub.sid, "source-discarded", at=house.now())
    moved(sub, "taken-in", size=sub.source_size)
    return 1


def duplicate_finding(house: House, sub: Submission) -> Finding:
    """Why a DUPLICATE was not sent, in words for the one who dropped it."""
    first = house.journal.submission(sub.duplicate_of or "")
    return error(
        "H2H-SAME-BYTES",
        sub.source_name,
        f"these are exactly the bytes of '{first.source_name}', received {first.received_at:%Y-%m-%d %H:%M} UTC "
        f"(submission {first.sid}, {first.state}); nothing was sent a second time",
        WhoActs.ACCOUNTS_PAYABLE,
        next_step="nothing, if this was a mistake; if these are new payments, export them with new references",
        reason="DU01",
    )


def _report_oddity(house: House, folder: ErpFolder, oddity: Oddity) -> None:
    log.warning("intake.odd-name", folder=folder.name, code=oddity.finding.code)
    subject, finding = f"{folder.name}/{oddity.name}", oddity.finding
    house.attend("odd-file", subject, f"{subject}: {finding.text}", finding.who_acts, folder.bank)


def _extension(name: str) -> str:
    """The source's own extension for the archive, if it is a plain one."""
    stem, dot, extension = name.rpartition(".")
    plain = bool(dot and stem) and extension.isascii() and extension.isalnum() and len(extension) <= 8
    return f".{extension.lower()}" if plain else ""
