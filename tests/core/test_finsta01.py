"""FINSTA01 as h2h writes it for SAP: read back it says the same, and no text becomes structure."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from h2h.core.erp.finsta01 import write_finsta01
from h2h.core.erp.options import FinstaOptions, LineOptions
from h2h.core.findings import refuses
from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage, signed
from h2h.core.rules.statement_rules import check_statement
from tests.checkout import BOOK

DAY = date(2026, 11, 24)
WORDS = ("Invoice", "88213", "of", "</TXT01>", "&amp;", "a:b", "-", "x" * 69, "y" * 70, "z" * 140, "(net)", "RF18/5")


def entry(random: Random) -> Entry:
    """One that FINSTA01 can carry whole."""
    direction = random.choice(("CRDT", "DBIT"))
    detail = EntryDetail(
        end_to_end_id=random.choice((None, "INV-1", "A/B <7>")),
        remittance=" ".join(random.choices(WORDS, k=random.randrange(6))),
        returned=direction == "CRDT" and random.random() < 0.3,
    )
    return Entry(Decimal(random.randrange(1, 10**9)) / 100, "EUR", direction, value_date=DAY, details=[detail])


def statement(number: int, random: Random) -> Statement:
    entries = [entry(random) for _ in range(random.randrange(5))]
    opening = Decimal(random.randrange(-(10**6), 10**6)) / 100
    closing = opening + sum((signed(e.amount, e.credit_debit) for e in entries), Decimal(0))
    made = Statement("statement", None, Account(other="37040044/0532013000", currency="EUR"))
    made.electronic_sequence_number, made.entries = Decimal(number), entries
    made.balances = [
        Balance(kind, abs(value), "EUR", "DBIT" if value < 0 else "CRDT", DAY)
        for kind, value in (("OPBD", opening), ("CLBD", closing))
    ]
    return made


def said(one: Statement) -> dict[str, Any]:
    """What the IDoc can carry of a statement."""
    return {
        "account": (one.account.number, one.account.currency),
        "number": one.electronic_sequence_number,
        "balances": [(b.type, signed(b.amount, b.credit_debit), b.currency) for b in one.balances],
        "closed": one.balances[-1].date,
        "entries": [
            (e.amount, e.credit_debit, e.currency, d.end_to_end_id, d.remittance, d.returned)
            for e in one.entries
            for d in e.details
        ],
    }


@pytest.mark.parametrize("sign", ["trailing", "leading"])
def test_what_is_written_is_read_back(sign: Any) -> None:
    for seed in range(150):
        random = Random(seed)
        message = StatementMessage("M", None, [statement(n, random) for n in range(1, random.randrange(2, 4))])
        out = io.BytesIO()
        write_finsta01(message, out, FinstaOptions(debit_sign=sign), LineOptions(charset="utf-8"))
        read = BOOK.read(out.getvalue())
        assert isinstance(read.message, StatementMessage)
        assert list(map(said, read.message.statements)) == list(map(said, message.statements)), seed
        assert not refuses(read.findings)
        assert [f for one in read.message.statements for f in check_statement(one)] == []
