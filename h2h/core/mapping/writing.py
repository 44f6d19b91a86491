"""What the functions that write call while they write: texts are escaped, and what cannot be written is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# What must be escaped, and what no XML document may hold (with Unicode's noncharacters, which nobody can exchange).
SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
# In an attribute, besides: the delimiter, and what a parser would turn into a blank.
_IN_ATTRIBUTES = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;"}
_ATTRIBUTE_SPECIAL = re.compile('["\t\n]')


class CannotWriteError(Exception):
    """A value that the document cannot carry, with its path below the record."""

    def __init__(self, code: str, path: str, text: str) -> None:
        self.code, self.path, self.text = code, path, text
        super().__init__(text)

    def below(self, path: str) -> CannotWriteError:
        """The same, seen from the object around."""
        return CannotWriteError(self.code, f"{path}/{self.path}", self.text)


def numbered(path: str, number: int) -> str:
    """The path of one of several elements of a name."""
    return f"{path}[{number}]"


def no_place(name: str, held: object) -> None:
    """Raise: the object holds something that no element carries."""
    text = f"this format has no place for {name.replace('_', ' ')} ({str(held)[:40]!r}) here"
    raise CannotWriteError("H2H-NO-PLACE", name, text)


def missing(path: str, name: str) -> None:
    """Raise: the format demands a value that is not there."""
    text = f"{name.replace('_', ' ')} is missing, and this format demands it"
    raise CannotWriteError("H2H-MISSING", path, text)


def escape(text: str, path: str) -> str:
    """A text as it stands between tags."""

    def replacement(match: re.Match[str]) -> str:
        if match[0] in _ESCAPES:
            return _ESCAPES[match[0]]
        what = f"the character U+{ord(match[0]):04X} at position {match.start() + 1}, which XML does not allow"
        raise CannotWriteError("H2H-CHARACTER", path, f"the text holds {what}")

    return SPECIAL.sub(replacement, text)


def attribute(text: str, path: str) -> str:
    """A text as it stands in an attribute."""
    return _ATTRIBUTE_SPECIAL.sub(lambda match: _IN_ATTRIBUTES[match[0]], escape(text, path))


def rendering(render: Callable[[Any], Any]) -> Callable[[Any, str], Any]:
    """*render*, which a value may defeat: that is told with its path."""

    def rendered(held: Any, path: str) -> Any:
        try:
            return render(held)
        except (ValueError, TypeError) as problem:
            text = f"{str(held)[:40]!r} cannot be written: {problem}"
            raise CannotWriteError("H2H-VALUE", path, text) from None

    return rendered
