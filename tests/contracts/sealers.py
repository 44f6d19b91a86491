"""Two keyrings that know each other, and a sealer on ours: fixtures for ``pytest_plugins``; the keys are made once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.gpg import PgpSealer
from h2h.settings.bank import PgpSeal
from tests.contracts.keyrings import DAY, Keyring, keyring


@pytest.fixture(scope="session")
def rings() -> Iterator[tuple[Keyring, Keyring]]:
    now = time.time()
    with keyring() as bank, keyring() as ours:
        bank.make("bank")
        bank.make("next")
        bank.make("signonly", subkey=None)
        bank.make("expired", expires="seconds=86400", at=now - 3 * DAY)
        bank.make("revoked")
        bank.make("weak", "rsa1024/sign,cert", "rsa1024/encr")
        bank.make("medium", "rsa2048/sign,cert", "rsa2048/encr")
        bank.make("soon", expires=f"seconds={20 * DAY}", at=now - 3600)
        ours.make("ours", subkey=None)  # a key that can only sign is enough
        ours.make("locked", passphrase="Schlüssel 工")
        ours.make("old", expires="seconds=86400", at=now - 3 * DAY)
        ours.make("burnt")
        ours.make("ending", expires=f"seconds={6 * DAY}", at=now - 3600)
        for name in bank.keys:
            ours.take(bank.public(name))
        ours.take(bank.revocation("revoked"))
        ours.take(ours.revocation("burnt"))
        for name in list(ours.keys):
            bank.take(ours.public(name))
        ours.keys.update(bank.keys)
        yield bank, ours


@pytest.fixture
def sealer(rings: tuple[Keyring, Keyring]) -> Iterator[Callable[..., PgpSealer]]:
    _, ours = rings
    made: list[PgpSealer] = []

    def make(
        own: str = "ours", to: tuple[str, ...] = ("bank",), passphrase: str | None = None, **more: Any
    ) -> PgpSealer:
        given = {k: more.pop(k) for k in ("bytes_max", "timeout_seconds", "now") if k in more}
        settings = PgpSeal(
            kind="pgp",
            keyring=more.pop("home", ours.home),
            own_fingerprint=ours.keys.get(own, own),
            bank_encryption_fingerprints=tuple(ours.keys.get(t, t) for t in to),
            bank_signing_fingerprints=more.pop("bank_signing_fingerprints", (ours.keys["bank"],)),
            **more,
        )
        made.append(PgpSealer(settings, passphrase, **given))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "30-bank.xml"
    path.write_bytes(b"<Document>payments</Document>\n" * 50)
    return path
