"""Payment orders out of 1C: the file's own encoding, its end, and what is no payment order in roubles."""

from __future__ import annotations

import random

import pytest

from h2h.core.codecs.client_bank_1c import ClientBank1C
from h2h.core.errors import Refused
from h2h.core.findings import Severity
from h2h.core.format import Card
from h2h.core.model.payment import Initiation
from tests.core.erp_files import ROOT

CODEC = ClientBank1C(Card("1c", None, None))
GOLDEN = (ROOT / "formats/1c/golden/a-payment-order-in-windows-letters.txt").read_bytes().decode("cp1251")


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
