"""Damage to documents: bytes, numbers, fields, pieces of another document. The same seed damages the same way."""

from __future__ import annotations

import random
from collections.abc import Callable

#: What has led readers astray: separators and endings of all formats, numbers at their limits, text that is none.
TOKENS = (
    *(
        b"",
        b"\0",
        b"\r\n",
        b"\n",
        b"\r",
        b"\t",
        b" ",
        b",",
        b".",
        b"/",
        b"//",
        b"-",
        b"+",
        b":",
        b"|",
        b'"',
        b"'",
        b"<",
    ),
    *(
        b">",
        b"&",
        b"&amp;",
        b"&#0;",
        b"]]>",
        b"<![CDATA[",
        b"<!--",
        b"?>",
        b"</",
        b"/>",
        b"{4:",
        b"-}",
        b":61:",
        b":86:",
    ),
    *(b"?20", b"88,", b"16,", b"99", b"0", b"-0", b"00", b"1e9", b"1E-400", b"NaN", b"Infinity", b"999999999999999999"),
    *(
        b"0.005",
        b"1,005",
        b"1.000,00",
        b"2026-02-30",
        b"99999999",
        b"20260230",
        b"260231",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
    ),
    *(
        b"\x80",
        b"\xc3",
        b"\xe9",
        b"\xb9\xa4\xc9\xcc",
        "工商".encode(),
        "＋".encode(),
        "\u202e".encode(),
        b"\x85",
        b"\x0c",
    ),
    *(b"A" * 300, b"9" * 5000, b"<a>" * 300, b"EUR", b"XXX", b"C", b"D", b"RC", b"N", b"Y"),
)


class Damage:
    """Damages documents; the same seed damages the same way."""

    def __init__(self, chance: random.Random, seeds: list[bytes]) -> None:
        self._chance = chance
        self._seeds = seeds
        self._ways: list[Callable[[bytes], bytes]] = [
            self._byte, self._token, self._token, self._cut, self._twice, self._digit, self._digit,
            self._truncate, self._splice, self._exchange, self._line, self._letter_case,
        ]  # fmt: skip

    def __call__(self, data: bytes) -> bytes:
        """One to six ways, one after the other."""
        for _ in range(self._chance.choice((1, 1, 1, 2, 3, 6))):
            data = self._chance.choice(self._ways)(data)
        return data

    def _place(self, data: bytes) -> int:
        return self._chance.randrange(len(data) + 1)

    def _piece(self, data: bytes, longest: int = 80) -> tuple[int, int]:
        start = self._place(data)
        return start, min(len(data), start + self._chance.randint(1, longest))

    def _byte(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + bytes([self._chance.randrange(256)]) + data[at + 1 :]

    def _token(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + self._chance.choice(TOKENS) + data[at + self._chance.choice((0, 0, 1, 3)) :]

    def _cut(self, data: bytes) -> bytes:
        start, end = self._piece(data)
        return data[:start] + data[end:]

    def _twice(self, data: bytes) -> bytes:
        start, end = self._piece(data, 400)
        return data[:end] + data[start:end] * self._chance.choice((1, 1, 2, 40)) + data[end:]

    def _digit(self, data: bytes) -> bytes:
        digits = [i for i in range(len(data)) if 48 <= data[i] <= 57]
        if not digits:
            return data
        at = self._chance.choice(digits)
        return (
            data[:at]
            + self._chance.choice((b"0", b"9", b"", b"-", b".", b",", b" ", b"A", b"123456789"))
            + data[at + 1 :]
        )

    def _truncate(self, data: bytes) -> bytes:
        return data[: self._place(data)]

    def _splice(self, data: bytes) -> bytes:
        other = self._chance.choice(self._seeds)
        start, end = self._piece(other, 300)
        at = self._place(data)
        return data[:at] + other[start:end] + data[at:]

    def _exchange(self, data: bytes) -> bytes:
        (a, b), (c, d) = sorted((self._piece(data), self._piece(data)))
        return data if b > c else data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]

    def _line(self, data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        if len(lines) < 2:
            return data
        at = self._chance.randrange(len(lines))
        moved = lines.pop(at)
        if self._chance.random() < 0.5:
            lines.insert(self._chance.randrange(len(lines) + 1), moved)
        return b"".join(lines)

    def _letter_case(self, data: bytes) -> bytes:
        start, end = self._piece(data, 30)
        return data[:start] + data[start:end].swapcase() + data[end:]
