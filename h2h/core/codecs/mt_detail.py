"""What the parts of an entry's text are in the canonical entry, whatever form the text had.

SEPA's words (``EREF+``, ``SVWZ+``) stand in the notes to the payee, as the German banks write them (DFÜ agreement,
annex 3, chapter 8.2.6). What has no place of its own stays in ``additional_information``: nothing is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from h2h.core.model.statement import Entry, EntryDetail

# SWIFT breaks a text after 65 characters, wherever that is, and some banks count the tag; a shorter line ends where its
# writer wanted.
_FULL_LINE = 60
# A remittance sub-field has 27 characters; a full one goes on in the next without a blank.
FULL_SUBFIELD = 27

_SEPA = re.compile(
    r"(EREF|KREF|MREF|BREF|RREF|PREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|ANAM|IBAN|BIC|PURP|SQTP|ORCR|ORMR|DDAT)\+"
)
#: What stands in place of a reference where there is none, or where it stands in the text.
NO_REFERENCE = frozenset(("", "NONREF", "NOREF", "KREF+", "KREF", "EREF+", "EREF", "PREF", "MARF", "NONE"))


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


def joined(parts: Sequence[str]) -> str:
    """Parts of at most 27 characters as one text: a full one goes on in the next, a blank stands behind another."""
    text = ""
    for part in parts:
        if part and (whole := part.rstrip()):
            text += whole if len(whole) >= FULL_SUBFIELD else f"{whole} "
    return text


def read_remittance(entry: Entry, notes: list[str], name: str | None, account: str | None, posting: str) -> None:
    """The same where the parts stand in columns: notes to the payee, the other side, the posting text."""
    detail, rest = EntryDetail(), [posting] if posting else []
    account = notes_into(entry, detail, notes, rest) or account
    set_counterparty(entry, detail, name, account)
    if detail.remittance or detail.end_to_end_id or detail.instruction_id or name or account:
        finish(entry, detail, "")
    add_text(entry, " ".join(rest))


def notes_into(entry: Entry, detail: EntryDetail, notes: Sequence[str], rest: list[str]) -> str:
    """Lines of at most 27 characters; a full one goes on in the next. The account, if it stands there."""
    remittance = joined(notes)
    tokens = _SEPA.split(remittance)
    if len(tokens) > 1:
        return _sepa(entry, detail, tokens, rest)
    detail.remittance = remittance.strip()
    return ""


def _sepa(entry: Entry, detail: EntryDetail, tokens: list[str], rest: list[str]) -> str:
    """Words of SEPA in the remittance; the account, if it stands there."""
    following = iter(tokens)
    told, account = next(following).strip(), ""
    for word, value in zip(following, following, strict=True):
        value = value.strip()
        if not value:
            continue
        if word == "SVWZ":
            told = f"{told} {value}" if told else value
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
    detail.remittance = told
    return account


def finish(entry: Entry, detail: EntryDetail, reference: str) -> None:
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


def came_in(entry: Entry) -> bool:
    # What corrects a credit is a debit, and its other side is still the one who had paid.
    return (entry.credit_debit == "CRDT") is not entry.reversal


def set_counterparty(entry: Entry, detail: EntryDetail, name: str | None, account: str | None) -> None:
    if came_in(entry):
        detail.debtor_name, detail.debtor_account = name, account
    else:
        detail.creditor_name, detail.creditor_account = name, account


def add_code(entry: Entry, code: str, primanota: str = "") -> None:
    """Type, German code and Primanota, as the German banks write them in a camt (``NTRF+166+931``)."""
    made = f"{entry.bank_transaction_code}+{code}" if entry.bank_transaction_code else code
    primanota = primanota.strip()
    entry.bank_transaction_code = f"{made}+{primanota}" if primanota else made


def add_text(entry: Entry, text: str) -> None:
    if text:
        known = entry.additional_information
        entry.additional_information = f"{known} {text}" if known else text
