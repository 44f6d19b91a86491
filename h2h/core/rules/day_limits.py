"""What leaves on one day: the sums of a file together with what left before, against the limits of the house.

A day is one of the bank's calendar. What is used of it is told by the caller: every file that was let through and not
rejected, cancelled or refused, be it sent or still on its way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from h2h.core.rules.judge import Where, masked
from h2h.core.rules.terms import Terms


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves one account in one currency with one file."""

    sid: str
    folder: str
    account: str
    currency: str
    amount: Decimal


def check_day(
    own: Sequence[Leaving], others: Sequence[Leaving], folder_max: Mapping[str, Decimal], terms: Terms
) -> None:
    """One finding for each limit that *own*, the file at hand, passes together with the day's *others*."""
    for currency in sorted({part.currency for part in own}):
        mine, theirs = ([part for part in parts if part.currency == currency] for parts in (own, others))
        folder = mine[0].folder
        limit = terms.rules.day_amount_max.get(currency)
        _check("the files for this bank", currency, _sum(mine), _sum(theirs), limit, terms)
        of_folder = [part for part in theirs if part.folder == folder]
        _check(f"the files of {folder}", currency, _sum(mine), _sum(of_folder), folder_max.get(currency), terms)
        for account in sorted({part.account for part in mine}):
            own_sum, used = (_sum(part for part in parts if part.account == account) for parts in (mine, theirs))
            limit = terms.rules.account_day_amount_max.get(currency)
            _check(f"the payments from {masked(account)}", currency, own_sum, used, limit, terms)


def _sum(parts: Iterable[Leaving]) -> Decimal:
    return sum((part.amount for part in parts), Decimal(0))


def _check(what: str, currency: str, own: Decimal, used: Decimal, limit: Decimal | None, terms: Terms) -> None:
    if limit is None or own + used <= limit:
        return
    figures = f"{used:f} {currency} left today or is on its way, and this file has {own:f}"
    text = f"{what} would pass {limit:f} {currency} a day: {figures}"
    terms.judge.found("H2H-DAY-LIMIT", "", text, where=Where("file"))
