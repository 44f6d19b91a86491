"""In which encoding a bank's text is that is not UTF-8: judged by the letters that it would have.

Nothing in the file says it. A script is told by its runs of bytes beyond ASCII (Chinese in pairs, Cyrillic in words).
Where the file's first IBAN or balance names a country with letters of its own, the page is taken in which all letters
are that country's. A Western code page is told by whether such bytes, where they touch letters, are letters themselves.
What is left is windows-1252.
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


# The letters of a country beyond ASCII, and the pages that hold them, the usual first: the bytes alone do not tell.
_CENTRAL = (("windows-1250", "cp1250"), ("ISO 8859-2", "iso8859-2"), ("code page 852", "cp852"))
_TURKISH = (("windows-1254", "cp1254"), ("code page 857", "cp857"))
_BALTIC = (("windows-1257", "cp1257"), ("code page 775", "cp775"))
_GREEK = "".join(map(chr, range(0x386, 0x3CF)))
_GREEK_PAGES = (("windows-1253", "cp1253"), ("ISO 8859-7", "iso8859-7"), ("code page 737", "cp737"))
_HEBREW = "".join(map(chr, range(0x5D0, 0x5EB)))
_ARABIC = "".join(map(chr, range(0x621, 0x64B)))
_OF_COUNTRY = {
    "PL": ("ąćęłńóśźż", _CENTRAL), "CZ": ("áčďéěíňóřšťúůýž", _CENTRAL), "SK": ("áäčďéíĺľňóôŕšťúýž", _CENTRAL),
    "HU": ("áéíóöőúüű", _CENTRAL), "RO": ("ăâîșțşţ", _CENTRAL), "HR": ("čćđšž", _CENTRAL), "SI": ("čšžćđ", _CENTRAL),
    "TR": ("çğıöşüâîûİ", _TURKISH), "LT": ("ąčęėįšųūž", _BALTIC), "LV": ("āčēģīķļņšūž", _BALTIC),
    "GR": (_GREEK, _GREEK_PAGES), "CY": (_GREEK, _GREEK_PAGES), "IL": (_HEBREW, (("windows-1255", "cp1255"),)),
    **dict.fromkeys(("SA", "AE", "EG", "KW", "QA", "BH", "JO", "OM", "IQ"), (_ARABIC, (("windows-1256", "cp1256"),))),
}  # fmt: skip
# What Polish banks fill an empty sub-field with.
_FILLER = b"\xff"
_COUNTRY_OF = {
    "PLN": "PL", "CZK": "CZ", "HUF": "HU", "RON": "RO", "HRK": "HR", "TRY": "TR", "ILS": "IL",
    "SAR": "SA", "AED": "AE", "EGP": "EG", "KWD": "KW", "QAR": "QA", "BHD": "BH", "JOD": "JO", "OMR": "OM",
}  # fmt: skip
_ACCOUNT = re.compile(rb"(?<![A-Za-z0-9])([A-Z]{2})[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4} ?[A-Z0-9]{3}")
_BALANCE = re.compile(rb":60[FM]?:[CD][0-9]{6}([A-Z]{3})")

# Quotes, dashes and marks of the windows pages that stand at a word's edge, and the apostrophe within.
_MARKS = "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022\u20ac\u2122\xab\xbb\xa7\xb0\xa9\xae"


def guessed(data: bytes) -> tuple[str, str]:
    """(the encoding's name for people, Python's) of bytes that are not UTF-8."""
    words = _WORD.findall(data)[:_SAMPLE]
    national = _national(data, words)
    if national is not None:
        return national
    runs = _sampled(data)
    total = sum(map(len, runs))
    in_words = sum(len(r) for r in runs if len(r) >= 3)
    if in_words * 2 > total:
        for name, codec, letters in _CYRILLIC:
            if all(letters.fullmatch(run) for run in runs):
                return name, codec
    if all(_HANZI.fullmatch(run) for run in runs) and _decodes(data, "gb18030"):
        return "GB 18030", "gb18030"
    for name, codec in _PAGES[:5]:
        if _decodes(data, codec) and all(_is_word(word, codec) for word in words):
            return name, codec
    return next((name, codec) for name, codec in _PAGES[5:] if _decodes(data, codec))


def _national(data: bytes, words: list[bytes]) -> tuple[str, str] | None:
    """The page in which every letter beyond ASCII is one of the country's that the file's account is in."""
    words = [word.strip(_FILLER) for word in words]
    for country in _countries(data):
        letters, pages = _OF_COUNTRY[country]
        known = {*letters, *letters.upper()}
        for name, codec in pages:
            if not (_decodes(data, codec) and all(_is_word(word, codec) for word in words)):
                continue
            beyond = {c for c in b" ".join(words).decode(codec) if not c.isascii() and c.isalpha()}
            if beyond and beyond <= known:
                return name, codec
    return None


def _countries(data: bytes) -> list[str]:
    """Where the first account and the first balance are, as far as these countries have letters of their own."""
    account, balance = _ACCOUNT.search(data), _BALANCE.search(data)
    told = [account[1].decode()] if account else []
    told += [_COUNTRY_OF.get(balance[1].decode(), "")] if balance else []
    return [country for country in told if country in _OF_COUNTRY]


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
