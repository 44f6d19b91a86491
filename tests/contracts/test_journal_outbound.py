"""The journal's promises about submissions, on SQLite and on PostgreSQL: nothing moves but by the lifecycle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal

import pytest

from h2h.adapters.journal.audit import replay
from h2h.adapters.journal.journal import SqlJournal
from h2h.adapters.journal.submissions import SOURCE_DISCARDED
from h2h.core.errors import IllegalTransition, Misconfigured, NotFound, Refused, StaleState
from h2h.core.findings import WhoActs, error
from h2h.core.lifecycle import Event, State
from h2h.core.outcome import Outcome
from h2h.core.records import NewAttention, PaymentRecord, Submission
from tests.contracts.journals import (
    NOW,
    SHA,
    TODAY,
    committing,
    drop,
    journal,
    moved,
    numbered,
    payments,
    place,
    sealed,
    sent,
)

__all__ = ["journal", "place"]  # fixtures


def test_the_id_is_made_of_folder_and_content(journal: SqlJournal) -> None:
    sub = journal.take_in(drop())
    assert sub.sid == hashlib.sha256(b"erp\0" + SHA.encode()).hexdigest()[:20]
    assert (sub.state, sub.version, sub.receipt) == (State.RECEIVED, 0, "pay.csv")
    assert journal.submission(sub.sid) == sub


def test_an_unfinished_move_finds_its_own_row(journal: SqlJournal) -> None:
    first = journal.take_in(drop())
    moved_on = journal.advance(first, Event.REFUSED, at=NOW, reason="X")
    assert journal.take_in(drop()) == moved_on
    assert len(journal.submissions()) == 1


def test_the_same_bytes_dropped_again_are_a_duplicate_of_the_living_one(journal: SqlJournal) -> None:
    first = journal.take_in(drop())
    again = journal.take_in(drop("other.csv", inode=8))
    assert (again.state, again.duplicate_of, again.sid) == (State.DUPLICATE, first.sid, f"{first.sid}-2")
    assert again.who_acts is WhoActs.ACCOUNTS_PAYABLE
    assert journal.take_in(drop(inode=9)).sid == f"{first.sid}-3"


@pytest.mark.parametrize("end", [Event.REFUSED, Event.CANCELLED])
def test_a_refused_or_cancelled_file_may_be_dropped_again(journal: SqlJournal, end: Event) -> None:
    first = journal.take_in(drop())
    copy = journal.take_in(drop(inode=8))
    journal.advance(first, end, at=NOW)
    again = journal.take_in(drop(inode=9))
    assert (again.state, again.sid, again.duplicate_of) == (State.RECEIVED, f"{first.sid}-3", None)
    assert journal.submission(copy.sid).state is State.DUPLICATE


def test_an_inode_that_is_used_again_is_another_drop_once_the_first_file_is_known_to_be_gone(
    journal: SqlJournal,
) -> None:
    first = journal.take_in(drop())
    journal.remark(first.sid, SOURCE_DISCARDED, at=NOW)
    assert journal.take_in(drop()).state is State.DUPLICATE


def test_a_file_that_is_gone_from_where_it_was_claimed_is_no_other_drop_than_the_one_that_was_finished(
    journal: SqlJournal,
) -> None:
    first = journal.take_in(drop(), lambda: False)
    journal.remark(first.sid, SOURCE_DISCARDED, at=NOW)
    moved(journal, first, Event.CANCELLED)
    assert journal.take_in(drop(), lambda: False).sid == first.sid
    assert journal.take_in(drop(), lambda: True).sid == f"{first.sid}-2"


def test_the_same_bytes_in_another_folder_are_another_submission(journal: SqlJournal) -> None:
    one, other = journal.take_in(drop()), journal.take_in(drop(folder="erp2"))
    assert (one.state, other.state) == (State.RECEIVED, State.RECEIVED)
    assert one.sid != other.sid


def test_receipts_of_one_folder_never_share_a_name(journal: SqlJournal) -> None:
    names = ["pay.csv", "pay.csv~2", "pay.csv", "pay.csv", "pay%csv", "pay_csv"]
    got = [journal.take_in(drop(n, f"{i:064x}", inode=i)).receipt for i, n in enumerate(names)]
    assert got[:3] == ["pay.csv", "pay.csv~2", "pay.csv~3"]
    assert len(set(got)) == len(names)


def test_hostile_names_and_large_numbers_come_back(journal: SqlJournal) -> None:
    new = drop("n\0l\udcff'; DROP TABLE--\n", inode=2**64 - 1)
    sub = journal.take_in(new)
    assert sub.source_name == "n\\x00l\\udcff'; DROP TABLE--\n"
    assert sub.identity.inode == 2**64 - 1
    assert journal.take_in(new) == sub


def test_a_whole_life_is_in_the_row_and_in_its_events(journal: SqlJournal) -> None:
    sub = sent(journal)
    sub = moved(journal, sub, Event.BANK_ACKNOWLEDGED, Event.BANK_ACCEPTED)
    assert (sub.state, sub.version, sub.sequence, sub.evidence) == (State.ACCEPTED, 8, 1, "E1")
    events = journal.events(sub.sid)
    assert [e.event for e in events][:4] == ["received", "converted", "sealed", "send-started"]
    assert replay(events) is State.ACCEPTED
    assert events[4].detail["commit_temporary"] == sub.commit_temporary
    assert all(e.at == NOW and e.actor == "h2h" for e in events)


def test_only_one_of_two_who_saw_the_same_row_moves_it(journal: SqlJournal) -> None:
    sub = journal.take_in(drop())
    journal.advance(sub, Event.CONVERTED, at=NOW)
    with pytest.raises(StaleState):
        journal.advance(sub, Event.CANCELLED, at=NOW)
    with pytest.raises(StaleState):
        journal.change(sub, at=NOW, next_attempt_at=NOW)
    with pytest.raises(StaleState):
        journal.advance(sub, Event.CONVERTED, at=NOW, numbered=lambda number: {})
    assert [e.event for e in journal.events(sub.sid)] == ["received", "converted"]


def test_where_somebody_else_was_quicker_nobody_is_told_of_a_doubt_that_there_is_not(journal: SqlJournal) -> None:
    sub = committing(journal, sealed(journal))
    told = NewAttention("in-doubt", sub.sid, "nobody knows whether the bank has it", WhoActs.TREASURY, "bank")
    journal.advance(sub, Event.DELIVERED, at=NOW, evidence="E1")
    with pytest.raises(StaleState):
        journal.stop(sub, Event.OUTCOME_UNKNOWN, told, at=NOW, reason="H3", detail={})
    assert journal.attention() == []


def test_a_doubt_and_what_is_told_of_it_begin_and_end_together(journal: SqlJournal) -> None:
    sub = committing(journal, sealed(journal))
    told = NewAttention("in-doubt", sub.sid, "nobody knows whether the bank has it", WhoActs.TREASURY, "bank")
    doubt = journal.stop(sub, Event.OUTCOME_UNKNOWN, told, at=NOW, reason="H3", detail={"seen": "nothing"})
    assert (doubt.state, doubt.reason) == (State.IN_DOUBT, "H3")
    (item,) = journal.attention()
    assert (item.kind, item.subject, item.text) == (told.kind, told.subject, told.text)
    assert journal.events(sub.sid)[-1].detail["seen"] == "nothing"
    journal.advance(doubt, Event.DELIVERED, at=NOW, evidence="E2")
    assert journal.attention() == []


def test_what_the_lifecycle_forbids_leaves_no_trace(journal: SqlJournal) -> None:
    sub = journal.take_in(drop())
    with pytest.raises(IllegalTransition):
        journal.advance(sub, Event.DELIVERED, at=NOW, payments=payments(3))
    assert journal.submission(sub.sid) == sub
    assert journal.payments(sub.sid) == []
    assert len(journal.events(sub.sid)) == 1


def test_held_remembers_where_it_was_held_and_released_goes_back_there(journal: SqlJournal) -> None:
    sub = sealed(journal)
    held = journal.advance(
        sub, Event.HELD, at=NOW, actor="ann", reason="H9", reason_text="too late", who_acts=WhoActs.TREASURY
    )
    assert (held.held_from, held.reason, held.reason_text) == (State.SEALED, "H9", "too late")
    free = journal.advance(held, Event.RELEASED, at=NOW, actor="bob", reason="the bank agreed")
    assert (free.state, free.held_from) == (State.SEALED, None)
    assert (free.reason, free.reason_text, free.who_acts) == (None, None, None)
    last = journal.events(sub.sid)[-1]
    assert (last.actor, last.reason) == ("bob", "the bank agreed")


def test_a_temporary_name_is_committed_once_a_generation(journal: SqlJournal) -> None:
    sub = sealed(journal)
    with pytest.raises(IllegalTransition, match="fixed"):
        journal.change(sub, at=NOW, commit_temporary=".t")
    sub = moved(journal, sub, (Event.SEND_STARTED, {"attempt": 1}))
    with pytest.raises(IllegalTransition, match="must name"):
        journal.advance(sub, Event.COMMIT_STARTED, at=NOW)
    sub = journal.advance(sub, Event.COMMIT_STARTED, at=NOW, commit_temporary=".t1")
    with pytest.raises(IllegalTransition):
        journal.advance(sub, Event.DELIVERED, at=NOW, commit_temporary=".t2")
    assert journal.submission(sub.sid).commit_temporary == ".t1"


def test_not_sent_opens_a_new_generation_with_the_same_bytes_and_name(journal: SqlJournal) -> None:
    first = committing(journal, sealed(journal))
    sub = moved(journal, first, (Event.OUTCOME_UNKNOWN, {"reason": "H3"}), Event.RESOLVED_NOT_SENT)
    assert (sub.state, sub.generation, sub.commit_temporary, sub.attempt) == (State.SEALED, 1, None, 0)
    assert (sub.remote_name, sub.sealed_sha256) == (first.remote_name, first.sealed_sha256)
    again = committing(journal, sub)
    assert again.commit_temporary != first.commit_temporary
    assert replay(journal.events(sub.sid)) is State.COMMITTING


def test_what_was_sealed_never_changes(journal: SqlJournal) -> None:
    sub = sealed(journal)
    for column, value in (("remote_name", "x"), ("sealed_sha256", "00"), ("sealed_size", 1)):
        with pytest.raises(IllegalTransition):
            journal.change(sub, at=NOW, **{column: value})


@pytest.mark.parametrize("column", ["state", "version", "generation", "sid", "sequence", "held_from", "nonsense"])
def test_columns_that_only_the_journal_moves_cannot_be_set(journal: SqlJournal, column: str) -> None:
    sub = journal.take_in(drop())
    with pytest.raises(TypeError):
        journal.change(sub, at=NOW, **{column: None})


def test_two_files_never_get_one_remote_name(journal: SqlJournal) -> None:
    sub = sealed(journal)
    other = moved(journal, journal.take_in(drop(sha256="cd" * 32)), Event.CONVERTED)
    with pytest.raises(Misconfigured, match="remote_name"):
        journal.advance(other, Event.SEALED, at=NOW, remote_name=sub.remote_name)
    assert journal.submission(other.sid) == other


def test_sequence_numbers_are_given_once_even_if_the_file_is_cancelled(journal: SqlJournal) -> None:
    one = numbered(journal, journal.take_in(drop()))
    again = journal.advance(one, Event.SEND_STARTED, at=NOW, numbered=lambda number: {"attempt": number})
    assert (again.sequence, again.attempt) == (1, 1)
    journal.advance(again, Event.CANCELLED, at=NOW)
    two = numbered(journal, journal.take_in(drop(sha256="01")))
    foreign = numbered(journal, journal.take_in(drop(sha256="02", bank="other")))
    assert (one.sequence, two.sequence, foreign.sequence) == (1, 2, 1)


def test_money_and_times_come_back_exactly(journal: SqlJournal) -> None:
    sub = journal.take_in(drop())
    amounts = ["12345678901234567.891", "0.10", "1E+3", "-0.000", "999999999999999999999999.999999"]
    records = [
        replace(next(payments(1, i)), amount=Decimal(a), requested_execution_date=TODAY, creditor_name="Ž\0\udc80東京")
        for i, a in enumerate(amounts, 1)
    ]
    at = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    sub = journal.advance(
        sub, Event.CONVERTED, at=at, payments=records, control_sum=Decimal("12.300"), next_attempt_at=at
    )
    got = journal.payments(sub.sid)
    assert [str(p.amount) for p in got] == ["12345678901234567.891", "0.10", "1000", "-0.000", amounts[4]]
    assert got[0].creditor_name == "Ž\\x00\\udc80東京"
    assert got[0].requested_execution_date == TODAY
    assert str(sub.control_sum) == "12.300"
    assert sub.next_attempt_at == at
    with pytest.raises(TypeError):
        journal.change(sub, at=NOW, control_sum=12.3)
    with pytest.raises(TypeError):
        journal.change(sub, at=NOW.replace(tzinfo=None))


def test_payments_that_cannot_be_read_to_the_end_leave_nothing(journal: SqlJournal) -> None:
    def broken() -> Iterator[PaymentRecord]:
        yield from payments(5000)
        raise Refused([error("H2H-X", "line 5001", "broken", WhoActs.ERP_TEAM)])

    sub = journal.take_in(drop())
    with pytest.raises(Refused):
        journal.advance(sub, Event.CONVERTED, at=NOW, payments=broken())
    assert journal.submission(sub.sid) == sub
    assert journal.payments(sub.sid) == []


def test_payments_are_replaced_as_a_whole(journal: SqlJournal) -> None:
    sub = journal.advance(journal.take_in(drop()), Event.CONVERTED, at=NOW, payments=payments(5))
    sub = moved(journal, sub, Event.HELD, Event.RELEASED)
    sub = journal.advance(sub, Event.RELEASE_REQUIRED, at=NOW, payments=payments(2, 10))
    assert [p.ordinal for p in journal.payments(sub.sid)] == [10, 11]


def test_payments_are_counted_and_given_by_their_outcome(journal: SqlJournal) -> None:
    made = [replace(p, outcome=Outcome.REJECTED if p.ordinal % 3 == 0 else Outcome.PENDING) for p in payments(10)]
    sub = journal.advance(journal.take_in(drop()), Event.CONVERTED, at=NOW, payments=made)
    assert journal.outcomes(sub.sid) == {Outcome.PENDING: 7, Outcome.REJECTED: 3}
    assert [p.ordinal for p in journal.payments(sub.sid, outcomes=[Outcome.REJECTED], limit=2)] == [3, 6]
    assert [p.ordinal for p in journal.payments(sub.sid, limit=2)] == [1, 2]
    assert journal.outcomes("nobody") == {}


def test_an_overview_lists_all_payments_and_of_too_many_only_those_with_the_outcomes_asked_for(
    journal: SqlJournal,
) -> None:
    made = [replace(p, outcome=Outcome.REJECTED if p.ordinal % 3 == 0 else Outcome.PENDING) for p in payments(10)]
    sub = journal.advance(journal.take_in(drop()), Event.CONVERTED, at=NOW, payments=made)
    seen, counts, listed = journal.overview(sub.sid, 10, of_more=[Outcome.REJECTED])
    assert (seen, counts) == (sub, {Outcome.PENDING: 7, Outcome.REJECTED: 3})
    assert [p.ordinal for p in listed] == list(range(1, 11))
    _, counts, listed = journal.overview(sub.sid, 9, of_more=[Outcome.REJECTED])
    assert (sum(counts.values()), [p.ordinal for p in listed]) == (10, [3, 6, 9])
    with pytest.raises(NotFound):
        journal.overview("nobody", 10, of_more=[])


def test_a_remark_moves_nothing_and_cannot_look_like_a_move(journal: SqlJournal) -> None:
    sub = sealed(journal)
    journal.remark(sub.sid, "looked-at", at=NOW, actor="ann", detail={"amount": Decimal("1.50"), "on": TODAY})
    assert journal.events(sub.sid)[-1].detail == {"amount": "1.50", "on": "2026-11-23"}
    assert journal.submission(sub.sid) == sub
    with pytest.raises(IllegalTransition):
        journal.remark(sub.sid, "delivered", at=NOW)
    with pytest.raises(NotFound):
        journal.remark("nobody", "looked-at", at=NOW)


def test_a_submission_that_only_the_ledger_knows_is_put_back_and_bars_its_bytes(journal: SqlJournal) -> None:
    lost = replace(
        sent_elsewhere(journal),
        state=State.COMMITTING,
        commit_temporary=".out.0.1.part",
        sequence=41,
        remote_name="out-41.xml",
    )
    back = journal.restore(lost, {"ledger": 3})
    assert (back.state, back.version, back.commit_temporary) == (State.COMMITTING, 0, ".out.0.1.part")
    assert replay(journal.events(back.sid)) is State.COMMITTING
    assert journal.take_in(drop(inode=99)).state is State.DUPLICATE
    following = numbered(journal, journal.take_in(drop(sha256="77")))
    assert following.sequence == 42


def test_a_submission_that_the_journal_has_at_an_older_state_is_put_over_it(journal: SqlJournal) -> None:
    sub = journal.advance(sealed(journal), Event.HELD, at=NOW)
    newer = replace(sub, state=State.COMMITTING, attempt=1, commit_temporary=".t")
    back = journal.restore(newer, {"ledger": 9})
    assert (back.state, back.version, back.held_from) == (State.COMMITTING, sub.version + 1, None)
    assert replay(journal.events(sub.sid)) is State.COMMITTING
    with pytest.raises(StaleState):
        journal.restore(newer, {"ledger": 9})
    with pytest.raises(IllegalTransition):
        journal.restore(replace(back, commit_temporary=".another"), {})
    assert journal.advance(back, Event.DELIVERED, at=NOW).state is State.SENT


def sent_elsewhere(journal: SqlJournal) -> Submission:
    sub = journal.take_in(drop("scratch.csv", "99" * 32, folder="scratch"))
    return replace(sub, sid="0123456789abcdef0123", folder="erp", source_sha256=SHA, receipt="pay.csv")
