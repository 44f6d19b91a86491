"""Every place of a story at which somebody may stand, and what the others may do there: one kind of fault, enumerated.

Where a node or a command stands: the other node goes on (alone, started anew, before or after the bank has taken what
it sees); a person decides something that the commands offer there, before the other node goes on or after it; and a
command of that person stands, too, at each of its own effects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from h2h.simulator.torture.campaign import Schedule
from h2h.simulator.torture.lab import Lab
from h2h.simulator.torture.machine import Offer

_WITHOUT_A_PERSON = (("others",), ("restart",), ("bank", "others"), ("others", "bank", "others"))
#: To stand just before one of these is like standing just before what follows, for everybody else.
_LIKE_THE_NEXT = ("fsync ", "truncate ")


def stops(lab: Lab, flow: str, *, nodes: int = 2, stages: bool = False) -> Iterator[Schedule]:
    """All of a flow, one after the other; what is offered at a place is known when the one before it was played."""
    calm = Schedule(flow, 1, "", nodes, calm=True, stages=stages)
    alone = calm.play(lab, labels=True, offers=True)
    before = Offer()
    for place, offer in alone.offers.items():
        if not place.isdigit():
            yield from _at_look(calm, place, offer)
        elif not alone.labels[int(place) - 1].startswith(_LIKE_THE_NEXT):
            yield from _at(lab, calm, place, offer)
            if offer.versions != before.versions:
                yield from _command_stands(lab, calm, place, offer)
            before = offer


def _at_look(calm: Schedule, place: str, offer: Offer) -> Iterator[Schedule]:
    """Where something is looked at, between two effects: what is known is old when it is used."""
    for what in (("others",), ("others", "bank", "others"), *((decision,) for decision in offer.what)):
        yield replace(calm, plan=_plan(place, *what))


def _at(lab: Lab, calm: Schedule, place: str, offer: Offer) -> Iterator[Schedule]:
    """One place: the others, a decision, a decision and then the others, the others and then a decision."""

    def here(*what: str) -> Schedule:
        return replace(calm, plan=_plan(place, *what))

    for others in _WITHOUT_A_PERSON:
        yield here(*others)
    for decision in offer.what:
        yield here(decision)
        yield here(decision, "others")
    after = here("others").play(lab, offers=True).offers.get(place, Offer())
    if after.versions == offer.versions:
        return
    for decision in after.what:
        yield here("others", decision)
        yield here("others", decision, "others")


def _command_stands(lab: Lab, calm: Schedule, place: str, offer: Offer) -> Iterator[Schedule]:
    """While somebody stands, the command of a person begins and stands at each of its effects."""
    for decision in offer.what:
        begun = replace(calm, plan=_plan(place, decision))
        outcome = begun.play(lab, labels=True, offers=True)
        later = int(place) + 1
        while later <= len(outcome.labels) and outcome.labels[later - 1].endswith(" desk/command"):
            label, there = outcome.labels[later - 1], outcome.offers.get(str(later))
            if there is not None and not label.startswith(_LIKE_THE_NEXT):
                for meanwhile in (*_WITHOUT_A_PERSON, *((other,) for other in there.what)):
                    yield replace(begun, plan=f"{begun.plan} {_plan(str(later), *meanwhile)}")
            later += 1


def _plan(place: str, *what: str) -> str:
    return " ".join(f"{place}:{one.replace(' ', '_')}" for one in what)
