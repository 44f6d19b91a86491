"""A statement as the forms of one line an entry see it: MT940, MultiCash. What they cannot carry is refused or told.

Amounts, dates, directions and balances are carried exactly or the statement is refused; texts and references for which
a form has no field are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from h2h.core.charset import Repertoire
from h2h.core.erp.options import LineOptions
from h2h.core.erp.told import Told
from h2h.core.findings import WhoActs
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement

#: Gives a statement's entries. Whoever writes asks once for each statement, in order, and takes them all.
Entries = Callable[[Statement], Iterable[Entry]]
_NUMBER_MAX = 99_999
#: The words that begin a part of a German remittance; in a text they must not be read as such.
SEPA_WORD = re.compile(
    "(EREF|KREF|MREF|BREF|RREF|PREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|ANAM|IBAN|BIC|PURP|SQTP|ORCR|ORMR|DDAT)[+]"
)


@dataclass(frozen=True, slots=True)
class Stated:
    """What the head of a statement must say, and says."""

    where: str
    account: str
    number: int
    currency: str
    opening: Balance
    closing: Balance
    closing_day: date


@dataclass(frozen=True, slots=True)
class Line:
    """One entry. ``text`` says what it is for; ``detail`` is empty unless there is just one transaction behind it."""

    where: str
    entry: Entry
    detail: EntryDetail
    value_date: date
    name: str
    account: str
    text: str


def stated(statement: Statement, where: str, options: LineOptions, told: Told) -> Stated:
    """The head; ``Refused`` if it lacks something, or if it is no statement of the end of a day."""
    if statement.kind != "statement":
        raise told.refuse(
            "H2H-KIND", where, f"this is a {statement.kind}; {told.form} carries statements of a day's end"
        )
    if statement.continues:
        raise told.refuse("H2H-NO-PLACE", where, "this page goes on from one that is not in the file", WhoActs.BANK)
    account, opening, closing = statement.account.number, statement.opening, statement.closing
    if not account:
        raise told.refuse("H2H-MISSING", f"{where}/Acct", "there is no account number", WhoActs.BANK)
    if opening is None or closing is None:
        what = "opening" if opening is None else "closing"
        raise told.refuse("H2H-MISSING", f"{where}/Bal", f"there is no {what} balance", WhoActs.BANK)
    if opening.date is None or closing.date is None:
        raise told.refuse("H2H-MISSING", f"{where}/Bal/Dt", "a balance has no date", WhoActs.BANK)
    if opening.currency != closing.currency:
        raise told.refuse("H2H-NO-PLACE", f"{where}/Bal", "the balances are in two currencies")
    number = _number(statement, where, closing.date, options, told)
    if statement.account_owner and told.form == "MT940":
        told.left_out(where, "the owner's name")
    return Stated(where, account, number, opening.currency, opening, closing, closing.date)


def _number(statement: Statement, where: str, day: date, options: LineOptions, told: Told) -> int:
    """The number of the statement; made of the day only where the site says so."""
    if options.statement_number == "day-of-year":
        return day.year % 100 * 1000 + day.timetuple().tm_yday
    number = statement.electronic_sequence_number
    number = statement.legal_sequence_number if number is None else number
    if number is None:
        text = "the bank gives the statement no number; statement_number = 'day-of-year' makes one of the day"
        raise told.refuse("H2H-MISSING", f"{where}/ElctrncSeqNb", text)
    if number != int(number) or not 0 <= number <= _NUMBER_MAX:
        raise told.refuse("H2H-NO-PLACE", f"{where}/ElctrncSeqNb", f"{number} has more than five digits")
    return int(number)


def own_entries(statement: Statement) -> Iterable[Entry]:
    """Those of a statement that is held whole."""
    return statement.entries


def lines_of(entries: Iterable[Entry], head: Stated, options: LineOptions, told: Told) -> Iterator[Line]:
    """A statement's entries; ``Refused`` for one that is not booked, in another currency, or without a value date."""
    for number, entry in enumerate(entries, 1):
        where = f"{head.where}/Ntry[{number}]"
        if entry.status not in (None, "BOOK"):
            raise told.refuse("H2H-NO-PLACE", f"{where}/Sts", f"an entry that is not booked ({entry.status})")
        if entry.currency != head.currency:
            raise told.refuse("H2H-NO-PLACE", f"{where}/Amt", f"an entry in {entry.currency}, not in {head.currency}")
        if entry.amount < 0 or not entry.amount.is_finite():
            raise told.refuse("H2H-VALUE", f"{where}/Amt", f"{entry.amount} is no amount", WhoActs.BANK)
        value = entry.value_date
        if value is None and options.value_date_missing == "booking-date":
            value = entry.booking_date
        if value is None:
            text = "there is no value date; value_date_missing = 'booking-date' takes the booking's"
            raise told.refuse("H2H-MISSING", f"{where}/ValDt", text, WhoActs.BANK)
        yield _line(where, entry, value, told)


