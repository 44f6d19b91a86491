"""A payment initiation: what an ERP asks its bank to do (pain.001; ISO 20022 CustomerCreditTransferInitiation).

The bulk path is a stream: one ``Initiation`` header, then transactions one after the other, each pointing at the
header of its instruction (PmtInf). Equal headers are the same instruction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from h2h.core.model.collection import Collection
from h2h.core.model.parties import Account, Agent, Party

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stood in its source: 1-based line, 1-based column or column name, and the path for people."""

    path: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class PaymentInstruction:
    """PmtInf without its transactions: one own account, one execution date, one kind of payment.

    Of a direct debit, ``debtor`` is still the own side, which is the creditor there, and the execution date is the day
    of collection. ``creditor_scheme`` and ``sequence_type`` (SequenceType3Code) are of direct debits only.
    """

    id: str | None
    debtor: Party
    debtor_account: Account
    debtor_agent: Agent
    requested_execution_date: date | None
    requested_execution_date_time: datetime | None = None
    payment_method: str = "TRF"
    batch_booking: bool | None = None
    stated_transaction_count: int | None = None
    stated_control_sum: Decimal | None = None
    instruction_priority: str | None = None
    service_level: str | None = None
    service_level_proprietary: str | None = None
    local_instrument: str | None = None
    local_instrument_proprietary: str | None = None
    category_purpose: str | None = None
    category_purpose_proprietary: str | None = None
    ultimate_debtor: Party | None = None
    charge_bearer: str | None = None
    creditor_scheme: Party | None = None
    sequence_type: str | None = None  # FRST, RCUR, FNAL, OOFF, RPRE


@dataclass(slots=True)
class CreditTransfer:
    """CdtTrfTxInf: one payment. ``amount`` is exact, in ``currency``; nothing here is rounded, cut or defaulted.

    It stands for a direct debit (DrctDbtTxInf), too: ``creditor`` is the other side then, and ``collection`` is there.
    """

    instruction: PaymentInstruction
    end_to_end_id: str
    amount: Decimal
    currency: str
    creditor: Party
    creditor_account: Account | None
    creditor_agent: Agent | None = None
    instruction_id: str | None = None
    uetr: str | None = None
    charge_bearer: str | None = None
    service_level: str | None = None
    local_instrument: str | None = None
    category_purpose: str | None = None
    purpose: str | None = None
    purpose_proprietary: str | None = None
    ultimate_debtor: Party | None = None
    ultimate_creditor: Party | None = None
    intermediary_agent: Agent | None = None
    remittance_unstructured: tuple[str, ...] = ()
    creditor_reference: str | None = None
    creditor_reference_type: str | None = None  # SCOR, QRR …
    instructions_for_creditor_agent: tuple[str, ...] = ()
    equivalent_amount: bool = False  # EqvtAmt instead of InstdAmt
    currency_of_transfer: str | None = None  # EqvtAmt/CcyOfTrf: what arrives, while ``currency`` is what is spent
    supplementary: Mapping[str, str] = field(
        default_factory=lambda: NOTHING
    )  # facts only one bank knows, declared by its format
    place: Place | None = None
    collection: Collection | None = None
    sequence_type: str | None = None  # of a direct debit, where it stands at the payment


@dataclass(slots=True)
class Initiation:
    """GrpHdr and, where they are held in memory, the transactions in document order.

    ``stated_*`` are what the file claims; ``transactions`` are what it holds. ``kind`` is ``credit-transfer`` or
    ``direct-debit``.
    """

    message_id: str
    creation_date_time: datetime | None
    initiating_party: Party
    stated_transaction_count: int | None = None
    stated_control_sum: Decimal | None = None
    kind: str = "credit-transfer"
    instructions: Sequence[PaymentInstruction] = ()
    transactions: list[CreditTransfer] = field(default_factory=list)
    supplementary: Mapping[str, str] = field(
        default_factory=lambda: NOTHING
    )  # facts of the whole file that only one bank knows

    @property
    def control_sum(self) -> Decimal:
        """The sum of all amounts, whatever their currency (ISO 20022 CtrlSum's own definition)."""
        return sum((t.amount for t in self.transactions), Decimal(0))
