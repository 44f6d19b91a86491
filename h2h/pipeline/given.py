"""What an ERP's folder is given of one bank file: a table, JSON, the original, and how each of them is made.

Tables are made row by row into a file, so memory does not grow with what the bank wrote. A statement that holds other
ERPs' accounts, too, is given without them: then the original, which has them all, is not given.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from h2h.core.erp.options import StatementCsv
from h2h.core.erp.statement_files import (
    FORMS,
    Options,
    carries,
    ending_and_schema,
    write_into,
    write_what_can_be,
)
from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, info, refuses
from h2h.core.match_entries import Known
from h2h.core.model.cancellation import CancellationAnswer, CancellationRequest
from h2h.core.model.statement import Statement, StatementMessage
from h2h.core.model.status import StatusReport
from h2h.core.naming import original_suffix, safe_name
from h2h.core.records import InboundFile
from h2h.core.rows import STATUS_HEADER, entry_rows, shaped, status_rows, write_csv
from h2h.core.streamed import InTurn, Stretch
from h2h.core.view.cancellation import cancellation_rows
from h2h.pipeline.content import Content, blocks_of
from h2h.pipeline.house import House
from h2h.pipeline.reading import answered_id, opened
from h2h.pipeline.settle import candidates_among
from h2h.settings import ErpFolder

#: Writes the content; how many rows it has, None if it has no rows.
Make = Callable[[BinaryIO], int | None]


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its name, and what it holds (something that is kept already, or is made now)."""

    name: str
    content: Path | Make


