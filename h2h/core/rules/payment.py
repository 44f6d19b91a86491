"""The checks of one payment and of one instruction: which rules apply to which fields."""

from __future__ import annotations

import re
from datetime import date

from h2h.core.charset import Fault
from h2h.core.model.parties import Party, PostalAddress
from h2h.core.model.payment import CreditTransfer, PaymentInstruction
from h2h.core.rules.banks import check_payees_bank
from h2h.core.rules.judge import masked, shown
from h2h.core.rules.lists import decimals_of
from h2h.core.rules.money import check_date, check_money
from h2h.core.rules.parties import check_account, check_agent, check_name, check_party
from h2h.core.rules.references import Ids, check_creditor_reference, check_id, check_uetr
from h2h.core.rules.relations import check_codes
from h2h.core.rules.terms import Terms

_CODE4 = re.compile(r"[A-Z0-9]{4}")
_CHARGE_BEARERS = frozenset({"SLEV", "SHAR", "DEBT", "CRED"})
_FAULTS_SHOWN = 5
NOTHING: frozenset[str] = frozenset()


def check_transfer(t: CreditTransfer, terms: Terms, seen: Ids, number: int, unread: frozenset[str] = NOTHING) -> None:
    """All rules for one payment but those for its texts. *number* is its line or ordinal; fields in *unread* have

    findings already.
    """
    new = "amount" not in unread
    if "end_to_end_id" not in unread:
        new = check_id("end_to_end_id", t.end_to_end_id, terms, seen=seen, number=number) and new
    if t.instruction_id is not None:
        check_id("instruction_id", t.instruction_id, terms, seen=seen, number=number)
    if t.uetr is not None:
        check_uetr(t.uetr, terms, seen, number)
    if "amount" not in unread and "currency" not in unread:
        check_money(t.amount, t.currency, terms)
    if "creditor_name" not in unread:
        check_name(t.creditor.name, "creditor_name", terms, reason="BE22")
    if "creditor_account" not in unread:
        check_account(t.creditor_account, "creditor", terms)
    check_agent(t.creditor_agent, t.creditor_account, "creditor", terms)
    check_payees_bank(t, execution_day(t.instruction), terms)
    _check_payee(t, terms)
    if t.creditor.postal_address is not None or t.creditor.lei is not None or t.creditor.any_bic is not None:
        check_party(t.creditor, "creditor", execution_day(t.instruction), terms)
    if t.ultimate_creditor is not None or t.ultimate_debtor is not None:
        _check_ultimates(t, terms)
    _check_remittance(t, terms)
    if new and t.creditor_account is not None and t.creditor_account.number is not None:
        text = t.creditor_reference or t.remittance_unstructured
        _check_twice((t.creditor_account.number, t.amount, t.currency, text), t.instruction, terms, seen, number)
    if t.purpose is not None and not _CODE4.fullmatch(t.purpose):
        terms.judge.found("H2H-CODE", "purpose", f"{shown(t.purpose)} is no purpose code", reason="FF07")
    if t.charge_bearer is not None or t.service_level is not None or t.category_purpose is not None:
        _check_kind(t.charge_bearer, t.service_level or t.instruction.service_level, t.category_purpose, terms)


def _check_payee(t: CreditTransfer, terms: Terms) -> None:
    if t.collection is not None:
        return  # what is collected is paid to nobody but us
    if terms.templates is not None and (differs := terms.templates.difference(t)) is not None:
        terms.judge.found("H2H-TEMPLATE", *differs)
    stopped, account = terms.stopped, t.creditor_account
    if stopped is None:
        return
    if account is not None and stopped.account(account.number):
        text = f"the account {masked(account.number or '')} is on the list of those to whom nothing is paid"
        terms.judge.found("H2H-STOPPED", "creditor_account", text)
    for field, party in (("creditor_name", t.creditor), ("ultimate_creditor_name", t.ultimate_creditor)):
        if party is not None and stopped.name(party.name):
            text = f"{shown(party.name or '')} is on the list of those to whom nothing is paid"
            terms.judge.found("H2H-STOPPED", field, text)


