"""The fields that usage rules may name: where each stands in the model, and which field's place is told.

Names are those of ``core/codecs/fields.py``; besides, what only a rule asks for: ``_iban`` and ``_account_other`` of an
account, ``_address`` and ``_agent_address`` (is there one), ``_address_lines`` (how many), counts and sums. Of direct
debits the names are the model's: its debtor is the own side.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from h2h.core.model.parties import Agent, Party

Get = Callable[[Any], Any]
Table = dict[str, tuple[str, Get]]


def _party(of: Get, prefix: str) -> Table:
    def address(name: str) -> Get:
        def get(value: Any) -> Any:
            party: Party | None = of(value)
            return getattr(party.postal_address, name) if party is not None and party.postal_address else None

        return get

    def shown(value: Any) -> str | None:
        party: Party | None = of(value)
        held = party.postal_address if party is not None else None
        return (held.town_name or held.country or "an address") if held is not None else None

    return {
        f"{prefix}_name": (f"{prefix}_name", _in(of, "name")),
        f"{prefix}_lei": (f"{prefix}_lei", _in(of, "lei")),
        f"{prefix}_identification": (f"{prefix}_identification", _in(of, "identification")),
        f"{prefix}_address": (f"{prefix}_town_name", shown),
        f"{prefix}_town_name": (f"{prefix}_town_name", address("town_name")),
        f"{prefix}_country": (f"{prefix}_country", address("country")),
        f"{prefix}_street_name": (f"{prefix}_street_name", address("street_name")),
        f"{prefix}_address_lines": (f"{prefix}_address_line_1", address("address_lines")),
    }


def _account(of: Get, prefix: str) -> Table:
    return {
        f"{prefix}_account": (f"{prefix}_account", _in(of, "number")),
        f"{prefix}_iban": (f"{prefix}_account", _in(of, "iban")),
        f"{prefix}_account_other": (f"{prefix}_account_other", _in(of, "other")),
    }


def _agent(of: Get, prefix: str) -> Table:
    def address(value: Any) -> str | None:
        agent: Agent | None = of(value)
        return "an address" if agent is not None and agent.postal_address is not None else None

    return {
        f"{prefix}_bic": (f"{prefix}_bic", _in(of, "bic")),
        f"{prefix}_agent_member_id": (f"{prefix}_agent_member_id", _in(of, "member_id")),
        f"{prefix}_agent_name": (f"{prefix}_agent_name", _in(of, "name")),
        f"{prefix}_agent_address": (f"{prefix}_agent_name", address),
        f"{prefix}_agent_other": (f"{prefix}_bic", _in(of, "other")),
    }


def _in(of: Get, name: str) -> Get:
    """What stands in a part that may be missing."""

    def get(value: Any) -> Any:
        part = of(value)
        return getattr(part, name) if part is not None else None

    return get


def _own(*names: str) -> Table:
    return {name: (name, attrgetter(name)) for name in names}


def _mandate(name: str) -> Get:
    return _in(lambda t: t.collection.mandate if t.collection is not None else None, name)


def _inherited(name: str) -> tuple[str, Get]:
    """A field that stands at the payment or, for all of them, at the instruction: asked where it must be there."""
    return name, lambda t: getattr(t, name) or getattr(t.instruction, name)


HEADER: Table = {
    "message_id": ("message_id", lambda h: h.message_id),
    "control_sum": ("control_sum", lambda h: h.stated_control_sum),
    "transaction_count": ("transaction_count", lambda h: h.stated_transaction_count),
    "initiating_party_address": (
        "initiating_party_address",
        lambda h: "an address" if h.initiating_party.postal_address is not None else None,
    ),
}

INSTRUCTION: Table = {
    "payment_information_id": ("payment_information_id", lambda i: i.id),
    **_own("payment_method", "service_level", "local_instrument", "category_purpose", "charge_bearer"),
    **_own("instruction_priority", "sequence_type"),
    "requested_execution_time": ("requested_execution_date", lambda i: i.requested_execution_date_time),
    "category_purpose_proprietary": ("category_purpose", lambda i: i.category_purpose_proprietary),
    "creditor_scheme_id": (
        "creditor_scheme_id",
        lambda i: i.creditor_scheme.identification if i.creditor_scheme is not None else None,
    ),
    **_party(lambda i: i.debtor, "debtor"),
    **_account(lambda i: i.debtor_account, "debtor"),
    **_agent(lambda i: i.debtor_agent, "debtor"),
    **_party(lambda i: i.ultimate_debtor, "ultimate_debtor"),
}

#: What h2h counts itself wherever it writes a file.
TOTALS: Table = {
    "instruction_control_sum": ("instruction_control_sum", lambda i: i.stated_control_sum),
    "instruction_transaction_count": ("instruction_transaction_count", lambda i: i.stated_transaction_count),
}

TRANSACTION: Table = {
    **_own("end_to_end_id", "instruction_id", "uetr", "amount", "currency", "purpose", "purpose_proprietary"),
    **_own("creditor_reference", "creditor_reference_type", "instructions_for_creditor_agent"),
    "transaction_charge_bearer": ("charge_bearer", lambda t: t.charge_bearer),
    "transaction_service_level": ("service_level", lambda t: t.service_level),
    "any_charge_bearer": _inherited("charge_bearer"),
    "any_service_level": _inherited("service_level"),
    "any_local_instrument": _inherited("local_instrument"),
    "any_sequence_type": _inherited("sequence_type"),
    "remittance": ("remittance", lambda t: t.remittance_unstructured),
    "remittance_and_reference": (
        "remittance",
        lambda t: (*t.remittance_unstructured, *((t.creditor_reference,) if t.creditor_reference else ())),
    ),
    "mandate_id": ("mandate_id", _mandate("id")),
    "mandate_date_of_signature": ("mandate_date_of_signature", _mandate("date_of_signature")),
    **_party(lambda t: t.creditor, "creditor"),
    **_account(lambda t: t.creditor_account, "creditor"),
    **_agent(lambda t: t.creditor_agent, "creditor"),
    **_party(lambda t: t.ultimate_creditor, "ultimate_creditor"),
    "intermediary_agent_bic": (
        "intermediary_agent_bic",
        lambda t: t.intermediary_agent.bic if t.intermediary_agent is not None else None,
    ),
    "own_iban": ("debtor_account", lambda t: t.instruction.debtor_account.iban),
}


class Plain(NamedTuple):
    """What differs from one plain payment to the next; ``remittance`` may be empty, all else is there."""

    end_to_end_id: str
    amount: Decimal
    currency: str
    creditor_name: str
    iban: str
    remittance: str


#: Of TRANSACTION, what ``Plain`` holds.
PLAIN: Table = {
    **_own("end_to_end_id", "amount", "currency", "creditor_name"),
    "creditor_iban": ("creditor_account", lambda p: p.iban),
    "creditor_account": ("creditor_account", lambda p: p.iban),
    "remittance": ("remittance", lambda p: (p.remittance,) if p.remittance else ()),
    "remittance_and_reference": ("remittance", lambda p: (p.remittance,) if p.remittance else ()),
}
