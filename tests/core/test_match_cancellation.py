"""What a bank answers to a cancellation: told always, and the payment moves only where no money has moved."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from h2h.core.match import Matching
from h2h.core.match_cancellation import ids_answered, match_answer, match_request
from h2h.core.model.cancellation import CancellationAnswer, CancellationDetail, CancellationRequest
from h2h.core.model.status import StatusReason
from h2h.core.outcome import Outcome
from h2h.core.records import PaymentRecord
from h2h.core.rules.statement_rules import check_message
from h2h.core.view.cancellation import told
from tests.core.called_back import part_of
from tests.core.test_match import SUB, payment

OF_MESSAGE = {"MSG-1": frozenset({SUB.sid})}


def answered(*details: CancellationDetail, payments: list[PaymentRecord], **whole: object) -> Matching:
    matching = Matching(bank="bank", fid="f1")
    answer = CancellationAnswer("RES-1", parts=[part_of(details)], **whole)  # type: ignore[arg-type]
    match_answer(answer, payments, OF_MESSAGE, matching)
    return matching


def of_payment(status: str, **changes: object) -> CancellationDetail:
    values: dict[str, object] = {"original_message_id": "MSG-1", "end_to_end_id": "E1", "status": status}
    return CancellationDetail("payment", **{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("known", [Outcome.PENDING, Outcome.PROCESSING, Outcome.ACCEPTED])
def test_an_accepted_cancellation_ends_a_payment_that_was_not_paid(known: Outcome) -> None:
    matching = answered(of_payment("ACCR"), payments=[payment(1, outcome=known), payment(2)])
    (move,) = matching.payments
    assert (move.ordinal, move.outcome, move.bank_status) == (1, Outcome.CANCELLED, "ACCR")
    assert [a.kind for a in matching.attention] == ["cancellation-answer"]
    assert "it will not be paid" in matching.attention[0].text


@pytest.mark.parametrize(
    ("status", "known", "said"),
    [
        ("ACCR", Outcome.SETTLED, "wait until the money is booked back"),
        ("ACCR", Outcome.REJECTED, "was rejected already"),
        ("RJCR", Outcome.ACCEPTED, "stays as it was: accepted"),
        ("RJCR", Outcome.SETTLED, "stays as it was: settled"),
        ("PDCR", Outcome.SETTLED, "until the bank decides"),
        ("UWFW", Outcome.ACCEPTED, "the bank cannot find the payment (UWFW)"),
        ("XXXX", Outcome.ACCEPTED, "status XXXX"),
    ],
)
def test_any_other_answer_moves_nothing_and_is_told(status: str, known: Outcome, said: str) -> None:
    matching = answered(of_payment(status), payments=[payment(1, outcome=known)])
    assert matching.payments == []
    (item,) = matching.attention
    assert item.kind == "cancellation-answer"
    assert said in item.text
    assert [(kind, remark["payment"]) for _, kind, remark in matching.remarks] == [("cancellation-answered", 1)]


def test_reasons_are_told_with_the_answer() -> None:
    why = (StatusReason("CUST", text="As he says"), StatusReason(proprietary="LATE"))
    matching = answered(of_payment("RJCR", reasons=why), payments=[payment(1)])
    assert (
        "refused (RJCR): CUST (the payee does not agree to give it back) As he says; LATE" in matching.attention[0].text
    )


def test_an_answer_for_a_file_or_an_instruction_speaks_of_all_their_payments() -> None:
    payments = [payment(1), payment(2), payment(3, payment_information_id="P2")]
    whole = CancellationDetail("file", status="ACCR", original_message_id="MSG-1")
    assert [m.ordinal for m in answered(whole, payments=payments).payments] == [1, 2, 3]
    instruction = CancellationDetail(
        "instruction", status="ACCR", original_message_id="MSG-1", payment_information_id="P2"
    )
    assert [m.ordinal for m in answered(instruction, payments=payments).payments] == [3]


@pytest.mark.parametrize(
    "detail",
    [
        of_payment("ACCR", end_to_end_id="E9"),
        of_payment("ACCR", end_to_end_id="NOTPROVIDED"),
        of_payment("ACCR", end_to_end_id=None),
        CancellationDetail("file", status="ACCR", original_message_id="MSG-9"),
    ],
)
def test_an_answer_that_fits_no_payment_is_told_and_moves_nothing(detail: CancellationDetail) -> None:
    matching = answered(detail, payments=[payment(1), payment(2)])
    assert matching.payments == []
    assert [a.kind for a in matching.attention] == ["unmatched-cancellation"]


def test_an_id_that_two_payments_bear_names_neither() -> None:
    matching = answered(of_payment("ACCR"), payments=[payment(1), payment(2, end_to_end_id="E1")])
    assert matching.payments == []
    assert [a.kind for a in matching.attention] == ["unmatched-cancellation"]


def test_an_answer_that_names_nothing_is_told_with_its_case() -> None:
    matching = answered(payments=[payment(1)], case_id="CASE-1", confirmation="RJCR")
    assert [a.kind for a in matching.attention] == ["unmatched-cancellation"]
    assert "case CASE-1 with RJCR (refused)" in matching.attention[0].text


def test_a_banks_own_request_is_told_to_a_person_and_nothing_else_happens() -> None:
    details = [CancellationDetail("payment", end_to_end_id="E1", reasons=(StatusReason("FRAD"),))]
    matching = Matching(bank="bank", fid="f1")
    match_request(CancellationRequest("REQ-1", parts=[part_of(details)]), matching)
    assert (matching.payments, [a.kind for a in matching.attention]) == ([], ["cancellation-request"])
    assert "1 payment back (request REQ-1, for FRAD)" in matching.attention[0].text


def test_the_ids_of_an_answer_leave_out_what_is_no_id() -> None:
    answer = CancellationAnswer("R", parts=[part_of([of_payment("ACCR", end_to_end_id="NOTPROVIDED", uetr="u")])])
    assert ids_answered(answer) == (["MSG-1"], [], [], ["u"])


def test_an_instruction_that_only_stands_around_its_payments_is_not_told() -> None:
    around = CancellationDetail("instruction", payment_information_id="P1")
    inside = CancellationDetail("payment", payment_information_id="P1", end_to_end_id="E1")
    alone = CancellationDetail("instruction", payment_information_id="P2")
    assert told(CancellationRequest("R", parts=[part_of([around, alone, inside])])) == [alone, inside]


def test_a_request_that_does_not_add_up_is_found() -> None:
    one = CancellationDetail("payment", end_to_end_id="E1", amount=Decimal("1.50"), currency="EUR")
    sound = CancellationRequest(
        "R", stated_transaction_count=1, stated_control_sum=Decimal("1.50"), parts=[part_of([one])]
    )
    assert check_message(sound) == []
    wrong = replace(sound, stated_transaction_count=2, stated_control_sum=Decimal("1.51"))
    assert [f.code for f in check_message(wrong)] == ["H2H-COUNT", "H2H-SUM"]
