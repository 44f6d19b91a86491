"""Money is never lost sight of: in = all places + unaccounted, exactly, whatever happened."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.lifecycle import BANK_MAY_HAVE_IT, State
from h2h.core.outcome import Outcome
from h2h.core.tally import Holding, Place, Stated, Sum, count_up, place_of

AMOUNTS = st.decimals("0.001", "99999999.999", places=3)
HOLDINGS = st.builds(
    Holding,
    sid=st.sampled_from(["s1", "s2", "s3"]),
    bank=st.sampled_from(["a", "b"]),
    state=st.sampled_from(State),
    currency=st.sampled_from(["EUR", "JPY"]),
    outcome=st.sampled_from(Outcome),
    amount=AMOUNTS,
)


@given(st.lists(HOLDINGS, max_size=40), st.lists(st.builds(
    Stated, sid=st.sampled_from(["s1", "s2", "s4"]), bank=st.just("a"),
    count=st.integers(0, 9) | st.none(), control_sum=AMOUNTS | st.none(),
), max_size=3, unique_by=lambda s: s.sid))  # fmt: skip
def test_what_came_in_is_what_is_somewhere_and_what_is_unaccounted(
    holdings: list[Holding], stated: list[Stated]
) -> None:
    accounts, _ = count_up(holdings, stated)
    for account in accounts:
        parts = [*account.places.values(), account.unaccounted]
        assert account.total.amount == sum((p.amount for p in parts), Decimal(0))
        assert account.total.count == sum(p.count for p in parts)


@given(st.lists(HOLDINGS, max_size=40))
def test_currencies_and_banks_are_never_added_together(holdings: list[Holding]) -> None:
    accounts, _ = count_up(holdings, [])
    for account in accounts:
        own = [h.amount for h in holdings if (h.bank, h.currency) == (account.bank, account.currency)]
        assert account.total.amount == sum(own, Decimal(0))


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("state", list(State))
def test_a_payment_is_somewhere_or_it_is_unaccounted(state: State, outcome: Outcome) -> None:
    place = place_of(state, outcome)
    if state in BANK_MAY_HAVE_IT:
        assert place is not None
    else:
        # The bank cannot have answered what was never sent: such a payment is no longer understood.
        assert (place is None) == (outcome is not Outcome.PENDING)


@pytest.mark.parametrize(
    ("state", "outcome", "place"),
    [
        (State.IN_DOUBT, Outcome.PENDING, Place.UNKNOWN),
        (State.IN_DOUBT, Outcome.SETTLED, Place.SETTLED),
        (State.ACCEPTED, Outcome.UNKNOWN, Place.UNKNOWN),
        (State.PARTIALLY_ACCEPTED, Outcome.REJECTED, Place.REJECTED),
        (State.ACCEPTED, Outcome.RETURNED, Place.RETURNED),
        (State.SENT, Outcome.PENDING, Place.UNANSWERED),
        (State.SEALED, Outcome.PENDING, Place.WAITING),
        (State.AWAITING_RELEASE, Outcome.PENDING, Place.HELD),
        (State.TAKEN_OVER, Outcome.PENDING, Place.TAKEN_OVER),
        (State.CANCELLED, Outcome.PENDING, Place.GIVEN_UP),
    ],
)
def test_where_money_is(state: State, outcome: Outcome, place: Place) -> None:
    assert place_of(state, outcome) is place


def test_a_payment_that_the_file_stated_and_the_journal_lost_is_unaccounted() -> None:
    holdings = [Holding("s1", "a", State.SENT, "EUR", Outcome.PENDING, Decimal("10.00"))]
    (account,), not_counted = count_up(holdings, [Stated("s1", "a", 2, Decimal("15.50"))])
    assert (account.unaccounted.count, account.unaccounted.amount) == (1, Decimal("5.50"))
    assert not_counted == 0


def test_a_file_that_lost_all_its_payments_is_seen_although_its_currency_is_not_known() -> None:
    (account,), _ = count_up([], [Stated("s1", "a", 1, Decimal("7.00"))])
    assert (account.bank, account.currency, account.unaccounted) == ("a", "???", Sum(1, Decimal("7.00")))


def test_a_file_that_was_never_read_is_counted_as_such_and_not_as_lost() -> None:
    accounts, not_counted = count_up([], [Stated("s1", "a", None, None), Stated("s2", "a", None, None)])
    assert (accounts, not_counted) == ([], 2)