def check_instruction(i: PaymentInstruction, terms: Terms, unread: frozenset[str] = NOTHING) -> None:
    """All rules for what the payments of one instruction share."""
    day = execution_day(i)
    if day is not None:
        check_date(day, terms, instant=i.local_instrument == "INST")
    if terms.sepa and i.requested_execution_date_time is not None and i.local_instrument != "INST":
        text = "only an instant payment (local instrument INST) has a time of execution"
        terms.judge.found("H2H-SCHEME", "requested_execution_date", text, reason="FF05")
    if "debtor_name" not in unread:
        check_name(i.debtor.name, "debtor_name", terms, reason="BE08")
    check_party(i.debtor, "debtor", day, terms)
    if i.ultimate_debtor is not None:
        check_party(i.ultimate_debtor, "ultimate_debtor", day, terms)
    if "debtor_account" not in unread:
        check_account(i.debtor_account, "debtor", terms)
        _check_ownership(i, terms)
    currency = i.debtor_account.currency
    if currency is not None and decimals_of(currency) is None:
        terms.judge.found("H2H-CURRENCY", "debtor_account_currency", f"{shown(currency)} is no currency", reason="AC10")
    check_agent(i.debtor_agent, i.debtor_account, "debtor", terms)
    _check_kind(i.charge_bearer, i.service_level, i.category_purpose, terms)
    check_codes(i, terms)
    if i.instruction_priority not in (None, "NORM", "HIGH"):
        terms.judge.found(
            "H2H-CODE", "instruction_priority", f"{shown(i.instruction_priority or '')} is not NORM or HIGH"
        )
    _check_texts(_texts_of_instruction(i), terms)
    if terms.usage is not None:
        terms.usage.check_instruction(i, day or terms.today, terms.judge, passed_through=terms.passed_through)


def execution_day(i: PaymentInstruction) -> date | None:
    """The day on which the bank is to pay, whether or not a time is asked for."""
    moment = i.requested_execution_date_time
    return i.requested_execution_date or (moment.date() if moment is not None else None)


def check_transfer_texts(t: CreditTransfer, terms: Terms) -> None:
    """Every character of every text of a payment is in the bank's repertoire."""
    _check_texts(_texts_of(t), terms)


def _check_texts(texts: list[tuple[str, str]], terms: Terms) -> None:
    if terms.repertoire.fits("".join([text for _, text in texts])):
        return
    for field, text in texts:
        faults = terms.repertoire.faults(text)
        if faults:
            said = f"{shown(text)} has {_named(faults)}, which this bank does not take"
            if terms.passed_through:
                terms.judge.found("H2H-CHARSET", field, said, next_step="correct it in the ERP and export again")
            else:
                terms.judge.found("H2H-CHARSET", field, said)


def _named(faults: list[Fault]) -> str:
    named = ", ".join(str(fault) for fault in faults[:_FAULTS_SHOWN])
    return named if len(faults) <= _FAULTS_SHOWN else f"{named} and {len(faults) - _FAULTS_SHOWN} more"


def _check_twice(payment: tuple[object, ...], i: PaymentInstruction, terms: Terms, seen: Ids, number: int) -> None:
    """Same payee's account, amount, day and text under another id: allowed, but rarely meant."""
    before = seen.again("payment", payment_mark(payment, i), number)
    if before is not None:
        said = f"the payment in {before} has the same account, amount, date and text"
        terms.judge.found("H2H-DUPLICATE-PAYMENT", "creditor_account", said)


def payment_mark(payment: tuple[object, ...], i: PaymentInstruction) -> int:
    """What stands for (payee's account, amount, currency, text) of a payment of that instruction.

    The hash takes a quarter of the memory of what it stands for; 64 bits do not meet by chance in one file.
    """
    return hash((*payment, i.requested_execution_date, i.debtor_account.number))


def _check_ultimates(t: CreditTransfer, terms: Terms) -> None:
    for party, prefix in ((t.ultimate_creditor, "ultimate_creditor"), (t.ultimate_debtor, "ultimate_debtor")):
        if party is not None:
            check_party(party, prefix, execution_day(t.instruction), terms)


def _check_lengths(remittance: tuple[str, ...], terms: Terms) -> None:
    longest = terms.rules.remittance_characters_max
    for text in remittance:
        length = terms.repertoire.length(text)
        if length > longest:
            said = f"the text has {length} {terms.repertoire.unit}, the bank takes {longest}; h2h never cuts"
            terms.judge.found("H2H-LENGTH", "remittance", said, reason="RR07")


