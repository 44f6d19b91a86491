"""h2h with a mistake built in: one that somebody has made before, or one that this simulation found in h2h itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from types import ModuleType
from typing import Any

from sqlalchemy import insert

from h2h.adapters import files
from h2h.adapters.journal import moves, rows, sql_outbound, submissions
from h2h.adapters.journal.tables import commit_intents
from h2h.core import evidence, lifecycle
from h2h.core.lifecycle import Event, State
from h2h.core.records import SET_ASIDE, InboundFile, LedgerKind, LedgerRecord, Submission
from h2h.pipeline import decisions, fetch, intake, outbound, reread, send, suspicions, witness
from h2h.pipeline.house import House
from h2h.pipeline.line import Line
from h2h.ports import Session
from h2h.simulator.torture import person, world
from tests.crashes import mutants as killed


def ledger_before_journal() -> None:
    """The second witness is told of the commit before the journal."""

    def sending(house: House, line: Line, sub: Submission) -> Submission:
        advance = house.journal.advance

        def early(moving: Submission, event: Event, **more: Any) -> Submission:
            if event is Event.COMMIT_STARTED:
                send._ledger_commit(house, replace(moving, commit_temporary=more["commit_temporary"]))
            return advance(moving, event, **more)

        return send.send(_with(house, journal=_Changed(house.journal, advance=early)), line, sub)

    outbound.AT_THE_BANK[State.SEALED] = outbound.AT_THE_BANK[State.SENDING] = sending


def ledger_forgotten() -> None:
    """The rename is asked for though the ledger was never told."""
    _put(send, "_ledger_commit", lambda house, sub: None)


def plain_rename_asked_again() -> None:
    """A rename that is a link and an unlink is repeated as if it were one step."""
    real = evidence.decide
    _put(send, "decide", lambda **seen: real(**{**seen, "rename_is_atomic": True}))


def clock_in_the_name() -> None:
    """The name at the bank holds the time of the attempt: a repetition has another one."""

    def rename(house: House, session: Session, sub: Submission) -> None:
        folder = house.bank(sub).folders.to_bank
        stamped = f"{house.now():%H%M%S}-{sub.remote_name}"
        session.rename(folder, sub.commit_temporary or "", folder, stamped)

    _put(send, "_rename", rename)


def same_temporary_name() -> None:
    """Every attempt uploads under the same temporary name."""
    real = send._upload

    def upload(house: House, session: Session, sub: Submission, folder: str, temporary: str) -> None:
        session.remove(folder, temporary)
        real(house, session, sub, folder, temporary)

    _put(send, "temporary_name", lambda remote, generation, attempt: f".{remote}.{generation}.1.part")
    _put(send, "_upload", upload)


def no_compare_and_set() -> None:
    """A row is written whatever became of it since it was read: whoever comes late takes it back."""
    real = sql_outbound.compare_and_set
    targets = {event: target for moves in lifecycle.TRANSITIONS.values() for event, target in moves.items()}

    def held(connection: Any, sid: str, version: int) -> Any:
        return connection.execute(*sql_outbound.for_update(sid)).one()

    def written(connection: Any, sid: str, version: int, values: dict[str, Any]) -> Submission:
        present = held(connection, sid, version).version
        return rows.submission(connection.execute(*real(sid, present, values)).one())

    def advance(state: State, event: Event, *, held_from: State | None = None) -> State:
        return lifecycle.TRANSITIONS[state].get(event, targets[event])

    def insert_intent(sid: str, generation: int, temporary: str, at: datetime) -> Any:
        return insert(commit_intents).prefix_with("OR REPLACE"), {
            "sid": sid, "generation": generation, "temporary": temporary, "at": at
        }  # fmt: skip

    fixed = moves.columns_after

    def columns(before: Submission, target: State, move: Any) -> dict[str, Any]:
        return fixed(replace(before, commit_temporary=None), target, move)

    _put(submissions, "columns_after", columns)
    _put(lifecycle, "advance", advance)
    _put(sql_outbound, "insert_commit_intent", insert_intent)
    _put(submissions, "_held", held)
    _put(submissions, "_set", written)


def same_bytes_not_known() -> None:
    """Each drop is a new file, whatever is in it."""
    real = sql_outbound.same_bytes
    _put(sql_outbound, "same_bytes", lambda folder, sha256: real(folder, "nothing"))
    counter = iter(range(1, 1000))
    taking = intake._take

    def take(house: House, folder: Any, claimed: Any) -> int:
        outbox = house.outboxes[folder.name]

        def spool(found: Any) -> Any:
            spooled = outbox.spool(found)
            return replace(spooled, sha256=f"{next(counter):04}{spooled.sha256[4:]}")

        others = {**house.outboxes, folder.name: _Changed(outbox, spool=spool)}
        return taking(_with(house, outboxes=others), folder, claimed)

    _put(intake, "_take", take)


def answer_removed_before_it_is_kept() -> None:
    """A fetched file is removed at the bank before it is in the archive."""
    real = fetch._fetch_one

    def one(house: House, session: Session, name: str, folder: str, entry: Any) -> int:
        def take(at: str, file: bytes, sink: Any, bytes_max: int) -> int:
            size = session.fetch(at, file, sink, bytes_max)
            session.remove(at, file)
            return size

        changed: Any = _Changed(session, fetch=take, stat=lambda at, file: entry)
        return real(house, changed, name, folder, entry)

    _put(fetch, "_fetch_one", one)


def repeated_answer_is_new() -> None:
    """The same message under another seal is matched and delivered again."""
    from h2h.adapters.journal.inbound import Inbound

    _put(Inbound, "file_with_content", lambda self, bank, content: None)


def second_witness_not_asked() -> None:
    """At start the ledger is not replayed over an older journal."""
    _put(world, "recover", lambda house: 0)


def nothing_tidied() -> None:
    """A start leaves what earlier runs left in the working places."""
    _put(world, "tidy", lambda house: None)


def nothing_synchronised() -> None:
    """Files get their names before their bytes are durable."""
    _put(files, "sync", lambda fd: None)


# ------------------------------------------------------------------------------- found in h2h by this simulation


def clock_orders_files() -> None:
    """Of two files the later one by the wall clock is suspected; a clock that is set back lets both through."""

    def before(one: Submission, other: Submission) -> bool:
        return (one.received_at, one.sid) < (other.received_at, other.sid)

    _put(suspicions, "_before", before)


# ------------------------------------------------- found by reading: what is decided while somebody stands at an effect


def confirmed_rename_forgotten() -> None:
    """A node that was told that its rename is done drops that proof where another one has moved the file meanwhile."""

    def forgotten(house: House, sub: Submission, proof: str, words: str) -> Submission:
        evidence_ = f"{proof}: {words}"
        moved = house.journal.advance(
            sub, Event.DELIVERED, at=house.now(), detail={"proof": proof}, evidence=evidence_, sent_at=house.now()
        )
        witness.ensure_delivered(house, moved)
        return moved

    _put(send, "delivered", forgotten)


def take_over_told_to_the_ledger_first() -> None:
    """Where the daemon is quicker the journal refuses what the ledger, and with it every later start, knows."""
    real = decisions.take_over

    def early(house: House, sid: str, **more: Any) -> Submission:
        sub = house.journal.submission(sid)
        house.ledger.append(LedgerRecord(LedgerKind.TAKEN_OVER, sid, sub.generation, {}))
        return real(house, sid, **more)

    _put(person, "take_over", early)


def adopted_and_taken_in_again() -> None:
    """A file that another node has finished meanwhile is another drop of the same bytes."""
    real = submissions.Submissions.take_in
    _put(submissions.Submissions, "take_in", lambda self, new, still_there: real(self, new))


def command_closes_the_item_of_a_hold() -> None:
    """The item about a hold ends after the move that ends the hold: by then it may be about the next one."""
    real = decisions._decide

    def decide(house: House, sub: Submission, event: Event, *more: Any, **changes: Any) -> Submission:
        after = real(house, sub, event, *more, **changes)
        for kind in ("held", "in-doubt"):
            house.settle(kind, sub.sid, f"{event}")
        return after

    _put(decisions, "_decide", decide)


def reread_closes_the_item_of_what_was_set_aside() -> None:
    """The item about a file set aside ends after the move that takes it again: by then it may be set aside again."""
    real = reread.reread

    def read_again(house: House, fid: str, **more: Any) -> InboundFile:
        file = real(house, fid, **more)
        for kind in SET_ASIDE:
            house.settle(kind, fid, "read again")
        return file

    _put(person, "reread", read_again)


class _Changed:
    """A port with some methods replaced."""

    def __init__(self, target: Any, **methods: Callable[..., Any]) -> None:
        self._target = target
        for name, method in methods.items():
            setattr(self, name, method)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)


def _with(house: House, **parts: Any) -> House:
    return replace(house, **parts)


def _put(where: ModuleType | type, name: str, value: object) -> None:
    assert hasattr(where, name)
    setattr(where, name, value)


def _all() -> Iterator[tuple[str, Callable[[], None]]]:
    for mutant in (
        ledger_before_journal,
        ledger_forgotten,
        plain_rename_asked_again,
        clock_in_the_name,
        same_temporary_name,
        no_compare_and_set,
        same_bytes_not_known,
        answer_removed_before_it_is_kept,
        repeated_answer_is_new,
        second_witness_not_asked,
        nothing_tidied,
        nothing_synchronised,
        clock_orders_files,
        confirmed_rename_forgotten,
        take_over_told_to_the_ledger_first,
        adopted_and_taken_in_again,
        command_closes_the_item_of_a_hold,
        reread_closes_the_item_of_what_was_set_aside,
    ):
        yield mutant.__name__.replace("_", "-"), mutant
    yield from killed.MUTANTS.items()


MUTANTS: dict[str, Callable[[], None]] = dict(_all())
