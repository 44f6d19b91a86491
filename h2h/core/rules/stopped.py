"""Payees to whom nothing may be paid: the house's own list of accounts and names, in the bank's profile.

No list of sanctions comes with h2h, and none replaces the bank's. This one is for what the house knows first: an
account from a letter that was a fraud, a supplier in dispute. Names are compared by letters and digits alone.
"""

from __future__ import annotations

import unicodedata
from typing import Self

from h2h.core.declared import Rules


class Stopped:
    """The list of one bank, compiled once a file."""

    def __init__(self, accounts: frozenset[str], names: frozenset[str]) -> None:
        self._accounts, self._names = accounts, names

    @classmethod
    def of(cls, rules: Rules) -> Self | None:
        """None if nobody is stopped."""
        if not rules.stopped_accounts and not rules.stopped_names:
            return None
        return cls(frozenset(map(number_of, rules.stopped_accounts)), frozenset(map(letters_of, rules.stopped_names)))

    def account(self, number: str | None) -> bool:
        """Whether this IBAN or account number is on the list, however it is written."""
        return number is not None and number_of(number) in self._accounts

    def name(self, name: str | None) -> bool:
        """Whether this name is on the list: ``ACME Ltd.`` is ``Acme LTD``."""
        return name is not None and letters_of(name) in self._names


def number_of(text: str) -> str:
    """An account number as it is compared, however it is written."""
    return text.replace(" ", "").upper()


def letters_of(text: str) -> str:
    """A name as it is compared: its letters and digits, of whatever width and case."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
