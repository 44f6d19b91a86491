"""Entries of a statement or notification against the payments that were sent: settled, or come home.

An entry is ours if it bears one of our ids *and* the amount and currency are those of the payment; an id alone is never
enough, an amount alone neither. A debit settles; a credit with a return reason, or a reversal, returns. A batch booking
(one entry, no details) settles a whole instruction if the sums are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from h2h.core.findings import WhoActs
from h2h.core.match import Matching
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage, signed
from h2h.core.outcome import Outcome
from h2h.core.records import PaymentMove, PaymentRecord, StatementRecord

_NO_ID = frozenset({"NOTPROVIDED", "NONREF", ""})


def ids_among(entries: Iterable[Entry]) -> tuple[list[str], list[str], list[str]]:
    """All ids in these entries that could be ours: end-to-end ids, UETRs, payment information ids."""
    end_to_end: set[str] = set()
    uetrs: set[str] = set()
    batches: set[str] = set()
    for entry in entries:
        if entry.batch_payment_information_id:
            batches.add(entry.batch_payment_information_id)
        for detail in entry.details:
            end_to_end.add(detail.end_to_end_id or "")
            uetrs.add(detail.uetr or "")
            if detail.payment_information_id:
                batches.add(detail.payment_information_id)
    return sorted(end_to_end - _NO_ID), sorted(uetrs - _NO_ID), sorted(batches - _NO_ID)


class Known:
    """The payments that a message may speak of, by what it can name them by; each list in the order of the payments."""

    def __init__(self, payments: Iterable[PaymentRecord]) -> None:
        self.by_uetr: dict[str, list[PaymentRecord]] = {}
        self.by_end_to_end_id: dict[str, list[PaymentRecord]] = {}
        self.by_batch: dict[str, list[PaymentRecord]] = {}
        self.by_statement_reference: dict[str, list[PaymentRecord]] = {}
        for payment in payments:
            for index, name in (
                (self.by_uetr, payment.uetr),
                (self.by_end_to_end_id, payment.end_to_end_id),
                (self.by_batch, payment.payment_information_id),
                (self.by_statement_reference, payment.statement_reference),
            ):
                if name:
                    index.setdefault(name, []).append(payment)

    def __bool__(self) -> bool:
        return bool(self.by_uetr or self.by_end_to_end_id or self.by_batch or self.by_statement_reference)

    def with_uetr(self, uetr: str | None) -> list[PaymentRecord]:
        """Those that bear it."""
        return self.by_uetr.get(uetr or "", [])

    def with_end_to_end_id(self, id: str | None) -> list[PaymentRecord]:
        """Those that bear it, if it is one."""
        return self.by_end_to_end_id.get(id or "", []) if id not in _NO_ID else []


def match_some(statement: Statement, entries: Iterable[Entry], position: int, known: Known, matching: Matching) -> None:
    """Gather into *matching* what some of a statement's entries say of *known*, all payments that their ids may mean.

    The first of the entries stands at *position* (from 0) in the statement.
    """
    for at, entry in enumerate(entries, position):
        if entry.status in (None, "BOOK"):  # pending and information entries move no money
            _match_entry(statement, entry, at, known, matching)


def payments_behind(
    statement: Statement,
    entry: Entry,
    position: int,
    detail: EntryDetail | None,
    candidates: Known | Sequence[PaymentRecord],
) -> list[PaymentRecord]:
    """The payments that this entry (or this detail of it) was matched to: for the rows that the ERP gets.

    An entry without details is matched as a whole instruction, or not at all: another one that bears the same reference
    of the bank (a fee beside its payment) is not asked.
    """
    known = candidates if isinstance(candidates, Known) else Known(candidates)
    if not known:
        return []
    booked = known.by_statement_reference.get(_reference(statement, entry, position), [])
    if detail is None:
        batch = entry.batch_payment_information_id
        return [p for p in booked if batch and p.payment_information_id == batch]
    with_id = known.with_uetr(detail.uetr)
    with_id = [*with_id, *(p for p in known.with_end_to_end_id(detail.end_to_end_id) if p not in with_id)]
    amount = detail.amount if detail.amount is not None else entry.amount
    fits = [p for p in with_id if p.amount == amount]
    return [p for p in fits if p in booked] or (fits if len(fits) == 1 else [])


def statement_records(
    fid: str, message: StatementMessage, entry_count: Callable[[Statement], int] = lambda s: len(s.entries)
) -> list[StatementRecord]:
    """What is kept of each statement for the next one's continuity. The pages of one statement are one."""
    records: list[StatementRecord] = []
    for statement in message.statements:
        record = _record(fid, statement, entry_count(statement))
        last = records[-1] if records else None
        if last is not None and statement.continues and _one_statement(last, record):
            record = replace(
                last,
                closing=record.closing,
                closing_date=record.closing_date,
                entry_count=last.entry_count + record.entry_count,
            )
            records.pop()
        records.append(record)
    return records


