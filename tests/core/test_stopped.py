"""Payees on the house's own list are not paid, however their name or account is written and however the file comes."""

from __future__ import annotations

import pytest

from h2h.core.declared import Rules
from h2h.core.findings import Severity
from h2h.core.rules.initiation import check_initiation
from tests.core.erp_files import PAYEE_ACCOUNT, TODAY, Bank, converted, delimited, format_of, row

SPACED = " ".join(PAYEE_ACCOUNT[i : i + 4] for i in range(0, len(PAYEE_ACCOUNT), 4)).lower()


def codes(rules: Rules, *rows: str) -> list[tuple[str, str]]:
    found = converted(*(rows or (row(),)), bank=Bank(rules=rules), declared=delimited({})).findings
    return [(f.code, f.where) for f in found]


@pytest.mark.parametrize(
    ("rules", "columns"),
    [
        (Rules(stopped_accounts=(PAYEE_ACCOUNT,)), 1),
        (Rules(stopped_accounts=(SPACED,)), 1),
        (Rules(stopped_names=("BETA G.m.b.H.",)), 1),
        (Rules(stopped_names=("Beta",)), 0),
        (Rules(stopped_names=("Beta GmbH",), stopped_accounts=(PAYEE_ACCOUNT,)), 2),
    ],
)
def test_a_payee_is_known_however_it_is_written(rules: Rules, columns: int) -> None:
    assert [code for code, _ in codes(rules)] == ["H2H-STOPPED"] * columns


def test_among_many_payments_that_are_alike_the_stopped_one_is_found() -> None:
    rows = [row(ref=f"INV-{n}", name="Acme Ltd" if n == 70 else "Beta GmbH") for n in range(100)]
    assert [(code, where.split(",")[0]) for code, where in codes(Rules(stopped_names=("ACME LTD",)), *rows)] == [
        ("H2H-STOPPED", "line 72")
    ]


def test_a_file_that_is_passed_on_unchanged_is_looked_at_like_any_other() -> None:
    xml = converted(row(), declared=delimited({}), format="pain.001.001.09").xml
    bank = Bank(rules=Rules(stopped_accounts=(PAYEE_ACCOUNT,)))
    (found,) = check_initiation(format_of("pain.001.001.09").read(xml), bank, TODAY)
    assert (found.code, found.severity, found.reason) == ("H2H-STOPPED", Severity.ERROR, "RR04")
    assert PAYEE_ACCOUNT not in found.text


def test_a_profile_weighs_it_as_it_does_every_rule() -> None:
    rules = Rules(stopped_accounts=(PAYEE_ACCOUNT,), severities={"H2H-STOPPED": "warning"})
    found = converted(row(), bank=Bank(rules=rules), declared=delimited({})).findings
    assert [f.severity for f in found] == [Severity.WARNING]
