"""A bank's answer to an initiation (pain.002; ISO 20022 CustomerPaymentStatusReport)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class StatusReason:
    """StsRsnInf: ``code`` of ExternalStatusReason1Code, or ``proprietary``; ``text``: all AddtlInf, space between."""

    code: str | None = None
    proprietary: str | None = None
    text: str = ""


@dataclass(slots=True)
class TransactionStatus:
    """TxInfAndSts."""

    status: str | None
    end_to_end_id: str | None = None
    instruction_id: str | None = None
    uetr: str | None = None
    payment_information_id: str | None = None
    reasons: tuple[StatusReason, ...] = ()
    account_servicer_reference: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    creditor_account: str | None = None


@dataclass(slots=True)
class InstructionStatus:
    """OrgnlPmtInfAndSts without its transactions."""

    payment_information_id: str | None
    status: str | None
    reasons: tuple[StatusReason, ...] = ()


@dataclass(slots=True)
class StatusReport:
    """One Document. ``group_status`` is None where the bank speaks only of instructions or transactions."""

    message_id: str | None
    creation_date_time: datetime | None
    original_message_id: str | None
    original_message_name: str | None = None
    group_status: str | None = None
    group_reasons: tuple[StatusReason, ...] = ()
    stated_transaction_count: int | None = None
    stated_control_sum: Decimal | None = None
    instructions: list[InstructionStatus] = field(default_factory=list)
    transactions: list[TransactionStatus] = field(default_factory=list)
