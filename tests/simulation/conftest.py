"""One lab for all tests of this folder: formats and schemas are read once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from h2h.simulator.torture.campaign import laboratory
from h2h.simulator.torture.lab import Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Where schedules are played."""
    with laboratory() as made:
        yield made
    structlog.reset_defaults()