def _record(fid: str, statement: Statement, entry_count: int) -> StatementRecord:
    return StatementRecord(
        fid=fid,
        account=statement.account.number or "",
        kind=statement.kind,
        statement_id=statement.id,
        sequence=statement.electronic_sequence_number or statement.legal_sequence_number,
        currency=_currency(statement),
        opening=_signed(statement.opening),
        closing=_signed(statement.closing),
        opening_date=statement.opening.date if statement.opening else None,
        closing_date=statement.closing.date if statement.closing else None,
        entry_count=entry_count,
    )


def _one_statement(page: StatementRecord, next_page: StatementRecord) -> bool:
    return (page.account, page.kind, page.sequence) == (next_page.account, next_page.kind, next_page.sequence)


def _signed(balance: Balance | None) -> Decimal | None:
    return signed(balance.amount, balance.credit_debit) if balance else None


def _currency(statement: Statement) -> str | None:
    balance = statement.closing or statement.opening
    return balance.currency if balance else statement.account.currency


def _match_entry(statement: Statement, entry: Entry, position: int, known: Known, matching: Matching) -> None:
    if not entry.details and entry.batch_payment_information_id:
        _match_batch(statement, entry, position, known, matching)
    alone = len(entry.details) == 1
    for detail in entry.details:
        place = f"{matching.fid}/{statement.id}/{position + 1}"
        payment = _payment_of(entry, detail, alone, known, matching, place)
        if payment is not None:
            _move(statement, entry, detail, position, payment, matching)


def _payment_of(
    entry: Entry,
    detail: EntryDetail,
    alone: bool,
    known: Known,
    matching: Matching,
    subject: str,
) -> PaymentRecord | None:
    by_id = known.with_uetr(detail.uetr)
    if not by_id:
        by_id = known.with_end_to_end_id(detail.end_to_end_id)
        if detail.payment_information_id:
            by_id = [p for p in by_id if p.payment_information_id == detail.payment_information_id] or by_id
        if detail.instruction_id:
            by_id = [p for p in by_id if p.instruction_id == detail.instruction_id] or by_id
    if not by_id:
        return None
    amount = detail.amount if detail.amount is not None else (entry.amount if alone else None)
    currency = detail.currency or entry.currency
    fits = [p for p in by_id if p.amount == amount and p.currency == currency]
    if detail.creditor_account and len(fits) > 1:
        fits = [p for p in fits if p.creditor_account == detail.creditor_account] or fits
    equal = len(fits)
    if equal > 1:
        collected = fits[0].sid in matching.collections
        fits = _not_yet_there(fits, _outcome(entry, detail, collected=collected), matching)
    if len(fits) == 1:
        return fits[0]
    what = f"an entry over {amount} {currency} bears our reference {detail.end_to_end_id or detail.uetr}"
    if equal and not fits:
        text = f"{what}; each of the {equal} payments that have it is settled already, or was rejected or returned"
        matching.attend("ambiguous-entry", subject, text, WhoActs.TREASURY)
    elif not fits:
        matching.attend(
            "amount-differs",
            subject,
            f"{what}, but the payment was over {by_id[0].amount} {by_id[0].currency}",
            WhoActs.TREASURY,
        )
    else:
        matching.attend(
            "ambiguous-entry", subject, f"{what}, and {len(fits)} payments have it; none was marked", WhoActs.TREASURY
        )
    return None


