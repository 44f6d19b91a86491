"""Payments are made once, whatever is cut short: enumerated, not sampled. Each row prints what it counted."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing
from tests.contracts.sshd import find_sshd

pytestmark = pytest.mark.timeout(900)


def drive(root: Path, *arguments: str) -> dict[str, Any]:
    """Run the driver; what it counted and found."""
    command = [sys.executable, "-W", "error", "-m", "tests.crashes.drive", *arguments]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ended.stdout.startswith("{"), ended.stdout + ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    print(" ".join(arguments), {k: v for k, v in told.items() if k != "faults"})
    return told


@pytest.mark.parametrize("part", ["1/2", "2/2"])
def test_killed_before_any_effect_of_both_journeys_everything_happens_once(root: Path, part: str) -> None:
    told = drive(root, "kill", "--part", part)
    assert told["faults"] == []
    assert told["effects"]["out"] > 50
    assert told["effects"]["home"] > 80
    assert told["runs"] >= sum(told["effects"].values()) // 2


def test_killed_in_the_middle_of_any_write_everything_happens_once(root: Path) -> None:
    told = drive(root, "kill", "--select", "torn")
    assert told["faults"] == []
    assert told["runs"] == told["kinds"]["write"]


def test_killed_around_every_packet_that_changes_something_at_a_real_server_everything_happens_once(root: Path) -> None:
    if find_sshd() is None:
        missing("sshd")
    told = drive(root, "kill", "--channel", "sshd", "--select", "bank")
    assert told["faults"] == []
    assert told["runs"] >= 10


def test_killed_while_sealing_or_opening_the_bank_gets_the_same_bytes_once(root: Path) -> None:
    if shutil.which("gpg") is None:
        missing("gpg")
    told = drive(root, "kill", "--channel", "sealed", "--select", "seal")
    assert told["faults"] == []
    assert told["runs"] >= 15


def test_killed_while_a_pair_is_put_down_the_erp_never_sees_half_of_it_and_gets_it_once(root: Path) -> None:
    told = drive(root, "kill", "--channel", "pair", "--only", "inbox.deliver")
    assert told["faults"] == []
    assert told["runs"] >= 15


def test_killed_after_any_commit_whoever_must_be_told_is_told(root: Path) -> None:
    told = drive(root, "kill", "--channel", "trouble", "--select", "commits")
    assert told["faults"] == []
    assert told["runs"] >= 15


@pytest.mark.parametrize(("rename", "part"), [("posix", "1/3"), ("posix", "2/3"), ("posix", "3/3"), ("fxp", "1/1")])
def test_any_effect_going_wrong_in_any_way_leaves_payments_made_once_or_a_person_told(
    root: Path, rename: str, part: str
) -> None:
    told = drive(root, "fault", "--rename", rename, "--part", part)
    assert told["faults"] == []
    assert told["effects"]["ports"] > 100
    assert told["runs"] >= (100 if rename == "posix" else 30)


def test_a_journal_restored_from_any_older_copy_sends_nothing_twice(root: Path) -> None:
    told = drive(root, "restore")
    assert told["faults"] == []
    assert told["kinds"]["the rollback was told"] > 20, "copies older than the ledger were really put back"


@pytest.mark.parametrize(
    ("mutant", "arguments"),
    [
        ("no-commit-intent", ("kill", "--only", "session.rename")),
        ("error-means-success", ("fault", "--only", "session.rename")),
        ("no-read-back", ("fault", "--only", "session.create")),
        ("absent-means-not-sent", ("kill", "--only", "session.rename")),
        ("source-removed-first", ("kill", "--only", "outbox.discard")),
        ("sealed-anew", ("fault", "--channel", "sealed", "--only", "session.rename")),
        ("head-before-its-rows", ("kill", "--channel", "pair", "--only", "inbox.deliver_together")),
        ("ledger-not-asked", ("restore", "--part", "1/5")),
    ],
)
def test_the_oracle_finds_a_mistake_that_is_built_in(root: Path, mutant: str, arguments: tuple[str, ...]) -> None:
    told = drive(root, *arguments, "--mutant", mutant)
    money = [
        f for f in told["faults"] if any(word in f for word in ("paid", "lost", "nowhere", "never dropped", "given"))
    ]
    assert money, told["faults"]


# -- long ones


@pytest.mark.torture
@pytest.mark.parametrize("part", ["1/4", "2/4", "3/4", "4/4"])
def test_killed_before_any_effect_with_a_real_server(root: Path, part: str) -> None:
    assert drive(root, "kill", "--channel", "sshd", "--part", part)["faults"] == []


@pytest.mark.torture
def test_killed_before_any_effect_with_files_that_do_not_go_out(root: Path) -> None:
    assert drive(root, "kill", "--channel", "trouble")["faults"] == []
