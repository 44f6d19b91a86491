"""Excel workbooks: what a person saw and meant is read; what Excel may have changed is found with its cell."""

from __future__ import annotations

import random
import zipfile
from typing import Any

import pytest

from h2h.core.codecs.sheet_cells import number_of
from h2h.core.declared_tables import Spreadsheet
from tests.core.erp_files import COLUMNS, FIELDS, SOUND, Result, convert, payments_of
from tests.core.workbooks import DAY, formula, number, row, text, workbook

HEADER = row(*COLUMNS)
DATE = number("46350", DAY)  # 24 November 2026


def declared(**changes: Any) -> Spreadsheet:
    return Spreadsheet(fields=FIELDS, **changes)


def payment(hidden: bool = False, **changes: str) -> str:
    values = {**SOUND, "amount": number("100.5"), "date": DATE, **changes}
    return row(*values.values(), hidden=hidden)


def read(*rows: str, table: Spreadsheet | None = None, **changes: Any) -> Result:
    return convert(workbook(HEADER, *rows, **changes), table or declared())


def test_typed_cells_become_the_payment_that_a_person_saw() -> None:
    done = read(payment())
    assert not done.conversion.refused, done.findings
    (found,) = payments_of(done.xml)
    assert (found["amount"], found["name"], found["account"]) == ("100.5", "Beta GmbH", SOUND["account"])
    assert b"<Dt>2026-11-24</Dt>" in done.xml


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("1.1000000000000001", "1.1"),
        ("4.3499999999999996", "4.35"),
        ("1.2E3", "1200"),
        ("12.34", "12.34"),
        ("100", "100"),
        ("12.340000000000001", None),
        ("0.30000000000000004", None),
    ],
)
def test_a_number_is_what_was_typed_or_it_is_not_certain(stored: str, typed: str | None) -> None:
    assert number_of(stored) == typed


def test_the_dust_of_a_calculation_refuses_the_amount_and_says_what_excel_shows() -> None:
    found = read(payment(amount=number("0.30000000000000004"))).only("H2H-FORM")
    assert found.where == "sheet Payments, cell B2"
    assert "holds 0.30000000000000004" in found.text
    assert "shows at most 0.3;" in found.text


def test_an_account_of_more_than_15_digits_in_a_number_cell_is_lost() -> None:
    found = read(payment(account=number("6.2220210123456789E+18"))).only("H2H-EXCEL")
    assert (found.where, found.severity) == ("sheet Payments, cell E2", "error")
    assert "keeps 15 digits" in found.text


def test_a_short_account_in_a_number_cell_may_have_lost_leading_zeros() -> None:
    done = read(payment(account=number("12345678")))
    assert done.only("H2H-EXCEL-ZEROS").severity == "warning"
    assert [p["account"] for p in payments_of(done.xml)] == ["12345678"]


def test_an_account_as_a_text_formula_is_not_taken_from_its_stored_result() -> None:
    assert "a formula stands here" in read(payment(account=formula('="00123"', "123"))).only("H2H-SPREADSHEET").text


def test_a_formula_is_refused_unless_the_declaration_takes_its_stored_result() -> None:
    calculated = payment(amount=formula("A1*2", "7"))
    assert read(calculated).only("H2H-SPREADSHEET").where == "sheet Payments, cell B2"
    done = read(calculated, table=declared(formulas="cached"))
    assert [p["amount"] for p in payments_of(done.xml)] == ["7"]


def test_an_amount_that_excel_made_a_day_is_refused() -> None:
    assert "shows a day, where an amount" in read(payment(amount=number("46032", DAY))).only("H2H-FORM").text


def test_days_are_counted_in_the_workbooks_own_era() -> None:
    done = read(payment(date=number("44888", DAY)), from_1904=True)
    assert b"<Dt>2026-11-24</Dt>" in done.xml


def test_a_day_shown_by_a_format_of_the_workbooks_own_is_a_day() -> None:
    assert b"<Dt>2026-11-24</Dt>" in read(payment(date=number("46350", 2))).xml


def test_a_number_in_the_date_column_that_shows_no_day_is_refused() -> None:
    assert "spreadsheet's day number" in read(payment(date=number("46350"))).only("H2H-FORM").text


