"""Who pays and who is paid: names, addresses, accounts, banks."""

from __future__ import annotations

import re
from datetime import date

from h2h.core.model.parties import Account, Agent, Party, PostalAddress
from h2h.core.rules.accounts import country_of_bic, mod_97, same_country, why_no_iban
from h2h.core.rules.judge import masked, shown
from h2h.core.rules.lists import COUNTRIES
from h2h.core.rules.terms import Terms

_OTHER_ACCOUNT = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]{1,34}")
_HAS_LETTER = re.compile(r"[^\W\d_]")
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
#: A name that stops after exactly so many characters may have been cut by a program before h2h.
TRUNCATED = (35, 70)
# ISO 20022 ExternalClearingSystemIdentification1Code → the shape of its members' codes.
_MEMBER_IDS = {
    "CNAPS": "[0-9]{12}", "USABA": "[0-9]{9}", "GBDSC": "[0-9]{6}", "DEBLZ": "[0-9]{8}", "ATBLZ": "[0-9]{5}",
    "CHBCC": "[0-9]{3,5}", "AUBSB": "[0-9]{6}", "INFSC": "[A-Z]{4}0[A-Z0-9]{6}", "CACPA": "[0-9]{9}",
    "HKNCC": "[0-9]{3}", "NZNCC": "[0-9]{6}", "PLKNR": "[0-9]{8}", "RUCBC": "[0-9]{9}", "ZANCC": "[0-9]{6}",
}  # fmt: skip

LINES_MAX, LINE_MAX = 2, 70


def check_name(name: str | None, field: str, terms: Terms, *, reason: str) -> None:
    """A name is there, holds a letter, and is not suspiciously long."""
    if not name:
        terms.judge.found("H2H-NAME", field, "the name is missing", reason=reason)
        return
    if not _HAS_LETTER.search(name):
        terms.judge.found("H2H-NAME", field, f"{shown(name)} is no name: it has no letter", reason=reason)
    length = terms.repertoire.length(name)
    longest = terms.rules.name_characters_max
    if length > longest:
        text = f"the name has {length} {terms.repertoire.unit}, the bank takes {longest}; h2h never cuts"
        terms.judge.found("H2H-LENGTH", field, text, reason="BE20")
    elif length in TRUNCATED and length < longest:
        terms.judge.found(
            "H2H-TRUNCATED", field, f"the name stops after exactly {length} characters: {shown(name[-12:])}"
        )


def check_party(party: Party, prefix: str, day: date | None, terms: Terms) -> None:
    """A party's address and numbers; *prefix* is ``debtor`` or ``creditor``, *day* the execution date."""
    if party.postal_address is not None:
        check_address(party.postal_address, prefix, day, terms)
    if party.lei is not None and (not _LEI.fullmatch(party.lei) or mod_97(party.lei) != 1):
        terms.judge.found("H2H-LEI", f"{prefix}_lei", f"{shown(party.lei)} is no LEI: wrong shape or check digits")
    if party.any_bic is not None and country_of_bic(party.any_bic) is None:
        terms.judge.found("H2H-BIC", f"{prefix}_name", f"{shown(party.any_bic)} is no BIC")


