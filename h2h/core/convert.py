"""The heart of *convert*: an ERP's file becomes a bank's, or is refused with all its findings.

Rules
1. Every payment is checked before the first byte is written; one error refuses the file.
2. Same input, same message id and time, same profile: the same bytes.
3. Payments that agree in account, date, currency and kind share one instruction (PmtInf), in the order of their first
   appearance; within it they keep the order of the file.
4. Nothing is rounded, cut or defaulted. h2h adds only ids of its own: PmtInfId always, and InstrId where the file gives
   no reference at all (``end_to_end_id = {constant = "NOTPROVIDED"}``), because answers must find their payment.
5. Texts are written with other letters only where the profile says so, and every changed text is reported. Ids never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, Protocol

from h2h.core import naming
from h2h.core.alike import KeptRow, kept_row
from h2h.core.codecs.rows import read_rows
from h2h.core.codecs.spool import Scratch
from h2h.core.declared import Table
from h2h.core.errors import Refused
from h2h.core.findings import Finding, refuses
from h2h.core.foreign import HEAD_BYTES, no_table
from h2h.core.format_book import FormatBook
from h2h.core.gathering import Gathering, Group
from h2h.core.mapping.pattern import Pattern
from h2h.core.mapping.writer import Group as WrittenGroup
from h2h.core.model.parties import Party
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction
from h2h.core.records import PaymentRecord
from h2h.core.rules.limits import check_limits
from h2h.core.rules.payment import execution_day
from h2h.core.rules.references import Ids, Marks, Seen
from h2h.core.rules.terms import BankTerms, Terms

#: The kinds of formats that an ERP's file may have.
PAYMENTS = ("credit-transfer", "direct-debit")


class Writes(Protocol):
    """A format that payments can be written in (``h2h.core.format.Format``)."""

    def write_stream(self, header: Initiation, groups: Iterator[WrittenGroup], out: BinaryIO) -> None: ...
    def pattern(self, like: CreditTransfer) -> Pattern | None: ...


@dataclass(frozen=True, slots=True)
class Stamp:
    """What was fixed at take-in, so that a repetition gives the same bytes. ``today`` is the bank's day."""

    message_id: str
    creation_date_time: datetime
    today: date


@dataclass(slots=True)
class Conversion:
    """What became of a file. ``refused``: nothing was written, and ``findings`` says why."""

    header: Initiation
    groups: list[Group] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    refused: bool = False
    transfers: Callable[[int], Iterator[CreditTransfer]] = lambda _: iter(())
    rows: Callable[[int], Iterator[KeptRow]] = lambda _: iter(())
    close: Callable[[], None] = lambda: None

    @property
    def count(self) -> int:
        """Number of payments."""
        return sum(group.count for group in self.groups)

    @property
    def control_sum(self) -> Decimal:
        """Sum of all amounts whatever their currency, as ISO 20022 defines CtrlSum."""
        return sum((group.total for group in self.groups), Decimal(0))

    def sums(self) -> dict[str, Decimal]:
        """Sum by currency, for people."""
        found: dict[str, Decimal] = {}
        for group in self.groups:
            found[group.currency] = found.get(group.currency, Decimal(0)) + group.total
        return found

    def records(self, sid: str) -> Iterator[PaymentRecord]:
        """The payments for the journal, one by one, in the order of the bank's file."""
        ordinal = 0
        for number, group in enumerate(self.groups):
            for row in self.rows(number):
                ordinal += 1
                yield _record(row, group.instruction, sid, ordinal)


