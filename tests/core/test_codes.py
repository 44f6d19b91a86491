"""Every reason code that a bank may send is explained in two languages, by list."""

import json

import pytest
from click.testing import CliRunner

from h2h.cli.reason import reason
from h2h.core import codes
from h2h.core.code_data.cancellation_reasons import CANCELLATION_REASONS
from h2h.core.code_data.recall_reasons import RECALL_REASONS
from h2h.core.code_data.return_reasons import RETURN_REASONS
from h2h.core.code_data.status_reasons import STATUS_REASONS
from h2h.core.code_data.statuses import STATUSES
from h2h.core.codes import Money, Resend
from h2h.core.findings import WhoActs
from h2h.core.outcome import OUTCOME_OF_STATUS, Outcome
from h2h.core.rules.table import RULES

ALL = [("status", row[0]) for row in STATUS_REASONS] + [("return", row[0]) for row in RETURN_REASONS]
ALL += [("cancellation", row[0]) for row in CANCELLATION_REASONS] + [("recall", row[0]) for row in RECALL_REASONS]


def known(kind: str, code: str) -> codes.Reason:
    found = codes.meaning(kind, code)
    assert found is not None, f"{code} of the {kind} list is not known"
    return found


@pytest.mark.parametrize(("kind", "code"), ALL)
def test_every_code_says_what_it_means_and_what_to_do_in_both_languages(kind: str, code: str) -> None:
    found = known(kind, code)
    assert (found.list, found.code) == (kind, code)
    assert all((found.meaning, found.next_step))
    assert any("\u4e00" <= c <= "\u9fff" for c in found.meaning_zh)
    assert any("\u4e00" <= c <= "\u9fff" for c in found.next_step_zh)


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        (STATUS_REASONS, "status"),
        (RETURN_REASONS, "return"),
        (STATUSES, "payment status"),
        (CANCELLATION_REASONS, "cancellation"),
        (RECALL_REASONS, "recall"),
    ],
)
def test_no_code_stands_twice_in_a_list(rows: tuple[tuple[object, ...], ...], what: str) -> None:
    names = [row[0] for row in rows]
    assert len(names) == len(set(names)), what


@pytest.mark.parametrize(
    ("code", "in_status", "in_return"),
    [
        ("BE08", "MissingDebtorName", "BankError"),
        ("AC14", "InvalidCreditorAccountType", "InvalidAgent"),
        ("AC16", "CardNumberInvalid", "AccountInSequestration"),
        ("DT02", "InvalidCreationDate", "ChequeExpired"),
    ],
)
def test_the_same_code_means_different_things_in_the_two_lists(code: str, in_status: str, in_return: str) -> None:
    assert known("status", code).name == in_status
    assert known("return", code).name == in_return
    assert known("status", code).meaning_zh != known("return", code).meaning_zh


@pytest.mark.parametrize("code", ["AM05", "DUPL", "DU03", "RR04", "FRAD", "FR01"])
def test_duplicates_fraud_and_compliance_are_never_sent_again(code: str) -> None:
    assert known("status", code).resend is Resend.NEVER


@pytest.mark.parametrize("code", ["AB01", "AB05", "AB09", "ED05", "MS03"])
def test_where_the_bank_itself_does_not_know_nothing_is_resent_before_it_confirms(code: str) -> None:
    found = known("status", code)
    assert found.resend is Resend.AFTER_CONFIRMATION
    assert found.money is Money.UNKNOWN


def test_a_payment_that_the_bank_never_received_may_go_again_as_the_same_file_once_it_says_so() -> None:
    assert known("status", "AG09").resend is Resend.SAME_AFTER_CONFIRMATION


def test_a_closed_account_is_corrected_by_accounts_payable_and_paid_anew() -> None:
    found = known("status", "AC04")
    assert (found.who_acts, found.resend, found.money) == (WhoActs.ACCOUNTS_PAYABLE, Resend.YES, Money.NOT_MOVED)


def test_an_answer_to_a_cancellation_moves_no_money_and_asks_for_nothing_to_be_resent() -> None:
    found = known("cancellation", "CUST")
    assert (found.name, found.money, found.resend) == ("CustomerDecision", Money.UNAFFECTED, Resend.NOT_NEEDED)
    assert known("status", "CUST").name != found.name


