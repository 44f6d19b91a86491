"""h2h with a mistake built in, each one that somebody has made before: the oracle must find it, or it is no oracle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from h2h.adapters.folders import FolderInbox
from h2h.core import evidence
from h2h.core.errors import InDoubt, NotSent, Unavailable
from h2h.core.evidence import Answer, Decision, Seen
from h2h.core.lifecycle import Event, State
from h2h.core.naming import temporary_name
from h2h.core.records import Submission
from h2h.pipeline import gate, intake, outbound, rounds, send
from h2h.pipeline.delivered import delivered
from h2h.pipeline.house import House
from h2h.pipeline.line import Line
from h2h.ports import Session


def no_commit_intent() -> None:
    """The rename is requested before the journal knows that it may be."""

    def naive(house: House, line: Line, sub: Submission) -> Submission:
        session, bank = line.session(), house.bank(sub)
        temporary = temporary_name(sub.remote_name or "", sub.generation, sub.attempt + 1)
        sub = house.journal.advance(sub, Event.SEND_STARTED, at=house.now(), attempt=sub.attempt + 1)
        try:
            send._upload(house, session, sub, bank.folders.to_bank, temporary)
            session.rename(bank.folders.to_bank, temporary, bank.folders.to_bank, sub.remote_name or "")
        except (NotSent, Unavailable, InDoubt) as problem:
            line.renew()
            return send._try_later(house, sub, str(problem))
        sub = house.journal.advance(sub, Event.COMMIT_STARTED, at=house.now(), commit_temporary=temporary)
        send._ledger_commit(house, sub)
        return delivered(house, sub, "E1", "mutant")

    outbound.AT_THE_BANK[State.SEALED] = outbound.AT_THE_BANK[State.SENDING] = naive


def error_means_success() -> None:
    """Whatever the server says to the rename, the file counts as delivered."""
    real = send._rename

    def swallowing(house: House, session: Session, sub: Submission) -> None:
        try:
            real(house, session, sub)
        except InDoubt:
            return

    send._rename = swallowing


def no_read_back() -> None:
    """What the server stored is not looked at before the rename."""

    def upload(house: House, session: Session, sub: Submission, folder: str, temporary: str) -> None:
        sealed = house.archive.get(sub.sid, sub.received_at, "40-sealed")
        assert sealed is not None
        with sealed.open("rb") as source:
            session.create(folder, temporary, source)

    send._upload = upload


def absent_means_not_sent() -> None:
    """Both names gone counts as proof that nothing was sent."""
    real = evidence.decide

    def decide(**seen: Any) -> Answer:
        if seen["final"] is seen["temporary"] is Seen.ABSENT:
            return Answer(Decision.DOUBT, "RESEND")
        return real(**seen)

    def in_doubt(house: House, sub: Submission, proof: str, words: str) -> Submission:
        sub = house.journal.advance(sub, Event.OUTCOME_UNKNOWN, at=house.now(), reason=proof)
        return house.journal.advance(sub, Event.RESOLVED_NOT_SENT, at=house.now())

    _put(send, "decide", decide)
    _put(send, "_in_doubt", in_doubt)


def source_removed_first() -> None:
    """The ERP's file is removed when it is spooled, before the journal knows it."""
    real = intake._take

    def take(house: House, folder: Any, claimed: Any) -> int:
        outbox = house.outboxes[folder.name]
        spooled = outbox.spool(claimed)
        copy = spooled.path.with_suffix(".kept")
        copy.write_bytes(spooled.path.read_bytes())
        outbox.discard(claimed)

        class Kept:
            def spool(self, _claimed: Any) -> Any:
                return replace(spooled, path=copy)

            def __getattr__(self, name: str) -> Any:
                return getattr(outbox, name)

        return real(replace(house, outboxes={**house.outboxes, folder.name: Kept()}), folder, claimed)

    intake._take = take


def sealed_anew() -> None:
    """A send that is repeated seals again instead of taking the archived bytes."""
    real = send._upload

    def upload(house: House, session: Session, sub: Submission, folder: str, temporary: str) -> None:
        plain = house.archive.get(sub.sid, sub.received_at, "30-bank")
        assert plain is not None
        sealed = house.archive.scratch(sub.sid) / "sealed"
        house.sealers[sub.bank].seal(plain, sealed)
        with sealed.open("rb") as source:
            session.create(folder, temporary, source)
        house.archive.clean(sub.sid)

    assert real is not upload
    send._upload = upload


def ledger_not_asked() -> None:
    """The second witness is neither replayed at a start nor asked before something is sent."""

    def recover(house: House) -> int:
        return 0

    _put(rounds, "recover", recover)
    _put(gate, "knows", lambda house, kind, sub: False)


def _put(module: ModuleType, name: str, value: object) -> None:
    assert hasattr(module, name)
    setattr(module, name, value)


def head_before_its_rows() -> None:
    """Of a pair, the file that says that both are there comes first."""
    real = FolderInbox.deliver_together

    def backwards(self: FolderInbox, files: Any) -> list[str]:
        return real(self, list(reversed(files)))[::-1]

    FolderInbox.deliver_together = backwards  # type: ignore[method-assign]


MUTANTS: dict[str, Callable[[], None]] = {
    f.__name__.replace("_", "-"): f
    for f in (
        no_commit_intent,
        error_means_success,
        no_read_back,
        absent_means_not_sent,
        source_removed_first,
        sealed_anew,
        ledger_not_asked,
        head_before_its_rows,
    )
}
