"""The outside of an OpenPGP message (RFC 4880, 4.2, 5.1, 5.3, 6): for whom it is encrypted, and its armor."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache

PUBLIC_KEY_ENCRYPTED = 1
SYMMETRIC_KEY_ENCRYPTED = 3
ENCRYPTED_DATA = (18, 20)  # with MDC, with AEAD
HEAD_BYTES = 65_536  # the packets before the encrypted data are a few hundred bytes each


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet at ``[start, end)`` of the message. ``key_id``: for whom; empty where it is for a passphrase."""

    tag: int
    start: int
    end: int
    key_id: str = ""


def session_key_packets(head: bytes) -> tuple[list[Packet], int]:
    """The packets that carry the session key, and where the encrypted data begins. ``ValueError`` for all else.

    *head* is the beginning of a binary message, ``HEAD_BYTES`` or the whole of it.
    """
    packets: list[Packet] = []
    at = 0
    while True:
        tag = _tag(head, at)
        if tag in ENCRYPTED_DATA:
            if not packets:
                raise ValueError("nobody can decrypt the message")
            return packets, at
        if tag not in (PUBLIC_KEY_ENCRYPTED, SYMMETRIC_KEY_ENCRYPTED):
            raise ValueError(f"a packet of kind {tag} stands before the encrypted data")
        start, end = _body(head, at)
        packets.append(Packet(tag, at, end, _key_id(head[start:end]) if tag == PUBLIC_KEY_ENCRYPTED else ""))
        at = end


def armored(data: bytes) -> bytes:
    """The message as text, with its checksum, lines of 64 characters."""
    text = base64.b64encode(data)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    check = base64.b64encode(_crc24(data).to_bytes(3, "big"))
    return b"\n".join([b"-----BEGIN PGP MESSAGE-----", b"", *lines, b"=" + check, b"-----END PGP MESSAGE-----", b""])


def _tag(head: bytes, at: int) -> int:
    if at >= len(head):
        raise ValueError("the message breaks off")
    first = head[at]
    if not first & 0x80:
        raise ValueError("this is no OpenPGP packet")
    return first & 0x3F if first & 0x40 else (first & 0x3C) >> 2


def _body(head: bytes, at: int) -> tuple[int, int]:
    """Where the packet's content begins and ends."""
    first = head[at]
    if first & 0x40:
        start, length = _new_length(head, at + 1)
    else:
        width = {0: 1, 1: 2, 2: 4}.get(first & 3)
        if width is None:
            raise ValueError("a packet without a length stands before the encrypted data")
        start = at + 1 + width
        length = int.from_bytes(head[at + 1 : start], "big")
    if start + length > len(head):
        raise ValueError("the message breaks off")
    return start, start + length


def _new_length(head: bytes, at: int) -> tuple[int, int]:
    first = head[at] if at < len(head) else 0
    if first < 192:
        return at + 1, first
    if first < 224:
        return at + 2, ((first - 192) << 8) + int.from_bytes(head[at + 1 : at + 2], "big") + 192
    if first == 255:
        return at + 5, int.from_bytes(head[at + 1 : at + 5], "big")
    raise ValueError("a packet in parts stands before the encrypted data")


def _key_id(body: bytes) -> str:
    if len(body) < 10 or body[0] != 3:
        raise ValueError("the session key is encrypted in an unknown way")
    return body[1:9].hex().upper()


def _crc24(data: bytes) -> int:
    table = _crc24_table()
    value = 0xB704CE
    for byte in data:
        value = ((value << 8) & 0xFFFFFF) ^ table[(value >> 16) ^ byte]
    return value


@lru_cache(maxsize=1)
def _crc24_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 16
        for _ in range(8):
            value = (value << 1) ^ (0x1864CFB if value & 0x800000 else 0)
        table.append(value & 0xFFFFFF)
    return table
