"""A long file does not hold up a short one: the real daemon, a bank behind SFTP, sealed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from h2h.simulator.rehearsal import Rehearsal, next_working_day

HEADER = "Kind;Name;IBAN;Amount;Currency;Date;Reference;Text\n"
LONG = 30_000


def _until(true: Callable[[], bool], rehearsal: Rehearsal) -> None:
    until = time.monotonic() + 240
    while not true():
        rehearsal.daemon_ready()  # it is still there
        assert time.monotonic() < until, rehearsal.log.read_text()[-3000:]
        time.sleep(0.02)


def _rows(first: int, count: int) -> str:
    day = next_working_day(datetime.now(UTC).date()).strftime("%d.%m.%Y")
    return HEADER + "".join(
        f"SUPP;Papierhaus Nord GmbH;DE02200505501015871393;{n},10;EUR;{day};LONG-{n};Invoice {n} of a long list\n"
        for n in range(first, first + count)
    )


@pytest.mark.timeout(300)
def test_a_short_file_is_at_the_bank_while_a_long_one_is_still_converted(tmp_path: Path) -> None:
    with Rehearsal(tmp_path, os.environ) as rehearsal:
        rehearsal.write_configuration(rehearsal.start_bank())
        rehearsal.start_daemon()
        _until(rehearsal.daemon_ready, rehearsal)

        def drop(name: str, text: str) -> None:
            (rehearsal.outbound / f".{name}.part").write_text(text, encoding="utf-8")
            (rehearsal.outbound / f".{name}.part").rename(rehearsal.outbound / name)

        drop("long.csv", _rows(1000, LONG))
        _until(lambda: rehearsal.receipt("long.csv").get("state") == "RECEIVED", rehearsal)
        drop("short.csv", _rows(1, 2))
        _until(lambda: len(rehearsal.received()) > 0, rehearsal)

        first = {p["end_to_end_id"] for p in rehearsal.received()[:2]}
        _until(lambda: len(rehearsal.received()) == LONG + 2, rehearsal)
        assert first == {"LONG-1", "LONG-2"}
        assert len({p["end_to_end_id"] for p in rehearsal.received()}) == LONG + 2
        assert rehearsal.stop_daemon() == 0
