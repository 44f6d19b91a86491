"""Whatever an ERP drops: a file of each kind goes from its folder to the bank, a damaged one comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import FORMATS
from tests.core.workbooks import DAY, number, row, workbook
from tests.journeys.answers import Sent, pain002
from tests.journeys.site import OUR_ACCOUNT, Site

PAYEE = "AT611904300234573201"
FIELDS: dict[str, Any] = {
    "debtor_name": {"constant": "Example Ltd"},
    "debtor_account": {"constant": OUR_ACCOUNT},
    "debtor_bic": {"constant": "DEUTDEFF"},
    "requested_execution_date": "day",
    "end_to_end_id": "ref",
    "amount": "amount",
    "currency": {"constant": "EUR"},
    "creditor_name": "payee",
    "creditor_account": "iban",
}
FIXED_WIDTH: dict[str, Any] = {
    "encoding": "cp273",
    "record_length": 80,
    "header_marker": "0",
    "detail_marker": "1",
    "trailer_marker": "9",
    "count": "number",
    "sum": "total",
    "date_format": "%Y%m%d",
    "columns": {
        "day": {"record": "header", "start": 2, "length": 8},
        "ref": {"start": 2, "length": 10},
        "payee": {"start": 12, "length": 20},
        "iban": {"start": 32, "length": 22},
        "amount": {"start": 54, "length": 9, "decimals": 2, "sign": "overpunched"},
        "number": {"record": "trailer", "start": 2, "length": 6, "decimals": 0},
        "total": {"record": "trailer", "start": 8, "length": 12, "decimals": 2},
    },
    "fields": FIELDS,
}
MT101 = f"""{{1:F01EXAMDEFFAXXX0000000000}}{{2:I101DEUTDEFFXXXXN}}{{4:
:20:RUN-7
:28D:1/1
:50F:/{OUR_ACCOUNT}
1/EXAMPLE LTD
3/DE/BERLIN
:52A:DEUTDEFF
:30:261125
:21:INV-1
:32B:EUR100,50
:59F:/{PAYEE}
1/BETA GMBH
3/AT/WIEN
:71A:SHA
-}}
"""
PEXR2002 = f"""<?xml version="1.0" encoding="UTF-8"?>
<PEXR2002><IDOC BEGIN="1">
<EDI_DC40 SEGMENT="1"><DOCNUM>700123</DOCNUM><MESTYP>PAYEXT</MESTYP></EDI_DC40>
<E1EDK02 SEGMENT="1"><QUALF>022</QUALF><BELNR>INV-1</BELNR></E1EDK02>
<E1EDK03 SEGMENT="1"><IDDAT>017</IDDAT><DATUM>20261125</DATUM></E1EDK03>
<E1IDKU5 SEGMENT="1"><MOAQUAL>002</MOAQUAL><MOABETR>100.50</MOABETR><CUXWAERZ>EUR</CUXWAERZ></E1IDKU5>
<E1IDB02 SEGMENT="1"><FIIQUALI>BA</FIIQUALI><FIIKONTO>{OUR_ACCOUNT}</FIIKONTO></E1IDB02>
<E1IDB02 SEGMENT="1"><FIIQUALI>BB</FIIQUALI><FIIKONTO>{PAYEE}</FIIKONTO></E1IDB02>
<E1EDKA1 SEGMENT="1"><PARVW>AG</PARVW><NAME1>Example Ltd</NAME1></E1EDKA1>
<E1EDKA1 SEGMENT="1"><PARVW>BE</PARVW><NAME1>Beta GmbH</NAME1><ORT01>Wien</ORT01><LAND1>AT</LAND1></E1EDKA1>
</IDOC></PEXR2002>
"""


def fixed_width(total: int = 10050) -> bytes:
    records = ("020261125", f"1{'INV-1':<10}{'Beta GmbH':<20}{PAYEE:<22}00001005ä", f"9{1:06}{total:012}")
    return "".join(record.ljust(80) for record in records).encode("cp273")


def spreadsheet(*more: str) -> bytes:
    one = row("INV-1", number("100.5"), "Beta GmbH", PAYEE, number("46351", DAY))
    return workbook(row("ref", "amount", "payee", "iban", "day"), one, *more)


def json_file(**changes: Any) -> bytes:
    payment = {"ref": "INV-1", "amount": 100.50, "payee": "Beta GmbH", "iban": PAYEE, "day": "2026-11-25", **changes}
    return json.dumps({"payments": [payment]}).encode()


KINDS: dict[str, tuple[dict[str, Any], str, bytes, bytes, str]] = {
    "fixed-width": ({"fixed_width": FIXED_WIDTH}, "run.dat", fixed_width(), fixed_width(10051), "H2H-TRAILER"),
    "spreadsheet": (
        {"spreadsheet": {"fields": FIELDS}}, "run.xlsx", spreadsheet(), spreadsheet(row("Sum", number("100.5"))),
        "H2H-MISSING",
    ),
    "json": (
        {"json": {"payments": "payments", "fields": FIELDS}}, "run.json", json_file(), json_file(note="x"),
        "H2H-COLUMNS",
    ),
    "mt101": ({}, "run.fin", MT101.encode(), MT101.replace("100,50", "100.50").encode(), "H2H-MT101"),
    "pexr2002": ({}, "run.xml", PEXR2002.encode(), PEXR2002.replace("PAYEXT", "REMADV").encode(), "H2H-PEXR"),
}  # fmt: skip


PLACES = {
    "fixed-width": "(record 3)",
    "spreadsheet": "(sheet Payments, cell E3 (day))",
    "json": "(payment 1)",
    "mt101": "(line 10, tag 32B)",
    "pexr2002": "(IDOC[1]/EDI_DC40/MESTYP)",
}


def site_with(tmp_path: Path, options: dict[str, Any]) -> Site:
    folder = {"name": "other", "outbound": "other/out", "inbound": "other/in", "completeness": {"by": "rename"}}
    return Site(tmp_path, more_erps=({**folder, "patterns": ["run.*"], **options},))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_every_kind_reaches_the_bank_as_its_pain_001(tmp_path: Path, kind: str) -> None:
    options, name, good, _, _ = KINDS[kind]
    site = site_with(tmp_path, options)
    site.drop(name, good, "other/out")
    assert site.once(), (tmp_path / "other/out" / f"{name}.error.txt").read_text()
    (data,) = site.bank_takes().values()
    sent = Sent.of(data)
    assert sent.message_name == "pain.001.001.09"
    assert [payment[1] for payment in sent.payments] == ["INV-1"]
    assert [payment[2].rstrip("0") for payment in sent.payments] == ["100.5"]
    sub = site.submission(name)
    assert (sub.source_format, sub.transaction_count) == (kind, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_of_every_kind_comes_back_with_its_findings_and_nothing_is_sent(
    tmp_path: Path, kind: str
) -> None:
    options, name, _, bad, code = KINDS[kind]
    site = site_with(tmp_path, options)
    site.drop(name, bad, "other/out")
    assert not site.once()
    assert site.bank_takes() == {}
    status = json.loads((tmp_path / "other/out" / f"{name}.status.json").read_text())
    assert status["state"] == "REFUSED"
    assert f"[{code}]" in (tmp_path / "other/out" / f"{name}.error.txt").read_text()


@pytest.mark.parametrize(
    ("marker", "sent"),
    [("count=1 sum=100.50", True), ("records: 1\r\ntotal: 100,5", True), ("count=2", False), ("sum=100.51", False)],
)
def test_the_control_totals_of_a_marker_are_those_of_the_file_or_nothing_is_sent(
    tmp_path: Path, marker: str, sent: bool
) -> None:
    by_marker = {"by": "marker", "marker_replaces_extension": True}
    site = site_with(tmp_path, {**KINDS["json"][0], "completeness": by_marker})
    site.drop("run.json", json_file(), "other/out")
    site.drop("run.trg", marker, "other/out")
    assert site.once() == sent
    assert len(site.bank_takes()) == int(sent)
    told = tmp_path / "other/out" / "run.json.error.txt"
    assert told.exists() != sent
    assert sent or "the marker says" in told.read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_validate_and_convert_read_a_file_of_every_kind_as_the_daemon_does(tmp_path: Path, kind: str) -> None:
    from click.testing import CliRunner

    from h2h.cli.main import main

    options, name, good, bad, _ = KINDS[kind]
    site = site_with(tmp_path, options)
    asked = ["-c", str(site.config), "--bank", "testbank"]
    for content, status in ((good, 0), (bad, 1)):
        file = tmp_path / name
        file.write_bytes(content)
        said = CliRunner().invoke(main, ["validate", *asked, str(file)])
        assert (said.exit_code, kind in said.output) == (status, True), said.output
        assert not status or PLACES[kind] in said.output
        target = ["--to", "pain.001.001.09", "-o", str(tmp_path / "made.xml")]
        done = CliRunner().invoke(main, ["convert", *asked, *target, str(file)])
        assert done.exit_code == status, done.output
    assert b"<EndToEndId>INV-1</EndToEndId>" in (tmp_path / "made.xml").read_bytes()


def test_a_payment_order_of_1c_goes_from_the_drop_to_the_banks_answer(tmp_path: Path) -> None:
    letters = (FORMATS / "1c/golden/a-payment-order-in-windows-letters.txt").read_bytes()
    folder = {"name": "other", "outbound": "other/out", "inbound": "other/in", "completeness": {"by": "rename"}}
    bank = {"accounts": ["40702810900000000017"], "rules": {"charset": "utf-8"}}
    site = Site(tmp_path, bank=bank, more_erps=({**folder, "patterns": ["*.txt"]},))
    site.drop("kl_to_1c.txt", letters, "other/out")
    assert site.once(), (tmp_path / "other/out" / "kl_to_1c.txt.error.txt").read_text()
    (data,) = site.bank_takes().values()
    sent = Sent.of(data)
    assert [payment[1:] for payment in sent.payments] == [("17", "175000.00")]
    assert "ИП Иванов А.А." in data.decode()
    site.bank_says("ack.xml", pain002(sent, "RJCT", statuses={"17": ("RJCT", "AC04")}))
    site.once()
    assert site.outcomes("kl_to_1c.txt") == {"17": "rejected"}
    receipt = json.loads((tmp_path / "other/out" / "kl_to_1c.txt.status.json").read_text())
    assert receipt["payments_by_outcome"] == {"rejected": 1}
