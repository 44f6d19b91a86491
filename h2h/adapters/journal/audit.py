"""Is the journal whole, does every history lead to its row, and does the second witness say the same? Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from h2h.adapters.journal import rows
from h2h.adapters.journal import sql_audit as sql
from h2h.adapters.journal.journal import SqlJournal
from h2h.adapters.journal.ledger_lines import read_lines
from h2h.adapters.journal.submissions import RECEIVED, RESTORED
from h2h.core import lifecycle
from h2h.core.errors import H2HError, IllegalTransition, NotFound
from h2h.core.lifecycle import BANK_MAY_HAVE_IT, Event, State
from h2h.core.records import EventRecord, LedgerKind, LedgerRecord, Submission

_PAGE = 500
_DELIVERED = BANK_MAY_HAVE_IT - {State.COMMITTING, State.IN_DOUBT, State.TAKEN_OVER}
_MOVES = frozenset(str(event) for event in Event)


@dataclass
class Report:
    """What an audit found, as pairs of a place and words.

    ``faults`` are contradictions; ``notes`` are what a crash may leave and the next start mends.
    """

    submissions: int = 0
    events: int = 0
    records: int = 0
    head: str = ""
    faults: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


def replay(events: Sequence[EventRecord]) -> State:
    """The state to which a submission's history leads through ``lifecycle.advance``.

    ``IllegalTransition`` if it does not hang together: no beginning, a step from another state than the one before
    led to, a step to another state than the lifecycle's.
    """
    if not events or events[0].event not in {RECEIVED, RESTORED}:
        raise IllegalTransition("the history has no beginning")
    state, held_from = State.RECEIVED, None
    for number, event in enumerate(events):
        if event.event in {RECEIVED, RESTORED}:
            if event.event == RECEIVED and number > 0:
                raise IllegalTransition(f"event {event.number} takes the file in a second time")
            state = State(event.to_state or "")
            held_from = None
        elif event.event in _MOVES:
            if event.from_state != state:
                raise IllegalTransition(
                    f"event {event.number} begins in {event.from_state}, the one before led to {state}"
                )
            held_before, held_from = held_from, state if event.event == Event.HELD else None
            state = lifecycle.advance(state, Event(event.event), held_from=held_before)
            if event.to_state != state:
                raise IllegalTransition(f"event {event.number} leads to {event.to_state}, the lifecycle says {state}")
    return state


def verify(journal: SqlJournal, *ledgers: Path) -> Report:
    """The whole audit. The ledger is read first: what stands in it must stand in the journal, which is written first.

    Several nodes have a ledger each; together they are the second witness. ``Unavailable`` if one of them cannot be
    read; damage is a fault of the report.
    """
    report = Report()
    report.faults += [("database", words) for words in damage(journal)]
    several = len(ledgers) > 1
    records = [r for ledger in ledgers for r in _records(journal, ledger, report, several=several)]
    claims = {r.sid for r in records if r.kind is LedgerKind.CLAIM}
    commits = {(r.sid, r.generation) for r in records if r.kind is LedgerKind.COMMIT}
    for sub, events, intents in _walk(journal):
        report.submissions += 1
        report.events += len(events)
        _history(report, sub, events)
        _witnessed(report, sub, intents, claims, commits)
    for record in records:
        _reflected(report, journal, record)
    _reports(report, journal)
    return report


def damage(journal: SqlJournal) -> list[str]:
    """What the database itself says about its file: empty if it is whole. PostgreSQL guards its own pages."""
    if journal.dialect != "sqlite":
        return []
    with journal.reading() as connection:
        found = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check(20)"))]
        lost = [tuple(row) for row in connection.execute(text("PRAGMA foreign_key_check"))]
    return [words for words in found if words != "ok"] + [f"a row of {t[0]} refers to nothing ({t[2]})" for t in lost]


def _records(journal: SqlJournal, ledger: Path, report: Report, *, several: bool) -> list[LedgerRecord]:
    records: list[LedgerRecord] = []
    what = f"ledger {ledger.name}" if several else "ledger"
    try:
        for line in read_lines(ledger):
            records.append(line.record)
            report.head = line.hash
    except H2HError as problem:
        report.faults.append((what, problem.message))
    report.records += len(records)
    position = max(journal.ledger_position(ledger.name), 0 if several else journal.ledger_position())
    if position > len(records):
        words = f"it ends at record {len(records)}, the journal has seen record {position}: it was cut off"
        report.faults.append((what, words))
    return records


def _walk(journal: SqlJournal) -> Iterator[tuple[Submission, list[EventRecord], dict[int, str]]]:
    number = 0
    while True:
        # One transaction a page: rows and histories of the same moment, and no writer waits for long.
        with journal.reading() as connection:
            page = connection.execute(*sql.submissions_after(number, _PAGE)).all()
            sids = [row.sid for row in page]
            histories: dict[str, list[EventRecord]] = {sid: [] for sid in sids}
            intents: dict[str, dict[int, str]] = {sid: {} for sid in sids}
            for row in connection.execute(*sql.events_of_all(sids)):
                histories[row.sid].append(rows.event(row))
            for row in connection.execute(*sql.intents_of_all(sids)):
                intents[row.sid][row.generation] = row.temporary
        if not page:
            return
        number = page[-1].number
        for row in page:
            yield rows.submission(row), histories[row.sid], intents[row.sid]


def _history(report: Report, sub: Submission, events: list[EventRecord]) -> None:
    try:
        state = replay(events)
    except (IllegalTransition, ValueError) as problem:
        report.faults.append((sub.sid, f"its history does not hang together: {problem}"))
        return
    if state is not sub.state:
        report.faults.append((sub.sid, f"its history leads to {state}, its row says {sub.state}"))


def _witnessed(
    report: Report, sub: Submission, intents: dict[int, str], claims: set[str], commits: set[tuple[str, int]]
) -> None:
    """What the journal says and the ledger must confirm."""
    committed = intents.get(sub.generation)
    if sub.state in BANK_MAY_HAVE_IT - {State.TAKEN_OVER} and (not committed or committed != sub.commit_temporary):
        report.faults.append((sub.sid, f"it is {sub.state}, but {sub.commit_temporary} was never committed for it"))
    if sub.sid not in claims and sub.state is not State.DUPLICATE:
        words = "the ledger does not know that it was taken in"
        (report.notes if sub.state is State.RECEIVED else report.faults).append((sub.sid, words))
    for generation in intents:
        if (sub.sid, generation) not in commits:
            words = f"the ledger does not know the commit of generation {generation}"
            unfinished = sub.state is State.COMMITTING and generation == sub.generation
            (report.notes if unfinished else report.faults).append((sub.sid, words))


def _reflected(report: Report, journal: SqlJournal, record: LedgerRecord) -> None:
    """What the ledger says and the journal must know; the next start replays what it does not."""
    where = f"ledger line {record.number}"
    if record.kind is LedgerKind.FETCHED:
        try:
            journal.file(record.sid)
        except NotFound:
            words = f"the journal does not know the bank's file {record.sid}; start h2h, it replays"
            report.faults.append((where, words))
        return
    try:
        sub = journal.submission(record.sid)
    except NotFound:
        report.faults.append((where, f"the journal does not know submission {record.sid}; start h2h, it replays"))
        return
    told = record.detail.get("source_sha256")
    known = {
        LedgerKind.CLAIM: told is None or told == sub.source_sha256,
        LedgerKind.COMMIT: record.generation <= sub.generation
        and (record.generation < sub.generation or sub.state in BANK_MAY_HAVE_IT),
        LedgerKind.DELIVERED: sub.generation == record.generation and sub.state in _DELIVERED,
        # A "not sent" that evidence or another person's decision overtook is void; the next start passes it over.
        LedgerKind.RELEASE: sub.generation > record.generation
        or (sub.generation == record.generation and sub.state in _DELIVERED | {State.TAKEN_OVER}),
        LedgerKind.TAKEN_OVER: sub.state is State.TAKEN_OVER,
        LedgerKind.CANCELLED: sub.state is State.CANCELLED,
        LedgerKind.REFUSED: sub.state in (State.REFUSED, State.CANCELLED),
        LedgerKind.WITHDRAWN: record.generation <= sub.generation,
        LedgerKind.HELD: record.generation <= sub.generation,
    }[record.kind]
    if known:
        return
    words = (
        f"it says '{record.kind}' of submission {record.sid} in generation {record.generation}; "
        f"the journal has it {sub.state} in generation {sub.generation}"
    )
    # Two are written to the ledger first: a person's "not sent", which a crash between the two leaves to be said again,
    # and a rename that was confirmed while the journal could not be reached, which the next look writes down.
    unfinished = sub.generation == record.generation and (
        record.kind is LedgerKind.RELEASE or (record.kind is LedgerKind.DELIVERED and sub.state is State.COMMITTING)
    )
    (report.notes if unfinished else report.faults).append((where, words))


def _reports(report: Report, journal: SqlJournal) -> None:
    with journal.reading() as connection:
        for row in connection.execute(sql.payments_not_as_reported()):
            said = row.to_outcome or "never reported"
            report.faults.append((f"{row.sid} payment {row.ordinal}", f"it is {row.outcome}, the last report: {said}"))
        for row in connection.execute(sql.reports_out_of_order()):
            words = f"report {row.number} begins at {row.begins}, the one before ended at {row.known}"
            report.faults.append((f"{row.sid} payment {row.ordinal}", words))
        for row in connection.execute(sql.files_not_as_their_history()):
            words = f"its history leads to {row.to_state or 'nothing'}, its row says {row.state}"
            report.faults.append((f"bank file {row.fid}", words))
