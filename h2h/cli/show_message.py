"""A message on a terminal, for a person who wants to know what it says and what is wrong with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from h2h.cli.screen import not_read, printable
from h2h.core.codecs.own_document import OwnDocument
from h2h.core.findings import Finding, Severity
from h2h.core.match_cancellation import DECISIONS
from h2h.core.model.cancellation import CancellationAnswer, CancellationRequest
from h2h.core.model.enquiry import Enquiry, ReportingRequest
from h2h.core.model.payment import CreditTransfer, Initiation
from h2h.core.model.statement import Balance, Statement, StatementMessage, signed
from h2h.core.model.status import StatusReason, StatusReport
from h2h.core.view.cancellation import told
from h2h.core.view.statement import counterparty

if TYPE_CHECKING:
    from h2h.cli.desk import Looked
    from h2h.core.format import Format

# A screen's worth; --all shows the rest.
ROWS_MAX = 15
FINDINGS_MAX = 15
# Where there are fewer columns than this, those of a table stand close together.
WIDE = 100

_STYLES = {Severity.ERROR: "bold red", Severity.HOLD: "bold yellow", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def show(looked: Looked, *, everything: bool = False) -> None:
    """Header, totals, the first rows, and the findings."""
    console = Console(highlight=False)
    name = f"{looked.format.id}, {looked.format.kind}" if looked.format else looked.without_format
    console.print(Text.assemble((printable(str(looked.file)), "bold"), f": {name}"), soft_wrap=True)
    limit = None if everything else ROWS_MAX
    if looked.read is not None:
        message = looked.read.message
        if isinstance(message, StatementMessage):
            _statements(console, message, limit)
        elif isinstance(message, StatusReport):
            _report(console, message, limit, looked.format)
        elif isinstance(message, CancellationRequest | CancellationAnswer):
            _cancellation(console, message, limit)
        elif isinstance(message, Enquiry):
            _enquiry(console, message, limit)
        else:
            _initiation(console, message, limit)
    show_findings(looked.findings, everything=everything, console=console)


def show_findings(findings: Sequence[Finding], *, everything: bool = False, console: Console | None = None) -> None:
    """The worst first; what was merely not read is counted unless *everything* is wanted."""
    console = console or Console(highlight=False)
    unread = [f for f in findings if f.code == "H2H-UNREAD"]
    order = list(_STYLES)
    told = sorted((f for f in findings if everything or f not in unread), key=lambda f: order.index(f.severity))
    for finding in told if everything else told[:FINDINGS_MAX]:
        where = _place(finding)
        line = f" ({where})" if where and where not in finding.text else ""
        text = Text.assemble((f"{finding.severity:8}", _STYLES[finding.severity]), f" {printable(finding.text)}{line}")
        console.print(text, soft_wrap=True)
        if finding.next_step:
            console.print(Text(f"         Next: {finding.next_step}", style="dim"), soft_wrap=True)
        if finding.severity in (Severity.ERROR, Severity.HOLD):
            console.print(Text(f"         Who acts: {finding.who_acts}", style="dim"), soft_wrap=True)
    hidden = 0 if everything else max(0, len(told) - FINDINGS_MAX)
    if hidden:
        console.print(f"[dim]… and {hidden} more findings (--all shows them)[/dim]")
    if unread and not everything:
        console.print(f"[dim]{not_read(len(unread))} (--all names them)[/dim]")


def _place(finding: Finding) -> str:
    """The line, where it says enough; of a table or an IDoc the cell, the payment or the segment."""
    if "line " in finding.where or finding.where in ("file", "the file"):
        return finding.where if "line " in finding.where else ""
    of_a_table = finding.where.startswith(("sheet ", "row ", "payment ", "record ", "IDOC["))
    if of_a_table:
        return finding.where
    return f"line {finding.line}" if finding.line else ""


def _table(*columns: str) -> Table:
    between = 2 if shutil.get_terminal_size().columns >= WIDE else 1
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, between, 0, 0))
    for column in columns:
        # A date or an amount on two lines is misread, and so is a heading that is broken within a word.
        whole = column in ("amount", "booked", "value")
        widest = max(map(len, column.split()), default=0)
        table.add_column(
            column,
            justify="right" if column == "amount" else "left",
            overflow="fold",
            no_wrap=whole,
            min_width=widest,
        )
    return table


def _cells(*values: object) -> list[Text]:
    # Text, not markup: a bank's text may hold square brackets.
    return [Text("" if v is None else printable(str(v))) for v in values]


def _rest(console: Console, shown: int, total: int) -> None:
    if total > shown:
        console.print(f"[dim]… and {total - shown:,} more (--all shows them)[/dim]")


def _facts(console: Console, **facts: object) -> None:
    for name, value in facts.items():
        if value not in (None, ""):
            name = name.replace("_", " ")
            console.print(Text.assemble((f"  {name}: ", "dim"), printable(str(value))), soft_wrap=True)


# ---------------------------------------------------------------------------------------------------- kinds


def _statements(console: Console, message: StatementMessage, limit: int | None) -> None:
    _facts(console, message=message.message_id, created=message.creation_date_time)
    for statement in message.statements:
        _statement(console, statement, limit)


def _statement(console: Console, statement: Statement, limit: int | None) -> None:
    owner = f" ({statement.account_owner})" if statement.account_owner else ""
    console.print()
    title = f"{statement.kind} {statement.id or ''}: {statement.account.number or '?'}{owner}"
    console.print(Text(printable(title), style="bold"))
    credits_ = sum(1 for e in statement.entries if e.credit_debit == "CRDT")
    _facts(
        console,
        opening=_balance(statement.opening),
        closing=_balance(statement.closing),
        at_that_moment=_interim(statement),
        entries=f"{len(statement.entries)} ({credits_} in, {len(statement.entries) - credits_} out)",
        moved=" ".join(f"{total:+f} {currency}" for currency, total in _moved(statement).items()),
    )
    table = _table("booked", "value", "amount", "", "counterparty", "end-to-end id", "remittance", "status")
    for entry in statement.entries[:limit]:
        ids = [d.end_to_end_id for d in entry.details if d.end_to_end_id]
        more = f" +{len(ids) - 1}" if len(ids) > 1 else ""
        said = " ".join(d.remittance for d in entry.details if d.remittance) or entry.additional_information
        marks = [entry.status or "", "reversal" if entry.reversal else "", *_returns(entry.details)]
        table.add_row(
            *_cells(entry.booking_date, entry.value_date),
            *_cells(f"{signed(entry.amount, entry.credit_debit):+f}", entry.currency, counterparty(entry)),
            *_cells((ids[0] + more) if ids else "", said[:60], " ".join(m for m in marks if m)),
        )
    if statement.entries:
        console.print(table)
    _rest(console, len(statement.entries[:limit]), len(statement.entries))


def _returns(details: Iterable[object]) -> list[str]:
    codes = {getattr(d, "return_reason", None) or "" for d in details if getattr(d, "returned", False)}
    return [f"returned {code}".strip() for code in sorted(codes)]


def _moved(statement: Statement) -> dict[str, object]:
    from decimal import Decimal

    totals: dict[str, Decimal] = {}
    for entry in statement.entries:
        totals[entry.currency] = totals.get(entry.currency, Decimal(0)) + signed(entry.amount, entry.credit_debit)
    return dict(totals)


def _interim(statement: Statement) -> str:
    """Balances of a moment of the day, which the entries shown do not lead to."""
    names = {"ITBD": "booked", "ITAV": "available"}
    found = [f"{names[b.type]} {_balance(b)}" for b in statement.balances if b.type in names]
    return ", ".join(found)


def _balance(balance: Balance | None) -> str | None:
    if balance is None:
        return None
    return f"{signed(balance.amount, balance.credit_debit):f} {balance.currency} {balance.date or ''}".strip()


def _initiation(console: Console, initiation: Initiation, limit: int | None) -> None:
    count = len(initiation.transactions)
    _facts(
        console,
        message=initiation.message_id,
        created=initiation.creation_date_time,
        initiating_party=initiation.initiating_party.name,
        transactions=f"{count:,}, control sum {initiation.control_sum:f}",
    )
    other = "creditor" if initiation.kind == "credit-transfer" else "debtor"
    instruction = None
    table = None
    for transaction in initiation.transactions[:limit]:
        if transaction.instruction is not instruction or table is None:
            if table is not None:
                console.print(table)
            instruction = transaction.instruction
            when = instruction.requested_execution_date or instruction.requested_execution_date_time
            account = instruction.debtor_account.number or "?"
            console.print()
            name = f"{instruction.id}: " if instruction.id else ""
            day = f", on {when}" if when else ", as soon as the bank has it"
            title = f"{name}{instruction.debtor.name or ''} {account}{day}"
            if instruction.creditor_scheme is not None:
                title += f", as {instruction.creditor_scheme.identification}"
            if instruction.sequence_type is not None:
                title += f", {instruction.sequence_type}"
            console.print(Text(printable(title), style="bold"))
            mandate = ("mandate",) if initiation.kind == "direct-debit" else ()
            table = _table("end-to-end id", "amount", "", other, "account", *mandate, "remittance")
        to = transaction.creditor_account.number if transaction.creditor_account else None
        said = " ".join(transaction.remittance_unstructured) or transaction.creditor_reference or ""
        table.add_row(
            *_cells(transaction.end_to_end_id, f"{transaction.amount:f}", transaction.currency),
            *_cells(transaction.creditor.name, to, *_mandate(transaction, initiation), said[:60]),
        )
    if table is not None:
        console.print(table)
    _rest(console, len(initiation.transactions[:limit]), count)


def _mandate(transaction: CreditTransfer, initiation: Initiation) -> tuple[str, ...]:
    if initiation.kind != "direct-debit":
        return ()
    mandate = transaction.collection.mandate if transaction.collection else None
    if mandate is None:
        return ("none",)
    signed_on = f" of {mandate.date_of_signature}" if mandate.date_of_signature else ""
    return (f"{mandate.id or '?'}{signed_on}{', amended' if mandate.amended else ''}",)


def _report(console: Console, report: StatusReport, limit: int | None, format_: Format | None) -> None:
    name = f" ({report.original_message_name})" if report.original_message_name else ""
    _facts(
        console,
        message=report.message_id,
        about=f"{report.original_message_id or 'no message named'}{name}",
        group_status=f"{report.group_status or 'none given'} {_reasons(report.group_reasons)}".strip()
        if report.group_outcome is None
        else f"{report.group_outcome}: {_reasons(report.group_reasons)}",
    )
    if report.instructions:
        table = _table("instruction", "status", "reason")
        for i in report.instructions[:limit]:
            table.add_row(*_cells(i.payment_information_id, i.status, _reasons(i.reasons)))
        console.print(table)
    if report.transactions:
        own = any(t.outcome for t in report.transactions)  # a bank's own codes: what they mean comes first
        table = _table("end-to-end id", "amount", "", *(("became",) if own else ()), "status", "reason")
        for t in report.transactions[:limit]:
            amount = f"{t.amount:f}" if t.amount is not None else ""
            name = t.end_to_end_id or (f"payment {t.ordinal}" if t.ordinal else "the payment" if t.ordinal == 0 else "")
            became = (str(t.outcome or ""),) if own else ()
            said = _in_words(t.reasons, format_) if own else _reasons(t.reasons)
            table.add_row(*_cells(name, amount, t.currency, *became, t.status, said))
        console.print(table)
    _rest(console, len(report.transactions[:limit]), len(report.transactions))


def _cancellation(console: Console, message: CancellationRequest | CancellationAnswer, limit: int | None) -> None:
    facts = {"answer": message.confirmation} if isinstance(message, CancellationAnswer) else {}
    _facts(console, message=message.message_id, created=message.creation_date_time, case=message.case_id, **facts)
    details = told(message)
    table = _table("called back", "amount", "", "decision", "reason")
    for d in details[:limit]:
        what = {"file": d.original_message_id, "instruction": d.payment_information_id}.get(d.level)
        name = f"{d.level} {what}" if what else d.end_to_end_id or d.uetr or d.instruction_id
        amount = f"{d.amount:f}" if d.amount is not None else ""
        decision = f"{d.status} {DECISIONS.get(d.status, '')}".strip() if d.status else ""
        table.add_row(*_cells(name, amount, d.currency, decision, _reasons(d.reasons)))
    console.print(table)
    _rest(console, len(details[:limit]), len(details))


def _in_words(reasons: Iterable[StatusReason], format_: Format | None) -> str:
    """What the bank says beside its own code, and what the code means."""
    codec = format_.codec if format_ is not None else None
    told = []
    for r in reasons:
        meaning = codec.meaning(r.list or "", r.proprietary or "", r.text) if isinstance(codec, OwnDocument) else ""
        told += [part for part in (r.text, meaning) if part]
    return "; ".join(told)


def _enquiry(console: Console, enquiry: Enquiry, limit: int | None) -> None:
    days = " to ".join(str(day) for day in (enquiry.from_date, enquiry.to_date) if day is not None)
    about = {"status": "what became of payments", "balance": "balances", "detail": "bookings"}
    _facts(
        console,
        message=enquiry.message_id,
        created=enquiry.creation_date_time,
        asks_for=about.get(enquiry.about, enquiry.about),
        days=days,
        page=enquiry.page,
    )
    asked = [(a.number, a.name) for a in enquiry.accounts]
    for r in enquiry.requests:
        asked.append((r.account.number if r.account else None, _asked_for(r)))
    asked += [(reference, "our reference") for reference in enquiry.references]
    asked += [(reference, "the bank's reference") for reference in enquiry.bank_references]
    table = _table("asked about", "")
    for number, name in asked[:limit]:
        table.add_row(*_cells(number, name))
    if asked:
        console.print(table)
    _rest(console, len(asked[:limit]), len(asked))


def _asked_for(request: ReportingRequest) -> str:
    days = " to ".join(str(day) for day in (request.from_date, request.to_date) if day is not None)
    balances = " and ".join(b.code or b.proprietary or "?" for b in request.balances)
    only = f"only {balances}" if balances else None
    return ", ".join(part for part in (request.requested_message, days, only, request.reference) if part)


def _reasons(reasons: Iterable[StatusReason]) -> str:
    return "; ".join(" ".join(p for p in (r.code or r.proprietary, r.text) if p) for r in reasons)
