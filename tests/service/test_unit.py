"""The unit files as systemd's own tools judge them, without a running systemd."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[[str], str]


@pytest.fixture
def unit(root: Path) -> Path:
    return root / "systemd" / "h2h.service"


def test_the_unit_is_hardened_to_an_exposure_of_at_most_1_5(unit: Path, program: Program) -> None:
    command = [program("systemd-analyze"), "security", "--offline=true", "--threshold=15", "--no-pager", str(unit)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"Overall exposure level for h2h.service: (0|1)\.\d", run.stdout), run.stdout


def test_every_directive_is_known_to_systemd(unit: Path, program: Program, tmp_path: Path) -> None:
    copy = tmp_path / unit.name
    # The one thing that is missing before the installation is the program itself.
    copy.write_text(unit.read_text(encoding="utf-8").replace("/opt/h2h/venv/bin/h2h", "/bin/true"), encoding="utf-8")
    drop_in = tmp_path / "h2h.service.d" / "site.conf"
    drop_in.parent.mkdir()
    examples = (unit.parent / "site.conf").read_text(encoding="utf-8")
    drop_in.write_text(re.sub(r"^#(?=\S)", "", examples, flags=re.MULTILINE), encoding="utf-8")
    run = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout + run.stderr) == (0, "")


def test_every_hardening_that_is_left_out_says_why(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    for missing in ("PrivateUsers=", "PrivateNetwork="):
        assert re.search(rf"^{missing}yes", text, re.MULTILINE) is None
        assert re.search(rf"^# Exception: .*{missing}", text, re.MULTILINE), missing


@pytest.mark.parametrize("script", ["systemd/install.sh", "systemd/uninstall.sh", ".ci/setup", "tests/service/boot.sh"])
def test_the_scripts_pass_shellcheck(root: Path, program: Program, script: str) -> None:
    run = subprocess.run([program("shellcheck"), str(root / script)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_a_failed_installation_says_what_is_missing(root: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        ["/bin/sh", str(root / "systemd" / "install.sh")],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(_only(tmp_path, "dirname", "id", "sh"))},
    )
    assert run.returncode == 1
    assert "must be run as root" in run.stderr or "gpg is missing" in run.stderr


def _only(folder: Path, *programs: str) -> Path:
    for name in programs:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder
