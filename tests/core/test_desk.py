"""What ``h2h inspect`` says of a file: each finding once, and of a transaction what it is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from h2h.cli.desk import Desk
from h2h.core.model.statement import EntryDetail
from h2h.core.view.statement import purpose

GOLDEN = Path("formats/camt/golden/batch-entry-and-return-053-08.xml").read_bytes()


@pytest.mark.parametrize(
    "data",
    [
        GOLDEN[:700],
        GOLDEN + GOLDEN[GOLDEN.index(b"<Document") :],
        GOLDEN.replace(b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', b"").replace(b"MsgId>", b"Other>"),
    ],
)
def test_one_fault_of_a_document_is_told_once_whoever_finds_it(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "statement.xml"
    file.write_bytes(data)
    looked = Desk().look(file)
    told = [(f.code, f.where, f.text) for f in looked.findings]
    assert looked.exit_status == 1
    assert len(told) == len(set(told)) > 0


@pytest.mark.parametrize(
    ("words", "reference", "expected"),
    [
        ("invoices 88, 89", "RF18539007547034", "invoices 88, 89"),
        ("", "RF18539007547034", "RF18539007547034"),
        ("?REJECT?0 ?ERROR?000", "210000000003139471430009017", "210000000003139471430009017"),
        ("Miete ?REJECT?0", "210000000003139471430009017", "Miete"),
        ("warum ?REJECT?", None, "warum ?REJECT?"),
        ("?REJECT?0", None, "?REJECT?0"),
        ("", None, ""),
    ],
)
def test_a_payment_is_for_its_words_or_else_for_the_creditors_reference(
    words: str, reference: str | None, expected: str
) -> None:
    assert purpose(EntryDetail(remittance=words, creditor_reference=reference)) == expected


@pytest.mark.parametrize("golden", ["ccb/golden/payment-within-the-bank.xml", "cib/golden/payment-to-another-bank.xml"])
@pytest.mark.parametrize("secret", ["hunter-22", "hunter-22" * 30, "h 22\u00fc"])
def test_a_password_that_stands_in_a_document_is_in_no_finding(golden: str, secret: str, tmp_path: Path) -> None:
    file = tmp_path / "payment.xml"
    data = (Path("formats") / golden).read_bytes()
    assert data.count(b"********") == 1
    file.write_bytes(data.replace(b"********", secret.encode("gbk")))
    told = repr(Desk().look(file).findings)
    assert secret not in told
    assert secret[:8] not in told
    assert "PASS" in told


def test_a_sessions_token_is_in_no_finding(tmp_path: Path) -> None:
    file = tmp_path / "payment.xml"
    (golden,) = Path("formats/boc/golden").glob("payment-to-*bank.xml")
    data = golden.read_bytes()
    assert data.count(b"<token></token>") == 1
    file.write_bytes(data.replace(b"<token></token>", b"<token>1Yk532BscUL1</token>"))
    told = [f.text for f in Desk().look(file).findings if "token" in f.text]
    assert told == ["head/token was not read (1 time)"]
