"""What a bank's own codes mean: several layers of them become one outcome, and nothing that no table knows is guessed.

A bank answers in layers: was the message handled, was the instruction taken, what became of the payment. Each layer is
a list of codes in the format folder's ``answers.toml``; a code may mean one thing with one text and another with
another. The first layer that does not say *go on* decides. A code that is in no table is *unknown*: neither success
nor failure. What a failed enquiry says of the enquiry, it does not say of the payment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from h2h.core import codes
from h2h.core.code_data.advice import ADVICE, Money
from h2h.core.code_data.chinese import NEXT_STEPS
from h2h.core.codes import Reason
from h2h.core.findings import Finding, WhoActs, error, info, warning
from h2h.core.model.parties import Account
from h2h.core.model.statement import Statement, StatementMessage
from h2h.core.model.status import StatusReason, StatusReport, TransactionStatus
from h2h.core.outcome import Outcome
from h2h.core.records import PaymentRecord

#: Not an outcome of a payment, but of what was asked.
GO_ON, NO_DATA, MORE, PACKED = "go-on", "no-data", "more", "packed"
#: Every other code of a list: only for what is neither success nor failure.
ANY = "*"
OUTCOMES = frozenset({*(str(o) for o in Outcome), GO_ON, NO_DATA, MORE, PACKED})


@dataclass(frozen=True, slots=True)
class BankCode:
    """One code of one list. ``contains``: it means this only where the bank's text holds one of these.

    ``outcome`` is an ``Outcome``, or ``go-on`` (the next layer says it), ``no-data`` (an empty answer, no failure),
    ``more`` (there is another page) or ``packed`` (the rest stands in a form that is not read: the answer is refused,
    or what it holds would be lost). ``advice`` is a key of ``code_data.advice``.
    """

    list: str
    code: str
    outcome: str
    meaning: str
    meaning_zh: str
    advice: str
    contains: tuple[str, ...] = ()

    def as_reason(self) -> Reason:
        """What `h2h reason` tells of it."""
        advice = ADVICE[self.advice]
        text = f" (where the bank's text holds {' or '.join(self.contains)})" if self.contains else ""
        return Reason(
            *(self.list, self.code, self.outcome, self.meaning + text, self.meaning_zh),
            *(advice.next_step, NEXT_STEPS[self.advice]),
            who_acts=advice.who_acts,
            resend=advice.resend,
            money=_MONEY.get(self.outcome, Money.UNKNOWN),
        )


_MONEY = {
    "settled": Money.PAID,
    "rejected": Money.NOT_MOVED,
    "cancelled": Money.NOT_MOVED,
    "returned": Money.CAME_BACK,
    GO_ON: Money.UNAFFECTED,
    NO_DATA: Money.UNAFFECTED,
    MORE: Money.UNAFFECTED,
}


@dataclass(frozen=True, slots=True)
class Layers:
    """How the answers of one card are read. ``envelope``: lists that speak of the message, ``payment``: of a payment.

    ``enquiry``: the message answers a question, so its envelope says nothing of payments. ``ambiguous``: nobody can
    tell whether it answers a question or a payment; a refusal then makes the payments unknown.
    """

    envelope: tuple[str, ...] = ()
    payment: tuple[str, ...] = ()
    enquiry: bool = False
    ambiguous: bool = False


class CodeTable:
    """The codes of one bank."""

    def __init__(self, known: Iterable[BankCode]) -> None:
        self._codes: dict[tuple[str, str], list[BankCode]] = {}
        for code in known:
            self._codes.setdefault((code.list, code.code), []).append(code)

    def __iter__(self) -> Iterator[BankCode]:
        for same in self._codes.values():
            yield from same

    def find(self, list_: str, code: str, text: str) -> BankCode | None:
        """What the code means beside this text; None if nobody here knows."""
        for known in self._codes.get((list_, code)) or self._codes.get((list_, ANY)) or ():
            if not known.contains or any(part in text for part in known.contains):
                return known
        return None

    def decide(self, codes: Mapping[str, str], lists: Sequence[str], text: str) -> tuple[str, str, BankCode | None]:
        """(list, code, meaning) of the first layer that decides; ("", "", None) if none says anything."""
        last: tuple[str, str, BankCode | None] = ("", "", None)
        for list_ in lists:
            if list_ in codes:
                known = self.find(list_, codes[list_], text)
                last = list_, codes[list_], known
                if known is None or known.outcome != GO_ON:
                    return last
        return last


class Meanings:
    """What a payment's reason code means: ISO 20022's, and those of the banks whose tables are given.

    *banks* is asked when a bank's own code is looked up first, and once.
    """

    def __init__(self, banks: Callable[[], Iterable[BankCode]] = tuple) -> None:
        self._banks = banks

    @cached_property
    def _table(self) -> CodeTable:
        return CodeTable(self._banks())

    def of(self, list_: str | None, code: str | None, text: str | None = None) -> Reason | None:
        """What the code means beside the bank's text; None if there is no code, or one that nobody here knows."""
        if not code:
            return None
        if list_ is None or list_ in codes.LISTS:
            return codes.meaning(list_ or "status", code)
        known = self._table.find(list_, code, text or "")
        return None if known is None else replace(known, code=code, contains=()).as_reason()

    def of_payment(self, payment: PaymentRecord) -> Reason | None:
        """The same of the code that decided what became of a payment."""
        return self.of(payment.reason_list, payment.reason_code, payment.reason_text)


