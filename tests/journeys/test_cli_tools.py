"""Commands of people who prepare a bank or look into a file: scheme profiles, differences, new formats."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from h2h.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAYMENT = ROOT / "formats/pain.001/golden/two-instructions-and-hybrid-addresses-09.xml"


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
    assert set(known) == {file.stem for file in (ROOT / "formats" / "profiles").glob("*.toml")}
    shown = h2h("format", "profiles").stdout
    assert all(profile["title"] in shown for profile in known.values())
