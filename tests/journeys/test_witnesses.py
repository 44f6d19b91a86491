"""What counts as evidence and what does not, and what the second witness must know besides that something was sent."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import IllegalTransition, InDoubt, NotPermitted, Unavailable
from h2h.core.evidence import Decision
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.core.outcome import Outcome
from h2h.pipeline import decisions, recovery
from h2h.pipeline.decisions import cancel
from h2h.pipeline.house import House
from h2h.pipeline.line import Line as BankLine
from h2h.pipeline.outbound import work_bank
from h2h.pipeline.rounds import scan_folders
from h2h.pipeline.send import look_again, withdraw
from h2h.ports import Session
from tests.contracts.pain import IBANS
from tests.journeys import states
from tests.journeys.answers import Line, Sent, camt053, pain002
from tests.journeys.site import MONDAY, Site, iso, salaries

ONE = salaries(("SAL-1", "1250,00", IBANS[0]))


# -- what is at the bank


class BankInTrouble:
    """A channel whose server meets *trouble* (given the folder and the temporary name) instead of the rename."""

    def __init__(self, channel: Any, trouble: Callable[[str, str], None]) -> None:
        self._channel, self._trouble = channel, trouble

    @property
    def rename_is_atomic(self) -> bool:
        return bool(self._channel.rename_is_atomic)

    @contextmanager
    def connect(self) -> Iterator[Session]:
        with self._channel.connect() as session:

            def rename(folder: str, name: str, to_folder: str, to_name: str) -> None:
                self._trouble(folder, name)
                raise InDoubt("the reply was lost")

            session.rename = rename
            yield session


def troubled(trouble: Callable[[str, str], None]) -> Callable[[House], House]:
    return lambda house: replace(
        house, channels={name: BankInTrouble(c, trouble) for name, c in house.channels.items()}
    )


def half_of_it(site: Site) -> Callable[[str, str], None]:
    """The bank's server loses its power, and has half of the file."""

    def half(folder: str, name: str) -> None:
        path = site.at / folder / name
        path.write_bytes(path.read_bytes()[:100])

    return half


def test_a_temporary_file_that_changed_after_it_was_verified_is_never_made_visible(tmp_path: Path) -> None:
    """The bank's server lost its power between our look and the rename, and has half of the file."""
    site = Site(tmp_path)

    site.drop("pay.csv", ONE)
    site.once(troubled(half_of_it(site)))
    site.clock.sleep(1000)
    site.once()
    assert site.at_bank() == {}
    doubt = site.submission("pay.csv")
    assert (doubt.state, doubt.reason) == (State.IN_DOUBT, "H3")
    assert "no longer what was uploaded" in (doubt.reason_text or "")


# -- an older journal


class OlderJournal:
    """The journal as it is now, to be put back later; the ledger and the archive stay as they are then."""

    def __init__(self, site: Site, copy: Path) -> None:
        self._state, self._copy = site.root / "state", copy
        copy.mkdir()
        for file in self._state.glob("*.db*"):
            shutil.copy2(file, copy)

    def is_put_back(self) -> None:
        for file in self._state.glob("*.db*"):
            file.unlink()
        shutil.copytree(self._copy, self._state, dirs_exist_ok=True)


def taken_in_only(site: Site, name: str, content: str) -> str:
    site.drop(name, content)
    with site.house() as house:
        scan_folders(house, lambda: False)
    return site.submission(name).sid


def given_up(site: Site, sid: str, end: State) -> None:
    """Refused by h2h, or cancelled by a person."""
    with site.house() as house:
        if end is State.CANCELLED:
            cancel(house, sid, actor="anna", reason="exported twice by mistake")
    site.once()
    assert [s.state for s in site.submissions()] == [end]


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
    for module in (decisions, recovery):
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
    sid = taken_in_only(site, "pay.csv", ONE)
    older = OlderJournal(site, tmp_path / "copy")
    site.once()
    sent = site.at_bank()
    assert len(sent) == 1
    older.is_put_back()
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


def test_a_doubt_that_the_ledger_knows_to_be_settled_opens_no_new_generation(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"submission": {"bank_removes_temporaries": True}})
    sid = states.in_doubt(site)
    older = OlderJournal(site, tmp_path / "copy")
    with site.house() as house:
        decisions.resolve_sent(house, sid, actor="anna", reason="Ms Meier has it")
    older.is_put_back()
    with site.house() as house, pytest.raises(IllegalTransition, match="went to the bank"):
        decisions.resolve_not_sent(house, sid, actor="bo", reason="the hotline does not find it")
    site.once()
    assert site.submission("doubt.csv").state is State.SENT


