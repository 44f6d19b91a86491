"""A starting mapping says what is certain, leaves the rest blank, compiles, and reads the sample it was drawn from."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from h2h.adapters.format_files import load_folder
from h2h.cli.main import main
from h2h.core.errors import Refused
from h2h.core.mapping.draft import draft_of
from h2h.core.model.payment import Initiation
from tests.checkout import FORMATS

SAMPLE = """<Document xmlns="urn:acme:pay:2"><Batch>
 <MessageId>M1</MessageId><Made>2026-11-20T10:00:00</Made><Count>2</Count>
 <Customer><Name>Example Ltd</Name></Customer>
 <Order><OrderId>O1</OrderId>
  <Payer><Name>Example Ltd</Name></Payer><Memo>x -- y</Memo>
  <Payment><EndToEndId>R1</EndToEndId><Amount Currency="EUR">12.34</Amount><Payee><Name>One</Name></Payee></Payment>
  <Payment><EndToEndId>R2</EndToEndId><Amount Currency="EUR">0.66</Amount><Payee><Name>Two</Name></Payee></Payment>
 </Order></Batch></Document>"""


def test_what_is_certain_is_annotated_and_every_other_value_is_a_blank() -> None:
    draft = draft_of(SAMPLE.encode(), "credit-transfer")
    assert (draft.namespace, draft.root, draft.record) == ("urn:acme:pay:2", "Batch", "Batch/Order/Payment")
    assert draft.blanks == ["Batch/Customer/Name", "Batch/Order/Memo"]
    assert '<Amount m:opt="amount:amount" Currency="{currency}"/>' in draft.mapping
    assert "<!-- Memo: which field is it? In the sample: x - - y -->" in draft.mapping
    assert draft.mapping.count("<Payment ") == 1


def test_a_sample_in_which_nothing_repeats_asks_for_the_records_name() -> None:
    one = SAMPLE.replace(SAMPLE[SAMPLE.index("  <Payment><EndToEndId>R2") : SAMPLE.index(" </Order>")], "")
    with pytest.raises(Refused, match="--record"):
        draft_of(one.encode(), "credit-transfer")
    assert draft_of(one.encode(), "credit-transfer", "Payment").record == "Batch/Order/Payment"
    with pytest.raises(Refused, match="no element Nothing"):
        draft_of(one.encode(), "credit-transfer", "Nothing")


@pytest.mark.parametrize("data", [b"", b"no xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', b"<a><b/></a>"])
def test_what_is_no_sample_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        draft_of(data, "credit-transfer")


def test_kinds_without_a_starting_mapping_are_named() -> None:
    with pytest.raises(Refused, match="credit-transfer, direct-debit, status-report, statement"):
        draft_of(SAMPLE.encode(), "enquiry")


@pytest.mark.parametrize(
    ("golden", "kind", "record"),
    [
        ("pain.001/golden/two-instructions-and-hybrid-addresses-09.xml", "credit-transfer", None),
        ("pain.008/golden/amended-mandates-and-sequence-types-02.xml", "direct-debit", None),
        ("pain.002/golden/one-of-three-rejected-03.xml", "status-report", "TxInfAndSts"),
        ("camt/golden/batch-entry-and-return-053-08.xml", "statement", "Ntry"),
    ],
)
def test_a_draft_of_any_document_compiles(golden: str, kind: str, record: str | None) -> None:
    draft = draft_of((FORMATS / golden).read_bytes(), kind, record)
    assert draft.known
    assert draft.blanks


def test_a_new_folder_reads_its_sample_and_says_what_it_does_not_know(tmp_path: Path) -> None:
    sample = tmp_path / "sample.xml"
    sample.write_text(SAMPLE, "utf-8")
    arguments = ["format", "new", "acme-pay.2", "--from", str(sample), "--directory", str(tmp_path)]
    made = CliRunner().invoke(main, arguments)
    assert made.exit_code == 0, made.output
    assert "2 are left to you" in made.output
    assert "  blank: Batch/Order/Memo" in made.output

    (format_,) = load_folder(tmp_path / "acme-pay.2")
    read = format_.read(SAMPLE.encode())
    assert isinstance(read.message, Initiation)
    assert read.message.control_sum == Decimal("13.00")
    assert [t.creditor.name for t in read.message.transactions] == ["One", "Two"]
    unread = {f.where for f in read.findings if f.code == "H2H-UNREAD"}
    assert any(where.endswith("Memo") for where in unread)

    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 1
    assert "exists" in again.output.lower()


def test_an_id_that_leads_out_of_the_directory_is_refused(tmp_path: Path) -> None:
    sample = tmp_path / "sample.xml"
    sample.write_text(SAMPLE, "utf-8")
    made = CliRunner().invoke(main, ["format", "new", "../evil", "--from", str(sample), "--directory", str(tmp_path)])
    assert made.exit_code == 1
    assert not (tmp_path.parent / "evil").exists()


# ------------------------------------------------------------------------------------------ a bank's own document

OWN = """<?xml version="1.0" encoding="GB2312"?>
<RIVER><HEAD><CODE>B1</CODE><NO>17</NO></HEAD><BODY><LIST>
<ROW><ID>1</ID><NAME>李四</NAME><AMT>50.50</AMT></ROW><ROW><ID>2</ID><NAME>x -- y</NAME><AMT>1.00</AMT></ROW>
</LIST></BODY></RIVER>"""


@pytest.mark.parametrize("kind", ["credit-transfer", "status-report", "statement"])
def test_a_document_without_a_namespace_becomes_a_banks_own_and_reads_its_sample(tmp_path: Path, kind: str) -> None:
    sample = tmp_path / "said.xml"
    sample.write_bytes(OWN.encode("gbk"))
    made = CliRunner().invoke(
        main, ["format", "new", "river", "--from", str(sample), "--kind", kind, "--directory", str(tmp_path)]
    )
    assert made.exit_code == 0, made.output
    assert "BODY/LIST/ROW" in made.output
    (own,) = load_folder(tmp_path / "river")
    assert (own.kind, own.writes) == (kind, False)
    read = own.read(sample.read_bytes())
    unread = {finding.where.partition("ROW")[2] for finding in read.findings if finding.code == "H2H-UNREAD"}
    assert any("AMT" in where for where in unread), "a blank says that it was not read"
    mapping = (tmp_path / "river" / "mapping.xml").read_text("utf-8")
    assert "<!-- NAME: which field is it? In the sample: 李四 -->" in mapping
    assert mapping.count("<ROW ") == 1
    card = (tmp_path / "river" / "format.toml").read_text("utf-8")
    assert 'root = "RIVER"\nencoding = "GBK"' in card


def test_an_iso_document_that_lost_its_namespace_is_no_banks_own(tmp_path: Path) -> None:
    sample = tmp_path / "said.xml"
    sample.write_text(SAMPLE.replace(' xmlns="urn:acme:pay:2"', ""), "utf-8")
    made = CliRunner().invoke(main, ["format", "new", "acme", "--from", str(sample), "--directory", str(tmp_path)])
    assert made.exit_code == 0, made.output
    assert 'roots = ["Batch"]' in (tmp_path / "acme" / "format.toml").read_text("utf-8")


def test_what_a_banks_own_sample_cannot_be_is_said() -> None:
    made = CliRunner().invoke(main, ["format", "new", "x", "--from", __file__, "--kind", "direct-debit"])
    assert made.exit_code == 1
    assert "Error" in made.output
