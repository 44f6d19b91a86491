"""The table-like files that an ERP folder may declare beside CSV: fixed width, spreadsheets, JSON."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from h2h.core.declared import Part, Table


class Slice(Part):
    """One column of a fixed-width file: where it stands, and how a number in it is written."""

    start: int = Field(gt=0, description="First position, counted from 1.")
    length: int = Field(gt=0, description="Number of positions.")
    record: Literal["detail", "header", "trailer"] = Field(
        "detail", description="In which records it stands. A header's value holds for the details that follow it."
    )
    decimals: int | None = Field(
        None, ge=0, le=9, description="A number without decimal sign: so many of its digits are decimals."
    )
    sign: Literal["none", "leading", "trailing", "overpunched"] = Field(
        "none",
        description="Where a number's sign stands: in front, behind (SAP's 123.45-), or in the zone of the last digit.",
    )


class FixedWidth(Table):
    """Records whose fields stand at fixed positions, as mainframes and bank formats of old write them."""

    name: ClassVar[str] = "fixed-width"
    setting: ClassVar[str] = "fixed_width"

    encoding: str = Field(
        "utf-8", description="utf-8, cp1252, cp037, cp273, cp500, cp1140, cp1141 … Declared, never guessed."
    )
    positions: Literal["characters", "bytes"] = Field(
        "characters", description="What start and length count, where a character may be several bytes."
    )
    record_length: int = Field(
        0, ge=0, le=100_000, description="Bytes of a record, in a file without line ends. 0: a record is a line."
    )
    trimmed: bool = Field(
        False, description="Lines may end before their last column, because something took trailing blanks away."
    )
    marker_start: int = Field(1, gt=0, description="Where the marker stands that tells the sorts of records apart.")
    header_marker: str = Field("", description="Records that begin a file or a batch. Empty: there are none.")
    detail_marker: str = Field("", description="Records that are payments. Empty: all that are not of another sort.")
    trailer_marker: str = Field("", description="The last record. Empty: there is none.")
    ignore_markers: tuple[str, ...] = Field((), description="Records that are knowingly not read.")
    count: str | None = Field(None, description="The column, of the trailer, that holds the number of details.")
    sum: str | None = Field(None, description="The column, of the trailer, that holds the sum of the amounts.")
    amounts: Literal["positive", "negative"] = Field(
        "positive",
        description="negative: the export writes what goes out with a minus; an amount without one is refused.",
    )
    columns: dict[str, Slice] = Field(description="A name of your choice → where the column stands.")

    @property
    def unit(self) -> str:
        """Lines, where there are any."""
        return "record" if self.record_length else "line"


class Spreadsheet(Table):
    """An Excel workbook (XLSX, XLSM). Formulas, hidden rows and merged cells are findings; macros are never run."""

    name: ClassVar[str] = "spreadsheet"
    setting: ClassVar[str] = "spreadsheet"

    sheet: str = Field("", description="The sheet's name. Empty: the first one.")
    header_row: int = Field(
        1, gt=0, description="The row that holds the columns' names; what stands above is not read."
    )
    formulas: Literal["refuse", "cached"] = Field(
        "refuse",
        description="cached: take the result that was stored with a formula. Nothing proves that it is up to date.",
    )
    trailer: Literal["none", "count-and-sum"] = Field("none", description="A last row: TRAILER, count, sum.")

    @property
    def unit(self) -> str:
        """As Excel numbers them."""
        return "row"


class JsonTable(Table):
    """JSON: an array of payments, alone or within an object, or one payment a line."""

    name: ClassVar[str] = "json"
    setting: ClassVar[str] = "json"

    payments: str = Field(
        "", description='Path of the array of payments: "payments", "run.items". Empty: the document is the array.'
    )
    lines: bool = Field(False, description="One payment a line (NDJSON) instead of an array.")
    count: str | None = Field(None, description='Path of the stated number of payments, e.g. "header.count".')
    sum: str | None = Field(None, description='Path of the stated sum of the amounts, e.g. "header.total".')

    @property
    def unit(self) -> str:
        """Payments of an array are counted from 1."""
        return "line" if self.lines else "payment"
