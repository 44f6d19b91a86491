"""Statements of an account form a chain, in whatever order the bank delivers them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import permutations

from h2h.core.records import StatementRecord
from h2h.core.rules.statement_chain import link


def statement(number: int, day: date, opening: str, closing: str, *, fid: str = "") -> StatementRecord:
    return StatementRecord(
        fid=fid or f"f{number}-{day}",
        account="DE75512108001245126199",
        kind="statement",
        statement_id=f"S{number}-{day.year}",
        sequence=Decimal(number),
        currency="EUR",
        opening=Decimal(opening),
        closing=Decimal(closing),
        opening_date=day,
        closing_date=day,
        entry_count=1,
    )


MONDAY = statement(1, date(2026, 11, 23), "100", "90")
TUESDAY = statement(2, date(2026, 11, 24), "90", "70")
WEDNESDAY = statement(3, date(2026, 11, 25), "70", "75")


def open_items(order: tuple[StatementRecord, ...]) -> set[tuple[str, str]]:
    """What is still open after the statements came in this order."""
    seen: list[StatementRecord] = []
    items: set[tuple[str, str]] = set()
    for record in order:
        links = link(seen, record, "bank")
        items |= {(item.kind, item.subject) for item in links.broken}
        items -= set(links.mended)
        seen.append(record)
    return items


def test_a_whole_chain_leaves_nothing_open_in_any_order_of_delivery() -> None:
    for order in permutations((MONDAY, TUESDAY, WEDNESDAY)):
        assert open_items(order) == set()


def test_a_missing_statement_stays_open_in_any_order_of_the_others() -> None:
    for order in permutations((MONDAY, WEDNESDAY)):
        assert {kind for kind, _ in open_items(order)} == {"statement-gap", "statement-break"}


def test_a_late_statement_with_wrong_balances_mends_the_gap_but_not_the_break() -> None:
    other = statement(2, date(2026, 11, 24), "90", "71")
    assert {kind for kind, _ in open_items((MONDAY, WEDNESDAY, other))} == {"statement-break"}


def test_the_gap_names_the_numbers_that_are_missing() -> None:
    late = statement(5, date(2026, 11, 27), "75", "75")
    (gap,) = [i for i in link([MONDAY, TUESDAY], late, "bank").broken if i.kind == "statement-gap"]
    assert "3 to 4" in gap.text


def test_numbers_that_begin_anew_with_the_year_are_no_gap() -> None:
    december = statement(251, date(2026, 12, 31), "75", "80")
    january = statement(1, date(2027, 1, 4), "80", "85")
    assert open_items((december, january)) == set()
    assert open_items((january, december)) == set()


def test_the_same_number_with_other_content_is_a_reissue() -> None:
    again = statement(2, date(2026, 11, 24), "90", "71", fid="other")
    (item,) = link([MONDAY, TUESDAY], again, "bank").broken
    assert item.kind == "statement-reissued"


def test_notifications_form_no_chain() -> None:
    from dataclasses import replace

    assert link([MONDAY], replace(WEDNESDAY, kind="notification"), "bank").broken == []
