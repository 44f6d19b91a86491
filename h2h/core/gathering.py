"""Rows of a delimited file, sorted into instructions, checked, and kept until they are written.

Payments that agree in all instruction fields and in currency share an instruction, in the order of first appearance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate
from operator import itemgetter

from h2h.core import naming
from h2h.core.codecs.assemble import Assembler
from h2h.core.codecs.cells import Unreadable
from h2h.core.codecs.collecting import CollectionAssembler
from h2h.core.codecs.delimited import Row, forms_of
from h2h.core.codecs.fields import FIELDS, TRANSACTION_FIELDS, Kind, canonical_name, field_names
from h2h.core.codecs.layout import Layout, Values, required_of
from h2h.core.codecs.spool import HELD_MAX, Scratch, Spool
from h2h.core.declared import Delimited
from h2h.core.model.payment import CreditTransfer, PaymentInstruction
from h2h.core.rules.accounts import why_no_iban
from h2h.core.rules.collection import check_collecting, check_collection
from h2h.core.rules.judge import Judge, shown
from h2h.core.rules.payment import Plain, check_instruction, check_plain, check_transfer, check_transfer_texts
from h2h.core.rules.references import NOT_PROVIDED, Seen
from h2h.core.rules.terms import Terms


@dataclass(slots=True)
class Group:
    """One instruction, with what its payments add up to; all are in one currency."""

    instruction: PaymentInstruction
    currency: str
    count: int = 0
    total: Decimal = Decimal(0)


class Gathering:
    """One file's rows: ``take`` them all, then read ``transfers`` as often as needed until ``spool`` is closed."""

    def __init__(self, delimited: Delimited, terms: Terms, message_id: str, scratch: Scratch) -> None:
        self.groups: list[Group] = []
        self.spool = Spool(scratch)
        self._terms = terms
        self._message_id = message_id
        self._numbers: dict[tuple[Values, str], int] = {}
        self._seen = Seen("line")
        self._forms = forms_of(delimited)
        self._kind = delimited.kind
        self._collects = delimited.kind == "direct-debit"
        assembler = CollectionAssembler if self._collects else Assembler
        self._assembler = assembler(self._forms, terms.judge)
        self._again = assembler(forms_of(delimited), Judge())  # what it finds has been found at the first time
        self._names = field_names(delimited.kind)
        self._needed = [required_of(delimited, names) for names in self._names]
        self._transliterates = terms.rules.on_charset == "transliterate"
        self._ordinals: list[int] = []
        self._layout: Layout | None = None
        self._few: dict[int, list[CreditTransfer]] = {}
        self._good: set[tuple[int, str, Values]] = set()

    def take(self, row: Row) -> None:
        """Check one row's payment and keep it."""
        self._layout = row.layout
        number = self._number_of(row)
        group = self.groups[number]
        group.count += 1
        amount = self._checked_plainly(row, group, number)
        if amount is None:
            amount = self._checked(row, group, number)
        if not self._terms.judge.refuses:
            group.total += amount
            self.spool.add(number, (row.line, row.cells))

    def _checked(self, row: Row, group: Group, number: int) -> Decimal:
        """All rules, on the payment itself; its amount (0 if that could not be read)."""
        found_before = self._terms.judge.count
        values, fits = row.transaction, self._terms.repertoire.fits
        texts_fit = fits("".join(_TEXTS(values)))
        if not texts_fit and self._transliterates:
            values = self._transliterated(values, self._names[1])
            texts_fit = fits("".join(_TEXTS(values)))
        missing = self._missing(values, self._needed[1])
        transfer = self._assembler.transfer(values, group.instruction, row.line)
        unread = self._assembler.unread
        faulty = frozenset(unread | missing) if unread or missing else _NONE
        check_transfer(transfer, self._terms, self._seen, row.line, faulty)
        if self._collects:
            check_collection(transfer, self._terms, self._seen, row.line)
        if not texts_fit:
            check_transfer_texts(transfer, self._terms)
        if self._terms.judge.count == found_before:
            self._remember_good(transfer, values, number)
        return transfer.amount

    def _remember_good(self, t: CreditTransfer, values: Values, number: int) -> None:
        iban = t.creditor_account.iban if t.creditor_account is not None else None
        # Ids must be unique, and a reference belongs to one account: such payments are never plain.
        own = t.instruction_id is not None or t.uetr is not None or t.creditor_reference is not None
        own = own or t.collection is not None  # a mandate is one payer's
        if iban is not None and not own and len(self._good) < _GOOD_MAX:
            self._good.add((number, iban[:2], _OTHERS(values)))

    def _checked_plainly(self, row: Row, group: Group, number: int) -> Decimal | None:
        """The amount of a row that differs from one found good only in what ``check_plain`` looks at; else None.

        Most rows of a payment run are like that, and need not become objects to be checked.
        """
        values = row.transaction
        plain = _PLAIN(values)
        end_to_end_id, amount_text, currency, name, iban, remittance = plain
        if (number, iban[:2], _OTHERS(values)) not in self._good or not (end_to_end_id and name and amount_text):
            return None
        if not self._terms.repertoire.fits(name + remittance) or why_no_iban(iban) is not None:
            return None
        try:
            amount = self._forms.amount(amount_text)
        except Unreadable:
            return None
        exact = Plain(end_to_end_id, amount, currency, name, iban, remittance)
        check_plain(exact, group.instruction, self._terms, self._seen, row.line)
        return amount

    def transfers(self, number: int) -> Iterator[CreditTransfer]:
        """The payments of one instruction, as they are written."""
        if not self._ordinals:
            self._ordinals = list(accumulate((g.count for g in self.groups), initial=1))
        for ordinal, transfer in enumerate(self._made(number), start=self._ordinals[number]):
            if transfer.end_to_end_id == NOT_PROVIDED and transfer.instruction_id is None:
                transfer.instruction_id = naming.instruction_id(self._message_id, ordinal)
            yield transfer

    def _made(self, number: int) -> Iterable[CreditTransfer]:
        """The payments made of their cells; few are kept once they are made."""
        if self._ordinals[-1] > HELD_MAX:
            return self._make(number)
        if number not in self._few:
            self._few[number] = list(self._make(number))
        return self._few[number]

    def _make(self, number: int) -> Iterator[CreditTransfer]:
        if self._layout is None:
            return
        group = self.groups[number]
        values_of, extended = self._layout.transaction, self._layout.extended
        for line, cells in self.spool.read(number):
            values = values_of(extended(cells))
            if self._transliterates:
                values = self._spelled(values, self._names[1])
            yield self._again.transfer(values, group.instruction, line)

    def _number_of(self, row: Row) -> int:
        key = (row.instruction, row.transaction[_CURRENCY])
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.groups)
            self.groups.append(Group(self._instruction(row), row.transaction[_CURRENCY]))
        return number

    def _instruction(self, row: Row) -> PaymentInstruction:
        values = row.instruction
        if self._transliterates:
            values = self._transliterated(values, self._names[0])
        missing = self._missing(values, self._needed[0])
        instruction = self._assembler.instruction(values)
        check_instruction(instruction, self._terms, frozenset(self._assembler.unread | missing))
        if self._collects:
            check_collecting(instruction, self._terms)
        return replace(instruction, id=naming.payment_information_id(self._message_id, len(self.groups) + 1))

    def _missing(self, values: Values, needed: list[tuple[tuple[str, int], ...]]) -> set[str]:
        missing: set[str] = set()
        for alternatives in needed:
            for _, index in alternatives:
                if values[index]:
                    break
            else:
                name = alternatives[0][0]
                text = f"{canonical_name(name, self._kind)} is missing"
                self._terms.judge.found("H2H-MISSING", name, text)
                missing.add(name)
        return missing

    def _transliterated(self, values: Values, fields: tuple[str, ...]) -> Values:
        spelled = self._spelled(values, fields)
        for name, before, after in zip(fields, values, spelled, strict=True):
            if before != after:
                text = f"{shown(before)} goes to the bank as {shown(after)}"
                self._terms.judge.found("H2H-TRANSLITERATED", name, text)
        return spelled

    def _spelled(self, values: Values, fields: tuple[str, ...]) -> Values:
        repertoire = self._terms.repertoire
        if repertoire.fits("".join(values)):
            return values
        return tuple(
            repertoire.transliterated(value) if FIELDS[name].kind is Kind.TEXT else value
            for name, value in zip(fields, values, strict=True)
        )


_NONE: frozenset[str] = frozenset()
#: So many combinations of what is not plain are remembered as good.
_GOOD_MAX = 10_000
_PLAIN_FIELDS = ("end_to_end_id", "amount", "currency", "creditor_name", "creditor_account", "remittance")
_PLAIN = itemgetter(*(TRANSACTION_FIELDS.index(name) for name in _PLAIN_FIELDS))
_OTHERS = itemgetter(*(i for i, name in enumerate(TRANSACTION_FIELDS) if name not in _PLAIN_FIELDS))
_CURRENCY = TRANSACTION_FIELDS.index("currency")
# The texts that ``check_transfer_texts`` looks at; it is asked only if these do not fit the bank's repertoire.
_TEXTS = itemgetter(
    *(
        index
        for index, name in enumerate(TRANSACTION_FIELDS)
        if FIELDS[name].kind is Kind.TEXT or name in ("creditor_reference", "creditor_identification")
    )
)
