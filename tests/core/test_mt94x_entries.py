"""The :61: line as banks write it: marks, dates, amounts, references, and parts that are left out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from h2h.core.codecs.mt_values import amount
from h2h.core.findings import Severity
from h2h.core.rules.statement_rules import check_message
from tests.core.mt94x_files import HEAD, TAIL, entry, read


@pytest.mark.parametrize(
    ("mark", "direction", "reversal", "status"),
    [
        ("C", "CRDT", False, None),
        ("D", "DBIT", False, None),
        ("RC", "DBIT", True, None),
        ("RD", "CRDT", True, None),
        ("EC", "CRDT", False, "PDNG"),
        ("ED", "DBIT", False, "PDNG"),
        ("CR", "CRDT", False, None),  # the third letter of the currency
        ("RDR", "CRDT", True, None),
    ],
)
def test_a_mark_says_in_which_direction_the_money_moves(
    mark: str, direction: str, reversal: bool, status: str | None
) -> None:
    made = entry(f":61:2611191119{mark}12,34NTRFNONREF")
    assert (made.credit_debit, made.reversal, made.status) == (direction, reversal, status)
    assert made.amount == Decimal("12.34")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2611191119C1,NTRFREF1//BANK1", ("1", "NTRF", "REF1", "BANK1")),
        ("261119C12,5NMSCNONREF", ("12.5", "NMSC", None, None)),
        ("2611191119C000000000300.00NMSC170059286", ("300.00", "NMSC", "170059286", None)),
        ("2611191119C1.234,56FTRFA/B//C//D", ("1234.56", "FTRF", "A/B", "C//D")),
        ("2611191119CN220000,00//19239782213", ("220000.00", None, None, "19239782213")),
        ("2611191119D20,00NONREF", ("20.00", None, None, None)),
        ("261119D50,00NIC MARF", ("50.00", "NIC", None, None)),
        ("261119D1,11NGT TMG TANGO", ("1.11", "NGT", "TMG TANGO", None)),
        ("2611191119C653,00S445328556-76501096", ("653.00", "S445", "328556-76501096", None)),
        ("2611191119DR80,NSTOKREF+//55555", ("80", "NSTO", None, "55555")),
    ],
)
def test_a_line_with_parts_left_out_or_written_otherwise_is_read(
    line: str, expected: tuple[str, str | None, str | None, str | None]
) -> None:
    made = entry(f":61:{line}")
    ids = [d.end_to_end_id for d in made.details]
    reference = ids[0] if ids else None
    assert (f"{made.amount:f}", made.bank_transaction_code, reference, made.account_servicer_reference) == expected


@pytest.mark.parametrize(
    ("value", "booked", "expected"),
    [
        ("261231", "0102", date(2027, 1, 2)),
        ("270102", "1231", date(2026, 12, 31)),
        ("261119", "1120", date(2026, 11, 20)),
        ("280228", "0229", date(2028, 2, 29)),
        ("270228", "0229", None),
    ],
)
def test_the_entry_date_is_the_one_nearest_to_the_value_date(value: str, booked: str, expected: date | None) -> None:
    assert entry(f":61:{value}{booked}C1,NTRFNONREF").booking_date == expected


def test_a_value_date_that_does_not_exist_costs_the_date_and_not_the_entry() -> None:
    got = read(f"{HEAD}:61:3622681119C1,NTRFNONREF\n{TAIL}")
    (made,) = got.message.statements[0].entries  # type: ignore[union-attr]
    assert (made.value_date, made.amount) == (None, Decimal(1))
    assert [(f.severity, f.line) for f in got.findings] == [(Severity.WARNING, 5)]


def test_a_bad_line_is_an_error_with_its_line_and_the_others_are_read() -> None:
    got = read(f"{HEAD}:61:2611191119C1,NTRFA\n:61:yesterday 5 EUR\n:86:gone\n:61:2611191119D2,NTRFB\n:86:kept\n{TAIL}")
    made = got.message.statements[0].entries  # type: ignore[union-attr]
    assert [e.details[0].end_to_end_id for e in made] == ["A", "B"]
    assert made[0].additional_information == ""
    assert made[1].additional_information == "kept"
    (bad,) = [f for f in got.findings if f.severity is Severity.ERROR]
    assert (bad.line, "yesterday 5 EUR" in bad.text) == (6, True)


def test_supplementary_details_are_kept() -> None:
    made = entry(":61:2611191119C1,NTRFNONREF//B\n/OCMT/CAD47,11\n:86:free text")
    assert made.additional_information == "free text /OCMT/CAD47,11"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1234,56", "1234.56"), ("1234,", "1234"), ("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("0012.50", "12.50")],
)
def test_an_amount_says_the_same_however_it_is_written(text: str, expected: str) -> None:
    assert f"{amount(text):f}" == expected


@pytest.mark.parametrize("text", ["1,2,3", "1.23.4", ",", "", "1.2,3.4", "12.34,5,6"])
def test_what_could_mean_two_amounts_is_none(text: str) -> None:
    assert amount(text) is None


@pytest.mark.parametrize(
    "amount",
    ["1 000,50", "1'000,50", "1OO,50", "1N005,50", "1.234", "-0,50", "100", "1,2,3"],
)
def test_an_amount_that_goes_on_behind_what_looks_like_one_is_not_cut(amount: str) -> None:
    got = read(f"{HEAD}:61:2611191119C{amount}{'' if amount == '100' else 'NTRF'}REF1//B1\n{TAIL}")
    assert [f.code for f in got.findings] == ["H2H-MT-LINE"]


def test_what_a_bank_does_everywhere_is_said_once() -> None:
    lines = ":61:2611191119C100.00NTRFREF1\n:61:2611191119D100.00NTRFREF1\n"
    got = read(f"{HEAD.replace(',', '.')}{lines}{TAIL.replace(',', '.')}")
    assert [f.code for f in got.findings] == ["H2H-MT-DIALECT"]
    assert check_message(got.message) == []


def test_three_decimals_of_a_currency_that_has_three_are_nothing_odd() -> None:
    got = read(f"{HEAD}:61:2611191119C0,875NTRFNONREF\n{TAIL}".replace("EUR", "KWD"))
    assert [f.text for f in got.findings] == []
    odd = read(f"{HEAD}:61:2611191119C0,875NTRFNONREF\n{TAIL}")
    assert ["3 decimals" in f.text for f in odd.findings] == [True]
