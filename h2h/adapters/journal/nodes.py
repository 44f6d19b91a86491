"""Which nodes share this journal, and which of them works for which bank.

A lease is for order and speed alone: a node that lost it and does not know yet harms nothing, because every move is a
compare-and-set. Whether one has run out is judged by the database's clock, so the nodes' own clocks may differ.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Executable, Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from h2h.adapters.journal.store import Store
from h2h.adapters.journal.tables import leases, nodes
from h2h.core.errors import Misconfigured
from h2h.core.records import Lease, Node

N, L = nodes.c, leases.c


class Nodes(Store):
    """The docstrings of ``ports.Journal`` say what each method does."""

    def announce(self, node: Node, *, at: datetime, fresh: timedelta) -> None:
        """This node is there. ``Misconfigured`` if another machine is at work under its name."""
        with self.writing() as connection:
            now = self.moment(connection, at)
            known = connection.execute(select(nodes).where(N.node == node.name).with_for_update()).one_or_none()
            if known is not None and known.host != node.host and not known.stopped and known.seen_at > now - fresh:
                raise Misconfigured(
                    f"another h2h works as node '{node.name}' on {known.host}, seen {known.seen_at:%H:%M:%S} UTC",
                    hint="give each node a name of its own: node.name",
                )
            values: dict[str, Any] = {
                "node": node.name,
                "host": node.host,
                "release": node.release,
                "settings": node.settings,
                "started_at": now,
                "seen_at": now,
                "stopped": False,
            }
            connection.execute(_put(self.dialect, values))

    def seen(self, node: str, *, at: datetime, stopped: bool = False) -> None:
        """It still is; or it has *stopped* as it should."""
        with self.writing() as connection:
            now = self.moment(connection, at)
            connection.execute(update(nodes).where(N.node == node).values(seen_at=now, stopped=stopped))
            if stopped:
                # Who comes next need not wait until the leases run out.
                connection.execute(update(leases).where(L.node == node).values(until=now))

    def nodes(self, *, at: datetime) -> list[Node]:
        """All that ever were, by name."""
        with self.reading() as connection:
            now = self.moment(connection, at)
            return [_node(row, now) for row in connection.execute(select(nodes).order_by(N.node))]

    def hold(self, bank: str, node: str, *, at: datetime, seconds: float) -> Lease:
        """Take or renew the lease of *bank*; the lease as it stands, which may be another node's."""
        with self.writing() as connection:
            self.serialise(connection, f"lease {bank}")
            now = self.moment(connection, at)
            known = connection.execute(select(leases).where(L.bank == bank)).one_or_none()
            until = now + timedelta(seconds=seconds)
            if known is None:
                values = {"bank": bank, "node": node, "epoch": 1, "since": now, "until": until}
                connection.execute(leases.insert().values(values))
                return Lease(bank, node, 1, now, until)
            if known.node != node and known.until > now:
                return _lease(known)
            # Whoever held it and lost it meanwhile, or comes back after a stop, begins a new epoch.
            anew = known.node != node or known.until <= now
            epoch, since = (known.epoch + 1, now) if anew else (known.epoch, known.since)
            values = {"node": node, "epoch": epoch, "since": since, "until": until}
            connection.execute(update(leases).where(L.bank == bank).values(values))
            return Lease(bank, node, epoch, since, until)

    def leases(self) -> list[Lease]:
        """Who works for which bank, by bank."""
        with self.reading() as connection:
            return [_lease(row) for row in connection.execute(select(leases).order_by(L.bank))]

    def standbys(self) -> str:
        """Which standbys must have a commit before it is confirmed (``synchronous_standby_names``); empty: none."""
        with self.reading() as connection:
            if self.dialect != "postgresql":
                return ""
            return str(connection.execute(select(func.current_setting("synchronous_standby_names"))).scalar_one())

    def moment(self, connection: Connection, at: datetime) -> datetime:
        """The present as the database knows it; on SQLite, which has no server, *at*."""
        if self.dialect != "postgresql":
            return at
        present: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return present.astimezone(at.tzinfo)


def _put(dialect: str, values: dict[str, Any]) -> Executable:
    new = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(nodes).values(values)
    changed = {name: new.excluded[name] for name in values if name != "node"}
    put: Executable = new.on_conflict_do_update(index_elements=["node"], set_=changed)
    return put


def _node(row: Row[Any], now: datetime) -> Node:
    silent = max((now - row.seen_at).total_seconds(), 0.0)
    return Node(row.node, row.host, row.release, row.settings, row.started_at, row.seen_at, row.stopped, silent)


def _lease(row: Row[Any]) -> Lease:
    return Lease(row.bank, row.node, row.epoch, row.since, row.until)
