"""What a rule wants a person to look at before a file is sealed: findings of its conversion, the day's limits, payees.

What was used of a day is asked of the journal, not remembered: the files that come before this one, and those that
were let through already, whatever became of them, unless they were refused, cancelled or rejected. Two files that are
looked at side by side, by threads or nodes, cannot both be let through unseen: of two converted ones the earlier comes
before the later (`suspicions.goes_first`), so the later one sees it; and one that overtook a long file is seen by that.
Seen by both, both wait for a person, which is the safe side. What was let through yesterday and leaves today counts
today, so whoever is looked at last has seen all that leaves on its day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from h2h.core.errors import Refused
from h2h.core.findings import Finding, Severity, holding, refuses
from h2h.core.lifecycle import Event, State
from h2h.core.records import EventRecord, Submission
from h2h.core.released import is_released
from h2h.core.rules.day_limits import Leaving, check_day
from h2h.core.rules.payees import Payee, check_payees
from h2h.core.rules.terms import Terms
from h2h.core.schedule import time_zone
from h2h.pipeline.held import hold_for_a_person
from h2h.pipeline.house import House
from h2h.pipeline.receipts import write_receipt
from h2h.pipeline.requests import is_request
from h2h.pipeline.suspicions import goes_first
from h2h.settings import BankProfile

#: So many findings are told in the reason of a hold; all of them stand in the archive or in the history.
TOLD_MAX = 5
REMARK = "rules-remarked"


def hold_what_rules_say(house: House, sub: Submission, history: Sequence[EventRecord]) -> Submission:
    """HELD for what no person has let go on yet; else as it was. ``Refused`` where the profile makes it an error."""
    if is_request(house, sub):
        return sub
    found = [*_of_its_conversion(history), *_of_the_house(house, sub)]
    if refuses(found):
        raise Refused(found)
    open_ = [f for f in holding(found) if not is_released(sub.released_by, f.code)]
    if not open_:
        return sub
    codes = "+".join(dict.fromkeys(f.code for f in open_))  # released one by one (`decisions.release`)
    sub = hold_for_a_person(house, sub, codes, _told(open_), detail={"findings": [f.as_json() for f in open_]})
    write_receipt(house, sub)
    return sub


def _of_its_conversion(history: Sequence[EventRecord]) -> list[Finding]:
    for event in reversed(history):
        if event.event == Event.CONVERTED:
            return [Finding.of_a_hold(f) for f in event.detail.get("holds", ())]
    return []


def _told(findings: Sequence[Finding]) -> str:
    said = [f.text if f.where in ("file", "") else f"{f.where}: {f.text}" for f in findings[:TOLD_MAX]]
    more = f" (and {len(findings) - TOLD_MAX} more)" if len(findings) > TOLD_MAX else ""
    return "; ".join(said) + more


# ------------------------------------------------------------------------------------- what the journal is asked for


def _of_the_house(house: House, sub: Submission) -> list[Finding]:
    if is_request(house, sub, "direct-debit"):
        return []  # nothing leaves, and nobody is paid but us
    bank = house.bank(sub)
    rules, of_folder = bank.rules, house.folder(sub).day_amount_max
    has_limits = bool(rules.day_amount_max or rules.account_day_amount_max or of_folder)
    if not has_limits and rules.payee_memory_days is None:
        return []
    terms = Terms.of(bank, house.day_at(bank, house.now()))
    before = terms.judge.count  # what the profile's waivers are told of was told when the file was converted
    if has_limits:
        own, others = _leaving(house, bank, sub)
        check_day(own, others, of_folder, terms)
    if rules.payee_memory_days is not None:
        payees = [Payee(*payee) for payee in house.journal.payees(sub.sid)]
        since = house.now() - timedelta(days=rules.payee_memory_days)
        check_payees(payees, house.journal.accounts_paid({p.name for p in payees}, since), terms)
    if terms.judge.count == before:
        return []
    found = terms.judge.findings()
    _remark(house, sub, [f for f in found if f.severity not in (Severity.ERROR, Severity.HOLD)])
    return found


def _remark(house: House, sub: Submission, found: Sequence[Finding]) -> None:
    """What does not stop it stands in its history once, however often the step is taken."""
    if found and not any(event.event == REMARK for event in house.journal.events(sub.sid)):
        house.journal.remark(sub.sid, REMARK, at=house.now(), detail={"findings": [f.as_json() for f in found]})


def _leaving(house: House, bank: BankProfile, sub: Submission) -> tuple[list[Leaving], list[Leaving]]:
    """What leaves with this file; and with those that use the bank's day already."""
    zone = time_zone(bank.cutoff.timezone) if bank.cutoff else UTC
    begins = datetime.combine(house.day_at(bank, house.now()), time.min, zone).astimezone(UTC)
    others = [
        other
        for other in house.journal.leaving(bank.name, begins)
        if other.sid != sub.sid
        and goes_first(other, sub)
        and not is_request(house, other, "direct-debit")
        and not (other.state is State.TAKEN_OVER and (other.updated_at or begins) < begins)
    ]
    folders = {other.sid: other.folder for other in (*others, sub)}
    parts = [
        Leaving(sid, folders[sid], account, currency, amount)
        for (sid, account, currency), amount in house.journal.sums(list(folders)).items()
    ]
    return [p for p in parts if p.sid == sub.sid], [p for p in parts if p.sid != sub.sid]
