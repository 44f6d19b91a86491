"""What only a collection has: the mandate, and who was given it (ISO 20022 DirectDebitTransaction)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from h2h.core.model.parties import Account, Agent, Party


@dataclass(frozen=True, slots=True)
class Mandate:
    """MndtRltdInf: the payer's permission. ``original_*`` is what it said before an amendment (AmdmntInfDtls).

    ``amended`` is AmdmntInd, None where the document does not say. In SEPA an amended account is written as an IBAN of
    the same bank, or as the word SMNDA in ``original_debtor_account.other`` (EPC: same mandate, new debtor account).
    """

    id: str | None = None
    date_of_signature: date | None = None
    amended: bool | None = None
    original_id: str | None = None
    original_creditor_scheme: Party | None = None
    original_debtor: Party | None = None
    original_debtor_account: Account | None = None
    original_debtor_agent: Agent | None = None
    electronic_signature: str | None = None
    first_collection_date: date | None = None
    final_collection_date: date | None = None
    frequency: str | None = None  # Frequency6Code: MNTH, YEAR, ADHO …

    @property
    def amends_something(self) -> bool:
        """Whether any former value is given."""
        former = (self.original_id, self.original_creditor_scheme, self.original_debtor, self.original_debtor_account)
        return self.original_debtor_agent is not None or any(part is not None for part in former)


@dataclass(frozen=True, slots=True)
class Collection:
    """DrctDbtTx: the mandate, and how the payer was told.

    ``creditor_scheme`` is CdtrSchmeId: the creditor as the scheme knows it (SEPA: the creditor identifier).
    """

    mandate: Mandate | None = None
    creditor_scheme: Party | None = None
    pre_notification_id: str | None = None
    pre_notification_date: date | None = None
