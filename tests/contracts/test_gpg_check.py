"""What `h2h check` says of a keyring: missing, revoked, weak, soon to expire."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from h2h.core.findings import Severity

pytest_plugins = ["tests.contracts.sealers"]


def test_keys_in_order_give_no_findings(sealer: Any) -> None:
    assert sealer().check() == []


def test_check_names_every_fault_of_the_keyring(sealer: Any, rings: Any) -> None:
    rings[1].home.chmod(0o755)
    try:
        found = sealer("burnt", ("expired",)).check()
    finally:
        rings[1].home.chmod(0o700)
    assert [f.severity for f in found] == [Severity.ERROR] * 3
    text = "\n".join(f.text for f in found)
    for part in ("read or changed by others", "our key", "is revoked", "is expired"):
        assert part in text


def test_a_missing_keyring_is_a_finding_not_an_exception(sealer: Any, tmp_path: Path) -> None:
    assert [f.code for f in sealer(home=tmp_path / "none").check()] == ["H2H-PGP-KEY"]


@pytest.mark.parametrize(("days", "stage"), [(59, 60), (29, 30), (6, 7)])
def test_keys_that_expire_soon_are_told_60_30_and_7_days_before(sealer: Any, rings: Any, days: int, stage: int) -> None:
    end = datetime.fromtimestamp(time.time() - 3600, UTC) + timedelta(days=20)
    found = sealer("ours", ("soon",), now=lambda: end - timedelta(days=days, hours=1)).check()
    assert [(f.code, f.severity) for f in found] == [(f"H2H-PGP-EXPIRES-{stage}", Severity.WARNING)]
    assert f"expires in {days} days" in found[0].text


def test_our_own_key_that_ends_soon_is_told_with_every_seal(sealer: Any, plain: Path, tmp_path: Path) -> None:
    report = sealer("ending").seal(plain, tmp_path / "s.pgp")
    assert [f.code for f in report.warnings] == ["H2H-PGP-EXPIRES-7"]


def test_rsa_of_2048_bits_is_a_warning_and_a_subkeys_fingerprint_is_explained(sealer: Any, rings: Any) -> None:
    found = sealer("ours", ("medium",)).check()
    assert [(f.code, f.severity) for f in found] == [("H2H-PGP-KEY", Severity.WARNING)]
    listing = rings[1].gpg("--with-colons", "--list-keys", rings[1].keys["next"]).decode().splitlines()
    subkey = [line.split(":")[9] for line in listing if line.startswith("fpr")][1]
    found = sealer("ours", (subkey,)).check()
    assert f"is a subkey; pin the primary key {rings[1].keys['next']}" in found[0].text
