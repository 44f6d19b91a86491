"""Installations of the journeys lie in memory where the machine has such a place: fsync is quick there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def fast_directory() -> Path:
    """A fresh directory, in memory if possible; every user may walk through it."""
    memory = "/dev/shm"
    path = Path(tempfile.mkdtemp(prefix="h2h-site-", dir=memory if os.access(memory, os.W_OK) else None))
    path.chmod(0o755)
    return path


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """As pytest's own, elsewhere, and gone afterwards."""
    path = fast_directory()
    yield path
    shutil.rmtree(path, ignore_errors=True)
