"""A CSV file becomes a valid pain.001: grouped, with its counts and sums, the same bytes every time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from h2h.adapters.schema import SchemaBook
from h2h.core.findings import Severity
from tests.checkout import ROOT
from tests.conftest import missing
from tests.core.erp_files import (
    EVERYTHING,
    OUR_ACCOUNT,
    PAYEE_ACCOUNT,
    STAMP,
    convert,
    converted,
    delimited,
    file_of,
    format_of,
    initiation_of,
    payments_of,
    row,
)


@pytest.fixture(scope="module")
def schemas() -> SchemaBook:
    folder = ROOT / "xsd" / "iso20022"
    if not folder.is_dir():
        missing("the official schemas (make setup)")
    return SchemaBook([folder])


@pytest.mark.parametrize("format", ["pain.001.001.09", "pain.001.001.03"])
@pytest.mark.parametrize("fields", [{}, EVERYTHING])
def test_what_is_written_is_valid_and_says_what_the_file_says(
    format: str, fields: dict[str, Any], schemas: SchemaBook
) -> None:
    done = converted(row(), row(ref="INV-2", amount="7.25"), declared=delimited(fields), format=format)
    assert not done.conversion.refused, done.findings
    assert schemas.validate(format_of(format).schema or "", done.xml) == []
    assert [(p["end_to_end_id"], p["amount"], p["name"], p["account"]) for p in payments_of(done.xml)] == [
        ("INV-1", "100.50", "Beta GmbH", PAYEE_ACCOUNT),
        ("INV-2", "7.25", "Beta GmbH", PAYEE_ACCOUNT),
    ]


def test_every_declared_field_reaches_the_bank() -> None:
    written = converted(row(), declared=delimited(EVERYTHING)).xml.decode()
    for source in EVERYTHING.values():
        assert f">{source.get('constant', 'INV-1')}<" in written, source


def test_header_and_instructions_state_their_counts_and_sums() -> None:
    done = converted(row(), row(ref="INV-2", amount="7.25"), row(ref="INV-3", amount="1", date="2026-11-25"))
    read = initiation_of(done.xml)
    assert (read.message_id, read.stated_transaction_count, read.stated_control_sum) == ("ACME-1", 3, Decimal("108.75"))
    assert [(i.id, i.stated_transaction_count, i.stated_control_sum) for i in read.instructions] == [
        ("ACME-1-1", 2, Decimal("107.75")),
        ("ACME-1-2", 1, Decimal("1")),
    ]
    assert done.conversion.count == 3
    assert done.conversion.control_sum == Decimal("108.75")


@pytest.mark.parametrize(
    ("changes", "groups"),
    [
        ({"date": "2026-11-25"}, 2),
        ({"currency": "USD"}, 2),
        ({"amount": "9.99", "name": "Gamma", "text": "other"}, 1),
    ],
)
def test_payments_that_differ_in_date_or_currency_are_in_different_instructions(
    changes: dict[str, str], groups: int
) -> None:
    done = converted(row(), row(ref="INV-2", **changes), row(ref="INV-3"))
    assert len(done.conversion.groups) == groups


def test_rows_of_another_debtor_account_or_payment_group_are_in_another_instruction() -> None:
    columns = ("ref", "amount", "currency", "name", "account", "date", "text", "from", "run")
    declared = delimited({"debtor_account": "from", "payment_group": "run"})
    other = "DE02120300000000202051"
    rows = [
        row(ref=f"R{n}") + f",{account},{run}"
        for n, (account, run) in enumerate([(OUR_ACCOUNT, "A"), (other, "A"), (OUR_ACCOUNT, "B"), (OUR_ACCOUNT, "A")])
    ]
    done = convert(file_of(*rows, columns=columns), declared)
    read = initiation_of(done.xml)
    assert [i.debtor_account.iban for i in read.instructions] == [OUR_ACCOUNT, other, OUR_ACCOUNT]
    assert [t.end_to_end_id for t in read.transactions] == ["R0", "R3", "R1", "R2"]


def test_sums_are_kept_by_currency() -> None:
    done = converted(row(), row(ref="INV-2", amount="7.25", currency="USD"), row(ref="INV-3", amount="1"))
    assert done.conversion.sums() == {"EUR": Decimal("101.50"), "USD": Decimal("7.25")}


def test_the_same_file_gives_the_same_bytes() -> None:
    data = file_of(*[row(ref=f"INV-{n}", date=f"2026-11-2{4 + n % 3}") for n in range(50)])
    assert convert(data).xml == convert(data).xml
    assert convert(data, stamp=replace(STAMP, message_id="ACME-2")).xml != convert(data).xml


def test_a_refused_file_writes_nothing_and_is_read_to_its_end() -> None:
    done = converted(row(amount="x"), row(ref="INV-2", account="DE00"), row(ref="INV-3", name=""), row(ref="INV-4"))
    assert done.conversion.refused
    assert done.xml == b""
    assert [(f.code, f.line) for f in done.findings] == [("H2H-AMOUNT", 2), ("H2H-IBAN", 3), ("H2H-MISSING", 4)]


def test_a_row_with_several_mistakes_has_several_findings() -> None:
    found = converted(row(amount='"1,5"', account="DE1", name="Ü", date="tomorrow", ref="INV_1", text="x"))
    assert sorted(found.codes) == ["H2H-AMOUNT", "H2H-CHARSET", "H2H-FORM", "H2H-IBAN", "H2H-ID"]
    assert {f.line for f in found.findings} == {2}


def test_a_value_that_the_banks_format_has_no_place_for_is_refused_with_its_line() -> None:
    declared = delimited({"uetr": "text", "remittance": None})
    uetr = "eb6305c9-1f7f-49de-aed0-16487c27b42d"
    assert not converted(row(text=uetr), declared=declared).conversion.refused
    refused = converted(row(text=uetr), declared=declared, format="pain.001.001.03")
    assert refused.conversion.refused
    assert (refused.findings[-1].line, refused.findings[-1].severity) == (2, Severity.ERROR)
    assert "uetr" in refused.findings[-1].text
