"""Which days a bank works: the calendar that its profile names, and the days that the profile adds to it.

What no source says is not known, and is never guessed: a rule then says so, and a window opens by its hours alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Self

from h2h.core.code_data.working_days import CALENDARS
from h2h.core.declared import OwnDay, Rules
from h2h.core.rules.lists import closing_day
from h2h.core.schedule import REST_DAYS_MAX

TARGET = "TARGET"
_DAY = timedelta(days=1)


class WorkingDays:
    """The working days of one bank. ``name`` is that of its calendar; None if only weekends and its own days count."""

    def __init__(
        self, name: str | None, closed: dict[date, str], worked: Iterable[date], until: date | None = None
    ) -> None:
        """*closed* (in words) and *worked* are the bank's own days; they go before those of the calendar.

        With them the calendar is whole until *until*, whatever was published.
        """
        self.name = name
        self._closed, self._worked = closed, frozenset(worked)
        published = CALENDARS.get(name or "")
        self.source = published.source if published is not None else ""
        self.first = published.first if published is not None else None
        self.last = max(published.last, until or published.last) if published is not None else None
        self._weekends_may_be_worked = published is not None and published.worked is not None
        if name is not None and published is not None:
            days, works = _days_of(name)
            self._closed = days | closed
            self._worked |= {day for day in works if day not in closed}

    @classmethod
    def of(cls, rules: Rules) -> Self:
        """Those of a profile; SEPA payments go by TARGET where it names no calendar."""
        name = rules.calendar or (TARGET if rules.scheme == "sepa" else None)
        return cls(name, dict(_own(rules.closed_days)), dict(_own(rules.worked_days)), rules.calendar_until)

    def known(self, day: date) -> bool:
        """Whether it is known if the bank works on that day."""
        if self.first is None or self.last is None or self.first <= day <= self.last:
            return True
        if day in self._closed or day in self._worked:
            return True
        return _is_weekend(day) and not self._weekends_may_be_worked

    def holiday(self, day: date) -> str | None:
        """What is celebrated on a day on which the bank is closed, in words; None if it is open, or a plain weekend."""
        if day in self._worked:
            return None
        return self._closed.get(day) or (closing_day(day) if self.name == TARGET else None)

    def closed(self, day: date) -> bool:
        """Whether the bank is known to rest on that day."""
        if day in self._worked or not self.known(day):
            return False
        return _is_weekend(day) or self.holiday(day) is not None

    def next_after(self, day: date) -> date | None:
        """The next day on which the bank works; None if that is not known."""
        for ahead in range(1, REST_DAYS_MAX + 1):
            later = day + ahead * _DAY
            if not self.known(later):
                return None
            if not self.closed(later):
                return later
        return None


def resting(rules: Rules) -> Callable[[date], bool]:
    """On which days a bank's window stays closed: none, unless the profile names a calendar."""
    return WorkingDays.of(rules).closed if rules.calendar is not None else lambda _: False


def _is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def _own(days: tuple[OwnDay, ...]) -> Iterator[tuple[date, str]]:
    for own in days:
        for day in _each(own.day, own.until or own.day):
            yield day, own.words or "a day of the bank's own"


@lru_cache(maxsize=8)
def _days_of(name: str) -> tuple[dict[date, str], frozenset[date]]:
    """Of a published calendar: the days that are closed, in words, and the weekend days that are worked."""
    published = CALENDARS[name]
    closed = {day: words for words, days in published.closed for day in _read(days)}
    return closed, frozenset(_read(published.worked or ""))


def _read(days: str) -> Iterator[date]:
    for text in days.split():
        first, _, last = text.partition("/")
        yield from _each(date.fromisoformat(first), date.fromisoformat(last or first))


def _each(first: date, last: date) -> Iterator[date]:
    for ahead in range((last - first).days + 1):
        yield first + ahead * _DAY
