"""What every test may use. A test whose real part is missing says so: it skips, or under CI=true it fails."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


def missing(what: str) -> None:
    """Ends the test because a real part is missing: a failure under CI=true, else a skip with the reason."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing under CI: {what}")
    pytest.skip(f"missing: {what}")


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Finds a program by name, the system folders included; ends the test where it is missing."""

    def find(name: str) -> str:
        found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/lib/systemd:/lib/systemd")
        if found is None:
            missing(name)
        assert found is not None
        return found

    return find
