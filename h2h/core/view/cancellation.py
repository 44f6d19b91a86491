"""Cancellations as the command line shows them: JSON values, and a row for each thing called back or answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from h2h.core.model.cancellation import CancellationAnswer, CancellationDetail, CancellationRequest
from h2h.core.model.parties import Agent, Party
from h2h.core.view.plain import exact, iso, reasons_joined, reasons_json

CANCELLATION_ROW_HEADER = (
    *("message_id", "case_id", "level", "original_message_id", "payment_information_id", "instruction_id"),
    *("end_to_end_id", "uetr", "amount", "currency", "status", "reason_code", "reason_text"),
)

_PLAIN = (
    *("level", "status", "cancellation_id", "original_message_id", "original_message_name"),
    *("payment_information_id", "instruction_id", "end_to_end_id", "transaction_id", "uetr"),
)


def cancellation_json(message: CancellationRequest | CancellationAnswer) -> dict[str, Any]:
    """The content of a request or an answer."""
    made: dict[str, Any] = {
        "message_id": message.message_id,
        "creation_date_time": iso(message.creation_date_time),
        "case_id": message.case_id,
    }
    if isinstance(message, CancellationAnswer):
        made["confirmation"] = message.confirmation
    else:
        made["assigner"] = _who(message.assigner, message.assigner_agent)
        made["assignee"] = _who(message.assignee, message.assignee_agent)
        made["stated_transaction_count"] = message.stated_transaction_count
        made["stated_control_sum"] = exact(message.stated_control_sum)
    made["cancellations"] = [_detail(detail) for detail in told(message)]
    return made


def told(message: CancellationRequest | CancellationAnswer) -> list[CancellationDetail]:
    """What is called back or answered, without the instructions that only stand around their payments."""
    within = {d.payment_information_id for d in message.details if d.level == "payment"}
    return [
        d
        for d in message.details
        if d.level == "payment" or d.status is not None or d.reasons or d.payment_information_id not in within
    ]


def cancellation_rows(
    message: CancellationRequest | CancellationAnswer,
) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Header and rows."""
    return CANCELLATION_ROW_HEADER, (_row(message, detail) for detail in told(message))


def _who(party: Party | None, agent: Agent | None) -> str | None:
    """A name, or the bank's id."""
    if party is not None:
        return party.name
    return (agent.bic or agent.name) if agent is not None else None


def _row(message: CancellationRequest | CancellationAnswer, d: CancellationDetail) -> Sequence[str]:
    about = (d.original_message_id, d.payment_information_id, d.instruction_id, d.end_to_end_id, d.uetr)
    said = (exact(d.amount), d.currency, d.status, *reasons_joined(d.reasons))
    values = (message.message_id, message.case_id, d.level, *about, *said)
    return tuple(v or "" for v in values)


def _detail(d: CancellationDetail) -> dict[str, Any]:
    return {
        **{name: getattr(d, name) for name in _PLAIN},
        "amount": exact(d.amount),
        "currency": d.currency,
        "requested_execution_date": iso(d.requested_execution_date),
        "whole": d.whole,
        "reasons": reasons_json(d.reasons),
    }
