"""Fixed-width files: records at declared positions, in any code page, with the numbers of the mainframe."""

from __future__ import annotations

import random
from typing import Any

import pytest

from h2h.core.codecs.layout import check_fields
from h2h.core.declared_tables import FixedWidth, Slice
from tests.core.erp_files import FIELDS, PAYEE_ACCOUNT, Result, convert, payments_of

COLUMNS: dict[str, dict[str, Any]] = {
    "ref": {"start": 2, "length": 10},
    "name": {"start": 12, "length": 15},
    "account": {"start": 27, "length": 22},
    "amount": {"start": 49, "length": 10, "decimals": 2},
    "currency": {"start": 59, "length": 3},
    "text": {"start": 62, "length": 15},
    "date": {"start": 2, "length": 8, "record": "header"},
    "number": {"start": 2, "length": 6, "decimals": 0, "record": "trailer"},
    "total": {"start": 8, "length": 12, "decimals": 2, "record": "trailer"},
}


def declared(columns: dict[str, dict[str, Any]] | None = None, **changes: Any) -> FixedWidth:
    made = {name: Slice(**slice_) for name, slice_ in {**COLUMNS, **(columns or {})}.items()}
    markers = {"header_marker": "0", "detail_marker": "1", "trailer_marker": "9"}
    options = {**markers, "count": "number", "sum": "total", "date_format": "%Y%m%d", **changes}
    return FixedWidth(fields=FIELDS, columns=made, **options)


def header(day: str = "20261124") -> str:
    return f"0{day}".ljust(76)


def detail(
    ref: str = "INV-1", amount: str = "0000010050", name: str = "Beta GmbH", account: str = PAYEE_ACCOUNT
) -> str:
    return f"1{ref:<10}{name:<15}{account:<22}{amount:>10}EUR{'Invoice ' + ref:<15}"


def trailer(count: int = 1, cents: int = 10050) -> str:
    return f"9{count:06}{cents:012}".ljust(76)


def lines(*records: str, end: str = "\r\n") -> bytes:
    return "".join(record + end for record in records).encode()


def read(*records: str, table: FixedWidth | None = None) -> Result:
    return convert(lines(*records), table or declared())


def amounts(done: Result) -> list[str]:
    return [p["amount"] for p in payments_of(done.xml)]


def test_header_details_and_trailer_become_payments_with_the_headers_day() -> None:
    done = read(header(), detail(), detail("INV-2", "0000000001"), trailer(2, 10051))
    assert not done.conversion.refused, done.findings
    assert amounts(done) == ["100.50", "0.01"]
    assert done.xml.count(b"<Dt>2026-11-24</Dt>") == 1


@pytest.mark.parametrize("encoding", ["cp037", "cp273", "cp500", "cp1140", "cp1141"])
@pytest.mark.parametrize("end", ["\n", "\x85", ""])
def test_every_code_page_of_the_mainframe_is_read_with_line_ends_and_without(encoding: str, end: str) -> None:
    data = "".join(record + end for record in (header(), detail(), trailer())).encode(encoding)
    done = convert(data, declared(encoding=encoding, record_length=0 if end else 76))
    assert not done.conversion.refused, done.findings
    assert amounts(done) == ["100.50"]


def test_the_euro_sign_of_the_german_mainframe_is_no_currency_sign() -> None:
    assert "€".encode("cp1141") == "¤".encode("cp273") == b"\x9f"
    assert b"\x9f\xc0".decode("cp1141") == "€ä"


def test_a_zoned_sign_is_a_matter_of_bytes_not_of_the_letters_of_a_country() -> None:
    """0xD5 is a negative 5 in every code page, and N only in the American one; 0xC0 is { there and ä in Germany."""
    table = declared({"amount": {**COLUMNS["amount"], "sign": "overpunched"}}, encoding="cp273")
    plus = detail(amount="000001005ä"), trailer()
    minus = detail(amount="000001005ü"), trailer()
    assert "äü".encode("cp273") == b"\xc0\xd0"
    read = [convert("".join(r + "\n" for r in (header(), *rows)).encode("cp273"), table) for rows in (plus, minus)]
    assert amounts(read[0]) == ["100.50"]
    assert "is negative" in read[1].only("H2H-AMOUNT").text


@pytest.mark.parametrize(("last", "sign"), [("{", ""), ("}", "-"), ("p", "-"), ("0", "")])
def test_a_zoned_sign_that_was_translated_to_ascii_is_read_by_its_letter(last: str, sign: str) -> None:
    table = declared({"amount": {**COLUMNS["amount"], "sign": "overpunched"}})
    done = read(header(), detail(amount=f"000001005{last}"), trailer(), table=table)
    assert ("H2H-AMOUNT" in done.codes) == (sign == "-"), done.findings


