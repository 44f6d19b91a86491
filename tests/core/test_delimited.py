"""Reading a CSV file: what is sound becomes payments; what is not is found with its line, and nothing is sent."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.codecs import text
from h2h.core.codecs.layout import check_fields
from h2h.core.codecs.rows import ERRORS_MAX, read_rows
from h2h.core.errors import Misconfigured
from h2h.core.findings import Severity
from h2h.core.rules.judge import FINDINGS_MAX, Judge
from tests.core.erp_files import PAYEE_ACCOUNT, convert, converted, delimited, file_of, payments_of, row

# ------------------------------------------------------------------------------------------------ encodings


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "gb18030", "iso-8859-15", "utf-16", "utf-16-le", "cp500", "utf-32"]
)
def test_a_file_is_read_in_its_declared_encoding(encoding: str) -> None:
    data = file_of(row(name="Mueller")).decode().encode(encoding)
    done = convert(data, delimited(encoding=encoding))
    assert not done.conversion.refused, done.findings
    assert [p["name"] for p in payments_of(done.xml)] == ["Mueller"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "cp500"])
def test_a_last_line_without_line_end_is_a_line(encoding: str) -> None:
    data = file_of(row(), row(ref="INV-2")).decode().rstrip("\n").encode(encoding)
    assert convert(data, delimited(encoding=encoding)).conversion.count == 2


def test_a_line_without_end_in_a_wide_encoding_is_refused_too() -> None:
    data = ("x" * (text.LINE_BYTES_MAX + 100_000)).encode("utf-16-le")
    assert "longer than" in convert(data, delimited(encoding="utf-16-le")).only("H2H-LIMIT").text


def test_the_mark_of_utf_8_is_honoured_and_is_not_part_of_the_first_column() -> None:
    done = convert(b"\xef\xbb\xbf" + file_of(row()))
    assert not done.conversion.refused, done.findings


@pytest.mark.parametrize(
    ("mark", "name"), [(b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"), (b"\xff\xfe\0\0", "UTF-32")]
)
def test_the_mark_of_another_encoding_refuses_the_file(mark: bytes, name: str) -> None:
    done = convert(mark + file_of(row()))
    assert done.conversion.refused
    assert f"mark of {name}" in done.only("H2H-ENCODING").text


def test_the_mark_of_utf_8_refuses_a_file_declared_otherwise() -> None:
    done = convert(b"\xef\xbb\xbf" + file_of(row()), delimited(encoding="cp1252"))
    assert "mark of UTF-8, but cp1252 is declared" in done.only("H2H-ENCODING").text


def test_an_undecodable_byte_is_found_with_line_and_byte() -> None:
    data = file_of(row(), row(ref="INV-2", name="M?ller")).replace(b"?", b"\xfc")
    found = convert(data).only("H2H-ENCODING")
    assert found.line == 3
    assert "byte 19 of the line (0xFC) is not utf-8" in found.text


def test_an_undecodable_byte_of_a_wide_encoding_is_found_with_its_byte() -> None:
    data = file_of(row()).decode().encode("utf-16-le")
    lone = len(data)
    found = convert(data + b"\x00\xd8A\x00", delimited(encoding="utf-16-le")).only("H2H-ENCODING")
    assert f"byte {lone + 1} of the file is not utf-16-le" in found.text
    assert found.line == 3


def test_rows_before_an_undecodable_byte_of_a_wide_encoding_are_still_checked() -> None:
    many = [row(ref=f"R{n}") for n in range(2000)]  # more than one block is read
    data = file_of(row(amount="x"), *many).decode().encode("utf-16-le") + b"\x00\xd8A\x00"
    done = convert(data, delimited(encoding="utf-16-le"))
    assert [(f.code, f.line) for f in done.findings] == [("H2H-AMOUNT", 2), ("H2H-ENCODING", 2003)]
    assert f"byte {len(data) - 3} of the file" in done.findings[1].text


def test_every_undecodable_line_is_found_and_the_other_rows_are_still_checked() -> None:
    data = file_of(row(name="M?ller"), row(ref="INV-2", amount="x"), row(ref="INV-3", name="Gr?n")).replace(
        b"?", b"\xfc"
    )
    done = convert(data)
    assert [(f.code, f.line) for f in done.findings] == [
        ("H2H-ENCODING", 2),
        ("H2H-AMOUNT", 3),
        ("H2H-ENCODING", 4),
    ]


def test_a_file_in_utf_8_that_is_declared_as_cp1252_is_refused_before_a_name_is_garbled() -> None:
    done = convert(file_of(row(name="Müller")), delimited(encoding="cp1252"))
    assert "written in UTF-8, but cp1252 is declared" in done.findings[0].text
    assert done.conversion.refused


def test_a_real_cp1252_file_is_not_taken_for_utf_8() -> None:
    done = convert(
        file_of(row(name="Mueller")).replace(b"Mueller", "Müller".encode("cp1252")), delimited(encoding="cp1252")
    )
    assert "H2H-ENCODING" not in done.codes


def test_a_chinese_file_in_utf_8_that_is_declared_as_gb18030_is_refused() -> None:
    data = file_of(*[row(ref=f"R{n}", name="上海示例商贸有限公司") for n in range(3)])
    assert convert(data, delimited(encoding="gb18030")).conversion.refused


def test_nul_bytes_are_found_with_their_line() -> None:
    found = convert(file_of(row(), row(ref="A\0B"))).only("H2H-NUL")
    assert (found.line, found.severity) == (3, Severity.ERROR)


def test_a_utf_16_file_without_mark_is_told_as_such() -> None:
    done = convert(file_of(row()).decode().encode("utf-16-le"))
    assert "may be in UTF-16" in done.findings[0].text


def test_a_megabyte_of_garbage_is_refused_with_a_bounded_number_of_findings() -> None:
    garbage = random.Random(7).randbytes(1_000_000)
    done = convert(garbage)
    assert done.conversion.refused
    assert len(done.findings) <= text.UNREADABLE_LINES_MAX * 2 + 10


def test_a_line_without_end_is_refused_and_not_held_in_memory() -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def readable(self) -> bool:
            return True

        def readline(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 < size <= 1_000_000, "a line is read with a limit"
            self.taken += size
            return b"x" * size

    endless = Endless()
    judge = Judge()
    assert list(read_rows(endless, delimited(), judge)) == []  # type: ignore[arg-type]
    assert judge.refuses
    assert endless.taken <= 2_000_000


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
