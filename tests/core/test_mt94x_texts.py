"""The :86: text as banks write it: sub-fields, slash words, codes, and free words."""

from __future__ import annotations

import copy
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.core.mt94x_files import HEAD, TAIL, entry, read, statements, text_of


@pytest.mark.parametrize("sign", ["?", "~", ">", "/", "'", "<", "|", "^"])
def test_sub_fields_are_told_by_whatever_sign_the_bank_has_chosen(sign: str) -> None:
    made = text_of(
        "116?00TRANSFER?20EREF+E-1?21SVWZ+Invoice 7?31DE02100100100006820101?32Ann?33Other".replace("?", sign)
    )
    (detail,) = made.details
    assert (detail.end_to_end_id, detail.remittance) == ("E-1", "Invoice 7")
    assert (detail.creditor_name, detail.creditor_account) == ("Ann Other", "DE02100100100006820101")
    assert (made.bank_transaction_code, made.additional_information) == ("NTRF+116", "TRANSFER")


def test_a_reference_broken_over_lines_and_sub_fields_is_whole_again() -> None:
    made = text_of("116?00SEPA-UEBERWEISUNG?100931?20EREF+0123456789012345678901?21234567\n89?22SVWZ+x")
    assert made.details[0].end_to_end_id == "012345678901234567890123456789"


def test_a_remittance_that_fills_its_sub_field_goes_on_without_a_blank_and_a_shorter_one_with_one() -> None:
    made = text_of("166?20123456789012345678901234567?218 ends?22here")
    assert made.details[0].remittance == "1234567890123456789012345678 ends here"


def test_a_sign_that_stands_in_a_text_by_chance_makes_no_sub_fields() -> None:
    assert text_of("123/20 pieces").additional_information == "123/20 pieces"


def test_slash_words_are_split_and_what_has_no_place_is_kept() -> None:
    made = text_of(
        "/TRTP/SEPA OVERBOEKING/IBAN/NL75INGB0001234567/BIC/INGBNL2A/NAME/HR K JAN\n"
        "SEN/REMI/RES.NR 00042/EREF/E-77/CSID/NL36ZZZ123456780000"
    )
    (detail,) = made.details
    assert (detail.end_to_end_id, detail.remittance) == ("E-77", "RES.NR 00042")
    assert (detail.creditor_name, detail.creditor_account) == ("HR K JANSEN", "NL75INGB0001234567")
    assert made.additional_information == "/TRTP/SEPA OVERBOEKING /BIC/INGBNL2A /CSID/NL36ZZZ123456780000"


def test_the_other_side_of_a_credit_that_is_taken_back_is_still_its_payer() -> None:
    made = text_of("/NAME/Ann/REMI/x", "2611191119RC1,NTRFNONREF")
    assert (made.details[0].debtor_name, made.details[0].creditor_name) == ("Ann", None)


def test_a_plain_credit_is_never_a_return_and_a_marked_one_is() -> None:
    credit = "2611191119C1,NTRFNONREF"
    assert not text_of("166?00GUTSCHRIFT?20SVWZ+RETURN of goods", credit).details[0].returned
    assert text_of("159?00RETOURE?20EREF+E-1?34902", credit).details[0].returned
    returned = text_of("/RTRN/AC04/EREF/E-1/REMI/x", credit).details[0]
    assert (returned.returned, returned.return_reason) == (True, "AC04")


def test_a_booking_of_a_whole_instruction_names_the_instruction_and_no_transaction() -> None:
    made = text_of("/PREF/RUN-1/REMI/TOTAL 198 ITEMS/")
    assert (made.batch_payment_information_id, made.details) == ("RUN-1", [])


def test_free_text_is_one_line_of_information() -> None:
    made = text_of("Card payment 12:30\n:15 o'clock, and more")
    assert (made.additional_information, made.details) == ("Card payment 12:30 :15 o'clock, and more", [])


def test_a_code_alone_and_then_the_text_with_it_are_one_text() -> None:
    made = text_of("844\n:86:844?00INTEREST?20of your account")
    assert (made.details[0].remittance, made.bank_transaction_code) == ("of your account", "NTRF+844")


def test_a_name_that_fills_its_sub_field_goes_on_unless_it_ends_in_a_blank() -> None:
    full, with_blank = "MUELLER UND SOEHNE GESELLSC", "MUELLER UND SOEHNE MASCHIN "
    assert text_of(f"166?00X?32{full}?33HAFT MBH").details[0].creditor_name == f"{full}HAFT MBH"
    assert text_of(f"166?00X?32{with_blank}?33AG").details[0].creditor_name == f"{with_blank}AG"


