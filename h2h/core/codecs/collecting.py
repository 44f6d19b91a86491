"""Values of a row of direct debits → canonical collections: the payment's part as ever, then mandate and creditor."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from h2h.core.codecs.assemble import NO_AGENT, Assembler
from h2h.core.codecs.fields import INSTRUCTION_FIELDS, TRANSACTION_FIELDS
from h2h.core.codecs.layout import Values
from h2h.core.model.collection import Collection, Mandate
from h2h.core.model.parties import Account, Party
from h2h.core.model.payment import CreditTransfer, PaymentInstruction
from h2h.core.rules.collection import NEW_ACCOUNT, is_creditor_id

_HEADER, _PAYMENT = len(INSTRUCTION_FIELDS), len(TRANSACTION_FIELDS)


class CollectionAssembler(Assembler):
    """Makes instructions and collections of one file."""

    def instruction(self, values: Values) -> PaymentInstruction:
        """As for payments, with ``COLLECTION_INSTRUCTION_FIELDS`` after the others."""
        sequence_type, creditor_id = values[_HEADER:]
        return replace(
            super().instruction(values[:_HEADER]),
            payment_method="DD",
            sequence_type=sequence_type or None,
            creditor_scheme=_creditor(creditor_id) if creditor_id else None,
        )

    def transfer(self, values: Values, instruction: PaymentInstruction, line: int) -> CreditTransfer:
        """As for payments, with ``COLLECTION_TRANSACTION_FIELDS`` after the others."""
        made = super().transfer(values[:_PAYMENT], instruction, line)
        mandate_id, signed, old_id, old_creditor_id, old_creditor_name, old_account, note_id, note_day = values[
            _PAYMENT:
        ]
        former = None
        if old_creditor_id or old_creditor_name:
            former = _creditor(old_creditor_id, old_creditor_name) if old_creditor_id else Party(name=old_creditor_name)
        mandate = Mandate(
            id=mandate_id or None,
            date_of_signature=self._day(signed, "mandate_date_of_signature"),
            amended=True if old_id or former or old_account else None,
            original_id=old_id or None,
            original_creditor_scheme=former,
            original_debtor_account=_former_account(old_account) if old_account else None,
        )
        made.collection = Collection(
            mandate=mandate if mandate != Mandate() else None,
            pre_notification_id=note_id or None,
            pre_notification_date=self._day(note_day, "pre_notification_date"),
        )
        made.creditor_agent = made.creditor_agent or NO_AGENT  # ISO 20022 demands a bank of the payer
        return made

    def _day(self, text: str, field: str) -> date | None:
        return self._read(field, self._forms.date, text) if text else None


def _creditor(number: str, name: str = "") -> Party:
    """A creditor identifier whose check digits are right is one of SEPA, and is said to be (EPC130-08, AT-02)."""
    scheme = "SEPA" if is_creditor_id(number) else None
    return Party(name=name or None, identification=number, identification_scheme=scheme, private=True)


def _former_account(text: str) -> Account:
    return Account(other=text) if text == NEW_ACCOUNT or text.isdigit() else Account(iban=text.replace(" ", ""))
