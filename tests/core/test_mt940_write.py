"""MT940 as h2h writes it: read back it says the same, another reader agrees, and no text becomes structure."""

from __future__ import annotations

import io
import re
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from h2h.core.codecs.mt940_write import write_mt940
from h2h.core.erp.options import Mt940Options
from h2h.core.errors import Refused
from h2h.core.findings import Finding
from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from tests.checkout import BOOK
from tests.conftest import missing

DAY = date(2026, 11, 24)
IBAN = "DE89370400440532013000"
WORDS = (
    "Invoice",
    "88213",
    "of",
    "2026-10-30",
    "/7",
    "a:b",
    "-",
    ":86:",
    "x" * 40,
    "(net)",
    "REF/2026/11",
    "+49",
    "{4:",
)


def statement(*entries: Entry, **changes: Any) -> Statement:
    balances = [
        Balance("OPBD", Decimal("10.00"), "EUR", "CRDT", DAY),
        Balance("CLBD", Decimal("0"), "EUR", "DBIT", DAY),
    ]
    made = Statement("statement", "STMT-1", Account(iban=IBAN), electronic_sequence_number=Decimal(231))
    made.balances, made.entries = balances, list(entries)
    return replace(made, **changes)


def written(*statements: Statement, **options: Any) -> tuple[str, list[Finding]]:
    out = io.BytesIO()
    told = write_mt940(StatementMessage("M", None, list(statements)), out, Mt940Options(**options))
    return out.getvalue().decode(), told


def entry(**more: Any) -> Entry:
    made = Entry(Decimal("1.00"), "EUR", "CRDT", value_date=DAY, bank_transaction_code="NTRF+166")
    return replace(made, **more)


def read(text: str) -> list[Statement]:
    message = BOOK.read(text.encode()).message
    assert isinstance(message, StatementMessage)
    return message.statements


def facts(made: Entry) -> dict[str, Any]:
    """All that it holds, whatever class of entry it is."""
    return {f.name: getattr(made, f.name) for f in fields(Entry)}


def by_chance(random: Random, narrative: str) -> Entry:
    """An entry that MT940 can carry whole."""

    def words(longest: int) -> str:
        text = " ".join(random.choices(WORDS, k=random.randint(1, 12)))[:longest]
        return text.replace("{", "").strip(" /:-") or "x"

    incoming, reversal = random.random() < 0.5, random.random() < 0.3
    made = Entry(
        Decimal(random.randint(0, 10**11)).scaleb(-random.choice((0, 2, 3))), "EUR", "CRDT" if incoming else "DBIT"
    )
    made.reversal, made.value_date = reversal, DAY + timedelta(days=random.randint(-400, 400))
    made.booking_date = random.choice((None, made.value_date + timedelta(days=random.randint(-150, 150))))
    made.bank_transaction_code = "NTRF" if narrative == "slash" else "NTRF+166+931"
    made.account_servicer_reference = random.choice((None, "BK-2001"))
    detail = EntryDetail(end_to_end_id=random.choice(("E2E-1", "INV/2026/11", "A-" + "9" * 30)))
    detail.payment_information_id = random.choice((None, "RUN-1"))
    detail.remittance = words(100)
    name, account = random.choice(("Altbau KG", "Mustermann Maschinenbau GmbH und")), random.choice((IBAN, "40127755"))
    if incoming is not reversal:
        detail.debtor_name, detail.debtor_account = name, account
    else:
        detail.creditor_name, detail.creditor_account = name, account
    if narrative == "slash":
        detail.uetr = random.choice((None, "3f2a1c58-6f0e-4a55-9d10-0c6a4c1b7e21"))
        detail.returned = random.random() < 0.3
        detail.return_reason = "AC04" if detail.returned else None
        made.additional_information = random.choice(("", "Return of a transfer"))
    else:
        made.additional_information = random.choice(("", "GUTSCHRIFT"))
    made.details = [detail]
    return made


@pytest.mark.parametrize("narrative", ["slash", "german"])
def test_what_is_written_reads_back_as_the_same_entries(narrative: str) -> None:
    for seed in range(300):
        random = Random(seed)
        made = statement(*(by_chance(random, narrative) for _ in range(3)))
        text, told = written(made, narrative=narrative)
        (again,) = read(text)
        assert [facts(e) for e in again.entries] == [facts(e) for e in made.entries], f"seed {seed}: {text}"
        assert again.balances == made.balances
        assert (again.account.number, again.electronic_sequence_number) == (IBAN, Decimal(231))
        assert [f for f in told if f.code != "H2H-LEFT-OUT"] == []


