"""Where the money is: in = sent + waiting + held + rejected + returned + given up + unknown, and nothing unaccounted.

Per bank and currency, from the payments one by one; beside it each file's own control sum and count, as they were read
when the file was converted. If the two differ, or a payment has no place in the table below, it is *unaccounted*: a
number that must be 0.00.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from h2h.core.lifecycle import BANK_MAY_HAVE_IT, State
from h2h.core.outcome import Outcome
from h2h.core.records import FileState


class Place(StrEnum):
    """Where a payment's money is, in the order in which a treasurer asks."""

    SETTLED = "settled"  # sent; the bank says paid, or a statement shows it
    ACCEPTED = "accepted"  # sent; the bank will make it
    UNANSWERED = "not answered"  # sent; the bank has not decided
    WAITING = "waiting"  # with h2h, which sends it by itself
    HELD = "held"  # with h2h, until a person decides
    REJECTED = "rejected"  # by the bank
    RETURNED = "returned"  # paid, and came back
    REFUSED = "refused"  # by h2h: not sent
    GIVEN_UP = "given up"  # cancelled by a person: not sent
    TAKEN_OVER = "taken over"  # a person sends it another way
    UNKNOWN = "unknown"  # nobody knows whether the bank has it, or what its word means


#: These together are "sent": the bank has it, and has not refused it or given it back.
SENT = (Place.SETTLED, Place.ACCEPTED, Place.UNANSWERED)

_AT_HOME: dict[State, Place] = {
    State.RECEIVED: Place.WAITING,
    State.CONVERTED: Place.WAITING,
    State.SEALED: Place.WAITING,
    State.SENDING: Place.WAITING,
    State.AWAITING_RELEASE: Place.HELD,
    State.HELD: Place.HELD,
    State.REFUSED: Place.REFUSED,
    State.DUPLICATE: Place.REFUSED,
    State.CANCELLED: Place.GIVEN_UP,
}
_UNDECIDED: dict[State, Place] = {
    State.COMMITTING: Place.UNKNOWN,
    State.IN_DOUBT: Place.UNKNOWN,
    State.TAKEN_OVER: Place.TAKEN_OVER,
    State.SENT: Place.UNANSWERED,
    State.ACKNOWLEDGED: Place.UNANSWERED,
    # The file was decided as a whole, this payment was not named: nobody knows until the bank says.
    State.ACCEPTED: Place.UNANSWERED,
    State.PARTIALLY_ACCEPTED: Place.UNANSWERED,
    State.REJECTED: Place.REJECTED,
}
_DECIDED: dict[Outcome, Place] = {
    Outcome.ACCEPTED: Place.ACCEPTED,
    Outcome.SETTLED: Place.SETTLED,
    Outcome.REJECTED: Place.REJECTED,
    Outcome.CANCELLED: Place.REJECTED,
    Outcome.RETURNED: Place.RETURNED,
    Outcome.UNKNOWN: Place.UNKNOWN,
}


def place_of(state: State, outcome: Outcome) -> Place | None:
    """Where a payment with *outcome* is, in a file that is in *state*; None if that cannot be: it is unaccounted."""
    if state in BANK_MAY_HAVE_IT:
        return _DECIDED.get(outcome) or _UNDECIDED.get(state)
    # Nothing left the house, so the bank cannot have said anything.
    return _AT_HOME.get(state) if outcome is Outcome.PENDING else None


@dataclass(slots=True)
class Sum:
    """So many payments over so much."""

    count: int = 0
    amount: Decimal = field(default_factory=lambda: Decimal(0))

    def add(self, amount: Decimal, count: int = 1) -> None:
        """One more, exactly."""
        self.count += count
        self.amount += amount


@dataclass(slots=True)
class Account:
    """One bank and currency."""

    bank: str
    currency: str
    total: Sum = field(default_factory=Sum)
    places: dict[Place, Sum] = field(default_factory=dict)
    unaccounted: Sum = field(default_factory=Sum)

    @property
    def sent(self) -> Sum:
        """What the bank has and has not refused or given back."""
        total = Sum()
        for place in SENT:
            own = self.places.get(place, Sum())
            total.add(own.amount, own.count)
        return total


@dataclass(frozen=True, slots=True)
class Holding:
    """One payment of one file, as far as sums go."""

    sid: str
    bank: str
    state: State
    currency: str
    outcome: Outcome
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Stated:
    """What a file said of itself when it was read. None: it was not read (yet)."""

    sid: str
    bank: str
    count: int | None
    control_sum: Decimal | None


@dataclass(slots=True)
class Tally:
    """Counts by bank and state, and the money."""

    submissions: dict[tuple[str, State], int] = field(default_factory=dict)
    # Those among them that pay nothing but ask for something, by the start of their format ("camt.055").
    requests: dict[tuple[str, State, str], int] = field(default_factory=dict)
    files: dict[tuple[str, FileState], int] = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)
    not_counted: int = 0  # files whose payments are not known: refused unread, duplicates, not read yet

    @property
    def unaccounted(self) -> bool:
        """True if anything is: h2h has lost sight of money, or never had it right."""
        return any(a.unaccounted.count or a.unaccounted.amount for a in self.accounts)


def count_up(holdings: Iterable[Holding], stated: Iterable[Stated]) -> tuple[list[Account], int]:
    """The accounts in order of bank and currency, and how many files have payments that are not known."""
    accounts: dict[tuple[str, str], Account] = {}
    files: dict[str, Sum] = {}
    currencies: dict[str, set[str]] = {}
    for holding in holdings:
        account = accounts.setdefault((holding.bank, holding.currency), Account(holding.bank, holding.currency))
        account.total.add(holding.amount)
        files.setdefault(holding.sid, Sum()).add(holding.amount)
        currencies.setdefault(holding.sid, set()).add(holding.currency)
        place = place_of(holding.state, holding.outcome)
        where = account.unaccounted if place is None else account.places.setdefault(place, Sum())
        where.add(holding.amount)
    not_counted = 0
    for said in stated:
        if said.count is None or said.control_sum is None:
            not_counted += said.sid not in files
            continue
        known = files.get(said.sid, Sum())
        missing = Sum(said.count - known.count, said.control_sum - known.amount)
        if missing.count or missing.amount:
            own = sorted(currencies.get(said.sid, ()))
            key = (said.bank, own[0] if len(own) == 1 else "???")
            account = accounts.setdefault(key, Account(*key))
            account.unaccounted.add(missing.amount, missing.count)
            account.total.add(missing.amount, missing.count)
    return [accounts[key] for key in sorted(accounts)], not_counted
