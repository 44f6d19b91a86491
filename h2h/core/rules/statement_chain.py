"""Statements of an account form a chain: each opens with what the last one closed, and counts on from it."""

from __future__ import annotations

from collections.abc import Sequence

from h2h.core.findings import WhoActs
from h2h.core.records import NewAttention, StatementRecord


def chain_attention(earlier: Sequence[StatementRecord], new: StatementRecord, bank: str) -> list[NewAttention]:
    """What a person must know when *new* follows *earlier* (same account and kind, in the order they came).

    Only statements (camt.053 and its like) form a chain; interim reports and notifications do not.
    """
    if new.kind != "statement":
        return []
    twin = next((s for s in earlier if s.fid != new.fid and _same_number(s, new)), None)
    if twin is not None:
        return [_item(new, bank, "statement-reissued", f"statement {_named(new)} came before, with other content")]
    last = earlier[-1] if earlier else None
    if last is None:
        return []
    items = []
    if new.sequence is not None and last.sequence is not None and new.sequence > last.sequence + 1:
        missing = (
            f"{last.sequence + 1}"
            if new.sequence == last.sequence + 2
            else f"{last.sequence + 1} to {new.sequence - 1}"
        )
        # Some banks start again at 1 every year; a jump backwards is therefore no gap.
        items.append(
            _item(new, bank, "statement-gap", f"statement {missing} of this account is missing (now {_named(new)})")
        )
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
    return NewAttention(kind, f"{record.account}/{record.statement_id or record.fid}", text, WhoActs.BANK, bank)
