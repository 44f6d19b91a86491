"""Reads what gpg says on its status channel, strictly: a message is good only if all that must be said was said once.

gpg's exit code means little: with a revoked or an expired key, or an unsigned message, it is 0 all the same. The policy
is that of the security page (4.2); the words and their fields are those of GnuPG's ``doc/DETAILS``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

PREFIX = b"[GNUPG:] "
OLDEST_SECONDS = 30 * 86_400
NEWEST_SECONDS = 300
DIGESTS = {"8": "SHA-256", "9": "SHA-384", "10": "SHA-512"}
PUBLIC_KEYS = {"1": "RSA", "19": "ECDSA", "22": "EdDSA"}
CIPHERS = {"7": "AES-128", "8": "AES-192", "9": "AES-256"}

_BAD = {
    "BADSIG": "the signature does not fit the content",
    "EXPSIG": "the signature has expired",
    "EXPKEYSIG": "the signing key has expired",
    "REVKEYSIG": "the signing key is revoked",
    "KEYREVOKED": "a key is revoked",
    "ERRSIG": "the signature cannot be checked (unknown key or forbidden algorithm)",
    "NO_PUBKEY": "the signing key is not in the bank's keyring",
    "FAILURE": "gpg reports a failure",
    "ERROR": "gpg reports an error",
    "UNEXPECTED": "the message holds something that does not belong there",
    "NODATA": "this is no OpenPGP message",
    "BADARMOR": "the armor of the message is damaged",
    "BADMDC": "the content was changed after it was encrypted",
    "DECRYPTION_FAILED": "the message cannot be decrypted",
    "MISSING_PASSPHRASE": "no passphrase for the key",
    "BAD_PASSPHRASE": "the passphrase of the key is wrong",
    "TRUNCATED": "gpg cut something off",
}
_ONCE = ("NEWSIG", "GOODSIG", "VALIDSIG")
#: Error numbers of libgpg-error that speak of the agent and not of the message: time-out, no agent, the agent's own,
#: end of file on its socket. So do those of its protocol (257 to 281), and of the operating system (bit 15).
_OF_AGENT = frozenset({62, 77, 78, 16383, *range(257, 282)})
_OF_SYSTEM = 0x8000
#: Where gpg asks its agent: to decrypt a session key, to sign.
_ASKED = frozenset({"pkdecrypt_failed", "sign", "sign-encrypt"})
_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")
_NUMBER = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Policy:
    """What a message must be. ``signers``: pinned primary fingerprints, upper case. ``now``: seconds since 1970."""

    signers: frozenset[str]
    now: int
    signature_required: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """``problems`` is empty if and only if the message is good. ``signer`` is None for a good unsigned message.

    ``words`` are the bad words seen, ``codes`` gpg's error numbers, ``encrypted_to`` key ids, ``unknown_key`` the id of
    a signing key that the keyring lacks: by these the caller tells a foreign message from an installation to be mended.
    """

    signer: str | None
    problems: tuple[str, ...]
    words: frozenset[str] = frozenset()
    codes: frozenset[int] = frozenset()
    encrypted_to: tuple[str, ...] = ()
    unknown_key: str | None = None
    agent_failed: bool = False  # gpg-agent was gone or did not answer, so nothing is known of the message
    no_key_used: bool = False  # gpg found no secret key, and says of none that it does not fit

    @property
    def good(self) -> bool:
        """True if nothing speaks against the message."""
        return not self.problems


def judge(status: bytes, exit_code: int, policy: Policy) -> Verdict:
    """Judge one decryption by the whole of gpg's status output and its exit code. Never raises.

    Words that are not known here say nothing, as gpg's manual asks of its readers: what must be said is required below,
    and each thing exactly once.
    """
    problems: list[str] = []
    lines = list(_lines(status, problems))
    seen: dict[str, list[list[str]]] = {}
    for word, fields in lines:
        seen.setdefault(word, []).append(fields)
    if exit_code != 0:
        problems.append(f"gpg ended with {exit_code}")
    problems += [text for word, text in _BAD.items() if any(_counts(word, fields) for fields in seen.get(word, ()))]
    problems += _decryption([word for word, _ in lines], seen)
    signer, faults = _signature(seen, policy)
    problems += faults
    errors = seen.get("FAILURE", []) + seen.get("ERROR", [])
    return Verdict(
        signer=signer if not problems else None,
        problems=tuple(problems),
        words=frozenset(seen) & frozenset(_BAD),
        codes=frozenset(code for _, code in _numbers(errors)),
        encrypted_to=tuple(f[0] for f in seen.get("ENC_TO", []) if f),
        unknown_key=next((f[0] for f in seen.get("NO_PUBKEY", []) + seen.get("ERRSIG", []) if f), None),
        agent_failed=any(
            place in _ASKED and (code in _OF_AGENT or code & _OF_SYSTEM != 0) for place, code in _numbers(errors)
        ),
        no_key_used="DECRYPTION_FAILED" in seen
        and "DECRYPTION_INFO" not in seen
        and all(place == "gpg-exit" for place, _ in _numbers(errors)),  # newer ones end each failure with that
    )


def _counts(word: str, fields: list[str]) -> bool:
    """That one of several keys does not fit is no fault; if none does, decryption fails, and that is said."""
    return not (word == "ERROR" and fields[:1] == ["pkdecrypt_failed"])


def _numbers(errors: list[list[str]]) -> Iterator[tuple[str, int]]:
    """(where, libgpg-error's number) of ``ERROR`` and ``FAILURE``."""
    for fields in errors:
        if len(fields) > 1 and _NUMBER.fullmatch(fields[1]):
            yield fields[0], int(fields[1]) & 0xFFFF


def words(status: bytes) -> list[tuple[str, list[str]]]:
    """All status lines as (word, fields), for operations that are not judged: signing, encrypting."""
    return list(_lines(status, []))


def _lines(status: bytes, problems: list[str]) -> Iterator[tuple[str, list[str]]]:
    # Split at line feeds only: a user id may hold characters that other readers take for the end of a line.
    *lines, rest = status.split(b"\n")
    if rest:
        problems.append("gpg's status output breaks off")
    for line in lines:
        if not line.startswith(PREFIX):
            problems.append("gpg's status channel holds something that is no status")
            continue
        word, *fields = line[len(PREFIX) :].decode("latin-1").split(" ")
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", word):
            problems.append("gpg's status channel holds something that is no status")
            continue
        yield word, fields


def _decryption(order: list[str], seen: dict[str, list[list[str]]]) -> list[str]:
    problems = []
    for word in ("BEGIN_DECRYPTION", "DECRYPTION_INFO", "DECRYPTION_OKAY", "END_DECRYPTION"):
        if len(seen.get(word, [])) != 1:
            problems.append("the message is not encrypted, or not exactly once")
            break
    else:
        if not order.index("BEGIN_DECRYPTION") < _place(order, "PLAINTEXT") < order.index("END_DECRYPTION"):
            problems.append("the content lies outside the encryption")
        fields = [*seen["DECRYPTION_INFO"][0], "", "", ""]
        if fields[1] not in CIPHERS:
            problems.append("the cipher is not AES")
        if len(seen.get("GOODMDC", [])) != 1 and fields[2] in ("", "0"):
            problems.append("nothing protects the content against change (no MDC, no AEAD)")
    if len(seen.get("GOODMDC", [])) > 1:
        problems.append("the content is protected more than once")
    if len(seen.get("PLAINTEXT", [])) != 1:
        problems.append(f"the message has {len(seen.get('PLAINTEXT', []))} contents instead of one")
    return problems


def _place(order: list[str], word: str) -> int:
    return order.index(word) if word in order else -1


def _signature(seen: dict[str, list[list[str]]], policy: Policy) -> tuple[str | None, list[str]]:
    counts = [len(seen.get(word, [])) for word in _ONCE]
    if counts == [0, 0, 0]:
        return None, ["the message is not signed"] if policy.signature_required else []
    if counts != [1, 1, 1]:
        if max(counts) > 1:
            return None, ["the message is signed more than once"]
        return None, ["the message has no good signature"]
    fields = seen["VALIDSIG"][0]
    if len(fields) != 10:
        return None, ["gpg describes the signature in an unknown way"]
    fingerprint, _, made, expires, _, _, public_key, digest, kind, primary = fields
    key_id = next(iter(seen["GOODSIG"][0]), "")
    if not (_FINGERPRINT.fullmatch(fingerprint) and _FINGERPRINT.fullmatch(primary)):
        return None, ["gpg describes the signature in an unknown way"]
    if not re.fullmatch(r"[0-9A-F]{16}", key_id) or key_id not in (fingerprint[-16:], fingerprint[:16]):
        return None, ["gpg names two different signing keys"]
    problems = []
    if primary not in policy.signers:
        problems.append(f"it is signed by {primary}, which is not a pinned key")
    if public_key not in PUBLIC_KEYS:
        problems.append(f"the signature's key has the forbidden algorithm {public_key}")
    if digest not in DIGESTS:
        problems.append(f"the signature uses the forbidden digest {digest}")
    if kind != "00":
        problems.append(f"the signature is of class {kind}, not over a binary document")
    problems += _time(made, expires, policy.now)
    return primary, problems


def _time(made: str, expires: str, now: int) -> list[str]:
    if not (_NUMBER.fullmatch(made) and _NUMBER.fullmatch(expires)):
        return ["gpg gives no time of signature"]
    if int(made) < now - OLDEST_SECONDS:
        return ["the signature is older than 30 days"]
    if int(made) > now + NEWEST_SECONDS:
        return ["the signature was made in the future; one of the clocks is wrong"]
    if int(expires) != 0 and int(expires) <= now:
        return ["the signature has expired"]
    return []
