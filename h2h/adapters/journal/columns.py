"""How values stand in the database so that they come back exactly: money, times, enumerations, JSON, text."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import Dialect, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

W = TypeVar("W", bound=StrEnum)


def printable(text: str) -> str:
    """*text* as both databases can hold it: a NUL and the half characters of a non-UTF-8 file name are spelled out."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


class Words(TypeDecorator[str]):
    """Text of any origin; what no database can hold is spelled out (``printable``), never a reason to fail."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else printable(value)


class Money(TypeDecorator[Decimal]):
    """An exact decimal as text, with its trailing zeros. SQLite's NUMERIC is a float and would change it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if isinstance(value, Decimal) and value.is_finite():
            return format(value, "f")
        raise TypeError(f"an amount must be a finite Decimal, not {value!r}")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Whole(TypeDecorator[int]):
    """A whole number of any size as text: inodes and the sizes that a hostile server claims exceed 63 bits."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        return None if value is None else str(int(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class Utc(TypeDecorator[datetime]):
    """An instant: ``timestamptz`` on PostgreSQL, on SQLite text of one width that sorts as the instants do."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return TIMESTAMP(timezone=True) if dialect.name == "postgresql" else dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"a time must be aware, not {value!r}")
        value = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return value
        return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromisoformat(value)


class Word(TypeDecorator[W], Generic[W]):
    """One word of an enumeration."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[W]) -> None:
        super().__init__()
        self.words = words
        self._known = {word.value: word for word in words}

    def process_bind_param(self, value: W | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> W | None:
        return None if value is None else self._known[value]


class Json(TypeDecorator[dict[str, Any]]):
    """Details as JSON text that a person can read in any client; amounts and times in it are strings."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str:
        # ASCII only, so that a NUL or half a character is an escape and not a reason to fail.
        return json.dumps(value or {}, default=as_json, allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any]:
        return {} if value is None else dict(json.loads(value))


def as_json(value: Any) -> Any:
    """What ``json`` does not know: exact amounts, times, sets; anything else is a ``TypeError``."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    raise TypeError(f"{type(value).__name__} cannot stand in a journal's detail")
