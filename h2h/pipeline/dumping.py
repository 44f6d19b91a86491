"""A long message as JSON, its longest lists written as they come: the same bytes as ``reading.dump_into`` writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from h2h.core.jsontext import json_text
from h2h.pipeline.reading import JSON

#: Stands for a list that comes later. No document can hold such a text: NUL is no character of XML.
HERE = "\0here"
_HERE_AS_JSON = json.dumps(HERE)
_BLANKS = 4  # before each value of such a list: message, its parts, a part, its list
_TEXTS_AT_ONCE = 5_000


def dump_with(head: Any, lists: Iterator[Iterable[Any]], out: BinaryIO) -> None:
    """*head* with one of *lists* in each place of ``HERE``: ``head["parts"][n]["list"]``. None of them is empty."""
    texts: list[str] = []
    for text in JSON.iterencode(head):
        if text != _HERE_AS_JSON:
            texts.append(text)
        else:
            between = "["
            for value in next(lists):
                texts.append(f"{between}\n{' ' * _BLANKS}{json_text(value, _BLANKS)}")
                between = ","
                _flush(texts, out)
            texts.append(f"\n{' ' * (_BLANKS - 1)}]")
        _flush(texts, out)
    _flush(texts, out, at_least=0)


def _flush(texts: list[str], out: BinaryIO, at_least: int = _TEXTS_AT_ONCE) -> None:
    if len(texts) > at_least:
        out.write("".join(texts).encode())
        texts.clear()
