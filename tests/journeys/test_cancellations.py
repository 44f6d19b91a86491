"""The bank answers a cancellation, asks for money back, or checks the payees' names: a person always sees it."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.answers import HEAD, Sent, pain002
from tests.journeys.people import Person
from tests.journeys.site import rows
from tests.journeys.states import sent_site


def camt029(sent: Sent, statuses: dict[str, str]) -> str:
    """An answer; *statuses* is EndToEndId → decision."""
    info = sent.payments[0][0]
    lines = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{e2e}</OrgnlEndToEndId><TxCxlSts>{status}</TxCxlSts></TxInfAndSts>"
        for e2e, status in statuses.items()
    )
    party = "<Pty><Nm>Bank</Nm></Pty>"
    return (
        f'{HEAD}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.029.001.14"><RsltnOfInvstgtn><Assgnmt><Id>R-1</Id>'
        f"<Assgnr>{party}</Assgnr><Assgne>{party}</Assgne><CreDtTm>2026-11-23T12:00:00</CreDtTm></Assgnmt>"
        f"<Sts><Conf>PECR</Conf></Sts><CxlDtls><OrgnlPmtInfAndSts><OrgnlPmtInfId>{info}</OrgnlPmtInfId><OrgnlGrpInf>"
        f"<OrgnlMsgId>{sent.message_id}</OrgnlMsgId><OrgnlMsgNmId>{sent.message_name}</OrgnlMsgNmId></OrgnlGrpInf>"
        f"{lines}</OrgnlPmtInfAndSts></CxlDtls></RsltnOfInvstgtn></Document>\n"
    )


def test_an_answer_to_a_cancellation_reaches_payment_person_and_erp(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("ack.xml", pain002(sent, "ACCP"))
    site.once()
    site.bank_says("recall.xml", camt029(sent, {"SAL-1": "ACCR", "SAL-2": "RJCR"}))
    assert site.once()

    assert site.outcomes("salaries.csv") == {"SAL-1": "cancelled", "SAL-2": "accepted"}
    told = [a.text for a in site.attention() if a.kind == "cancellation-answer"]
    assert [("SAL-1" in text, "SAL-2" in text) for text in told] == [(True, False), (False, True)]
    answered = {row["end_to_end_id"]: row["status"] for row in rows(site) if row.get("case_id") is not None}
    assert answered == {"SAL-1": "ACCR", "SAL-2": "RJCR"}
    shown = Person(site).says("explain", "salaries.csv", columns=200)
    assert "the bank answered the cancellation of payment 2: refused (RJCR)" in shown.out


def test_a_check_of_the_payees_names_waits_for_a_person_and_is_no_rejection(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("vop.xml", pain002(sent, "PDNG", statuses={"SAL-1": ("RVNM", None), "SAL-2": ("RCVC", None)}))
    assert site.once()

    assert site.outcomes("salaries.csv") == {"SAL-1": "processing", "SAL-2": "processing"}
    (item,) = [a for a in site.attention() if a.kind == "payee-check"]
    assert "1 not the account's (RVNM)" in item.text
    assert {r["end_to_end_id"]: r["bank_status"] for r in rows(site)} == {"SAL-1": "RVNM", "SAL-2": "RCVC"}
    (asked,) = [r for r in rows(site) if r["bank_status"] == "RVNM"]
    assert (asked["meaning"], asked["who_acts"]) == ("the payee's name does not match the account", "treasury")
    told = Person(site).says("explain", "SAL-1", columns=200).out
    assert "RVNM, the payee's name does not match the account" in told
    assert "payees' names" in Person(site).says("attention", "list", columns=200).out
