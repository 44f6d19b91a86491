"""At start: the second witness is replayed over the journal, so that yesterday's journal sends nothing of today again.

Every record of the ledger that the journal does not reflect is applied: a claim that the journal does not know is put
back, a commit makes the submission COMMITTING (so that it is observed, not sent), a release opens the generation, a
delivery is a delivery; a bank's file that was fetched is taken from the archive, for the bank's copy is gone. Replaying
everything over any older journal gives the state at the ledger's head or a later one (invariant I8), and doing it twice
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from h2h.core.errors import Misconfigured, NotFound, Refused, StaleState, Unavailable, Untrusted
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import NOTHING_LEFT_THE_HOUSE, Event, State, may_happen
from h2h.core.match import ANSWERED
from h2h.core.records import InboundFile, LedgerKind, LedgerRecord, SourceIdentity, Submission
from h2h.core.released import without_release
from h2h.pipeline.convert import convert
from h2h.pipeline.house import House, log
from h2h.pipeline.mending import mend
from h2h.pipeline.witness import BY_HAND, all_there, knows

_AS_A_LIFE_GOES = (
    LedgerKind.CLAIM,
    LedgerKind.HELD,
    LedgerKind.COMMIT,
    LedgerKind.DELIVERED,
    LedgerKind.TAKEN_OVER,
    LedgerKind.CANCELLED,
    LedgerKind.REFUSED,
    LedgerKind.WITHDRAWN,
    LedgerKind.RELEASE,
    LedgerKind.FETCHED,
)
_GIVEN_UP = {LedgerKind.CANCELLED: Event.CANCELLED, LedgerKind.REFUSED: Event.REFUSED}
_TRIES = 5
#: That the ledger has a commit answers every suspicion that a conversion looks for.
_RELEASED = "H4-SAME-NAME by the ledger; H4-SAME-MESSAGE-ID by the ledger"
_IT_WAS_SENT = {"reason_text": "the ledger knows that it was sent"}


def recover(house: House) -> int:
    """Replay what the journal lacks; how many records changed it. ``Misconfigured`` if the ledger is broken or gone.

    Where several nodes share the journal, the ledgers of all of them are replayed: what one committed, no other may
    send afresh. From then on this process writes to the database's present history, and to no other.
    """
    all_there(house)
    history = house.journal.history()
    with house.journal.replaying():
        changed = _replay_all(house) if house.ledger.others() else _replay_own(house)
    house.journal.trust(history)
    mend(house)
    if changed:
        log.warning("recovery.replayed", records=changed)
        text = f"the journal was older than the ledger; {changed} records were replayed before anything was sent"
        house.attend("journal-rollback", house.settings.instance, text, WhoActs.SYSTEM_ADMINISTRATOR)
    return changed


def _replay_own(house: House) -> int:
    position = house.journal.ledger_position(_own(house))
    _must_reach(house.ledger.head()[0], position, "the ledger")
    changed = 0
    for record in house.ledger.records(after=position):
        changed += _counts(record) * _apply_beside_others(house, record)
        house.journal.set_ledger_position(record.number, _own(house))
    return changed


def _replay_all(house: House) -> int:
    """Records of several ledgers have no common order: they are applied by generation, and in it as a life goes."""
    news: dict[str, list[LedgerRecord]] = {}
    for name in (_own(house), *house.ledger.others()):
        position = house.journal.ledger_position(name)
        records = list(house.ledger.records(of=name))
        _must_reach(len(records), position, f"the ledger {name}")
        news[name] = records[position:]
    changed = 0
    for record in sorted((r for records in news.values() for r in records), key=_turn):
        changed += _counts(record) * _apply_beside_others(house, record)
    for name, records in news.items():
        if records:
            house.journal.set_ledger_position(records[-1].number, name)
    return changed


def _apply_beside_others(house: House, record: LedgerRecord) -> int:
    """Another node, or a person's command, may be at work, or replay the same: then the row is read again."""
    for _ in range(_TRIES):
        try:
            return _apply(house, record)
        except StaleState:
            continue
    raise Unavailable(f"submission {record.sid} is moved by another node again and again")


def _turn(record: LedgerRecord) -> tuple[int, int]:
    return record.generation, _AS_A_LIFE_GOES.index(record.kind)


def _counts(record: LedgerRecord) -> bool:
    """A person's decision that was cut short between ledger and journal is finished here; that is no rollback."""
    return record.kind is not LedgerKind.RELEASE


def _own(house: House) -> str:
    return house.settings.paths.ledger.name if house.settings.node.name else ""


