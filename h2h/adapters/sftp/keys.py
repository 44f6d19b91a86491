"""Private keys as paramiko wants them, from every form that people have: OpenSSH, PEM, PKCS#8."""

from __future__ import annotations

import io
from collections.abc import Callable

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from h2h.adapters.sftp.connect import Credentials
from h2h.core.errors import Misconfigured
from h2h.settings import Secret, SftpChannel

_RSA_BITS_MIN = 2048


def credentials_of(channel: SftpChannel, read: Callable[[Secret], bytes]) -> Credentials:
    """Read the key and password of *channel* by *read*; ``Misconfigured`` in words that show nothing of them."""
    key = None
    if channel.key is not None:
        passphrase = read(channel.key_passphrase).rstrip(b"\r\n") if channel.key_passphrase is not None else None
        key = load_key(read(channel.key), passphrase)
    password = None
    if channel.password is not None:
        try:
            password = read(channel.password).rstrip(b"\r\n").decode("utf-8")
        except UnicodeDecodeError as problem:
            raise Misconfigured("channel.password is not UTF-8 text") from problem
    return Credentials(key, password)


def load_key(data: bytes, passphrase: bytes | None) -> paramiko.PKey:
    """The private key in *data*; ``Misconfigured``."""
    if data.startswith(b"PuTTY-User-Key-File"):
        raise Misconfigured(
            "channel.key is in PuTTY's own format", hint="system administrator: export it as OpenSSH key with puttygen"
        )
    load = (
        serialization.load_ssh_private_key
        if b"BEGIN OPENSSH PRIVATE KEY" in data
        else serialization.load_pem_private_key
    )
    try:
        key = load(data, password=passphrase)
    except TypeError as problem:  # how cryptography says: a passphrase is missing, or is one too many
        raise Misconfigured(
            "channel.key is encrypted and channel.key_passphrase is missing"
            if passphrase is None
            else "channel.key is not encrypted, but channel.key_passphrase is given"
        ) from problem
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise Misconfigured(
            "channel.key cannot be read: wrong passphrase, or not a private key in OpenSSH, PEM or PKCS#8 form"
        ) from problem
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < _RSA_BITS_MIN:
            raise Misconfigured(f"channel.key has only {key.key_size} bits; RSA keys need {_RSA_BITS_MIN} or more")
        return paramiko.RSAKey(key=key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if key.curve.name not in ("secp256r1", "secp384r1", "secp521r1"):
            raise Misconfigured(f"channel.key is on the curve {key.curve.name}, which SSH does not know")
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        return paramiko.Ed25519Key(file_obj=io.StringIO(text.decode("ascii")))
    raise Misconfigured("channel.key is neither RSA, ECDSA nor Ed25519")
