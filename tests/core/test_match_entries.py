"""Which payment an entry speaks of when ids are shared, and what is kept of a statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from h2h.core.match import Matching
from h2h.core.match_entries import Known, ids_among, match_some, payments_behind, statement_records
from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from h2h.core.outcome import Outcome
from h2h.core.records import PaymentRecord

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ONE = PaymentRecord("s1", 1, "X", Decimal("10.00"), "EUR", payment_information_id="P1", instruction_id="I1")
TWO = replace(ONE, ordinal=2, payment_information_id="P2", instruction_id="I2", creditor_account="FR76")


def entry(detail: EntryDetail | None = None, amount: str = "10.00", **changes: object) -> Entry:
    made = Entry(Decimal(amount), "EUR", "DBIT", status="BOOK", booking_date=date(2026, 11, 24))
    return replace(made, details=[detail] if detail else [], **changes)  # type: ignore[arg-type]


def statement(*entries: Entry, **changes: object) -> Statement:
    made = Statement("statement", "S1", Account(iban="DE75512108001245126199"), entries=list(entries))
    return replace(made, **changes)  # type: ignore[arg-type]


def matched(entries: list[Entry], payments: list[PaymentRecord]) -> Matching:
    matching = Matching(bank="bank", fid="f")
    match_some(statement(*entries), entries, 0, Known(payments), matching)
    return matching


def settled(matching: Matching) -> list[int]:
    return [m.ordinal for m in matching.payments]


def test_ids_that_stand_for_no_id_are_not_looked_for() -> None:
    details = [
        EntryDetail(end_to_end_id="NOTPROVIDED"),
        EntryDetail(end_to_end_id="NONREF", uetr="u"),
        EntryDetail(end_to_end_id="E", payment_information_id="P"),
    ]
    entries = [*(entry(d) for d in details), entry(batch_payment_information_id="B")]
    assert ids_among(entries) == (["E"], ["u"], ["B", "P"])


def test_a_shared_reference_is_told_apart_by_instruction_then_transaction_then_account() -> None:
    for detail, ordinal in (
        (EntryDetail(end_to_end_id="X", payment_information_id="P2"), 2),
        (EntryDetail(end_to_end_id="X", instruction_id="I1"), 1),
        (EntryDetail(end_to_end_id="X", creditor_account="FR76"), 2),
    ):
        assert settled(matched([entry(detail)], [ONE, TWO])) == [ordinal], detail


def test_an_id_we_never_gave_does_not_hide_the_reference_that_is_ours() -> None:
    foreign = EntryDetail(end_to_end_id="X", payment_information_id="THEIRS", instruction_id="THEIRS")
    assert settled(matched([entry(foreign)], [ONE])) == [1]


def test_of_equal_payments_the_one_that_is_not_settled_yet_is_meant() -> None:
    detail = EntryDetail(end_to_end_id="X")
    assert settled(matched([entry(detail)], [replace(ONE, outcome=Outcome.SETTLED), TWO])) == [2]
    back = entry(EntryDetail(end_to_end_id="X", returned=True, return_reason="AC04"), credit_debit="CRDT")
    assert settled(matched([back], [replace(ONE, outcome=Outcome.SETTLED), TWO])) == [1]


def test_a_further_booking_of_equal_payments_is_told_as_what_it_is() -> None:
    both = [replace(p, outcome=Outcome.SETTLED) for p in (ONE, TWO)]
    again = matched([entry(EntryDetail(end_to_end_id="X"))], both)
    assert settled(again) == []
    (told,) = again.attention
    assert told.kind == "ambiguous-entry"
    assert "settled already" in told.text


def test_a_detail_without_amount_has_the_entrys_only_where_it_is_alone() -> None:
    assert settled(matched([entry(EntryDetail(end_to_end_id="X"))], [ONE])) == [1]
    several = replace(entry(amount="20.00"), details=[EntryDetail(end_to_end_id="X"), EntryDetail(end_to_end_id="Y")])
    assert settled(matched([several], [ONE])) == []


def test_a_batch_of_somebody_else_is_left_alone() -> None:
    foreign = matched([entry(batch_payment_information_id="THEIRS")], [ONE])
    assert (foreign.payments, foreign.attention) == ([], [])


def test_the_rows_of_an_entry_name_the_payments_it_was_matched_to() -> None:
    booking = entry(EntryDetail(end_to_end_id="X"), account_servicer_reference="REF")
    of = statement(booking)
    marked = replace(TWO, statement_reference="S1 / REF")
    assert payments_behind(of, booking, 0, booking.details[0], [ONE, marked]) == [marked]
    assert payments_behind(of, booking, 0, booking.details[0], [ONE]) == [ONE], "settled by an earlier notification"
    assert payments_behind(of, booking, 0, booking.details[0], [ONE, TWO]) == [], "nobody knows which"


def test_an_entry_without_details_names_only_what_it_booked_as_a_whole() -> None:
    """A fee beside the payment bears the same reference of the bank; wherever in the file, its row names nobody."""
    paid = replace(ONE, payment_information_id="PMT-1")
    other = replace(TWO, payment_information_id="PMT-2")
    batch = replace(entry(), batch_payment_information_id="PMT-1", account_servicer_reference="REF-9")
    fee = replace(entry(), account_servicer_reference="REF-9")
    of = statement(batch, fee)
    known = [replace(p, statement_reference=f"{of.id or '?'} / REF-9") for p in (paid, other)]
    assert payments_behind(of, batch, 0, None, known) == known[:1]
    assert payments_behind(of, fee, 1, None, known) == []


def test_what_is_kept_of_a_statement_is_its_number_and_its_signed_balances() -> None:
    balances = [
        Balance("OPBD", Decimal("5.00"), "EUR", "DBIT", date(2026, 11, 23)),
        Balance("CLBD", Decimal("7.00"), "EUR", "CRDT", date(2026, 11, 24)),
    ]
    message = StatementMessage(
        "M", NOW, [statement(entry(), balances=balances, legal_sequence_number=Decimal(4)), statement()]
    )
    full, bare = statement_records("f", message)
    assert (full.opening, full.closing, full.sequence, full.entry_count) == (Decimal(-5), Decimal(7), Decimal(4), 1)
    assert (full.currency, full.closing_date) == ("EUR", date(2026, 11, 24))
    assert (bare.opening, bare.closing, bare.sequence, bare.entry_count) == (None, None, None, 0)


def test_of_a_direct_debit_the_credit_settles_and_a_marked_debit_returns() -> None:
    def outcomes(made: Entry, payment: PaymentRecord) -> list[Outcome]:
        matching = Matching(bank="bank", fid="f", collections=frozenset({payment.sid}))
        match_some(statement(made), [made], 0, Known([payment]), matching)
        return [m.outcome for m in matching.payments]

    detail, back = EntryDetail(end_to_end_id="X"), EntryDetail(end_to_end_id="X", returned=True, return_reason="MD06")
    assert outcomes(entry(detail, credit_debit="CRDT"), ONE) == [Outcome.SETTLED]
    assert outcomes(entry(detail), ONE) == []
    assert outcomes(entry(back), replace(ONE, outcome=Outcome.SETTLED)) == [Outcome.RETURNED]
    assert outcomes(entry(back, credit_debit="CRDT"), ONE) == []
    # Of a credit transfer it is the other way round.
    assert settled(matched([entry(detail, credit_debit="CRDT")], [ONE])) == []
    assert settled(matched([entry(detail)], [ONE])) == [1]
