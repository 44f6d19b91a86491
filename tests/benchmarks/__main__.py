"""`make bench`: all tables, one after the other, on an otherwise idle machine."""

from __future__ import annotations

import os
import platform

from tests.benchmarks import convert, latency, mt940


def main() -> None:
    """Print where it was measured, then each table as it is done."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n", flush=True)
    print(convert.run(), flush=True)
    print(flush=True)
    print(latency.run(), flush=True)
    print(flush=True)
    print(mt940.run(), flush=True)


main()
