"""Send: the submission protocol (t4 to t8). At most once always; exactly once whenever evidence can be had.

The order of effects is the protocol: journal the attempt → upload under a name of its own → size and read-back →
journal the commit → ledger the commit → look that the final name is free → request the rename. That request is the
point of no return: everything before it may be repeated, nothing after it may make a new temporary file. After it only
evidence counts, and `core/evidence.py` says what that is.
"""

from __future__ import annotations

from typing import Any

from h2h.core.errors import IllegalTransition, InDoubt, Misconfigured, NotPermitted, NotSent, Unavailable
from h2h.core.evidence import Answer, Decision, Seen, decide
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import Event, State
from h2h.core.naming import temporary_name
from h2h.core.records import LedgerKind, LedgerRecord, NewAttention, Submission
from h2h.core.schedule import next_attempt_at
from h2h.pipeline.delivered import OF_THIS_GENERATION, delivered
from h2h.pipeline.gate import stopped_before_sending
from h2h.pipeline.house import House, log, moved
from h2h.pipeline.kept import Hashed, kept
from h2h.pipeline.line import Line
from h2h.pipeline.witness import knows
from h2h.ports import Session

_WITHDRAWING, _VANISHED = "temporary-to-be-removed", "temporary-vanished"


def send(house: House, line: Line, sub: Submission) -> Submission:
    """SEALED or SENDING (an attempt that was cut short) → SENT, or back to wait, or COMMITTING to be looked into."""
    waiting = stopped_before_sending(house, sub)
    if waiting is not None:
        return waiting
    kept(house, sub, "40-sealed", sub.sealed_sha256)
    session = line.session()
    bank = house.bank(sub)
    temporary_folder = bank.folders.growing
    if sub.generation:
        _remove_earlier(house, session, sub, temporary_folder)
    temporary = temporary_name(sub.remote_name or "", sub.generation, sub.attempt + 1)
    now = house.now()
    sub = house.journal.advance(
        sub,
        Event.SEND_STARTED,
        at=now,
        detail={"attempt": sub.attempt + 1, "temporary": temporary},
        attempt=sub.attempt + 1,
        first_attempt_at=sub.first_attempt_at or now,
        next_attempt_at=None,
    )
    try:
        _upload(house, session, sub, temporary_folder, temporary)
    except (NotSent, Unavailable) as problem:
        # The rename was not requested: the half file is under a name that is never used again.
        line.renew()
        return _try_later(house, sub, str(problem))
    except InDoubt as problem:
        return _vanished(house, sub, temporary, problem)
    sub = house.journal.advance(
        sub, Event.COMMIT_STARTED, at=house.now(), detail={"temporary": temporary}, commit_temporary=temporary
    )
    _ledger_commit(house, sub)
    return _commit(house, line, sub)


def resume(house: House, line: Line, sub: Submission) -> Submission:
    """COMMITTING, found again (t7'): observe over a fresh session, and let the evidence decide."""
    _ledger_commit(house, sub)
    if knows(house, LedgerKind.DELIVERED, sub):
        words = "the bank's server confirmed the rename; the journal could not be told then, the ledger was"
        return delivered(house, sub, OF_THIS_GENERATION, words)
    line.renew()
    return _look_and_decide(house, line, sub)


def _remove_earlier(house: House, session: Session, sub: Submission, folder: str) -> None:
    """What earlier generations committed is taken away, where the bank could not be reached when it was decided (F49).

    Else a rename that was asked for long ago could still be carried out, beside the new one.
    """
    told = [event.detail.get("temporary") for event in house.journal.events(sub.sid)]
    for name in dict.fromkeys(str(name) for name in told if name and name != sub.commit_temporary):
        try:
            session.remove(folder, name)
        except NotPermitted as problem:
            # The person's word stands, and the bank lets nobody remove anything.
            house.journal.remark(sub.sid, "temporary-left", at=house.now(), detail={"problem": str(problem)})
            return