def test_a_point_in_time_is_no_day() -> None:
    assert "point in time" in read(payment(date=number("46350.75", DAY))).only("H2H-FORM").text


def test_an_error_that_excel_reports_is_no_value() -> None:
    assert "an error that Excel reports" in read(payment(text='<c t="e"><v>#N/A</v></c>')).only("H2H-FORM").text


def test_a_hidden_row_is_a_payment_that_nobody_saw() -> None:
    found = read(payment(), payment(hidden=True, ref="INV-2", text="Invoice 2")).only("H2H-SPREADSHEET-HIDDEN")
    assert (found.line, found.severity) == (3, "error")


def test_a_hidden_column_that_is_read_is_found_once() -> None:
    done = read(payment(), columns='<cols><col min="5" max="5" hidden="1"/></cols>')
    assert done.only("H2H-SPREADSHEET-HIDDEN").where == "sheet Payments, cell E1"


def test_merged_cells_in_the_table_are_found() -> None:
    assert "B2:B3 are merged" in read(payment(), merged=("B2:B3",)).only("H2H-SPREADSHEET").text


def test_a_merged_title_above_the_table_is_none_of_its_business() -> None:
    data = workbook(row("Salaries of November"), HEADER, payment(), merged=("A1:G1",))
    assert not convert(data, declared(header_row=2)).conversion.refused


def test_a_hidden_sheet_and_a_sheet_that_is_not_there_are_found() -> None:
    assert read(payment(), state="hidden").only("H2H-SPREADSHEET-HIDDEN").where == "file"
    assert 'there is no sheet "Pay"' in read(payment(), table=declared(sheet="Pay")).only("H2H-SPREADSHEET").text


def test_other_sheets_are_told_where_the_sheet_is_not_named() -> None:
    assert '"Old"' in read(payment(), others=("Old",)).only("H2H-SPREADSHEET-SHEETS").text
    assert read(payment(), others=("Old",), table=declared(sheet="Payments")).codes == []


def test_shared_texts_with_several_fonts_are_one_text() -> None:
    done = read(
        payment(name='<c t="s"><v>0</v></c>'), shared=("<r><t>Beta </t></r><r><t>GmbH</t></r><rPh><t>x</t></rPh>",)
    )
    assert [p["name"] for p in payments_of(done.xml)] == ["Beta GmbH"]


def test_a_column_that_nothing_reads_is_found_and_one_that_is_ignored_may_hold_formulas() -> None:
    data = workbook(row(*COLUMNS, "total"), row(*SOUND.values(), formula("SUM(B2)", "1")))
    assert "nothing reads column" in convert(data, declared()).only("H2H-COLUMNS").text
    assert not convert(data, declared(ignore_columns=("total",))).conversion.refused


def test_what_stands_beside_the_table_is_found() -> None:
    done = read(row(*SOUND.values(), text("note")))
    assert "beside the table" in done.only("H2H-DELIMITED").text


def test_a_totals_row_without_an_account_is_not_paid() -> None:
    done = read(payment(), row("Total", number("100.5")))
    assert done.conversion.refused
    assert {f.line for f in done.findings} == {3}


def test_a_trailer_is_compared_with_the_rows() -> None:
    table = declared(trailer="count-and-sum")
    assert not read(payment(), row("TRAILER", number("1"), number("100.5")), table=table).conversion.refused
    assert read(payment(), row("TRAILER", number("2"), number("100.5")), table=table).codes == ["H2H-TRAILER"]
    assert "is missing" in read(payment(), table=table).only("H2H-TRAILER").text


def test_a_doctype_in_a_part_is_refused() -> None:
    done = read(payment(), prolog='<!DOCTYPE worksheet [<!ENTITY a "b">]>')
    assert "DOCTYPE" in done.only("H2H-SPREADSHEET").text


def test_an_archive_that_would_unpack_to_too_much_is_refused_before_it_is_unpacked() -> None:
    bomb = workbook(HEADER, payment(), parts={"xl/media/zeros.bin": bytes(600_000_000)})
    assert len(bomb) < 1_000_000
    assert "at most" in convert(bomb, declared()).only("H2H-SPREADSHEET").text


