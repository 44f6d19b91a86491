"""BAI2: funds of every type, texts that go on, balances and directions by code, trailers that are held to account."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from h2h.core.codecs.bai2 import Bai2
from h2h.core.codecs.bai2_detail import credit_debit_of
from h2h.core.errors import Refused
from h2h.core.findings import Severity
from h2h.core.format import Card, Read
from h2h.core.model.statement import Entry, StatementMessage

CODEC = Bai2(Card("bai2", None, None))
HEAD = "01,BANK,CUST,261121,0200,1,,,2/\n02,CUST,BANK,1,261120,,USD,2/\n"


def read(text: str) -> Read:
    """What the codec reads."""
    return CODEC.read(text.encode())


def entry(lines: str, currency: str = "USD") -> Entry:
    """The one entry of an account that holds these lines."""
    got = read(f"{HEAD}03,1111,{currency},010,0,,,015,0/\n{lines}\n49,,/\n98,,,/\n99,,,/\n")
    assert isinstance(got.message, StatementMessage)
    assert [f for f in got.findings if f.severity is Severity.ERROR] == []
    (only,) = got.message.statements[0].entries
    return only


@pytest.mark.parametrize(
    ("funds", "value_date", "told"),
    [
        ("", None, ""),
        ("Z", None, ""),
        ("0", date(2026, 11, 20), ""),
        ("1", None, "funds 1"),
        ("2", None, "funds 2"),
        ("S,1,,3", None, "funds S,1,,3"),
        ("V,261122,", date(2026, 11, 22), ""),
        ("V,261122,1300", date(2026, 11, 22), ""),
        ("V,20261122,1300", date(2026, 11, 22), ""),
        ("D,3,0,1,1,2,3,4", None, "funds D,3,0,1,1,2,3,4"),
    ],
)
def test_funds_of_every_type_leave_the_references_where_they_are(
    funds: str, value_date: date | None, told: str
) -> None:
    made = entry(f"16,475,1234,{funds},BREF,CREF,THE TEXT, WITH A COMMA/")
    assert (made.account_servicer_reference, made.details[0].end_to_end_id) == ("BREF", "CREF")
    assert made.additional_information == f"THE TEXT, WITH A COMMA {told}".strip()
    assert (made.value_date, made.booking_date) == (value_date, date(2026, 11, 20))


@pytest.mark.parametrize("funds", ["V", "S", "D", "V,261122", "D,2", "V,"])
def test_a_funds_type_whose_own_fields_are_left_out_takes_no_reference_for_them_and_is_told(funds: str) -> None:
    got = read(f"{HEAD}03,1111,USD,010,0,,,015,0/\n16,475,1234,{funds},BREF,CREF,WORDS, MORE/\n49,,/\n98,,,/\n99,,,/\n")
    assert isinstance(got.message, StatementMessage)
    (only,) = got.message.statements[0].entries
    assert (only.account_servicer_reference, only.details[0].end_to_end_id) == ("BREF", "CREF")
    assert only.additional_information.startswith("WORDS, MORE")
    assert [f.where for f in got.findings if f.code == "H2H-BAI2-DIALECT"] == ["line 4, record 16"]


def test_a_balance_whose_funds_are_cut_off_is_read_and_told() -> None:
    got = read(f"{HEAD}03,1111,USD,010,100,,D,4/\n49,,/\n98,,,/\n99,,,/\n")
    assert isinstance(got.message, StatementMessage)
    assert [b.amount for b in got.message.statements[0].balances] == [Decimal("1.00")]
    assert [f.where for f in got.findings if f.code == "H2H-BAI2-DIALECT"] == ["line 3, record 03"]


@pytest.mark.parametrize(
    "lines",
    [
        "16,475,1234,Z,BREF,CREF,ONE TWO/",
        "16,475,1234,Z,BREF,CREF,ONE TWO",
        "16,475,1234,Z,BREF,CREF,ONE\n88,TWO/",
        "16,475,1234,Z,BREF,CREF/\n88,ONE\n88,TWO/",
        "16,475,1234/\n88,Z,BREF/\n88,CREF,ONE TWO/",
        "16,475,1234,Z,BREF,CREF,ONE TWO/                    ",
        "  16,475,1234,Z,BREF,CREF,ONE TWO/",
    ],
)
def test_a_record_says_the_same_on_one_line_and_on_several(lines: str) -> None:
    made = entry(lines)
    assert (made.amount, made.additional_information) == (Decimal("12.34"), "ONE TWO")
    assert made.details[0].end_to_end_id == "CREF"


@pytest.mark.parametrize(("currency", "amount"), [("USD", "12.34"), ("JPY", "1234"), ("KWD", "1.234"), ("", "12.34")])
def test_the_currency_says_how_many_decimals_an_amount_has(currency: str, amount: str) -> None:
    assert f"{entry('16,475,1234,Z,,,/', currency).amount:f}" == amount


def test_a_currency_nobody_knows_is_an_error() -> None:
    got = read(f"{HEAD}03,1111,ZZZ,010,100/\n49,100,2/\n98,100,1,4/\n99,100,1,6/\n")
    assert [(f.severity, f.line) for f in got.findings] == [(Severity.ERROR, 3)]


@pytest.mark.parametrize(
    ("code", "direction"),
    [
        *[("100", "CRDT"), ("399", "CRDT"), ("400", "DBIT"), ("699", "DBIT"), ("720", "CRDT"), ("760", "DBIT")],
        *[("890", "CRDT"), ("920", "CRDT"), ("959", "CRDT"), ("960", "DBIT"), ("999", "DBIT")],
        *[("099", None), ("700", None), ("800", None), ("919", None), ("1A0", None), ("", None), ("٤٠٠", None)],
    ],
)
def test_a_type_code_says_the_direction_or_nothing(code: str, direction: str | None) -> None:
    assert credit_debit_of(code) == direction


def test_a_bad_detail_is_an_error_with_its_line_and_the_others_are_read() -> None:
    got = read(
        f"{HEAD}03,1111,,010,0/\n16,165,10,Z,,,A/\n16,165,TEN,Z,,,B/\n16,475,20,Z,,,C/\n49,30,5/\n98,30,1,7/\n99,30,1,9/\n"
    )
    assert isinstance(got.message, StatementMessage)
    assert [e.additional_information for e in got.message.statements[0].entries] == ["A", "C"]
    assert [(f.severity, f.line) for f in got.findings] == [(Severity.ERROR, 5)]


def test_trailers_that_agree_are_silent_and_each_that_does_not_is_told() -> None:
    body = f"{HEAD}03,1111,,010,+100,,,072,-30/\n88,,,100,50,1,Z/\n16,165,50,Z,,,A\n88,MORE/\n"
    assert read(f"{body}49,+170,5/\n98,170,1,7/\n99,170,1,9/\n").findings == []
    told = read(f"{body}49,171,4/\n98,173,2,8/\n99,174,2,8/\n").findings
    assert [(f.code, f.line) for f in told] == [("H2H-BAI2-TOTAL", n) for n in (7, 7, 8, 8, 8, 9, 9, 9)]
    assert {f.severity for f in told} == {Severity.WARNING}


def test_several_records_on_a_line_are_told_apart() -> None:
    got = read(
        f"{HEAD}03,1111,,010,0/  16,165,50,Z,,,16, 17/ 03 OF/ 16,475,20,Z,,,B/  49,70,4/  98,70,1,6/\n99,70,1,8/\n"
    )
    assert isinstance(got.message, StatementMessage)
    made = got.message.statements[0].entries
    assert [e.additional_information for e in made] == ["16, 17/ 03 OF", "B"]
    assert [f.code for f in got.findings] == ["H2H-BAI2-DIALECT"]


def test_interim_figures_make_reports_and_final_ones_statements() -> None:
    def kind(modifier: str) -> str:
        head = HEAD.replace("USD,2/", f"USD,{modifier}/")
        message = read(f"{head}03,1111,,010,0/\n49,0,2/\n98,0,1,4/\n99,0,1,6/\n").message
        assert isinstance(message, StatementMessage)
        return message.statements[0].kind

    assert [kind(m) for m in ("1", "2", "3", "4", "")] == ["report", "statement", "report", "statement", "statement"]


def test_a_file_without_its_trailer_or_without_an_account_is_not_sound() -> None:
    assert [f.code for f in read(f"{HEAD}03,1111,,010,0/\n").findings] == ["H2H-BAI2-CUT"]
    with pytest.raises(Refused, match="no account"):
        read(f"{HEAD}98,0,0,2/\n99,0,1,4/\n")


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (HEAD, True),
        ("\ufeff01,BANK,CUST,261121,0200,1,,,2/", True),
        ("\n  02,CUST,BANK,1,261120,,USD,2/", True),
        ("03,0123456789,,010,+4350000,,/", True),
        ("01,BANK,CUST/\n88,261121,0200,1,,,2/\n", True),
        ("03,1111,USD/\r\n 88,010,0/\r\n", True),
        ("01,a/b,c/\n02,d,e\n88,f\n", False),
        ("01,Smith,Ann,Berlin\n02,Jones,Bob,Bonn\n", False),
        ("01;BANK;CUST;261121", False),
        ("00,0004,1/2/345,06/0321,0829,001,80,1,2/", False),
        (":20:A\n:25:1\n", False),
        ("", False),
    ],
)
def test_a_file_is_known_by_its_first_record(head: str, known: bool) -> None:
    assert CODEC.identify(head.encode()) is known
