"""What the simulated bank does with what it gets: a table, by name or from a TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from h2h.simulator.payments import Payment


@dataclass(frozen=True, slots=True)
class Rule:
    """Payments that it fits do not simply go through. Every condition that is given must fit."""

    outcome: Literal["reject", "return", "pending", "accept"]  # accept: taken, but booked on a later day
    code: str = "AC04"
    text: str = "Account closed"
    creditor_account: str | None = None
    creditor_name: str | None = None
    end_to_end_id: str | None = None
    remittance_contains: str | None = None
    amount_ends: str | None = None  # of the amount with two decimals: ".04"

    def fits(self, payment: Payment) -> bool:
        """True if this rule is about *payment*."""
        return (
            self.creditor_account in (None, payment.creditor_account)
            and self.creditor_name in (None, payment.creditor_name)
            and self.end_to_end_id in (None, payment.end_to_end_id)
            and (self.remittance_contains is None or self.remittance_contains in payment.remittance)
            and (self.amount_ends is None or f"{payment.amount:.2f}".endswith(self.amount_ends))
        )


# Without a table of its own a rehearsal still has something to see: cents decide.
CENTS = (
    Rule("reject", "AC04", "Account closed", amount_ends=".04"),
    Rule("reject", "AC01", "Account number is not known", amount_ends=".01"),
    Rule("reject", "AM04", "Insufficient funds", amount_ends=".44"),
    Rule("return", "MD07", "Creditor is deceased", amount_ends=".07"),
    Rule("pending", "", "", amount_ends=".09"),
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How and when the bank answers. Times are seconds after a file was taken."""

    file: Literal["accept", "reject", "silent"] = "accept"
    reject_code: str = "FF01"
    reject_text: str = "The file does not keep to the agreed format"
    rules: tuple[Rule, ...] = CENTS
    acknowledge: bool = True  # a first report on the file as a whole, before the one on its payments
    acknowledge_after: float = 0.0
    status_after: float = 0.0
    statement_after: float = 0.0
    return_after: float = 0.0  # after the statement
    recall: Literal["accept", "reject", "pending", "silent"] = "accept"  # payments that are called back
    recall_code: str = "CUST"  # why it gives none back
    recall_text: str = "The creditor does not agree"
    recall_after: float = 0.0
    notify: bool = False  # a debit notification (camt.054) besides the statement
    repeat_answers: bool = False  # every answer comes twice, the second under another name
    foreign_answer: bool = False  # besides, an answer to a message that nobody sent
    skip_sequence: bool = False  # each statement after the first leaves one number out
    slow_write_seconds: float = 0.0  # answers grow under their final names for so long
    take_after: float = 0.0  # files stay in the folder for so long
    takes_temporaries: bool = False  # whatever lies in the folder, under whatever name: F46
    remove_taken: bool = True  # a taken file disappears from the folder, as at most banks


BEHAVIOURS: dict[str, Behaviour] = {
    "accept": Behaviour(rules=()),
    "cents": Behaviour(),
    "reject-account": Behaviour(rules=(Rule("reject", "AC04", "Account closed"),)),
    "reject-file": Behaviour(file="reject"),
    "silent": Behaviour(file="silent"),
    "return-later": Behaviour(rules=(Rule("return", "AC04", "Account closed"),), return_after=1.0),
    "duplicate-ack": Behaviour(repeat_answers=True),
    "late": Behaviour(acknowledge_after=5.0, status_after=10.0, statement_after=15.0, return_after=5.0),
    "out-of-order": Behaviour(acknowledge_after=2.0, status_after=1.0, statement_after=0.0),
    "statement-gap": Behaviour(skip_sequence=True),
    "foreign-ack": Behaviour(foreign_answer=True),
    "half-written": Behaviour(slow_write_seconds=2.0),
    "notify": Behaviour(notify=True),
    "no-recall": Behaviour(rules=(), recall="reject"),
    "takes-temporaries": Behaviour(rules=(), takes_temporaries=True),
}


def load_behaviour(name_or_file: str) -> Behaviour:
    """A behaviour by its name in ``BEHAVIOURS``, or from a TOML file.

    The file holds any fields of ``Behaviour``, ``like = "NAME"`` to start from another one, and ``[[rules]]`` tables.
    Raises ``ValueError`` naming what is wrong.
    """
    if name_or_file in BEHAVIOURS:
        return BEHAVIOURS[name_or_file]
    path = Path(name_or_file)
    if not path.is_file():
        raise ValueError(f"no behaviour {name_or_file!r}; known: {', '.join(BEHAVIOURS)}, or a TOML file")
    values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    start = BEHAVIOURS.get(values.pop("like", "cents"))
    if start is None:
        raise ValueError(f"{path}: 'like' names no behaviour; known: {', '.join(BEHAVIOURS)}")
    unknown = set(values) - {field.name for field in fields(Behaviour)}
    if unknown:
        raise ValueError(f"{path}: unknown: {', '.join(sorted(unknown))}")
    if "rules" in values:
        try:
            values["rules"] = tuple(Rule(**rule) for rule in values["rules"])
        except TypeError as problem:
            raise ValueError(f"{path}: rules: {problem}") from problem
    return replace(start, **values)
