"""The journal's promises about the bank's files, what they report, and what waits for a person; on each database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from h2h.adapters.journal.audit import replay
from h2h.adapters.journal.journal import SqlJournal
from h2h.core.errors import IllegalTransition, NotFound, StaleState
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import Event, State
from h2h.core.outcome import Outcome
from h2h.core.records import (
    FileState,
    Matched,
    NewAttention,
    PaymentMove,
    StatementRecord,
    Submission,
    SubmissionMove,
)
from tests.contracts.journals import NOW, bank_file, drop, journal, later, moved, payments, place, sealed, sent

__all__ = ["journal", "place"]  # fixtures


def report(sub: Submission, ordinal: int, expected: Outcome, outcome: Outcome, **told: Any) -> PaymentMove:
    told.setdefault("bank_status", None)
    return PaymentMove(sub.sid, ordinal, expected, outcome, **told)


def outcomes(journal: SqlJournal, sub: Submission) -> list[Outcome]:
    return [p.outcome for p in journal.payments(sub.sid)]


# ---------------------------------------------------------------------------------------------- files


def test_a_file_is_known_by_bank_folder_name_size_and_time(journal: SqlJournal) -> None:
    file = bank_file(name=b"bad\xff\n.xml", size=2**64 - 1, mtime=-5)
    assert journal.known_file("bank", "from_bank", file.remote_name_raw, file.size, file.mtime) is None
    assert journal.fetched(file) == file
    assert journal.known_file("bank", "from_bank", b"bad\xff\n.xml", 2**64 - 1, -5) == file
    for other in (
        ("other", "from_bank", b"bad\xff\n.xml", 2**64 - 1, -5),
        ("bank", "elsewhere", b"bad\xff\n.xml", 2**64 - 1, -5),
        ("bank", "from_bank", b"BAD\xff\n.xml", 2**64 - 1, -5),
        ("bank", "from_bank", b"bad\xff\n.xml", 2**64 - 2, -5),
        ("bank", "from_bank", b"bad\xff\n.xml", 2**64 - 1, -6),
    ):
        assert journal.known_file(*other) is None


def test_the_same_content_under_the_same_name_is_one_row_and_other_content_is_another(journal: SqlJournal) -> None:
    first = journal.fetched(bank_file())
    assert journal.fetched(bank_file("f2")) == first
    second = journal.fetched(bank_file("f3", sha256="00" * 32))
    assert [f.fid for f in journal.files()] == ["f1", "f3"]
    newest = journal.known_file("bank", "from_bank", b"answer.xml", 500, 1_700_000_000)
    assert newest == second


def test_files_are_listed_oldest_first_by_state_and_bank(journal: SqlJournal) -> None:
    files = [journal.fetched(bank_file(f"f{i}", f"{i}".encode())) for i in range(3)]
    journal.fetched(bank_file("g", bank="other"))
    opened = journal.move_file(files[1], FileState.OPENED, at=NOW)
    assert [f.fid for f in journal.files(bank="bank")] == ["f0", "f1", "f2"]
    assert journal.files(bank="bank", states=[FileState.OPENED]) == [opened]
    assert [f.fid for f in journal.files(limit=2)] == ["f0", "f1"]
    journal.move_file(opened, FileState.OPENED, at=NOW, removed=True)
    assert [f.fid for f in journal.files_not_removed("bank")] == ["f0", "f2"]


def test_a_file_moves_by_compare_and_set_and_its_history_tells(journal: SqlJournal) -> None:
    file = journal.fetched(bank_file())
    opened = journal.move_file(file, FileState.OPENED, at=NOW, content_sha256="11" * 32)
    with pytest.raises(StaleState):
        journal.move_file(file, FileState.QUARANTINED, at=NOW)
    with pytest.raises(TypeError):
        journal.move_file(opened, FileState.READ, at=NOW, sha256="x")
    aside = journal.move_file(opened, FileState.QUARANTINED, at=NOW, reason="H2H-X", reason_text="why")
    assert (aside.state, aside.version, aside.reason) == (FileState.QUARANTINED, 2, "H2H-X")
    assert journal.file("f1") == aside
    told = [(e.event, e.from_state, e.to_state, e.reason) for e in journal.events("f1")]
    assert told == [
        ("fetched", None, "FETCHED", None),
        ("opened", "FETCHED", "OPENED", None),
        ("quarantined", "OPENED", "QUARANTINED", "H2H-X"),
    ]
    with pytest.raises(NotFound):
        journal.file("nothing")


def test_the_same_content_in_another_wrapping_is_found_unless_it_was_set_aside(journal: SqlJournal) -> None:
    first = journal.fetched(bank_file())
    first = journal.move_file(first, FileState.OPENED, at=NOW, content_sha256="11" * 32)
    assert journal.file_with_content("bank", "11" * 32) == first
    assert journal.file_with_content("other", "11" * 32) is None
    assert journal.file_with_content("bank", "22" * 32) is None
    journal.move_file(first, FileState.QUARANTINED, at=NOW, reason="H2H-X")
    assert journal.file_with_content("bank", "11" * 32) is None


# ---------------------------------------------------------------------------------------------- what they report


def test_what_a_file_says_is_applied_whole(journal: SqlJournal) -> None:
    sub = sent(journal)
    file = journal.fetched(bank_file())
    matched = Matched(
        payments=(
            report(sub, 1, Outcome.PENDING, Outcome.ACCEPTED, bank_status="ACCP"),
            report(
                sub, 2, Outcome.PENDING, Outcome.REJECTED, bank_status="RJCT", reason_code="AC04", reason_list="status"
            ),
        ),
        submissions=(SubmissionMove(sub.sid, sub.version, Event.BANK_PARTIALLY_ACCEPTED, {"group": "PART"}),),
        remarks=((sub.sid, "answer-read", {"file": "f1"}),),
        attention=(NewAttention("rejected", sub.sid, "one payment", WhoActs.ACCOUNTS_PAYABLE, "bank"),),
    )
    assert journal.move_file(file, FileState.MATCHED, at=later(5), matched=matched).state is FileState.MATCHED
    now = journal.submission(sub.sid)
    assert (now.state, now.version) == (State.PARTIALLY_ACCEPTED, sub.version + 1)
    assert replay(journal.events(sub.sid)) is State.PARTIALLY_ACCEPTED
    assert journal.events(sub.sid)[-2].detail == {"group": "PART", "fid": "f1"}
    one, two = journal.payments(sub.sid)
    assert (one.outcome, one.bank_status, one.outcome_at) == (Outcome.ACCEPTED, "ACCP", later(5))
    assert (two.outcome, two.reason_code, two.reason_list) == (Outcome.REJECTED, "AC04", "status")
    (told,) = journal.payment_events(sub.sid, 2)
    assert (told.event, told.from_state, told.to_state, told.reason) == ("reported", "pending", "rejected", "AC04")
    assert told.detail["fid"] == "f1"
    assert [item.kind for item in journal.attention()] == ["rejected"]
    assert [s.sid for s in journal.find("answer.xml")] == [sub.sid]


def stale_payment(journal: SqlJournal, sub: Submission) -> Matched:
    return Matched(
        payments=(
            report(sub, 2, Outcome.PENDING, Outcome.ACCEPTED),
            report(sub, 1, Outcome.ACCEPTED, Outcome.SETTLED),
        )
    )


def stale_submission(journal: SqlJournal, sub: Submission) -> Matched:
    return Matched(
        payments=(report(sub, 1, Outcome.PENDING, Outcome.ACCEPTED),),
        submissions=(SubmissionMove(sub.sid, sub.version - 1, Event.BANK_ACCEPTED),),
    )


def forbidden(journal: SqlJournal, sub: Submission) -> Matched:
    return Matched(
        payments=(report(sub, 1, Outcome.PENDING, Outcome.ACCEPTED),),
        submissions=(SubmissionMove(sub.sid, sub.version, Event.SEALED),),
    )


def unknown_payment(journal: SqlJournal, sub: Submission) -> Matched:
    return Matched(
        payments=(report(sub, 1, Outcome.PENDING, Outcome.ACCEPTED), report(sub, 3, Outcome.PENDING, Outcome.ACCEPTED))
    )


@pytest.mark.parametrize(
    ("what", "problem"),
    [
        (stale_payment, StaleState),
        (stale_submission, StaleState),
        (forbidden, IllegalTransition),
        (unknown_payment, NotFound),
    ],
)
def test_what_cannot_be_applied_whole_is_not_applied_at_all(
    journal: SqlJournal, what: Any, problem: type[Exception]
) -> None:
    sub = sent(journal)
    file = journal.fetched(bank_file())
    with pytest.raises(problem):
        journal.move_file(file, FileState.MATCHED, at=NOW, matched=what(journal, sub))
    assert journal.file("f1") == file
    assert journal.submission(sub.sid) == sub
    assert outcomes(journal, sub) == [Outcome.PENDING, Outcome.PENDING]
    assert journal.payment_events(sub.sid) == []


def test_two_reports_about_one_payment_in_one_file_follow_each_other(journal: SqlJournal) -> None:
    sub = sent(journal)
    matched = Matched(
        payments=(
            report(sub, 1, Outcome.PENDING, Outcome.ACCEPTED, bank_status="ACSP"),
            report(sub, 1, Outcome.ACCEPTED, Outcome.SETTLED, bank_status="ACSC", settled_on=date(2026, 11, 24)),
            report(sub, 1, Outcome.SETTLED, Outcome.RETURNED, reason_code="AC04", reason_list="return"),
        )
    )
    journal.move_file(journal.fetched(bank_file()), FileState.MATCHED, at=NOW, matched=matched)
    payment = journal.payments(sub.sid)[0]
    assert (payment.outcome, payment.settled_on, payment.reason_list) == (
        Outcome.RETURNED,
        date(2026, 11, 24),
        "return",
    )
    assert [e.to_state for e in journal.payment_events(sub.sid)] == ["accepted", "settled", "returned"]


def test_a_report_that_moves_nothing_adds_only_what_was_missing(journal: SqlJournal) -> None:
    sub = sent(journal)
    first = report(sub, 1, Outcome.PENDING, Outcome.SETTLED, bank_status="ACSC")
    journal.move_file(journal.fetched(bank_file()), FileState.MATCHED, at=NOW, matched=Matched(payments=(first,)))
    again = report(
        sub,
        1,
        Outcome.SETTLED,
        Outcome.SETTLED,
        bank_status="ACCP",
        settled_on=date(2026, 11, 24),
        statement_reference="STMT-1 / 4",
    )
    second = journal.fetched(bank_file("f2", b"statement.xml"))
    journal.move_file(second, FileState.MATCHED, at=later(9), matched=Matched(payments=(again,)))
    payment = journal.payments(sub.sid)[0]
    assert (payment.bank_status, payment.outcome_at) == ("ACSC", NOW)
    assert (payment.settled_on, payment.statement_reference) == (date(2026, 11, 24), "STMT-1 / 4")
    assert len(journal.payment_events(sub.sid, 1)) == 2


def test_payments_about_which_a_bank_spoke_cannot_be_replaced(journal: SqlJournal) -> None:
    sub = sealed(journal)
    told = Matched(payments=(report(sub, 1, Outcome.PENDING, Outcome.ACCEPTED),))
    journal.move_file(journal.fetched(bank_file()), FileState.MATCHED, at=NOW, matched=told)
    with pytest.raises(IllegalTransition):
        journal.advance(sub, Event.HELD, at=NOW, payments=payments(2))
    assert outcomes(journal, sub) == [Outcome.ACCEPTED, Outcome.PENDING]


def test_thousands_of_reports_of_one_file_are_one_transaction(journal: SqlJournal) -> None:
    sub = sent(journal, sealed(journal, count=1800))
    told = tuple(report(sub, i, Outcome.PENDING, Outcome.ACCEPTED, bank_status="ACCP") for i in range(1, 1801))
    journal.move_file(journal.fetched(bank_file()), FileState.MATCHED, at=NOW, matched=Matched(payments=told))
    assert set(outcomes(journal, sub)) == {Outcome.ACCEPTED}
    assert len(journal.payment_events(sub.sid)) == 1800


def test_statements_are_a_chain_in_the_order_they_came(journal: SqlJournal) -> None:
    links = [
        StatementRecord(
            "f1", "DE02", "statement", f"S{n}", Decimal(n), "EUR", Decimal("-1.50"), Decimal("2.000"), None, None, n
        )
        for n in (2, 1)
    ]
    file = journal.fetched(bank_file())
    journal.move_file(file, FileState.MATCHED, at=NOW, matched=Matched(statements=tuple(links)))
    assert journal.statements("DE02", "statement") == links
    assert str(journal.statements("DE02", "statement")[0].closing) == "2.000"
    assert journal.statements("DE02", "report") == journal.statements("DE03", "statement") == []


# ---------------------------------------------------------------------------------------------- attention and notes


def test_an_item_is_open_once_however_often_it_is_seen(journal: SqlJournal) -> None:
    item = NewAttention("overdue", "sid-1", "no answer", WhoActs.BANK, "bank")
    journal.attend([item, item], at=NOW)
    journal.attend([NewAttention("overdue", "sid-1", "still none", WhoActs.BANK)], at=later(5))
    journal.attend([NewAttention("overdue", "sid-2", "no answer", WhoActs.BANK)], at=later(5))
    one, two = journal.attention()
    assert (one.text, one.opened_at, one.bank, two.subject) == ("no answer", NOW, "bank", "sid-2")
    closed = journal.close_attention(one.number, at=later(9), actor="ann", reason="called the bank")
    assert (closed.closed_at, closed.closed_by, closed.closed_reason) == (later(9), "ann", "called the bank")
    with pytest.raises(NotFound):
        journal.close_attention(one.number, at=NOW, actor="bob", reason="again")
    with pytest.raises(NotFound):
        journal.close_attention(999, at=NOW, actor="bob", reason="nothing")
    journal.attend([item], at=later(20))
    assert [a.subject for a in journal.attention()] == ["sid-2", "sid-1"]
    assert len(journal.attention(open_only=False)) == 3


def test_an_item_whose_cause_has_gone_closes_itself(journal: SqlJournal) -> None:
    journal.attend([NewAttention("overdue", "sid-1", "no answer", WhoActs.BANK)], at=NOW)
    journal.settle_attention("overdue", "sid-2", at=NOW, reason="answered")
    assert len(journal.attention()) == 1
    journal.settle_attention("overdue", "sid-1", at=NOW, reason="answered")
    assert journal.attention() == []
    assert journal.attention(open_only=False)[0].closed_by == "h2h"


def test_the_ledger_position_never_goes_back(journal: SqlJournal) -> None:
    assert journal.ledger_position() == 0
    for number in (9, 10, 3):
        journal.set_ledger_position(number)
    assert journal.ledger_position() == 10


def test_the_probe_writes_and_reads(journal: SqlJournal) -> None:
    journal.probe()
    journal.probe()
    moved(journal, journal.take_in(drop()), Event.CONVERTED)
    journal.probe()
