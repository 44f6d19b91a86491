"""What looks like a file or a payment that was there before: known, held, refused or remarked, as the profile says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from h2h.core.lifecycle import State
from h2h.pipeline.convert import convert
from h2h.pipeline.decisions import cancel, release
from h2h.pipeline.rounds import scan_folders
from tests.contracts.pain import IBANS
from tests.journeys.site import TWO, Site, iso, salaries


def test_the_same_bytes_again_are_a_duplicate_under_any_name_and_nothing_is_sent(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("one.csv", TWO)
    site.once()
    for again in ("one.csv", "other.csv"):  # D1: the hash is the key, not the name
        site.drop(again, TWO)
        assert not site.once()
    assert len(site.at_bank()) == 1
    states = [(s.source_name, s.state) for s in site.submissions()]
    assert states == [("one.csv", State.SENT), ("one.csv", State.DUPLICATE), ("other.csv", State.DUPLICATE)]
    first = site.submissions()[0].sid
    assert site.receipt("other.csv")["duplicate_of"] == first
    assert [f["code"] for f in site.findings("other.csv")] == ["H2H-SAME-BYTES"]
    assert site.receipt("one.csv")["state"] == "SENT", "the first file's receipt is still its own"


@pytest.mark.parametrize("policy", ["hold", "refuse"])
def test_the_same_name_with_other_bytes_is_held_or_refused_as_the_profile_says(tmp_path: Path, policy: str) -> None:
    site = Site(tmp_path, erp={"duplicates": {"same_name_other_bytes": policy}})  # D2
    site.drop("run.csv", salaries(("A", "1,00", IBANS[0])))
    site.once()
    site.clock.sleep(60)
    site.drop("run.csv", salaries(("B", "2,00", IBANS[1])))
    assert not site.once()
    assert len(site.at_bank()) == 1
    second = site.submissions()[1]
    assert second.reason == "H4-SAME-NAME"
    assert second.state is (State.HELD if policy == "hold" else State.REFUSED)
    assert ("held" in site.waiting()) == (policy == "hold")


@pytest.mark.parametrize("policy", ["hold", "refuse"])
def test_the_same_message_id_is_held_or_refused_as_the_profile_says(tmp_path: Path, policy: str) -> None:
    site = Site(tmp_path, erp={"duplicates": {"same_message_id": policy}})  # D3
    site.drop("one.xml", iso("ERP-1", ["1.00"]))
    site.drop("two.xml", iso("ERP-1", ["2.00"]))
    site.once()
    assert len(site.at_bank()) == 1
    states = sorted(s.state for s in site.submissions())
    assert states == sorted([State.SENT, State.HELD if policy == "hold" else State.REFUSED])
    assert {s.reason for s in site.submissions()} >= {"H4-SAME-MESSAGE-ID"}


def test_two_files_of_one_message_id_that_were_converted_side_by_side_do_not_both_go_out(tmp_path: Path) -> None:
    site = Site(tmp_path)

    class LooksTooEarly:
        """Of each file the other's message id is not written down yet when it is looked for."""

        def __init__(self, journal: Any) -> None:
            self.journal = journal

        def __getattr__(self, name: str) -> Any:
            return (lambda *_: []) if name == "by_message_id" else getattr(self.journal, name)

    site.drop("one.xml", iso("ERP-1", ["1.00"]))
    site.drop("two.xml", iso("ERP-1", ["2.00"]))
    with site.house() as house:
        scan_folders(house, lambda: False)
        for sub in house.journal.submissions():
            convert(replace(house, journal=LooksTooEarly(house.journal)), sub)
    site.once()
    assert len(site.at_bank()) == 1
    assert sorted((s.state, s.reason) for s in site.submissions()) == [
        (State.HELD, "H4-SAME-MESSAGE-ID"),
        (State.SENT, None),
    ]


@pytest.mark.parametrize(("policy", "state"), [("hold", State.HELD), ("refuse", State.REFUSED), ("warn", State.SENT)])
def test_overlapping_payments_are_held_refused_or_remarked_as_the_profile_says(
    tmp_path: Path, policy: str, state: State
) -> None:
    site = Site(tmp_path, erp={"duplicates": {"overlapping_payments": policy}})  # D4
    site.drop("one.csv", TWO)
    site.once()
    site.drop("two.csv", salaries(("SAL-2", "0,01", IBANS[1]), ("SAL-3", "3,00", IBANS[2])))
    site.once()
    second = site.submission("two.csv")
    assert second.state is state
    assert len(site.at_bank()) == (2 if policy == "warn" else 1)
    if policy == "warn":
        with site.house() as house:
            assert "duplicate-warning" in [e.event for e in house.journal.events(second.sid)]
    else:
        assert "payment 1 is payment 2" in (second.reason_text or "")


def test_a_file_that_was_overtaken_by_the_same_payments_is_held(tmp_path: Path) -> None:
    from h2h.pipeline.line import Line
    from h2h.pipeline.outbound import step
    from h2h.pipeline.rounds import scan_folders

    site = Site(tmp_path)
    site.drop("long.csv", TWO)
    with site.house() as house:
        scan_folders(house, lambda: False)
    site.drop("short.csv", salaries(("SAL-2", "0,01", IBANS[1])))
    with site.house() as house:
        scan_folders(house, lambda: False)
        with Line(house, "testbank") as line:
            while (short := house.journal.submission(site.submission("short.csv").sid)).state is not State.SENT:
                assert step(house, line, short)
    site.once()
    overtaken = site.submission("long.csv")
    assert overtaken.state is State.HELD
    assert "payment 2 is payment 1" in (overtaken.reason_text or "")
    assert len(site.at_bank()) == 1


def test_a_held_file_is_released_with_a_reason_and_then_goes_out(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("one.csv", TWO)
    site.once()
    site.drop("two.csv", salaries(("SAL-2", "0,01", IBANS[1])))
    site.once()
    held = site.submission("two.csv")
    assert (held.state, site.waiting()) == (State.HELD, ["held"])
    assert "h2h release" in site.receipt("two.csv")["next_step"]
    with site.house() as house:
        release(house, held.sid, actor="anna", reason="a second instalment, confirmed by the supplier")
    site.once()
    assert site.submission("two.csv").state is State.SENT
    assert len(site.at_bank()) == 2
    assert site.waiting() == []
    with site.house() as house:
        (released,) = [e for e in house.journal.events(held.sid) if e.event == "released"]
    assert (released.actor, released.detail["reason_text"]) == (
        "anna", "a second instalment, confirmed by the supplier",
    )  # fmt: skip


def test_a_held_file_that_is_cancelled_is_never_sent_and_its_bytes_may_come_again(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("one.csv", TWO)
    site.once()
    overlap = salaries(("SAL-2", "0,01", IBANS[1]))
    site.drop("two.csv", overlap)
    site.once()
    with site.house() as house:
        cancel(house, site.submission("two.csv").sid, actor="anna", reason="a mistake")
    site.once()
    assert len(site.at_bank()) == 1
    assert site.receipt("two.csv")["state"] == "CANCELLED"
    site.drop("three.csv", overlap)
    site.once()
    assert site.submission("three.csv").state is State.HELD, "no duplicate of a cancelled file; still an overlap"
