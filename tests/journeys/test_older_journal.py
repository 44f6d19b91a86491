"""A journal that was restored from an older copy: the ledger knows better, and nothing is sent twice or lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from h2h.core.errors import IllegalTransition
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.core.outcome import Outcome
from h2h.core.records import FileState
from h2h.pipeline import decisions, mending
from h2h.pipeline.decisions import cancel
from h2h.pipeline.fetch import Seen, fetch
from h2h.pipeline.line import Line as BankLine
from h2h.pipeline.outbound import work_bank
from h2h.pipeline.recovery import recover
from tests.contracts.pain import IBANS
from tests.journeys import states
from tests.journeys.answers import Line, Sent, camt053, pain002
from tests.journeys.channels import Killed, half_of_it, troubled
from tests.journeys.older import OlderJournal, is_still_in_doubt, taken_in_only, withdrawn
from tests.journeys.site import CLEARS_AWAY, ONE, WINDOW, Site, salaries
from tests.journeys.test_overtaken import Stopped


def given_up(site: Site, sid: str, end: State) -> None:
    """Refused by h2h, or cancelled by a person."""
    with site.house() as house:
        if end is State.CANCELLED:
            cancel(house, sid, actor="anna", reason="exported twice by mistake")
    site.once()
    assert [s.state for s in site.submissions()] == [end]


def sent_and_forgotten(site: Site, tmp_path: Path) -> tuple[str, Mapping[str, bytes]]:
    """The bank has pay.csv; the journal that was put back knows only that it came. Its sid, and what the bank has."""
    sid = taken_in_only(site, "pay.csv", ONE)
    older = OlderJournal(site, tmp_path / "copy")
    site.once()
    sent = site.at_bank()
    assert len(sent) == 1
    older.is_put_back()
    return sid, sent


TO_END = pytest.mark.parametrize("end", [State.CANCELLED, State.REFUSED])
NOT_OURS = {"accounts": ["DE02120300000000202051"]}


@TO_END
def test_what_was_given_up_is_not_sent_by_an_older_journal_that_forgot_it(tmp_path: Path, end: State) -> None:
    """The profile that refused it has been changed since: today the file would pass."""
    site = Site(tmp_path, bank={"accounts": []} if end is State.CANCELLED else NOT_OURS)
    sid = taken_in_only(site, "pay.csv", ONE)
    older = OlderJournal(site, tmp_path / "copy")
    given_up(site, sid, end)
    older.is_put_back()
    site.bank = {}
    site.configure()
    site.once()
    assert site.at_bank() == {}
    assert [s.state for s in site.submissions()] == [end]
    assert site.receipt("pay.csv")["state"] == end
    assert "journal-rollback" in site.waiting()


@TO_END
def test_bytes_that_came_again_after_they_were_given_up_are_sent_once_by_an_older_journal(
    tmp_path: Path, end: State
) -> None:
    site = Site(tmp_path, bank={"accounts": []} if end is State.CANCELLED else NOT_OURS)
    sid = taken_in_only(site, "pay.csv", ONE)
    older = OlderJournal(site, tmp_path / "copy")
    given_up(site, sid, end)
    site.bank = {}
    site.configure()
    site.drop("pay.csv", ONE)
    site.once()
    sent = site.at_bank()
    assert len(sent) == 1
    older.is_put_back()
    site.clock.sleep(1000)
    site.once()
    assert site.at_bank() == sent
    assert [(s.sid, s.state) for s in site.submissions()] == [(sid, end), (f"{sid}-2", State.SENT)]


def test_a_second_claim_in_a_ledger_of_an_earlier_release_says_that_the_first_was_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Earlier releases did not tell the ledger what was cancelled."""
    for module in (decisions, mending):
        monkeypatch.setattr(module, "ensure_given_up", lambda house, sub: None)
    site = Site(tmp_path)
    sid = taken_in_only(site, "pay.csv", ONE)
    older = OlderJournal(site, tmp_path / "copy")
    given_up(site, sid, State.CANCELLED)
    site.drop("again.csv", ONE)
    site.once()
    sent = site.at_bank()
    assert len(sent) == 1
    older.is_put_back()
    monkeypatch.undo()
    site.once()
    assert site.at_bank() == sent
    first, second = site.submissions()
    assert (first.state, second.state) == (State.CANCELLED, State.SENT)
    assert f"came again as {sid}-2" in (first.reason_text or "")


