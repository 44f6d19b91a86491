"""Pages of one statement, as MT940 has them, made one statement: no other form knows pages."""

from __future__ import annotations

from dataclasses import replace

from h2h.core.model.statement import Statement, StatementMessage

_LAST_ONLY = ("CLBD", "CLAV", "FWAV")
_FIRST_ONLY = ("OPBD", "PRCD")


def joined(message: StatementMessage) -> StatementMessage:
    """The message with each page put behind the one that it goes on from; a page without that stays alone."""
    statements: list[Statement] = []
    for statement in message.statements:
        if statement.continues and statements and _goes_on(statements[-1], statement):
            statements[-1] = _one(statements[-1], statement)
        else:
            statements.append(statement)
    return replace(message, statements=statements)


def _goes_on(first: Statement, second: Statement) -> bool:
    """The same account and number, and it opens with what the page before carried over."""
    left, found = first.closing, second.opening
    same = (first.account, first.electronic_sequence_number) == (second.account, second.electronic_sequence_number)
    if not same or left is None or found is None:
        return False
    return (left.amount, left.currency, left.credit_debit) == (found.amount, found.currency, found.credit_debit)


def _one(first: Statement, second: Statement) -> Statement:
    balances = [b for b in first.balances if b.type not in _LAST_ONLY]
    balances += [b for b in second.balances if b.type not in _FIRST_ONLY]
    text = " ".join(t for t in (first.additional_information, second.additional_information) if t)
    entries = [*first.entries, *second.entries]
    return replace(first, balances=balances, entries=entries, additional_information=text)
