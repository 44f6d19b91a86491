"""An outbox over a real directory, and what was seen in it: fixtures and words for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.folders import FolderOutbox
from h2h.ports import Candidate, Claimed, Oddity
from h2h.settings.erp import Completeness, CompletenessKind, ErpFolder
from h2h.settings.site import Limits

NOW = datetime(2020, 1, 1, 12, tzinfo=UTC)  # long before the files' own times: only what was seen counts as rest


@pytest.fixture
def outbound(tmp_path: Path) -> Path:
    path = tmp_path / "erp" / "out"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def outbox(outbound: Path, tmp_path: Path) -> Callable[..., FolderOutbox]:
    def make(by: CompletenessKind = CompletenessKind.RENAME, **more: Any) -> FolderOutbox:
        limits = Limits(free_bytes_min=0, **more.pop("limits", {}))
        completeness = Completeness(by=by, **more.pop("completeness", {}))
        folder = ErpFolder(name="sap", bank="b", outbound=outbound, completeness=completeness, **more)
        return FolderOutbox(folder, limits, tmp_path / "state" / "spool")

    return make


def names(found: Iterator[Candidate | Oddity]) -> list[str]:
    return [c.identity.name for c in found if isinstance(c, Candidate)]


def odd(found: Iterator[Candidate | Oddity]) -> list[tuple[str, str]]:
    return [(o.finding.code, o.name) for o in found if isinstance(o, Oddity)]


def first(found: Iterator[Candidate | Oddity]) -> Candidate:
    return next(c for c in found if isinstance(c, Candidate))


def claim(box: FolderOutbox, now: datetime = NOW) -> Claimed:
    claimed = box.claim(first(box.scan(now)))
    assert claimed is not None
    return claimed
