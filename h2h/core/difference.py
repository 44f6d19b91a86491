"""Two messages compared in terms of payments, entries and statuses: what came, what went, what changed, and where.

Bytes, order, versions and formats do not count: both sides are read into the canonical model first. Neither do a
message's own id, its time and its counts: they differ between any two files. Two items are the same one if they have
the same reference; several of one reference are paired if they agree, and the rest in the order in which they stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, assert_never

from h2h.core.errors import Refused
from h2h.core.findings import WhoActs, error
from h2h.core.format import Message
from h2h.core.model.cancellation import CancellationAnswer, CancellationRequest
from h2h.core.model.enquiry import Enquiry
from h2h.core.model.payment import Initiation
from h2h.core.model.statement import Entry, Statement, StatementMessage
from h2h.core.model.status import StatusReport
from h2h.core.naming import plain_amount
from h2h.core.rules.references import NOT_PROVIDED

#: Where a value stood, and what the writer counts.
_NOT_COMPARED = frozenset({"place", "stated_transaction_count", "stated_control_sum"})


@dataclass(frozen=True, slots=True)
class Item:
    """One payment, entry, balance or status: what it is called by, and all its facts as text."""

    what: str  # payment, entry, balance, status, cancellation, question
    reference: str
    facts: dict[str, str]

    @property
    def shown(self) -> str:
        """Reference, amount and name, for people."""
        amount = " ".join(v for v in (self.facts.get("amount"), self.facts.get("currency")) if v)
        name = self.facts.get("creditor name") or self.facts.get("creditor_name") or ""
        return "  ".join(v for v in (f"{self.what} {self.reference}", amount, name) if v)


@dataclass(frozen=True, slots=True)
class Change:
    """One fact of an item that is there on both sides; None: it is missing on that side."""

    item: Item
    field: str
    before: str | None
    after: str | None


@dataclass(slots=True)
class Difference:
    """What tells the second message from the first."""

    compared: int = 0  # items that are there on both sides
    added: list[Item] = field(default_factory=list)
    removed: list[Item] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Nothing came, went or changed."""
        return not (self.added or self.removed or self.changed)


def difference(first: Message, second: Message) -> Difference:
    """What changed from *first* to *second*; ``Refused`` if they are messages of different kinds."""
    if type(first) is not type(second) or getattr(first, "kind", "") != getattr(second, "kind", ""):
        text = f"one is {_called(first)}, the other {_called(second)}: there is nothing to compare"
        raise Refused([error("H2H-KIND", "the files", text, WhoActs.NOBODY)])
    found = Difference()
    before, after = _by_reference(first), _by_reference(second)
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key, []), after.get(key, [])
        agreeing, old, new = _without_twins(old, new)
        found.compared += agreeing
        for one, other in zip(old, new, strict=False):
            found.compared += 1
            found.changed += _changes(one, other)
        found.removed += old[len(new) :]
        found.added += new[len(old) :]
    return found


def _without_twins(old: list[Item], new: list[Item]) -> tuple[int, list[Item], list[Item]]:
    """(how many agree in everything, wherever they stand; the rest of both sides in order)."""
    there = Counter(frozenset(item.facts.items()) for item in new)
    there &= Counter(frozenset(item.facts.items()) for item in old)
    rest: list[list[Item]] = []
    for items in (old, new):
        left = Counter(there)
        kept = []
        for item in items:
            key = frozenset(item.facts.items())
            if left[key]:
                left[key] -= 1
            else:
                kept.append(item)
        rest.append(kept)
    return there.total(), rest[0], rest[1]


def _called(message: Message) -> str:
    if isinstance(message, Initiation):
        return f"a file of {message.kind.replace('-', ' ')}s"
    return {
        StatusReport: "a status report",
        StatementMessage: "a statement",
        CancellationRequest: "a cancellation request",
        CancellationAnswer: "an answer to a cancellation",
        Enquiry: "a question to a bank",
    }.get(type(message), "a message")


def _by_reference(message: Message) -> dict[tuple[str, str], list[Item]]:
    found: dict[tuple[str, str], list[Item]] = {}
    for item in _items(message):
        found.setdefault((item.what, item.reference), []).append(item)
    return found


def _items(message: Message) -> Iterator[Item]:
    if isinstance(message, Initiation):
        for t in message.transactions:
            facts = _facts(t)
            facts.pop("id", None)  # of the instruction: the writer's own
            yield Item("payment", _reference(t.end_to_end_id, t.instruction_id, t.uetr), facts)
    elif isinstance(message, StatementMessage):
        for statement in message.statements:
            yield from _of_statement(statement)
    elif isinstance(message, StatusReport):
        yield Item("status", f"file {message.original_message_id}", {"status": message.group_status or ""})
        for i in message.instructions:
            yield Item("status", f"instruction {i.payment_information_id}", _facts(i))
        for s in message.transactions:
            yield Item("status", _reference(s.end_to_end_id, s.instruction_id, s.uetr), _facts(s))
    elif isinstance(message, CancellationRequest | CancellationAnswer):
        for d in message.details:
            reference = _reference(d.end_to_end_id, d.instruction_id, d.uetr, d.payment_information_id)
            yield Item("cancellation", f"{d.level} {reference}", _facts(d))
    elif isinstance(message, Enquiry):
        asked = replace(message, message_id=None, creation_date_time=None, requests=[])
        yield Item("question", f"about {message.about}", _facts(asked))
        for r in message.requests:
            yield Item("question", f"about {r.account.number if r.account else '?'}", _facts(r))
    else:
        assert_never(message)


def _of_statement(statement: Statement) -> Iterator[Item]:
    of = f"{statement.account.number or '?'}"
    for balance in statement.balances:
        yield Item("balance", f"{balance.type} of {of}", _facts(balance))
    for entry in statement.entries:
        yield Item("entry", f"{_entry_reference(entry)} of {of}", _facts(entry))


def _entry_reference(entry: Entry) -> str:
    """The bank's reference; else day, direction and amount, which is all that some statements have."""
    ids = [d.end_to_end_id for d in entry.details if d.end_to_end_id and d.end_to_end_id != NOT_PROVIDED]
    own = entry.account_servicer_reference or entry.entry_reference
    if own or len(ids) == 1:
        return own or ids[0]
    return f"{entry.booking_date or 'undated'} {entry.credit_debit} {plain_amount(entry.amount)}"


def _reference(*ids: str | None) -> str:
    return next((i for i in ids if i and i != NOT_PROVIDED), "without a reference")


def _facts(value: Any, prefix: str = "") -> dict[str, str]:
    """All facts below *value*, named by their path; what is not there is left out."""
    facts: dict[str, str] = {}
    for f in fields(value):
        held = getattr(value, f.name)
        if f.name in _NOT_COMPARED or held is None or held == () or held == "" or held == {}:
            continue
        name = f"{prefix} {f.name.replace('_', ' ')}".strip()
        if is_dataclass(held):
            facts.update(_facts(held, "" if f.name == "instruction" else name))
        elif isinstance(held, Sequence) and not isinstance(held, str):
            for number, one in enumerate(held, 1):
                facts.update(_facts(one, f"{name} {number}") if is_dataclass(one) else {f"{name} {number}": str(one)})
        else:
            facts[name] = _text(held)
    return facts


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain_amount(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _changes(one: Item, other: Item) -> list[Change]:
    names = dict.fromkeys([*one.facts, *other.facts])
    return [
        Change(one, name, one.facts.get(name), other.facts.get(name))
        for name in names
        if one.facts.get(name) != other.facts.get(name)
    ]
