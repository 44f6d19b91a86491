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
    required: bool = Field(False, description="A payment without it is refused.")

    @model_validator(mode="after")
    def _one_source(self) -> Column:
        if (self.column is None) == (self.constant is None):
            raise ValueError("give exactly one of column, constant")
        return self


class Delimited(Part):
    """A CSV-like file: what its columns mean and how its numbers and dates are written."""

    kind: Literal["credit-transfer", "direct-debit"] = Field(
        "credit-transfer", description="What a row is. Of a direct debit the own side is the creditor."
    )
    encoding: str = Field("utf-8", description="utf-8, gb18030, cp1252, iso-8859-15 … Declared, never guessed.")
    delimiter: str = Field(
        ",", min_length=1, max_length=1, description='One character between columns; a tab is "\\t".'
    )
    quote: str = Field(
        '"', min_length=1, max_length=1, description="One character around values that hold the delimiter."
    )
    header: bool = Field(True, description="The first row holds the columns' names.")
    decimal_separator: Literal[".", ","] = Field(".", description="Between units and cents.")
    thousands_separator: Literal["", ".", ",", "'", " "] = Field("", description="Between groups of three digits.")
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
    reason: str = Field(description="Why, in words.")
    owner: str = Field(description="Who answers for it.")
    until: date = Field(description="The last day; after it the rule holds again.")


class Rules(Part):
    """Business rules beyond the schema."""

    scheme: Literal["generic", "sepa"] = Field("generic", description="sepa adds the SEPA scheme's own rules.")
    charset: Literal["sepa", "latin-1", "utf-8", "gb18030"] = Field(
        "sepa", description="The characters that the bank takes."
    )
    on_charset: Literal["refuse", "transliterate"] = Field(
        "refuse", description="What becomes of other characters. Nothing is ever cut."
    )
    name_characters_max: int = Field(70, gt=0, le=140, description="Longer names are refused.")
    remittance_characters_max: int = Field(140, gt=0, le=140, description="Longer remittance texts are refused.")
    address_from: date = Field(date(2026, 11, 22), description="From then on unstructured addresses are refused.")
    days_ahead_max: int = Field(360, gt=0, description="An execution date further ahead is refused.")
    severities: dict[str, Literal["error", "warning", "info"]] = Field(
        default={}, description="code of a rule → how severe it is for this bank."
    )
    waivers: tuple[Waiver, ...] = Field((), description="Rules set aside for a time.")


class Cutoff(Part):
    """When the bank takes payment files."""

    timezone: str = Field("Europe/Berlin", description="IANA name of the bank's zone.")
    latest: time | None = Field(None, description="After this local time files wait for the next day's opening.")
    earliest: time | None = Field(None, description="Before this local time files wait.")
