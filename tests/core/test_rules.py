"""The rules together: who acts and what next, severities, waivers, and what is shown of an account."""

from __future__ import annotations

from datetime import date

import pytest

from h2h.core.declared import Rules, Waiver
from h2h.core.findings import Severity, WhoActs
from h2h.core.rules.judge import Where, check_rules, masked
from h2h.core.rules.table import RULES
from tests.core.erp_files import TODAY, Bank, converted, row
from tests.core.judged import SEPA, codes


def test_a_sound_payment_has_no_findings() -> None:
    assert codes() == []
    assert codes(Bank(rules=SEPA)) == []


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


@pytest.mark.parametrize(("account", "said"), [("12345678", "12345678"), ("123456789", "1234…6789")])
def test_short_account_numbers_are_not_masked_into_nothing(account: str, said: str) -> None:
    assert masked(account) == said
