"""A bank's file that was set aside is taken again from the archive, when a person has mended why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from h2h.core.errors import IllegalTransition, Untrusted
from h2h.core.records import FileState
from h2h.pipeline.packed import PART
from h2h.pipeline.reread import reread
from tests.journeys.answers import Sent, pain002
from tests.journeys.people import Person
from tests.journeys.site import Site
from tests.journeys.test_overtaken import Stopped
from tests.journeys.test_packed import ends, site_with_two, zipped


def too_large(tmp_path: Path) -> tuple[Site, bytes]:
    """An archive of one answer that unpacks to more than the limit; its bytes."""
    site, sent = site_with_two(tmp_path)
    data = zipped(("answer.xml", pain002(sent, "ACCP") + " " * 3_000_000))
    site.limits = {"file_bytes_max": 1_000_000}
    site.configure()
    site.bank_says("answer.zip", data)
    site.once()
    assert ends(site) == {"answer.zip": "QUARANTINED"}
    site.limits = {}
    site.configure()
    return site, data


def test_what_was_set_aside_is_delivered_when_its_cause_is_mended(tmp_path: Path) -> None:
    site, _ = too_large(tmp_path)
    assert site.waiting() == ["quarantined"]
    alice = Person(site)
    (command,) = [c for c in alice.says("explain", "answer.zip", "--json").json["commands"] if " reread " in c]
    (file,) = site.files()
    assert file.fid in command
    said = alice.says("reread", "answer.zip", "--reason", "the limit is raised")
    assert (said.status, "by alice: the limit is raised" in said.out) == (0, True), said.err
    assert site.once()
    assert ends(site) == {"answer.zip": "DELIVERED"}
    assert site.outcomes("salaries.csv") == {"SAL-1": "accepted", "SAL-2": "accepted"}
    assert site.waiting() == []
    told = alice.says("explain", "answer.zip", columns=200).out
    assert "alice had h2h take it again from the archive: the limit is raised" in told
    assert "Findings" not in told, "those of the first time are of the past"


def test_what_is_still_wrong_is_set_aside_again_and_said_anew(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.bank_says("nonsense.xml", "<nonsense/>")
    site.once()
    alice = Person(site)
    assert alice.says("reread", "nonsense.xml", "--reason", "perhaps now", "--json").json["state"] == "FETCHED"
    site.once()
    assert ends(site) == {"nonsense.xml": "QUARANTINED"}
    assert site.waiting() == ["quarantined"]


def test_if_the_bank_has_sent_it_again_meanwhile_it_is_a_duplicate(tmp_path: Path) -> None:
    site, data = too_large(tmp_path)
    site.bank_says("again.zip", data)
    site.once()
    before = site.inbox()
    (file,) = [f for f in site.files() if f.remote_name == "answer.zip"]
    with site.house() as house:
        reread(house, file.fid, actor="alice", reason="mended")
    site.once()
    assert ends(site) == {"answer.zip": "DUPLICATE", "again.zip": "DELIVERED"}
    assert site.inbox() == before


def test_a_file_that_came_in_an_archive_is_still_one(tmp_path: Path) -> None:
    site, sent = site_with_two(tmp_path)
    foreign = pain002(Sent("SOMEBODY-ELSE", sent.message_name, sent.payments), "ACSP")
    site.bank_says("day.zip", zipped(("theirs.xml", foreign), ("ours.xml", pain002(sent, "ACCP"))))
    site.once()
    (aside,) = [f for f in site.files() if f.state is FileState.QUARANTINED]
    assert site.waiting() == ["unknown-message"]
    with site.house() as house:
        assert reread(house, aside.fid, actor="alice", reason="is it ours?").kind == PART
    assert site.waiting() == []
    site.once()
    assert site.waiting() == ["unknown-message"]


def test_only_what_was_set_aside_and_is_as_it_came_is_read_again(tmp_path: Path) -> None:
    site, _ = too_large(tmp_path)
    (file,) = site.files()
    with site.house() as house:
        kept = house.archive.get(file.fid, file.fetched_at, "10-received")
        assert kept is not None
        kept.chmod(0o600)
        kept.write_bytes(b"another")
        with pytest.raises(Untrusted):
            reread(house, file.fid, actor="alice", reason="x")
    alice = Person(site)
    assert "nothing is made of it" in alice.says("reread", file.fid[:8], "--reason", "x").err
    said = alice.says("reread", "missing.xml", "--reason", "x")
    assert (said.status, "no file of a bank that was set aside" in said.err) == (1, True)


def test_what_was_delivered_is_not_read_again(tmp_path: Path) -> None:
    site, sent = site_with_two(tmp_path)
    site.bank_says("ack.xml", pain002(sent, "ACCP"))
    site.once()
    (file,) = site.files()
    with site.house() as house, pytest.raises(IllegalTransition):
        reread(house, file.fid, actor="alice", reason="x")
    said = Person(site).says("reread", "ack.xml", "--reason", "x")
    assert (said.status, "is DELIVERED" in said.err) == (1, True)


def test_an_item_about_what_was_set_aside_again_is_not_closed_by_a_command_that_was_stopped(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.bank_says("nonsense.xml", "<nonsense/>")
    site.once()
    with site.house() as house:
        (file,) = house.journal.files()
        stopped = Stopped(house.journal, "settle_attention", site.once)
        reread(replace(house, journal=stopped), file.fid, actor="anna", reason="perhaps now")
        site.once()
        assert house.journal.file(file.fid).state is FileState.QUARANTINED
    assert site.waiting() == ["quarantined"]