def test_a_trailing_minus_is_a_negative_amount_and_is_not_paid() -> None:
    table = declared({"amount": {**COLUMNS["amount"], "sign": "trailing"}})
    found = read(header(), detail(amount="000010050-"), trailer(), table=table).only("H2H-AMOUNT")
    assert (found.where, found.line) == ("line 2, positions 49–58 (amount)", 2)
    assert "is negative" in found.text


def test_where_the_export_writes_payments_as_negative_a_positive_one_is_refused() -> None:
    table = declared({"amount": {**COLUMNS["amount"], "sign": "trailing"}}, amounts="negative")
    assert amounts(read(header(), detail(amount="000010050-"), trailer(), table=table)) == ["100.50"]
    assert "has no minus" in read(header(), detail(amount="0000010050"), trailer(), table=table).findings[0].text


def test_a_point_in_a_number_with_implied_decimals_is_refused_not_read_twice() -> None:
    found = read(header(), detail(amount="0000100.50"), trailer()).findings[0]
    assert (found.code, found.where) == ("H2H-FORM", "line 2, positions 49–58 (amount)")


def test_a_date_of_zeros_is_no_date() -> None:
    assert "is missing" in read(header("00000000"), detail(), trailer()).only("H2H-MISSING").text


def test_a_trailer_that_disagrees_in_one_digit_refuses_the_file() -> None:
    assert read(header(), detail(), trailer(1, 10051)).codes == ["H2H-TRAILER"]
    assert read(header(), detail(), trailer(2)).codes == ["H2H-TRAILER"]


def test_a_file_without_its_trailer_has_been_cut_off() -> None:
    assert "is missing" in read(header(), detail()).only("H2H-TRAILER").text


def test_a_payment_behind_the_trailer_refuses_the_file() -> None:
    assert "after the trailer" in read(header(), detail(), trailer(), detail("INV-2")).only("H2H-TRAILER").text


def test_a_record_of_no_declared_sort_is_found_with_its_marker() -> None:
    found = read(header(), detail(), "5something".ljust(76), trailer()).only("H2H-RECORD")
    assert (found.line, '"5"' in found.text) == (3, True)
    ignored = declared(ignore_markers=("5",))
    assert not read(header(), detail(), "5something".ljust(76), trailer(), table=ignored).conversion.refused


def test_a_short_line_is_cut_off_unless_trailing_blanks_may_be_missing() -> None:
    short = detail().rstrip()
    assert "it is cut off" in read(header(), short, trailer()).only("H2H-RECORD").text
    assert not read(header(), short, trailer(), table=declared(trimmed=True)).conversion.refused


def test_a_number_that_ends_with_the_line_is_cut_off_even_where_blanks_may_be_missing() -> None:
    short = detail()[:55]
    done = read(header(), short, trailer(1, 10), table=declared(trimmed=True))
    assert "the number is cut off" in done.findings[0].text


def test_what_stands_between_the_columns_would_be_lost_and_is_found_once() -> None:
    done = read(header(), detail() + "more", detail("INV-2") + "more", trailer(2, 20100))
    assert (done.only("H2H-COLUMNS").line, '"more"' in done.only("H2H-COLUMNS").text) == (2, True)


def test_a_last_record_that_is_too_short_is_found() -> None:
    data = (header() + detail() + trailer()[:40]).encode("cp037")
    assert "40 bytes of 76" in convert(data, declared(encoding="cp037", record_length=76)).only("H2H-RECORD").text


def test_positions_may_count_bytes_where_letters_have_several() -> None:
    by_bytes = (
        "1" + "INV-1".ljust(10) + "上海示例" + " " * 7 + PAYEE_ACCOUNT.ljust(22) + "0000010050EUR" + "Invoice".ljust(15)
    )
    table = declared(encoding="gb18030", positions="bytes")
    data = "".join(r + "\n" for r in (header(), by_bytes, trailer())).encode("gb18030")
    from h2h.core.declared import Rules
    from tests.core.erp_files import Bank

    done = convert(data, table, Bank(rules=Rules(charset="gb18030")))
    assert [p["name"] for p in payments_of(done.xml)] == ["上海示例"]


@pytest.mark.parametrize(
    ("columns", "changes", "said"),
    [
        ({"extra": {"start": 80, "length": 2}}, {}, "nothing reads it"),
        ({"ref": {"start": 2, "length": 12}}, {}, 'it begins within "ref"'),
        ({}, {"trailer_marker": ""}, "give both or none"),
        ({}, {"sum": "nothing"}, "is no column of record"),
        ({}, {"header_marker": "1"}, "the same marker"),
        ({}, {"header_marker": ""}, "header_marker is not given"),
        ({}, {"record_length": 60}, "ends behind record_length"),
        ({"amount": {"start": 49, "length": 10, "sign": "trailing"}}, {}, "needs decimals"),
        ({}, {"encoding": "cp999"}, "no text encoding"),
    ],
)
def test_a_mistake_in_the_declaration_is_found_before_any_file_is(
    columns: dict[str, dict[str, Any]], changes: dict[str, Any], said: str
) -> None:
    assert any(said in fault.text for fault in check_fields(declared(columns, **changes)))
    assert check_fields(declared()) == []


