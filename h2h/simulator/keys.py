"""All keys of a rehearsal: the bank's and the customer's, for SSH and PGP, and their exchange of public halves."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from h2h.simulator.pgp import Gpg, PgpProblem


@dataclass(frozen=True, slots=True)
class Keys:
    """Where they lie, and the fingerprints that a bank's profile pins."""

    host_key: Path
    host_key_fingerprint: str  # SHA256:…
    client_key: Path  # the customer's private SSH key
    client_public_key: str  # one line, as in authorized_keys
    bank_keyring: Path | None = None
    bank_fingerprint: str | None = None
    client_keyring: Path | None = None
    client_fingerprint: str | None = None


def prepare(directory: Path, *, pgp: bool = True) -> Keys:
    """Make what is missing below *directory* and return all; a second call finds the same keys. Takes a second."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    host, client = directory / "host_key", directory / "client_key"
    for path in (host, client):
        if not path.exists():
            _new_ssh_key(path)
    keys = Keys(
        host, str(paramiko.PKey.from_path(host).fingerprint), client, client.with_suffix(".pub").read_text().strip()
    )
    if not pgp:
        return keys
    bank = Gpg(directory / "bank-pgp")
    customer = Gpg(directory / "client-pgp")
    try:
        bank_fingerprint = _own_key(bank, "Simulated bank", "bank@example.com")
        client_fingerprint = _own_key(customer, "Customer", "customer@example.com")
        bank.import_key(customer.export_public(client_fingerprint))
        customer.import_key(bank.export_public(bank_fingerprint))
    finally:
        bank.stop()
        customer.stop()
    return replace(
        keys,
        bank_keyring=bank.home,
        bank_fingerprint=bank_fingerprint,
        client_keyring=customer.home,
        client_fingerprint=client_fingerprint,
    )


def prepare_for(directory: Path, client_keyring: Path | None, client_fingerprint: str | None) -> Keys:
    """The bank's keys for a customer who has keys already; only the public half of the customer's is read.

    Raises ``PgpProblem`` if the customer's keyring does not hold that key.
    """
    keys = prepare(directory, pgp=False)
    if client_keyring is None or client_fingerprint is None:
        return keys
    if not client_keyring.is_dir():
        raise PgpProblem(f"there is no keyring {client_keyring}")
    bank, customer = Gpg(directory / "bank-pgp"), Gpg(client_keyring)
    try:
        fingerprint = _own_key(bank, "Simulated bank", "bank@example.com")
        bank.import_key(customer.export_public(client_fingerprint))
        (directory / "bank.asc").write_bytes(bank.export_public(fingerprint))
    finally:
        bank.stop()
        customer.forget()
    return replace(
        keys,
        bank_keyring=bank.home,
        bank_fingerprint=fingerprint,
        client_keyring=client_keyring,
        client_fingerprint=client_fingerprint.upper(),
    )


def _own_key(gpg: Gpg, name: str, mail: str) -> str:
    known = gpg.secret_fingerprints()
    return known[0] if known else gpg.generate(name, mail)


def _new_ssh_key(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    path.with_suffix(".pub").write_bytes(public + b"\n")
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)
    temporary.rename(path)