def _check_remittance(t: CreditTransfer, terms: Terms) -> None:
    judge = terms.judge
    _check_lengths(t.remittance_unstructured, terms)
    if terms.sepa and len(t.remittance_unstructured) + (t.creditor_reference is not None) > 1:
        text = "SEPA carries one text or one structured reference, not both"
        judge.found("H2H-SCHEME", "remittance", text, reason="RR07")
    check_creditor_reference(t, terms)


def _check_kind(charge_bearer: str | None, service_level: str | None, category: str | None, terms: Terms) -> None:
    judge = terms.judge
    if service_level is not None and not _CODE4.fullmatch(service_level):
        judge.found("H2H-CODE", "service_level", f"{shown(service_level)} is no service level code", reason="FF04")
    if category is not None and not _CODE4.fullmatch(category):
        judge.found("H2H-CODE", "category_purpose", f"{shown(category)} is no category purpose code", reason="FF06")
    if terms.sepa and service_level not in (None, "SEPA", "INST"):
        judge.found(
            "H2H-SCHEME", "service_level", f"a SEPA payment has service level SEPA, not {service_level}", reason="FF04"
        )
    if charge_bearer is None:
        return
    if charge_bearer not in _CHARGE_BEARERS:
        judge.found("H2H-CHARGES", "charge_bearer", f"{shown(charge_bearer)} is none of SLEV, SHAR, DEBT, CRED")
    elif terms.sepa and charge_bearer != "SLEV":
        judge.found("H2H-CHARGES", "charge_bearer", f"a SEPA payment has charge bearer SLEV, not {charge_bearer}")
    elif charge_bearer == "SLEV" and not terms.sepa and service_level is None:
        text = "charge bearer SLEV follows a service level, and none is named"
        judge.found("H2H-CHARGES-LEVEL", "charge_bearer", text)


def _check_ownership(i: PaymentInstruction, terms: Terms) -> None:
    number = i.debtor_account.number
    if terms.accounts and number and number.replace(" ", "").upper() not in terms.accounts:
        text = f"{masked(number)} is none of the accounts that the profile names for this bank"
        terms.judge.found("H2H-ACCOUNT", "debtor_account", text)


def _texts_of(t: CreditTransfer) -> list[tuple[str, str]]:
    texts = [("creditor_name", t.creditor.name or "")]
    if t.remittance_unstructured:
        texts.extend(("remittance", text) for text in t.remittance_unstructured)
    if t.creditor_reference is not None:
        texts.append(("creditor_reference", t.creditor_reference))
    if t.creditor.postal_address is not None:
        texts += _texts_of_address(t.creditor.postal_address, "creditor")
    if t.ultimate_creditor is not None:
        texts.append(("ultimate_creditor_name", t.ultimate_creditor.name or ""))
    if t.ultimate_debtor is not None:
        texts.append(("ultimate_debtor_name", t.ultimate_debtor.name or ""))
    if t.creditor_agent is not None and t.creditor_agent.name:
        texts.append(("creditor_agent_name", t.creditor_agent.name))
    if t.creditor.identification is not None:
        texts.append(("creditor_identification", t.creditor.identification))
    return texts


def _texts_of_instruction(i: PaymentInstruction) -> list[tuple[str, str]]:
    texts = _texts_of_party(i.debtor, "debtor")
    if i.ultimate_debtor is not None:
        texts.append(("ultimate_debtor_name", i.ultimate_debtor.name or ""))
    return texts


def _texts_of_party(party: Party, prefix: str) -> list[tuple[str, str]]:
    texts = [(f"{prefix}_name", party.name or ""), (f"{prefix}_identification", party.identification or "")]
    if party.postal_address is not None:
        texts += _texts_of_address(party.postal_address, prefix)
    return texts


def _texts_of_address(address: PostalAddress, prefix: str) -> list[tuple[str, str]]:
    parts = ("street_name", "building_number", "post_code", "town_name", "country_sub_division")
    texts = [(f"{prefix}_{part}", getattr(address, part) or "") for part in parts]
    other = ("department", "sub_department", "building_name", "floor", "post_box", "room", "town_location_name",
             "district_name")  # fmt: skip
    texts += [(f"{prefix}_street_name", getattr(address, part) or "") for part in other]
    return texts + [
        (f"{prefix}_address_line_{min(n, 2)}", line) for n, line in enumerate(address.address_lines, start=1)
    ]
