"""Errors that nobody foresaw, a bank that wants order, decisions that were cut short: nothing is paid twice or lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import IllegalTransition, InDoubt, NotSent
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.core.records import LedgerKind, LedgerRecord
from h2h.pipeline import decisions
from h2h.pipeline.rounds import once
from tests.contracts.pain import IBANS
from tests.journeys import states
from tests.journeys.channels import meddled
from tests.journeys.older import OlderJournal
from tests.journeys.site import CLEARS_AWAY, ONE, Site, salaries


def breaks(real: Callable[..., Any], *given: Any) -> Any:
    raise ZeroDivisionError("a mistake of ours")


def test_an_unforeseen_error_before_the_rename_holds_the_file_and_says_what_it_was(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("pay.csv", ONE)
    site.drop("next.csv", salaries(("SAL-2", "1,00", IBANS[1])))
    assert not site.once(meddled("create", breaks))
    held = site.submission("pay.csv")
    assert (held.state, held.reason, held.who_acts) == (State.HELD, "UNEXPECTED", WhoActs.SYSTEM_ADMINISTRATOR)
    assert "ZeroDivisionError: a mistake of ours" in (held.reason_text or "")
    assert site.waiting() == ["held", "held"], "the next file was looked at all the same"
    with site.house() as house:
        decisions.release(house, held.sid, actor="anna", reason="h2h was mended")
    site.once()
    assert site.submission("pay.csv").state is State.SENT
    assert len(site.at_bank()) == 1


def test_an_unforeseen_error_at_the_rename_is_a_doubt_and_never_a_failure(tmp_path: Path) -> None:
    """The rename was carried out; what broke was h2h's reading of the reply."""
    site = Site(tmp_path)
    site.drop("pay.csv", ONE)

    def done_and_broken(real: Callable[..., Any], *given: Any) -> Any:
        real(*given)
        raise ZeroDivisionError("a mistake of ours")

    site.once(meddled("rename", done_and_broken))
    assert site.submission("pay.csv").state is State.COMMITTING
    (item,) = site.attention()
    assert (item.kind, "ZeroDivisionError" in item.text) == ("cannot-go-on", True)
    site.clock.sleep(60)
    assert site.once()
    sub = site.submission("pay.csv")
    assert (sub.state, sub.attempt, (sub.evidence or "")[:2]) == (State.SENT, 1, "E2")
    assert (len(site.at_bank()), site.waiting()) == (1, [])


def test_where_the_bank_wants_order_a_file_that_must_be_tried_again_holds_up_the_next(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"submission": {"in_order": True}})
    for name in ("1.csv", "2.csv"):
        site.drop(name, salaries((f"R-{name}", "1,00", IBANS[0])))
    tries: list[str] = []

    def fails_once(real: Callable[..., Any], folder: str, name: str, source: Any) -> Any:
        tries.append(name)
        if len(tries) == 1:
            raise NotSent("the line went down")
        return real(folder, name, source)

    site.once(meddled("create", fails_once))
    assert (len(tries), site.at_bank()) == (1, {}), "the second is not sent before the first"
    site.clock.sleep(3600)
    site.once(meddled("create", fails_once))
    sent = sorted((s.sent_at, s.source_name) for s in site.submissions() if s.sent_at)
    assert [name for _, name in sent] == ["1.csv", "2.csv"]


# -- decisions, asked of the pipeline itself: the truth may change between a person's look and a person's word


def test_not_sent_is_no_answer_about_a_file_that_is_not_in_doubt(tmp_path: Path) -> None:
    site = Site(tmp_path)
    states.drop_and_send(site, "pay")
    sid = site.submission("pay.csv").sid
    with site.house() as house, pytest.raises(IllegalTransition, match="only one that is IN_DOUBT"):
        decisions.resolve_not_sent(house, sid, actor="anna", reason="the hotline")
    with site.house() as house, pytest.raises(IllegalTransition, match="may pay twice"):
        decisions.take_over(house, sid, actor="anna", reason="by hand", knowing_it_may_be_there=False)


