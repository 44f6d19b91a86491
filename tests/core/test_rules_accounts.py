"""The rules about accounts: each accepts beside what it refuses; code, place, reason and who acts are said."""

from __future__ import annotations

import random

import pytest
import schwifty

from h2h.core.findings import Severity, WhoActs
from h2h.core.rules.accounts import why_no_iban
from tests.core.erp_files import OUR_ACCOUNT, PAYEE_ACCOUNT, Bank, converted, delimited, row
from tests.core.judged import SEPA, codes, with_constants


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
