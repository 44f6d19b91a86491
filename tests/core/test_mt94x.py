"""MT940 and MT942 as banks write them: every part of an entry, every form of its text, and files that are odd."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from h2h.core.codecs.mt94x import Mt94x
from h2h.core.codecs.mt_text import statement_type
from h2h.core.codecs.mt_values import account, amount
from h2h.core.errors import Refused
from h2h.core.findings import Severity
from h2h.core.format import Card, Read
from h2h.core.match_entries import statement_records
from h2h.core.model.statement import Entry, Statement, StatementMessage
from h2h.core.rules.statement_rules import check_message

HEAD = ":20:REF\n:25:DE89370400440532013000\n:28C:12/1\n:60F:C261118EUR100,00\n"
TAIL = ":62F:C261119EUR100,00\n-\n"


def read(text: str | bytes, type_: str = "mt940") -> Read:
    """What the codec reads."""
    data = text if isinstance(text, bytes) else text.encode()
    return Mt94x(Card(type_, None, None)).read(data)


def statements(text: str | bytes, type_: str = "mt940") -> list[Statement]:
    """Its statements."""
    message = read(text, type_).message
    assert isinstance(message, StatementMessage)
    return message.statements


def entry(lines: str) -> Entry:
    """The one entry of a statement that holds these lines."""
    (only,) = statements(f"{HEAD}{lines}\n{TAIL}")[0].entries
    return only


# ------------------------------------------------------------------------------------------------ the :61: line


@pytest.mark.parametrize(
    ("mark", "direction", "reversal", "status"),
    [
        ("C", "CRDT", False, None),
        ("D", "DBIT", False, None),
        ("RC", "DBIT", True, None),
        ("RD", "CRDT", True, None),
        ("EC", "CRDT", False, "PDNG"),
        ("ED", "DBIT", False, "PDNG"),
        ("CR", "CRDT", False, None),  # the third letter of the currency
        ("RDR", "CRDT", True, None),
    ],
)
def test_a_mark_says_in_which_direction_the_money_moves(
    mark: str, direction: str, reversal: bool, status: str | None
) -> None:
    made = entry(f":61:2611191119{mark}12,34NTRFNONREF")
    assert (made.credit_debit, made.reversal, made.status) == (direction, reversal, status)
    assert made.amount == Decimal("12.34")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2611191119C1,NTRFREF1//BANK1", ("1", "NTRF", "REF1", "BANK1")),
        ("261119C12,5NMSCNONREF", ("12.5", "NMSC", None, None)),
        ("2611191119C000000000300.00NMSC170059286", ("300.00", "NMSC", "170059286", None)),
        ("2611191119C1.234,56FTRFA/B//C//D", ("1234.56", "FTRF", "A/B", "C//D")),
        ("2611191119CN220000,00//19239782213", ("220000.00", None, None, "19239782213")),
        ("2611191119D20,00NONREF", ("20.00", None, None, None)),
        ("261119D50,00NIC MARF", ("50.00", "NIC", None, None)),
        ("261119D1,11NGT TMG TANGO", ("1.11", "NGT", "TMG TANGO", None)),
        ("2611191119C653,00S445328556-76501096", ("653.00", "S445", "328556-76501096", None)),
        ("2611191119DR80,NSTOKREF+//55555", ("80", "NSTO", None, "55555")),
    ],
)
def test_a_line_with_parts_left_out_or_written_otherwise_is_read(
    line: str, expected: tuple[str, str | None, str | None, str | None]
) -> None:
    made = entry(f":61:{line}")
    ids = [d.end_to_end_id for d in made.details]
    reference = ids[0] if ids else None
    assert (f"{made.amount:f}", made.bank_transaction_code, reference, made.account_servicer_reference) == expected


@pytest.mark.parametrize(
    ("value", "booked", "expected"),
    [
        ("261231", "0102", date(2027, 1, 2)),
        ("270102", "1231", date(2026, 12, 31)),
        ("261119", "1120", date(2026, 11, 20)),
        ("280228", "0229", date(2028, 2, 29)),
        ("270228", "0229", None),
    ],
)
def test_the_entry_date_is_the_one_nearest_to_the_value_date(value: str, booked: str, expected: date | None) -> None:
    assert entry(f":61:{value}{booked}C1,NTRFNONREF").booking_date == expected


def test_a_value_date_that_does_not_exist_costs_the_date_and_not_the_entry() -> None:
    got = read(f"{HEAD}:61:3622681119C1,NTRFNONREF\n{TAIL}")
    (made,) = got.message.statements[0].entries  # type: ignore[union-attr]
    assert (made.value_date, made.amount) == (None, Decimal(1))
    assert [(f.severity, f.line) for f in got.findings] == [(Severity.WARNING, 5)]


def test_a_bad_line_is_an_error_with_its_line_and_the_others_are_read() -> None:
    got = read(f"{HEAD}:61:2611191119C1,NTRFA\n:61:yesterday 5 EUR\n:86:gone\n:61:2611191119D2,NTRFB\n:86:kept\n{TAIL}")
    made = got.message.statements[0].entries  # type: ignore[union-attr]
    assert [e.details[0].end_to_end_id for e in made] == ["A", "B"]
    assert made[0].additional_information == ""
    assert made[1].additional_information == "kept"
    (bad,) = [f for f in got.findings if f.severity is Severity.ERROR]
    assert (bad.line, "yesterday 5 EUR" in bad.text) == (6, True)


def test_supplementary_details_are_kept() -> None:
    made = entry(":61:2611191119C1,NTRFNONREF//B\n/OCMT/CAD47,11\n:86:free text")
    assert made.additional_information == "free text /OCMT/CAD47,11"


# ------------------------------------------------------------------------------------------------ the :86: text


def text_of(text: str, line: str = "2611191119D1,NTRFNONREF") -> Entry:
    """The entry with this text behind it."""
    return entry(f":61:{line}\n:86:{text}")


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


# ------------------------------------------------------------------------------------------------ messages and files


def test_a_text_behind_the_balances_is_the_statements() -> None:
    (made,) = statements(
        f"{HEAD}:61:2611191119C1,NTRFA\n:86:of the entry\n:62F:C261119EUR101,\n:86:of the statement\n-"
    )
    assert made.additional_information == "of the statement"
    assert made.entries[0].additional_information == "of the entry"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\r\n", "@@"])
def test_line_ends_of_every_kind_are_line_ends(end: str) -> None:
    text = f"{HEAD}:61:2611191119C1,NTRFA\n:86:one\n{TAIL}{HEAD}{TAIL}".replace("\n", end)
    assert [len(s.entries) for s in statements(text)] == [1, 0]


@pytest.mark.parametrize(
    "between", ["", "-\n", "-}\n", "\f", "-}{5:{CHK:12C48A7C53B2}}\n{1:F01X}{2:I940X}{4:\n", "-XXX\n\n"]
)
def test_messages_are_told_apart_whatever_stands_between(between: str) -> None:
    made = statements(f"{HEAD}:61:2611191119C1,NTRFA\n:86:one\n:62F:C261119EUR101,\n{between}{HEAD}{TAIL}")
    assert [len(s.entries) for s in made] == [1, 0]
    assert made[0].entries[0].additional_information == "one"


def test_what_stands_around_the_messages_is_no_text_of_theirs() -> None:
    got = read(f"ABNANL2A\n940\nABNANL2A\n{HEAD}{TAIL}ABNANL2A\n940\nABNANL2A\n{HEAD}{TAIL}")
    assert got.findings == []


def test_a_line_that_belongs_nowhere_is_said() -> None:
    (odd,) = read(f"{HEAD}{TAIL}Thank you for banking with us\n").findings
    assert (odd.code, odd.line, odd.severity) == ("H2H-MT-OUTSIDE", 7, Severity.WARNING)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("Müller".encode(), "Müller"),
        ("Müller".encode("cp1252"), "Müller"),
        (b"\xef\xbb\xbf:20:", ""),
        (b"M\x81", "Mü"),
        (b"M\x81\xb0", "M\x81\xb0"),
    ],
)
def test_the_encoding_is_utf_8_where_the_bytes_are_and_else_said(data: bytes, name: str) -> None:
    whole = data + HEAD[4:].encode() + TAIL.encode() if data.endswith(b":20:") else None
    whole = whole or HEAD.encode() + b":61:2611191119C1,NTRFA\n:86:" + data + b"\n" + TAIL.encode()
    got = read(whole)
    assert [e.additional_information for s in got.message.statements for e in s.entries] in ([name], [])  # type: ignore[union-attr]
    utf_8 = data.decode("utf-8", "replace") == data.decode("utf-8", "ignore")
    assert [f.code for f in got.findings] == ([] if utf_8 else ["H2H-ENCODING"])


def test_a_statement_without_its_closing_balance_is_not_sound() -> None:
    got = read(f"{HEAD}:61:2611191119C1,NTRFA\n")
    (cut,) = got.findings
    assert (cut.severity, "cut off" in cut.text) == (Severity.ERROR, True)


def test_opening_balance_entries_and_closing_balance_are_compared() -> None:
    sound = read(f"{HEAD}:61:2611191119C1,NTRFA\n:61:2611191119EC9,NTRFA\n:62F:C261119EUR101,\n-").message
    assert check_message(sound) == []
    wrong = read(f"{HEAD}:61:2611191119C1,NTRFA\n:62F:C261119EUR102,\n-").message
    assert [f.code for f in check_message(wrong)] == ["H2H-BALANCE"]


def test_the_pages_of_one_statement_are_one_link_of_the_chain() -> None:
    first = f"{HEAD}:61:2611191119C1,NTRFA\n:62M:C261119EUR101,\n-\n"
    second = ":20:REF\n:25:DE89370400440532013000\n:28C:12/2\n:60M:C261119EUR101,\n:62F:C261119EUR101,\n-\n"
    message = read(first + second).message
    assert isinstance(message, StatementMessage)
    (record,) = statement_records("F1", message)
    assert (record.opening, record.closing, record.entry_count) == (Decimal(100), Decimal(101), 1)
    assert len(message.statements) == 2


def test_an_interim_report_knows_when_it_was_made_and_what_it_states() -> None:
    head = ":20:R\n:25:1/2\n:28C:3/1\n:34F:EUR0,\n:13D:2611191415+0130\n"
    text = f"{head}:61:2611191119C5,NTRFA\n:90D:0EUR0,\n:90C:2EUR9,\n-\n"
    got = read(text, "mt942").message
    assert isinstance(got, StatementMessage)
    assert got.creation_date_time == datetime(2026, 11, 19, 14, 15, tzinfo=timezone(timedelta(minutes=90)))
    assert got.creation_date_time.astimezone(UTC).hour == 12
    assert (got.statements[0].kind, got.statements[0].entries[0].currency) == ("report", "EUR")
    assert {f.code for f in check_message(got)} == {"H2H-COUNT", "H2H-SUM"}
    listed_in_part = text.replace("EUR0,\n:13D", "EUR100,\n:13D")
    assert check_message(read(listed_in_part, "mt942").message) == []


def test_a_file_without_a_message_is_refused() -> None:
    with pytest.raises(Refused, match="no message"):
        read("Dear customer,\nno statement today\n")


def test_streamed_or_read_the_entries_are_the_same() -> None:
    lines = "".join(f":61:2611191119C{n},NTRFN-{n}\n:86:text {n}\n" for n in range(1234))
    text = f"{HEAD}{lines}:86:of the last\n{TAIL}{HEAD}{TAIL}".encode()
    codec = Mt94x(Card("mt940", None, None))
    *pieces, (message, none) = codec.stream(text, [])
    whole = codec.read(text).message
    assert isinstance(whole, StatementMessage)
    assert max(len(entries) for _, entries in pieces) <= 500
    assert [e for _, entries in pieces for e in entries] == [e for s in whole.statements for e in s.entries]
    assert whole.statements[0].entries[-1].additional_information == "text 1233 of the last"
    assert (message.message_id, none) == (whole.message_id, [])


def test_a_text_that_nobody_asked_for_yet_is_part_of_a_copy_and_of_a_comparison() -> None:
    first, second, other = (text_of(f"116?20EREF+E-{n}?32Ann") for n in (1, 1, 2))
    assert copy.copy(first).details[0].end_to_end_id == "E-1"
    assert first == second
    assert first != other
    assert replace(second, amount=Decimal(5)).details[0].creditor_name == "Ann"
    with pytest.raises(AttributeError):
        _ = first.no_such_thing  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------------- values, identification


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1234,56", "1234.56"), ("1234,", "1234"), ("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("0012.50", "12.50")],
)
def test_an_amount_says_the_same_however_it_is_written(text: str, expected: str) -> None:
    assert f"{amount(text):f}" == expected


@pytest.mark.parametrize("text", ["1,2,3", "1.23.4", ",", "", "1.2,3.4", "12.34,5,6"])
def test_what_could_mean_two_amounts_is_none(text: str) -> None:
    assert amount(text) is None


@pytest.mark.parametrize(
    "amount",
    ["1 000,50", "1'000,50", "1OO,50", "1N005,50", "1.234", "-0,50", "100", "1,2,3"],
)
def test_an_amount_that_goes_on_behind_what_looks_like_one_is_not_cut(amount: str) -> None:
    got = read(f"{HEAD}:61:2611191119C{amount}{'' if amount == '100' else 'NTRF'}REF1//B1\n{TAIL}")
    assert [f.code for f in got.findings] == ["H2H-MT-LINE"]


def test_what_a_bank_does_everywhere_is_said_once() -> None:
    lines = ":61:2611191119C100.00NTRFREF1\n:61:2611191119D100.00NTRFREF1\n"
    got = read(f"{HEAD.replace(',', '.')}{lines}{TAIL.replace(',', '.')}")
    assert [f.code for f in got.findings] == ["H2H-MT-DIALECT"]
    assert check_message(got.message) == []


def test_a_message_has_one_currency_and_it_is_one() -> None:
    (odd,) = read(f"{HEAD}{TAIL.replace('EUR', 'USD')}").findings
    assert "in USD, and what stands before it in EUR" in odd.text
    (odd,) = read(f"{HEAD}{TAIL}".replace("EUR", "EUX")).findings
    assert "EUX is no currency" in odd.text


def test_a_block_that_does_not_end_may_be_cut_off() -> None:
    blocks = "{1:F01BANKDEFFAXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\n"
    whole = blocks + HEAD + TAIL[:-2] + "-}"
    assert read(whole + "${1:" + whole[4:]).findings == []
    assert [f.code for f in read(whole + "\n" + whole[:-2]).findings] == ["H2H-MT-CUT"]


def test_each_message_of_a_file_is_of_its_own_type() -> None:
    interim = ":20:A\n:25:1\n:28C:1\n:34F:EUR0,\n:13D:2611191530+0100\n:61:261119C1,NTRFX\n-\n"
    counted = HEAD.replace(":60F", ":13D:2611191530+0100\n:60F") + ":90D:1EUR5,\n:90C:1EUR5,\n" + TAIL
    assert [s.kind for s in statements(interim + HEAD + TAIL, "mt942")] == ["report", "statement"]
    got = read(HEAD + TAIL + counted)
    assert [f.code for f in got.findings] == ["H2H-MT-COUNTED"]
    assert check_message(got.message) == []


def test_a_name_that_fills_its_sub_field_goes_on_unless_it_ends_in_a_blank() -> None:
    full, with_blank = "MUELLER UND SOEHNE GESELLSC", "MUELLER UND SOEHNE MASCHIN "
    assert text_of(f"166?00X?32{full}?33HAFT MBH").details[0].creditor_name == f"{full}HAFT MBH"
    assert text_of(f"166?00X?32{with_blank}?33AG").details[0].creditor_name == f"{with_blank}AG"


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        ("ОПЛАТА ПО СЧЕТУ № 5 «Ромашка»", "cp1251", "windows-1251"),
        ("Оплата по счету", "cp866", "code page 866"),
        ("货款 2026年1月（有限公司）", "gb18030", "GB 18030"),
        ("Müller-Straße, 5 € – l’été „Zitat“ §5", "cp1252", "windows-1252"),
        ("ÜBERWEISUNG Müller für Zubehör", "cp850", "code page 850"),
        ("PRZELEW ŻÓŁTY ĄĘŚ gęślą", "cp1250", "windows-1250"),
        ("PRZELEW ŻÓŁTY ĄĘŚ gęślą", "iso8859-2", "ISO 8859-2"),
        ("PRZELEW ŻÓŁTY DŁUGA", "cp852", "code page 852"),
    ],
)
def test_letters_tell_the_encoding_and_it_is_said(text: str, codec: str, name: str) -> None:
    got = read(f"{HEAD}:61:2611191119C1,NTRFA\n:86:{text}\n{TAIL}".encode(codec))
    assert isinstance(got.message, StatementMessage)
    assert got.message.statements[0].entries[0].additional_information == text
    assert [f.text.rpartition("read as ")[2] for f in got.findings] == [name]


@pytest.mark.parametrize(
    ("text", "currency", "number", "own"),
    [
        ("DE89370400440532013000", None, "DE89370400440532013000", None),
        ("NL10BUNQ2290325473 EUR", None, "NL10BUNQ2290325473", "EUR"),
        ("20041111/301086000EUR", "EUR", "20041111/301086000", "EUR"),
        ("12345678/EUR", "EUR", "12345678", "EUR"),
        ("MU17BOMM0101101030300200000MUR", "MUR", "MU17BOMM0101101030300200000MUR", "MUR"),
        ("GB33BUKB20201555555ABC", "EUR", "GB33BUKB20201555555ABC", "EUR"),
        ("/PL61109010140000071219812874", "PLN", "PL61109010140000071219812874", "PLN"),
        ("DABADKKK/DK5000400440116243", "DKK", "DK5000400440116243", "DKK"),
        ("50070010/0123456EUR", "EUR", "50070010/0123456", "EUR"),
    ],
)
def test_a_currency_behind_the_account_is_no_part_of_its_number(
    text: str, currency: str | None, number: str, own: str | None
) -> None:
    made = account(text, currency)
    assert (made.number, made.currency) == (number, own)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (HEAD, "940"),
        ("{1:F01X}{2:I942X}{4:\n:20:A\n", "942"),
        ("{1:F01X}{2:O9501200X}{4:\n:20:A\n", "940"),
        ("{1:F01X}{2:I101X}{4:\n:20:A\n:28D:1/1\n", None),
        (":20:A\n:28D:1/1\n:50H:/1\nX\n:30:261119\n:21:B\n:32B:EUR1,\n:59:/2\nY\n:71A:SHA\n", None),
        (":20:A\n:12:940\n:25:1\n:34F:EURD1,\n", None),
        ("01,BANK,ME,261119,1200,1,,,2/\n16,475,100,Z,:61:/\n", None),
        (":20:A\n:25:1\n:28C:1\n:34F:EUR0,\n:13D:2611191415+0100\n", "942"),
        ("\x00\xff:61:", None),
        ("", None),
    ],
)
def test_a_statement_is_known_by_block_2_or_by_its_tags_and_nothing_else_is_one(
    head: str, expected: str | None
) -> None:
    assert statement_type(head.encode("latin-1")) == expected


# ------------------------------------------------------------------------------------------------ what banks add


def test_the_text_of_a_field_that_only_some_banks_know_belongs_to_its_entry_or_names_the_owner() -> None:
    """:NS: (Nordic and Baltic banks): a key of two digits and a text in each line."""
    first, _ = HEAD.split(":60F:")
    owned = f"{first}:NS:22EXAMPLE AS\n23OSLO\n:60F:C261118EUR100,00\n:61:261119C1,NTRFNONREF\n:NS:01RENT\n02MAY\n"
    got = read(f"{owned}{TAIL}")
    (statement,) = got.message.statements  # type: ignore[union-attr]
    assert statement.account_owner == "EXAMPLE AS"
    assert "RENT MAY" in str(statement.entries[0])
    assert any("NS:23" in f.text for f in got.findings), "what is read by nobody is told"


def test_a_statement_without_an_opening_balance_is_an_error_also_about_its_currency() -> None:
    head = HEAD.replace(":60F:C261118EUR100,00\n", "")
    texts = [f.text for f in read(f"{head}:61:261119C1,NTRFNONREF\n-\n").findings if f.severity is Severity.ERROR]
    assert any("nothing says in which currency" in text for text in texts)
    assert any("opening balance" in text for text in texts)


# ------------------------------------------------------------------------------------------------ files of real banks


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
    "closing",
    ["C261119AMOUNT", "C9999999,00", "C2611,00", "C241119100,00", "C281119100,00", "C261119100", "C261119100,00 EUR"],
)
def test_a_balance_without_currency_is_read_only_where_its_day_follows_the_one_before(closing: str) -> None:
    good = statements(f"{HEAD}:62F:C261119100,00\n-\n")[0].closing
    assert good is not None
    assert (good.amount, good.currency, good.date) == (Decimal("100.00"), "EUR", date(2026, 11, 19))
    read_ = read(f"{HEAD}:62F:{closing}\n-\n")
    assert isinstance(read_.message, StatementMessage)
    assert read_.message.statements[0].closing is None
    assert "H2H-MT-LINE" in {f.code for f in read_.findings if f.severity is Severity.ERROR}


def test_two_closing_balances_of_one_message_leave_the_final_one() -> None:
    text = f"{HEAD}:62M:C261118EUR100,00\n:60M:C261119EUR100,00\n:61:261119C5,00NMSC\n:62F:C261119EUR105,00\n-\n"
    (only,) = statements(text)
    assert only.closing is not None
    assert (only.closing.amount, only.continues) == (Decimal("105.00"), False)
    assert check_message(StatementMessage("REF", None, [only])) == []


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


def test_austrian_headers_accounts_and_texts_are_read_as_their_banks_mean_them() -> None:
    head = "RLNWATWWAMS  00001\n942 01\nELBA-INT    \n:20:A\n:25://32000/00012345678\n:28C:1/1\n:34F:EUR0,\n"
    read_ = read(f"{head}:61:2611191119EC5,NTRFNONREF\n:86:999Gr\u00fcner Baum\nZimmer 12\n:90C:1EUR5,\n-\n", "mt942")
    assert isinstance(read_.message, StatementMessage)
    (only,) = read_.message.statements
    assert (only.account.number, only.entries[0].bank_transaction_code) == ("32000/00012345678", "NTRF+999")
    assert only.entries[0].additional_information == "Gr\u00fcner Baum Zimmer 12"
    assert read_.findings == []


# ------------------------------------------------------------------------------------------------ a country's letters


@pytest.mark.parametrize(
    ("account_", "currency", "name", "page"),
    [
        ("PL61109010140000071219812874", "PLN", "Świętosława Żółć", "cp1250"),
        ("PL61109010140000071219812874", "PLN", "Świętosława Żółć", "iso8859-2"),
        ("PL61109010140000071219812874", "PLN", "Świętosława Żółć", "cp852"),
        ("61109010140000071219812874", "PLN", "Świętosława Żółć", "cp1250"),  # the balance alone names the country
        ("HU42117730161111101800000000", "HUF", "Győri Műszer", "cp1250"),
        ("CZ6508000000192000145399", "CZK", "Dvořáček Říčany", "cp852"),
        ("TR330006100519786457841326", "TRY", "Işık Şeker İnşaat", "cp1254"),
        ("TR330006100519786457841326", "TRY", "Işık Şeker İnşaat", "cp857"),
        ("LT121000011101001000", "EUR", "Žaliūkės Įmonė", "cp1257"),
        ("DE89370400440532013000", "EUR", "Müller & Söhne", "cp1252"),
        ("PL61109010140000071219812874", "EUR", "Müller & Söhne", "cp1252"),  # not Polish letters: as before
    ],
)
def test_letters_are_read_in_the_page_of_the_accounts_country(
    account_: str, currency: str, name: str, page: str
) -> None:
    text = f":20:REF\n:25:{account_}\n:28C:1\n:60F:C261118{currency}0,00\n:61:2611191119C1,00NTRFNONREF\n"
    text += f":86:/NAME/{name}/REMI/x\n:62F:C261119{currency}1,00\n-\n"
    (only,) = statements(text.encode(page))[0].entries
    assert only.details[0].debtor_name == name


def test_old_statements_may_be_in_a_currency_that_was_withdrawn_since() -> None:
    for currency, told in (("BGN", 0), ("HRK", 0), ("QQQ", 1)):
        text = HEAD.replace("EUR", currency) + TAIL.replace("EUR", currency)
        assert len([f for f in read(text).findings if "is no currency" in f.text]) == told


def test_another_account_behind_a_closing_balance_is_another_statement() -> None:
    second = ":25:NL20INGB0001234567\n:28C:12/1\n:60F:C261118EUR5,00\n:62F:C261119EUR5,00\n-\n"
    assert len(statements(HEAD + TAIL.removesuffix("-\n") + second)) == 2
    same = second.replace("NL20INGB0001234567", "DE89370400440532013000")
    assert len(statements(HEAD + TAIL.removesuffix("-\n") + same)) == 1