def convert_table(
    source: BinaryIO,
    table: Table,
    bank: BankTerms,
    target: Writes,
    stamp: Stamp,
    *,
    scratch: Scratch,
    out: BinaryIO,
) -> Conversion:
    """Read *source* as declared, check every payment, and write it in *target* to *out*.

    *scratch* gives a new private file, open for reading and writing; it is asked for only if the file is large, and
    closed by ``Conversion.close``. Memory does not grow with the file but for its ids. If the conversion is refused,
    *out* must be thrown away. ``Misconfigured`` if the declaration is wrong.
    """
    header = Initiation(stamp.message_id, stamp.creation_date_time, Party(name=bank.initiating_party))
    header.kind = table.kind
    began, marks = source.tell(), Marks()
    terms, gathered = gather(source, table, bank, target, stamp, scratch, marks)
    repeated = marks.repeated()
    if repeated:  # Something may be there twice: looked at again, now with what may be in mind.
        gathered.spool.close()
        source.seek(began)
        terms, gathered = gather(source, table, bank, target, stamp, scratch, Seen(table.unit, repeated))
    sums: dict[str, Decimal] = {}
    for group in gathered.groups:
        sums[group.currency] = sums.get(group.currency, Decimal(0)) + group.total
    check_limits(sum(group.count for group in gathered.groups), sums, terms)
    conversion = Conversion(
        header,
        gathered.groups,
        _shortened(terms.judge.findings(), source, began, table),
        terms.judge.refuses,
        gathered.transfers,
        gathered.rows,
        gathered.spool.close,
    )
    if not conversion.refused:
        header.stated_transaction_count, header.stated_control_sum = conversion.count, conversion.control_sum
        written = ((g.instruction, g.count, g.total, gathered.written(n)) for n, g in enumerate(conversion.groups))
        try:
            target.write_stream(header, written, out)
        except Refused as problem:  # the format has no place for a value; whoever exports the file must act
            conversion.findings += problem.findings
            conversion.refused = True
    return conversion


def _shortened(findings: list[Finding], source: BinaryIO, began: int, table: Table) -> list[Finding]:
    """The findings; of a refused file that is no table at all, one that says what it is, not one a column."""
    if not refuses(findings) or table.name not in ("delimited", "json"):
        return findings
    source.seek(began)
    found = no_table(source.read(HEAD_BYTES), {"delimited": "CSV", "json": "JSON"}[table.name])
    return findings if found is None else [found]


def says_what_it_is(head: bytes, book: FormatBook) -> bool:
    """Whether a file that begins so is a document: XML, or text of a payment format. All else is the folder's table."""
    plain = (
        head.translate(None, b"\0").removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    )
    if plain.lstrip().startswith(b"<"):
        return True
    return any(f.kind in PAYMENTS and f.is_format_of(head, None) for f in book)


def gather(
    source: BinaryIO,
    table: Table,
    bank: BankTerms,
    target: Writes,
    stamp: Stamp,
    scratch: Scratch,
    ids: Ids,
) -> tuple[Terms, Gathering]:
    """All rows, checked and kept; what was found is with the judge of the terms."""
    terms = Terms.of(bank, stamp.today)
    gathered = Gathering(table, terms, stamp.message_id, scratch, ids, target.pattern)
    for row in read_rows(source, table, terms.judge, gathered.quick):
        gathered.take(row)
    return terms, gathered


def payment_record(t: CreditTransfer, sid: str, ordinal: int) -> PaymentRecord:
    """What the journal keeps of one payment; *ordinal* is its 1-based position in the bank's file."""
    return _record(kept_row(t), t.instruction, sid, ordinal)


def _record(row: KeptRow, instruction: PaymentInstruction, sid: str, ordinal: int) -> PaymentRecord:
    debtor_account, amount = instruction.debtor_account.number, Decimal(row.amount)
    day = execution_day(instruction)
    return PaymentRecord(
        sid=sid,
        ordinal=ordinal,
        end_to_end_id=row.end_to_end_id,
        amount=amount,
        currency=row.currency,
        creditor_name=row.creditor_name,
        creditor_account=row.creditor_account,
        debtor_account=debtor_account,
        instruction_id=row.instruction_id,
        payment_information_id=instruction.id,
        uetr=row.uetr,
        requested_execution_date=day,
        fingerprint=naming.payment_fingerprint(
            debtor_account=debtor_account,
            creditor_account=row.creditor_account,
            amount=amount,
            currency=row.currency,
            reference=row.reference,
            requested_execution_date=day,
        ),
    )


def payment_records(initiation: Initiation, sid: str) -> Iterator[PaymentRecord]:
    """The payments of a file that is passed through, for the journal, in document order."""
    for ordinal, transfer in enumerate(initiation.transactions, start=1):
        yield payment_record(transfer, sid, ordinal)
