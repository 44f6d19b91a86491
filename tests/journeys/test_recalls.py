"""Payments are called back: a request goes the way of every file, and its answer comes home."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from h2h.core.lifecycle import State
from h2h.core.model.status import StatusReason
from h2h.core.recall import REQUESTED, detail_of_request
from h2h.data import data_dir
from tests.journeys.answers import HEAD, Line, Sent, camt053, pain002
from tests.journeys.asking import WHY, accepted, recall, request_of, sent_now, site_of, story
from tests.journeys.people import Person, Said
from tests.journeys.test_cancellations import camt029


def sid_in(said: Said) -> str:
    assert said.status == 0, said.err
    return said.out.split("submission ")[1].split()[0]


def test_a_payment_is_called_back_and_the_banks_answer_ends_it(tmp_path: Path) -> None:
    site, sent = accepted(tmp_path)
    said = recall(site, "--end-to-end-id", "SAL-1", *WHY)
    assert "1 payment of salaries.csv back (DUPL): 1250.00 EUR" in said.out
    assert site.once()

    name, told = sent_now(site)
    assert "camt.055.001.08" in name
    assert told("//p:TxInf/p:OrgnlEndToEndId/text()") == ["SAL-1"]
    assert told("//p:OrgnlGrpInf/p:OrgnlMsgId/text()") == [sent.message_id]
    assert told("//p:CxlRsnInf/p:Rsn/p:Cd/text()") == ["DUPL"]
    assert told("//p:CxlRsnInf/p:AddtlInf/text()") == ["Paid by hand already"]
    assert told("//p:CtrlData/p:CtrlSum/text()") == ["1250.00"]
    request = request_of(site)
    assert (request.state, request.sid) == (State.SENT, sid_in(said))

    site.bank_says("answer.xml", camt029(sent, {"SAL-1": "ACCR"}))
    assert site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "cancelled", "SAL-2": "accepted"}
    assert request_of(site).state is State.ACCEPTED
    assert site.receipt(request.source_name)["state"] == "ACCEPTED"
    money = Person(site).says("status", "--json", "--days", "30").json["money"]
    assert [(m["currency"], m["in"]["payments"], m["unaccounted"]["payments"]) for m in money] == [("EUR", 2, 0)]
    of_payment = story(site, "SAL-1")
    assert "alice called back payment 1 (DUPL)" in of_payment
    assert "Paid by hand already" in of_payment
    assert "the bank answered the cancellation of payment 1: accepted" in of_payment
    assert "called back" not in story(site, "SAL-2")
    assert "payment 1 of salaries.csv" in story(site, request.sid)
    assert "the bank agreed to all that was called back: 1" in story(site, request.sid)


def test_what_is_being_called_back_is_not_called_back_again_until_the_bank_has_decided(tmp_path: Path) -> None:
    site, sent = accepted(tmp_path)
    fraud = ("--reason", "FRAD", "--why", "The police have it")
    assert recall(site, "--payment", "1", *WHY).status == 0
    assert site.once()
    again = recall(site, "--payment", "1", *fraud)
    assert (again.status, "is being called back already" in again.err) == (1, True)
    assert recall(site, "--payment", "2", *WHY).status == 0
    assert site.once()
    assert len(site.bank_takes()) == 2

    site.bank_says("1.xml", camt029(sent, {"SAL-1": "PDCR"}))
    assert site.once()
    assert recall(site, "--payment", "1", *fraud).status == 1
    site.bank_says("2.xml", camt029(sent, {"SAL-1": "RJCR"}).replace("R-1", "R-2"))
    assert site.once()
    assert recall(site, "--payment", "1", *fraud).status == 0


def test_two_requests_made_before_either_was_taken_in_send_one(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    assert recall(site, "--payment", "1", *WHY).status == 0
    assert recall(site, "--payment", "1", "--reason", "FRAD", "--why", "Fraud").status == 0
    assert not site.once()
    assert len(site.bank_takes()) == 1
    assert sorted(s.state for s in site.submissions() if s.source_name.startswith("recall-")) == ["REFUSED", "SENT"]


def test_the_same_command_given_twice_before_the_daemon_looks_asks_once(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    assert sid_in(recall(site, "--payment", "1", *WHY)) == sid_in(recall(site, "--payment", "1", *WHY))
    assert site.once()
    assert len(site.bank_takes()) == 1


def test_a_whole_file_is_called_back_only_if_somebody_says_so(tmp_path: Path) -> None:
    site, sent = accepted(tmp_path)
    unsaid = recall(site, *WHY)
    assert (unsaid.status, "All 2 payments of salaries.csv will be called back" in unsaid.err) == (2, True)
    assert recall(site, *WHY, "--yes").status == 0
    assert site.once()
    _, told = sent_now(site)
    assert told("//p:OrgnlGrpInfAndCxl/p:OrgnlMsgId/text()") == [sent.message_id]
    assert told("//p:GrpCxl/text()") == ["true"]
    site.bank_says("answer.xml", camt029(sent, {"SAL-1": "ACCR", "SAL-2": "RJCR"}))
    assert site.once()
    assert request_of(site).state is State.PARTIALLY_ACCEPTED
    assert "called back the whole file" in story(site, "SAL-2")


def test_an_answer_that_names_only_our_case_speaks_of_all_that_was_called_back(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    assert recall(site, "--payment", "2", *WHY).status == 0
    assert site.once()
    party = "<Pty><Nm>Bank</Nm></Pty>"
    case = request_of(site).message_id
    site.bank_says(
        "answer.xml",
        f'{HEAD}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.029.001.14"><RsltnOfInvstgtn><Assgnmt><Id>R-1</Id>'
        f"<Assgnr>{party}</Assgnr><Assgne>{party}</Assgne><CreDtTm>2026-11-23T12:00:00</CreDtTm></Assgnmt>"
        f"<RslvdCase><Id>{case}</Id><Cretr>{party}</Cretr></RslvdCase><Sts><Conf>CNCL</Conf></Sts>"
        "</RsltnOfInvstgtn></Document>",
    )
    assert site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "accepted", "SAL-2": "cancelled"}
    assert request_of(site).state is State.ACCEPTED


def test_a_bank_that_cannot_use_the_request_is_heard_and_it_may_be_made_again(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    assert recall(site, "--payment", "1", *WHY).status == 0
    assert site.once()
    request = Sent(request_of(site).message_id or "", "camt.055.001.08", ())
    site.bank_says("refused.xml", pain002(request, "RJCT", message_id="BANK-9"))
    assert site.once()
    assert request_of(site).state is State.REJECTED
    assert "request-refused" in site.waiting()
    assert site.outcomes("salaries.csv")["SAL-1"] == "accepted"
    assert recall(site, "--payment", "1", "--reason", "CUST", "--why", "Once more").status == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--payment", "3", *WHY), "has no payment 3"),
        (("--end-to-end-id", "SAL-9", *WHY), "has no payment SAL-9"),
        (("--payment", "1", "--reason", "XXXX", "--why", "So"), "no reason of ExternalCancellationReason1Code"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_nothing_is_made(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    site, _ = accepted(tmp_path)
    refused = recall(site, *words)
    assert (refused.status, said in refused.err) == (1, True), refused.err
    assert site.once()
    assert site.bank_takes() == {}


def test_only_what_the_bank_has_and_may_still_pay_is_called_back(tmp_path: Path) -> None:
    site = site_of(tmp_path, erp={"release_required": True}, recall_within_days=5)
    unsent = recall(site, "--payment", "1", *WHY)
    assert (unsent.status, "has not left the house" in unsent.err, "h2h cancel" in unsent.err) == (1, True, True)
    Person(site).says("release", site.submission("salaries.csv").sid, "--reason", "Good")
    site.once()
    (data,) = site.bank_takes().values()
    statuses = {"SAL-1": ("RJCT", "AC04"), "SAL-2": ("ACCP", None)}
    site.bank_says("status.xml", pain002(Sent.of(data), "PART", statuses=statuses))
    site.once()
    rejected = recall(site, "--payment", "1", *WHY)
    assert (rejected.status, "was rejected already" in rejected.err) == (1, True)

    paid = (site.clock.start - timedelta(days=9)).date().isoformat()
    site.bank_says("statement.xml", camt053([Line("0.01", "SAL-2")]).replace("2026-12-01", paid))
    site.once()
    assert site.outcomes("salaries.csv")["SAL-2"] == "settled"
    late = recall(site, "--payment", "2", *WHY)
    assert (late.status, "this bank takes requests until" in late.err) == (1, True), late.err


def test_a_request_waits_for_its_release_like_a_payment_but_for_no_window(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    site.bank = {**site.bank, "cutoff": {"timezone": "UTC", "latest": time(0, 0, 1)}}
    site.erp = {"release_required": True}
    site.configure()
    assert recall(site, "--payment", "1", *WHY).status == 0
    site.once()
    assert request_of(site).state is State.AWAITING_RELEASE
    Person(site).says("release", request_of(site).sid, "--reason", "Seen")
    site.once()
    assert request_of(site).state is State.SENT


def test_a_bank_without_a_format_for_it_is_called_by_telephone(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path, recall_format=None)
    refused = recall(site, "--payment", "1", *WHY)
    assert (refused.status, "recall_format" in refused.err) == (1, True)


def test_an_erps_own_request_goes_through_unchanged_checked_and_matched(tmp_path: Path) -> None:
    site, sent = accepted(tmp_path)
    golden = data_dir("formats") / "camt.055" / "golden" / "one-payment-called-back-as-a-duplicate-08.xml"
    own = golden.read_text().replace("PAY-2026-11-24", sent.message_id).replace("BATCH-1", sent.payments[0][0])
    good = own.replace("INV-1", "SAL-1").replace("120.50", "1250.00")
    site.drop("wrong-amount.xml", good.replace("1250.00", "1250.01"))
    site.drop("unknown.xml", good.replace("SAL-1", "SAL-7").replace("REQ-17", "REQ-16"))
    assert not site.once()
    assert site.bank_takes() == {}
    assert "it was 1250.00 EUR, not 1250.01 EUR" in site.beside("wrong-amount.xml.error.txt")
    assert "no payment that h2h sent to this bank" in site.beside("unknown.xml.error.txt")

    site.drop("recall.xml", good)
    site.once()
    assert list(site.bank_takes().values()) == [good.encode()]
    assert "ERP called back payment 1 (DUPL)" in story(site, "SAL-1")
    site.bank_says("answer.xml", camt029(sent, {"SAL-1": "RJCR"}))
    site.once()
    assert site.submission("recall.xml").state is State.REJECTED
    assert site.receipt("recall.xml")["words"].startswith("the bank refused to call anything back")


def test_a_wish_that_never_became_a_request_stands_in_nobodys_way(tmp_path: Path) -> None:
    site, sent = accepted(tmp_path)
    with site.house() as house:
        sid = site.submission("salaries.csv").sid
        detail = detail_of_request("0" * 20, "PROO-LOST", [1], (StatusReason("DUPL", text="Lost"),))
        house.journal.remark(sid, REQUESTED, at=house.now(), actor="alice", detail=detail)
    site.bank_says("answer.xml", camt029(sent, {"SAL-1": "PDCR"}))
    assert site.once()
    assert [f.state for f in site.files()] == ["DELIVERED", "DELIVERED"]
    assert recall(site, "--payment", "1", *WHY).status == 0
    site.once()
    assert len(site.bank_takes()) == 1
