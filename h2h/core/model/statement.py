"""What the bank booked (camt.052, camt.053, camt.054 and, canonically, MT94x and BAI2): balances and entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from h2h.core.model.parties import Account
from h2h.core.model.payment import NOTHING


def signed(amount: Decimal, credit_debit: str) -> Decimal:
    """The amount with its direction: positive for CRDT, negative for DBIT."""
    return -amount if credit_debit == "DBIT" else amount


@dataclass(slots=True)
class Balance:
    """Bal. ``type`` is the ISO code: OPBD, PRCD, CLBD, CLAV, ITBD …"""

    type: str
    amount: Decimal
    currency: str
    credit_debit: str
    date: date | None = None


@dataclass(slots=True)
class EntryDetail:
    """NtryDtls/TxDtls: one transaction behind an entry."""

    message_id: str | None = None
    payment_information_id: str | None = None
    instruction_id: str | None = None
    end_to_end_id: str | None = None
    uetr: str | None = None
    account_servicer_reference: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    credit_debit: str | None = None
    debtor_name: str | None = None
    debtor_account: str | None = None
    creditor_name: str | None = None
    creditor_account: str | None = None
    remittance: str = ""
    creditor_reference: str | None = None
    return_reason: str | None = None  # RtrInf/Rsn/Cd: ExternalReturnReason1Code
    return_text: str = ""
    returned: bool = False  # RtrInf is present


@dataclass(slots=True)
class Entry:
    """Ntry. ``credit_debit`` is the direction in which the money moves; ``reversal`` marks a correction."""

    amount: Decimal
    currency: str
    credit_debit: str
    reversal: bool = False
    status: str | None = None  # BOOK, PDNG, INFO
    booking_date: date | None = None
    value_date: date | None = None
    entry_reference: str | None = None
    account_servicer_reference: str | None = None
    bank_transaction_code: str | None = None  # PMNT/ICDT/ESCT, or the proprietary code
    additional_information: str = ""
    batch_message_id: str | None = None  # NtryDtls/Btch/MsgId
    batch_payment_information_id: str | None = None
    batch_transaction_count: int | None = None
    details: list[EntryDetail] = field(default_factory=list)


@dataclass(slots=True)
class Statement:
    """One Stmt, Rpt or Ntfctn. ``kind`` is ``statement``, ``report`` or ``notification``."""

    kind: str
    id: str | None
    account: Account
    account_owner: str | None = None
    electronic_sequence_number: Decimal | None = None
    legal_sequence_number: Decimal | None = None
    creation_date_time: datetime | None = None
    from_date_time: datetime | None = None
    to_date_time: datetime | None = None
    stated_entry_count: int | None = None
    stated_credit_sum: Decimal | None = None
    stated_debit_sum: Decimal | None = None
    additional_information: str = ""
    entries_elsewhere: bool = False  # this file has the balances, another the entries (MultiCash)
    continues: bool = False  # a page after the first: it opens with what the page before carried over (:60M:)
    balances: list[Balance] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def balance(self, *types: str) -> Balance | None:
        """The first balance of the first of these types that the statement states."""
        for wanted in types:
            for balance in self.balances:
                if balance.type == wanted:
                    return balance
        return None

    @property
    def opening(self) -> Balance | None:
        """OPBD, else PRCD (the last closing that this statement starts from)."""
        return self.balance("OPBD", "PRCD")

    @property
    def closing(self) -> Balance | None:
        """CLBD."""
        return self.balance("CLBD")


@dataclass(slots=True)
class StatementMessage:
    """One Document with its statements, reports or notifications."""

    message_id: str | None
    creation_date_time: datetime | None
    statements: list[Statement] = field(default_factory=list)
    codes: Mapping[str, str] = field(default_factory=lambda: NOTHING)  # of a bank's answer as a whole, by list
    answer_text: str = ""  # what the bank says beside them
    original_query_id: str | None = None  # OrgnlBizQry: our question that it answers (camt.060)
