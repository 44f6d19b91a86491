"""What becomes of one payment, whatever the order of the reports: nothing goes backwards, contradictions are told."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.outcome import OUTCOME_OF_STATUS, Outcome, Verdict, judge, outcome_of_status

O, V = Outcome, Verdict  # noqa: E741 - the words of the tables below
STAGES = [O.PENDING, O.PROCESSING, O.ACCEPTED, O.SETTLED]
ENDS = [O.REJECTED, O.RETURNED, O.CANCELLED]


def after(reports: list[Outcome], start: Outcome = O.PENDING) -> tuple[Outcome, list[Verdict]]:
    """Where a payment is after these reports, and how each was judged."""
    known, verdicts = start, []
    for reported in reports:
        verdict = judge(known, reported)
        verdicts.append(verdict)
        if verdict is V.MOVES:
            known = reported
    return known, verdicts


@pytest.mark.parametrize(
    ("known", "reported", "verdict"),
    [
        (O.PENDING, O.ACCEPTED, V.MOVES),
        (O.PENDING, O.SETTLED, V.MOVES),
        (O.ACCEPTED, O.PROCESSING, V.LATE),
        (O.SETTLED, O.ACCEPTED, V.LATE),
        (O.ACCEPTED, O.ACCEPTED, V.REPEATS),
        (O.ACCEPTED, O.REJECTED, V.MOVES),
        (O.SETTLED, O.RETURNED, V.MOVES),
        (O.SETTLED, O.REJECTED, V.CONTRADICTION),
        (O.SETTLED, O.CANCELLED, V.CONTRADICTION),
        (O.REJECTED, O.SETTLED, V.CONTRADICTION),
        (O.REJECTED, O.ACCEPTED, V.LATE),
        (O.RETURNED, O.SETTLED, V.CONTRADICTION),
        (O.PENDING, O.UNKNOWN, V.MOVES),
        (O.UNKNOWN, O.PROCESSING, V.MOVES),
        (O.ACCEPTED, O.UNKNOWN, V.LATE),
    ],
)
def test_a_report_is_judged_by_what_is_known(known: Outcome, reported: Outcome, verdict: Verdict) -> None:
    assert judge(known, reported) is verdict


@given(st.lists(st.sampled_from(O), max_size=12))
def test_no_order_of_reports_moves_a_payment_backwards(reports: list[Outcome]) -> None:
    known = O.PENDING
    for reported in reports:
        verdict = judge(known, reported)
        if verdict is V.MOVES:
            assert known not in ENDS
            if reported in STAGES and known in STAGES:
                assert STAGES.index(reported) > STAGES.index(known)
            if known is O.SETTLED:
                assert reported is O.RETURNED
            known = reported


@given(st.lists(st.sampled_from(STAGES), min_size=1, max_size=6))
def test_stages_reported_in_any_order_end_at_the_furthest(reports: list[Outcome]) -> None:
    furthest = max(reports, key=STAGES.index)
    assert after(reports)[0] is furthest


def test_every_order_of_acceptance_settlement_and_return_ends_returned() -> None:
    for order in permutations([O.PROCESSING, O.ACCEPTED, O.SETTLED, O.RETURNED]):
        assert after(list(order))[0] is O.RETURNED, order


def test_every_order_of_acceptance_and_rejection_ends_rejected_without_contradiction() -> None:
    for order in permutations([O.PROCESSING, O.ACCEPTED, O.REJECTED]):
        known, verdicts = after(list(order))
        assert known is O.REJECTED
        assert V.CONTRADICTION not in verdicts


def test_every_order_of_settlement_and_rejection_is_told_to_a_person() -> None:
    for order in permutations([O.ACCEPTED, O.SETTLED, O.REJECTED]):
        assert V.CONTRADICTION in after(list(order))[1], order


@given(st.lists(st.sampled_from(O), max_size=6))
def test_the_same_reports_again_say_nothing_new(reports: list[Outcome]) -> None:
    known, _ = after(reports)
    assert judge(known, known) is V.REPEATS


def test_every_status_code_of_the_standard_has_an_outcome() -> None:
    assert set(OUTCOME_OF_STATUS) >= {"RCVD", "ACTC", "ACCP", "ACSP", "ACSC", "ACCC", "ACWC", "PDNG", "RJCT", "CANC"}
    assert outcome_of_status("RJCT") is O.REJECTED
    assert outcome_of_status("ACSC") is O.SETTLED


@pytest.mark.parametrize("code", ["", None, "XXXX", "PART", "rjct"])
def test_a_status_that_nobody_knows_is_unknown_not_guessed(code: str | None) -> None:
    assert outcome_of_status(code) is O.UNKNOWN
