"""Convert: read the ERP's file, check it whole, and have the bank's file in the archive, ready to be sealed.

A file that already is in one of the bank's formats goes on unchanged: it is only read, checked and matched. Anything
else is written anew through the canonical model. Every suspicion of a duplicate is a person's to answer, unless the
profile says refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from h2h.core.completing import completed
from h2h.core.control import NO_TOTALS, StatedTotals
from h2h.core.convert import Conversion, Stamp, convert_table, payment_records, says_what_it_is
from h2h.core.declared import Delimited, Table
from h2h.core.errors import Misconfigured, NotYet, Refused
from h2h.core.findings import Finding, WhoActs, error, holding, refuses
from h2h.core.format import REQUESTS, Format
from h2h.core.lifecycle import Event
from h2h.core.model.payment import Initiation, PaymentInstruction
from h2h.core.naming import message_id
from h2h.core.records import PaymentRecord, Submission
from h2h.core.rules.initiation import check_initiation
from h2h.core.rules.payment import execution_day
from h2h.core.rules.window import check_window
from h2h.core.view.message import message_json
from h2h.core.xml import HEAD_BYTES
from h2h.pipeline.house import House, moved
from h2h.pipeline.kept import digest, kept
from h2h.pipeline.passing import Payments, long_payments
from h2h.pipeline.places import emptied_afterwards
from h2h.pipeline.reading import dumped
from h2h.pipeline.requests import check_request
from h2h.pipeline.suspicions import hold_or_refuse, same_message_id, same_name
from h2h.settings import BankProfile

#: So many remarks of a file travel in its history; all of them stand in the archive.
FINDINGS_IN_EVENT_MAX = 50
#: The scanner archives a file after the journal knows it; a worker that is quicker waits so long before it complains.
STILL_BEING_ARCHIVED = timedelta(seconds=60)


@dataclass
class Converted:
    """The bank's file (in the archive or in the scratch directory) and what the journal must know of it."""

    bank_file: Path
    source_format: str
    bank_format: str
    message_id: str
    count: int
    control_sum: Decimal
    payments: Iterable[PaymentRecord]
    findings: list[Finding]
    view: dict[str, Any] | Path  # what the payments are, as JSON; a long one is written already, with the findings
    detail: dict[str, Any] = field(default_factory=dict)  # what else its history keeps
    instructions: Iterable[PaymentInstruction] = ()

    def shown(self) -> bytes | Path:
        """What the payments are, and all findings, as JSON."""
        if isinstance(self.view, Path):
            return self.view
        return dumped({**self.view, "findings": [f.as_json() for f in self.findings]})


def convert(house: House, sub: Submission, between: Callable[[], None] = lambda: None) -> Submission:
    """RECEIVED → CONVERTED, or HELD for a suspicion. ``Refused`` with all findings; ``Misconfigured``.

    *between* is called again and again while a long file is converted.
    """
    just_now = house.now() - sub.received_at < STILL_BEING_ARCHIVED
    if just_now and house.archive.get(sub.sid, sub.received_at, "10-source") is None:
        raise NotYet(f"submission {sub.sid} is just being taken in")
    source = kept(house, sub, "10-source", sub.source_sha256)
    suspected = same_name(house, sub)
    if suspected is not None:
        return hold_or_refuse(house, sub, suspected)
    folder, bank = house.folder(sub), house.bank(sub)
    with ExitStack() as stack:
        # A name of its own: the next stage works on this submission before the last rows here are put away.
        stack.enter_context(emptied_afterwards(house, working_place(sub)))
        scratch = house.archive.scratch(working_place(sub))
        with source.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if folder.table is not None and not says_what_it_is(head, house.formats):
            done = _from_table(house, sub, folder.table, source, scratch, stack, between)
        else:
            done = _from_document(house, sub, bank, source, scratch)
        control = house.archive.get(sub.sid, sub.received_at, "10-control")
        stated = StatedTotals.of_json(control.read_bytes()) if control is not None else NO_TOTALS
        if differences := stated.differences(done.count, done.control_sum):
            raise Refused([*differences, *done.findings])
        _tell_what_is_late(done, bank, house.now())
        suspected = same_message_id(house, sub, done.message_id)
        if suspected is not None:
            stack.close()
            return hold_or_refuse(house, sub, suspected)
        # Cut short before the journal knew, both are made anew: the day or the profile may have changed. Once something
        # was sealed they are what it was sealed from, whatever an older journal says.
        anew = house.archive.get(sub.sid, sub.received_at, "40-sealed") is None
        house.archive.put(sub.sid, sub.received_at, "20-payment.json", done.shown(), anew=anew)
        bank_file = house.archive.put(sub.sid, sub.received_at, "30-bank.xml", done.bank_file, anew=anew)
        sub = _journalled(house, sub, done, bank_file)
    moved(sub, "converted", payments=done.count, source_format=done.source_format, findings=len(done.findings))
    return sub