def _line(where: str, entry: Entry, value: date, told: Told) -> Line:
    details = entry.details
    if len(details) > 1:
        told.left_out(where, "the transactions behind a booking of several")
    detail = details[0] if len(details) == 1 else EntryDetail()
    # What corrects a credit is a debit, and its other side is still the one who had paid.
    incoming = (entry.credit_debit == "CRDT") is not entry.reversal
    name = detail.debtor_name if incoming else detail.creditor_name
    account = detail.debtor_account if incoming else detail.creditor_account
    if detail.amount is not None and (detail.amount, detail.currency or entry.currency) != (
        entry.amount,
        entry.currency,
    ):
        told.left_out(where, "the amount of the transaction, where the booking has another")
    text = detail.remittance
    if detail.creditor_reference and detail.creditor_reference not in text:
        text = f"{text} {detail.creditor_reference}".strip()
    if entry.entry_reference:
        told.left_out(where, "the entry's own reference (NtryRef)")
    for what, held in (("the message id (MsgId)", detail.message_id), ("the text of a return", detail.return_text)):
        if held:
            told.left_out(where, what)
    return Line(where, entry, detail, value, name or "", account or "", text)


class Speller:
    """Texts in the characters that a form may hold, on one line."""

    def __init__(self, options: LineOptions, told: Told) -> None:
        self._repertoire = Repertoire(options.charset)
        self._transliterates = options.on_charset == "transliterate"
        self._shortens = options.long_texts == "shorten"
        self._told = told
        self.encoding = {"sepa": "ascii"}.get(options.charset, options.charset)

    def spelled(self, text: str, where: str) -> str:
        """The text; a character without a spelling becomes a dot, and that is told, or is ``Refused``.

        Anybody who pays us writes such texts: one odd character must not keep a whole statement from the ERP.
        """
        text = " ".join(text.split())
        if self._transliterates:
            text = self._repertoire.transliterated(text)
        faults = self._repertoire.faults(text)
        if faults and not self._transliterates:
            raise self._told.refuse("H2H-CHARACTER", where, f"{self._told.form} cannot hold {faults[0]}: {text[:40]!r}")
        for fault in faults:
            text = f"{text[: fault.position - 1]}.{text[fault.position :]}"
            self._told.altered(where, "a character that the form cannot hold")
        return text

    def exact(self, text: str, length_max: int, where: str, what: str) -> str:
        """What must stand there as it is, or ``Refused``."""
        if self._repertoire.faults(text) or len(text) > length_max:
            raise self._told.refuse("H2H-NO-PLACE", where, f"{what} {text!r} cannot be written in {self._told.form}")
        return text

    def harmless(self, structure: re.Pattern[str], instead: str, text: str, where: str) -> str:
        """The text without what would be read as structure."""
        made = structure.sub(instead, text)
        if made != text:
            self._told.altered(where, "what a text holds and would be read as structure")
        return made

    def whole(self, text: str, length_max: int, where: str, what: str) -> str:
        """The text if it fits; else nothing of it, because half of it would say something else, and that is told."""
        if len(text) <= length_max:
            return text
        self._told.left_out(where, what)
        return ""

    def fitting(self, text: str, length_max: int, where: str, what: str) -> str:
        """The spelled text if it is not too long; else it is shortened and that is told, or ``Refused``."""
        text = self.spelled(text, where)
        if len(text) <= length_max:
            return text
        if not self._shortens:
            told = (
                f"{what} has {len(text)} characters, and {length_max} fit; long_texts = 'shorten' leaves the rest out"
            )
            raise self._told.refuse("H2H-TOO-LONG", where, told)
        self._told.left_out(where, f"the end of {what}")
        return text[:length_max].rstrip()


def sepa_words(line: Line) -> Iterator[tuple[str, str]]:
    """(EREF, end-to-end id) … (SVWZ, what it is for): the words of the German banks, in their order."""
    words = (
        ("EREF", line.detail.end_to_end_id),
        ("KREF", line.detail.instruction_id),
        ("PREF", line.detail.payment_information_id or line.entry.batch_payment_information_id),
        ("SVWZ", line.text),
    )
    return ((word, value) for word, value in words if value)


def pieces(text: str, length: int) -> list[str]:
    """Pieces of so many characters; one that ends at a blank is shorter, and readers set the blank again."""
    made = []
    while len(text) > length:
        made.append(text[: length - 1] if text[length - 1] == " " else text[:length])
        text = text[length:]
    return [*made, text] if text else made


def plain(amount: Decimal) -> str:
    """The amount without exponent, all its decimals."""
    return format(amount, "f")
