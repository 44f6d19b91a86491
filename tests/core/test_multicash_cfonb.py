"""The MultiCash pair and CFONB 120 as they are read: a bad line with its place, signs and sums, words that go on."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from h2h.core.codecs.cfonb120 import Cfonb120
from h2h.core.codecs.multicash import MultiCash, sister_name
from h2h.core.errors import Refused
from h2h.core.findings import Finding, Severity
from h2h.core.format import Card
from h2h.core.model.statement import Statement, StatementMessage
from h2h.core.rules.statement_rules import check_statement

MULTICASH = MultiCash(Card("multicash-auszug", None, None))
CFONB = Cfonb120(Card("cfonb120", None, None))
HEAD = "37040044;0532013000;0042;19.11.26;EUR;100.00;12.50;30.05;117.55;Example GmbH;;;;;;;;2"


def row(amount: str, names: tuple[str, str] = ("", ""), notes: tuple[str, str] = ("", "")) -> str:
    columns = ["37040044", "0532013000", "0042", "19.11.26", *[""] * 6, amount, "", "", "19.11.26", "", "", *notes]
    return ";".join([*columns, *[""] * 11, *names, *[""] * 6])


def record(code: str, amount: str, account: str = "00010123456") -> str:
    return f"{code}30004    01234EUR2 {account}  191126".ljust(90) + amount.rjust(14, "0") + " " * 16


PAIR = (HEAD, row("-12.50"), row("30.05"))
RECORDS = (record("01", "1000{"), record("04", "125}"), record("04", "300E"), record("07", "1175E"))


def read(codec: MultiCash | Cfonb120, *lines: str) -> tuple[Statement, list[Finding]]:
    done = codec.read(("\n".join(lines) + "\n").encode())
    assert isinstance(done.message, StatementMessage)
    (statement,) = done.message.statements
    return statement, list(done.findings)


def amounts(statement: Statement) -> list[tuple[str, Decimal]]:
    return [(e.credit_debit, e.amount) for e in statement.entries]


def balances(statement: Statement) -> list[tuple[str, str, Decimal]]:
    return [(b.type, b.credit_debit, b.amount) for b in statement.balances]


def test_a_second_row_of_a_statement_is_told_and_its_balances_do_not_stand_beside_the_first_ones() -> None:
    once, _ = read(MULTICASH, HEAD)
    for second, severity in ((HEAD, Severity.WARNING), (HEAD.replace("100.00", "90.00"), Severity.ERROR)):
        statement, findings = read(MULTICASH, HEAD, second)
        (told,) = [f for f in findings if f.severity is not Severity.INFO]
        assert (told.severity, told.line) == (severity, 2)
        assert "a row already, in line 1" in told.text
        assert balances(statement) == balances(once)


def test_movements_that_were_appended_to_themselves_are_told_with_the_line_where_they_begin_again() -> None:
    rows = (row("-12.50"), row("30.05"))
    assert "H2H-STATEMENT-TWICE" not in {f.code for f in read(MULTICASH, *rows, row("1.00"), row("2.00"))[1]}
    assert "H2H-STATEMENT-TWICE" not in {f.code for f in read(MULTICASH, row("1.00"), row("1.00"))[1]}
    (told,) = [f for f in read(MULTICASH, *rows, *rows)[1] if f.code == "H2H-STATEMENT-TWICE"]
    assert told.line == 3


@pytest.mark.parametrize(
    ("codec", "lines", "bad", "code"),
    [
        (MULTICASH, PAIR, "37040044;0532013000;0042;nothing", "H2H-MULTICASH-ROW"),
        (MULTICASH, PAIR, row("12.5O"), "H2H-MULTICASH-ROW"),
        (CFONB, RECORDS, record("04", "12X5}"), "H2H-CFONB-RECORD"),
        (CFONB, RECORDS, "99 end of file", "H2H-CFONB-RECORD"),
    ],
)
def test_a_bad_line_is_a_finding_with_its_line_and_the_others_are_read(
    codec: MultiCash | Cfonb120, lines: tuple[str, ...], bad: str, code: str
) -> None:
    statement, findings = read(codec, *lines[:2], bad, *lines[2:])
    (found,) = findings
    assert (found.code, found.severity, found.line) == (code, Severity.ERROR, 3)
    assert bad.strip() in found.text
    assert amounts(statement) == [("DBIT", Decimal("12.50")), ("CRDT", Decimal("30.05"))]


def test_balances_and_entries_have_the_signs_of_the_file_and_agree() -> None:
    pair, told = read(MULTICASH, *PAIR)
    assert (told, check_statement(pair), [e.currency for e in pair.entries]) == ([], [], ["EUR", "EUR"])
    assert balances(pair) == [("OPBD", "CRDT", Decimal("100.00")), ("CLBD", "CRDT", Decimal("117.55"))]
    overdrawn, told = read(CFONB, record("01", "1000}"), record("04", "125}"), record("07", "1125}"))
    assert (told, check_statement(overdrawn)) == ([], [])
    assert balances(overdrawn) == [("OPBD", "DBIT", Decimal("100.00")), ("CLBD", "DBIT", Decimal("112.50"))]


@pytest.mark.parametrize(
    ("codec", "lines"), [(MULTICASH, (HEAD, row("12.50"), row("30.05"))), (CFONB, (*RECORDS[:2], RECORDS[3]))]
)
def test_entries_that_do_not_make_the_closing_balance_are_found(
    codec: MultiCash | Cfonb120, lines: tuple[str, ...]
) -> None:
    statement, _ = read(codec, *lines)
    assert "H2H-BALANCE" in [f.code for f in check_statement(statement)]


def test_balances_without_their_movements_are_not_compared_and_movements_alone_have_no_currency() -> None:
    alone, told = read(MULTICASH, HEAD)
    assert (alone.entries_elsewhere, check_statement(alone)) == (True, [])
    assert [f.code for f in told] == ["H2H-MULTICASH-PART"]
    rows, told = read(MULTICASH, *PAIR[1:])
    assert (rows.kind, [e.currency for e in rows.entries]) == ("report", ["", ""])
    assert [f.code for f in told] == ["H2H-MULTICASH-PART"]


@pytest.mark.parametrize(
    ("fields", "whole"),
    [
        (("Mustermann Maschinenbau Gmb", "H"), "Mustermann Maschinenbau GmbH"),
        (("Mustermann Maschinenbau AGX", " Koeln"), "Mustermann Maschinenbau AGX Koeln"),
        (("Mustermann Maschinenbau AG ", "Koeln"), "Mustermann Maschinenbau AG Koeln"),
        (("Mustermann", "Maschinenbau"), "Mustermann Maschinenbau"),
    ],
)
def test_a_full_field_goes_on_in_the_next_and_a_shorter_one_ends_its_word(fields: tuple[str, str], whole: str) -> None:
    statement, _ = read(MULTICASH, row("30.05", names=fields, notes=fields))
    (detail,) = statement.entries[0].details
    assert (detail.debtor_name, detail.remittance) == (whole, whole)


@pytest.mark.parametrize(("codec", "lines", "seed"), [(MULTICASH, PAIR, 120), (CFONB, RECORDS, 121)])
def test_whatever_is_damaged_nothing_but_findings_comes_out(
    codec: MultiCash | Cfonb120, lines: tuple[str, ...], seed: int
) -> None:
    whole, chance = ("\n".join(lines) + "\n").encode(), random.Random(seed)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.choice(b";\n .,-0A}{\x00\xff\xb2")
        data = bytes(damaged[: chance.randint(0, len(damaged))] if chance.random() < 0.3 else damaged)
        codec.identify(data)
        try:
            assert isinstance(codec.read(data).message, StatementMessage)
        except Refused as refused:
            assert refused.findings


@pytest.mark.parametrize(
    ("name", "sister"),
    [
        ("AUSZUG.TXT", "UMSATZ.TXT"),
        ("umsatz.txt", "auszug.txt"),
        ("D7_Auszug_2026.txt", "D7_Umsatz_2026.txt"),
        ("auszug/UMSATZ", "auszug/AUSZUG"),
        ("statement.txt", None),
    ],
)
def test_the_files_of_a_pair_know_each_other_by_name(name: str, sister: str | None) -> None:
    assert sister_name(name) == sister


def test_either_file_of_a_pair_is_whole_with_the_other_beside_it() -> None:
    head, rows = HEAD.encode(), "\n".join(PAIR[1:]).encode()
    ways = [MULTICASH.read_pair(head, rows, "UMSATZ.TXT"), MULTICASH.read_pair(rows, head, "AUSZUG.TXT")]
    both = read(MULTICASH, *PAIR)[0]
    for way in ways:
        assert isinstance(way.message, StatementMessage)
        (statement,) = way.message.statements
        assert statement == both
        assert [f.code for f in way.findings] == ["H2H-MULTICASH-PAIR"]


def test_of_the_file_beside_it_only_the_same_statements_rows_are_taken() -> None:
    others = f"{row('-12.50')}\n{row('30.05')}\n{row('99.00').replace(';0042;', ';0043;')}\n{row('x')}\n".encode()
    done = MULTICASH.read_pair(HEAD.encode(), others, "UMSATZ.TXT")
    assert isinstance(done.message, StatementMessage)
    (statement,) = done.message.statements
    assert len(statement.entries) == 2
    told = {f.code: f for f in done.findings}
    assert told["H2H-MULTICASH-ROW"].where == "UMSATZ.TXT, line 4"
    assert "1 more rows are of other statements" in told["H2H-MULTICASH-PAIR"].text


def test_records_without_line_ends_are_cut_at_their_width() -> None:
    with_ends, _ = read(CFONB, *RECORDS)
    without = CFONB.read("".join(RECORDS).encode()).message
    assert isinstance(without, StatementMessage)
    assert without.statements == [with_ends]


def complement(word: str, text: str) -> str:
    return "05".ljust(45) + f"{word}{text}".ljust(75)


def test_each_word_of_a_complement_has_its_place() -> None:
    words = {"LCS": "RF18539007547034", "CBE": "FR7630006000011234567890189", "NBE": "ACME SAS", "REF": "BANK-77"}
    lines = [complement(word, text) for word, text in words.items()]
    statement, found = read(CFONB, RECORDS[0], RECORDS[1], *lines, record("07", "875{"))
    assert found == []
    (entry,) = statement.entries
    (detail,) = entry.details
    assert entry.account_servicer_reference == "BANK-77"
    assert (detail.creditor_reference, detail.creditor_account, detail.creditor_name) == tuple(words.values())[:3]


def test_a_complement_without_a_movement_is_found_and_the_statement_is_whole_all_the_same() -> None:
    statement, (found,) = read(CFONB, RECORDS[0], complement("LCC", "RENT"), *RECORDS[1:])
    assert (found.line, "behind no movement" in found.text, "RENT" in found.text) == (2, True, True)
    assert len(statement.entries) == 2


def test_an_amount_without_a_currency_is_an_error_not_an_amount_of_some_currency() -> None:
    _, (found,) = read(CFONB, RECORDS[0], RECORDS[1].replace("EUR", "   "), *RECORDS[2:])
    assert (found.severity, found.line) == (Severity.ERROR, 2)
    assert "in which currency" in found.text
