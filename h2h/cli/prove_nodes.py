"""Proofs about several nodes: is the database's word durable, are the shared folders shared, are the settings the same?

What the other node leaves wherever it works is the probe: its corner in an ERP's folder, its ledger, an artefact in the
archive. If the journal knows of it and it cannot be seen from here, that place is not shared.
"""

from __future__ import annotations

from collections.abc import Iterator

from h2h.adapters.archive import FileArchive
from h2h.adapters.clock import SystemClock
from h2h.adapters.journal.journal import SqlJournal
from h2h.cli.proving import Proof, doubtful, good, not_seen, wrong
from h2h.core.lifecycle import State
from h2h.core.records import Node
from h2h.settings import Settings

NODES = "nodes"
_LOOKED_AT = 20


def prove_nodes(settings: Settings, journal: SqlJournal) -> Iterator[Proof]:
    """All of it; nothing where there is one node."""
    if not settings.node.name:
        return
    yield _durable(journal)
    others = [n for n in journal.nodes(at=SystemClock().now()) if n.name != settings.node.name]
    if not others:
        yield not_seen(NODES, "no other node has ever started on this journal", "check again when it has")
        return
    for node in others:
        yield from _seen_from_here(settings, node)
        if node.settings != settings.common_digest() and not node.stopped:
            yield wrong(NODES, f"node '{node.name}' works with other settings", "make the files of all nodes equal")
    yield _archive(settings, journal)


def _durable(journal: SqlJournal) -> Proof:
    if journal.standbys():
        return good(NODES, "the journal's database confirms a commit when a standby has it, too")
    text = "the journal's database has no synchronous standby: after a failover answers of the bank may be missing"
    return doubtful(NODES, text, "set synchronous_standby_names on the server")


def _seen_from_here(settings: Settings, node: Node) -> Iterator[Proof]:
    ledger = settings.paths.ledger.with_name(settings.ledger_of(node.name))
    places = {folder.outbound / ".h2h" / "nodes" / node.name: folder.outbound for folder in settings.erp}
    places[ledger] = ledger.parent
    missing = [str(place) for trace, place in places.items() if not trace.exists()]
    for place in missing:
        text = f"node '{node.name}' has worked, but left no trace in {place} as it is seen from here: it is not shared"
        yield wrong(NODES, text, "mount the same folder on both nodes")
    if not missing:
        yield good(NODES, f"node '{node.name}' works in the same folders, and its ledger can be read here")


def _archive(settings: Settings, journal: SqlJournal) -> Proof:
    archive = FileArchive(settings.paths.archive, settings.paths.state / "work")
    newest = [s for s in journal.submissions(limit=_LOOKED_AT) if s.state not in (State.RECEIVED, State.DUPLICATE)]
    gone = [s.sid for s in newest if archive.get(s.sid, s.received_at, "10-source") is None]
    if gone:
        text = f"the archive {settings.paths.archive} lacks {len(gone)} of the last {len(newest)} files: is it shared?"
        return wrong(NODES, text, "mount the same archive on both nodes")
    return good(NODES, f"the archive holds the last {len(newest)} files of all nodes")
