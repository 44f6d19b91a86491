"""What is made once and used by every schedule of this process: formats, schemas, an empty journal, the settings."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine

from h2h.adapters.format_files import load_formats
from h2h.adapters.journal import default_url, open_journal
from h2h.adapters.journal.journal import SqlJournal
from h2h.adapters.schema import SchemaBook
from h2h.data import data_dir
from h2h.settings import Settings
from h2h.simulator.torture.database import Memory, ShortEngine
from h2h.simulator.torture.flows import COLUMNS, OUR_ACCOUNT, Flow

INSTANCE = "torture"
_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


class Lab:
    """A directory (in memory, if it can be) for one schedule after the other, and all that is the same in each.

    The journal is in memory, too, reached by a short way (`database`); *short* False: by the journal's own engine.
    """

    def __init__(self, base: Path, *, short: bool = True) -> None:
        self.root = base / "world"
        self.formats = load_formats(data_dir("formats"))
        self.schemas = SchemaBook([data_dir("xsd") / "iso20022"])
        self.effects: dict[str, int] = {}  # flow → how many it has when all is calm
        self._settings: dict[str, Settings] = {}
        template = base / "template"
        template.mkdir(parents=True)
        made = open_journal(default_url(template), instance=INSTANCE, now=_MADE_AT)
        made.close()
        self._empty = (template / "journal.db").read_bytes()
        (self.root / "state").mkdir(parents=True)
        self._memory: Memory | None = None
        if short:
            self._memory = Memory(self._empty)
            self._engine = cast(Engine, ShortEngine(self._memory))
        else:
            self._file.write_bytes(self._empty)
            self._engine = open_journal(default_url(self._file.parent), instance=INSTANCE, now=_MADE_AT)._engine

    def close(self) -> None:
        """Nothing more is played."""
        self._engine.dispose()
        if self._memory is not None:
            self._memory.close()

    def journal(self, monotonic: Callable[[], float]) -> SqlJournal:
        """The journal as one more process opens it, by the world's clock."""
        journal = SqlJournal(self._engine)
        journal.monotonic = monotonic
        return journal

    def snapshot(self) -> bytes:
        """The journal as it stands; nothing writes to it just now."""
        return self._file.read_bytes() if self._memory is None else self._memory.image()

    def restore(self, image: bytes) -> None:
        """Put a copy of the journal back."""
        if self._memory is None:
            self._engine.dispose()
            self._file.write_bytes(image)
        else:
            self._memory.put(image)

    @property
    def _file(self) -> Path:
        return self.root / "state" / "journal.db"

    def clear(self, settings: Settings) -> None:
        """An empty world with *settings*: folders, and a journal that knows nothing."""
        for path in self.root.iterdir():
            if path.name != "state":
                shutil.rmtree(path)
        for path in (self.root / "state").iterdir():
            if path.is_dir():
                shutil.rmtree(path)
        if self._memory is None:
            self.restore(self._empty)
        else:
            self._memory.clear()
        for folder in settings.erp:
            folder.outbound.mkdir(parents=True)
            if folder.inbound is not None:
                folder.inbound.mkdir(parents=True)
        for name in ("archive", "ledger", ".limbo"):
            (self.root / name).mkdir()

    def settings(self, flow: Flow) -> Settings:
        """What the flow's installation has configured."""
        if flow.name not in self._settings:
            self._settings[flow.name] = Settings.model_validate(_site(self.root, flow))
        return self._settings[flow.name]


def _site(root: Path, flow: Flow) -> dict[str, Any]:
    folders = []
    for number, bank in enumerate(flow.banks):
        name = "erp" if number == 0 else f"erp{number + 1}"
        folder = {
            "name": name,
            "bank": bank,
            "outbound": root / "erp" / name / "out",
            "inbound": root / "erp" / name / "in",
            "completeness": {"by": "rename"},
            "delimited": COLUMNS,
        }
        folders.append(_over(folder, flow.erp))
    profile = {
        "environment": "test",
        "initiating_party": "Example Ltd",
        "accounts": [OUR_ACCOUNT],
        "channel": {"kind": "directory", "root": "/nowhere"},  # the world puts its own server there
        "submission": {"bank_removes_temporaries": flow.purges},
        "fetching": {"stable_seconds": 0},
    }
    return {
        "instance": INSTANCE,
        "environment": "test",
        "paths": {"state": root / "state", "archive": root / "archive", "ledger": root / "ledger" / "ledger.jsonl"},
        "limits": {"free_bytes_min": 0},
        "erp": folders,
        "banks": {name: _over({**profile, "name": name}, flow.bank) for name in flow.banks},
    }


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _over(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
