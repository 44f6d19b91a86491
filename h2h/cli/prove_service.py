"""Which credentials the service is given, as its unit files say. systemd itself is not asked: it does not show them."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

UNIT = "h2h.service"
#: Where systemd looks for units, first to last (systemd.unit(5)); $SYSTEMD_UNIT_PATH stands in for them.
_DIRECTORIES = "/etc/systemd/system:/run/systemd/system:/usr/local/lib/systemd/system:/usr/lib/systemd/system"
_CREDENTIAL = re.compile(r"^(Load|Set)Credential(Encrypted)?=([^:\s]*)(?::(\S*))?", re.MULTILINE)


def credentials_given(config: Path, environment: Mapping[str, str]) -> dict[str, Path | None] | None:
    """All credentials that the unit and its drop-ins give to the service that runs with *config*, by their names.

    Beside each the plain file it is read from, if it is one.

    None where that cannot be said: there is no such unit, it runs another installation, a file of it may not be read,
    or it takes credentials by a pattern.
    """
    texts = []
    for file in _files(environment):
        try:
            texts.append(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            return None
    whole = "\n".join(texts)
    if str(config.absolute()) not in re.findall(r"^ExecStart=.*?\s(\S+\.toml)\s*$", whole, re.MULTILINE):
        return None
    if re.search(r"^ImportCredential=", whole, re.MULTILINE):
        return None
    given: dict[str, Path | None] = {}
    for verb, encrypted, name, source in _CREDENTIAL.findall(whole):
        if name:
            given[name] = Path(source) if verb == "Load" and not encrypted and source.startswith("/") else None
        else:
            given.clear()  # an empty value takes back what stands above
    return given


def open_to_others(source: Path | None) -> int | None:
    """The mode of a plain file that others than its owner may read or write; None if that is not so, or not seen."""
    try:
        mode = stat.S_IMODE(source.stat().st_mode) if source is not None else 0
    except OSError:
        return None  # behind a directory that only root may enter, as it should be
    return mode if mode & 0o077 else None


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """The unit, where it is found first, and its drop-ins in the order of their names, each name once."""
    directories = [Path(d) for d in (environment.get("SYSTEMD_UNIT_PATH") or _DIRECTORIES).split(":") if d]
    unit = next((d / UNIT for d in directories if (d / UNIT).is_file()), None)
    if unit is None:
        return
    yield unit
    drop_ins: dict[str, Path] = {}
    for directory in directories:
        for file in directory.glob(f"{UNIT}.d/*.conf"):
            drop_ins.setdefault(file.name, file)
    yield from (drop_ins[name] for name in sorted(drop_ins))