#: Who knows no bank's own codes.
ISO_ONLY = Meanings()


def judge_answer(message: StatusReport | StatementMessage, table: CodeTable, layers: Layers) -> list[Finding]:
    """Put the outcomes into *message* and tell what else its codes say."""
    if isinstance(message, StatusReport):
        found = _judge_report(message, table, layers)
    else:
        found = _judge_statement(message, table, layers)
    for list_, code in message.codes.items():
        known = table.find(list_, code, "")
        if known is not None and known.outcome == MORE:
            text = f"this is not all: {known.meaning}"
            found.append(warning("H2H-MORE-PAGES", list_, text, WhoActs.TREASURY, next_step="ask for the next page"))
        elif known is not None and known.outcome == PACKED:
            step = "ask the bank again, for the answer as it is"
            found.append(error("H2H-PACKED", list_, known.meaning, WhoActs.TREASURY, next_step=step))
    return found


def _judge_report(report: StatusReport, table: CodeTable, layers: Layers) -> list[Finding]:
    text = " ".join(r.text for r in report.group_reasons)
    list_, code, known = table.decide(report.codes, layers.envelope, text)
    handled = not code or (known is not None and known.outcome == GO_ON)
    found: list[Finding] = []
    if not handled and layers.enquiry:
        found = [_enquiry_failed(list_, code, known, text)]
        # An empty element stands for no payment: what nothing was said of stays what it was.
        report.transactions = [t for t in report.transactions if any(name in t.codes for name in layers.payment)]
        if layers.ambiguous and not report.transactions and (known is None or known.outcome != NO_DATA):
            report.group_status, report.group_outcome = code, Outcome.UNKNOWN
            report.group_reasons = _reasons(report.group_reasons, list_, code)
    elif not handled:
        report.group_status, report.group_outcome = code, _outcome(known)
        report.group_reasons = _reasons(report.group_reasons, list_, code)
    for transaction in report.transactions:
        if handled or layers.enquiry:
            _judge_transaction(transaction, report.codes, table, layers)
        else:
            transaction.status, transaction.outcome = code, _outcome(known)
            transaction.reasons = _reasons(transaction.reasons or report.group_reasons, list_, code)
    return found


def _judge_transaction(
    transaction: TransactionStatus, of_all: Mapping[str, str], table: CodeTable, layers: Layers
) -> None:
    text = " ".join(r.text for r in transaction.reasons)
    list_, code, known = table.decide({**of_all, **transaction.codes}, layers.payment, text)
    transaction.status, transaction.outcome = code or None, _outcome(known)
    transaction.reasons = _reasons(transaction.reasons, list_, code)


def _outcome(known: BankCode | None) -> Outcome:
    """What became of the payment. Layers that all say *go on* have not said it."""
    if known is None or known.outcome in (GO_ON, NO_DATA, MORE):
        return Outcome.UNKNOWN
    return Outcome(known.outcome)


def _reasons(reasons: tuple[StatusReason, ...], list_: str, code: str) -> tuple[StatusReason, ...]:
    """The deciding code with the bank's words."""
    if not code:
        return reasons
    first = reasons[0] if reasons else StatusReason()
    return (replace(first, proprietary=code, list=list_), *reasons[1:])


def _judge_statement(message: StatementMessage, table: CodeTable, layers: Layers) -> list[Finding]:
    list_, code, known = table.decide(message.codes, layers.envelope, message.answer_text)
    if not code or (known is not None and known.outcome == GO_ON):
        return []
    if known is not None and known.outcome == NO_DATA:
        if not message.statements:
            message.statements.append(Statement("report", None, Account()))
        said = f" ({message.answer_text})" if message.answer_text else ""
        return [info("H2H-NO-DATA", list_, f"the bank has nothing for what was asked: {code}{said}")]
    message.statements = [s for s in message.statements if s.entries or s.balances]
    return [_enquiry_failed(list_, code, known, message.answer_text)]


def _enquiry_failed(list_: str, code: str, known: BankCode | None, text: str) -> Finding:
    said = f"{code} {text}".strip()
    if known is None:
        told = f"the bank did not answer the enquiry: {said}; no table here has this code"
        return warning("H2H-ENQUIRY", list_, told, WhoActs.TREASURY, next_step="ask the bank what the code means")
    told = f"the bank did not answer the enquiry: {said} ({known.meaning}); of the payments it says nothing"
    step = "mend that and ask again; this is no reason to send a payment anew"
    return warning("H2H-ENQUIRY", list_, told, ADVICE[known.advice].who_acts, next_step=step)
