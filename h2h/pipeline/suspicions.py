"""Files that look like earlier ones (D2 to D4): never sent silently, never dropped silently.

The same bytes are recognised at take-in (D1). Here: the same name with other bytes, the same message id, payments that
were sent before. What a person has released is not suspected again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from h2h.core.errors import Refused
from h2h.core.findings import Finding, Severity, WhoActs
from h2h.core.lifecycle import BANK_MAY_HAVE_IT, State
from h2h.core.records import Submission
from h2h.core.released import is_released
from h2h.pipeline.held import hold_for_a_person
from h2h.pipeline.house import House
from h2h.pipeline.receipts import write_receipt
from h2h.settings import DuplicatePolicy

#: Released from there a file is not compared again, but for AWAITING_RELEASE.
_LET_THROUGH = BANK_MAY_HAVE_IT | {State.AWAITING_RELEASE, State.SEALED, State.SENDING}
_NEVER_SENT = frozenset({State.REFUSED, State.CANCELLED, State.DUPLICATE})
#: So many overlaps are named; the rest is counted.
OVERLAPS_NAMED_MAX = 5


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What looks like what, and what the profile says about it. ``reason`` is H4 of the protocol with its kind."""

    reason: str
    text: str
    policy: DuplicatePolicy
    earlier: tuple[str, ...]


def same_name(house: House, sub: Submission) -> Suspicion | None:
    """D2: a modified resend? A file of this name was taken in before, with other bytes."""
    rules = house.folder(sub).duplicates
    since = house.now() - timedelta(days=rules.window_days)
    for earlier in house.journal.same_name(sub.folder, sub.source_name, since):
        if _before(earlier, sub) and earlier.source_sha256 != sub.source_sha256 and earlier.state not in _NEVER_SENT:
            text = (
                f"a file of this name, with other content, was received {earlier.received_at:%Y-%m-%d %H:%M} UTC "
                f"(submission {earlier.sid}, {earlier.state})"
            )
            return _unless_released(sub, Suspicion("H4-SAME-NAME", text, rules.same_name_other_bytes, (earlier.sid,)))
    return None


def same_message_id(house: House, sub: Submission, message_id: str, *, sealing: bool = False) -> Suspicion | None:
    """D3: banks want message ids unique for months; another file with this id has gone to this bank.

    Asked a second time when *sealing*: two files that were converted side by side did not see each other.
    """
    rules = house.folder(sub).duplicates
    since = house.now() - timedelta(days=rules.window_days)
    for earlier in house.journal.by_message_id(sub.bank, message_id):
        if earlier.sid == sub.sid or (sealing and not goes_first(earlier, sub)):
            continue
        if earlier.state not in _NEVER_SENT and earlier.received_at >= since:
            used_by = f"'{earlier.source_name}' (submission {earlier.sid}, {earlier.state})"
            text = f"message id {message_id} was used by {used_by}"
            return _unless_released(sub, Suspicion("H4-SAME-MESSAGE-ID", text, rules.same_message_id, (earlier.sid,)))
    return None


def overlapping(house: House, sub: Submission) -> Suspicion | None:
    """D4: other bytes, other ids, but some payments are the same in account, amount, reference and date."""
    rules = house.folder(sub).duplicates
    since = house.now() - timedelta(days=rules.window_days)
    found = house.journal.overlapping(sub.sid, sub.bank, since)
    found = [(ordinal, p) for ordinal, p in found if goes_first(house.journal.submission(p.sid), sub)]
    if not found:
        return None
    named = [f"payment {ordinal} is payment {p.ordinal} of submission {p.sid}" for ordinal, p in found]
    more = f" and {len(named) - OVERLAPS_NAMED_MAX} more" if len(named) > OVERLAPS_NAMED_MAX else ""
    count = len({ordinal for ordinal, _ in found})
    text = f"{count} of its payments were in earlier files: " + "; ".join(named[:OVERLAPS_NAMED_MAX]) + more
    earlier = tuple(sorted({p.sid for _, p in found}))
    return _unless_released(sub, Suspicion("H4-OVERLAP", text, rules.overlapping_payments, earlier))


def hold_or_refuse(house: House, sub: Submission, suspicion: Suspicion) -> Submission:
    """What the profile says. ``Refused`` for refuse; HELD for hold; warn is remarked and goes on."""
    if suspicion.policy is DuplicatePolicy.REFUSE:
        finding = Finding(
            suspicion.reason,
            Severity.ERROR,
            sub.source_name,
            suspicion.text,
            WhoActs.ACCOUNTS_PAYABLE,
            next_step="check whether these payments were made; if they are new, export them with new references",
            reason="DUPL",
        )
        raise Refused([finding])
    if suspicion.policy is DuplicatePolicy.WARN:
        detail = {"reason_text": suspicion.text, "earlier": list(suspicion.earlier)}
        house.journal.remark(sub.sid, "duplicate-warning", at=house.now(), detail=detail)
        return sub
    sub = hold_for_a_person(house, sub, suspicion.reason, suspicion.text, detail={"earlier": list(suspicion.earlier)})
    write_receipt(house, sub)
    return sub


def goes_first(one: Submission, other: Submission) -> bool:
    """The earlier file; one that was let through already, even if a person stopped it after that; and one that overtook

    a long file, which was not converted yet when that one was looked at.
    """
    if one.state is State.HELD and one.held_from in _LET_THROUGH:
        return True
    overtook = one.state is State.CONVERTED and (one.updated_at or one.received_at) < (
        other.updated_at or other.received_at
    )
    return one.state in _LET_THROUGH or overtook or _before(one, other)


def _before(one: Submission, other: Submission) -> bool:
    """Of two files only the later one is suspected. The journal knows which: a clock that is set back does not."""
    return one.number < other.number


def _unless_released(sub: Submission, suspicion: Suspicion) -> Suspicion | None:
    """What a person released for this very reason is not suspected again; another suspicion still is."""
    return None if is_released(sub.released_by, suspicion.reason) else suspicion
