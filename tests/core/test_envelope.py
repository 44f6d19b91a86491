"""A document in UTF-16, or in what a bank puts around it, says what it says alone; and nothing else is let in so."""

from __future__ import annotations

from pathlib import Path

import pytest

from h2h.cli.desk import Desk
from h2h.core.envelope import without_envelope
from h2h.core.errors import Refused
from tests.checkout import BOOK, FORMATS

ALONE = next((FORMATS / "camt" / "golden").glob("*.camt.053.001.08.xml"), None) or min(
    path for path in (FORMATS / "camt" / "golden").glob("*.xml") if b"camt.053.001.08" in path.read_bytes()
)
DOCUMENT = ALONE.read_bytes().removeprefix(b"\xef\xbb\xbf").partition(b"?>\n")[2] or ALONE.read_bytes()
HEADER = """<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><BizMsgIdr>B1</BizMsgIdr>
<MsgDefIdr>camt.053.001.08</MsgDefIdr></AppHdr>"""
AROUND = {
    "BizMsgEnvlp": ('<BizMsgEnvlp xmlns="urn:iso:std:iso:20022:tech:xsd:nvlp.001.001.01">', "</BizMsgEnvlp>"),
    "BusMsg": ("<BusMsg>", "</BusMsg>"),
    "DataPDU": (
        '<Saa:DataPDU xmlns:Saa="urn:swift:saa:xsd:saa.2.0"><Saa:Revision>2.0.2</Saa:Revision><Saa:Body>',
        "</Saa:Body></Saa:DataPDU>",
    ),
    "Envelope": (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body><r xmlns="urn:bank">',
        "</r></s:Body></s:Envelope>",
    ),
}


def in_envelope(name: str, document: bytes = DOCUMENT, header: str = HEADER) -> bytes:
    before, after = AROUND[name]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{before}{header}'.encode() + document + after.encode()


@pytest.mark.parametrize("name", AROUND)
def test_a_document_says_the_same_in_an_envelope_as_alone(name: str, tmp_path: Path) -> None:
    file = tmp_path / "statement.xml"
    file.write_bytes(in_envelope(name))
    looked, alone = Desk().look(file), Desk().look(ALONE)
    assert looked.read is not None
    assert alone.read is not None
    assert looked.read.message == alone.read.message
    assert [f.code for f in looked.findings] == ["H2H-ENVELOPE", *(f.code for f in alone.findings)]
    assert looked.exit_status == alone.exit_status


def test_a_header_and_a_document_side_by_side_are_read_as_in_an_envelope(tmp_path: Path) -> None:
    for before in (b"", b'<?xml version="1.0" encoding="UTF-8"?>\n'):
        file = tmp_path / "statement.xml"
        file.write_bytes(before + HEADER.encode() + b"\n" + DOCUMENT)
        looked, alone = Desk().look(file), Desk().look(ALONE)
        assert looked.read is not None
        assert alone.read is not None
        assert looked.read.message == alone.read.message
        assert [f.code for f in looked.findings] == ["H2H-ENVELOPE", *(f.code for f in alone.findings)]
        file.write_bytes(before + HEADER.encode() + b"\n" + DOCUMENT + b"<Other/>" + DOCUMENT)
        assert Desk().look(file).exit_status == 1


def test_what_is_wrong_within_is_told_with_its_line_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "statement.xml"
    file.write_bytes(in_envelope("BusMsg", DOCUMENT.replace(b"<CdtDbtInd>CRDT", b"<CdtDbtInd>CREDIT", 1)))
    line = next(n for n, text in enumerate(file.read_bytes().split(b"\n"), 1) if b">CREDIT" in text)
    (fault,) = (f for f in Desk().look(file).findings if f.code == "H2H-SCHEMA")
    assert fault.line == line


def test_several_documents_in_one_envelope_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        without_envelope(in_envelope("BusMsg", DOCUMENT + DOCUMENT))
    assert "holds 2 documents" in refused.value.findings[-1].text


def test_a_header_that_names_another_message_is_told() -> None:
    plain = without_envelope(in_envelope("BusMsg", header=HEADER.replace("053", "054")))
    assert [f.severity.value for f in plain.findings] == ["info", "warning"]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_and_said(codec: str) -> None:
    data = f'<?xml version="1.0" encoding="UTF-16"?>{DOCUMENT.decode()}'.encode(codec)
    read = BOOK.read(data)
    assert read.message == BOOK.read(ALONE.read_bytes()).message
    assert read.findings[0].code == "H2H-ENCODING"
    with pytest.raises(Refused, match="not in UTF-8"):
        BOOK.identify(data)  # so payments are looked at, which are sent as they are


def test_half_a_character_of_utf_16_is_refused() -> None:
    with pytest.raises(Refused, match="not UTF-16"):
        without_envelope(DOCUMENT.decode().encode("utf-16")[:-1])


def test_an_entity_hidden_in_utf_16_or_an_envelope_is_refused() -> None:
    bomb = '<!DOCTYPE Document [<!ENTITY a "b">]>' + DOCUMENT.decode()
    for data in (bomb.encode("utf-16"), in_envelope("BusMsg", bomb.encode())):
        with pytest.raises(Refused, match="DOCTYPE"):
            BOOK.open(data)


def test_payments_in_an_envelope_are_shown_and_not_sound(tmp_path: Path) -> None:
    payments = next(p for p in (FORMATS / "pain.001" / "golden").glob("*.xml") if b"001.001.09" in p.read_bytes())
    file = tmp_path / "payments.xml"
    document = payments.read_bytes().partition(b"?>\n")[2]
    file.write_bytes(in_envelope("BizMsgEnvlp", document, HEADER.replace("camt.053.001.08", "pain.001.001.09")))
    looked = Desk().look(file)
    assert looked.read is not None
    assert looked.exit_status == 1
    assert "sent as they are" in next(f.text for f in looked.findings if f.severity.value == "error")


def test_a_document_without_anything_around_it_is_left_as_it_is() -> None:
    data = ALONE.read_bytes()
    assert without_envelope(data).data is data


def test_blanks_before_the_declaration_are_left_out_of_a_statement_and_said(tmp_path: Path) -> None:
    file = tmp_path / "statement.xml"
    file.write_bytes(b"\r\n  \n" + b'<?xml version="1.0" encoding="UTF-8"?>\n' + DOCUMENT)
    looked, alone = Desk().look(file), Desk().look(ALONE)
    assert looked.read is not None
    assert alone.read is not None
    assert looked.read.message == alone.read.message
    assert looked.findings[0].code == "H2H-ENVELOPE"
    broken = file.read_bytes().replace(b"<CdtDbtInd>CRDT", b"<CdtDbtInd>CREDIT", 1)
    line = next(n for n, text in enumerate(broken.split(b"\n"), 1) if b">CREDIT" in text)
    file.write_bytes(broken)
    assert line in [f.line for f in Desk().look(file).findings if f.code == "H2H-SCHEMA"]


def test_payments_behind_blanks_are_shown_and_not_sound(tmp_path: Path) -> None:
    payments = next(p for p in (FORMATS / "pain.001" / "golden").glob("*.xml") if b"001.001.09" in p.read_bytes())
    file = tmp_path / "payments.xml"
    file.write_bytes(b"\n" + payments.read_bytes())
    looked = Desk().look(file)
    assert looked.read is not None
    assert looked.exit_status == 1
    assert "sent as they are" in next(f.text for f in looked.findings if f.severity.value == "error")
