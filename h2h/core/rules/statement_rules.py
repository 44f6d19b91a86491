"""Does a bank's message agree with itself? Balances with entries, stated counts and sums with what is there.

Pure arithmetic over the canonical message. A disagreement is a warning with the figures: the bank's document is what it
is, and a person asks the bank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from h2h.core.findings import Finding, WhoActs, warning
from h2h.core.model.cancellation import CancellationAnswer, CancellationRequest
from h2h.core.model.enquiry import Enquiry
from h2h.core.model.payment import Initiation
from h2h.core.model.statement import Balance, Entry, Statement, StatementMessage, signed
from h2h.core.model.status import StatusReport
from h2h.core.rules.references import NOT_PROVIDED

# Only what is booked moves the balance; a bank that states no status books what it states.
_BOOKED = (None, "BOOK")


def check_message(
    message: Initiation | StatusReport | StatementMessage | CancellationRequest | CancellationAnswer | Enquiry,
) -> list[Finding]:
    """All disagreements of a message with itself."""
    if isinstance(message, CancellationRequest):
        return check_cancellation_request(message)
    if isinstance(message, CancellationAnswer):
        return []
    if isinstance(message, StatementMessage):
        return [*(f for s in message.statements for f in check_statement(s)), *check_repeated(message.statements)]
    if isinstance(message, StatusReport):
        return check_status_report(message)
    return [] if isinstance(message, Enquiry) else check_initiation(message)


def check_statement(statement: Statement) -> list[Finding]:
    """Opening balance and booked entries make the closing balance; counts and sums are those of the entries."""
    sums = EntrySums(statement)
    for entry in statement.entries:
        sums.add(entry)
    return sums.findings()


def check_repeated(
    statements: Sequence[Statement], ends_of: Callable[[Statement], Ends] = lambda s: Ends.of(s.entries)
) -> list[Finding]:
    """A statement that stands in one file twice, as when a file was appended to itself; its entries would count twice.

    Reports and notifications without entries may look alike all day, so of those nothing is said.
    """
    found, known = [], set()
    for statement in statements:
        ends = ends_of(statement)
        if not ends.entries and not (statement.opening and statement.closing):
            continue
        key = (
            statement.id, statement.account, statement.creation_date_time, ends,
            *((b.type, b.amount, b.credit_debit, b.date) for b in statement.balances),
        )  # fmt: skip
        if key in known:
            text = f"{_where(statement)} of account {_number(statement)} stands in the file twice"
            found.append(_bank("H2H-STATEMENT-TWICE", _where(statement), text))
        known.add(key)
    return found


class Ends(NamedTuple):
    """How many entries a statement has, and the marks of the first and of the last."""

    entries: int = 0
    first: tuple[object, ...] = ()
    last: tuple[object, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Ends:
        """Of entries that are all there."""
        return cls(len(entries), entry_mark(entries[0]), entry_mark(entries[-1])) if entries else cls()


def entry_mark(entry: Entry) -> tuple[object, ...]:
    """By what an entry is known again."""
    return entry.amount, entry.credit_debit, entry.value_date, entry.account_servicer_reference


def _number(statement: Statement) -> str:
    return statement.account.iban or statement.account.other or "without a number"


class EntrySums:
    """What the entries of a statement add up to, as they come one by one."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self.count = 0
        self._first: Entry | None = None
        self._last: Entry | None = None
        self._sums = {"CRDT": Decimal(0), "DBIT": Decimal(0)}
        self._moved = Decimal(0)
        self._currencies: set[str] = set()  # of what is booked
        self._found: list[Finding] = []

    def add(self, entry: Entry) -> None:
        """The next entry."""
        self.count += 1
        self._first, self._last = self._first or entry, entry
        amount, mark = entry.amount, entry.credit_debit
        if mark in self._sums:
            self._sums[mark] += amount
        if entry.status in _BOOKED:
            self._moved += signed(amount, mark)
            self._currencies.add(entry.currency)
        if entry.batch_transaction_count is not None or len(entry.details) > 1:
            self._found += _batch(f"{_where(self._statement)}, entry {self.count}", entry)

    def ends(self) -> Ends:
        """How many have come, and what was the first and the last of them."""
        if self._first is None or self._last is None:
            return Ends()
        return Ends(self.count, entry_mark(self._first), entry_mark(self._last))

    def findings(self) -> list[Finding]:
        """All disagreements, once all entries have come."""
        if self._statement.entries_elsewhere:
            return []
        return [*self._balances(), *self._stated(), *self._found]

    def _balances(self) -> list[Finding]:
        statement, where = self._statement, _where(self._statement)
        opening, closing = statement.opening, statement.closing
        # camt.054 and most of camt.052 state no balances, or an interim one that includes other movements.
        if statement.kind != "statement" or not opening or not closing or opening.currency != closing.currency:
            return []
        start, end = signed(opening.amount, opening.credit_debit), signed(closing.amount, closing.credit_debit)
        if self._currencies - {opening.currency} or start + self._moved == end:
            return []
        text = (
            f"{where}: the opening balance {_money(start, opening)} and the booked entries "
            f"{_money(self._moved, opening)} make {_money(start + self._moved, opening)}, but the closing balance is "
            f"{_money(end, closing)}"
        )
        return [_bank("H2H-BALANCE", where, text)]

    def _stated(self) -> list[Finding]:
        statement, where = self._statement, _where(self._statement)
        found = []
        if statement.stated_entry_count is not None and statement.stated_entry_count != self.count:
            text = f"{where}: {statement.stated_entry_count} entries are stated, {self.count} are there"
            found.append(_bank("H2H-COUNT", where, text))
        for mark, stated in (("CRDT", statement.stated_credit_sum), ("DBIT", statement.stated_debit_sum)):
            total = self._sums[mark]
            if stated is not None and stated != total:
                what = "credits" if mark == "CRDT" else "debits"
                text = f"{where}: the stated sum of {what} is {stated:f}, the entries make {total:f}"
                found.append(_bank("H2H-SUM", where, text))
        return found


def _where(statement: Statement) -> str:
    return f"statement {statement.id or ''}".strip()


def _batch(where: str, entry: Entry) -> list[Finding]:
    """An entry's transactions, where all of them are there, make its amount."""
    details = entry.details
    found = []
    if details and entry.batch_transaction_count is not None and entry.batch_transaction_count != len(details):
        # Banks may leave out the details of a batch; some of them is what nobody means.
        if len(details) > 1:
            text = f"{where}: {entry.batch_transaction_count} transactions are stated, {len(details)} are there"
            found.append(_bank("H2H-COUNT", where, text))
        return found
    if len(details) > 1 and all(d.amount is not None and d.currency == entry.currency for d in details):
        total = sum((signed(d.amount, d.credit_debit or entry.credit_debit) for d in details if d.amount), Decimal(0))
        if total != signed(entry.amount, entry.credit_debit):
            text = f"{where}: the transactions make {abs(total):f}, the entry is {entry.amount:f} {entry.currency}"
            found.append(_bank("H2H-SUM", where, text))
    return found


def check_initiation(initiation: Initiation) -> list[Finding]:
    """Stated numbers and sums, of the file and of each instruction, are those of its transactions."""
    found = _count("GrpHdr", initiation.stated_transaction_count, len(initiation.transactions))
    found += _sum("GrpHdr", initiation.stated_control_sum, initiation.control_sum)
    counts: dict[int, int] = {}
    sums: dict[int, Decimal] = {}
    for transaction in initiation.transactions:
        key = id(transaction.instruction)
        counts[key] = counts.get(key, 0) + 1
        sums[key] = sums.get(key, Decimal(0)) + transaction.amount
    for number, instruction in enumerate(initiation.instructions, 1):
        where = f"PmtInf[{number}]"
        found += _count(where, instruction.stated_transaction_count, counts.get(id(instruction), 0))
        found += _sum(where, instruction.stated_control_sum, sums.get(id(instruction), Decimal(0)))
    return found


def check_status_report(report: StatusReport) -> list[Finding]:
    """A report that lists every transaction says as many as it states; a rejected one says why."""
    found = []
    stated, there = report.stated_transaction_count, len(report.transactions)
    if stated is not None and there > stated:
        text = f"the report speaks of {there} transactions, the original had {stated}"
        found.append(_bank("H2H-COUNT", "OrgnlGrpInfAndSts/OrgnlNbOfTxs", text))
    for number, transaction in enumerate(report.transactions, 1):
        if transaction.status == "RJCT" and not transaction.reasons and not report.group_reasons:
            where = f"TxInfAndSts[{number}]"
            text = f"{where} ({transaction.end_to_end_id}) is rejected, and no reason is given"
            found.append(_bank("H2H-NO-REASON", where, text))
    return [*found, *_repeated(report)]


def _repeated(report: StatusReport) -> list[Finding]:
    """Transactions that one report speaks of twice, as when its part was written twice."""
    counts = Counter(
        (t.payment_information_id, t.instruction_id, t.uetr, t.end_to_end_id, t.account_servicer_reference, t.ordinal)
        for t in report.transactions
        if t.end_to_end_id not in (None, "", NOT_PROVIDED)
    )
    twice = [key for key, count in counts.items() if count > 1]
    if not twice:
        return []
    more = f" (and {len(twice) - 1} more)" if len(twice) > 1 else ""
    text = f"the report speaks of transaction {twice[0][3]} more than once{more}; which of its statuses counts?"
    return [_bank("H2H-STATUS-TWICE", "TxInfAndSts", text)]


def check_cancellation_request(request: CancellationRequest) -> list[Finding]:
    """Stated numbers and sums of payments called back, where single payments are named."""
    payments = [d for d in request.details if d.level == "payment"]
    if not payments:
        return []
    found = _count("CtrlData", request.stated_transaction_count, len(payments))
    if all(p.amount is not None for p in payments):
        total = sum((p.amount for p in payments if p.amount is not None), Decimal(0))
        found += _sum("CtrlData", request.stated_control_sum, total)
    return found


def _count(where: str, stated: int | None, there: int) -> list[Finding]:
    if stated is None or stated == there:
        return []
    text = f"{where}: {stated} transactions are stated, {there} are there"
    return [warning("H2H-COUNT", f"{where}/NbOfTxs", text, WhoActs.ERP_TEAM, reason="AM18")]


def _sum(where: str, stated: Decimal | None, there: Decimal) -> list[Finding]:
    if stated is None or stated == there:
        return []
    text = f"{where}: the stated control sum is {stated:f}, the transactions make {there:f}"
    return [warning("H2H-SUM", f"{where}/CtrlSum", text, WhoActs.ERP_TEAM, reason="AM10")]


def _bank(code: str, where: str, text: str) -> Finding:
    return warning(code, where, text, WhoActs.BANK)


def _money(amount: Decimal, balance: Balance) -> str:
    return f"{amount:f} {balance.currency}"