def test_every_return_says_that_the_money_came_back() -> None:
    assert {known("return", code).money for kind, code in ALL if kind == "return"} == {Money.CAME_BACK}


def test_an_unknown_code_is_unknown_not_guessed() -> None:
    assert codes.meaning("status", "ZZ99") is None
    assert codes.meaning("elsewhere", "AC04") is None
    assert codes.status("ZZZZ") is None


def test_a_mistyped_code_has_near_ones() -> None:
    assert "AC04" in codes.near("aco4")


def test_every_status_that_has_an_outcome_is_explained() -> None:
    for code in OUTCOME_OF_STATUS:
        assert codes.status(code) is not None, code


def test_final_statuses_are_those_whose_outcome_is_an_end() -> None:
    ends = {Outcome.SETTLED, Outcome.REJECTED, Outcome.CANCELLED}
    for code, outcome in OUTCOME_OF_STATUS.items():
        found = codes.status(code)
        assert found is not None
        assert found.final is (outcome in ends), code


# ------------------------------------------------------------------------------------------------ h2h reason


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(reason, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def test_h2h_reason_tells_meaning_who_acts_and_next_step_of_both_lists() -> None:
    status, said, _ = run("ac04")
    assert status == 0
    assert "the account is closed" in said
    assert "the payee's account is closed" in said
    assert "who acts: accounts payable" in said
    assert "send again?: yes, corrected" in said


def test_h2h_reason_speaks_chinese() -> None:
    status, said, _ = run("AM04", "--lang", "zh", "--list", "status")
    assert status == 0
    assert "余额不足" in said
    assert "处理人: 资金部门" in said


def test_h2h_reason_prints_one_json_object_a_line() -> None:
    status, said, _ = run("BE08", "--json")
    assert status == 0
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["list"] for line in lines] == ["status", "return"]
    assert lines[1]["money"] == "came-back"


def test_h2h_reason_knows_status_codes_too() -> None:
    status, said, _ = run("ACSC")
    assert status == 0
    assert "paid; it may still be returned" in said


def test_h2h_reason_says_that_it_does_not_know_a_code_and_proposes_near_ones() -> None:
    status, _, problem = run("AC0X")
    assert status == 1
    assert "AC0X" in problem
    assert "AC0" in problem.split("Near it:")[1]
    assert "nobody knows what became of the payment" in problem


def test_h2h_reason_can_print_every_code_in_both_languages() -> None:
    for kind, code in ALL:
        for language in ("en", "zh"):
            status, said, _ = run(code, "--list", kind, "--lang", language)
            assert status == 0
            assert said.startswith(code)


@pytest.mark.parametrize("code", ["MD03", "MD04"])
def test_a_file_whose_format_is_wrong_is_mended_by_whoever_keeps_the_format(code: str) -> None:
    found = known("status", code)
    assert found.name.startswith("InvalidFileFormat")
    assert (found.who_acts, found.money) == (known("status", "FF01").who_acts, Money.NOT_MOVED)


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, code in ALL if kind in ("cancellation", "recall")])
def test_nothing_that_is_said_of_a_recall_moves_money_by_itself(kind: str, code: str) -> None:
    assert known(kind, code).money is Money.UNAFFECTED


def test_what_is_called_back_is_not_paid_anew_before_the_bank_has_answered() -> None:
    assert known("recall", "DUPL").resend is Resend.AFTER_CONFIRMATION


def test_every_rule_of_h2hs_own_is_told() -> None:
    for code, rule in RULES.items():
        status, said, _ = run(code.lower())
        assert (status, [text for text in (rule.title, rule.next_step, rule.severity) if text not in said]) == (0, [])
        told = json.loads(run(code, "--json")[1])
        assert (told["list"], told["code"], told["reason"]) == ("h2h-rule", code, rule.reason)


def test_a_rule_that_is_none_is_no_question_for_the_bank() -> None:
    status, _, problem = run("H2H-BANK-UNKNOW")
    assert status == 1
    assert "H2H-BANK-UNKNOWN" in problem
    assert "Ask the bank" not in problem
    assert run("H2H-IBAN", "--list", "status")[0] == 1
