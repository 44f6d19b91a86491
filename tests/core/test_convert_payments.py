"""Each payment of a file arrives: its references, its record in the journal, its exact amount."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from h2h.core.convert import payment_records
from h2h.core.declared import Rules
from h2h.core.outcome import Outcome
from tests.core.erp_files import (
    OUR_ACCOUNT,
    PAYEE_ACCOUNT,
    STAMP,
    Bank,
    convert,
    converted,
    delimited,
    file_of,
    initiation_of,
    payments_of,
    row,
)


def test_where_the_erp_has_no_references_h2h_gives_instruction_ids_to_match_answers_by() -> None:
    declared = delimited({"end_to_end_id": {"constant": "NOTPROVIDED"}}, ignore_columns=("ref",))
    done = converted(row(), row(amount="2", date="2026-11-25"), row(amount="3"), declared=declared)
    assert [(p["end_to_end_id"], p["instruction_id"], p["amount"]) for p in payments_of(done.xml)] == [
        ("NOTPROVIDED", "ACME-1-T1", "100.50"),
        ("NOTPROVIDED", "ACME-1-T2", "3"),
        ("NOTPROVIDED", "ACME-1-T3", "2"),
    ]
    assert [r.instruction_id for r in done.conversion.records("s")] == ["ACME-1-T1", "ACME-1-T2", "ACME-1-T3"]


def test_where_the_erp_has_references_h2h_adds_none() -> None:
    assert next(payments_of(converted(row()).xml))["instruction_id"] == ""


def test_payments_without_reference_are_told_apart_by_what_they_are_for() -> None:
    declared = delimited({"end_to_end_id": {"constant": "NOTPROVIDED"}}, ignore_columns=("ref",))
    done = converted(row(text="May"), row(text="June"), declared=declared)
    assert len({r.fingerprint for r in done.conversion.records("s")}) == 2


def test_an_empty_reference_is_never_filled_in() -> None:
    assert converted(row(ref="")).conversion.refused


def test_the_journal_gets_every_payment_in_the_order_of_the_banks_file() -> None:
    rows = [row(ref=f"INV-{n}", amount=f"{n}.25", date=f"2026-11-2{4 + n % 2}") for n in range(1, 7)]
    done = converted(*rows)
    records = list(done.conversion.records("sid"))
    assert [r.end_to_end_id for r in records] == [p["end_to_end_id"] for p in payments_of(done.xml)]
    assert [r.ordinal for r in records] == [1, 2, 3, 4, 5, 6]
    first = records[0]
    assert (first.sid, first.amount, first.currency, first.outcome) == ("sid", Decimal("1.25"), "EUR", Outcome.PENDING)
    assert (first.creditor_account, first.debtor_account) == (PAYEE_ACCOUNT, OUR_ACCOUNT)
    assert first.payment_information_id == "ACME-1-1"


def test_a_file_passed_through_gives_the_same_records_as_the_one_converted() -> None:
    done = converted(row(), row(ref="INV-2", amount="7.25"))
    assert list(payment_records(initiation_of(done.xml), "s")) == list(done.conversion.records("s"))


def test_the_same_payment_has_the_same_fingerprint_in_two_files() -> None:
    one = list(convert(file_of(row(), row(ref="INV-2"))).conversion.records("a"))
    two = list(convert(file_of(row(amount="100.5")), stamp=replace(STAMP, message_id="B")).conversion.records("b"))
    assert two[0].fingerprint == one[0].fingerprint
    assert two[0].fingerprint != one[1].fingerprint


@given(st.lists(st.decimals("0.01", "999999999.99", places=2), min_size=1, max_size=40))
def test_every_amount_arrives_exactly_and_the_sums_are_those_of_another_reader(amounts: list[Decimal]) -> None:
    data = file_of(*[row(ref=f"R{n}", amount=f"{a:f}") for n, a in enumerate(amounts)])
    done = convert(data, bank=Bank(rules=Rules(scheme="sepa")))
    assert not done.conversion.refused, done.findings
    arrived = [Decimal(p["amount"]) for p in payments_of(done.xml)]
    assert arrived == amounts
    assert done.conversion.control_sum == sum(arrived)


@given(
    st.lists(
        st.tuples(st.sampled_from(["2026-11-24", "2026-11-25", "2026-11-26"]), st.sampled_from(["EUR", "USD"])),
        min_size=1,
        max_size=40,
    )
)
def test_no_payment_is_lost_or_doubled_by_grouping(kinds: list[tuple[str, str]]) -> None:
    data = file_of(*[row(ref=f"R{n}", date=day, currency=currency) for n, (day, currency) in enumerate(kinds)])
    done = convert(data)
    assert Counter(p["end_to_end_id"] for p in payments_of(done.xml)) == Counter(f"R{n}" for n in range(len(kinds)))
