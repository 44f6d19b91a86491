"""The rules about names, texts and codes: what the bank can take, and never cut."""

from __future__ import annotations

from typing import Any

import pytest

from h2h.core.declared import Rules
from tests.core.erp_files import Bank, converted, row
from tests.core.judged import codes, with_constants


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Beta GmbH", []),
        ("B" * 69, []),
        ("B" * 71, ["H2H-LENGTH"]),
        ("B" * 35, ["H2H-TRUNCATED"]),
        ("", ["H2H-MISSING"]),
        ("12345", ["H2H-NAME"]),
        ("...", ["H2H-NAME"]),
        ("Bäckerei", ["H2H-CHARSET"]),
    ],
)
def test_a_payee_has_a_name_that_the_bank_can_take(name: str, found: list[str]) -> None:
    assert codes(name=name) == found


def test_a_name_that_fills_the_banks_own_limit_is_no_suspicion() -> None:
    assert codes(name="B" * 70) == []
    assert codes(Bank(rules=Rules(name_characters_max=140)), name="B" * 70) == ["H2H-TRUNCATED"]


def test_a_character_that_the_bank_does_not_take_is_shown_with_its_position() -> None:
    found = converted(row(name="Zażółć")).only("H2H-CHARSET")
    assert '"ż" (latin small letter z with dot above) at character 3' in found.text
    assert (found.where, found.reason) == ("line 2, column name", "RR10")
    assert "transliterate" in found.next_step


def test_the_text_is_as_long_as_the_profile_allows_and_never_cut() -> None:
    assert codes(text="x" * 140) == []
    assert codes(text="x" * 141) == ["H2H-LENGTH"]
    assert codes(Bank(rules=Rules(remittance_characters_max=50)), text="x" * 51) == ["H2H-LENGTH"]


def test_a_bank_that_counts_bytes_is_told_bytes() -> None:
    rules = Rules(charset="gb18030", name_characters_max=10)
    assert codes(Bank(rules=rules), name="上海示例商") == []
    found = converted(row(name="上海示例商贸"), bank=Bank(rules=rules)).only("H2H-LENGTH")
    assert "the name has 12 bytes, the bank takes 10" in found.text


@pytest.mark.parametrize(
    ("purpose", "found"), [("SALA", []), ("sala", ["H2H-CODE"]), ("SALARY", ["H2H-CODE"]), ("SAL", ["H2H-CODE"])]
)
def test_codes_have_four_capitals_or_digits(purpose: str, found: list[str]) -> None:
    assert with_constants(purpose=purpose) == found
    assert with_constants(category_purpose=purpose) == found


@pytest.mark.parametrize(
    ("scheme", "bearer", "level", "found"),
    [
        ("sepa", "SLEV", "SEPA", []),
        ("sepa", "SHAR", "SEPA", ["H2H-CHARGES"]),
        ("sepa", "", "URGP", ["H2H-SCHEME"]),
        ("generic", "SHAR", "URGP", []),
        ("generic", "SLEV", "SEPA", []),
        ("generic", "SLEV", "", ["H2H-CHARGES-LEVEL"]),
        ("generic", "OUR", "", ["H2H-CHARGES"]),
    ],
)
def test_charge_bearer_and_service_level_fit(scheme: Any, bearer: str, level: str, found: list[str]) -> None:
    assert with_constants(Bank(rules=Rules(scheme=scheme)), charge_bearer=bearer, service_level=level) == found


@pytest.mark.parametrize(
    ("lei", "found"), [("529900T8BM49AURSDO55", []), ("529900T8BM49AURSDO56", ["H2H-LEI"]), ("529900T8", ["H2H-LEI"])]
)
def test_an_lei_has_good_check_digits(lei: str, found: list[str]) -> None:
    assert with_constants(creditor_lei=lei) == found
