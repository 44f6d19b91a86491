"""What two facts of a payment say of each other: currency and account, charges and country, kind and purpose.

None of these is wrong by itself; a bank may answer otherwise than expected, so they are warnings.
"""

from __future__ import annotations

import re

from h2h.core.code_data.payment_codes import CATEGORY_PURPOSES, LOCAL_INSTRUMENTS, PURPOSES, SERVICE_LEVELS
from h2h.core.model.payment import CreditTransfer, PaymentInstruction
from h2h.core.rules.judge import shown
from h2h.core.rules.lists import decimals_of
from h2h.core.rules.terms import Terms

_CODE = re.compile(r"[A-Z0-9]{4}")
#: The European Economic Area: within it each side bears its own charges (PSD2, Directive (EU) 2015/2366, article 62).
EEA = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()  # noqa: SIM905
)
_EEA_CURRENCIES = frozenset({"EUR", "CZK", "DKK", "HUF", "ISK", "NOK", "PLN", "RON", "SEK", "CHF"})
#: Batches of these go to the payees' accounts in a way of their own, and must not hold anything else.
_APART = frozenset({"SALA", "PENS"})


def check_relations(t: CreditTransfer, terms: Terms) -> None:
    """All of them, for one payment."""
    i, judge = t.instruction, terms.judge
    own = i.debtor_account.currency
    if own is not None and own != t.currency and decimals_of(own) is not None:
        text = f"the payment is in {t.currency}, the account in {own}: the bank will exchange at its rate"
        judge.found("H2H-ACCOUNT-CURRENCY", "currency", text)
    if t.equivalent_amount:
        text = f"the amount is said in {t.currency} and paid in {t.currency_of_transfer or 'another currency'}"
        judge.found("H2H-EQUIVALENT", "amount", f"{text}; many banks do not take that")
    if (t.charge_bearer or i.charge_bearer) in ("DEBT", "CRED"):
        _check_charges(t, terms)
    if t.currency == "CNY" and t.purpose is None and t.purpose_proprietary is None and _abroad(t):
        judge.found("H2H-CNY-PURPOSE", "purpose", "renminbi across the border need a purpose, and none is named")
    if i.category_purpose in _APART and t.category_purpose not in (None, i.category_purpose):
        text = f"a payment of kind {t.category_purpose} stands among those of kind {i.category_purpose}"
        judge.found("H2H-CODE-MIXED", "category_purpose", text)
    if t.purpose is not None:
        _check_code("purpose", t.purpose, PURPOSES, "FF07", terms)
    if t.category_purpose is not None:
        _check_code("category_purpose", t.category_purpose, CATEGORY_PURPOSES, "FF06", terms)


def check_codes(i: PaymentInstruction, terms: Terms) -> None:
    """The codes by which an instruction names its kind are in ISO's lists."""
    if i.service_level is not None:
        _check_code("service_level", i.service_level, SERVICE_LEVELS, "FF04", terms)
    if i.local_instrument is not None:
        _check_code("local_instrument", i.local_instrument, LOCAL_INSTRUMENTS, "FF05", terms)
    if i.category_purpose is not None:
        _check_code("category_purpose", i.category_purpose, CATEGORY_PURPOSES, "FF06", terms)


def _check_code(field: str, code: str, known: frozenset[str], reason: str, terms: Terms) -> None:
    if code not in known and (_CODE.fullmatch(code) or field == "local_instrument"):  # else told already
        _unknown(field, field.replace("_", " "), code, reason, terms)


def _unknown(field: str, name: str, code: str, reason: str, terms: Terms) -> None:
    text = f"{shown(code)} is no {name} in ISO's list of 2026; a bank that does not know it refuses it"
    terms.judge.found("H2H-CODE-UNKNOWN", field, text, reason=reason)


def _check_charges(t: CreditTransfer, terms: Terms) -> None:
    own, other = _country(t.instruction.debtor_account.iban), _country(_iban_of(t))
    if own in EEA and other in EEA and t.currency in _EEA_CURRENCIES:
        bearer = t.charge_bearer or t.instruction.charge_bearer
        text = f"charge bearer {bearer} within the European Economic Area, where each side bears its own (SHAR)"
        terms.judge.found("H2H-CHARGES-EEA", "charge_bearer", text)


def _abroad(t: CreditTransfer) -> bool:
    own = t.instruction.debtor_agent.bic
    other = t.creditor_agent.bic if t.creditor_agent is not None else None
    ours, theirs = own[4:6] if own else None, other[4:6] if other else _country(_iban_of(t))
    return ours is not None and theirs is not None and ours != theirs


def _iban_of(t: CreditTransfer) -> str | None:
    return t.creditor_account.iban if t.creditor_account is not None else None


def _country(iban: str | None) -> str | None:
    return iban[:2] if iban else None
