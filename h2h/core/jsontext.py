"""JSON text as ``json.JSONEncoder(indent=1, sort_keys=True, ensure_ascii=False, default=str)`` writes it, but faster.

With an indent the standard library encodes in Python, with a generator for each value.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import Any

_WORDS = {True: "true", False: "false", None: "null"}


def json_text(value: Any, level: int = 0) -> str:
    """The text of a value that begins after *level* blanks. Keys are texts; numbers are whole ones."""
    if isinstance(value, str):
        return str(encode_basestring(value))
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, dict):
        inner = [f"{encode_basestring(name)}: {json_text(value[name], level + 1)}" for name in sorted(value)]
        return _lines("{", inner, "}", level)
    if isinstance(value, list | tuple):
        return _lines("[", [json_text(one, level + 1) for one in value], "]", level)
    if isinstance(value, float):
        raise TypeError("a message holds no floating point numbers")
    return str(encode_basestring(str(value)))


def _lines(first: str, inner: list[str], last: str, level: int) -> str:
    if not inner:
        return f"{first}{last}"
    line = f"\n{' ' * (level + 1)}"
    return f"{first}{line}{f',{line}'.join(inner)}\n{' ' * level}{last}"
