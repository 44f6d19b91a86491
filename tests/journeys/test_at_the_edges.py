"""What h2h does at its limits: told to stop in the middle, more than fits one pass, a file that is gone, no answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from h2h.pipeline.house import Written
from h2h.pipeline.outbound import work_bank
from h2h.pipeline.ownership import Presence
from h2h.pipeline.reading import findings_of, written_at
from h2h.pipeline.rounds import BankRound, scan_folders
from tests.contracts.pain import IBANS
from tests.journeys.answers import Line, camt053, pain002
from tests.journeys.asking import WHY, accepted, recall
from tests.journeys.people import Person
from tests.journeys.site import OUR_ACCOUNT, Site, salaries
from tests.journeys.states import drop_and_send

# ---------------------------------------------------------------------------------------------- told to stop


def test_told_to_stop_no_folder_is_looked_into_and_no_further_file_is_begun(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for n in range(3):
        site.drop(f"run-{n}.csv", salaries((f"SAL-{n}", "1,00", IBANS[n])))
    with site.house() as house:
        assert scan_folders(house, lambda: True) == set()
        assert site.submissions() == []
        scan_folders(house, lambda: False)
        asked = 0

        def after_the_first_step() -> bool:
            nonlocal asked
            asked += 1
            return asked > 2

        assert work_bank(house, "testbank", after_the_first_step) == 1
        assert work_bank(house, "testbank", lambda: True) == 0
    assert sorted(str(s.state) for s in site.submissions()) == ["CONVERTED", "RECEIVED", "RECEIVED"]
    assert site.once()
    assert len(site.at_bank()) == 3


# ---------------------------------------------------------------------------------------------- one pass is not enough


def test_what_one_pass_may_not_fetch_the_next_one_does(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"fetching": {"entries_max": 1}})
    sent = drop_and_send(site, "pay")
    site.bank_says("1-ack.xml", pain002(sent, "ACCP"))
    site.bank_says("2-statement.xml", camt053([Line("10.00", "PAY-1")]))
    with site.house() as house:
        BankRound(house, "testbank").take(lambda: False)
    assert len(site.files()) == 1
    site.once()
    assert [str(f.state) for f in site.files()] == ["DELIVERED", "DELIVERED"]


def test_a_thousand_receipts_later_the_first_ones_turn_is_forgotten_and_an_old_version_may_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Written, "KEPT", 2)
    written = Written()
    for sid in ("a", "b", "c"):
        with written.turn(sid, 5) as newest:
            assert newest
    with written.turn("c", 4) as newest:
        assert not newest, "a newer one stands already"
    with written.turn("a", 4) as newest:
        assert newest


# ---------------------------------------------------------------------------------------------- gone in between


class Vanishing:
    """An ERP that takes its file back between the look into the folder and the claim."""

    def __init__(self, outbox: Any, folder: Path) -> None:
        self._outbox, self._folder = outbox, folder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outbox, name)

    def scan(self, now: datetime) -> Iterator[Any]:
        for seen in list(self._outbox.scan(now)):
            if seen.identity.name == "gone.csv":
                (self._folder / "gone.csv").unlink()
            yield seen


def test_a_file_that_its_erp_takes_back_is_nobodys_and_the_next_one_goes_on(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("gone.csv", salaries(("SAL-1", "1,00", IBANS[0])))
    site.drop("here.csv", salaries(("SAL-2", "2,00", IBANS[1])))
    site.once(
        lambda house: replace(
            house, outboxes={name: Vanishing(o, site.root / "erp/out") for name, o in house.outboxes.items()}
        )
    )
    assert [s.source_name for s in site.submissions()] == ["here.csv"]
    assert len(site.at_bank()) == 1


def test_a_file_that_is_not_opened_yet_has_no_day_and_comes_first(tmp_path: Path) -> None:
    site = Site(tmp_path)
    sent = drop_and_send(site, "pay")
    site.bank_says("ack.xml", pain002(sent, "ACCP"))
    site.once()
    (file,) = site.files()
    with site.house() as house:
        assert written_at(house, file) != ""
        assert written_at(house, replace(file, fid="0" * 20)) == ""


@pytest.mark.parametrize("findings", [[], [{"code": "H2H-X", "text": "€" * 70_000}]])
def test_findings_are_found_in_a_dumped_message_wherever_its_blocks_end(tmp_path: Path, findings: list[Any]) -> None:
    from h2h.pipeline.reading import JSON

    whole = tmp_path / "message.json"
    for before in range(0, 200_000, 65_521):
        whole.write_text(JSON.encode({"a": "x" * before, "findings": findings}), "utf-8")
        assert findings_of(whole) == findings
    whole.write_text(JSON.encode({"nothing": {"findings": [1]}}), "utf-8")
    assert findings_of(whole) == []


def test_a_single_node_shows_itself_to_nobody(tmp_path: Path) -> None:
    with Site(tmp_path).house() as house:
        assert Presence(house, "here").show() == 0


# ---------------------------------------------------------------------------------------------- what cannot be asked


def test_a_payment_that_the_file_has_not_is_not_called_back(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    said = recall(site, "--payment", "9", *WHY)
    assert (said.status, "9" in said.err) == (1, True)
    assert len(site.submissions()) == 1


def test_what_h2h_cannot_write_or_sign_as_anybody_is_not_asked(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path, initiating_party="Example Ltd")
    for change, words in (
        ({"recall_format": "bai2"}, "bai2 is not written by h2h"),
        ({"initiating_party": ""}, "does not know who asks"),
    ):
        site.bank = {**site.bank, **change}
        site.configure()
        said = recall(site, "--yes", *WHY)
        assert (said.status, words in said.err) == (1, True), said.err
        site.bank = {**site.bank, "recall_format": "camt.055.001.08"}
    asked = Person(site).says("ask", "testbank", "--account", OUR_ACCOUNT, "--from", "2026-11-20")
    assert (asked.status, "does not know who asks" in asked.err) == (1, True)
