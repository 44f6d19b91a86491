"""Requests that an ERP writes itself: what the bank does not take, or what is not sound, is refused with who acts."""

from __future__ import annotations

from pathlib import Path

import pytest

from h2h.core.lifecycle import State
from h2h.data import data_dir
from tests.journeys.answers import Sent
from tests.journeys.asking import ASKS, accepted
from tests.journeys.site import Site

GOLDEN = data_dir("formats")
QUESTION = (GOLDEN / "camt.060" / "golden" / "statements-of-two-accounts-05.xml").read_text()
RECALL = (GOLDEN / "camt.055" / "golden" / "one-payment-called-back-as-a-duplicate-08.xml").read_text()


def recall_of(sent: Sent) -> str:
    own = RECALL.replace("PAY-2026-11-24", sent.message_id).replace("BATCH-1", sent.payments[0][0])
    return own.replace("INV-1", "SAL-1").replace("120.50", "1250.00")


def refused(site: Site, name: str, content: str) -> list[tuple[str, str]]:
    """(code, who acts) of each finding; nothing has gone to the bank."""
    site.drop(name, content)
    assert not site.once()
    assert site.at_bank() == {}
    assert site.submission(name).state is State.REFUSED
    return [(f["code"], f["who_acts"]) for f in site.findings(name)]


@pytest.mark.parametrize(
    ("setting", "content"), [("recall_format", RECALL), ("enquiry_format", QUESTION)], ids=["recall", "question"]
)
def test_a_bank_that_takes_no_such_request_by_file_is_to_be_called(tmp_path: Path, setting: str, content: str) -> None:
    site = Site(tmp_path, bank={**ASKS, setting: None})
    assert refused(site, "request.xml", content) == [("H2H-NOT-TAKEN", "treasury")]
    (found,) = site.findings("request.xml")
    assert "call the bank" in found["next_step"]
    assert setting in found["next_step"]


def test_a_request_that_is_not_valid_by_its_schema_is_refused_at_its_line(tmp_path: Path) -> None:
    site, sent = accepted(tmp_path)
    wrong = recall_of(sent).replace("<CxlRsnInf>", "<CxlRsnInf><Nonsense/>", 1)
    assert refused(site, "recall.xml", wrong) == [("H2H-SCHEMA", "ERP team")]
    assert site.findings("recall.xml")[0]["line"]


def test_a_question_about_an_account_that_is_not_ours_is_not_asked(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=ASKS)
    assert refused(site, "ask.xml", QUESTION) == [("H2H-ACCOUNT", "treasury")] * 2
    assert "add it to the bank's profile" in site.findings("ask.xml")[0]["next_step"]


def test_two_requests_for_one_payment_that_an_erp_drops_together_go_out_once(tmp_path: Path) -> None:
    site, sent = accepted(tmp_path)
    one = recall_of(sent)
    site.drop("one.xml", one)
    site.drop("two.xml", one.replace("REQ-17", "REQ-18"))
    site.once()
    assert len(site.bank_takes()) == 1
    states = {name: site.submission(name).state for name in ("one.xml", "two.xml")}
    assert sorted(states.values()) == [State.REFUSED, State.SENT], states
