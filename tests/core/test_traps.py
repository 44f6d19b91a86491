"""What exports do to payments on their way: each trap with the lesson it taught."""

from __future__ import annotations

import pytest

from tests.core.erp_files import PAYEE_ACCOUNT, Result, convert, converted, delimited, file_of, payments_of, row


def only(done: Result, code: str, said: str) -> bool:
    """The file is refused for that reason."""
    return done.conversion.refused and said in done.only(code).text


@pytest.mark.parametrize("amount", ["100.50-", "(100.50)", "-100.50", "−100.50"])
def test_a_credit_note_has_many_signs_and_is_paid_by_none_of_them(amount: str) -> None:
    assert only(converted(row(amount=amount)), "H2H-AMOUNT", "is negative")


def test_an_account_that_a_spreadsheet_made_a_number_has_lost_digits() -> None:
    assert only(converted(row(account="6.22E+18")), "H2H-EXCEL", "lost digits")


def test_an_account_wrapped_in_a_text_formula_is_a_formula() -> None:
    assert only(converted(row(account='="0012345"')), "H2H-EXCEL", "a spreadsheet's formula")


def test_an_account_that_ends_in_zeros_after_15_digits_is_doubted() -> None:
    done = converted(row(account="622202123456789000"))
    assert "a spreadsheet leaves a long number" in done.only("H2H-EXCEL-DIGITS").text


def test_a_decimal_comma_is_no_thousands_separator_and_the_other_way_round() -> None:
    german = file_of(row(amount='"1.000,50"'))
    assert convert(german).conversion.refused
    done = convert(german, delimited(decimal_separator=",", thousands_separator="."))
    assert [p["amount"] for p in payments_of(done.xml)] == ["1000.50"]


def test_a_no_break_space_is_no_blank_neither_in_amounts_nor_in_accounts() -> None:
    spaced = convert(file_of(row(amount="1\u00a0000.50")), delimited(thousands_separator=" "))
    assert only(spaced, "H2H-AMOUNT", "\\u00a0")
    assert only(converted(row(account=f"\u00a0{PAYEE_ACCOUNT}")), "H2H-IBAN", "\\u00a0")


def test_full_width_digits_are_no_digits() -> None:
    assert converted(row(account="１２３４５")).conversion.refused
    assert only(converted(row(amount="１００")), "H2H-AMOUNT", "not one of 0 to 9")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_mark_of_the_declared_encoding_is_not_part_of_the_file(encoding: str) -> None:
    data = file_of(row()).decode().encode("utf-8-sig" if encoding == "utf-8" else encoding)
    assert convert(data, delimited(encoding=encoding)).conversion.count == 1


def test_a_first_line_sep_is_the_spreadsheets_own_and_says_the_declared_delimiter() -> None:
    assert convert(b"sep=,\r\n" + file_of(row())).conversion.count == 1
    assert 'column "sep=;"' in convert(b"sep=;\r\n" + file_of(row())).findings[-1].text


def test_a_line_end_within_quotes_is_part_of_the_text_and_no_new_payment() -> None:
    done = converted(row(text='"two\r\nlines"'))
    assert [(f.code, f.line) for f in done.findings] == [("H2H-CHARSET", 2)]


def test_a_totals_row_is_not_paid() -> None:
    done = converted(row(), "Total,100.50,,,,,")
    assert done.conversion.refused
    assert {f.line for f in done.findings} == {3}
