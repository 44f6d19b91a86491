"""The fields of a payment, as a delimited file may name them: one table for readers, rules, findings and the guide.

A name on the left of ``[erp.delimited.fields]`` is one of these. ``path`` is where the value stands in a pain.001: it
places findings in ISO files, and tells people who know ISO 20022 what is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Whose value it is: payments that differ in one of INSTRUCTION go into different PmtInf."""

    INSTRUCTION = "instruction"
    TRANSACTION = "transaction"


class Kind(StrEnum):
    """How the value is read and checked."""

    TEXT = "text"  # free text: the bank's repertoire, transliterated where the profile says so
    IDENTIFIER = "identifier"  # a reference: never changed
    CODE = "code"
    ACCOUNT = "account"
    AMOUNT = "amount"
    DATE = "date"
    FLAG = "flag"  # true or false
    GROUPING = "grouping"  # keeps payments apart; not sent


@dataclass(frozen=True, slots=True)
class Field:
    """One name of the table; ``longest`` is ISO 20022's limit in characters, where it has one."""

    name: str
    meaning: str
    path: str
    level: Level
    kind: Kind
    longest: int | None = None


def _instruction(name: str, kind: Kind, path: str, meaning: str, longest: int | None = None) -> Field:
    return Field(name, meaning, path, Level.INSTRUCTION, kind, longest)


def _transaction(name: str, kind: Kind, path: str, meaning: str, longest: int | None = None) -> Field:
    return Field(name, meaning, path, Level.TRANSACTION, kind, longest)


def _address(party: str, tag: str, level: Level) -> list[Field]:
    parts = (
        ("street_name", Kind.TEXT, "StrtNm", "street", 70),
        ("building_number", Kind.TEXT, "BldgNb", "house number", 16),
        ("post_code", Kind.TEXT, "PstCd", "postal code", 16),
        ("town_name", Kind.TEXT, "TwnNm", "town", 35),
        ("country_sub_division", Kind.TEXT, "CtrySubDvsn", "state, province or canton", 35),
        ("country", Kind.CODE, "Ctry", "country, ISO 3166 in two letters", 2),
        ("address_line_1", Kind.TEXT, "AdrLine[1]", "address line, for what is not structured", 70),
        ("address_line_2", Kind.TEXT, "AdrLine[2]", "second address line", 70),
    )
    return [
        Field(f"{party}_{name}", f"{party}'s {meaning}", f"{tag}/PstlAdr/{path}", level, kind, longest)
        for name, kind, path, meaning, longest in parts
    ]


