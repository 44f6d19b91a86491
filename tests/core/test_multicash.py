"""The MultiCash pair and FINSTA01: figures that agree, texts that part no field, refusals with their place; pages."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from lxml import etree

from h2h.core.erp.finsta01 import write_finsta01
from h2h.core.erp.multicash import Pair, write_multicash
from h2h.core.erp.options import FinstaOptions, LineOptions, MultiCashOptions
from h2h.core.erp.pages import joined
from h2h.core.errors import Refused
from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage

DAY = date(2026, 11, 24)
IBAN = "DE89370400440532013000"


def entry(amount: str, credit_debit: str = "CRDT", **more: Any) -> Entry:
    return replace(Entry(Decimal(amount), "EUR", credit_debit, value_date=DAY, booking_date=DAY), **more)


def statement(*entries: Entry, opening: str = "10.00", **changes: Any) -> Statement:
    moved = sum((e.amount if e.credit_debit == "CRDT" else -e.amount for e in entries), Decimal(opening))
    closing = Balance("CLBD", abs(moved), "EUR", "DBIT" if moved < 0 else "CRDT", DAY)
    made = Statement("statement", "S-1", Account(iban=IBAN), electronic_sequence_number=Decimal(7))
    made.balances, made.entries = [Balance("OPBD", Decimal(opening), "EUR", "CRDT", DAY), closing], list(entries)
    return replace(made, **changes)


def pair(*statements: Statement, **options: Any) -> Pair:
    return write_multicash(StatementMessage("M", None, list(statements)), MultiCashOptions(**options))


def fields(content: bytes) -> list[list[str]]:
    return [line.split(";") for line in content.decode("ascii").split("\r\n")[:-1]]


def test_the_sums_of_both_files_agree_whatever_the_entries_are() -> None:
    for seed in range(100):
        random = Random(seed)
        made = [
            statement(
                *(
                    entry(f"{random.randint(0, 10**9) / 100:.2f}", random.choice(("CRDT", "DBIT")))
                    for _ in range(number)
                )
            )
            for number in (0, 1, 5)
        ]
        written = pair(*made)
        heads, rows = fields(written.auszug), fields(written.umsatz)
        assert written.rows == len(rows) == 6
        for head, count in zip(heads, (0, 1, 5), strict=True):
            opening, debits, credits_, closing = (Decimal(head[n]) for n in (5, 6, 7, 8))
            assert opening - debits + credits_ == closing
            assert int(head[17]) == count
        totals = sum((Decimal(h[7]) - Decimal(h[6]) for h in heads), Decimal(0))
        assert sum((Decimal(row[10]) for row in rows), Decimal(0)) == totals


@pytest.mark.parametrize("evil", ["a;b;c", 'a"b', "a\r\nb;1", "EREF+X SVWZ+Y", "x" * 500, "付款 😀"])
def test_no_text_parts_a_field_or_ends_a_row(evil: str) -> None:
    detail = EntryDetail(end_to_end_id="OURS", remittance=evil, debtor_name=evil, debtor_account=evil)
    written = pair(statement(entry("1.00", details=[detail]), account_owner=evil))
    (head,), (row,) = fields(written.auszug), fields(written.umsatz)
    assert (len(head), len(row)) == (18, 37)
    assert [part for part in row if part.startswith("EREF+")] == ["EREF+OURS"]
    assert all(len(row[n]) <= 27 for n in (5, *range(16, 31)))
    assert '"' not in written.umsatz.decode()


@pytest.mark.parametrize(
    ("code", "batch", "told"),
    [
        ("NTRF+166+931", "931", set()),
        ("NTRF+166+9;1", "9,1", set()),
        ("NTRF+166+\u02c6", ".", {"H2H-ALTERED"}),
        ("NTRF+166+12345678901", "", {"H2H-LEFT-OUT"}),
    ],
)
def test_the_banks_number_of_a_batch_parts_no_field_either(code: str, batch: str, told: set[str]) -> None:
    written = pair(statement(entry("1.00", bank_transaction_code=code)))
    (row,) = fields(written.umsatz)
    assert (len(row), row[4], row[8]) == (37, batch, "166")
    assert {f.code for f in written.findings} == told


@pytest.mark.parametrize(
    ("made", "options", "code"),
    [
        (statement(entry("1.001")), {}, "H2H-VALUE"),
        (statement(entry("1.00"), electronic_sequence_number=Decimal(26328)), {}, "H2H-NO-PLACE"),
        (statement(entry("1.00"), account=Account(iban="FR1420041010050500013M02606")), {}, "H2H-NO-PLACE"),
        (statement(entry("1.00"), account=Account(other="1;2/3")), {}, "H2H-NO-PLACE"),
        (statement(entry("1.00", bank_transaction_code="X")), {"text_keys": {"X": "12345"}}, "H2H-NO-PLACE"),
        (statement(entry("1.00"), balances=statement(entry("2.00")).balances), {}, "H2H-BALANCE"),
    ],
)
def test_what_the_pair_cannot_carry_exactly_is_refused(made: Statement, options: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        pair(made, **options)
    assert [f.code for f in caught.value.findings] == [code]


def test_a_site_declares_how_its_erp_knows_an_account_and_how_long_a_number_is() -> None:
    french = "FR1420041010050500013M02606"
    made = statement(entry("1.00"), account=Account(iban=french), electronic_sequence_number=None)
    options = {"accounts": {french: "20041/0500013M026"}, "number_digits": 5, "statement_number": "day-of-year"}
    (head,) = fields(pair(made, **options).auszug)
    assert head[:3] == ["20041", "0500013M026", "26328"]


def test_a_trailing_zero_is_no_digit_too_many_and_a_whole_amount_gets_its_cents() -> None:
    rows = fields(pair(statement(entry("1.500"), entry("7"))).umsatz)
    assert [row[10] for row in rows] == ["1.50", "7.00"]


def finsta(*entries: Entry, **options: Any) -> etree._Element:
    out = io.BytesIO()
    message = StatementMessage("M", None, [statement(*entries)])
    write_finsta01(message, out, FinstaOptions(**options), LineOptions(charset="utf-8"))
    return etree.fromstring(out.getvalue())


def test_a_credit_is_a_return_only_if_the_bank_says_so() -> None:
    back = entry("1.00", details=[EntryDetail(end_to_end_id="A", returned=True, return_reason="AC04")])
    told = finsta(entry("1.00"), back, entry("1.00", "DBIT"))
    assert [line.findtext("LINACTION") for line in told.iter("E1IDPF1")] == ["RCV", "RET", None, None]
    assert [e.text for e in told.iter("MOABETR")][:3] == ["1.00", "1.00", "1.00-"]


def test_an_idoc_holds_every_letter_and_no_markup_of_a_payer() -> None:
    evil = "</TXT01></E1IDT01><MOABETR>999</MOABETR>&付款"
    told = finsta(entry("1.00", details=[EntryDetail(remittance=evil)]), debit_sign="leading")
    assert "".join(e.text or "" for e in told.iter("TXT01")) == evil
    assert len(list(told.iter("MOABETR"))) == 5


def test_pages_of_a_statement_become_one_and_a_page_alone_stays_one() -> None:
    first = statement(entry("1.00"))
    second = statement(entry("2.00", "DBIT"), opening="11.00", continues=True)
    (one,) = joined(StatementMessage("M", None, [first, second])).statements
    assert [e.amount for e in one.entries] == [Decimal("1.00"), Decimal("2.00")]
    assert [(b.type, b.amount) for b in one.balances] == [("OPBD", Decimal("10.00")), ("CLBD", Decimal("9.00"))]
    assert not one.continues
    other = statement(entry("2.00"), opening="12.00", continues=True)
    assert len(joined(StatementMessage("M", None, [first, other])).statements) == 2
    with pytest.raises(Refused, match="goes on from one that is not in the file"):
        pair(other)


FULL = entry(
    "1.00",
    "DBIT",
    account_servicer_reference="BANK-1",
    reversal=True,
    bank_transaction_code="NTRF",
    additional_information="A" * 60,
    entry_reference="N-1",
    booking_date=None,
    details=[
        EntryDetail(
            end_to_end_id="E-1",
            uetr="3f2a1c58-6f0e-4a55-9d10-0c6a4c1b7e21",
            returned=True,
            return_reason="AC04",
            return_text="closed",
            message_id="M-1",
            instruction_id="I-1",
            payment_information_id="P-1",
            amount=Decimal("2.00"),
            creditor_reference="RF18539007547034",
        )
    ],
)
MORE: dict[str, Any] = {
    "account_owner": "Example GmbH",
    "additional_information": "Good morning",
    "balances": [*statement(FULL).balances, Balance("CLAV", Decimal("1.00"), "EUR", "CRDT", DAY)],
}


def test_all_that_the_pair_has_no_field_for_is_told_once_with_its_place() -> None:
    written = pair(statement(FULL, **MORE))
    said = " ".join(f.text for f in written.findings)
    for what in (
        *("the balance CLAV", "the statement's own text", "the bank's reference", "the UETR", "that it is a return"),
        *("takes back another entry", "the bank's own text", "the posting date is the value date", "NtryRef", "MsgId"),
        *("the text of a return", "the amount of the transaction"),
    ):
        assert said.count(what) == 1, (what, said)
    assert "EREF+E-1" in written.umsatz.decode()
    assert "RF18539007547034" in written.umsatz.decode()


def test_all_that_the_idoc_has_no_field_for_is_told_once_with_its_place() -> None:
    told = write_finsta01(
        StatementMessage("M", None, [statement(FULL, **MORE)]), io.BytesIO(), FinstaOptions(), LineOptions()
    )
    said = " ".join(f.text for f in told)
    for what in (
        *("the balance CLAV", "the statement's own text", "the owner's name", "the bank's reference", "the UETR"),
        *("the reason of a return", "the ids of a batch", "InstrId", "the bank transaction code"),
    ):
        assert said.count(what) == 1, (what, said)


def test_an_idoc_knows_an_account_as_its_erp_does_and_the_placeholder_of_a_reference_is_none() -> None:
    nothing = entry("1.00", details=[EntryDetail(end_to_end_id="NOTPROVIDED")])
    declared = finsta(nothing, accounts={IBAN: "BANK/123"})
    assert declared.find(".//E1EDP02") is None
    assert "BANK" in etree.tostring(declared).decode()
    whole = finsta(nothing, accounts={IBAN: "123456"})
    assert "123456" in etree.tostring(whole).decode()


@pytest.mark.parametrize(
    ("made", "code", "where"),
    [
        (statement(kind="report"), "H2H-KIND", "Stmt[1]"),
        (statement(continues=True), "H2H-NO-PLACE", "Stmt[1]"),
        (statement(account=Account()), "H2H-MISSING", "Stmt[1]/Acct"),
        (statement(balances=statement().balances[:1]), "H2H-MISSING", "Stmt[1]/Bal"),
        (statement(balances=[replace(b, date=None) for b in statement().balances]), "H2H-MISSING", "Stmt[1]/Bal/Dt"),
        (
            statement(balances=[statement().balances[0], replace(statement().balances[1], currency="USD")]),
            "H2H-NO-PLACE",
            "Stmt[1]/Bal",
        ),
        (statement(electronic_sequence_number=None), "H2H-MISSING", "Stmt[1]/ElctrncSeqNb"),
        (statement(electronic_sequence_number=Decimal(100000)), "H2H-NO-PLACE", "Stmt[1]/ElctrncSeqNb"),
        (statement(entry("1.00", status="PDNG")), "H2H-NO-PLACE", "Stmt[1]/Ntry[1]/Sts"),
        (statement(entry("1.00"), entry("1.00", currency="USD")), "H2H-NO-PLACE", "Stmt[1]/Ntry[2]/Amt"),
        (statement(entry("-1.00")), "H2H-VALUE", "Stmt[1]/Ntry[1]/Amt"),
        (statement(entry("1.00", value_date=None)), "H2H-MISSING", "Stmt[1]/Ntry[1]/ValDt"),
    ],
)
def test_a_statement_that_lacks_what_every_form_needs_is_refused_at_its_place(
    made: Statement, code: str, where: str
) -> None:
    with pytest.raises(Refused) as caught:
        pair(made)
    assert [(f.code, f.where) for f in caught.value.findings] == [(code, where)]


def test_where_the_site_says_so_the_booking_date_stands_for_a_missing_value_date() -> None:
    (row,) = fields(pair(statement(entry("1.00", value_date=None)), value_date_missing="booking-date").umsatz)
    assert "24.11.26" in row
