"""What an MT940 or MT942 states of its account: balances, counts and sums, pages, currency, its own text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from h2h.core.findings import Severity
from h2h.core.match_entries import statement_records
from h2h.core.model.statement import StatementMessage
from h2h.core.rules.statement_rules import check_message
from tests.core.mt94x_files import HEAD, TAIL, read, statements


def test_a_text_behind_the_balances_is_the_statements() -> None:
    (made,) = statements(
        f"{HEAD}:61:2611191119C1,NTRFA\n:86:of the entry\n:62F:C261119EUR101,\n:86:of the statement\n-"
    )
    assert made.additional_information == "of the statement"
    assert made.entries[0].additional_information == "of the entry"


def test_a_statement_without_its_closing_balance_is_not_sound() -> None:
    got = read(f"{HEAD}:61:2611191119C1,NTRFA\n")
    (cut,) = got.findings
    assert (cut.severity, "cut off" in cut.text) == (Severity.ERROR, True)


@pytest.mark.parametrize("account", ["", "/", " / "])
def test_an_account_field_that_names_no_account_is_not_one(account: str) -> None:
    (missing,) = read(f":20:R\n:25:{account}\n:28C:1/1\n:60F:C261119EUR1,\n:62F:C261119EUR1,\n-").findings
    assert (missing.severity, "states no account" in missing.text) == (Severity.ERROR, True)


def test_opening_balance_entries_and_closing_balance_are_compared() -> None:
    sound = read(f"{HEAD}:61:2611191119C1,NTRFA\n:61:2611191119EC9,NTRFA\n:62F:C261119EUR101,\n-").message
    assert check_message(sound) == []
    wrong = read(f"{HEAD}:61:2611191119C1,NTRFA\n:62F:C261119EUR102,\n-").message
    assert [f.code for f in check_message(wrong)] == ["H2H-BALANCE"]


def test_the_pages_of_one_statement_are_one_link_of_the_chain() -> None:
    first = f"{HEAD}:61:2611191119C1,NTRFA\n:62M:C261119EUR101,\n-\n"
    second = ":20:REF\n:25:DE89370400440532013000\n:28C:12/2\n:60M:C261119EUR101,\n:62F:C261119EUR101,\n-\n"
    message = read(first + second).message
    assert isinstance(message, StatementMessage)
    (record,) = statement_records("F1", message)
    assert (record.opening, record.closing, record.entry_count) == (Decimal(100), Decimal(101), 1)
    assert len(message.statements) == 2


def test_an_interim_report_knows_when_it_was_made_and_what_it_states() -> None:
    head = ":20:R\n:25:1/2\n:28C:3/1\n:34F:EUR0,\n:13D:2611191415+0130\n"
    text = f"{head}:61:2611191119C5,NTRFA\n:90D:0EUR0,\n:90C:2EUR9,\n-\n"
    got = read(text, "mt942").message
    assert isinstance(got, StatementMessage)
    assert got.creation_date_time == datetime(2026, 11, 19, 14, 15, tzinfo=timezone(timedelta(minutes=90)))
    assert got.creation_date_time.astimezone(UTC).hour == 12
    assert (got.statements[0].kind, got.statements[0].entries[0].currency) == ("report", "EUR")
    assert {f.code for f in check_message(got)} == {"H2H-COUNT", "H2H-SUM"}
    listed_in_part = text.replace("EUR0,\n:13D", "EUR100,\n:13D")
    assert check_message(read(listed_in_part, "mt942").message) == []


def test_a_report_that_counts_entries_and_lists_none_is_of_sums_and_one_that_lists_some_lacks_the_others() -> None:
    head, sums = ":20:R\n:25:1/2\n:28C:3/1\n:34F:EUR0,\n:13D:2611191415+0000\n", ":90D:2EUR9,\n:90C:0EUR0,\n-\n"
    of_sums = read(head + sums, "mt942")
    assert [(f.code, f.severity) for f in of_sums.findings] == [("H2H-MT-COUNTED", Severity.INFO)]
    assert check_message(of_sums.message) == []
    in_part = read(f"{head}:61:2611191119D5,NTRFA\n{sums}", "mt942")
    assert in_part.findings == []
    assert {f.code for f in check_message(in_part.message)} == {"H2H-COUNT", "H2H-SUM"}


def test_a_message_has_one_currency_and_it_is_one() -> None:
    (odd,) = read(f"{HEAD}{TAIL.replace('EUR', 'USD')}").findings
    assert "in USD, and what stands before it in EUR" in odd.text
    (odd,) = read(f"{HEAD}{TAIL}".replace("EUR", "EUX")).findings
    assert "EUX is no currency" in odd.text


def test_a_statement_without_an_opening_balance_is_an_error_also_about_its_currency() -> None:
    head = HEAD.replace(":60F:C261118EUR100,00\n", "")
    texts = [f.text for f in read(f"{head}:61:261119C1,NTRFNONREF\n-\n").findings if f.severity is Severity.ERROR]
    assert any("nothing says in which currency" in text for text in texts)
    assert any("opening balance" in text for text in texts)


@pytest.mark.parametrize(
    "closing",
    ["C261119AMOUNT", "C9999999,00", "C2611,00", "C241119100,00", "C281119100,00", "C261119100", "C261119100,00 EUR"],
)
def test_a_balance_without_currency_is_read_only_where_its_day_follows_the_one_before(closing: str) -> None:
    good = statements(f"{HEAD}:62F:C261119100,00\n-\n")[0].closing
    assert good is not None
    assert (good.amount, good.currency, good.date) == (Decimal("100.00"), "EUR", date(2026, 11, 19))
    read_ = read(f"{HEAD}:62F:{closing}\n-\n")
    assert isinstance(read_.message, StatementMessage)
    assert read_.message.statements[0].closing is None
    assert "H2H-MT-LINE" in {f.code for f in read_.findings if f.severity is Severity.ERROR}


def test_two_closing_balances_of_one_message_leave_the_final_one() -> None:
    text = f"{HEAD}:62M:C261118EUR100,00\n:60M:C261119EUR100,00\n:61:261119C5,00NMSC\n:62F:C261119EUR105,00\n-\n"
    (only,) = statements(text)
    assert only.closing is not None
    assert (only.closing.amount, only.continues) == (Decimal("105.00"), False)
    assert check_message(StatementMessage("REF", None, [only])) == []