def test_an_older_journal_does_not_take_what_a_person_had_removed_for_a_sign_that_it_was_sent(tmp_path: Path) -> None:
    """The bank never removes temporary files, so that one is gone proves a rename; but it was h2h that removed it."""
    site = Site(tmp_path)

    site.drop("pay.csv", ONE)
    site.once(troubled(half_of_it(site)))
    doubt = site.submission("pay.csv")
    assert doubt.state is State.IN_DOUBT
    older = OlderJournal(site, tmp_path / "copy")
    with site.house() as house, BankLine(house, doubt.bank) as line:
        withdraw(house, line, doubt, actor="anna")  # and then the machine stops
    older.is_put_back()
    with site.house() as house, BankLine(house, doubt.bank) as line:
        again, answer = look_again(house, line, doubt, actor="anna")
    assert (again.state, answer.decision) == (State.IN_DOUBT, Decision.DOUBT)


# -- a file that the bank knows before it was sent


WINDOW = {"cutoff": {"timezone": "UTC", "earliest": time(10), "latest": time(16)}}


def test_a_file_that_the_bank_answers_before_it_was_sent_is_held(tmp_path: Path) -> None:
    """Somebody sent it by hand while the window was closed: it must not follow when it opens."""
    site = Site(tmp_path, bank=WINDOW)
    site.drop("pay.xml", iso("ERP-1", ["10.00", "20.00"]))
    site.once()  # 09:00
    assert site.submission("pay.xml").state is State.SEALED
    site.bank_says("report.xml", pain002(Sent.of(iso("ERP-1", ["10.00", "20.00"])), "ACCP"))
    site.once()
    site.clock.sleep(7200)
    site.once()
    held = site.submission("pay.xml")
    assert (held.state, held.reason, held.who_acts) == (State.HELD, "H8-ANSWERED", WhoActs.TREASURY)
    assert site.at_bank() == {}
    assert "held" in site.waiting()
    assert "find out whether the bank has these payments" in site.receipt("pay.xml")["next_step"]
    with site.house() as house:
        decisions.release(house, held.sid, actor="anna", reason="the bank answered a test file of the same name")
    site.bank_says("again.xml", pain002(Sent.of(iso("ERP-1", ["10.00", "20.00"])), "ACSP", message_id="R2"))
    site.once()
    assert site.submission("pay.xml").state is not State.HELD, "what a person released in this knowledge goes on"
    assert len(site.at_bank()) == 1


def test_a_new_generation_is_stopped_by_a_statement_that_shows_the_earlier_one(tmp_path: Path) -> None:
    """A person believed the bank's "no"; before the file goes out again the money is seen to have moved."""
    site = Site(tmp_path, bank={"submission": {"bank_removes_temporaries": True}, **WINDOW})
    site.clock.sleep(3600)
    sid = states.in_doubt(site)
    site.clock.sleep(9 * 3600)  # 19:00
    with site.house() as house:
        decisions.resolve_not_sent(house, sid, actor="anna", reason="the hotline does not find it")
    site.once()
    assert site.submission("doubt.csv").state is State.SEALED
    site.bank_says("statement.xml", camt053([Line("99.50", "DOUBT-1")]))
    site.once()
    site.clock.sleep(16 * 3600)
    site.once()
    held = site.submission("doubt.csv")
    assert (held.state, held.reason) == (State.HELD, "H8-ANSWERED")
    assert site.at_bank() == {}


def test_what_was_released_before_one_generation_is_asked_again_before_the_next(tmp_path: Path) -> None:
    """The bank's first answer was about a test file, as somebody said then; what it says now may be about the first."""
    site = Site(tmp_path, bank={"submission": {"bank_removes_temporaries": True}, **WINDOW})
    content = iso("ERP-1", ["10.00", "20.00"])
    site.drop("pay.xml", content)
    site.once()  # 09:00
    site.bank_says("report.xml", pain002(Sent.of(content), "ACTC"))
    site.once()
    held = site.submission("pay.xml")
    assert (held.state, held.reason) == (State.HELD, "H8-ANSWERED")
    with site.house() as house:
        decisions.release(house, held.sid, actor="anna", reason="the bank answered a test file of the same name")
    site.clock.sleep(2 * 3600)
    site.once(states.swallowing(site))
    assert site.submission("pay.xml").state is State.IN_DOUBT
    site.clock.sleep(8 * 3600)
    with site.house() as house:
        decisions.resolve_not_sent(house, held.sid, actor="anna", reason="the hotline does not find it")
    site.bank_says("again.xml", pain002(Sent.of(content), "ACTC", message_id="R2"))
    site.once()  # 19:00
    again = site.submission("pay.xml")
    assert (again.state, again.reason) == (State.HELD, "H8-ANSWERED")
    site.clock.sleep(16 * 3600)
    site.once()
    assert site.at_bank() == {}


# -- what lies in the archive


