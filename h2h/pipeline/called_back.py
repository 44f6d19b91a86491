"""Which of our payments a cancellation may speak of: the bank's answer to one, or a request for one."""

from __future__ import annotations

from h2h.core.lifecycle import BANK_MAY_HAVE_IT
from h2h.core.match_cancellation import ids_answered
from h2h.core.model.cancellation import CancellationAnswer, CancellationRequest
from h2h.core.records import PaymentRecord
from h2h.pipeline.house import House


def called_back(
    house: House, bank: str, message: CancellationAnswer | CancellationRequest
) -> tuple[list[PaymentRecord], dict[str, frozenset[str]]]:
    """(payments that it may speak of, message id → submissions that bear it)."""
    messages, batches, end_to_end_ids, uetrs = ids_answered(message)
    of_message = {}
    payments: dict[tuple[str, int], PaymentRecord] = {}
    for message_id in messages:
        sids = [s.sid for s in house.journal.by_message_id(bank, message_id) if s.state in BANK_MAY_HAVE_IT]
        if sids:
            of_message[message_id] = frozenset(sids)
        for sid in sids:
            payments.update({(p.sid, p.ordinal): p for p in house.journal.payments(sid)})
    named = house.journal.payments_by(
        bank=bank, end_to_end_ids=end_to_end_ids, uetrs=uetrs, payment_information_ids=batches
    )
    payments.update({(p.sid, p.ordinal): p for p in named})
    return list(payments.values()), of_message