def _must_reach(head: int, position: int, what: str) -> None:
    if head < position:
        raise Misconfigured(
            f"{what} ends at record {head}, the journal has seen {position}: it was cut or replaced",
            hint="restore the ledger; nothing is sent until then",
        )


def _apply(house: House, record: LedgerRecord) -> int:
    """1 if the journal lacked it."""
    if record.kind is LedgerKind.FETCHED:
        return _fetched(house, record)
    try:
        sub = house.journal.submission(record.sid)
    except NotFound:
        if record.kind is not LedgerKind.CLAIM:
            raise Misconfigured(
                f"ledger record {record.number} speaks of submission {record.sid}, which was never claimed"
            ) from None
        _give_up_before(house, record)
        house.journal.restore(_claimed(record), {"ledger": record.number})
        return 1
    replay = _REPLAYED.get(record.kind)
    return replay(house, sub, record) if replay is not None and sub.generation == record.generation else 0


def _fetched(house: House, record: LedgerRecord) -> int:
    """A bank's file that the journal forgot is opened, read and matched again, from the archive.

    The ERP is not given what it was given: the archive knows that, too. If the bank still offers the very same file, it
    is fetched once more, seen to be the same, and removed there.
    """
    try:
        house.journal.file(record.sid)
    except NotFound:
        d = record.detail
        bank = house.settings.banks.get(d["bank"])
        file = InboundFile(
            fid=record.sid,
            bank=d["bank"],
            folder=d["folder"],
            remote_name=d["remote_name"],
            remote_name_raw=bytes.fromhex(d["remote_name_raw"]),
            size=d["size"],
            mtime=d["mtime"],
            sha256=d["sha256"],
            fetched_at=datetime.fromisoformat(d["fetched_at"]),
            removed=bank is None or bank.fetching.after_fetch != "keep",
        )
        house.journal.fetched(file)
        return 1
    return 0


def _delivered(house: House, sub: Submission, record: LedgerRecord) -> int:
    if sub.state not in (State.COMMITTING, State.IN_DOUBT):
        return 0
    evidence = str(record.detail.get("evidence") or "the ledger says so")
    detail = {"evidence": evidence, "ledger": record.number}
    house.journal.advance(sub, Event.DELIVERED, at=house.now(), detail=detail, evidence=evidence)
    return 1


def _not_sent(house: House, sub: Submission, record: LedgerRecord) -> int:
    """A person's "not sent" opened the next generation, if neither evidence nor another decision was quicker."""
    if any(knows(house, kind, sub) for kind in (LedgerKind.DELIVERED, LedgerKind.TAKEN_OVER)):
        return 0
    detail = {"ledger": record.number}
    sub = _in_doubt(house, sub, detail)
    if not may_happen(sub.state, Event.RESOLVED_NOT_SENT):
        return 0
    answers = without_release(sub.released_by, ANSWERED)
    house.journal.advance(sub, Event.RESOLVED_NOT_SENT, at=house.now(), detail=detail, released_by=answers)
    return 1


def _taken_over(house: House, sub: Submission, record: LedgerRecord) -> int:
    """A person sent it another way: h2h must not give it its final name any more, nor ask for it again."""
    detail, text = {"ledger": record.number}, record.detail.get("reason_text")
    sub = _in_doubt(house, sub, detail)
    if not may_happen(sub.state, Event.TAKEN_OVER):
        return 0
    house.journal.advance(sub, Event.TAKEN_OVER, at=house.now(), detail=detail, reason_text=text)
    return 1


def _in_doubt(house: House, sub: Submission, detail: dict[str, Any]) -> Submission:
    """A commit is a doubt first: of what may be at the bank, a person's word ends doubts and nothing else."""
    if sub.state is not State.COMMITTING:
        return sub
    return house.journal.advance(sub, Event.OUTCOME_UNKNOWN, at=house.now(), detail=detail)


def _commit(house: House, sub: Submission, record: LedgerRecord) -> int:
    """The journal forgot that this generation was committed: it must be looked for at the bank, never sent afresh."""
    if sub.state not in NOTHING_LEFT_THE_HOUSE:
        return 0
    sub = _with_payments(house, sub)
    d = record.detail
    committed = replace(
        sub,
        state=State.COMMITTING,
        attempt=max(sub.attempt, int(d["attempt"])),
        commit_temporary=d["temporary"],
        remote_name=d["remote_name"],
        sequence=d["sequence"],
        message_id=d["message_id"],
        bank_format=d["bank_format"],
        sealed_sha256=d["sealed_sha256"],
        sealed_size=d["sealed_size"],
        updated_at=house.now(),
    )
    house.journal.restore(committed, {"ledger": record.number, **d})
    return 1


