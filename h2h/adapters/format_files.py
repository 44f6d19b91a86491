"""Format folders on disk → FormatBook. A folder holds data only, so a customer's own folder is safe to load.

formats/<family>/format.toml  mapping.xml  codes.toml  golden/  README.md
A card that names a built-in codec (``codec = "mt94x"``) has no mapping.xml. A folder of a bank's own documents
(``root = "FOX"``) has one sample for each message, and answers.toml with what the bank's codes mean.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from h2h.core.answers import BankCode
from h2h.core.codecs.own_cards import bank_codes, code_table, own_formats
from h2h.core.codecs.registry import CODECS
from h2h.core.errors import Misconfigured
from h2h.core.format import Card, Codec, Family, Format
from h2h.core.format_book import FormatBook
from h2h.core.mapping.plan import KINDS

_ANSWERS = "answers.toml"
_ISO = "urn:iso:std:iso:20022:tech:xsd:"


def load_formats(*directories: Path) -> FormatBook:
    """All formats of these directories' folders; ``Misconfigured`` names file and mistake."""
    formats: list[Format] = []
    for directory in directories:
        if not directory.is_dir():
            raise Misconfigured(f"there is no folder of formats at {directory}")
        for folder in sorted(p.parent for p in directory.glob("*/format.toml")):
            formats.extend(load_folder(folder))
    return FormatBook(formats)


def load_folder(folder: Path) -> list[Format]:
    """The formats of one folder, one a card."""
    card_file = folder / "format.toml"
    content = _toml(card_file)
    if "root" in content:
        answers = code_table(str(folder / _ANSWERS), _answers(folder))
        return own_formats(str(folder), content, _tables(folder), answers, lambda name: _mapping(folder, name))
    other = str(content.get("parts", ""))
    if Path(other).name != other:
        raise Misconfigured(f"{card_file}: parts is the name of a folder beside this one")
    codes = {**_codes(folder.parent / other), **_codes(folder)} if other else _codes(folder)
    codec = _codec(card_file, content)
    kind = str(content.get("kind"))
    if kind not in KINDS:
        raise Misconfigured(f"{card_file}: kind is one of {', '.join(KINDS)}")
    family = Family(
        name=folder.name,
        kind=kind,
        mapping=b"" if codec else _mapping(folder),
        parts=_mapping(folder.parent / other) if other else b"",
        roots=tuple(content.get("roots", ())),
        codes=codes,
        folder=str(folder),
        title=str(content.get("title", "")),
    )
    cards = content.get("card", [])
    if not isinstance(cards, list) or not cards or not all(isinstance(card, dict) for card in cards):
        raise Misconfigured(f"{card_file}: there is no [[card]]")
    made = [_card(card_file, card, xml=codec is None) for card in cards]
    return [Format.from_card(family, card, codec(card) if codec else None) for card in made]


def _codec(file: Path, content: dict[str, Any]) -> Callable[[Card], Codec] | None:
    name = content.get("codec")
    if name is None:
        return None
    if name not in CODECS:
        raise Misconfigured(f"{file}: there is no codec {name!r}", hint=f"known: {', '.join(sorted(CODECS))}")
    return CODECS[name]


_CARD_KEYS = {"id", "namespace", "schema", "flags", "writes", "checked_as", "title"}


def _card(file: Path, content: dict[str, Any], *, xml: bool = True) -> Card:
    unknown = set(content) - _CARD_KEYS
    if unknown or not isinstance(content.get("id"), str):
        what = f"a card does not know {', '.join(sorted(unknown))}" if unknown else "a card has no id"
        raise Misconfigured(f"{file}: {what}")
    id_ = content["id"]
    namespace = content.get("namespace", _ISO + id_ if xml else "")
    checked_as = content.get("checked_as")
    return Card(
        id=id_,
        namespace=namespace or None,
        schema=content.get("schema", f"{checked_as or id_}.xsd" if xml else "") or None,
        flags=frozenset(_texts(file, "flags", content.get("flags", []))),
        writes=bool(content.get("writes", False)),
        schema_namespace=_ISO + checked_as if checked_as else None,
        title=str(content.get("title", "")),
    )


def _mapping(folder: Path, name: str = "mapping.xml") -> bytes:
    if Path(name).name != name:
        raise Misconfigured(f"{folder}: {name!r} is not the name of a file in this folder")
    try:
        return (folder / name).read_bytes()
    except OSError as problem:
        raise Misconfigured(f"{folder / name} cannot be read: {problem.strerror}") from problem


def _codes(folder: Path) -> dict[str, Sequence[str]]:
    file = folder / "codes.toml"
    return {name: _texts(file, name, values) for name, values in _toml(file).items()} if file.exists() else {}


def _tables(folder: Path) -> dict[str, Any]:
    """codes.toml of a bank's own documents: lists of texts, and tables of the bank's codes and ours."""
    file = folder / "codes.toml"
    content = _toml(file) if file.exists() else {}
    for name, values in content.items():
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            _texts(file, name, values)
    return content


def _answers(folder: Path) -> dict[str, Any]:
    return _toml(folder / _ANSWERS) if (folder / _ANSWERS).exists() else {}


def load_answers(*directories: Path) -> list[BankCode]:
    """What the banks' own codes mean, of all folders of these directories; ``Misconfigured`` names the mistake."""
    folders = [f.parent for d in directories if d.is_dir() for f in sorted(d.glob(f"*/{_ANSWERS}"))]
    return [code for folder in folders for code in bank_codes(str(folder / _ANSWERS), _answers(folder))]


def _texts(file: Path, name: str, values: object) -> Sequence[str]:
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise Misconfigured(f"{file}: {name} is a list of texts")
    return values


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise Misconfigured(f"{file} cannot be read: {problem}") from problem
