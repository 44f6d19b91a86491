"""The simulated bank's mind: judges a file, books what it pays, says so in its own time. No files, no network here."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from h2h.simulator.behaviour import Behaviour
from h2h.simulator.payments import Initiation, Payment
from h2h.simulator.questions import Question, Recall, Wanted
from h2h.simulator.reports import Verdict, group_report, payment_report
from h2h.simulator.resolutions import Decision, resolution
from h2h.simulator.statements import Account, Booking, notification, statement


@dataclass(frozen=True, slots=True)
class Answer:
    """A message of the bank, not yet sealed: ``name`` without suffix."""

    name: str
    data: bytes


@dataclass(slots=True)
class _File:
    """A file that was taken: what was said of its payments, which are booked, and which were called back in time."""

    initiation: Initiation
    verdicts: list[Verdict]
    booked: bool = False
    cancelled: set[int] = field(default_factory=set)  # places in ``verdicts``


@dataclass(order=True)
class _Due:
    at: datetime
    order: int
    speak: Callable[[datetime], Sequence[Answer]] = field(compare=False)


class Brain:
    """One bank with all its books. ``state()`` and ``restore()`` carry numbers and balances over a restart."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._accounts: dict[tuple[str, str], Account] = {}
        self._message_ids: set[str] = set()
        self._files: dict[str, _File] = {}
        self._number = 0
        self._due: list[_Due] = []
        self._order = 0

    def take(self, initiation: Initiation, at: datetime) -> None:
        """Judge a file and plan all answers to it."""
        how = self.behaviour
        if initiation.refusal is None and initiation.message_id in self._message_ids:
            initiation.refusal = ("DU01", "this message identification was used before")
        if initiation.refusal is None and how.file == "reject":
            initiation.refusal = (how.reject_code, how.reject_text)
        if how.foreign_answer:
            stranger = Initiation(initiation.message_name, "NOBODY-SENT-THIS")
            self._plan(at, how.status_after, lambda now: self._group(stranger, now, "ACTC"))
        if how.file == "silent":
            return
        if initiation.refusal is not None:
            code, text = initiation.refusal
            self._plan(at, how.status_after, lambda now: self._group(initiation, now, "RJCT", code, text))
            return
        self._message_ids.add(initiation.message_id)
        verdicts = [self._judge(payment) for payment in initiation.payments]
        self._files[initiation.message_id] = _File(initiation, verdicts)
        if how.acknowledge:
            self._plan(at, how.acknowledge_after, lambda now: self._group(initiation, now, "ACTC"))
        self._plan(at, how.status_after, lambda now: self._payments(initiation, now, verdicts))
        if any(verdict.status == "ACSP" for verdict in verdicts):
            self._plan(at, how.statement_after, lambda now: self._settle(initiation, now, verdicts))
            if any(verdict.returned for verdict in verdicts):
                self._plan(
                    at, how.statement_after + how.return_after, lambda now: self._send_back(initiation, now, verdicts)
                )

    def answer(self, question: Recall | Question, at: datetime) -> None:
        """Plan the answer to a customer who calls payments back, or asks for a statement."""
        how = self.behaviour
        if isinstance(question, Question):
            self._plan(at, how.status_after, lambda now: self._state_account(question, now))
        elif how.recall != "silent":
            self._plan(at, how.recall_after, lambda now: self._resolve(question, now))

    def speak(self, now: datetime) -> Iterator[Answer]:
        """All answers that are due, in their order; some twice, if that is this bank's way."""
        while self._due and self._due[0].at <= now:
            for answer in heapq.heappop(self._due).speak(now):
                yield answer
                if self.behaviour.repeat_answers:
                    yield Answer(self._name(answer.name.split(".", 1)[1]), answer.data)

    @property
    def silent_until(self) -> datetime | None:
        """When the next answer is due; None if there is none."""
        return self._due[0].at if self._due else None

    def state(self) -> dict[str, Any]:
        """What must outlive the process; answers that are not yet due are lost, as at a bank with a bad night."""
        return {
            "number": self._number,
            "message_ids": sorted(self._message_ids),
            "accounts": [account.as_json() for account in self._accounts.values()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state()``."""
        self._number = state["number"]
        self._message_ids = set(state["message_ids"])
        for values in state["accounts"]:
            account = Account.of_json(values)
            self._accounts[account.number, account.currency] = account

    # ------------------------------------------------------------------------------------------ answers

    def _judge(self, payment: Payment) -> Verdict:
        for rule in self.behaviour.rules:
            if rule.fits(payment):
                status = {"reject": "RJCT", "return": "ACSP", "pending": "PDNG", "accept": "ACCP"}[rule.outcome]
                return Verdict(payment, status, rule.code, rule.text, returned=rule.outcome == "return")
        return Verdict(payment, "ACSP")

    def _group(self, to: Initiation, now: datetime, status: str, code: str = "", text: str = "") -> list[Answer]:
        name = self._name("pain.002.xml")
        return [Answer(name, group_report(to, self._last_id(), now, status, code, text))]

    def _payments(self, to: Initiation, now: datetime, verdicts: Sequence[Verdict]) -> list[Answer]:
        name = self._name("pain.002.xml")
        return [Answer(name, payment_report(to, self._last_id(), now, verdicts))]

    def _settle(self, to: Initiation, now: datetime, verdicts: Sequence[Verdict]) -> list[Answer]:
        file = self._files[to.message_id]
        file.booked = True
        paid = [v.payment for n, v in enumerate(verdicts) if v.status == "ACSP" and n not in file.cancelled]
        touched: dict[tuple[str, str], list[Booking]] = {}
        for payments in _together(paid):
            booking = Booking(self._reference(), payments, to.message_id)
            touched.setdefault((payments[0].debtor_account, payments[0].currency), []).append(booking)
        return self._book(to, now, touched, notify=self.behaviour.notify)

    def _send_back(self, to: Initiation, now: datetime, verdicts: Sequence[Verdict]) -> list[Answer]:
        touched: dict[tuple[str, str], list[Booking]] = {}
        for verdict in verdicts:
            if verdict.returned:
                booking = Booking(self._reference(), (verdict.payment,), to.message_id, verdict)
                touched.setdefault((verdict.payment.debtor_account, verdict.payment.currency), []).append(booking)
        return self._book(to, now, touched, notify=True)

    def _resolve(self, recall: Recall, now: datetime) -> list[Answer]:
        """The decision on each payment; money that has gone already is booked back with the next statement."""
        decisions: list[Decision] = []
        back: list[tuple[Initiation, Verdict]] = []
        for wanted in recall.wanted:
            file = self._files.get(wanted.message_id)
            if file is None:
                continue
            for number, verdict in enumerate(file.verdicts):
                if _is_wanted(verdict.payment, wanted):
                    decisions.append(self._decide(file, number, verdict))
                    if decisions[-1].status == "ACCR" and file.booked and verdict.status == "ACSP":
                        back.append((file.initiation, verdict))
        if not decisions:
            stranger = Initiation(recall.message_name, recall.message_id)
            return self._group(stranger, now, "RJCT", "NOOR", "the bank has no such payment")
        name = self._name("camt.029.xml")
        answers = [Answer(name, resolution(recall, decisions, self._last_id(), now))]
        for initiation, verdict in back:
            returned = Verdict(verdict.payment, "ACSP", "FOCR", "Following your request", returned=True)
            answers += self._send_back(initiation, now, [returned])
        return answers

    def _decide(self, file: _File, number: int, verdict: Verdict) -> Decision:
        how, of = self.behaviour, file.initiation
        if verdict.status == "RJCT" or number in file.cancelled:
            return Decision(of.message_id, of.message_name, verdict.payment, "RJCR", "NOOR", "It was not executed")
        if how.recall == "pending":
            return Decision(of.message_id, of.message_name, verdict.payment, "PDCR")
        if how.recall == "reject":
            text = how.recall_text
            return Decision(of.message_id, of.message_name, verdict.payment, "RJCR", how.recall_code, text)
        file.cancelled.add(number)
        return Decision(of.message_id, of.message_name, verdict.payment, "ACCR")

    def _state_account(self, question: Question, now: datetime) -> list[Answer]:
        """A statement of each account that is asked about; a refusal of what this bank does not give."""
        answers: list[Answer] = []
        query = (question.message_id, question.message_name)
        for asked in question.asked:
            books = [book for (number, _), book in self._accounts.items() if number == asked.account]
            if not asked.message.startswith("camt.053") or not books:
                stranger = Initiation(question.message_name, question.message_id)
                return self._group(stranger, now, "RJCT", "AG03", "no such statement is kept here")
            version = "02" if asked.message.endswith(".02") else "08"
            for book in books:
                name = self._name("camt.053.xml")
                answers.append(Answer(name, statement(book, self._last_id(), now, version, query=query)))
        return answers

    def _book(
        self, to: Initiation, now: datetime, touched: dict[tuple[str, str], list[Booking]], *, notify: bool
    ) -> list[Answer]:
        version = "02" if to.message_name == "pain.001.001.03" else "08"
        answers = []
        for key, bookings in touched.items():
            account = self._accounts.setdefault(key, Account(*key))
            account.bookings += bookings
            if notify:
                name = self._name("camt.054.xml")
                answers.append(Answer(name, notification(account, bookings, self._last_id(), now, version)))
            name = self._name("camt.053.xml")
            gap = self.behaviour.skip_sequence
            answers.append(Answer(name, statement(account, self._last_id(), now, version, skip_sequence=gap)))
        return answers

    # ------------------------------------------------------------------------------------------ numbers

    def _plan(self, at: datetime, seconds: float, speak: Callable[[datetime], Sequence[Answer]]) -> None:
        self._order += 1
        heapq.heappush(self._due, _Due(at + timedelta(seconds=seconds), self._order, speak))

    def _name(self, kind: str) -> str:
        self._number += 1
        return f"{self._number:06d}.{kind}"

    def _last_id(self) -> str:
        return f"BANK-{self._number:06d}"

    def _reference(self) -> str:
        self._number += 1
        return f"REF-{self._number:06d}"


def _is_wanted(payment: Payment, wanted: Wanted) -> bool:
    return wanted.payment_information_id in (None, payment.payment_information_id) and wanted.end_to_end_id in (
        None,
        payment.end_to_end_id,
    )


def _together(paid: Sequence[Payment]) -> Iterator[tuple[Payment, ...]]:
    """Payments as they are booked: one by one, or all of a payment information that asks for batch booking."""
    for (_, batch), group in groupby(paid, key=lambda p: (p.payment_information_id, p.batch)):
        members = tuple(group)
        if batch and len({p.currency for p in members}) == 1:
            yield members
        else:
            yield from ((payment,) for payment in members)
