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

from h2h.core.findings import WhoActs
from h2h.core.format import Format, Read
from h2h.core.model.cancellation import CancellationAnswer, CancellationRequest
from h2h.core.model.statement import Statement, StatementMessage
from h2h.core.model.status import StatusReport
from h2h.core.naming import original_suffix, safe_name
from h2h.core.records import InboundFile
from h2h.core.rows import STATEMENT_HEADER, STATUS_HEADER, statement_rows, status_rows, write_csv
from h2h.core.view import message_json
from h2h.core.view_cancellation import cancellation_rows
from h2h.pipeline.house import House
from h2h.pipeline.reading import dumped, opened
from h2h.pipeline.settle import candidates_of
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


def given_to(house: House, file: InboundFile, folder: ErpFolder, read: Read, whole: Path) -> Iterator[Given]:
    """Everything that *folder* gets of *file*, in order; *whole* is the message as JSON."""
    message = read.message
    if isinstance(message, StatementMessage):
        wanted = [s for s in message.statements if _may_have(house, file, folder, s)]
        if wanted and len(wanted) < len(message.statements):
            yield from _of_some(house, file, folder, message, wanted)
        elif wanted:
            if "csv" in folder.deliver:
                yield from _tables(house, file, message, wanted)
            yield from _whole(house, file, folder, whole)
        return
    if isinstance(message, StatusReport) and "csv" in folder.deliver:
        yield _one("csv", f"{stem(file)}.csv", _status_table(house, file, message, folder))
    if isinstance(message, CancellationRequest | CancellationAnswer) and "csv" in folder.deliver:
        header, rows = cancellation_rows(message)
        yield _one("csv", f"{stem(file)}.csv", _table(tuple(header), rows))
    yield from _whole(house, file, folder, whole)


def stem(file: InboundFile) -> str:
    """How the names of all that is given begin: readable, and no two bank files share one."""
    plain = safe_name(file.remote_name).removesuffix(".pgp").removesuffix(".gpg")
    return f"{plain.removesuffix('.xml')}.{file.fid[-8:]}"


def _whole(house: House, file: InboundFile, folder: ErpFolder, whole: Path) -> Iterator[Given]:
    if "json" in folder.deliver:
        yield Given("json", (Part(f"{stem(file)}.json", whole),))
    if "original" in folder.deliver:
        suffix = original_suffix(file.remote_name, xml=house.formats.get(file.format or "").codec is None)
        yield Given("original", (Part(f"{stem(file)}{suffix}", opened(house, file)),))


def _of_some(
    house: House, file: InboundFile, folder: ErpFolder, message: StatementMessage, wanted: list[Statement]
) -> Iterator[Given]:
    """Only some accounts of the file are this ERP's: it gets what is said of them."""
    if "csv" in folder.deliver or "original" in folder.deliver:
        yield from _tables(house, file, message, wanted)
    if "json" in folder.deliver:
        format_ = house.formats.get(file.format or "")
        yield _one("json", f"{stem(file)}.json", _json(format_, replace(message, statements=wanted)))


def _tables(house: House, file: InboundFile, message: StatementMessage, wanted: list[Statement]) -> Iterator[Given]:
    """One table an account."""
    candidates = candidates_of(house, file, message)
    sources = {sid: house.journal.submission(sid).source_name for sid in {p.sid for p in candidates}}
    accounts: dict[str, list[Statement]] = {}
    for statement in wanted:
        accounts.setdefault(statement.account.number or "", []).append(statement)
    for account, statements in accounts.items():
        rows = (row for s in statements for row in statement_rows(s, candidates, sources))
        name = f"{stem(file)}.csv" if len(accounts) == 1 else f"{stem(file)}.{safe_name(account)}.csv"
        yield _one("csv", name, _table(STATEMENT_HEADER, rows))


def _status_table(house: House, file: InboundFile, report: StatusReport, folder: ErpFolder) -> Make:
    def rows() -> Iterator[Sequence[str]]:
        for sub in house.journal.by_message_id(file.bank, report.original_message_id or ""):
            if sub.folder == folder.name:
                yield from status_rows(sub, house.journal.payments(sub.sid))

    return _table(STATUS_HEADER, rows())


def _table(header: tuple[str, ...], rows: Iterable[Sequence[str]]) -> Make:
    def make(out: BinaryIO) -> int:
        text = io.TextIOWrapper(out, "utf-8", newline="")
        count = write_csv(text, header, rows)
        text.detach()
        return count

    return make


def _json(format_: Format, message: StatementMessage) -> Make:
    def make(out: BinaryIO) -> None:
        out.write(dumped(message_json(format_, Read(message))))

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
