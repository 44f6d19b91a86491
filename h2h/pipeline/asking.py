"""What a person asks of a bank: payments called back, statements. Made, checked, and put where the ERP's files go in.

From there on it is a submission like any other: taken in, checked again, sealed, sent once. Order is the protocol: the
wish stands in the history of the payment's submission before the request exists. Cut short in between, the same command
makes the same bytes, so nothing is asked twice.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from h2h.core.errors import Misconfigured, NotFound, Refused
from h2h.core.findings import Finding, WhoActs, error, refuses
from h2h.core.format import Format
from h2h.core.model.cancellation import CancellationRequest
from h2h.core.model.enquiry import Enquiry, ReportingRequest, RequestedBalance
from h2h.core.model.parties import Account, Party
from h2h.core.model.status import StatusReason
from h2h.core.naming import message_id, safe_name, submission_id
from h2h.core.recall import REQUESTED, Wish, detail_of_request, judge_reason, judge_recall, request_of
from h2h.core.records import PaymentRecord, Submission
from h2h.core.rules.accounts import why_no_iban
from h2h.pipeline.house import House
from h2h.pipeline.requests import already_asked
from h2h.settings import BankProfile, ErpFolder


@dataclass(frozen=True, slots=True)
class Placed:
    """A request on its way. ``sid`` is the submission that it becomes."""

    sid: str
    folder: str
    name: str
    message_id: str
    format: str
    payments: Sequence[PaymentRecord] = ()


def call_back(
    house: House, sub: Submission, ordinals: Sequence[int] | None, *, code: str, why: str, actor: str
) -> Placed:
    """Ask the bank for payments of *sub* back; *ordinals* None: for all of the file.

    ``Refused`` with all findings, ``Misconfigured`` if this bank takes no such requests.
    """
    bank = house.bank(sub)
    format_ = _format(house, bank, bank.recall_format, "recall_format", "payments are called back")
    every = house.journal.payments(sub.sid)
    chosen = every if ordinals is None else [p for p in every if p.ordinal in ordinals]
    findings = judge_reason(code) + judge_recall(sub, chosen, house.day_at(bank, house.now()), bank.recall_within_days)
    findings += already_asked(house, sub, chosen)
    if not chosen:
        text = f"{sub.source_name} ({sub.sid}) has no such payment"
        findings.append(error("H2H-RECALL-UNKNOWN", sub.source_name, text, WhoActs.TREASURY))
    if refuses(findings):
        raise Refused(findings)
    named = None if ordinals is None else [p.ordinal for p in chosen]
    again = _left_undone(house, sub, named, code, why)
    if again is not None:
        own_id, created = again
    else:
        number = 1 + sum(e.event == REQUESTED for e in house.journal.events(sub.sid))
        # The wish, too: of two people in one moment neither has seen the other's, and each has an id of its own.
        own_id = message_id(house.settings.instance, f"{sub.sid}/recall/{number}/{named}/{code}/{why}/{actor}")
        created = house.now().replace(microsecond=0)
    wish = Wish(own_id, created, code, why, _ourselves(bank), bank.bic, bank.name)
    data = _written(house, bank, format_, request_of(wish, sub, sub.bank_format or "", chosen, whole=ordinals is None))
    placed = _placed(sub.folder, f"recall-{own_id}.xml", own_id, format_, data, chosen)
    if again is None:
        reasons = (StatusReason(code, text=why),)
        detail = detail_of_request(placed.sid, own_id, named, reasons, created=created.isoformat())
        house.journal.remark(sub.sid, REQUESTED, at=house.now(), actor=actor, detail=detail)
    house.outbox(sub).place(placed.name, data)
    return placed


def ask_for(
    house: House,
    bank: BankProfile,
    folder: ErpFolder,
    account: str,
    message: str,
    days: tuple[date, date],
    *,
    actor: str,
    balances: Sequence[str] = (),
) -> Placed:
    """Ask the bank for *message* (camt.053.001.08 …) about our *account* and *days*, both included.

    With *balances* (ExternalBalanceType1Code) only for these.
    """
    format_ = _format(house, bank, bank.enquiry_format, "enquiry_format", "statements are asked for")
    if bank.accounts and account not in bank.accounts:
        known = ", ".join(bank.accounts)
        text = f"{account} is not one of our accounts at {bank.name}"
        raise Refused([error("H2H-ACCOUNT", "--account", text, WhoActs.TREASURY, next_step=f"one of {known}")])
    if days[0] > days[1]:
        text = f"the first day ({days[0]}) lies after the last ({days[1]})"
        raise Refused([error("H2H-DATES", "--from", text, WhoActs.TREASURY)])
    created = house.now().replace(microsecond=0)
    what = "+".join((message, *balances))
    asked = f"{bank.name}/{account}/{what}/{days[0]}/{days[1]}/{created.isoformat()}/{actor}"
    own_id = message_id(house.settings.instance, asked)
    where = Account(iban=account) if why_no_iban(account) is None else Account(other=account)
    question = ReportingRequest(
        reference=own_id,
        requested_message=message,
        account=where,
        owner=Party(name=_ourselves(bank)),
        from_date=days[0],
        to_date=days[1],
        what_changed="ALLL",
        balances=[RequestedBalance(code) for code in balances],
    )
    data = _written(house, bank, format_, Enquiry("detail", own_id, created, requests=[question]))
    # Who asked stands in the file's name: it is journalled with it, and the bank does not see it.
    placed = _placed(folder.name, f"ask-{own_id}.{safe_name(actor)}.xml", own_id, format_, data)
    house.outboxes[folder.name].place(placed.name, data)
    return placed


def _format(house: House, bank: BankProfile, format_id: str | None, setting: str, what: str) -> Format:
    if format_id is None:
        hint = f"call the bank; if it takes them by file, say how in its profile: {setting}"
        raise Misconfigured(f"bank {bank.name} has no format in which {what}", hint=hint)
    format_ = house.formats.get(format_id)
    if not format_.writes:
        raise Misconfigured(
            f"{format_id} is not written by h2h", hint=f"correct {setting} in the profile of {bank.name}"
        )
    return format_


def _ourselves(bank: BankProfile) -> str:
    if not bank.initiating_party:
        raise Misconfigured(f"bank {bank.name} does not know who asks", hint="initiating_party in its profile")
    return bank.initiating_party


def _left_undone(
    house: House, sub: Submission, ordinals: Sequence[int] | None, code: str, why: str
) -> tuple[str, datetime] | None:
    """(message id, creation) of the same wish whose request was never taken in: the command was cut short."""
    for event in reversed(house.journal.events(sub.sid)):
        d = event.detail
        same = event.event == REQUESTED and d.get("created") and d.get("payments") == ordinals
        if same and (d.get("reason_code"), d.get("reason_text")) == (code, why):
            try:
                house.journal.submission(str(d["recall"]))
            except NotFound:
                return str(d["request"]), datetime.fromisoformat(str(d["created"]))
    return None


def _written(house: House, bank: BankProfile, format_: Format, message: CancellationRequest | Enquiry) -> bytes:
    out = io.BytesIO()
    format_.write(message, out)
    schema = bank.schemas.get(format_.id, format_.schema)
    if schema is None:
        raise Misconfigured(f"format {format_.id} has no schema; a file of it is never sent unchecked")
    findings: list[Finding] = house.schemas.validate(schema, format_.as_schema_sees_it(out.getvalue()))
    if refuses(findings):
        raise Refused(findings)
    return out.getvalue()


def _placed(
    folder: str, name: str, own_id: str, format_: Format, data: bytes, payments: Sequence[PaymentRecord] = ()
) -> Placed:
    sid = submission_id(folder, hashlib.sha256(data).hexdigest())
    return Placed(sid, folder, name, own_id, format_.id, payments)
