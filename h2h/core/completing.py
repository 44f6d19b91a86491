"""What h2h adds to a payment file that says less than the bank wants: ids and times of its own, never a fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from h2h.core import naming
from h2h.core.model.parties import Party
from h2h.core.model.payment import Initiation, PaymentInstruction


def completed(initiation: Initiation, message_id: str, now: datetime, initiating_party: str | None) -> Initiation:
    """The initiation with message id, creation time, initiating party and ids of its instructions, where it has none.

    Payments of one instruction stand together, in the order in which the instructions first appear.
    """
    initiator = initiation.initiating_party
    if initiator == Party() and initiating_party is not None:
        initiator = Party(name=initiating_party)
    own_id = initiation.message_id or message_id
    numbers: dict[int, int] = {}
    for transfer in initiation.transactions:
        numbers.setdefault(id(transfer.instruction), len(numbers))
    named: dict[int, PaymentInstruction] = {}
    for transfer in initiation.transactions:
        key, instruction = id(transfer.instruction), transfer.instruction
        if key not in named:
            generated = naming.payment_information_id(own_id, numbers[key] + 1)
            named[key] = instruction if instruction.id else replace(instruction, id=generated)
    ordered = sorted(initiation.transactions, key=lambda transfer: numbers[id(transfer.instruction)])
    return replace(
        initiation,
        message_id=own_id,
        creation_date_time=initiation.creation_date_time or now,
        initiating_party=initiator,
        instructions=list(named.values()),
        transactions=[replace(transfer, instruction=named[id(transfer.instruction)]) for transfer in ordered],
    )