@pytest.mark.parametrize("artefact", ["10-source", "30-bank", "40-sealed"])
def test_what_was_changed_in_the_archive_is_never_sent(tmp_path: Path, artefact: str) -> None:
    """A bit that fell over, or a hand: one digit of an amount, between two steps."""
    stops = {
        "10-source": {},
        "30-bank": {"release_required": True},
        "40-sealed": {},
    }[artefact]
    bank: dict[str, Any] = {"submission": {"read_back": False}, **WINDOW}
    site = Site(tmp_path, erp=stops, bank=bank)
    site.drop("pay.csv", ONE)
    if artefact == "10-source":
        with site.house() as house:
            scan_folders(house, lambda: False)
    else:
        site.once()
    sub = site.submission("pay.csv")
    with site.house() as house:
        path = house.archive.get(sub.sid, sub.received_at, artefact)
        assert path is not None
    data = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(data.replace(b"1250", b"9250"))
    assert path.read_bytes() != data
    site.clock.sleep(7200)
    if sub.state is State.AWAITING_RELEASE:
        with site.house() as house:
            decisions.release(house, sub.sid, actor="anna", reason="approved as it was shown to me")
    site.once()
    held = site.submission("pay.csv")
    assert site.at_bank() == {}
    assert (held.state, held.reason) == (State.HELD, "H7-UNTRUSTED")
    assert "is not what h2h put there" in (held.reason_text or "")
    path.write_bytes(data)
    with site.house() as house:
        decisions.release(house, sub.sid, actor="anna", reason="the archive was restored")
    site.once()
    (sent,) = site.at_bank().values()
    assert [p[2] for p in Sent.of(sent).payments] == ["1250.00"]


# -- one file among the bank's answers


@pytest.mark.parametrize("problem", [NotPermitted("permission denied"), Unavailable("failure, no reason given")])
def test_one_answer_that_the_bank_does_not_let_us_read_does_not_hold_up_the_others(
    tmp_path: Path, problem: Unavailable
) -> None:
    site = Site(tmp_path)
    locked = {"1-locked.xml"}

    class Locked:
        rename_is_atomic = True

        def __init__(self, channel: Any) -> None:
            self._channel = channel

        @contextmanager
        def connect(self) -> Iterator[Session]:
            with self._channel.connect() as session:
                real = session.fetch

                def fetch(folder: str, name: bytes, sink: Any, bytes_max: int) -> int:
                    if name.decode() in locked:
                        raise problem
                    return int(real(folder, name, sink, bytes_max))

                session.fetch = fetch
                yield session

    def with_lock(house: House) -> House:
        return replace(house, channels={name: Locked(c) for name, c in house.channels.items()})

    site.bank_says("1-locked.xml", camt053([Line("1.00", "THEIRS-1")]), mtime=MONDAY)
    site.bank_says("2-next.xml", camt053([Line("2.00", "THEIRS-2")], sequence=2, opening="9999.00"))
    site.once(with_lock)
    assert [f.remote_name for f in site.files()] == ["2-next.xml"]
    assert "cannot-fetch-file" in site.waiting()
    locked.clear()
    site.once(with_lock)
    assert sorted(f.remote_name for f in site.files()) == ["1-locked.xml", "2-next.xml"]
    assert "cannot-fetch-file" not in site.waiting()


def test_a_connection_that_is_lost_among_the_answers_is_no_trouble_of_one_of_them(tmp_path: Path) -> None:
    """Too old, or cut: the others are fetched over the next one, and nobody is told about a file."""
    site = Site(tmp_path)
    lost: list[str] = []

    class Lost:
        rename_is_atomic = True

        def __init__(self, channel: Any) -> None:
            self._channel = channel

        @contextmanager
        def connect(self) -> Iterator[Session]:
            with self._channel.connect() as session:
                gone: list[bytes] = []
                real_list, real_fetch = session.list, session.fetch

                def names(folder: str) -> Iterator[Any]:
                    if gone:
                        raise Unavailable("this connection has been open for long enough")
                    return iter(real_list(folder))

                def fetch(folder: str, name: bytes, sink: Any, bytes_max: int) -> int:
                    if not lost:
                        lost.append(name.decode())
                        gone.append(name)
                    if gone:
                        raise Unavailable("this connection has been open for long enough")
                    return int(real_fetch(folder, name, sink, bytes_max))

                session.list, session.fetch = names, fetch
                yield session

    site.bank_says("1.xml", camt053([Line("1.00", "THEIRS-1")]), mtime=MONDAY)
    site.bank_says("2.xml", camt053([Line("2.00", "THEIRS-2")], sequence=2, opening="9999.00"))

    def over_it(house: House) -> House:
        return replace(house, channels={name: Lost(c) for name, c in house.channels.items()})

    site.once(over_it)
    site.clock.sleep(60)
    site.once(over_it)
    assert lost == ["1.xml"]
    assert sorted(f.remote_name for f in site.files()) == ["1.xml", "2.xml"]
    with site.house() as house:
        ever = [item.kind for item in house.journal.attention(open_only=False)]
    assert "cannot-fetch-file" not in ever
