"""Damaged documents of every format: findings come out and nothing else, soon, and in memory that is bounded.

    python -m tests.torture.fuzz [--runs 1000000] [--seed 1] [--part 1/2]

The seeds are the goldens of all format folders; each is damaged one to six times (bytes, numbers, fields, pieces of
another document), identified, read, checked, shown as JSON and, where its format writes, written. Prints one line of
JSON; what went wrong is named so that it can be repeated: seed, number, golden.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from h2h.cli.desk import Desk
from h2h.cli.proof import goldens_of
from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import refuses
from h2h.core.rules.statement_rules import check_message
from h2h.core.view.message import message_json
from h2h.data import data_dir

#: Far above what the largest seed needs; a machine that is busy with other things must not fail this.
SECONDS_MAX = 10.0
MEGABYTES_MORE_MAX = 400
FAULTS_MAX = 20
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


@dataclass
class Told:
    """What was done and what was seen."""

    runs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    faults: list[str] = field(default_factory=list)


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


def fuzz(runs: int, seed: int, part: tuple[int, int] = (0, 1)) -> Told:
    """Damage and read; run *number* is the same whatever part it belongs to."""
    desk = Desk()
    goldens = [golden for folder in _folders(desk) for golden in goldens_of(folder)]
    seeds = [golden.read_bytes() for golden in goldens]
    told = Told()
    base = 0
    for number in range(part[0], runs, part[1]):
        chance = random.Random(f"{seed}/{number}")
        chosen = chance.randrange(len(seeds))
        data = Damage(chance, seeds)(seeds[chosen])
        what = f"seed {seed}, run {number}, {goldens[chosen].parent.parent.name}/{goldens[chosen].name}"
        began = time.perf_counter()
        _read(desk, data, what, told, with_schema=number % 16 == 0)
        seconds = time.perf_counter() - began
        told.slowest = max(told.slowest, (round(seconds, 3), what))
        if seconds > SECONDS_MAX:
            told.faults.append(f"{what}: it took {seconds:.1f} s")
        told.runs += 1
        if told.runs == min(2000, max(1, runs // 4)):
            base = _megabytes()
        if len(told.faults) >= FAULTS_MAX:
            break
    if _megabytes() > base + MEGABYTES_MORE_MAX:
        told.faults.append(f"memory grew from {base} to {_megabytes()} MB")
    return told


def _read(desk: Desk, data: bytes, what: str, told: Told, *, with_schema: bool) -> None:
    try:
        format_ = desk.book.identify(data)
        told.formats[format_.id] += 1
        if with_schema and format_.schema and _installed(desk, format_.schema):
            desk.schemas.validate(format_.schema, format_.as_schema_sees_it(data))
        read = format_.read(data)
        findings = [*read.findings, *check_message(read.message)]
        read.findings = findings
        json.dumps(message_json(format_, read))
        told.outcomes["read with errors" if refuses(findings) else "read"] += 1
        if format_.writes and not refuses(findings):
            format_.write(read.message, io.BytesIO())
            told.outcomes["written"] += 1
    except Refused as refused:
        told.outcomes["refused"] += 1
        if not refused.findings or not all(f.text and f.where for f in refused.findings):
            told.faults.append(f"{what}: refused without saying why or where")
    except Exception as problem:  # that nothing else comes out is what is shown here
        told.faults.append(f"{what}: {type(problem).__name__}: {problem}"[:300])


def _installed(desk: Desk, schema: str) -> bool:
    """Some versions' schemas come in no package; such documents are only read."""
    try:
        desk.schemas.path(schema)
    except Misconfigured:
        return False
    return True


def _folders(desk: Desk) -> list[Path]:
    own = data_dir("formats")
    return sorted(p.parent for p in own.glob("*/format.toml"))


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="1/1")
    arguments = parser.parse_args()
    number, of = (int(x) for x in arguments.part.split("/"))
    began = time.monotonic()
    told = fuzz(arguments.runs, arguments.seed, (number - 1, of))
    shown: dict[str, Any] = {**vars(told), "formats": len(told.formats), "megabytes": _megabytes()}
    print(
        json.dumps({"seed": arguments.seed, "seconds": round(time.monotonic() - began, 1), **shown}, ensure_ascii=False)
    )
    return 1 if told.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