def test_what_a_person_had_stopped_is_not_sent_by_an_older_journal_that_forgot_it(tmp_path: Path) -> None:
    site = Site(tmp_path)
    sid = taken_in_only(site, "pay.csv", ONE)
    older = OlderJournal(site, tmp_path / "copy")
    with site.house() as house:
        decisions.hold(house, sid, actor="anna", reason="the invoice may be forged")
    older.is_put_back()
    site.once()
    held = site.submission("pay.csv")
    assert (held.state, held.reason, site.at_bank()) == (State.HELD, "BY-HAND", {})
    assert "forged" in (held.reason_text or "")
    with site.house() as house:
        decisions.release(house, sid, actor="bo", reason="it is not")
    site.once()
    assert site.submission("pay.csv").state is State.SENT, "a start later the old word does not stop it again"
    assert len(site.at_bank()) == 1


@pytest.mark.parametrize("when", ["before it was dropped", "while it was held", "stopped by hand"])
def test_payments_of_a_file_that_a_person_released_are_known_again_after_an_older_journal(
    tmp_path: Path, when: str
) -> None:
    """It was held for its name, released and sent: what the bank says of its payments must find them."""
    site = Site(tmp_path)
    states.drop_and_send(site, "pay")
    older = OlderJournal(site, tmp_path / "before")
    site.drop("pay.csv", salaries(("OTHER-1", "7,00", IBANS[0])))
    site.once()
    (held,) = [s for s in site.submissions() if s.state is State.HELD]
    if when == "while it was held":
        older = OlderJournal(site, tmp_path / "held")
    with site.house() as house:
        decisions.release(house, held.sid, actor="anna", reason="another run of the same day")
        if when == "stopped by hand":
            decisions.hold(house, held.sid, actor="anna", reason="not before noon")
            decisions.release(house, held.sid, actor="anna", reason="now")
    site.once()
    (data,) = site.bank_takes().values()
    older.is_put_back()
    site.bank_says("report.xml", pain002(Sent.of(data), "RJCT"))
    site.once()
    with site.house() as house:
        assert house.journal.submission(held.sid).state is State.REJECTED
        assert [(p.end_to_end_id, p.outcome) for p in house.journal.payments(held.sid)] == [
            ("OTHER-1", Outcome.REJECTED)
        ]


def test_nothing_is_given_up_or_taken_over_by_the_word_of_an_older_journal(tmp_path: Path) -> None:
    """Before h2h was started and replayed the ledger: the bank has the file, and the same bytes would be sent again."""
    site = Site(tmp_path)
    sid, sent = sent_and_forgotten(site, tmp_path)
    with site.house() as house:
        assert house.journal.submission(sid).state is State.RECEIVED
        with pytest.raises(IllegalTransition, match="went to the bank"):
            cancel(house, sid, actor="anna", reason="not needed any more")
        with pytest.raises(IllegalTransition, match="went to the bank"):
            decisions.take_over(house, sid, actor="anna", reason="by portal", knowing_it_may_be_there=False)
    site.drop("again.csv", ONE)
    site.once()
    assert site.at_bank() == sent
    assert [s.state for s in site.submissions()] == [State.SENT, State.DUPLICATE]


