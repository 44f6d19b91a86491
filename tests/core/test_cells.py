"""Amounts, dates and flags as a table writes them: exact, or refused in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.codecs.cells import Forms, Unreadable


def forms(decimal: str = ".", thousands: str = "", date_format: str = "%Y-%m-%d") -> Forms:
    return Forms(decimal_separator=decimal, thousands_separator=thousands, date_format=date_format)


@pytest.mark.parametrize(
    ("decimal", "thousands", "text", "amount"),
    [
        (".", "", "1234.56", "1234.56"),
        (".", "", "0.5", "0.5"),
        (".", "", "5", "5"),
        (".", "", "000123.40", "123.40"),
        (",", "", "1234,56", "1234.56"),
        (",", ".", "1.234.567,89", "1234567.89"),
        (",", ".", "1234,5", "1234.5"),
        (",", ".", "1.005", "1005"),
        (".", ",", "1,234.50", "1234.50"),
        (".", "'", "1'234.50", "1234.50"),
        (",", " ", "1 234,50", "1234.50"),
        (".", "", "123456789012345678.12345", "123456789012345678.12345"),
    ],
)
def test_an_amount_is_read_exactly_as_declared(decimal: str, thousands: str, text: str, amount: str) -> None:
    assert str(forms(decimal, thousands).amount(text)) == amount


@pytest.mark.parametrize(
    ("decimal", "thousands", "text", "why"),
    [
        (".", "", "1,234.5", "not written as declared"),
        (".", "", "1.234,5", "not written as declared"),
        (",", "", "1.005", "not written as declared"),
        (",", ".", "1.23", "not written as declared"),
        (",", ".", "12.34.567", "not written as declared"),
        (".", ",", "1,23,456.00", "not written as declared"),
        (".", "", ".5", "not written as declared"),
        (".", "", "5.", "not written as declared"),
        (".", "", "1 234.50", "not written as declared"),
        (".", "", "1\u00a0234.50", "not written as declared"),
        (".", "", "1e3", "exponent form"),
        (".", "", "1.5E+3", "exponent form"),
        (",", "", "1,5E3", "exponent form"),
        (".", "", "NaN", "not a number"),
        (".", "", "Infinity", "not a number"),
        (".", "", "#VALUE!", "not a number"),
        (".", "", "NULL", "not a number"),
        (".", "", "-5", "negative"),
        (".", "", "−5", "negative"),
        (".", "", "1190.00-", "negative"),
        (".", "", "(5.00)", "negative"),
        (".", "", "+5", "plus sign"),
        (".", "", "5.00 EUR", 'holds "E"'),
        (".", "", "€5", 'holds "€"'),
        (".", "", "１２", "not one of 0 to 9"),
        (".", "", "٣", "not one of 0 to 9"),
        (".", "", "0x10", 'holds "x"'),
        (".", "", "1_000", 'holds "_"'),
        (".", "", "=1+1", "plus sign"),
    ],
)
def test_an_amount_that_is_written_otherwise_is_refused_in_words(
    decimal: str, thousands: str, text: str, why: str
) -> None:
    with pytest.raises(Unreadable, match=why.replace("(", r"\(")):
        forms(decimal, thousands).amount(text)


amounts = st.decimals(min_value=0, max_value=10**15, places=5, allow_nan=False, allow_infinity=False)


@given(amounts, st.sampled_from([(".", ""), (".", ","), (",", "."), (",", " "), (".", "'")]))
def test_every_amount_comes_back_from_every_declared_form(amount: Decimal, form: tuple[str, str]) -> None:
    decimal, thousands = form
    written = f"{amount:,f}".replace(",", "T").replace(".", decimal).replace("T", thousands)
    assert forms(decimal, thousands).amount(written) == amount


@given(st.text(max_size=12))
def test_whatever_is_read_as_an_amount_has_only_digits_and_the_declared_signs(text: str) -> None:
    try:
        amount = forms(",", ".").amount(text)
    except Unreadable:
        return
    assert set(text) <= set("0123456789.,")
    assert amount == Decimal(text.replace(".", "").replace(",", "."))


@pytest.mark.parametrize(
    ("form", "text", "day"),
    [
        ("%Y-%m-%d", "2026-11-24", date(2026, 11, 24)),
        ("%d.%m.%Y", "24.11.2026", date(2026, 11, 24)),
        ("%Y%m%d", "20261124", date(2026, 11, 24)),
        ("%d/%m/%y", "24/11/26", date(2026, 11, 24)),
        ("%d-%b-%Y", "24-Nov-2026", date(2026, 11, 24)),
    ],
)
def test_a_date_is_read_as_declared(form: str, text: str, day: date) -> None:
    reading = forms(date_format=form)
    assert reading.date(text) == day
    assert reading.date(text) == day


@pytest.mark.parametrize(
    ("form", "text", "why"),
    [
        ("%Y-%m-%d", "24.11.2026", "not a date of the form"),
        ("%Y-%m-%d", "2026-02-30", "not a date of the form"),
        ("%Y-%m-%d", "2026-11-24T00:00:00", "not a date of the form"),
        ("%d.%m.%Y", "46350", "spreadsheet's day number"),
        ("%m/%d/%Y", "24/11/2026", "not a date of the form"),
    ],
)
def test_a_date_of_another_form_is_refused_in_words(form: str, text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        forms(date_format=form).date(text)


@pytest.mark.parametrize(("text", "flag"), [("true", True), ("Y", True), ("1", True), ("No", False), ("0", False)])
def test_a_flag_is_read(text: str, flag: bool) -> None:
    assert forms().flag(text) is flag


def test_a_flag_of_another_word_is_refused() -> None:
    with pytest.raises(Unreadable, match="neither true nor false"):
        forms().flag("maybe")
