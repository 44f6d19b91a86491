"""What a site declares about the files its ERP imports. Data, checked when it is read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from h2h.core.declared import Part

StatementColumn = Literal[
    "account", "statement", "sequence", "entry", "booking_date", "value_date", "amount", "currency", "credit_debit",
    "reversal", "status", "end_to_end_id", "counterparty", "counterparty_account", "remittance", "bank_reference",
    "bank_transaction_code", "return_reason", "source_file", "payment", "outcome", "signed_amount",
]  # fmt: skip
Texts = Literal["refuse", "transliterate"]
Repertoire = Literal["sepa", "latin-1", "utf-8", "gb18030"]


class LineOptions(Part):
    """What MT940 and MultiCash have in common: a line an entry."""

    charset: Repertoire = Field("sepa", description="The characters that may stand in it; sepa is SWIFT's set X.")
    on_charset: Texts = Field(
        "transliterate",
        description="What becomes of other characters. transliterate: they are spelled in the set, those without a "
        "spelling become dots, and the manifest says so.",
    )
    long_texts: Literal["refuse", "shorten"] = Field(
        "shorten", description="A text that does not fit. shorten: the manifest says what was left out."
    )
    statement_number: Literal["as-stated", "day-of-year"] = Field(
        "as-stated", description="day-of-year: YYDDD of the closing balance, where the bank gives no number."
    )
    value_date_missing: Literal["refuse", "booking-date"] = Field(
        "refuse", description="An entry without a value date."
    )
    text_keys: dict[str, str] = Field(
        default={},
        description="Transaction code of the bank (PMNT/RCDT/ESCT, NTRF) → text key (166). '*' is any other.",
    )


class Mt940Options(LineOptions):
    """MT940 as SWIFT has it; only the text of an entry has dialects."""

    narrative: Literal["slash", "german", "plain"] = Field(
        "slash", description="slash: /EREF/…/REMI/…; german: 166?00…?20EREF+…; plain: the text alone."
    )


class MultiCashOptions(LineOptions):
    """The pair AUSZUG and UMSATZ."""

    number_digits: int = Field(4, ge=1, le=5, description="Digits of the statement number; SAP has 4, some banks 5.")
    accounts: dict[str, str] = Field(
        default={}, description="Account as the bank states it → 'bank key/account' as the ERP knows it."
    )


class FinstaOptions(Part):
    """The IDoc FINSTA01."""

    sender_partner: str = Field("", description="SNDPRN of the control record.")
    receiver_partner: str = Field("", description="RCVPRN of the control record.")
    amount_qualifier: str = Field("001", description="MOAQUAL of a line's amount, as agreed with the SAP team.")
    accounts: dict[str, str] = Field(
        default={}, description="Account as the bank states it → 'bank key/account' as the ERP knows it."
    )
    statement_number: Literal["as-stated", "day-of-year"] = Field(
        "as-stated", description="day-of-year: YYDDD of the closing balance, where the bank gives no number."
    )
    debit_sign: Literal["trailing", "leading"] = Field(
        "trailing", description="Where the minus of a debit stands; the IDoc type has no field for the direction."
    )


class StatementCsv(Part):
    """How the table of a statement is written."""

    columns: tuple[StatementColumn, ...] = Field(
        (), description="Which columns, in which order; empty: all but signed_amount. See docs/erp-answers.md."
    )
    delimiter: str = Field(
        ",", min_length=1, max_length=1, description='One character between columns; a tab is "\\t".'
    )
    decimal_separator: Literal[".", ","] = Field(".", description="Between units and cents.")
    date_format: str = Field("%Y-%m-%d", description="As Python's strftime.")
    encoding: Literal["utf-8", "utf-8-sig", "gb18030", "cp1252", "iso-8859-15"] = Field(
        "utf-8", description="utf-8-sig begins with the mark by which Excel knows UTF-8."
    )
    header: bool = Field(True, description="The first row holds the columns' names.")
