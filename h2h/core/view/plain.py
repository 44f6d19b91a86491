"""What all kinds of messages have in common: amounts and times as text, exactly as they were written; reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from h2h.core.model.status import StatusReason


def exact(amount: Decimal | None) -> str | None:
    """An amount with the digits that it was written with."""
    return None if amount is None else f"{amount:f}"


def iso(moment: date | datetime | None) -> str | None:
    """A day or a moment as ISO 8601 writes it."""
    return None if moment is None else moment.isoformat()


def plain(value: object) -> Any:
    """A value that JSON has; amounts are text."""
    return exact(value) if isinstance(value, Decimal) else value


def reasons_json(reasons: Iterable[StatusReason]) -> list[dict[str, Any]]:
    """One object a reason, of the standard's list or of the bank's own."""
    return [{"code": r.code or r.proprietary, "text": r.text} for r in reasons]


def reasons_joined(reasons: Sequence[StatusReason]) -> tuple[str, str]:
    """(codes, texts), each joined."""
    codes = "; ".join(r.code or r.proprietary or "" for r in reasons)
    return codes, "; ".join(r.text for r in reasons if r.text)
