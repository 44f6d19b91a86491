"""A question to a bank: what became of a payment, what an account holds, what was booked on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from h2h.core.model.parties import Account
from h2h.core.model.payment import NOTHING


@dataclass(slots=True)
class Enquiry:
    """One question. ``about``: ``status`` (of ``references``), ``balance`` or ``detail`` (of ``accounts``).

    ``page`` is what the bank wants to hear to go on where its last answer ended: a number, or a key of its own.
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
