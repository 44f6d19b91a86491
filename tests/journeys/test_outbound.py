"""A payment file's journey from the ERP's folder to the bank, over a directory, unsealed."""

from __future__ import annotations

from pathlib import Path

import pytest

from h2h.core.lifecycle import State
from h2h.pipeline.decisions import release, take_over
from h2h.pipeline.rounds import scan_folders
from tests.contracts.banks import PlainServer, plain_server
from tests.contracts.pain import IBANS
from tests.journeys.answers import Sent
from tests.journeys.site import HEADER, OUR_ACCOUNT, TWO, Site, iso, salaries

__all__ = ["plain_server"]  # a fixture


def test_a_csv_goes_out_once_and_its_receipt_tells_each_stage(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    with site.house() as house:
        scan_folders(house, lambda: False)
    taken_in = site.receipt("salaries.csv")
    assert (taken_in["state"], taken_in["file"]) == ("RECEIVED", "salaries.csv")

    assert site.once()

    (name,) = site.at_bank()
    receipt = site.receipt("salaries.csv")
    assert receipt["state"] == "SENT"
    assert receipt["bank_file"] == name
    assert (receipt["transaction_count"], receipt["control_sum"]) == (2, "1250.01")
    assert receipt["who_acts"] == "bank"
    assert [(p["end_to_end_id"], p["amount"], p["outcome"]) for p in receipt["payments"]] == [
        ("SAL-1", "1250.00", "pending"),
        ("SAL-2", "0.01", "pending"),
    ]
    sent = Sent.of(site.bank_takes()[name])
    assert sent.message_name == "pain.001.001.09"
    assert sent.message_id == receipt["message_id"]
    assert [p[1:] for p in sent.payments] == [("SAL-1", "1250.00"), ("SAL-2", "0.01")]
    assert site.outbox() == []

    assert site.once(), "a second pass finds nothing to do"
    assert site.at_bank() == {}, "and sends nothing again"


def test_the_journal_tells_every_step_with_its_evidence(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    site.once()
    sub = site.submission("salaries.csv")
    with site.house() as house:
        events = [e.event for e in house.journal.events(sub.sid)]
        kept = [p.name for p in house.archive.list(sub.sid, sub.received_at)]
    assert events == [
        "received", "source-discarded", "converted", "sealed", "send-started", "commit-started", "delivered",
    ]  # fmt: skip
    assert kept == ["10-source.csv", "20-payment.json", "30-bank.xml", "40-sealed.xml"]
    assert (sub.evidence or "").startswith("E1")


@pytest.mark.parametrize("version", ["09", "03"])
def test_a_file_in_the_banks_own_format_passes_through_byte_for_byte(tmp_path: Path, version: str) -> None:
    site = Site(tmp_path)
    original = iso("ERP-4711", ["10.00", "20.50"], version=version)
    site.drop("run.xml", original)
    assert site.once()
    (data,) = site.at_bank().values()
    assert data == original
    sub = site.submission("run.xml")
    assert (sub.source_format, sub.bank_format) == (f"pain.001.001.{version}",) * 2
    assert (sub.message_id, sub.transaction_count) == ("ERP-4711", 2)
    assert {p.end_to_end_id: f"{p.amount:f}" for p in site.payments("run.xml")} == {
        "ERP-4711-1": "10.00",
        "ERP-4711-2": "20.50",
    }


def test_a_refused_file_has_every_finding_with_its_line_and_column(tmp_path: Path) -> None:
    site = Site(tmp_path)
    wrong_iban = IBANS[0][:-1] + "1"
    site.drop(
        "bad.csv",
        HEADER
        + f"OK-1;{OUR_ACCOUNT};01.12.2026;10,00;Payee;{IBANS[0]};fine\n"
        + f"BAD-1;{OUR_ACCOUNT};01.12.2026;10,00;Payee;{wrong_iban};wrong digit\n"
        + f"BAD-2;{OUR_ACCOUNT};01.12.2026;1,005;Payee;{IBANS[1]};three decimals\n"
        + f"BAD-3;{OUR_ACCOUNT};01.13.2026;10,00;;{IBANS[1]};no such month, no name\n",
    )
    assert not site.once()
    assert site.at_bank() == {}
    found = {(f["code"], f.get("line")) for f in site.findings("bad.csv") if f["severity"] == "error"}
    assert {("H2H-IBAN", 3), ("H2H-DECIMALS", 4), ("H2H-FORM", 5), ("H2H-MISSING", 5)} <= found
    assert not [code for code, line in found if line == 2], "the good row has no finding"
    for finding in site.findings("bad.csv"):
        if finding["severity"] == "error":
            assert finding.get("column"), f"{finding['code']} names its column"
    text = site.beside("bad.csv.error.txt")
    assert "not sent" in text
    assert "line 3" in text
    assert site.receipt("bad.csv")["state"] == "REFUSED"
    assert site.outbox() == [], "the file itself is in the archive"


def test_a_refused_file_may_be_dropped_again_after_it_was_mended(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("run.csv", salaries(("A", "1,005", IBANS[0])))
    site.once()
    site.drop("run.csv", salaries(("A", "1,00", IBANS[0])))
    assert site.once()
    assert len(site.at_bank()) == 1


def test_a_file_that_a_person_took_over_is_never_sent_by_h2h(tmp_path: Path) -> None:
    site = Site(tmp_path, erp={"release_required": True})
    site.drop("one.csv", TWO)
    site.once()
    waiting = site.submission("one.csv")
    assert waiting.state is State.AWAITING_RELEASE
    with site.house() as house:
        take_over(house, waiting.sid, actor="bo", reason="sent by portal", knowing_it_may_be_there=False)
    site.once()
    assert site.submission("one.csv").state is State.TAKEN_OVER
    assert site.at_bank() == {}


def test_where_the_profile_asks_for_a_release_nothing_leaves_before_it(tmp_path: Path) -> None:
    site = Site(tmp_path, erp={"release_required": True})
    site.drop("one.csv", TWO)
    site.once()
    assert site.at_bank() == {}
    with site.house() as house:
        release(house, site.submission("one.csv").sid, actor="anna", reason="approved in the payment run")
    site.once()
    assert len(site.at_bank()) == 1


def test_another_file_of_that_name_at_the_bank_is_never_overwritten(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"submission": {"remote_name": "PAY_{sequence:04d}.xml"}})
    foreign = site.at / "to_bank" / "PAY_0001.xml"
    foreign.write_bytes(b"somebody else's")
    site.drop("one.csv", TWO)
    assert not site.once()
    assert foreign.read_bytes() == b"somebody else's"
    doubt = site.submission("one.csv")
    assert (doubt.state, doubt.reason) == (State.IN_DOUBT, "H1")
    assert "in-doubt" in site.waiting()


@pytest.mark.parametrize("foreign", [b"somebody else's", None], ids=["another-size", "our-size"])
def test_a_strangers_file_that_may_not_be_read_back_is_not_taken_for_ours(
    tmp_path: Path, plain_server: PlainServer, foreign: bytes | None
) -> None:
    """A write-only bank: sizes are seen, contents are not. The name is taken before h2h asks for its rename."""
    channel = plain_server.channel().model_dump(mode="json", exclude_none=True)
    submission = {"remote_name": "PAY_{sequence:04d}.xml", "read_back": False}
    site = Site(tmp_path, bank={"channel": channel, "submission": submission}, bank_root=plain_server.root)
    if foreign is None:
        # What h2h writes is known beforehand: the same file, as another installation under the same clock made it.
        twin = Site(tmp_path / "twin", bank={"submission": {"remote_name": "PAY_{sequence:04d}.xml"}})
        twin.drop("one.csv", TWO)
        assert twin.once()
        foreign = twin.at_bank()["PAY_0001.xml"].translate(bytes.maketrans(b"1", b"2"))
    stranger = site.at / "to_bank" / "PAY_0001.xml"
    stranger.write_bytes(foreign)
    plain_server.faults.deny = frozenset({"read"})
    site.drop("one.csv", TWO)
    assert not site.once()
    assert stranger.read_bytes() == foreign
    doubt = site.submission("one.csv")
    assert (doubt.state, doubt.reason) == (State.IN_DOUBT, "H1")
