"""What the ERP gets as CSV: rows of a status report and of a statement, with what h2h knows of each payment.

Amounts are text as the bank wrote them, without sign; ``credit_debit`` has the direction, ``signed_amount`` both. A
text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP ASVS 1.2.10), and so does a text that
begins with one: taking one away from every text that has one gives the original. Numbers are left as they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from typing import Protocol

from h2h.core.answers import ISO_ONLY, Meanings
from h2h.core.codes import PAYEE_CHECKS, status
from h2h.core.erp.options import StatementCsv
from h2h.core.findings import WhoActs
from h2h.core.match_entries import Known, payments_behind
from h2h.core.model.statement import Entry, EntryDetail, Statement
from h2h.core.records import PaymentRecord, Submission

STATUS_HEADER = (
    "source_file",
    "message_id",
    "payment",
    "end_to_end_id",
    "amount",
    "currency",
    "creditor",
    "creditor_account",
    "outcome",
    "bank_status",
    "reason_code",
    "meaning",
    "who_acts",
    "next_step",
    "bank_text",
)
STATEMENT_HEADER = (
    "account",
    "statement",
    "sequence",
    "entry",
    "booking_date",
    "value_date",
    "amount",
    "currency",
    "credit_debit",
    "reversal",
    "status",
    "end_to_end_id",
    "counterparty",
    "counterparty_account",
    "remittance",
    "bank_reference",
    "bank_transaction_code",
    "return_reason",
    "source_file",
    "payment",
    "outcome",
)
#: So many of its columns say what the bank said; the others what h2h itself knows of the payment.
OF_THE_BANK = STATEMENT_HEADER.index("source_file")
_NAME_STEP = "compare the name with the payee; then approve or withdraw the payment at the bank"
_NUMERIC = frozenset({"amount", "signed_amount", "payment", "entry", "sequence"})
_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")
_DATES = frozenset({"booking_date", "value_date"})
# What begins a formula; the wide forms too, which a spreadsheet in Chinese or Japanese takes for the narrow ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_ESCAPE = "'"
# Among values that are put one behind the other: whether one of them may have to be defused.
_MAY_RUN = re.compile(f"\x1e[{re.escape(''.join((_ESCAPE, *_FORMULA_STARTS)))}]").search
#: So many rows are looked at, and written, together.
_ROWS_AT_ONCE = 20


class _Sink(Protocol):
    def write(self, text: str, /) -> object: ...


def status_rows(
    sub: Submission, payments: Sequence[PaymentRecord], meanings: Meanings = ISO_ONLY
) -> Iterator[Sequence[str]]:
    """One row a payment of the file that the bank answered: where it is now, why, and who acts."""
    for p in payments:
        known = meanings.of_payment(p)
        name = status(p.bank_status) if not known and p.bank_status in PAYEE_CHECKS else None
        yield (
            sub.source_name,
            sub.message_id or "",
            str(p.ordinal),
            p.end_to_end_id,
            f"{p.amount:f}",
            p.currency,
            p.creditor_name or "",
            p.creditor_account or "",
            str(p.outcome),
            p.bank_status or "",
            p.reason_code or "",
            known.meaning if known else name.meaning if name else "",
            str(known.who_acts) if known else str(WhoActs.TREASURY) if name else "",
            known.next_step if known else _NAME_STEP if name else "",
            p.reason_text or "",
        )


def statement_rows(
    statement: Statement, candidates: Sequence[PaymentRecord], source_of: dict[str, str]
) -> Iterator[Sequence[str]]:
    """One row a transaction (an entry without details is one); *source_of* maps sid to the ERP's file name."""
    yield from entry_rows(statement, statement.entries, 0, Known(candidates), source_of)


