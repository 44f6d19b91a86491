"""JSON files: exact numbers, no key twice, every key read or knowingly ignored, each finding with its payment."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from h2h.core.codecs import json_text
from h2h.core.codecs.layout import check_fields
from h2h.core.declared_tables import JsonTable
from tests.core.erp_files import FIELDS, PAYEE_ACCOUNT, SOUND, Result, convert, payments_of

NESTED = {**FIELDS, "creditor_account": "creditor.iban", "creditor_name": "creditor.name", "remittance": "texts.0"}


def declared(fields: dict[str, Any] | None = None, **changes: Any) -> JsonTable:
    return JsonTable(fields={**NESTED, **(fields or {})}, **changes)


def payment(ref: str = "INV-1", **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {k: SOUND[k] for k in ("currency", "date")}
    made |= {"ref": ref, "amount": 100.5, "creditor": {"name": "Beta GmbH", "iban": PAYEE_ACCOUNT}, "texts": [ref]}
    return made | changes


def read(document: Any, table: JsonTable | None = None) -> Result:
    data = document if isinstance(document, bytes) else json.dumps(document, indent=1).encode()
    return convert(data, table or declared())


def amounts(done: Result) -> list[str]:
    return [p["amount"] for p in payments_of(done.xml)]


def test_an_array_of_objects_becomes_payments() -> None:
    done = read([payment(), payment("INV-2", amount="0.01")])
    assert not done.conversion.refused, done.findings
    assert amounts(done) == ["100.5", "0.01"]


def test_a_number_keeps_every_digit_that_it_has_in_the_file() -> None:
    data = json.dumps([payment()]).replace("100.5", "12345678901234.56").encode()
    assert amounts(read(data)) == ["12345678901234.56"]


@pytest.mark.parametrize("written", ["1e3", "-5", "NaN", "Infinity", "0", "1.234"])
def test_an_amount_that_is_no_plain_positive_number_is_refused(written: str) -> None:
    data = json.dumps([payment()]).replace("100.5", written).encode()
    assert read(data).conversion.refused


def test_a_key_that_stands_twice_is_refused_whatever_stands_in_it() -> None:
    data = json.dumps([payment()]).replace('"ref"', '"amount": 1, "ref"').encode()
    found = read(data).only("H2H-JSON")
    assert (found.where, 'the key "amount" stands twice' in found.text) == ("payment 1", True)


def test_a_path_that_leads_to_two_values_is_refused() -> None:
    found = read([payment(**{"creditor.iban": "DE89370400440532013000"})]).only("H2H-JSON")
    assert '"creditor.iban" is the path of two values' in found.text
    table = declared({"requested_execution_date": "$.h.day"}, payments="items", ignore_columns=("date",))
    twice = {"h": {"day": "2026-11-25"}, "h.day": "2026-11-26", "items": [payment()]}
    assert "H2H-JSON" in read(twice, table).codes


def test_a_key_that_nothing_reads_is_found_once_with_its_path() -> None:
    many = [payment(creditor={"name": "B", "iban": PAYEE_ACCOUNT, "vat": n}) for n in (1, 2)]
    assert 'nothing reads "creditor.vat"' in read(many).only("H2H-COLUMNS").text
    ignoring = declared(ignore_columns=("creditor.vat",))
    assert "H2H-COLUMNS" not in read(many, ignoring).codes


def test_values_around_the_payments_are_read_wherever_they_stand() -> None:
    table = declared({"requested_execution_date": "$.header.day"}, payments="run.items", ignore_columns=("date",))
    before = {"header": {"day": "2026-11-25"}, "run": {"items": [payment()]}}
    for document in (before, dict(reversed(before.items()))):
        done = read(document, table)
        assert not done.conversion.refused, done.findings
        assert b"<Dt>2026-11-25</Dt>" in done.xml


def test_a_value_around_the_payments_that_nothing_reads_is_found() -> None:
    document = {"header": {"currency": "USD"}, "items": [payment()]}
    assert 'nothing reads "$.header.currency"' in read(document, declared(payments="items")).only("H2H-COLUMNS").text


def test_stated_count_and_sum_are_compared() -> None:
    table = declared(payments="items", count="header.count", sum="header.sum")
    good = {"header": {"count": 2, "sum": 201}, "items": [payment(), payment("INV-2")]}
    assert not read(good, table).conversion.refused
    for header in ({"count": 3, "sum": 201}, {"count": 2, "sum": "200.99"}):
        assert read({**good, "header": header}, table).codes == ["H2H-TRAILER"]


def test_a_stated_count_that_is_not_there_refuses_the_file() -> None:
    table = declared(payments="items", count="header.count")
    assert read({"items": [payment()]}, table).codes == ["H2H-TRAILER"]


def test_one_payment_a_line_is_read_and_a_bad_line_costs_only_itself() -> None:
    text = "\n".join(json.dumps(p) for p in (payment(), payment("INV-2"))) + "\n"
    assert read(text.encode(), declared(lines=True)).conversion.count == 2
    done = read(text.replace('{"currency"', "{currency", 1).encode(), declared(lines=True))
    assert [(f.code, f.line) for f in done.findings] == [("H2H-JSON", 1)]


def test_a_finding_names_the_payment_the_path_and_the_line() -> None:
    bad = payment("INV-2", creditor={"name": "B", "iban": "AT611904300234573202"})
    found = read([payment(), bad]).only("H2H-IBAN")
    assert found.where == "payment 2, creditor.iban"
    assert found.line == 15


def test_an_account_as_a_number_is_refused() -> None:
    found = read([payment(creditor={"name": "B", "iban": 6222021012345678901})]).only("H2H-FORM")
    assert "write accounts in quotes" in found.text


def test_half_a_character_and_nul_are_no_text() -> None:
    assert "\\ud800" in read(json.dumps([payment(texts=["\ud800"])]).encode()).only("H2H-ENCODING").text
    assert "H2H-NUL" in read(json.dumps([payment(texts=["a\0"])]).encode()).codes


@pytest.mark.parametrize(
    "data",
    [b"", b"[", b"{}", b"[{}", b"[]x", b"[1]", b"[[]]", b'"a"', b"[{},]", b"\xff\xfe[\0]\0", b"[" * 100_000, b"null"],
)
def test_what_is_no_array_of_payments_is_refused(data: bytes) -> None:
    assert read(data).conversion.refused


def test_two_documents_in_one_file_are_refused() -> None:
    data = json.dumps([payment()]).encode()
    assert "behind the end" in read(data + data).only("H2H-JSON").text


def test_a_file_larger_than_a_block_is_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    document = [payment(f"INV-{n}", texts=[f"Zahlung {n} über"]) for n in range(50)]
    expected = read(document)
    for size in (1, 7, 64):
        monkeypatch.setattr(json_text, "_BLOCK", size)
        assert read(document).xml == expected.xml


def test_paths_are_names_and_a_file_of_lines_has_nothing_around_them() -> None:
    assert any("not positions" in f.text for f in check_fields(declared({"currency": {"column": 3}})))
    assert any("nothing around" in f.text for f in check_fields(declared(lines=True, payments="items")))
    assert check_fields(declared()) == []


def test_whatever_is_damaged_nothing_but_findings_comes_out() -> None:
    whole = json.dumps({"items": [payment(f"INV-{n}") for n in range(9)], "count": 9}, ensure_ascii=False).encode()
    chance = random.Random(20261124)
    table = declared(payments="items", count="count")
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 5)):
            damaged[chance.randrange(len(damaged))] = chance.choice(b'{}[]",:\\0e-.n \xc3\xff')
        done = convert(bytes(damaged[: chance.randint(0, len(damaged))] if chance.random() < 0.3 else damaged), table)
        assert done.conversion.refused == any(f.severity == "error" for f in done.findings)


def test_a_yes_or_no_is_a_word_and_an_empty_list_is_no_text() -> None:
    assert b"<Ustrd>true</Ustrd>" in read([payment(texts=[True])]).xml
    found = read([payment(texts=[[]])]).only("H2H-FORM")
    assert ("empty object or array" in found.text, found.where) == (True, "payment 1, texts.0")


def test_what_stands_behind_a_payment_on_its_line_costs_only_that_line() -> None:
    one, two = (json.dumps(payment(ref)) for ref in ("INV-1", "INV-2"))
    done = read(f"\n{one} {two}\n\n{two}\n".encode(), declared(lines=True))
    assert [(f.code, f.line) for f in done.findings] == [("H2H-JSON", 2)]
    assert "behind the payment" in done.findings[0].text


def test_around_the_payments_too_no_key_and_no_path_stands_twice() -> None:
    table = declared({"requested_execution_date": "$.h.day"}, payments="items", ignore_columns=("date",))
    items = json.dumps([payment()])
    key = read(f'{{"h": {{"day": "2026-11-25", "day": "2026-11-26"}}, "items": {items}}}'.encode(), table)
    assert 'the key "day" stands twice' in key.only("H2H-JSON").text
    outer = read(f'{{"h": {{"day": "2026-11-25"}}, "h": {{"day": "2026-11-26"}}, "items": {items}}}'.encode(), table)
    assert 'the key "h" stands twice' in outer.only("H2H-JSON").text
