"""A file that the ERP wrote in ISO 20022 itself: unchanged, but read, counted and checked like any other."""

from __future__ import annotations

import pytest

from h2h.core.declared import Rules
from h2h.core.findings import Finding
from h2h.core.rules.initiation import check_initiation
from tests.core.erp_files import OUR_ACCOUNT, PAYEE_ACCOUNT, TODAY, Bank, converted, delimited, format_of, row


def document(format: str = "pain.001.001.09", **fields: dict[str, str]) -> str:
    """A sound file of two payments in two instructions."""
    rows = (row(), row(ref="INV-2", amount="7.25", date="2026-11-25"))
    return converted(*rows, declared=delimited(fields), format=format).xml.decode()


def check(xml: str, bank: Bank | None = None, format: str = "pain.001.001.09") -> list[Finding]:
    return check_initiation(format_of(format).read(xml.encode()), bank or Bank(), TODAY)


@pytest.mark.parametrize("format", ["pain.001.001.09", "pain.001.001.03"])
def test_a_sound_file_has_no_findings(format: str) -> None:
    assert check(document(format), format=format) == []
    assert check(document(format), Bank(rules=Rules(scheme="sepa"), accounts=(OUR_ACCOUNT,)), format=format) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "where", "reason"),
    [
        ("<NbOfTxs>2</NbOfTxs>", "<NbOfTxs>3</NbOfTxs>", "H2H-COUNT", "GrpHdr/NbOfTxs", "AM19"),
        ("<NbOfTxs>1</NbOfTxs>", "<NbOfTxs>9</NbOfTxs>", "H2H-COUNT", "PmtInf[1]/NbOfTxs", "AM20"),
        ("<CtrlSum>107.75<", "<CtrlSum>107.76<", "H2H-SUM", "GrpHdr/CtrlSum", "AM16"),
        ("<CtrlSum>7.25<", "<CtrlSum>7.26<", "H2H-SUM", "PmtInf[2]/CtrlSum", "AM17"),
        (f"<IBAN>{PAYEE_ACCOUNT}<", "<IBAN>AT611904300234573202<", "H2H-IBAN", "CdtTrfTxInf[1]/CdtrAcct/Id", "AC01"),
        (f"<IBAN>{OUR_ACCOUNT}<", "<IBAN>DE89370400440532013001<", "H2H-IBAN", "PmtInf[1]/DbtrAcct/Id", "AC02"),
        (">INV-2<", ">INV-1<", "H2H-DUPLICATE-ID", "CdtTrfTxInf[2]/PmtId/EndToEndId", "DU04"),
        (">ACME-1-2<", ">ACME-1-1<", "H2H-DUPLICATE-ID", "PmtInf[2]/PmtInfId", "DU02"),
        (">ACME-1<", ">ACME//1<", "H2H-ID", "GrpHdr/MsgId", "CH16"),
        (">Beta GmbH<", ">Bäta GmbH<", "H2H-CHARSET", "CdtTrfTxInf[1]/Cdtr/Nm", "RR10"),
        (">Invoice 1<", ">Faktura nr 1 ż<", "H2H-CHARSET", "CdtTrfTxInf[1]/RmtInf/Ustrd", "RR10"),
        ("<Nm>Acme GmbH</Nm></Dbtr>", "<Nm>Äcme</Nm></Dbtr>", "H2H-CHARSET", "PmtInf[1]/Dbtr/Nm", "RR10"),
        ('">7.25<', '">7.255<', "H2H-DECIMALS", "CdtTrfTxInf[2]/Amt/InstdAmt", "CH20"),
        (">2026-11-24<", ">2026-11-20<", "H2H-DATE-PAST", "PmtInf[1]/ReqdExctnDt", "CH04"),
        ("COBADEFFXXX", "BNPAFRPPXXX", "H2H-BIC-COUNTRY", "PmtInf[1]/DbtrAgt/FinInstnId/BICFI", "RC06"),
    ],
)
def test_a_mistake_is_found_at_its_path(old: str, new: str, code: str, where: str, reason: str) -> None:
    sound = document()
    assert old in sound
    first = check(sound.replace(old, new, 1))
    found = [f for f in first if f.code == code]
    assert [(f.where, f.reason) for f in found] == [(where, reason)], first


def test_a_payment_that_has_anothers_id_is_told_which() -> None:
    assert [f.text for f in check(document().replace(">INV-2<", ">INV-1<"))] == ['"INV-1" is in payment 1 already']


def test_the_bic_of_a_party_is_checked() -> None:
    party = "<Cdtr><Nm>Beta GmbH</Nm>{}</Cdtr>"
    xml = document().replace(party.format(""), party.format("<Id><OrgId><AnyBIC>GIBAATW</AnyBIC></OrgId></Id>"), 1)
    assert [f.code for f in check(xml)] == ["H2H-BIC"]


def test_a_finding_of_a_payment_has_the_line_of_its_payment() -> None:
    xml = document().replace(">INV-2<", ">INV_2<")
    line = 1 + xml[: xml.index("INV_2")].count("\n")
    assert [(f.code, f.line) for f in check(xml)] == [("H2H-ID", line)]


