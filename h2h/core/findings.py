"""A finding: what is wrong, where, and who acts. The one currency in which readers, rules and schemas report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad: an error refuses the file, a hold lets it wait for a person, a warning travels with it, an info is a

    remark.
    """

    ERROR = "error"
    HOLD = "hold"
    WARNING = "warning"
    INFO = "info"


class WhoActs(StrEnum):
    """The people who can mend something, in the words of a treasury department."""

    ACCOUNTS_PAYABLE = "accounts payable"  # payment data: names, accounts, amounts
    ERP_TEAM = "ERP team"  # the shape of the file, its encoding, its export
    TREASURY = "treasury"  # approvals, limits, doubts about money
    SYSTEM_ADMINISTRATOR = "system administrator"  # configuration, keys, disks, network
    BANK = "bank"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in one file.

    ``where`` is a place a person can go to: ``line 14, column amount`` or ``CdtTrfTxInf[14]/Cdtr/Nm``; ``line`` and
    ``column`` (1-based) say the same for programs where the source has lines. ``reason`` is the ISO reason code the
    bank would answer with, if there is one. ``next_step`` completes "Next: …".
    """

    code: str
    severity: Severity
    where: str
    text: str
    who_acts: WhoActs = WhoActs.NOBODY
    next_step: str = ""
    line: int | None = None
    column: int | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding as the command-line contract prints it: a hold is a warning there that bears ``holds``."""
        told = {k: (str(v) if isinstance(v, StrEnum) else v) for k, v in asdict(self).items() if v not in (None, "")}
        return told | {"severity": str(Severity.WARNING), "holds": True} if self.severity is Severity.HOLD else told

    @classmethod
    def of_a_hold(cls, told: dict[str, Any]) -> Finding:
        """The hold that ``as_json`` told."""
        return cls(**{k: v for k, v in told.items() if k != "holds"} | {"severity": Severity.HOLD})


def error(code: str, where: str, text: str, who_acts: WhoActs, **more: Any) -> Finding:
    """A finding that refuses the file."""
    return Finding(code, Severity.ERROR, where, text, who_acts, **more)


def warning(code: str, where: str, text: str, who_acts: WhoActs = WhoActs.NOBODY, **more: Any) -> Finding:
    """A finding that travels with the file."""
    return Finding(code, Severity.WARNING, where, text, who_acts, **more)


def info(code: str, where: str, text: str, **more: Any) -> Finding:
    """A remark."""
    return Finding(code, Severity.INFO, where, text, **more)


def refuses(findings: Iterable[Finding]) -> bool:
    """True if any of them is an error."""
    return any(f.severity is Severity.ERROR for f in findings)


def holding(findings: Iterable[Finding]) -> list[Finding]:
    """Those that a person must look at before the file is sent."""
    return [f for f in findings if f.severity is Severity.HOLD]
