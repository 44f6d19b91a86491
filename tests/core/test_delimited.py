"""Reading a CSV file: what is sound becomes payments; what is not is found with its line, and nothing is sent."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.codecs.layout import check_fields
from h2h.core.codecs.rows import ERRORS_MAX, read_rows
from h2h.core.errors import Misconfigured
from h2h.core.rules.judge import FINDINGS_MAX, Judge
from tests.core.erp_files import PAYEE_ACCOUNT, convert, converted, delimited, file_of, payments_of, row

# ------------------------------------------------------------------------------------------------ shape


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "H2H-EMPTY", "the file is empty"),
        (b"\n\n", "H2H-EMPTY", "the file is empty"),
        (file_of(), "H2H-EMPTY", "a header and no payment"),
    ],
)
def test_a_file_without_payments_is_refused(data: bytes, code: str, said: str) -> None:
    done = convert(data)
    assert done.conversion.refused
    assert said in done.only(code).text


def test_a_missing_column_is_named_with_a_near_one() -> None:
    done = convert(file_of(row()).replace(b"amount", b"Amount"))
    assert [f.text for f in done.findings] == [
        'column "amount" is missing; did you mean "Amount"?',
        'nothing reads column "Amount"; what it says would be lost',
    ]


def test_all_missing_columns_are_named_at_once() -> None:
    done = convert(b"foo,bar\n1,2\n")
    assert sum("is missing" in f.text for f in done.findings) == 7


def test_a_column_that_nothing_reads_is_refused_unless_it_is_knowingly_ignored() -> None:
    data = file_of(
        f"{row()},1000", columns=("ref", "amount", "currency", "name", "account", "date", "text", "discount")
    )
    found = convert(data).only("H2H-COLUMNS")
    assert (found.line, found.column) == (1, 8)
    assert not convert(data, delimited(ignore_columns=("discount",))).conversion.refused


def test_two_columns_of_one_name_are_refused() -> None:
    data = file_of(f"{row()},x", columns=("ref", "amount", "currency", "name", "account", "date", "text", "text"))
    assert 'two columns are named "text"' in convert(data).only("H2H-COLUMNS").text


def test_a_trailing_delimiter_in_all_rows_is_no_column() -> None:
    data = file_of(row(), row(ref="INV-2")).replace(b"\n", b",\n")
    assert not convert(data).conversion.refused


def test_a_value_in_a_column_without_name_is_refused() -> None:
    data = file_of(row() + ",7", columns=("ref", "amount", "currency", "name", "account", "date", "text", ""))
    found = convert(data).only("H2H-COLUMNS")
    assert (found.where, found.line, found.column) == ("line 2, column 8", 2, 8)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("INV-2,5.00,EUR", "the row has 3 fields, 7 are expected: too few"),
        (row(ref="INV-2", text="Invoice, part 2"), "the row has 8 fields, 7 are expected: too many"),
    ],
)
def test_a_row_with_too_few_or_too_many_fields_is_found_with_its_line(bad: str, said: str) -> None:
    found = converted(row(), bad).only("H2H-DELIMITED")
    assert found.line == 3
    assert said in found.text


def test_blank_lines_are_nothing_and_rows_of_delimiters_are_told() -> None:
    done = converted(row(), "", ",,,,,,", row(ref="INV-2"))
    assert not done.conversion.refused
    assert done.conversion.count == 2
    assert done.only("H2H-BLANK-ROW").line == 4


def test_a_newline_in_quotes_keeps_the_line_numbers_right() -> None:
    done = converted(row(text='"two\nlines"'), row(ref="INV-2", amount="x"))
    assert done.only("H2H-AMOUNT").line == 4
    assert done.only("H2H-CHARSET").line == 2


def test_a_quote_inside_a_quoted_text_is_written_twice() -> None:
    done = converted(row(text='"a ""b"" c"').replace('""', "''"))
    assert [p["text"] for p in payments_of(done.xml)] == ["a ''b'' c"]


def test_text_after_a_closing_quote_is_found() -> None:
    assert "text follows a closing quote" in converted(row(text='"a" b')).findings[0].text


def test_a_quote_that_is_never_closed_is_found_at_the_line_where_it_opens() -> None:
    found = converted(row(), row(ref="INV-2", text='"Invoice'), row(ref="INV-3")).only("H2H-DELIMITED")
    assert found.line == 3
    assert "opens in line 3 is never closed" in found.text


def test_windows_line_ends_are_line_ends() -> None:
    done = convert(file_of(row(), row(ref="INV-2", amount="x")).replace(b"\n", b"\r\n"))
    assert [(f.code, f.line) for f in done.findings] == [("H2H-AMOUNT", 3)]


def test_old_macintosh_line_ends_are_told() -> None:
    assert "carriage return" in convert(file_of(row()).replace(b"\n", b"\r")).findings[0].text


def test_a_file_without_header_is_read_by_position() -> None:
    fields = {
        "end_to_end_id": {"column": 1},
        "amount": {"column": 2},
        "currency": {"column": 3},
        "creditor_name": {"column": 4},
        "creditor_account": {"column": 5},
        "requested_execution_date": {"column": 6},
        "remittance": {"column": 7},
    }
    done = convert((row() + "\n").encode(), delimited(fields, header=False))
    assert not done.conversion.refused, done.findings
    found = convert((row() + ",more\n").encode(), delimited(fields, header=False)).only("H2H-COLUMNS")
    assert 'nothing reads column "8"' in found.text
    assert not convert(
        (row() + ",x\n").encode(), delimited(fields, header=False, ignore_columns=("8",))
    ).conversion.refused


def test_a_position_may_be_given_beside_a_header() -> None:
    declared = delimited({"remittance": {"column": 7}})
    assert not convert(file_of(row()), declared).conversion.refused
    assert (
        "column 8 is declared, but the row has 7"
        in convert(file_of(row()), delimited({"remittance": {"column": 8}}, ignore_columns=("text",)))
        .only("H2H-COLUMNS")
        .text
    )


def test_more_findings_than_the_limit_are_counted_not_listed() -> None:
    bad = [row(ref=f"INV-{n}", amount="x") for n in range(FINDINGS_MAX + 500)]
    done = converted(*bad)
    assert len(done.findings) == FINDINGS_MAX + 1
    assert done.findings[-1].text == "500 further findings are not listed: H2H-AMOUNT 500"


def test_a_large_file_of_another_kind_is_not_read_to_its_end() -> None:
    done = convert(file_of() + b"this is no payment\n" * (ERRORS_MAX * 3))
    assert done.only("H2H-LIMIT").line == ERRORS_MAX + 2
    assert len(done.findings) == FINDINGS_MAX + 2


def test_warnings_do_not_crowd_out_errors() -> None:
    past = [row(ref=f"INV-{n}", date="2026-11-20", name="X" * 35) for n in range(FINDINGS_MAX + 50)]
    done = converted(*past, row(ref="LAST", amount="x"))
    assert done.only("H2H-AMOUNT").line == FINDINGS_MAX + 52


# ------------------------------------------------------------------------------------------------ trailer


def test_a_trailer_is_checked_and_is_no_payment() -> None:
    done = convert(file_of(row(), row(ref="INV-2"), "TRAILER,2,201.00"), delimited(trailer="count-and-sum"))
    assert not done.conversion.refused, done.findings
    assert done.conversion.count == 2


@pytest.mark.parametrize(
    ("trailer", "said"),
    [
        ("TRAILER,3,201.00", 'says "3" rows, there are 2'),
        ("TRAILER,2,201.01", "says 201.01, the rows add up to 201.00"),
        ("TRAILER,2", "this one has 2 fields"),
        ("TRAILER,2,x", 'sum "x" holds'),
        ("TRAILER,two,201.00", 'says "two" rows'),
        (row(ref="INV-3"), "the trailer is missing"),
        (f"TRAILER,2,201.00\n{row(ref='INV-3')}", "rows after the trailer"),
    ],
)
def test_a_trailer_that_is_wrong_or_missing_refuses_the_file(trailer: str, said: str) -> None:
    done = convert(file_of(row(), row(ref="INV-2"), trailer), delimited(trailer="count-and-sum"))
    assert done.conversion.refused
    assert said in done.only("H2H-TRAILER").text


def test_a_truncated_file_is_refused_by_its_missing_trailer() -> None:
    whole = file_of(*[row(ref=f"INV-{n}") for n in range(50)], "TRAILER,50,5025.00")
    declared = delimited(trailer="count-and-sum")
    assert not convert(whole, declared).conversion.refused
    for length in range(1, len(whole) - 1, 97):
        assert convert(whole[:length], declared).conversion.refused, length


# ------------------------------------------------------------------------------------------------ the declaration


@pytest.mark.parametrize(
    ("fields", "changes", "said"),
    [
        ({"creditor_nam": "x"}, {}, 'no field "creditor_nam"; did you mean "creditor_name"?'),
        ({"amount": None}, {}, "no payment without amount"),
        ({"creditor_account": None}, {}, "creditor_account or creditor_account_other"),
        ({"end_to_end_id": {"constant": "X"}}, {}, 'only constant reference is "NOTPROVIDED"'),
        ({"amount": {"constant": "1"}}, {}, "a constant amount"),
        ({"requested_execution_date": {"constant": "2026-11-24"}}, {}, "a constant requested_execution_date"),
        ({"debtor_name": {"constant": " "}}, {}, "the constant is empty"),
        ({"amount": {"column": 0}}, {}, "counted from 1"),
        ({}, {"header": False}, "has no header; give the position"),
        ({}, {"encoding": "klingon"}, "no text encoding"),
        ({}, {"encoding": "base64"}, "no text encoding"),
        ({}, {"encoding": "unicode_escape"}, "no text encoding"),
        ({}, {"delimiter": '"'}, "the same character"),
        ({}, {"delimiter": "\n"}, "a line end cannot be"),
        ({}, {"thousands_separator": "."}, "ambiguous"),
        ({}, {"date_format": "%d.%m."}, "must name year, month and day"),
        ({}, {"date_format": "%Y-%m-%d %H:%M"}, "more than year, month and day"),
        ({}, {"ignore_columns": ("ref",)}, "both read and ignored"),
    ],
)
def test_a_wrong_declaration_is_found_before_any_file(
    fields: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    declared = delimited(fields, **changes)
    assert any(said in fault.text for fault in check_fields(declared)), check_fields(declared)
    with pytest.raises(Misconfigured):
        list(read_rows(io.BytesIO(b""), declared, Judge()))


def test_a_sound_declaration_has_no_faults() -> None:
    assert check_fields(delimited()) == []


# ------------------------------------------------------------------------------------------------ any bytes at all


@given(st.binary(max_size=400))
def test_no_bytes_whatever_crash_the_reader(data: bytes) -> None:
    done = convert(data)
    assert done.conversion.refused
    assert done.xml == b""


@given(st.data())
def test_a_sound_file_with_one_damaged_byte_is_refused_or_says_something_else(data: st.DataObject) -> None:
    sound = file_of(row(), row(ref="INV-2", amount="7.25"))
    position = data.draw(st.integers(0, len(sound) - 1))
    byte = data.draw(st.integers(0, 255))
    damaged = sound[:position] + bytes([byte]) + sound[position + 1 :]
    done = convert(damaged)
    if not done.conversion.refused:
        assert all(p["account"] == PAYEE_ACCOUNT for p in payments_of(done.xml)), "a damaged account goes nowhere"
