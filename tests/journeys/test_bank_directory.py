"""A directory of banks: read with the configuration, asked of every payment, told when it is old or wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from h2h.cli.prove_bank import prove_banks
from h2h.core.errors import Misconfigured
from h2h.core.lifecycle import State
from h2h.daemon import Daemon
from h2h.settings import load
from h2h.wiring import open_house
from tests.journeys.people import Person
from tests.journeys.site import ONE, Site

GOOD = "number,name,schemes\nEXAAATWW,Example Bank,SCT INST\n"
WRONG = GOOD + "EXAB,Another Bank,SCT\n"


def site_with(tmp_path: Path, content: str, bic: str = "EXAZATWW", **bank: Any) -> Site:
    fields = {"creditor_bic": {"constant": bic}}
    site = Site(tmp_path, erp={"delimited": {"fields": fields}}, bank={"directory": "banks.csv", **bank})
    (site.config.parent / "banks.csv").write_text(content)
    return site


@pytest.mark.parametrize(
    ("bic", "severity", "state"),
    [
        ("EXAZATWW", "hold", State.HELD),
        ("EXAZATWW", "error", State.REFUSED),
        ("EXAZATWW", "warning", State.SENT),
        ("EXAAATWW", "error", State.SENT),
    ],
)
def test_a_bank_that_is_not_in_the_directory_stops_a_file_as_the_profile_says(
    tmp_path: Path, bic: str, severity: str, state: State
) -> None:
    site = site_with(tmp_path, GOOD, bic, rules={"severities": {"H2H-BANK-UNKNOWN": severity}})
    site.drop("one.csv", ONE)
    site.once()
    assert site.submission("one.csv").state is state


def test_a_wrong_line_stops_the_start_and_no_look_at_what_was(tmp_path: Path) -> None:
    site = site_with(tmp_path, WRONG)
    said = "line 3: 'EXAB' is neither a BIC"
    with pytest.raises(Misconfigured, match=said), open_house(site.settings(), {}, daemon=True):
        pass
    person = Person(site)
    assert said in person.says("once").err
    (site.config.parent / "banks.csv").write_text(GOOD)
    assert person.says("once").status == 0
    (site.config.parent / "banks.csv").write_text(WRONG)
    assert person.says("status").status == 0


def test_a_reload_reads_the_directory_anew_and_goes_on_with_the_old_one_if_it_is_wrong(tmp_path: Path) -> None:
    site = site_with(tmp_path, GOOD)
    file = site.config.parent / "banks.csv"
    daemon = Daemon(site.config, site.settings(), {})

    def known() -> int:
        banks = daemon._settings.banks["testbank"].banks
        assert banks is not None
        return banks.count

    assert known() == 1
    file.write_text(WRONG)
    assert not daemon._read_again()
    assert known() == 1
    file.write_text(GOOD + "EXABATWW,Another Bank,SCT\n")
    assert known() == 1, "nothing changes before it is asked for"
    assert daemon._read_again()
    assert known() == 2


def test_banks_that_name_one_file_share_what_is_read(tmp_path: Path) -> None:
    site = site_with(tmp_path, GOOD)
    profile = site.config.parent / "banks" / "testbank.toml"
    shutil.copy(profile, profile.with_name("other.toml"))
    banks = load(site.config).banks
    assert banks["testbank"].banks is banks["other"].banks is not None
    assert banks["other"].directory == site.config.parent / "banks.csv"


def _rewrite(text: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        file.write_text(text)

    return change


@pytest.mark.parametrize(
    ("change", "marks", "said"),
    [
        (lambda file: None, ["good"], "1 entries, by BIC"),
        (_rewrite(WRONG), ["wrong"], "line 3"),
        (os.unlink, ["wrong"], "cannot be read"),
    ],
)
def test_check_tells_whether_the_directory_can_be_used(
    tmp_path: Path, change: Callable[[Path], None], marks: list[str], said: str
) -> None:
    site = site_with(tmp_path, GOOD)
    change(site.config.parent / "banks.csv")
    today = datetime.now(UTC).date()
    told = [p for p in prove_banks(site.settings(), {}, today) if "banks.csv" in p.text]
    assert [str(p.mark) for p in told] == marks
    assert said in told[0].text


@pytest.mark.parametrize(("today", "old"), [(date(2026, 11, 30), False), (date(2026, 12, 1), True)])
def test_check_tells_a_directory_that_is_old(tmp_path: Path, today: date, old: bool) -> None:
    site = site_with(tmp_path, GOOD, directory_days_max=30)
    written = datetime(2026, 10, 31, 12, tzinfo=UTC).timestamp()
    os.utime(site.config.parent / "banks.csv", (written, written))
    marks = [str(p.mark) for p in prove_banks(site.settings(), {}, today) if "banks.csv" in p.text]
    assert marks == ["good", "warning"] if old else ["good"]


def test_validate_tells_an_unknown_bank(tmp_path: Path) -> None:
    site = site_with(tmp_path, GOOD, rules={"severities": {"H2H-BANK-UNKNOWN": "warning"}})
    site.drop("one.csv", ONE)
    site.once()
    (name,) = site.at_bank()
    (tmp_path / "file.xml").write_bytes(site.bank_takes()[name])
    said = Person(site).says("validate", str(tmp_path / "file.xml"), "--bank", "testbank")
    assert 'the directory of banks has no "EXAZATWW"' in said.out
