"""In which encoding a bank's text is that is not UTF-8: judged by the letters that it would have.

Nothing in the file says it. A script is told by its runs of bytes beyond ASCII (Chinese in pairs, Cyrillic in words); a
Western code page by whether such bytes, where they touch letters, are letters themselves. What is left is windows-1252.
"""

from __future__ import annotations

import re

# So many bytes beyond ASCII are looked at; more say nothing new.
_SAMPLE = 20_000
_RUN = re.compile(rb"[\x80-\xff]+")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
# GB 2312 (and with it GBK's usual characters): a lead byte for signs or hanzi, then a byte from A1 on.
_HANZI = re.compile(rb"(?:[\xa1-\xa9\xb0-\xf7][\xa1-\xfe])+")
# Russian in windows-1251 and in DOS's 866: letters, quotes and the number sign.
_CYRILLIC = (
    ("windows-1251", "cp1251", re.compile(rb"[\xc0-\xff\xa8\xb8\xb9\xab\xbb\x96\x97\xa0]+")),
    ("code page 866", "cp866", re.compile(rb"[\x80-\xaf\xe0-\xf1\xfc]+")),
)
# The first whose letters fit is taken, so the order is that of how common they are.
_PAGES = (
    ("windows-1252", "cp1252"),
    ("windows-1250", "cp1250"),
    ("ISO 8859-2", "iso8859-2"),
    ("code page 850", "cp850"),
    ("code page 852", "cp852"),
    ("windows-1252", "cp1252"),
    ("ISO 8859-1", "latin-1"),
)


# Quotes, dashes and marks of the windows pages that stand at a word's edge, and the apostrophe within.
_MARKS = "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022\u20ac\u2122\xab\xbb\xa7\xb0\xa9\xae"


def guessed(data: bytes) -> tuple[str, str]:
    """(the encoding's name for people, Python's) of bytes that are not UTF-8."""
    runs = _sampled(data)
    total = sum(map(len, runs))
    in_words = sum(len(r) for r in runs if len(r) >= 3)
    if in_words * 2 > total:
        for name, codec, letters in _CYRILLIC:
            if all(letters.fullmatch(run) for run in runs):
                return name, codec
    if all(_HANZI.fullmatch(run) for run in runs) and _decodes(data, "gb18030"):
        return "GB 18030", "gb18030"
    words = _WORD.findall(data)[:_SAMPLE]
    for name, codec in _PAGES[:5]:
        if _decodes(data, codec) and all(_is_word(word, codec) for word in words):
            return name, codec
    return next((name, codec) for name, codec in _PAGES[5:] if _decodes(data, codec))


def _sampled(data: bytes) -> list[bytes]:
    runs, length = [], 0
    for found in _RUN.finditer(data):
        runs.append(found[0])
        length += len(found[0])
        if length >= _SAMPLE:
            break
    return runs


def _is_word(word: bytes, codec: str) -> bool:
    """Whether what touches letters is letters; alone, or before a number, a sign may stand (§, €, °)."""
    text = word.decode(codec)
    if codec.startswith("cp125"):
        text = text.strip(_MARKS).replace("\u2019", "")
    return not text or text.isalpha() or (len(text) < 3 and not any(map(str.isalpha, text)))


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True
