"""What is imported is declared, and what is declared is imported and has earned its place in a sentence."""

import ast
import functools
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

IMPORTED_AS = {"python-gnupg": "gnupg"}
# Imported by another library at run time, not by h2h itself.
BEHIND_OTHERS = {"psycopg"}


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, list[str]]:
    """Runtime dependencies and the extra `postgres`."""
    table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"runtime": table["dependencies"], "postgres": table["optional-dependencies"]["postgres"]}


def _names(requirements: list[str]) -> set[str]:
    return {IMPORTED_AS.get(name, name) for name in (Requirement(one).name for one in requirements)}


@functools.cache
def _imports(root: Path) -> frozenset[str]:
    found: set[str] = set()
    for path in (root / "h2h").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for_the_type_checker = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        for node in set(ast.walk(tree)) - for_the_type_checker:
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                found.add(node.module.partition(".")[0])
    return frozenset(found - set(sys.stdlib_module_names) - {"h2h"})


def test_every_library_that_is_imported_is_declared(root: Path, project: dict[str, list[str]]) -> None:
    assert _imports(root) - _names(project["runtime"] + project["postgres"]) == {"pydantic_core"} & _imports(root)


def test_every_library_that_is_declared_is_imported(root: Path, project: dict[str, list[str]]) -> None:
    assert _names(project["runtime"] + project["postgres"]) - _imports(root) - BEHIND_OTHERS == set()


def test_every_runtime_dependency_has_its_sentence(root: Path, project: dict[str, list[str]]) -> None:
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    for requirement in project["runtime"]:
        assert re.search(rf'^  # [A-Z].*\.\n  "{re.escape(requirement)}",$', text, re.MULTILINE), requirement
