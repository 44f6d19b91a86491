"""Read a bank's opened file: identify, schema, canonical message, and everything that was not read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from h2h.core import written
from h2h.core.errors import Misconfigured
from h2h.core.findings import Finding
from h2h.core.format import Format, Read
from h2h.core.model.status import StatusReport
from h2h.core.naming import named_after
from h2h.core.records import InboundFile
from h2h.core.rules.statement_rules import check_message
from h2h.pipeline.house import House


def read_bank_file(house: House, file: InboundFile) -> tuple[Format, Read]:
    """(format, what it says with all findings: schema, reader, unread, sums). ``Refused`` unless one format fits."""
    data = opened(house, file).read_bytes()
    format_ = house.formats.identify(data)
    bank = house.settings.bank_of(file.bank)
    findings: list[Finding] = []
    schema = bank.schemas.get(format_.id, format_.schema)
    if schema:
        findings += house.schemas.validate(schema, format_.as_schema_sees_it(data))
    read = format_.read(data)
    return format_, Read(read.message, [*findings, *read.findings, *check_message(read.message)])


def answered_id(file: InboundFile, report: StatusReport) -> str:
    """The id of our message that the report answers.

    Some banks' own documents name none; of those, whoever carries the answer here lets its name begin with the id.
    """
    return report.original_message_id or named_after(file.remote_name)


def opened(house: House, file: InboundFile) -> Path:
    """The decrypted file in the archive; ``Misconfigured`` if somebody took it away."""
    path = house.archive.get(file.fid, file.fetched_at, "20-opened")
    if path is None:
        raise Misconfigured(f"the archive has lost 20-opened of bank file {file.fid}")
    return path


def sha256_of(house: House, file: InboundFile) -> str:
    """The hash of the opened bytes."""
    return hashlib.sha256(opened(house, file).read_bytes()).hexdigest()


def written_at(house: House, file: InboundFile) -> str:
    """When the bank wrote it, as the file's head says, for the order among files only; "" if it says nothing."""
    try:
        with opened(house, file).open("rb") as source:
            return written.written_at(source.read(written.HEAD_BYTES))
    except Misconfigured:
        return ""  # the step that needs it says so


def dumped(value: Any) -> bytes:
    """JSON for the archive: the same value gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str).encode()
