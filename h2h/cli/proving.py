"""What `h2h check` proves, one by one: a proof says what was looked at, whether it is so, and who acts if it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from h2h.core.errors import H2HError
from h2h.core.findings import Finding, Severity, WhoActs

ADMIN = WhoActs.SYSTEM_ADMINISTRATOR


class Mark(StrEnum):
    """How a proof ended. Only WRONG fails the check."""

    GOOD = "good"
    WARNING = "warning"
    WRONG = "wrong"
    NOT_SEEN = "not-seen"  # cannot be looked at from here


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was looked at."""

    area: str  # configuration, folders, storage, bank NAME
    mark: Mark
    text: str
    who_acts: WhoActs = WhoActs.NOBODY
    next_step: str = ""
    code: str = ""


def good(area: str, text: str) -> Proof:
    """It is so."""
    return Proof(area, Mark.GOOD, text)


def wrong(area: str, text: str, next_step: str = "") -> Proof:
    """It is not so, and h2h would not work."""
    return Proof(area, Mark.WRONG, text, ADMIN, next_step)


def doubtful(area: str, text: str, next_step: str = "", who_acts: WhoActs = ADMIN) -> Proof:
    """It works, but not as safely as it could."""
    return Proof(area, Mark.WARNING, text, who_acts, next_step)


def not_seen(area: str, text: str, next_step: str = "") -> Proof:
    """It cannot be known from here."""
    return Proof(area, Mark.NOT_SEEN, text, ADMIN, next_step)


def of_findings(area: str, findings: Iterable[Finding], all_is_well: str) -> Iterator[Proof]:
    """A proof for each finding; if there is none, one that says so."""
    marks = dict.fromkeys(Severity, Mark.WARNING) | {Severity.ERROR: Mark.WRONG, Severity.INFO: Mark.GOOD}
    found = list(findings)
    for f in found:
        text = f.text if f.where in f.text else f"{f.where}: {f.text}"
        yield Proof(area, marks[f.severity], text, f.who_acts, f.next_step, f.code)
    if not found:
        yield good(area, all_is_well)


def attempt(area: str, text: str, act: Callable[[], object]) -> Proof:
    """Good if *act* does not raise; its error in words if it does. *text* may hold ``{}`` for what it gives back."""
    try:
        given = act()
    except H2HError as problem:
        return of_error(area, problem)
    return good(area, text.format(given))


def of_error(area: str, problem: H2HError) -> Proof:
    """The error as a proof to the contrary."""
    return wrong(area, problem.message, step_of(problem))


def step_of(problem: H2HError) -> str:
    """The error's hint without who acts: a proof says that by itself."""
    return (problem.hint or "").removeprefix(f"{ADMIN}: ")
