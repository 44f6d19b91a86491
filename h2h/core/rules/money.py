"""Amounts, currencies, execution dates."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from h2h.core.naming import plain_amount
from h2h.core.rules.lists import WITHDRAWN, decimals_of
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


def check_date(day: date, terms: Terms, *, instant: bool = False) -> None:
    """Past, too far ahead, or a day on which the bank rests; an instant payment is made on every day (EPC004-16)."""
    judge, field = terms.judge, "requested_execution_date"
    if day < terms.today:
        judge.found("H2H-DATE-PAST", field, f"{day} is past (today is {terms.today})")
    elif day > terms.today + timedelta(days=terms.rules.days_ahead_max):
        judge.found("H2H-DATE-FAR", field, f"{day} is more than {terms.rules.days_ahead_max} days ahead")
    elif not instant:
        _check_working_day(day, terms)


def _check_working_day(day: date, terms: Terms) -> None:
    days, judge, field = terms.working_days, terms.judge, "requested_execution_date"
    holiday = days.holiday(day)
    if not days.known(day):
        said = f"h2h knows the working days of {days.name} from {days.first} to {days.last}"
        judge.found("H2H-DATE-CALENDAR", field, f"{day} is a {day:%A}; {said}")
    elif not days.closed(day):
        return
    elif day.weekday() >= 5:
        said = f", {holiday}" if holiday is not None else ""
        judge.found("H2H-DATE-WEEKEND", field, f"{day} is a {day:%A}{said}{_next_day(day, terms)}")
    else:
        rests = f"{days.name} is closed" if days.name is not None else "the bank is closed"
        judge.found("H2H-DATE-HOLIDAY", field, f"{day} is {holiday}, when {rests}{_next_day(day, terms)}")


def _next_day(day: date, terms: Terms) -> str:
    """When it will be paid instead, as far as that is known."""
    following, name = terms.working_days.next_after(day), terms.working_days.name
    if following is None:
        return f"; the next working day of {name} is not known to h2h" if name is not None else ""
    kind = f"working day of {name}" if name is not None else "weekday"
    return f"; the next {kind} is {following}, a {following:%A}"
