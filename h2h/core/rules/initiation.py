"""A payment file that the ERP already wrote in ISO 20022: its bytes go to the bank unchanged, but not unchecked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from h2h.core.codecs.fields import COLLECTION_INSTRUCTION_FIELDS, COLLECTION_TRANSACTION_FIELDS, FIELDS, Level
from h2h.core.findings import Finding
from h2h.core.format import Read
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction
from h2h.core.rules.collection import check_collecting, check_collection
from h2h.core.rules.judge import Where
from h2h.core.rules.limits import check_limits
from h2h.core.rules.payment import check_instruction, check_transfer, check_transfer_texts, execution_day
from h2h.core.rules.references import Ids, Marks, Seen, check_id
from h2h.core.rules.relations import check_relations
from h2h.core.rules.terms import BankTerms, Terms


def check_initiation(read: Read, bank: BankTerms, today: date) -> list[Finding]:
    """All findings of the file: what the reader found, then what the rules find. Nothing is changed.

    *read* holds an ``Initiation`` (credit transfers or direct debits); of another message only the reader's findings
    are given back.
    """
    if not isinstance(read.message, Initiation):
        return list(read.findings)
    terms = Terms.of(bank, today, passed_through=True)
    transactions = read.message.transactions
    _Check(read.message, lambda: transactions, Totals.made_of(transactions), terms, Seen).all()
    return [*read.findings, *terms.judge.findings()]


def check_payments(
    initiation: Initiation,
    transfers: Callable[[], Iterable[CreditTransfer]],
    totals: Totals,
    bank: BankTerms,
    today: date,
) -> list[Finding]:
    """What the rules find in a file whose payments are not held: they come from *transfers*, once or twice.

    *totals* were added up beforehand. What the reader found is not among the findings.
    """
    marks: dict[str, Marks] = {unit: Marks() for unit in ("payment", "instruction")}
    terms = Terms.of(bank, today, passed_through=True)
    _Check(initiation, transfers, totals, terms, marks.__getitem__).all()
    repeated = {unit: kept.repeated() for unit, kept in marks.items()}
    if any(repeated.values()):  # something may be there twice: looked at again, now with what may be in mind
        terms = Terms.of(bank, today, passed_through=True)
        _Check(initiation, transfers, totals, terms, lambda unit: Seen(unit, repeated[unit])).all()
    return terms.judge.findings()


@dataclass(slots=True)
class Sums:
    """Number, sum and currencies of some payments."""

    count: int = 0
    total: Decimal = Decimal(0)
    currencies: set[str] = field(default_factory=set)

    def add(self, transfer: CreditTransfer) -> None:
        """One more."""
        self.count += 1
        self.total += transfer.amount
        self.currencies.add(transfer.currency)


@dataclass(slots=True)
class Totals:
    """What the payments of a file add up to: all of them, by currency, and those of each instruction."""

    all: Sums = field(default_factory=Sums)
    by_currency: dict[str, Decimal] = field(default_factory=dict)
    of: dict[int, Sums] = field(default_factory=dict)  # by the identity of the instruction

    @classmethod
    def made_of(cls, transfers: Iterable[CreditTransfer]) -> Totals:
        """Of these."""
        totals = cls()
        totals.add(transfers)
        return totals

    def add(self, transfers: Iterable[CreditTransfer]) -> None:
        """Some more."""
        for transfer in transfers:
            self.all.add(transfer)
            self.of.setdefault(id(transfer.instruction), Sums()).add(transfer)
            currency = transfer.currency
            self.by_currency[currency] = self.by_currency.get(currency, Decimal(0)) + transfer.amount


class _Check:
    def __init__(
        self,
        initiation: Initiation,
        transfers: Callable[[], Iterable[CreditTransfer]],
        totals: Totals,
        terms: Terms,
        ids_of: Callable[[str], Ids],
    ) -> None:
        self._initiation = initiation
        self._transfers = transfers
        self._sums = totals
        self._terms = terms
        self._seen = ids_of("payment")
        self._seen_instructions = ids_of("instruction")
        self._exchanged = terms.judge.exchanged = initiation.kind == "direct-debit"

    def all(self) -> None:
        initiation, terms, totals = self._initiation, self._terms, self._sums
        if initiation.message_id:
            terms.judge.place = lambda _: Where("GrpHdr/MsgId")
            check_id("message_id", initiation.message_id, terms)
        if terms.usage is not None:
            terms.judge.place = lambda field: Where(f"GrpHdr/{_HEADER_PATHS.get(field, field)}")
            terms.usage.check_header(initiation, terms.today, terms.judge)
        for number, instruction in enumerate(initiation.instructions, start=1):
            self._instruction(instruction, number, totals.of.get(id(instruction), Sums()))
        for ordinal, transfer in enumerate(self._transfers(), start=1):
            self._transfer(transfer, ordinal)
        self._totals("GrpHdr", initiation.stated_transaction_count, initiation.stated_control_sum,
                     totals.all, ("AM19", "AM16"))  # fmt: skip
        check_limits(totals.all.count, totals.by_currency, terms)
        if not totals.all.count:
            terms.judge.found("H2H-EMPTY", "", "the file holds no payment", where=Where("Document"))

    def _instruction(self, i: PaymentInstruction, number: int, sums: Sums) -> None:
        at = f"PmtInf[{number}]"
        self._terms.judge.place = lambda field: Where(f"{at}/{self._path(field)}")
        if i.id:
            check_id("payment_information_id", i.id, self._terms, seen=self._seen_instructions, number=number)
        check_instruction(i, self._terms)
        if self._exchanged:
            check_collecting(i, self._terms)
        self._totals(at, i.stated_transaction_count, i.stated_control_sum, sums, ("AM20", "AM17"))
        currencies = sorted(sums.currencies)
        if len(currencies) > 1:
            text = f"the instruction mixes {' and '.join(currencies)}; banks refuse that"
            self._terms.judge.found("H2H-CURRENCY", "", text, where=Where(at))

    def _transfer(self, t: CreditTransfer, ordinal: int) -> None:
        at, line = (t.place.path, t.place.line) if t.place else (f"CdtTrfTxInf[{ordinal}]", None)
        self._terms.judge.place = lambda field: Where(f"{at}/{self._path(field)}", line)
        # What is missing has a finding of the reader's already.
        missing = {name for name, value in (("end_to_end_id", t.end_to_end_id), ("currency", t.currency)) if not value}
        check_transfer(t, self._terms, self._seen, ordinal, frozenset(missing))
        check_transfer_texts(t, self._terms)
        check_relations(t, self._terms)
        if self._terms.usage is not None:
            day = execution_day(t.instruction) or self._terms.today
            self._terms.usage.check_transfer(t, day, self._terms.judge)
        if self._exchanged:
            check_collection(t, self._terms, self._seen, ordinal)

    def _totals(
        self,
        at: str,
        stated_count: int | None,
        stated_sum: Decimal | None,
        there: Sums,
        reasons: tuple[str, str],
    ) -> None:
        judge = self._terms.judge
        if stated_count is not None and stated_count != there.count:
            text = f"{at} says {stated_count} transactions, there are {there.count}"
            judge.found("H2H-COUNT", "", text, reason=reasons[0], where=Where(f"{at}/NbOfTxs"))
        if stated_sum is not None and stated_sum != there.total:
            text = f"{at} says {stated_sum}, the amounts add up to {there.total}"
            judge.found("H2H-SUM", "", text, reason=reasons[1], where=Where(f"{at}/CtrlSum"))

    def _path(self, field: str) -> str:
        known = FIELDS.get(field)
        path = known.path if known else _other_path(field)
        if not self._exchanged or field in _ONLY_IN_COLLECTIONS:
            return path
        path = path.replace("ReqdExctnDt", "ReqdColltnDt")
        # In a direct debit the payee's side is the instruction's; the canonical model keeps its words.
        mark = "Dbtr" if known is not None and known.level is Level.INSTRUCTION else "Cdtr"
        return path.replace(mark, "Cdtr" if mark == "Dbtr" else "Dbtr")


_ONLY_IN_COLLECTIONS = frozenset(COLLECTION_INSTRUCTION_FIELDS + COLLECTION_TRANSACTION_FIELDS)
_HEADER_PATHS = {
    "control_sum": "CtrlSum",
    "transaction_count": "NbOfTxs",
    "initiating_party_address": "InitgPty/PstlAdr",
}
# Fields that only ISO files have, and parties whose address they may hold.
_OTHER_PATHS = {
    "payment_information_id": "PmtInfId",
    "message_id": "MsgId",
    "payment_method": "PmtMtd",
    "instruction_control_sum": "CtrlSum",
    "instruction_transaction_count": "NbOfTxs",
    "intermediary_agent_bic": "IntrmyAgt1",
    "instructions_for_creditor_agent": "InstrForCdtrAgt",
    "purpose_proprietary": "Purp/Prtry",
}
_OTHER_PARTIES = {
    "ultimate_debtor": "UltmtDbtr",
    "ultimate_creditor": "UltmtCdtr",
    "debtor_agent": "DbtrAgt/FinInstnId",
    "creditor_agent": "CdtrAgt/FinInstnId",
}


def _other_path(field: str) -> str:
    for party, tag in _OTHER_PARTIES.items():
        like = FIELDS.get(f"creditor_{field.removeprefix(f'{party}_')}")
        if field.startswith(f"{party}_") and like is not None:
            return like.path.replace("Cdtr", tag, 1)
    return _OTHER_PATHS.get(field, field)
