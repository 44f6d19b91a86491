"""Amounts, currencies, execution dates."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from h2h.core.naming import plain_amount
from h2h.core.rules.lists import WITHDRAWN, closing_day, decimals_of
from h2h.core.rules.terms import DECIMALS_MAX, DIGITS_MAX, SEPA_MAX, SEPA_MIN, Terms


def check_money(amount: Decimal, currency: str, terms: Terms) -> None:
    """A positive amount which the currency and the scheme can express."""
    judge = terms.judge
    exponent = amount.as_tuple().exponent
    # Trailing zeros count: 1.50 has two decimals, and so has the text that goes to the bank.
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if terms.sepa and currency == "EUR" and decimals <= 2 and SEPA_MIN <= amount <= SEPA_MAX:
        return
    if amount <= 0:
        judge.found(
            "H2H-AMOUNT", "amount", f"the amount is {plain_amount(amount)}", reason="AM01" if amount == 0 else None
        )
        return
    allowed = decimals_of(currency)
    if allowed is None:
        _unknown_currency(currency, terms)
    elif decimals > allowed:
        said = f"{currency} has {allowed or 'no'} decimals" if allowed != 1 else f"{currency} has one decimal"
        judge.found("H2H-DECIMALS", "amount", f"{amount} {currency} has {decimals} decimals; {said}")
    if decimals > DECIMALS_MAX or len(amount.as_tuple().digits) > DIGITS_MAX:
        judge.found("H2H-AMOUNT", "amount", f"{amount} has more digits than ISO 20022 can carry ({DIGITS_MAX})")
    if terms.sepa:
        if currency != "EUR":
            judge.found("H2H-CURRENCY", "currency", f"a SEPA payment is in EUR, not {currency}")
        elif not SEPA_MIN <= amount <= SEPA_MAX:
            judge.found("H2H-AMOUNT", "amount", f"{amount} is outside SEPA's range, {SEPA_MIN} to {SEPA_MAX}")


def _unknown_currency(currency: str, terms: Terms) -> None:
    now = WITHDRAWN.get(currency)
    text = f"{currency} is not a currency that payments are made in"
    if now == "CNY":
        text = f"{currency} is a market's name; the currency is CNY on- and offshore"
    elif now:
        text = f"{currency} has been withdrawn; the money is now {now}"
    elif currency.upper() != currency:
        text = f"{currency} is not written in capitals"
    terms.judge.found("H2H-CURRENCY", "currency", text, reason="AM11")


def check_date(day: date, terms: Terms) -> None:
    """Past, weekend, too far ahead."""
    judge, field = terms.judge, "requested_execution_date"
    if day < terms.today:
        judge.found("H2H-DATE-PAST", field, f"{day} is past (today is {terms.today})")
    elif day > terms.today + timedelta(days=terms.rules.days_ahead_max):
        judge.found("H2H-DATE-FAR", field, f"{day} is more than {terms.rules.days_ahead_max} days ahead")
    elif day.weekday() >= 5:
        judge.found("H2H-DATE-WEEKEND", field, f"{day} is a {day:%A}")
    elif terms.sepa and (closed := closing_day(day)) is not None:
        judge.found("H2H-DATE-HOLIDAY", field, f"{day} is {closed}, when TARGET is closed")
