"""F29: two installations with journals of their own, and one ERP folder or one log-in at a bank: the second stops."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from h2h.core.errors import Misconfigured
from h2h.core.lifecycle import State
from tests.contracts.banks import PlainServer, plain_server
from tests.journeys.people import Person
from tests.journeys.site import ONE, Site

__all__ = ["plain_server"]  # a fixture

CLAIM = {"submission": {"claim": True}}


def twin(site: Site, **more: object) -> Site:
    """The same configuration on another machine, with state, ledger and archive of its own."""
    return Site(site.root / "twin", bank_root=site.at, **more)  # type: ignore[arg-type]


def test_a_second_installation_on_the_same_outbound_folder_does_not_start(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("one.csv", ONE)
    assert site.once()
    second = twin(site, erp={"outbound": "../erp/out"})
    site.drop("two.csv", ONE.replace("SAL-1", "SAL-2"))
    with pytest.raises(Misconfigured, match=r"another installation, 'proof [0-9a-f]{16}', takes the files"):
        second.once()
    assert site.outbox() == ["two.csv"]
    told = Person(second).types("once")
    assert told.status == 1
    assert "If that one is gone for ever, remove" in told.err
    assert site.once(), "the first one goes on"

    # The first one is gone for ever, and a person says so.
    (tmp_path / "erp/out/.h2h/installation").unlink()
    assert second.once()


def test_a_folder_that_is_mounted_later_is_looked_at_then(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.once()
    second = twin(site, erp={"outbound": "../erp/out"})
    (tmp_path / "erp/out").rename(tmp_path / "unplugged")
    with second.house() as house:
        (tmp_path / "unplugged").rename(tmp_path / "erp/out")
        with pytest.raises(Misconfigured, match="another installation"):
            list(house.outboxes["erp"].scan(house.now()))


def test_an_installation_that_moves_with_its_ledger_or_lost_its_journal_is_still_the_same(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("one.csv", ONE)
    assert site.once()
    shutil.rmtree(tmp_path / "state")
    site.once()
    site.paths = {"state": "elsewhere", "ledger": "moved/ledger.jsonl"}
    (tmp_path / "ledger").rename(tmp_path / "moved")
    site.configure()
    site.once()
    (tmp_path / "moved/installation").write_text("nonsense")
    with pytest.raises(Misconfigured, match="is damaged"):
        site.once()


def test_a_second_installation_with_the_same_log_in_neither_sends_nor_fetches(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=CLAIM)
    site.drop("one.csv", ONE)
    assert site.once()
    assert len(site.bank_takes()) == 1
    second = twin(site, bank=CLAIM)
    second.drop("one.csv", ONE)
    site.bank_says("answer.xml", "<?xml version='1.0'?><a/>")
    second.once()
    assert site.at_bank() == {}
    assert (site.at / "from_bank/answer.xml").exists()
    assert second.waiting() == ["another-installation"]
    assert second.submission("one.csv").state is State.SEALED
    assert second.attention()[0].text.startswith("another installation, 'proof ")

    (site.at / "to_bank/.h2h-owner.part").unlink()
    second.clock.sleep(1000)
    second.once()
    assert len(site.at_bank()) == 1
    assert "another-installation" not in second.waiting()


def test_over_sftp_too_and_where_no_mark_is_kept_nothing_is_sent(tmp_path: Path, plain_server: PlainServer) -> None:
    channel = plain_server.channel().model_dump(mode="json", exclude_none=True)
    profile = {"channel": channel, "submission": {"claim": True}, "folders": {"temporary": "temporary"}}
    site = Site(tmp_path, bank=profile, bank_root=plain_server.root)
    plain_server.faults.deny = frozenset({"create"})
    site.drop("one.csv", ONE)
    site.once()
    assert "bank-unreachable" in site.waiting()
    plain_server.faults.deny = frozenset()
    site.clock.sleep(1000)
    assert site.once()
    assert len(site.at_bank()) == 1
    mark = plain_server.root / "temporary" / ".h2h-owner.part"
    assert mark.read_text().startswith("proof ")
    mark.write_bytes(b"x" * 500)
    site.drop("two.csv", ONE.replace("SAL-1", "SAL-2"))
    site.once()
    assert site.waiting() == ["another-installation"]
    assert len(site.at_bank()) == 1
