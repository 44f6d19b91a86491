"""Two nodes, a ledger each: what one of them wrote, the other goes by; and one that cannot be asked is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from h2h.core.errors import IllegalTransition, Misconfigured, Unavailable
from h2h.core.lifecycle import State
from h2h.pipeline import decisions
from h2h.pipeline.house import House
from h2h.pipeline.ownership import Presence
from h2h.pipeline.recovery import recover
from h2h.pipeline.rounds import scan_folders
from tests.contracts.postgres import cluster
from tests.journeys import states
from tests.journeys.channels import half_of_it, troubled
from tests.journeys.node_sites import NodeSite, nodes
from tests.journeys.older import is_still_in_doubt, withdrawn
from tests.journeys.site import CLEARS_AWAY, ONE

__all__ = ["nodes"]  # fixtures


class OlderDatabase:
    """The journal as it is now, which both nodes find instead of the present one from ``is_put_back`` on."""

    def __init__(self, *nodes: NodeSite) -> None:
        self._nodes = nodes
        now = NodeSite.url.rpartition("/")[2]
        self._copy = f"{now}_copy"
        cluster().sql(f"CREATE DATABASE {self._copy} TEMPLATE {now}")

    def is_put_back(self) -> None:
        NodeSite.url = cluster().url(self._copy)
        for node in self._nodes:
            node.configure()


def test_nothing_is_given_up_at_one_node_that_the_ledger_of_the_other_knows_to_be_sent(
    nodes: tuple[NodeSite, NodeSite],
) -> None:
    a, b = nodes
    a.drop("pay.csv", ONE)
    with a.house() as house:
        scan_folders(house, lambda: False)
    older = OlderDatabase(a, b)
    a.once()
    assert len(a.at_bank()) == 1
    older.is_put_back()
    with b.house() as house:
        (sub,) = house.journal.submissions()
        assert sub.state is State.RECEIVED
        with pytest.raises(IllegalTransition, match="went to the bank"):
            decisions.cancel(house, sub.sid, actor="anna", reason="not needed any more")
        with pytest.raises(IllegalTransition, match="went to the bank"):
            decisions.take_over(house, sub.sid, actor="anna", reason="by portal", knowing_it_may_be_there=False)


def test_a_doubt_that_the_ledger_of_the_other_node_knows_to_be_settled_opens_no_new_generation(
    nodes: tuple[NodeSite, NodeSite],
) -> None:
    a, b = nodes
    a.bank = b.bank = CLEARS_AWAY
    a.configure()
    b.configure()
    sid = states.in_doubt(a)
    older = OlderDatabase(a, b)
    with a.house() as house:
        decisions.resolve_sent(house, sid, actor="anna", reason="Ms Meier has it")
    older.is_put_back()
    with b.house() as house, pytest.raises(IllegalTransition, match="went to the bank"):
        decisions.resolve_not_sent(house, sid, actor="bo", reason="the hotline does not find it")


def test_what_was_removed_at_the_bank_from_one_node_is_no_sign_to_the_other_that_it_was_sent(
    nodes: tuple[NodeSite, NodeSite],
) -> None:
    a, b = nodes
    a.drop("pay.csv", ONE)
    a.once(troubled(half_of_it(a)))
    doubt = a.submission("pay.csv")
    older = OlderDatabase(a, b)
    withdrawn(a, doubt)
    older.is_put_back()
    assert is_still_in_doubt(b, doubt)


def damaged(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes().replace(b"pay.csv", b"pax.csv"))


def made_a_folder(ledger: Path) -> None:
    """Nobody can read it, not even root."""
    ledger.unlink()
    ledger.mkdir()


@pytest.mark.parametrize("trouble", [damaged, made_a_folder, Path.unlink])
def test_nothing_is_decided_or_started_while_the_ledger_of_another_node_cannot_be_asked(
    nodes: tuple[NodeSite, NodeSite], trouble: Callable[[Path], None]
) -> None:
    a, b = nodes
    a.drop("pay.csv", ONE)
    with a.house() as house:
        Presence(house, "one")
        scan_folders(house, lambda: False)
    trouble(a.root / "ledger/a.jsonl")

    def give_up(house: House) -> None:
        (sub,) = house.journal.submissions()
        decisions.cancel(house, sub.sid, actor="anna", reason="not needed any more")

    with b.house() as house:
        for act in (give_up, recover):
            with pytest.raises((Misconfigured, Unavailable), match=r"a\.jsonl"):
                act(house)
        assert house.journal.submissions()[0].state is State.RECEIVED
