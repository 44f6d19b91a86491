"""What an ERP imports: each form of a statement, the pair together, and nothing lost where a form cannot carry it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from h2h.cli.main import main
from h2h.core.model.statement import StatementMessage
from h2h.core.rows import defused
from tests.checkout import FORMATS
from tests.contracts.pain import IBANS
from tests.core.formulas import PAYLOADS
from tests.journeys.answers import Line, Sent, camt053, camt054, pain002
from tests.journeys.site import OUR_ACCOUNT, Site, salaries

OTHER_ACCOUNT = "DE02120300000000202051"

FORMS = ["mt940", "multicash", "finsta01", "camt.053", "camt.053.001.02"]
LINES = [Line("1250.00", "SAL-1"), Line("7.05", "IN-1", "CRDT", counterparty="Jürgen Groß", remittance="Rechnung 7")]


def site_with(tmp_path: Path, *forms: str, said: str = "", **erp: Any) -> Site:
    site = Site(tmp_path, erp={"deliver": list(forms), **erp}, bank=erp.pop("bank", {}))
    site.bank_says("stm.xml", said or camt053(LINES))
    site.once()
    return site


def given(site: Site, ending: str) -> bytes:
    (content,) = [content for name, content in site.inbox().items() if name.endswith(ending)]
    return content


def test_every_form_is_given_and_the_manifest_names_all(tmp_path: Path) -> None:
    site = site_with(tmp_path, "csv", "json", "original", *FORMS)
    (manifest,) = site.manifests()
    assert [f["format"] for f in manifest["files"]] == [
        *("csv", "json", "mt940", "multicash", "multicash", "finsta01", "camt.053", "camt.053.001.02", "original")
    ]
    names = [f["name"] for f in manifest["files"]]
    assert sorted([*names, *(n for n in site.inbox() if n.endswith(".manifest.json"))]) == sorted(site.inbox())
    assert manifest["not_given"] == []
    assert "not-in-this-form" not in site.waiting()
    assert names.index(next(n for n in names if "UMSATZ" in n)) < names.index(next(n for n in names if "AUSZUG" in n))


@pytest.mark.parametrize(("form", "ending"), [("mt940", ".mt940.sta"), ("camt.053", "053.001.08.xml")])
def test_what_is_given_says_what_the_bank_said(tmp_path: Path, form: str, ending: str) -> None:
    site = site_with(tmp_path, form)
    with site.house() as house:
        message = house.formats.read(given(site, ending)).message
    assert isinstance(message, StatementMessage)
    (statement,) = message.statements
    assert statement.account.number == OUR_ACCOUNT
    assert [str(e.amount) for e in statement.entries] == ["1250.00", "7.05"]
    assert [e.details[0].end_to_end_id for e in statement.entries] == ["SAL-1", "IN-1"]
    assert statement.opening is not None
    assert str(statement.opening.amount) == "10000.00"


def test_the_pair_agrees_with_itself_and_with_the_statement(tmp_path: Path) -> None:
    site = site_with(tmp_path, "multicash")
    (head,) = [line.split(";") for line in given(site, ".AUSZUG.TXT").decode("ascii").splitlines()]
    rows = [line.split(";") for line in given(site, ".UMSATZ.TXT").decode("ascii").splitlines()]
    assert head[:9] == [
        *(OUR_ACCOUNT[4:12], OUR_ACCOUNT[12:], "1", "01.12.26", "EUR", "10000.00", "1250.00", "7.05", "8757.05"),
    ]
    assert (len(head), head[17]) == (18, "2")
    assert {len(row) for row in rows} == {37}
    assert [(row[3], row[8], row[10], row[13]) for row in rows] == [
        ("01.12.26", "116", "-1250.00", "01.12.26"),
        ("01.12.26", "", "7.05", "01.12.26"),
    ]
    assert (rows[1][5], rows[1][16], rows[1][29]) == ("EREF+IN-1", "SVWZ+Rechnung 7", "Juergen Gross")


def test_an_idoc_says_which_credits_are_returns(tmp_path: Path) -> None:
    back = Line("1250.00", "SAL-1", "CRDT", return_reason="AC04")
    site = site_with(tmp_path, "finsta01", said=camt053([*LINES, back]))
    document = given(site, ".finsta01.xml").decode()
    assert document.count("<E1IDPF1") == 4
    assert "<MOABETR>1250.00-</MOABETR>" in document
    assert document.count("<LINACTION>RCV</LINACTION>") == document.count("<LINACTION>RET</LINACTION>") == 1
    assert "<MOAQUAL>021</MOAQUAL><MOABETR>10007.05</MOABETR>" in document


def test_what_a_form_cannot_carry_is_told_and_given_in_the_others_and_as_the_original(tmp_path: Path) -> None:
    said = camt053([Line("1.00", "A", remittance="付款")])
    site = site_with(tmp_path, "mt940", "camt.053", said=said, mt940={"on_charset": "refuse"})
    (manifest,) = site.manifests()
    (not_given,) = manifest["not_given"]
    assert not_given["format"] == "mt940"
    assert not_given["findings"][0]["where"] == "Stmt[1]/Ntry[1]/NtryDtls"
    assert [f["format"] for f in manifest["files"]] == ["camt.053"]
    (item,) = [i for i in site.attention() if i.kind == "not-in-this-form"]
    assert "付" in item.text
    assert "mt940" in item.text


def test_one_accounts_trouble_keeps_no_other_account_from_the_erp(tmp_path: Path) -> None:
    said = camt053([Line("1.00", "A", remittance="付款")], more=[(OTHER_ACCOUNT, LINES)])
    bank = {"accounts": [OUR_ACCOUNT, OTHER_ACCOUNT]}
    site = Site(
        tmp_path, erp={"deliver": ["mt940"], "mt940": {"on_charset": "refuse", "charset": "latin-1"}}, bank=bank
    )
    site.bank_says("stm.xml", said)
    site.once()
    (manifest,) = site.manifests()
    assert [f["format"] for f in manifest["files"]] == ["mt940", "original"], "the other one must be had somehow"
    assert f":25:{OTHER_ACCOUNT}".encode() in given(site, ".sta")
    assert OUR_ACCOUNT.encode() not in given(site, ".sta")
    assert manifest["not_given"][0]["findings"][0]["where"].startswith("Stmt[1]/Ntry[1]")
    assert "not-in-this-form" in site.waiting()


def test_what_a_form_has_no_place_for_stands_in_the_manifest(tmp_path: Path) -> None:
    site = site_with(tmp_path, "mt940", said=camt053([Line("1.00", "A", remittance="付款")]))
    (manifest,) = site.manifests()
    assert {(f["format"], f["code"]) for f in manifest["left_out"]} >= {("mt940", "H2H-ALTERED")}
    assert manifest["not_given"] == []
    assert "not-in-this-form" not in site.waiting()


def test_where_no_wanted_form_can_carry_it_the_original_is_given(tmp_path: Path) -> None:
    said = camt053([Line("1.00", "A", remittance="付款")])
    site = site_with(tmp_path, "mt940", said=said, mt940={"on_charset": "refuse"})
    assert given(site, ".xml") == said.encode()
    assert "not-in-this-form" in site.waiting()


def test_a_notification_is_no_statement_and_nobody_is_told_without_need(tmp_path: Path) -> None:
    site = site_with(tmp_path, "mt940", "csv", said=camt054([Line("1.00", "A", "CRDT")]))
    (manifest,) = site.manifests()
    assert [f["format"] for f in manifest["files"]] == ["csv"]
    assert [n["format"] for n in manifest["not_given"]] == ["mt940"]
    assert "not-in-this-form" not in site.waiting()


def test_an_erp_that_has_one_account_of_two_gets_no_line_of_the_other(tmp_path: Path) -> None:
    said = camt053(LINES, more=[(OTHER_ACCOUNT, [Line("666.00", "SECRET", "CRDT")])])
    site = Site(tmp_path, erp={"deliver": FORMS, "accounts": [OUR_ACCOUNT]})
    site.bank_says("stm.xml", said)
    site.once()
    assert len(site.manifests()[0]["files"]) == 6
    for name, content in site.inbox().items():
        assert b"SECRET" not in content, name
        assert OTHER_ACCOUNT.encode() not in content, name


def test_a_table_is_written_as_the_site_declares_it(tmp_path: Path) -> None:
    declared = {
        "columns": ["booking_date", "signed_amount", "counterparty", "remittance"],
        "delimiter": ";",
        "decimal_separator": ",",
        "date_format": "%d.%m.%Y",
        "encoding": "cp1252",
        "header": False,
    }
    site = site_with(tmp_path, "csv", statement_csv=declared)
    assert given(site, ".csv").decode("cp1252").splitlines() == [
        "01.12.2026;-1250,00;Payee;Invoice",
        "01.12.2026;7,05;Jürgen Groß;Rechnung 7",
    ]


def test_a_table_whose_encoding_lacks_a_letter_is_not_given_and_a_person_is_told(tmp_path: Path) -> None:
    said = camt053([Line("1.00", "A", remittance="付款")])
    site = site_with(tmp_path, "csv", "json", said=said, statement_csv={"encoding": "cp1252"})
    (manifest,) = site.manifests()
    assert [n["format"] for n in manifest["not_given"]] == ["csv"]
    assert [f["format"] for f in manifest["files"]] == ["json"]
    assert "not-in-this-form" in site.waiting()


def test_where_the_only_table_cannot_be_written_the_original_is_given_or_json_without_the_others_accounts(
    tmp_path: Path,
) -> None:
    lines = [Line("1.00", "A", remittance="付款")]
    alone = site_with(tmp_path / "alone", "csv", said=camt053(lines), statement_csv={"encoding": "cp1252"})
    assert [f["format"] for f in alone.manifests()[0]["files"]] == ["original"]
    said = camt053(lines, more=[(OTHER_ACCOUNT, [Line("666.00", "SECRET", "CRDT")])])
    declared = {"statement_csv": {"encoding": "cp1252"}, "accounts": [OUR_ACCOUNT]}
    shared = site_with(tmp_path / "shared", "csv", said=said, **declared)
    assert [f["format"] for f in shared.manifests()[0]["files"]] == ["json"]
    assert not [name for name, content in shared.inbox().items() if b"SECRET" in content]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_a_formula_and_each_is_had_back(payload: str) -> None:
    assert not defused(payload).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert defused(payload).removeprefix("'") == payload


def test_no_name_of_a_payee_becomes_a_formula_in_what_the_erp_is_given_of_its_payments(tmp_path: Path) -> None:
    evil = ["=HYPERLINK(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd", "'=cmd|A0"]
    site = Site(tmp_path, bank={"rules": {"charset": "utf-8"}})
    rows = salaries(*((f"SAL-{n}", "1,00", IBANS[0]) for n in range(len(evil))))
    for number, name in enumerate(evil):
        rows = rows.replace(f"Payee SAL-{number}", name)
    site.drop("salaries.csv", rows)
    site.once()
    (data,) = site.bank_takes().values()
    site.bank_says("1-status.xml", pain002(Sent.of(data), "ACSP"))
    site.once()
    table = next(c for n, c in site.inbox().items() if n.endswith(".csv")).decode()
    given_names = [row["creditor"] for row in csv.DictReader(io.StringIO(table, newline=""))]
    assert [name.removeprefix("'") for name in given_names] == evil
    assert [name for name in given_names if name.startswith(("=", "+", "-", "@"))] == []


# ------------------------------------------------------------------------------------------------ h2h convert

MT940 = FORMATS / "mt940/golden/german-sub-fields-and-sepa-words.sta"
CAMT = FORMATS / "camt/golden/balance-that-does-not-add-up-053-02.xml"


def h2h(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.mark.parametrize("form", ["camt.053", "camt.053.001.02", "camt.053.001.08"])
def test_a_statement_of_another_format_becomes_a_camt_that_h2h_finds_sound(tmp_path: Path, form: str) -> None:
    out = tmp_path / "made.xml"
    assert h2h("convert", MT940, "--to", form, "-o", out).exit_code == 0
    assert h2h("validate", out).exit_code == 0
    made, source = (json.loads(h2h("inspect", "--json", f).stdout)["statements"][0] for f in (out, MT940))
    for key in ("account", "currency", "opening_balance", "closing_balance"):
        assert made[key] == source[key]
    facts = (
        "amount",
        "currency",
        "credit_debit",
        "booking_date",
        "value_date",
        "reversal",
        "end_to_end_ids",
        "remittance",
    )
    assert [[e[k] for k in facts] for e in made["entries"]] == [[e[k] for k in facts] for e in source["entries"]]


def test_convert_puts_a_pair_into_a_folder_and_asks_for_one(tmp_path: Path) -> None:
    asked = h2h("convert", MT940, "--to", "multicash")
    assert asked.exit_code == 2
    assert "name a folder" in asked.output
    assert h2h("convert", MT940, "--to", "multicash", "-o", tmp_path).exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{MT940.stem}.AUSZUG.TXT", f"{MT940.stem}.UMSATZ.TXT"]


def test_convert_says_what_a_form_has_no_place_for_and_refuses_what_it_cannot_carry(tmp_path: Path) -> None:
    told = h2h("convert", MT940, "--to", "finsta01")
    assert told.exit_code == 0
    assert "FINSTA01 has no place for the balance CLAV: once, at Stmt[1]" in told.stderr
    refused = h2h("convert", CAMT, "--to", "mt940", "-o", tmp_path / "made.sta")
    assert refused.exit_code == 1
    assert "Stmt[1]/ElctrncSeqNb" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_payment_does_not_become_a_statement() -> None:
    payment = next((FORMATS / "pain.001/golden").glob("two-*09.xml"))
    assert h2h("convert", payment, "--to", "mt940").exit_code == 2
