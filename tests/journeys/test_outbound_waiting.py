"""Files that wait: for the bank's window, for its working day, for a bank that is away; some come too late."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from h2h.core.lifecycle import Event, State
from h2h.pipeline.decisions import release
from tests.contracts.pain import IBANS
from tests.journeys.site import TWO, Site, iso, salaries


def test_outside_the_banks_window_a_file_waits_and_goes_out_when_it_opens(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"cutoff": {"timezone": "UTC", "earliest": time(10), "latest": time(16)}})
    site.drop("one.csv", TWO)
    site.once()  # 09:00
    assert site.at_bank() == {}
    assert site.submission("one.csv").state is State.SEALED
    site.clock.sleep(3600)
    site.once()  # 10:00
    assert len(site.at_bank()) == 1


def test_on_a_day_on_which_the_bank_rests_a_file_waits_for_its_next_working_day(tmp_path: Path) -> None:
    hours = {"timezone": "UTC", "earliest": time(8), "latest": time(16)}
    site = Site(tmp_path, bank={"cutoff": hours, "rules": {"calendar": "CN", "closed_days": [date(2026, 11, 23)]}})
    site.drop("one.csv", TWO)
    site.once()  # Monday, 09:00
    assert site.at_bank() == {}
    site.clock.sleep(23 * 3600 - 60)
    site.once()  # Tuesday, 07:59
    assert site.at_bank() == {}
    site.clock.sleep(60)
    site.once()
    assert len(site.at_bank()) == 1


@pytest.mark.parametrize("iso_file", [False, True])
def test_a_file_that_misses_the_cutoff_of_its_day_is_told_so_at_once(tmp_path: Path, iso_file: bool) -> None:
    site = Site(tmp_path, bank={"cutoff": {"timezone": "UTC", "latest": time(8)}})
    if iso_file:
        site.drop("one.xml", iso("LATE-1", ["1.00"]).replace(b"2026-12-01", b"2026-11-23"))
    else:
        site.drop("one.csv", salaries(("SAL-1", "10,00", IBANS[0]), date="23.11.2026"))
    site.once()  # 09:00
    name = "one.xml" if iso_file else "one.csv"
    with site.house() as house:
        (converted,) = [e for e in house.journal.events(site.submission(name).sid) if e.event == Event.CONVERTED]
    (found,) = [f for f in converted.detail["findings"] if f["code"] == "H2H-DATE-CUTOFF"]
    assert "takes files again on 2026-11-24 at 00:00 (UTC), too late for 2026-11-23" in found["text"]
    site.clock.sleep(16 * 3600)
    site.once()
    assert site.submission(name).reason == "H9-LATE"


def test_where_the_profile_makes_it_an_error_a_file_after_the_cutoff_is_refused(tmp_path: Path) -> None:
    rules = {"severities": {"H2H-DATE-CUTOFF": "error"}}
    site = Site(tmp_path, bank={"cutoff": {"timezone": "UTC", "latest": time(8)}, "rules": rules})
    site.drop("late.csv", salaries(("SAL-1", "10,00", IBANS[0]), date="23.11.2026"))
    site.drop("good.csv", salaries(("SAL-2", "10,00", IBANS[0]), date="24.11.2026"))
    site.once()
    assert site.submission("late.csv").state is State.REFUSED
    assert site.submission("good.csv").state is State.SEALED


def test_a_bank_that_cannot_be_reached_is_tried_again_and_nothing_is_lost(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.at.rename(tmp_path / "unplugged")
    site.drop("one.csv", TWO)
    site.once()
    assert site.submission("one.csv").state is State.SEALED
    assert "bank-unreachable" in site.waiting()
    (tmp_path / "unplugged").rename(site.at)
    site.clock.sleep(1000)
    site.once()
    assert len(site.at_bank()) == 1
    assert site.waiting() == []


def test_a_bank_that_is_away_for_too_long_is_told_to_a_person(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"submission": {"give_up_after_seconds": 3600.0}})
    site.at.rename(tmp_path / "unplugged")
    site.drop("one.csv", TWO)
    site.once()
    site.clock.sleep(4000)
    site.once()
    held = site.submission("one.csv")
    assert (held.state, held.reason) == (State.HELD, "H12-RETRIES")
    assert "held" in site.waiting()


def test_payments_whose_day_went_by_while_the_bank_was_away_wait_for_a_person(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.at.rename(tmp_path / "unplugged")
    site.drop("one.csv", salaries(("SAL-1", "10,00", IBANS[0]), date="23.11.2026"))
    site.once()
    (tmp_path / "unplugged").rename(site.at)
    site.clock.sleep(24 * 3600)  # more than a day late, but tries are left
    site.once()
    held = site.submission("one.csv")
    assert site.at_bank() == {}
    assert (held.state, held.reason) == (State.HELD, "H9-LATE")
    assert "2026-11-23" in (held.reason_text or "")
    with site.house() as house:
        release(house, held.sid, actor="anna", reason="nobody paid it meanwhile")
    site.once()
    assert len(site.at_bank()) == 1
