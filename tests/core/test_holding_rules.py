"""Rules that let a file wait for a person: agreed payees, the day's limits, payees on a new account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from h2h.core.declared import Rules
from h2h.core.findings import Finding, Severity, refuses
from h2h.core.rules.day_limits import Leaving, check_day
from h2h.core.rules.initiation import check_initiation
from h2h.core.rules.payees import Payee, check_payees
from h2h.core.rules.terms import Terms
from tests.core.erp_files import PAYEE_ACCOUNT, TODAY, Bank, converted, delimited, format_of, row

OTHER_ACCOUNT = "FR1420041010050500013M02606"
AGREED = {"name": "Beta GmbH", "account": PAYEE_ACCOUNT}


def found(templates: list[dict[str, str]], fields: dict[str, str] | None = None, **changes: str) -> list[str]:
    """The texts of the template rule for one row, from CSV and from the document made of it, which must agree."""
    bank = Bank(rules=Rules.model_validate({"templates": templates}))
    constants = {name: {"constant": value} for name, value in (fields or {}).items()}
    made = converted(row(**changes), bank=bank, declared=delimited(constants))
    assert made.xml, "a hold does not refuse the file"
    again = check_initiation(format_of().read(made.xml), bank, TODAY)
    texts = [f.text for f in made.findings if f.code == "H2H-TEMPLATE"]
    assert [f.text for f in again if f.code == "H2H-TEMPLATE"] == texts
    return texts


def test_amount_day_and_text_are_free_where_a_template_is_kept() -> None:
    assert found([AGREED]) == []
    assert found([AGREED], amount="99999.99", date="2026-12-01", text="something else") == []
    assert found([AGREED], name="BETA G.m.b.H") == []


@pytest.mark.parametrize(
    ("more", "fields", "changes", "said"),
    [
        ({}, {}, {"account": OTHER_ACCOUNT}, "the account FR14…2606 stands where the template of"),
        ({}, {}, {"name": "Gamma GmbH"}, "is paid on the account of the template of"),
        ({"bic": "DEUTDEFF"}, {"creditor_bic": "COBADEFFXXX"}, {}, "is not the bank of the template of"),
        ({"currency": "EUR"}, {}, {"currency": "USD"}, "as currency, where the template of"),
        ({"purpose": "SUPP"}, {}, {}, '"nothing" as purpose'),
        ({"charge_bearer": "SHAR"}, {"charge_bearer": "DEBT"}, {"currency": "USD"}, "as charge bearer"),
    ],
)
def test_whatever_else_differs_from_the_template_is_told(
    more: dict[str, str], fields: dict[str, str], changes: dict[str, str], said: str
) -> None:
    (text,) = found([AGREED | more], fields, **changes)
    assert said in text
    assert PAYEE_ACCOUNT not in text


def test_a_bank_is_the_same_with_and_without_its_head_offices_mark() -> None:
    assert found([AGREED | {"bic": "DEUTDEFF"}], {"creditor_bic": "DEUTDEFFXXX"}) == []


def test_a_payee_with_two_accounts_has_two_templates() -> None:
    both = [AGREED, AGREED | {"account": OTHER_ACCOUNT}]
    assert found(both) == found(both, account=OTHER_ACCOUNT) == []


def test_others_are_free_unless_only_templates_are_paid() -> None:
    stranger = {"name": "Delta SA", "account": OTHER_ACCOUNT}
    assert found([AGREED], None, **stranger) == []
    bank = Bank(rules=Rules.model_validate({"templates": [AGREED], "templates_only": True}))
    done = converted(row(**stranger), bank=bank)
    assert (done.codes, done.findings[0].severity) == (["H2H-TEMPLATE"], Severity.HOLD)
    assert converted(row(), bank=bank).codes == []


def test_among_payments_that_are_alike_the_one_on_another_account_is_found() -> None:
    rows = [row(ref=f"INV-{n}", account=OTHER_ACCOUNT if n == 70 else PAYEE_ACCOUNT) for n in range(100)]
    done = converted(*rows, bank=Bank(rules=Rules.model_validate({"templates": [AGREED]})))
    assert [(f.code, f.line) for f in done.findings] == [("H2H-TEMPLATE", 72)]


@pytest.mark.parametrize(("severity", "refused"), [("error", True), ("hold", False), ("warning", False)])
def test_any_rule_may_hold_refuse_or_warn_as_the_profile_says(severity: str, refused: bool) -> None:
    rules = Rules.model_validate({"scheme": "sepa", "severities": {"H2H-DATE-HOLIDAY": severity}})
    done = converted(row(date="2026-12-25"), bank=Bank(rules=rules))
    assert [(f.code, str(f.severity)) for f in done.findings] == [("H2H-DATE-HOLIDAY", severity)]
    assert (done.conversion.refused, refuses(done.findings)) == (refused, refused)


def test_for_programs_a_hold_is_a_warning_that_says_that_it_holds() -> None:
    """Scripts know three severities (the command line's contract)."""
    (finding,) = converted(
        row(account=OTHER_ACCOUNT), bank=Bank(rules=Rules.model_validate({"templates": [AGREED]}))
    ).findings
    told = finding.as_json()
    assert (finding.severity, told["severity"], told["holds"]) == (Severity.HOLD, "warning", True)
    assert Finding.of_a_hold(told) == finding


def test_a_hold_is_not_crowded_out_by_warnings() -> None:
    rules = Rules.model_validate({"scheme": "sepa", "templates": [AGREED]})
    rows = [row(ref=f"INV-{n}", name=f"P{n:033}x", account=OTHER_ACCOUNT) for n in range(1200)]
    found = converted(*rows, row(ref="LAST", account=OTHER_ACCOUNT), bank=Bank(rules=rules)).findings
    assert [f.line for f in found if f.severity is Severity.HOLD and f.line == 1202]


# ---------------------------------------------------------------------------------------------------- the day


def left(amount: str, *, account: str = "A", folder: str = "ap", currency: str = "EUR", sid: str = "x") -> Leaving:
    return Leaving(sid, folder, account, currency, Decimal(amount))


def over(limits: dict[str, Any], own: list[Leaving], others: list[Leaving], folder_max: str | None = None) -> list[str]:
    terms = Terms.of(Bank(rules=Rules.model_validate(limits)), TODAY)
    check_day(own, others, {} if folder_max is None else {"EUR": Decimal(folder_max)}, terms)
    return [f.text.partition(" would")[0] for f in terms.judge.findings()]


def test_the_day_of_a_bank_is_compared_exactly() -> None:
    limit = {"day_amount_max": {"EUR": "0.30"}}
    assert over(limit, [left("0.10")], [left("0.10"), left("0.10", account="B")]) == []
    assert over(limit, [left("0.1000000001")], [left("0.10"), left("0.10")]) == ["the files for this bank"]
    assert over(limit, [left("0.31", currency="USD")], []) == []


def test_accounts_and_folders_have_days_of_their_own() -> None:
    limit = {"account_day_amount_max": {"EUR": "100.00"}}
    own = [left("60.00", account="A"), left("60.00", account="B")]
    assert over(limit, own, [left("41.00", account="B")]) == ["the payments from B"]
    assert over({}, own, [left("30.00", folder="payroll")], "140.00") == []
    assert over({}, own, [left("30.00", folder="ap")], "140.00") == ["the files of ap"]


def test_what_others_have_used_up_stops_only_those_who_add_to_it() -> None:
    assert over({"day_amount_max": {"EUR": "10.00"}}, [left("1.00", currency="USD")], [left("20.00")]) == []


@pytest.mark.parametrize(("severity", "expected"), [("error", Severity.ERROR), ("warning", Severity.WARNING)])
def test_the_days_limit_is_weighed_by_the_profile(severity: str, expected: Severity) -> None:
    limits = {"day_amount_max": {"EUR": "1.00"}, "severities": {"H2H-DAY-LIMIT": severity}}
    terms = Terms.of(Bank(rules=Rules.model_validate(limits)), TODAY)
    check_day([left("2.00")], [], {}, terms)
    assert [(f.severity, f.reason) for f in terms.judge.findings()] == [(expected, "AM14")]


def test_a_waiver_sets_the_days_limit_aside_and_is_counted() -> None:
    waiver = {"rule": "H2H-DAY-LIMIT", "reason": "year's end", "owner": "treasury", "until": TODAY}
    terms = Terms.of(Bank(rules=Rules.model_validate({"day_amount_max": {"EUR": "1"}, "waivers": [waiver]})), TODAY)
    check_day([left("2.00")], [], {}, terms)
    assert [(f.code, f.severity) for f in terms.judge.findings()] == [("H2H-WAIVED", Severity.INFO)]


# ---------------------------------------------------------------------------------------------------- payees


def changed(name: str, account: str, before: dict[str, frozenset[str]]) -> list[str]:
    terms = Terms.of(Bank(), TODAY)
    check_payees([Payee(3, name, account)], before, terms)
    return [f"{f.where}: {f.text}" for f in terms.judge.findings()]


def test_a_payee_on_an_account_that_was_never_used_is_told_with_the_old_one() -> None:
    (text,) = changed("Beta GmbH", OTHER_ACCOUNT, {"Beta GmbH": frozenset({PAYEE_ACCOUNT})})
    assert text.startswith('payment 3: "Beta GmbH" is paid on FR14…2606 for the first time; until now on ')
    assert PAYEE_ACCOUNT not in text
    assert OTHER_ACCOUNT not in text


def test_a_known_account_and_a_payee_who_was_never_paid_are_not_told() -> None:
    before = {"Beta GmbH": frozenset({OTHER_ACCOUNT, PAYEE_ACCOUNT.lower()})}
    assert changed("Beta GmbH", PAYEE_ACCOUNT, before) == []
    assert changed("Gamma GmbH", PAYEE_ACCOUNT, before) == []
