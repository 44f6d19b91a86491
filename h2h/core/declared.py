"""What a profile declares and the core decides by: columns, rules, waivers, cut-offs. Data, checked when it is read."""

from __future__ import annotations

from datetime import date, time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Part(BaseModel):
    """A table of the configuration: no unknown keys, no change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


class Waiver(Part):
    """A rule set aside for this bank: named, dated, counted."""

    rule: str = Field(description="Code of the rule, e.g. H2H-ADDRESS.")
    reason: str
    owner: str
    until: date


class Rules(Part):
    """Business rules beyond the schema."""

    scheme: Literal["generic", "sepa"] = "generic"
    charset: Literal["sepa", "latin-1", "utf-8", "gb18030"] = "sepa"
    on_charset: Literal["refuse", "transliterate"] = "refuse"
    name_characters_max: int = Field(70, gt=0, le=140)
    remittance_characters_max: int = Field(140, gt=0, le=140)
    address_from: date = Field(date(2026, 11, 22), description="From then on unstructured addresses are refused.")
    days_ahead_max: int = Field(360, gt=0)
    severities: dict[str, Literal["error", "warning", "info"]] = Field(default={})
    waivers: tuple[Waiver, ...] = ()


class Cutoff(Part):
    """When the bank takes payment files."""

    timezone: str = "Europe/Berlin"
    latest: time | None = Field(None, description="After this local time files wait for the next day's opening.")
    earliest: time | None = None
