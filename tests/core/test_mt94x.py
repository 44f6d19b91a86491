"""Files of MT940 and MT942 as banks write them: messages told apart, their type, what is odd."""

from __future__ import annotations

import pytest

from h2h.core.codecs.mt94x import Mt94x
from h2h.core.codecs.mt_text import statement_type
from h2h.core.codecs.mt_values import account
from h2h.core.errors import Refused
from h2h.core.findings import Severity
from h2h.core.format import Card
from h2h.core.model.statement import StatementMessage
from h2h.core.rules.statement_rules import check_message
from tests.core.mt94x_files import HEAD, TAIL, read, statements


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
        ("\xef\xbb\xbf:61:2611191119C1,NTRFA\n:86:words\n", "940"),
        ("\x00\xff:61:", None),
        ("", None),
    ],
)
def test_a_statement_is_known_by_block_2_or_by_its_tags_and_nothing_else_is_one(
    head: str, expected: str | None
) -> None:
    assert statement_type(head.encode("latin-1")) == expected


def test_austrian_headers_accounts_and_texts_are_read_as_their_banks_mean_them() -> None:
    head = "RLNWATWWAMS  00001\n942 01\nELBA-INT    \n:20:A\n:25://32000/00012345678\n:28C:1/1\n:34F:EUR0,\n"
    read_ = read(f"{head}:61:2611191119EC5,NTRFNONREF\n:86:999Gr\u00fcner Baum\nZimmer 12\n:90C:1EUR5,\n-\n", "mt942")
    assert isinstance(read_.message, StatementMessage)
    (only,) = read_.message.statements
    assert (only.account.number, only.entries[0].bank_transaction_code) == ("32000/00012345678", "NTRF+999")
    assert only.entries[0].additional_information == "Gr\u00fcner Baum Zimmer 12"
    assert read_.findings == []


def test_old_statements_may_be_in_a_currency_that_was_withdrawn_since() -> None:
    for currency, told in (("BGN", 0), ("HRK", 0), ("QQQ", 1)):
        text = HEAD.replace("EUR", currency) + TAIL.replace("EUR", currency)
        assert len([f for f in read(text).findings if "is no currency" in f.text]) == told


def test_another_account_behind_a_closing_balance_is_another_statement() -> None:
    second = ":25:NL20INGB0001234567\n:28C:12/1\n:60F:C261118EUR5,00\n:62F:C261119EUR5,00\n-\n"
    assert len(statements(HEAD + TAIL.removesuffix("-\n") + second)) == 2
    same = second.replace("NL20INGB0001234567", "DE89370400440532013000")
    assert len(statements(HEAD + TAIL.removesuffix("-\n") + same)) == 1