def _upload(house: House, session: Session, sub: Submission, folder: str, temporary: str) -> None:
    """t5: exclusive create, write, close, size, read-back. ``NotSent`` unless the bank's copy is ours to the byte.

    ``InDoubt`` if it was there whole and is gone: then it is not known to be unsent. ``Untrusted`` if our copy was
    changed under our hands.
    """
    sealed = house.archive.get(sub.sid, sub.received_at, "40-sealed")
    if sealed is None:
        raise NotSent(f"the archive has lost 40-sealed of submission {sub.sid}")
    with Hashed(sealed) as source:
        session.create(folder, temporary, source)
        source.must_be(sub.sealed_sha256)
    if house.bank(sub).submission.read_back:
        seen = session.digest(folder, temporary)
        if seen is None:
            raise InDoubt(f"{temporary} was written whole, and was gone before it was read back")
        if seen != (sub.sealed_size, sub.sealed_sha256):
            raise NotSent("the bank's copy of the upload, read back, is not what was sent")
        return
    entry = session.stat(folder, temporary)
    if entry is None:
        raise InDoubt(f"{temporary} was written whole, and was gone when its size was asked for")
    if entry.size != sub.sealed_size:
        raise NotSent(f"the upload of {sub.sealed_size} bytes is {entry.size} bytes at the bank")


def _vanished(house: House, sub: Submission, temporary: str, problem: InDoubt) -> Submission:
    """F46: the whole file lay under its temporary name and is gone before its rename was asked for.

    A bank that takes temporary names has it now; another upload would pay twice. It counts as committed, and as a
    doubt: the bank's answer or a person ends it.
    """
    detail = {"temporary": temporary, "problem": problem.message}
    # Before the commit: from now on it proves nothing that the name is gone (`_withdrawn`), whatever is cut short.
    house.journal.remark(sub.sid, _VANISHED, at=house.now(), detail=detail)
    _ledger_withdrawn(house, sub, detail)
    sub = house.journal.advance(sub, Event.COMMIT_STARTED, at=house.now(), detail=detail, commit_temporary=temporary)
    _ledger_commit(house, sub)
    text = (
        f"{problem.message}: either the bank takes files under temporary names, or somebody clears them away at once; "
        "until that is settled every file may end in doubt"
    )
    house.attend("temporary-taken", sub.bank, text, WhoActs.SYSTEM_ADMINISTRATOR, sub.bank)
    return _in_doubt(house, sub, "H3", "it lay there whole under its temporary name, and was gone before its rename")


def _try_later(house: House, sub: Submission, problem: str) -> Submission:
    profile = house.bank(sub).submission
    now = house.now()
    due = next_attempt_at(
        now,
        sub.attempt,
        seconds_min=profile.retry_seconds_min,
        seconds_max=profile.retry_seconds_max,
        key=sub.sid,
    )
    sub = house.journal.advance(
        sub, Event.SEND_FAILED, at=now, detail={"reason_text": problem, "next": due.isoformat()}, next_attempt_at=due
    )
    log.warning("submission.send-failed", sid=sub.sid, attempt=sub.attempt, problem=problem, next=due.isoformat())
    return sub


def _ledger_commit(house: House, sub: Submission) -> None:
    """I3: the second witness knows which temporary name may be renamed, before the rename is requested."""
    if not house.ledger.has(LedgerKind.COMMIT, sub.sid, sub.generation):
        # All that an older journal would lack to look for this file at the bank and to match its answers.
        detail = {
            "temporary": sub.commit_temporary,
            "remote_name": sub.remote_name,
            "attempt": sub.attempt,
            "sequence": sub.sequence,
            "message_id": sub.message_id,
            "bank_format": sub.bank_format,
            "sealed_sha256": sub.sealed_sha256,
            "sealed_size": sub.sealed_size,
        }
        house.ledger.append(LedgerRecord(LedgerKind.COMMIT, sub.sid, sub.generation, detail))


