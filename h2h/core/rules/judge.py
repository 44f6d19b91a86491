"""Who decides how bad a finding is: the rule's default, the bank's profile, a waiver. And where it is said to stand.

The checks only say what is wrong with which field. ``Judge`` adds severity, place, reason, who acts and what next,
keeps the findings of one file up to a limit, and counts the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from h2h.core.declared import Rules, Waiver
from h2h.core.findings import Finding, Severity, WhoActs, info
from h2h.core.rules.table import RULES

#: Findings of one file that are listed one by one; the rest are counted.
FINDINGS_MAX = 1000


class Where(NamedTuple):
    """A place: for people, and its 1-based line and column where the source has them."""

    text: str
    line: int | None = None
    column: int | None = None


def nowhere(field: str) -> Where:
    """Before anything was read, a finding is about the file."""
    return Where(field or "file")


class Judge:
    """Collects the findings of one file. ``place`` says where a field of the payment at hand stands."""

    def __init__(self, rules: Rules | None = None, today: date | None = None, *, limit: int = FINDINGS_MAX) -> None:
        self.place: Callable[[str], Where] = nowhere
        self.exchanged = False  # a file of direct debits: the model's debtor is the creditor, and so are reason codes
        self.errors = 0
        self.count = 0  # of everything found, waived or not
        self._limit = limit
        # What stops the file is kept apart: warnings must not crowd it out.
        self._kept: dict[bool, list[Finding]] = {True: [], False: []}
        self._rest: Counter[str] = Counter()
        self._waived: Counter[str] = Counter()
        self._waivers: dict[str, Waiver] = {}
        self._severities: dict[str, Severity] = {}
        self._usage = {u.name: Severity(u.severity) for u in rules.usage} if rules is not None else {}
        if rules is not None:
            self._severities = {code: Severity(severity) for code, severity in rules.severities.items()}
            self._read_waivers(rules.waivers, today)

    def found(
        self,
        code: str,
        field: str,
        text: str,
        *,
        reason: str | None = None,
        next_step: str | None = None,
        where: Where | None = None,
        usage: str | None = None,
    ) -> None:
        """Something is wrong with *field* (a name of ``codecs.fields``) of the payment at hand, or at *where*.

        *usage* is the name of the usage rule, which may be waived and weighed by itself.
        """
        rule = RULES[code]
        self.count += 1
        for name in (usage, code):
            if name in self._waivers and not rule.fixed:
                self._waived[name] += 1
                return
        default = rule.severity if usage is None else self._usage.get(usage, rule.severity)
        severity = default if rule.fixed else self._severities.get(usage or code, self._severities.get(code, default))
        self.errors += severity is Severity.ERROR
        kept = self._kept[severity in (Severity.ERROR, Severity.HOLD)]
        if len(kept) >= self._limit and code != "H2H-LIMIT":  # that the rest was not read is never left out
            self._rest[code] += 1
            return
        where = where or self.place(field)
        kept.append(
            Finding(
                code,
                severity,
                where.text,
                text,
                rule.who_acts,
                rule.next_step if next_step is None else next_step,
                where.line,
                where.column,
                self._reason(reason or rule.reason),
            )
        )

    def _reason(self, code: str | None) -> str | None:
        return _OTHER_SIDE.get(code or "", code) if self.exchanged else code

    @property
    def refuses(self) -> bool:
        """True if an error was found."""
        return self.errors > 0

    def findings(self) -> list[Finding]:
        """All that was found, in the order of the file, with what was waived and what is not listed."""
        listed = sorted(self._kept[True] + self._kept[False], key=lambda f: f.line or 0)
        for code, count in sorted(self._waived.items()):
            waiver = self._waivers[code]
            listed.append(
                info(
                    "H2H-WAIVED",
                    code,
                    f"{code} was set aside {_times(count)}: {waiver.reason} ({waiver.owner}, until {waiver.until})",
                )
            )
        if self._rest:
            counts = ", ".join(f"{code} {count:,}" for code, count in sorted(self._rest.items()))
            text = f"{sum(self._rest.values()):,} further findings are not listed: {counts}"
            listed.append(info("H2H-MORE", "file", text))
        return listed

    def _read_waivers(self, waivers: tuple[Waiver, ...], today: date | None) -> None:
        for waiver in waivers:
            if today is not None and waiver.until < today:
                self.found(
                    "H2H-WAIVER-EXPIRED",
                    "",
                    f"the waiver of {waiver.rule} ({waiver.reason}; {waiver.owner}) ended on {waiver.until}",
                    where=Where("rules.waivers"),
                )
            else:
                self._waivers[waiver.rule] = waiver


#: Reason codes that name a side, and what they are called for the other one.
_OTHER_SIDE = {
    "AC02": "AC03", "AC10": "AC11", "BE04": "BE07", "BE07": "BE04", "BE08": "BE22", "BE22": "BE08", "BE10": "BE11",
    "BE11": "BE10", "CNOR": "DNOR", "DNOR": "CNOR", "RC06": "RC07", "RC07": "RC06", "RC09": "RC10", "RC10": "RC09",
}  # fmt: skip


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def check_rules(rules: Rules) -> list[Finding]:
    """Mistakes in a profile's ``[rules]``: codes that no rule has (an error), rules that cannot be changed."""
    usage = {u.name for u in rules.usage}
    named = [("severities", code) for code in rules.severities] + [("waivers", w.rule) for w in rules.waivers]
    return [
        Finding(
            "H2H-RULES",
            Severity.ERROR if code not in RULES else Severity.WARNING,
            f"rules.{table}",
            f"there is no rule {code}"
            if code not in RULES
            else f"{code} can be neither changed nor waived; without it no payment can be made",
            WhoActs.SYSTEM_ADMINISTRATOR,
            "correct the bank's profile; docs/configuration.md lists the rules",
        )
        for table, code in named
        if code not in usage and (code not in RULES or RULES[code].fixed)
    ]


def shown(value: str, longest: int = 40) -> str:
    """A value in a finding: in quotes, control characters escaped, its end left out where it is long."""
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in value[: longest + 1])
    return f'"{text[:longest]}…"' if len(value) > longest else f'"{text}"'


def masked(account: str) -> str:
    """An account number in a finding: enough to recognise it."""
    return account if len(account) <= 8 else f"{account[:4]}…{account[-4:]}"
