"""A header of fixed fields before a document: described by data, counted in bytes, and never read as far as it goes."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h2h.core.codecs.frame import Frame, frame_of
from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import Severity, refuses
from h2h.core.outcome import Outcome
from h2h.core.view.status import status_rows
from h2h.data import data_dir
from tests.checkout import BOOK
from tests.core.own import initiation, payment, written

FOLDER = data_dir("formats") / "pingan"
CARD: dict[str, Any] = tomllib.loads((FOLDER / "format.toml").read_text("utf-8"))
FRAME: Frame = frame_of("format.toml", "Packet", CARD["frame"])
PAYMENT = (FOLDER / "golden" / "payment-to-another-bank.txt").read_bytes()


def golden(name: str) -> bytes:
    return (FOLDER / "golden" / f"{name}.txt").read_bytes()


def told(data: bytes) -> list[str]:
    """The codes of what is wrong; reading may refuse, and nothing else."""
    try:
        return [f.code for f in BOOK.identify(data).read(data).findings if f.severity is Severity.ERROR]
    except Refused as refused:
        return [f.code for f in refused.findings]


def small(**changes: Any) -> dict[str, Any]:
    """A header of another bank: its mark, its encoding, its length."""
    fields = [
        {"name": "Mark", "bytes": 4, "value": "HEAD", "mark": True},
        {"name": "Charset", "bytes": 1},
        {"name": "Length", "bytes": 6, "zeros": True},
    ]
    made = {"element": "Head", "length": "Length", "charset": "Charset", "charsets": {"G": "GBK", "U": "UTF-8"}}
    return {**made, "field": fields, **changes}


# ---------------------------------------------------------------------------------------------------- as it is


def test_ping_ans_header_has_222_bytes_and_each_field_stands_where_the_banks_table_says() -> None:
    starts, at = {}, 1
    for field in FRAME.fields:
        starts[field.name] = (at, field.size)
        at += field.size
    assert FRAME.size == 222
    assert len(FRAME.fields) == 20
    assert starts["Company"] == (11, 20)
    assert starts["BodyLength"] == (31, 10)
    assert starts["TranCode"] == (41, 6)
    assert starts["ReturnCode"] == (88, 6)
    assert starts["ReturnText"] == (94, 100)
    assert starts["Attachments"] == (222, 1)


def test_what_is_written_begins_with_a_header_that_counts_the_bytes_that_follow() -> None:
    message = BOOK.get("pingan.payment").read(PAYMENT).message
    data = written("pingan.payment", message)
    assert data[:10] == b"A001010101"
    assert data[10:30] == b"00901079900009999000"
    assert int(data[30:40]) == len(data) - 222, "bytes of GBK, not characters"
    assert data[40:53] == b"4004  1234501"
    assert data[53:87] == b"20260302091500" + b"26030200000000000017"
    assert data[222:].startswith(b'<?xml version="1.0" encoding="GBK"?>\n<Result>\n <ThirdVoucher>')
    assert len(data[222:].decode("gbk")) < int(data[30:40])


def test_another_banks_header_needs_data_and_no_code() -> None:
    frame = frame_of("x", "R", small())
    data = b"HEADU000011<a>\xe5\xb9\xb3</a>\n"
    assert frame.marks(data)
    seen, found = frame.seen(data)
    assert seen.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><R><Head><Mark>HEAD</Mark><Charset>U</Charset><Length>000011</Length>'
        "</Head><a>平</a>\n</R>"
    )
    assert found == []
    assert frame.framed("<?xml …?>\n<R>\n<Head>\n</Head>\n<a>平</a>\n</R>\n".encode(), "UTF-8") == (
        "HEADU000023<?xml …?>\n<a>平</a>\n".encode()
    )


def test_line_ends_after_the_last_byte_that_is_counted_are_told_and_do_no_harm() -> None:
    read = BOOK.get("pingan.payment").read(PAYMENT + b"\r\n")
    assert [(f.code, f.severity) for f in read.findings] == [("H2H-FRAME", Severity.WARNING)]
    assert read.message == BOOK.get("pingan.payment").read(PAYMENT).message


def test_a_finding_names_the_line_of_the_file() -> None:
    data = golden("payment-within-the-bank-over-http").replace(b"<UnionFlag>1", b"<UnionFlag>7")
    (line,) = [f.line for f in BOOK.get("pingan.payment").read(data).findings if f.code == "H2H-VALUE"]
    assert b"<UnionFlag>7" in data.split(b"\n")[(line or 0) - 1]


# ---------------------------------------------------------------------------------------------------- damage


@pytest.mark.parametrize("length", [0, 5, 6, 45, 53, 100, 221, 222, 223, 500, len(PAYMENT) - 1])
def test_a_file_cut_off_anywhere_is_refused(length: int) -> None:
    assert set(told(PAYMENT[:length])) & {"H2H-FRAME", "H2H-UNKNOWN-FORMAT", "H2H-EMPTY"}
    assert BOOK.get("pingan.payment").is_format_of(PAYMENT[:length], None) is (length >= 53)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda d: d + d, "what the rest is cannot be known"),
        (lambda d: d[:30] + b"0000000001" + d[40:], "what the rest is cannot be known"),
        (lambda d: d[:30] + b"9999999999" + d[40:], "the file is cut off"),
        (lambda d: d[:30] + b"        12" + d[40:], "what the rest is cannot be known"),
        (lambda d: d[:30] + b"      0x10" + d[40:], "not a number of bytes"),
        (lambda d: d[:30] + b"-000000677" + d[40:], "not a number of bytes"),
        (lambda d: d[:6] + b"02" + d[8:], "one is wrong"),
        (lambda d: d[:6] + b"03" + d[8:], "names an encoding that is not read"),
        (lambda d: d[:221] + b"1" + d[222:], "Attachments is '1'"),
        (lambda d: d[:197] + b"1" + d[198:], "Signed is '1'"),
        (lambda d: d[:12] + b"\0" + d[13:], "control character"),
        (lambda d: d[:93] + b"\xff\xff" + d[95:], "no GB18030"),
        (lambda d: d[:222] + b"x" + d[223:], "no XML document follows"),
        (lambda d: d[:222] + d[222:].replace(b"<Result>", b"<!DOCTYPE R><Result>"), "cannot be known"),
    ],
)
def test_a_header_that_does_not_fit_is_refused_and_says_why(damage: Any, said: str) -> None:
    with pytest.raises(Refused, match=re.escape(said)):
        BOOK.get("pingan.payment").read(damage(PAYMENT))


def test_a_second_document_within_the_counted_bytes_does_not_pass() -> None:
    body = PAYMENT[222:] + b"<Result/>"
    data = PAYMENT[:30] + b"%010d" % len(body) + PAYMENT[40:222] + body
    assert "H2H-UNREAD" in [f.code for f in BOOK.get("pingan.payment").read(data).findings]
    inner = body.replace(b"<Result/>", b"</Packet><Packet><Header/>")
    data = PAYMENT[:30] + b"%010d" % len(inner) + PAYMENT[40:222] + inner
    assert told(data) == ["H2H-NOT-WELL-FORMED"]


@given(st.integers(0, 221), st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_a_byte_changed_in_the_header_changes_no_amount_no_account_and_no_payee(at: int, byte: int) -> None:
    data = PAYMENT[:at] + bytes([byte]) + PAYMENT[at + 1 :]
    try:
        read = BOOK.identify(data).read(data)
    except Refused as refused:
        assert refused.findings
        return
    before: Any = BOOK.get("pingan.payment").read(PAYMENT).message
    message: Any = read.message
    if not refuses(read.findings) and hasattr(message, "kind"):
        assert [replace(t, place=None) for t in message.transactions] == [
            replace(t, place=None) for t in before.transactions
        ]


def test_a_value_that_is_too_long_for_the_header_is_refused_by_its_bytes() -> None:
    facts = {"customer_id": "平" * 10, "user_id": "1", "same_city": "Y"}
    message = initiation(payment(instruction=_from_ping_an()), supplementary=facts)
    assert written("pingan.payment", message)
    with pytest.raises(Refused, match="22 bytes in GBK; the bank takes 20"):
        written("pingan.payment", replace(message, supplementary={**facts, "customer_id": "平" * 11}))


def _from_ping_an() -> Any:
    instruction = payment().instruction
    return replace(instruction, debtor_account=replace(instruction.debtor_account, other="11002873403401"))


# ---------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("payment-taken-is-not-paid", [Outcome.ACCEPTED]),
        ("payment-answered-paid-by-a-newer-version", [Outcome.SETTLED]),
        ("payment-refused-name-does-not-fit", [Outcome.REJECTED]),
        ("payment-code-of-no-table-is-unknown", [Outcome.UNKNOWN]),
        ("status-paid", [Outcome.SETTLED]),
        ("status-not-paid", [Outcome.REJECTED]),
        ("status-any-other-number-is-in-process", [Outcome.PROCESSING]),
        ("status-paid-and-returned", [Outcome.RETURNED]),
        ("status-question-refused-says-nothing-of-the-payment", []),
        ("batch-status-row-by-row-with-another-page", [Outcome.SETTLED, Outcome.RETURNED]),
    ],
)
def test_each_answer_of_ping_an_says_what_became_of_the_payment(name: str, outcomes: list[Outcome]) -> None:
    message: Any = BOOK.read(golden(name)).message
    assert [t.outcome for t in message.transactions] == outcomes


def test_an_answer_as_a_table_says_what_became_of_each_payment_and_which_one_it_is() -> None:
    message: Any = BOOK.read(golden("batch-status-row-by-row-with-another-page")).message
    header, rows = status_rows(message)
    became = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(r["payment"], r["status"], r["outcome"]) for r in became] == [
        ("1", "20", "settled"),
        ("2", "1", "returned"),
    ]


def test_no_records_is_an_empty_statement_and_a_refusal_is_none() -> None:
    nothing: Any = BOOK.read(golden("detail-no-rows-is-no-failure")).message
    refused: Any = BOOK.read(golden("detail-refused-is-no-empty-statement")).message
    assert [len(s.entries) for s in nothing.statements] == [0]
    assert refused.statements == []


# ---------------------------------------------------------------------------------------------------- the data


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"length": "Nothing"}, "length and charset are two of them"),
        ({"field": [{"name": "A", "bytes": 0}]}, "bytes is a number"),
        ({"field": [{"name": "A b", "bytes": 1}]}, "name is that of an element"),
        ({"field": [{"name": "A", "bytes": 1, "colour": "red"}]}, "known:"),
        ({"field": [{"name": "Length", "bytes": 1}, {"name": "Charset", "bytes": 1}]}, "needs a field with mark"),
        ({"charsets": {"1": "KOI8-R"}}, "charsets"),
        ({"more": 1}, "has exactly"),
    ],
)
def test_a_header_that_is_described_wrongly_is_misconfigured(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        frame_of("x", "R", small(**changes))


def test_every_field_of_the_samples_is_one_of_the_header() -> None:
    names = {f.name for f in FRAME.fields}
    for sample in Path(FOLDER).glob("*.xml"):
        for part in re.findall(r'<m:part name="\w+">(.*?)</m:part>', sample.read_text("utf-8"), re.DOTALL):
            assert set(re.findall(r"^    <(\w+)", part, re.MULTILINE)) <= names
