"""A bank's words against what was sent: which payment moves, which does not, and what a person must see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from h2h.core.lifecycle import Event, State
from h2h.core.match import Matching, match_report
from h2h.core.match_entries import Known, match_some
from h2h.core.model.parties import Account
from h2h.core.model.statement import Entry, EntryDetail, Statement
from h2h.core.model.status import InstructionStatus, StatusReason, StatusReport, TransactionStatus
from h2h.core.outcome import Outcome
from h2h.core.records import PaymentRecord, SourceIdentity, Submission

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SUB = Submission(
    sid="s" * 20,
    bank="bank",
    folder="erp",
    source_name="pay.csv",
    source_sha256="0" * 64,
    source_size=1,
    identity=SourceIdentity("pay.csv", 1, 1, 1, 1),
    received_at=NOW,
    receipt="pay.csv",
    state=State.SENT,
    version=7,
    message_id="MSG-1",
)


def payment(ordinal: int, **changes: object) -> PaymentRecord:
    values: dict[str, object] = {
        "sid": SUB.sid,
        "ordinal": ordinal,
        "end_to_end_id": f"E{ordinal}",
        "amount": Decimal("10.00"),
        "currency": "EUR",
        "payment_information_id": "P1",
    }
    return PaymentRecord(**{**values, **changes})  # type: ignore[arg-type]


def report(**changes: object) -> StatusReport:
    values: dict[str, object] = {"message_id": "R1", "creation_date_time": NOW, "original_message_id": "MSG-1"}
    return StatusReport(**{**values, **changes})  # type: ignore[arg-type]


def matched(
    said: StatusReport, payments: list[PaymentRecord], sub: Submission = SUB, *, silence: bool = False
) -> Matching:
    matching = Matching(bank="bank", fid="f1")
    match_report(said, sub, payments, matching, silence_means_accepted=silence)
    return matching


def moves(matching: Matching) -> dict[int, Outcome]:
    return {m.ordinal: m.outcome for m in matching.payments}


THREE = [payment(1), payment(2), payment(3)]


def test_a_group_status_without_details_is_about_every_payment() -> None:
    said = matched(report(group_status="RJCT", group_reasons=(StatusReason("FF01", text="bad file"),)), THREE)
    assert moves(said) == dict.fromkeys((1, 2, 3), Outcome.REJECTED)
    assert [m.event for m in said.submissions] == [Event.BANK_REJECTED]
    assert {m.reason_code for m in said.payments} == {"FF01"}


def test_received_and_checked_is_an_acknowledgement_not_an_acceptance() -> None:
    said = matched(report(group_status="ACTC"), THREE)
    assert [m.event for m in said.submissions] == [Event.BANK_ACKNOWLEDGED]
    assert set(moves(said).values()) == {Outcome.PROCESSING}


def test_in_a_partial_report_silence_about_a_payment_is_not_acceptance() -> None:
    rejected = TransactionStatus("RJCT", end_to_end_id="E2", reasons=(StatusReason("AC04"),))
    assert moves(matched(report(group_status="PART", transactions=[rejected]), THREE)) == {2: Outcome.REJECTED}
    said = matched(report(group_status="PART", transactions=[rejected]), THREE, silence=True)
    assert moves(said) == {1: Outcome.ACCEPTED, 2: Outcome.REJECTED, 3: Outcome.ACCEPTED}
    assert [m.event for m in said.submissions] == [Event.BANK_PARTIALLY_ACCEPTED]


def test_an_instructions_status_is_about_its_payments_only() -> None:
    payments = [payment(1), payment(2, payment_information_id="P2")]
    said = matched(report(instructions=[InstructionStatus("P2", "RJCT")]), payments)
    assert moves(said) == {2: Outcome.REJECTED}


def test_a_line_that_names_no_payment_of_ours_is_told_and_moves_nothing() -> None:
    said = matched(report(transactions=[TransactionStatus("RJCT", end_to_end_id="SOMEBODY-ELSES")]), THREE)
    assert moves(said) == {}
    assert [a.kind for a in said.attention] == ["unmatched-status"]


def test_an_id_that_two_payments_share_is_settled_by_amount_or_not_at_all() -> None:
    twins = [payment(1, end_to_end_id="X"), payment(2, end_to_end_id="X", amount=Decimal("11.00"))]
    by_amount = TransactionStatus("RJCT", end_to_end_id="X", amount=Decimal("11.00"), currency="EUR")
    assert moves(matched(report(transactions=[by_amount]), twins)) == {2: Outcome.REJECTED}
    nothing_more = TransactionStatus("RJCT", end_to_end_id="X")
    said = matched(report(transactions=[nothing_more]), twins)
    assert moves(said) == {}
    assert [a.kind for a in said.attention] == ["unmatched-status"]


def test_the_id_that_means_no_id_matches_nothing() -> None:
    said = matched(
        report(transactions=[TransactionStatus("RJCT", end_to_end_id="NOTPROVIDED")]),
        [payment(1, end_to_end_id="NOTPROVIDED")],
    )
    assert moves(said) == {}


def test_a_status_that_nobody_knows_is_told_and_is_no_verdict() -> None:
    said = matched(report(transactions=[TransactionStatus("ZZZZ", end_to_end_id="E1")]), THREE)
    assert moves(said) == {1: Outcome.UNKNOWN}
    assert "unknown-status" in [a.kind for a in said.attention]


def test_an_answer_to_a_file_that_was_never_sent_is_told() -> None:
    said = matched(report(group_status="ACCP"), THREE, replace(SUB, state=State.HELD))
    assert "answer-to-unsent" in [a.kind for a in said.attention]
    assert said.submissions == []


def test_an_answer_ends_a_doubt() -> None:
    said = matched(report(group_status="ACTC"), THREE, replace(SUB, state=State.IN_DOUBT))
    assert [m.event for m in said.submissions] == [Event.BANK_ACKNOWLEDGED]


# ------------------------------------------------------------------------------------------------ statements


def entry(amount: str, *, credit_debit: str = "DBIT", **detail: object) -> Entry:
    return Entry(
        Decimal(amount),
        "EUR",
        credit_debit,
        status="BOOK",
        booking_date=date(2026, 11, 24),
        details=[EntryDetail(**detail)] if detail else [],  # type: ignore[arg-type]
    )


def booked(entries: list[Entry], payments: list[PaymentRecord]) -> Matching:
    matching = Matching(bank="bank", fid="f2")
    statement = Statement("statement", "S1", Account(iban="DE75512108001245126199"), entries=entries)
    match_some(statement, statement.entries, 0, Known(payments), matching)
    return matching


def test_a_debit_with_our_id_and_our_amount_settles() -> None:
    said = booked([entry("10.00", end_to_end_id="E1")], THREE)
    assert moves(said) == {1: Outcome.SETTLED}
    assert said.payments[0].settled_on == date(2026, 11, 24)


@pytest.mark.parametrize(("amount", "currency"), [("10.01", "EUR"), ("9.99", "EUR")])
def test_our_id_with_another_amount_is_told_and_settles_nothing(amount: str, currency: str) -> None:
    said = booked([entry(amount, end_to_end_id="E1", currency=currency)], THREE)
    assert moves(said) == {}
    assert [a.kind for a in said.attention] == ["amount-differs"]


def test_our_amount_without_our_id_is_somebody_elses() -> None:
    said = booked([entry("10.00", end_to_end_id="OTHER"), entry("10.00")], THREE)
    assert (moves(said), said.attention) == ({}, [])


def test_a_pending_entry_moves_no_money() -> None:
    pending = replace(entry("10.00", end_to_end_id="E1"), status="PDNG")
    assert moves(booked([pending], THREE)) == {}


def test_a_plain_credit_with_our_reference_is_no_return() -> None:
    settled = [payment(1, outcome=Outcome.SETTLED)]
    assert moves(booked([entry("10.00", credit_debit="CRDT", end_to_end_id="E1")], settled)) == {}


def test_a_credit_with_a_return_reason_brings_the_payment_home() -> None:
    settled = [payment(1, outcome=Outcome.SETTLED)]
    back = entry("10.00", credit_debit="CRDT", end_to_end_id="E1", returned=True, return_reason="AC04")
    said = booked([back], settled)
    assert moves(said) == {1: Outcome.RETURNED}
    assert (said.payments[0].reason_list, said.payments[0].reason_code) == ("return", "AC04")


def test_a_booking_that_is_told_after_its_return_is_late_and_another_days_is_a_contradiction() -> None:
    returned = payment(1, outcome=Outcome.RETURNED)
    late = booked([entry("10.00", end_to_end_id="E1")], [returned])
    assert (moves(late), late.attention) == ({}, [])
    again = booked([entry("10.00", end_to_end_id="E1")], [replace(returned, settled_on=date(2026, 11, 20))])
    assert [a.kind for a in again.attention] == ["contradiction"]


def test_one_booking_for_a_whole_instruction_settles_it_if_the_sum_is_right() -> None:
    payments = [payment(1), payment(2, outcome=Outcome.REJECTED), payment(3)]
    batch = replace(entry("20.00"), batch_payment_information_id="P1")
    assert moves(booked([batch], payments)) == {1: Outcome.SETTLED, 3: Outcome.SETTLED}
    wrong = booked([replace(batch, amount=Decimal("30.00"))], payments)
    assert moves(wrong) == {}
    assert [a.kind for a in wrong.attention] == ["batch-differs"]


def test_of_two_equal_payments_two_bookings_settle_both_and_a_third_is_told() -> None:
    twins = [payment(1, end_to_end_id="X", uetr="u1"), payment(2, end_to_end_id="X", uetr="u2")]
    said = booked([entry("10.00", uetr="u1"), entry("10.00", uetr="u2")], twins)
    assert moves(said) == {1: Outcome.SETTLED, 2: Outcome.SETTLED}
    ambiguous = booked([entry("10.00", end_to_end_id="X")], twins)
    assert moves(ambiguous) == {}
    assert [a.kind for a in ambiguous.attention] == ["ambiguous-entry"]
