"""The ERP's side: folders, when a file is complete, how its columns are read, what counts as a duplicate."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from h2h.core.declared import Delimited, Part, Table
from h2h.core.declared_tables import FixedWidth, JsonTable, Spreadsheet
from h2h.core.erp.options import FinstaOptions, Mt940Options, MultiCashOptions, StatementCsv
from h2h.settings.parts import Name


class CompletenessKind(StrEnum):
    """How a folder says that a file is complete."""

    RENAME = "rename"
    MARKER = "marker"
    QUIET = "quiet"


class Completeness(Part):
    """When a file in a folder may be taken."""

    by: CompletenessKind = Field(
        CompletenessKind.QUIET,
        description="rename: the ERP writes a temporary name and renames it; marker: NAME.ok (.done, .trg, .sem) "
        "says so; quiet: size and time have not changed for quiet_seconds.",
    )
    quiet_seconds: float = Field(5.0, ge=0, description="For by = 'quiet'.")
    marker_suffixes: tuple[str, ...] = Field(
        (".ok", ".done", ".trg", ".sem"),
        description="For by = 'marker'. May hold size=, sha256=, count=, sum=, which are compared.",
    )
    marker_replaces_extension: bool = Field(False, description="pay.ok instead of pay.csv.ok.")
    lock_suffixes: tuple[str, ...] = Field(
        (), description="While NAME.lck (or pay.lck for pay.csv) lies there its file is not taken, whatever by says."
    )


class DuplicatePolicy(StrEnum):
    """What becomes of a suspicion."""

    REFUSE = "refuse"
    HOLD = "hold"
    WARN = "warn"


class Duplicates(Part):
    """What becomes of files that look like earlier ones. The same bytes are never sent twice, whatever stands here."""

    same_name_other_bytes: Literal[DuplicatePolicy.REFUSE, DuplicatePolicy.HOLD] = Field(
        DuplicatePolicy.HOLD, description="A name seen before, with other content."
    )
    same_message_id: Literal[DuplicatePolicy.REFUSE, DuplicatePolicy.HOLD] = Field(
        DuplicatePolicy.HOLD, description="A message id seen before."
    )
    overlapping_payments: DuplicatePolicy = Field(
        DuplicatePolicy.HOLD, description="Payments that an earlier file held too."
    )
    window_days: int = Field(90, gt=0, description="How far back is looked.")


Deliverable = Literal[
    "csv", "json", "original", "mt940", "multicash", "finsta01", "camt.053", "camt.053.001.02", "camt.053.001.08"
]


class ErpFolder(Part):
    """One folder in which an ERP drops files, and where answers go."""

    name: Name = Field(description="Stands in the journal.")
    bank: Name = Field(description="The bank's profile these files are for.")
    outbound: Path = Field(description="The ERP drops payment files here.")
    inbound: Path | None = Field(None, description="h2h delivers answers and statements here.")
    patterns: tuple[str, ...] = Field(("*.csv", "*.xml"), description="Names that are payment files.")
    ignore: tuple[str, ...] = Field(
        ("*.tmp", "*.part", "*.filepart", "*.partial", ".*", "~*"), description="Temporary names."
    )
    completeness: Completeness = Completeness()
    polling_seconds: float = Field(10.0, gt=0, description="Full rescan; on network file systems the only truth.")
    watch: Literal["auto", "events", "polling"] = Field("auto", description="auto: polling on network file systems.")
    delimited: Delimited | None = Field(None, description="How to read CSV files of this folder.")
    fixed_width: FixedWidth | None = Field(None, description="How to read fixed-width files of this folder.")
    spreadsheet: Spreadsheet | None = Field(None, description="How to read Excel workbooks of this folder.")
    json_table: JsonTable | None = Field(None, alias="json", description="How to read JSON files of this folder.")
    accounts: tuple[str, ...] = Field(
        (), description="Accounts whose statements are delivered here; empty: all of the bank's."
    )
    owners: tuple[str, ...] = Field((), description="Users whose files are taken; empty: any.")
    deliver: tuple[Deliverable, ...] = Field(
        ("csv", "json", "original"),
        description="What the ERP is given for each answer; all but csv, json and original are for statements of a "
        "day's end only. camt.053 is its version .08.",
    )
    statement_csv: StatementCsv = StatementCsv()
    mt940: Mt940Options = Mt940Options()
    multicash: MultiCashOptions = MultiCashOptions()
    finsta01: FinstaOptions = FinstaOptions()
    duplicates: Duplicates = Duplicates()
    day_amount_max: dict[str, Decimal] = Field(
        {}, description="currency → the most that this folder's files may pay on one day of the bank. More is held."
    )
    release_required: bool = Field(False, description="A person releases every file with `h2h release`.")

    @property
    def table(self) -> Table | None:
        """How the folder's table-like files are read; files that say themselves what they are need none."""
        return next(iter(self._tables()), None)

    def _tables(self) -> list[Table]:
        declared = (self.delimited, self.fixed_width, self.spreadsheet, self.json_table)
        return [table for table in declared if table is not None]

    @model_validator(mode="after")
    def _one_table(self) -> ErpFolder:
        if len(self._tables()) > 1:
            names = ", ".join(table.setting for table in self._tables())
            raise ValueError(f"a folder has one kind of table, this one declares {names}; use a folder for each")
        return self
