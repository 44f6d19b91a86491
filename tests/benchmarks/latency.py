"""How long one small file takes from the ERP's rename to the bank's folder: the real daemon, SFTP, PGP, SQLite.

The clock starts at the rename into the outbound folder and stops when the bank's side has listed the payment. Printed
beside it is what the same file costs without h2h: sign, encrypt and upload it by hand with gpg and paramiko's put.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from h2h.simulator.rehearsal import Rehearsal, next_working_day

FILES = 30
_ROW = "SUPP;Papierhaus Nord GmbH;DE02200505501015871393;{n},10;EUR;{day};LAT-{n};Invoice {n}\n"
_HEADER = "Kind;Name;IBAN;Amount;Currency;Date;Reference;Text\n"


def run() -> str:
    """The table, as text."""
    with tempfile.TemporaryDirectory(prefix="h2h-bench-") as place:
        directory = Path(place)
        with Rehearsal(directory, os.environ) as rehearsal:
            bank = rehearsal.start_bank()
            rehearsal.write_configuration(bank)
            rehearsal.start_daemon()
            while not rehearsal.daemon_ready():
                time.sleep(0.05)
            with_h2h = [_drop_to_bank(rehearsal, n) for n in range(1, FILES + 1)]
            rehearsal.stop_daemon()
            by_hand = [_by_hand(directory, bank, n) for n in range(1, FILES + 1)]
    lines = [
        f"one small file, {FILES} times, milliseconds            p50     p95     max",
        _line("h2h: rename in the ERP's folder → at the bank", with_h2h),
        _line("by hand: gpg sign and encrypt, log in, put, rename", by_hand),
    ]
    ratio = statistics.median(with_h2h) / statistics.median(by_hand)
    return "\n".join([*lines, f"ratio of the medians: {ratio:.2f}"])


def _line(name: str, seconds: list[float]) -> str:
    ordered = sorted(s * 1000 for s in seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{name:50}{statistics.median(ordered):8.0f}{p95:8.0f}{ordered[-1]:8.0f}"


def _drop_to_bank(rehearsal: Rehearsal, n: int) -> float:
    day = next_working_day(datetime.now(UTC).date()).strftime("%d.%m.%Y")
    temporary = rehearsal.outbound / f".latency-{n}.part"
    temporary.write_text(_HEADER + _ROW.format(n=n, day=day), encoding="utf-8")
    known = len(rehearsal.received())
    began = time.perf_counter()
    temporary.rename(rehearsal.outbound / f"latency-{n}.csv")
    at_bank = rehearsal.directory / "bank" / "sftp" / "to_bank"
    while not any(not p.name.startswith(".") for p in at_bank.iterdir()) and len(rehearsal.received()) == known:
        if time.perf_counter() - began > 30:
            raise RuntimeError(f"file {n} did not arrive: {rehearsal.log.read_text()[-2000:]}")
        time.sleep(0.002)
    took = time.perf_counter() - began
    while len(rehearsal.received()) == known:  # the bank takes it before the next one comes
        time.sleep(0.01)
    return took


def _by_hand(directory: Path, bank: dict[str, Any], n: int) -> float:
    import paramiko

    plain, sealed = directory / f"hand-{n}.xml", directory / f"hand-{n}.xml.pgp"
    plain.write_text("x" * 1500, encoding="utf-8")
    began = time.perf_counter()
    command = ["gpg", "--homedir", bank["keyring"], "--batch", "--yes", "--trust-model", "always", "-o", str(sealed)]
    command += ["-u", bank["own_fingerprint"], "-r", bank["bank_fingerprint"], "--sign", "--encrypt", str(plain)]
    subprocess.run(command, check=True, capture_output=True)
    transport = paramiko.Transport((bank["host"], bank["port"]))
    try:
        transport.connect(username=bank["username"], pkey=paramiko.Ed25519Key.from_private_key_file(bank["client_key"]))
        sftp = paramiko.SFTPClient.from_transport(transport)
        if sftp is None:
            raise RuntimeError("the server offers no SFTP")
        folder = bank["folders"]["to_bank"]
        sftp.put(str(sealed), f"{folder}/.hand-{n}.part")
        sftp.posix_rename(f"{folder}/.hand-{n}.part", f"{folder}/hand-{n}.xml.pgp")
    finally:
        transport.close()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(run())
