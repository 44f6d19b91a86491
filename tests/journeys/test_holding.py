"""Files that a rule lets wait for a person: the day's limit, a payee's new account, a payment that is there twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from h2h.core.lifecycle import State
from h2h.pipeline.convert import convert
from h2h.pipeline.decisions import cancel, hold, release
from h2h.pipeline.rounds import scan_folders
from h2h.pipeline.seal import seal
from tests.contracts.pain import IBANS
from tests.journeys.site import Site, StandingClock, salaries
from tests.journeys.test_collections import DECLARED, rows

LIMIT: dict[str, Any] = {"rules": {"day_amount_max": {"EUR": "100.00"}}}


def pay(site: Site, name: str, amount: str, iban: str = IBANS[0]) -> None:
    """One payment in a file of its own, as far as it goes by itself."""
    site.drop(f"{name}.csv", salaries((name, amount.replace(".", ","), iban)))
    site.once()


def states(site: Site) -> dict[str, str]:
    return {s.source_name.removesuffix(".csv"): str(s.state) for s in site.submissions()}


def decide(site: Site, name: str, decision: Any) -> None:
    with site.house() as house:
        decision(house, site.submission(f"{name}.csv").sid, actor="anna", reason="seen")
    site.once()


def test_what_would_pass_the_days_limit_waits_for_a_person_and_what_fits_goes(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=LIMIT)
    pay(site, "first", "60.00")
    pay(site, "second", "40.01")
    pay(site, "third", "40.00")
    # The second, which waits, came before the third: let go on, it would pass the limit together with it.
    assert states(site) == {"first": "SENT", "second": "HELD", "third": "HELD"}
    held = site.submission("second.csv")
    assert held.reason == "H2H-DAY-LIMIT"
    assert "60.00 EUR left today or is on its way, and this file has 40.01" in (held.reason_text or "")
    decide(site, "second", cancel)
    decide(site, "third", release)
    assert states(site) == {"first": "SENT", "second": "CANCELLED", "third": "SENT"}


def test_a_person_lets_more_leave_than_the_limit_and_the_next_one_is_told_of_it(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=LIMIT)
    pay(site, "first", "101.00")
    decide(site, "first", release)
    pay(site, "next", "0.01")
    assert states(site) == {"first": "SENT", "next": "HELD"}
    assert "101.00 EUR left today" in (site.submission("next.csv").reason_text or "")


def test_a_new_day_begins_at_the_banks_midnight(tmp_path: Path) -> None:
    clock = StandingClock(datetime(2026, 11, 24, 22, 30, tzinfo=UTC))
    site = Site(tmp_path, bank=LIMIT | {"cutoff": {"timezone": "Europe/Berlin"}}, clock=clock)
    pay(site, "evening", "100.00")
    clock.sleep(29 * 60)
    pay(site, "later", "0.01")
    assert states(site) == {"evening": "SENT", "later": "HELD"}
    decide(site, "later", cancel)
    clock.sleep(2 * 60)
    pay(site, "morning", "100.00")
    assert states(site)["morning"] == "SENT"


def test_what_the_bank_rejects_gives_the_day_its_money_back(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=LIMIT)
    pay(site, "first", "100.00")
    message_id = site.submission("first.csv").message_id
    site.bank_says("no.xml", REJECTED.format(message_id=message_id))
    site.once()
    pay(site, "again", "100.00", IBANS[1])
    assert states(site) == {"first": "REJECTED", "again": "SENT"}


REJECTED = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-11-24T12:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>
<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>"""


@pytest.mark.parametrize("first_sealed", [0, 1])
def test_of_two_files_side_by_side_only_one_leaves_whichever_is_sealed_first(tmp_path: Path, first_sealed: int) -> None:
    """As two threads or nodes do it: both are converted before either is sealed."""
    site = Site(tmp_path, bank=LIMIT)
    for name, iban in (("one", IBANS[0]), ("two", IBANS[1])):
        site.drop(f"{name}.csv", salaries((name, "60,00", iban)))
    with site.house() as house:
        scan_folders(house, lambda: False)
        subs = [convert(house, sub) for sub in house.journal.submissions()[::-1]]
        for index in (first_sealed, 1 - first_sealed):
            seal(house, house.journal.submission(subs[index].sid))
        after = [house.journal.submission(sub.sid) for sub in subs]
    assert [sub.state for sub in after] == [State.SEALED, State.HELD]


def test_one_that_overtook_a_long_file_and_was_stopped_by_hand_still_counts_for_it(tmp_path: Path) -> None:
    """Released, it is sealed already and would be sent without a further look: the long one must see it."""
    site = Site(tmp_path, bank=LIMIT)
    site.drop("long.csv", salaries(("long", "60,00", IBANS[0])))
    with site.house() as house:
        scan_folders(house, lambda: False)
    site.drop("short.csv", salaries(("short", "60,00", IBANS[1])))
    with site.house() as house:
        scan_folders(house, lambda: False)
        long, short = house.journal.submissions()[::-1]
        short = seal(house, convert(house, short))
        short = hold(house, short.sid, actor="anna", reason="wait")
        assert seal(house, convert(house, long)).state is State.HELD
        assert release(house, short.sid, actor="anna", reason="go on").state is State.SEALED


