"""Which node works for which bank, and what must be true before anything is begun.

The lease keeps order and saves work; it is renewed by the threads that do the work, so a node that hangs loses it. It
protects nothing: a node that was paused beyond its lease goes on with a step as if it held it still, and the
compare-and-set of the journal, the ledger and the names of the temporary files see to it that nothing happens twice.
"""

from __future__ import annotations

import threading
from datetime import timedelta

from h2h import __version__
from h2h.core.errors import Unavailable
from h2h.core.findings import WhoActs
from h2h.core.records import Node
from h2h.pipeline.attention import ClockGuard
from h2h.pipeline.house import House, log
from h2h.pipeline.recovery import recover

#: Renewed three times in its life: two failures in a row lose nothing.
RENEWALS = 3
#: A node that was not seen for so many leases is gone: what it had claimed and not journalled is adopted.
GONE_AFTER_LEASES = 3
#: A node whose clock is further from the database's than this is told: cut-offs and waits go by its own.
CLOCKS_APART_SECONDS = 60.0
#: How often the clock and the database's history are looked at.
_LOOK_SECONDS = 1.0


class Gate:
    """May this node begin something for a bank now? Asked by every part before every turn; shared by threads."""

    def __init__(self, house: House, bank: str) -> None:
        self._house = house
        self._bank = bank
        self._node = house.settings.node
        self._guard = ClockGuard(house, bank)
        self._mutex = threading.Lock()
        self._mine = not self._node.name
        self._renew_at = 0.0
        self._look_at = 0.0
        self._paused = False

    def __call__(self) -> bool:
        """True if so. ``Unavailable`` while the journal cannot be reached."""
        with self._mutex:
            now = self._house.clock.monotonic()
            if self._node.name and now >= self._renew_at:
                self._hold(self._node.name)
                self._renew_at = now + self._node.lease_seconds / RENEWALS
            if not self._mine:
                return False
            if now >= self._look_at:
                self._on_replayed_history()
                self._paused = self._guard.jumped()
                self._look_at = now + _LOOK_SECONDS
            return not self._paused

    def _hold(self, name: str) -> None:
        house = self._house
        lease = house.journal.hold(self._bank, name, at=house.now(), seconds=self._node.lease_seconds)
        mine = lease.node == name
        if mine != self._mine:
            self._mine = mine
            if mine:
                log.info("node.works-for-bank", bank=self._bank, node=lease.node)
            else:
                log.info("node.leaves-bank", bank=self._bank, node=lease.node)

    def _on_replayed_history(self) -> None:
        """F27: after a standby was promoted the ledgers of all nodes are replayed before anything is moved."""
        if not self._house.journal.is_replayed:
            log.warning("journal.history-changed", history=self._house.journal.history())
            recover(self._house)


class Presence:
    """Tells the others that this node is there, and takes over what one that is gone had claimed in the folders.

    Nothing of it is needed where there is one node.
    """

    def __init__(self, house: House, host: str) -> None:
        self._house = house
        settings = house.settings
        self._name = settings.node.name
        self._common = settings.common_digest()
        self.interval_seconds = settings.node.lease_seconds / RENEWALS
        if not self._name:
            return
        here = Node(self._name, host, __version__, self._common)
        fresh = timedelta(seconds=settings.node.lease_seconds)
        house.journal.announce(here, at=house.now(), fresh=fresh)
        self._adopt("")  # what this installation claimed when it was a single node

    def show(self) -> int:
        """Be seen; how many files of nodes that are gone were taken over."""
        house = self._house
        if not self._name:
            return 0
        house.journal.seen(self._name, at=house.now())
        gone_after = house.settings.node.lease_seconds * GONE_AFTER_LEASES
        adopted = 0
        for node in house.journal.nodes(at=house.now()):
            if node.name == self._name:
                self._compare_clocks(node)
                continue
            gone = node.stopped or node.silent_seconds > gone_after
            if gone:
                adopted += self._adopt(node.name)
            elif node.settings != self._common:
                text = f"node '{node.name}' works with other settings than node '{self._name}'"
                house.attend("nodes-differ", node.name, text, WhoActs.SYSTEM_ADMINISTRATOR)
                continue
            house.settle("nodes-differ", node.name, "the node is gone, or works with the same settings")
        return adopted

    def _compare_clocks(self, here: Node) -> None:
        """The database has just noted, by its own clock, that this node was seen."""
        house = self._house
        apart = (house.now() - here.seen_at).total_seconds() if here.seen_at is not None else 0.0
        if abs(apart) <= CLOCKS_APART_SECONDS:
            house.settle("clocks-differ", self._name, "the clocks agree again")
            return
        way = "ahead of" if apart > 0 else "behind"
        text = (
            f"the clock of node '{self._name}' is {abs(apart):.0f} seconds {way} the database's; the bank's window and "
            "waits go by it while this node works"
        )
        house.attend("clocks-differ", self._name, text, WhoActs.SYSTEM_ADMINISTRATOR)

    def leave(self) -> None:
        """The others need not wait."""
        if self._name:
            self._house.journal.seen(self._name, at=self._house.now(), stopped=True)

    def _adopt(self, node: str) -> int:
        count = 0
        for name, outbox in self._house.outboxes.items():
            try:
                adopted = outbox.adopt(node)
            except Unavailable as problem:
                log.warning("node.cannot-adopt", folder=name, node=node, problem=str(problem))
                continue
            if adopted:
                log.info("node.adopted", folder=name, node=node, files=adopted)
            count += adopted
        return count
