"""The text of an entry (:86:): sub-fields of the German banks, slash words, SEPA words, or free text.

The German banks' form is ``166?00GUTSCHRIFT?20EREF+…?32NAME`` (DFÜ agreement, annex 3, chapter 8): three digits say
what it is (Geschäftsvorfallcode), then sub-fields behind a sign that each bank chooses. Others write ``/EREF/…/REMI/``.
What has no place of its own in the canonical entry stays in ``additional_information``: nothing is dropped.
"""

from __future__ import annotations

import re
from itertools import pairwise

from h2h.core.model.statement import Entry, EntryDetail

# SWIFT breaks a text after 65 characters, wherever that is, and some banks count the tag; a shorter line ends where its
# writer wanted.
_FULL_LINE = 60
# A remittance sub-field has 27 characters; a full one goes on in the next without a blank.
_FULL_SUBFIELD = 27

_STRUCTURED = re.compile(r"([0-9]{3})\s?([^\w\s])(?=[01236][0-9])")
# The same without the German code, as banks of other countries write it: ``>20…>32…``; the name may come first.
_WITHOUT_CODE = re.compile(r"([^\w\s/:+-])(?=00|10|2[0-9])|([?~^<>])(?=3[0-9])")
# The German code before free text: ``999PN5477SCHECK-NR. 0000016703074``.
_AFTER_CODE = re.compile(r"PN[0-9]{4}|[A-Z_]{4}")
# What the German code list calls unstructured: free text follows at once (``999Kreuz & Co``).
_UNSTRUCTURED = re.compile(r"999[^\W\d]")
_SUBFIELDS = frozenset(f"{n:02}" for n in (*range(39), 60, 61, 62, 63, 70, 71))
_REMITTANCE = frozenset(f"{n:02}" for n in (*range(20, 30), 60, 61, 62, 63))
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_SEPA = re.compile(
    r"(EREF|KREF|MREF|BREF|RREF|PREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|ANAM|IBAN|BIC|PURP|SQTP|ORCR|ORMR|DDAT)\+"
)
_WORDS = re.compile(
    r"/(TRTP|IBAN|BBAN|BIC|NAME|REMI|EREF|PREF|KREF|IREF|UETR|MARF|CSID|ORDP|ORDR|BENM|BENF|CNTP|ULTB|ULTD|UDTR|UCRD|ISDT|RTRN"
    r"|PURP|CHGS|OCMT|EXCH|TRCD|SVCL|ACCW|ADDR|NRTX|PRDT|ACOC|OAMT|CRNM|DBNM|CACT|DACT|CBIC|DBIC|OPRP)/"
)
_IDS = frozenset(("EREF", "UETR", "PREF", "KREF"))
_OTHER_WORD = re.compile(r"\s+(/[A-Z]{3,4}/.*)")
# A SEPA direct debit or credit transfer that came back, by the German banks' code.
_RETURNS = frozenset(("108", "109", "159"))
#: What stands in place of a reference where there is none, or where it stands in the text.
NO_REFERENCE = frozenset(("", "NONREF", "NOREF", "KREF+", "KREF", "EREF+", "EREF", "PREF", "MARF", "NONE"))
# Whose name follows, or stands there: the one who orders and pays, or the one who gets it.
_ROLES = {"ORDP": "payer", "BENM": "payee"}
# The same as one word each, as American banks write them.
_NAMES = {"DBNM": "payer", "CRNM": "payee"}
_ACCOUNTS = {"DACT": "payer", "CACT": "payee"}
# A sub-field without content, which Polish banks fill with the byte FF.
_FILLERS = frozenset(("\xff", "\u02d9", "\xa0"))
_WORD_OF = {role: word for word, role in _ROLES.items()}
_STOPPED = re.compile(r"(?:USTD|STRD)/{1,2}")


def unfolded(text: str) -> str:
    """The lines of a text as one: hard breaks vanish, the writer's own become a blank."""
    if "\n" not in text:
        return text.strip()
    lines = [line for line in text.split("\n") if line]
    if not lines:
        return ""
    parts = [lines[0]]
    for before, line in pairwise(lines):
        if len(before) < _FULL_LINE and not before.endswith(" "):
            parts.append(" ")
        parts.append(line)
    return "".join(parts).strip()


def describe(entry: Entry, text: str, reference: str) -> None:
    """Put into *entry* what its text says; *reference* is the account owner's of the :61: line ("" if none)."""
    text = text.lstrip()
    sign = structured_by(text)
    if sign:
        _german(entry, text, text[:3] if text[:3].isdigit() else "", sign, reference)
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
        _add_code(entry, code)
        plain = plain[3:]
    add_text(entry, plain)
    if reference:
        entry.details = [EntryDetail(end_to_end_id=reference)]


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


