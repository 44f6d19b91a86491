"""Two files compared by what they say: what came, what went, what changed; versions, order and ids do not count."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from h2h.core.difference import difference
from h2h.core.errors import Refused
from h2h.core.format import Message
from tests.checkout import BOOK, FORMATS
from tests.core.erp_files import converted, format_of, row

ROWS = (row(), row(ref="INV-2", amount="7.25"), row(ref="INV-3", amount="8.00"))
STATEMENT = FORMATS / "camt/golden/batch-entry-and-return-053-08.xml"


def read(*rows: str, format: str = "pain.001.001.09") -> Message:
    return format_of(format).read(converted(*rows, format=format).xml).message


def test_order_version_and_message_id_do_not_count() -> None:
    first, second = read(*ROWS), read(*reversed(ROWS), format="pain.001.001.03")
    second.message_id = "ANOTHER"
    found = difference(first, second)
    assert (found.same, found.compared) == (True, 3)


def test_a_changed_fact_is_named_with_both_its_values() -> None:
    found = difference(read(*ROWS), read(ROWS[0], row(ref="INV-2", amount="7.52"), ROWS[2]))
    assert [(c.item.reference, c.field, c.before, c.after) for c in found.changed] == [
        ("INV-2", "amount", "7.25", "7.52")
    ]
    assert (found.added, found.removed, found.compared, found.same) == ([], [], 3, False)


def test_a_fact_of_the_instruction_is_one_of_each_of_its_payments() -> None:
    found = difference(read(row()), read(row(date="2026-11-25")))
    assert [(c.field, c.before, c.after) for c in found.changed] == [
        ("requested execution date", "2026-11-24", "2026-11-25")
    ]


def test_what_came_and_what_went_is_told() -> None:
    found = difference(read(*ROWS), read(ROWS[0], ROWS[2], row(ref="INV-4")))
    assert [item.reference for item in found.removed] == ["INV-2"]
    assert [item.reference for item in found.added] == ["INV-4"]
    assert found.removed[0].shown == "payment INV-2  7.25 EUR  Beta GmbH"


def test_a_trailing_zero_is_no_difference_and_a_missing_fact_is_one() -> None:
    assert difference(read(row(amount="7.50")), read(row(amount="7.50"))).same
    first, second = read(row()), read(row(text=""))
    assert [(c.field, c.before, c.after) for c in difference(first, second).changed] == [
        ("remittance unstructured 1", "Invoice 1", None)
    ]


def test_of_equal_references_those_that_agree_are_paired() -> None:
    message = read(*ROWS)
    same = replace(message)
    for t in message.transactions:  # type: ignore[union-attr]
        t.end_to_end_id = "NOTPROVIDED"
    other = read(*ROWS)
    other.transactions = list(reversed(other.transactions))  # type: ignore[union-attr]
    for t in other.transactions:  # type: ignore[union-attr]
        t.end_to_end_id = "NOTPROVIDED"
    other.transactions[0].amount = Decimal("8.88")  # type: ignore[union-attr]
    found = difference(same, other)
    assert [(c.field, c.before, c.after) for c in found.changed if c.field == "amount"] == [("amount", "8", "8.88")]
    assert found.compared == 3


def test_entries_and_balances_of_a_statement_are_compared() -> None:
    data = STATEMENT.read_bytes()
    format_ = format_of("camt.053.001.08")
    first = format_.read(data).message
    assert difference(first, format_.read(data).message).same
    changed = difference(first, format_.read(data.replace(b">3710.55<", b">3710.56<")).message)
    assert "amount" in [c.field for c in changed.changed]
    details = difference(first, format_.read(data.replace(b"INV-88213", b"INV-88219")).message)
    assert [(c.before, c.after) for c in details.changed] == [("INV-88213", "INV-88219")]


def test_messages_of_different_kinds_are_not_compared() -> None:
    statement = format_of("camt.053.001.08").read(STATEMENT.read_bytes()).message
    with pytest.raises(Refused, match="a file of credit transfers, the other a statement"):
        difference(read(row()), statement)


@pytest.mark.parametrize(
    ("golden", "old", "new", "what", "before", "after"),
    [
        ("pain.002/golden/one-of-three-rejected-03.xml", "AC04", "AM04", "status", "AC04", "AM04"),
        ("pain.002/golden/whole-file-rejected-10.xml", "<GrpSts>RJCT", "<GrpSts>ACCP", "status", "RJCT", "ACCP"),
        (
            "camt.029/golden/one-accepted-one-refused-one-undecided-14.xml",
            "ACCR</TxCxlSts>",
            "RJCR</TxCxlSts>",
            "cancellation",
            "ACCR",
            "RJCR",
        ),
        (
            "camt.055/golden/one-payment-called-back-as-a-duplicate-08.xml",
            "DUPL",
            "FRAD",
            "cancellation",
            "DUPL",
            "FRAD",
        ),
        (
            "camt.060/golden/statements-of-two-accounts-05.xml",
            "<FrDt>2026-11-01",
            "<FrDt>2026-11-02",
            "question",
            "2026-11-01",
            "2026-11-02",
        ),
    ],
)
def test_every_kind_of_message_shows_the_one_fact_that_changed(
    golden: str, old: str, new: str, what: str, before: str, after: str
) -> None:
    text = (FORMATS / golden).read_text("utf-8")
    assert old in text
    first, second = (BOOK.read(one.encode()).message for one in (text, text.replace(old, new, 1)))
    assert difference(first, first).same
    assert difference(first, first).compared > 0, "what is not looked at is not the same"
    found = difference(first, second)
    assert [(c.item.what, c.before, c.after) for c in found.changed] == [(what, before, after)]
    assert (found.added, found.removed) == ([], [])
