"""Read the configuration files, check them whole, make every path absolute."""

from __future__ import annotations

import os
import tomllib
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from h2h.core.declared import Part
from h2h.core.errors import Misconfigured
from h2h.settings.bank import BankProfile
from h2h.settings.directory import read_directory
from h2h.settings.scheme import scheme_profile
from h2h.settings.site import Settings

P = TypeVar("P", bound=Part)
M = TypeVar("M", bound=BaseModel)

_WORDS = {"extra_forbidden": "there is no such option", "missing": "is missing"}


def load(path: Path) -> Settings:
    """Read and check *path* and its bank files. Relative paths count from the directory of *path*.

    Raises ``Misconfigured`` naming file, key and reason, all of them at once.
    """
    path = path.absolute()
    raw = _toml(path)
    if {"banks", "source", "ledgers"} & set(raw):
        raise Misconfigured(f"{path}: 'banks', 'source', 'ledgers' are not written here; banks have files of their own")
    faults: list[str] = []
    banks: dict[str, Any] = {}
    for file in _bank_files(path, raw):
        try:
            bank = _toml(file)
            bank.setdefault("name", file.stem)
            _under_its_profile(bank, file, path.parent, raw)
            profile = _checked(BankProfile, bank, file)
            if profile.name in banks:
                raise Misconfigured(f"{file}:\n  name: another file already is bank '{profile.name}'")
            banks[profile.name] = profile
        except Misconfigured as problem:
            faults.append(problem.message)
    site = _for_this_node({**raw, "banks": banks, "source": path})
    if faults:
        # Whether the parts fit together is not asked while one is missing because it is wrong itself.
        raise Misconfigured("\n".join([*_faults(Settings, site, path, whole=False), *faults]))
    return _with_directories(_with_absolute_paths(_checked(Settings, site, path), path.parent))


def read_directories(settings: Settings) -> None:
    """Read the directories of all banks now, not with the first payment; ``Misconfigured`` names wrong lines."""
    for bank in settings.banks.values():
        _ = bank.banks


def _with_directories(settings: Settings) -> Settings:
    """Banks that name one file read it once, when it is first asked for: not every command wants 170,000 numbers."""
    files = {bank.directory for bank in settings.banks.values() if bank.directory is not None}
    readers = {file: cache(partial(read_directory, file)) for file in files}
    banks = {
        name: bank.reading(readers[bank.directory]) if bank.directory is not None else bank
        for name, bank in settings.banks.items()
    }
    return settings.model_copy(update={"banks": banks})


def _under_its_profile(bank: dict[str, Any], file: Path, base: Path, site: dict[str, Any]) -> None:
    """The scheme profile that ``[rules]`` names gives the options that they leave out, and its usage rules."""
    rules = bank.get("rules")
    if not isinstance(rules, dict) or not isinstance(rules.get("profile"), str):
        return  # a mistake is told with the others of the file
    own = site.get("formats_directories", [])
    directories = [base / name for name in own if isinstance(name, str)] if isinstance(own, list) else []
    try:
        bank["rules"] = scheme_profile(rules["profile"], directories).around(rules)
    except Misconfigured as problem:
        raise Misconfigured(f"{file}:\n  rules.profile: {problem.message}", hint=problem.hint) from problem


def _for_this_node(raw: dict[str, Any]) -> dict[str, Any]:
    """``{node}`` in paths is the node's name, ``{hostname}`` in its name the machine's: one file for all."""
    node, paths = raw.get("node"), raw.get("paths")
    if not isinstance(node, dict) or not isinstance(node.get("name"), str) or not isinstance(paths, dict):
        return raw
    name = node["name"].replace("{hostname}", os.uname().nodename)
    ledger = str(paths.get("ledger", ""))
    shared = ledger.replace("{node}", "*") if "{node}" in Path(ledger).name else ""
    own = {key: value.replace("{node}", name) if isinstance(value, str) else value for key, value in paths.items()}
    return {**raw, "node": {**node, "name": name}, "ledgers": shared, "paths": own}


def _bank_files(path: Path, raw: dict[str, Any]) -> list[Path]:
    name = raw.get("banks_directory", "banks")
    if not isinstance(name, str):
        return []  # told with the other mistakes of the file
    directory = path.parent / name
    try:
        # An editor's leftovers begin with a dot.
        return sorted(f for f in directory.iterdir() if f.suffix == ".toml" and not f.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise Misconfigured(f"{directory}: cannot be read: {problem.strerror}") from problem


def _toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as problem:
        raise Misconfigured(f"{path}: cannot be read: {problem.strerror}") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Misconfigured(f"{path}: not valid TOML: {problem}") from problem


def _checked(model: type[P], raw: dict[str, Any], path: Path) -> P:
    faults = _faults(model, raw, path, whole=True)
    if faults:
        raise Misconfigured("\n".join(faults))
    return model.model_validate(raw)


def _faults(model: type[P], raw: dict[str, Any], path: Path, *, whole: bool) -> list[str]:
    """A line for the file and one for each mistake; with *whole* also that its parts do not fit together."""
    try:
        model.model_validate(raw)
    except ValidationError as problem:
        lines = [f"  {_place(f['loc'])}{_said(f)}" for f in _own(problem.errors()) if f["loc"] or whole]
        return [f"{path}:", *lines] if lines else []
    return []


def _own(faults: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without those that only follow from others: a list "has too few items" because one of its items is wrong."""
    places = [f["loc"] for f in faults]
    follows = {
        f["loc"] for f in faults if any(len(p) > len(f["loc"]) and p[: len(f["loc"])] == f["loc"] for p in places)
    }
    return [f for f in faults if f["type"] != "too_short" or f["loc"] not in follows]


def _place(steps: tuple[int | str, ...]) -> str:
    """As the file has it, with a colon; nothing for the whole file.

    Items are counted from 1, and the kind of a channel or seal is no table of its own.
    """
    text = ""
    for number, step in enumerate(steps):
        if isinstance(step, int):
            text += f"[{step + 1}]"
        elif not (number and steps[number - 1] in ("channel", "seal") and step in ("sftp", "directory", "pgp", "none")):
            text += f".{step}" if text else step
    return f"{text}: " if text else ""


def _said(fault: ErrorDetails) -> str:
    return _WORDS.get(fault["type"], fault["msg"].removeprefix("Value error, "))


def _with_absolute_paths(model: M, base: Path) -> M:
    """Every path below *model*, made absolute against *base*."""

    def absolute(value: Any) -> Any:
        if isinstance(value, Path):
            return base / value
        if isinstance(value, BaseModel):
            return _with_absolute_paths(value, base)
        if isinstance(value, tuple):
            return tuple(absolute(v) for v in value)
        if isinstance(value, dict):
            return {k: absolute(v) for k, v in value.items()}
        return value

    return model.model_copy(update={name: absolute(getattr(model, name)) for name in type(model).model_fields})
