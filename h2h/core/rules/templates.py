"""Payees as they were agreed: what is paid to one of them may differ in amount, day and text, and in nothing else.

The templates stand in the bank's profile, where who may change them is somebody else's decision than what the ERP
exports. A payment belongs to a template if it bears its name or goes to its account; then all of it must agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Self

from h2h.core.declared import Rules, Template
from h2h.core.model.payment import CreditTransfer
from h2h.core.rules.judge import masked, shown
from h2h.core.rules.stopped import letters_of, number_of


class Templates:
    """The templates of one bank, compiled once a file."""

    def __init__(self, templates: tuple[Template, ...], *, only: bool) -> None:
        self._only = only
        self._by_name: defaultdict[str, list[Template]] = defaultdict(list)
        self._by_account: defaultdict[str, list[Template]] = defaultdict(list)
        for template in templates:
            self._by_name[letters_of(template.name)].append(template)
            self._by_account[number_of(template.account)].append(template)

    @classmethod
    def of(cls, rules: Rules) -> Self | None:
        """None if the profile asks for nothing of the kind."""
        return cls(rules.templates, only=rules.templates_only) if rules.templates or rules.templates_only else None

    def difference(self, t: CreditTransfer) -> tuple[str, str] | None:
        """(field, text) of what of *t* is not as it was agreed; None if all is."""
        name, account = t.creditor.name or "", t.creditor_account.number if t.creditor_account is not None else None
        candidates = [*self._by_account.get(number_of(account or ""), ()), *self._by_name.get(letters_of(name), ())]
        first: tuple[str, str] | None = None
        for template in candidates:
            differs = next(_differences(t, name, account, template), None)
            if differs is None:
                return None
            first = first or differs
        if first is None and self._only:
            return "creditor_name", f"{shown(name)} has no template, and only payees with one are paid"
        return first


def _differences(t: CreditTransfer, name: str, account: str | None, template: Template) -> Iterator[tuple[str, str]]:
    agreed = f"the template of {shown(template.name)}"
    if account is None or number_of(account) != number_of(template.account):
        said = f"the account {masked(account)}" if account else "no account"
        yield "creditor_account", f"{said} stands where {agreed} has {masked(template.account)}"
    if letters_of(name) != letters_of(template.name):
        yield "creditor_name", f"{shown(name)} is paid on the account of {agreed}"
    bank, i = t.creditor_agent, t.instruction
    if template.bic is not None and bank is not None and bank.bic and _bank(bank.bic) != _bank(template.bic):
        yield "creditor_agent_bic", f"{shown(bank.bic)} is not the bank of {agreed}"
    wanted_id = template.member_id
    if wanted_id is not None and bank is not None and bank.member_id and bank.member_id != wanted_id:
        yield "creditor_agent_member_id", f"{shown(bank.member_id)} is not the bank of {agreed}"
    for field, value, wanted in (
        ("currency", t.currency, template.currency),
        ("purpose", t.purpose, template.purpose),
        ("charge_bearer", t.charge_bearer or i.charge_bearer, template.charge_bearer),
    ):
        if wanted is not None and value != wanted:
            yield field, f"{shown(value or 'nothing')} as {field.replace('_', ' ')}, where {agreed} has {wanted}"


def _bank(bic: str) -> str:
    """``DEUTDEFF`` and ``DEUTDEFFXXX`` are one."""
    return bic.upper().removesuffix("XXX") if len(bic) == 11 else bic.upper()
