"""Direct debits: a CSV becomes a valid pain.008, a wrong mandate is found, and no money moves backwards."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from h2h.adapters.schema import SchemaBook
from h2h.core.codecs.fields import FIELDS, canonical_name
from h2h.core.codecs.layout import check_fields
from h2h.core.declared import Delimited, Rules
from h2h.core.errors import Refused
from h2h.core.findings import Finding
from h2h.core.model.payment import Initiation
from h2h.core.rules.collection import is_creditor_id
from h2h.core.rules.initiation import check_initiation
from tests.checkout import FORMATS, ROOT
from tests.core.erp_files import OUR_ACCOUNT, PAYEE_ACCOUNT, TODAY, Bank, Result, convert, converted, format_of

SEPA = Bank(rules=Rules(scheme="sepa"))
FIELDS_OF_ROWS: dict[str, Any] = {
    "creditor_name": {"constant": "Acme GmbH"},
    "creditor_account": {"constant": OUR_ACCOUNT},
    "creditor_bic": {"constant": "COBADEFFXXX"},
    "creditor_scheme_id": {"constant": "DE98ZZZ09999999999"},
    "service_level": {"constant": "SEPA"},
    "local_instrument": "scheme",
    "sequence_type": "sequence",
    "requested_collection_date": "date",
    "end_to_end_id": "ref",
    "amount": "amount",
    "currency": {"constant": "EUR"},
    "debtor_name": "payer",
    "debtor_account": "iban",
    "mandate_id": "mandate",
    "mandate_date_of_signature": "signed",
    "original_mandate_id": "was",
    "original_debtor_account": "old account",
    "remittance": "text",
}
SOUND = {
    "scheme": "CORE",
    "sequence": "RCUR",
    "date": "2026-12-01",
    "ref": "D-1",
    "amount": "30.00",
    "payer": "Erika Beispiel",
    "iban": PAYEE_ACCOUNT,
    "mandate": "M-1",
    "signed": "2020-01-02",
    "was": "",
    "old account": "",
    "text": "Membership",
}


def declared(**changes: Any) -> Delimited:
    fields = {name: source for name, source in {**FIELDS_OF_ROWS, **changes}.items() if source is not None}
    return Delimited(kind="direct-debit", fields=fields)


def collected(*rows: dict[str, str], bank: Bank = SEPA, format: str = "pain.008.001.08") -> Result:
    lines = [",".join({**SOUND, **row}.values()) for row in rows or ({},)]
    return convert("\n".join([",".join(SOUND), *lines, ""]).encode(), declared(), bank, format=format)


@pytest.mark.parametrize("format", ["pain.008.001.02", "pain.008.001.08"])
def test_a_csv_becomes_a_valid_pain_008_that_says_what_the_rows_said(format: str) -> None:
    made = collected(
        {}, {"ref": "D-2", "mandate": "M-2", "amount": "12.34", "was": "OLD-2", "old account": "SMNDA"}, format=format
    )
    assert made.findings == []
    assert SchemaBook([ROOT / "xsd"]).validate(f"{format}.xsd", made.xml) == []
    message = format_of(format).read(made.xml).message
    assert isinstance(message, Initiation)
    assert message.control_sum == Decimal("42.34")
    (instruction,) = message.instructions
    assert (instruction.debtor.name, instruction.debtor_account.iban) == ("Acme GmbH", OUR_ACCOUNT)
    assert (instruction.payment_method, instruction.sequence_type) == ("DD", "RCUR")
    assert instruction.creditor_scheme is not None
    assert instruction.creditor_scheme.identification_scheme == "SEPA"
    second = message.transactions[1]
    assert (second.creditor.name, second.creditor_agent and second.creditor_agent.other) == (
        "Erika Beispiel",
        "NOTPROVIDED",
    )
    mandate = second.collection.mandate if second.collection else None
    assert mandate is not None
    assert (mandate.id, mandate.amended, mandate.original_id) == ("M-2", True, "OLD-2")
    assert mandate.original_debtor_account is not None
    assert mandate.original_debtor_account.other == "SMNDA"


def test_collections_of_two_sequences_stand_in_two_instructions() -> None:
    made = collected({}, {"ref": "D-2", "mandate": "M-2", "sequence": "FRST"}, {"ref": "D-3", "mandate": "M-3"})
    assert [(g.instruction.sequence_type, g.count) for g in made.conversion.groups] == [("RCUR", 2), ("FRST", 1)]


@pytest.mark.parametrize(
    ("row", "code", "where"),
    [
        ({"mandate": ""}, "H2H-MANDATE", "line 2, column mandate"),
        ({"signed": ""}, "H2H-MANDATE", "line 2, column signed"),
        ({"signed": "2026-11-24"}, "H2H-MANDATE", "line 2, column signed"),
        ({"signed": "soon"}, "H2H-FORM", "line 2, column signed"),
        ({"mandate": "M//1"}, "H2H-ID", "line 2, column mandate"),
        ({"sequence": ""}, "H2H-SEQUENCE", "line 2, column sequence"),
        ({"sequence": "RPRE"}, "H2H-SEQUENCE", "line 2, column sequence"),
        ({"scheme": "COR1"}, "H2H-SCHEME", "line 2, column scheme"),
        ({"old account": "DE02120300000000202052"}, "H2H-IBAN", "line 2, column old account"),
        ({"old account": "12345"}, "H2H-AMENDMENT", "line 2, column old account"),
        ({"iban": "AT611904300234573202"}, "H2H-IBAN", "line 2, column iban"),
        ({"payer": ""}, "H2H-MISSING", "line 2, column payer"),
    ],
)
def test_what_is_wrong_with_a_collection_is_found_in_its_column(row: dict[str, str], code: str, where: str) -> None:
    found = collected(row).findings
    assert (code, where) in [(f.code, f.where) for f in found], found


def test_reason_codes_name_the_side_that_they_mean() -> None:
    assert collected({"payer": "4711"}).only("H2H-NAME").reason == "BE08"  # MissingDebtorName
    own = Bank(rules=Rules(scheme="sepa"), accounts=("DE02120300000000202051",))
    assert collected({}, bank=own).only("H2H-ACCOUNT").reason == "AC03"  # InvalidCreditorAccountNumber
    assert converted("INV-1,1.00,EUR,4711," + PAYEE_ACCOUNT + ",2026-11-24,x").only("H2H-NAME").reason == "BE22"


def test_what_is_missing_has_the_name_that_the_declaration_uses() -> None:
    assert collected({"payer": ""}).only("H2H-MISSING").text == "debtor_name is missing"


def test_outside_sepa_a_mandate_is_not_demanded_but_what_is_there_is_checked() -> None:
    assert collected({"mandate": "", "signed": "", "sequence": ""}, bank=Bank()).findings == []
    assert collected({"sequence": "RPRE"}, bank=Bank()).findings == []
    assert collected({"sequence": "ONCE"}, bank=Bank()).codes == ["H2H-SEQUENCE"]


@pytest.mark.parametrize("sequence", ["FRST", "FNAL", "OOFF"])
def test_what_happens_once_in_the_life_of_a_mandate_is_refused_twice(sequence: str) -> None:
    twice = collected({"sequence": sequence}, {"ref": "D-2", "sequence": sequence, "amount": "9.00"})
    assert twice.only("H2H-SEQUENCE").text.endswith(f"has its {sequence} collection in line 2 already; there is one")
    assert collected({}, {"ref": "D-2", "amount": "9.00"}).findings == []


def test_creditor_identifiers_are_checked_without_their_business_code() -> None:
    assert is_creditor_id("DE98ZZZ09999999999")
    assert is_creditor_id("DE98ABC09999999999")
    assert not is_creditor_id("DE97ZZZ09999999999")
    assert not is_creditor_id("DE98ZZZ0999 9999999")


def _checked(old: str, new: str) -> list[Finding]:
    golden = FORMATS / "pain.008" / "golden" / "amended-mandates-and-sequence-types-02.xml"
    xml = golden.read_text("utf-8")
    assert old in xml
    read = format_of("pain.008.001.02").read(xml.replace(old, new, 1).encode())
    return check_initiation(read, replace(SEPA, accounts=(OUR_ACCOUNT,)), TODAY)


@pytest.mark.parametrize(
    ("old", "new", "code", "where"),
    [
        ("<AmdmntInd>true", "<AmdmntInd>false", "H2H-AMENDMENT", "AmdmntInfDtls/OrgnlMndtId"),
        ("<Id>DE98ZZZ", "<Id>DE97ZZZ", "H2H-CREDITOR-ID", "PmtInf[1]/CdtrSchmeId/Id/PrvtId/Othr/Id"),
        ("<Id>DE09ZZZ", "<Id>DE08ZZZ", "H2H-CREDITOR-ID", "AmdmntInfDtls/OrgnlCdtrSchmeId/Id/PrvtId/Othr/Id"),
        ("<MndtId>M-91</MndtId>", "", "H2H-MANDATE", "DrctDbtTx/MndtRltdInf/MndtId"),
        ("<SeqTp>FRST</SeqTp>", "", "H2H-SEQUENCE", "PmtTpInf/SeqTp"),
        ("2026-12-01", "2026-11-20", "H2H-DATE-PAST", "PmtInf[1]/ReqdColltnDt"),
    ],
)
def test_a_mistake_in_a_pain_008_is_found_at_its_own_path(old: str, new: str, code: str, where: str) -> None:
    found = _checked(old, new)
    assert any(f.code == code and f.where.endswith(where) for f in found), found


def test_a_pain_008_without_creditor_identifier_is_refused_where_it_is_missing() -> None:
    # The last collection of the golden has none, neither in its instruction nor of its own.
    found = [f for f in _checked("GAS-91-12", "GAS-91-12") if f.code == "H2H-CREDITOR-ID"]
    assert [(f.where, f.reason) for f in found] == [("DrctDbtTxInf[4]/CdtrSchmeId/Id/PrvtId/Othr/Id", "BE05")]


def test_a_direct_debit_is_never_written_as_a_credit_transfer_nor_the_other_way_round() -> None:
    transfers = format_of().read(converted("INV-1,1.00,EUR,Beta GmbH," + PAYEE_ACCOUNT + ",2026-11-24,x").xml).message
    debits = format_of("pain.008.001.08").read(collected().xml).message
    for message, target in ((transfers, "pain.008.001.08"), (debits, "pain.001.001.09")):
        with pytest.raises(Refused, match="the other way"):
            format_of(target).write(message, io.BytesIO())
    # The same for rows whose bank wants another kind.
    made = collected(format="pain.001.001.09")
    assert made.conversion.refused
    assert "H2H-KIND" in made.codes
    assert made.xml == b""


def test_every_field_has_one_name_in_the_words_of_direct_debits() -> None:
    names = [canonical_name(name, "direct-debit") for name in FIELDS]
    assert len(set(names)) == len(names)
    assert [canonical_name(name, "direct-debit") for name in names] == list(FIELDS)
    assert [canonical_name(name, "credit-transfer") for name in FIELDS] == list(FIELDS)


def test_a_declaration_of_credit_transfers_may_not_name_what_only_direct_debits_have() -> None:
    fields = {"mandate_id": "mandate"}
    told = [f.text for f in check_fields(Delimited(fields=fields)) if "mandate" in f.text]
    assert told == ['there is no field "mandate_id" of a credit transfer; kind = "direct-debit" has it']
    assert check_fields(declared()) == []
