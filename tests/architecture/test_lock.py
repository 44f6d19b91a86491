"""The locks pin what pyproject.toml asks for, by hash, and name no place to download from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = {"runtime": (), "postgres": ("postgres",), "dev": ("dev", "postgres"), "bench": ("bench",)}


def _pins(lock: Path) -> dict[str, set[str]]:
    """name → pinned versions (several where environment markers choose between them)."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_pins_every_direct_dependency_within_its_range(root: Path, name: str) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in LOCKS[name]:
        wanted += project["optional-dependencies"][extra]
    pins = _pins(root / ".ci" / "lock" / f"{name}.txt")
    for requirement in map(Requirement, wanted):
        versions = pins.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement} is not in the {name} lock: run `make lock`"
        assert all(version in requirement.specifier for version in versions), f"{requirement} is locked at {versions}"


def test_what_runs_is_what_was_tested(root: Path) -> None:
    runtime, dev = (_pins(root / ".ci" / "lock" / f"{name}.txt") for name in ("runtime", "dev"))
    assert {name: dev.get(name) for name in runtime} == runtime


def test_every_pin_has_a_hash_and_no_line_names_a_host(root: Path) -> None:
    for lock in sorted((root / ".ci" / "lock").glob("*.txt")):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock.name
        assert "index-url" not in text, lock.name
        requirements = re.split(r"\n(?=[A-Za-z0-9])", "\n" + text)[1:]
        assert requirements, lock.name
        for requirement in requirements:
            assert "--hash=sha256:" in requirement, requirement.splitlines()[0]
