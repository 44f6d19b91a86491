"""`make bench`: all tables, one after the other, on an otherwise idle machine."""

from __future__ import annotations

import os
import platform

from tests.benchmarks import convert, latency, mt940, statements, throughput

TABLES = (convert.run, statements.run, mt940.run, latency.run, throughput.run)


def main() -> None:
    """Print where it was measured, then each table as it is done."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores", flush=True)
    for run in TABLES:
        print(f"\n{run()}", flush=True)


main()
