"""What a bank's profile means for the checks, compiled once a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol

from h2h.core.charset import Repertoire
from h2h.core.declared import Rules
from h2h.core.directory import BankDirectory
from h2h.core.rules.judge import Judge
from h2h.core.rules.stopped import Stopped
from h2h.core.rules.templates import Templates
from h2h.core.rules.usage import UsageChecks
from h2h.core.working_days import WorkingDays


class BankTerms(Protocol):
    """The part of a bank's profile that checks and conversion read."""

    @property
    def rules(self) -> Rules: ...
    @property
    def accounts(self) -> tuple[str, ...]: ...
    @property
    def initiating_party(self) -> str | None: ...
    @property
    def banks(self) -> BankDirectory | None: ...


@dataclass(slots=True)
class Terms:
    """The profile, today's date and the judge of one file; ``passed_through`` if the ERP's own bytes go to the bank."""

    rules: Rules
    today: date
    judge: Judge
    accounts: frozenset[str] = frozenset()
    passed_through: bool = False
    banks: BankDirectory | None = None
    sepa: bool = field(init=False)
    repertoire: Repertoire = field(init=False)
    usage: UsageChecks | None = field(init=False)
    stopped: Stopped | None = field(init=False)
    templates: Templates | None = field(init=False)
    working_days: WorkingDays = field(init=False)

    def __post_init__(self) -> None:
        self.sepa = self.rules.scheme == "sepa"
        self.repertoire = Repertoire(self.rules.charset)
        self.usage = UsageChecks(self.rules.usage) if self.rules.usage else None
        self.stopped = Stopped.of(self.rules)
        self.templates = Templates.of(self.rules)
        self.working_days = WorkingDays.of(self.rules)

    @classmethod
    def of(cls, bank: BankTerms, today: date, *, passed_through: bool = False) -> Terms:
        """The terms of *bank*."""
        accounts = frozenset(account.replace(" ", "").upper() for account in bank.accounts)
        return cls(bank.rules, today, Judge(bank.rules, today), accounts, passed_through, bank.banks)


#: pain.001: ActiveOrHistoricCurrencyAndAmount has at most 18 digits, 5 of them decimals.
DIGITS_MAX, DECIMALS_MAX = 18, 5
#: EPC115-06: the amounts a SEPA credit transfer can have.
SEPA_MIN, SEPA_MAX = Decimal("0.01"), Decimal("999999999.99")
