"""The journey of a payment file, in order: one table, State → step, and the worker's round over what is due.

A step does its work and returns the submission as the journal now knows it. Whatever a step raises is sorted here, by
the three questions: who must act, may it be repeated, did bytes leave?
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from h2h.core.errors import (
    H2HError,
    IllegalTransition,
    Misconfigured,
    NotDurable,
    NotYet,
    OutOfSpace,
    Refused,
    StaleState,
    Unavailable,
    Untrusted,
)
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import BANK_MAY_HAVE_IT, Event, State, may_happen
from h2h.core.records import Submission
from h2h.core.schedule import next_attempt_at
from h2h.pipeline.convert import convert
from h2h.pipeline.held import hold_for_a_person
from h2h.pipeline.house import House, log, moved
from h2h.pipeline.line import Line, Trunk
from h2h.pipeline.receipts import write_error_beside, write_receipt
from h2h.pipeline.seal import seal
from h2h.pipeline.send import resume, send
from h2h.pipeline.witness import ensure_given_up

#: Steps that need no connection to the bank. A long one calls *between* again and again.
AT_HOME: dict[State, Callable[[House, Submission, Callable[[], None]], Submission]] = {
    State.RECEIVED: convert,
    State.CONVERTED: lambda house, sub, _: seal(house, sub),
}
#: Steps that talk to the bank, over a line that is opened once for all of them.
AT_THE_BANK: dict[State, Callable[[House, Line, Submission], Submission]] = {
    State.SEALED: send,
    State.SENDING: send,  # an attempt that was cut short: nothing was renamed, the next one has its own name
    State.COMMITTING: resume,
}
#: h2h goes on from here at once; the receipt of the next state says more. One that cannot go on has its receipt, too.
PASSING = frozenset({State.CONVERTED})
#: A step that cannot go on is looked at again after this long.
LOOK_AGAIN_SECONDS = 30
#: A file of this size (about 20,000 payments as CSV) takes so long that shorter ones are not left waiting for it.
LONG_BYTES = 2_000_000


def work_bank(house: House, bank: str, stopping: Callable[[], bool], trunk: Trunk | None = None) -> int:
    """Move everything of *bank* that can be moved now; how many steps were taken. Stops between two steps."""
    steps = 0
    not_yet: set[str] = set()
    with Line(house, bank, trunk) as line:
        while not stopping():
            due = [sub for sub in _due(house, bank) if sub.sid not in not_yet]
            if not due:
                break
            for sub in sorted(due, key=takes_long):
                if stopping():
                    break
                if step(house, line, sub):
                    steps += 1
                else:
                    not_yet.add(sub.sid)
    return steps


def takes_long(sub: Submission) -> bool:
    """Whether the submission's next step is the conversion of a long file: short ones come before it."""
    return sub.state is State.RECEIVED and sub.source_size >= LONG_BYTES


def _due(house: House, bank: str) -> list[Submission]:
    if not house.settings.bank_of(bank).submission.in_order:
        return house.journal.due(bank, house.now())
    turn = next_in_order(house, bank)
    return house.journal.due(bank, house.now(), states=AT_HOME) + ([turn] if turn is not None else [])


def next_in_order(house: House, bank: str) -> Submission | None:
    """For a bank that wants files in the order they were dropped: the one whose turn it is, if it can go now.

    One that is still being converted, or waits to be tried again, holds up those after it. One that waits for a person
    does not: nobody knows for how long.
    """
    first = house.journal.oldest(bank)
    if first is None or first.state not in AT_THE_BANK:
        return None
    return first if first.next_attempt_at is None or first.next_attempt_at <= house.now() else None


def _nothing() -> None:
    pass


def step(house: House, line: Line | None, sub: Submission, between: Callable[[], None] = _nothing) -> int:
    """Take the step of the submission's state; 1 if it was taken. Sorts every error.

    Only our own mistakes (``IllegalTransition``), a disk that lies (``NotDurable``) and a journal that cannot be asked
    (``Unavailable``) rise. Without a *line* only the steps at home are taken. *between* is called again and again while
    a long step is taken.
    """
    try:
        return _sorted(house, line, sub, between)
    except (NotYet, StaleState) as early:
        # Still being taken in, or moved by somebody else (a person, another node), be it while an error of this step
        # was written down: the next round sees what it is.
        log.info("submission.left-for-the-next-round", sid=sub.sid, why=type(early).__name__)
        return 0


def _sorted(house: House, line: Line | None, sub: Submission, between: Callable[[], None]) -> int:
    """The step, and what its errors mean. ``StaleState`` also if the submission was moved while that is written."""
    before = sub.state
    try:
        if before in AT_HOME:
            sub = _at_home(house, sub, between)
        elif before in AT_THE_BANK and line is not None:
            sub = AT_THE_BANK[before](house, line, sub)
        else:
            return 0
    except (NotYet, StaleState):
        raise
    except Refused as refusal:
        _refuse(house, sub, refusal)
    except Untrusted as problem:
        _hold(house, sub, "H7-UNTRUSTED", str(problem), WhoActs.SYSTEM_ADMINISTRATOR)
    except (Misconfigured, OutOfSpace) as problem:
        _wait(house, sub, problem, WhoActs.SYSTEM_ADMINISTRATOR)
    except Unavailable as problem:
        _wait(house, sub, problem, None)
    except (IllegalTransition, NotDurable):
        raise  # our own mistake in the table, or a disk that lies: the worker stops on it, loudly
    except Exception as problem:
        _unexpected(house, sub, problem)
    else:
        if sub.state is not before:
            _tell(house, sub)
    return 1


