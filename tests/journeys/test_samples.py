"""Every whole exchange of `samples/` comes out as it stands there, to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from h2h.adapters.schema import SchemaBook
from h2h.data import data_dir
from tests.journeys.exchange import Exchange, golden
from tests.journeys.site import contents

SAMPLES = sorted(p.parent.parent.name for p in data_dir("samples").glob("*/bank/out"))


def test_there_are_exchanges_with_banks_of_different_kinds() -> None:
    assert {"sepabank", "eastbank"} <= set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_exchange_comes_out_as_it_stands_there(tmp_path: Path, name: str) -> None:
    sample = data_dir("samples") / name
    played, expected = Exchange(sample, tmp_path).play(), golden(sample)
    for folder in expected:
        assert sorted(played[folder]) == sorted(expected[folder]), folder
        for file in expected[folder]:
            assert played[folder][file].decode() == expected[folder][file].decode(), f"{folder}/{file}"
    assert expected["bank/in"]
    assert expected["erp/in"]


@pytest.mark.parametrize("name", SAMPLES)
def test_what_goes_either_way_is_valid_by_the_official_schema(name: str) -> None:
    sample = data_dir("samples") / name
    schemas = SchemaBook([data_dir("xsd") / "iso20022", data_dir("xsd") / "requests"])
    for folder in ("bank/in", "bank/out"):
        for file, data in contents(sample / folder).items():
            message = data.split(b"urn:iso:std:iso:20022:tech:xsd:")[1].split(b'"')[0].decode()
            assert schemas.validate(f"{message}.xsd", data) == [], file


def test_a_file_in_the_banks_own_format_is_in_the_sample_unchanged() -> None:
    sample = data_dir("samples") / "sepabank"
    dropped = (sample / "erp/out/treasury.xml").read_bytes()
    assert dropped in contents(sample / "bank/in").values()
