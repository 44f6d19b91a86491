"""Usage rules as data: what a scheme demands of a field beyond the schema, compiled once and asked of each payment.

A rule names a field, a demand and the clause that makes it (``core/declared.py``, ``Usage``). It is evaluated on the
canonical model, so one rule serves every format that carries the field. Which rules are in force is decided by the day
of execution: a rule that begins in November binds the payments of November, whenever they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from h2h.core.declared import Usage
from h2h.core.errors import Misconfigured
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction
from h2h.core.rules.judge import Judge
from h2h.core.rules.usage_fields import HEADER, INSTRUCTION, PLAIN, TOTALS, TRANSACTION, Plain

Get = Callable[[Any], Any]
#: The fault in words, or None.
Test = Callable[[Any], str | None]
#: (end-to-end id, amount as written, creditor's name, IBAN, text) → the amount; None: look closer (``plain.py``).
PlainCheck = Callable[[str, str, str, str, str], Decimal | None]


class _Check(NamedTuple):
    usage: Usage
    blamed: str  # the field whose place is told
    get: Get
    when: tuple[tuple[Get, frozenset[str]], ...]
    test: Test

    def holds_on(self, day: date) -> bool:
        """Whether it is in force for a payment of that day."""
        after = self.usage.valid_from is None or day >= self.usage.valid_from
        return after and (self.usage.valid_until is None or day <= self.usage.valid_until)


class UsageChecks:
    """The usage rules of one bank. The rules in force are picked once a day of execution, not once a payment."""

    def __init__(self, rules: Iterable[Usage]) -> None:
        """``Misconfigured`` names a rule of an unknown field or with a wrong pattern."""
        rules = tuple(rules)
        self._all = {name: [c for u in rules for c in _compiled(u, table)] for name, table in _TABLES.items()}
        #: A rule ties what differs between plain payments to what they share: each payment must be looked at whole.
        self.needs_whole_payments = any(_is_mixed(usage) for usage in rules)
        self._of_day: dict[tuple[str, date], tuple[_Check, ...]] = {}

    def check_header(self, initiation: Initiation, today: date, judge: Judge) -> None:
        """The rules for the file's header; of a file that the ERP wrote itself."""
        self._run("header", initiation, today, judge)

    def check_instruction(self, i: PaymentInstruction, day: date, judge: Judge, *, passed_through: bool) -> None:
        """The rules for what the payments of one instruction share; counts and sums only where the ERP wrote them."""
        self._run("instruction", i, day, judge)
        if passed_through:
            self._run("totals", i, day, judge)

    def check_transfer(self, t: CreditTransfer, day: date, judge: Judge) -> None:
        """The rules for one payment."""
        self._run("transaction", t, day, judge)

    def quickly(self, check: PlainCheck, day: date, currency: str) -> PlainCheck | None:
        """The look at plain payments of that day, and these rules with it; None if each must be looked at whole."""
        if self.needs_whole_payments:
            return None
        checks = self._in_force("plain", day)
        if not checks:
            return check

        def both(end_to_end_id: str, amount: str, name: str, iban: str, text: str) -> Decimal | None:
            exact = check(end_to_end_id, amount, name, iban, text)
            if exact is None:
                return None
            plain = Plain(end_to_end_id, exact, currency, name, iban, text)
            return None if any(c.test(c.get(plain)) is not None for c in checks) else exact

        return both

    def _in_force(self, table: str, day: date) -> tuple[_Check, ...]:
        checks = self._of_day.get((table, day))
        if checks is None:
            checks = self._of_day[table, day] = tuple(c for c in self._all[table] if c.holds_on(day))
        return checks

    def _run(self, table: str, value: object, day: date, judge: Judge) -> None:
        for usage, blamed, get, when, test in self._in_force(table, day):
            said = test(get(value))
            if said is None or not all(_met(condition(value), values) for condition, values in when):
                continue
            text = f"{usage.field.replace('_', ' ')} {said} ({usage.name}: {usage.clause})"
            judge.found("H2H-USAGE", blamed, text, reason=usage.reason, usage=usage.name)


