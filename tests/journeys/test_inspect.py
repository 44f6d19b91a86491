"""The commands about files, as scripts and people use them: exit statuses, JSON, and what stands on the screen."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from h2h.cli.main import main
from tests.checkout import FORMATS, ROOT

PAYMENT = FORMATS / "pain.001/golden/two-instructions-and-hybrid-addresses-09.xml"
OLD_PAYMENT = FORMATS / "pain.001/golden/other-accounts-and-clearing-codes-03.xml"
BROKEN = FORMATS / "pain.001/golden/sums-and-dates-that-are-wrong-09.xml"
STATEMENT = FORMATS / "camt/golden/batch-entry-and-return-053-08.xml"
REPORT = FORMATS / "pain.002/golden/one-of-three-rejected-03.xml"
COLLECTION = FORMATS / "pain.008/golden/one-collection-08.xml"


def h2h(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def said(*arguments: object) -> Any:
    return json.loads(h2h(*arguments).stdout)


# ------------------------------------------------------------------------------------------------ the contract


def test_a_statement_is_shown_as_the_contract_says() -> None:
    shown = said("inspect", "--json", STATEMENT)
    assert (shown["format"], shown["kind"]) == ("camt.053.001.08", "statement")
    (statement,) = shown["statements"]
    assert statement["opening_balance"] == {
        "amount": "10000.00",
        "currency": "EUR",
        "credit_debit": "CRDT",
        "date": "2026-11-24",
    }
    batch, back = statement["entries"]
    assert batch["amount"] == "3710.55"
    assert batch["end_to_end_ids"] == ["INV-88213", "INV-88214"]
    assert (back["credit_debit"], back["reversal"], back["counterparty"]) == ("CRDT", True, "Tuinbouw De Vries B.V.")


def test_a_payment_is_shown_as_the_contract_says() -> None:
    shown = said("inspect", "--json", PAYMENT)
    assert (shown["kind"], shown["transaction_count"], shown["control_sum"]) == ("credit-transfer", 3, "4210.55")
    first, second = shown["instructions"]
    assert first["debtor_account"] == "DE89370400440532013000"
    assert (first["requested_execution_date"], second["requested_execution_date"]) == (
        "2026-11-24",
        "2026-11-24T12:00:00+01:00",
    )
    assert first["transactions"][0] | {"amount": "1210.55", "currency": "EUR"} == first["transactions"][0]
    assert first["transactions"][0]["creditor"] == "Ateliers Müller & Fils"
    assert shown["findings"] == []


def test_a_collection_has_creditor_and_debtor_exchanged() -> None:
    (instruction,) = said("inspect", "--json", COLLECTION)["instructions"]
    assert instruction["creditor_account"] == "DE89370400440532013000"
    assert instruction["transactions"][0]["debtor"] == "Erika Beispiel"
    assert instruction["transactions"][0]["debtor_account"] == "DE02120300000000202051"


def test_a_status_report_is_shown_as_the_contract_says() -> None:
    shown = said("inspect", "--json", REPORT)
    assert (shown["original_message_id"], shown["group_status"]) == ("RUN-2026-1120-A", "PART")
    rejected = shown["transactions"][1]
    assert rejected["reasons"][0] == {"code": "AC04", "text": "Account closed on 2026-10-01"}


def test_several_files_are_one_object_a_line_each_with_its_name() -> None:
    result = h2h("inspect", "--json", PAYMENT, STATEMENT)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(PAYMENT), str(STATEMENT)]


@pytest.mark.parametrize("verb", ["identify", "inspect", "validate"])
def test_the_exit_status_says_sound_refused_or_unknown(verb: str, tmp_path: Path) -> None:
    unknown = tmp_path / "notes.txt"
    unknown.write_text("a few words\n")
    cut = tmp_path / "cut.xml"
    cut.write_bytes(b"<?xml")
    assert h2h(verb, PAYMENT).exit_code == 0
    assert h2h(verb, cut).exit_code == 1
    assert h2h(verb, unknown).exit_code == 3
    assert h2h(verb).exit_code == 2
    assert h2h(verb, "--json", PAYMENT, unknown, cut).exit_code == 3, "the worst of all"


def test_a_payment_with_findings_is_shown_with_its_figures_and_is_not_sound() -> None:
    result = h2h("inspect", "--json", BROKEN)
    shown = json.loads(result.stdout)
    assert result.exit_code == 1
    assert shown["instructions"][0]["transactions"][0]["end_to_end_id"] == "B"
    first = shown["findings"][0]
    assert (first["code"], first["severity"], first["where"]) == ("H2H-SCHEMA", "error", "PmtInf/ReqdExctnDt")
    assert first["who_acts"] == "ERP team"


def test_a_missing_schema_is_a_warning_to_look_at_and_an_error_to_rely_on(tmp_path: Path) -> None:
    unusual = tmp_path / "report.xml"
    unusual.write_bytes(REPORT.read_bytes().replace(b"pain.002.001.03", b"pain.002.001.07"))
    assert h2h("inspect", unusual).exit_code == 0
    result = h2h("validate", "--json", unusual)
    assert result.exit_code == 1
    (finding,) = [f for f in json.loads(result.stdout)["findings"] if f["severity"] == "error"]
    assert finding["code"] == "H2H-NO-SCHEMA"
    assert "h2h schema add" in finding["next_step"]


# ------------------------------------------------------------------------------------------------ hostile files


def test_a_huge_file_that_nobody_knows_is_refused_without_being_read(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.bin"
    with garbage.open("wb") as file:
        file.truncate(1 << 40)  # a terabyte that takes no room
    assert h2h("inspect", garbage).exit_code == 3
    with garbage.open("r+b") as file:
        file.write(b"<Document>")
    assert h2h("inspect", garbage).exit_code == 1


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for odd in (tmp_path / "pipe", tmp_path, tmp_path / "nothing"):
        result = h2h("inspect", "--json", odd)
        assert result.exit_code == 1
        assert json.loads(result.stdout)["findings"]


def test_a_name_or_text_of_foreign_origin_moves_no_cursor(tmp_path: Path) -> None:
    odd = tmp_path / "a\x1b[2J\n.xml"
    odd.write_bytes(STATEMENT.read_bytes().replace(b"Tuinbouw", "Tuin\u202ebouw".encode()))
    for verb in ("identify", "inspect", "validate"):
        shown = h2h(verb, odd).output
        assert "\x1b[2J" not in shown
        assert "\u202e" not in shown


# ------------------------------------------------------------------------------------------------ for people


def test_a_person_sees_totals_rows_and_findings_beside_their_place() -> None:
    shown = h2h("inspect", BROKEN).output
    assert "control sum 10.00" in shown
    assert "Somebody" in shown
    assert "PmtInf/CdtTrfTxInf[1]/Amt/InstdAmt: '1e2' is not allowed" in shown
    assert "Who acts: ERP team" in shown


def test_a_person_sees_balances_directions_and_returns() -> None:
    shown = h2h("inspect", STATEMENT).output
    assert "10000.00 EUR 2026-11-24" in shown
    assert "-3710.55" in shown
    assert "returned AC04" in " ".join(shown.split())


def test_unread_parts_are_counted_and_named_on_demand() -> None:
    assert "1 sort of element was not read" in h2h("inspect", REPORT).output
    assert "TxInfAndSts/StsId was not read" in h2h("inspect", "--all", REPORT).output
    assert "1 sort of element was not read" in h2h("convert", REPORT, "--to", "csv").stderr


# ------------------------------------------------------------------------------------------------ convert


def test_a_statement_becomes_csv_with_a_row_for_each_transaction(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert h2h("convert", STATEMENT, "--to", "csv", "-o", out).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    assert [(r["end_to_end_id"], r["amount"], r["credit_debit"]) for r in rows] == [
        ("INV-88213", "1210.55", "DBIT"),
        ("INV-88214", "2500.00", "DBIT"),
        ("INV-88214", "2500.00", "CRDT"),
    ]


def test_a_formula_of_a_payer_is_defused(tmp_path: Path) -> None:
    evil = tmp_path / "evil.xml"
    evil.write_bytes(STATEMENT.read_bytes().replace(b"Invoice 88213", b'=HYPERLINK("http://x")'))
    assert '"\'=HYPERLINK(""http://x"")' in h2h("convert", evil, "--to", "csv").output


@pytest.mark.parametrize("file", [PAYMENT, REPORT, COLLECTION])
def test_every_message_becomes_csv_and_json(file: Path) -> None:
    assert len(h2h("convert", file, "--to", "csv").stdout.splitlines()) >= 2
    assert json.loads(h2h("convert", file, "--to", "json").stdout)["format"]


def test_an_older_payment_becomes_a_newer_one_that_says_the_same(tmp_path: Path) -> None:
    out = tmp_path / "new.xml"
    assert h2h("convert", OLD_PAYMENT, "--to", "pain.001.001.09", "-o", out).exit_code == 0
    before, after = said("inspect", "--json", OLD_PAYMENT), said("inspect", "--json", out)
    assert after["format"] == "pain.001.001.09"
    assert [t["end_to_end_id"] for i in after["instructions"] for t in i["transactions"]] == ["PO-5531", "PO-5532"]
    assert before["control_sum"] == after["control_sum"] == "1750.125"
    assert h2h("validate", out).exit_code == 0


def test_a_newer_payment_that_an_older_version_cannot_carry_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    out = tmp_path / "old.xml"
    result = h2h("convert", PAYMENT, "--to", "pain.001.001.03", "-o", out)
    assert result.exit_code == 1
    assert "no place for" in result.stderr
    assert not out.exists()


def test_what_would_be_lost_on_the_way_refuses_the_conversion(tmp_path: Path) -> None:
    file = tmp_path / "with-tax.xml"
    tax = b"<Purp><Cd>SUPP</Cd></Purp><Tax><RefNb>7</RefNb></Tax>"
    data = PAYMENT.read_bytes()
    start, end = data.index(b"        <Purp>"), data.index(b"        </Purp>\n") + 16
    file.write_bytes(data[:start] + tax + data[end:])
    assert h2h("validate", file).exit_code == 0
    result = h2h("convert", file, "--to", "pain.001.001.09")
    assert result.exit_code == 1
    assert "CdtTrfTxInf/Tax would be lost" in result.stderr


def test_an_unsound_file_an_unknown_one_and_a_wrong_target_are_not_converted(tmp_path: Path) -> None:
    unknown = tmp_path / "notes.txt"
    unknown.write_text("a few words\n")
    assert h2h("convert", BROKEN, "--to", "csv").exit_code == 1
    assert h2h("convert", unknown, "--to", "csv").exit_code == 3
    assert h2h("convert", STATEMENT, "--to", "pain.001.001.09").exit_code == 2
    assert h2h("convert", PAYMENT, "--to", "pain.001.001.9").exit_code == 1


DELIMITED = (
    "Our account;Date;Reference;Amount;Payee;IBAN;Town;Country;Kind;Text\n"
    "DE89370400440532013000;{day};INV-1;1210,55;Ateliers Forge;{iban};Paris;FR;;Invoice 1\n"
)


def soon() -> date:
    """A day that every bank takes."""
    return (datetime.now(UTC) + timedelta(days=3)).date()


@pytest.fixture
def bank() -> tuple[object, ...]:
    """The example configuration that h2h delivers."""
    return "-c", ROOT / "config" / "h2h.toml", "--bank", "examplebank"


def test_a_delimited_file_is_read_as_the_banks_folder_declares_it(tmp_path: Path, bank: tuple[object, ...]) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.xml"
    file.write_text(DELIMITED.format(iban="FR1420041010050500013M02606", day=soon()))
    assert h2h("validate", file).exit_code == 3
    assert h2h("validate", file, *bank).exit_code == 0
    assert h2h("convert", file, "--to", "pain.001.001.03", "-o", out, *bank).exit_code == 0
    (instruction,) = said("inspect", "--json", out)["instructions"]
    assert instruction["transactions"][0]["amount"] == "1210.55"


def test_a_delimited_file_with_a_mistake_is_refused_at_its_line(tmp_path: Path, bank: tuple[object, ...]) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.xml"
    file.write_text(DELIMITED.format(iban="FR1420041010050500013M02607", day=soon()))
    result = h2h("convert", file, "--to", "pain.001.001.03", "-o", out, *bank)
    assert result.exit_code == 1
    assert "line 2" in result.stderr
    assert not out.exists()
    assert "line 2" in h2h("validate", file, *bank).output


def test_a_bank_that_is_not_configured_is_named_with_those_that_are(bank: tuple[object, ...]) -> None:
    result = h2h("validate", PAYMENT, *bank[:3], "nobank")
    assert result.exit_code == 1
    assert "name one of these: " in result.stderr
    assert "examplebank" in result.stderr


# ------------------------------------------------------------------------------------------------ formats, schemas


def test_formats_and_schemas_are_listed() -> None:
    rows = {row["id"]: row for row in said("format", "list", "--json")}
    assert rows["pain.001.001.09"] == {
        "id": "pain.001.001.09",
        "kind": "credit-transfer",
        "writes": True,
        "schema": "pain.001.001.09.xsd",
        "schema_missing": False,
    }
    assert "pain.001.001.09.xsd" in {row["name"] for row in said("schema", "list", "--json")}
    assert "camt.053.001.08" in h2h("format", "list").output
    assert "camt.053.001.08.xsd" in h2h("schema", "list").output


def test_a_format_folder_is_proved_by_name_or_id_and_accepts_a_new_golden(tmp_path: Path) -> None:
    assert h2h("format", "check", "pain.002").exit_code == 0
    assert h2h("format", "check", "nothing").exit_code == 2
    folder = tmp_path / "pain.002"
    subprocess.run(["cp", "-r", str(FORMATS / "pain.002"), str(folder)], check=True)
    (folder / "golden" / "another.xml").write_bytes(REPORT.read_bytes())
    assert h2h("format", "check", folder).exit_code == 1
    assert "another.json: written" in h2h("format", "accept", folder).output
    assert h2h("format", "check", folder).exit_code == 0
    (folder / "golden" / "another.json").write_text("{}")
    assert h2h("format", "accept", folder).exit_code == 1, "what exists is not overwritten"
    assert h2h("format", "accept", folder, "--force").exit_code == 0


def test_a_schema_is_added_where_it_is_said(tmp_path: Path) -> None:
    file = tmp_path / "bank.xsd"
    file.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>')
    assert h2h("schema", "add", file).exit_code == 2, "nobody said where"
    assert h2h("schema", "add", file, "--directory", tmp_path / "own", "--origin", "the portal").exit_code == 0
    assert 'origin = "the portal"' in (tmp_path / "own" / "SOURCES.toml").read_text()


def test_the_installed_command_does_the_same() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from h2h.cli.main import main; main()", "inspect", "--json", str(REPORT)],
        capture_output=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert json.loads(run.stdout)["group_status"] == "PART"
