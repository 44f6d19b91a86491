"""Statements of an account form a chain: each opens with what the last one closed, and counts on from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from h2h.core.findings import WhoActs
from h2h.core.records import NewAttention, StatementRecord


@dataclass(slots=True)
class Links:
    """What a statement does to its account's chain: items to open, and (kind, subject) of items it mends."""

    broken: list[NewAttention] = field(default_factory=list)
    mended: list[tuple[str, str]] = field(default_factory=list)


def link(earlier: Sequence[StatementRecord], new: StatementRecord, bank: str) -> Links:
    """How *new* stands between those of *earlier* (same account and kind, in the order they came).

    Banks deliver out of order: a statement is compared with the one before it *by its own date and number*, and one
    that comes late mends what its successor had to complain of. Only statements (camt.053 and its like) form a chain;
    interim reports and notifications do not.
    """
    links = Links()
    if new.kind != "statement":
        return links
    if any(s.fid != new.fid and _same_number(s, new) for s in earlier):
        text = f"statement {_named(new)} came before, with other content"
        links.broken.append(_item(new, bank, "statement-reissued", text))
        return links
    before, after = _neighbours(earlier, new)
    links.broken += _faults(before, new, bank)
    if after is not None:
        faults = _faults(new, after, bank)
        links.broken += faults
        still = {(item.kind, item.subject) for item in faults}
        kinds = ("statement-gap", "statement-break")
        links.mended = [(kind, _subject(after)) for kind in kinds if (kind, _subject(after)) not in still]
    return links


def _neighbours(
    earlier: Sequence[StatementRecord], new: StatementRecord
) -> tuple[StatementRecord | None, StatementRecord | None]:
    place = _place(new)
    if place is None:
        return (earlier[-1] if earlier else None), None
    placed = sorted(((p, n) for n, s in enumerate(earlier) if (p := _place(s)) is not None))
    before = [earlier[n] for p, n in placed if p < place]
    after = [earlier[n] for p, n in placed if p > place]
    return (before[-1] if before else None), (after[0] if after else None)


def _place(record: StatementRecord) -> tuple[date, Decimal] | None:
    """Where it belongs. The date first: many banks begin the numbers anew each year."""
    if record.closing_date is None:
        return None
    return record.closing_date, record.sequence or Decimal(0)


def _faults(last: StatementRecord | None, new: StatementRecord, bank: str) -> list[NewAttention]:
    if last is None:
        return []
    items = []
    # A jump backwards is no gap: the numbers began anew.
    if new.sequence is not None and last.sequence is not None and new.sequence > last.sequence + 1:
        first, final = last.sequence + 1, new.sequence - 1
        missing = f"{first}" if first == final else f"{first} to {final}"
        text = f"statement {missing} of this account is missing (now {_named(new)})"
        items.append(_item(new, bank, "statement-gap", text))
    if new.opening is not None and last.closing is not None and new.opening != last.closing:
        text = f"statement {_named(new)} opens with {new.opening}; the last, {_named(last)}, closed with {last.closing}"
        items.append(_item(new, bank, "statement-break", text))
    return items


def _same_number(one: StatementRecord, other: StatementRecord) -> bool:
    same_id = one.statement_id is not None and one.statement_id == other.statement_id
    return same_id and one.sequence == other.sequence and one.closing_date == other.closing_date


def _named(record: StatementRecord) -> str:
    number = f"no. {record.sequence}" if record.sequence is not None else (record.statement_id or "without a number")
    return f"{number} of {record.closing_date}" if record.closing_date else number


def _item(record: StatementRecord, bank: str, kind: str, text: str) -> NewAttention:
    return NewAttention(kind, _subject(record), text, WhoActs.BANK, bank)


def _subject(record: StatementRecord) -> str:
    return f"{record.account}/{record.statement_id or record.fid}"
