"""What is called back, or answered, as a part of a message."""

from __future__ import annotations

from collections.abc import Iterable

from h2h.core.model.cancellation import CancellationDetail, CancellationPart


def part_of(details: Iterable[CancellationDetail]) -> CancellationPart:
    """One part that holds these; a payment stands beside the instructions, not in one."""
    part = CancellationPart()
    for detail in details:
        {"file": part.files, "instruction": part.instructions}.get(detail.level, part.payments).append(detail)
    return part
