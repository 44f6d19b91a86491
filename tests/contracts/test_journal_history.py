"""What the journal tells of what was sent before, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from h2h.adapters.journal.journal import SqlJournal
from h2h.core.lifecycle import Event
from h2h.core.outcome import Outcome
from h2h.core.records import Matched, PaymentMove, Submission
from tests.contracts.journals import (
    NOW,
    Place,
    bank_file,
    committing,
    drop,
    journal,
    later,
    moved,
    payments,
    place,
    sealed,
    sent,
)

__all__ = ["Place", "journal", "place"]  # fixtures


def sent_at(journal: SqlJournal, moment: datetime, name: str, digest: str) -> Submission:
    sub = committing(journal, sealed(journal, drop(name, digest)))
    return journal.advance(sub, Event.DELIVERED, at=moment, evidence="E1", sent_at=moment)


def leaving(journal: SqlJournal, since: datetime, bank: str = "bank") -> list[str]:
    return [sub.source_name for sub in journal.leaving(bank, since)]


def test_what_leaves_is_what_was_let_through_and_what_was_sent_since(journal: SqlJournal) -> None:
    sent_at(journal, NOW, "before.csv", "01")
    after = sent_at(journal, later(10), "after.csv", "02")
    journal.take_in(drop("received.csv", "03"))
    sealed(journal, drop("waits.csv", "04"))
    journal.advance(sealed(journal, drop("gone.csv", "05")), Event.CANCELLED, at=NOW)
    assert leaving(journal, later(5)) == ["after.csv", "waits.csv"]
    assert leaving(journal, NOW) == ["before.csv", "after.csv", "waits.csv"]
    assert leaving(journal, NOW, "other") == []
    journal.advance(after, Event.BANK_REJECTED, at=later(11))
    assert leaving(journal, later(5)) == ["waits.csv"]


def test_a_doubt_counts_until_it_is_resolved_and_a_restored_one_by_when_it_moved(journal: SqlJournal) -> None:
    doubt = committing(journal, sealed(journal, drop("doubt.csv", "01")))
    journal.advance(doubt, Event.OUTCOME_UNKNOWN, at=NOW)
    restored = sent_at(journal, NOW, "restored.csv", "02")
    journal.change(restored, at=NOW, sent_at=None)
    assert leaving(journal, later(5)) == ["doubt.csv"]
    assert leaving(journal, NOW) == ["doubt.csv", "restored.csv"]


def test_sums_are_exact_by_account_and_currency(journal: SqlJournal) -> None:
    five = [replace(p, amount=Decimal("0.1"), debtor_account="A" if p.ordinal < 4 else "B") for p in payments(5)]
    odd = replace(five[4], currency="JPY", amount=Decimal("1000000000000.00001"))
    sub = moved(journal, journal.take_in(drop("a.csv", "01")), (Event.CONVERTED, {"payments": [*five[:4], odd]}))
    other = sealed(journal, drop("b.csv", "02"), count=1)
    assert journal.sums([sub.sid]) == {
        (sub.sid, "A", "EUR"): Decimal("0.3"),
        (sub.sid, "B", "EUR"): Decimal("0.1"),
        (sub.sid, "B", "JPY"): Decimal("1000000000000.00001"),
    }
    assert {sid for sid, _, _ in journal.sums([sub.sid, other.sid])} == {sub.sid, other.sid}
    assert journal.sums([]) == {}


def test_what_the_bank_rejected_of_a_file_leaves_its_sums(journal: SqlJournal) -> None:
    sub = sent(journal)
    assert list(journal.sums([sub.sid]).values()) == [Decimal("21.00")]
    move = PaymentMove(sub.sid, 1, Outcome.PENDING, Outcome.REJECTED, "RJCT", fid="f1")
    file = journal.fetched(bank_file())
    journal.move_file(file, file.state.MATCHED, at=NOW, matched=Matched(payments=(move,)))
    assert list(journal.sums([sub.sid]).values()) == [Decimal("10.50")]


def test_accounts_of_a_payee_are_those_of_files_that_may_have_left(journal: SqlJournal) -> None:
    def beta(name: str, digest: str, account: str) -> Submission:
        return sealed(journal, drop(name, digest), creditor_name="Beta", creditor_account=account)

    first = sent(journal, beta("a.csv", "01", "OLD"))
    waits = beta("b.csv", "02", "NEW")
    sealed(journal, drop("c.csv", "03"))
    assert journal.payees(waits.sid) == [(1, "Beta", "NEW")]
    assert journal.accounts_paid({"Beta", "Gamma"}, later(-60)) == {"Beta": frozenset({"OLD"})}
    assert journal.accounts_paid({"Beta"}, later(60)) == {}
    journal.advance(first, Event.BANK_REJECTED, at=NOW)
    assert journal.accounts_paid({"Beta"}, later(-60)) == {}


def test_payees_without_a_name_or_an_account_are_left_out(journal: SqlJournal) -> None:
    sub = sealed(journal, drop("a.csv", "01"), creditor_name="Beta")
    assert journal.payees(sub.sid) == []
