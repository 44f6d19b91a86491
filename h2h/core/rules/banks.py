"""The payee's bank, looked up in the profile's directory: is there such a number, is it reached, is that its name?

Only numbers of a kind that the directory has are looked up: one of CNAPS numbers says nothing of BICs. Of direct debits
the bank is the payer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from h2h.core.directory import BankDirectory, Entry, kind_of
from h2h.core.model.parties import Agent
from h2h.core.model.payment import CreditTransfer
from h2h.core.rules.judge import shown
from h2h.core.rules.stopped import letters_of
from h2h.core.rules.terms import Terms

#: What Chinese banks leave out of their names, or not.
_COMPANY = ("股份有限公司", "有限责任公司", "有限公司")


def check_payees_bank(t: CreditTransfer, day: date | None, terms: Terms) -> None:
    """The numbers, the scheme and the name of the bank of *t* on its *day*; one that has passed is paid today."""
    directory, agent = terms.banks, t.creditor_agent
    if directory is None or agent is None:
        return
    when = max(day or terms.today, terms.today)
    known: list[Entry] = []
    for number, field, reason in _numbers(agent):
        if kind_of(number) not in directory.kinds:
            continue
        entries = directory.entries(number)
        now = [entry for entry in entries if entry.holds_on(when)]
        known += now
        if not now:
            terms.judge.found("H2H-BANK-UNKNOWN", field, _why_not(number, entries, when), reason=reason)
    if known:
        _check_scheme(t, known, directory, terms)
        _check_name(agent.name, known, terms)


def _numbers(agent: Agent) -> Iterator[tuple[str, str, str]]:
    """(number, field, reason code of a wrong one)."""
    if agent.bic is not None:
        yield agent.bic, "creditor_bic", "RC07"
    if agent.member_id is not None and agent.clearing_system in (None, "", "CNAPS"):
        yield agent.member_id, "creditor_agent_member_id", "AC08"


def _why_not(number: str, entries: Sequence[Entry], day: date) -> str:
    if not entries:
        return f"the directory of banks has no {shown(number)}"
    ended = [entry.valid_until for entry in entries if entry.valid_until is not None and entry.valid_until < day]
    if ended:
        return f"the directory of banks has {shown(number)} only until {max(ended)}; it is paid on {day}"
    begins = min(entry.valid_from for entry in entries if entry.valid_from is not None)
    return f"the directory of banks has {shown(number)} only from {begins} on; it is paid on {day}"


def _check_scheme(t: CreditTransfer, known: Sequence[Entry], directory: BankDirectory, terms: Terms) -> None:
    local = t.local_instrument or t.instruction.local_instrument
    scheme = _scheme_of(t, local, terms)
    reached = {name for entry in known for name in entry.schemes}
    if scheme is None or not reached or scheme not in directory.schemes or scheme in reached:
        return
    said = f"the bank {shown(known[0].number)} is not reached by {scheme}, only by {', '.join(sorted(reached))}"
    field, reason = ("local_instrument", "FF05") if local is not None else ("creditor_bic", None)
    terms.judge.found("H2H-BANK-SCHEME", field, said, reason=reason)


def _scheme_of(t: CreditTransfer, local: str | None, terms: Terms) -> str | None:
    """As directories call it; where none is asked for, SEPA's own. None if it is not known which is meant."""
    if t.collection is not None:
        return "B2B" if local == "B2B" else "SDD"
    proprietary = t.instruction.local_instrument_proprietary
    return local or ("SCT" if terms.sepa and proprietary is None else None)


def _check_name(name: str | None, known: Sequence[Entry], terms: Terms) -> None:
    """A branch's name may hold the bank's, and the other way round."""
    named, given = [entry for entry in known if entry.name], _letters(name or "")
    if not given or not named or any(_are_one(given, _letters(entry.name)) for entry in named):
        return
    said = f"the directory calls the bank {shown(named[0].number)} {shown(named[0].name)}, not {shown(name or '')}"
    terms.judge.found("H2H-BANK-NAME", "creditor_agent_name", said)


def _are_one(given: str, known: str) -> bool:
    return given in known or known in given


def _letters(name: str) -> str:
    letters = letters_of(name)
    for form in _COMPANY:
        letters = letters.replace(form, "")
    return letters
