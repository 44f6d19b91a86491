"""A form that is written of entries as they come holds what it holds when it is written of the whole statement."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h2h.core.erp.options import FinstaOptions, Mt940Options
from h2h.core.erp.pages import joined
from h2h.core.erp.statement_files import FORMS, Options, write_into, write_statements
from h2h.core.errors import Refused
from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from h2h.core.streamed import InTurn, Stretch
from tests.checkout import BOOK, FORMATS

GOLDENS = sorted(
    file
    for folder in ("camt", "mt940", "bai2")
    for file in (FORMATS / folder / "golden").iterdir()
    if file.suffix != ".json" and (folder != "camt" or "053" in file.name)
)
ONE_FILE = [form for form in FORMS if form != "multicash"]
OPTIONS = {
    "as the bank states it": Options(),
    "as the ERP wants it": Options(
        mt940=Mt940Options(statement_number="day-of-year", value_date_missing="booking-date", narrative="german"),
        finsta01=FinstaOptions(statement_number="day-of-year"),
    ),
}


def whole(message: StatementMessage, form: str, options: Options) -> Any:
    """(content, findings), or why not."""
    try:
        made = write_statements(message, form, options, BOOK, lambda _schema, _document: [])
    except Refused as refused:
        return refused.findings
    return made.files[0].content, made.findings


def in_turn(message: StatementMessage, form: str, options: Options, at_once: int) -> Any:
    """The same of statements without entries, which come *at_once* at a time."""
    message = joined(message)
    heads = [replace(s, entries=[]) for s in message.statements]
    entries = InTurn(_stretches(heads, message.statements, at_once))
    out = io.BytesIO()
    try:
        told = write_into(out, replace(message, statements=heads), entries.of, form, options, BOOK)
    except Refused as refused:
        return refused.findings
    entries.must_be_over()
    return out.getvalue(), told


def _stretches(heads: list[Statement], statements: list[Statement], at_once: int) -> Iterator[Stretch]:
    for head, statement in zip(heads, statements, strict=True):
        for start in range(0, len(statement.entries), at_once):
            yield Stretch(head, start, statement.entries[start : start + at_once])


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("form", ONE_FILE)
def test_every_golden_statement_is_written_of_its_entries_as_they_come(form: str, options: str) -> None:
    written = 0
    for file in GOLDENS:
        message = BOOK.read(file.read_bytes()).message
        assert isinstance(message, StatementMessage)
        if message.statements:
            made = whole(message, form, OPTIONS[options])
            written += isinstance(made, tuple)
            assert in_turn(message, form, OPTIONS[options], 1) == made, file.name
            assert in_turn(message, form, OPTIONS[options], 3) == made, file.name
    assert written > 5


_TEXTS = st.text("ABc :/?+-{}É中\n", max_size=90)
_AMOUNTS = st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100)
_DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
_DETAILS = st.builds(
    EntryDetail,
    end_to_end_id=st.none() | _TEXTS,
    uetr=st.none() | st.uuids().map(str),
    debtor_name=st.none() | _TEXTS,
    creditor_name=st.none() | _TEXTS,
    creditor_account=st.none() | st.just("AT611904300234573201"),
    remittance=_TEXTS,
)
_ENTRIES = st.builds(
    Entry,
    _AMOUNTS,
    st.just("EUR"),
    st.sampled_from(["CRDT", "DBIT"]),
    reversal=st.booleans(),
    status=st.sampled_from([None, "BOOK", "BOOK", "PDNG"]),
    booking_date=st.none() | _DAYS,
    value_date=st.none() | _DAYS,
    bank_transaction_code=st.sampled_from([None, "NTRF+166", "PMNT/RCDT/ESCT"]),
    additional_information=_TEXTS,
    details=st.lists(_DETAILS, max_size=2),
)
_STATEMENTS = st.builds(
    lambda number, name, entries: Statement(
        "statement",
        name,
        Account(iban="DE89370400440532013000"),
        electronic_sequence_number=Decimal(number),
        balances=[Balance(kind, Decimal("10.00"), "EUR", "CRDT", date(2026, 6, 30)) for kind in ("OPBD", "CLBD")],
        entries=entries,
    ),
    st.integers(1, 99),
    st.sampled_from(["S-1", "a name that is longer than an id may be in any form", None]),
    st.lists(_ENTRIES, max_size=4),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_STATEMENTS, min_size=1, max_size=3), st.sampled_from(ONE_FILE), st.integers(1, 5))
def test_any_statement_is_written_of_its_entries_as_they_come(
    statements: list[Statement], form: str, at_once: int
) -> None:
    message = StatementMessage("M-1", datetime(2026, 6, 30, 18), statements)
    options = replace(OPTIONS["as the bank states it"], mt940=Mt940Options(value_date_missing="booking-date"))
    assert in_turn(message, form, options, at_once) == whole(message, form, options)


def test_entries_that_nobody_took_are_not_passed_over_in_silence() -> None:
    first, second = (
        Statement("statement", name, Account(iban="DE89370400440532013000"), entries=[]) for name in ("1", "2")
    )
    one = Entry(Decimal(1), "EUR", "CRDT")
    entries = InTurn([Stretch(first, 0, [one]), Stretch(first, 1, [one]), Stretch(second, 0, [one])])
    assert list(entries.of(second)) == []
    assert list(entries.of(first)) == [one, one]
    with pytest.raises(RuntimeError):
        entries.must_be_over()
    assert list(entries.of(second)) == [one]
    entries.must_be_over()
