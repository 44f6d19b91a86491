"""Read a bank's opened file: identify, schema, canonical message, and everything that was not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

from h2h.core import written
from h2h.core.envelope import without_envelope
from h2h.core.findings import Finding
from h2h.core.format import Format, Message, Read
from h2h.core.model.status import StatusReport
from h2h.core.naming import named_after
from h2h.core.records import InboundFile
from h2h.core.rules.statement_rules import check_message
from h2h.core.unnamed import complete_unnamed
from h2h.pipeline.house import House
from h2h.pipeline.kept import digest, kept_of_bank
from h2h.settings import BankProfile


def read_bank_file(house: House, file: InboundFile) -> tuple[Format, Read]:
    """(format, what it says with all findings: schema, reader, unread, sums). ``Refused`` unless one format fits."""
    path = opened(house, file)
    data = path.read_bytes()
    format_, document, findings = house.formats.open(data)
    bank = house.settings.bank_of(file.bank)
    schema = bank.schemas.get(format_.id, format_.schema)
    if schema and document is data:
        findings += house.schemas.validate_file(schema, path, format_.as_schema_sees_it)
    elif schema:
        findings += house.schemas.validate(schema, format_.as_schema_sees_it(document))
    read = format_.read(document)
    findings += completed(bank, file, read.message)
    return format_, Read(read.message, [*findings, *read.findings, *check_message(read.message)])


def read_again(house: House, file: InboundFile, format_: Format) -> Read:
    """What a file says that ``read_bank_file`` has read before."""
    document = without_envelope(opened(house, file).read_bytes()).data
    read = format_.read(document)
    completed(house.settings.bank_of(file.bank), file, read.message)
    return read


def completed(bank: BankProfile, file: InboundFile, message: Message) -> list[Finding]:
    """What a bank's file does not say of its accounts, from its name and the profile; the findings say what."""
    return complete_unnamed(message, file.remote_name, bank.accounts, bank.account_currencies)


def answered_id(file: InboundFile, report: StatusReport) -> str:
    """The id of our message that the report answers.

    Some banks' own documents name none; of those, whoever carries the answer here lets its name begin with the id.
    """
    return report.original_message_id or named_after(file.remote_name)


def opened(house: House, file: InboundFile) -> Path:
    """The decrypted file in the archive; ``Misconfigured`` if it is gone, ``Untrusted`` if it was changed."""
    return kept_of_bank(house, file, "20-opened", file.content_sha256)


def sha256_of(house: House, file: InboundFile) -> str:
    """The hash of the opened bytes."""
    return digest(opened(house, file))[0]


def written_at(house: House, file: InboundFile) -> str:
    """When the bank wrote it, as the file's head says, for the order among files only; "" if it says nothing."""
    path = house.archive.get(file.fid, file.fetched_at, "20-opened")
    if path is None:
        return ""  # the step that needs it says so
    with path.open("rb") as source:
        return written.written_at(source.read(written.HEAD_BYTES))


def dumped(value: Any) -> bytes:
    """JSON for the archive: the same value gives the same bytes."""
    return "".join(JSON.iterencode(value)).encode()


def dump_into(value: Any, out: BinaryIO) -> None:
    """The same bytes, written as they come: a long statement as text takes more memory than the statement."""
    parts: list[str] = []
    for part in JSON.iterencode(value):
        parts.append(part)
        if len(parts) >= _PARTS_AT_ONCE:
            out.write("".join(parts).encode())
            parts.clear()
    out.write("".join(parts).encode())


def findings_of(whole: Path) -> list[Any]:
    """What stands under ``findings`` in a message that was dumped so; the rest, which may be long, is not read."""
    read = b""
    with whole.open("rb") as source:
        while block := source.read(_BLOCK_BYTES):
            read += block
            at = read.find(_FINDINGS)  # a key of the message itself stands after one blank
            if at < 0:
                continue
            try:
                found, _ = json.JSONDecoder().raw_decode(read[at + len(_FINDINGS) :].decode("utf-8", "ignore"))
            except json.JSONDecodeError:
                continue  # not all of it yet
            return list(found)
    return []


JSON = json.JSONEncoder(ensure_ascii=False, indent=1, sort_keys=True, default=str)
_PARTS_AT_ONCE, _BLOCK_BYTES = 10_000, 1 << 20
_FINDINGS = b'\n "findings": '