def test_an_older_journal_that_is_put_back_while_h2h_works_sends_nothing_again(tmp_path: Path) -> None:
    """Nobody started h2h in between: what the ledger has was not replayed."""
    site = Site(tmp_path, bank=WINDOW)
    site.drop("pay.csv", ONE)
    site.once()  # 09:00
    older = OlderJournal(site, tmp_path / "copy")
    site.clock.sleep(7200)
    site.once()
    assert len(site.bank_takes()) == 1
    older.is_put_back()
    with site.house() as house:
        assert site.submission("pay.csv").state is State.SEALED
        work_bank(house, "testbank", lambda: False)
    held = site.submission("pay.csv")
    assert (held.state, held.reason, held.who_acts) == (
        State.HELD,
        "H5-OLDER-JOURNAL",
        WhoActs.SYSTEM_ADMINISTRATOR,
    )
    assert site.at_bank() == {}
    site.once()  # h2h is started: the ledger is replayed
    assert (site.submission("pay.csv").state, site.at_bank(), "held" in site.waiting()) == (State.SENT, {}, False)


def test_a_person_who_decides_while_the_ledger_is_replayed_does_not_end_the_start(tmp_path: Path) -> None:
    site = Site(tmp_path)
    sid, sent = sent_and_forgotten(site, tmp_path)
    with site.house() as house, site.house() as desk:
        held = Stopped(
            house.journal, "advance", lambda: decisions.hold(desk, sid, actor="anna", reason="is it forged?")
        )
        assert recover(replace(house, journal=held)) > 0
    site.once()
    assert (site.submission("pay.csv").state, site.at_bank()) == (State.SENT, sent)


@pytest.mark.parametrize("after_fetch", ["remove", "keep"])
def test_answers_that_an_older_journal_forgot_are_taken_from_the_archive(tmp_path: Path, after_fetch: str) -> None:
    """The bank has removed nothing but what h2h asked it to: its answers are only in the archive now."""
    site = Site(tmp_path, bank={"fetching": {"after_fetch": after_fetch}})
    sent = states.drop_and_send(site, "pay", 2)
    older = OlderJournal(site, tmp_path / "copy")
    site.bank_says("report.xml", pain002(sent, "ACCP"))
    site.bank_says("statement.xml", camt053([Line("10.00", "PAY-1")]))
    site.once()
    assert site.outcomes("pay.csv") == {"PAY-1": "settled", "PAY-2": "accepted"}
    given = site.inbox()
    for name in given:
        (site.root / "erp/in" / name).unlink()  # the ERP has taken it
    older.is_put_back()
    assert site.outcomes("pay.csv") == {"PAY-1": "pending", "PAY-2": "pending"}
    site.once()
    assert site.submission("pay.csv").state is State.ACCEPTED
    assert site.outcomes("pay.csv") == {"PAY-1": "settled", "PAY-2": "accepted"}
    assert [f.state for f in site.files()] == [FileState.DELIVERED, FileState.DELIVERED]
    assert site.inbox() == {}, "the ERP is not given again what it was given"
    assert "journal-rollback" in site.waiting()
    fetched = site.files()
    site.once()
    assert site.files() == fetched


def test_an_answer_that_was_never_given_to_the_erp_is_given_after_an_older_journal(tmp_path: Path) -> None:
    site = Site(tmp_path)
    sent = states.drop_and_send(site, "pay")
    older = OlderJournal(site, tmp_path / "copy")
    site.bank_says("report.xml", pain002(sent, "ACCP"))
    with site.house() as house, BankLine(house, "testbank") as line:
        assert fetch(house, line, Seen(), lambda: None) == 1  # and then the machine stops
    assert list((site.at / "from_bank").iterdir()) == []
    older.is_put_back()
    site.once()
    assert site.submission("pay.csv").state is State.ACCEPTED
    assert [m["bank_file"] for m in site.manifests()] == ["report.xml"]


