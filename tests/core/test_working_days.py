"""Working days as they were published, days of a bank's own, and what both mean for dates, windows and cut-offs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from h2h.core.code_data.working_days import CALENDARS
from h2h.core.declared import Cutoff, Rules
from h2h.core.findings import Finding, Severity
from h2h.core.rules.window import check_window
from h2h.core.schedule import sending_window
from h2h.core.working_days import WorkingDays, resting
from tests.core.erp_files import STAMP, Bank, converted, delimited, row

CN: dict[str, Any] = {"calendar": "CN"}


def days(**rules: Any) -> WorkingDays:
    return WorkingDays.of(Rules.model_validate(rules))


def each(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


# ---------------------------------------------------------------------------------------------------- the calendars


def test_the_state_councils_notice_of_2026_is_kept_whole() -> None:
    china = days(**CN)
    year = each(date(2026, 1, 1), date(2026, 12, 25))
    off = {day for day in year if china.holiday(day) is not None}
    assert len(off) == 3 + 9 + 3 + 5 + 3 + 3 + 7
    worked = [day for day in year if day.weekday() >= 5 and not china.closed(day)]
    assert worked == [date(2026, m, d) for m, d in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))]
    assert china.next_after(date(2026, 2, 14)) == date(2026, 2, 24)
    assert china.next_after(date(2026, 9, 30)) == date(2026, 10, 8)


@pytest.mark.parametrize("name", CALENDARS)
def test_what_is_published_is_within_its_years_and_changes_a_day(name: str) -> None:
    calendar, published = days(calendar=name), CALENDARS[name]
    assert published.source
    year = each(published.first - timedelta(days=30), published.last + timedelta(days=30))
    told = {day for day in year if calendar.holiday(day) is not None}
    assert all(published.first <= day <= published.last for day in told)
    if published.worked is None:
        assert [day for day in told if day.weekday() >= 5] == []


def nth(year: int, month: int, weekday: int, number: int) -> date:
    """The *number*-th weekday of a month; -1 is the last."""
    all_ = [day for day in each(date(year, month, 1), date(year, month, 28) + timedelta(days=3))
            if day.month == month and day.weekday() == weekday]  # fmt: skip
    return all_[number - 1 if number > 0 else number]


@pytest.mark.parametrize("year", range(2026, 2031))
def test_the_reserve_banks_days_follow_their_rule(year: int) -> None:
    """5 U.S.C. 6103; on a Saturday the Reserve Banks are open the Friday before, of a Sunday closed on Monday."""
    fixed = [date(year, m, d) for m, d in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))]
    moving = [nth(year, 1, 0, 3), nth(year, 2, 0, 3), nth(year, 5, 0, -1), nth(year, 9, 0, 1), nth(year, 10, 0, 2),
              nth(year, 11, 3, 4)]  # fmt: skip
    expected = {day + timedelta(days=day.weekday() == 6) for day in (*fixed, *moving) if day.weekday() != 5}
    calendar = days(calendar="US")
    assert {day for day in each(date(year, 1, 1), date(year, 12, 31)) if calendar.holiday(day)} == expected


@pytest.mark.parametrize("year", [2026, 2027])
def test_the_british_days_follow_the_act(year: int) -> None:
    """Banking and Financial Dealings Act 1971, schedule 1, with the days that replace those of a weekend."""
    calendar = days(calendar="GB")
    told = [day for day in each(date(year, 1, 1), date(year, 12, 31)) if calendar.holiday(day)]
    easter = {2026: date(2026, 4, 5), 2027: date(2027, 3, 28)}[year]
    movable = [easter - timedelta(days=2), easter + timedelta(days=1), nth(year, 5, 0, 1), nth(year, 5, 0, -1)]
    assert told[:6] == [date(year, 1, 1), *movable, nth(year, 8, 0, -1)]
    after = [day for day in each(date(year, 12, 25), date(year, 12, 31)) if day.weekday() < 5]
    assert told[6:] == after[:2]


def test_nothing_is_said_of_a_year_that_nobody_has_published() -> None:
    china = days(**CN)
    for day in (date(2027, 2, 8), date(2027, 2, 6), date(2025, 12, 31), date(2026, 12, 28)):
        assert not china.known(day)
        assert not china.closed(day)
    assert china.next_after(date(2026, 12, 25)) is None
    assert days(calendar="US").closed(date(2031, 6, 7)), "a Saturday is never worked there"
    assert not days(calendar="US").known(date(2031, 7, 4))
    assert days(calendar="TARGET").known(date(2050, 1, 3))


def test_a_banks_own_days_go_before_the_calendars() -> None:
    own = days(
        **CN,
        closed_days=[date(2026, 11, 30), {"day": date(2026, 2, 28), "words": "moving house"}],
        worked_days=[{"day": date(2026, 10, 6), "until": date(2026, 10, 7)}],
    )
    assert own.holiday(date(2026, 11, 30)) == "a day of the bank's own"
    assert own.holiday(date(2026, 2, 28)) == "moving house"
    assert not own.closed(date(2026, 10, 6))
    assert own.next_after(date(2026, 9, 30)) == date(2026, 10, 6)


def test_a_year_that_was_published_later_is_told_by_the_profile() -> None:
    later = days(
        **CN,
        calendar_until=date(2027, 12, 24),
        closed_days=[{"day": date(2027, 2, 5), "until": date(2027, 2, 11), "words": "Spring Festival"}],
        worked_days=[date(2027, 2, 20)],
    )
    assert later.holiday(date(2027, 2, 8)) == "Spring Festival"
    assert later.next_after(date(2027, 2, 4)) == date(2027, 2, 12)
    assert not later.closed(date(2027, 2, 20))
    assert later.closed(date(2027, 2, 21))
    assert later.holiday(date(2026, 10, 1)) == "National Day (国庆节)"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"calendar": "XX"}, "'TARGET', 'CN', 'GB' or 'US'"),
        ({"calendar_until": date(2027, 1, 1)}, "calendar names none"),
        (
            {"closed_days": [{"day": date(2027, 1, 2), "until": date(2027, 1, 4)}], "worked_days": [date(2027, 1, 3)]},
            "2027-01-03 is one of closed_days and of worked_days",
        ),
        ({"closed_days": [{"day": date(2027, 1, 2), "until": date(2027, 1, 1)}]}, "does not follow"),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_a_mistake_of_the_profile(rules: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Rules.model_validate(rules)


def test_a_profile_with_days_of_its_own_reads_back_from_json() -> None:
    """As helping processes are told of it."""
    rules = Rules.model_validate({**CN, "closed_days": [date(2027, 2, 5)]})
    assert Rules.model_validate_json(rules.model_dump_json()) == rules


# ---------------------------------------------------------------------------------------------------- payments


def told(day: str, today: date = STAMP.today, **rules: Any) -> list[tuple[str, str]]:
    bank = Bank(rules=Rules.model_validate(rules))
    done = converted(row(date=day), bank=bank, stamp=replace(STAMP, today=today))
    return [(f.code, f.text) for f in done.findings]


def test_a_payment_on_a_holiday_is_told_which_and_when_the_bank_works_again() -> None:
    september = date(2026, 9, 1)
    text = (
        "2026-10-01 is National Day (国庆节), when CN is closed; the next working day of CN is 2026-10-08, a Thursday"
    )
    assert told("2026-10-01", september, **CN) == [("H2H-DATE-HOLIDAY", text)]
    assert told("2026-10-01", september) == []


def test_a_weekend_that_is_worked_is_a_day_like_others_and_any_other_is_told() -> None:
    september = date(2026, 9, 1)
    assert told("2026-10-10", september, **CN) == []
    assert [code for code, _ in told("2026-10-10", september)] == ["H2H-DATE-WEEKEND"]
    text = "2026-10-03 is a Saturday, National Day (国庆节); the next working day of CN is 2026-10-08, a Thursday"
    assert told("2026-10-03", september, **CN) == [("H2H-DATE-WEEKEND", text)]
    text = "2026-11-28 is a Saturday; the next weekday is 2026-11-30, a Monday"
    assert told("2026-11-28") == [("H2H-DATE-WEEKEND", text)]


def test_target_holds_for_sepa_unless_the_profile_names_another_calendar() -> None:
    text = "2026-12-25 is Christmas Day, when TARGET is closed; the next working day of TARGET is 2026-12-28, a Monday"
    assert told("2026-12-25", scheme="sepa") == told("2026-12-25", calendar="TARGET") == [("H2H-DATE-HOLIDAY", text)]
    assert told("2026-12-25", **CN) == []
    assert [c for c, _ in told("2026-11-26", scheme="sepa", calendar="US")] == ["H2H-DATE-HOLIDAY"]


def test_an_instant_payment_knows_no_day_of_rest() -> None:
    for day in ("2026-11-28", "2026-12-25"):
        codes = {}
        for instrument in ("INST", "CCD"):
            declared = delimited({"local_instrument": {"constant": instrument}})
            bank = Bank(rules=Rules.model_validate({"scheme": "sepa"}))
            codes[instrument] = [c for c in converted(row(date=day), bank=bank, declared=declared).codes if "DATE" in c]
        assert codes["INST"] == []
        assert len(codes["CCD"]) == 1


def test_a_day_that_no_notice_covers_is_no_warning_and_not_passed_over() -> None:
    done = converted(row(date="2027-02-08"), bank=Bank(rules=Rules.model_validate(CN)))
    (finding,) = done.findings
    assert (finding.code, finding.severity) == ("H2H-DATE-CALENDAR", Severity.INFO)
    assert "from 2026-01-01 to 2026-12-25" in finding.text


def test_days_of_a_banks_own_need_no_calendar() -> None:
    rules: dict[str, Any] = {"closed_days": [{"day": date(2026, 11, 27), "words": "the bank moves its computers"}]}
    text = (
        "2026-11-27 is the bank moves its computers, when the bank is closed; the next weekday is 2026-11-30, a Monday"
    )
    assert told("2026-11-27", **rules) == [("H2H-DATE-HOLIDAY", text)]


# ---------------------------------------------------------------------------------------------------- the window

BEIJING = Cutoff(timezone="Asia/Shanghai", earliest=time(9), latest=time(17))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-10-01T10:00", "2026-10-08T09:00"),  # a holiday
        ("2026-09-30T17:00", "2026-10-08T09:00"),  # the cut-off before it
        ("2026-10-10T10:00", None),  # a Saturday that is worked
        ("2026-10-10T17:00", "2026-10-12T09:00"),
        ("2026-11-28T10:00", "2026-11-30T09:00"),  # any other Saturday
        ("2026-11-30T10:00", None),
        ("2027-02-08T10:00", None),  # nobody has said: the hours decide
        ("2027-02-06T10:00", None),
    ],
)
def test_the_hours_hold_on_the_working_days_of_the_calendar(moment: str, opens: str | None) -> None:
    window = sending_window(at(moment), BEIJING, resting(Rules.model_validate(CN)))
    assert (window.open, window.opens_at) == (opens is None, at(opens) if opens else None)


def test_without_a_calendar_the_hours_hold_on_every_day() -> None:
    own = {"scheme": "sepa", "closed_days": [date(2026, 11, 28)]}
    assert sending_window(at("2026-11-28T10:00"), BEIJING, resting(Rules.model_validate(own))).open


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    nights = Cutoff(timezone="Asia/Shanghai", earliest=time(22), latest=time(6))
    rests = resting(Rules.model_validate(CN))
    assert sending_window(at("2026-11-28T05:00"), nights, rests).open  # since Friday
    assert sending_window(at("2026-11-29T05:00"), nights, rests).opens_at == at("2026-11-30T22:00")


def test_a_bank_that_rests_for_longer_than_anybody_is_looked_at_again() -> None:
    rules = Rules.model_validate({**CN, "closed_days": [{"day": date(2026, 3, 1), "until": date(2026, 6, 1)}]})
    window = sending_window(at("2026-03-10T10:00"), BEIJING, resting(rules))
    assert (window.open, window.opens_at) == (False, at("2026-04-10T10:00"))


def late(moment: str, *payment_days: date, cutoff: Cutoff | None = BEIJING, **rules: Any) -> list[Finding]:
    bank = Bank(rules=Rules.model_validate(rules))
    return check_window(payment_days, bank, cutoff, at(moment))


def test_payments_of_today_that_miss_the_cutoff_are_told_when_the_bank_takes_files_again() -> None:
    today, tomorrow, yesterday = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 25)
    (found,) = late("2026-11-26T17:00", today, tomorrow, yesterday)
    assert (found.code, found.severity, found.reason) == ("H2H-DATE-CUTOFF", Severity.WARNING, "TM01")
    assert found.text == "the bank takes files again on 2026-11-27 at 09:00 (Asia/Shanghai), too late for 2026-11-26"
    assert late("2026-11-26T16:59", today) == []
    assert late("2026-11-26T08:00", today) == [], "it opens while there is time"
    assert late("2026-11-26T17:00", today, cutoff=None) == []


def test_a_cutoff_before_a_holiday_is_too_late_for_all_days_until_the_bank_works_again() -> None:
    days_ = [date(2026, 9, 30), date(2026, 10, 7), date(2026, 10, 8)]
    assert [f.text[-10:] for f in late("2026-09-30T18:00", *days_, **CN)] == ["2026-09-30", "2026-10-07"]
    strict = late("2026-09-30T18:00", *days_, **CN, severities={"H2H-DATE-CUTOFF": "hold"})
    assert {f.severity for f in strict} == {Severity.HOLD}
