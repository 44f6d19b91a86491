"""What opens an item of the attention list, what a person reads there, and what closes it."""

from __future__ import annotations

import os
from datetime import time, timedelta
from pathlib import Path

import pytest

from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.core.records import Attention, FileState
from h2h.pipeline.rounds import BankRound, scan_folders
from tests.contracts.banks import PlainServer, plain_server
from tests.journeys import states
from tests.journeys.answers import Line, Sent, camt053, pain002
from tests.journeys.older import OlderJournal, taken_in_only
from tests.journeys.people import Person
from tests.journeys.site import ONE, Site

__all__ = ["plain_server"]  # a fixture


def only(site: Site, kind: str) -> Attention:
    (found,) = [item for item in site.attention() if item.kind == kind]
    return found


@pytest.mark.parametrize("hours", [1, -1])
def test_after_the_clock_jumped_nothing_is_sent_until_a_person_has_looked(tmp_path: Path, hours: int) -> None:
    """Cut-offs and execution dates go by it."""
    site = Site(tmp_path)
    with site.house() as house:
        work = BankRound(house, "testbank")
        work.take(lambda: False)
        site.clock.start += timedelta(hours=hours)
        site.drop("pay.csv", ONE)
        scan_folders(house, lambda: False)
        for _ in range(3):
            work.take(lambda: False)
            site.clock.sleep(10)
        assert site.at_bank() == {}
        item = only(site, "clock-jump")
        assert (f"{hours * 3600} seconds" in item.text, item.who_acts) == (True, WhoActs.SYSTEM_ADMINISTRATOR)
        said = Person(site).says("attention", "close", str(item.number), "--reason", "NTP was off; the time is right")
        assert said.status == 0, said.err
        work.take(lambda: False)
        assert len(site.at_bank()) == 1


def test_what_a_wrong_clock_made_wait_until_tomorrow_goes_when_the_clock_was_set_right(tmp_path: Path) -> None:
    """With a clock that is a day ahead a file waits for a window that is two days away."""
    site = Site(tmp_path, bank={"cutoff": {"timezone": "UTC", "earliest": time(8), "latest": time(18)}})
    right = site.clock.start
    site.clock.start = right.replace(hour=20) + timedelta(days=1)
    site.drop("pay.csv", ONE)
    with site.house() as house:
        scan_folders(house, lambda: False)
        work = BankRound(house, "testbank")
        work.take(lambda: False)
        waits = site.submission("pay.csv")
        assert (waits.state, waits.next_attempt_at is not None) == (State.SEALED, True)
        site.clock.start = right
        work.take(lambda: False)
        house.journal.close_attention(
            only(site, "clock-jump").number, at=house.now(), actor="anna", reason="it is right"
        )
        work.take(lambda: False)
        assert len(site.at_bank()) == 1


def test_what_is_no_file_at_the_bank_is_told_and_the_answers_beside_it_come(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (site.at / "from_bank" / "folder").mkdir()
    os.symlink("/etc/passwd", site.at / "from_bank" / "answer.xml")
    site.bank_says("statement.xml", camt053([Line("10.00", "THEIR-1", credit_debit="CRDT")]))
    site.once()
    item = only(site, "odd-remote-name")
    assert ("answer.xml" in item.text, "never fetched" in item.text, item.who_acts) == (True, True, WhoActs.BANK)
    assert [f.remote_name for f in site.files()] == ["statement.xml"]
    assert (site.at / "from_bank" / "answer.xml").is_symlink()


def test_where_the_bank_forbids_removal_each_file_comes_once_and_is_removed_when_it_may_be(
    tmp_path: Path, plain_server: PlainServer
) -> None:
    channel = plain_server.channel().model_dump(mode="json", exclude_none=True)
    site = Site(tmp_path, bank={"channel": channel}, bank_root=plain_server.root)
    site.bank_says("statement.xml", camt053([Line("10.00", "THEIR-1", credit_debit="CRDT")]))
    plain_server.faults.deny = frozenset({"remove"})
    for _ in range(2):
        site.once()
        site.clock.sleep(1000)
    (file,) = site.files()
    assert (file.state, file.removed) == (FileState.DELIVERED, False)
    assert len(site.manifests()) == 1
    assert "cannot be removed at the bank" in only(site, "cannot-remove").text
    plain_server.faults.deny = frozenset()
    site.once()
    assert not (site.at / "from_bank" / "statement.xml").exists()
    assert (site.files()[0].removed, site.waiting(), len(site.manifests())) == (True, [], 1)


def test_a_receipt_that_cannot_be_written_stops_no_payment_and_is_written_when_it_can(tmp_path: Path) -> None:
    site = Site(tmp_path)
    in_its_place = tmp_path / "erp/out" / "pay.csv.status.json"
    in_its_place.mkdir()
    site.drop("pay.csv", ONE)
    site.once()
    assert len(site.at_bank()) == 1
    assert "pay.csv.status.json" in only(site, "receipt-not-written").text
    in_its_place.rmdir()
    site.once()
    assert site.receipt("pay.csv")["state"] == "SENT"
    assert site.waiting() == []


def test_an_answer_for_which_no_folder_is_left_is_kept_and_told(tmp_path: Path) -> None:
    """The ERP that sent the file was taken out of the configuration before the bank answered."""
    other = {"name": "other", "outbound": "other/out", "inbound": "other/in", "completeness": {"by": "rename"}}
    site = Site(tmp_path, more_erps=(other,))
    sent = states.drop_and_send(site, "pay")
    site.erp = {"name": "renamed"}
    site.configure()
    site.bank_says("report.xml", pain002(sent, "ACCP"))
    site.once()
    assert site.submission("pay.csv").state is State.ACCEPTED
    assert "no ERP folder of bank testbank" in only(site, "undeliverable").text
    assert site.inbox("other/in") == {}, "it is not given to somebody else"


@pytest.mark.parametrize(
    ("status", "state"), [("ACCP", State.ACCEPTED), ("RJCT", State.REJECTED), ("RCVD", State.ACKNOWLEDGED)]
)
def test_a_file_that_went_out_and_can_no_longer_be_read_is_never_sent_again_and_the_banks_word_on_it_counts(
    tmp_path: Path, status: str, state: State
) -> None:
    """An older journal knows only that it was taken in, and the ERP's columns have been declared anew since."""
    site = Site(tmp_path)
    sid = taken_in_only(site, "pay.csv", ONE)
    older = OlderJournal(site, tmp_path / "before")
    site.once()
    (data,) = site.bank_takes().values()
    older.is_put_back()
    site.erp = {"delimited": {"fields": {"amount": "Betrag"}}}
    site.configure()
    site.once()
    item = only(site, "restored-without-payments")
    assert (item.subject, "cannot be read again" in item.text, item.who_acts) == (sid, True, WhoActs.TREASURY)
    assert site.submission("pay.csv").state in (State.SENT, State.IN_DOUBT)
    assert site.at_bank() == {}, "it is never sent a second time"
    site.bank_says("report.xml", pain002(Sent.of(data), status))
    site.once()
    assert site.submission("pay.csv").state is state
