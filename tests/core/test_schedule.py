"""Waiting grows and ends; a bank's window is read in the bank's own time zone."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.declared import Cutoff
from h2h.core.errors import Misconfigured
from h2h.core.schedule import next_attempt_at, overdue, sending_window

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def wait(attempts: int, key: str = "sid", low: float = 15, high: float = 900) -> float:
    return (next_attempt_at(NOW, attempts, seconds_min=low, seconds_max=high, key=key) - NOW).total_seconds()


@given(st.integers(0, 10_000), st.text(max_size=20))
def test_a_wait_is_never_shorter_than_the_minimum_nor_longer_than_the_maximum(attempts: int, key: str) -> None:
    assert 15 <= wait(attempts, key) <= 900


def test_the_wait_grows_until_the_maximum() -> None:
    assert wait(1) < wait(3) < wait(5) < wait(8)
    assert wait(50) > 900 * 0.74


def test_the_same_attempt_of_the_same_file_always_waits_the_same() -> None:
    assert wait(4, "a") == wait(4, "a")


def test_different_files_do_not_all_wait_the_same() -> None:
    assert len({wait(6, key) for key in "abcdefgh"}) > 4


def test_a_minimum_above_the_maximum_gives_the_maximum() -> None:
    assert wait(1, low=100, high=10) <= 10


BERLIN = Cutoff(timezone="Europe/Berlin", earliest=time(7), latest=time(16, 30))


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        ("2026-11-23T05:59:59Z", False),  # 06:59:59 in Berlin
        ("2026-11-23T06:00:00Z", True),
        ("2026-11-23T15:29:59Z", True),
        ("2026-11-23T15:30:00Z", False),  # exactly on the cut-off: the next window
        ("2026-07-23T14:29:59Z", True),  # summer time
        ("2026-07-23T14:30:00Z", False),
    ],
)
def test_the_window_is_open_from_earliest_up_to_but_not_at_latest(at: str, open_: bool) -> None:
    assert sending_window(datetime.fromisoformat(at), BERLIN).open is open_


def test_a_closed_window_says_when_it_opens() -> None:
    closed = sending_window(datetime(2026, 11, 23, 15, 30, tzinfo=UTC), BERLIN)
    assert closed.opens_at == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def test_without_a_cutoff_it_is_always_open() -> None:
    assert sending_window(NOW, None).open
    assert sending_window(NOW, Cutoff()).open


def test_with_only_a_latest_time_the_next_opening_is_midnight_at_the_bank() -> None:
    window = sending_window(
        datetime(2026, 11, 23, 18, 0, tzinfo=UTC), Cutoff(timezone="Europe/Berlin", latest=time(16))
    )
    assert window.opens_at == datetime(2026, 11, 23, 23, 0, tzinfo=UTC)


def test_with_only_an_earliest_time_it_stays_open_to_midnight() -> None:
    cutoff = Cutoff(timezone="UTC", earliest=time(8))
    assert sending_window(datetime(2026, 11, 23, 23, 59, tzinfo=UTC), cutoff).open
    assert not sending_window(datetime(2026, 11, 23, 7, 59, tzinfo=UTC), cutoff).open


def test_a_window_may_span_midnight() -> None:
    cutoff = Cutoff(timezone="Asia/Shanghai", earliest=time(22), latest=time(6))
    assert sending_window(datetime(2026, 11, 23, 21, 0, tzinfo=UTC), cutoff).open  # 05:00 in Shanghai
    assert not sending_window(datetime(2026, 11, 23, 22, 0, tzinfo=UTC), cutoff).open
    assert sending_window(datetime(2026, 11, 23, 22, 0, tzinfo=UTC), cutoff).opens_at == datetime(
        2026, 11, 24, 14, 0, tzinfo=UTC
    )


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)), st.times(), st.times())
def test_a_closed_window_opens_within_two_days_and_is_open_then(at: datetime, earliest: time, latest: time) -> None:
    now = at.replace(tzinfo=UTC)
    cutoff = Cutoff(timezone="Europe/Berlin", earliest=earliest, latest=latest)
    window = sending_window(now, cutoff)
    if not window.open:
        assert window.opens_at is not None
        assert now < window.opens_at <= now + timedelta(days=2)
        # A window that opens and closes within the hour that the spring change skips has no length on that day.
        assert sending_window(window.opens_at, cutoff).open or window.opens_at.month == 3


def test_an_unknown_time_zone_is_misconfigured() -> None:
    with pytest.raises(Misconfigured, match="Mars/Olympus"):
        sending_window(NOW, Cutoff(timezone="Mars/Olympus", latest=time(16)))


def test_an_answer_is_overdue_only_after_its_time() -> None:
    assert not overdue(NOW, NOW + timedelta(seconds=60), 60)
    assert overdue(NOW, NOW + timedelta(seconds=61), 60)
    assert not overdue(None, NOW, 60)
