"""Rows of a delimited file, sorted into instructions, checked, and kept until they are written.

Payments that agree in all instruction fields and in currency share an instruction, in the order of first appearance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from h2h.core import naming
from h2h.core.alike import Alike, Group, Kept, KeptRow, kept_row
from h2h.core.codecs.assemble import Assembler
from h2h.core.codecs.collecting import CollectionAssembler
from h2h.core.codecs.fields import FIELDS, TRANSACTION_FIELDS, Kind, canonical_name, field_names
from h2h.core.codecs.layout import Layout, Values, required_of
from h2h.core.codecs.rows import Row, forms_of
from h2h.core.codecs.spool import Scratch, Spool
from h2h.core.declared import Table
from h2h.core.mapping.pattern import Pattern, Records
from h2h.core.model.payment import CreditTransfer, PaymentInstruction
from h2h.core.rules.collection import check_collecting, check_collection
from h2h.core.rules.judge import Judge, shown
from h2h.core.rules.payment import check_instruction, check_transfer, check_transfer_texts, execution_day
from h2h.core.rules.references import NOT_PROVIDED, Ids
from h2h.core.rules.relations import check_relations
from h2h.core.rules.terms import Terms

__all__ = ["Gathering", "Group"]


class Gathering:
    """One file's rows: ``take`` them all, then read ``transfers`` as often as needed until ``spool`` is closed."""

    def __init__(
        self,
        table: Table,
        terms: Terms,
        message_id: str,
        scratch: Scratch,
        ids: Ids,
        pattern: Callable[[CreditTransfer], Pattern | None],
    ) -> None:
        self.groups: list[Group] = []
        self.has_unnamed = False  # some payment will be named by its position in the bank's file
        self.spool = Spool(scratch)
        self._terms = terms
        self._message_id = message_id
        self._numbers: dict[tuple[Values, str], int] = {}
        self._ids = ids
        self._kind = table.kind
        self._collects = terms.judge.exchanged = table.kind == "direct-debit"
        assembler = CollectionAssembler if self._collects else Assembler
        self._assembler = assembler(forms_of(table), terms.judge)
        self._again = assembler(forms_of(table), Judge())  # what it finds has been found at the first time
        self._names = field_names(table.kind)
        self._needed = [required_of(table, names) for names in self._names]
        self._transliterates = terms.rules.on_charset == "transliterate"
        self._layout: Layout | None = None
        self._alike = Alike(terms, table.decimal_separator, pattern, ids, self.spool.add)
        # A mandate and its sequence type are one payer's: collections are each checked in full.
        self.quick = self._alike.bind if not self._collects else lambda _: None

    @property
    def width(self) -> int | None:
        """Number of cells of every row; None if there was none."""
        return self._layout.width if self._layout is not None else None

    def take(self, row: Row) -> None:
        """Check one row's payment and keep it."""
        self._layout = row.layout
        number = self.number_of(row.instruction, row.transaction[_CURRENCY])
        group = self.groups[number]
        group.count += 1
        amount = self._checked(row, group, number)
        if not self._terms.judge.refuses:
            group.total += amount
            self.spool.add(number, (group.count, row.line, row.cells))

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
        check_transfer(transfer, self._terms, self._ids, row.line, faulty)
        check_relations(transfer, self._terms)
        if self._terms.usage is not None:
            day = execution_day(group.instruction) or self._terms.today
            self._terms.usage.check_transfer(transfer, day, self._terms.judge)
        if self._collects:
            check_collection(transfer, self._terms, self._ids, row.line)
        if not texts_fit:
            check_transfer_texts(transfer, self._terms)
        if transfer.end_to_end_id == NOT_PROVIDED and transfer.instruction_id is None:
            self.has_unnamed = True
        if self._terms.judge.count == found_before:
            self._alike.learn(row.cells, transfer, number, group)
        return transfer.amount

    def transfers(self, number: int) -> Iterator[CreditTransfer]:
        """The payments of one instruction, as they are written."""
        for rows, plain in self._runs(number):
            if plain:
                yield from map(self._alike.transfer, rows)
            else:
                yield from self._made(rows, number)

    def written(self, number: int) -> Iterator[CreditTransfer | Records]:
        """The same, with payments that are alike written already."""
        for rows, plain in self._runs(number):
            yield from self._alike.written(rows) if plain else self._made(rows, number)

    def rows(self, number: int) -> Iterator[KeptRow]:
        """What the journal keeps of them."""
        for rows, plain in self._runs(number):
            if plain:
                yield from self._alike.rows(rows)
            else:
                yield from map(kept_row, self._made(rows, number))

    def _runs(self, number: int) -> Iterator[tuple[Iterable[Sequence[Any]], bool]]:
        """Rows that follow each other and are kept in the same way; True: as payments that are alike."""
        for plain, rows in groupby(self.spool.read(number), key=_is_plain):
            yield rows, plain

    def _made(self, rows: Iterable[Sequence[Any]], number: int) -> Iterator[CreditTransfer]:
        if self._layout is None:
            return
        group = self.groups[number]
        before = sum(g.count for g in self.groups[:number])
        values_of, extended = self._layout.transaction, self._layout.extended
        for ordinal, line, cells in rows:
            values = values_of(extended(cells))
            if self._transliterates:
                values = self._spelled(values, self._names[1])
            transfer = self._again.transfer(values, group.instruction, line)
            if transfer.end_to_end_id == NOT_PROVIDED and transfer.instruction_id is None:
                transfer.instruction_id = naming.instruction_id(self._message_id, before + ordinal)
            yield transfer

    def number_of(self, instruction: Values, currency: str) -> int:
        """The group of payments with these values, begun if it is new."""
        key = (instruction, currency)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.groups)
            self.groups.append(Group(self._instruction(instruction), currency))
        return number

    def keys(self) -> list[tuple[Values, str]]:
        """What each group's payments have in common, in the order of the groups."""
        return list(self._numbers)

    def _instruction(self, values: Values) -> PaymentInstruction:
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
_PLAIN_FIELDS = len(Kept._fields)


def _is_plain(row: Sequence[Any]) -> bool:
    return len(row) == _PLAIN_FIELDS


_CURRENCY = TRANSACTION_FIELDS.index("currency")
# The texts that ``check_transfer_texts`` looks at; it is asked only if these do not fit the bank's repertoire.
_TEXTS = itemgetter(
    *(
        index
        for index, name in enumerate(TRANSACTION_FIELDS)
        if FIELDS[name].kind is Kind.TEXT or name in ("creditor_reference", "creditor_identification")
    )
)
