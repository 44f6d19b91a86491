"""What the journal is asked about submissions and payments, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from h2h.adapters.journal.journal import SqlJournal
from h2h.core.errors import NotFound
from h2h.core.lifecycle import Event, State
from tests.contracts.journals import (
    NOW,
    Place,
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

__all__ = ["journal", "place"]  # fixtures


def test_due_is_what_can_be_moved_now_and_new_files_do_not_wait_for_retries(journal: SqlJournal) -> None:
    retry = journal.change(sealed(journal, drop(sha256="01")), at=NOW, next_attempt_at=later(-1))
    waits = journal.change(sealed(journal, drop(sha256="02")), at=NOW, next_attempt_at=later(60))
    held = moved(journal, journal.take_in(drop(sha256="03")), Event.HELD)
    fresh = journal.take_in(drop(sha256="04"))
    journal.take_in(drop(sha256="05", bank="other"))
    sent(journal, sealed(journal, drop(sha256="06")))
    assert [s.sid for s in journal.due("bank", NOW)] == [fresh.sid, retry.sid]
    assert [s.sid for s in journal.due("bank", later(60))] == [fresh.sid, retry.sid, waits.sid]
    assert [s.sid for s in journal.due("bank", NOW, limit=1)] == [fresh.sid]
    assert held.sid not in {s.sid for s in journal.due("bank", later(1e6))}


def test_lists_come_in_their_order(journal: SqlJournal) -> None:
    subs = [sent(journal, sealed(journal, drop(f"{i}.csv", f"{i:064x}"))) for i in range(3)]
    assert [s.sid for s in journal.submissions()] == [s.sid for s in reversed(subs)]
    assert [s.sid for s in journal.waiting_for_answer("bank")] == [s.sid for s in subs]
    assert len(journal.submissions(bank="bank", states=iter([State.SENT]), limit=2)) == 2
    assert journal.submissions(states=[State.REFUSED]) == []
    again = journal.take_in(drop("1.csv", "ff", received_at=later(10)))
    assert [s.sid for s in journal.same_name("erp", "1.csv", NOW)] == [again.sid, subs[1].sid]
    assert [s.sid for s in journal.same_name("erp", "1.csv", later(5))] == [again.sid]


def test_find_takes_whatever_a_person_has_at_hand(journal: SqlJournal) -> None:
    sub = sealed(journal, uetr="0f7ef0d4-6a26-4b4c-9b0e-7d2a3a4a5a6a")
    other = journal.take_in(drop(inode=8))
    for what in (sub.remote_name, sub.message_id, "E2E-2", "0f7ef0d4-6a26-4b4c-9b0e-7d2a3a4a5a6a", sub.sid):
        assert [s.sid for s in journal.find(what or "")] == [sub.sid], what
    assert [s.sid for s in journal.find("pay.csv")] == [other.sid, sub.sid]
    assert [s.sid for s in journal.find(sub.sid[:8])] == [other.sid, sub.sid]
    assert journal.find("%") == journal.find("") == journal.find("____") == journal.find("nothing") == []
    with pytest.raises(NotFound):
        journal.submission("nothing")


def test_payments_by_their_ids_are_those_that_may_have_left_the_house(journal: SqlJournal) -> None:
    sub = sealed(journal, count=1200, payment_information_id="P1")
    wanted = [f"E2E-{i}" for i in range(1, 1300)]
    assert journal.payments_by(bank="bank", end_to_end_ids=wanted) == []
    sub = committing(journal, sub)
    found = journal.payments_by(bank="bank", end_to_end_ids=wanted, payment_information_ids=["P1"])
    assert [p.ordinal for p in found] == list(range(1, 1201))
    assert journal.payments_by(bank="other", end_to_end_ids=wanted) == []
    # A person said that the bank does not have it; should the bank speak of it all the same, it must be found.
    moved(journal, sub, Event.OUTCOME_UNKNOWN, Event.RESOLVED_NOT_SENT)
    assert len(journal.payments_by(bank="bank", payment_information_ids=["P1"])) == 1200


def test_message_ids_are_looked_up_within_their_bank(journal: SqlJournal) -> None:
    sub = sealed(journal)
    assert [s.sid for s in journal.by_message_id("bank", sub.message_id or "")] == [sub.sid]
    assert journal.by_message_id("other", sub.message_id or "") == []


def test_overlapping_payments_are_those_of_other_living_submissions(journal: SqlJournal) -> None:
    old = sealed(journal, drop("old.csv", "01"), count=3)
    new = moved(journal, journal.take_in(drop("new.csv", "02")), (Event.CONVERTED, {"payments": payments(3, 2)}))
    found = journal.overlapping(new.sid, "bank", later(-60))
    assert [(own, p.sid, p.ordinal) for own, p in found] == [(2, old.sid, 2), (3, old.sid, 3)]
    assert [(own, p.sid) for own, p in journal.overlapping(old.sid, "bank", later(-60))] == [(2, new.sid), (3, new.sid)]
    assert journal.overlapping(new.sid, "other", later(-60)) == []
    assert journal.overlapping(new.sid, "bank", later(1)) == []
    journal.advance(old, Event.CANCELLED, at=NOW)
    assert journal.overlapping(new.sid, "bank", later(-60)) == []


def test_payments_without_a_fingerprint_overlap_with_nothing(journal: SqlJournal) -> None:
    sealed(journal, drop("old.csv", "01"), fingerprint="")
    new = sealed(journal, drop("new.csv", "02"), fingerprint="")
    assert journal.overlapping(new.sid, "bank", later(-60)) == []


def test_all_is_there_after_closing_and_opening(place: Place) -> None:
    first = place.open()
    sub = sent(first)
    first.close()
    again = place.open()
    assert again.submission(sub.sid) == sub
    assert len(again.events(sub.sid)) == 6
