"""What `h2h status` says of several nodes: who is there, who works for which bank, who was not seen for too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from h2h.cli.site import Site
    from h2h.core.records import Lease, Node

#: Without a sign for so many leases a node counts as gone; a single late one means nothing.
_NOT_SEEN_AFTER_LEASES = 2.5


def nodes_of(site: Site) -> list[dict[str, Any]]:
    """One object a node, by name; none where there never were several."""
    leases = site.journal.leases()
    known = site.journal.nodes(at=site.clock.now())
    common = site.settings.common_digest()
    return [_object(node, leases, site.settings.node.lease_seconds, common) for node in known]


def print_nodes(out: Console, nodes: Sequence[dict[str, Any]]) -> None:
    """A small table; nothing where there is one node only."""
    from h2h.cli.screen import grid, row, section

    if not nodes:
        return
    section(out, "Nodes")
    table = grid("!node", "machine", "!state", "last seen", "works for")
    looks = {"at work": "good", "stopped": "", "not seen": "bad"}
    for node in nodes:
        banks = ", ".join(node["banks"]) or "-"
        note = "" if node["same_settings"] else " (other settings)"
        seen = f"{node['silent_seconds']:.0f} s ago"
        row(table, node["node"], node["host"], (node["state"], looks[node["state"]]), seen, banks + note)
    out.print(table)


def _object(node: Node, leases: list[Lease], lease_seconds: float, common: str) -> dict[str, Any]:
    if node.stopped:
        state = "stopped"
    else:
        state = "at work" if node.silent_seconds <= lease_seconds * _NOT_SEEN_AFTER_LEASES else "not seen"
    held = sorted(lease.bank for lease in leases if lease.node == node.name) if state == "at work" else []
    return {
        "node": node.name,
        "host": node.host,
        "state": state,
        "banks": held,
        "release": node.release,
        "same_settings": node.settings == common,
        "started_at": node.started_at.isoformat() if node.started_at else None,
        "seen_at": node.seen_at.isoformat() if node.seen_at else None,
        "silent_seconds": round(node.silent_seconds, 1),
    }
