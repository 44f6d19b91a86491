"""Calling a payment back, and the answer (camt.055 CustomerPaymentCancellationRequest, camt.056, camt.029)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from h2h.core.model.status import StatusReason


@dataclass(slots=True)
class CancellationDetail:
    """What is called back, or answered: a whole file, an instruction, or one payment (``level``).

    ``status`` is of an answer: ACCR accepted, RJCR refused, PDCR not decided yet, PACR accepted in part, UWFW the bank
    cannot find it (CancellationIndividualStatus1Code, GroupCancellationStatus1Code).
    """

    level: str  # file, instruction, payment
    status: str | None = None
    cancellation_id: str | None = None
    original_message_id: str | None = None
    original_message_name: str | None = None
    payment_information_id: str | None = None
    instruction_id: str | None = None
    end_to_end_id: str | None = None
    transaction_id: str | None = None
    uetr: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    reasons: tuple[StatusReason, ...] = ()


@dataclass(slots=True)
class CancellationPart:
    """One Undrlyg or CxlDtls: the message that it is about. Its details stand in the message."""

    original_message_id: str | None = None
    original_message_name: str | None = None


@dataclass(slots=True)
class CancellationRequest:
    """One camt.055 or camt.056. ``message_id`` is the assignment's."""

    message_id: str | None
    creation_date_time: datetime | None = None
    case_id: str | None = None
    stated_transaction_count: int | None = None
    stated_control_sum: Decimal | None = None
    parts: list[CancellationPart] = field(default_factory=list)
    details: list[CancellationDetail] = field(default_factory=list)


@dataclass(slots=True)
class CancellationAnswer:
    """One camt.029. ``confirmation`` is the answer as a whole (Sts/Conf: CNCL, RJCR, PDCR …)."""

    message_id: str | None
    creation_date_time: datetime | None = None
    case_id: str | None = None
    confirmation: str | None = None
    parts: list[CancellationPart] = field(default_factory=list)
    details: list[CancellationDetail] = field(default_factory=list)
