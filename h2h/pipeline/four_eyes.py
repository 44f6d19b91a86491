"""Decisions that one person alone may not make (F36): the first asks, a second one says the same, both are journalled.

What was asked for stands until the submission moves, or until its item of the attention list is closed. Who somebody is
decides the caller; the command line goes by the log-in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from h2h.core.errors import IllegalTransition
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.core.records import EventRecord, Submission
from h2h.pipeline.house import House, log
from h2h.pipeline.requests import is_request, recalls_of, wished_by

ASKED = "decision-asked"
ITEM = "second-person"


class Decision(StrEnum):
    """As it is typed; the first word is what the configuration calls it."""

    RELEASE = "release"
    CANCEL = "cancel"
    RESOLVE_SENT = "resolve --sent"
    RESOLVE_NOT_SENT = "resolve --not-sent"
    TAKE_OVER = "take-over"
    RECALL = "recall"


def needs_two(house: House, decision: Decision) -> bool:
    """Whether this installation lets nobody decide it alone."""
    return decision.partition(" ")[0] in house.settings.decisions.four_eyes


def needs_a_second_release(house: House, sub: Submission) -> bool:
    """Whether it calls payments back, and nobody may do that alone: who asked for it has spoken, a second one releases.

    What an ERP dropped was asked for there, and is released by anybody here.
    """
    return needs_two(house, Decision.RECALL) and bool(recalls_of(house, sub.sid))


def may_release(house: House, sub: Submission, actor: str) -> None:
    """``IllegalTransition`` if *actor* asked for this recall, or may not release as much as the file pays."""
    waits_for_another = sub.state is State.AWAITING_RELEASE and needs_a_second_release(house, sub)
    if waits_for_another and actor.casefold() in {asker.casefold() for asker in wished_by(house, sub.sid)}:
        raise IllegalTransition(f"{actor} asked for this recall: another person must release it")
    limits = house.settings.decisions.release_amount_max
    own = {name.casefold(): most for name, most in limits.items()}
    most = own.get(actor.casefold(), own.get("others"))
    if most is None or is_request(house, sub):
        return
    if sub.transaction_count is None:
        raise IllegalTransition(f"what the file pays is not known yet, and {actor} may not release every amount")
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for (_, _, currency), amount in house.journal.sums([sub.sid]).items():
        sums[currency] += amount
    for currency, total in sorted(sums.items()):
        if currency in most and total > most[currency]:
            raise IllegalTransition(
                f"the file pays {total:f} {currency}, and {actor} may release up to {most[currency]:f} {currency}"
            )


def goes_on(house: House, sub: Submission, decision: Decision, *, actor: str, reason: str) -> bool:
    """True if it may be carried out now; False if it has only been asked for, and waits for a second person.

    ``IllegalTransition`` if *actor* is the one who asked: saying it twice is not two people.
    """
    if not needs_two(house, decision):
        return True
    asked = _standing(house, sub, decision)
    if asked is None:
        _ask(house, sub, decision, actor, reason)
        return False
    if asked.actor.casefold() == actor.casefold():
        raise IllegalTransition(
            f"{actor} asked for it already ({asked.at:%Y-%m-%d %H:%M} UTC): another person must say the same"
        )
    return True


def _standing(house: House, sub: Submission, decision: Decision) -> EventRecord | None:
    if not any(item.kind == ITEM and item.subject == sub.sid for item in house.journal.attention()):
        return None
    return last_asked(house.journal.events(sub.sid), decision, sub.version)


def last_asked(events: Iterable[EventRecord], decision: Decision, version: int) -> EventRecord | None:
    """Who last asked for anything, if it was for this, and of the submission as it is now."""
    asked = [event for event in events if event.event == ASKED]
    if not asked or (asked[-1].detail.get("decision"), asked[-1].detail.get("version")) != (decision, version):
        return None
    return asked[-1]


def _ask(house: House, sub: Submission, decision: Decision, actor: str, reason: str) -> None:
    detail = {"decision": str(decision), "version": sub.version, "reason_text": reason}
    house.journal.remark(sub.sid, ASKED, at=house.now(), actor=actor, detail=detail)
    house.settle(ITEM, sub.sid, f"{actor} asks for something else")
    text = f"{sub.source_name}: {actor} asks for '{decision}' ({reason}); it waits until a second person says the same"
    house.attend(ITEM, sub.sid, text, WhoActs.TREASURY, sub.bank)
    log.info("decision.asked", sid=sub.sid, decision=str(decision), actor=actor)