def test_nothing_that_lies_in_the_archive_unknown_to_the_ledger_is_taken_for_an_answer(tmp_path: Path) -> None:
    """Somebody who can write into the archive cannot say that a bank sent it."""
    site = Site(tmp_path)
    sent = states.drop_and_send(site, "pay")
    older = OlderJournal(site, tmp_path / "copy")
    site.bank_says("report.xml", pain002(sent, "ACCP"))
    with site.house() as house, BankLine(house, "testbank") as line:
        fetch(house, line, Seen(), lambda: None)
        (file,) = house.journal.files()
        received = house.archive.get(file.fid, file.fetched_at, "10-received")
        assert received is not None
        data = received.read_bytes()
        received.chmod(0o600)
        received.write_bytes(data.replace(b"ACCP", b"RJCT"))
        house.archive.put("0123456789abcdef0123", file.fetched_at, "10-received", data.replace(b"ACCP", b"RCVD"))
    older.is_put_back()
    site.once()
    assert site.submission("pay.csv").state is State.SENT
    assert [(f.fid, f.state) for f in site.files()] == [(file.fid, FileState.QUARANTINED)]


def test_a_doubt_that_the_ledger_knows_to_be_settled_opens_no_new_generation(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=CLEARS_AWAY)
    sid = states.in_doubt(site)
    older = OlderJournal(site, tmp_path / "copy")
    with site.house() as house:
        decisions.resolve_sent(house, sid, actor="anna", reason="Ms Meier has it")
    older.is_put_back()
    with site.house() as house, pytest.raises(IllegalTransition, match="went to the bank"):
        decisions.resolve_not_sent(house, sid, actor="bo", reason="the hotline does not find it")
    site.once()
    assert site.submission("doubt.csv").state is State.SENT


def test_a_doubt_whose_next_generation_went_out_is_not_decided_by_the_word_of_an_older_journal(tmp_path: Path) -> None:
    """The journal has the doubt still; the file was sent anew since, and whoever sends it another way pays twice."""
    site = Site(tmp_path, bank=CLEARS_AWAY)
    sid = states.in_doubt(site)
    older = OlderJournal(site, tmp_path / "copy")
    with site.house() as house:
        decisions.resolve_not_sent(house, sid, actor="anna", reason="the hotline does not find it")
    site.once()
    assert len(site.bank_takes()) == 1
    older.is_put_back()
    with site.house() as house:
        with pytest.raises(IllegalTransition, match="went to the bank"):
            decisions.take_over(house, sid, actor="bo", reason="by portal", knowing_it_may_be_there=True)
        with pytest.raises(IllegalTransition, match="went to the bank"):
            decisions.resolve_not_sent(house, sid, actor="bo", reason="the hotline does not find it")
        with pytest.raises(IllegalTransition, match="went to the bank"):
            decisions.resolve_sent(house, sid, actor="bo", reason="the hotline has found it")
    site.once()
    sent = site.submission("doubt.csv")
    assert (sent.state, sent.generation, site.at_bank()) == (State.SENT, 1, {})


def test_an_older_journal_does_not_take_what_a_person_had_removed_for_a_sign_that_it_was_sent(tmp_path: Path) -> None:
    """The bank never removes temporary files, so that one is gone proves a rename; but it was h2h that removed it."""
    site = Site(tmp_path)

    site.drop("pay.csv", ONE)
    site.once(troubled(half_of_it(site)))
    doubt = site.submission("pay.csv")
    assert doubt.state is State.IN_DOUBT
    older = OlderJournal(site, tmp_path / "copy")
    withdrawn(site, doubt)
    older.is_put_back()
    assert is_still_in_doubt(site, doubt)


def test_what_a_person_stopped_is_told_to_the_ledger_at_the_next_start_if_the_command_was_killed_before(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path, bank=WINDOW)
    site.drop("pay.csv", ONE)
    site.once()  # 09:00
    older = OlderJournal(site, tmp_path / "copy")

    def killed(*_given: object) -> None:
        raise Killed

    sid = site.submission("pay.csv").sid
    with site.house() as house:
        cut_short = replace(house, ledger=Stopped(house.ledger, "append", killed))
        with pytest.raises(Killed):
            decisions.hold(cut_short, sid, actor="anna", reason="the invoice may be forged")
    site.once()
    older.is_put_back()
    site.clock.sleep(7200)
    site.once()
    assert (site.submission("pay.csv").state, site.at_bank()) == (State.HELD, {})
