"""Installations lie in memory here, too."""

from tests.journeys.conftest import tmp_path

__all__ = ["tmp_path"]
