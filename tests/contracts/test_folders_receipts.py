"""What h2h writes beside the ERP's files: replaced whole, readable for its group, and never elsewhere."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.outboxes import outbound, outbox

__all__ = ["outbound", "outbox"]  # fixtures


def test_a_receipt_is_replaced_whole_and_the_folders_group_may_read_it(outbound: Path, outbox: Any) -> None:
    outbound.chmod(0o2770)
    if os.geteuid() == 0:
        os.chown(outbound, -1, 4242)
    box = outbox()
    box.write_beside("pay.csv.status.json", b"{1}")
    box.write_beside("pay.csv.status.json", b"{2}")
    receipt = outbound / "pay.csv.status.json"
    assert receipt.read_bytes() == b"{2}"
    assert receipt.stat().st_mode & 0o777 == 0o640
    assert receipt.stat().st_gid == outbound.stat().st_gid
    assert [p.name for p in outbound.iterdir()] == ["pay.csv.status.json"]


def test_a_reader_never_sees_half_a_receipt(outbound: Path, outbox: Any) -> None:
    box = outbox()
    versions = [bytes([65 + n]) * 50_000 for n in range(20)]
    box.write_beside("r.status.json", versions[0])
    seen: list[bytes] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append((outbound / "r.status.json").read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for data in versions:
        box.write_beside("r.status.json", data)
    stop.set()
    reader.join()
    assert seen
    assert set(seen) <= set(versions)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "..", "a\nb", "x" * 300])
def test_a_receipt_never_leaves_the_folder(outbound: Path, outbox: Any, name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        outbox().write_beside(name, b"x")