@pytest.mark.parametrize("verb", ["resolve", "take over"])
def test_a_decision_that_was_cut_short_between_ledger_and_journal_is_made_again_and_counts_once(
    tmp_path: Path, verb: str
) -> None:
    site = Site(tmp_path, bank=CLEARS_AWAY)
    sid = states.in_doubt(site)
    kind = LedgerKind.RELEASE if verb == "resolve" else LedgerKind.TAKEN_OVER
    with site.house() as house:
        house.ledger.append(LedgerRecord(kind, sid, 0, {"actor": "anna", "reason": "the hotline"}))
        if verb == "resolve":
            decisions.resolve_not_sent(house, sid, actor="anna", reason="the hotline")
        else:
            decisions.take_over(house, sid, actor="anna", reason="the hotline", knowing_it_may_be_there=True)
        assert [r.kind for r in house.ledger.records()].count(kind) == 1
    site.once()
    assert len(site.at_bank()) == (1 if verb == "resolve" else 0)
    assert site.submission("doubt.csv").state is (State.SENT if verb == "resolve" else State.TAKEN_OVER)


@pytest.mark.parametrize("verb", ["resolve", "take over"])
@pytest.mark.parametrize("before", ["in doubt", "while it was sent"])
def test_what_a_person_decided_about_a_doubt_is_known_again_after_an_older_journal(
    tmp_path: Path, verb: str, before: str
) -> None:
    """And after "not sent" the next generation goes out once, however often h2h is started."""
    site = Site(tmp_path, bank=CLEARS_AWAY)
    if before == "in doubt":
        sid = states.in_doubt(site)
        older = OlderJournal(site, tmp_path / "copy")
    else:
        copies: list[OlderJournal] = []

        def swallowed(real: Callable[..., Any], *given: Any) -> Any:
            copies.append(OlderJournal(site, tmp_path / "copy"))
            real(*given)
            (site.at / given[2] / given[3]).unlink()
            raise InDoubt("the reply was lost")

        site.drop("doubt.csv", ONE)
        site.once(meddled("rename", swallowed))
        sid, (older,) = site.submission("doubt.csv").sid, copies
    with site.house() as house:
        if verb == "resolve":
            decisions.resolve_not_sent(house, sid, actor="anna", reason="the hotline does not find it")
        else:
            decisions.take_over(house, sid, actor="anna", reason="by hand", knowing_it_may_be_there=True)
    older.is_put_back()
    for _ in range(2):
        site.once()
    sub = site.submission("doubt.csv")
    if verb == "resolve":
        assert (sub.state, sub.generation, len(site.at_bank())) == (State.SENT, 1, 1)
    else:
        assert (sub.state, site.at_bank()) == (State.TAKEN_OVER, {})


def test_what_was_taken_over_is_not_given_its_final_name_by_an_older_journal(tmp_path: Path) -> None:
    """Another's file had the name; a person paid otherwise while the bank was away, so the temporary file is there."""
    site = Site(tmp_path, bank={"submission": {"remote_name": "PAY_{sequence:04d}.xml"}})
    another = site.at / "to_bank" / "PAY_0001.xml"
    another.write_bytes(b"another's")
    copies: list[OlderJournal] = []

    def copied(real: Callable[..., Any], folder: str, name: str) -> Any:
        if name == another.name and not copies:
            copies.append(OlderJournal(site, tmp_path / "copy"))
        return real(folder, name)

    site.drop("pay.csv", ONE)
    site.once(meddled("stat", copied))
    doubt = site.submission("pay.csv")
    assert (doubt.state, doubt.reason) == (State.IN_DOUBT, "H1")
    with site.house() as house:
        decisions.take_over(house, doubt.sid, actor="anna", reason="by hand", knowing_it_may_be_there=True)
    another.unlink()
    copies[0].is_put_back()
    for _ in range(2):
        site.once()
        site.clock.sleep(1000)
    assert site.at_bank() == {}, "else the payment would be made a second time"
    assert site.submission("pay.csv").state is State.TAKEN_OVER


def test_a_ledger_that_speaks_of_a_file_it_never_took_in_stops_the_start(tmp_path: Path) -> None:
    site = Site(tmp_path)
    states.drop_and_send(site, "pay")
    with site.house() as house:
        house.ledger.append(LedgerRecord(LedgerKind.DELIVERED, "0" * 20, 0, {}))
        with pytest.raises(Exception, match="which was never claimed"):
            once(house)
