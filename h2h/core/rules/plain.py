"""What is evidently good of a payment that is like one found good before: one quick look instead of all the rules.

It never says what is wrong. Whatever is not evidently good is left to the full check (``payment.check_transfer``),
which decides and explains; so this look may be stricter than the rules, and never milder.
"""

from __future__ import annotations

import re
from decimal import Decimal

from h2h.core.rules.accounts import iban_test
from h2h.core.rules.lists import decimals_of
from h2h.core.rules.parties import TRUNCATED
from h2h.core.rules.references import ID_MAX, NOT_PROVIDED, is_qr_iban
from h2h.core.rules.terms import Terms
from h2h.core.rules.usage import PlainCheck


def plain_check(terms: Terms, decimal_separator: str, country: str, currency: str) -> PlainCheck | None:
    """The look at payments to IBANs of *country*; None if payments in this currency need the full check."""
    decimals, is_iban = decimals_of(currency), iban_test(country)
    if terms.templates is not None:
        return None  # what was agreed is compared with all of a payment
    if decimals is None or decimals < 2 or is_iban is None:
        return None
    # No slash, no blank outside: what else an id must be is looked at in ``references.check_id``.
    is_id = re.compile(rf"(?! )[A-Za-z0-9\-?:().,'+ ]{{1,{ID_MAX}}}(?<! )").fullmatch
    # Two decimals, and within the limits of every scheme.
    is_amount = re.compile(rf"(?:0|[1-9][0-9]{{0,8}}){re.escape(decimal_separator)}[0-9]{{2}}").fullmatch
    fits, length = terms.repertoire.fits, terms.repertoire.length
    name_max, text_max = terms.rules.name_characters_max, terms.rules.remittance_characters_max
    stopped = terms.stopped
    may_be_qr = is_qr_iban if country in ("CH", "LI") else None

    def check(end_to_end_id: str, amount: str, name: str, iban: str, text: str) -> Decimal | None:
        if is_id(end_to_end_id) is None or end_to_end_id == NOT_PROVIDED or is_amount(amount) is None:
            return None
        if not is_iban(iban) or (may_be_qr is not None and may_be_qr(iban)):
            return None
        if stopped is not None and (stopped.account(iban) or stopped.name(name)):
            return None
        name_length = length(name)
        if not name[:1].isalpha() or name_length > name_max or name_length in TRUNCATED:
            return None
        if length(text) > text_max or not fits(name + text):
            return None
        return Decimal(amount if decimal_separator == "." else amount.replace(decimal_separator, ".")) or None

    return check
