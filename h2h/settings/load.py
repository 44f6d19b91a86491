"""Read the configuration files, check them whole, make every path absolute."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from h2h.core.declared import Part
from h2h.core.errors import Misconfigured
from h2h.settings.bank import BankProfile
from h2h.settings.site import Settings

P = TypeVar("P", bound=Part)
M = TypeVar("M", bound=BaseModel)


def load(path: Path) -> Settings:
    """Read and check *path* and its bank files. Relative paths count from the directory of *path*.

    Raises ``Misconfigured`` naming file, key and reason, all of them at once.
    """
    path = path.absolute()
    raw = _toml(path)
    if "banks" in raw or "source" in raw:
        raise Misconfigured(f"{path}: 'banks' and 'source' are not written here; banks have files of their own")
    directory = path.parent / raw.get("banks_directory", "banks")
    banks: dict[str, Any] = {}
    for file in sorted(directory.glob("*.toml")):
        bank = _toml(file)
        bank.setdefault("name", file.stem)
        banks[bank["name"]] = _checked(BankProfile, bank, file)
    settings = _checked(Settings, {**raw, "banks": banks, "source": path}, path)
    return _with_absolute_paths(settings, path.parent)


def _toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as problem:
        raise Misconfigured(f"{path}: cannot be read: {problem.strerror}") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Misconfigured(f"{path}: not valid TOML: {problem}") from problem


def _checked(model: type[P], raw: dict[str, Any], path: Path) -> P:
    try:
        return model.model_validate(raw)
    except ValidationError as problem:
        lines = []
        for fault in problem.errors():
            where = ".".join(str(step) for step in fault["loc"]) or "(whole file)"
            lines.append(f"  {where}: {fault['msg'].removeprefix('Value error, ')}")
        raise Misconfigured(f"{path}:\n" + "\n".join(lines)) from None


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
