"""Records of a long document that its schema need not be asked about: like one that is valid, but for plain texts.

A record is valid if the same record with other texts is, and each text is valid at its place. Records that look like
one that the schema has accepted (the same tags, attributes, blanks) and whose texts are plainly valid (``plain_types``)
are left out of what is shown to the schema where they follow another record: any number may stand there (``cutting``).
Whatever is odd in any way is shown to it.
"""

from __future__ import annotations

import re
from collections import Counter

from h2h.core.cutting import RECORDS
from h2h.core.plain_types import PlainTypes

#: More looks than this take longer to compare with than the schema takes.
_LOOKS_MAX = 12
#: So often the looks of a document are learned; a document with very many is the schema's.
_LESSONS_MAX = 4
#: If so many records were not known, some of them are learned.
_UNKNOWN = 20
_BLANK = r"[ \t\r\n]*+"

_FIRST = re.compile("<(" + "|".join(RECORDS) + ")>")
_TAG = re.compile(r"<(/?)([A-Za-z0-9_.\-]+)((?:[ \t\r\n]+[A-Za-z]+=\"[^\"<>&]*\")*[ \t\r\n]*)(/?)>([^<]*)")
_DECLARED = re.compile(rb"[^>]*encoding\s*=\s*[\"'](?!utf-?8[\"'])", re.IGNORECASE)


class KnownRecords:
    """What was learned of one document, of which *types* knows the schema."""

    def __init__(self, types: PlainTypes) -> None:
        self._types = types
        self._looks: list[str] = []
        self._lessons = 0
        self._known: re.Pattern[str] | None = None
        self._end = ""

    def without(self, part: bytes) -> bytes:
        """The small document without the records that are plainly valid."""
        text = self._text(part) if self._known is not None else None
        if self._known is None or text is None:
            return part
        return self._known.sub(self._end, text).encode()

    def learn(self, part: bytes) -> None:
        """The records of a small document that is valid."""
        if self._lessons == _LESSONS_MAX or len(self._looks) >= _LOOKS_MAX or (text := self._text(part)) is None:
            return
        first = _FIRST.search(text)
        if first is None:
            return
        end = f"</{first[1]}>"
        records = re.findall(f"<{first[1]}>.*?{end}", text, re.DOTALL)
        if len(records) < _UNKNOWN or (self._end and self._end != end):
            return
        self._lessons += 1
        self._end = end
        looks = Counter(look for record in records if (look := self._look(record)) is not None)
        self._looks += [look for look, _ in looks.most_common() if look not in self._looks]
        del self._looks[_LOOKS_MAX:]
        if self._looks:
            self._known = re.compile(f"{end}(?:{_BLANK}(?>{'|'.join(self._looks)}))++")

    def _text(self, part: bytes) -> str | None:
        """As text; None if nothing may be left out of it."""
        if _DECLARED.match(part) or self._types.open_elements is None:
            return None
        try:
            text = part.decode()
        except UnicodeDecodeError:
            return None
        return None if any(f"<{name}" in text for name in self._types.open_elements) else text

    def _look(self, record: str) -> str | None:
        """An expression for the record with any plain texts; None if it holds something unusual."""
        path: list[str] = []
        look: list[str] = []
        at = 0
        for tag in _TAG.finditer(record):
            if tag.start() != at:
                return None
            at = tag.end()
            closes, name, attributes, empty, text = tag.groups()
            if closes:
                if not path or path.pop() != name or attributes or empty:
                    return None
            elif not empty:
                path.append(name)
            look.append(re.escape(f"<{closes}{name}{attributes}{empty}>"))
            leaf = not closes and not empty and record.startswith(f"</{name}>", at)
            plain = self._types.text_at(path) if leaf else None
            look.append(plain if plain and re.fullmatch(plain, text) else re.escape(text))
        return "".join(look) if at == len(record) and not path else None
