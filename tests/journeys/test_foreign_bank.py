"""Acceptance with a bank that nobody of this project wrote: the package mock-bank, behind a real sshd and real PGP.

mock-bank refuses sealed files; so the bank's front desk is played here: what arrives in ``to_bank`` is decrypted and
its signature verified by gpg itself, then dropped into mock-bank's folder; what mock-bank writes is signed, encrypted
and put into ``from_bank``. Everything else is mock-bank's own: what it reads, decides, books, states and sends back.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from h2h.core.lifecycle import State
from h2h.core.records import FileState
from tests.conftest import missing
from tests.contracts.keyrings import Keyring, keyring
from tests.contracts.pain import IBANS
from tests.contracts.sshd import Sshd, running_sshd
from tests.journeys.site import OUR_ACCOUNT, Site, StandingClock, salaries

pytest.importorskip("mockbank", reason="package mock-bank is missing; `make setup` installs it")

OURS, CLOSED = "NL41MOCK0000000001", "NL84MOCK0000000003"


@dataclass
class MockBank:
    """mock-bank as a process, with the front desk between it and the SFTP folders."""

    directory: Path
    sshd: Sshd
    keys: Keyring
    today: date
    port: int = 0
    received: list[bytes] = field(default_factory=list)
    said: dict[str, bytes] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        for folder in ("drop", "pickup"):
            (self.directory / folder).mkdir(parents=True)
        command = [sys.executable, "-m", "mockbank", "--quiet", "--port", str(self.port), "--drop-settle-ms", "0"]
        command += ["--drop-interval-ms", "3600000", "--clock", f"{self.today}T09:00", "--db", ":memory:"]
        command += ["--drop-dir", str(self.directory / "drop"), "--pickup-dir", str(self.directory / "pickup")]
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(200):
            try:
                self.ask("GET", "/_mock/health")
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.directory / "log").read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.loads(reply.read())

    def takes(self) -> int:
        """The front desk opens what arrived and hands it on; how many files."""
        arrived = [p for p in sorted((self.sshd.root / "to_bank").iterdir()) if not p.name.startswith(".")]
        for path in arrived:
            opened = self.directory / "opened.xml"
            status = self.keys.gpg("--status-fd", "1", "-o", str(opened), "--decrypt", str(path)).decode()
            assert f"VALIDSIG {self.keys.keys['ours']}" in status, status
            self.received.append(opened.read_bytes())
            opened.rename(self.directory / "drop" / path.name.removesuffix(".pgp"))
            path.unlink()
        scanned = self.ask("POST", "/_mock/drop/scan")
        assert scanned["scanned"] == len(arrived), scanned
        self._speaks()
        return len(arrived)

    def lives_on(self, days: int) -> None:
        """Bank time goes on; what came due is sent."""
        self.ask("POST", f"/_mock/advance?days={days}")
        self._speaks()

    def _speaks(self) -> None:
        self.ask("GET", "/_mock/state")  # releases what is due
        for path in sorted((self.directory / "pickup").iterdir()):
            if path.name in self.said or path.name.startswith("."):
                continue
            self.said[path.name] = path.read_bytes()
            sealed = self.sshd.root / "from_bank" / f".{path.name}.part"
            options = ["-u", self.keys.keys["bank"], "-r", self.keys.keys["ours"], "-o", str(sealed)]
            self.keys.gpg(*options, "--sign", "--encrypt", str(path))
            if os.geteuid() == 0:
                user = pwd.getpwnam(self.sshd.username)
                os.chown(sealed, user.pw_uid, user.pw_gid)
            sealed.rename(self.sshd.root / "from_bank" / f"{path.name}.pgp")


@pytest.fixture
def sshd_program() -> str:
    """OpenSSH's server."""
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        missing("openssh-server")
    return found or ""


@pytest.fixture
def bank(tmp_path: Path, sshd_program: str) -> Iterator[tuple[MockBank, Site]]:
    """mock-bank behind sshd, and an installation of h2h that knows it only by its profile."""
    today = datetime.now(UTC).date()
    today += timedelta(days=(7 - today.weekday()) % 7 or 7)  # a Monday: no weekend between the days of the story
    with running_sshd(sshd_program) as sshd, keyring() as banks, keyring() as ours:
        banks.make("bank")
        ours.make("ours")
        banks.take(ours.public("ours"))
        ours.take(banks.public("bank"))
        banks.keys["ours"] = ours.keys["ours"]
        mock = MockBank(tmp_path / "mock-bank", sshd, banks, today)
        mock.start()
        channel = sshd.channel()
        profile = {
            "accounts": [OURS],
            "channel": {
                "kind": "sftp",
                "host": "127.0.0.1",
                "port": sshd.port,
                "username": sshd.username,
                "key": {"file": str(sshd.key)},
                "host_keys": list(channel.host_keys),
            },
            "seal": {
                "kind": "pgp",
                "keyring": str(ours.home),
                "own_fingerprint": ours.keys["ours"],
                "bank_encryption_fingerprints": [banks.keys["bank"]],
                "bank_signing_fingerprints": [banks.keys["bank"]],
            },
        }
        site = Site(tmp_path / "h2h", bank=profile, clock=StandingClock(datetime.now(UTC)), bank_root=sshd.root)
        try:
            yield mock, site
        finally:
            mock.stop()


