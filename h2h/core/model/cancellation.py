"""Calling a payment back, and the answer (camt.055 CustomerPaymentCancellationRequest, camt.056, camt.029)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from h2h.core.model.parties import Agent, Party
from h2h.core.model.status import StatusReason


@dataclass(slots=True)
class CancellationDetail:
    """What is called back, or answered: a whole file, an instruction, or one payment (``level``).

    ``status`` is of an answer: ACCR accepted, RJCR refused, PDCR not decided yet, PACR accepted in part, UWFW the bank
    cannot find it (CancellationIndividualStatus1Code, GroupCancellationStatus1Code). ``whole``: all payments of the
    file or the instruction are called back (GrpCxl, PmtInfCxl). ``payments`` are those of an instruction.
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
    requested_execution_date: date | None = None
    stated_transaction_count: int | None = None
    stated_control_sum: Decimal | None = None
    whole: bool | None = None
    reasons: tuple[StatusReason, ...] = ()
    payments: list[CancellationDetail] = field(default_factory=list)


@dataclass(slots=True)
class CancellationPart:
    """One Undrlyg or CxlDtls: files, instructions with their payments, and payments that name no instruction."""

    files: list[CancellationDetail] = field(default_factory=list)
    instructions: list[CancellationDetail] = field(default_factory=list)
    payments: list[CancellationDetail] = field(default_factory=list)


@dataclass(slots=True)
class CancellationRequest:
    """One camt.055 or camt.056. ``message_id`` is the assignment's; who asks whom: a party or an agent each."""

    message_id: str | None
    creation_date_time: datetime | None = None
    assigner: Party | None = None
    assigner_agent: Agent | None = None
    assignee: Party | None = None
    assignee_agent: Agent | None = None
    case_id: str | None = None
    case_creator: Party | None = None
    case_creator_agent: Agent | None = None
    stated_transaction_count: int | None = None
    stated_control_sum: Decimal | None = None
    parts: list[CancellationPart] = field(default_factory=list)

    @property
    def details(self) -> list[CancellationDetail]:
        """All that is called back, in the order of the document."""
        return list(details_of(self.parts))


@dataclass(slots=True)
class CancellationAnswer:
    """One camt.029. ``confirmation`` is the answer as a whole (Sts/Conf: CNCL, RJCR, PDCR …)."""

    message_id: str | None
    creation_date_time: datetime | None = None
    case_id: str | None = None
    confirmation: str | None = None
    parts: list[CancellationPart] = field(default_factory=list)

    @property
    def details(self) -> list[CancellationDetail]:
        """All that is answered, in the order of the document."""
        return list(details_of(self.parts))


def details_of(parts: Iterable[CancellationPart]) -> Iterator[CancellationDetail]:
    """Files, instructions (each before its payments) and payments, in the order in which a document holds them.

    What an instruction says of all its payments is told of each of them.
    """
    for part in parts:
        yield from part.files
        for instruction in part.instructions:
            yield replace(instruction, payments=[])
            for payment in instruction.payments:
                yield replace(
                    payment,
                    payment_information_id=payment.payment_information_id or instruction.payment_information_id,
                    original_message_id=payment.original_message_id or instruction.original_message_id,
                )
        yield from part.payments
