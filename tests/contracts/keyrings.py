"""Real keyrings, made by gpg itself: a bank with good and bad keys, and ours. Shares nothing with h2h's own driver."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import missing

DAY = 86_400


class Keyring:
    """A GnuPG home of its own; fingerprints by name."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.keys: dict[str, str] = {}

    def gpg(self, *options: str, data: bytes = b"", at: float | None = None, check: bool = True) -> bytes:
        """Run gpg; its output. *at*: what gpg takes for the present, seconds since 1970."""
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--no-tty", "--yes"]
        command += ["--pinentry-mode", "loopback", "--trust-model", "always"]
        if at is not None:
            command += ["--faked-system-time", f"{int(at)}"]
        done = subprocess.run([*command, *options], input=data, capture_output=True, check=False, timeout=60)
        assert not check or done.returncode == 0, done.stderr.decode("latin-1")
        return done.stdout

    def make(
        self,
        name: str,
        primary: str = "ed25519/sign,cert",
        subkey: str | None = "cv25519/encr",
        *,
        expires: str = "0",
        at: float | None = None,
        passphrase: str = "",
    ) -> str:
        """Make a key; its fingerprint. Algorithms as ``ALGO/USAGE``."""
        algorithm, usage = primary.split("/")
        options = ["--passphrase", passphrase]
        at = at or time.time() - 100 * DAY  # old enough to have signed a month ago
        self.gpg(*options, "--quick-gen-key", f"{name} <{name}@example.com>", algorithm, usage, expires, at=at)
        fingerprint = self.fingerprint(f"{name}@example.com")
        if subkey:
            algorithm, usage = subkey.split("/")
            self.gpg(*options, "--quick-add-key", fingerprint, algorithm, usage, expires, at=at + 60)
        self.keys[name] = fingerprint
        return fingerprint

    def fingerprint(self, who: str) -> str:
        lines = self.gpg("--with-colons", "--list-keys", who).decode().splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr"))

    def public(self, name: str) -> bytes:
        return self.gpg("--export", self.keys.get(name, name))

    def take(self, key: bytes) -> None:
        self.gpg("--import", data=key)

    def revocation(self, name: str) -> bytes:
        text = (self.home / "openpgp-revocs.d" / f"{self.keys[name]}.rev").read_text()
        return text.replace(":-----BEGIN", "-----BEGIN").encode()


@contextmanager
def keyring() -> Iterator[Keyring]:
    """A fresh keyring with a short path; its agent ends with it."""
    if shutil.which("gpg") is None:
        missing("gpg")
    home = Path(tempfile.mkdtemp(prefix="gk-"))
    home.chmod(0o700)
    try:
        yield Keyring(home)
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def bank_and_ours() -> Iterator[tuple[Keyring, Keyring]]:
    """The bank's keyring with all kinds of keys, and ours with their public halves (``unknown`` is not there)."""
    now = time.time()
    with keyring() as bank, keyring() as ours:
        bank.make("bank")
        bank.make("rsa", "rsa3072/sign,cert", None)
        bank.make("subkey", "ed25519/cert", "ed25519/sign")
        bank.make("revoked", subkey=None)
        bank.make("expired", subkey=None, expires="seconds=172800", at=now - 3 * DAY)
        bank.make("foreign")
        bank.make("unknown", subkey=None)
        bank.make("short", "rsa1024/sign,cert", None)
        bank.make("old", "rsa2048/sign,cert", "rsa2048/encr")
        ours.make("ours")
        bank.take(ours.public("ours"))
        bank.keys["ours"] = ours.keys["ours"]
        for name, fingerprint in bank.keys.items():
            if name not in ("ours", "unknown"):
                ours.take(bank.public(name))
                ours.keys[name] = fingerprint
        ours.take(bank.revocation("revoked"))
        yield bank, ours


def opened_by(bank: Keyring, sealed: Path) -> tuple[bytes, str]:
    """Content and status, by the bank's own gpg."""
    status = sealed.with_suffix(".status")
    content = bank.gpg("--status-file", str(status), "--decrypt", str(sealed))
    return content, status.read_text()
