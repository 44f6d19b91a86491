"""The control totals of a BAI2 file: what its trailers (49, 98, 99) state, beside what is there."""

from __future__ import annotations

import re
from decimal import Decimal

from h2h.core.codecs.bai2_records import Record
from h2h.core.findings import Finding, WhoActs, warning

_NUMBER = re.compile(r"[-+]?[0-9]{1,40}(?:\.[0-9]*)?")
_LEVELS = {"49": "account", "98": "group", "99": "file"}
_OPENS = {"03": "49", "02": "98", "01": "99"}


class Totals:
    """Counted while the records go by. An account's total is that of its amounts, signs and all, decimals left out."""

    def __init__(self, findings: list[Finding]) -> None:
        self._findings = findings
        self._records = dict.fromkeys(_LEVELS, 0)
        self._below = {"98": 0, "99": 0}
        self._sum = dict.fromkeys(_LEVELS, Decimal(0))

    def take(self, record: Record) -> None:
        """The next record; a trailer is compared."""
        opened = _OPENS.get(record.code)
        if opened:
            self._forget(opened)
        for level in _LEVELS:
            self._records[level] += record.physical
        if record.code in _LEVELS:
            self._compare(record)

    def add(self, amount: str) -> None:
        """An amount of the account, as it stands."""
        if _NUMBER.fullmatch(amount):
            self._sum["49"] += Decimal(amount)

    def _compare(self, record: Record) -> None:
        level = record.code
        fields = [*record.fields(), "", "", ""]
        total, below, count = (fields[0], "", fields[1]) if level == "49" else (fields[0], fields[1], fields[2])
        self._check(record, "a control total of", total, self._sum[level])
        self._check(record, "a number of records of", count, Decimal(self._records[level]))
        if level != "49":
            what = "accounts" if level == "98" else "groups"
            self._check(record, f"a number of {what} of", below, Decimal(self._below[level]))
        # What the next level up adds is what this one states.
        if level != "99":
            upper = "98" if level == "49" else "99"
            self._sum[upper] += Decimal(total) if _NUMBER.fullmatch(total) else self._sum[level]
            self._below[upper] += 1
        self._forget(level)

    def _check(self, record: Record, what: str, stated: str, there: Decimal) -> None:
        if not stated:
            return
        if _NUMBER.fullmatch(stated) and Decimal(stated) == there:
            return
        level = _LEVELS[record.code]
        text = f"line {record.line}: the {level}'s trailer states {what} {stated}, there is {there:f}"
        self._findings.append(warning("H2H-BAI2-TOTAL", record.where, text, WhoActs.BANK, line=record.line))

    def _forget(self, level: str) -> None:
        self._records[level] = 0
        self._sum[level] = Decimal(0)
        if level in self._below:
            self._below[level] = 0
