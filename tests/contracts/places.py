"""A small disk that really runs full, and the rights of somebody else: fixtures for ``pytest_plugins``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.conftest import missing

NOBODY = 65_534


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    point = tmp_path / "small"
    point.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(point)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        missing("the right to mount a small file system (root)")
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True)


@pytest.fixture
def as_somebody(tmp_path: Path) -> AbstractContextManager[None]:
    """Acts with the rights of the user nobody inside the block; *tmp_path* can be walked through."""
    if os.geteuid() != 0:
        missing("root, to act as another user")
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == 0 and str(parent) != "/":
            parent.chmod(parent.stat().st_mode | 0o111)

    @contextmanager
    def block() -> Iterator[None]:
        groups = os.getgroups()
        os.setgroups([])
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(groups)

    return block()
