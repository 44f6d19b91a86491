"""The lines of a ledger: one JSON record each, bound to the one before by SHA-256. Written, read, and read beside.

Nothing here locks or mends: that is for whom the ledger belongs to (`ledger.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from h2h.adapters import files
from h2h.core.errors import Misconfigured
from h2h.core.records import LedgerKind, LedgerRecord

RESTORE = "nothing is sent until the ledger is whole: restore it from its copy, and find out who changed it"
_FIELDS = ("number", "at", "kind", "sid", "generation", "detail", "prev")


@dataclass(frozen=True, slots=True)
class Line:
    """One record as it stands in the file: ``hash`` covers everything before it, ``prev`` is the hash before."""

    record: LedgerRecord
    at: str
    prev: str
    hash: str


def encoded(record: LedgerRecord, at: str, prev: str) -> bytes:
    """The line of *record*, which bears its number; its hash covers every byte before ``,"hash"``."""
    values = (record.number, at, str(record.kind), record.sid, record.generation, record.detail, prev)
    body = _canonical(dict(zip(_FIELDS, values, strict=True)))
    return f'{body[:-1]},"hash":"{_hash(body)}"}}\n'.encode()


def decoded(data: bytes, number: int, prev: str) -> Line:
    """The record in line *number*, whose predecessor has the hash *prev*; ``Misconfigured`` naming the line."""
    try:
        raw: dict[str, Any] = json.loads(data)
        record = LedgerRecord(
            LedgerKind(raw["kind"]), str(raw["sid"]), int(raw["generation"]), dict(raw["detail"]), int(raw["number"])
        )
        line = Line(record, str(raw["at"]), str(raw["prev"]), str(raw["hash"]))
        as_written = encoded(record, line.at, line.prev)
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise _damaged(number, "it is not a record") from problem
    if record.number != number:
        raise _damaged(number, f"it bears the number {record.number}: lines were removed, added or moved")
    if line.prev != prev:
        raise _damaged(number, "it does not follow the line before it")
    if as_written != data:
        raise _damaged(number, "its content is not what its hash says")
    return line


def read_lines(path: Path) -> Iterator[Line]:
    """All records of a ledger that nobody needs to hold, checked; a last line without its end is passed over."""
    number, prev = 0, ""
    try:
        with path.open("rb") as file:
            for data in file:
                if not data.endswith(b"\n"):
                    return
                line = decoded(data, number + 1, prev)
                number, prev = number + 1, line.hash
                yield line
    except OSError as problem:
        raise files.translated(problem, "read the ledger", path) from problem


def _canonical(values: dict[str, Any]) -> str:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _hash(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _damaged(number: int, why: str) -> Misconfigured:
    return Misconfigured(f"the ledger is damaged at line {number}: {why}", hint=RESTORE)
