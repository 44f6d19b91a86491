"""A question to a bank: what became of a payment, what an account holds, what was booked on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from h2h.core.model.parties import Account, Agent, Party
from h2h.core.model.payment import NOTHING


@dataclass(slots=True)
class RequestedBalance:
    """ReqdBalTp: one kind of balance, by its code (ExternalBalanceType1Code) or the bank's own name."""

    code: str | None = None
    proprietary: str | None = None


@dataclass(slots=True)
class ReportingRequest:
    """RptgReq of camt.060: which message is asked for, about which account and which days (both included).

    ``what_changed`` is of QueryType3Code: ALLL all of it, CHNG what has changed since the last time, MODF what was
    modified. With ``balances`` only these are asked for.
    """

    reference: str | None = None
    requested_message: str | None = None
    account: Account | None = None
    owner: Party | None = None
    owner_agent: Agent | None = None
    from_date: date | None = None
    to_date: date | None = None
    what_changed: str | None = None
    balances: list[RequestedBalance] = field(default_factory=list)


@dataclass(slots=True)
class Enquiry:
    """One question. ``about``: ``status`` (of ``references``), ``balance`` or ``detail`` (of ``accounts``).

    ``page`` is what the bank wants to hear to go on where its last answer ended: a number, or a key of its own.
    ``requests`` are ISO 20022's form of it, where each account has days of its own.
    """

    about: str
    message_id: str | None
    creation_date_time: datetime | None = None
    accounts: list[Account] = field(default_factory=list)
    references: tuple[str, ...] = ()  # our own ids of what is asked about
    bank_references: tuple[str, ...] = ()  # the bank's ids of what is asked about
    from_date: date | None = None
    to_date: date | None = None
    page: str | None = None
    supplementary: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    requests: list[ReportingRequest] = field(default_factory=list)
