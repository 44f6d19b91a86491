"""Statements as the command line shows them: JSON values, and a row for each transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from h2h.core.view.plain import exact, iso, plain


def statements_json(message: StatementMessage) -> dict[str, Any]:
    """The statements of one message."""
    return {
        "message_id": message.message_id,
        "creation_date_time": iso(message.creation_date_time),
        "statements": [_statement(s) for s in message.statements],
    }


# How Swiss banks say in the structured part whether a slip was refused; it is no word of the payer.
_MARK = re.compile(r"(?:^| )\?(?:REJECT|ERROR)\?[0-9]+(?= |$)")


def purpose(detail: EntryDetail) -> str:
    """What a transaction is for: its words, or the creditor's reference where a payer gave none."""
    words = _MARK.sub("", detail.remittance).strip() if "?" in detail.remittance else detail.remittance
    return words or detail.creditor_reference or detail.remittance


def entry_json(entry: Entry) -> dict[str, Any]:
    """One entry of a statement."""
    details = entry.details
    remittance = " ".join(told for d in details if (told := purpose(d)))
    more = entry.additional_information if remittance else ""
    return {
        "amount": exact(entry.amount),
        "currency": entry.currency,
        "credit_debit": entry.credit_debit,
        "booking_date": iso(entry.booking_date),
        "value_date": iso(entry.value_date),
        "reversal": entry.reversal,
        "status": entry.status,
        "end_to_end_ids": [d.end_to_end_id for d in details if d.end_to_end_id],
        "counterparty": counterparty(entry),
        "remittance": remittance or entry.additional_information,
        **({"additional_information": more} if more else {}),
        "entry_reference": entry.entry_reference,
        "account_servicer_reference": entry.account_servicer_reference,
        "bank_transaction_code": entry.bank_transaction_code,
        "batch": _batch(entry),
        "details": [_detail(d) for d in details],
    }


def counterparty(entry: Entry) -> str | None:
    """The other side: whom a debit went to, whom a credit came from. A reversal was booked the other way round."""
    incoming = (entry.credit_debit == "CRDT") is not entry.reversal
    for detail in entry.details:
        name = detail.debtor_name if incoming else detail.creditor_name
        if name:
            return name
    return None


def statement_rows(message: StatementMessage) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """Header and rows, one a transaction, as they are delivered to an ERP but without what h2h knows of payments.

    Amounts are text; formulas are the caller's to defuse (``h2h.core.rows.write_csv`` does).
    """
    from h2h.core import rows as delivered  # what payments are known by is not needed to show a message

    rows = (row[: delivered.OF_THE_BANK] for s in message.statements for row in delivered.statement_rows(s, (), {}))
    return delivered.STATEMENT_HEADER[: delivered.OF_THE_BANK], rows


def _statement(statement: Statement) -> dict[str, Any]:
    opening, closing = statement.opening, statement.closing
    currency = statement.account.currency or next((b.currency for b in (opening, closing) if b), None)
    return {
        "id": statement.id,
        "kind": statement.kind,
        "account": statement.account.number,
        "account_owner": statement.account_owner,
        "currency": currency or next((e.currency for e in statement.entries), None),
        "electronic_sequence_number": exact(statement.electronic_sequence_number),
        "legal_sequence_number": exact(statement.legal_sequence_number),
        "creation_date_time": iso(statement.creation_date_time),
        "opening_balance": _balance(opening),
        "closing_balance": _balance(closing),
        "balances": [{"type": b.type, **(_balance(b) or {})} for b in statement.balances],
        **({"additional_information": told} if (told := statement.additional_information) else {}),
        "entries": [entry_json(e) for e in statement.entries],
    }


def _balance(balance: Balance | None) -> dict[str, Any] | None:
    if balance is None:
        return None
    return {
        "amount": exact(balance.amount),
        "currency": balance.currency,
        "credit_debit": balance.credit_debit,
        "date": iso(balance.date),
    }


def _batch(entry: Entry) -> dict[str, Any] | None:
    if entry.batch_message_id is None and entry.batch_payment_information_id is None:
        return None
    return {
        "message_id": entry.batch_message_id,
        "payment_information_id": entry.batch_payment_information_id,
        "transaction_count": entry.batch_transaction_count,
    }


def _detail(detail: EntryDetail) -> dict[str, Any]:
    made = {name: plain(getattr(detail, name)) for name in EntryDetail.__slots__}
    return {name: value for name, value in made.items() if value not in (None, "", False)}
