"""A small ERP for tests: a declaration, a sound file of it, and a bank that takes it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, BinaryIO, cast

from h2h.core.convert import Conversion, Stamp, convert_table
from h2h.core.declared import Delimited, Rules, Table
from h2h.core.directory import BankDirectory
from h2h.core.findings import Finding
from h2h.core.format import Format
from h2h.core.model.payment import Initiation
from tests.checkout import BOOK

TODAY = date(2026, 11, 23)  # a Monday
OUR_ACCOUNT = "DE89370400440532013000"
PAYEE_ACCOUNT = "AT611904300234573201"
STAMP = Stamp("ACME-1", datetime(2026, 11, 23, 9, 0, tzinfo=UTC), TODAY)

COLUMNS = ("ref", "amount", "currency", "name", "account", "date", "text")
SOUND = {
    "ref": "INV-1",
    "amount": "100.50",
    "currency": "EUR",
    "name": "Beta GmbH",
    "account": PAYEE_ACCOUNT,
    "date": "2026-11-24",
    "text": "Invoice 1",
}
FIELDS: dict[str, Any] = {
    "end_to_end_id": "ref",
    "amount": "amount",
    "currency": "currency",
    "creditor_name": "name",
    "creditor_account": "account",
    "requested_execution_date": "date",
    "remittance": "text",
    "debtor_name": {"constant": "Acme GmbH"},
    "debtor_account": {"constant": OUR_ACCOUNT},
    "debtor_bic": {"constant": "COBADEFFXXX"},
}
#: Many more fields, each with a value of its own.
EVERYTHING: dict[str, Any] = {
    "debtor_street_name": {"constant": "Hauptstrasse"},
    "debtor_building_number": {"constant": "1"},
    "debtor_post_code": {"constant": "50667"},
    "debtor_town_name": {"constant": "Koeln"},
    "debtor_country": {"constant": "DE"},
    "debtor_account_currency": {"constant": "EUR"},
    "service_level": {"constant": "SEPA"},
    "category_purpose": {"constant": "SUPP"},
    "instruction_priority": {"constant": "NORM"},
    "charge_bearer": {"constant": "SLEV"},
    "batch_booking": {"constant": "true"},
    "ultimate_debtor_name": {"constant": "Acme Holding"},
    "creditor_town_name": {"constant": "Wien"},
    "creditor_country": {"constant": "AT"},
    "creditor_address_line_1": {"constant": "Ring 1"},
    "creditor_bic": {"constant": "GIBAATWWXXX"},
    "creditor_agent_name": {"constant": "Erste Bank"},
    "ultimate_creditor_name": {"constant": "Beta Holding"},
    "purpose": {"constant": "SUPP"},
    "instruction_id": {"column": "ref"},
}


def delimited(fields: dict[str, Any] | None = None, **changes: Any) -> Delimited:
    """The declaration; *fields* are added to it, None takes one away."""
    merged = {k: v for k, v in {**FIELDS, **(fields or {})}.items() if v is not None}
    return Delimited(fields=merged, **changes)


def row(**changes: str) -> str:
    """A sound row, with changes; another reference is another invoice."""
    values = {**SOUND, **changes}
    if "text" not in changes and "ref" in changes:
        values["text"] = f"Invoice {changes['ref'][:35]}"
    return ",".join(values.values())


def file_of(*rows: str, columns: tuple[str, ...] = COLUMNS) -> bytes:
    """A file with header."""
    return ("\n".join([",".join(columns), *rows]) + "\n").encode()


@dataclass
class Bank:
    """What a bank's profile says to the core."""

    rules: Rules = field(default_factory=Rules)
    accounts: tuple[str, ...] = ()
    initiating_party: str | None = "Acme GmbH"
    banks: BankDirectory | None = None


#: A bank that lets h2h spell texts in its letters.
SPELLS = Bank(rules=Rules(on_charset="transliterate"))


class Scratch:
    """Scratch files, counted."""

    def __init__(self) -> None:
        self.files: list[BinaryIO] = []

    def __call__(self) -> BinaryIO:
        # Closed by Conversion.close, or with the test.
        self.files.append(cast(BinaryIO, tempfile.TemporaryFile()))  # noqa: SIM115
        return self.files[-1]


def format_of(id: str = "pain.001.001.09") -> Format:
    """A format that is shipped."""
    return BOOK.get(id)


@dataclass
class Result:
    """A conversion and what it wrote."""

    conversion: Conversion
    xml: bytes
    scratch: Scratch

    @property
    def findings(self) -> list[Finding]:
        return self.conversion.findings

    @property
    def codes(self) -> list[str]:
        return [f.code for f in self.findings]

    def only(self, code: str) -> Finding:
        """The one finding of that code."""
        found = [f for f in self.findings if f.code == code]
        assert len(found) == 1, self.findings
        return found[0]


def convert(
    data: bytes,
    declared: Table | None = None,
    bank: Bank | None = None,
    *,
    format: str = "pain.001.001.09",
    stamp: Stamp = STAMP,
) -> Result:
    """Convert *data* as the small ERP declares it."""
    out, scratch = io.BytesIO(), Scratch()
    done = convert_table(
        io.BytesIO(data), declared or delimited(), bank or Bank(), format_of(format), stamp, scratch=scratch, out=out
    )
    return Result(done, out.getvalue(), scratch)


def converted(*rows: str, **changes: Any) -> Result:
    """The same for rows under the usual header."""
    return convert(file_of(*rows), **changes)


def initiation_of(xml: bytes, format: str = "pain.001.001.09") -> Initiation:
    """A pain.001 as the core reads it."""
    message = format_of(format).read(xml).message
    assert isinstance(message, Initiation)
    return message


def payments_of(xml: bytes) -> Iterator[dict[str, str]]:
    """What a pain.001 says, read by another program than ours: xml.etree with plain paths."""
    import xml.etree.ElementTree as ET

    root = ET.fromstring(xml)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    for payment in root.iter("CdtTrfTxInf"):
        amount = payment.find("Amt/InstdAmt")
        assert amount is not None
        yield {
            "end_to_end_id": payment.findtext("PmtId/EndToEndId", ""),
            "instruction_id": payment.findtext("PmtId/InstrId", ""),
            "amount": amount.text or "",
            "currency": amount.get("Ccy", ""),
            "name": payment.findtext("Cdtr/Nm", ""),
            "account": payment.findtext("CdtrAcct/Id/IBAN", "") or payment.findtext("CdtrAcct/Id/Othr/Id", ""),
            "text": payment.findtext("RmtInf/Ustrd", ""),
        }
