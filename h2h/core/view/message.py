"""Any message as the command-line contract shows it, with its findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from h2h.core.findings import Finding
from h2h.core.format import Format, Message, Read
from h2h.core.model.cancellation import CancellationAnswer, CancellationRequest
from h2h.core.model.enquiry import Enquiry
from h2h.core.model.statement import StatementMessage
from h2h.core.model.status import StatusReport
from h2h.core.view.cancellation import cancellation_json, cancellation_rows
from h2h.core.view.enquiry import enquiry_json, enquiry_rows
from h2h.core.view.initiation import initiation_json, initiation_rows
from h2h.core.view.statement import statement_rows, statements_json
from h2h.core.view.status import status_report_json, status_rows


def message_json(format_: Format, read: Read) -> dict[str, Any]:
    """The whole message with its findings, as ``h2h inspect --json`` prints it."""
    return {
        "format": format_.id,
        "kind": format_.kind,
        **_content(read.message),
        "findings": findings_json(read.findings),
    }


def refused_json(format_: Format | None, findings: Iterable[Finding]) -> dict[str, Any]:
    """What is printed for a file that could not be read."""
    return {
        "format": format_.id if format_ else None,
        "kind": format_.kind if format_ else None,
        "findings": findings_json(findings),
    }


def findings_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON values."""
    return [f.as_json() for f in findings]


def message_rows(message: Message) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Header and rows, for a table; what a row is depends on the kind of message."""
    if isinstance(message, StatementMessage):
        return statement_rows(message)
    if isinstance(message, CancellationRequest | CancellationAnswer):
        return cancellation_rows(message)
    if isinstance(message, StatusReport):
        return status_rows(message)
    return enquiry_rows(message) if isinstance(message, Enquiry) else initiation_rows(message)


def _content(message: Message) -> dict[str, Any]:
    if isinstance(message, StatementMessage):
        return statements_json(message)
    if isinstance(message, CancellationRequest | CancellationAnswer):
        return cancellation_json(message)
    if isinstance(message, StatusReport):
        return status_report_json(message)
    return enquiry_json(message) if isinstance(message, Enquiry) else initiation_json(message)