def _ledger_withdrawn(house: House, sub: Submission, detail: dict[str, Any]) -> None:
    if not house.ledger.has(LedgerKind.WITHDRAWN, sub.sid, sub.generation):
        house.ledger.append(LedgerRecord(LedgerKind.WITHDRAWN, sub.sid, sub.generation, detail))


def _commit(house: House, line: Line, sub: Submission) -> Submission:
    """t7: look that the final name is free, then request the rename. An OK reply is evidence E1; nothing else is."""
    bank = house.bank(sub)
    session = line.session()
    confirmed = False
    try:
        if session.stat(bank.folders.to_bank, sub.remote_name or "") is None:
            _rename(house, session, sub)
            confirmed = True
    except (InDoubt, Unavailable, Misconfigured) as problem:
        log.warning("submission.commit-unclear", sid=sub.sid, problem=str(problem))
        line.renew()
    if not confirmed:
        return _look_and_decide(house, line, sub)
    sub = delivered(house, sub, "E1", "the bank's server confirmed the rename")
    _tidy(house, session, sub, all_of_them=False)
    return sub


def _rename(house: House, session: Session, sub: Submission) -> None:
    folders = house.bank(sub).folders
    session.rename(folders.growing, sub.commit_temporary or "", folders.to_bank, sub.remote_name or "")


def look_again(house: House, line: Line, sub: Submission, *, actor: str) -> tuple[Submission, Answer]:
    """IN_DOUBT, at a person's wish: observe the two names once more. Late evidence delivers; nothing else is done.

    The answer says what was seen; RENAME_AGAIN means that the temporary file is still there and the final one is not:
    the bank has not taken it so far. ``IllegalTransition`` in another state; ``Unavailable`` if it cannot be known.
    """
    if sub.state is not State.IN_DOUBT:
        raise IllegalTransition(f"submission {sub.sid} is {sub.state}; only one that is IN_DOUBT can be looked for")
    line.renew()
    session = line.session()
    temporary, final = _observe(house, session, sub)
    answer = _answer(house, sub, temporary, final)
    detail = {"seen": answer.words, "final": str(final), "temporary": str(temporary)}
    house.journal.remark(sub.sid, "looked-again", at=house.now(), actor=actor, detail=detail)
    if answer.decision is Decision.DELIVERED:
        sub = delivered(house, sub, answer.proof, answer.words)
        _tidy(house, session, sub, all_of_them=temporary is not Seen.ABSENT)
    return sub, answer


def withdraw(house: House, line: Line, sub: Submission, *, actor: str) -> tuple[Submission, Answer]:
    """IN_DOUBT, before a person's "not sent" opens a new generation: take the temporary file away, then look again.

    A rename that a dead connection asked for may still be carried out late (F49); without the file it cannot be. Errors
    as ``look_again``.
    """
    if sub.state is not State.IN_DOUBT:
        raise IllegalTransition(f"submission {sub.sid} is {sub.state}; only one that is IN_DOUBT can be withdrawn")
    folders = house.bank(sub).folders
    line.renew()
    session = line.session()
    detail = {"temporary": sub.commit_temporary}
    # Before the act: from now on it proves nothing that the name is gone, whoever looks, whatever is cut short, and
    # whatever copy of the journal is put back.
    house.journal.remark(sub.sid, _WITHDRAWING, at=house.now(), actor=actor, detail=detail)
    _ledger_withdrawn(house, sub, {"actor": actor, **detail})
    session.remove(folders.growing, sub.commit_temporary or "")
    house.journal.remark(sub.sid, "temporary-removed", at=house.now(), actor=actor, detail=detail)
    return look_again(house, line, sub, actor=actor)


def _withdrawn(house: House, sub: Submission) -> bool:
    """True if h2h itself may have taken the temporary file away, or somebody before its rename was asked for.

    That it is gone is then no sign of a rename (E4). The ledger knows it whatever copy of the journal is put back.
    """
    if knows(house, LedgerKind.WITHDRAWN, sub):
        return True
    told = (e for e in house.journal.events(sub.sid) if e.event in (_WITHDRAWING, _VANISHED))
    return any(event.detail.get("temporary") == sub.commit_temporary for event in told)


