"""What the two names at the bank prove about a send that was cut short: the recovery table of the protocol, row by row.

A submission is COMMITTING: its temporary file T was complete and verified then; the rename T → F may or may not have
been requested. A fresh session observed T first, then F. The answer is one of three; only evidence makes it
"delivered".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Seen(StrEnum):
    """What is known of one remote name."""

    ABSENT = "absent"
    SAME = "same"  # size and content are ours
    SAME_SIZE = "same size"  # the content cannot be read back, the size is ours
    DIFFERENT = "different"  # somebody else's bytes
    UNKNOWN = "unknown"  # the server will not say


class Decision(StrEnum):
    """What to do about it."""

    DELIVERED = "delivered"
    RENAME_AGAIN = "rename again"  # the same T: it can be consumed only once
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the table: ``proof`` is E2 or E4 for DELIVERED; H1, H2 or H3 for DOUBT; ``words`` say why."""

    decision: Decision
    proof: str = ""
    words: str = ""


def decide(*, final: Seen, temporary: Seen, rename_is_atomic: bool, bank_removes_temporaries: bool) -> Answer:
    """The row of the recovery table (protocol 3.4) that fits. An acknowledgement (E3) is dealt with before."""
    if final not in (Seen.ABSENT, Seen.UNKNOWN):
        return _taken(final, ours_is_there=rename_is_atomic and temporary is not Seen.ABSENT)
    if Seen.UNKNOWN in (final, temporary):
        return Answer(Decision.DOUBT, "H3", "the bank's server does not let us see what is in the folder")
    return _final_is_absent(temporary, rename_is_atomic, bank_removes_temporaries)


def _final_is_absent(temporary: Seen, rename_is_atomic: bool, bank_removes_temporaries: bool) -> Answer:
    if temporary is Seen.DIFFERENT:
        # Verified once, and changed since: a server that lost its power, a quota, somebody's hand (invariant I5).
        words = "the temporary file at the bank is no longer what was uploaded; it is never given the final name"
        return Answer(Decision.DOUBT, "H3", words)
    if temporary is not Seen.ABSENT:
        if rename_is_atomic:
            return Answer(Decision.RENAME_AGAIN, "", "the temporary file is still there, the final name is not")
        return Answer(
            Decision.DOUBT, "H2", "the server's rename is not atomic: the bank may have taken the final name already"
        )
    if rename_is_atomic and not bank_removes_temporaries:
        return Answer(
            Decision.DELIVERED, "E4", "both names are gone and the bank agreed never to remove temporary names"
        )
    return Answer(Decision.DOUBT, "H3", "both names are gone: taken by the bank, or cleaned away before the rename")


def _taken(final: Seen, *, ours_is_there: bool) -> Answer:
    """There is a file under the final name. *ours_is_there*: under its temporary name still, so this is not ours."""
    if final is Seen.SAME:
        return Answer(Decision.DELIVERED, "E2", "the bank's folder holds exactly our bytes under the final name")
    if final is Seen.DIFFERENT:
        return Answer(Decision.DOUBT, "H1", "another file already has this name at the bank")
    if ours_is_there:
        words = "another file already has this name at the bank; it has our size, but ours has not left its own"
        return Answer(Decision.DOUBT, "H1", words)
    return Answer(
        Decision.DELIVERED, "E2-size", "the final name holds a file of our size; its content may not be read back"
    )
