"""The life of a submission: the table is the whole truth, and doubt never leads straight back to sending."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from h2h.core.errors import IllegalTransition
from h2h.core.lifecycle import (
    BANK_MAY_HAVE_IT,
    FINAL,
    NEEDS_A_PERSON,
    NOTHING_LEFT_THE_HOUSE,
    TRANSITIONS,
    Event,
    State,
    advance,
    may_happen,
)

E, S = Event, State
#: What h2h does by itself; all other events are brought by a bank or by a person.
BY_H2H = {
    E.CONVERTED, E.REFUSED, E.DUPLICATE_FOUND, E.RELEASE_REQUIRED, E.SEALED, E.SEND_STARTED, E.SEND_FAILED,
    E.COMMIT_STARTED, E.DELIVERED, E.OUTCOME_UNKNOWN, E.HELD,
}  # fmt: skip


def reachable(start: State, without: frozenset[Event] = frozenset()) -> set[State]:
    found, queue = {start}, [start]
    while queue:
        for event, target in TRANSITIONS[queue.pop()].items():
            if event not in without and target not in found:
                found.add(target)
                queue.append(target)
    return found


def test_every_state_stands_in_the_table_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(S)
    assert reachable(S.RECEIVED) == set(S)


#: What a bank may still change its mind about.
JUDGED = {S.ACCEPTED, S.PARTIALLY_ACCEPTED}


@pytest.mark.parametrize("state", sorted(FINAL - JUDGED))
def test_nothing_happens_to_what_is_final(state: State) -> None:
    assert TRANSITIONS[state] == {}


def test_an_acceptance_is_only_ever_changed_by_the_bank_and_a_rejection_never() -> None:
    for state in JUDGED:
        assert set(TRANSITIONS[state]) <= {E.BANK_ACCEPTED, E.BANK_PARTIALLY_ACCEPTED, E.BANK_REJECTED}
        assert set(TRANSITIONS[state].values()) <= JUDGED | {S.REJECTED}
    assert TRANSITIONS[S.REJECTED] == {}


@pytest.mark.parametrize("state", sorted(BANK_MAY_HAVE_IT))
def test_once_the_bank_may_have_it_only_a_persons_proof_leads_back_to_sending(state: State) -> None:
    assert S.SENDING not in reachable(state, frozenset({E.RESOLVED_NOT_SENT}))
    assert S.COMMITTING not in reachable(state, frozenset({E.RESOLVED_NOT_SENT})) - {state}


def test_doubt_never_leads_straight_back_to_sending() -> None:
    for state in BANK_MAY_HAVE_IT:
        assert not {S.SENDING, S.COMMITTING} & set(TRANSITIONS[state].values()), state
    # Even the proof leads to SEALED, from where a send begins under a new temporary name.
    assert TRANSITIONS[S.IN_DOUBT][E.RESOLVED_NOT_SENT] is S.SEALED


def test_h2h_alone_never_brings_a_doubt_back() -> None:
    others = frozenset(set(E) - BY_H2H)
    assert reachable(S.IN_DOUBT, others) == {S.IN_DOUBT, S.SENT}


def test_sending_begins_only_from_sealed_bytes() -> None:
    before = {state for state, events in TRANSITIONS.items() if S.SENDING in events.values()}
    assert before == {S.SEALED, S.SENDING}
    assert {state for state, events in TRANSITIONS.items() if S.COMMITTING in events.values()} == {S.SENDING}


@pytest.mark.parametrize("event", [E.HELD, E.CANCELLED, E.REFUSED, E.DUPLICATE_FOUND])
def test_nobody_can_call_back_what_the_bank_may_have(event: Event) -> None:
    for state in BANK_MAY_HAVE_IT:
        assert not may_happen(state, event), state


def test_a_state_is_on_one_side_of_the_point_of_no_return() -> None:
    assert NOTHING_LEFT_THE_HOUSE.isdisjoint(BANK_MAY_HAVE_IT)
    assert NOTHING_LEFT_THE_HOUSE | BANK_MAY_HAVE_IT | {S.DUPLICATE, S.REFUSED, S.CANCELLED} == set(S)


def test_what_needs_a_person_can_be_moved_by_a_person() -> None:
    for state in NEEDS_A_PERSON:
        assert {E.RELEASED, E.TAKEN_OVER, E.RESOLVED_SENT} & set(TRANSITIONS[state]), state


@pytest.mark.parametrize(
    ("held_from", "back"), [(S.RECEIVED, S.RECEIVED), (S.CONVERTED, S.CONVERTED), (S.SEALED, S.SEALED),
                            (S.SENDING, S.SEALED), (S.AWAITING_RELEASE, S.AWAITING_RELEASE), (None, S.RECEIVED)],
)  # fmt: skip
def test_what_is_released_goes_back_to_where_it_was_held(held_from: State | None, back: State) -> None:
    assert advance(S.HELD, E.RELEASED, held_from=held_from) is back


def test_an_event_that_cannot_happen_says_so() -> None:
    with pytest.raises(IllegalTransition, match="'sealed' cannot happen to a submission that is SENT"):
        advance(S.SENT, E.SEALED)


@given(st.sampled_from(S), st.sampled_from(E))
def test_an_event_either_moves_along_the_table_or_is_refused(state: State, event: Event) -> None:
    if may_happen(state, event):
        assert advance(state, event) in set(S)
    else:
        with pytest.raises(IllegalTransition):
            advance(state, event)


class Life(RuleBasedStateMachine):
    """Any order of events: what left the house is never sent again without a person's proof."""

    def __init__(self) -> None:
        super().__init__()
        self.state = S.RECEIVED
        self.held_from: State | None = None
        self.commits = 0
        self.proofs = 0

    @rule(event=st.sampled_from(E))
    def something_happens(self, event: Event) -> None:
        if not may_happen(self.state, event):
            return
        before = self.state
        self.state = advance(before, event, held_from=self.held_from)
        self.held_from = before if event is E.HELD else self.held_from
        self.commits += event is E.COMMIT_STARTED
        self.proofs += event is E.RESOLVED_NOT_SENT

    @precondition(lambda self: self.state in BANK_MAY_HAVE_IT)
    @rule()
    def nothing_of_h2h_starts_a_send(self) -> None:
        assert not may_happen(self.state, E.SEND_STARTED)

    @invariant()
    def each_further_commit_has_a_persons_proof(self) -> None:
        assert self.commits <= self.proofs + 1


TestLife = Life.TestCase
