"""The bank's books: balances per account, and what it says of them (camt.053 and camt.054, versions .02 and .08)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from h2h.simulator.payments import Payment
from h2h.simulator.reports import Verdict, account
from h2h.simulator.xml import Node, document, element

OPENING_BALANCE = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Booking:
    """One line of the books: payments that went out together, or one that came back."""

    reference: str
    payments: tuple[Payment, ...]
    message_id: str
    returned: Verdict | None = None

    @property
    def amount(self) -> Decimal:
        """Sum of its payments."""
        return sum((payment.amount for payment in self.payments), Decimal(0))

    @property
    def signed(self) -> Decimal:
        """As it changes the balance."""
        return self.amount if self.returned else -self.amount


@dataclass(slots=True)
class Account:
    """One account in one currency: the closing balance of the last statement and what was booked since."""

    number: str
    currency: str
    balance: Decimal = OPENING_BALANCE
    sequence: int = 0
    bookings: list[Booking] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """What must outlive the process."""
        return {
            "number": self.number,
            "currency": self.currency,
            "balance": str(self.balance),
            "sequence": self.sequence,
        }

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> Account:
        """The reverse of ``as_json``."""
        return cls(values["number"], values["currency"], Decimal(values["balance"]), values["sequence"])


def statement(
    book: Account,
    message_id: str,
    at: datetime,
    version: str,
    *,
    skip_sequence: bool = False,
    query: tuple[str, str] | None = None,
) -> bytes:
    """Close the books: a camt.053 with all bookings since the last one, after which none are left.

    *query*: (id, name) of the customer's question that it answers.
    """
    book.sequence += 2 if skip_sequence and book.sequence else 1
    opening, bookings = book.balance, book.bookings
    book.balance = opening + sum((booking.signed for booking in bookings), Decimal(0))
    book.bookings = []
    day = at.date()
    return document(
        f"camt.053.001.{version}",
        element(
            "BkToCstmrStmt",
            _header(message_id, at, query if version != "02" else None),
            element(
                "Stmt",
                element("Id", f"{book.number[-16:]}-{book.sequence}"),
                element("ElctrncSeqNb", book.sequence),
                element("CreDtTm", _moment(at)),
                _account(book),
                _balance("OPBD", opening, book.currency, day),
                _balance("CLBD", book.balance, book.currency, day),
                *(_entry(booking, book.currency, day, version) for booking in bookings),
            ),
        ),
    )


def notification(book: Account, bookings: Sequence[Booking], message_id: str, at: datetime, version: str) -> bytes:
    """A camt.054 about *bookings*; the books stay as they are."""
    return document(
        f"camt.054.001.{version}",
        element(
            "BkToCstmrDbtCdtNtfctn",
            _header(message_id, at),
            element(
                "Ntfctn",
                element("Id", message_id),
                element("CreDtTm", _moment(at)),
                _account(book),
                *(_entry(booking, book.currency, at.date(), version) for booking in bookings),
            ),
        ),
    )


def _entry(booking: Booking, currency: str, day: date, version: str) -> Node | None:
    family = ("RCDT", "RRTN") if booking.returned else ("ICDT", "ESCT")
    code = element(
        "BkTxCd",
        element(
            "Domn", element("Cd", "PMNT"), element("Fmly", element("Cd", family[0]), element("SubFmlyCd", family[1]))
        ),
    )
    return element(
        "Ntry",
        element("NtryRef", booking.reference),
        element("Amt", f"{booking.amount:f}", Ccy=currency),
        element("CdtDbtInd", "CRDT" if booking.returned else "DBIT"),
        element("Sts", "BOOK" if version == "02" else element("Cd", "BOOK")),
        element("BookgDt", element("Dt", day.isoformat())),
        element("ValDt", element("Dt", day.isoformat())),
        element("AcctSvcrRef", booking.reference),
        code,
        element("NtryDtls", *(_details(booking, payment, version) for payment in booking.payments)),
    )


def _details(booking: Booking, payment: Payment, version: str) -> Node | None:
    name = element("Nm", payment.creditor_name or None)
    party = name if version == "02" or name is None else element("Pty", name)
    amount = element("Amt", f"{payment.amount:f}", Ccy=payment.currency)
    returned = booking.returned
    return element(
        "TxDtls",
        element(
            "Refs",
            element("MsgId", booking.message_id),
            element("AcctSvcrRef", booking.reference),
            element("PmtInfId", payment.payment_information_id),
            element("InstrId", payment.instruction_id),
            element("EndToEndId", payment.end_to_end_id),
            element("UETR", payment.uetr if version != "02" else None),
        ),
        element("AmtDtls", element("TxAmt", amount)) if version == "02" else amount,
        element("CdtDbtInd", ("CRDT" if returned else "DBIT") if version != "02" else None),
        element(
            "RltdPties", element("Cdtr", party), element("CdtrAcct", element("Id", account(payment.creditor_account)))
        ),
        element("RmtInf", element("Ustrd", payment.remittance or None)),
        element("RtrInf", element("Rsn", element("Cd", returned.code)), element("AddtlInf", returned.text or None))
        if returned
        else None,
    )


def _header(message_id: str, at: datetime, query: tuple[str, str] | None = None) -> Node | None:
    asked = element("OrgnlBizQry", element("MsgId", query[0]), element("MsgNmId", query[1])) if query else None
    return element("GrpHdr", element("MsgId", message_id), element("CreDtTm", _moment(at)), asked)


def _account(book: Account) -> Node | None:
    return element("Acct", element("Id", account(book.number)), element("Ccy", book.currency))


def _balance(kind: str, amount: Decimal, currency: str, day: date) -> Node | None:
    return element(
        "Bal",
        element("Tp", element("CdOrPrtry", element("Cd", kind))),
        element("Amt", f"{abs(amount):f}", Ccy=currency),
        element("CdtDbtInd", "DBIT" if amount < 0 else "CRDT"),
        element("Dt", element("Dt", day.isoformat())),
    )


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
