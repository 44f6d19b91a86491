"""Damaged documents that ended in an error once: now they are findings."""

from __future__ import annotations

from h2h.adapters.schema import SchemaBook
from h2h.core.findings import refuses
from h2h.data import data_dir
from tests.checkout import BOOK, FORMATS


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
