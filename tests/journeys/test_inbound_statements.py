"""A bank's statements on their way home: what they prove of payments, gaps and sums; each account to its own ERP."""

from __future__ import annotations

from pathlib import Path

from h2h.core.lifecycle import State
from h2h.core.records import FileState
from tests.journeys import states
from tests.journeys.answers import Line, camt053
from tests.journeys.site import CLEARS_AWAY, OUR_ACCOUNT, Site, rows
from tests.journeys.states import sent_site

OTHER_ACCOUNT = "FR1420041010050500013M02606"


def test_a_gap_in_the_statements_and_a_broken_balance_are_told(tmp_path: Path) -> None:
    site, _ = sent_site(tmp_path)
    site.bank_says("1.xml", camt053([], sequence=1, opening="100.00"))
    site.once()
    assert site.waiting() == []
    site.bank_says("4.xml", camt053([], sequence=4, opening="100.00"))
    site.once()
    assert site.waiting() == ["statement-gap"]
    site.bank_says("5.xml", camt053([], sequence=5, opening="99.00"))
    site.once()
    assert site.waiting() == ["statement-break", "statement-gap"]
    assert [f.state for f in site.files()] == [FileState.DELIVERED] * 3, "told, and delivered"


def test_a_statement_that_does_not_add_up_is_a_finding_not_a_fact(tmp_path: Path) -> None:
    site, _ = sent_site(tmp_path)
    wrong = camt053([Line("1250.00", "SAL-1")]).replace("8750.00", "8750.01")
    site.bank_says("stm.xml", wrong)
    site.once()
    assert site.waiting() == ["statement-sums"]
    (manifest,) = site.manifests()
    assert "H2H-BALANCE" in [f["code"] for f in manifest["findings"]]


def test_an_entry_with_our_reference_but_another_amount_settles_nothing(tmp_path: Path) -> None:
    site, _ = sent_site(tmp_path)
    site.bank_says("stm.xml", camt053([Line("1250.01", "SAL-1")]))
    site.once()
    assert site.outcomes("salaries.csv")["SAL-1"] == "pending"
    assert "amount-differs" in site.waiting()


def test_a_statement_of_an_account_nobody_declared_is_held_back(tmp_path: Path) -> None:
    site, _ = sent_site(tmp_path)
    site.bank_says("stm.xml", camt053([Line("1.00", None)], account=OTHER_ACCOUNT))
    site.once()
    assert "unknown-account" in site.waiting()
    assert not [n for n in site.inbox() if not n.endswith(".manifest.json")], "nothing of it reaches the ERP"


def test_several_accounts_of_one_message_are_split_between_the_erps(tmp_path: Path) -> None:
    second = {
        "name": "second",
        "outbound": "second/out",
        "inbound": "second/in",
        "accounts": [OTHER_ACCOUNT],
        "completeness": {"by": "rename"},
    }
    site, _ = sent_site(
        tmp_path,
        erp={"accounts": [OUR_ACCOUNT]},
        bank={"accounts": [OUR_ACCOUNT, OTHER_ACCOUNT]},
        more_erps=(second,),
    )
    site.bank_says("stm.xml", camt053([Line("1250.00", "SAL-1")], more=[(OTHER_ACCOUNT, [Line("7.00", None, "CRDT")])]))
    site.once()
    assert {r["account"] for r in rows(site)} == {OUR_ACCOUNT}
    assert {r["account"] for r in rows(site, folder="second/in")} == {OTHER_ACCOUNT}
    for folder in ("erp/in", "second/in"):
        assert not [n for n in site.inbox(folder) if n.endswith(".xml")], "no ERP gets another's account"
    assert site.outcomes("salaries.csv")["SAL-1"] == "settled"


def test_a_statement_that_shows_its_money_ends_a_doubt_about_a_file(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=CLEARS_AWAY)
    states.in_doubt(site)
    site.bank_says("stm.xml", camt053([Line("99.50", "DOUBT-1")]))
    site.once()
    sub = site.submission("doubt.csv")
    assert sub.state is State.SENT
    assert "statement" in (sub.evidence or "")
    assert site.outcomes("doubt.csv") == {"DOUBT-1": "settled", "DOUBT-2": "pending"}
    assert "in-doubt" not in site.waiting()


def test_a_statement_of_another_amount_leaves_the_doubt(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=CLEARS_AWAY)
    states.in_doubt(site)
    site.bank_says("stm.xml", camt053([Line("99.51", "DOUBT-1")]))
    site.once()
    assert site.submission("doubt.csv").state is State.IN_DOUBT
    assert {"in-doubt", "amount-differs"} <= set(site.waiting())