def check_address(address: PostalAddress, prefix: str, day: date | None, terms: Terms) -> None:
    """Structured or hybrid (town, country, at most two lines); before the profile's date anything else is a warning."""
    lines, judge = address.address_lines, terms.judge
    field = f"{prefix}_address_line_1" if lines else f"{prefix}_town_name"
    missing = [what for what, value in (("town", address.town_name), ("country", address.country)) if not value]
    reason = "BE07" if prefix == "debtor" else "BE04"
    if missing:
        kind = "only lines" if lines and len(missing) == 2 else f"no {' and no '.join(missing)}"
        if max(day or terms.today, terms.today) >= terms.rules.address_from:
            judge.found("H2H-ADDRESS", field, f"the address has {kind}; banks refuse that since "
                        f"{terms.rules.address_from}", reason=reason)  # fmt: skip
        else:
            judge.found("H2H-ADDRESS-SOON", field, f"the address has {kind}; from {terms.rules.address_from} on it "
                        "will be refused", reason=reason)  # fmt: skip
    elif len(lines) > LINES_MAX:
        text = f"the address has {len(lines)} lines beside town and country; at most {LINES_MAX} are allowed"
        judge.found("H2H-ADDRESS", field, text, reason=reason)
    elif lines and address.town_name and any(_names_town(line, address.town_name) for line in lines):
        judge.found("H2H-ADDRESS-REPEATS", field, f"{shown(address.town_name or '')} stands in an address line too")
    for number, line in enumerate(lines, start=1):
        if len(line) > LINE_MAX:
            text = f"the address line has {len(line)} characters, {LINE_MAX} are allowed; h2h never cuts"
            judge.found("H2H-LENGTH", f"{prefix}_address_line_{min(number, 2)}", text)
    if address.country and address.country not in COUNTRIES:
        text = f"{shown(address.country)} is no country of ISO 3166 in two capitals"
        judge.found("H2H-COUNTRY", f"{prefix}_country", text, reason="BE10" if prefix == "debtor" else "BE11")


def _check_member_id(agent: Agent, prefix: str, terms: Terms) -> None:
    system, code = agent.clearing_system or "", agent.member_id or ""
    shape = _MEMBER_IDS.get(system)
    if shape is not None and not re.fullmatch(shape, code):
        text = f"{shown(code)} is no code of the clearing system {system}"
    elif system == "USABA" and sum(int(d) * w for d, w in zip(code, (3, 7, 1) * 3, strict=True)) % 10:
        text = f"{shown(code)} has a wrong check digit"
    else:
        return
    reason = "RC09" if prefix == "debtor" else "RC10"
    terms.judge.found("H2H-CLEARING", f"{prefix}_agent_member_id", text, reason=reason)


def _names_town(line: str, town: str) -> bool:
    return re.search(rf"\b{re.escape(town)}\b", line, re.IGNORECASE) is not None


def check_account(account: Account | None, prefix: str, terms: Terms) -> None:
    """An IBAN with good check digits, or another number where the scheme allows one."""
    judge, field = terms.judge, f"{prefix}_account"
    if account is None or account.number is None:
        return  # a cheque, or a proxy: the schema says whether that may be
    if account.iban is not None:
        why = why_no_iban(account.iban)
        if why is not None:
            judge.found("H2H-IBAN", field, why, reason="AC02" if prefix == "debtor" else "AC01")
        return
    number = account.other or ""
    if terms.sepa:
        judge.found("H2H-SCHEME", field, f"SEPA takes only IBANs, not {masked(number)}", reason="AC01")
    if not _OTHER_ACCOUNT.fullmatch(number):
        judge.found(
            "H2H-ACCOUNT-FORM", field, f"{masked(number)} is no account number: up to 34 letters, digits, signs"
        )


def check_agent(agent: Agent | None, account: Account | None, prefix: str, terms: Terms) -> None:
    """A well-formed BIC, and one of the account's country."""
    if agent is None:
        return
    if agent.member_id is not None:
        _check_member_id(agent, prefix, terms)
    if agent.bic is None:
        if agent.postal_address is not None:  # with a BIC, banks do not read the address
            check_address(agent.postal_address, f"{prefix}_agent", None, terms)
        return
    judge, field = terms.judge, f"{prefix}_bic"
    country = country_of_bic(agent.bic)
    reason = "RC06" if prefix == "debtor" else "RC07"
    if country is None:
        judge.found(
            "H2H-BIC", field, f"{shown(agent.bic)} is no BIC: eight or eleven capitals and digits", reason=reason
        )
    elif country not in COUNTRIES:
        judge.found("H2H-BIC", field, f"{shown(agent.bic)} names {country}, which is no country", reason=reason)
    elif account is not None and account.iban and not same_country(country, account.iban[:2]):
        text = f"{agent.bic} is a bank of {country}, the account {masked(account.iban)} one of {account.iban[:2]}"
        judge.found("H2H-BIC-COUNTRY", field, text, reason=reason)
