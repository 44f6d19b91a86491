"""A small MT940 and what the codec makes of it, for tests."""

from __future__ import annotations

from h2h.core.codecs.mt94x import Mt94x
from h2h.core.format import Card, Read
from h2h.core.model.statement import Entry, Statement, StatementMessage

HEAD = ":20:REF\n:25:DE89370400440532013000\n:28C:12/1\n:60F:C261118EUR100,00\n"
TAIL = ":62F:C261119EUR100,00\n-\n"


def read(text: str | bytes, type_: str = "mt940") -> Read:
    """What the codec reads."""
    data = text if isinstance(text, bytes) else text.encode()
    return Mt94x(Card(type_, None, None)).read(data)


def statements(text: str | bytes, type_: str = "mt940") -> list[Statement]:
    """Its statements."""
    message = read(text, type_).message
    assert isinstance(message, StatementMessage)
    return message.statements


def entry(lines: str) -> Entry:
    """The one entry of a statement that holds these lines."""
    (only,) = statements(f"{HEAD}{lines}\n{TAIL}")[0].entries
    return only


def text_of(text: str, line: str = "2611191119D1,NTRFNONREF") -> Entry:
    """The entry with this text behind it."""
    return entry(f":61:{line}\n:86:{text}")
