"""What counts as evidence and what does not, and what the second witness must know besides that something was sent."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import InDoubt
from h2h.core.lifecycle import State
from h2h.pipeline import decisions, recovery
from h2h.pipeline.decisions import cancel
from h2h.pipeline.house import House
from h2h.pipeline.rounds import scan_folders
from h2h.ports import Session
from tests.contracts.pain import IBANS
from tests.journeys.site import Site, salaries

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


def test_a_temporary_file_that_changed_after_it_was_verified_is_never_made_visible(tmp_path: Path) -> None:
    """The bank's server lost its power between our look and the rename, and has half of the file."""
    site = Site(tmp_path)

    def half(folder: str, name: str) -> None:
        path = site.at / folder / name
        path.write_bytes(path.read_bytes()[:100])

    site.drop("pay.csv", ONE)
    site.once(troubled(half))
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
