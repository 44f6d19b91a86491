"""The file of a bank directory: plain CSV with a header, checked row by row when the configuration is read."""

from __future__ import annotations

import csv
import re
import stat
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from h2h.core.directory import BankDirectory, Entry, kind_of
from h2h.core.errors import Misconfigured

COLUMNS = ("number", "name", "valid_from", "valid_until", "schemes")
#: All of CNAPS (170,000 numbers) is a tenth of that.
BYTES_MAX = 200_000_000
#: So many wrong rows are told one by one.
TOLD_MAX = 5
_SCHEME = re.compile(r"[A-Z0-9-]{1,20}", re.ASCII)


def read_directory(path: Path) -> BankDirectory:
    """The directory in that file; ``Misconfigured`` names the lines that are wrong."""
    wrong: list[str] = []
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Misconfigured(f"{path} is no regular file")
        if status.st_size > BYTES_MAX:
            raise Misconfigured(f"{path} has {status.st_size:,} bytes; at most {BYTES_MAX:,} are read")
        with path.open("rb") as file:
            directory = BankDirectory(_entries(_lines(file, path), path, wrong))
    except OSError as problem:
        raise Misconfigured(f"{path}: cannot be read: {problem.strerror}") from problem
    if wrong:
        more = [f"{len(wrong) - TOLD_MAX:,} more lines are wrong"] if len(wrong) > TOLD_MAX else []
        told = "\n".join(f"{path}: {text}" for text in (*wrong[:TOLD_MAX], *more))
        raise Misconfigured(told, hint="correct these lines, or fetch the file again")
    if not directory.count:
        raise Misconfigured(f"{path}: there is no bank in it", hint="fetch the file again")
    return directory


def _lines(file: Iterator[bytes], path: Path) -> Iterator[str]:
    for number, line in enumerate(file, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as problem:
            raise Misconfigured(f"{path}: line {number}: this is not UTF-8", hint="save it as UTF-8") from problem


def _entries(lines: Iterator[str], path: Path, wrong: list[str]) -> Iterator[Entry]:
    """The entries of the rows that are right; of the others *wrong* is told."""
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if "number" not in header or len(set(header)) != len(header) or not set(header) <= set(COLUMNS):
            raise Misconfigured(
                f"{path}: line 1: the header holds number, and of {', '.join(COLUMNS[1:])} what there is"
            )
        places = [header.index(name) if name in header else None for name in COLUMNS]
        for row in reader:
            if not row:
                continue
            try:
                yield _entry(len(header), places, row)
            except ValueError as problem:
                wrong.append(f"line {reader.line_num}: {problem}")
    except csv.Error as problem:
        raise Misconfigured(f"{path}: line {reader.line_num}: {problem}") from problem


def _entry(width: int, places: list[int | None], row: list[str]) -> Entry:
    """``ValueError`` says what is wrong with the row."""
    if len(row) != width:
        raise ValueError(f"it has {len(row)} values, the header {width}")
    number, name, begins, ends, words = ["" if at is None else row[at].strip() for at in places]
    if kind_of(number) is None:
        raise ValueError(f"'{number[:40]}' is neither a BIC nor a number of 12 digits")
    if not name.isprintable():
        raise ValueError("the name holds a control character")
    first, last = _day(begins), _day(ends)
    if first is not None and last is not None and last < first:
        raise ValueError(f"it ends on {last}, before it begins on {first}")
    return Entry(number, name, first, last, _schemes(words))


# Days and schemes are few, and stand in nearly every row.
@lru_cache(maxsize=1024)
def _schemes(text: str) -> tuple[str, ...]:
    schemes = tuple(text.split())
    for scheme in schemes:
        if not _SCHEME.fullmatch(scheme):
            raise ValueError(f"'{scheme[:40]}' is no scheme: capitals, digits and hyphens, blanks between two of them")
    return schemes


@lru_cache(maxsize=1024)
def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"'{text[:40]}' is no day; write 2026-11-30") from None
