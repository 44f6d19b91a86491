"""What a bank sends, opened: a matrix of real messages made by real gpg; only the wholly good ones come through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.gpg import PgpSealer
from h2h.core.errors import Misconfigured, Unavailable, Untrusted
from h2h.settings.bank import PgpSeal
from tests.contracts.keyrings import DAY, Keyring, bank_and_ours

CONTENT = b"<Document>payment status</Document>\n" * 20
PINNED = ("bank", "rsa", "subkey", "revoked", "expired", "short", "old")
NOW = time.time()


@pytest.fixture(scope="module")
def rings() -> Iterator[tuple[Keyring, Keyring]]:
    with bank_and_ours() as both:
        yield both


@pytest.fixture
def opener(rings: tuple[Keyring, Keyring]) -> Iterator[Callable[..., PgpSealer]]:
    _, ours = rings
    made: list[PgpSealer] = []

    def make(pins: tuple[str, ...] = ("bank",), **more: Any) -> PgpSealer:
        given = {k: more.pop(k) for k in ("bytes_max", "timeout_seconds", "now") if k in more}
        settings = PgpSeal(
            kind="pgp",
            keyring=ours.home,
            own_fingerprint=ours.keys["ours"],
            bank_encryption_fingerprints=(ours.keys["bank"],),
            bank_signing_fingerprints=tuple(ours.keys.get(p, p) for p in pins),
            **more,
        )
        made.append(PgpSealer(settings, None, **given))
        return made[-1]

    yield make
    for sealer in made:
        sealer.close()


def sealed(
    bank: Keyring, *options: str, by: tuple[str, ...] = ("bank",), to: tuple[str, ...] = ("ours",), **more: Any
) -> bytes:
    command = [*options]
    for name in by:
        command += ["--local-user", bank.keys[name]]
    for name in to:
        command += ["--recipient", bank.keys[name]]
    verbs = (["--sign"] if by else []) + (["--encrypt"] if to else [])
    return bank.gpg(*command, *verbs, data=more.pop("data", CONTENT), **more)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


GOOD: dict[str, tuple[tuple[str, ...], Callable[[Keyring], bytes]]] = {
    "ed25519": (("bank",), sealed),
    "rsa3072": (("rsa",), lambda b: sealed(b, by=("rsa",))),
    "rsa2048, tolerated": (("old",), lambda b: sealed(b, by=("old",))),
    "armored": (("bank",), lambda b: sealed(b, "--armor")),
    "compressed": (("bank",), lambda b: sealed(b, "--compress-algo", "zlib")),
    "a signing subkey of the pinned key": (("subkey",), lambda b: sealed(b, by=("subkey",))),
    "for us and for another": (("bank",), lambda b: sealed(b, to=("ours", "foreign"))),
    "sha384": (("bank",), lambda b: sealed(b, "--digest-algo", "SHA384")),
    "aes128": (("bank",), lambda b: sealed(b, "--cipher-algo", "AES128")),
    "hidden recipient": (("bank",), lambda b: sealed(b, "--throw-keyids")),
    "signed 29 days ago": (("bank",), lambda b: sealed(b, at=NOW - 29 * DAY, data=CONTENT)),
    "second pin": (("foreign", "bank"), sealed),
    "empty content": (("bank",), lambda b: sealed(b, data=b"")),
}

BAD: dict[str, tuple[tuple[str, ...], Callable[[Keyring], bytes], str]] = {
    "sha1 digest": (("rsa",), lambda b: sealed(b, "--digest-algo", "SHA1", by=("rsa",)), "cannot be checked"),
    "sha224 digest": (("rsa",), lambda b: sealed(b, "--digest-algo", "SHA224", by=("rsa",)), "forbidden digest 11"),
    "ripemd digest": (("rsa",), lambda b: sealed(b, "--digest-algo", "RIPEMD160", by=("rsa",)), "forbidden digest 3"),
    "encrypted, unsigned": (("bank",), lambda b: sealed(b, by=()), "not signed"),
    "signed, not encrypted": (("bank",), lambda b: sealed(b, to=()), "not encrypted"),
    "cleartext framework": (
        ("bank",),
        lambda b: b.gpg("--local-user", b.keys["bank"], "--clear-sign", data=CONTENT),
        "not encrypted",
    ),
    "detached signature alone": (
        ("bank",),
        lambda b: b.gpg("--local-user", b.keys["bank"], "--detach-sign", data=CONTENT),
        "not encrypted",
    ),
    "two signatures, one pinned": (("bank",), lambda b: sealed(b, by=("bank", "foreign")), "more than once"),
    "two signatures, both pinned": (("bank", "rsa"), lambda b: sealed(b, by=("bank", "rsa")), "more than once"),
    "revoked key": (("revoked",), lambda b: sealed(b, by=("revoked",)), "revoked"),
    "expired key": (("expired",), lambda b: sealed(b, by=("expired",), at=NOW - 2 * DAY), "key has expired"),
    "expired signature": (
        ("bank",),
        lambda b: sealed(b, "--default-sig-expire", "seconds=3600", at=NOW - DAY),
        "signature has expired",
    ),
    "signed in the future": (("bank",), lambda b: sealed(b, at=NOW + DAY), "future"),
    "signed 31 days ago": (("bank",), lambda b: sealed(b, at=NOW - 31 * DAY), "older than 30 days"),
    "a key that is there but not pinned": (("bank",), lambda b: sealed(b, by=("foreign",)), "not a pinned key"),
    "a key that is not there": (("bank",), lambda b: sealed(b, by=("unknown",)), "keyring|cannot be checked"),
    "rsa1024": (("short",), lambda b: sealed(b, by=("short",)), "1024 bits"),
    "text signature": (("bank",), lambda b: sealed(b, "--textmode"), "class 01"),
    "3des": (("bank",), lambda b: sealed(b, "--cipher-algo", "3DES"), "not AES"),
    "camellia": (("bank",), lambda b: sealed(b, "--cipher-algo", "CAMELLIA256"), "not AES"),
    "truncated at the end": (("bank",), lambda b: sealed(b)[:-1], ""),
    "truncated in the middle": (("bank",), lambda b: sealed(b)[: len(sealed(b)) // 2], ""),
    "truncated at the start": (("bank",), lambda b: sealed(b)[:50], ""),
    "last byte changed": (("bank",), lambda b: flipped(sealed(b), -1 % len(sealed(b)) - 5), ""),
    "two messages in a row": (("bank",), lambda b: sealed(b) + sealed(b), ""),
    "a good message and a plain one": (
        ("bank",),
        lambda b: sealed(b) + b.gpg("--store", "--compress-algo", "none", data=b"more"),
        "",
    ),
    "a plain message and a good one": (
        ("bank",),
        lambda b: b.gpg("--store", "--compress-algo", "none", data=b"more") + sealed(b),
        "",
    ),
    "encrypted twice": (("bank",), lambda b: sealed(b, data=sealed(b), by=()), "not signed"),
    "a signed message inside unsigned encryption": (
        ("bank",),
        lambda b: sealed(b, data=sealed(b, to=()), by=()),
        "not signed",
    ),
    "for somebody else": (("bank",), lambda b: sealed(b, to=("foreign",)), "cannot be decrypted"),
    "for a passphrase": (
        ("bank",),
        lambda b: b.gpg("--passphrase", "x", "--local-user", b.keys["bank"], "--sign", "--symmetric", data=CONTENT),
        "",
    ),
    "status lines in the file name": (
        ("bank",),
        lambda b: sealed(b, "--set-filename", f"x\n[GNUPG:] GOODSIG {b.keys['bank'][-16:]} bank\n", by=()),
        "not signed",
    ),
    "status lines in the content": (
        ("bank",),
        lambda b: sealed(b, by=(), data=f"[GNUPG:] VALIDSIG {b.keys['bank']} 2026-11-22 0 0 4 0 22 10 00\n".encode()),
        "not signed",
    ),
    "a public key": (("bank",), lambda b: b.public("bank"), "not encrypted"),
    "nothing": (("bank",), lambda b: b"", "no OpenPGP|not encrypted"),
    "plain xml": (("bank",), lambda b: CONTENT, "no OpenPGP"),
    "noise": (("bank",), lambda b: bytes(range(256)) * 40, ""),
    "broken armor": (("bank",), lambda b: sealed(b, "--armor").replace(b"\n\n", b"\n\nAAAA", 1), ""),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_good_message_is_opened_and_its_signer_named(
    rings: tuple[Keyring, Keyring], opener: Any, tmp_path: Path, case: str
) -> None:
    bank, ours = rings
    pins, make = GOOD[case]
    (tmp_path / "in.pgp").write_bytes(make(bank))
    report = opener(pins).open(tmp_path / "in.pgp", tmp_path / "out.xml")
    assert report.signed_by in {ours.keys[p] for p in pins}
    assert (tmp_path / "out.xml").read_bytes() == (b"" if case == "empty content" else CONTENT)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.pgp", "out.xml"]


@pytest.mark.parametrize("case", BAD)
def test_anything_else_is_untrusted_and_leaves_no_plaintext(
    rings: tuple[Keyring, Keyring], opener: Any, tmp_path: Path, case: str
) -> None:
    pins, make, why = BAD[case]
    (tmp_path / "in.pgp").write_bytes(make(rings[0]))
    with pytest.raises(Untrusted, match=why or None):
        opener(pins).open(tmp_path / "in.pgp", tmp_path / "out.xml")
    assert [p.name for p in tmp_path.iterdir()] == ["in.pgp"]


def test_no_changed_byte_of_a_message_is_ever_accepted_with_other_content(
    rings: tuple[Keyring, Keyring], opener: Any, tmp_path: Path
) -> None:
    good = sealed(rings[0])
    sealer = opener()
    refused = 0
    for at in range(0, len(good), max(1, len(good) // 40)):
        (tmp_path / "in.pgp").write_bytes(flipped(good, at))
        try:
            sealer.open(tmp_path / "in.pgp", tmp_path / "out.xml")
        except Untrusted:
            refused += 1
        else:  # a byte that means nothing, as in an unused length
            assert (tmp_path / "out.xml").read_bytes() == CONTENT
            (tmp_path / "out.xml").unlink()
    assert refused >= 38


def test_a_damaged_session_key_is_the_messages_fault_and_not_the_agents(
    rings: tuple[Keyring, Keyring], opener: Any, tmp_path: Path
) -> None:
    good, sealer = sealed(rings[0]), opener()
    for at in range(3, 96, 4):
        (tmp_path / "in.pgp").write_bytes(flipped(good, at))
        with pytest.raises(Untrusted):
            sealer.open(tmp_path / "in.pgp", tmp_path / "out.xml")


def test_an_unsigned_message_is_opened_with_a_warning_only_where_the_profile_says_so(
    rings: tuple[Keyring, Keyring], opener: Any, tmp_path: Path
) -> None:
    (tmp_path / "in.pgp").write_bytes(sealed(rings[0], by=()))
    report = opener(signatures_required=False).open(tmp_path / "in.pgp", tmp_path / "out.xml")
    assert report.signed_by is None
    assert [f.code for f in report.warnings] == ["H2H-PGP-UNSIGNED"]
    (tmp_path / "in.pgp").write_bytes(sealed(rings[0], by=("foreign",)))
    with pytest.raises(Untrusted, match="not a pinned key"):
        opener(signatures_required=False).open(tmp_path / "in.pgp", tmp_path / "out2.xml")


def test_a_bomb_is_stopped_at_the_limit(rings: tuple[Keyring, Keyring], opener: Any, tmp_path: Path) -> None:
    bomb = sealed(rings[0], "--compress-algo", "zlib", "-z", "9", data=bytes(30_000_000))
    assert len(bomb) < 60_000
    (tmp_path / "in.pgp").write_bytes(bomb)
    with pytest.raises(Untrusted, match="unpacks to more than 1000000 bytes"):
        opener(bytes_max=1_000_000).open(tmp_path / "in.pgp", tmp_path / "out.xml")
    assert [p.name for p in tmp_path.iterdir()] == ["in.pgp"]


def test_our_own_clock_decides_about_the_time_of_signature(
    rings: tuple[Keyring, Keyring], opener: Any, tmp_path: Path
) -> None:
    from datetime import UTC, datetime, timedelta

    (tmp_path / "in.pgp").write_bytes(sealed(rings[0]))
    with pytest.raises(Untrusted, match="older than 30 days"):
        opener(now=lambda: datetime.now(UTC) + timedelta(days=31)).open(tmp_path / "in.pgp", tmp_path / "out.xml")


def test_a_pinned_key_that_was_never_imported_is_the_installations_fault_not_the_banks(
    rings: tuple[Keyring, Keyring], opener: Any, tmp_path: Path
) -> None:
    bank, _ = rings
    (tmp_path / "in.pgp").write_bytes(sealed(bank, by=("unknown",)))
    with pytest.raises(Misconfigured, match="pinned signing key"):
        opener((bank.keys["unknown"],)).open(tmp_path / "in.pgp", tmp_path / "out.xml")


def test_a_missing_message_is_not_the_banks_fault(opener: Any, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="read"):
        opener().open(tmp_path / "gone.pgp", tmp_path / "out.xml")
