"""What waited for a person and has gone by itself waits for nobody any more."""

from __future__ import annotations

import os
from pathlib import Path

from h2h.pipeline.intake import take_in_folder
from tests.contracts.pain import IBANS
from tests.journeys.site import Site, salaries


def test_a_crowded_folder_is_no_item_any_more_when_it_has_emptied(tmp_path: Path) -> None:
    site = Site(tmp_path, limits={"folder_entries_max": 2})
    for number in range(4):
        site.drop(f"{number}.csv", salaries((f"REF-{number}", "9,00", IBANS[0])))
    with site.house() as house:
        take_in_folder(house, house.settings.erp[0])
    assert "odd-file" in site.waiting()
    site.once()
    site.once()
    assert site.waiting() == []


def test_what_a_bank_offers_no_more_needs_nobody_any_more(tmp_path: Path) -> None:
    site = Site(tmp_path, limits={"file_bytes_max": 5000})
    os.mkfifo(site.at / "from_bank" / "pipe.xml")
    site.bank_says("huge.xml", b"x" * 6000)
    site.once()
    assert site.waiting() == ["file-too-large", "odd-remote-name"]
    site.once()
    assert site.waiting() == ["file-too-large", "odd-remote-name"]
    (site.at / "from_bank" / "pipe.xml").unlink()
    site.once()
    assert site.waiting() == ["file-too-large"]
    (site.at / "from_bank" / "huge.xml").unlink()
    site.once()
    assert site.waiting() == []