def test_an_instruction_that_mixes_currencies_is_refused() -> None:
    xml = converted(row(), row(ref="INV-2")).xml.decode()
    found = check(xml.replace('Ccy="EUR"', 'Ccy="USD"', 1))
    assert [(f.code, f.where) for f in found] == [("H2H-CURRENCY", "PmtInf[1]")]
    assert "EUR and USD" in found[0].text


def test_an_account_that_is_not_the_banks_is_refused() -> None:
    assert {f.code for f in check(document(), Bank(accounts=(PAYEE_ACCOUNT,)))} == {"H2H-ACCOUNT"}


def test_texts_are_never_transliterated_in_a_file_that_is_passed_through() -> None:
    bank = Bank(rules=Rules(on_charset="transliterate"))
    found = check(document().replace(">Beta GmbH<", ">Bäta GmbH<", 1), bank)
    assert [f.code for f in found] == ["H2H-CHARSET"]
    assert "transliterate" not in found[0].next_step


def test_ids_of_instructions_and_of_payments_are_counted_apart() -> None:
    found = check(document().replace(">ACME-1-2<", ">ACME-1-1<"))
    assert [f.text for f in found] == ['"ACME-1-1" is in instruction 1 already']


@pytest.mark.parametrize(
    ("before", "party", "where"),
    [
        ("<RmtInf>", "<UltmtCdtr><Nm>X</Nm>{}</UltmtCdtr>", "UltmtCdtr"),
        ("<Cdtr>", "<CdtrAgt><FinInstnId><Nm>X</Nm>{}</FinInstnId></CdtrAgt>", "CdtrAgt/FinInstnId"),
    ],
)
def test_addresses_of_ultimate_parties_and_of_banks_without_bic_are_checked_too(
    before: str, party: str, where: str
) -> None:
    unstructured = party.format("<PstlAdr><AdrLine>Ring 1, Wien</AdrLine></PstlAdr>")
    found = check(document().replace(before, unstructured + before, 1))
    assert [(f.code, f.where) for f in found] == [("H2H-ADDRESS", f"CdtTrfTxInf[1]/{where}/PstlAdr/AdrLine[1]")]


def test_a_time_of_execution_is_for_instant_payments_in_sepa() -> None:
    xml = document().replace("<Dt>2026-11-24</Dt>", "<DtTm>2026-11-24T10:00:00Z</DtTm>")
    assert check(xml) == []
    assert [f.code for f in check(xml, Bank(rules=Rules(scheme="sepa")))] == ["H2H-SCHEME"]


def test_in_a_direct_debit_the_paths_are_those_of_the_direct_debit() -> None:
    xml = DIRECT_DEBIT.replace("DE02120300000000202051", "DE02120300000000202052")
    found = check(xml, format="pain.008.001.02")
    assert check(DIRECT_DEBIT, format="pain.008.001.02") == []
    assert [(f.code, f.where) for f in found] == [("H2H-IBAN", "DrctDbtTxInf[1]/DbtrAcct/Id")]


DIRECT_DEBIT = f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.02"><CstmrDrctDbtInitn>
<GrpHdr><MsgId>DD-1</MsgId><CreDtTm>2026-11-23T09:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><CtrlSum>10.00</CtrlSum>
<InitgPty><Nm>Acme GmbH</Nm></InitgPty></GrpHdr>
<PmtInf><PmtInfId>DD-1-1</PmtInfId><PmtMtd>DD</PmtMtd><ReqdColltnDt>2026-11-25</ReqdColltnDt>
<Cdtr><Nm>Acme GmbH</Nm></Cdtr><CdtrAcct><Id><IBAN>{OUR_ACCOUNT}</IBAN></Id></CdtrAcct>
<CdtrAgt><FinInstnId><BIC>COBADEFFXXX</BIC></FinInstnId></CdtrAgt>
<DrctDbtTxInf><PmtId><EndToEndId>E-1</EndToEndId></PmtId><InstdAmt Ccy="EUR">10.00</InstdAmt>
<DbtrAgt><FinInstnId><BIC>BYLADEM1001</BIC></FinInstnId></DbtrAgt><Dbtr><Nm>Payer GmbH</Nm></Dbtr>
<DbtrAcct><Id><IBAN>DE02120300000000202051</IBAN></Id></DbtrAcct></DrctDbtTxInf></PmtInf>
</CstmrDrctDbtInitn></Document>"""


def test_a_debtor_without_name_is_found() -> None:
    found = check(document().replace("<Dbtr><Nm>Acme GmbH</Nm></Dbtr>", "<Dbtr/>", 1))
    assert [(f.code, f.where, f.reason) for f in found] == [("H2H-NAME", "PmtInf[1]/Dbtr/Nm", "BE08")]


def test_a_file_without_payments_is_told() -> None:
    xml = document()
    header = xml[: xml.index("<PmtInf>")].replace(">2<", ">0<").replace(">107.75<", ">0<")
    assert [f.code for f in check(header + "</CstmrCdtTrfInitn></Document>")] == ["H2H-EMPTY"]


def test_what_the_reader_found_stands_before_what_the_rules_find() -> None:
    xml = document().replace("<EndToEndId>INV-1</EndToEndId>", "").replace(">INV-2<", ">INV_2<")
    assert [f.code for f in check(xml)] == ["H2H-MISSING", "H2H-ID"]
