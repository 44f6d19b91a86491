"""A long document looked at in small ones gets the verdict that it gets as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from h2h.core.cutting import NotCut, schema_lets_cut, small_documents
from tests.checkout import FORMATS, ROOT

GOLDEN = {
    "pain.001.001.09": "pain.001/golden/two-instructions-and-hybrid-addresses-09.xml",
    "pain.008.001.02": "pain.008/golden/amended-mandates-and-sequence-types-02.xml",
    "camt.053.001.08": "camt/golden/batch-entry-and-return-053-08.xml",
    "camt.054.001.04": "camt/golden/notification-of-two-accounts-054-04.xml",
    "pain.002.001.03": "pain.002/golden/one-of-three-rejected-03.xml",
}
DOCUMENTS = {name: re.sub(rb"<!--.*?-->", b"", (FORMATS / file).read_bytes(), flags=re.DOTALL)
             for name, file in GOLDEN.items()}  # fmt: skip
SCHEMAS = {name: etree.XMLSchema(file=str(ROOT / "xsd/iso20022" / f"{name}.xsd")) for name in GOLDEN}
TAGS = rb"(?:CdtTrfTxInf|DrctDbtTxInf|TxInfAndSts|Ntry)"
RECORD = re.compile(rb"<" + TAGS + rb">.*?</" + TAGS + rb">", re.DOTALL)
TAG = re.compile(rb"<(/?)([A-Za-z]+)[^>]*>")


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def valid(name: str, document: bytes) -> bool:
    try:
        return bool(SCHEMAS[name].validate(etree.fromstring(document)))
    except etree.XMLSyntaxError:
        return False


def valid_in_parts(name: str, data: bytes, size: int) -> bool | None:
    try:
        return all(valid(name, part) for part in small_documents(blocks(data, size)))
    except NotCut:
        return None


def without(data: bytes, nth: int) -> bytes:
    """The document less one element, whichever."""
    starts = [m for m in TAG.finditer(data) if not m[1]]
    start = starts[nth % len(starts)]
    end = data.find(b"</" + start[2] + b">", start.end())
    return data if end < 0 else data[: start.start()] + data[end + len(start[2]) + 3 :]


def twice(data: bytes, nth: int) -> bytes:
    """The document with one element twice."""
    starts = [m for m in TAG.finditer(data) if not m[1]]
    start = starts[nth % len(starts)]
    end = data.find(b"</" + start[2] + b">", start.end()) + len(start[2]) + 3
    element = data[start.start() : end]
    return data[:end] + element + data[end:] if end > start.end() else data


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(sorted(GOLDEN)), st.sampled_from([without, twice, None, "cut", "text"]),
       st.integers(0, 10_000), st.integers(200, 4000))  # fmt: skip
def test_the_parts_are_valid_exactly_if_the_whole_is(name: str, change: object, nth: int, size: int) -> None:
    data = DOCUMENTS[name]
    if callable(change):
        data = change(data, nth)
    elif change == "cut":
        data = data[: len(data) - nth % len(data)]
    elif change == "text":
        at = nth % len(data)
        data = data[:at] + b"?" + data[at + 1 :]
    found = valid_in_parts(name, data, size)
    # What cannot be cut is looked at whole.
    assert found is None or found == valid(name, data)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_what_we_ship_is_cut_and_all_of_it_is_in_the_parts(name: str) -> None:
    parts = list(small_documents(blocks(DOCUMENTS[name], 1500)))
    assert valid_in_parts(name, DOCUMENTS[name], 1500) is True
    assert len(parts) > 1
    # A container's first record is said again before those that follow it.
    assert list(dict.fromkeys(RECORD.findall(b"".join(parts)))) == RECORD.findall(DOCUMENTS[name])


@pytest.mark.parametrize("odd", [b"<!-- note -->", b"<![CDATA[<CdtTrfTxInf>]]>", b"<?note?>"])
def test_where_a_bracket_may_be_no_tag_nothing_is_cut(odd: bytes) -> None:
    data = DOCUMENTS["pain.001.001.09"]
    for at in (data.index(b"<GrpHdr>"), data.index(b"</CdtTrfTxInf>") + 14, data.rindex(b"</PmtInf>")):
        for size in (100, 1000, 100_000):
            with pytest.raises(NotCut):
                list(small_documents(blocks(data[:at] + odd + data[at:], size)))


def test_an_ending_between_two_blocks_is_found() -> None:
    data = DOCUMENTS["pain.001.001.09"]
    for size in range(250, 400):
        assert valid_in_parts("pain.001.001.09", data, size)


@pytest.mark.parametrize(
    "change",
    [
        ('maxOccurs="unbounded" minOccurs="1" name="CdtTrfTxInf"', 'maxOccurs="9" name="CdtTrfTxInf"'),
        ('maxOccurs="unbounded" minOccurs="1" name="PmtInf"', 'maxOccurs="9" name="PmtInf"'),
        ('<xs:element name="Document" type="Document"/>',
         '<xs:element name="Document" type="Document"><xs:unique name="u"><xs:selector xpath="*"/>'
         '<xs:field xpath="*"/></xs:unique></xs:element>'),
        ('name="EndToEndId" type="Max35Text"', 'name="EndToEndId" type="xs:ID"'),
    ],
)  # fmt: skip
def test_a_schema_that_counts_or_compares_records_is_asked_about_the_whole(change: tuple[str, str]) -> None:
    text = (ROOT / "xsd/iso20022/pain.001.001.09.xsd").read_text(encoding="utf-8-sig")
    assert schema_lets_cut(etree.fromstring(text.encode()))
    changed = text.replace(*change)
    assert changed != text
    assert not schema_lets_cut(etree.fromstring(changed.encode()))
