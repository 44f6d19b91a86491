"""docs/erp-files.md: every example is one that h2h takes, as it stands there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.folders.completeness import read_marker
from h2h.core.completing import completed
from h2h.core.declared import Delimited, Table
from h2h.core.declared_tables import FixedWidth, JsonTable, Spreadsheet
from h2h.core.findings import refuses
from h2h.core.model.payment import Initiation
from h2h.core.rules.initiation import check_initiation
from tests.checkout import ROOT
from tests.core.erp_files import STAMP, TODAY, Bank, convert, format_of, payments_of
from tests.core.workbooks import DAY, number, row, workbook

PAGE = (ROOT / "docs" / "erp-files.md").read_text("utf-8")
TABLES: dict[str, type[Table]] = {
    "delimited": Delimited,
    "fixed-width": FixedWidth,
    "spreadsheet": Spreadsheet,
    "json": JsonTable,
}


def block(language: str, name: str) -> str:
    """The example of that language and name."""
    (found,) = re.findall(rf"^```{language} {name}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def declared(name: str) -> Table:
    options: dict[str, Any] = tomllib.loads(block("toml", name))
    return TABLES[name].model_validate(options)


@pytest.mark.parametrize(("name", "count"), [("delimited", 2), ("fixed-width", 2), ("json", 1)])
def test_the_example_of_a_table_is_read_as_it_is_declared(name: str, count: int) -> None:
    text = block("json" if name == "json" else "text", name)
    done = convert(text.encode(), declared(name))
    assert not done.conversion.refused, done.findings
    first, *_ = payments_of(done.xml)
    assert (first["end_to_end_id"], first["amount"].rstrip("0"), done.conversion.count) == ("INV-1", "100.5", count)


def test_the_example_of_a_workbook_is_read_as_it_is_declared() -> None:
    title, blank = row("Payments of November"), row()
    header = row("Reference", "Amount", "Date", "Payee", "IBAN")
    one = row("INV-1", number("1.1000000000000001"), number("46353", DAY), "Beta GmbH", "AT611904300234573201")
    done = convert(workbook(title, blank, header, one), declared("spreadsheet"))
    assert [p["amount"] for p in payments_of(done.xml)] == ["1.1"], done.findings


@pytest.mark.parametrize(("language", "name"), [("text", "mt101"), ("xml", "pexr2002")])
def test_the_example_of_a_document_passes_a_banks_rules_and_becomes_a_pain_001(
    language: str, name: str, tmp_path: Path
) -> None:
    read = format_of(name).read(block(language, name).encode())
    found = check_initiation(read, Bank(), TODAY)
    assert not refuses(found), found
    assert isinstance(read.message, Initiation)
    made = completed(read.message, "OWN-1", STAMP.creation_date_time, "Acme GmbH")
    with (tmp_path / "bank.xml").open("wb") as out:
        format_of("pain.001.001.09").write(made, out)
    assert [p["amount"] for p in payments_of((tmp_path / "bank.xml").read_bytes())] == ["100.50"]


def test_the_example_of_a_marker_is_understood() -> None:
    (text,) = re.findall(r"^```text\n(size=.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    said = read_marker(text.encode())
    assert said.fault is None
    assert (said.size, said.totals.count, f"{said.totals.sum:f}") == (1234, 12, "4711.50")
