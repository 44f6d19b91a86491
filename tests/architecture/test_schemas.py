"""The official schemas: pinned, complete, usable, and never replaced by other bytes."""

import hashlib
import runpy
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from h2h.data import data_dir

NEEDED = (
    *(f"pain.001.001.{number:02d}" for number in range(3, 14)),
    *(f"pain.002.001.{number:02d}" for number in (3, 10, 12, 14, 15)),
    *(f"pain.008.001.{number:02d}" for number in (2, 8)),
    *(f"camt.{kind}.001.{number:02d}" for kind in ("052", "053", "054") for number in range(1, 15)),
)


def _sources() -> dict[str, Any]:
    return tomllib.loads((data_dir("xsd") / "SOURCES.toml").read_text(encoding="utf-8"))


def test_every_schema_that_h2h_reads_or_writes_by_is_pinned() -> None:
    names = [schema["name"] for schema in _sources()["schema"]]
    assert len(names) == len(set(names))
    assert set(NEEDED) <= set(names)


def test_every_schema_comes_from_a_pinned_openly_licensed_package() -> None:
    sources = _sources()
    packages = {package["name"]: package for package in sources["package"]}
    for package in packages.values():
        assert package["licence"] in {"Apache-2.0", "MIT", "Apache-2.0 OR MIT"}
        assert len(package["sha256"]) == 64
    assert {schema["package"] for schema in sources["schema"]} == set(packages)


@pytest.mark.parametrize("name", NEEDED)
def test_a_schema_is_here_unchanged_and_compiles_under_its_namespace(name: str) -> None:
    (pinned,) = (schema for schema in _sources()["schema"] if schema["name"] == name)
    path = data_dir("xsd") / "iso20022" / pinned["file"]
    assert path.is_file(), "run `make setup`"
    content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == pinned["sha256"]
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    document = etree.fromstring(content, parser)
    assert document.get("targetNamespace") == pinned["namespace"] == f"urn:iso:std:iso:20022:tech:xsd:{name}"
    etree.XMLSchema(document)


@pytest.fixture
def step(root: Path) -> dict[str, Any]:
    """The build step's own functions; it stands outside the package, so it is loaded by its path."""
    return runpy.run_path(str(root / ".ci" / "schemas.py"))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout whose only schema lies in a package that pip finds in a folder, without a network."""
    packages = tmp_path / "packages"
    packages.mkdir()
    wheel = packages / "schemaholder-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("schemaholder/a.xsd", b"<schema/>")
        archive.writestr(
            "schemaholder-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: schemaholder\nVersion: 1.0\n"
        )
        archive.writestr("schemaholder-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("schemaholder-1.0.dist-info/RECORD", "")
    (tmp_path / "xsd").mkdir()
    (tmp_path / "xsd" / "SOURCES.toml").write_text(
        f'[[package]]\nname = "schemaholder"\nversion = "1.0"\nfile = "{wheel.name}"\n'
        f'sha256 = "{hashlib.sha256(wheel.read_bytes()).hexdigest()}"\n'
        '[[schema]]\nfile = "a.xsd"\npackage = "schemaholder"\npath = "schemaholder/a.xsd"\n'
        f'sha256 = "{hashlib.sha256(b"<schema/>").hexdigest()}"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(packages))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return tmp_path


def test_a_schema_is_fetched_once_and_a_changed_one_is_put_right(step: dict[str, Any], checkout: Path) -> None:
    schema = checkout / "xsd" / "iso20022" / "a.xsd"
    assert step["ensure_schemas"](checkout) == 1
    assert schema.read_bytes() == b"<schema/>"
    assert step["ensure_schemas"](checkout) == 0
    schema.write_bytes(b"<schema><!-- weakened --></schema>")
    assert step["ensure_schemas"](checkout) == 1
    assert schema.read_bytes() == b"<schema/>"


@pytest.mark.parametrize("what", ["package", "schema"])
def test_other_bytes_than_the_pinned_ones_are_refused(step: dict[str, Any], checkout: Path, what: str) -> None:
    sources = checkout / "xsd" / "SOURCES.toml"
    before, mark, after = sources.read_text(encoding="utf-8").partition(f"[[{what}]]")
    sources.write_text(
        before + mark + after.replace('sha256 = "', 'sha256 = "' + "0" * 64 + '" #', 1), encoding="utf-8"
    )
    with pytest.raises(step["SchemasMissing"]):
        step["ensure_schemas"](checkout)
    assert list((checkout / "xsd" / "iso20022").iterdir()) == []


def test_without_the_package_the_message_says_what_to_do(
    step: dict[str, Any], checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(checkout / "nothing"))
    with pytest.raises(step["SchemasMissing"], match="h2h schema add"):
        step["ensure_schemas"](checkout)
