"""One statement message → the files of one form, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import BinaryIO, cast

from h2h.core.codecs.mt940_write import write_mt940
from h2h.core.erp.camt import completed
from h2h.core.erp.finsta01 import write_finsta01
from h2h.core.erp.lines import Entries, own_entries
from h2h.core.erp.multicash import write_multicash
from h2h.core.erp.options import FinstaOptions, LineOptions, Mt940Options, MultiCashOptions
from h2h.core.erp.pages import joined
from h2h.core.erp.told import Told
from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, refuses
from h2h.core.format import Format
from h2h.core.format_book import FormatBook
from h2h.core.model.statement import Statement, StatementMessage

#: What a statement can be written as, besides tables and JSON. ``camt.053`` is the version .08.
FORMS = ("mt940", "multicash", "finsta01", "camt.053", "camt.053.001.02", "camt.053.001.08")
#: (schema, document) → what is invalid.
Validate = Callable[[str, bytes], list[Finding]]


@dataclass(frozen=True, slots=True)
class Options:
    """What the site declares of each form."""

    mt940: Mt940Options = field(default_factory=Mt940Options)
    multicash: MultiCashOptions = field(default_factory=MultiCashOptions)
    finsta01: FinstaOptions = field(default_factory=FinstaOptions)


@dataclass(frozen=True, slots=True)
class StatementFile:
    """One file: how its name ends, what it holds, and how many entries, where it says so."""

    ending: str
    content: bytes
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The files of one form, in the order in which they are handed over, and what they have no place for."""

    files: tuple[StatementFile, ...]
    findings: list[Finding]


def carries(statements: Iterable[Statement]) -> bool:
    """Whether these forms are for such a message at all: they are for statements of a day's end."""
    return all(s.kind == "statement" for s in statements)


def ending_and_schema(form: str, book: FormatBook) -> tuple[str, str | None]:
    """How the name of the file ends, and the schema that it must satisfy, if there is one; MultiCash is a pair."""
    if form in ("mt940", "finsta01"):
        return {"mt940": ".mt940.sta", "finsta01": ".finsta01.xml"}[form], None
    format_ = _camt(form, book)
    return f".{format_.id}.xml", format_.schema or ""


def write_into(
    out: BinaryIO, message: StatementMessage, entries: Entries, form: str, options: Options, book: FormatBook
) -> list[Finding]:
    """The message, which has no pages, in a form of one file; what it has no place for. No more entries than one are

    held. ``Refused`` with the place of what it cannot carry exactly; *out* must then be thrown away.
    """
    if form == "mt940":
        return write_mt940(message, out, options.mt940, entries)
    if form == "finsta01":
        # XML takes every letter, and the IDoc has no place for a value date.
        number = options.finsta01.statement_number
        lines = LineOptions(charset="utf-8", statement_number=number, value_date_missing="booking-date")
        return write_finsta01(message, out, options.finsta01, lines, entries)
    format_ = _camt(form, book)
    told = Told(format_.id)
    format_.write_statements(*completed(message, entries, format_.id, told), out)
    return told.findings()


def write_statements(
    message: StatementMessage, form: str, options: Options, book: FormatBook, validate: Validate
) -> Written:
    """The message in that form; ``Refused`` with the place of what it cannot carry exactly."""
    if not message.statements:
        raise Refused([error("H2H-MISSING", "Stmt", "there is no statement to write", WhoActs.BANK)])
    message = joined(message)
    if form == "multicash":
        pair = write_multicash(message, options.multicash)
        # Who sees AUSZUG may be sure that UMSATZ is there, whole.
        files = (StatementFile(".UMSATZ.TXT", pair.umsatz, pair.rows), StatementFile(".AUSZUG.TXT", pair.auszug))
        return Written(files, pair.findings)
    held = _Held()
    told = write_into(cast("BinaryIO", held), message, own_entries, form, options, book)
    ending, schema = ending_and_schema(form, book)
    invalid = validate(schema, held.content()) if schema is not None else []
    if refuses(invalid):
        raise Refused(invalid)
    return Written((StatementFile(ending, held.content()),), told)


def write_what_can_be(
    message: StatementMessage, form: str, options: Options, book: FormatBook, validate: Validate
) -> tuple[Written | None, list[Finding]]:
    """(the statements of the message that the form can carry, why not the others): one account's trouble is its own."""
    whole = joined(message)
    good: list[Statement] = []
    refused: list[Finding] = []
    try:
        return write_statements(whole, form, options, book, validate), []
    except Refused as problem:
        if len(whole.statements) < 2:
            return None, list(problem.findings)
    for number, statement in enumerate(whole.statements, 1):
        try:
            write_statements(replace(whole, statements=[statement]), form, options, book, validate)
            good.append(statement)
        except Refused as problem:
            refused += [_in_place(f, number) for f in problem.findings]
    if not good:
        return None, refused
    return write_statements(replace(whole, statements=good), form, options, book, validate), refused


def _camt(form: str, book: FormatBook) -> Format:
    return book.get("camt.053.001.08" if form == "camt.053" else form)


def _in_place(finding: Finding, number: int) -> Finding:
    """As seen from the whole message."""
    here = f"Stmt[{number}]"
    return replace(finding, where=finding.where.replace("Stmt[1]", here), text=finding.text.replace("Stmt[1]", here))


class _Held:
    """A file in memory, as far as writers need one."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Put it behind what is there."""
        self._parts.append(data)
        return len(data)

    def content(self) -> bytes:
        """All of it."""
        return b"".join(self._parts)
