"""The example configuration holds every option there is, each at its default value, and loads as it stands."""

import enum
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic_core import PydanticUndefined

from h2h.core.codecs.layout import check_fields
from h2h.core.declared import Part
from h2h.data import data_dir
from h2h.settings import BankProfile, NoSeal, PgpSeal, Settings, load

FILLED_IN_BY_H2H = {"banks", "source", "ledgers"}
# Examples of these show a value that differs from the default, because the default is to say nothing.
WITHOUT_A_DEFAULT_TO_SHOW = re.compile(
    r"(rules\.waivers|severities|schemas|fields|templates|passphrase|password|temporary|processed|heads|timezone|"
    r"earliest|latest|closed_days|worked_days)"
)


def _uncommented(path: Path) -> dict[str, Any]:
    """The file with every option switched on that stands there as `#option = value`."""
    return tomllib.loads(re.sub(r"^#(?=\S)", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    shutil.copytree(data_dir("config"), tmp_path / "config")
    return tmp_path / "config"


def test_the_examples_load_as_they_stand(configuration: Path) -> None:
    settings = load(configuration / "h2h.toml")
    assert set(settings.banks) == {path.stem for path in (configuration / "banks").glob("*.toml")}


def test_the_examples_load_with_every_option_switched_on(configuration: Path) -> None:
    for path in [configuration / "h2h.toml", *(configuration / "banks").glob("*.toml")]:
        path.write_text(re.sub(r"^#(?=\S)", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8")
    settings = load(configuration / "h2h.toml")
    assert isinstance(settings.banks["examplebank"].seal, PgpSeal)
    assert isinstance(settings.banks["handover"].seal, NoSeal)


def test_the_example_of_a_csv_is_one_that_could_be_sent(configuration: Path) -> None:
    delimited = load(configuration / "h2h.toml").erp[0].delimited
    assert delimited is not None
    assert check_fields(delimited) == []


def test_the_examples_of_all_tables_are_ones_that_could_be_sent(configuration: Path) -> None:
    path = configuration / "h2h.toml"
    path.write_text(re.sub(r"^#(?=\S)", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8")
    tables = [folder.table for folder in load(path).erp]
    assert [table.name for table in tables if table] == ["delimited", "fixed-width", "spreadsheet", "json"]
    assert [fault for table in tables if table for fault in check_fields(table)] == []


def test_every_option_stands_in_the_examples_at_its_default() -> None:
    config = data_dir("config")
    examples: list[tuple[type[Part], dict[str, Any]]] = [
        (Settings, _uncommented(config / "h2h.toml")),
        (BankProfile, _uncommented(config / "banks" / "examplebank.toml")),
        (BankProfile, _uncommented(config / "banks" / "handover.toml")),
    ]
    seen: dict[tuple[type[Part], str], list[object]] = {}
    for model, document in examples:
        _walk(model, document, seen)
    wanted = {(model, name) for model in _reachable(Settings) | _reachable(BankProfile) for name in model.model_fields}
    wanted -= {(Settings, name) for name in FILLED_IN_BY_H2H}
    assert {f"{model.__name__}.{name}" for model, name in wanted - set(seen)} == set()
    different = [
        f"{model.__name__}.{name}: {values} but default {_plain(model.model_fields[name].default)!r}"
        for (model, name), values in seen.items()
        if _shows_a_default(model, name) and _plain(model.model_fields[name].default) not in values
    ]
    assert different == []


def _shows_a_default(model: type[Part], name: str) -> bool:
    default = model.model_fields[name].default
    if default in (None, PydanticUndefined) or isinstance(default, Part) or WITHOUT_A_DEFAULT_TO_SHOW.search(name):
        return False
    # The example's own ERP shows a German CSV and the surest kind of completeness.
    return (model.__name__, name) not in {
        ("Delimited", "delimiter"),
        ("Delimited", "decimal_separator"),
        # The examples of the other tables show files as such systems write them.
        ("FixedWidth", "encoding"),
        ("FixedWidth", "date_format"),
        ("FixedWidth", "header_marker"),
        ("FixedWidth", "detail_marker"),
        ("FixedWidth", "trailer_marker"),
        ("JsonTable", "payments"),
        ("Completeness", "by"),
        ("Rules", "waivers"),
        ("Rules", "usage"),
    }


def _plain(value: object) -> object:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def _models(annotation: Any) -> list[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [] if annotation.__name__ in {"Secret", "Column"} else [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _reachable(model: type[Part]) -> set[type[Part]]:
    found = {model}
    for name, field in model.model_fields.items():
        if name not in FILLED_IN_BY_H2H:
            for inner in _models(field.annotation):
                found |= _reachable(inner)
    return found


def _walk(model: type[Part], table: dict[str, Any], seen: dict[tuple[type[Part], str], list[object]]) -> None:
    names = {field.alias or name: name for name, field in model.model_fields.items()}
    for alias, value in table.items():
        name = names.get(alias, alias)
        assert name in model.model_fields, f"{model.__name__} has no option {name}"
        seen.setdefault((model, name), []).append(value)
        for inner in _models(model.model_fields[name].annotation):
            kind = inner.model_fields.get("kind")
            if get_origin(model.model_fields[name].annotation) is dict:
                value = list(value.values())
            for one in value if isinstance(value, list) else [value]:
                if kind is None or one.get("kind") in get_args(kind.annotation):
                    _walk(inner, one, seen)


@pytest.mark.parametrize("document", ["h2h.toml", "banks/examplebank.toml"])
def test_every_option_has_words_above_it(document: str) -> None:
    """No option or group of options follows another without a comment or a blank line with one before it."""
    commented = False
    for number, line in enumerate((data_dir("config") / document).read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("# "):
            commented = True
        elif not line.strip():
            commented = False
        elif re.match(r"#?[a-z_\"]+ ?=|#?\[", line):
            assert commented or line.lstrip("#").startswith("["), f"{document}:{number}: {line}"


def test_every_option_has_a_meaning_in_the_reference() -> None:
    silent = [
        f"{model.__name__}.{name}"
        for model in _reachable(Settings) | _reachable(BankProfile)
        for name, field in model.model_fields.items()
        if not field.description and not _models(field.annotation)
    ]
    assert silent == []