def _not_yet_there(
    payments: Sequence[PaymentRecord], outcome: Outcome | None, matching: Matching
) -> list[PaymentRecord]:
    """Of equal payments, those this entry can still be news for: settled ones may return, unsettled ones settle."""

    def known(p: PaymentRecord) -> Outcome:
        return matching.known.get((p.sid, p.ordinal), p.outcome)

    if outcome is Outcome.RETURNED:
        return [p for p in payments if known(p) is Outcome.SETTLED]
    return [p for p in payments if known(p) not in (Outcome.SETTLED, Outcome.REJECTED, Outcome.RETURNED)]


def _match_batch(statement: Statement, entry: Entry, position: int, known: Known, matching: Matching) -> None:
    """One booking for a whole instruction: its payments, less the rejected ones, if that is what was booked."""
    batch = known.by_batch.get(entry.batch_payment_information_id or "", [])
    batch = [p for p in batch if p.outcome is not Outcome.REJECTED]
    if not batch:
        return
    total = sum((p.amount for p in batch), Decimal(0))
    if total != entry.amount or {p.currency for p in batch} != {entry.currency}:
        matching.attend(
            "batch-differs",
            f"{matching.fid}/{statement.id}/{position + 1}",
            f"the booking of instruction {entry.batch_payment_information_id} is {entry.amount} {entry.currency}, "
            f"its payments add up to {total}",
            WhoActs.TREASURY,
        )
        return
    for payment in batch:
        _move(statement, entry, None, position, payment, matching)


def _move(
    statement: Statement,
    entry: Entry,
    detail: EntryDetail | None,
    position: int,
    payment: PaymentRecord,
    matching: Matching,
) -> None:
    outcome = _outcome(entry, detail, collected=payment.sid in matching.collections)
    if outcome is None:
        return
    returned = outcome is Outcome.RETURNED
    matching.report(
        payment,
        PaymentMove(
            sid=payment.sid,
            ordinal=payment.ordinal,
            expected=matching.known.get((payment.sid, payment.ordinal), payment.outcome),
            outcome=outcome,
            bank_status=payment.bank_status,
            reason_code=detail.return_reason if detail and returned else None,
            reason_list="return" if detail and returned and detail.return_reason else None,
            reason_text=(detail.return_text or None) if detail and returned else None,
            settled_on=None if returned else (entry.booking_date or entry.value_date),
            statement_reference=_reference(statement, entry, position),
            fid=matching.fid,
        ),
    )


def _outcome(entry: Entry, detail: EntryDetail | None, *, collected: bool) -> Outcome | None:
    """A debit without return marks settles; a credit that is marked as return or reversal returns.

    A plain credit with our reference is somebody paying us with it: it moves nothing (domain D.1, rule 30). Of a direct
    debit (*collected*) the money moves the other way: its credit settles, and a marked debit returns.
    """
    direction = (detail.credit_debit if detail else None) or entry.credit_debit
    marked = entry.reversal or bool(detail and detail.returned)
    paid, back = ("CRDT", "DBIT") if collected else ("DBIT", "CRDT")
    if direction == paid and not marked:
        return Outcome.SETTLED
    if direction == back and marked:
        return Outcome.RETURNED
    return None


def _reference(statement: Statement, entry: Entry, position: int) -> str:
    """Where on which statement a person finds the entry."""
    return f"{statement.id or '?'} / {entry.account_servicer_reference or position + 1}"
