"""The scene with a seal: gpg's bytes are others each time, so what was sealed once must be what the bank gets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from h2h.core.lifecycle import State
from tests.contracts.keyrings import Keyring, keyring
from tests.crashes.scene import Scene
from tests.journeys.answers import Sent
from tests.journeys.site import MONDAY

_BANK: list[Keyring] = []


class Sealed(Scene):
    """The bank decrypts, verifies our signature, and signs and encrypts what it says."""

    suffix: ClassVar[str] = ".pgp"

    @classmethod
    def begins(cls) -> datetime:
        """Now: gpg signs by the machine's clock, and a signature from the future is no good."""
        return datetime.now(UTC)

    def reads(self, data: bytes) -> Sent:
        """Opened by the bank's own gpg."""
        return Sent.of(_opened(data))

    def says(self, name: str, text: str) -> None:
        """Sealed by the bank's own gpg."""
        bank = _BANK[0]
        options = ["-u", bank.keys["bank"], "-r", bank.keys["ours"], "--sign", "--encrypt"]
        self.site.bank_says(name + self.suffix, bank.gpg(*options, data=text.encode()), mtime=MONDAY)

    def faults_at_the_end(self, *, states: frozenset[State] = frozenset({State.ACCEPTED})) -> list[str]:
        """Also: the bank's bytes are the archived ones."""
        kept = [hashlib.sha256(p.read_bytes()).hexdigest() for p in (self.site.root / "archive").rglob("40-sealed*")]
        given = [hashlib.sha256(data).hexdigest() for data in self.taken]
        faults = [] if given == kept else [f"the bank was given {given}, the archive keeps {kept}"]
        return faults + super().faults_at_the_end(states=states)


@cache
def _opened(data: bytes) -> bytes:
    bank = _BANK[0]
    target = bank.home / f"opened-{hashlib.sha256(data).hexdigest()}"
    status = bank.gpg("--status-fd", "1", "-o", str(target), "--decrypt", data=data, check=False).decode()
    assert f"VALIDSIG {bank.keys['ours']}" in status, "the bank cannot open it"
    return target.read_bytes()


@contextmanager
def keyrings() -> Iterator[dict[str, Any]]:
    """The bank's keyring and ours; the profile's ``[seal]``."""
    with keyring() as bank, keyring() as ours:
        bank.make("bank")
        ours.make("ours")
        bank.take(ours.public("ours"))
        ours.take(bank.public("bank"))
        bank.keys["ours"] = ours.keys["ours"]
        _BANK[:] = [bank]
        yield {
            "kind": "pgp",
            "keyring": str(Path(ours.home)),
            "own_fingerprint": ours.keys["ours"],
            "bank_encryption_fingerprints": [bank.keys["bank"]],
            "bank_signing_fingerprints": [bank.keys["bank"]],
        }
