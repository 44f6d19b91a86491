"""What is put in order at a start, and every hour: what a step or a command that was cut short left half done.

Also items about what has gone: a file that was odd and that somebody took out of the folder needs nobody any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from h2h.core.errors import Misconfigured, Unavailable
from h2h.core.lifecycle import NOTHING_LEFT_THE_HOUSE, State
from h2h.core.records import SET_ASIDE, Attention, FileState
from h2h.pipeline.house import House, log
from h2h.pipeline.keys import KIND as KEY_EXPIRES
from h2h.pipeline.keys import settle_if_renewed
from h2h.pipeline.receipts import RECEIPTS_LOOKED_AT, mend_receipt
from h2h.pipeline.witness import ensure_delivered, ensure_given_up, ensure_held
from h2h.ports import THE_FOLDER

_GONE_ON = (FileState.DELIVERED, FileState.QUARANTINED, FileState.DUPLICATE)
#: Items about a submission, and the states in which they are open.
_TOLD_ABOUT = {
    "held": (State.HELD,),
    "in-doubt": (State.IN_DOUBT,),
    "second-person": (*NOTHING_LEFT_THE_HOUSE, State.IN_DOUBT),
    "cannot-go-on": (*NOTHING_LEFT_THE_HOUSE, State.IN_DOUBT, State.COMMITTING),
}


def mend(house: House) -> None:
    """What follows a move of the journal and was cut short after it: the second witness, closed items, receipts."""
    for bank in house.settings.banks:
        for sub in house.journal.waiting_for_answer(bank):
            ensure_delivered(house, sub)
    waiting = house.journal.attention()
    _settle_what_is_gone(house, [item for item in waiting if item.kind == "odd-file"])
    for item in waiting:
        if item.kind == "file-waits" and house.journal.file(item.subject).state in _GONE_ON:
            house.settle(item.kind, item.subject, "it went on")
        if item.kind in SET_ASIDE and house.journal.file(item.subject).state is not FileState.QUARANTINED:
            house.settle(item.kind, item.subject, "it is read again")
        if item.kind == KEY_EXPIRES:
            settle_if_renewed(house, item.subject)
        states = _TOLD_ABOUT.get(item.kind)
        about = house.journal.find(item.subject) if states else []
        if states and about and about[0].state not in states:
            house.settle(item.kind, item.subject, f"it went on to {about[0].state}")
    for sub in house.journal.submissions(limit=RECEIPTS_LOOKED_AT):
        ensure_given_up(house, sub)
        ensure_held(house, sub)
        if sub.folder in house.outboxes:
            mend_receipt(house, sub)


def tidy(house: House) -> None:
    """At a start, when nobody works yet: what earlier runs left in h2h's own working places is nobody's.

    Copies of files that are still claimed or already in the archive, and plaintext of steps that are taken again.
    """
    try:
        house.archive.tidy()
        for outbox in house.outboxes.values():
            outbox.tidy()
    except Unavailable as problem:
        log.warning("start.not-tidied", problem=str(problem))  # whoever needs the place says so, too


def _settle_what_is_gone(house: House, odd: Sequence[Attention]) -> None:
    """Items about odd files that lie in their folder no more. A folder that cannot be read says nothing."""
    for folder, outbox in house.outboxes.items():
        ours = [item for item in odd if item.subject.startswith(f"{folder}/")]
        try:
            there = outbox.names() if ours else frozenset()
        except (Unavailable, Misconfigured) as problem:
            log.info("folder.not-looked-at", folder=folder, problem=str(problem))  # its own scan tells people
            continue
        for item in ours:
            name = item.subject.removeprefix(f"{folder}/")
            crowded = name == THE_FOLDER and len(there) > house.settings.limits.folder_entries_max
            if name not in there and not crowded:
                house.settle(item.kind, item.subject, "it lies in the folder no more")
