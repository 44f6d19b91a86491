"""A file that nobody knows is called what it is: an encrypted one, a workbook, a web page. Only the words change."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from h2h.core.errors import Refused
from h2h.core.findings import WhoActs
from h2h.core.foreign import foreign
from h2h.core.foreign_bank_files import bank_file
from h2h.core.format import UNKNOWN_FORMAT
from tests.checkout import BOOK, FORMATS
from tests.core.erp_files import convert, delimited, file_of, row
from tests.core.workbooks import workbook


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "content")
    return out.getvalue()


#: A session key for somebody (RFC 4880, 5.1) and the beginning of encrypted data (5.13).
ENCRYPTED = b"\x84\x0c\x03" + bytes(range(8)) + b"\x01\x00\x00" + b"\xd2\x3a\x01" + bytes(57)

STRANGERS = {
    b" \r\n\t \n": "a file of blanks",
    b"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>": "a web page",
    b"\xef\xbb\xbf\n<HTML><BODY>Sign in</BODY></HTML>": "a web page",
    ENCRYPTED: "a file encrypted with OpenPGP",
    b"-----BEGIN PGP MESSAGE-----\n\nhQGMA": "a file encrypted with OpenPGP",
    b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n": "an OpenPGP key or signature",
    b"-----BEGIN OPENSSH PRIVATE KEY-----\n": "a key or certificate",
    workbook(): "an Excel workbook",
    zipped("payments.csv"): "a ZIP archive",
    gzip.compress(b"a;b"): "a gzip file",
    b"%PDF-1.7\n": "a PDF",
    b"\x7fELF\x02\x01": "a program",
}


@pytest.mark.parametrize(
    ("head", "words"), STRANGERS.items(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_a_file_looks_like_is_said_where_no_format_knows_it(head: bytes, words: str) -> None:
    with pytest.raises(Refused) as raised:
        BOOK.identify(head)
    (finding,) = raised.value.findings
    assert words in finding.text
    assert finding.code == (UNKNOWN_FORMAT if b"DOCTYPE" not in head else "H2H-DOCTYPE")
    assert finding.who_acts is WhoActs.SYSTEM_ADMINISTRATOR
    assert finding.next_step


@pytest.mark.parametrize("mark", [b"PK\x03\x04", b"%PDF-1.7\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"Rar!\x1a\x07"])
def test_a_statement_that_stands_unpacked_in_an_archive_or_a_print_is_not_taken_for_the_file(mark: bytes) -> None:
    inside = next((FORMATS / "mt940/golden").glob("*.sta")).read_bytes()
    assert BOOK.identify(inside).id == "mt940"
    with pytest.raises(Refused, match="it looks like"):
        BOOK.identify(mark + b"\n" + inside)
    with pytest.raises(Refused, match="it looks like"):
        BOOK.refuse_hopeless(mark + b"\n" + inside)


@pytest.mark.parametrize(
    "head", [b"a;b\n1;2\n", bytes(range(1, 256)) * 9, b"<orders/>", "编号;金额\n".encode("gb18030")]
)
def test_what_could_be_anything_is_not_given_a_name(head: bytes) -> None:
    assert foreign(head) is None


@pytest.mark.parametrize(
    "head",
    [ENCRYPTED, workbook(), gzip.compress(b"a;b"), b"%PDF-1.7\n1 0 obj\n"],
    ids=["OpenPGP", "XLSX", "gzip", "PDF"],  # the bytes hold the time at which they were made
)
def test_a_table_that_is_none_is_told_once_and_not_column_by_column(head: bytes) -> None:
    done = convert(head)
    assert done.conversion.refused
    finding = done.only("H2H-NO-TABLE")
    assert done.findings == [finding]
    assert finding.text.endswith("; the folder declares CSV")


def test_a_table_whose_first_words_look_like_something_else_is_read_all_the_same() -> None:
    columns = ("%PDF-", "amount", "currency", "name", "account", "date", "text")
    done = convert(file_of(row(), columns=columns), delimited({"end_to_end_id": "%PDF-"}))
    assert done.codes == []
    assert not done.conversion.refused


OF_BANKS = {
    b"OFXHEADER:100\r\nDATA:OFXSGML\r\n": "OFX",
    b'<?xml version="1.0"?>\n<?OFX OFXHEADER="200" VERSION="220"?>\n<OFX></OFX>': "OFX",
    b"!Type:Bank\nD11/20'26\nT-1.00\n^\n": "QIF",
    b"0000020112672505        00199999  ACME COMPANY              KREDBEBB   00417331909": "CODA",
    b"0128AGK1234567800000000AUFTRAGGEBER               201126": "DTAUS",
    b"0256Q10010010" + b" " * 200: "DTAZV",
    b"11" + b"0001" * 2 + b"1234567890" + b"261101261120" + b"2" + b"00000000100000" + b"978" + b"1ACME": "Norma 43",
    b"01ORD34145001A12345678000": "Cuaderno 34",
    b"0119143001ES12000A12345678": "Cuaderno 19",
    b"101 091000019 1234567892611201200A094101BANK": "NACHA",
    b"ISA*00*          *00*": "X12",
    b"UNA:+.? 'UNB+UNOC:3+ACME:ZZ+BANK:ZZ+261120:1000+1'UNH+1+PAYMUL:D:96A:UN'": "EDIFACT message PAYMUL",
    b"UNB+UNOA:1+BANK+ACME+261120:1000+1'\r\nUNH+1+FINSTA:D:96A:UN'": "EDIFACT message FINSTA",
    b"0302" + b" " * 8 + b"123456" + b" " * 140: "CFONB 160",
    b"31000001AB201126E    1234500001": "CFONB 240",
    b"01BGMAX               0120261120173035010331P": "BgMax",
    b"11" + b"0001112223" + b"261120" + "LEVERANTÖRSBETALNINGAR".encode("latin-1"): "supplier payments",
    b"NY000010000080800170031000102000": "Nets",
    b"AH200TBII00000000": "Telepay",
    b"T0032210019503000000010044060306060306": "TITO",
    b"074" + b"0" * 16 + b"ACME SRO            " + b"191126" + b"0" * 14 + b"+": "ABO (GPC)",
    b"UHL1201126ACME SRO": "ABO",
    b'110,20261120,12345,10901014,0,"61109010140000071219812874"': "Elixir-0",
    b" RH0350011111201126": "CBI statement",
    b'<?xml version="1.0"?><P:CBIPaymentRequest xmlns:P="urn:CBI:xsd:CBIPaymentRequest.00.04.00"/>': "CBI document",
    b"01201126" + b" " * 12 + b"00000" + b"201126" + b"100    " + b"ABC12" + b"00001" + b"82700": "Swiss DTA",
    b"0001ACLIEOP03          201126": "ClieOp03",
    b"0                 01BNK       ACME": "ABA",
    b"02RETORNO01COBRANCA": "CNAB 400",
    b"34100000         2": "CNAB 240",
    b"JournalCode\tJournalLib\tEcritureNum\t": "FEC",
    b"{1:F01BANKDEFFXXXX}{2:I103BANKUS33XXXXN}{4:\r\n:20:R\r\n": "MT103",
    b"{1:F01BANKDEFFXXXX}{2:O9101200261120BANKUS33XXXX00000000002611201200N}{4:\n:20:R\n": "MT910",
    b":20:R\r\n:23B:CRED\r\n:32A:261120EUR1,00\r\n": "MT103",
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.02"><pain/></Document>': "pain.001.001.02",
    b"<CMBSDKPGK><INFO><FUNNAM>NTQRYEBP</FUNNAM></INFO></CMBSDKPGK>": "China Merchants Bank (NTQRYEBP)",
    b"<FOX><SIGNONMSGSRQV1/><SECURITIES_MSGSRQV1><VSATRSFTRNRQ/></SECURITIES_MSGSRQV1></FOX>": "Bank (VSATRSFTRNRQ)",
    b"<CMS><eb><pub><TransCode>QPDXX</TransCode></pub></eb></CMS>": "ICBC (QPDXX)",
    b"<TX><REQUEST_SN>1</REQUEST_SN><TX_CODE>6W0199</TX_CODE></TX>": "China Construction Bank (6W0199)",
    b"<stream><action>DLXXXXXX</action></stream>": "CITIC Bank (DLXXXXXX)",
    b'<bocb2e version="100"><head/><trans><trn-b2e9999-rq/></trans></bocb2e>': "Bank of China (b2e9999)",
    b'<Document xmlns="urn:swift:xsd:$pain.002.001.02"><pain.002.001.02/></Document>': "pain.002.001.02",
}


@pytest.mark.parametrize(("head", "words"), OF_BANKS.items(), ids=[*OF_BANKS.values()])
def test_another_format_of_banks_is_named_with_what_to_ask_for(head: bytes, words: str) -> None:
    for data in (head, b"\xef\xbb\xbf" + head):
        with pytest.raises(Refused) as raised:
            BOOK.identify(data)
        (finding,) = raised.value.findings
        assert finding.code == UNKNOWN_FORMAT
        assert words in finding.text
        assert "instead" in finding.next_step or "let the ERP" in finding.next_step or "ask" in finding.next_step


def test_no_file_of_a_format_that_h2h_reads_looks_like_another_banks() -> None:
    goldens = [f for f in FORMATS.glob("*/golden/*") if f.suffix != ".json"]
    assert len(goldens) > 100
    told = {f.name: found[0] for f in goldens if (found := bank_file(f.read_bytes())) is not None}
    assert {name: words for name, words in told.items() if not words.startswith("a message of ")} == {}


def test_the_nearest_version_is_one_of_the_same_message() -> None:
    head = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.99"><X/></Document>'
    with pytest.raises(Refused) as raised:
        BOOK.identify(head)
    assert ":pain.008.001." in raised.value.findings[0].next_step