def _journalled(house: House, sub: Submission, done: Converted, bank_file: Path) -> Submission:
    """CONVERTED, with all that the journal must know of the file and its payments."""
    return house.journal.advance(
        sub,
        Event.CONVERTED,
        at=house.now(),
        detail={
            "transaction_count": done.count,
            "sha256": digest(bank_file)[0],
            "findings": [f.as_json() for f in done.findings[:FINDINGS_IN_EVENT_MAX]],
            **_holds(done.findings),
            **done.detail,
        },
        payments=done.payments,
        source_format=done.source_format,
        bank_format=done.bank_format,
        message_id=done.message_id,
        transaction_count=done.count,
        control_sum=done.control_sum,
    )


def _holds(findings: list[Finding]) -> dict[str, Any]:
    """What a person must look at before it is sealed (``holding.py``): one for each rule, then as many as fit."""
    holds = holding(findings)
    if not holds:
        return {}
    of_each = list({f.code: f for f in reversed(holds)}.values())
    rest = [f for f in holds if f not in of_each]
    return {"holds": [f.as_json() for f in (*of_each, *rest)[:FINDINGS_IN_EVENT_MAX]]}


def _tell_what_is_late(done: Converted, bank: BankProfile, now: datetime) -> None:
    """Add what the bank's next window is too late for; ``Refused`` where the profile makes that an error."""
    days = {day for i in done.instructions if (day := execution_day(i)) is not None}
    late = check_window(days, bank, bank.cutoff, now)
    done.findings = [*done.findings, *late]
    if refuses(late):
        raise Refused(done.findings)


def working_place(sub: Submission) -> str:
    """Whose scratch directory it is that a conversion works in."""
    return f"{sub.sid}~convert"


def _from_table(
    house: House,
    sub: Submission,
    table: Table,
    source: Path,
    scratch: Path,
    stack: ExitStack,
    between: Callable[[], None],
) -> Converted:
    """A table-like file, as the folder declares it, into the bank's format."""
    bank = house.bank(sub)
    target = house.formats.get(bank.format_for(table.kind)).knowing(bank.facts)
    own_id = message_id(house.settings.instance, sub.sid, target.message_id_shape)
    stamp = Stamp(own_id, sub.received_at.replace(microsecond=0), house.day_at(bank, house.now()))
    written = scratch / "bank.xml"
    schema = _schema_of(bank, target)
    conversion: Conversion | None = None
    if house.helpers is not None and isinstance(table, Delimited) and target.codec is None:
        conversion = house.helpers.convert(source, table, bank, target, schema, stamp, out=written, between=between)
    if conversion is None:
        with source.open("rb") as file, written.open("wb") as out:
            conversion = convert_table(
                file, table, bank, target, stamp, scratch=_scratch_files(scratch, stack), out=out
            )
        stack.callback(conversion.close)
        if conversion.refused or refuses(conversion.findings):
            raise Refused(conversion.findings)
        conversion.findings = conversion.findings + _own_schema(house, schema, target, written)
    view = {
        "format": table.name,
        "message_id": stamp.message_id,
        "transaction_count": conversion.count,
        "sums": {currency: f"{total:f}" for currency, total in conversion.sums().items()},
        "instructions": [
            {"id": g.instruction.id, "count": g.count, "control_sum": f"{g.total:f}", "currency": g.currency}
            for g in conversion.groups
        ],
    }
    return Converted(
        bank_file=written,
        source_format=table.name,
        bank_format=target.id,
        message_id=stamp.message_id,
        count=conversion.count,
        control_sum=conversion.control_sum,
        payments=conversion.records(sub.sid),
        findings=conversion.findings,
        view=view,
        instructions=[group.instruction for group in conversion.groups],
    )