K = Kind
_MEMBER = "FinInstnId/ClrSysMmbId/MmbId"
_SYSTEM = "FinInstnId/ClrSysMmbId/ClrSysId/Cd"
_FIELDS: list[Field] = [
    _instruction("debtor_name", K.TEXT, "Dbtr/Nm", "who pays", 140),
    *_address("debtor", "Dbtr", Level.INSTRUCTION),
    _instruction("debtor_identification", K.IDENTIFIER, "Dbtr/Id/OrgId/Othr/Id", "payer's number at the bank", 35),
    _instruction("debtor_lei", K.CODE, "Dbtr/Id/OrgId/LEI", "payer's LEI", 20),
    _instruction("debtor_account", K.ACCOUNT, "DbtrAcct/Id", "account to pay from: an IBAN, or a number of digits", 34),
    _instruction("debtor_account_other", K.ACCOUNT, "DbtrAcct/Id/Othr/Id", "account to pay from that is no IBAN", 34),
    _instruction("debtor_account_currency", K.CODE, "DbtrAcct/Ccy", "currency of the account to pay from", 3),
    _instruction("debtor_bic", K.CODE, "DbtrAgt/FinInstnId/BICFI", "BIC of the paying bank", 11),
    _instruction("debtor_agent_member_id", K.IDENTIFIER, f"DbtrAgt/{_MEMBER}", "its clearing code", 35),
    _instruction("debtor_agent_clearing_system", K.CODE, f"DbtrAgt/{_SYSTEM}", "its clearing system", 5),
    _instruction("requested_execution_date", K.DATE, "ReqdExctnDt", "day on which the bank is to pay"),
    _instruction("service_level", K.CODE, "PmtTpInf/SvcLvl/Cd", "SEPA, URGP …", 4),
    _instruction("local_instrument", K.CODE, "PmtTpInf/LclInstrm/Cd", "INST …", 35),
    _instruction("category_purpose", K.CODE, "PmtTpInf/CtgyPurp/Cd", "SALA, SUPP, PENS …", 4),
    _instruction("instruction_priority", K.CODE, "PmtTpInf/InstrPrty", "NORM or HIGH", 4),
    _instruction("charge_bearer", K.CODE, "ChrgBr", "who bears charges: SLEV, SHAR, DEBT or CRED", 4),
    _instruction("batch_booking", K.FLAG, "BtchBookg", "true: one booking for all; false: one each"),
    _instruction("ultimate_debtor_name", K.TEXT, "UltmtDbtr/Nm", "on whose behalf is paid", 140),
    _instruction("payment_group", K.GROUPING, "", "rows with different values go into different instructions"),
    _transaction("end_to_end_id", K.IDENTIFIER, "PmtId/EndToEndId", "the reference that travels to the payee", 35),
    _transaction("instruction_id", K.IDENTIFIER, "PmtId/InstrId", "the payment's reference between ERP and bank", 35),
    _transaction("uetr", K.CODE, "PmtId/UETR", "the payment's UUID", 36),
    _transaction("amount", K.AMOUNT, "Amt/InstdAmt", "what is paid"),
    _transaction("currency", K.CODE, "Amt/InstdAmt/@Ccy", "its currency, ISO 4217", 3),
    _transaction("creditor_name", K.TEXT, "Cdtr/Nm", "who is paid", 140),
    *_address("creditor", "Cdtr", Level.TRANSACTION),
    _transaction("creditor_identification", K.IDENTIFIER, "Cdtr/Id/OrgId/Othr/Id", "payee's number", 35),
    _transaction("creditor_lei", K.CODE, "Cdtr/Id/OrgId/LEI", "payee's LEI", 20),
    _transaction("creditor_account", K.ACCOUNT, "CdtrAcct/Id", "payee's account: an IBAN, or a number of digits", 34),
    _transaction("creditor_account_other", K.ACCOUNT, "CdtrAcct/Id/Othr/Id", "payee's account that is no IBAN", 34),
    _transaction("creditor_bic", K.CODE, "CdtrAgt/FinInstnId/BICFI", "BIC of the payee's bank", 11),
    _transaction("creditor_agent_member_id", K.IDENTIFIER, f"CdtrAgt/{_MEMBER}", "its clearing code", 35),
    _transaction("creditor_agent_clearing_system", K.CODE, f"CdtrAgt/{_SYSTEM}", "its clearing system", 5),
    _transaction("creditor_agent_name", K.TEXT, "CdtrAgt/FinInstnId/Nm", "name of the payee's bank", 140),
    _transaction("ultimate_creditor_name", K.TEXT, "UltmtCdtr/Nm", "for whom the payee receives it", 140),
    _transaction("purpose", K.CODE, "Purp/Cd", "purpose code", 4),
    _transaction("remittance", K.TEXT, "RmtInf/Ustrd", "what the payment is for, in words", 140),
    _transaction("creditor_reference", K.IDENTIFIER, "RmtInf/Strd/CdtrRefInf/Ref", "payee's structured reference", 35),
]  # fmt: skip

