"""A CSV file becomes a valid pain.001: grouped, exact, the same bytes every time, in memory that does not grow."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h2h.adapters.schema import SchemaBook
from h2h.core.codecs.spool import HELD_MAX, Spool
from h2h.core.convert import payment_records
from h2h.core.declared import Rules
from h2h.core.findings import Severity
from h2h.core.model.payment import Initiation
from h2h.core.outcome import Outcome
from h2h.core.rules.accounts import iban_test, why_no_iban
from h2h.core.rules.references import Marks
from tests.conftest import missing
from tests.core.erp_files import (
    OUR_ACCOUNT,
    PAYEE_ACCOUNT,
    ROOT,
    STAMP,
    Bank,
    Scratch,
    convert,
    converted,
    delimited,
    file_of,
    format_of,
    payments_of,
    row,
)


@pytest.fixture(scope="module")
def schemas() -> SchemaBook:
    folder = ROOT / "xsd" / "iso20022"
    if not folder.is_dir():
        missing("the official schemas (make setup)")
    return SchemaBook([folder])


def initiation_of(xml: bytes, format: str = "pain.001.001.09") -> Initiation:
    message = format_of(format).read(xml).message
    assert isinstance(message, Initiation)
    return message


EVERYTHING: dict[str, Any] = {
    "debtor_street_name": {"constant": "Hauptstrasse"},
    "debtor_building_number": {"constant": "1"},
    "debtor_post_code": {"constant": "50667"},
    "debtor_town_name": {"constant": "Koeln"},
    "debtor_country": {"constant": "DE"},
    "debtor_account_currency": {"constant": "EUR"},
    "service_level": {"constant": "SEPA"},
    "category_purpose": {"constant": "SUPP"},
    "instruction_priority": {"constant": "NORM"},
    "charge_bearer": {"constant": "SLEV"},
    "batch_booking": {"constant": "true"},
    "ultimate_debtor_name": {"constant": "Acme Holding"},
    "creditor_town_name": {"constant": "Wien"},
    "creditor_country": {"constant": "AT"},
    "creditor_address_line_1": {"constant": "Ring 1"},
    "creditor_bic": {"constant": "GIBAATWWXXX"},
    "creditor_agent_name": {"constant": "Erste Bank"},
    "ultimate_creditor_name": {"constant": "Beta Holding"},
    "purpose": {"constant": "SUPP"},
    "instruction_id": {"column": "ref"},
}


@pytest.mark.parametrize("format", ["pain.001.001.09", "pain.001.001.03"])
@pytest.mark.parametrize("fields", [{}, EVERYTHING])
def test_what_is_written_is_valid_and_says_what_the_file_says(
    format: str, fields: dict[str, Any], schemas: SchemaBook
) -> None:
    done = converted(row(), row(ref="INV-2", amount="7.25"), declared=delimited(fields), format=format)
    assert not done.conversion.refused, done.findings
    assert schemas.validate(format_of(format).schema or "", done.xml) == []
    assert [(p["end_to_end_id"], p["amount"], p["name"], p["account"]) for p in payments_of(done.xml)] == [
        ("INV-1", "100.50", "Beta GmbH", PAYEE_ACCOUNT),
        ("INV-2", "7.25", "Beta GmbH", PAYEE_ACCOUNT),
    ]


def test_every_declared_field_reaches_the_bank() -> None:
    written = converted(row(), declared=delimited(EVERYTHING)).xml.decode()
    for source in EVERYTHING.values():
        assert f">{source.get('constant', 'INV-1')}<" in written, source


def test_header_and_instructions_state_their_counts_and_sums() -> None:
    done = converted(row(), row(ref="INV-2", amount="7.25"), row(ref="INV-3", amount="1", date="2026-11-25"))
    read = initiation_of(done.xml)
    assert (read.message_id, read.stated_transaction_count, read.stated_control_sum) == ("ACME-1", 3, Decimal("108.75"))
    assert [(i.id, i.stated_transaction_count, i.stated_control_sum) for i in read.instructions] == [
        ("ACME-1-1", 2, Decimal("107.75")),
        ("ACME-1-2", 1, Decimal("1")),
    ]
    assert done.conversion.count == 3
    assert done.conversion.control_sum == Decimal("108.75")


@pytest.mark.parametrize(
    ("changes", "groups"),
    [
        ({"date": "2026-11-25"}, 2),
        ({"currency": "USD"}, 2),
        ({"amount": "9.99", "name": "Gamma", "text": "other"}, 1),
    ],
)
def test_payments_that_differ_in_date_or_currency_are_in_different_instructions(
    changes: dict[str, str], groups: int
) -> None:
    done = converted(row(), row(ref="INV-2", **changes), row(ref="INV-3"))
    assert len(done.conversion.groups) == groups


def test_rows_of_another_debtor_account_or_payment_group_are_in_another_instruction() -> None:
    columns = ("ref", "amount", "currency", "name", "account", "date", "text", "from", "run")
    declared = delimited({"debtor_account": "from", "payment_group": "run"})
    other = "DE02120300000000202051"
    rows = [
        row(ref=f"R{n}") + f",{account},{run}"
        for n, (account, run) in enumerate([(OUR_ACCOUNT, "A"), (other, "A"), (OUR_ACCOUNT, "B"), (OUR_ACCOUNT, "A")])
    ]
    done = convert(file_of(*rows, columns=columns), declared)
    read = initiation_of(done.xml)
    assert [i.debtor_account.iban for i in read.instructions] == [OUR_ACCOUNT, other, OUR_ACCOUNT]
    assert [t.end_to_end_id for t in read.transactions] == ["R0", "R3", "R1", "R2"]


def test_sums_are_kept_by_currency() -> None:
    done = converted(row(), row(ref="INV-2", amount="7.25", currency="USD"), row(ref="INV-3", amount="1"))
    assert done.conversion.sums() == {"EUR": Decimal("101.50"), "USD": Decimal("7.25")}


def test_the_same_file_gives_the_same_bytes() -> None:
    data = file_of(*[row(ref=f"INV-{n}", date=f"2026-11-2{4 + n % 3}") for n in range(50)])
    assert convert(data).xml == convert(data).xml
    assert convert(data, stamp=replace(STAMP, message_id="ACME-2")).xml != convert(data).xml


def test_a_refused_file_writes_nothing_and_is_read_to_its_end() -> None:
    done = converted(row(amount="x"), row(ref="INV-2", account="DE00"), row(ref="INV-3", name=""), row(ref="INV-4"))
    assert done.conversion.refused
    assert done.xml == b""
    assert [(f.code, f.line) for f in done.findings] == [("H2H-AMOUNT", 2), ("H2H-IBAN", 3), ("H2H-MISSING", 4)]


def test_a_row_with_several_mistakes_has_several_findings() -> None:
    found = converted(row(amount='"1,5"', account="DE1", name="Ü", date="tomorrow", ref="INV_1", text="x"))
    assert sorted(found.codes) == ["H2H-AMOUNT", "H2H-CHARSET", "H2H-FORM", "H2H-IBAN", "H2H-ID"]
    assert {f.line for f in found.findings} == {2}


def test_a_value_that_the_banks_format_has_no_place_for_is_refused_with_its_line() -> None:
    declared = delimited({"uetr": "text", "remittance": None})
    uetr = "eb6305c9-1f7f-49de-aed0-16487c27b42d"
    assert not converted(row(text=uetr), declared=declared).conversion.refused
    refused = converted(row(text=uetr), declared=declared, format="pain.001.001.03")
    assert refused.conversion.refused
    assert (refused.findings[-1].line, refused.findings[-1].severity) == (2, Severity.ERROR)
    assert "uetr" in refused.findings[-1].text


# ------------------------------------------------------------------------------------------------ transliteration

SPELLS = Bank(rules=Rules(on_charset="transliterate"))


def test_texts_are_spelled_for_the_bank_only_where_the_profile_says_so_and_each_is_reported() -> None:
    done = converted(row(name="Müller & Söhne", text="Zażółć"), bank=SPELLS)
    assert not done.conversion.refused, done.findings
    payment = next(payments_of(done.xml))
    assert (payment["name"], payment["text"]) == ("Mueller + Soehne", "Zazolc")
    assert [(f.code, f.where, f.text) for f in done.findings] == [
        ("H2H-TRANSLITERATED", "line 2, column name", '"Müller & Söhne" goes to the bank as "Mueller + Soehne"'),
        ("H2H-TRANSLITERATED", "line 2, column text", '"Zażółć" goes to the bank as "Zazolc"'),
    ]


def test_the_debtors_name_is_spelled_and_reported_too() -> None:
    done = converted(row(), declared=delimited({"debtor_name": {"constant": "Bäcker AG"}}), bank=SPELLS)
    assert initiation_of(done.xml).instructions[0].debtor.name == "Baecker AG"
    assert done.codes == ["H2H-TRANSLITERATED"]


def test_a_letter_without_known_spelling_is_refused_even_then() -> None:
    done = converted(row(name="上海示例"), bank=SPELLS)
    assert done.only("H2H-CHARSET").severity is Severity.ERROR


def test_a_name_that_grows_too_long_by_its_spelling_is_refused_not_cut() -> None:
    done = converted(row(name="ä" * 40), bank=SPELLS)
    assert "80 characters" in done.only("H2H-LENGTH").text


def test_chinese_goes_to_a_bank_that_takes_it() -> None:
    done = converted(row(name="上海示例商贸有限公司"), bank=Bank(rules=Rules(charset="utf-8")))
    assert [p["name"] for p in payments_of(done.xml)] == ["上海示例商贸有限公司"]


# ------------------------------------------------------------------------------------------------ references


def test_where_the_erp_has_no_references_h2h_gives_instruction_ids_to_match_answers_by() -> None:
    declared = delimited({"end_to_end_id": {"constant": "NOTPROVIDED"}}, ignore_columns=("ref",))
    done = converted(row(), row(amount="2", date="2026-11-25"), row(amount="3"), declared=declared)
    assert [(p["end_to_end_id"], p["instruction_id"], p["amount"]) for p in payments_of(done.xml)] == [
        ("NOTPROVIDED", "ACME-1-T1", "100.50"),
        ("NOTPROVIDED", "ACME-1-T2", "3"),
        ("NOTPROVIDED", "ACME-1-T3", "2"),
    ]
    assert [r.instruction_id for r in done.conversion.records("s")] == ["ACME-1-T1", "ACME-1-T2", "ACME-1-T3"]


def test_where_the_erp_has_references_h2h_adds_none() -> None:
    assert next(payments_of(converted(row()).xml))["instruction_id"] == ""


def test_payments_without_reference_are_told_apart_by_what_they_are_for() -> None:
    declared = delimited({"end_to_end_id": {"constant": "NOTPROVIDED"}}, ignore_columns=("ref",))
    done = converted(row(text="May"), row(text="June"), declared=declared)
    assert len({r.fingerprint for r in done.conversion.records("s")}) == 2


def test_an_empty_reference_is_never_filled_in() -> None:
    assert converted(row(ref="")).conversion.refused


# ------------------------------------------------------------------------------------------------ records


def test_the_journal_gets_every_payment_in_the_order_of_the_banks_file() -> None:
    rows = [row(ref=f"INV-{n}", amount=f"{n}.25", date=f"2026-11-2{4 + n % 2}") for n in range(1, 7)]
    done = converted(*rows)
    records = list(done.conversion.records("sid"))
    assert [r.end_to_end_id for r in records] == [p["end_to_end_id"] for p in payments_of(done.xml)]
    assert [r.ordinal for r in records] == [1, 2, 3, 4, 5, 6]
    first = records[0]
    assert (first.sid, first.amount, first.currency, first.outcome) == ("sid", Decimal("1.25"), "EUR", Outcome.PENDING)
    assert (first.creditor_account, first.debtor_account) == (PAYEE_ACCOUNT, OUR_ACCOUNT)
    assert first.payment_information_id == "ACME-1-1"


def test_a_file_passed_through_gives_the_same_records_as_the_one_converted() -> None:
    done = converted(row(), row(ref="INV-2", amount="7.25"))
    assert list(payment_records(initiation_of(done.xml), "s")) == list(done.conversion.records("s"))


def test_the_same_payment_has_the_same_fingerprint_in_two_files() -> None:
    one = list(convert(file_of(row(), row(ref="INV-2"))).conversion.records("a"))
    two = list(convert(file_of(row(amount="100.5")), stamp=replace(STAMP, message_id="B")).conversion.records("b"))
    assert two[0].fingerprint == one[0].fingerprint
    assert two[0].fingerprint != one[1].fingerprint


# ------------------------------------------------------------------------------------------------ money


@given(st.lists(st.decimals("0.01", "999999999.99", places=2), min_size=1, max_size=40))
def test_every_amount_arrives_exactly_and_the_sums_are_those_of_another_reader(amounts: list[Decimal]) -> None:
    data = file_of(*[row(ref=f"R{n}", amount=f"{a:f}") for n, a in enumerate(amounts)])
    done = convert(data, bank=Bank(rules=Rules(scheme="sepa")))
    assert not done.conversion.refused, done.findings
    arrived = [Decimal(p["amount"]) for p in payments_of(done.xml)]
    assert arrived == amounts
    assert done.conversion.control_sum == sum(arrived)


@given(
    st.lists(
        st.tuples(st.sampled_from(["2026-11-24", "2026-11-25", "2026-11-26"]), st.sampled_from(["EUR", "USD"])),
        min_size=1,
        max_size=40,
    )
)
def test_no_payment_is_lost_or_doubled_by_grouping(kinds: list[tuple[str, str]]) -> None:
    data = file_of(*[row(ref=f"R{n}", date=day, currency=currency) for n, (day, currency) in enumerate(kinds)])
    done = convert(data)
    assert Counter(p["end_to_end_id"] for p in payments_of(done.xml)) == Counter(f"R{n}" for n in range(len(kinds)))


# ------------------------------------------------------------------------------------------------ large files


def test_a_large_file_is_spooled_and_comes_out_as_a_small_one_would() -> None:
    count = HELD_MAX * 2 + 17
    data = file_of(*[row(ref=f"R{n}", amount=f"{n + 1}", date=f"2026-11-2{4 + n % 3}") for n in range(count)])
    done = convert(data)
    assert len(done.scratch.files) == 1
    written = list(payments_of(done.xml))
    assert len(written) == count
    assert [p["end_to_end_id"] for p in written[:3]] == ["R0", "R3", "R6"]
    assert done.conversion.control_sum == count * (count + 1) // 2
    assert sum(1 for _ in done.conversion.records("s")) == count
    done.conversion.close()
    assert done.scratch.files[0].closed


ODD = {
    "ref": ["INV-1", "INV-2", "INV/4", "/5", "INV_6", "", "NOTPROVIDED", "R" * 36, " R 1 "],
    "amount": ["7.25", "0", "0.00", "1.005", "x", "", "1e3", "1000000000.00", "7.250", "007.25", "7.2", " 7.25"],
    "currency": ["USD", "JPY", "EUX", ""],
    "name": ["Gamma AG", "", "12345", "² GmbH", "Bäcker", "A & B <C>", "100 % Bio", " Beta ", "N" * 35, "N" * 71],
    "account": [OUR_ACCOUNT, "AT611904300234573202", "6222000000001234567", "", "AT61 1904 3002 3457 3201",
                "CH4431999123000889012", "CH9300762011623852957", "BR1800360305000010009795493c1", "6.22E+18"],
    "date": ["2026-11-25", "2026-11-20", "soon"],
    "text": ["Invoice 1", "Invoice 2", "", " ", "x" * 141, "Zażółć"],
}  # fmt: skip
CHANGES = st.lists(st.sampled_from([(name, value) for name, values in ODD.items() for value in values]), max_size=2)


@settings(deadline=None, max_examples=300)
@given(st.lists(CHANGES, min_size=1, max_size=12), st.sampled_from(["generic", "sepa"]), st.booleans())
def test_rows_like_one_found_good_are_judged_as_if_each_were_the_first(
    changes: list[list[tuple[str, str]]], scheme: Any, spells: bool
) -> None:
    bank = Bank(rules=Rules(scheme=scheme, on_charset="transliterate" if spells else "refuse"))
    # Two of each sort come first: with the second, h2h has learned it.
    known = [
        row(ref=f"{account}-{n}", account=account, amount=f"{n}.51", text=text)
        for account in (PAYEE_ACCOUNT, "CH9300762011623852957")
        for n, text in enumerate(["One", "Two", "", ""])
    ]
    data = file_of(*known, *[row(**{"ref": f"R{n}", **dict(some)}) for n, some in enumerate(changes)])
    quick = convert(data, bank=bank)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("h2h.core.alike.SORTS_MAX", 0)
        each = convert(data, bank=bank)
    assert quick.findings == each.findings
    assert quick.xml == each.xml


@pytest.mark.parametrize("fields", [{}, EVERYTHING, {"end_to_end_id": {"constant": "NOTPROVIDED"}}])
def test_whether_payments_are_kept_or_read_again_the_bytes_are_the_same(
    fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = file_of(
        row(name="Müller"),
        row(ref="INV-2", amount="7.25", date="2026-11-25"),
        row(ref="INV-3", text="Zażółć", amount="3"),
    )
    declared = delimited(fields, ignore_columns=("ref",) if fields and fields is not EVERYTHING else ())
    kept = convert(data, declared, SPELLS)
    monkeypatch.setattr("h2h.core.codecs.spool.HELD_MAX", 1)
    again = convert(data, declared, SPELLS)
    assert not kept.conversion.refused, kept.findings
    assert again.xml == kept.xml
    assert again.findings == kept.findings
    assert list(again.conversion.records("s")) == list(kept.conversion.records("s"))
    kept.conversion.close()
    again.conversion.close()


def test_a_small_file_needs_no_scratch() -> None:
    assert converted(row()).scratch.files == []


@given(st.lists(st.tuples(st.integers(0, 3), st.text(max_size=5)), max_size=60), st.integers(1, 7))
def test_a_spool_gives_back_each_group_in_order_and_again(rows: list[tuple[int, str]], held: int) -> None:
    spool = Spool(Scratch(), held)
    for group, value in rows:
        spool.add(group, [value])
    for _ in range(2):
        for group in range(4):
            assert [list(r) for r in spool.read(group)] == [[v] for g, v in rows if g == group]
    spool.close()


def test_a_closed_spool_says_so_instead_of_giving_half() -> None:
    spool = Spool(io.BytesIO, 1)
    spool.add(0, ["a"])
    spool.close()
    with pytest.raises(ValueError, match="closed"):
        list(spool.read(0))


@pytest.mark.parametrize("format", ["pain.001.001.03", "pain.001.001.09"])
@pytest.mark.parametrize("text", ["Invoice & <more>", ""])
def test_payments_that_are_alike_are_written_as_one_by_one(
    format: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"Payee {n} %s {'&' if n % 7 == 6 else ''}" for n in range(30)]
    rows = [
        row(ref=f"INV-{n}", name=name, amount=f"{n + 1}.10", text=f"{text} {n}" if text else "")
        for n, name in enumerate(names)
    ]
    bank = Bank(rules=Rules(charset="utf-8"))
    alike = convert(file_of(*rows), bank=bank, format=format)
    taken = [t for n in range(len(alike.conversion.groups)) for t in alike.conversion.transfers(n)]
    monkeypatch.setattr("h2h.core.alike.SORTS_MAX", 0)
    each = convert(file_of(*rows), bank=bank, format=format)
    assert not each.conversion.refused, each.findings
    assert alike.xml == each.xml
    assert taken == [t for n in range(len(each.conversion.groups)) for t in each.conversion.transfers(n)]
    assert list(alike.conversion.records("s")) == list(each.conversion.records("s"))


@given(
    st.sampled_from([PAYEE_ACCOUNT, OUR_ACCOUNT, "CH9300762011623852957", "MT84MALT011000012345MTLCAST001S",
                     "BR1800360305000010009795493C1", "GB29NWBK60161331926819"]),
    st.integers(0, 40), st.sampled_from([*"0159AZaz ٣é", "", "00"]),
)  # fmt: skip
def test_the_quick_look_at_an_iban_takes_what_the_full_check_takes(iban: str, at: int, other: str) -> None:
    mistyped = iban[:at] + other + iban[at + 1 :]
    is_iban = iban_test(iban[:2])
    assert is_iban is not None
    assert is_iban(mistyped) == (mistyped[:2] == iban[:2] and why_no_iban(mistyped) is None)


def test_among_very_many_ids_the_two_that_are_equal_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("h2h.core.rules.references._MARKS_AT_A_TIME", 50)
    marks = Marks()
    for n in range(1000):
        marks.is_new(f"id {n % 999}", n)
    assert marks.repeated() == {"end_to_end_id": frozenset({hash("id 0")})}
    marks.forget()
    assert marks.repeated() == {}
