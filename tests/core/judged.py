"""What the rules say of one row, or of one with more fields: codes only."""

from __future__ import annotations

from typing import Any

from h2h.core.declared import Rules
from tests.core.erp_files import Bank, converted, delimited, row

SEPA = Rules(scheme="sepa")


def codes(bank: Bank | None = None, fields: dict[str, Any] | None = None, **changes: str) -> list[str]:
    """The codes found in one row, with its changes."""
    return converted(row(**changes), bank=bank, declared=delimited(fields)).codes


def with_constants(bank: Bank | None = None, **constants: str) -> list[str]:
    """The codes found in a sound row with more fields, all constant."""
    fields = {name: {"constant": value} for name, value in constants.items() if value}
    return converted(row(), bank=bank, declared=delimited(fields)).codes
