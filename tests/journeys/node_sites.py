"""Two installations that are nodes of one: a journal in PostgreSQL, shared folders, and each its own ledger."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from tests.contracts.postgres import cluster
from tests.journeys.site import Site, toml


class NodeSite(Site):
    """One of two nodes: the folders, the archive and the bank are shared, the ledgers lie side by side."""

    node: ClassVar[str] = "a"
    url: ClassVar[str] = ""

    @property
    def config(self) -> Path:
        """Each node has its own."""
        return self.root / "etc" / f"{self.node}.toml"

    def configure(self) -> None:
        """The configuration of the base, as this node's."""
        super().configure()
        text = self.config.read_text().replace('/ledger.jsonl"', '/{node}.jsonl"').replace('/state"', '/state-{node}"')
        text += toml({"journal": {"url": self.url}, "node": {"name": self.node, "lease_seconds": 600.0}})
        self.config.write_text(text)


class SecondNode(NodeSite):
    """The other one."""

    node = "b"


@pytest.fixture
def nodes(tmp_path: Path) -> tuple[NodeSite, NodeSite]:
    """Both, on one database."""
    NodeSite.url = cluster().new_database()
    return NodeSite(tmp_path), SecondNode(tmp_path)