def test_an_old_xls_and_a_csv_named_xlsx_are_refused_with_the_reason() -> None:
    assert "old .xls" in convert(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), declared()).findings[0].text
    assert "not an Excel workbook" in convert(b"ref;amount\n", declared()).findings[0].text


def test_macros_and_links_to_other_workbooks_are_not_looked_at() -> None:
    parts = {"xl/vbaProject.bin": b"macro", "xl/externalLinks/externalLink1.xml": b"<!DOCTYPE x><x/>"}
    assert not read(payment(), parts=parts).conversion.refused


def test_whatever_is_damaged_nothing_but_findings_comes_out() -> None:
    whole = workbook(HEADER, *(payment(ref=f"INV-{n}", text=f"Invoice {n}") for n in range(20)))
    chance = random.Random(20261124)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        done = convert(
            bytes(damaged[: chance.randint(1, len(damaged))] if chance.random() < 0.3 else damaged), declared()
        )
        assert done.conversion.refused == any(f.severity == "error" for f in done.findings)


def test_damage_within_the_sheet_itself_is_found_too() -> None:
    """Unpacked parts are damaged, so that the archive's checksums do not catch it first."""
    import io

    whole = workbook(HEADER, *(payment(ref=f"INV-{n}", text=f"Invoice {n}") for n in range(5)))
    chance = random.Random(7)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(400):
        name = chance.choice(list(parts))
        damaged = bytearray(parts[name])
        if not damaged:
            continue
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for one, body in {**parts, name: bytes(damaged)}.items():
                archive.writestr(one, body)
        done = convert(made.getvalue(), declared())
        assert done.conversion.refused == any(f.severity == "error" for f in done.findings)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('<c t="d"><v>2026-11-24T08:30:00</v></c>', "is a point in time"),
        ('<c t="d"><v>2026-02-30</v></c>', "is no day"),
        ('<c t="z"><v>1</v></c>', "a type that Excel does not use"),
        (number("-1", DAY), "no day that Excel counts reliably"),
        (number("9999999", DAY), "no day that Excel counts reliably"),
        (number("four", DAY), "is not a number"),
    ],
)
def test_what_is_no_day_in_the_date_column_is_refused_with_what_stands_there(cell: str, said: str) -> None:
    found = read(payment(date=cell)).only("H2H-FORM")
    assert (said in found.text, found.where) == (True, "sheet Payments, cell F2"), found


def test_days_of_the_era_of_1904_end_with_the_year_9999_too() -> None:
    found = read(payment(date=number("2958465", DAY)), from_1904=True).only("H2H-FORM")
    assert '"2958465" is no day' in found.text


def test_a_day_in_iso_form_and_a_yes_or_no_are_what_a_person_saw() -> None:
    done = read(payment(date='<c t="d"><v>2026-11-24</v></c>', text='<c t="b"><v>1</v></c>'))
    assert b"<Dt>2026-11-24</Dt>" in done.xml
    assert b"true" in done.xml


def test_blank_cells_at_the_end_of_a_row_or_of_the_names_are_nothing() -> None:
    blank = "<c/>"
    names, values = HEADER.replace("</row>", f"{blank}</row>"), payment().replace("</row>", f"{blank}{blank}</row>")
    assert not convert(workbook(names, values), declared()).conversion.refused


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            (HEADER, payment().replace("<row", '<row r="9"'), payment().replace("<row", '<row r="3"')),
            "row 3 stands behind row 9",
        ),
        ((HEADER, '<row><c r="C2"><v>1</v></c><c r="A2"><v>2</v></c></row>'), "not in order"),
        ((HEADER, '<row><c t="s"><v>7</v></c></row>'), "a text that the workbook does not hold"),
        (("<row><c/></row>", HEADER, payment()), "holds the columns' names, is empty"),
    ],
)
def test_a_sheet_that_excel_would_not_write_is_refused_before_a_payment_is_made_of_it(
    rows: tuple[str, ...], said: str
) -> None:
    done = convert(workbook(*rows), declared())
    assert done.conversion.refused
    assert any(said in f.text for f in done.findings), done.findings
