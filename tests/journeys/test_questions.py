"""Statements and balances are asked for: a question goes the way of every file, and its answer comes home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from h2h.core.lifecycle import State
from tests.journeys.answers import HEAD, Line, camt053
from tests.journeys.asking import WHY, accepted, recall, request_of, sent_now
from tests.journeys.people import Person
from tests.journeys.site import OUR_ACCOUNT


def test_a_statement_is_asked_for_and_is_known_as_the_answer(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    asks = ("ask", "testbank", "--account", OUR_ACCOUNT, "--from", "2026-11-28", "--to", "2026-12-01")
    said = Person(site).says(*asks, columns=200)
    assert said.status == 0, said.err
    assert site.once()
    name, told = sent_now(site)
    assert "camt.060.001.05" in name
    assert told("//p:ReqdMsgNmId/text()") == ["camt.053.001.08"]
    assert told("//p:Acct/p:Id/p:IBAN/text()") == [OUR_ACCOUNT]
    assert told("//p:FrToDt/*/text()") == ["2026-11-28", "2026-12-01"]
    question = request_of(site, "ask-")
    assert (question.state, ".alice." in question.source_name) == (State.SENT, True)

    site.bank_says("statement.xml", camt053([Line("0.01", "SAL-2")]))
    assert site.once()
    assert request_of(site, "ask-").state is State.ACCEPTED
    assert site.receipt(question.source_name)["words"] == "the bank answered: what was asked for has come"
    site.clock.sleep(7200)
    site.once()
    assert "overdue-answer" not in site.waiting()


def test_the_status_counts_requests_beside_payments_and_in_words_of_their_own(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    recall(site, "--end-to-end-id", "SAL-1", *WHY)
    Person(site).says("ask", "testbank", "--account", OUR_ACCOUNT, "--from", "2026-11-28")
    site.once()
    counts = Person(site).says("status", columns=200).out.partition("from testbank")[0].splitlines()
    assert [" ".join(line.split()) for line in counts if " SENT " in line or " ACCEPTED " in line] == [
        "1 SENT the bank has the request to call payments back; it has not answered yet",
        "1 SENT the bank has the question for statements; it has not answered yet",
        "1 ACCEPTED the bank accepted all payments",
    ]
    (bank,) = json.loads(Person(site).says("status", "--json").out)["banks"]
    assert bank["submissions"] == {"ACCEPTED": 1, "SENT": 2}


def test_the_balance_of_today_is_asked_for_and_a_report_of_it_is_the_answer(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    said = Person(site).says("ask", "testbank", "--account", OUR_ACCOUNT, "--kind", "balance", columns=200)
    assert "is asked for the balance (camt.052.001.08)" in said.out
    assert site.once()
    _, told = sent_now(site)
    assert told("//p:ReqdMsgNmId/text()") == ["camt.052.001.08"]
    assert told("//p:ReqdBalTp/p:CdOrPrtry/p:Cd/text()") == ["ITBD", "ITAV"]
    today = site.clock.now().date().isoformat()
    assert told("//p:FrToDt/*/text()") == [today, today]
    site.bank_says("report.xml", balances_of(today))
    assert site.once()
    assert request_of(site, "ask-").state is State.ACCEPTED


def balances_of(day: str) -> str:
    balance = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">12.34</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Dt><DtTm>{day}T10:00:00</DtTm></Dt></Bal>"
        for code in ("ITBD", "ITAV")
    )
    return (
        f'{HEAD}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.001.08"><BkToCstmrAcctRpt><GrpHdr><MsgId>R-1'
        f"</MsgId><CreDtTm>{day}T10:00:00</CreDtTm></GrpHdr><Rpt><Id>R-1</Id><CreDtTm>{day}T10:00:00</CreDtTm><Acct><Id>"
        f"<IBAN>{OUR_ACCOUNT}</IBAN></Id></Acct>{balance}</Rpt></BkToCstmrAcctRpt></Document>\n"
    )


def test_a_question_for_a_statement_without_a_day_is_not_guessed(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    said = Person(site).says("ask", "testbank", "--account", OUR_ACCOUNT)
    assert (said.status, "Missing option '--from'" in said.err) == (2, True)


def test_a_statement_of_other_days_is_no_answer(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    Person(site).says("ask", "testbank", "--account", OUR_ACCOUNT, "--from", "2026-10-20")
    site.once()
    site.bank_says("statement.xml", camt053([Line("0.01", "SAL-2")]))
    site.once()
    assert request_of(site, "ask-").state is State.SENT


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--account", "DE02120300000000202051", "--from", "2026-11-20"), "not one of our accounts"),
        (("--account", OUR_ACCOUNT, "--from", "2026-11-20", "--to", "2026-11-19"), "lies after the last"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    site, _ = accepted(tmp_path)
    refused = Person(site).says("ask", "testbank", *words, columns=200)
    assert (refused.status, said in refused.err) == (1, True), refused.err
    site.once()
    assert site.bank_takes() == {}
