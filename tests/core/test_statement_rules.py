"""A bank's message is held against itself: what does not add up is a warning with the figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from h2h.core.findings import Severity
from h2h.core.model.parties import Account, Agent, Party
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from h2h.core.model.status import StatusReason, StatusReport, TransactionStatus
from h2h.core.rules.statement_rules import check_message


def balance(kind: str, amount: str, mark: str = "CRDT", currency: str = "EUR") -> Balance:
    return Balance(kind, Decimal(amount), currency, mark)


def entry(amount: str, mark: str = "DBIT", **more: object) -> Entry:
    return Entry(Decimal(amount), "EUR", mark, **more)  # type: ignore[arg-type]


def statement(**more: object) -> Statement:
    made: dict[str, object] = {
        "kind": "statement",
        "id": "S-2",
        "account": Account(iban="DE89370400440532013000"),
        "balances": [balance("OPBD", "100.00"), balance("CLBD", "70.50")],
        "entries": [entry("30.00"), entry("0.50", "CRDT")],
    }
    return Statement(**(made | more))  # type: ignore[arg-type]


def codes(made: Statement) -> list[str]:
    return [f.code for f in check_message(StatementMessage("M", None, [made]))]


def test_a_statement_that_adds_up_has_no_findings() -> None:
    assert codes(statement()) == []


def test_a_statement_that_does_not_add_up_is_a_warning_with_all_figures() -> None:
    made = statement(balances=[balance("PRCD", "100.00"), balance("CLBD", "70.49")])
    (finding,) = check_message(StatementMessage("M", None, [made]))
    assert (finding.code, finding.severity) == ("H2H-BALANCE", Severity.WARNING)
    for figure in ("100.00", "-29.50", "70.50", "70.49"):
        assert figure in finding.text


def test_an_overdrawn_account_adds_up_too() -> None:
    balances = [balance("OPBD", "10", "DBIT"), balance("CLBD", "39.50", "DBIT")]
    assert codes(statement(balances=balances)) == []


def test_a_pending_entry_moves_no_balance() -> None:
    entries = [entry("30.00", status="BOOK"), entry("0.50", "CRDT"), entry("9", status="PDNG")]
    assert codes(statement(entries=entries)) == []


@pytest.mark.parametrize(
    "more",
    [
        {"balances": [balance("CLBD", "1.00")]},
        {"balances": []},
        {"kind": "notification", "balances": [balance("OPBD", "1"), balance("CLBD", "2")]},
        {"balances": [balance("OPBD", "1", currency="USD"), balance("CLBD", "2")]},
        {"balances": [balance("OPBD", "1", currency="USD"), balance("CLBD", "2", currency="USD")]},
    ],
)
def test_where_nothing_can_be_said_nothing_is_said(more: dict[str, object]) -> None:
    assert codes(statement(**more)) == []


def test_stated_counts_and_sums_are_those_of_the_entries() -> None:
    right = {"stated_entry_count": 2, "stated_credit_sum": Decimal("0.5"), "stated_debit_sum": Decimal("30")}
    assert codes(statement(**right)) == []
    wrong = {"stated_entry_count": 3, "stated_credit_sum": Decimal("0.6"), "stated_debit_sum": Decimal("31")}
    assert codes(statement(**wrong)) == ["H2H-COUNT", "H2H-SUM", "H2H-SUM"]


def details(*amounts: str) -> list[EntryDetail]:
    return [EntryDetail(amount=Decimal(a), currency="EUR") for a in amounts]


@pytest.mark.parametrize(
    ("batch", "found"),
    [
        (entry("30", details=details("10", "20")), []),
        (entry("30", details=details("10", "21")), ["H2H-SUM"]),
        (entry("30", details=details("10", "20"), batch_transaction_count=2), []),
        (entry("30", details=details("10", "20"), batch_transaction_count=3), ["H2H-COUNT"]),
        (entry("30", details=details("10"), batch_transaction_count=3), []),
        (entry("30", details=[EntryDetail(), EntryDetail()]), []),
    ],
)
def test_the_transactions_of_a_batch_make_its_amount(batch: Entry, found: list[str]) -> None:
    assert codes(statement(balances=[], entries=[batch])) == found


def test_a_payments_stated_count_and_sum_are_those_of_its_transactions() -> None:
    instruction = PaymentInstruction(
        "P", Party(), Account(), Agent(), date(2026, 11, 24), stated_transaction_count=2, stated_control_sum=Decimal(2)
    )
    payment = CreditTransfer(instruction, "E", Decimal("1.00"), "EUR", Party(), None)
    made = Initiation(
        "M", None, Party(), 2, Decimal("2"), instructions=[instruction], transactions=[payment, replace(payment)]
    )
    assert check_message(made) == []
    found = check_message(replace(made, transactions=[payment]))
    assert [(f.code, f.where) for f in found] == [
        ("H2H-COUNT", "GrpHdr/NbOfTxs"),
        ("H2H-SUM", "GrpHdr/CtrlSum"),
        ("H2H-COUNT", "PmtInf[1]/NbOfTxs"),
        ("H2H-SUM", "PmtInf[1]/CtrlSum"),
    ]


def test_a_rejection_says_why_and_a_report_speaks_of_no_more_than_there_was() -> None:
    because = (StatusReason("AC04"),)
    good = StatusReport("M", None, "O", transactions=[TransactionStatus("RJCT", "E", reasons=because)])
    assert check_message(good) == []
    silent = replace(good, transactions=[TransactionStatus("RJCT", "E")])
    assert [f.code for f in check_message(silent)] == ["H2H-NO-REASON"]
    assert check_message(replace(silent, group_reasons=because)) == []
    assert [f.code for f in check_message(replace(good, stated_transaction_count=0))] == ["H2H-COUNT"]


def test_a_statement_that_stands_in_a_file_twice_is_said_once_for_each_time_more() -> None:
    found = check_message(StatementMessage("M", None, [statement(), statement(id="S-3"), statement()]))
    assert [(f.code, f.severity) for f in found] == [("H2H-STATEMENT-TWICE", Severity.WARNING)]


def test_reports_without_entries_and_statements_with_one_other_figure_are_not_the_same() -> None:
    empty = statement(kind="report", balances=[], entries=[])
    other = statement(balances=[balance("OPBD", "100.00"), balance("CLBD", "70.50"), balance("CLAV", "1.00")])
    assert check_message(StatementMessage("M", None, [empty, empty, statement(), other])) == []


def test_a_transaction_that_a_status_report_speaks_of_twice_is_said_once() -> None:
    def report(*ids: str) -> StatusReport:
        made = StatusReport("S", None, "M")
        made.transactions = [TransactionStatus("ACSC", end_to_end_id=i, instruction_id=f"I-{i}") for i in ids]
        return made

    assert check_message(report("A", "B", "NOTPROVIDED", "NOTPROVIDED")) == []
    (finding,) = check_message(report("A", "B", "A", "B"))
    assert (finding.code, finding.severity) == ("H2H-STATUS-TWICE", Severity.WARNING)
    assert "transaction A more than once (and 1 more)" in finding.text
