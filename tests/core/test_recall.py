"""What may be called back, what became of earlier wishes, and what a request says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from h2h.core.lifecycle import State
from h2h.core.outcome import Outcome
from h2h.core.recall import (
    Wish,
    decided,
    detail_of_request,
    judge_reason,
    judge_recall,
    request_of,
    standing,
    undecided,
)
from h2h.core.records import EventRecord
from tests.core.test_match import SUB, payment

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
TODAY = date(2026, 11, 25)
WISH = Wish("REQ-1", AT, "DUPL", "Paid twice", "Example Ltd", None, "Example Bank")


def event(name: str, **detail: Any) -> EventRecord:
    return EventRecord(0, SUB.sid, AT, name, None, None, "alice", detail=detail)


def asked(recall: str, *ordinals: int) -> EventRecord:
    return event("recall-requested", **detail_of_request(recall, "REQ", ordinals or None, ()))


def answered(ordinal: int, status: str) -> EventRecord:
    return event("cancellation-answered", payment=ordinal, status=status)


def test_a_wish_stands_until_the_bank_has_decided_that_payment() -> None:
    history = [asked("a", 1, 2), answered(1, "PDCR"), answered(2, "RJCR"), asked("b", 2), answered(3, "ACCR")]
    said = standing(history, [1, 2, 3])
    assert said == {1: {"a": "PDCR"}, 2: {"a": "RJCR", "b": None}, 3: {}}
    assert [undecided(said[n]) for n in (1, 2, 3)] == [["a"], ["b"], []]
    assert standing([*history, answered(1, "ACCR"), answered(1, "RJCR")], [1]) == {1: {"a": "ACCR"}}


def test_a_wish_for_the_whole_file_is_one_for_each_payment() -> None:
    assert standing([asked("a"), answered(2, "ACCR")], [1, 2]) == {1: {"a": None}, 2: {"a": "ACCR"}}


@pytest.mark.parametrize(
    ("statuses", "all_in_all"),
    [
        (["ACCR", "ACCR"], "accepted"),
        (["RJCR", "UWFW"], "refused"),
        (["ACCR", "RJCR"], "partly"),
        (["ACCR", None], None),
        (["RJCR", "PDCR"], None),
        ([], None),
    ],
)
def test_a_request_is_decided_when_all_its_payments_are(statuses: list[str | None], all_in_all: str | None) -> None:
    assert decided({("s", n): status for n, status in enumerate(statuses)}) == all_in_all


@pytest.mark.parametrize("state", State)
def test_only_a_file_that_the_bank_has_is_called_back(state: State) -> None:
    found = judge_recall(replace(SUB, state=state), [payment(1)], TODAY, None)
    assert (not found) is (state in {State.SENT, State.ACKNOWLEDGED, State.ACCEPTED, State.PARTIALLY_ACCEPTED})
    assert all(f.next_step for f in found)


@pytest.mark.parametrize(
    ("outcome", "settled_on", "within_days", "code"),
    [
        (Outcome.PROCESSING, None, 5, None),
        (Outcome.SETTLED, date(2026, 11, 20), 5, None),
        (Outcome.SETTLED, date(2026, 11, 19), 5, "H2H-RECALL-TOO-OLD"),
        (Outcome.SETTLED, date(2020, 1, 1), None, None),
        (Outcome.REJECTED, None, None, "H2H-RECALL-OUTCOME"),
        (Outcome.RETURNED, None, None, "H2H-RECALL-OUTCOME"),
        (Outcome.CANCELLED, None, None, "H2H-RECALL-OUTCOME"),
    ],
)
def test_only_what_may_still_come_back_is_called_back(
    outcome: Outcome, settled_on: date | None, within_days: int | None, code: str | None
) -> None:
    one = payment(1, outcome=outcome, settled_on=settled_on)
    found = judge_recall(replace(SUB, state=State.ACCEPTED), [one], TODAY, within_days)
    assert [f.code for f in found] == ([code] if code else [])


def test_a_reason_is_one_of_iso_20022s_for_payments() -> None:
    assert judge_reason("FRAD") == []
    assert [f.code for f in judge_reason("AC99")] == ["H2H-RECALL-REASON"]


def test_payments_are_asked_for_under_the_instructions_that_they_stood_in() -> None:
    payments = [payment(1), payment(2, payment_information_id="P2"), payment(3)]
    made = request_of(WISH, SUB, "pain.001.001.09", payments, whole=False)
    assert [(d.level, d.payment_information_id, d.end_to_end_id, d.original_message_id) for d in made.details] == [
        ("instruction", payments[0].payment_information_id, None, SUB.message_id),
        ("payment", payments[0].payment_information_id, "E1", SUB.message_id),
        ("payment", payments[0].payment_information_id, "E3", SUB.message_id),
        ("instruction", "P2", None, SUB.message_id),
        ("payment", "P2", "E2", SUB.message_id),
    ]
    assert (made.stated_transaction_count, made.case_id) == (3, "REQ-1")
    assert made.stated_control_sum == sum((p.amount for p in payments), Decimal(0))


def test_a_whole_file_is_asked_for_by_its_message() -> None:
    (one,) = request_of(WISH, SUB, "pain.001.001.09", [payment(1)], whole=True).details
    assert (one.level, one.whole, one.original_message_id) == ("file", True, SUB.message_id)
