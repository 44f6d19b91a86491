"""Damaged documents that ended in an error once: now they are findings."""

from __future__ import annotations

import io
import zipfile

import pytest

from h2h.adapters.schema import SchemaBook
from h2h.core.codecs.workbook import opened
from h2h.core.errors import Refused
from h2h.core.findings import refuses
from h2h.core.packed import unpack
from h2h.core.rules.references import is_qr_iban
from h2h.data import data_dir
from tests.checkout import BOOK, FORMATS
from tests.core.test_spreadsheet import HEADER, payment, read
from tests.core.workbooks import workbook


def test_a_message_that_is_closed_before_it_says_anything_is_not_sound() -> None:
    whole = (FORMATS / "camt.029/golden/whole-file-refused-14.xml").read_bytes()
    damaged = whole.replace(b"<RsltnOfInvstgtn>", b"<RsltnOfInvstgtn></RsltnOfInvstgtn>").replace(
        b"</RsltnOfInvstgtn>\n</Document>", b"</Document>"
    )
    assert damaged.count(b"</RsltnOfInvstgtn>") == 1
    read = BOOK.read(damaged)
    assert read.findings


def test_a_year_that_no_calendar_has_is_a_finding_of_the_schema() -> None:
    whole = (FORMATS / "pain.008/golden/one-collection-08.xml").read_bytes()
    before, _, after = whole.partition(b"<CreDtTm>2026")
    schemas = SchemaBook([data_dir("xsd") / "iso20022"])
    found = schemas.validate("pain.008.001.08.xsd", before + b"<CreDtTm>999999999999999999026" + after)
    assert refuses(found)


def test_an_archive_with_a_file_without_a_name_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a", b"content")
    nameless = made.getvalue().replace(b"a" + b"content", b"\0content").replace(b"\0\0\0\0a", b"\0\0\0\0\0")
    with pytest.raises(Refused, match="has no name"):
        unpack(io.BytesIO(nameless), lambda _: io.BytesIO(), 1000)


@pytest.mark.parametrize("number", ["9" * 5000, "\u00b2", ""])
def test_a_number_that_no_style_has_shows_no_day(number: str) -> None:
    styles = f'<styleSheet><cellXfs count="2"><xf numFmtId="{number}"/><xf numFmtId="14"/></cellXfs></styleSheet>'
    made = workbook(HEADER, payment(), parts={"xl/styles.xml": styles.encode()})
    assert opened(io.BytesIO(made))[1].date_styles == {1}


@pytest.mark.parametrize("number", ["9" * 5000, "\u0665", "1", "-1"])
def test_a_shared_text_that_the_workbook_does_not_hold_is_a_finding(number: str) -> None:
    cell = f'<c t="s"><v>{number}</v></c>'
    found = read(payment(name=cell), shared=("<t>Beta GmbH</t>",)).only("H2H-SPREADSHEET")
    assert "a text that the workbook does not hold" in found.text


def test_an_account_with_digits_of_another_script_is_no_swiss_one_for_references() -> None:
    assert is_qr_iban("CH4431999123000889012")
    assert is_qr_iban("LI4430000123000889012")
    for other in (
        "CH4432000123000889012",
        "CH44\u00b2\u00b2\u00b2\u00b2\u00b2123000889012",
        "DE4430000123000889012",
        "CH44",
        None,
    ):
        assert not is_qr_iban(other)