def _from_document(house: House, sub: Submission, bank: BankProfile, source: Path, scratch: Path) -> Converted:
    """A file that says itself what it is: unchanged if the bank takes its format, else written anew in the bank's."""
    long = _passes_through(house, bank, source, scratch, house.day_at(bank, house.now()), sub.sid)
    if long is not None:
        return long
    data = source.read_bytes()
    format_ = house.formats.identify(data)
    if format_.kind in REQUESTS:
        return _from_request(house, sub, bank, format_, source, data)
    passes = format_.id in bank.accepts
    findings: list[Finding] = []
    if passes or format_.codec is None:  # the codec has read it strictly, and the schema is asked afterwards
        findings += house.schemas.validate(_schema_of(bank, format_), format_.as_schema_sees_it(data))
    if refuses(findings):
        raise Refused(findings)
    read = format_.read(data)
    findings += check_initiation(read, bank, house.day_at(bank, house.now()))
    initiation = read.message
    if not isinstance(initiation, Initiation):
        raise Refused([_not_a_payment(format_)])
    if not passes:
        # Written anew, what the reader has no place for would be lost on the way.
        findings += [_would_be_lost(f) for f in findings if f.code == "H2H-UNREAD"]
    if refuses(findings):
        raise Refused(findings)
    bank_file, bank_format = source, format_
    if not passes:
        bank_format = house.formats.get(bank.format_for(initiation.kind)).knowing(bank.facts)
        bank_file = scratch / "bank.xml"
        own_id = message_id(house.settings.instance, sub.sid)
        created = sub.received_at.replace(microsecond=0)
        initiation = completed(initiation, own_id, created, bank.initiating_party)
        with bank_file.open("wb") as out:
            bank_format.write(initiation, out)
        findings += _own_schema(house, _schema_of(bank, bank_format), bank_format, bank_file)
    return Converted(
        bank_file=bank_file,
        source_format=format_.id,
        bank_format=bank_format.id,
        message_id=initiation.message_id,
        count=len(initiation.transactions),
        control_sum=initiation.control_sum,
        payments=payment_records(initiation, sub.sid),
        findings=findings,
        view=message_json(format_, read),
        instructions=initiation.instructions,
    )


def _from_request(
    house: House, sub: Submission, bank: BankProfile, format_: Format, source: Path, data: bytes
) -> Converted:
    """What asks a bank for something goes through unchanged, or not at all."""
    request = check_request(house, sub, bank, format_, data)
    return Converted(
        bank_file=source,
        source_format=format_.id,
        bank_format=format_.id,
        message_id=request.message_id,
        count=0,  # it holds no payment of its own: those that it speaks of are counted where they were sent
        control_sum=Decimal(0),
        payments=(),
        findings=request.findings,
        view=request.view,
        detail=request.detail,
    )


def _passes_through(
    house: House, bank: BankProfile, source: Path, scratch: Path, today: date, sid: str
) -> Converted | None:
    """A long file that goes on unchanged and is good; None if it is another: that is looked at whole."""
    format_ = long_payments(source, house.formats)
    if format_ is None or format_.id not in bank.accepts:
        return None
    findings = house.schemas.validate_file(_schema_of(bank, format_), source, format_.as_schema_sees_it)
    if refuses(findings):
        return None
    try:
        payments = Payments(source, format_)
    except Refused:
        return None
    findings = findings + payments.findings(bank, today)
    if refuses(findings):
        raise Refused(findings)
    view = scratch / "payment.json"
    with view.open("wb") as out:
        payments.dump_into(out, findings)
    return Converted(
        bank_file=source,
        source_format=format_.id,
        bank_format=format_.id,
        message_id=payments.initiation.message_id,
        count=payments.totals.all.count,
        control_sum=payments.totals.all.total,
        payments=payments.records(sid),
        findings=findings,
        view=view,
        instructions=payments.initiation.instructions,
    )


def _schema_of(bank: BankProfile, format_: Format) -> str:
    """The schema that files of this format must satisfy at this bank."""
    schema = bank.schemas.get(format_.id, format_.schema)
    if schema is None:
        raise Misconfigured(f"format {format_.id} has no schema; a file of it is never sent unchecked")
    return schema


def _own_schema(house: House, schema: str, target: Format, written: Path) -> list[Finding]:
    """What h2h wrote must satisfy the bank's schema; if not, the payment data asked for something impossible."""
    findings = house.schemas.validate_file(schema, written, target.as_schema_sees_it)
    if refuses(findings):
        raise Refused(findings)
    return findings


def _scratch_files(scratch: Path, stack: ExitStack) -> Callable[[], BinaryIO]:
    count = 0

    def another() -> BinaryIO:
        nonlocal count
        count += 1
        file: BinaryIO = stack.enter_context((scratch / f"rows-{count}").open("w+b"))
        return file

    return another


def _not_a_payment(format_: Format) -> Finding:
    text = f"this is a {format_.kind} ({format_.id}); only payment files go to a bank"
    return error("H2H-NOT-A-PAYMENT", "the file", text, WhoActs.ERP_TEAM, next_step="export payments into this folder")


def _would_be_lost(unread: Finding) -> Finding:
    text = f"{unread.text}; it would be missing in the bank's format"
    step = "export in a format the bank takes"
    return error("H2H-WOULD-BE-LOST", unread.where, text, WhoActs.ERP_TEAM, next_step=step)