def _tell(house: House, sub: Submission) -> None:
    if sub.state not in PASSING:
        write_receipt(house, sub)
    house.settle("cannot-go-on", sub.sid, f"it went on to {sub.state}")


def _at_home(house: House, sub: Submission, between: Callable[[], None]) -> Submission:
    """A step that needs no bank: if a disk or a program fails it, it is ours, and the system administrator's to mend.

    Nothing has left the house; the step is taken again later.
    """
    try:
        return AT_HOME[sub.state](house, sub, between)
    except (NotYet, NotDurable, StaleState):
        raise
    except Unavailable as problem:
        raise Misconfigured(problem.message, hint=problem.hint) from problem
    except OSError as problem:
        raise Misconfigured(f"h2h cannot work with its own files: {problem}") from problem
    except Exception:
        _as_it_is(house, sub)
        raise


def _as_it_is(house: House, sub: Submission) -> Submission:
    """The submission, for whoever writes down what went wrong with it. ``StaleState`` if that says nothing of it.

    Steps at home move it once, at their end. If it has moved, another node did, and what went wrong here (its files
    were there already, or gone; a profile that was mended since) is no trouble of the submission's.
    """
    now = house.journal.submission(sub.sid)
    if sub.state in AT_HOME and now.version != sub.version:
        raise StaleState(f"submission {sub.sid} was moved by another node meanwhile")
    return now


def _refuse(house: House, sub: Submission, refusal: Refused) -> None:
    """Nothing left the house: the ERP gets every finding, and the same bytes may be dropped again."""
    sub = _as_it_is(house, sub)
    if not may_happen(sub.state, Event.REFUSED):
        _unexpected(house, sub, refusal)
        return
    first = refusal.findings[0]
    # The report first: cut short in between, the step is taken again; the other way round nobody would be told.
    write_error_beside(house, sub.folder, sub.receipt, refusal.findings, sid=sub.sid)
    sub = house.journal.advance(
        sub,
        Event.REFUSED,
        at=house.now(),
        reason=first.code,
        detail={"findings": [f.as_json() for f in refusal.findings[:200]], "count": len(refusal.findings)},
        reason_text=_short(refusal),
        who_acts=first.who_acts,
    )
    write_receipt(house, sub)
    ensure_given_up(house, sub)  # last: a witness that cannot be reached must not keep the ERP from its answer
    moved(sub, "refused", findings=len(refusal.findings), code=first.code)


def _short(refusal: Refused) -> str:
    errors = [f for f in refusal.findings if f.severity == "error"] or refusal.findings
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{errors[0].where}: {errors[0].text}{more}"


def _hold(house: House, sub: Submission, reason: str, text: str, who_acts: WhoActs) -> None:
    sub = _as_it_is(house, sub)
    if not may_happen(sub.state, Event.HELD):
        _unexpected(house, sub, H2HError(text))
        return
    write_receipt(house, hold_for_a_person(house, sub, reason, text, who_acts=who_acts))


def _wait(house: House, sub: Submission, problem: H2HError, who_acts: WhoActs | None) -> None:
    """The step may be repeated. Somebody is told if it will not mend itself, or has not for a while."""
    before, sub = sub, house.journal.submission(sub.sid)
    if sub.state is not before.state:
        write_receipt(house, sub)  # the journal did move it; only its answer was lost
        return
    profile = house.bank(sub).submission
    tries = sub.attempt if sub.state is not State.RECEIVED else 0
    due = next_attempt_at(
        house.now(),
        max(tries, 1),
        seconds_min=profile.retry_seconds_min,
        seconds_max=profile.retry_seconds_max,
        key=sub.sid,
    )
    # The time after which a person decides (H12) runs from the first try, and a connection refused is one.
    first = {"first_attempt_at": house.now()} if sub.state is State.SEALED and sub.first_attempt_at is None else {}
    sub = house.journal.change(sub, at=house.now(), next_attempt_at=due, **first)
    if sub.state in PASSING:
        write_receipt(house, sub)
    log.warning("submission.waits", sid=sub.sid, state=str(sub.state), problem=str(problem), until=due.isoformat())
    if who_acts is not None or sub.state in BANK_MAY_HAVE_IT:
        house.attend("cannot-go-on", sub.sid, f"{sub.source_name}: {problem}", who_acts or WhoActs.BANK, sub.bank)


def _unexpected(house: House, sub: Submission, problem: Exception) -> None:
    """An error nobody foresaw. While sending it means in doubt: the state in the journal says whether it can be.

    Before COMMITTING nothing can be at the bank and the file is held; COMMITTING stays so and is observed again. In any
    other state somebody else has ended the step.
    """
    log.error(
        "submission.unexpected", sid=sub.sid, state=str(sub.state), error=type(problem).__name__, exc_info=problem
    )
    sub = _as_it_is(house, sub)
    text = f"an error that h2h did not foresee: {type(problem).__name__}: {problem}"
    if may_happen(sub.state, Event.HELD):
        _hold(house, sub, "UNEXPECTED", text, WhoActs.SYSTEM_ADMINISTRATOR)
        return
    if sub.state is not State.COMMITTING:
        return
    later = house.now() + timedelta(seconds=LOOK_AGAIN_SECONDS)
    house.journal.change(sub, at=house.now(), next_attempt_at=later)
    house.attend("cannot-go-on", sub.sid, f"{sub.source_name}: {text}", WhoActs.SYSTEM_ADMINISTRATOR, sub.bank)