@dataclass(frozen=True, slots=True)
class Given:
    """One thing that is given, in one or more files that are only whole together: the last of them says so."""

    format: str
    parts: tuple[Part, ...]
    findings: Sequence[Finding] = ()  # what the form has no place for


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The statements of a message that a folder may have."""

    content: Content
    statements: list[Statement]

    def json(self, out: BinaryIO) -> None:
        """The message with them, as JSON; what was found in it is not theirs alone."""
        self.content.dump_into(out, [], self.statements)

    def whole(self) -> StatementMessage:
        """The message with them, and with all their entries."""
        return self.content.whole_of(self.statements)


@dataclass(frozen=True, slots=True)
class NotGiven:
    """A form that was wanted and in which the content cannot be written; ``told``: a person must know."""

    format: str
    findings: list[Finding]
    told: bool = True


def given_to(
    house: House, file: InboundFile, folder: ErpFolder, content: Content, whole: Path, work: Path
) -> Iterator[Given | NotGiven]:
    """Everything that *folder* gets of *file*, in order; *whole* is the message as JSON, *work* a private directory.

    Where nothing that was wanted can carry the content, it gets the original all the same (or, of a file that holds
    other ERPs' accounts, too, the tables).
    """
    message = content.message
    something = False
    if isinstance(message, StatementMessage):
        wanted = [s for s in message.statements if _may_have(house, file, folder, s)]
        if not wanted:
            return
        alone = len(wanted) == len(message.statements)
        some = _Wanted(content, wanted)
        in_full: set[str] = set()
        in_part: set[str] = set()
        for given in _statements(house, file, folder, some, whole if alone else None, work):
            (in_full if isinstance(given, Given) else in_part).add(given.format)
            yield given
        something = bool(in_full - in_part)
        if not something and not alone:
            yield from _tables(house, file, folder, some)
        if not alone:
            return
    else:
        if isinstance(message, StatusReport) and "csv" in folder.deliver:
            something = True
            yield _one("csv", f"{stem(file)}.csv", _status_table(house, file, message, folder))
        if isinstance(message, CancellationRequest | CancellationAnswer) and "csv" in folder.deliver:
            something = True
            header, rows = cancellation_rows(message)
            yield _one("csv", f"{stem(file)}.csv", _table(tuple(header), rows, StatementCsv()))
        if "json" in folder.deliver:
            something = True
            yield Given("json", (Part(f"{stem(file)}.json", whole),))
    if "original" in folder.deliver or not something:
        yield _original(house, file)


def instead(house: House, file: InboundFile, folder: ErpFolder, content: Content) -> Given:
    """What is given where nothing that was wanted could be written: the original, or JSON without others' accounts."""
    message = content.message
    if isinstance(message, StatementMessage):
        wanted = [s for s in message.statements if _may_have(house, file, folder, s)]
        if len(wanted) < len(message.statements):
            return _one("json", f"{stem(file)}.json", _Wanted(content, wanted).json)
    return _original(house, file)


def stem(file: InboundFile) -> str:
    """How the names of all that is given begin: readable, and no two bank files share one."""
    plain = safe_name(file.remote_name).removesuffix(".pgp").removesuffix(".gpg")
    return f"{plain.removesuffix('.xml')}.{file.fid[-8:]}"


def _statements(
    house: House, file: InboundFile, folder: ErpFolder, wanted: _Wanted, whole: Path | None, work: Path
) -> Iterator[Given | NotGiven]:
    """Table, JSON, and the forms that are wanted; *whole* is None if the bank's file holds others' accounts, too."""
    # What stands for the original, which others' accounts are in, is the table.
    if "csv" in folder.deliver or ("original" in folder.deliver and whole is None):
        yield from _tables(house, file, folder, wanted)
    if "json" in folder.deliver and whole is not None:
        yield Given("json", (Part(f"{stem(file)}.json", whole),))
    elif "json" in folder.deliver:
        yield _one("json", f"{stem(file)}.json", wanted.json)
    for form in folder.deliver:
        if form in FORMS:
            yield from _written(house, file, folder, form, wanted, work)


def _written(
    house: House, file: InboundFile, folder: ErpFolder, form: str, wanted: _Wanted, work: Path
) -> Iterator[Given | NotGiven]:
    if not carries(wanted.statements):
        text = f"{form} is for statements of a day's end, and this is none"
        yield NotGiven(form, [info("H2H-KIND", "the file", text)], told=False)
        return
    options = Options(folder.mt940, folder.multicash, folder.finsta01)
    given = _in_batches(house, file, form, options, wanted, work)
    if given is not None:
        yield given
        return
    made, refused = write_what_can_be(wanted.whole(), form, options, house.formats, house.schemas.validate)
    if made is not None:
        parts = tuple(Part(f"{stem(file)}{f.ending}", _of(f.content, f.rows)) for f in made.files)
        yield Given(form, parts, made.findings)
    if refused:
        yield NotGiven(form, refused)


def _in_batches(
    house: House, file: InboundFile, form: str, options: Options, wanted: _Wanted, work: Path
) -> Given | None:
    """A long statement in that form, an entry at a time.

    None of a short one, of one in pages, and where anything is refused: whoever looks at it whole says what, and gives
    those statements that can be written.
    """
    if not wanted.content.long or form == "multicash" or any(s.continues for s in wanted.statements):
        return None
    ending, schema = ending_and_schema(form, house.formats)
    message = replace(wanted.content.statements(), statements=wanted.statements)
    entries = InTurn(wanted.content.stretches(wanted.statements))
    path = work / f"form{ending}"
    try:
        with path.open("wb") as out:
            told = write_into(out, message, entries.of, form, options, house.formats)
    except Refused:
        return None
    entries.must_be_over()
    if schema is not None and refuses(house.schemas.validate_file(schema, path, bytes)):
        return None
    return Given(form, (Part(f"{stem(file)}{ending}", _copy_of(path)),), told)


def _copy_of(path: Path) -> Make:
    def make(out: BinaryIO) -> int | None:
        for block in blocks_of(path)():
            out.write(block)
        path.unlink()
        return None

    return make


def _original(house: House, file: InboundFile) -> Given:
    suffix = original_suffix(file.remote_name, xml=house.formats.get(file.format or "").codec is None)
    return Given("original", (Part(f"{stem(file)}{suffix}", opened(house, file)),))


def _of(content: bytes, rows: int | None) -> Make:
    def make(out: BinaryIO) -> int | None:
        out.write(content)
        return rows

    return make


def _tables(house: House, file: InboundFile, folder: ErpFolder, wanted: _Wanted) -> Iterator[Given]:
    """One table an account."""
    accounts: dict[str, list[Statement]] = {}
    for statement in wanted.statements:
        accounts.setdefault(statement.account.number or "", []).append(statement)
    options = folder.statement_csv
    behind = _Behind(house, file)
    for account, statements in accounts.items():
        rows = _rows(wanted.content, statements, behind)
        name = f"{stem(file)}.csv" if len(accounts) == 1 else f"{stem(file)}.{safe_name(account)}.csv"
        yield _one("csv", name, _table(*shaped(rows, options), options))


def _rows(content: Content, statements: list[Statement], behind: _Behind) -> Iterator[Sequence[str]]:
    """One row a transaction of these statements, with the payments behind it."""
    wanted = {id(s) for s in statements}
    for batch in content.batches():
        parts = [part for part in batch if id(part.statement) in wanted]
        known, sources = behind.of(batch) if parts else (Known(()), {})
        for statement, position, entries in parts:
            yield from entry_rows(statement, entries, position, known, sources)


class _Behind:
    """The payments that a batch of entries may speak of, and the ERP's files that they came in."""

    def __init__(self, house: House, file: InboundFile) -> None:
        self._house, self._file = house, file
        self._sources: dict[str, str] = {}
        self._last: tuple[list[Stretch], Known] = ([], Known(()))

    def of(self, batch: list[Stretch]) -> tuple[Known, dict[str, str]]:
        """(the payments, submission → file name)."""
        if self._last[0] is not batch:
            candidates = candidates_among(self._house, self._file, batch)
            for sid in {p.sid for p in candidates} - self._sources.keys():
                self._sources[sid] = self._house.journal.submission(sid).source_name
            self._last = (batch, Known(candidates))
        return self._last[1], self._sources


def _status_table(house: House, file: InboundFile, report: StatusReport, folder: ErpFolder) -> Make:
    def rows() -> Iterator[Sequence[str]]:
        for sub in house.journal.by_message_id(file.bank, answered_id(file, report)):
            if sub.folder == folder.name:
                yield from status_rows(sub, house.journal.payments(sub.sid), house.formats.meanings)

    return _table(STATUS_HEADER, rows(), StatementCsv())


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], options: StatementCsv) -> Make:
    def make(out: BinaryIO) -> int:
        text = io.TextIOWrapper(out, options.encoding, newline="")
        try:
            count = write_csv(text, header, rows, options.delimiter, named=options.header)
            text.flush()
        except UnicodeEncodeError as problem:
            what = f"the table's encoding {options.encoding} has no {problem.object[problem.start]!r}"
            raise Refused([error("H2H-CHARACTER", "the table", what, WhoActs.SYSTEM_ADMINISTRATOR)]) from problem
        finally:
            text.detach()
        return count

    return make


def _one(format_: str, name: str, make: Make) -> Given:
    return Given(format_, (Part(name, make),))


def _may_have(house: House, file: InboundFile, folder: ErpFolder, statement: Statement) -> bool:
    """The account is one of this ERP's; an account that the bank's profile does not know is held back."""
    account = statement.account.number or ""
    bank = house.settings.bank_of(file.bank)
    if bank.accounts and account not in bank.accounts and bank.unknown_account == "quarantine":
        text = f"{file.remote_name}: a statement of an account that is not in the profile of {bank.name}; held back"
        house.attend("unknown-account", f"{file.fid}/{statement.id}", text, WhoActs.SYSTEM_ADMINISTRATOR, bank.name)
        return False
    return not folder.accounts or account in folder.accounts
