"""Artefacts in the archive that are not as h2h put them there: never sent, never taken for the bank's word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from h2h.core.lifecycle import State
from h2h.core.records import FileState
from h2h.pipeline import decisions
from h2h.pipeline.fetch import Seen, fetch
from h2h.pipeline.house import House
from h2h.pipeline.inbound import Worker, work_inbound
from h2h.pipeline.line import Line as BankLine
from h2h.pipeline.rounds import scan_folders
from h2h.ports import Session
from tests.contracts.keyrings import keyring
from tests.contracts.pain import IBANS
from tests.journeys import states
from tests.journeys.answers import Line, Sent, camt053
from tests.journeys.people import Person
from tests.journeys.site import ONE, WINDOW, Site, in_the_present, salaries, week_after
from tests.journeys.test_bad_input import pgp


def changed(house: House, owner: str, since: datetime, artefact: str, old: bytes, new: bytes) -> None:
    """A bit that fell over, or a hand."""
    path = house.archive.get(owner, since, artefact)
    assert path is not None
    data = path.read_bytes()
    assert old in data
    path.chmod(0o600)
    path.write_bytes(data.replace(old, new))


@pytest.mark.parametrize(
    ("state", "artefact"),
    [
        (FileState.FETCHED, "10-received"),
        (FileState.OPENED, "20-opened"),
        (FileState.READ, "20-opened"),
        (FileState.MATCHED, "20-opened"),
        (FileState.MATCHED, "30-message"),
    ],
)
def test_what_was_changed_in_the_archive_is_never_taken_for_the_banks_word(
    tmp_path: Path, state: FileState, artefact: str
) -> None:
    site = Site(tmp_path, erp={"deliver": ["csv", "json", "original"]})
    states.drop_and_send(site, "pay")
    site.bank_says("statement.xml", camt053([Line("10.00", "PAY-1")]))
    order = [FileState.FETCHED, FileState.OPENED, FileState.READ, FileState.MATCHED]
    left = list(range(order.index(state)))
    with site.house() as house:
        with BankLine(house, "testbank") as line:
            fetch(house, line, Seen(), lambda: None)
        while left:
            work_inbound(house, "testbank", Worker(lambda: not left or left.pop() is None, lambda: None))
        (file,) = house.journal.files()
        assert file.state is state
        changed(house, file.fid, file.fetched_at, artefact, b"10.00", b"90.00")
    site.once()
    (file,) = site.files()
    assert (file.state, file.reason) == (FileState.QUARANTINED, "UNTRUSTED")
    assert "is not what h2h put there" in (file.reason_text or "")
    assert site.inbox() == {}
    assert "quarantined" in site.waiting()
    if state is not FileState.MATCHED:
        assert site.outcomes("pay.csv") == {"PAY-1": "pending"}


def test_what_somebody_put_into_the_archive_before_it_was_opened_is_not_the_banks_word(tmp_path: Path) -> None:
    site = Site(tmp_path)
    states.drop_and_send(site, "pay")
    site.bank_says("statement.xml", camt053([Line("10.00", "PAY-1")]))
    with site.house() as house:
        with BankLine(house, "testbank") as line:
            fetch(house, line, Seen(), lambda: None)
        (file,) = house.journal.files()
        received = house.archive.get(file.fid, file.fetched_at, "10-received")
        assert received is not None
        forged = received.read_bytes().replace(b"10.00", b"90.00")
        house.archive.put(file.fid, file.fetched_at, "20-opened", forged)
    site.once()
    assert [f.state for f in site.files()] == [FileState.QUARANTINED]
    assert site.inbox() == {}


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
        changed(house, sub.sid, sub.received_at, artefact, b"1250", b"9250")
    site.clock.sleep(7200)
    if sub.state is State.AWAITING_RELEASE:
        with site.house() as house:
            decisions.release(house, sub.sid, actor="anna", reason="approved as it was shown to me")
    site.once()
    held = site.submission("pay.csv")
    assert site.at_bank() == {}
    assert (held.state, held.reason) == (State.HELD, "H7-UNTRUSTED")
    assert "is not what h2h put there" in (held.reason_text or "")
    with site.house() as house:
        changed(house, sub.sid, sub.received_at, artefact, b"9250", b"1250")
        decisions.release(house, sub.sid, actor="anna", reason="the archive was restored")
    site.once()
    (sent,) = site.at_bank().values()
    assert [p[2] for p in Sent.of(sent).payments] == ["1250.00"]


def test_what_is_changed_between_a_look_and_the_upload_gets_no_final_name(tmp_path: Path) -> None:
    """While h2h logs in. The bank lets nobody read back, and the size is the same."""
    site = Site(tmp_path, bank={"submission": {"read_back": False}})
    site.drop("pay.csv", ONE)

    class LateHand:
        rename_is_atomic = True

        def __init__(self, house: House) -> None:
            self._house = house

        @contextmanager
        def connect(self) -> Iterator[Session]:
            (sub,) = self._house.journal.submissions()
            if sub.state is State.SEALED:
                changed(self._house, sub.sid, sub.received_at, "40-sealed", b"1250", b"9250")
            with self._house.channels["testbank"].connect() as session:
                yield session

    site.once(lambda house: replace(house, channels={"testbank": LateHand(house)}))
    held = site.submission("pay.csv")
    assert (held.state, held.reason, site.at_bank()) == (State.HELD, "H7-UNTRUSTED", {})
    assert "was changed while it was read" in (held.reason_text or "")
    with site.house() as house:
        changed(house, held.sid, held.received_at, "40-sealed", b"9250", b"1250")
        decisions.release(house, held.sid, actor="anna", reason="the archive was restored")
    site.once()
    assert [b"1250.00" in data for data in site.at_bank().values()] == [True]


@pytest.mark.parametrize("sealed", [False, True], ids=["as it is", "by PGP"])
def test_another_file_of_ours_put_in_the_place_of_one_that_waits_is_not_sent_again(
    tmp_path: Path, sealed: bool
) -> None:
    """The bank would take it: its signature is ours. Somebody who can write into the archive must not pay it twice."""
    with ExitStack() as stack:
        clock, bank = in_the_present(), {}
        if sealed:
            ours, theirs = stack.enter_context(keyring()), stack.enter_context(keyring())
            own, key = ours.make("ours"), theirs.make("bank")
            ours.take(theirs.public("bank"))
            bank = {"seal": pgp(ours, own, key)}
        site = Site(tmp_path, erp={"release_required": True}, bank=bank, clock=clock)
        taken: list[bytes] = []
        for number in (1, 2):
            row = (f"SAL-{number}", "1250,00", IBANS[number])
            site.drop(f"{number}.csv", salaries(row, date=week_after(clock.start)))
            site.once()
            sub = site.submission(f"{number}.csv")
            assert sub.state is State.AWAITING_RELEASE
            with site.house() as house:
                if taken:
                    name = f"40-sealed.xml{house.bank(sub).seal.suffix}"
                    house.archive.put(sub.sid, sub.received_at, name, taken[0])
                decisions.release(house, sub.sid, actor="anna", reason="as it was shown to me")
            site.once()
            taken += site.bank_takes().values()
    assert len(taken) == 2
    assert taken[0] != taken[1]
    with site.house() as house:
        path = house.archive.get(sub.sid, sub.received_at, "40-sealed")
        assert path is not None
        assert path.read_bytes() == taken[1]


@pytest.mark.parametrize("artefact", ["30-bank", "40-sealed"])
def test_what_was_changed_in_the_archive_is_not_given_to_a_person_to_send_by_hand(
    tmp_path: Path, artefact: str
) -> None:
    site = Site(tmp_path, bank=WINDOW)
    site.drop("pay.csv", ONE)
    site.once()
    sub, by_hand = site.submission("pay.csv"), tmp_path / "by-hand"
    by_hand.mkdir()
    with site.house() as house:
        changed(house, sub.sid, sub.received_at, artefact, b"1250", b"9250")
    words = ("take-over", sub.sid, "--reason", "the window is closed", "--export", str(by_hand))
    said = Person(site).says(*words)
    assert (said.status, "is not what h2h put there" in said.err) == (1, True), said.err
    assert (site.submission("pay.csv").state, list(by_hand.iterdir())) == (State.SEALED, [])
    with site.house() as house:
        changed(house, sub.sid, sub.received_at, artefact, b"9250", b"1250")
    assert Person(site).says(*words).status == 0
    assert [b"1250.00" in path.read_bytes() for path in by_hand.iterdir()] == [True]
