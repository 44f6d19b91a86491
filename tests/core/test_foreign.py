"""A file that nobody knows is called what it is: an encrypted one, a workbook, a web page. Only the words change."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from h2h.adapters.format_files import load_formats
from h2h.core.errors import Refused
from h2h.core.foreign import foreign
from h2h.core.format import UNKNOWN_FORMAT
from tests.core.erp_files import convert, delimited, file_of, row
from tests.core.workbooks import workbook

BOOK = load_formats(Path(__file__).resolve().parents[2] / "formats")


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "content")
    return out.getvalue()


#: A session key for somebody (RFC 4880, 5.1) and the beginning of encrypted data (5.13).
ENCRYPTED = b"\x84\x0c\x03" + bytes(range(8)) + b"\x01\x00\x00" + b"\xd2\x3a\x01" + bytes(57)

STRANGERS = {
    b" \r\n\t \n": "a file of blanks",
    b"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>": "a web page",
    b"\xef\xbb\xbf\n<HTML><BODY>Sign in</BODY></HTML>": "a web page",
    ENCRYPTED: "a file encrypted with OpenPGP",
    b"-----BEGIN PGP MESSAGE-----\n\nhQGMA": "a file encrypted with OpenPGP",
    b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n": "an OpenPGP key or signature",
    b"-----BEGIN OPENSSH PRIVATE KEY-----\n": "a key or certificate",
    workbook(): "an Excel workbook",
    zipped("payments.csv"): "a ZIP archive",
    gzip.compress(b"a;b"): "a gzip file",
    b"%PDF-1.7\n": "a PDF",
    b"\x7fELF\x02\x01": "a program",
}


@pytest.mark.parametrize(
    ("head", "words"), STRANGERS.items(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_a_file_looks_like_is_said_where_no_format_knows_it(head: bytes, words: str) -> None:
    with pytest.raises(Refused) as raised:
        BOOK.identify(head)
    (finding,) = raised.value.findings
    assert words in finding.text
    assert finding.code == (UNKNOWN_FORMAT if b"DOCTYPE" not in head else "H2H-DOCTYPE")
    assert finding.who_acts


@pytest.mark.parametrize(
    "head", [b"a;b\n1;2\n", bytes(range(1, 256)) * 9, b"<orders/>", "编号;金额\n".encode("gb18030")]
)
def test_what_could_be_anything_is_not_given_a_name(head: bytes) -> None:
    assert foreign(head) is None


@pytest.mark.parametrize(
    "head",
    [ENCRYPTED, workbook(), gzip.compress(b"a;b"), b"%PDF-1.7\n1 0 obj\n"],
    ids=["OpenPGP", "XLSX", "gzip", "PDF"],  # the bytes hold the time at which they were made
)
def test_a_table_that_is_none_is_told_once_and_not_column_by_column(head: bytes) -> None:
    done = convert(head)
    assert done.conversion.refused
    finding = done.only("H2H-NO-TABLE")
    assert done.findings == [finding]
    assert finding.text.endswith("; the folder declares CSV")


def test_a_table_whose_first_words_look_like_something_else_is_read_all_the_same() -> None:
    columns = ("%PDF-", "amount", "currency", "name", "account", "date", "text")
    done = convert(file_of(row(), columns=columns), delimited({"end_to_end_id": "%PDF-"}))
    assert done.codes == []
    assert not done.conversion.refused
