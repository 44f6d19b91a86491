"""Limits of a whole file that the house or its bank has set: how many payments, and how much of each currency."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from h2h.core.naming import plain_amount
from h2h.core.rules.judge import Where
from h2h.core.rules.terms import Terms


def check_limits(count: int, sums: Mapping[str, Decimal], terms: Terms) -> None:
    """One finding for each limit that is passed; nothing is held back silently or sent in part."""
    rules, judge = terms.rules, terms.judge
    most = rules.file_payments_max
    if most is not None and count > most:
        text = f"the file has {count:,} payments, and {most:,} are allowed"
        judge.found("H2H-FILE-LIMIT", "", text, reason="AM22", where=Where("file"))
    for currency, total in sorted(sums.items()):
        limit = rules.file_amount_max.get(currency)
        if limit is not None and total > limit:
            text = f"the payments in {currency} make {plain_amount(total)}, and {plain_amount(limit)} are allowed"
            judge.found("H2H-FILE-LIMIT", "", text, where=Where("file"))