def _give_up(house: House, sub: Submission, record: LedgerRecord) -> int:
    """The ERP or a person was told that it is not sent: then it is not, though the journal forgot.

    A refused file is refused as it was, whatever its profile says today: the ERP may have sent the payments otherwise.
    """
    if sub.state not in NOTHING_LEFT_THE_HOUSE:
        return 0
    event, detail = _GIVEN_UP[record.kind], {"ledger": record.number, **record.detail}
    if not may_happen(sub.state, event):
        event = Event.CANCELLED  # refused once, before it was held or sealed by whoever had the older journal
    reason, text = record.detail.get("reason"), record.detail.get("reason_text")
    house.journal.advance(sub, event, at=house.now(), reason=reason, reason_text=text, detail=detail)
    return 1


def _hold(house: House, sub: Submission, record: LedgerRecord) -> int:
    """A person had stopped it, and the journal forgot. One that remembers knows, too, whether it was released since."""
    at = datetime.fromisoformat(record.detail["at"])
    known = any(e.event == Event.HELD and e.at == at for e in house.journal.events(sub.sid))
    if known or not may_happen(sub.state, Event.HELD):
        return 0
    detail, text = {"ledger": record.number, **record.detail}, record.detail.get("reason_text")
    house.attend("held", sub.sid, f"{sub.source_name}: {text}", WhoActs.TREASURY, sub.bank)
    house.journal.advance(sub, Event.HELD, at=at, reason=BY_HAND, reason_text=text, detail=detail)
    return 1


def _give_up_before(house: House, claim: LedgerRecord) -> None:
    """The same bytes were taken in once more: that is only done when those before were refused or cancelled."""
    first, _, number = claim.sid.partition("-")
    for sid in (first, *(f"{first}-{n}" for n in range(2, int(number or 1)))):
        known = house.journal.find(sid)
        if known and known[0].sid == sid != claim.sid and known[0].state in NOTHING_LEFT_THE_HOUSE:
            text = f"the ledger knows that its bytes came again as {claim.sid}: it had been refused or cancelled"
            detail = {"ledger": claim.number, "reason_text": text}
            house.journal.advance(known[0], Event.CANCELLED, at=house.now(), detail=detail, reason_text=text)


def _with_payments(house: House, sub: Submission) -> Submission:
    """An old row may not know its payments; converting again finds them, so that the bank's answers can be matched."""
    if sub.state is State.HELD and sub.held_from in (None, State.RECEIVED):
        sub = house.journal.advance(sub, Event.RELEASED, at=house.now(), detail=_IT_WAS_SENT, released_by=_RELEASED)
    if sub.state is not State.RECEIVED:
        return sub
    try:
        # What was suspected then was released by somebody: it was sent.
        return convert(house, house.journal.change(sub, at=house.now(), released_by=_RELEASED))
    except (Misconfigured, NotFound, Refused, Untrusted) as problem:
        # It was sent once, so it could be converted once; today it cannot. It is still never sent twice. What passes
        # (no journal, no room) ends this start instead: a later file is compared with the payments of this one.
        log.warning("recovery.cannot-convert", sid=sub.sid, problem=str(problem))
        text = f"{sub.source_name} was sent before the journal was restored, but cannot be read again: {problem}"
        house.attend("restored-without-payments", sub.sid, text, WhoActs.TREASURY, sub.bank)
        return house.journal.submission(sub.sid)


def _claimed(record: LedgerRecord) -> Submission:
    d = record.detail
    name, device, inode, mtime_ns, size = d["identity"]
    return Submission(
        sid=record.sid,
        bank=d["bank"],
        folder=d["folder"],
        source_name=d["source_name"],
        source_sha256=d["source_sha256"],
        source_size=d["source_size"],
        identity=SourceIdentity(name, device, inode, mtime_ns, size),
        received_at=datetime.fromisoformat(d["received_at"]),
        receipt=d["receipt"],
    )


#: What a record does to a submission of its generation that does not reflect it yet.
_REPLAYED: dict[LedgerKind, Callable[[House, Submission, LedgerRecord], int]] = {
    LedgerKind.HELD: _hold,
    LedgerKind.COMMIT: _commit,
    LedgerKind.DELIVERED: _delivered,
    LedgerKind.TAKEN_OVER: _taken_over,
    LedgerKind.CANCELLED: _give_up,
    LedgerKind.REFUSED: _give_up,
    LedgerKind.RELEASE: _not_sent,
}
