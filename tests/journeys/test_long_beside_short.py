"""A long statement from a bank does not hold up what is short and urgent: the real daemon, and two banks."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from h2h.simulator.rehearsal import next_working_day
from tests.benchmarks.statements import write_file
from tests.contracts.pain import IBANS
from tests.journeys.answers import Line, Sent, camt053, pain002
from tests.journeys.site import COLUMNS, FOLDERS, OUR_ACCOUNT, Site, contents, put, salaries, toml

ENTRIES = 20_000
OTHER_ACCOUNT = "FR1420041010050500013M02606"


def of_two_banks(root: Path) -> Site:
    """An ERP folder for each bank; answers are looked for five times a second."""
    other = {"name": "other", "bank": "otherbank", "outbound": "other/out", "inbound": "other/in"}
    fetching = {"every_seconds": 0.2, "stable_seconds": 0}
    site = Site(
        root,
        bank={"fetching": fetching},
        more_erps=({**other, "completeness": {"by": "rename"}, "delimited": COLUMNS},),
    )
    for folder in FOLDERS:
        (root / "otherbank" / folder).mkdir(parents=True)
    profile = {
        "environment": "test",
        "initiating_party": "Example Ltd",
        "accounts": [OTHER_ACCOUNT],
        "channel": {"kind": "directory", "root": str(root / "otherbank")},
        "submission": {"bank_removes_temporaries": False},
        "fetching": fetching,
    }
    (site.config.parent / "banks" / "otherbank.toml").write_text(toml(profile))
    return site


@contextmanager
def daemon(site: Site) -> Iterator[Callable[[Callable[[], bool]], None]]:
    """`h2h run`; gives what waits until something is true."""
    log = site.root / "h2h.log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "h2h", "run", "-c", str(site.config)]
        process = subprocess.Popen(command, stdout=file, stderr=file)

    def until(true: Callable[[], bool]) -> None:
        end = time.monotonic() + 200
        while not true():
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < end, log.read_text()[-3000:]
            time.sleep(0.02)

    try:
        until(lambda: "daemon.ready" in log.read_text())
        yield until
    finally:
        process.terminate()
        assert process.wait(60) == 0


def payment(reference: str, account: str = OUR_ACCOUNT) -> str:
    """A file of one payment."""
    day = next_working_day(datetime.now(UTC).date()).strftime("%d.%m.%Y")
    return salaries((reference, "10,00", IBANS[2]), date=day).replace(OUR_ACCOUNT, account)


def long_statement(root: Path, entries: int) -> str:
    """Of our account."""
    write_file(root / "written", entries)
    return (root / "written").read_text(encoding="utf-8").replace("DE89370400440532013000", OUR_ACCOUNT)


def whole(folder: Path, name: str) -> bool:
    """True once everything of the bank's file *name* has been delivered: the manifest comes last."""
    return any(name in found and found.endswith(".manifest.json") for found in contents(folder))


@pytest.mark.timeout(300)
def test_short_files_of_every_bank_are_home_while_a_long_statement_is_still_on_its_way(tmp_path: Path) -> None:
    site = of_two_banks(tmp_path)
    statement = long_statement(tmp_path, ENTRIES)
    ours, others = tmp_path / "erp" / "in", tmp_path / "other" / "in"
    with daemon(site) as until:
        site.drop("first.csv", payment("FIRST"))
        until(lambda: len(site.at_bank()) == 1)
        (sent,) = site.at_bank().values()

        site.bank_says("long.xml", statement)
        until(lambda: not (site.at / "from_bank" / "long.xml").exists())
        site.bank_says("answer.xml", pain002(Sent.of(sent), "ACSP"))
        put(tmp_path / "otherbank" / "from_bank", "short.xml", camt053([Line("1.00", "X-1")], account=OTHER_ACCOUNT))
        site.drop("urgent.csv", payment("URGENT"))
        site.drop("urgent.csv", payment("OTHER", OTHER_ACCOUNT), folder="other/out")

        until(lambda: len(site.at_bank()) == 2)
        until(lambda: len(list((tmp_path / "otherbank" / "to_bank").iterdir())) == 1)
        until(lambda: whole(others, "short"))
        until(lambda: whole(ours, "answer"))
        assert not whole(ours, "long")
        until(lambda: whole(ours, "long"))
    (table,) = [data for name, data in contents(ours).items() if "long" in name and name.endswith(".csv")]
    assert table.count(b"\n") == ENTRIES + 1
    assert site.receipt("first.csv")["state"] == "ACCEPTED"


@pytest.mark.timeout(300)
def test_a_short_statement_waits_for_the_long_one_that_the_bank_wrote_before(tmp_path: Path) -> None:
    site = of_two_banks(tmp_path)
    statement = long_statement(tmp_path, ENTRIES // 2)
    with daemon(site) as until:
        site.bank_says("long.xml", statement)
        until(lambda: not (site.at / "from_bank" / "long.xml").exists())
        site.bank_says("short.xml", camt053([Line("1.00", "X-1")], sequence=2, opening=closing(statement)))
        until(lambda: whole(tmp_path / "erp" / "in", "short"))
        assert whole(tmp_path / "erp" / "in", "long")
    assert site.waiting() == []


def closing(statement: str) -> str:
    """The closing balance that it states."""
    return statement.partition("<Cd>CLBD</Cd>")[2].partition('"EUR">')[2].partition("<")[0]
