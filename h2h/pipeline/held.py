"""A file that stands still until a person lets it go on or gives it up."""

from __future__ import annotations

from typing import Any

from h2h.core.findings import WhoActs
from h2h.core.lifecycle import Event
from h2h.core.records import NewAttention, Submission
from h2h.pipeline.house import House, moved


def hold_for_a_person(
    house: House,
    sub: Submission,
    reason: str,
    text: str,
    *,
    who_acts: WhoActs = WhoActs.TREASURY,
    detail: dict[str, Any] | None = None,
    **changes: Any,
) -> Submission:
    """HELD, and on the list of those who act. *changes* are further columns; the receipt is the caller's."""
    item = NewAttention("held", sub.sid, f"{sub.source_name}: {text}", who_acts, sub.bank)
    held = house.journal.stop(
        sub,
        Event.HELD,
        item,
        at=house.now(),
        reason=reason,
        reason_text=text,
        who_acts=who_acts,
        detail={"reason_text": text, **(detail or {})},
        **changes,
    )
    house.opened(item)
    moved(held, "held", reason=reason)
    return held
