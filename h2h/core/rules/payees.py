"""Payees who were paid before, and now on an account that they never had: the commonest fraud on payments.

Whether the account is theirs, nobody can see in a file; somebody has to ask them. A name that was never paid has
changed nothing, and is left to the bank's verification of the payee.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from h2h.core.rules.judge import Where, masked, shown
from h2h.core.rules.stopped import number_of
from h2h.core.rules.terms import Terms


class Payee(NamedTuple):
    """Whom a payment of the file goes to; *ordinal* is the first such payment."""

    ordinal: int
    name: str
    account: str


def check_payees(payees: Iterable[Payee], paid_before: Mapping[str, Set[str]], terms: Terms) -> None:
    """*paid_before*: name → accounts on which payees of that name were paid; a name that never was is not there."""
    for payee in payees:
        known = {number_of(account) for account in paid_before.get(payee.name, ())}
        if known and number_of(payee.account) not in known:
            before = ", ".join(sorted(masked(account) for account in known)[:3])
            text = f"{shown(payee.name)} is paid on {masked(payee.account)} for the first time; until now on {before}"
            where = Where(f"payment {payee.ordinal}")
            terms.judge.found("H2H-PAYEE-CHANGED", "creditor_account", text, where=where)
