"""The rules about ids: short, plain, never changed, never twice."""

from __future__ import annotations

import pytest

from h2h.core.declared import Rules
from tests.core.erp_files import Bank, converted, delimited, row
from tests.core.judged import codes


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("INV/2026-1", []),
        ("A" * 35, []),
        ("A" * 36, ["H2H-LENGTH"]),
        ("/INV", ["H2H-ID"]),
        ("INV/", ["H2H-ID"]),
        ("IN//V", ["H2H-ID"]),
        ("INV_1", ["H2H-ID"]),
        ("Rechnung Ü1", ["H2H-ID"]),
        ("", ["H2H-MISSING"]),
    ],
)
def test_an_id_is_short_plain_and_never_changed(ref: str, found: list[str]) -> None:
    bank = Bank(rules=Rules(on_charset="transliterate"))
    assert codes(bank, ref=ref, text="Invoice") == found


def test_an_id_that_stands_twice_is_found_with_its_first_line() -> None:
    found = converted(row(), row(ref="INV-2"), row()).only("H2H-DUPLICATE-ID")
    assert (found.line, found.reason) == (4, "DU04")
    assert found.text == '"INV-1" is in line 2 already'


def test_references_that_are_not_provided_may_repeat() -> None:
    done = converted(row(), row(amount="7"), declared=delimited({"end_to_end_id": {"constant": "NOTPROVIDED"}},
                                                               ignore_columns=("ref",)))  # fmt: skip
    assert not done.conversion.refused, done.findings


@pytest.mark.parametrize(
    ("changes", "suspected"),
    [
        ({}, True),
        ({"name": "Beta Gesellschaft"}, True),
        ({"amount": "100.5"}, True),
        ({"amount": "100.51"}, False),
        ({"text": "Invoice 2"}, False),
        ({"date": "2026-11-25"}, False),
        ({"account": "DE02120300000000202051"}, False),
    ],
)
def test_the_same_payment_under_another_id_is_suspected_not_refused(changes: dict[str, str], suspected: bool) -> None:
    done = converted(row(), row(**{"ref": "INV-2", "text": "Invoice 1", **changes}))
    assert not done.conversion.refused
    assert done.codes == (["H2H-DUPLICATE-PAYMENT"] if suspected else [])
    if suspected:
        assert "in line 2 has the same account" in done.findings[0].text


def test_instruction_ids_and_uetrs_are_unique_too() -> None:
    twice = converted(
        row(),
        row(ref="INV-2", amount="2", text="Invoice 1"),
        declared=delimited({"instruction_id": "text", "remittance": None}),
    )
    assert twice.only("H2H-DUPLICATE-ID").reason == "DU05"


@pytest.mark.parametrize(
    ("uetr", "found"),
    [
        ("eb6305c9-1f7f-49de-aed0-16487c27b42d", []),
        ("EB6305C9-1F7F-49DE-AED0-16487C27B42D", ["H2H-UETR"]),
        ("eb6305c9-1f7f-19de-aed0-16487c27b42d", ["H2H-UETR"]),
        ("eb6305c91f7f49deaed016487c27b42d", ["H2H-UETR"]),
    ],
)
def test_a_uetr_is_a_uuid_of_version_4_in_small_letters(uetr: str, found: list[str]) -> None:
    assert codes(fields={"uetr": "text", "remittance": None}, text=uetr) == found
