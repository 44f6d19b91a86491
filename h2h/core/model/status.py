"""A bank's answer to an initiation (pain.002; ISO 20022 CustomerPaymentStatusReport)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from h2h.core.model.payment import NOTHING
from h2h.core.outcome import Outcome


@dataclass(frozen=True, slots=True)
class StatusReason:
    """StsRsnInf: ``code`` of ExternalStatusReason1Code, or ``proprietary``; ``text``: all AddtlInf, space between.

    ``list``: the bank's own list that a proprietary code is of, where it has several.
    """

    code: str | None = None
    proprietary: str | None = None
    text: str = ""
    list: str | None = None


@dataclass(slots=True)
class TransactionStatus:
    """TxInfAndSts.

    Banks with codes of their own say it in several layers: ``codes`` has each list's code, ``status`` the one that
    decides and ``outcome`` what it means; for ISO's codes ``outcome`` is None. ``ordinal``: the position (from 1) in
    our file, where the bank names payments by it; 0: the only payment of a file that has one.
    """

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
    codes: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    outcome: Outcome | None = None
    ordinal: int | None = None


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
    codes: Mapping[str, str] = field(default_factory=lambda: NOTHING)  # of the message as a whole, by list
    group_outcome: Outcome | None = None  # what a bank's own group_status means; None for ISO's