def entry_rows(
    statement: Statement, entries: Iterable[Entry], position: int, known: Known, source_of: dict[str, str]
) -> Iterator[Sequence[str]]:
    """The same of some of its entries, of which the first stands at *position* (from 0)."""
    account, id_ = statement.account.number or "", statement.id or ""
    nobody = not known
    sequence = _text(statement.electronic_sequence_number or statement.legal_sequence_number)
    for at, entry in enumerate(entries, position):
        details: Sequence[EntryDetail | None] = entry.details or [None]
        for detail in details:
            behind = [] if nobody else payments_behind(statement, entry, at, detail, known)
            one = behind[0] if len(behind) == 1 else None
            yield (
                account,
                id_,
                sequence,
                str(at + 1),
                _text(entry.booking_date),
                _text(entry.value_date),
                f"{_amount(entry, detail):f}",
                (detail.currency if detail and detail.amount is not None else None) or entry.currency,
                (detail.credit_debit if detail else None) or entry.credit_debit,
                "true" if entry.reversal else "false",
                entry.status or "",
                (detail.end_to_end_id if detail else None) or "",
                *_counterparty(entry, detail),
                (detail.remittance if detail else "") or entry.additional_information,
                entry.account_servicer_reference or "",
                entry.bank_transaction_code or "",
                (detail.return_reason if detail else None) or "",
                "; ".join(sorted({source_of.get(p.sid, p.sid) for p in behind})) if behind else "",
                str(one.ordinal) if one else "",
                str(one.outcome) if one else "",
            )


def write_csv(
    sink: _Sink, header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",", *, named: bool = True
) -> int:
    """Write them, formulas defused; how many rows. *named*: the first row holds the columns' names."""
    writer = csv.writer(sink, delimiter=delimiter, lineterminator="\r\n")
    if named:
        writer.writerow(header)
    count, width, rows = 0, len(header), iter(rows)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        for row in some:
            if len(row) != width:
                raise ValueError(f"the row has {len(row)} values, the header {width} names")
        # Most rows hold nothing that a spreadsheet would run: one look at all their texts.
        if _MAY_RUN("\x1e".join(("", *chain.from_iterable(some)))) is None:
            writer.writerows(some)
        else:
            writer.writerows([_cell(name, v) for name, v in zip(header, row, strict=True)] for row in some)
        count += len(some)
    return count


def shaped(rows: Iterable[Sequence[str]], options: StatementCsv) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    """(the columns that a site wants of a statement's rows, the rows so)."""
    wanted = options.columns or STATEMENT_HEADER
    return wanted, (_shaped(dict(zip(STATEMENT_HEADER, row, strict=True)), wanted, options) for row in rows)


def _shaped(row: dict[str, str], wanted: Sequence[str], options: StatementCsv) -> list[str]:
    row["signed_amount"] = f"-{row['amount']}" if row["credit_debit"] == "DBIT" else row["amount"]
    if options.decimal_separator != ".":
        for name in ("amount", "signed_amount"):
            row[name] = row[name].replace(".", options.decimal_separator)
    if options.date_format != "%Y-%m-%d":
        for name in _DATES:
            row[name] = date.fromisoformat(row[name]).strftime(options.date_format) if row[name] else ""
    return [row[name] for name in wanted]


def _cell(name: str, text: str) -> str:
    return text if name in _NUMERIC and _NUMBER.fullmatch(text) else defused(text)


def defused(text: str) -> str:
    """The text, with an apostrophe in front if a spreadsheet would run it."""
    return f"{_ESCAPE}{text}" if text.startswith((_ESCAPE, *_FORMULA_STARTS)) else text


def _amount(entry: Entry, detail: EntryDetail | None) -> Decimal:
    return detail.amount if detail is not None and detail.amount is not None else entry.amount


def _counterparty(entry: Entry, detail: EntryDetail | None) -> tuple[str, str]:
    """The other side: the creditor of a debit, the debtor of a credit.

    What takes back a credit is a debit, and its other side is still the one who had paid.
    """
    if detail is None:
        return "", ""
    if ((detail.credit_debit or entry.credit_debit) == "DBIT") is not entry.reversal:
        return detail.creditor_name or "", detail.creditor_account or ""
    return detail.debtor_name or "", detail.debtor_account or ""


def _text(value: object) -> str:
    return "" if value is None else str(value)
