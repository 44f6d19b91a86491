"""One bank's keyring as gpg lists it: which keys are there, what they can do, until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

RSA = "1"
RSA_BITS_MIN = 2048
RSA_BITS_GOOD = 3072
ALGORITHMS = {"1": "RSA", "16": "ElGamal", "17": "DSA", "18": "ECDH", "19": "ECDSA", "22": "EdDSA"}
_UNUSABLE = {"r": "revoked", "e": "expired", "d": "disabled", "i": "invalid"}


@dataclass(frozen=True, slots=True)
class Part:
    """A primary key or a subkey. ``kept`` is "+" (here), "#" (kept elsewhere), a card's number, or empty."""

    key_id: str
    algorithm: str
    bits: int
    expires: int | None  # seconds since 1970
    capabilities: str
    fault: str | None  # "revoked", "expired" …
    kept: str


@dataclass(frozen=True, slots=True)
class Key:
    """A primary key with its subkeys."""

    fingerprint: str
    parts: tuple[Part, ...]

    @property
    def fault(self) -> str | None:
        """Why the key as a whole cannot be used."""
        return self.parts[0].fault

    def usable(self, what: str) -> list[Part]:
        """The parts that can encrypt (``e``) or sign (``s``) now."""
        if self.fault is not None:
            return []
        return [part for part in self.parts if what in part.capabilities and part.fault is None]

    def key_ids(self, what: str) -> frozenset[str]:
        """Long ids of the usable parts."""
        return frozenset(part.key_id for part in self.usable(what))

    def usable_until(self, what: str) -> datetime | None:
        """When the last usable part, or the key itself, expires; None: never. ``ValueError`` if none is usable."""
        ends = [part.expires for part in self.usable(what)]
        if not ends:
            raise ValueError("no usable part")
        last = None if None in ends else max(end for end in ends if end is not None)
        whole = self.parts[0].expires
        known = [end for end in (last, whole) if end is not None]
        return datetime.fromtimestamp(min(known), UTC) if known else None

    def weakness(self, what: str) -> tuple[bool, str] | None:
        """(forbidden, words) for the weakest part that gpg could choose; None if all are strong."""
        found = [f for part in self.usable(what) if (f := _weakness(part)) is not None]
        return max(found) if found else None


def keys_of(listing: list[dict[str, Any]], now: int) -> Iterator[Key]:
    """The keys in what python-gnupg's ``list_keys`` returned."""
    for entry in listing:
        subkeys = entry.get("subkey_info", {}).values()
        yield Key(entry["fingerprint"].upper(), tuple(_part(fields, now) for fields in (entry, *subkeys)))


def _part(fields: dict[str, Any], now: int) -> Part:
    expires = int(fields["expires"]) if fields.get("expires") else None
    fault = _UNUSABLE.get(fields.get("trust", ""))
    if fault is None and expires is not None and expires <= now:
        fault = "expired"
    # Small letters are the part's own capabilities, capital ones those of the whole key.
    capabilities = "".join(c for c in fields.get("cap", "") if c.islower())
    return Part(
        fields["keyid"].upper(),
        fields.get("algo", ""),
        int(fields.get("length") or 0),
        expires,
        capabilities,
        fault,
        fields.get("token", ""),
    )


def _weakness(part: Part) -> tuple[bool, str] | None:
    if part.algorithm == RSA:
        if part.bits >= RSA_BITS_GOOD:
            return None
        return part.bits < RSA_BITS_MIN, f"RSA with {part.bits} bits ({RSA_BITS_GOOD} are asked for today)"
    if part.algorithm in ("18", "19", "22"):
        return None
    return True, f"{ALGORITHMS.get(part.algorithm, 'algorithm ' + part.algorithm)}, which is no longer accepted"
