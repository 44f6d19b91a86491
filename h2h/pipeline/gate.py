"""May it be sent now? The bank's window, payments whose day has gone by while they waited, tries that are spent.

A file that is stopped here has not left the house: it waits for the window, or is HELD for a person (H9, H12). And what
the ledgers know: that the journal, an older copy, is wrong about that (H5).
"""

from __future__ import annotations

from datetime import date, timedelta

from h2h.core.errors import StaleState
from h2h.core.findings import WhoActs
from h2h.core.records import LedgerKind, Submission
from h2h.core.released import is_released
from h2h.core.schedule import sending_window
from h2h.core.working_days import resting
from h2h.pipeline.held import hold_for_a_person
from h2h.pipeline.house import House, log
from h2h.pipeline.requests import is_request
from h2h.pipeline.witness import knows


def stopped_before_sending(house: House, sub: Submission) -> Submission | None:
    """The submission as it waits or is held; None if nothing speaks against sending it now."""
    if knows(house, LedgerKind.COMMIT, sub):
        if house.journal.submission(sub.sid).version != sub.version:
            raise StaleState(f"submission {sub.sid} was moved by another node meanwhile")
        # A commit is told to the ledger after the journal: one that forgot it has been put back under our feet.
        text = "the ledger knows that it went to the bank; the journal is an older copy"
        return _held(house, sub, "H5-OLDER-JOURNAL", text, WhoActs.SYSTEM_ADMINISTRATOR)
    bank, now = house.bank(sub), house.now()
    # A recall that waits for the next window comes too late, and what it asks for has no day of its own.
    if not is_request(house, sub):
        waits = _waits_for_its_day(house, sub)
        if waits is not None:
            return waits
    limit = timedelta(seconds=bank.submission.give_up_after_seconds)
    if sub.first_attempt_at is not None and now - sub.first_attempt_at > limit:
        since = f"{sub.first_attempt_at:%Y-%m-%d %H:%M} UTC"
        return _held(house, sub, "H12-RETRIES", f"it could not be sent since {since} ({sub.attempt} attempts)")
    return None


def _waits_for_its_day(house: House, sub: Submission) -> Submission | None:
    """Payments go in the bank's window, and not after their day without somebody who says so."""
    bank, now = house.bank(sub), house.now()
    window = sending_window(now, bank.cutoff, resting(bank.rules))
    if not window.open:
        log.info("submission.waits-for-window", sid=sub.sid, opens_at=str(window.opens_at))
        return house.journal.change(sub, at=now, next_attempt_at=window.opens_at)
    late = _days_gone_by(house, sub)
    if late and not is_released(sub.released_by, "H9-LATE"):
        days = ", ".join(day.isoformat() for day in late)
        text = (
            f"payments were to be made on {days}, which went by while the file waited; "
            "somebody may have paid them another way since"
        )
        return _held(house, sub, "H9-LATE", text)
    return None


def _days_gone_by(house: House, sub: Submission) -> list[date]:
    """Execution dates that had not passed when the file was dropped, and have by now, on the bank's calendar."""
    bank = house.bank(sub)
    dropped, today = house.day_at(bank, sub.received_at), house.day_at(bank, house.now())
    if today == dropped:
        return []  # nearly always: the payments need not be read
    asked = {p.requested_execution_date for p in house.journal.payments(sub.sid)}
    return sorted(day for day in asked if day is not None and dropped <= day < today)


def _held(house: House, sub: Submission, reason: str, text: str, who_acts: WhoActs = WhoActs.TREASURY) -> Submission:
    """Once it is released, its tries are counted anew."""
    return hold_for_a_person(house, sub, reason, text, who_acts=who_acts, first_attempt_at=None)
