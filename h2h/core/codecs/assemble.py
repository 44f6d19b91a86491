"""Values of a row → the canonical payment. What is written otherwise than declared is found, field by field."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from h2h.core.codecs.cells import Forms, Unreadable
from h2h.core.codecs.layout import Values
from h2h.core.model.parties import Account, Agent, Party, PostalAddress
from h2h.core.model.payment import CreditTransfer, PaymentInstruction, Place
from h2h.core.rules.judge import Judge, masked, shown

T = TypeVar("T")

_PRINTED_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}(?: [A-Z0-9]{4})+(?: [A-Z0-9]{1,3})?")
_EXPONENT = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")
_FEWER_DIGITS = re.compile(r"[1-9][0-9]{11,14}0{3,}")  # a spreadsheet keeps 15 digits and sets the rest to zero


class Assembler:
    """Makes instructions and payments of one file; ``unread`` has the fields of the last one that could not be read."""

    def __init__(self, forms: Forms, judge: Judge) -> None:
        self.unread: set[str] = set()
        self._agents: dict[tuple[str, ...], Agent | None] = {}
        self._addresses: dict[tuple[str, ...], PostalAddress] = {}
        self._forms = forms
        self._judge = judge

    def instruction(self, values: Values) -> PaymentInstruction:
        """The header of an instruction from its values, in the order of ``INSTRUCTION_FIELDS``. It has no id yet."""
        (
            name, street, number, post_code, town, division, country, line_1, line_2, identification, lei,
            iban, other, account_currency, bic, member_id, clearing_system, day, service_level, local_instrument,
            category_purpose, priority, charge_bearer, batch_booking, ultimate_debtor, _payment_group,
        ) = values  # fmt: skip
        self.unread.clear()
        address = (street, number, post_code, town, division, country, line_1, line_2)
        return PaymentInstruction(
            id=None,
            debtor=Party(
                name=name or None,
                postal_address=_address(address) if any(address) else None,
                lei=lei or None,
                identification=identification or None,
            ),
            debtor_account=self._account(iban, other, "debtor", account_currency) or Account(),
            debtor_agent=_agent(bic, member_id, clearing_system, "") or NO_AGENT,
            requested_execution_date=self._date(day),
            instruction_priority=priority or None,
            service_level=service_level or None,
            local_instrument=local_instrument or None,
            category_purpose=category_purpose or None,
            charge_bearer=charge_bearer or None,
            batch_booking=self._read("batch_booking", self._forms.flag, batch_booking) if batch_booking else None,
            ultimate_debtor=Party(name=ultimate_debtor) if ultimate_debtor else None,
        )

    def transfer(self, values: Values, instruction: PaymentInstruction, line: int) -> CreditTransfer:
        """One payment from its values, in the order of ``TRANSACTION_FIELDS``."""
        (
            end_to_end_id, instruction_id, uetr, amount, currency, name,
            street, number, post_code, town, division, country, line_1, line_2, identification, lei,
            iban, other, bic, member_id, clearing_system, agent_name, ultimate_creditor, purpose, remittance, reference,
        ) = values  # fmt: skip
        self.unread.clear()
        address = None
        if country or town or line_1 or street or number or post_code or division or line_2:
            parts = (street, number, post_code, town, division, country, line_1, line_2)
            address = self._addresses.get(parts) or _kept(self._addresses, parts, _address(parts))
        agent = None
        if bic or member_id or agent_name:
            key = (bic, member_id, clearing_system, agent_name)
            agent = self._agents.get(key) or _kept(self._agents, key, _agent(*key))
        exact = self._read("amount", self._forms.amount, amount) if amount else None
        return CreditTransfer(
            instruction=instruction,
            end_to_end_id=end_to_end_id,
            amount=_NOTHING if exact is None else exact,
            currency=currency,
            creditor=Party(name or None, address, None, lei or None, identification or None),
            creditor_account=self._account(iban, other, "creditor", ""),
            creditor_agent=agent,
            instruction_id=instruction_id or None,
            uetr=uetr or None,
            purpose=purpose or None,
            ultimate_creditor=Party(name=ultimate_creditor) if ultimate_creditor else None,
            remittance_unstructured=(remittance,) if remittance else (),
            creditor_reference=reference or None,
            creditor_reference_type=_reference_type(reference, iban) if reference else None,
            place=Place(f"line {line}", line),
        )

    def _account(self, iban: str, other: str, whose: str, currency: str) -> Account | None:
        """An account number with a letter in it is an IBAN, or refused as one; only digits are another number."""
        if iban and other:
            text = "there are an account and an account_other; a payment has one account"
            self._fault("H2H-FORM", f"{whose}_account_other", text, f"{whose}_account")
            return None
        if not iban:
            if not other:
                return None
            return Account(other=self._number(other, f"{whose}_account_other"), currency=currency or None)
        if not iban.isdigit():
            if iban.startswith("="):
                text = f"{shown(iban)} is a spreadsheet's formula, not an account"
                self._fault("H2H-EXCEL", f"{whose}_account", text, f"{whose}_account")
                return None
            if _EXPONENT.fullmatch(iban):
                self._in_exponent_form(iban, f"{whose}_account")
                return None
            if " " in iban and _PRINTED_IBAN.fullmatch(iban):
                iban = iban.replace(" ", "")  # ISO 13616: on paper in groups of four, electronically without blanks
            return Account(iban, currency=currency or None)
        return Account(other=self._number(iban, f"{whose}_account"), currency=currency or None)

    def _number(self, number: str, field: str) -> str | None:
        if _EXPONENT.fullmatch(number):
            self._in_exponent_form(number, field)
            return None
        if _FEWER_DIGITS.fullmatch(number):
            text = f"{masked(number)} ends in zeros after 15 digits or fewer, as a spreadsheet leaves a long number"
            self._judge.found("H2H-EXCEL-DIGITS", field, text)
        return number

    def _in_exponent_form(self, number: str, field: str) -> None:
        text = f"{shown(number)} is a number in exponent form: a spreadsheet has lost digits of the account"
        self._fault("H2H-EXCEL", field, text, field.removesuffix("_other"))

    def _date(self, text: str) -> date | None:
        return self._read("requested_execution_date", self._forms.date, text) if text else None

    def _read(self, field: str, read: Callable[[str], T], text: str) -> T | None:
        try:
            return read(text)
        except Unreadable as why:
            self._fault("H2H-AMOUNT" if field == "amount" else "H2H-FORM", field, str(why), field)
            return None

    def _fault(self, code: str, field: str, text: str, unread: str) -> None:
        self._judge.found(code, field, text)
        self.unread.add(unread)


_KEPT_MAX = 10_000  # payees share banks and towns
_NOTHING = Decimal(0)  # stands for an amount that could not be read, in a payment that is never written
#: EPC: where the payer gives only the IBAN, the bank is "not provided" (GBIC_5, AT: Othr/Id).
NO_AGENT = Agent(other="NOTPROVIDED")


def _kept(known: dict[tuple[str, ...], T], key: tuple[str, ...], made: T) -> T:
    if len(known) < _KEPT_MAX:
        known[key] = made
    return made


def _address(parts: tuple[str, ...]) -> PostalAddress:
    street, number, post_code, town, division, country, line_1, line_2 = parts
    return PostalAddress(
        street_name=street or None,
        building_number=number or None,
        post_code=post_code or None,
        town_name=town or None,
        country_sub_division=division or None,
        country=country or None,
        address_lines=(line_1, line_2) if line_1 and line_2 else (line_1 or line_2,) if line_1 or line_2 else (),
    )


def _agent(bic: str, member_id: str, clearing_system: str, name: str) -> Agent | None:
    if not (bic or member_id or name):
        return None
    return Agent(bic or None, clearing_system or None, member_id or None, name or None)


def _reference_type(reference: str, iban: str) -> str:
    """QRR for the 27 digits of a Swiss QR bill, else SCOR (ISO 20022 DocumentType3Code)."""
    return "QRR" if len(reference) == 27 and reference.isdigit() and iban[:2] in ("CH", "LI") else "SCOR"
