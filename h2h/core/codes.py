"""Reason and status codes in plain words: what it means, who acts, may it be sent again, where the money is.

Reasons are keyed by list and code, for the same code differs between the lists: BE08 is a missing debtor name in a
status report and a bank's own error on a return.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

from h2h.core.code_data.advice import ADVICE, Money, Resend
from h2h.core.code_data.cancellation_reasons import CANCELLATION_REASONS
from h2h.core.code_data.chinese import NEXT_STEPS, RETURN_MEANINGS, STATUS_MEANINGS
from h2h.core.code_data.recall_reasons import RECALL_REASONS
from h2h.core.code_data.return_reasons import RETURN_REASONS
from h2h.core.code_data.status_reasons import STATUS_REASONS
from h2h.core.code_data.statuses import STATUSES
from h2h.core.findings import WhoActs

__all__ = ["LISTS", "Money", "Reason", "Resend", "Status", "meaning", "meanings", "near", "status", "statuses"]

ReasonList = Literal["status", "return", "cancellation", "recall"]
#: status: ExternalStatusReason1Code (pain.002); return: ExternalReturnReason1Code (camt.05x); cancellation:
#: ExternalPaymentCancellationRejection1Code (camt.029); recall: ExternalCancellationReason1Code (camt.055).
LISTS: tuple[ReasonList, ...] = ("status", "return", "cancellation", "recall")


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code of one list. ``name`` is ISO 20022's, "" where only the definition is known.

    ``next_step`` completes "Next: …".
    """

    list: str
    code: str
    name: str
    meaning: str
    meaning_zh: str
    next_step: str
    next_step_zh: str
    who_acts: WhoActs
    resend: Resend
    money: Money

    def as_json(self) -> dict[str, Any]:
        """For `h2h reason --json`."""
        return {k: (str(v) if isinstance(v, StrEnum) else v) for k, v in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Status:
    """A status code of a payment status report. ``final``: no further report is expected (a return may still come)."""

    code: str
    name: str
    final: bool
    meaning: str
    meaning_zh: str


def meaning(list: str, code: str) -> Reason | None:
    """What *code* means in *list* (one of ``LISTS``); None for a code that is in neither edition known here."""
    return _reasons().get((list, code))


def meanings(code: str) -> tuple[Reason, ...]:
    """The code in every list that has it."""
    return tuple(reason for (_, known), reason in _reasons().items() if known == code)


def near(code: str, more: Iterable[str] = ()) -> list[str]:
    """Codes that look like *code*, of these lists and of *more*, for those who mistyped it."""
    import difflib

    return difflib.get_close_matches(
        code.upper(), sorted({*more, *(known for _, known in _reasons())}), n=3, cutoff=0.5
    )


def status(code: str) -> Status | None:
    """What a status code says; None for one that is not known here (then nothing is known of the payment)."""
    return _statuses().get(code)


def statuses() -> tuple[Status, ...]:
    """All status codes, from received to final."""
    return tuple(_statuses().values())


#: Verification of the payee (EU 2024/886): what the bank found, where it waits for a person.
PAYEE_CHECKS = ("RVMC", "RVNM", "RVNA")


# The bank does not know itself, or its word concerns another thing than the money.
_MONEY = {
    "ask-bank": Money.UNKNOWN,
    "bank-trouble": Money.UNKNOWN,
    "duplicate": Money.UNKNOWN,
    "id-used": Money.UNKNOWN,
    "read-text": Money.UNKNOWN,
    "other-kind": Money.UNKNOWN,
    "wait": Money.UNAFFECTED,
    "nothing": Money.UNAFFECTED,
    "inform": Money.UNAFFECTED,
}


@lru_cache(maxsize=1)
def _reasons() -> dict[tuple[str, str], Reason]:
    found = {}
    for kind, rows in (("status", STATUS_REASONS), ("return", RETURN_REASONS)):
        for code, name, key, english in rows:
            advice = ADVICE[key]
            chinese = (RETURN_MEANINGS.get(code) if kind == "return" else None) or STATUS_MEANINGS[code]
            # A return says of itself where the money is, whatever its reason.
            money = Money.CAME_BACK if kind == "return" else _MONEY.get(key, Money.NOT_MOVED)
            found[kind, code] = Reason(
                *(kind, code, name, english, chinese, advice.next_step, NEXT_STEPS[key]),
                who_acts=advice.who_acts,
                resend=advice.resend,
                money=money,
            )
    for code, name, key, english, chinese in CANCELLATION_REASONS:
        advice = ADVICE[key]
        # Whatever the answer to a cancellation, it moves no money by itself.
        found["cancellation", code] = Reason(
            *("cancellation", code, name, english, chinese, advice.next_step, NEXT_STEPS[key]),
            who_acts=advice.who_acts,
            resend=advice.resend,
            money=Money.UNAFFECTED,
        )
    advice = ADVICE["recall-asked"]
    for code, name, english, chinese in RECALL_REASONS:
        found["recall", code] = Reason(
            *("recall", code, name, english, chinese, advice.next_step, NEXT_STEPS["recall-asked"]),
            who_acts=advice.who_acts,
            resend=advice.resend,
            money=Money.UNAFFECTED,
        )
    return found


@lru_cache(maxsize=1)
def _statuses() -> dict[str, Status]:
    return {row[0]: Status(*row) for row in STATUSES}
