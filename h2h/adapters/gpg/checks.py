"""What there is to say about the keys of one bank, in words: missing, revoked, expired, weak, soon to expire."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterable
from datetime import datetime

from h2h.adapters.gpg.keyring import Key
from h2h.core.findings import Finding, WhoActs, error, warning
from h2h.settings.bank import PgpSeal

WARN_DAYS = (60, 30, 7)
_ADMIN = WhoActs.SYSTEM_ADMINISTRATOR


def own_fault(fingerprint: str, keys: list[Key]) -> str | None:
    """Why we cannot sign, in words; None if we can."""
    key = next((key for key in keys if key.fingerprint == fingerprint), None)
    if key is None:
        if keys:
            return f"{fingerprint} is a subkey; own_fingerprint must be the primary key {keys[0].fingerprint}"
        return f"our secret key {fingerprint} is not in the keyring"
    if key.fault is not None:
        return f"our key {fingerprint} is {key.fault}"
    signing = key.usable("s")
    if not signing:
        return f"our key {fingerprint} has no part that can sign now (expired or revoked?)"
    if all(part.kept == "#" for part in signing):
        return f"the secret half of our key {fingerprint} is not here"
    weak = key.weakness("s")
    return f"our key {fingerprint} is {weak[1]}" if weak is not None and weak[0] else None


def bank_fault(key: Key, what: str) -> str | None:
    """Why a key of the bank cannot be used to encrypt to (``e``) or to verify with (``s``); None if it can."""
    use = "encryption" if what == "e" else "signatures"
    if key.fault is not None:
        return f"{key.fingerprint} is {key.fault}"
    if not key.usable(what):
        return f"{key.fingerprint} has no part for {use} that can be used now"
    weak = key.weakness(what)
    return f"{key.fingerprint} is {weak[1]}" if weak is not None and weak[0] else None


def bank_faults(pinned: Iterable[str], keys: list[Key], what: str) -> list[str]:
    """The faults of all pinned keys, the missing ones included."""
    known = {key.fingerprint: key for key in keys}
    faults = [bank_fault(known[f], what) if f in known else _missing(f, keys) for f in pinned]
    return [fault for fault in faults if fault is not None]


def keyring(settings: PgpSeal, own: list[Key], bank: list[Key], now: datetime) -> list[Finding]:
    """Everything to mend or to plan, for `h2h check` and the daily look at the keys."""
    where = str(settings.keyring)
    found = _permissions(settings)
    fault = own_fault(settings.own_fingerprint.upper(), own)
    if fault is not None:
        found.append(unusable(where, fault))
    uses = (("e", settings.bank_encryption_fingerprints), ("s", settings.bank_signing_fingerprints))
    for what, pinned in uses:
        upper = [f.upper() for f in pinned]
        faults = bank_faults(upper, bank, what)
        # One of two pinned keys may be gone (the old one) or not there yet (the announced one).
        make = unusable if len(faults) == len(upper) else _half
        found += [make(where, f"the bank's key {text}") for text in faults]
        for key in bank:
            weak = key.weakness(what) if key.fingerprint in upper else None
            if weak is not None and not weak[0]:
                found.append(_half(where, f"the bank's key {key.fingerprint} is {weak[1]}"))
    recipients = [key for key in bank if key.fingerprint in {f.upper() for f in settings.bank_encryption_fingerprints}]
    found += expiring(settings.own_fingerprint.upper(), recipients, own, now)
    signers = [key for key in bank if key.fingerprint in {f.upper() for f in settings.bank_signing_fingerprints}]
    found += [f for key in signers if key not in recipients for f in _expires(key, "s", "the bank's signing key", now)]
    return list(dict.fromkeys(found))


def expiring(own: str, recipients: list[Key], keys: list[Key], now: datetime) -> list[Finding]:
    """Warnings for keys that expire within 60, 30 and 7 days."""
    found = [f for key in keys if key.fingerprint == own for f in _expires(key, "s", "our signing key", now)]
    return found + [f for key in recipients for f in _expires(key, "e", "the bank's encryption key", now)]


def unusable(where: str, text: str) -> Finding:
    """Nothing can be sealed or opened until this is mended."""
    return error("H2H-PGP-KEY", where, text, _ADMIN, next_step="mend the keyring, then h2h check")


def no_room(where: str, text: str) -> Finding:
    """Nothing is known of the keys: gpg could not even look."""
    return error("H2H-PGP-KEY", where, text, _ADMIN, next_step="make room on that disk, then h2h check")


def unsigned(name: str) -> Finding:
    """The profile allows unsigned answers."""
    text = "the bank's file is encrypted but not signed; the profile allows that"
    return warning("H2H-PGP-UNSIGNED", name, text, WhoActs.TREASURY, next_step="ask the bank to sign its answers")


def _half(where: str, text: str) -> Finding:
    return warning("H2H-PGP-KEY", where, text, _ADMIN, next_step="replace it in good time")


def _missing(fingerprint: str, keys: list[Key]) -> str:
    for key in keys:
        if any(part.key_id in (fingerprint[-16:], fingerprint[:16]) for part in key.parts[1:]):
            return f"{fingerprint} is a subkey; pin the primary key {key.fingerprint}"
    return f"{fingerprint} is not in the keyring"


def _expires(key: Key, what: str, name: str, now: datetime) -> list[Finding]:
    try:
        end = key.usable_until(what)
    except ValueError:
        return []  # its fault is told elsewhere
    if end is None:
        return []
    days = math.floor((end - now).total_seconds() / 86_400)
    stage = next((limit for limit in reversed(WARN_DAYS) if days < limit), None)
    if stage is None:
        return []
    return [
        warning(
            f"H2H-PGP-EXPIRES-{stage}",
            key.fingerprint,
            f"{name} {key.fingerprint} {_in_words(days)}, on {end:%Y-%m-%d}",
            _ADMIN,
            next_step="exchange new keys with the bank; two may be pinned at once",
        )
    ]


def _in_words(days: int) -> str:
    return "expires within a day" if days < 1 else f"expires in {days} day{'s' if days > 1 else ''}"


def _permissions(settings: PgpSeal) -> list[Finding]:
    state = os.stat(settings.keyring)
    if stat.S_IMODE(state.st_mode) & 0o077 or state.st_uid not in (0, os.geteuid()):
        text = f"{settings.keyring} may be read or changed by others (mode {stat.S_IMODE(state.st_mode):04o})"
        return [error("H2H-PGP-KEYRING", str(settings.keyring), text, _ADMIN, next_step="chmod 0700, chown to h2h")]
    return []
