"""The bank's own little PGP: gpg as a command, in a keyring of its own.

It shares nothing with h2h's way to gpg, so that it is an independent witness of what h2h signs and encrypts.
"""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import tempfile
from pathlib import Path

# gpg-agent's socket lies in the keyring's directory and its path must fit into 107 bytes.
_PATH_BYTES_MAX = 107 - len("/S.gpg-agent.browser")
_SECONDS_MAX = 60


class PgpProblem(Exception):
    """gpg refused, or a message is not what the bank accepts."""


class Gpg:
    """One keyring."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home = home

    def generate(self, name: str, mail: str) -> str:
        """A signing key with an encryption subkey, without passphrase and without end; its fingerprint."""
        self._run(["--quick-generate-key", f"{name} <{mail}>", "ed25519", "sign", "never"])
        fingerprint = self.secret_fingerprints()[-1]
        self._run(["--quick-add-key", fingerprint, "cv25519", "encr", "never"])
        return fingerprint

    def secret_fingerprints(self) -> list[str]:
        """Of all keys whose secret half is here."""
        listing = self._run(["--list-secret-keys", "--with-colons"])[0].decode()
        lines = [line.split(":") for line in listing.splitlines()]
        return [after[9] for before, after in itertools.pairwise(lines) if before[0] == "sec" and after[0] == "fpr"]

    def export_public(self, fingerprint: str) -> bytes:
        """The public key, armoured."""
        exported = self._run(["--armor", "--export", fingerprint])[0]
        if not exported:
            raise PgpProblem(f"no public key {fingerprint} in {self.home}")
        return exported

    def import_key(self, key: bytes) -> None:
        """Take a public key into the keyring."""
        self._run(["--import"], key)

    def seal(self, data: bytes, *, signer: str, recipient: str) -> bytes:
        """Sign and encrypt."""
        return self._run(["--local-user", f"{signer}!", "--recipient", recipient, "--sign", "--encrypt"], data)[0]

    def open(self, sealed: bytes, *, signer: str) -> bytes:
        """Decrypt; the content, if it bears exactly one good signature of *signer*'s key."""
        data, status = self._run(["--decrypt"], sealed)
        said = [line.split()[1:] for line in status.splitlines() if line.startswith("[GNUPG:] ")]
        valid = [words[-1] for words in said if words[0] == "VALIDSIG"]
        if valid != [signer] or [words[0] for words in said].count("GOODSIG") != 1:
            raise PgpProblem(f"signed by {', '.join(valid) or 'nobody'}, not by {signer}")
        return data

    def stop(self) -> None:
        """End the agent that gpg started."""
        short = self._short
        subprocess.run(
            ["gpgconf", "--homedir", short, "--kill", "all"],
            check=False,
            capture_output=True,
            timeout=_SECONDS_MAX,
        )
        self.forget()

    def forget(self) -> None:
        """Remove the short name of a long path, if one had to be made. The agent, not ours perhaps, goes on."""
        if self._short != str(self.home.absolute()):
            Path(self._short).unlink(missing_ok=True)

    @property
    def _short(self) -> str:
        return _short(self.home.absolute())

    def _run(self, arguments: list[str], data: bytes = b"") -> tuple[bytes, str]:
        command = ["gpg", "--homedir", self._short, "--batch", "--no-tty", "--yes", "--status-fd", "2"]
        command += ["--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always"]
        command += ["--no-auto-key-retrieve", "--disable-dirmngr", *arguments]
        run = subprocess.run(command, input=data, capture_output=True, check=False, timeout=_SECONDS_MAX)
        status = run.stderr.decode("utf-8", "replace")
        if run.returncode != 0:
            words = [line for line in status.splitlines() if line.startswith("gpg: ")]
            raise PgpProblem("; ".join(words) or f"gpg ended with {run.returncode}")
        return run.stdout, status


def _short(home: Path) -> str:
    """A path of the keyring that is short enough for the agent's socket."""
    if len(str(home).encode()) <= _PATH_BYTES_MAX:
        return str(home)
    link = Path(tempfile.gettempdir()) / f"h2h-{hashlib.sha256(str(home).encode()).hexdigest()[:16]}"
    if not link.is_symlink():
        link.symlink_to(home)
    if link.readlink() != home:
        raise PgpProblem(f"{link} points elsewhere")
    return str(link)
