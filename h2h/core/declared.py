"""What a profile declares and the core decides by: columns, rules, waivers, cut-offs. Data, checked when it is read."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import ClassVar, Literal

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


class Table(Part):
    """What all table-like files have in common: which column is which field, how numbers and dates are written."""

    name: ClassVar[str]  # as ``h2h status`` calls the format
    setting: ClassVar[str]  # as the configuration calls the table

    kind: Literal["credit-transfer", "direct-debit"] = Field(
        "credit-transfer", description="What a row is. Of a direct debit the own side is the creditor."
    )
    decimal_separator: Literal[".", ","] = Field(".", description="Between units and cents.")
    thousands_separator: Literal["", ".", ",", "'", " "] = Field("", description="Between groups of three digits.")
    date_format: str = Field("%Y-%m-%d", description="As Python's strptime.")
    ignore_columns: tuple[str, ...] = Field((), description="Columns that are knowingly not read.")
    fields: dict[str, Column | str] = Field(
        description="field of the canonical payment → column (a plain string is a header name). "
        "See docs/configuration.md for the field names."
    )

    @property
    def has_header(self) -> bool:
        """Whether the columns have names: the file's first row holds them, or the declaration does."""
        return True

    @property
    def unit(self) -> str:
        """What its rows are called in findings."""
        return "line"


class Delimited(Table):
    """A CSV-like file: what its columns mean and how its numbers and dates are written."""

    name: ClassVar[str] = "delimited"
    setting: ClassVar[str] = "delimited"

    encoding: str = Field("utf-8", description="utf-8, gb18030, cp1252, iso-8859-15 … Declared, never guessed.")
    delimiter: str = Field(
        ",", min_length=1, max_length=1, description='One character between columns; a tab is "\\t".'
    )
    quote: str = Field(
        '"', min_length=1, max_length=1, description="One character around values that hold the delimiter."
    )
    header: bool = Field(True, description="The first row holds the columns' names.")
    trailer: Literal["none", "count-and-sum"] = Field("none", description="A last row: TRAILER;count;sum.")

    @property
    def has_header(self) -> bool:
        """As declared."""
        return self.header


class Waiver(Part):
    """A rule set aside for this bank: named, dated, counted."""

    rule: str = Field(description="Code of the rule, e.g. H2H-ADDRESS.")
    reason: str = Field(description="Why, in words.")
    owner: str = Field(description="Who answers for it.")
    until: date = Field(description="The last day; after it the rule holds again.")


class Usage(Part):
    """What a scheme, or a bank, demands of one field beyond the schema, with the clause that says so."""

    name: str = Field(description="A short name, by which severities and waivers may name it.")
    field: str = Field(description="A field of a payment; docs/formats.md lists those that usage rules know.")
    clause: str = Field(min_length=1, description="Where it is written: document, version, element.")
    reason: str | None = Field(None, description="The reason code with which a bank would answer.")
    severity: Literal["error", "hold", "warning", "info"] = Field("error", description="How bad it is.")
    required: bool = Field(False, description="The field must be there.")
    forbidden: bool = Field(False, description="The field must not be there.")
    allowed: tuple[str, ...] = Field((), description="Only these values.")
    pattern: str | None = Field(None, description="The whole value matches this regular expression.")
    longest: int | None = Field(None, gt=0, description="At most so many characters.")
    at_most: int | None = Field(None, ge=0, description="At most so many of them.")
    least: Decimal | None = Field(None, description="No smaller number. Written as text.")
    most: Decimal | None = Field(None, description="No larger number. Written as text.")
    when: dict[str, tuple[str, ...]] = Field(
        {}, description="Only if these fields have one of these values; an empty list: if the field is there."
    )
    valid_from: date | None = Field(None, description="For payments executed on that day or later.")
    valid_until: date | None = Field(None, description="For payments executed on that day or earlier.")

    @model_validator(mode="after")
    def _demands_something(self) -> Usage:
        limits = (self.pattern, self.longest, self.at_most, self.least, self.most)
        if not (self.required or self.forbidden or self.allowed or any(v is not None for v in limits)):
            raise ValueError("it demands nothing: give one of required, forbidden, allowed, pattern, longest …")
        return self


class OwnDay(Part):
    """A day, or some days on end, on which the bank rests or works though its calendar says otherwise, or nothing."""

    day: date = Field(description="The day, or the first one.")
    until: date | None = Field(None, description="The last one; none: one day only.")
    words: str | None = Field(None, min_length=1, description="What it is, as findings say it.")

    @model_validator(mode="before")
    @classmethod
    def _may_be_a_plain_day(cls, value: object) -> object:
        return {"day": value} if isinstance(value, date) else value

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> OwnDay:
        if self.until is not None and not timedelta(0) <= self.until - self.day <= timedelta(days=366):
            raise ValueError(f"until = {self.until} does not follow day = {self.day} within a year")
        return self


