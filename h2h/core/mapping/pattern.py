"""A record as a text with gaps: what the compiled writer writes of payments that differ only in five values.

The writer itself is asked, twice, about a payment with marks in place of those values. So a pattern says what the
writer says, whatever the format; where it cannot be sure of that, there is no pattern, and each payment is written by
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from operator import itemgetter
from typing import NamedTuple

from h2h.core.mapping.plan import Element
from h2h.core.mapping.writing import SPECIAL, CannotWriteError
from h2h.core.model.parties import Account
from h2h.core.model.payment import CreditTransfer

#: End-to-end id, amount as it is written, creditor's name, IBAN, text ("" if there is none).
Gaps = tuple[str, str, str, str, str]

# Private-use characters, which no sample has; and amounts that no payment has.
_MARKS = ("\ue0a0", "\ue0a1", "\ue0a2", "\ue0a3")
_AMOUNTS = (Decimal("918273645546372.81"), Decimal("192837465645738.29"))
_VARYING = frozenset({"end_to_end_id", "amount", "name", "iban", "remittance_unstructured"})


class Records(NamedTuple):
    """Payments that are written already."""

    text: str
    number: int
    total: Decimal


class Pattern:
    """Writes payments like one payment."""

    def __init__(self, text: str, order: Sequence[int]) -> None:
        self._text = text
        self._pick = None if tuple(order) == (0, 1, 2, 3, 4) else itemgetter(*order)

    def written(self, payments: Sequence[Gaps]) -> str | None:
        """The records; None if a text among them needs more than to be put in its place."""
        if SPECIAL.search("".join(map("".join, payments))) is not None:
            return None
        text, pick = self._text, self._pick
        if pick is None:
            return "".join([text % gaps for gaps in payments])
        return "".join([text % pick(gaps) for gaps in payments])


def pattern_of(write: Callable[[CreditTransfer], str], like: CreditTransfer) -> Pattern | None:
    """The pattern of payments like that one, with a text or without as it has one; None if there is none."""
    found = {_gaps_of(write, like, amount) for amount in _AMOUNTS}
    if len(found) != 1:
        return None
    (one,) = found
    if one is None:
        return None
    text, order = one
    return Pattern(text, order) if len(order) == len(_MARKS) + 1 else None


def _gaps_of(
    write: Callable[[CreditTransfer], str], like: CreditTransfer, amount: Decimal
) -> tuple[str, tuple[int, ...]] | None:
    marks = (_MARKS[0], f"{amount:f}", *_MARKS[1:])
    try:
        plain = write(like)
        marked = write(
            replace(
                like,
                end_to_end_id=marks[0],
                amount=amount,
                creditor=replace(like.creditor, name=marks[2]),
                creditor_account=Account(iban=marks[3]),
                remittance_unstructured=(marks[4],) if like.remittance_unstructured else (),
            )
        )
    except CannotWriteError:
        return None
    if any(mark in plain for mark in marks):
        return None
    text, order = marked.replace("%", "%%"), []
    places = sorted((text.find(mark), number) for number, mark in enumerate(marks) if mark in text)
    for _, number in places:
        if text.count(marks[number]) != 1:
            return None
        text = text.replace(marks[number], "%s")
        order.append(number)
    if not like.remittance_unstructured:
        text += "%.0s"  # takes the empty text, writes nothing
        order.append(4)
    return text, tuple(order)


def varies(elements: Iterable[Element]) -> bool:
    """Whether what is written may depend on what one of the five values says: then there is no pattern."""
    return any(
        any(c.values and c.field in _VARYING for c in element.conditions) or varies(element.children)
        for element in elements
    )
