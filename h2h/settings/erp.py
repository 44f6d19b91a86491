"""The ERP's side: folders, when a file is complete, how its columns are read, what counts as a duplicate."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from h2h.settings.parts import Name, Part


class CompletenessKind(StrEnum):
    """How a folder says that a file is complete."""

    RENAME = "rename"
    MARKER = "marker"
    QUIET = "quiet"


class Completeness(Part):
    """When a file in a folder may be taken."""

    by: CompletenessKind = Field(
        CompletenessKind.QUIET,
        description="rename: the ERP writes a temporary name and renames it; marker: NAME.ok or NAME.done says so; "
        "quiet: size and time have not changed for quiet_seconds.",
    )
    quiet_seconds: float = Field(5.0, ge=0, description="For by = 'quiet'.")
    marker_suffixes: tuple[str, ...] = Field(
        (".ok", ".done"), description="For by = 'marker'. May hold size=, sha256=."
    )
    marker_replaces_extension: bool = Field(False, description="pay.ok instead of pay.csv.ok.")


class DuplicatePolicy(StrEnum):
    """What becomes of a suspicion."""

    REFUSE = "refuse"
    HOLD = "hold"
    WARN = "warn"


class Duplicates(Part):
    """What becomes of files that look like earlier ones. The same bytes are never sent twice, whatever stands here."""

    same_name_other_bytes: Literal[DuplicatePolicy.REFUSE, DuplicatePolicy.HOLD] = DuplicatePolicy.HOLD
    same_message_id: Literal[DuplicatePolicy.REFUSE, DuplicatePolicy.HOLD] = DuplicatePolicy.HOLD
    overlapping_payments: DuplicatePolicy = DuplicatePolicy.HOLD
    window_days: int = Field(90, gt=0, description="How far back is looked.")


class Column(Part):
    """Where one field of a payment comes from in a delimited file."""

    column: str | int | None = Field(None, description="Header name, or 1-based position.")
    constant: str | None = Field(None, description="The same value for every payment.")
    required: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Column:
        if (self.column is None) == (self.constant is None):
            raise ValueError("give exactly one of column, constant")
        return self


class Delimited(Part):
    """A CSV-like file: what its columns mean and how its numbers and dates are written."""

    encoding: str = Field("utf-8", description="utf-8, gb18030, cp1252, iso-8859-15 … Declared, never guessed.")
    delimiter: str = Field(",", min_length=1, max_length=1)
    quote: str = Field('"', min_length=1, max_length=1)
    header: bool = True
    decimal_separator: Literal[".", ","] = "."
    thousands_separator: Literal["", ".", ",", "'", " "] = ""
    date_format: str = Field("%Y-%m-%d", description="As Python's strptime.")
    ignore_columns: tuple[str, ...] = Field((), description="Columns that are knowingly not read.")
    trailer: Literal["none", "count-and-sum"] = Field("none", description="A last row: TRAILER;count;sum.")
    fields: dict[str, Column | str] = Field(
        description="field of the canonical payment → column (a plain string is a header name). "
        "See docs/configuration.md for the field names."
    )


class ErpFolder(Part):
    """One folder in which an ERP drops files, and where answers go."""

    name: Name
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
    owners: tuple[str, ...] = Field((), description="Users whose files are taken; empty: any.")
    deliver: tuple[Literal["csv", "json", "original"], ...] = ("csv", "json", "original")
    duplicates: Duplicates = Duplicates()
    release_required: bool = Field(False, description="A person releases every file with `h2h release`.")