class Template(Part):
    """A payee as it was agreed: a payment may choose the amount, the day and the text, and nothing else."""

    name: str = Field(min_length=1, description="The payee's name; compared by letters and digits alone.")
    account: str = Field(min_length=1, description="IBAN or account number.")
    bic: str | None = Field(None, description="The payee's bank, where payments name it.")
    member_id: str | None = Field(None, description="The clearing code of the payee's bank, e.g. CNAPS, likewise.")
    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="The only currency it is paid in.")
    purpose: str | None = Field(None, description="The only purpose code.")
    charge_bearer: str | None = Field(None, description="The only charge bearer: SLEV, SHAR, DEBT or CRED.")


class Rules(Part):
    """Business rules beyond the schema."""

    profile: str | None = Field(
        None,
        description="A scheme's usage rules, e.g. epc-sct; `h2h format profiles` lists them. What the profile "
        "says of the options below holds unless they are given here.",
    )

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
    calendar: Literal["TARGET", "CN", "GB", "US"] | None = Field(
        None,
        description="When the bank works: TARGET (ECB), CN (State Council), GB (bank holidays of England and Wales), "
        "US (Federal Reserve). The hours of [cutoff] then hold on working days only. None: TARGET for SEPA payments, "
        "else weekends alone.",
    )
    closed_days: tuple[OwnDay, ...] = Field(
        (), description="Days on which this bank rests besides. A plain date is a day without words."
    )
    worked_days: tuple[OwnDay, ...] = Field(
        (), description="Days on which this bank works though the calendar, or the weekend, says otherwise."
    )
    calendar_until: date | None = Field(
        None,
        description="With closed_days and worked_days the calendar is whole until that day: for a year that was "
        "published after this version of h2h.",
    )
    file_payments_max: int | None = Field(None, gt=0, description="A file with more payments is refused.")
    file_amount_max: dict[str, Decimal] = Field(
        {}, description="currency → the most that one file may pay, written as text. More is refused."
    )
    stopped_accounts: tuple[str, ...] = Field((), description="IBANs or account numbers to which nothing is paid.")
    stopped_names: tuple[str, ...] = Field(
        (), description="Names to whom nothing is paid, compared by letters and digits alone."
    )
    day_amount_max: dict[str, Decimal] = Field(
        {}, description="currency → the most that may leave for this bank on one of its days. More is held."
    )
    account_day_amount_max: dict[str, Decimal] = Field(
        {}, description="currency → the most that may leave each of our accounts here on one day. More is held."
    )
    payee_memory_days: int | None = Field(
        None,
        gt=0,
        description="A payee of a name that was paid within so many days, yet never on this account, is held; "
        "none: not looked at.",
    )
    templates: tuple[Template, ...] = Field(
        (), description="Payees as they were agreed. What is paid to one of them otherwise is held."
    )
    templates_only: bool = Field(False, description="What is paid to anybody who has no template is held.")
    severities: dict[str, Literal["error", "hold", "warning", "info"]] = Field(
        default={},
        description="code of a rule → how severe it is for this bank: an error refuses the file, a hold lets it wait "
        "for a person.",
    )
    waivers: tuple[Waiver, ...] = Field((), description="Rules set aside for a time.")
    usage: tuple[Usage, ...] = Field((), description="The bank's own usage rules, beside the profile's.")

    @model_validator(mode="after")
    def _until_is_of_a_calendar(self) -> Rules:
        if self.calendar_until is not None and self.calendar is None:
            raise ValueError("calendar_until says how long a calendar is whole, and calendar names none")
        return self

    @model_validator(mode="after")
    def _no_day_is_both(self) -> Rules:
        for rest in self.closed_days:
            for work in self.worked_days:
                if rest.day <= (work.until or work.day) and work.day <= (rest.until or rest.day):
                    raise ValueError(f"{max(rest.day, work.day)} is one of closed_days and of worked_days")
        return self


class Cutoff(Part):
    """When the bank takes payment files."""

    timezone: str = Field("Europe/Berlin", description="IANA name of the bank's zone.")
    latest: time | None = Field(None, description="After this local time files wait for the next day's opening.")
    earliest: time | None = Field(None, description="Before this local time files wait.")