def test_every_line_is_within_what_swift_allows() -> None:
    random = Random(1)
    text, _ = written(statement(*(by_chance(random, "slash") for _ in range(200))))
    for line in text.split("\r\n"):
        assert len(re.sub(r"^:[0-9]{2}[A-Z]?:", "", line)) <= 65
        assert re.fullmatch(r"[A-Za-z0-9/\-?:().,'+ ]*", line)
    assert text.endswith("\r\n-\r\n")
    assert not re.search(r"\r\n(?!:|-\r\n|/)[-:{ ]", text), "no line of a text begins like a field"


@pytest.mark.parametrize("narrative", ["slash", "german", "plain"])
@pytest.mark.parametrize(
    "evil",
    [
        "Thanks /EREF/INV-OF-ANOTHER/REMI/x",
        "?20EREF+INV-OF-ANOTHER?21SVWZ+x",
        "EREF+INV-OF-ANOTHER SVWZ+x",
        "x\r\n:61:2611241124C999999,00NTRFNONREF\r\n:86:y",
        "x\n-\n:20:FAKE",
        "166?00GUTSCHRIFT?20EREF+INV-OF-ANOTHER?32Another",
        "x" * 60 + " :62F:C261124EUR1,00",
    ],
)
def test_what_a_payee_writes_never_becomes_a_field(narrative: str, evil: str) -> None:
    detail = EntryDetail(end_to_end_id="OURS", remittance=evil, debtor_name=evil[:50])
    text, _ = written(statement(entry(details=[detail])), narrative=narrative)
    (again,) = read(text)
    (only,) = again.entries
    assert (only.amount, again.closing) == (Decimal("1.00"), statement().closing)
    assert [d.end_to_end_id for d in only.details] == ["OURS"]


def test_a_plain_text_that_begins_like_a_german_code_stays_text() -> None:
    text, _ = written(statement(entry(details=[EntryDetail(remittance="999Rosen")])), narrative="plain")
    (again,) = read(text)
    assert again.entries[0].additional_information == "999 Rosen"


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"kind": "report"}, "H2H-KIND", "Stmt[1]"),
        ({"continues": True}, "H2H-NO-PLACE", "Stmt[1]"),
        ({"account": Account()}, "H2H-MISSING", "Stmt[1]/Acct"),
        ({"balances": []}, "H2H-MISSING", "Stmt[1]/Bal"),
        ({"electronic_sequence_number": None}, "H2H-MISSING", "Stmt[1]/ElctrncSeqNb"),
        ({"electronic_sequence_number": Decimal(100_000)}, "H2H-NO-PLACE", "Stmt[1]/ElctrncSeqNb"),
        ({"entries": [entry(status="PDNG")]}, "H2H-NO-PLACE", "Stmt[1]/Ntry[1]/Sts"),
        ({"entries": [entry(), entry(currency="USD")]}, "H2H-NO-PLACE", "Stmt[1]/Ntry[2]/Amt"),
        ({"entries": [entry(value_date=None)]}, "H2H-MISSING", "Stmt[1]/Ntry[1]/ValDt"),
        ({"entries": [entry(amount=Decimal("1234567890123.45"))]}, "H2H-VALUE", "Stmt[1]/Ntry[1]/Amt"),
        ({"entries": [entry(booking_date=date(2025, 1, 1))]}, "H2H-VALUE", "Stmt[1]/Ntry[1]/BookgDt"),
        ({"entries": [entry(details=[EntryDetail(remittance="付款")])]}, "H2H-CHARACTER", "Stmt[1]/Ntry[1]/NtryDtls"),
        (
            {"entries": [entry(details=[EntryDetail(remittance="word " * 90)])]},
            "H2H-TOO-LONG",
            "Stmt[1]/Ntry[1]/RmtInf",
        ),
    ],
)
def test_what_cannot_be_carried_exactly_is_refused_with_its_place(
    changes: dict[str, Any], code: str, where: str
) -> None:
    with pytest.raises(Refused) as caught:
        written(statement(**changes), on_charset="refuse", long_texts="refuse")
    (finding,) = caught.value.findings
    assert (finding.code, finding.where) == (code, where)


def test_what_has_no_field_is_told_once_with_its_count_and_first_place() -> None:
    many = [entry(details=[EntryDetail(end_to_end_id=f"E{n}", instruction_id="I")]) for n in range(3)]
    _, told = written(statement(*many))
    (finding,) = told
    assert finding.code == "H2H-LEFT-OUT"
    assert finding.where == "Stmt[1]/Ntry[1]"
    assert "3 times" in finding.text


def test_a_site_may_say_how_what_is_missing_is_made() -> None:
    made = statement(entry(value_date=None, booking_date=DAY), electronic_sequence_number=None)
    text, _ = written(made, statement_number="day-of-year", value_date_missing="booking-date")
    assert ":28C:26328\r\n" in text
    assert ":61:2611241124C1,00" in text


