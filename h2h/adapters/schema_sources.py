"""Where each installed schema comes from, as SOURCES.toml beside or above it says, and whether it still is that."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from h2h.core.errors import Misconfigured

SOURCES = "SOURCES.toml"


@dataclass(frozen=True, slots=True)
class Provenance:
    """*sha256* is that of the file as it lies there; *recorded*: as it was when installed, None if nobody said."""

    file: Path
    origin: str | None
    sha256: str
    recorded: str | None

    @property
    def changed(self) -> bool:
        """Whether the file is not what was installed."""
        return self.recorded is not None and self.recorded != self.sha256


def provenance_of(file: Path) -> Provenance:
    """Origin and hashes of one schema; ``Misconfigured`` if the list or the file cannot be read."""
    try:
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as problem:
        raise Misconfigured(f"{file} cannot be read: {problem.strerror}") from problem
    for folder in (file.parent, file.parent.parent):
        entry = _entries(folder / SOURCES).get(file.name)
        if entry is not None:
            return Provenance(file, _origin(entry), sha256, str(entry.get("sha256")) if "sha256" in entry else None)
    return Provenance(file, None, sha256, None)


def _origin(entry: dict[str, Any]) -> str:
    if "origin" in entry:
        return f"{entry['origin']}, added {entry['added']}" if "added" in entry else str(entry["origin"])
    return f"package {entry.get('package')} {entry.get('version', '')}".strip()


@cache
def _entries(sources: Path) -> dict[str, dict[str, Any]]:
    """File name → its entry."""
    try:
        content = tomllib.loads(sources.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise Misconfigured(f"{sources} cannot be read: {problem}") from problem
    versions = {p.get("name"): p.get("version") for p in content.get("package", [])}
    found = {}
    for entry in content.get("schema", []):
        if isinstance(entry, dict):
            name = str(entry.get("file", entry.get("name")))
            found[name] = {**entry, "version": versions.get(entry.get("package"), "")}
    return found
