"""A bank's repertoire: which characters it takes, how long a text is to it, how foreign letters are spelled in it.

Nothing is dropped and nothing guessed: a character without a known spelling stays, and the text is refused. Chinese,
for one, has no spelling without a reading: 长 may be Chang or Zhang.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from anyascii import anyascii

Charset = Literal["sepa", "latin-1", "utf-8", "gb18030"]

# What XML 1.0 can carry at all, less the control characters, which no payment text means.
_XML = "\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
_KEPT: dict[str, str] = {
    # EPC217-08: the characters every bank of the scheme must take.
    "sepa": r"A-Za-z0-9/\-?:().,'+ ",
    "latin-1": "\u0020-\u007e\u00a0-\u00ff",
    "utf-8": _XML,
    "gb18030": _XML,
}

# Spellings that differ from a letter-by-letter reading, before anyascii is asked. EPC217-08, annex; German DIN 5007-2.
_SPELLINGS = str.maketrans(
    {
        "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ẞ": "SS",
        "Æ": "Ae", "æ": "ae", "Ø": "Oe", "ø": "oe", "Å": "Aa", "å": "aa", "Œ": "Oe", "œ": "oe",
        "€": "E", "@": "(at)", "_": "-", "&": "+", "\u00a0": " ", "\u202f": " ", "\t": " ",
        "–": "-", "—": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'", "´": "'", "`": "'", "“": "'", "”": "'", "„": "'",
        '"': "'", "«": "'", "»": "'", ";": ",", "[": "(", "]": ")", "{": "(", "}": ")", "…": "...", "·": ".", "№": "No",
    }
)  # fmt: skip
_SCRIPTS = ("LATIN ", "GREEK ", "CYRILLIC ", "FULLWIDTH LATIN ", "FULLWIDTH DIGIT ", "MODIFIER LETTER ")


@dataclass(frozen=True, slots=True)
class Fault:
    """A character a bank does not take; ``position`` is 1-based."""

    position: int
    character: str

    def __str__(self) -> str:
        name = unicodedata.name(self.character, f"U+{ord(self.character):04X}").lower()
        visible = f'"{self.character}" ({name})' if self.character.isprintable() else name
        return f"{visible} at character {self.position}"


class Repertoire:
    """What one bank takes."""

    def __init__(self, charset: Charset) -> None:
        self.charset = charset
        self._fits = re.compile(f"[{_KEPT[charset]}]*").fullmatch
        self._other = re.compile(f"[^{_KEPT[charset]}]")
        self._bytes = charset == "gb18030"
        #: What ``length`` counts, for people.
        self.unit = "bytes" if self._bytes else "characters"

    def fits(self, text: str) -> bool:
        """True if the bank takes every character."""
        return self._fits(text) is not None

    def faults(self, text: str) -> list[Fault]:
        """Every character that it does not take."""
        return [Fault(m.start() + 1, m.group()) for m in self._other.finditer(text)]

    def length(self, text: str) -> int:
        """Length as the bank counts: characters; for GB18030 bytes."""
        return len(text.encode("gb18030", "surrogatepass")) if self._bytes else len(text)

    def transliterated(self, text: str) -> str:
        """The text with foreign letters spelled in this repertoire; what has no known spelling stays as it is."""
        if self.fits(text):
            return text
        composed = unicodedata.normalize("NFC", text)
        return self._other.sub(self._spelled, composed)

    def _spelled(self, found: re.Match[str]) -> str:
        spelled = _spelling(found.group())
        return spelled if self.fits(spelled) else found.group()


@lru_cache(maxsize=4096)
def _spelling(character: str) -> str:
    spelled = character.translate(_SPELLINGS)
    if spelled != character:
        return spelled
    if not unicodedata.name(character, "").startswith(_SCRIPTS):
        return character  # anyascii would turn 😀 into ":grinning:", which every bank takes and nobody means
    return str(anyascii(character)).translate(_SPELLINGS) or character
