"""The rules about structured references: check digits, and the account that each belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.rules.references import good_qr_digit, is_qr_iban
from tests.core.erp_files import PAYEE_ACCOUNT, Bank
from tests.core.judged import SEPA, codes


@pytest.mark.parametrize(
    ("reference", "account", "found"),
    [
        ("RF18539007547034", PAYEE_ACCOUNT, []),
        ("RF19539007547034", PAYEE_ACCOUNT, ["H2H-REFERENCE"]),
        ("RF18", PAYEE_ACCOUNT, ["H2H-REFERENCE"]),
        ("1234567", PAYEE_ACCOUNT, []),
        ("210000000003139471430009017", "CH4431999123000889012", []),
        ("210000000003139471430009018", "CH4431999123000889012", ["H2H-REFERENCE"]),
        ("RF18539007547034", "CH4431999123000889012", ["H2H-REFERENCE"]),
        ("210000000003139471430009017", "CH9300762011623852957", ["H2H-REFERENCE"]),
        ("RF18539007547034", "CH9300762011623852957", []),
    ],
)
def test_a_structured_reference_has_good_check_digits_and_the_right_account(
    reference: str, account: str, found: list[str]
) -> None:
    fields = {"creditor_reference": "text", "remittance": None}
    assert codes(fields=fields, text=reference, account=account) == found


@given(st.from_regex(r"[0-9]{26}", fullmatch=True), st.data())
def test_a_qr_reference_has_one_check_digit_and_no_single_mistake_goes_through(
    digits: str, data: st.DataObject
) -> None:
    good = [d for d in "0123456789" if good_qr_digit(digits + d)]
    assert len(good) == 1
    reference = digits + good[0]
    position = data.draw(st.integers(0, 26))
    other = data.draw(st.sampled_from("0123456789"))
    mistyped = reference[:position] + other + reference[position + 1 :]
    assert good_qr_digit(mistyped) is (mistyped == reference)


@pytest.mark.parametrize(("bank", "is_qr"), [("29999", False), ("30000", True), ("31999", True), ("32000", False)])
def test_qr_ibans_are_those_of_the_bank_numbers_set_apart_for_them(bank: str, is_qr: bool) -> None:
    assert is_qr_iban(f"CH00{bank}000000000000") is is_qr
    assert is_qr_iban(f"LI00{bank}000000000000") is is_qr
    assert not is_qr_iban(f"DE00{bank}000000000000")


def test_a_qr_iban_without_its_reference_is_refused() -> None:
    assert codes(account="CH4431999123000889012") == ["H2H-REFERENCE"]


def test_sepa_carries_a_text_or_a_reference_not_both() -> None:
    fields = {"creditor_reference": {"column": "ref"}}
    assert codes(Bank(rules=SEPA), fields=fields, ref="RF18539007547034") == ["H2H-SCHEME"]
    assert codes(fields=fields, ref="RF18539007547034") == []
