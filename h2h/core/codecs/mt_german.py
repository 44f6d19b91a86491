"""The sub-fields of a German bank's text (:86:), and of those that write as it does.

The form is ``166?00GUTSCHRIFT?20EREF+…?32NAME`` (DFÜ agreement, annex 3, chapter 8): three digits say what it is
(Geschäftsvorfallcode), then sub-fields behind a sign that each bank chooses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from h2h.core.codecs.mt_detail import (
    FULL_SUBFIELD,
    add_code,
    add_text,
    finish,
    joined,
    notes_into,
    set_counterparty,
    unfolded,
)
from h2h.core.model.statement import Entry, EntryDetail

# Only the last of these lines is not full.
_FULL_LINES = re.compile(r"(?:.{60,}+\n)*+.*+")
_STRUCTURED = re.compile(r"([0-9]{3})\s?([^\w\s])(?=[01236][0-9])")
# The same without the German code, as banks of other countries write it: ``>20…>32…``; the name may come first.
_WITHOUT_CODE = re.compile(r"([^\w\s/:+-])(?=00|10|2[0-9])|([?~^<>])(?=3[0-9])")
_SUBFIELDS = frozenset(f"{n:02}" for n in (*range(39), 60, 61, 62, 63, 70, 71))
_REMITTANCE = frozenset(f"{n:02}" for n in (*range(20, 30), 60, 61, 62, 63))
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
# A SEPA direct debit or credit transfer that came back, by the German banks' code.
_RETURNS = frozenset(("108", "109", "159"))
# A sub-field without content, which Polish banks fill with the byte FF.
_FILLERS = frozenset(("\xff", "\u02d9", "\xa0"))
# Most texts: code, posting text, Primanota, notes, bank, account, name, its second line, key of the text.
_USUAL = re.compile(r"([0-9]{3})\?00([^?]*+)" + "".join(rf"(?:\?{key}([^?]*+))?+" for key in (10, *range(20, 35))))


def from_sub_fields(entry: Entry, text: str, reference: str) -> bool:
    """Put into *entry* what the sub-fields of *text* say; False, and nothing is put, if it has none."""
    if text.startswith("?00", 3) and _usual(entry, _in_one(text, "?"), reference):
        return True
    sign = structured_by(text)
    if sign:
        _any(entry, text, text[:3] if text[:3].isdigit() else "", sign, reference)
    return bool(sign)


def structured_by(text: str) -> str:
    """The sign before each of a German bank's sub-fields, or "" if the text is not of that form.

    A sign other than the usual could stand in free text by chance: there, two sub-fields must follow.
    """
    found = _STRUCTURED.match(text)
    code = found is not None
    found = found or _WITHOUT_CODE.match(text)
    if found is None:
        return ""
    sign = found[found.lastindex or 1]
    parts = text.split(sign)[1:]
    sure = (code and sign == "?") or sum(part.lstrip("\n")[:2] in _SUBFIELDS for part in parts) > 1
    return sign if sure else ""


def _usual(entry: Entry, text: str, reference: str) -> bool:
    """The sub-fields of most texts, in the order of most; False, and nothing is put, if *text* has others or another.

    It says what ``_any`` says of the same text. A statement may have a hundred thousand of them, and one expression
    finds the parts in a fraction of the time.
    """
    found = _USUAL.fullmatch(text)
    if found is None or not (text.isascii() or _FILLERS.isdisjoint(text)):
        return False
    parts = found.groups("")
    code, posting, primanota = parts[:3]
    bank, account, name, more_name, key = parts[13:]
    rest = []
    if bank and (told := bank.strip()):
        rest.append(f"?30{told}")
    if key and (told := key.strip()):
        rest.append(f"?34{told}")
    add_code(entry, code, primanota)
    _put(entry, code, posting, parts[3:13], account, [name, more_name], rest, reference)
    return True


def _any(entry: Entry, text: str, code: str, sign: str, reference: str) -> None:
    """The same for sub-fields in any order, some of them foreign, repeated or filled up."""
    fields: dict[str, str] = {}
    before = ""
    for part in _in_one(text, sign)[len(code) :].split(sign):
        key = part[:2]
        if part[2:].strip() in _FILLERS:
            part = key
        if key in _SUBFIELDS or (key.isdigit() and before and before not in _REMITTANCE):
            # A sub-field that repeats goes on.
            fields[key] = fields.get(key, "") + part[2:]
            before = key
        elif before:
            fields[before] += sign + part
    get = fields.get
    account_in = "38" if _IBAN.fullmatch(get("38", "").strip()) or not get("31", "").strip() else "31"
    notes, rest = [], []
    for key, value in fields.items():
        if key in _REMITTANCE:
            notes.append(value)
        elif key not in ("00", "10" if code else "00", "32", "33", account_in) and value.strip():
            rest.append(f"{sign}{key}{value.strip()}")
    names = [get("32", ""), get("33", "")]
    if code:
        add_code(entry, code, get("10", ""))
    _put(entry, code, get("00", ""), notes, get(account_in, ""), names, rest, reference)


def _put(
    entry: Entry,
    code: str,
    posting: str,
    notes: Sequence[str],
    account: str,
    names: list[str],
    rest: list[str],
    reference: str,
) -> None:
    """What the sub-fields hold, into *entry*; *rest* is what has no place of its own."""
    detail = EntryDetail()
    account = account.strip()
    if not account and _IBAN.fullmatch(names[1].strip()):
        account = names.pop().strip()
    account = notes_into(entry, detail, notes, rest) or account
    set_counterparty(entry, detail, joined(names).strip() or None, account or None)
    if code in _RETURNS:
        detail.returned = True
    finish(entry, detail, reference)
    posting = posting.strip()
    add_text(entry, " ".join((posting, *rest)) if rest else posting)


def _in_one(text: str, sign: str) -> str:
    """The lines of a text in sub-fields as one: broken everywhere at one width, they were cut, not ended."""
    text = text.replace(f"{sign}\n", sign)
    if _FULL_LINES.fullmatch(text):
        return text.replace("\n", "").rstrip()
    lines = text.split("\n")
    width = len(lines[1]) if len(lines) > 2 else 0
    cut = width > FULL_SUBFIELD and {*map(len, lines[1:-1])} == {width} and len(lines[0]) in (width, width - 4)
    return "".join(lines) if cut else unfolded(text)
