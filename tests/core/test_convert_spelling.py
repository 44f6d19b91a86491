"""Texts are spelled for the bank only where its profile says so, and each spelling is reported."""

from __future__ import annotations

from h2h.core.declared import Rules
from h2h.core.findings import Severity
from tests.core.erp_files import SPELLS, Bank, converted, delimited, initiation_of, payments_of, row


def test_texts_are_spelled_for_the_bank_only_where_the_profile_says_so_and_each_is_reported() -> None:
    done = converted(row(name="Müller & Söhne", text="Zażółć"), bank=SPELLS)
    assert not done.conversion.refused, done.findings
    payment = next(payments_of(done.xml))
    assert (payment["name"], payment["text"]) == ("Mueller + Soehne", "Zazolc")
    assert [(f.code, f.where, f.text) for f in done.findings] == [
        ("H2H-TRANSLITERATED", "line 2, column name", '"Müller & Söhne" goes to the bank as "Mueller + Soehne"'),
        ("H2H-TRANSLITERATED", "line 2, column text", '"Zażółć" goes to the bank as "Zazolc"'),
    ]


def test_the_debtors_name_is_spelled_and_reported_too() -> None:
    done = converted(row(), declared=delimited({"debtor_name": {"constant": "Bäcker AG"}}), bank=SPELLS)
    assert initiation_of(done.xml).instructions[0].debtor.name == "Baecker AG"
    assert done.codes == ["H2H-TRANSLITERATED"]


def test_a_letter_without_known_spelling_is_refused_even_then() -> None:
    done = converted(row(name="上海示例"), bank=SPELLS)
    assert done.only("H2H-CHARSET").severity is Severity.ERROR


def test_a_name_that_grows_too_long_by_its_spelling_is_refused_not_cut() -> None:
    done = converted(row(name="ä" * 40), bank=SPELLS)
    assert "80 characters" in done.only("H2H-LENGTH").text


def test_chinese_goes_to_a_bank_that_takes_it() -> None:
    done = converted(row(name="上海示例商贸有限公司"), bank=Bank(rules=Rules(charset="utf-8")))
    assert [p["name"] for p in payments_of(done.xml)] == ["上海示例商贸有限公司"]
