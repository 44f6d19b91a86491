"""`python -m tests.simulation.drive MUTANT ARGUMENTS`: one process of a campaign, with a mistake built in."""

from __future__ import annotations

import sys

from h2h.simulator.torture.__main__ import main
from tests.simulation.mutants import MUTANTS


def driven() -> int:
    """See the module."""
    MUTANTS[sys.argv.pop(1)]()
    return main()


if __name__ == "__main__":
    raise SystemExit(driven())
