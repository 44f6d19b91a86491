"""Payments like one found good: checked by one look, kept as a few texts, and written without becoming objects.

Most rows of a payment run differ from an earlier one in id, amount, name, account and text, and in nothing else. What
else stands in the row has been checked with the earlier one then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from h2h.core.codecs.layout import Layout
from h2h.core.mapping.pattern import Gaps, Pattern, Records
from h2h.core.model.parties import Account
from h2h.core.model.payment import CreditTransfer, PaymentInstruction, Place
from h2h.core.rules.payment import execution_day, payment_mark
from h2h.core.rules.plain import plain_check
from h2h.core.rules.references import NOT_PROVIDED
from h2h.core.rules.terms import Terms
from h2h.core.rules.usage import PlainCheck

#: So many sorts of payments are known at the most.
SORTS_MAX = 2000
#: So many payments are written at a time.
BLOCK = 500
_VARYING = ("end_to_end_id", "amount", "creditor_name", "creditor_account", "remittance")
#: Ids of their own must be unique, and a structured reference belongs to one account.
_OWN = ("instruction_id", "uetr", "creditor_reference")


@dataclass(slots=True)
class Group:
    """One instruction, with what its payments add up to; all are in one currency."""

    instruction: PaymentInstruction
    currency: str
    count: int = 0
    total: Decimal = Decimal(0)


class Kept(NamedTuple):
    """A payment of a sort, as it is spooled."""

    sort: int
    line: int
    end_to_end_id: str
    amount: str
    name: str
    iban: str
    text: str


class KeptRow(NamedTuple):
    """What the journal keeps of a payment and its instruction does not say."""

    end_to_end_id: str
    amount: str
    currency: str
    creditor_name: str | None
    creditor_account: str | None
    instruction_id: str | None
    uetr: str | None
    reference: str


def kept_row(t: CreditTransfer) -> KeptRow:
    """The row of one payment."""
    return KeptRow(
        t.end_to_end_id,
        f"{t.amount:f}",
        t.currency,
        t.creditor.name,
        t.creditor_account.number if t.creditor_account else None,
        t.instruction_id,
        t.uetr,
        reference_of(t),
    )


def reference_of(t: CreditTransfer) -> str:
    """What tells two payments of one amount to one payee apart: the end-to-end id, else what the payment is for."""
    if t.end_to_end_id and t.end_to_end_id != NOT_PROVIDED:
        return t.end_to_end_id
    return t.creditor_reference or " ".join(t.remittance_unstructured)


class Unique(Protocol):
    """Looks for what is there twice (``references.Ids``)."""

    def is_new(self, end_to_end_id: str, payment: int) -> bool:
        """False if one of them may have been there before: the full check must say."""


class _Sort(NamedTuple):
    known_as: int
    like: CreditTransfer
    check: PlainCheck
    pattern: Pattern
    number: int
    group: Group


class Alike:
    """The sorts of one file; ``take`` takes the rows that are evidently good, ``learn`` is shown one that is good."""

    def __init__(
        self,
        terms: Terms,
        decimal_separator: str,
        pattern: Callable[[CreditTransfer], Pattern | None],
        unique: Unique,
        keep: Callable[[int, tuple[Any, ...]], None],
    ) -> None:
        self._terms, self._separator, self._pattern = terms, decimal_separator, pattern
        self._unique, self._keep = unique, keep
        self._sorts: list[_Sort] = []
        self._known: dict[Any, _Sort | None] = {}  # None: seen once, and not worth a pattern yet
        self._key: Callable[[Sequence[str]], Any] | None = None

    def bind(self, layout: Layout) -> Callable[[int, list[str]], Decimal | None] | None:
        """``take`` for files with these columns; None if payments in them cannot be alike."""
        places = [layout.position(name) for name in _VARYING]
        end_to_end_at, amount_at, name_at, iban_at, text_at = (-1 if at is None else at for at in places)
        if min(end_to_end_at, amount_at, name_at, iban_at) < 0:
            return None
        if text_at < 0 and layout.has("remittance"):
            return None  # a constant text
        self._key = key = _key_of(layout, iban_at, text_at)
        known, keep, unique, judge = self._known, self._keep, self._unique, self._terms.judge
        width, separator = layout.width, self._separator

        def take(line: int, cells: list[str]) -> Decimal | None:
            sort = known.get(key(cells)) if len(cells) == width else None
            if sort is None:
                return None
            end_to_end_id, amount, name, iban = cells[end_to_end_at], cells[amount_at], cells[name_at], cells[iban_at]
            name = name.strip(" \t")
            text = cells[text_at].strip(" \t") if text_at >= 0 else ""
            if not text and text_at >= 0 and cells[text_at]:
                return None  # blanks only: that is no text, and not of this sort
            exact = sort.check(end_to_end_id, amount, name, iban, text)
            if exact is None:
                return None
            group = sort.group
            mark = payment_mark((iban, exact, group.currency, (text,) if text else ()), group.instruction)
            if not unique.is_new(end_to_end_id, mark):
                return None
            group.count += 1
            group.total += exact
            if not judge.errors:
                if separator != ".":
                    amount = amount.replace(separator, ".")
                keep(sort.number, (sort.known_as, line, end_to_end_id, amount, name, iban, text))
            return exact

        return take

    def learn(self, cells: Sequence[str], good: CreditTransfer, number: int, group: Group) -> None:
        """The row of these cells is good in every respect: rows like it may be taken from the second on."""
        account = good.creditor_account
        if self._key is None or len(self._known) >= SORTS_MAX or account is None or account.iban is None:
            return
        if any(getattr(good, name) is not None for name in _OWN) or account != Account(iban=account.iban):
            return
        key = self._key(cells)
        if key not in self._known:
            self._known[key] = None
        elif self._known[key] is None:
            check = plain_check(self._terms, self._separator, account.iban[:2], good.currency)
            if check is not None and self._terms.usage is not None:
                day = execution_day(group.instruction) or self._terms.today
                check = self._terms.usage.quickly(check, day, good.currency)
            pattern = self._pattern(good) if check is not None else None
            if check is not None and pattern is not None:
                sort = _Sort(len(self._sorts), good, check, pattern, number, group)
                self._sorts.append(sort)
                self._known[key] = sort

    def transfer(self, row: Sequence[Any]) -> CreditTransfer:
        """A payment that was kept, as an object."""
        kept = Kept(*row)
        like = self._sorts[kept.sort].like
        return replace(
            like,
            end_to_end_id=kept.end_to_end_id,
            amount=Decimal(kept.amount),
            creditor=replace(like.creditor, name=kept.name),
            creditor_account=Account(iban=kept.iban),
            remittance_unstructured=(kept.text,) if kept.text else (),
            place=Place(f"line {kept.line}", kept.line),
        )

    def rows(self, rows: Iterable[Sequence[Any]]) -> Iterator[KeptRow]:
        """What the journal keeps of payments that were kept."""
        for sort, _, end_to_end_id, amount, name, iban, _ in rows:
            currency = self._sorts[sort].like.currency
            yield KeptRow(end_to_end_id, amount, currency, name, iban, None, None, end_to_end_id)

    def written(self, rows: Iterable[Sequence[Any]]) -> Iterator[CreditTransfer | Records]:
        """Payments that were kept, in order: written where a pattern is enough, else as objects."""
        block: list[Gaps] = []
        whole: list[Sequence[Any]] = []
        sort = -1
        for row in rows:
            if row[0] != sort or len(block) >= BLOCK:
                yield from self._block(sort, block, whole)
                block, whole, sort = [], [], row[0]
            block.append((row[2], row[3], row[4], row[5], row[6]))
            whole.append(row)
        yield from self._block(sort, block, whole)

    def _block(
        self, sort: int, block: Sequence[Gaps], whole: Sequence[Sequence[Any]]
    ) -> Iterator[CreditTransfer | Records]:
        if not block:
            return
        text = self._sorts[sort].pattern.written(block)
        if text is None:
            yield from map(self.transfer, whole)
        else:
            yield Records(text, len(block), sum([Decimal(amount) for _, amount, _, _, _ in block], Decimal(0)))


def _key_of(layout: Layout, iban_at: int, text_at: int) -> Callable[[Sequence[str]], Any]:
    """What two rows of a sort have in common: all that is read of them but the five, the country, a text or none."""
    others = layout.positions_but(_VARYING)
    pick: Callable[[Sequence[str]], Any] = itemgetter(*others) if others else lambda _: ()
    if text_at < 0:
        return lambda cells: (pick(cells), cells[iban_at][:2])
    return lambda cells: (pick(cells), cells[iban_at][:2], not cells[text_at])
