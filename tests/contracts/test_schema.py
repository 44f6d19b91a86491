"""The schemas: lxml decides, xmlschema explains; nothing is fetched, nothing outside is read."""

from __future__ import annotations

import hashlib
import http.server
import threading
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from h2h.adapters.schema import SchemaBook, add_schema
from h2h.core.errors import Misconfigured
from h2h.core.findings import WhoActs
from tests.checkout import FORMATS, ROOT
from tests.contracts.pain import pain001

GOLDEN = (FORMATS / "pain.001/golden/two-instructions-and-hybrid-addresses-09.xml").read_bytes()
NAME = "pain.001.001.09.xsd"

TOY = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:toy" xmlns="urn:toy"
  elementFormDefault="qualified"><xs:element name="Document"><xs:complexType><xs:sequence>
  <xs:element name="Amt" type="xs:decimal" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


@pytest.fixture(scope="module")
def book() -> SchemaBook:
    return SchemaBook([ROOT / "xsd"])


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A web server of our own, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(TOY.encode())

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()


# ------------------------------------------------------------------------------------------------ verdicts


def test_an_invalid_document_is_never_called_valid_because_another_thread_asks_the_same_schema(
    book: SchemaBook,
) -> None:
    """Two banks' files are checked side by side; lxml keeps one list of errors for all who share a schema."""
    long = pain001("M", ["1.00"] * 2000)
    wrong = long.replace(b"<NbOfTxs>2000<", b"<NbOfTxs>many<", 1)
    done = threading.Event()

    def other_bank() -> None:
        while not done.is_set():
            assert book.validate(NAME, long) == []

    thread = threading.Thread(target=other_bank)
    thread.start()
    try:
        found = [[f.where for f in book.validate(NAME, wrong)] for _ in range(20)]
    finally:
        done.set()
        thread.join()
    assert found == [["GrpHdr/NbOfTxs"]] * 20


def test_a_valid_document_has_no_findings(book: SchemaBook) -> None:
    assert book.validate(NAME, GOLDEN) == []


def test_a_violation_has_line_path_value_and_rule(book: SchemaBook) -> None:
    (finding,) = book.validate(NAME, GOLDEN.replace(b"FR1420041010050500013M02606", b"FR?"))
    line = GOLDEN.split(b"\n").index(b"            <IBAN>FR1420041010050500013M02606</IBAN>") + 1
    assert (finding.code, finding.line) == ("H2H-SCHEMA", line)
    assert finding.where == "PmtInf[1]/CdtTrfTxInf[1]/CdtrAcct/Id/IBAN"
    assert "'FR?'" in finding.text
    assert "pattern" in finding.text
    assert "{" not in finding.text.replace("{2,2}", "").replace("{1,30}", ""), "no namespaces in braces"
    assert finding.who_acts is WhoActs.ERP_TEAM


def test_an_element_that_is_not_expected_is_told_with_what_was(book: SchemaBook) -> None:
    (finding,) = book.validate(NAME, GOLDEN.replace(b"<PmtMtd>TRF</PmtMtd>", b"", 1))
    assert finding.where == "PmtInf[1]/BtchBookg"
    assert "PmtMtd" in finding.text


def test_an_element_that_is_expected_by_its_name_stands_in_another_namespace(book: SchemaBook) -> None:
    prefixed = GOLDEN.replace(b"<Document xmlns=", b"<p:Document xmlns:p=").replace(b"</Document>", b"</p:Document>")
    (found,) = book.validate(NAME, prefixed)
    assert "another namespace" in found.text
    emptied = GOLDEN.replace(b"<CstmrCdtTrfInitn>", b'<CstmrCdtTrfInitn xmlns="">')
    assert "another namespace" in book.validate(NAME, emptied)[0].text
    wrong = GOLDEN.replace(b"<GrpHdr>", b"<Other>").replace(b"</GrpHdr>", b"</Other>")
    assert not any("another namespace" in f.text for f in book.validate(NAME, wrong))


def test_all_violations_are_told_not_only_the_first(book: SchemaBook) -> None:
    broken = GOLDEN.replace(b"COBADEFFXXX", b"COBA").replace(b'"EUR"', b'"EURO"')
    assert len(book.validate(NAME, broken)) == 5


