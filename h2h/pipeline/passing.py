"""A long payment file that passes through: read, checked and journalled piece by piece, and never held whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from h2h.core.convert import PAYMENTS, payment_record
from h2h.core.findings import Finding
from h2h.core.format import Format, Read
from h2h.core.format_book import FormatBook
from h2h.core.model.payment import CreditTransfer, Initiation
from h2h.core.records import PaymentRecord
from h2h.core.rules.initiation import Totals, check_payments
from h2h.core.view.initiation import transaction_json
from h2h.core.view.message import message_json
from h2h.pipeline.content import blocks_of, long_format
from h2h.pipeline.dumping import HERE, dump_with
from h2h.settings import BankProfile


def long_payments(source: Path, book: FormatBook) -> Format | None:
    """The format of a payment file that is better not held whole; None if it is none."""
    return long_format(source, book, *PAYMENTS)


class Payments:
    """What a long payment file says: ``initiation`` with its instructions. Payments are read when they are wanted."""

    def __init__(self, source: Path, format_: Format) -> None:
        """``Refused`` as soon as something cannot be read. Only for files that their schema has accepted."""
        self._source, self._format = source, format_
        self.unread: list[Finding] = []
        self.totals = Totals()
        for around, transfers in format_.stream(blocks_of(source), self.unread):
            self.totals.add(transfers)
            if isinstance(around, Initiation):
                self.initiation = around
        self.initiation.kind = format_.kind

    def transfers(self) -> Iterator[CreditTransfer]:
        """All payments, in document order."""
        for _, transfers in self._format.stream(blocks_of(self._source)):
            yield from transfers

    def findings(self, bank: BankProfile, today: date) -> list[Finding]:
        """What the reader and the rules find."""
        return [*self.unread, *check_payments(self.initiation, self.transfers, self.totals, bank, today)]

    def records(self, sid: str) -> Iterator[PaymentRecord]:
        """The payments for the journal."""
        for ordinal, transfer in enumerate(self.transfers(), start=1):
            yield payment_record(transfer, sid, ordinal)

    def dump_into(self, out: BinaryIO, findings: list[Finding]) -> None:
        """The whole file as JSON, as ``view.message_json`` shows one that is held."""
        head = message_json(self._format, Read(self.initiation, findings))
        head["transaction_count"] = self.totals.all.count
        head["control_sum"] = f"{self.totals.all.total:f}"
        for told, instruction in zip(head["instructions"], self.initiation.instructions, strict=True):
            told["transactions"] = HERE if id(instruction) in self.totals.of else []
        same = groupby(self.transfers(), key=lambda transfer: id(transfer.instruction))
        dump_with(head, ((transaction_json(t, self.initiation.kind) for t in some) for _, some in same), out)
