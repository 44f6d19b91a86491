"""Statements that name no account or no currency: what the file's name and the bank's profile say of them.

Some banks' own answers bear neither. Whoever carries such an answer here lets its name begin with the account that was
asked about; the profile says which currency the account has. Nothing that a statement says itself is changed, and
without both it stays what it is: it can be looked at, and is matched to nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from h2h.core.findings import Finding, info
from h2h.core.model.statement import Balance, Entry, Statement, StatementMessage
from h2h.core.naming import named_after

#: ISO 4217: no currency.
NO_CURRENCY = "XXX"


def complete_unnamed(
    message: object, remote_name: str, accounts: Collection[str], currencies: Mapping[str, str]
) -> list[Finding]:
    """Complete the statements of *message*, if it is of statements; the findings say what was taken from where."""
    if not isinstance(message, StatementMessage):
        return []
    found: list[Finding] = []
    for statement in message.statements:
        named = named_after(remote_name)
        if not statement.account.number and named in accounts:
            statement.account = replace(statement.account, other=named)
            text = f"the bank names no account; by the file's name ({remote_name}) it is {named}"
            found.append(info("H2H-ACCOUNT-NAMED", "the file's name", text))
        currency = currencies.get(statement.account.number or "")
        if currency is not None and _has_no_currency(statement):
            _in_currency(statement, currency)
            text = (
                f"the bank names no currency; by its profile account {statement.account.number} is kept in {currency}"
            )
            found.append(info("H2H-CURRENCY-NAMED", "the bank's profile", text))
    return found


def _has_no_currency(statement: Statement) -> bool:
    return any(one.currency == NO_CURRENCY for one in _amounts(statement))


def _in_currency(statement: Statement, currency: str) -> None:
    for one in _amounts(statement):
        if one.currency == NO_CURRENCY:
            one.currency = currency
    if not statement.account.currency:
        statement.account = replace(statement.account, currency=currency)


def _amounts(statement: Statement) -> list[Balance | Entry]:
    return [*statement.balances, *statement.entries]
