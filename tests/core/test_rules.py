"""Each rule accepts beside what it refuses; code, place, reason and who acts are said."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import iso4217
import pycountry
import pytest
import schwifty
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.declared import Rules, Waiver
from h2h.core.findings import Severity, WhoActs
from h2h.core.rules.accounts import why_no_iban
from h2h.core.rules.judge import Where, check_rules, masked
from h2h.core.rules.lists import COUNTRIES, WITHDRAWN, decimals_of
from h2h.core.rules.references import good_qr_digit, is_qr_iban
from h2h.core.rules.table import RULES
from tests.core.erp_files import OUR_ACCOUNT, PAYEE_ACCOUNT, TODAY, Bank, convert, converted, delimited, file_of, row

SEPA = Rules(scheme="sepa")


def codes(bank: Bank | None = None, fields: dict[str, Any] | None = None, **changes: str) -> list[str]:
    """The codes found in one row, with its changes."""
    return converted(row(**changes), bank=bank, declared=delimited(fields)).codes


def with_constants(bank: Bank | None = None, **constants: str) -> list[str]:
    """The codes found in a sound row with more fields, all constant."""
    fields = {name: {"constant": value} for name, value in constants.items() if value}
    return converted(row(), bank=bank, declared=delimited(fields)).codes


def test_a_sound_payment_has_no_findings() -> None:
    assert codes() == []
    assert codes(Bank(rules=SEPA)) == []


# ------------------------------------------------------------------------------------------------ accounts


@pytest.mark.parametrize(
    ("account", "said"),
    [
        (PAYEE_ACCOUNT, None),
        ("AT61 1904 3002 3457 3201", None),
        ("GB29NWBK60161331926819", None),
        ("NO9386011117947", None),
        ("MT84MALT011000012345MTLCAST001S", None),
        ("AT611904300234573202", "wrong check digits"),
        ("AT61190430023457320", "has 19 characters; an IBAN of AT has 20"),
        ("AT61190430023457320A", "letters or digits where"),
        ("XX611904300234573201", "which has no IBANs"),
        ("at611904300234573201", "small letters"),
        ("AT61 19043 00234573201", "has blanks"),
        ("A1611904300234573201", "does not begin with"),
        ("ATT11904300234573201", "does not begin with"),
        ("US64SVBKUS6S3300958879", "has no IBANs"),
        ("AT61190430023457320١", 'holds "١"'),
        ("AT61-1904-3002-3457-3201", 'holds "-"'),
    ],
)
def test_an_iban_has_its_countrys_structure_and_check_digits(account: str, said: str | None) -> None:
    done = converted(row(account=account))
    if said is None:
        assert done.findings == []
    else:
        found = done.only("H2H-IBAN")
        assert said in found.text
        assert (found.where, found.line, found.column) == ("line 2, column account", 2, 5)
        assert (found.reason, found.who_acts) == ("AC01", WhoActs.ACCOUNTS_PAYABLE)


def test_one_wrong_digit_anywhere_in_an_iban_is_found() -> None:
    for position in range(2, len(PAYEE_ACCOUNT)):
        digit = str((int(PAYEE_ACCOUNT[position]) + 1) % 10)
        wrong = PAYEE_ACCOUNT[:position] + digit + PAYEE_ACCOUNT[position + 1 :]
        assert codes(account=wrong) == ["H2H-IBAN"], wrong


@pytest.mark.parametrize("seed", range(40))
def test_the_fast_check_of_ibans_agrees_with_schwifty(seed: int) -> None:
    chance = random.Random(seed)
    iban = str(schwifty.IBAN.random(random=chance))
    assert why_no_iban(iban) is None, iban
    position = chance.randrange(2, len(iban))
    other = iban[:position] + chance.choice("0123456789ABZ") + iban[position + 1 :]
    assert (why_no_iban(other) is None) is schwifty.IBAN(other, allow_invalid=True).is_valid, other


def test_two_exchanged_digits_of_an_iban_are_found() -> None:
    assert codes(account="AT611904300234573210") == ["H2H-IBAN"]


def test_an_account_of_only_digits_is_a_national_account_and_sepa_refuses_it() -> None:
    assert codes(account="6222000000001234567") == []
    assert codes(Bank(rules=SEPA), account="6222000000001234567") == ["H2H-SCHEME"]


def test_an_account_number_with_letters_is_only_taken_as_declared() -> None:
    assert codes(account="ABC-12345") == ["H2H-IBAN"]
    fields = {"creditor_account": None, "creditor_account_other": "account"}
    assert codes(fields=fields, account="ABC-12345") == []
    assert codes(fields=fields, account="ABC_12345") == ["H2H-ACCOUNT-FORM"]


def test_a_national_account_keeps_its_number_and_its_currency() -> None:
    fields = {"debtor_account": {"constant": "6222000000001234567"}, "debtor_account_currency": {"constant": "CNY"}}
    account = converted(row(), declared=delimited(fields)).conversion.groups[0].instruction.debtor_account
    assert (account.iban, account.other, account.currency) == (None, "6222000000001234567", "CNY")


def test_a_payment_has_one_account_not_two() -> None:
    fields = {"creditor_account_other": {"constant": "123"}}
    assert codes(fields=fields) == ["H2H-FORM"]


@pytest.mark.parametrize("account", ["6.22E+18", "6,22E+18", "6.22200000000123E18"])
def test_an_account_in_exponent_form_is_excels_work(account: str) -> None:
    quoted = f'"{account}"' if "," in account else account
    assert codes(account=quoted) == ["H2H-EXCEL"]


def test_an_account_that_ends_in_zeros_after_fifteen_digits_is_suspected() -> None:
    done = converted(row(account="622200000000123000"))
    assert done.only("H2H-EXCEL-DIGITS").severity is Severity.HOLD
    assert codes(account="622200000000123") == []


def test_the_account_to_pay_from_is_one_of_the_banks() -> None:
    assert codes(Bank(accounts=(OUR_ACCOUNT,))) == []
    assert codes(Bank(accounts=("DE89 3704 0044 0532 0130 00",))) == []
    done = converted(row(), bank=Bank(accounts=(PAYEE_ACCOUNT,)))
    assert (done.only("H2H-ACCOUNT").reason, done.only("H2H-ACCOUNT").who_acts) == ("AC02", WhoActs.TREASURY)


@pytest.mark.parametrize(
    ("bic", "found"),
    [
        ("GIBAATWW", []),
        ("GIBAATWWXXX", []),
        ("GIBAATW", ["H2H-BIC"]),
        ("gibaatww", ["H2H-BIC"]),
        ("GIBA1TWW", ["H2H-BIC"]),
        ("GIBAZZWW", ["H2H-BIC"]),
        ("COBADEFF", ["H2H-BIC-COUNTRY"]),
    ],
)
def test_a_bic_is_well_formed_and_of_the_accounts_country(bic: str, found: list[str]) -> None:
    assert with_constants(creditor_bic=bic) == found


@pytest.mark.parametrize(
    ("system", "code", "found"),
    [
        ("CNAPS", "102100099996", []),
        ("CNAPS", "10210009999", ["H2H-CLEARING"]),
        ("USABA", "021000021", []),
        ("USABA", "021000022", ["H2H-CLEARING"]),
        ("USABA", "02100002", ["H2H-CLEARING"]),
        ("INFSC", "HDFC0000001", []),
        ("INFSC", "HDFC1000001", ["H2H-CLEARING"]),
        ("XXXXX", "anything", []),
    ],
)
def test_a_clearing_code_has_the_shape_of_its_system(system: str, code: str, found: list[str]) -> None:
    assert with_constants(creditor_agent_clearing_system=system, creditor_agent_member_id=code) == found


@pytest.mark.parametrize(
    ("bic", "iban"), [("BARCGB22", "GG"), ("BNPAFRPP", "MC"), ("UNCRITMM", "SM"), ("NDEAFIHH", "AX")]
)
def test_territories_may_bank_in_their_mainland(bic: str, iban: str) -> None:
    from h2h.core.rules.accounts import same_country

    assert same_country(bic[4:6], iban)
    assert not same_country(bic[4:6], "DE")


# ------------------------------------------------------------------------------------------------ money and dates


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


# ------------------------------------------------------------------------------------------------ ids


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


# ------------------------------------------------------------------------------------------------ texts


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


@pytest.mark.parametrize(("account", "said"), [("12345678", "12345678"), ("123456789", "1234…6789")])
def test_short_account_numbers_are_not_masked_into_nothing(account: str, said: str) -> None:
    assert masked(account) == said


def test_a_qr_iban_without_its_reference_is_refused() -> None:
    assert codes(account="CH4431999123000889012") == ["H2H-REFERENCE"]


def test_sepa_carries_a_text_or_a_reference_not_both() -> None:
    fields = {"creditor_reference": {"column": "ref"}}
    assert codes(Bank(rules=SEPA), fields=fields, ref="RF18539007547034") == ["H2H-SCHEME"]
    assert codes(fields=fields, ref="RF18539007547034") == []


@pytest.mark.parametrize(
    ("lei", "found"), [("529900T8BM49AURSDO55", []), ("529900T8BM49AURSDO56", ["H2H-LEI"]), ("529900T8", ["H2H-LEI"])]
)
def test_an_lei_has_good_check_digits(lei: str, found: list[str]) -> None:
    assert with_constants(creditor_lei=lei) == found


# ------------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({}, []),
        ({"town_name": "Wien", "country": "AT"}, []),
        (
            {"town_name": "Wien", "country": "AT", "street_name": "Ring", "building_number": "1", "post_code": "1010"},
            [],
        ),
        ({"town_name": "Wien", "country": "AT", "address_line_1": "Ring 1", "address_line_2": "Top 3"}, []),
        ({"address_line_1": "Ring 1", "address_line_2": "1010 Wien"}, ["H2H-ADDRESS"]),
        ({"town_name": "Wien"}, ["H2H-ADDRESS"]),
        ({"country": "AT"}, ["H2H-ADDRESS"]),
        ({"street_name": "Ring"}, ["H2H-ADDRESS"]),
        ({"town_name": "Wien", "country": "ZZ"}, ["H2H-COUNTRY"]),
        ({"town_name": "Wien", "country": "at"}, ["H2H-COUNTRY"]),
        ({"town_name": "Wien", "country": "AT", "address_line_1": "1010 WIEN"}, ["H2H-ADDRESS-REPEATS"]),
        ({"town_name": "Wien", "country": "AT", "address_line_1": "Wienerstrasse 1"}, []),
        ({"town_name": "Wien", "country": "AT", "address_line_1": "x" * 71}, ["H2H-LENGTH"]),
    ],
)
@pytest.mark.parametrize("party", ["creditor", "debtor"])
def test_an_address_is_structured_or_hybrid(party: str, parts: dict[str, str], found: list[str]) -> None:
    assert with_constants(None, **{f"{party}_{name}": value for name, value in parts.items()}) == found


@pytest.mark.parametrize(
    ("party", "parts", "reason", "said"),
    [
        ("creditor", {"address_line_1": "Ring 1"}, "BE04", "the address has only lines"),
        ("debtor", {"address_line_1": "Ring 1"}, "BE07", "the address has only lines"),
        ("creditor", {"street_name": "Ring"}, "BE04", "the address has no town and no country"),
        ("creditor", {"address_line_1": "Ring 1", "town_name": "Wien"}, "BE04", "the address has no country"),
        ("creditor", {"town_name": "Wien", "country": "ZZ"}, "BE11", '"ZZ" is no country'),
        ("debtor", {"town_name": "Wien", "country": "ZZ"}, "BE10", '"ZZ" is no country'),
    ],
)
def test_what_an_address_lacks_is_said_with_the_banks_own_reason(
    party: str, parts: dict[str, str], reason: str, said: str
) -> None:
    fields = {f"{party}_{name}": {"constant": value} for name, value in parts.items()}
    found = converted(row(), declared=delimited(fields)).findings
    assert [(f.reason, said in f.text) for f in found] == [(reason, True)], found


def test_an_address_line_of_70_characters_is_not_too_long() -> None:
    parts = {"creditor_town_name": "Wien", "creditor_country": "AT"}
    assert with_constants(None, **parts, creditor_address_line_1="x" * 70) == []


@pytest.mark.parametrize(
    ("today", "day", "found"),
    [
        ("2026-11-20", "2026-11-21", "H2H-ADDRESS-SOON"),
        ("2026-11-20", "2026-11-23", "H2H-ADDRESS"),
        ("2026-11-23", "2026-11-23", "H2H-ADDRESS"),
    ],
)
def test_unstructured_addresses_are_warned_of_before_the_profiles_date_and_refused_from_then(
    today: str, day: str, found: str
) -> None:
    from dataclasses import replace

    from tests.core.erp_files import STAMP

    declared = delimited({"creditor_address_line_1": {"constant": "Ring 1, 1010 Wien"}})
    done = convert(file_of(row(date=day)), declared, stamp=replace(STAMP, today=date.fromisoformat(today)))
    assert found in done.codes
    assert (done.only(found).reason, done.conversion.refused) == ("BE04", found == "H2H-ADDRESS")


def test_the_countries_are_those_of_iso_3166_and_kosovos_working_code() -> None:
    assert {country.alpha_2 for country in pycountry.countries} | {"XK"} == COUNTRIES


def test_every_currency_of_iso_4217_that_payments_are_made_in_has_its_decimals() -> None:
    for currency in iso4217.Currency:
        assert decimals_of(currency.code) == currency.exponent, currency.code
    assert {decimals_of(code) for code in WITHDRAWN} == {None}


# ------------------------------------------------------------------------------------------------ severities, waivers


def waiver(rule: str, until: date) -> Waiver:
    return Waiver(rule=rule, reason="the bank maps it", owner="T. Treasurer", until=until)


def test_a_profile_may_make_a_rule_milder_or_stricter() -> None:
    mild = converted(row(name="Bäcker"), bank=Bank(rules=Rules(severities={"H2H-CHARSET": "warning"})))
    assert mild.only("H2H-CHARSET").severity is Severity.WARNING
    strict = converted(row(date="2026-11-28"), bank=Bank(rules=Rules(severities={"H2H-DATE-WEEKEND": "error"})))
    assert strict.conversion.refused


def test_a_waiver_sets_a_rule_aside_and_its_uses_are_counted() -> None:
    rules = Rules(waivers=(waiver("H2H-DUPLICATE-ID", TODAY),))
    done = converted(row(), row(), row(), bank=Bank(rules=rules))
    assert not done.conversion.refused
    found = done.only("H2H-WAIVED")
    assert found.severity is Severity.INFO
    assert found.text == "H2H-DUPLICATE-ID was set aside 2 times: the bank maps it (T. Treasurer, until 2026-11-23)"


def test_an_expired_waiver_is_an_error_and_the_rule_holds_again() -> None:
    rules = Rules(waivers=(waiver("H2H-DUPLICATE-ID", date(2026, 11, 22)),))
    done = converted(row(), row(), bank=Bank(rules=rules))
    assert sorted(done.codes) == ["H2H-DUPLICATE-ID", "H2H-WAIVER-EXPIRED"]
    assert done.only("H2H-WAIVER-EXPIRED").who_acts is WhoActs.SYSTEM_ADMINISTRATOR


def test_what_makes_a_payment_at_all_can_be_neither_waived_nor_made_milder() -> None:
    rules = Rules(severities={"H2H-MISSING": "info"}, waivers=(waiver("H2H-FORM", TODAY),))
    assert converted(row(ref=""), bank=Bank(rules=rules)).conversion.refused
    assert converted(row(date="soon"), bank=Bank(rules=rules)).conversion.refused
    assert [f.where for f in check_rules(rules)] == ["rules.severities", "rules.waivers"]


def test_a_rule_that_does_not_exist_is_found_in_the_profile() -> None:
    rules = Rules(severities={"H2H-IBANN": "info"})
    assert [f.text for f in check_rules(rules)] == ["there is no rule H2H-IBANN"]
    assert check_rules(Rules(severities={"H2H-IBAN": "warning"})) == []


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_rule_that_refuses_says_who_acts_and_what_next(code: str) -> None:
    rule = RULES[code]
    assert rule.title
    if rule.severity is Severity.ERROR:
        assert rule.who_acts is not WhoActs.NOBODY
        assert rule.next_step


def test_account_numbers_are_masked_in_findings() -> None:
    done = converted(row(account="AT611904300234573202"))
    assert "AT611904300234573202" not in done.only("H2H-IBAN").text
    assert "AT61…3202" in done.only("H2H-IBAN").text


def test_a_place_without_line_is_a_place() -> None:
    assert Where("file") == ("file", None, None)