def test_a_banks_document_is_the_banks_matter(book: SchemaBook) -> None:
    data = (FORMATS / "pain.002/golden/whole-file-rejected-10.xml").read_bytes()
    (finding,) = book.validate("pain.002.001.10.xsd", data.replace(b"2026-11-20T10", b"yesterday"))
    assert finding.who_acts is WhoActs.BANK


def test_without_lines_the_verdict_is_the_same(book: SchemaBook) -> None:
    broken = GOLDEN.replace(b"COBADEFFXXX", b"COBA")
    assert len(book.validate(NAME, broken, lines=False)) == len(book.validate(NAME, broken)) == 2
    assert book.validate(NAME, GOLDEN, lines=False) == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "H2H-EMPTY"),
        (b"no xml", "H2H-NOT-XML"),
        (GOLDEN[:500], "H2H-NOT-WELL-FORMED"),
        (GOLDEN.replace(b"<Document", b"<!DOCTYPE Document><Document"), "H2H-DOCTYPE"),
    ],
)
def test_what_is_no_document_is_a_finding_too(book: SchemaBook, data: bytes, code: str) -> None:
    (found,) = book.validate(NAME, data)
    assert (found.code, found.who_acts) == (code, WhoActs.ERP_TEAM)


def test_a_banks_document_that_is_cut_off_is_the_banks_matter(book: SchemaBook, tmp_path: Path) -> None:
    whole = (FORMATS / "camt/golden/notification-of-two-accounts-054-04.xml").read_bytes()
    cut = tmp_path / "cut.xml"
    cut.write_bytes(whole[: len(whole) // 2])
    for (found,) in (
        book.validate("camt.054.001.04.xsd", cut.read_bytes()),
        book.validate_file("camt.054.001.04.xsd", cut),
    ):
        assert (found.code, found.who_acts) == ("H2H-NOT-WELL-FORMED", WhoActs.BANK)


# ------------------------------------------------------------------------------------------------ long documents


def _long(amount: bytes) -> bytes:
    start, end = GOLDEN.index(b"      <CdtTrfTxInf>"), GOLDEN.index(b"      </CdtTrfTxInf>\n") + 21
    many = 12_000
    return GOLDEN[:start] + GOLDEN[start:end] * many + GOLDEN[start:end].replace(b"1210.55", amount) + GOLDEN[end:]


def test_a_long_document_is_judged_as_a_short_one(book: SchemaBook) -> None:
    assert len(_long(b"1.00")) > 8 * 1024 * 1024
    assert book.validate(NAME, _long(b"1.00")) == []
    (finding,) = book.validate(NAME, _long(b"1,00"))
    assert finding.where == "PmtInf[1]/CdtTrfTxInf[12001]/Amt/InstdAmt"
    assert "'1,00'" in finding.text


@pytest.mark.parametrize("amount", [b"1.00", b"1,00", b"<!-- -->1.00", b"1.00<"])
def test_a_file_gets_the_findings_that_its_bytes_get(book: SchemaBook, tmp_path: Path, amount: bytes) -> None:
    file = tmp_path / "long.xml"
    for data in (_long(amount), _long(amount)[:-50], GOLDEN.replace(b"500.00", amount), b"", b"\0" + GOLDEN):
        file.write_bytes(data)
        assert book.validate_file(NAME, file) == book.validate(NAME, data)


def test_a_file_is_seen_as_its_format_wants_it_to_be(book: SchemaBook, tmp_path: Path) -> None:
    file = tmp_path / "variant.xml"
    file.write_bytes(_long(b"1.00").replace(b"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09", b"urn:variant"))
    assert book.validate_file(NAME, file)
    as_original = lambda part: part.replace(b"urn:variant", b"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09")  # noqa: E731
    assert book.validate_file(NAME, file, as_original) == []


def test_a_long_document_that_is_cut_off_is_not_valid(book: SchemaBook) -> None:
    assert book.validate(NAME, _long(b"1.00")[:-50])
    assert book.validate(NAME, _long(b"1.00")[:-50], lines=False)


# ------------------------------------------------------------------------------------------------ the book


def test_a_missing_schema_says_how_to_get_it(book: SchemaBook) -> None:
    with pytest.raises(Misconfigured) as raised:
        book.validate("pain.001.001.99.xsd", GOLDEN)
    assert "make setup" in str(raised.value)
    assert "h2h schema add" in str(raised.value)


@pytest.mark.parametrize("name", ["../secret.xsd", "/etc/passwd", "a/b.xsd", ""])
def test_a_name_cannot_leave_the_directories(book: SchemaBook, name: str) -> None:
    with pytest.raises(Misconfigured):
        book.validate(name, GOLDEN)


def test_what_a_bank_handed_out_comes_before_what_is_delivered(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(TOY)
    assert SchemaBook([tmp_path, ROOT / "xsd"]).path(NAME) == tmp_path / NAME
    assert SchemaBook([tmp_path, ROOT / "xsd"]).validate(NAME, GOLDEN)


def test_a_schema_that_is_none_is_a_mistake_of_the_installation(tmp_path: Path) -> None:
    (tmp_path / "broken.xsd").write_text("<xs:schema")
    with pytest.raises(Misconfigured, match="not a schema"):
        SchemaBook([tmp_path]).validate("broken.xsd", GOLDEN)


def test_a_document_cannot_choose_what_it_is_checked_by(
    tmp_path: Path, server: tuple[str, list[str]], book: SchemaBook
) -> None:
    address, asked = server
    (tmp_path / "toy.xsd").write_text(TOY)
    location = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:toy {address}/toy.xsd"'
    document = f'<Document xmlns="urn:toy" {location}><Amt>1,0</Amt></Document>'.encode()
    assert len(SchemaBook([tmp_path]).validate("toy.xsd", document)) == 1
    assert asked == []


def test_a_schema_cannot_fetch_another(tmp_path: Path, server: tuple[str, list[str]]) -> None:
    address, asked = server
    (tmp_path / "far.xsd").write_text(
        TOY.replace("<xs:element name=", f'<xs:include schemaLocation="{address}/x.xsd"/><xs:element name=', 1)
    )
    with pytest.raises(Misconfigured):
        SchemaBook([tmp_path]).validate("far.xsd", b'<Document xmlns="urn:toy"><Amt>1</Amt></Document>')
    assert asked == []


# ------------------------------------------------------------------------------------------------ adding


def test_a_schema_is_added_with_origin_day_and_hash(tmp_path: Path) -> None:
    file, target = tmp_path / "bank.xsd", tmp_path / "own" / "xsd"
    file.write_text(TOY)
    installed = add_schema(file, target, 'the bank\'s "portal"', date(2026, 11, 20))
    assert installed.read_text() == TOY
    (entry,) = tomllib.loads((target / "SOURCES.toml").read_text())["schema"]
    assert entry == {
        "name": "bank.xsd",
        "origin": 'the bank\'s "portal"',
        "added": date(2026, 11, 20),
        "sha256": hashlib.sha256(TOY.encode()).hexdigest(),
    }
    assert sorted(p.name for p in target.iterdir()) == ["SOURCES.toml", "bank.xsd"]
    assert SchemaBook([target]).names() == [("bank.xsd", target / "bank.xsd")]


def test_adding_the_same_twice_changes_nothing_and_another_of_its_name_is_refused(tmp_path: Path) -> None:
    file, target = tmp_path / "bank.xsd", tmp_path / "own"
    file.write_text(TOY)
    add_schema(file, target, "x", date(2026, 11, 20))
    before = (target / "SOURCES.toml").read_text()
    add_schema(file, target, "x", date(2026, 11, 21))
    assert (target / "SOURCES.toml").read_text() == before
    file.write_text(TOY.replace("decimal", "string"))
    with pytest.raises(Misconfigured, match="other content"):
        add_schema(file, target, "x", date(2026, 11, 20))
    assert (target / "bank.xsd").read_text() == TOY


def test_what_is_no_schema_is_not_added(tmp_path: Path) -> None:
    file = tmp_path / "bank.xsd"
    file.write_text("<nothing/>")
    with pytest.raises(Misconfigured, match="not a schema"):
        add_schema(file, tmp_path / "own", "x", date(2026, 11, 20))
    assert not (tmp_path / "own").exists()