def test_payments_are_accepted_rejected_settled_and_returned_by_a_bank_that_is_not_ours(
    bank: tuple[MockBank, Site],
) -> None:
    mock, site = bank
    behaviour = {"days": 1, "reason": "MD07", "end_to_end_id": "BACK-1"}
    mock.ask("PATCH", "/_mock/accounts/ACME", {"behaviour": "return-later", "parameters": behaviour})
    rows = (("GOOD-1", "1250,00", IBANS[0]), ("CLOSED-1", "99,95", CLOSED), ("BACK-1", "310,40", IBANS[1]))
    tomorrow = mock.today + timedelta(days=1)
    drop = salaries(*rows, date=tomorrow.strftime("%d.%m.%Y")).replace(OUR_ACCOUNT, OURS)
    site.drop("salaries.csv", drop)
    site.once()
    assert site.submission("salaries.csv").state is State.SENT
    assert mock.takes() == 1

    site.once()
    assert site.submission("salaries.csv").state is State.PARTIALLY_ACCEPTED
    assert site.outcomes("salaries.csv") == {"GOOD-1": "accepted", "CLOSED-1": "rejected", "BACK-1": "accepted"}
    rejected = site.receipt("salaries.csv")["payments"][1]
    assert (rejected["reason_code"], rejected["who_acts"]) == ("AC04", "accounts payable")

    mock.lives_on(1)
    site.once()
    assert site.outcomes("salaries.csv") == {"GOOD-1": "settled", "CLOSED-1": "rejected", "BACK-1": "settled"}

    mock.lives_on(4)
    site.once()
    assert site.outcomes("salaries.csv") == {"GOOD-1": "settled", "CLOSED-1": "rejected", "BACK-1": "returned"}
    back = site.receipt("salaries.csv")["payments"][2]
    assert back["reason_code"] == "MD07"

    _everything_it_said_is_accounted_for(mock, site)
    _what_it_received_is_what_was_dropped(mock)


def test_a_file_that_a_foreign_bank_rejects_whole_is_rejected_with_its_reason(bank: tuple[MockBank, Site]) -> None:
    mock, site = bank
    mock.ask("PATCH", "/_mock/accounts/ACME", {"behaviour": "reject-file"})
    drop = salaries(("NO-1", "5,00", IBANS[0]), date=mock.today.strftime("%d.%m.%Y"))
    site.drop("rejected.csv", drop.replace(OUR_ACCOUNT, OURS))
    site.once()
    mock.takes()
    site.once()
    assert site.submission("rejected.csv").state is State.REJECTED
    assert site.receipt("rejected.csv")["payments"][0]["reason_code"] == "FF01"


def _everything_it_said_is_accounted_for(mock: MockBank, site: Site) -> None:
    """Each message of the bank was delivered, or set aside with a reason that a person is told; none is missing."""
    files = {f.remote_name.removesuffix(".pgp"): f for f in site.files()}
    assert set(files) == set(mock.said)
    kinds = {name[:8] for name in mock.said}
    assert {"pain.002", "camt.053", "camt.054"} <= kinds, kinds
    for name, file in files.items():
        if name.startswith("pacs."):  # between banks only: no format of ours, so a person is told
            assert file.state is FileState.QUARANTINED
            assert "quarantined" in site.waiting()
        else:
            assert file.state is FileState.DELIVERED, (name, file.reason_text)
    delivered = {m["bank_file"].removesuffix(".pgp") for m in site.manifests()}
    assert delivered == {n for n in mock.said if not n.startswith("pacs.")}
    assert not {"statement-gap", "statement-break", "statement-sums", "amount-differs"} & set(site.waiting())


def _what_it_received_is_what_was_dropped(mock: MockBank) -> None:
    """By mock-bank's own books: each payment once, with its amount."""
    (received,) = mock.received
    for reference, amount in (("GOOD-1", "1250.00"), ("CLOSED-1", "99.95"), ("BACK-1", "310.40")):
        assert received.count(f"<EndToEndId>{reference}</EndToEndId>".encode()) == 1
        payment = mock.ask("GET", f"/_mock/payments/{reference}")
        found = payment[0] if isinstance(payment, list) else payment
        assert str(found["amount"]) in (amount, amount.replace(".", "")), found
