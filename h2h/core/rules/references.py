"""Ids and references: uniqueness, shape, check digits."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from typing import Protocol

from h2h.core.model.payment import CreditTransfer
from h2h.core.rules.accounts import mod_97
from h2h.core.rules.judge import shown
from h2h.core.rules.terms import Terms

#: What every bank passes on unchanged in an id (EPC217-08, section 6.2).
_ID = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]+")
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_RF = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")
_QR_REFERENCE = re.compile(r"[0-9]{27}")
_MOD_10_RECURSIVE = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
ID_MAX = 35
#: ISO 20022 and the EPC write this where there is no reference.
NOT_PROVIDED = "NOTPROVIDED"


Kept = str | int


class Ids(Protocol):
    """The ids and payments of one file, looked at for what is there twice."""

    def again(self, kind: str, value: Kept, number: int) -> str | None:
        """Where *value* was before, in words; None at its first time."""

    def is_new(self, end_to_end_id: str, payment: int) -> bool:
        """False if one of them may have been there before: then ``again`` must be asked."""


class Seen:
    """Ids of one file, and where each was first; *unit* is what the numbers count: ``line`` or ``payment``.

    *only*: the marks of what may be there twice (``Marks.repeated``); the rest is not kept.
    """

    def __init__(self, unit: str, only: Mapping[str, frozenset[int]] | None = None) -> None:
        self._unit = unit
        self._only = only
        self._first: defaultdict[str, dict[Kept, int]] = defaultdict(dict)

    def again(self, kind: str, value: Kept, number: int) -> str | None:
        """Where *value* was before, in words; None at its first time."""
        if self._only is not None and hash(value) not in self._only.get(kind, ()):
            return None
        first = self._first[kind].setdefault(value, number)
        return None if first == number else f"{self._unit} {first}"

    def is_new(self, end_to_end_id: str, payment: int) -> bool:
        """False if one of them may have been there before: then ``again`` must be asked."""
        if self._only is None:
            return False
        return not (
            hash(end_to_end_id) in self._only.get("end_to_end_id", ()) or hash(payment) in self._only.get("payment", ())
        )


class Marks:
    """What stands for the ids of one file in eight bytes each, so that a million of them take little memory.

    It never says that something was there before: whether something may have been is known at the end. Only then is the
    file looked at again, with ``Seen``.
    """

    def __init__(self) -> None:
        self._of: defaultdict[str, array[int]] = defaultdict(partial(array, "q"))
        # Apart: arrays that grow by turns leave holes in the memory, as large as they are.
        self._added: defaultdict[str, list[array[int]]] = defaultdict(list)
        self._add_id = self._of["end_to_end_id"].append
        self._add_payment = self._of["payment"].append

    def again(self, kind: str, value: Kept, number: int) -> str | None:
        """None."""
        self._of[kind].append(hash(value))
        return None

    def is_new(self, end_to_end_id: str, payment: int) -> bool:
        """True, as far as is known yet."""
        self._add_id(hash(end_to_end_id))
        self._add_payment(hash(payment))
        return True

    def as_bytes(self) -> dict[str, bytes]:
        """All marks by kind, for another process that has the same hash seed."""
        return {kind: marks.tobytes() for kind, marks in self._of.items()}

    def add_bytes(self, kind: str, marks: bytes) -> None:
        """Marks that another process has made."""
        added = array("q")
        added.frombytes(marks)
        self._added[kind].append(added)

    def forget(self) -> None:
        """Give the memory back: whether something was there twice is known."""
        for marks in self._of.values():
            del marks[:]
        self._added.clear()

    def repeated(self) -> dict[str, frozenset[int]]:
        """The marks that are there more than once, by kind; empty as a rule."""
        kinds = {**self._of, **self._added}
        found = {kind: _repeated([self._of[kind], *self._added[kind]]) for kind in kinds}
        return {kind: marks for kind, marks in found.items() if marks}


def _repeated(pieces: list[array[int]]) -> frozenset[int]:
    """A part of the marks at a time: a set of a million would take more memory than all else."""
    count = sum(map(len, pieces))
    parts = count // _MARKS_AT_A_TIME + 1
    if parts == 1 and len(set().union(*pieces)) == count:
        return frozenset()
    found: set[int] = set()
    for part in range(parts):
        own = sorted([mark for marks in pieces for mark in marks if mark % parts == part])
        found.update(mark for mark, following in pairwise(own) if mark == following)
    return frozenset(found)


_MARKS_AT_A_TIME = 1 << 17


# Field → the reason code of its being there twice.
_TWICE = {"end_to_end_id": "DU04", "instruction_id": "DU05", "payment_information_id": "DU02"}


def check_id(field: str, value: str, terms: Terms, *, seen: Ids | None = None, number: int = 0) -> bool:
    """An id of at most 35 characters that every bank passes on, without odd slashes, once in the file.

    False if it stood in the file before.
    """
    judge = terms.judge
    if len(value) > ID_MAX:
        judge.found("H2H-LENGTH", field, f"{shown(value)} has {len(value)} characters, an id has at most {ID_MAX}")
    if not _ID.fullmatch(value):
        odd = next((c for c in value if not _ID.fullmatch(c)), " ")
        judge.found("H2H-ID", field, f"{shown(value)} holds {shown(odd)}; ids are never changed, so it is refused")
    elif value.startswith("/") or value.endswith("/") or "//" in value:
        # EPC217-08, section 6.2: banks on older rails read these as separators.
        judge.found("H2H-ID", field, f"{shown(value)} begins or ends with a slash, or has two in a row")
    if seen is not None and value != NOT_PROVIDED:
        before = seen.again(field, value, number)
        if before is not None:
            judge.found("H2H-DUPLICATE-ID", field, f"{shown(value)} is in {before} already", reason=_TWICE[field])
            return False
    return True


def check_uetr(value: str, terms: Terms, seen: Ids, number: int) -> None:
    """A UUID version 4 in small letters (ISO 20022 UUIDv4Identifier), once in the file."""
    if not _UUID4.fullmatch(value):
        terms.judge.found("H2H-UETR", "uetr", f"{shown(value)} is no UUID version 4 in small letters")
    before = seen.again("uetr", value, number)
    if before is not None:
        terms.judge.found("H2H-DUPLICATE-ID", "uetr", f"{value} is in {before} already", reason="DU03")


def check_creditor_reference(t: CreditTransfer, terms: Terms) -> None:
    """ISO 11649 (RF) and Swiss QR references have good check digits and stand with the right kind of account."""
    reference, kind, judge = t.creditor_reference, t.creditor_reference_type, terms.judge
    iban = t.creditor_account.iban if t.creditor_account else None
    qr_account = is_qr_iban(iban)
    field = "creditor_reference"
    if reference is None:
        if qr_account:
            judge.found("H2H-REFERENCE", field, "the account is a QR-IBAN; it needs a QR reference of 27 digits")
        return
    if reference.startswith("RF"):
        if not _RF.fullmatch(reference) or mod_97(reference[4:] + reference[:4]) != 1:
            judge.found("H2H-REFERENCE", field, f"{shown(reference)} is no RF reference: wrong shape or check digits")
        elif qr_account:
            judge.found("H2H-REFERENCE", field, "a QR-IBAN takes a QR reference, not an RF reference")
    elif kind == "QRR" or qr_account:
        if not _QR_REFERENCE.fullmatch(reference) or not good_qr_digit(reference):
            judge.found(
                "H2H-REFERENCE", field, f"{shown(reference)} is no QR reference: 27 digits, the last a check digit"
            )
        elif not qr_account:
            judge.found("H2H-REFERENCE", field, "a QR reference needs a QR-IBAN as the payee's account")
    if terms.sepa and kind not in (None, "SCOR"):
        judge.found("H2H-SCHEME", field, f"SEPA takes references of type SCOR, not {kind}", reason="RR09")


def is_qr_iban(iban: str | None) -> bool:
    """Swiss and Liechtenstein accounts whose bank number is 30000 to 31999 take QR references only."""
    return iban is not None and re.fullmatch("(CH|LI)..3[01][0-9]{3}.*", iban) is not None


def good_qr_digit(reference: str) -> bool:
    """Modulo 10, recursive: the check digit of Swiss references (Swiss Payment Standards, annex B)."""
    carry = 0
    for digit in reference[:-1]:
        carry = _MOD_10_RECURSIVE[(carry + int(digit)) % 10]
    return (10 - carry) % 10 == int(reference[-1])
