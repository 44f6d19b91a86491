"""What people released a submission from, as the journal keeps it: ``REASON by WHO; REASON by WHO``.

A reason (``H4-OVERLAP``, ``AWAITING_RELEASE``) has neither a blank nor a semicolon in it, so that it is compared whole:
what was released for one reason is not released for another that looks like it, whatever somebody calls himself.
"""

from __future__ import annotations

_BETWEEN, _BY = "; ", " by "


def is_released(released_by: str | None, reason: str) -> bool:
    """True if somebody released it for exactly this reason."""
    return any(answer.partition(_BY)[0] == reason for answer in _answers(released_by))


def with_release(released_by: str | None, reason: str, who: str) -> str:
    """*released_by* and one answer more."""
    return _BETWEEN.join([*_answers(released_by), f"{reason}{_BY}{who.replace(';', ',')}"])


def without_release(released_by: str | None, reason: str) -> str | None:
    """*released_by* as if nobody had ever answered this reason."""
    left = [answer for answer in _answers(released_by) if answer.partition(_BY)[0] != reason]
    return _BETWEEN.join(left) or None


def _answers(released_by: str | None) -> list[str]:
    return released_by.split(_BETWEEN) if released_by else []