def test_a_text_that_nobody_asked_for_yet_is_part_of_a_copy_and_of_a_comparison() -> None:
    first, second, other = (text_of(f"116?20EREF+E-{n}?32Ann") for n in (1, 1, 2))
    assert copy.copy(first).details[0].end_to_end_id == "E-1"
    assert first == second
    assert first != other
    assert replace(second, amount=Decimal(5)).details[0].creditor_name == "Ann"
    with pytest.raises(AttributeError):
        _ = first.no_such_thing  # type: ignore[attr-defined]


def test_the_text_of_a_field_that_only_some_banks_know_belongs_to_its_entry_or_names_the_owner() -> None:
    """:NS: (Nordic and Baltic banks): a key of two digits and a text in each line."""
    first, _ = HEAD.split(":60F:")
    owned = f"{first}:NS:22EXAMPLE AS\n23OSLO\n:60F:C261118EUR100,00\n:61:261119C1,NTRFNONREF\n:NS:01RENT\n02MAY\n"
    got = read(f"{owned}{TAIL}")
    (statement,) = got.message.statements  # type: ignore[union-attr]
    assert statement.account_owner == "EXAMPLE AS"
    assert "RENT MAY" in str(statement.entries[0])
    assert any("NS:23" in f.text for f in got.findings), "what is read by nobody is told"


@pytest.mark.parametrize(
    ("mark", "text", "name", "rest"),
    [
        ("C", "/ORDP/Molen BV/REMI/Factuur 8", "Molen BV", ""),
        ("D", "/BENM//NAME/Bakker/REMI/Factuur 8", "Bakker", ""),
        ("D", "/ORDP//NAME/Wij zelf/BENM//NAME/Bakker/REMI/Factuur 8", "Bakker", "/ORDP/Wij zelf"),
        ("RC", "/BENM/Wij zelf/ORDP/Molen BV/REMI/Factuur 8", "Molen BV", "/BENM/Wij zelf"),
        ("D", "/ORDP/Wij zelf/REMI/Factuur 8", None, "/ORDP/Wij zelf"),
    ],
)
def test_the_counterparty_is_the_one_whose_role_is_the_other_side(
    mark: str, text: str, name: str | None, rest: str
) -> None:
    found = entry(f":61:2611191119{mark}10,00NTRFNONREF\n:86:{text}")
    assert (found.details[0].creditor_name or found.details[0].debtor_name) == name
    assert (found.details[0].remittance, found.additional_information) == ("Factuur 8", rest)


def test_the_first_line_of_a_german_text_is_full_with_its_code() -> None:
    first = "107?00RUECKBUCHUNG?109348?20GEBUEHREN QUARTALSLAUF?21PER 30.1"
    assert len(first) - 3 < 60 <= len(first), "only with the three digits is the line full"
    assert (
        entry(f":61:2611191119D10,00NTRFNONREF\n:86:{first}\n1.2026").details[0].remittance.endswith("PER 30.11.2026")
    )


@pytest.mark.parametrize(
    ("text", "code", "information"),
    [
        ("166PN0931 RENT", "NTRF+166", "PN0931 RENT"),
        ("166RENT MAY", "NTRF+166", "RENT MAY"),
        ("166", "NTRF+166", ""),
        ("166 houses of May", "NTRF", "166 houses of May"),
    ],
)
def test_a_code_before_the_words_is_kept_apart_and_a_number_that_begins_a_text_is_none(
    text: str, code: str, information: str
) -> None:
    made = entry(f":61:2611191119C1,NTRFNONREF\n:86:{text}")
    assert (made.bank_transaction_code, made.additional_information) == (code, information)


def test_words_of_sepa_in_the_remittance_have_their_places_and_an_empty_one_has_none() -> None:
    told = entry(":61:2611191119C1,NTRFNONREF\n:86:166?20EREF+E-1 KREF+ BREF+BANK-7 ?21IBAN+DE89370400440532013000")
    (detail,) = told.details
    assert (detail.end_to_end_id, detail.instruction_id, detail.debtor_account) == (
        "E-1",
        None,
        "DE89370400440532013000",
    )
    assert told.account_servicer_reference == "BANK-7"


@pytest.mark.parametrize("length", [65, 80])
def test_blanks_that_fill_up_records_of_one_length_are_no_part_of_a_text(length: int) -> None:
    full = f"166?00GUTSCHRIFT?20EREF+{'A' * 22}?21{'A' * 12}"
    file = f"{HEAD}:61:2611191119C1,NTRFNONREF\n:86:{full}\nBB?32ACME\n:62F:C261119EUR101,\n-"
    padded = "\n".join(line.ljust(length) for line in file.split("\n"))
    (read_bare,) = statements(file)
    assert len(full) == 61
    assert read_bare.entries[0].details[0].end_to_end_id == "A" * 34 + "BB"
    assert statements(padded) == [read_bare]
