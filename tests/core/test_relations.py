"""What two facts of a payment say of each other, codes that no list has, days when TARGET rests, limits of a file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from h2h.core.declared import Rules
from h2h.core.findings import Severity
from h2h.core.rules.initiation import check_initiation
from h2h.core.rules.lists import closing_day
from h2h.core.rules.table import RULES
from tests.core.erp_files import PAYEE_ACCOUNT, TODAY, Bank, converted, delimited, format_of, row

SEPA = Bank(rules=Rules(scheme="sepa"))


def found(bank: Bank | None = None, fields: dict[str, str] | None = None, **changes: str) -> list[str]:
    """The codes found in one row with more fields, all constant, by CSV and by the document made of it."""
    constants = {name: {"constant": value} for name, value in (fields or {}).items()}
    made = converted(row(**changes), bank=bank, declared=delimited(constants))
    if made.xml:
        read = format_of().read(made.xml)
        assert [f.code for f in check_initiation(read, bank or Bank(), TODAY)] == made.codes
    return made.codes


@pytest.mark.parametrize(
    ("code", "fields", "changes", "sound"),
    [
        ("H2H-ACCOUNT-CURRENCY", {"debtor_account_currency": "USD"}, {}, {"debtor_account_currency": "EUR"}),
        ("H2H-CHARGES-EEA", {"charge_bearer": "DEBT"}, {}, {"charge_bearer": "SHAR"}),
        ("H2H-CHARGES-EEA", {"charge_bearer": "CRED"}, {"currency": "SEK"}, {"charge_bearer": "SHAR"}),
        ("H2H-CNY-PURPOSE", {"creditor_bic": "BKCHCNBJ"}, {"currency": "CNY", "account": "12345"},
         {"creditor_bic": "BKCHCNBJ", "purpose": "GDDS"}),
        ("H2H-CODE-UNKNOWN", {"service_level": "XXXX"}, {}, {"service_level": "URGP"}),
        ("H2H-CODE-UNKNOWN", {"local_instrument": "NOSUCH"}, {}, {"local_instrument": "INST"}),
        ("H2H-CODE-UNKNOWN", {"category_purpose": "XXXX"}, {}, {"category_purpose": "SALA"}),
        ("H2H-CODE-UNKNOWN", {"purpose": "XXXX"}, {}, {"purpose": "GDDS"}),
    ],
)  # fmt: skip
def test_a_relation_is_found_and_its_sound_neighbour_is_not(
    code: str, fields: dict[str, str], changes: dict[str, str], sound: dict[str, str]
) -> None:
    assert found(None, fields, **changes) == [code]
    assert found(None, sound, **changes) == []
    assert RULES[code].severity is Severity.WARNING


def test_charges_to_countries_outside_the_area_are_the_payers_choice() -> None:
    swiss = "CH9300762011623852957"
    assert found(None, {"charge_bearer": "DEBT"}, account=swiss, currency="CHF") == []
    assert found(None, {"charge_bearer": "DEBT"}, currency="USD") == []


def test_renminbi_within_the_country_need_no_purpose() -> None:
    fields = {"creditor_bic": "BKCHCNBJ", "debtor_bic": "ICBKCNBJ", "debtor_account": "6222020200012345"}
    assert "H2H-CNY-PURPOSE" not in found(None, fields, currency="CNY", account="12345")


def _document(old: str, new: str) -> list[str]:
    fields = {"category_purpose": {"constant": "SALA"}}
    xml = converted(row(), declared=delimited(fields)).xml.decode()
    assert old in xml
    return [f.code for f in check_initiation(format_of().read(xml.replace(old, new, 1).encode()), Bank(), TODAY)]


def test_another_kind_of_payment_among_salaries_is_found() -> None:
    kind = "</PmtId><PmtTpInf><CtgyPurp><Cd>{}</Cd></CtgyPurp></PmtTpInf>"
    assert _document("</PmtId>", kind.format("SUPP")) == ["H2H-CODE-MIXED"]
    assert _document("</PmtId>", kind.format("SALA")) == []


def test_an_equivalent_amount_is_told() -> None:
    amount = '<InstdAmt Ccy="EUR">100.50</InstdAmt>'
    equivalent = '<EqvtAmt><Amt Ccy="EUR">100.50</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt>'
    assert _document(amount, equivalent) == ["H2H-EQUIVALENT"]


@pytest.mark.parametrize(
    ("day", "closed"),
    [
        (date(2027, 1, 1), True),
        (date(2027, 3, 26), True),  # Good Friday
        (date(2027, 3, 29), True),  # Easter Monday
        (date(2026, 5, 1), True),
        (date(2026, 12, 25), True),
        (date(2026, 12, 24), False),
        (date(2027, 5, 6), False),  # Ascension: a holiday in many countries, and no closing day
    ],
)
def test_target_is_closed_on_its_own_days_only(day: date, closed: bool) -> None:
    assert (closing_day(day) is not None) is closed


def test_a_sepa_payment_on_a_closing_day_is_told_and_any_other_is_not() -> None:
    assert found(SEPA, None, date="2026-12-25") == ["H2H-DATE-HOLIDAY"]
    assert found(Bank(), None, date="2026-12-25") == []
    assert found(SEPA, None, date="2026-12-24") == []


ROWS = [row(ref=f"INV-{n}", amount="10.00", name=f"Payee {n}x") for n in range(1, 6)]


@pytest.mark.parametrize(
    ("limits", "refused"),
    [
        ({"file_payments_max": 5}, False),
        ({"file_payments_max": 4}, True),
        ({"file_amount_max": {"EUR": "50.00"}}, False),
        ({"file_amount_max": {"EUR": "49.99"}}, True),
        ({"file_amount_max": {"USD": "1.00"}}, False),
    ],
)
def test_a_file_beyond_its_limit_is_refused_whole(limits: dict[str, Any], refused: bool) -> None:
    bank = Bank(rules=Rules.model_validate(limits))
    made = converted(*ROWS, bank=bank)
    assert made.conversion.refused is refused
    assert made.codes == (["H2H-FILE-LIMIT"] if refused else [])
    read = format_of().read(converted(*ROWS).xml)
    assert [f.code for f in check_initiation(read, bank, TODAY)] == made.codes


def test_a_limit_is_compared_exactly() -> None:
    bank = Bank(rules=Rules(file_amount_max={"EUR": Decimal("0.30")}))
    tenth = [row(ref=f"INV-{n}", amount="0.10") for n in range(3)]
    assert converted(*tenth, bank=bank).codes == []


def test_the_payees_account_is_still_what_it_was() -> None:
    assert found(None, None, account=PAYEE_ACCOUNT) == []