_TABLES = {"header": HEADER, "instruction": INSTRUCTION, "totals": TOTALS, "transaction": TRANSACTION, "plain": PLAIN}


def known_fields() -> list[str]:
    """All fields that a usage rule may name, in the order of the tables."""
    return list(dict.fromkeys(name for table in _TABLES.values() for name in table))


def _met(value: Any, values: frozenset[str]) -> bool:
    return value not in (None, "", ()) and (not values or str(value) in values)


def _compiled(usage: Usage, table: dict[str, tuple[str, Get]]) -> list[_Check]:
    """The checks of one rule at one level: none if the level does not have the field."""
    names = {usage.field, *usage.when}
    unknown = names - set(known_fields())
    if unknown:
        raise Misconfigured(f"usage rule {usage.name}: there is no field {', '.join(sorted(unknown))}")
    if not any(names <= level.keys() for level in _TABLES.values()):
        raise Misconfigured(f"usage rule {usage.name}: {', '.join(sorted(names))} do not stand at one level")
    if usage.field not in table or any(name not in table for name in usage.when):
        return []
    blamed, get = table[usage.field]
    when = tuple((table[name][1], frozenset(values)) for name, values in usage.when.items())
    return [_Check(usage, blamed, get, when, test) for test in _tests(usage)]


def _is_mixed(usage: Usage) -> bool:
    names = {usage.field, *usage.when}
    return names <= TRANSACTION.keys() and not names.isdisjoint(PLAIN) and not names <= PLAIN.keys()


def _tests(usage: Usage) -> list[Test]:
    tests: list[Test] = []
    if usage.required:
        tests.append(lambda v: "is missing" if v in (None, "", ()) else None)
    if usage.forbidden:
        tests.append(lambda v: None if v in (None, "", ()) else f"must not be there: {_shown(v)}")
    if usage.allowed:
        tests.append(_one_of(usage.allowed))
    if usage.pattern is not None:
        tests.append(_matching(usage))
    if usage.longest is not None:
        tests.append(_no_longer(usage.longest))
    if usage.at_most is not None:
        tests.append(_no_more(usage.at_most))
    if usage.least is not None or usage.most is not None:
        tests.append(_between(usage.least, usage.most))
    return tests


def _one_of(allowed: tuple[str, ...]) -> Test:
    known = frozenset(allowed)
    said = allowed[0] if len(allowed) == 1 else f"one of {', '.join(allowed)}"
    return lambda v: None if v is None or v == "" or v in known else f"is {_shown(v)}, not {said}"


def _matching(usage: Usage) -> Test:
    try:
        fits = re.compile(usage.pattern or "").fullmatch
    except re.error as problem:
        raise Misconfigured(f"usage rule {usage.name}: {usage.pattern!r} is no pattern: {problem}") from problem
    return lambda v: _first(f"is {_shown(text)}, which has another form" for text in _texts(v) if not fits(text))


def _no_longer(longest: int) -> Test:
    def said(value: Any) -> str | None:
        if value.__class__ is str:
            return None if len(value) <= longest else f"has {len(value)} characters, at most {longest} are allowed"
        over = (len(text) for text in _texts(value) if len(text) > longest)
        return _first(f"has {length} characters, at most {longest} are allowed" for length in over)

    return said


def _no_more(at_most: int) -> Test:
    def said(value: Any) -> str | None:
        count = len(value) if isinstance(value, tuple) else 0 if value in (None, "") else 1
        return None if count <= at_most else f"stands {count} times, at most {at_most} allowed"

    return said


def _between(least: Decimal | None, most: Decimal | None) -> Test:
    def said(value: Any) -> str | None:
        if value is None or ((least is None or value >= least) and (most is None or value <= most)):
            return None
        return f"is {value}, outside {least if least is not None else '…'} to {most if most is not None else '…'}"

    return said


def _first(said: Iterable[str]) -> str | None:
    return next(iter(said), None)


def _texts(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else () if value in (None, "") else (str(value),)


def _shown(value: Any) -> str:
    text = str(value[0] if isinstance(value, tuple) and value else value)
    return text if len(text) <= 40 else f"{text[:39]}…"
