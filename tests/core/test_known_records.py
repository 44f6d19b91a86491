"""Leaving out records that are plainly valid changes no verdict, and leaves little to be shown to the schema."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from h2h.core import known_records
from h2h.core.cutting import NotCut, small_documents
from h2h.core.known_records import KnownRecords
from h2h.core.plain_types import PlainTypes
from tests.benchmarks.statements import write_file
from tests.checkout import ROOT
from tests.core.test_cutting import DOCUMENTS, GOLDEN, RECORD, blocks, twice, valid, without

XS = "{http://www.w3.org/2001/XMLSchema}"
TYPES = {
    name: PlainTypes(etree.parse(str(ROOT / "xsd/iso20022" / f"{name}.xsd")).getroot()) for name in GOLDEN
}  # fmt: skip
ODD = ["", " ", "x", "-1.00", "+1", "1e5", "1.123456", "1.", ".5", "1" * 19, "A" * 36, "A" * 141, "&amp;", "&#0;",
       "]]>", "\x7f", "é" * 140, "\ufffe", "<x/>", "true", "TRUE", "EUR", "eur", "2026-02-29", "2028-02-29",
       "2026-04-31", "2026-11-23Z", "0000-01-01", "2026-11-23T24:00:00", "2026-11-23T10:00:00+14:00",
       "2026-11-23T10:00:00+13:59", "DE89370400440532013000", "de89370400440532013000", "DEUTDEFF",
       "\u2028", "a\u0085b", "\U0001f600"]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _learned_early() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known_records, "_UNKNOWN", 2)
        yield


def valid_without_known(name: str, data: bytes, size: int) -> tuple[bool | None, int]:
    """(the verdict, None if it cannot be cut; how many bytes the schema has seen)."""
    known, seen = KnownRecords(TYPES[name]), 0
    try:
        for part in map(known.without, small_documents(blocks(data, size))):
            seen += len(part)
            if not valid(name, part):
                return False, seen
            known.learn(part)
    except NotCut:
        return None, seen
    return True, seen


def many(name: str) -> tuple[bytes, int]:
    """The golden document with each record thirty times; where the last ones of the first thirty begin."""
    data = RECORD.sub(lambda found: found[0] * 30, DOCUMENTS[name])
    return data, [m.start() for m in RECORD.finditer(data)][24]


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(sorted(GOLDEN)), st.integers(0, 10_000), st.sampled_from([without, twice]),
       st.sampled_from([3000, 20_000, 1 << 20]))  # fmt: skip
def test_an_element_too_few_or_too_many_changes_the_verdict_as_ever(
    name: str, nth: int, change: Callable[[bytes, int], bytes], size: int
) -> None:
    document, start = many(name)
    document = document[:start] + change(document[start:], nth)
    found, _ = valid_without_known(name, document, size)
    assert found is None or found == valid(name, document)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_whatever_text_stands_in_a_known_record_the_verdict_is_that_of_the_schema(name: str) -> None:
    document, _ = many(name)
    known = KnownRecords(TYPES[name])
    known.learn(document)
    first = next(RECORD.finditer(DOCUMENTS[name]))
    record = first[0]
    left_out = 0
    for place in re.finditer(rb">([^<]*)<", record):
        for text in {*ODD, place[1].decode() + "A", place[1].decode()[:-1]}:
            changed = record[: place.start(1)] + text.encode() + record[place.end(1) :]
            one = DOCUMENTS[name][: first.end()] + changed + DOCUMENTS[name][first.end() :]
            rest = known.without(one)
            left_out += rest != one
            assert valid(name, rest) == valid(name, one), (place[0], text)
    assert left_out > 20


@pytest.mark.parametrize("attributes", [b' xsi:nil="true"', b' Odd="1"', b' xmlns="urn:other"', b' Ccy=">"'])
def test_attributes_are_the_schemas_matter(attributes: bytes) -> None:
    document, start = many("camt.053.001.08")
    for tag in (b"<Ntry>", b"<Sts>", b"<BookgDt>"):
        at = document.index(tag, start) + len(tag) - 1
        changed = document[:at] + attributes + document[at:]
        assert valid_without_known("camt.053.001.08", changed, 4000)[0] == valid("camt.053.001.08", changed) is False


def test_a_record_after_what_must_follow_the_records_is_shown_to_the_schema() -> None:
    document, _ = many("camt.053.001.08")
    record = RECORD.findall(document)[0]
    wrong = document.replace(b"</Stmt>", b"<AddtlStmtInf>x</AddtlStmtInf>" + record + b"</Stmt>", 1)
    assert valid_without_known("camt.053.001.08", wrong, 8000)[0] is False


def test_what_may_hold_anything_is_shown_to_the_schema() -> None:
    document, _ = many("camt.053.001.08")
    record = RECORD.findall(document)[0]
    wrong = document.replace(b"</Stmt>", b"<SplmtryData><Envlp>" + record * 2 + b"</Envlp></SplmtryData></Stmt>", 1)
    assert valid("camt.053.001.08", wrong) is False
    assert valid_without_known("camt.053.001.08", wrong, 8000)[0] is False


def test_little_of_a_long_statement_is_left(tmp_path: Path) -> None:
    write_file(tmp_path / "long.xml", 3000)
    data = (tmp_path / "long.xml").read_bytes()
    verdict, seen = valid_without_known("camt.053.001.08", data, 1 << 16)
    assert verdict is True
    assert seen < len(data) / 8


@pytest.mark.parametrize("encoding", [b"ISO-8859-1", b"gbk"])
def test_of_a_document_in_another_encoding_nothing_is_left_out(tmp_path: Path, encoding: bytes) -> None:
    write_file(tmp_path / "long.xml", 500)
    data = (tmp_path / "long.xml").read_bytes().replace(b"UTF-8", encoding, 1)
    verdict, seen = valid_without_known("camt.053.001.08", data, 1 << 16)
    assert verdict is True
    assert seen >= len(data)


def simple_types() -> dict[str, tuple[etree._Element, str]]:
    """Each simple type that plain texts are known of: its declaration, and what is plainly valid by it."""
    found: dict[str, tuple[etree._Element, str]] = {}
    for types in TYPES.values():
        for name, node in types._simple.items():
            plain = types._text_of(name)
            if plain is not None:
                found.setdefault(name, (node, plain))
    return found


SIMPLE = simple_types()


def all_valid(schema: etree.XMLSchema, name: str, plain: str) -> None:
    """Texts that *plain* takes, as many as are tried."""

    @settings(deadline=None, max_examples=20, database=None)
    @given(st.from_regex(re.compile(plain), fullmatch=True))
    def each(text: str) -> None:
        assert schema.validate(etree.fromstring(f"<T>{text}</T>".encode())), (name, text)

    each()


def test_what_is_plainly_valid_is_valid() -> None:
    known: set[str] = set()
    for name, (node, plain) in SIMPLE.items():
        if plain not in known:
            known.add(plain)
            schema = etree.Element(f"{XS}schema", nsmap={"xs": XS[1:-1]})
            etree.SubElement(schema, f"{XS}element", name="T", type=name)
            schema.append(copy.deepcopy(node))
            all_valid(etree.XMLSchema(etree.fromstring(etree.tostring(schema))), name, plain)
    assert len(known) > 50


def test_most_types_of_the_official_schemas_are_plain() -> None:
    assert SIMPLE.keys() >= {"Max35Text", "ISODate", "ISODateTime", "IBAN2007Identifier", "CreditDebitCode"}
