"""A scheme's profile: its usage rules as data, and what it says of the options of ``[rules]``.

They lie in ``formats/profiles/NAME.toml``, and in the folder ``profiles`` of each of your own ``formats_directories``.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from h2h.core.declared import Part, Rules
from h2h.core.errors import Misconfigured
from h2h.data import data_dir


class SchemeProfile(Part):
    """One scheme's rules over a namespace that many schemes share."""

    name: str = Field(description="The name of the file.")
    title: str = Field(description="What it is, for people.")
    kinds: tuple[str, ...] = Field(min_length=1, description="credit-transfer, direct-debit.")
    source: str = Field(description="The document and its version.")
    valid_from: date = Field(description="The first day of that version.")
    valid_until: date | None = Field(None, description="Its last day, where that is known.")
    rules: dict[str, Any] = Field({}, description="What it says of the options of a bank's [rules].")
    usage: tuple[dict[str, Any], ...] = Field((), description="Its usage rules.")

    def around(self, rules: dict[str, Any]) -> dict[str, Any]:
        """A bank's ``[rules]`` under this profile: what the bank says itself goes before what the profile says."""
        named = [{**rule, "name": f"{self.name}/{rule.get('name', '?')}"} for rule in self.usage]
        return {**self.rules, **rules, "usage": [*named, *rules.get("usage", ())]}

    def as_rules(self) -> Rules:
        """The rules of a bank that says nothing but the profile's name."""
        return Rules.model_validate(self.around({"profile": self.name}))


def scheme_profile(name: str, own: Iterable[Path] = ()) -> SchemeProfile:
    """The profile of that name, one's own before those delivered; ``Misconfigured`` names file and mistake."""
    known = {file.stem: file for file in _files(own)}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
        raise Misconfigured(f"there is no profile {name!r}", hint=hint)
    return _read(known[name])


def scheme_profiles(own: Iterable[Path] = ()) -> list[SchemeProfile]:
    """All profiles by name; ``Misconfigured`` names the first that is wrong."""
    return [_read(file) for _, file in sorted({f.stem: f for f in _files(own)}.items())]


def _files(own: Iterable[Path]) -> Iterator[Path]:
    """Those of one's own last, so that they win."""
    for directory in (data_dir("formats"), *own):
        yield from sorted((directory / "profiles").glob("*.toml"))


def _read(file: Path) -> SchemeProfile:
    try:
        profile = SchemeProfile.model_validate({**tomllib.loads(file.read_text("utf-8")), "name": file.stem})
        profile.as_rules()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise Misconfigured(f"{file} cannot be read: {problem}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Misconfigured(f"{file}: {place}: {first['msg']}") from problem
    return profile
