"""The rules about money and days: each accepts beside what it refuses, with the reason a bank would give."""

from __future__ import annotations

import iso4217
import pytest

from h2h.core.findings import Severity
from h2h.core.rules.lists import WITHDRAWN, decimals_of
from tests.core.erp_files import Bank, converted, row
from tests.core.judged import SEPA, codes, with_constants


@pytest.mark.parametrize(
    ("amount", "currency", "found"),
    [
        ("0.01", "EUR", []),
        ("1.50", "EUR", []),
        ("1.005", "EUR", ["H2H-DECIMALS"]),
        ("1.500", "EUR", ["H2H-DECIMALS"]),
        ("100", "JPY", []),
        ("100.0", "JPY", ["H2H-DECIMALS"]),
        ("1.005", "BHD", []),
        ("1.0005", "KWD", ["H2H-DECIMALS"]),
        ("1.2345", "CLF", []),
        ("0", "EUR", ["H2H-AMOUNT"]),
        ("0.00", "EUR", ["H2H-AMOUNT"]),
        ("9999999999999999.99", "USD", []),
        ("99999999999999999.99", "USD", ["H2H-AMOUNT"]),
        ("5", "XAU", ["H2H-CURRENCY"]),
        ("5", "DEM", ["H2H-CURRENCY"]),
        ("5", "HRK", ["H2H-CURRENCY"]),
        ("5", "eur", ["H2H-CURRENCY"]),
        ("5", "EURO", ["H2H-CURRENCY"]),
        ("5", "CNH", ["H2H-CURRENCY"]),
    ],
)
def test_amounts_are_positive_and_fit_their_currency(amount: str, currency: str, found: list[str]) -> None:
    assert codes(amount=amount, currency=currency) == found


def test_the_currency_of_the_account_to_pay_from_exists() -> None:
    assert with_constants(debtor_account_currency="EUR") == []
    assert with_constants(debtor_account_currency="EUX") == ["H2H-CURRENCY"]


@pytest.mark.parametrize(("amount", "reason"), [("0", "AM01"), ("99999999999999999.99", "AM12")])
def test_a_wrong_amount_has_the_reason_a_bank_would_give(amount: str, reason: str) -> None:
    assert converted(row(amount=amount, currency="USD")).only("H2H-AMOUNT").reason == reason


@pytest.mark.parametrize(
    ("currency", "said"),
    [("DEM", "the money is now EUR"), ("CNH", "CNY on- and offshore"), ("eur", "not written in capitals")],
)
def test_a_currency_that_is_none_is_told_which_it_is_now(currency: str, said: str) -> None:
    assert said in converted(row(currency=currency)).only("H2H-CURRENCY").text


@pytest.mark.parametrize(
    ("amount", "currency", "found"),
    [
        ("0.01", "EUR", []),
        ("999999999.99", "EUR", []),
        ("1000000000.00", "EUR", ["H2H-AMOUNT"]),
        ("5", "USD", ["H2H-CURRENCY"]),
    ],
)
def test_sepa_is_in_euro_and_within_its_range(amount: str, currency: str, found: list[str]) -> None:
    assert codes(Bank(rules=SEPA), amount=amount, currency=currency) == found


@pytest.mark.parametrize(
    ("day", "found", "severity"),
    [
        ("2026-11-23", None, None),
        ("2026-11-24", None, None),
        ("2026-11-20", "H2H-DATE-PAST", Severity.WARNING),
        ("2026-11-28", "H2H-DATE-WEEKEND", Severity.WARNING),
        ("2026-11-29", "H2H-DATE-WEEKEND", Severity.WARNING),
        ("2027-11-18", None, None),
        ("2027-11-19", "H2H-DATE-FAR", Severity.ERROR),
    ],
)
def test_the_execution_date_is_not_past_nor_at_a_weekend_nor_too_far(
    day: str, found: str | None, severity: Severity | None
) -> None:
    findings = converted(row(date=day)).findings
    assert [(f.code, f.severity) for f in findings] == ([(found, severity)] if found else [])


def test_what_all_payments_of_an_instruction_share_is_found_once() -> None:
    assert converted(*[row(ref=f"INV-{n}", date="2026-11-20") for n in range(20)]).codes == ["H2H-DATE-PAST"]


def test_every_currency_of_iso_4217_that_payments_are_made_in_has_its_decimals() -> None:
    for currency in iso4217.Currency:
        assert decimals_of(currency.code) == currency.exponent, currency.code
    assert {decimals_of(code) for code in WITHDRAWN} == {None}
