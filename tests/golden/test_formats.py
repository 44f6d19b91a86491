"""Every delivered format folder keeps its promises, and the proofs themselves can fail."""

import shutil
from pathlib import Path

import pytest

from h2h.cli.desk import Desk
from h2h.cli.proof import goldens_of, neighbours, prove
from tests.checkout import FORMATS

FOLDERS = sorted(p.parent for p in FORMATS.glob("*/format.toml"))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder of pain.002 that may be damaged."""
    return Path(shutil.copytree(FORMATS / "pain.002", tmp_path / "pain.002"))


def _faults(folder: Path, desk: Desk) -> list[str]:
    return [f"{proof.about}: {proof.fault}" for proof in prove(folder, desk) if proof.fault]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_every_golden_reads_and_writes_as_its_neighbour_says(folder: Path, desk: Desk) -> None:
    assert _faults(folder, desk) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_every_folder_explains_itself_in_about_ten_lines(folder: Path) -> None:
    assert 4 <= len((folder / "README.md").read_text("utf-8").splitlines()) <= 16


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_no_neighbour_lies_there_without_its_golden(folder: Path, desk: Desk) -> None:
    expected = {n for golden in goldens_of(folder) for n in (golden, *neighbours(golden, desk))}
    assert set((folder / "golden").iterdir()) == expected


def test_a_golden_without_its_neighbour_is_a_fault(copy: Path, desk: Desk) -> None:
    next((copy / "golden").glob("*.json")).unlink()
    assert any("is missing" in fault for fault in _faults(copy, desk))


def test_a_folder_without_goldens_is_a_fault(copy: Path, desk: Desk) -> None:
    shutil.rmtree(copy / "golden")
    assert any("no golden" in fault for fault in _faults(copy, desk))


def test_a_golden_that_reads_otherwise_is_a_fault_that_shows_the_difference(copy: Path, desk: Desk) -> None:
    neighbour = copy / "golden" / "one-of-three-rejected-03.json"
    neighbour.write_text(neighbour.read_text("utf-8").replace("AC04", "AC03"), "utf-8")
    (fault,) = _faults(copy, desk)
    assert '-       "code": "AC03"' in fault.replace("     ", " ").replace("  ", " ") or '"code": "AC04"' in fault


def test_a_golden_of_another_family_is_a_fault(copy: Path, desk: Desk) -> None:
    shutil.copy(FORMATS / "camt" / "golden" / "details-without-a-wrapper-052-01.xml", copy / "golden")
    assert any("a format of another folder" in fault for fault in _faults(copy, desk))


def test_a_folder_is_proved_by_its_own_mapping_wherever_it_lies(copy: Path, desk: Desk) -> None:
    mapping = copy / "mapping.xml"
    mapping.write_text(mapping.read_text("utf-8").replace('<GrpSts m:opt="group_status"/>', ""), "utf-8")
    assert any("it reads otherwise now" in fault for fault in _faults(copy, desk))


def test_a_mapping_that_names_an_unknown_field_is_a_fault_with_its_line(copy: Path, desk: Desk) -> None:
    mapping = copy / "mapping.xml"
    mapping.write_text(mapping.read_text("utf-8").replace("original_message_id", "original_massage_id"), "utf-8")
    (fault,) = _faults(copy, desk)
    assert "original_massage_id" in fault
    assert "line " in fault
