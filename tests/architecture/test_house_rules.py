"""The rules of the house that no linter knows: top level, sizes, unfinished work, machine paths, silent handlers."""

import ast
import re
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

TOP_LEVEL = {
    *("h2h", "formats", "xsd", "config", "systemd", "tests", "samples", "docs"),
    *("pyproject.toml", "README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile"),
    *(".ci", ".gitignore", ".gitattributes"),
}
# Said in pieces, so that this file does not break its own rule.
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "Not" + "ImplementedError", "pragma: no " + "cover")))
ELSEWHERE = re.compile("|".join(("/wo" + r"rk/", "/ro" + r"ot/", r"--(extra-)?index-" + "url", "py" + r"pi\.org")))
LINES_A_FILE, LINES_A_FUNCTION = 400, 60


@pytest.fixture(scope="module")
def tracked(root: Path) -> list[Path]:
    """The files that git knows or would add."""
    run = subprocess.run(
        ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [root / name for name in run.stdout.split("\0") if name and (root / name).is_file()]


@pytest.fixture(scope="module")
def modules(tracked: list[Path], root: Path) -> list[Path]:
    return [path for path in tracked if path.suffix == ".py" and (root / "h2h") in path.parents]


def test_nothing_new_stands_at_the_top(tracked: list[Path], root: Path) -> None:
    assert {path.relative_to(root).parts[0] for path in tracked} - TOP_LEVEL == set()


def test_no_file_has_more_than_400_lines(tracked: list[Path]) -> None:
    long = {
        path.name: lines
        for path in tracked
        if path.suffix == ".py" and (lines := path.read_text(encoding="utf-8").count("\n")) > LINES_A_FILE
    }
    assert long == {}, "near the limit, look for the missing noun"


def test_no_function_has_60_lines(modules: list[Path]) -> None:
    long = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in modules
        if "versions" not in path.parts  # a migration is a list of columns, written once
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 >= LINES_A_FUNCTION
    ]
    assert long == []


def test_every_module_says_what_it_is_for(modules: list[Path]) -> None:
    silent = [
        str(path)
        for path in modules
        if path.stat().st_size and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def _texts(tracked: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in tracked:
        if path.suffix in {".py", ".md", ".toml", ".sh", ".conf", ".service", ".txt", ".xml", ".csv", ""}:
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                assert "samples" in path.parts or "formats" in path.parts or "tests" in path.parts, f"{path}: not UTF-8"


def test_nothing_is_unfinished(tracked: list[Path]) -> None:
    assert [f"{path}: {found[0]}" for path, text in _texts(tracked) if (found := UNFINISHED.search(text))] == []


def test_no_file_names_a_machine_or_a_package_host(tracked: list[Path]) -> None:
    assert [f"{path}: {found[0]}" for path, text in _texts(tracked) if (found := ELSEWHERE.search(text))] == []


def test_no_exception_vanishes(modules: list[Path]) -> None:
    """A handler of a broad exception does something: it raises, records or answers, and it names what it caught."""
    silent = []
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and _is_silent(node.body):
                silent.append(f"{path.name}:{node.lineno}")
    assert silent == []


def _is_broad(caught: ast.expr | None) -> bool:
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def _is_silent(body: list[ast.stmt]) -> bool:
    return all(isinstance(statement, ast.Pass | ast.Continue) or _is_constant(statement) for statement in body)


def _is_constant(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return):
        return statement.value is None or isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def test_an_adapter_shares_its_library_with_no_other(modules: list[Path]) -> None:
    """One file (or one package) per outside thing, one library each."""
    owners: dict[str, set[str]] = {}
    for path in modules:
        if "adapters" in path.parts:
            part = path.parts[path.parts.index("adapters") + 1].removesuffix(".py")
            for library in _imported(path) & {"paramiko", "gnupg", "sqlalchemy", "alembic", "watchdog", "xmlschema"}:
                owners.setdefault(library, set()).add(part)
    assert {library: parts for library, parts in owners.items() if len(parts) > 1} == {}


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_no_module_is_needed_by_what_it_needs(modules: list[Path], root: Path) -> None:
    names = {_name(path, root): path for path in modules}
    left = {name: set(_needed(path, names.keys())) for name, path in names.items()}
    # Again and again those that need none of the others are taken away; what stays needs itself.
    while free := [name for name, needed in left.items() if not needed & (left.keys() - {name})]:
        for name in free:
            del left[name]
    assert left == {}


def _name(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _needed(path: Path, known: Collection[str]) -> Iterator[str]:
    """The modules that a module names, late ones and those for types with them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            wholes = (f"{node.module}.{name.name}" for name in node.names)
            yield from (whole if whole in known else node.module for whole in wholes)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