def test_a_payment_that_overtook_and_was_stopped_by_hand_is_not_paid_twice(tmp_path: Path) -> None:
    site = Site(tmp_path)
    same = ("INV-1", "60,00", IBANS[0])
    site.drop("long.csv", salaries(same, ("INV-2", "1,00", IBANS[1])))
    with site.house() as house:
        scan_folders(house, lambda: False)
    site.drop("short.csv", salaries(same))
    with site.house() as house:
        scan_folders(house, lambda: False)
        long, short = house.journal.submissions()[::-1]
        short = seal(house, convert(house, short))
        hold(house, short.sid, actor="anna", reason="wait")
        assert seal(house, convert(house, long)).reason == "H4-OVERLAP"


def test_the_limit_of_a_folder_counts_only_its_own_files(tmp_path: Path) -> None:
    other = {"name": "other", "outbound": "erp/two", "inbound": "erp/two-in", "completeness": {"by": "rename"}}
    site = Site(tmp_path, erp={"day_amount_max": {"EUR": "100.00"}})
    site.more_erps = ({**other, "delimited": site.settings().erp[0].delimited.model_dump(exclude_none=True)},)  # type: ignore[union-attr]
    site.__post_init__()
    site.drop("big.csv", salaries(("big", "500,00", IBANS[1])), "erp/two")
    pay(site, "fits", "100.00")
    pay(site, "more", "0.01")
    assert states(site) == {"big": "SENT", "fits": "SENT", "more": "HELD"}


def test_where_the_profile_makes_it_an_error_the_file_is_refused_with_its_finding(tmp_path: Path) -> None:
    rules = {**LIMIT["rules"], "severities": {"H2H-DAY-LIMIT": "error"}}
    site = Site(tmp_path, bank={"rules": rules})
    pay(site, "much", "100.01")
    assert states(site) == {"much": "REFUSED"}
    assert [(f["code"], f["reason"]) for f in site.findings("much.csv")] == [("H2H-DAY-LIMIT", "AM14")]


def test_where_it_is_a_warning_it_stands_in_the_history_once(tmp_path: Path) -> None:
    rules = {**LIMIT["rules"], "severities": {"H2H-DAY-LIMIT": "warning"}}
    site = Site(tmp_path, bank={"rules": rules}, erp={"release_required": True})
    pay(site, "much", "100.01")
    decide(site, "much", release)
    sub = site.submission("much.csv")
    with site.house() as house:
        told = [e.detail["findings"] for e in house.journal.events(sub.sid) if e.event == "rules-remarked"]
    assert (sub.state, [[f["code"] for f in findings] for findings in told]) == (State.SENT, [["H2H-DAY-LIMIT"]])


def test_a_payees_new_account_waits_for_a_person_and_is_known_after_it(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"rules": {"payee_memory_days": 30}})

    def beta(reference: str, iban: str) -> None:
        site.drop(f"{reference}.csv", salaries((reference, "1,00", iban)).replace(f"Payee {reference}", "Beta GmbH"))
        site.once()

    beta("first", IBANS[0])
    beta("second", IBANS[0])
    beta("changed", IBANS[1])
    assert states(site) == {"first": "SENT", "second": "SENT", "changed": "HELD"}
    assert site.submission("changed.csv").reason == "H2H-PAYEE-CHANGED"
    beta("meanwhile", IBANS[1])
    assert states(site)["meanwhile"] == "HELD", "an account that only waits is not known"
    decide(site, "changed", release)
    beta("again", IBANS[1])
    assert (states(site)["changed"], states(site)["again"]) == ("SENT", "SENT")
    site.clock.sleep(31 * 86400)
    site.drop("forgotten.csv", salaries(("forgotten", "1,00", IBANS[2]), date="08.01.2027"))
    site.once()
    assert states(site)["forgotten"] == "SENT"


def test_a_payment_that_stands_twice_in_a_file_waits_with_what_was_found(tmp_path: Path) -> None:
    site = Site(tmp_path)
    twice = salaries(("A", "1,00", IBANS[0]), ("B", "1,00", IBANS[0])).replace("Payee B", "Payee A")
    site.drop("twice.csv", twice.replace("Invoice B", "Invoice A"))
    site.once()
    held = site.submission("twice.csv")
    assert (held.state, held.reason) == (State.HELD, "H2H-DUPLICATE-PAYMENT")
    assert "line 3" in (held.reason_text or "")
    assert site.at_bank() == {}
    decide(site, "twice", release)
    assert len(site.at_bank()) == 1


def test_a_hold_is_asked_again_of_each_rule_that_nobody_has_answered(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=LIMIT, erp={"release_required": True})
    pay(site, "one", "60.00")
    pay(site, "two", "60.00", IBANS[1])
    assert states(site) == {"one": "AWAITING_RELEASE", "two": "HELD"}
    decide(site, "two", release)
    assert states(site)["two"] == "AWAITING_RELEASE", "the limit is answered, the folder's own release is not"
    decide(site, "two", release)
    assert states(site) == {"one": "AWAITING_RELEASE", "two": "SENT"}
    decide(site, "one", release)
    assert states(site)["one"] == "HELD", "two left over the limit meanwhile, and one is asked of again"


def test_collections_use_nothing_of_the_day_and_are_held_by_no_limit(tmp_path: Path) -> None:
    bank = {"rules": {"day_amount_max": {"EUR": "1.00"}}, "collection_format": "pain.008.001.08"}
    site = Site(tmp_path, erp={"delimited": DECLARED}, bank=bank)
    site.drop("fees.csv", rows({"ref": "D-1"}))
    site.once()
    site.erp = {}
    site.configure()
    pay(site, "pays", "1.00")
    assert states(site) == {"fees": "SENT", "pays": "SENT"}