def _german(entry: Entry, text: str, code: str, sign: str, reference: str) -> None:
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
    if code:
        _add_code(entry, code, get("10", ""))
    detail = EntryDetail()
    account = get(account_in, "").strip()
    more_name = get("33", "")
    if not account and _IBAN.fullmatch(more_name.strip()):
        account, more_name = more_name.strip(), ""
    name = joined([get("32", ""), more_name])
    posting = get("00", "").strip()
    account = _notes(entry, detail, notes, rest) or account
    _set_counterparty(entry, detail, name.strip() or None, account or None)
    if code in _RETURNS:
        detail.returned = True
    _finish(entry, detail, reference)
    add_text(entry, " ".join((posting, *rest)) if rest else posting)


def _in_one(text: str, sign: str) -> str:
    """The lines of a text in sub-fields as one: broken everywhere at one width, they were cut, not ended."""
    text = text.replace(f"{sign}\n", sign)
    lines = text.split("\n")
    width = len(lines[1]) if len(lines) > 2 else 0
    cut = width > _FULL_SUBFIELD and {*map(len, lines[1:-1])} == {width} and len(lines[0]) in (width, width - 4)
    return "".join(lines) if cut else unfolded(text)


def read_remittance(entry: Entry, notes: list[str], name: str | None, account: str | None, posting: str) -> None:
    """The same where the parts stand in columns: notes to the payee, the other side, the posting text."""
    detail, rest = EntryDetail(), [posting] if posting else []
    account = _notes(entry, detail, notes, rest) or account
    _set_counterparty(entry, detail, name, account)
    if detail.remittance or detail.end_to_end_id or detail.instruction_id or name or account:
        _finish(entry, detail, "")
    add_text(entry, " ".join(rest))


def joined(parts: list[str]) -> str:
    """Parts of at most 27 characters as one text: a full one goes on in the next, a blank stands behind another."""
    text = ""
    for part in parts:
        whole = part.rstrip()
        if not whole:
            continue
        text += whole if len(whole) >= _FULL_SUBFIELD else f"{whole} "
    return text


def _notes(entry: Entry, detail: EntryDetail, notes: list[str], rest: list[str]) -> str:
    """Lines of at most 27 characters; a full one goes on in the next. The account, if it stands there."""
    remittance = joined(notes)
    tokens = _SEPA.split(remittance)
    if len(tokens) > 1:
        return _sepa(entry, detail, tokens, rest)
    detail.remittance = remittance.strip()
    return ""


def _sepa(entry: Entry, detail: EntryDetail, tokens: list[str], rest: list[str]) -> str:
    """Words of SEPA in the remittance; the account, if it stands there."""
    detail.remittance = tokens[0].strip()
    account = ""
    for word, value in zip(tokens[1::2], tokens[2::2], strict=True):
        value = value.strip()
        if not value:
            continue
        if word == "SVWZ":
            detail.remittance = f"{detail.remittance} {value}" if detail.remittance else value
        elif word == "EREF":
            detail.end_to_end_id = value
        elif word == "KREF":
            detail.instruction_id = value
        elif word == "PREF":
            detail.payment_information_id = value
        elif word == "BREF" and not entry.account_servicer_reference:
            entry.account_servicer_reference = value
        elif word == "IBAN":
            account = value.split(" ", 1)[0]
        else:
            rest.append(f"{word}+{value}")
    return account


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
    other = "payer" if _came_in(entry) else "payee"
    name = names.pop("", None) or names.pop(other, None)
    rest += [f"/{_WORD_OF[role]}/{own}" for role, own in names.items() if role]
    account = account or accounts.pop(other, None)
    rest += [f"/{word}/{accounts[role]}" for word, role in _ACCOUNTS.items() if role in accounts]
    _set_counterparty(entry, detail, name, account)
    _finish(entry, detail, reference)
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


def _finish(entry: Entry, detail: EntryDetail, reference: str) -> None:
    """Which id the entry is known by; a booking of a whole instruction has no transaction of its own."""
    if detail.end_to_end_id is None and reference:
        detail.end_to_end_id = reference
    batch = detail.payment_information_id or detail.instruction_id
    other = detail.creditor_name or detail.debtor_name or detail.creditor_account or detail.debtor_account
    if batch and not detail.end_to_end_id and not other:
        entry.batch_payment_information_id = batch
        add_text(entry, detail.remittance)
        return
    entry.details = [detail]


def _came_in(entry: Entry) -> bool:
    # What corrects a credit is a debit, and its other side is still the one who had paid.
    return (entry.credit_debit == "CRDT") is not entry.reversal


def _set_counterparty(entry: Entry, detail: EntryDetail, name: str | None, account: str | None) -> None:
    if _came_in(entry):
        detail.debtor_name, detail.debtor_account = name, account
    else:
        detail.creditor_name, detail.creditor_account = name, account


def _add_code(entry: Entry, code: str, primanota: str = "") -> None:
    """Type, German code and Primanota, as the German banks write them in a camt (``NTRF+166+931``)."""
    made = f"{entry.bank_transaction_code}+{code}" if entry.bank_transaction_code else code
    entry.bank_transaction_code = f"{made}+{primanota.strip()}" if primanota else made


def add_text(entry: Entry, text: str) -> None:
    if text:
        known = entry.additional_information
        entry.additional_information = f"{known} {text}" if known else text