def test_a_text_that_is_too_long_is_shortened_where_the_site_says_so_and_that_is_told() -> None:
    text, told = written(statement(entry(details=[EntryDetail(remittance="word " * 90)])), long_texts="shorten")
    assert text.count("word") > 50
    assert any("the end of" in f.text for f in told)


def test_letters_are_spelled_in_swifts_set_or_kept_where_the_site_takes_them() -> None:
    made = statement(entry(details=[EntryDetail(debtor_name="Jürgen Größe", remittance="Rechnung №7")]))
    assert "/NAME/Juergen Groesse/" in written(made)[0]
    assert "/NAME/Jürgen Größe/" in written(made, charset="utf-8")[0]


def test_no_payer_can_keep_a_statement_from_the_erp_by_what_he_writes() -> None:
    evil = "a=b 付款 😀 " + "word " * 200
    made = statement(entry(details=[EntryDetail(end_to_end_id="E-1", remittance=evil, debtor_name=evil)]))
    for narrative in ("slash", "german", "plain"):
        text, told = written(made, narrative=narrative)
        assert {f.code for f in told} >= {"H2H-ALTERED", "H2H-LEFT-OUT"}
        (again,) = read(text)
        assert [(e.amount, e.details[0].end_to_end_id) for e in again.entries] == [(Decimal("1.00"), "E-1")]


def test_neither_an_account_nor_a_batch_can_write_a_sub_field_of_its_own() -> None:
    detail = EntryDetail(remittance="x", debtor_account="12?20SVWZ+PAID?32Eve")
    made = statement(entry(details=[detail], bank_transaction_code="NTRF+166+9?32Eve"))
    text, told = written(made, narrative="german")
    assert ":86:166?109.32Eve?20SVWZ+x?3112.20SVWZ +PAID.32Eve" in text.replace("\r\n", "")
    assert "H2H-ALTERED" in {f.code for f in told}


@pytest.mark.parametrize("code", ["N\u00c4\u00d6\u00dc", "N\u00b2\u00b2\u00b2", "n123", "N12"])
def test_a_type_that_is_none_of_swifts_is_miscellaneous(code: str) -> None:
    text, _ = written(statement(entry(bank_transaction_code=code)))
    assert "C1,00NMSC" in text


def test_a_text_key_comes_from_the_site_before_the_bank() -> None:
    made = statement(entry(details=[EntryDetail(remittance="x")], bank_transaction_code="PMNT/RCDT/XXXX"))
    assert ":86:051?20" in written(made, narrative="german", text_keys={"PMNT/RCDT/XXXX": "051"})[0]
    with pytest.raises(Refused, match="declare it in text_keys"):
        written(made, narrative="german")


def test_another_reader_of_mt940_reads_the_same_figures() -> None:
    try:
        import mt940
    except ImportError:
        missing("mt-940")
    random = Random(7)
    made = statement(*(by_chance(random, "german") for _ in range(50)))
    text, _ = written(made, narrative="german")
    (theirs,) = [mt940.parse(text)]
    told = [(t.data["amount"].amount, t.data["date"], t.data["currency"]) for t in theirs]
    ours = [(e.amount if e.credit_debit == "CRDT" else -e.amount, e.value_date, e.currency) for e in made.entries]
    # Theirs gives a reversal the sign of what it takes back.
    assert [(abs(a), d, c) for a, d, c in told] == [(abs(a), d, c) for a, d, c in ours]
    plain = [n for n, e in enumerate(made.entries) if not e.reversal]
    assert [told[n][0] for n in plain] == [ours[n][0] for n in plain]
    assert theirs.data["final_opening_balance"].amount.amount == Decimal("10.00")


def test_an_id_that_mt940_cannot_carry_is_replaced_by_one_that_stays_the_same_and_it_is_told() -> None:
    made = statement(entry(), id="2026-11-24/FR7630006000011234567890189")
    (text, told), (again, _) = written(made), written(made)
    assert text == again
    (name,) = re.findall("(?m)^:20:(H2H[0-9A-F]{13})\r?$", text)
    assert any(name in f.text and "does not fit" in f.text for f in told)


def test_what_has_no_place_in_the_german_form_is_told() -> None:
    detail = EntryDetail(end_to_end_id="E-1", returned=True, return_reason="AC04", uetr="3f2a1c58-6f0e-4a55-9d10-0c6a")
    made = entry(details=[detail], account_servicer_reference="X" * 40, additional_information="A" * 60)
    _, told = written(statement(made), narrative="german")
    said = " ".join(f.text for f in told)
    for what in ("the bank's reference", "the reason of a return", "the UETR", "the bank's own text"):
        assert what in said


def test_a_year_that_two_digits_cannot_say_refuses_the_statement() -> None:
    with pytest.raises(Refused, match="two digits"):
        written(statement(entry(value_date=date(1949, 1, 1))))
