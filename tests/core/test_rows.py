"""A statement as a table: whose name stands in the column of the other side."""

from __future__ import annotations

from decimal import Decimal

import pytest

from h2h.core.model.parties import Account
from h2h.core.model.statement import Entry, EntryDetail, Statement
from h2h.core.rows import STATEMENT_HEADER, statement_rows


@pytest.mark.parametrize(
    ("mark", "reversal", "other"),
    [("CRDT", False, "Payer"), ("DBIT", False, "Payee"), ("DBIT", True, "Payer"), ("CRDT", True, "Payee")],
)
def test_the_other_side_of_a_reversal_is_that_of_what_it_takes_back(mark: str, reversal: bool, other: str) -> None:
    entry = Entry(Decimal("5"), "EUR", mark)
    entry.reversal = reversal
    entry.details = [EntryDetail(debtor_name="Payer", creditor_name="Payee")]
    statement = Statement("statement", "1", Account(other="1"))
    statement.entries = [entry]
    (row,) = statement_rows(statement, [], {})
    assert row[STATEMENT_HEADER.index("counterparty")] == other
