"""Reading a CSV file in its declared encoding: a byte that does not belong in it is found, and nothing is garbled."""

from __future__ import annotations

import io
import random

import pytest

from h2h.core.codecs import text
from h2h.core.codecs.rows import read_rows
from h2h.core.findings import Severity
from h2h.core.rules.judge import Judge
from tests.core.erp_files import convert, delimited, file_of, payments_of, row


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
