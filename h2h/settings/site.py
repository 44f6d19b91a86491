"""One installation: paths, journal, limits, and all its ERP folders and banks."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from h2h.core.declared import Part
from h2h.core.errors import Misconfigured
from h2h.settings.bank import BankProfile
from h2h.settings.erp import ErpFolder
from h2h.settings.parts import Name, Seconds, Secret


class Paths(Part):
    """Where h2h keeps what it must not lose."""

    state: Path = Field(description="Spool and working files. A local file system with fsync.")
    archive: Path = Field(description="What came and went, one folder a submission; write-once.")
    ledger: Path = Field(description="The second witness: a file in another directory, best on another disk.")
    heads: Path | None = Field(
        None,
        description="A folder in a third place that no backup brings back with the others: how far the ledger got is "
        "noted there, and compared at every start.",
    )


class Journal(Part):
    """The journal database."""

    url: str = Field("", description="SQLAlchemy URL. Empty: SQLite in the state directory. No password in it.")
    password: Secret | None = Field(None, description="Password of the PostgreSQL user.")


class Node(Part):
    """This node, where several work on one journal. Without a name it is the only one."""

    name: Name | Literal[""] = Field("", description="Name of this node; '{hostname}' stands for the machine's own.")
    lease_seconds: Seconds = Field(
        10.0, description="A node that shows no progress for so long loses its banks to another one."
    )


class Decisions(Part):
    """What people may decide alone."""

    four_eyes: tuple[Literal["release", "cancel", "resolve", "take-over", "recall"], ...] = Field(
        (),
        description="These are carried out only when a second person has said the same, by a log-in of their own; "
        "a recall goes to the bank when somebody else than who asked for it has released it.",
    )
    release_amount_max: dict[str, dict[str, Decimal]] = Field(
        {},
        description="log-in → currency → the most that a file may pay which this person releases; the log-in "
        "'others' stands for everybody who is not named. Without an entry there is no limit.",
    )


class Logging(Part):
    """What is written to standard error."""

    format: Literal["auto", "console", "json"] = Field("auto", description="auto: JSON unless it is a terminal.")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is written.")


class Limits(Part):
    """Bounds that keep one bad file from stopping all others."""

    file_bytes_max: int = Field(200_000_000, gt=0, description="A larger file from an ERP or a bank is refused.")
    free_bytes_min: int = Field(64_000_000, ge=0, description="Below this much free space nothing new is taken in.")
    folder_entries_max: int = Field(200_000, gt=0, description="Names read from one folder in one pass.")


class Settings(Part):
    """One installation of h2h."""

    instance: Name = Field(description="Name of this installation; stands in the journal and the ledger.")
    environment: Literal["test", "production"] = Field(description="Every bank's profile must say the same.")
    paths: Paths
    journal: Journal = Journal()
    node: Node = Node()
    decisions: Decisions = Decisions()
    logging: Logging = Logging()
    limits: Limits = Limits()
    erp: tuple[ErpFolder, ...] = Field(min_length=1)
    banks_directory: Path = Field(Path("banks"), description="One TOML file a bank; relative to this file.")
    formats_directories: tuple[Path, ...] = Field((), description="Your own formats, beside those delivered.")
    schema_directories: tuple[Path, ...] = Field((), description="Schemas that a bank handed out.")
    banks: dict[str, BankProfile] = Field({}, description="Read from banks_directory; do not write it here.")
    ledgers: str = Field("", description="The ledgers of all nodes, as a pattern; set by h2h.")
    source: Path = Field(Path("h2h.toml"), description="The file itself; set by h2h.")

    @model_validator(mode="after")
    def _hangs_together(self) -> Settings:
        for folder in self.erp:
            if folder.bank not in self.banks:
                raise ValueError(
                    f"erp '{folder.name}': no bank '{folder.bank}' (known: {', '.join(self.banks) or 'none'})"
                )
        if len({f.name for f in self.erp}) != len(self.erp):
            raise ValueError("erp: two folders have the same name")
        if len({f.outbound for f in self.erp}) != len(self.erp):
            raise ValueError("erp: two entries watch the same outbound folder")
        self._node_can_share()
        for bank in self.banks.values():
            if bank.environment != self.environment:
                raise ValueError(
                    f"bank '{bank.name}' is for {bank.environment}, this installation for {self.environment}"
                )
        return self

    def _node_can_share(self) -> None:
        if not self.node.name:
            return
        if not self.journal.url.startswith("postgresql"):
            raise ValueError("node.name: several nodes need a PostgreSQL journal (journal.url); SQLite serves one")
        if not self.ledgers:
            raise ValueError("paths.ledger: with node.name its file name must hold {node}, on storage all nodes share")

    def ledger_of(self, node: str) -> str:
        """The file name of that node's ledger, which lies beside this one's."""
        return Path(self.ledgers).name.replace("*", node)

    def common_digest(self) -> str:
        """Of all that must be the same on every node: not its name, its own directories, its way to the database."""
        own: dict[str, Any] = {"node": {"name"}, "paths": {"state", "ledger", "heads"}, "journal": {"url"}}
        own |= dict.fromkeys(("ledgers", "logging", "source", "banks_directory"), True)  # the banks themselves count
        return hashlib.sha256(self.model_dump_json(exclude=own).encode()).hexdigest()[:16]

    def bank_of(self, name: str) -> BankProfile:
        """The profile of that bank; ``Misconfigured`` if it has gone from the configuration."""
        if name not in self.banks:
            raise Misconfigured(f"bank '{name}' is no longer configured, but the journal knows files for it")
        return self.banks[name]

    def erp_of(self, name: str) -> ErpFolder:
        """The ERP folder of that name; ``Misconfigured`` if it has gone from the configuration."""
        for folder in self.erp:
            if folder.name == name:
                return folder
        raise Misconfigured(f"erp folder '{name}' is no longer configured, but the journal knows files of it")
