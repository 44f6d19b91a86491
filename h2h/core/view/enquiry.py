"""Enquiries as the command line shows them: JSON values, and a row for each account or reference asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from h2h.core.model.enquiry import Enquiry, ReportingRequest
from h2h.core.model.parties import Account
from h2h.core.view.plain import iso


def enquiry_json(enquiry: Enquiry) -> dict[str, Any]:
    """The content of a question."""
    made = {
        "message_id": enquiry.message_id,
        "creation_date_time": iso(enquiry.creation_date_time),
        "about": enquiry.about,
        "accounts": [{"account": a.number, "name": a.name, "currency": a.currency} for a in accounts_of(enquiry)],
        "references": [*enquiry.references, *(r.reference for r in enquiry.requests if r.reference)],
        "bank_references": [*enquiry.bank_references],
        "from_date": iso(enquiry.from_date),
        "to_date": iso(enquiry.to_date),
        "page": enquiry.page,
        "supplementary": dict(enquiry.supplementary),
    }
    if enquiry.requests:
        made["requests"] = [_request(request) for request in enquiry.requests]
    return made


def accounts_of(enquiry: Enquiry) -> list[Account]:
    """All accounts that are asked about, in the order of the document."""
    return [*enquiry.accounts, *(r.account for r in enquiry.requests if r.account is not None)]


def enquiry_rows(enquiry: Enquiry) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Header and rows, one for each account or reference that is asked about."""
    header = ("about", "message_id", "account", "reference", "from_date", "to_date", "page")
    about = (enquiry.about, enquiry.message_id or "")
    days = _days(enquiry.from_date, enquiry.to_date)
    rows = [(a.number or "", "", *days) for a in enquiry.accounts]
    rows += [("", reference, *days) for reference in (*enquiry.references, *enquiry.bank_references)]
    for r in enquiry.requests:
        number = r.account.number if r.account is not None else None
        rows.append((number or "", r.reference or "", *_days(r.from_date, r.to_date)))
    return header, ((*about, *row, enquiry.page or "") for row in rows or [("", "", *days)])


def _days(first: date | None, last: date | None) -> tuple[str, str]:
    return iso(first) or "", iso(last) or ""


def _request(request: ReportingRequest) -> dict[str, Any]:
    return {
        "reference": request.reference,
        "requested_message": request.requested_message,
        "account": request.account.number if request.account else None,
        "owner": request.owner.name if request.owner else None,
        "from_date": iso(request.from_date),
        "to_date": iso(request.to_date),
        "what_changed": request.what_changed,
        "balances": [b.code or b.proprietary for b in request.balances],
    }
