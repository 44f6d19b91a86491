"""The text of an entry (:86:): sub-fields of the German banks, slash words (``/EREF/…/REMI/``), or free text.

What has no place of its own in the canonical entry stays in ``additional_information``: nothing is dropped.
"""

from __future__ import annotations

import re

from h2h.core.codecs.mt_detail import add_code, add_text, came_in, finish, set_counterparty, unfolded
from h2h.core.codecs.mt_german import from_sub_fields
from h2h.core.model.statement import Entry, EntryDetail

# The German code before free text: ``999PN5477SCHECK-NR. 0000016703074``.
_AFTER_CODE = re.compile(r"PN[0-9]{4}|[A-Z_]{4}")
# What the German code list calls unstructured: free text follows at once (``999Kreuz & Co``).
_UNSTRUCTURED = re.compile(r"999[^\W\d]")
_WORDS = re.compile(
    r"/(TRTP|IBAN|BBAN|BIC|NAME|REMI|EREF|PREF|KREF|IREF|UETR|MARF|CSID|ORDP|ORDR|BENM|BENF|CNTP|ULTB|ULTD|UDTR|UCRD|ISDT|RTRN"
    r"|PURP|CHGS|OCMT|EXCH|TRCD|SVCL|ACCW|ADDR|NRTX|PRDT|ACOC|OAMT|CRNM|DBNM|CACT|DACT|CBIC|DBIC|OPRP)/"
)
_IDS = frozenset(("EREF", "UETR", "PREF", "KREF"))
_OTHER_WORD = re.compile(r"\s+(/[A-Z]{3,4}/.*)")
# Whose name follows, or stands there: the one who orders and pays, or the one who gets it.
_ROLES = {"ORDP": "payer", "BENM": "payee"}
# The same as one word each, as American banks write them.
_NAMES = {"DBNM": "payer", "CRNM": "payee"}
_ACCOUNTS = {"DACT": "payer", "CACT": "payee"}
_WORD_OF = {role: word for word, role in _ROLES.items()}
_STOPPED = re.compile(r"(?:USTD|STRD)/{1,2}")


def describe(entry: Entry, text: str, reference: str) -> None:
    """Put into *entry* what its text says; *reference* is the account owner's of the :61: line ("" if none)."""
    text = text.lstrip()
    if from_sub_fields(entry, text, reference):
        return
    plain = unfolded(text)
    if "/" in plain and (words := _WORDS.split(plain)) and len(words) > 1 and (len(words) > 3 or not words[0]):
        _slashes(entry, words, reference)
        return
    code = plain[:3]
    if (
        code.isascii()
        and code.isdigit()
        and (len(plain) == 3 or _AFTER_CODE.match(plain, 3) or _UNSTRUCTURED.match(plain))
    ):
        add_code(entry, code)
        plain = plain[3:]
    add_text(entry, plain)
    if reference:
        entry.details = [EntryDetail(end_to_end_id=reference)]


def _slashes(entry: Entry, words: list[str], reference: str) -> None:
    detail = EntryDetail()
    rest = [words[0]] if words[0] else []
    account = None
    names: dict[str, str] = {}
    accounts: dict[str, str] = {}
    role = ""
    for word, value in zip(words[1::2], words[2::2], strict=True):
        value = value.strip().strip("/").strip()
        role = _ROLES.get(word, role)
        if word == "REMI":
            value = _STOPPED.sub("", value, count=1)
            detail.remittance = f"{detail.remittance} {value}" if detail.remittance else value
        elif not value:
            continue
        elif word in _IDS:
            _set_id(detail, word, value, rest)
        elif word == "RTRN":
            detail.returned, detail.return_reason = True, value[:4]
        elif word in ("IBAN", "BBAN"):
            account = account or value
        elif word == "NAME" or word in _ROLES:
            names.setdefault(role, value)
        elif word in _NAMES or word in _ACCOUNTS:
            (names if word in _NAMES else accounts).setdefault(_NAMES.get(word) or _ACCOUNTS[word], value)
        elif word == "CNTP":
            # Account, bank, name and town of the other side, in this order.
            given = [v.strip() for v in value.split("/")]
            account = account or given[0] or None
            if len(given) > 2 and given[2]:
                names.setdefault("", given[2])
        else:
            rest.append(f"/{word}/{value}")
    other = "payer" if came_in(entry) else "payee"
    name = names.pop("", None) or names.pop(other, None)
    rest += [f"/{_WORD_OF[role]}/{own}" for role, own in names.items() if role]
    account = account or accounts.pop(other, None)
    rest += [f"/{word}/{accounts[role]}" for word, role in _ACCOUNTS.items() if role in accounts]
    set_counterparty(entry, detail, name, account)
    finish(entry, detail, reference)
    add_text(entry, " ".join(rest))


def _set_id(detail: EntryDetail, word: str, value: str, rest: list[str]) -> None:
    """An id; a word that h2h does not know may stand behind it, and none holds a blank before a slash word."""
    other = _OTHER_WORD.search(value)
    if other is not None:
        value = value[: other.start()]
        rest.append(other[1])
    if word == "EREF":
        detail.end_to_end_id = value
    elif word == "UETR":
        detail.uetr = value.lower()
    else:
        detail.payment_information_id = value