def test_one_digit_changed_anywhere_in_the_amounts_or_the_trailer_is_found() -> None:
    whole = (header() + detail() + detail("INV-2", "0000000777") + trailer(2, 10827)).encode("cp500")
    table = declared(encoding="cp500", record_length=76)
    assert not convert(whole, table).conversion.refused
    numbers = [76 + 48 + n for n in range(10)] + [152 + 48 + n for n in range(10)] + [228 + 1 + n for n in range(18)]
    for at in numbers:
        changed = bytearray(whole)
        changed[at] = 0xF0 + (changed[at] - 0xF0 + 1) % 10
        assert convert(bytes(changed), table).conversion.refused, at


def test_whatever_is_damaged_nothing_but_findings_comes_out() -> None:
    whole = (header() + "".join(detail(f"INV-{n}") for n in range(9)) + trailer(9, 90450)).encode("cp273")
    chance = random.Random(20261124)
    table = declared({"amount": {**COLUMNS["amount"], "sign": "overpunched"}}, encoding="cp273", record_length=76)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 5)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        done = convert(bytes(damaged[: chance.randint(0, len(damaged))]), table)
        assert done.conversion.refused == any(f.severity == "error" for f in done.findings)


def test_blank_lines_between_records_are_no_records_and_count_in_no_line_number() -> None:
    done = read(header(), "", detail(), " " * 20, detail("INV-2", "00000x0001"), trailer(2, 10051))
    assert [(f.code, f.line) for f in done.findings if f.code != "H2H-TRAILER"] == [("H2H-FORM", 5)]


def test_a_payment_before_its_header_has_no_day_of_another_one() -> None:
    done = read(detail(), header(), detail("INV-2"), trailer(2, 20100))
    found = done.only("H2H-RECORD")
    assert (found.line, "before the first header" in found.text) == (1, True)


def test_without_markers_every_record_is_a_payment() -> None:
    columns = {name: column for name, column in COLUMNS.items() if column.get("record", "detail") == "detail"}
    columns["date"] = {"start": 77, "length": 8}
    made = {name: Slice(**column) for name, column in columns.items()}
    table = FixedWidth(fields=FIELDS, columns=made, date_format="%Y%m%d")
    done = convert(lines(*(" " + detail(f"INV-{n}")[1:] + "20261124" for n in (1, 2))), table)
    assert not done.conversion.refused, done.findings
    assert amounts(done) == ["100.50", "100.50"]


def test_a_column_that_cuts_a_character_in_two_is_found_and_nothing_is_made_of_the_halves() -> None:
    cut = "1" + "INV-1".ljust(10) + "上海示例有限公司" + PAYEE_ACCOUNT.ljust(22) + "0000010050EUR" + "Invoice".ljust(15)
    table = declared(encoding="gb18030", positions="bytes", count=None, sum=None, trailer_marker="")
    table = table.model_copy(update={"columns": {n: c for n, c in table.columns.items() if c.record != "trailer"}})
    done = convert("".join(r + "\n" for r in (header(), cut)).encode("gb18030"), table)
    assert done.conversion.refused
    assert any("cut a character in two" in f.text and f.line == 2 for f in done.findings)


def test_a_byte_of_no_letter_costs_its_record_and_is_named_with_its_place() -> None:
    odd = detail("INV-2").replace("Beta", "B\x80ta", 1).encode("latin-1")
    data = header().encode() + detail().encode() + odd + trailer(2, 20100).encode()
    found = convert(data, declared(encoding="ascii", record_length=76)).only("H2H-ENCODING")
    assert (found.line, "byte 13 of the record (0x80) is not ascii" in found.text) == (3, True)


def test_a_file_that_is_unreadable_from_end_to_end_is_not_read_to_its_end() -> None:
    data = b"\x80" * 76 * 5000
    done = convert(data, declared(encoding="ascii", record_length=76))
    assert done.conversion.refused
    assert any("reading stopped here" in f.text for f in done.findings)
    assert len(done.findings) < 5000


@pytest.mark.parametrize("left_behind", [b"\r\n", b"\x1a", b" " * 70])
def test_what_transfers_leave_behind_the_last_record_is_no_record(left_behind: bytes) -> None:
    whole = (header() + detail() + trailer()).encode()
    assert not convert(whole + left_behind, declared(encoding="ascii", record_length=76)).conversion.refused
