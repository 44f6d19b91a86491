"""Real faults at real parts: system calls, sshd, gpg, a disk that loses power. Short here; long by `make torture`.

Each row prints what was done, so that the figures of docs/reliability.md can be repeated.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing
from tests.contracts.sshd import find_sshd

pytestmark = pytest.mark.timeout(3600)


def drive(root: Path, module: str, *arguments: str) -> dict[str, Any]:
    """Run a driver; what it did and found."""
    for name in ("gpg", "strace"):
        if shutil.which(name) is None:
            missing(name)
    if find_sshd() is None:
        missing("sshd")
    if "power" in arguments and not _can_mount():
        missing("the right to mount a file system image")
    command = [sys.executable, "-W", "error", "-m", f"tests.torture.{module}", *arguments]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    last = ended.stdout.strip().splitlines()[-1] if ended.stdout.strip() else ""
    assert last.startswith("{"), ended.stdout + ended.stderr
    told: dict[str, Any] = json.loads(last)
    print(module, *arguments, {k: v for k, v in told.items() if k != "points"})
    return told


def _can_mount() -> bool:
    return os.geteuid() == 0 and Path("/dev/loop-control").exists() and shutil.which("mkfs.ext4") is not None


def test_killed_at_any_system_call_everything_happens_once(root: Path) -> None:
    told = drive(root, "drive", "kill", "--runs", "10", "--seed", "2026")
    assert told["faults"] == []
    assert told["done"]["killed"] >= 8


def test_a_system_call_that_fails_loses_nothing_and_no_failed_synchronisation_is_passed_over(root: Path) -> None:
    told = drive(root, "drive", "error", "--runs", "10", "--seed", "2026")
    assert told["faults"] == []
    assert sum(told["done"].values()) == 10


def test_after_a_power_cut_at_a_synchronisation_everything_happens_once(root: Path) -> None:
    told = drive(root, "drive", "power", "--runs", "8", "--seed", "2026")
    assert told["faults"] == []
    assert sum(n for what, n in told["done"].items() if what.endswith("power cut")) >= 6


def test_the_line_cut_after_any_byte_everything_happens_once(root: Path) -> None:
    told = drive(root, "drive", "cut", "--runs", "10", "--seed", "2026")
    assert told["faults"] == []
    assert sum(told["done"].values()) == 10


def test_of_thousands_of_damaged_documents_of_every_format_nothing_but_findings_comes_out(root: Path) -> None:
    told = drive(root, "fuzz", "--runs", "6000", "--seed", "2026")
    assert told["faults"] == []
    refused = told["outcomes"].pop("refused")
    assert sum(told["outcomes"].values()) > refused / 10
    assert {"converted", "unpacked", "written as multicash"} <= set(told["outcomes"])


# -- long ones


@pytest.mark.torture
@pytest.mark.parametrize("part", ["1/2", "2/2"])
def test_killed_at_hundreds_of_system_calls(root: Path, part: str) -> None:
    told = drive(root, "drive", "kill", "--runs", "600", "--part", part)
    assert told["faults"] == []
    assert told["done"]["killed"] >= 270


@pytest.mark.torture
def test_hundreds_of_system_calls_that_fail(root: Path) -> None:
    told = drive(root, "drive", "error", "--runs", "300")
    assert told["faults"] == []


@pytest.mark.torture
def test_a_power_cut_at_every_synchronisation_of_both_journeys(root: Path) -> None:
    told = drive(root, "drive", "power")
    assert told["faults"] == []
    cuts = sum(n for what, n in told["done"].items() if what.endswith("power cut"))
    assert cuts >= 0.95 * sum(told["points"].values())


@pytest.mark.torture
@pytest.mark.parametrize("part", ["1/2", "2/2"])
def test_the_line_cut_hundreds_of_times(root: Path, part: str) -> None:
    told = drive(root, "drive", "cut", "--runs", "320", "--part", part)
    assert told["faults"] == []
    assert sum(told["done"].values()) == 160


@pytest.mark.torture
def test_twenty_minutes_with_two_thousand_files_neither_memory_nor_descriptors_grow(root: Path) -> None:
    told = drive(root, "soak")
    assert told["faults"] == []
    assert told["files"] == 2000


@pytest.mark.torture
@pytest.mark.parametrize("part", ["1/2", "2/2"])
def test_of_a_million_damaged_documents_nothing_but_findings_comes_out(root: Path, part: str) -> None:
    told = drive(root, "fuzz", "--part", part)
    assert told["faults"] == []
    assert told["runs"] == 500_000
