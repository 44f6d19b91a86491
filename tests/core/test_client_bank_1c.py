"""Payment orders out of 1C: the file's own encoding, its end, and what is no payment order in roubles."""

from __future__ import annotations

import random

import pytest

from h2h.core.codecs.client_bank_1c import ClientBank1C
from h2h.core.codecs.statement_1c import Statement1C
from h2h.core.errors import Refused
from h2h.core.findings import Severity
from h2h.core.format import Card
from h2h.core.model.payment import Initiation
from h2h.core.model.statement import StatementMessage
from tests.checkout import FORMATS

CODEC = ClientBank1C(Card("1c", None, None))
GOLDEN = (FORMATS / "1c/golden/a-payment-order-in-windows-letters.txt").read_bytes().decode("cp1251")


def errors(text: str) -> list[str]:
    return [f.text for f in CODEC.read(text.encode("cp1251")).findings if f.severity is Severity.ERROR]


def test_the_encoding_is_the_one_that_the_file_names_in_it() -> None:
    for name, encoding in (("Windows", "cp1251"), ("DOS", "cp866"), ("UTF-8", "utf-8")):
        data = GOLDEN.replace("Кодировка=Windows", f"Кодировка={name}").encode(encoding)
        message = CODEC.read(data).message
        assert isinstance(message, Initiation)
        assert message.transactions[0].creditor.name == "ИП Иванов А.А."
    with pytest.raises(Refused, match="no encoding that it names"):
        CODEC.read(GOLDEN.encode("cp866"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("КонецФайла", "", "it is cut off"),
        ("КонецФайла", "КонецФайла\r\nНомер=1", "behind the end of the file"),
        ("КонецДокумента", "", "not closed"),
        ("СекцияДокумент=Платежное поручение", "СекцияДокумент=Банковский ордер", "is no payment order"),
        ("40702810900000000017", "40702840900000000017", "not in roubles"),
        ("ПолучательРасчСчет=", "ПолучательСчет=40802810100000000043\r\nПолучательРасчСчет=", "two accounts"),
        ("Сумма=175000.00", "Сумма=1\r\nСумма=175000.00", "stands twice"),
        ("Сумма=175000.00", "Сумма=175 000,00", "is no amount"),
        ("Дата=27.11.2026", "Дата=2026-11-27", "is no day"),
    ],
)
def test_what_is_no_payment_order_in_roubles_is_an_error(old: str, new: str, said: str) -> None:
    assert errors(GOLDEN) == []
    try:
        found = errors(GOLDEN.replace(old, new, 1))
    except Refused as refused:
        found = [f.text for f in refused.findings]
    assert any(said in text for text in found)


def test_a_tax_field_has_no_place_in_a_payment_and_is_told() -> None:
    taxed = GOLDEN.replace("ВидОплаты=01", "ВидОплаты=01\r\nПоказательКБК=182")
    assert [f.code for f in CODEC.read(taxed.encode("cp1251")).findings] == ["H2H-UNREAD"]


def test_a_statement_is_not_taken_for_payment_orders() -> None:
    assert CODEC.identify(GOLDEN.encode("cp1251"))
    for encoding in ("cp1251", "cp866"):
        assert not CODEC.identify(GOLDEN.replace("Документ=", "СекцияРасчСчет\r\nДокумент=", 1).encode(encoding))


def test_whatever_is_damaged_nothing_but_findings_comes_out() -> None:
    whole, chance = GOLDEN.encode("cp1251"), random.Random(1)
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.choice(b"=\r\n.0\xcd\x98a\x00")
        CODEC.identify(bytes(damaged))
        try:
            assert isinstance(CODEC.read(bytes(damaged)).message, Initiation)
        except Refused as refused:
            assert refused.findings


# ------------------------------------------------------------------------------------------------ statements

STATEMENT = (FORMATS / "1c-statement/golden/periods-of-an-account-and-a-transfer-between-two.txt").read_bytes()
STATEMENTS = Statement1C(Card("1c-statement", None, None))


def statement_figures(data: bytes) -> list[tuple[str | None, str, list[str]]]:
    message = STATEMENTS.read(data).message
    assert isinstance(message, StatementMessage)
    return [(s.account.other, s.account.currency or "", [str(e.amount) for e in s.entries]) for s in message.statements]


def test_a_statement_is_read_in_every_encoding_and_with_every_line_end_that_banks_use() -> None:
    wanted = statement_figures(STATEMENT)
    text = STATEMENT.decode("cp1251").replace("\r\n", "\n")
    for name, encoding in (("Windows", "cp1251"), ("DOS", "cp866"), ("UTF-8", "utf-8")):
        named = text.replace("Кодировка=Windows", f"Кодировка={name}")
        for end in ("\n", "\r\n", "\r"):
            data = named.replace("\n", end).encode(encoding) + b"\x1a"
            assert STATEMENTS.identify(data)
            assert statement_figures(data) == wanted
            assert [f for f in STATEMENTS.read(data).findings if f.severity is not Severity.INFO] == []


def test_a_statement_in_another_encoding_than_it_names_is_read_and_said() -> None:
    read = STATEMENTS.read(STATEMENT.decode("cp1251").encode())
    assert [f.code for f in read.findings if f.severity is Severity.WARNING] == ["H2H-1C-DIALECT"]
    assert statement_figures(STATEMENT.decode("cp1251").encode()) == statement_figures(STATEMENT)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("ДатаСписано=19.11.2026", "ДатаСписано=18.11.2026", "the document's day is in none of the account's periods"),
        ("ПолучательСчет=40702810900000000001", "ПолучательСчет=1", "neither account is one of the statement's"),
        ("Сумма=100.50", "Сумма=100.505", 'Сумма "100.505" is no amount'),
        ("НачальныйОстаток=899.50", "НачальныйОстаток=", "НачальныйОстаток is missing"),
        ("КонецДокумента\r\nКонецФайла", "КонецФайла", "is not closed"),
        ("КонецФайла", "", "it is cut off"),
        ("КонецФайла", "КонецФайла\r\nНомер=1\r\nНомер=2", "something stands behind the end of the file"),
    ],
)
def test_what_is_wrong_in_a_statement_is_one_error(before: str, after: str, told: str) -> None:
    text = STATEMENT.decode("cp1251")
    assert before in text
    read = STATEMENTS.read(text.replace(before, after).encode("cp1251"))
    (bad,) = [f for f in read.findings if f.severity is Severity.ERROR]
    assert told in bad.text


def test_the_currency_of_a_statement_is_that_of_the_accounts_number() -> None:
    for number, currency in (("810", "RUB"), ("643", "RUB"), ("840", "USD"), ("156", "CNY"), ("000", "XXX")):
        data = STATEMENT.replace(b"40702810900000000003", f"40702{number}900000000003".encode())
        assert statement_figures(data)[2][1] == currency


def test_an_order_with_old_line_ends_and_the_end_of_dos_is_read() -> None:
    data = GOLDEN.replace("\r\n", "\n").replace("\n", "\r").encode("cp1251") + b"\x1a"
    assert CODEC.read(data).findings == CODEC.read(GOLDEN.encode("cp1251")).findings
