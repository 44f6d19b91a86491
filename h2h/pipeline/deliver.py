"""Deliver: what a bank said, in the ERP's inbound folder: CSV, JSON, the original; last of all the manifest.

Names are made of the bank's file and its id, so a delivery that was cut short is repeated onto the same names. A status
report goes to the folder its payments came from; a statement to every folder of that bank that wants the account. An
account nobody declared is held back, never put with another's.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

from h2h.core.errors import Misconfigured
from h2h.core.findings import WhoActs
from h2h.core.format import Read
from h2h.core.model.statement import Statement, StatementMessage
from h2h.core.model.status import StatusReport
from h2h.core.naming import original_suffix, safe_name
from h2h.core.records import InboundFile, PaymentRecord
from h2h.core.rows import STATEMENT_HEADER, STATUS_HEADER, statement_rows, status_rows, write_csv
from h2h.pipeline.house import House
from h2h.pipeline.reading import dumped, opened
from h2h.pipeline.settle import candidates_of
from h2h.settings import ErpFolder


def deliver(house: House, file: InboundFile) -> None:
    """Write everything to every folder that gets it. ``Unavailable``, ``OutOfSpace``: it is repeated later."""
    format_ = house.formats.get(file.format or "")
    read = format_.read(opened(house, file).read_bytes())
    whole = house.archive.get(file.fid, file.fetched_at, "30-message")
    if whole is None:
        raise Misconfigured(f"the archive has lost 30-message of bank file {file.fid}")
    findings = json.loads(whole.read_bytes()).get("findings", [])
    for folder in _folders(house, file, read):
        done = f"50-delivered-{safe_name(folder.name)}.json"
        if house.archive.get(file.fid, file.fetched_at, done) is not None:
            continue  # whole, by an earlier try; the ERP may have taken it away since
        delivered = []
        for number, (name, made, rows) in enumerate(_parts(house, file, folder, read, whole.read_bytes()), 1):
            data = made if rows is None else _kept(house, file, f"45-{safe_name(folder.name)}-{number}.csv", made)
            given = house.inboxes[folder.name].deliver(name, data)
            delivered.append({"name": given, "sha256": hashlib.sha256(data).hexdigest(), "rows": rows})
        manifest = {
            "bank": file.bank,
            "bank_file": file.remote_name,
            "id": file.fid,
            "format": file.format,
            "kind": file.kind,
            "message_id": file.message_id,
            "fetched_at": file.fetched_at.isoformat(),
            "sha256": file.sha256,
            "files": delivered,
            "findings": findings,
        }
        manifest_name = f"{_stem(file)}.manifest.json"
        house.inboxes[folder.name].deliver(manifest_name, dumped(manifest))
        house.archive.put(file.fid, file.fetched_at, done, dumped(manifest))


def _kept(house: House, file: InboundFile, name: str, made: bytes) -> bytes:
    """A table says what was known when it was first made: a delivery that is repeated later gives the same bytes."""
    kept = house.archive.get(file.fid, file.fetched_at, name)
    return (kept or house.archive.put(file.fid, file.fetched_at, name, made)).read_bytes()


def _folders(house: House, file: InboundFile, read: Read) -> list[ErpFolder]:
    """Who gets it. Nobody: a person is told, the file stays in the archive."""
    folders = [f for f in house.settings.erp if f.bank == file.bank and f.name in house.inboxes]
    if isinstance(read.message, StatusReport):
        names = {s.folder for s in house.journal.by_message_id(file.bank, read.message.original_message_id or "")}
        folders = [f for f in folders if f.name in names]
    if not folders:
        text = f"{file.remote_name}: no ERP folder of bank {file.bank} has an inbound folder for it; see the archive"
        house.attend("undeliverable", file.fid, text, WhoActs.SYSTEM_ADMINISTRATOR, file.bank)
    return folders


def _parts(
    house: House, file: InboundFile, folder: ErpFolder, read: Read, whole: bytes
) -> Iterator[tuple[str, bytes, int | None]]:
    """(name, content, rows) of everything that folder gets."""
    stem = _stem(file)
    message = read.message
    if isinstance(message, StatusReport):
        if "csv" in folder.deliver:
            yield f"{stem}.csv", *_status_csv(house, file, message, folder)
    elif isinstance(message, StatementMessage):
        wanted = [s for s in message.statements if _may_have(house, file, folder, s)]
        if not wanted:
            return
        if len(wanted) < len(message.statements):
            yield from _split(house, file, folder, message, wanted)
            return
        if "csv" in folder.deliver:
            yield from _statement_csvs(house, file, message, wanted, stem)
    if "json" in folder.deliver:
        yield f"{stem}.json", whole, None
    if "original" in folder.deliver:
        suffix = original_suffix(file.remote_name, xml=house.formats.get(file.format or "").codec is None)
        yield f"{stem}{suffix}", opened(house, file).read_bytes(), None


def _split(
    house: House, file: InboundFile, folder: ErpFolder, message: StatementMessage, wanted: list[Statement]
) -> Iterator[tuple[str, bytes, int | None]]:
    """Only some accounts of the file are this ERP's: it gets their rows, not the original with the others in it."""
    if "csv" in folder.deliver or "original" in folder.deliver:
        yield from _statement_csvs(house, file, message, wanted, _stem(file))


def _statement_csvs(
    house: House, file: InboundFile, message: StatementMessage, wanted: list[Statement], stem: str
) -> Iterator[tuple[str, bytes, int | None]]:
    """One CSV an account."""
    candidates = candidates_of(house, file, message)
    sources = {sid: house.journal.submission(sid).source_name for sid in {p.sid for p in candidates}}
    accounts: dict[str, list[Statement]] = {}
    for statement in wanted:
        accounts.setdefault(statement.account.number or "", []).append(statement)
    for account, statements in accounts.items():
        rows = [r for s in statements for r in statement_rows(s, candidates, sources)]
        name = f"{stem}.csv" if len(accounts) == 1 else f"{stem}.{safe_name(account)}.csv"
        yield name, *_csv(STATEMENT_HEADER, rows)


def _status_csv(house: House, file: InboundFile, report: StatusReport, folder: ErpFolder) -> tuple[bytes, int]:
    rows: list[Any] = []
    for sub in house.journal.by_message_id(file.bank, report.original_message_id or ""):
        payments: list[PaymentRecord] = house.journal.payments(sub.sid) if sub.folder == folder.name else []
        rows += status_rows(sub, payments)
    return _csv(STATUS_HEADER, rows)


def _csv(header: tuple[str, ...], rows: list[Any]) -> tuple[bytes, int]:
    text = io.StringIO()
    count = write_csv(text, header, rows)
    return text.getvalue().encode(), count


def _may_have(house: House, file: InboundFile, folder: ErpFolder, statement: Statement) -> bool:
    """The account is one of this ERP's; an account that the bank's profile does not know is held back."""
    account = statement.account.number or ""
    bank = house.settings.bank_of(file.bank)
    if bank.accounts and account not in bank.accounts and bank.unknown_account == "quarantine":
        text = f"{file.remote_name}: a statement of an account that is not in the profile of {bank.name}; held back"
        house.attend("unknown-account", f"{file.fid}/{statement.id}", text, WhoActs.SYSTEM_ADMINISTRATOR, bank.name)
        return False
    return not folder.accounts or account in folder.accounts


def _stem(file: InboundFile) -> str:
    """Where the name comes from is readable, and no two bank files share one."""
    plain = safe_name(file.remote_name).removesuffix(".pgp").removesuffix(".gpg").removesuffix(".xml")
    return f"{plain}.{file.fid[-8:]}"
