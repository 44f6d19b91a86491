"""What became of one payment, apart from whether its file was handled.

A bank may report several times, out of order, cumulatively or not; a report never moves a payment backwards. The one
way back from SETTLED is the money itself coming home: RETURNED. Two reports that contradict each other are both kept
and a person is told (``Verdict.CONTRADICTION``).
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """Where one payment is."""

    PENDING = "pending"  # not answered yet
    PROCESSING = "processing"  # the bank works on it
    ACCEPTED = "accepted"  # the bank will execute it
    SETTLED = "settled"  # the bank says paid, or it was seen on a statement
    REJECTED = "rejected"
    RETURNED = "returned"  # paid and came back
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # a status that nobody here knows: a person must look


class Verdict(StrEnum):
    """What a new report does to what is known."""

    MOVES = "moves"
    REPEATS = "repeats"  # nothing new
    LATE = "late"  # an earlier stage, reported after a later one
    CONTRADICTION = "contradiction"


# ISO 20022 ExternalPaymentTransactionStatus1Code, ExternalPaymentGroupStatus1Code → outcome (domain D.2).
OUTCOME_OF_STATUS: dict[str, Outcome] = {
    "RCVD": Outcome.PROCESSING,
    "ACTC": Outcome.PROCESSING,
    "PDNG": Outcome.PROCESSING,
    "PATC": Outcome.PROCESSING,
    "ACCP": Outcome.ACCEPTED,
    "ACFC": Outcome.ACCEPTED,
    "ACSP": Outcome.ACCEPTED,
    "ACWC": Outcome.ACCEPTED,
    "ACWP": Outcome.ACCEPTED,
    "ACPD": Outcome.ACCEPTED,
    "PRES": Outcome.ACCEPTED,
    "BLCK": Outcome.PROCESSING,
    # Verification of the payee (EU 2024/886): the bank waits for a person, or has nothing against the name.
    "RCVC": Outcome.PROCESSING,
    "RVMC": Outcome.PROCESSING,
    "RVNM": Outcome.PROCESSING,
    "RVNA": Outcome.PROCESSING,
    "ACSC": Outcome.SETTLED,
    "ACCC": Outcome.SETTLED,
    "ACIS": Outcome.SETTLED,
    "CPUC": Outcome.SETTLED,
    "CANC": Outcome.CANCELLED,
    "RJCT": Outcome.REJECTED,
}

_RANK = {Outcome.PENDING: 0, Outcome.UNKNOWN: 0, Outcome.PROCESSING: 1, Outcome.ACCEPTED: 2, Outcome.SETTLED: 3}
_ENDS = frozenset({Outcome.REJECTED, Outcome.RETURNED, Outcome.CANCELLED})


def outcome_of_status(code: str | None) -> Outcome:
    """The outcome a bank's status code stands for; UNKNOWN for a code that is in no list."""
    return OUTCOME_OF_STATUS.get(code or "", Outcome.UNKNOWN)


def judge(known: Outcome, reported: Outcome) -> Verdict:
    """What a report of *reported* does to a payment that is *known*.

    REJECTED after SETTLED, or SETTLED after REJECTED, is a contradiction: money is somewhere it should not be.
    """
    if known is reported:
        return Verdict.REPEATS
    if known in _ENDS:
        # After the end only the echo of an earlier stage is harmless; a settlement or another end is not.
        return Verdict.LATE if _RANK.get(reported, 9) < _RANK[Outcome.SETTLED] else Verdict.CONTRADICTION
    if reported is Outcome.RETURNED:
        return Verdict.MOVES
    if known is Outcome.SETTLED:
        return Verdict.CONTRADICTION if reported in _ENDS else Verdict.LATE
    if reported in _ENDS:
        return Verdict.MOVES
    if reported is Outcome.UNKNOWN:
        return Verdict.MOVES if known is Outcome.PENDING else Verdict.LATE
    return Verdict.MOVES if _RANK[reported] > _RANK[known] or known is Outcome.UNKNOWN else Verdict.LATE
