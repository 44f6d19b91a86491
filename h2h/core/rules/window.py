"""Whether the bank still takes a file on the day on which it is to pay: the window that opens next may be too late."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from h2h.core.declared import Cutoff
from h2h.core.findings import Finding
from h2h.core.rules.judge import Where
from h2h.core.rules.terms import BankTerms, Terms
from h2h.core.schedule import sending_window, time_zone
from h2h.core.working_days import resting


def check_window(days: Iterable[date], bank: BankTerms, cutoff: Cutoff | None, now: datetime) -> list[Finding]:
    """What is found of payments of these *days* whose file is ready to go at *now* (aware).

    Days that have passed already are another rule's. ``Misconfigured`` for an unknown time zone.
    """
    window = sending_window(now, cutoff, resting(bank.rules))
    if cutoff is None or window.opens_at is None:
        return []
    zone = time_zone(cutoff.timezone)
    today, opens = now.astimezone(zone).date(), window.opens_at.astimezone(zone)
    late = sorted({day for day in days if today <= day < opens.date()})
    if not late:
        return []
    terms = Terms.of(bank, today)
    for day in late:
        said = f"the bank takes files again on {opens:%Y-%m-%d at %H:%M} ({cutoff.timezone}), too late for {day}"
        terms.judge.found("H2H-DATE-CUTOFF", "requested_execution_date", said, where=Where("file"))
    return terms.judge.findings()
