"""When: the next attempt, a bank's window, an answer that is overdue. Time comes in; nothing here asks the clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from h2h.core.errors import Misconfigured

#: Where a bank rests longer, it is looked at again after so many days.
REST_DAYS_MAX = 31


class CutoffTimes(Protocol):
    """When a bank takes payment files (``[cutoff]`` of its profile)."""

    @property
    def timezone(self) -> str: ...
    @property
    def latest(self) -> time | None: ...
    @property
    def earliest(self) -> time | None: ...


@dataclass(frozen=True, slots=True)
class Window:
    """Whether a file may be sent now. ``opens_at`` is the next opening if closed."""

    open: bool
    opens_at: datetime | None = None


def next_attempt_at(now: datetime, attempts: int, *, seconds_min: float, seconds_max: float, key: str = "") -> datetime:
    """When to try again after *attempts* failures (1 is the first): the wait doubles from min to max.

    Up to a quarter is taken off by a jitter that depends on *key* and *attempts* only, so that many waiting files do
    not knock at the bank in the same second, and a repetition of the decision gives the same time.
    """
    # 2**40 times any configured minimum is beyond any configured maximum; the exponent must not grow for ever.
    wait = min(seconds_max, seconds_min * 2.0 ** min(max(attempts, 1) - 1, 40))
    digest = hashlib.sha256(f"{key}:{attempts}".encode()).digest()
    jitter = int.from_bytes(digest[:4], "big") / 2**32 / 4
    return now + timedelta(seconds=max(min(seconds_min, wait), wait * (1 - jitter)))


def sending_window(
    now: datetime, cutoff: CutoffTimes | None, rests: Callable[[date], bool] = lambda _: False
) -> Window:
    """Whether the bank takes files at *now* (aware).

    The window of a day is [earliest, latest): a file queued exactly on the cut-off goes to the next opening. An
    ``earliest`` later than ``latest`` is a window over midnight, and belongs to the day on which it opens. Days on
    which the bank *rests* have no window. ``Misconfigured`` for an unknown time zone.
    """
    if cutoff is None or (cutoff.latest is None and cutoff.earliest is None):
        return Window(open=True)
    zone = time_zone(cutoff.timezone)
    local = now.astimezone(zone)
    opening, closing = cutoff.earliest or time(0), cutoff.latest
    windows = []
    # Yesterday's may still be open. Tomorrow's may have no length (the spring change), so one more is looked at.
    today = local.date()
    ahead = (today + timedelta(days=offset) for offset in range(-1, REST_DAYS_MAX + 3))
    for day in islice((day for day in ahead if not rests(day)), 4):
        opens = datetime.combine(day, opening, zone)
        if closing is None:
            closes = datetime.combine(day + timedelta(days=1), time(0), zone)
        else:
            last_day = day if closing > opening else day + timedelta(days=1)
            closes = datetime.combine(last_day, closing, zone)
        windows.append((_instant(opens, now), _instant(closes, now)))
    for opens, closes in windows:
        if opens <= now < closes:
            return Window(open=True)
    later = now + timedelta(days=REST_DAYS_MAX)
    return Window(open=False, opens_at=min((opens for opens, _ in windows if opens > now), default=later))


def time_zone(name: str) -> ZoneInfo:
    """The zone of that name; ``Misconfigured`` if this machine knows none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise Misconfigured(f"time zone '{name}' is not known", hint="use a name such as Europe/Berlin") from problem


def _instant(local: datetime, like: datetime) -> datetime:
    # Comparing two aware times of one zone ignores its offset; in *like*'s own zone (UTC) it does not. A local time
    # that the spring change skips becomes the moment at which clocks jump, as zoneinfo defines it.
    return local.astimezone(like.tzinfo)


def overdue(since: datetime | None, now: datetime, within_seconds: float) -> bool:
    """True if something expected *within_seconds* of *since* has not come by *now*; False if nothing is expected."""
    return since is not None and now - since > timedelta(seconds=within_seconds)
