"""A payment file's journey from the ERP's folder to the bank, over a directory, unsealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from h2h.core.lifecycle import Event, State
from h2h.pipeline.convert import convert
from h2h.pipeline.decisions import cancel, release, take_over
from h2h.pipeline.rounds import scan_folders
from tests.contracts.banks import PlainServer, plain_server
from tests.contracts.pain import IBANS
from tests.journeys.answers import Sent
from tests.journeys.site import HEADER, OUR_ACCOUNT, Site, iso, salaries

__all__ = ["plain_server"]  # a fixture

TWO = salaries(("SAL-1", "1250,00", IBANS[0]), ("SAL-2", "0,01", IBANS[1]))


def test_a_csv_goes_out_once_and_its_receipt_tells_each_stage(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    with site.house() as house:
        scan_folders(house, lambda: False)
    taken_in = site.receipt("salaries.csv")
    assert (taken_in["state"], taken_in["file"]) == ("RECEIVED", "salaries.csv")

    assert site.once()

    (name,) = site.at_bank()
    receipt = site.receipt("salaries.csv")
    assert receipt["state"] == "SENT"
    assert receipt["bank_file"] == name
    assert (receipt["transaction_count"], receipt["control_sum"]) == (2, "1250.01")
    assert receipt["who_acts"] == "bank"
    assert [(p["end_to_end_id"], p["amount"], p["outcome"]) for p in receipt["payments"]] == [
        ("SAL-1", "1250.00", "pending"),
        ("SAL-2", "0.01", "pending"),
    ]
    sent = Sent.of(site.bank_takes()[name])
    assert sent.message_name == "pain.001.001.09"
    assert sent.message_id == receipt["message_id"]
    assert [p[1:] for p in sent.payments] == [("SAL-1", "1250.00"), ("SAL-2", "0.01")]
    assert site.outbox() == []

    assert site.once(), "a second pass finds nothing to do"
    assert site.at_bank() == {}, "and sends nothing again"


def test_the_journal_tells_every_step_with_its_evidence(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    site.once()
    sub = site.submission("salaries.csv")
    with site.house() as house:
        events = [e.event for e in house.journal.events(sub.sid)]
        kept = [p.name for p in house.archive.list(sub.sid, sub.received_at)]
    assert events == [
        "received", "source-discarded", "converted", "sealed", "send-started", "commit-started", "delivered",
    ]  # fmt: skip
    assert kept == ["10-source.csv", "20-payment.json", "30-bank.xml", "40-sealed.xml"]
    assert (sub.evidence or "").startswith("E1")


@pytest.mark.parametrize("version", ["09", "03"])
def test_a_file_in_the_banks_own_format_passes_through_byte_for_byte(tmp_path: Path, version: str) -> None:
    site = Site(tmp_path)
    original = iso("ERP-4711", ["10.00", "20.50"], version=version)
    site.drop("run.xml", original)
    assert site.once()
    (data,) = site.at_bank().values()
    assert data == original
    sub = site.submission("run.xml")
    assert (sub.source_format, sub.bank_format) == (f"pain.001.001.{version}",) * 2
    assert (sub.message_id, sub.transaction_count) == ("ERP-4711", 2)
    assert {p.end_to_end_id: f"{p.amount:f}" for p in site.payments("run.xml")} == {
        "ERP-4711-1": "10.00",
        "ERP-4711-2": "20.50",
    }


def test_a_refused_file_has_every_finding_with_its_line_and_column(tmp_path: Path) -> None:
    site = Site(tmp_path)
    wrong_iban = IBANS[0][:-1] + "1"
    site.drop(
        "bad.csv",
        HEADER
        + f"OK-1;{OUR_ACCOUNT};01.12.2026;10,00;Payee;{IBANS[0]};fine\n"
        + f"BAD-1;{OUR_ACCOUNT};01.12.2026;10,00;Payee;{wrong_iban};wrong digit\n"
        + f"BAD-2;{OUR_ACCOUNT};01.12.2026;1,005;Payee;{IBANS[1]};three decimals\n"
        + f"BAD-3;{OUR_ACCOUNT};01.13.2026;10,00;;{IBANS[1]};no such month, no name\n",
    )
    assert not site.once()
    assert site.at_bank() == {}
    found = {(f["code"], f.get("line")) for f in site.findings("bad.csv") if f["severity"] == "error"}
    assert {("H2H-IBAN", 3), ("H2H-DECIMALS", 4), ("H2H-FORM", 5), ("H2H-MISSING", 5)} <= found
    assert not [code for code, line in found if line == 2], "the good row has no finding"
    for finding in site.findings("bad.csv"):
        if finding["severity"] == "error":
            assert finding.get("column"), f"{finding['code']} names its column"
    text = site.beside("bad.csv.error.txt")
    assert "not sent" in text
    assert "line 3" in text
    assert site.receipt("bad.csv")["state"] == "REFUSED"
    assert site.outbox() == [], "the file itself is in the archive"


def test_a_refused_file_may_be_dropped_again_after_it_was_mended(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("run.csv", salaries(("A", "1,005", IBANS[0])))
    site.once()
    site.drop("run.csv", salaries(("A", "1,00", IBANS[0])))
    assert site.once()
    assert len(site.at_bank()) == 1


# -- duplicates


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


def test_a_file_that_a_person_took_over_is_never_sent_by_h2h(tmp_path: Path) -> None:
    site = Site(tmp_path, erp={"release_required": True})
    site.drop("one.csv", TWO)
    site.once()
    waiting = site.submission("one.csv")
    assert waiting.state is State.AWAITING_RELEASE
    with site.house() as house:
        take_over(house, waiting.sid, actor="bo", reason="sent by portal", knowing_it_may_be_there=False)
    site.once()
    assert site.submission("one.csv").state is State.TAKEN_OVER
    assert site.at_bank() == {}


def test_where_the_profile_asks_for_a_release_nothing_leaves_before_it(tmp_path: Path) -> None:
    site = Site(tmp_path, erp={"release_required": True})
    site.drop("one.csv", TWO)
    site.once()
    assert site.at_bank() == {}
    with site.house() as house:
        release(house, site.submission("one.csv").sid, actor="anna", reason="approved in the payment run")
    site.once()
    assert len(site.at_bank()) == 1


# -- the bank's side of a send


def test_another_file_of_that_name_at_the_bank_is_never_overwritten(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"submission": {"remote_name": "PAY_{sequence:04d}.xml"}})
    foreign = site.at / "to_bank" / "PAY_0001.xml"
    foreign.write_bytes(b"somebody else's")
    site.drop("one.csv", TWO)
    assert not site.once()
    assert foreign.read_bytes() == b"somebody else's"
    doubt = site.submission("one.csv")
    assert (doubt.state, doubt.reason) == (State.IN_DOUBT, "H1")
    assert "in-doubt" in site.waiting()


@pytest.mark.parametrize("foreign", [b"somebody else's", None], ids=["another-size", "our-size"])
def test_a_strangers_file_that_may_not_be_read_back_is_not_taken_for_ours(
    tmp_path: Path, plain_server: PlainServer, foreign: bytes | None
) -> None:
    """A write-only bank: sizes are seen, contents are not. The name is taken before h2h asks for its rename."""
    channel = plain_server.channel().model_dump(mode="json", exclude_none=True)
    submission = {"remote_name": "PAY_{sequence:04d}.xml", "read_back": False}
    site = Site(tmp_path, bank={"channel": channel, "submission": submission}, bank_root=plain_server.root)
    if foreign is None:
        # What h2h writes is known beforehand: the same file, as another installation under the same clock made it.
        twin = Site(tmp_path / "twin", bank={"submission": {"remote_name": "PAY_{sequence:04d}.xml"}})
        twin.drop("one.csv", TWO)
        assert twin.once()
        foreign = twin.at_bank()["PAY_0001.xml"].translate(bytes.maketrans(b"1", b"2"))
    stranger = site.at / "to_bank" / "PAY_0001.xml"
    stranger.write_bytes(foreign)
    plain_server.faults.deny = frozenset({"read"})
    site.drop("one.csv", TWO)
    assert not site.once()
    assert stranger.read_bytes() == foreign
    doubt = site.submission("one.csv")
    assert (doubt.state, doubt.reason) == (State.IN_DOUBT, "H1")


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
