"""F37: journal and ledger are both restored from one older copy. A third place knows better; nothing is sent twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from h2h.core.errors import Misconfigured
from h2h.core.lifecycle import State
from h2h.pipeline.rounds import BankRound, scan_folders
from tests.contracts.pain import IBANS
from tests.journeys.people import Person
from tests.journeys.site import ONE, Site, salaries

TWO = salaries(("SAL-2", "20,00", IBANS[1]))
HEAD = "heads/ledger.jsonl.head"


def with_a_third_place(root: Path) -> Site:
    """An installation that notes its ledger's head elsewhere."""
    (root / "heads").mkdir()
    return Site(root, paths={"heads": "heads"})


def snapshot(site: Site) -> Path:
    """A copy of journal, ledger and archive, as a backup of the whole machine makes it."""
    copy = site.root / "snapshot"
    for name in ("state", "ledger", "archive"):
        shutil.copytree(site.root / name, copy / name)
    return copy


def restore(site: Site, copy: Path) -> None:
    """All three are as they were."""
    for name in ("state", "ledger", "archive"):
        shutil.rmtree(site.root / name)
        shutil.copytree(copy / name, site.root / name)


def restored_before_it_was_sent(root: Path) -> Site:
    """A file was sealed when the copy was made; then it was sent, and the bank took it; then the copy was put back."""
    site = with_a_third_place(root)
    away = site.at.rename(site.root / "away")
    site.drop("one.csv", ONE)
    site.once()
    assert site.submission("one.csv").state is State.SEALED
    copy = snapshot(site)
    away.rename(site.at)
    site.clock.sleep(1000)
    assert site.once()
    assert len(site.bank_takes()) == 1
    restore(site, copy)
    return site


def test_journal_and_ledger_restored_from_one_older_copy_are_noticed_and_nothing_is_sent(tmp_path: Path) -> None:
    site = restored_before_it_was_sent(tmp_path)
    for _ in range(2):
        with pytest.raises(Misconfigured, match=r"ends at record 1, .* has seen .* restored from an older copy"):
            site.once()
    assert site.at_bank() == {}
    for words in (("check",), ("journal", "verify")):
        said = Person(site).says(*words, columns=400)
        assert (said.status, "older copy" in " ".join(said.out.split())) == (1, True)


def test_without_a_third_place_the_same_copy_sends_it_again(tmp_path: Path) -> None:
    """What the third place is for: this is the loss that it prevents."""
    site = restored_before_it_was_sent(tmp_path)
    site.paths = {}
    site.configure()
    site.clock.sleep(2000)
    site.once()
    assert len(site.at_bank()) == 1


def test_who_has_nothing_newer_goes_on_and_what_may_have_been_sent_is_held(tmp_path: Path) -> None:
    site = restored_before_it_was_sent(tmp_path)
    said = Person(site).says("journal", "accept-older", "--reason", "the disk is lost", columns=200)
    assert said.status == 0, said.err
    assert "Held: 1 file." in said.out
    site.drop("two.csv", TWO)
    site.once()
    held = site.submission("one.csv")
    assert (held.state, held.reason) == (State.HELD, "H5-OLDER-COPY")
    assert site.submission("two.csv").state is State.SENT
    assert len(site.at_bank()) == 1
    again = Person(site).says("journal", "accept-older", "--reason", "again", columns=200)
    assert (again.status, "nothing to accept" in again.err) == (1, True)


def test_a_ledger_that_went_on_from_an_older_copy_is_another_one(tmp_path: Path) -> None:
    site = with_a_third_place(tmp_path)
    site.drop("one.csv", ONE)
    site.once()
    known = (site.root / HEAD).read_text()
    number, hash_ = known.split()
    (site.root / HEAD).write_text(f"{number} {hash_[::-1]}\n")
    with pytest.raises(Misconfigured, match="is not the one that"):
        site.once()
    (site.root / HEAD).write_text("garbage\n")
    with pytest.raises(Misconfigured, match="is damaged"):
        site.once()
    (site.root / HEAD).write_text(known)
    assert site.once()


def test_what_cannot_be_noted_is_not_renamed_at_the_bank(tmp_path: Path) -> None:
    site = with_a_third_place(tmp_path)
    site.drop("one.csv", ONE)
    with site.house() as house:
        scan_folders(house, lambda: False)
        (site.root / "heads").rename(site.root / "unplugged")
        turn = BankRound(house, "testbank")
        for _ in range(2):
            turn.take(lambda: False)
            assert site.at_bank() == {}, "the ledger has the commit, the third place has not"
            assert house.journal.submissions()[0].state is State.COMMITTING
            site.clock.sleep(2000)
        (site.root / "unplugged").rename(site.root / "heads")
        turn.take(lambda: False)
        assert len(site.at_bank()) == 1


def test_a_folder_that_is_not_mounted_stops_the_start(tmp_path: Path) -> None:
    site = Site(tmp_path, paths={"heads": "heads"})
    with pytest.raises(Misconfigured, match="is not there"):
        site.once()


def test_a_crash_between_ledger_and_third_place_is_mended_by_the_next_start(tmp_path: Path) -> None:
    site = with_a_third_place(tmp_path)
    site.drop("one.csv", ONE)
    site.once()
    older = (site.root / HEAD).read_text()
    site.drop("two.csv", TWO)
    site.once()
    newer = (site.root / HEAD).read_text()
    (site.root / HEAD).write_text(older)
    site.once()
    assert int((site.root / HEAD).read_text().split()[0]) >= int(newer.split()[0]) > int(older.split()[0])
