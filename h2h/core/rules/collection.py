"""The checks that only a direct debit needs: mandate, amendment, sequence, creditor identifier.

Sources: EPC130-08 (SEPA Direct Debit Core, customer-to-bank implementation guidelines) and EPC131-08 (B2B);
EPC262-08 for the creditor identifier.
"""

from __future__ import annotations

import re

from h2h.core.model.collection import Collection, Mandate
from h2h.core.model.parties import Party
from h2h.core.model.payment import CreditTransfer, PaymentInstruction
from h2h.core.rules.accounts import mod_97, why_no_iban
from h2h.core.rules.judge import masked, shown
from h2h.core.rules.references import Ids, check_id
from h2h.core.rules.terms import Terms

#: SequenceType3Code. RPRE (represented) is ISO's, and no code of SEPA.
SEQUENCE_TYPES = frozenset({"FRST", "RCUR", "FNAL", "OOFF", "RPRE"})
_SEPA_SEQUENCES = SEQUENCE_TYPES - {"RPRE"}
_SEPA_INSTRUMENTS = ("CORE", "B2B")
#: These stand once in the life of a mandate: the first, the last and the only collection.
_ONCE = frozenset({"FRST", "FNAL", "OOFF"})
_CREDITOR_ID = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")
#: EPC130-08, AT-24: the payer has another account, perhaps at another bank; the old number is not told.
NEW_ACCOUNT = "SMNDA"


def is_creditor_id(text: str) -> bool:
    """Country, check digits, three free characters (the business code, not part of the check), national number."""
    return bool(_CREDITOR_ID.fullmatch(text)) and mod_97(text[7:] + text[:4]) == 1


def check_collecting(i: PaymentInstruction, terms: Terms) -> None:
    """What the collections of one instruction share: sequence, local instrument, creditor identifier."""
    if i.sequence_type is not None:
        _check_sequence(i.sequence_type, terms)
    if i.creditor_scheme is not None:
        _check_creditor_id(i.creditor_scheme, "creditor_scheme_id", terms)
    if terms.sepa and i.local_instrument is not None and i.local_instrument not in _SEPA_INSTRUMENTS:
        text = f"a SEPA direct debit has local instrument CORE or B2B, not {shown(i.local_instrument)}"
        terms.judge.found("H2H-SCHEME", "local_instrument", text, reason="FF05")


def check_collection(t: CreditTransfer, terms: Terms, seen: Ids, number: int) -> None:
    """One collection: who may collect, by which mandate, and how often. *number* is its line or ordinal."""
    collection = t.collection or Collection()
    mandate = collection.mandate or Mandate()
    sequence = t.sequence_type or t.instruction.sequence_type
    if t.sequence_type is not None:
        _check_sequence(t.sequence_type, terms)
    if collection.creditor_scheme is not None:
        _check_creditor_id(collection.creditor_scheme, "creditor_scheme_id", terms)
    if terms.sepa:
        _check_presence(t, collection, mandate, sequence, terms)
    if mandate.id is not None:
        check_id("mandate_id", mandate.id, terms)
        _check_once(mandate.id, sequence, terms, seen, number)
    if mandate.date_of_signature is not None and mandate.date_of_signature > terms.today:
        text = f"the mandate is signed on {mandate.date_of_signature}, which is still to come"
        terms.judge.found("H2H-MANDATE", "mandate_date_of_signature", text)
    _check_amendment(mandate, terms)


def _check_presence(
    t: CreditTransfer, collection: Collection, mandate: Mandate, sequence: str | None, terms: Terms
) -> None:
    judge = terms.judge
    if mandate.id is None:
        judge.found("H2H-MANDATE", "mandate_id", "a SEPA direct debit names its mandate, and there is none")
    if mandate.date_of_signature is None:
        text = "a SEPA direct debit says when its mandate was signed"
        judge.found("H2H-MANDATE", "mandate_date_of_signature", text)
    if sequence is None:
        judge.found("H2H-SEQUENCE", "sequence_type", "a SEPA direct debit says FRST, RCUR, FNAL or OOFF")
    if collection.creditor_scheme is None and t.instruction.creditor_scheme is None:
        text = "a SEPA direct debit names its creditor by the creditor identifier"
        judge.found("H2H-CREDITOR-ID", "creditor_scheme_id", text)


def _check_sequence(code: str, terms: Terms) -> None:
    if code not in (_SEPA_SEQUENCES if terms.sepa else SEQUENCE_TYPES):
        text = f"{shown(code)} is none of {', '.join(sorted(_SEPA_SEQUENCES))}"
        terms.judge.found("H2H-SEQUENCE", "sequence_type", text)


def _check_once(mandate_id: str, sequence: str | None, terms: Terms, seen: Ids, number: int) -> None:
    if sequence not in _ONCE:
        return
    before = seen.again(f"mandate {sequence}", mandate_id, number)
    if before is not None:
        text = f"mandate {shown(mandate_id)} has its {sequence} collection in {before} already; there is one"
        terms.judge.found("H2H-SEQUENCE", "sequence_type", text)


def _check_creditor_id(party: Party, field: str, terms: Terms) -> None:
    number = party.identification or ""
    if (terms.sepa or party.identification_scheme == "SEPA") and not is_creditor_id(number):
        text = f"{shown(number)} is no creditor identifier: wrong shape or check digits"
        terms.judge.found("H2H-CREDITOR-ID", field, text)


def _check_amendment(mandate: Mandate, terms: Terms) -> None:
    judge, field = terms.judge, "original_mandate_id"
    if mandate.amended and not mandate.amends_something:
        judge.found("H2H-AMENDMENT", field, "the mandate is said to be amended, but not what it was before")
    if not mandate.amended and mandate.amends_something:
        judge.found("H2H-AMENDMENT", field, "former values of the mandate are given, but it is not said to be amended")
    if mandate.original_creditor_scheme is not None and mandate.original_creditor_scheme.identification is not None:
        _check_creditor_id(mandate.original_creditor_scheme, "original_creditor_scheme_id", terms)
    former = mandate.original_debtor_account
    if former is not None and former.iban is not None:
        why = why_no_iban(former.iban)
        if why is not None:
            judge.found("H2H-IBAN", "original_debtor_account", why, reason="AC01")
    elif former is not None and terms.sepa and former.other != NEW_ACCOUNT:
        text = f"{masked(former.other or '')} is no IBAN; SEPA writes {NEW_ACCOUNT} where the old account is not told"
        judge.found("H2H-AMENDMENT", "original_debtor_account", text)
