"""The outside of OpenPGP messages: whom they are for, and what is refused before it confuses anyone."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.pgp_packets import Packet, armored, session_key_packets

KEY_ID = bytes.fromhex("EE06514AAD869288")
BODY = b"\x03" + KEY_ID + b"\x01" + b"\x00" * 20


def old(tag: int, body: bytes, width: int = 1) -> bytes:
    return bytes([0x80 | tag << 2 | {1: 0, 2: 1, 4: 2}[width]]) + len(body).to_bytes(width, "big") + body


def new(tag: int, body: bytes, length: bytes | None = None) -> bytes:
    return bytes([0xC0 | tag]) + (length if length is not None else bytes([len(body)])) + body


DATA = new(18, b"\x01" + b"secret" * 5)


@pytest.mark.parametrize("packet", [old(1, BODY), old(1, BODY, 2), old(1, BODY, 4), new(1, BODY)])
def test_the_key_id_is_found_in_every_form_of_length(packet: bytes) -> None:
    assert session_key_packets(packet + DATA) == (
        [Packet(1, 0, len(packet), "EE06514AAD869288")],
        len(packet),
    )


def test_long_new_lengths_are_read() -> None:
    long = BODY + b"\x00" * 300
    two = new(1, long, bytes([192 + (len(long) - 192 >> 8), (len(long) - 192) & 0xFF]))
    five = new(1, long, b"\xff" + len(long).to_bytes(4, "big"))
    packets, start = session_key_packets(two + five + DATA)
    assert [(p.tag, p.end - p.start) for p in packets] == [(1, len(two)), (1, len(five))]
    assert start == len(two) + len(five)


def test_passphrase_packets_are_told_from_key_packets() -> None:
    packets, _ = session_key_packets(old(1, BODY) + old(3, b"\x04\x09\x03") + new(20, b"x"))
    assert [(p.tag, p.key_id) for p in packets] == [(1, "EE06514AAD869288"), (3, "")]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "breaks off"),
        (b"<xml/>", "no OpenPGP packet"),
        (DATA, "nobody can decrypt"),
        (old(1, BODY), "breaks off"),
        (old(1, BODY)[:10], "breaks off"),
        (old(1, BODY) + old(11, b"literal") + DATA, "kind 11"),
        (old(1, BODY) + new(9, b"old encryption without protection"), "kind 9"),
        (old(1, b"\x06" + BODY[1:]) + DATA, "unknown way"),
        (old(1, b"\x03") + DATA, "unknown way"),
        (bytes([0x80 | 1 << 2 | 3]) + BODY + DATA, "without a length"),
        (new(1, BODY, b"\xe5") + DATA, "in parts"),
    ],
)
def test_everything_else_is_refused_in_words(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        session_key_packets(data)


@given(st.binary(max_size=300))
def test_noise_is_refused_or_read_but_never_an_error(data: bytes) -> None:
    for candidate in (data, old(1, BODY) + data):
        try:
            packets, start = session_key_packets(candidate)
        except ValueError:
            continue
        assert packets[-1].end == start <= len(candidate)


@given(st.binary(max_size=500))
def test_the_armor_holds_the_same_bytes(data: bytes) -> None:
    lines = armored(data).split(b"\n")
    assert (lines[0], lines[1], lines[-2]) == (b"-----BEGIN PGP MESSAGE-----", b"", b"-----END PGP MESSAGE-----")
    assert base64.b64decode(b"".join(lines[2:-3])) == data
    assert all(len(line) <= 64 for line in lines)


def test_the_checksum_is_that_of_the_standard() -> None:
    assert b"\n=Ic8C\n" in armored(b"123456789")  # CRC-24/OPENPGP of "123456789" is 21CF02