def _look_and_decide(house: House, line: Line, sub: Submission) -> Submission:
    """t7': what the two names prove. While the bank cannot be reached nothing is decided: ``Unavailable`` rises."""
    session = line.session()
    temporary, final = _observe(house, session, sub)
    answer = _answer(house, sub, temporary, final)
    if answer.decision is Decision.DELIVERED:
        sub = delivered(house, sub, answer.proof, answer.words)
        _tidy(house, session, sub, all_of_them=temporary is not Seen.ABSENT)
        return sub
    if answer.decision is Decision.RENAME_AGAIN:
        try:
            _rename(house, session, sub)
        except InDoubt as problem:
            raise Unavailable(f"the rename was asked for again and its outcome is not known: {problem}") from problem
        return delivered(house, sub, "E1", "the bank's server confirmed the rename")
    return _in_doubt(house, sub, answer.proof, answer.words)


def _observe(house: House, session: Session, sub: Submission) -> tuple[Seen, Seen]:
    """(temporary, final), in this order: a rename that happens between the two looks is then seen as "F present",

    never as "both gone".
    """
    folders = house.bank(sub).folders
    temporary = _look(session, folders.growing, sub.commit_temporary or "", sub)
    return temporary, _look(session, folders.to_bank, sub.remote_name or "", sub)


def _answer(house: House, sub: Submission, temporary: Seen, final: Seen) -> Answer:
    answer = decide(
        final=final,
        temporary=temporary,
        rename_is_atomic=house.channels[sub.bank].rename_is_atomic,
        bank_removes_temporaries=house.bank(sub).submission.bank_removes_temporaries or _withdrawn(house, sub),
    )
    log.info("submission.observed", sid=sub.sid, final=final, temporary=temporary, decision=answer.decision)
    return answer


def _look(session: Session, folder: str, name: str, sub: Submission) -> Seen:
    try:
        entry = session.stat(folder, name)
    except NotPermitted:
        return Seen.UNKNOWN  # the server answers, but not this question
    if entry is None:
        return Seen.ABSENT
    if entry.size != sub.sealed_size:
        return Seen.DIFFERENT
    try:
        seen = session.digest(folder, name)
    except NotPermitted:
        return Seen.SAME_SIZE  # a write-only folder: the server lets us see the size, not the content
    if seen is None:
        return Seen.ABSENT
    return Seen.SAME if seen == (sub.sealed_size, sub.sealed_sha256) else Seen.DIFFERENT


def _tidy(house: House, session: Session, sub: Submission, *, all_of_them: bool) -> None:
    """Remove half files of earlier attempts, and ours too where a link-and-unlink rename left it: housekeeping only."""
    folders = house.bank(sub).folders
    last = sub.attempt if all_of_them else sub.attempt - 1
    for attempt in range(max(1, last - 5), last + 1):
        try:
            name = temporary_name(sub.remote_name or "", sub.generation, attempt)
            session.remove(folders.growing, name)
        except (Unavailable, Misconfigured) as problem:
            # Harmless: the name is never used again and no bank takes it. The next person to look finds the remark.
            house.journal.remark(sub.sid, "temporary-left", at=house.now(), detail={"problem": str(problem)})
            return


def _in_doubt(house: House, sub: Submission, proof: str, words: str) -> Submission:
    text = f"{sub.source_name}: nobody knows whether the bank has {sub.remote_name}: {words}. It will not be sent again"
    item = NewAttention("in-doubt", sub.sid, text, WhoActs.TREASURY, sub.bank)
    sub = house.journal.stop(
        sub,
        Event.OUTCOME_UNKNOWN,
        item,
        at=house.now(),
        reason=proof,
        reason_text=words,
        who_acts=WhoActs.TREASURY,
        detail={"reason_text": words},
        next_attempt_at=None,
    )
    house.opened(item)
    moved(sub, "in-doubt", reason=proof)
    return sub