_MANDATE = "DrctDbtTx/MndtRltdInf"
_FORMER = f"{_MANDATE}/AmdmntInfDtls"
_OF_COLLECTIONS: list[Field] = [
    _instruction("sequence_type", K.CODE, "PmtTpInf/SeqTp", "direct debit: FRST, RCUR, FNAL or OOFF", 4),
    _instruction("creditor_scheme_id", K.IDENTIFIER, "CdtrSchmeId/Id/PrvtId/Othr/Id",
                 "direct debit: the creditor identifier", 35),
    _transaction("mandate_id", K.IDENTIFIER, f"{_MANDATE}/MndtId", "direct debit: the mandate's reference", 35),
    _transaction("mandate_date_of_signature", K.DATE, f"{_MANDATE}/DtOfSgntr", "direct debit: when it was signed"),
    _transaction("original_mandate_id", K.IDENTIFIER, f"{_FORMER}/OrgnlMndtId",
                 "direct debit, amended mandate: its former reference", 35),
    _transaction("original_creditor_scheme_id", K.IDENTIFIER, f"{_FORMER}/OrgnlCdtrSchmeId/Id/PrvtId/Othr/Id",
                 "direct debit, amended mandate: the former creditor identifier", 35),
    _transaction("original_creditor_name", K.TEXT, f"{_FORMER}/OrgnlCdtrSchmeId/Nm",
                 "direct debit, amended mandate: the creditor's former name", 70),
    _transaction("original_debtor_account", K.ACCOUNT, f"{_FORMER}/OrgnlDbtrAcct/Id",
                 "direct debit, amended mandate: the payer's former IBAN, or SMNDA", 34),
    _transaction("pre_notification_id", K.IDENTIFIER, "DrctDbtTx/PreNtfctnId",
                 "direct debit: reference of the notice to the payer", 35),
    _transaction("pre_notification_date", K.DATE, "DrctDbtTx/PreNtfctnDt", "direct debit: day of that notice"),
]  # fmt: skip

FIELDS: dict[str, Field] = {field.name: field for field in (*_FIELDS, *_OF_COLLECTIONS)}
COLLECTION_INSTRUCTION_FIELDS: tuple[str, ...] = tuple(f.name for f in _OF_COLLECTIONS if f.level is Level.INSTRUCTION)
COLLECTION_TRANSACTION_FIELDS: tuple[str, ...] = tuple(f.name for f in _OF_COLLECTIONS if f.level is Level.TRANSACTION)
INSTRUCTION_FIELDS: tuple[str, ...] = tuple(f.name for f in _FIELDS if f.level is Level.INSTRUCTION)
TRANSACTION_FIELDS: tuple[str, ...] = tuple(f.name for f in _FIELDS if f.level is Level.TRANSACTION)

#: Without these there is no payment. Of the two account fields of a party, one.
REQUIRED: tuple[tuple[str, ...], ...] = (
    ("debtor_name",),
    ("debtor_account", "debtor_account_other"),
    ("requested_execution_date",),
    ("end_to_end_id",),
    ("amount",),
    ("currency",),
    ("creditor_name",),
    ("creditor_account", "creditor_account_other"),
)

#: Not exchanged between the two sides, whoever collects.
_OF_NO_SIDE = frozenset({*(f.name for f in _OF_COLLECTIONS), "creditor_reference"})
_SIDES = {"debtor": "creditor", "creditor": "debtor"}


def canonical_name(name: str, kind: str) -> str:
    """What the model calls a field that a file of this *kind* names in the scheme's words; also the way back.

    Of a direct debit the own side is the creditor, which the model calls debtor, and the day is one of collection.
    """
    if kind != "direct-debit" or name in _OF_NO_SIDE:
        return name
    if name.startswith("requested_"):
        return _DAYS.get(name, name)
    ultimate, bare = ("ultimate_", name[9:]) if name.startswith("ultimate_") else ("", name)
    side, _, rest = bare.partition("_")
    return f"{ultimate}{_SIDES[side]}_{rest}" if side in _SIDES else name


_DAYS = {
    "requested_collection_date": "requested_execution_date",
    "requested_execution_date": "requested_collection_date",
}


def field_names(kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of instruction and transaction, in the order of the values of a row of this *kind*."""
    if kind == "direct-debit":
        return INSTRUCTION_FIELDS + COLLECTION_INSTRUCTION_FIELDS, TRANSACTION_FIELDS + COLLECTION_TRANSACTION_FIELDS
    return INSTRUCTION_FIELDS, TRANSACTION_FIELDS
