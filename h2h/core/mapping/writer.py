"""Model → document, by a compiled mapping.

Rules: deterministic (same values, same bytes); nothing is cut, rounded or defaulted; a value which the sample has no
place for is refused with its name; transactions are streamed, so memory does not grow with the file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import BinaryIO

from h2h.core.errors import Refused
from h2h.core.findings import WhoActs, error
from h2h.core.mapping.blocks import Frame, in_blocks, refusal, written
from h2h.core.mapping.generate import object_writer
from h2h.core.mapping.pattern import Pattern, Records, pattern_of, varies
from h2h.core.mapping.plan import Plan
from h2h.core.mapping.writing import CannotWriteError
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction

_WHO = WhoActs.ACCOUNTS_PAYABLE
Group = tuple[PaymentInstruction, int, Decimal, Iterable[CreditTransfer | Records]]


class Writer:
    """Writes initiations in one format version."""

    def __init__(self, plan: Plan, namespace: str | None, name: str) -> None:
        frame = Frame.of(plan, namespace, name, Initiation)
        self._start, self._end, group, record = frame.start, frame.end, frame.group, frame.record
        self._group_tag, self._record_tag = group.tag, record.tag
        self._header = object_writer(Initiation, frame.header)
        self._group = object_writer(PaymentInstruction, [c for c in group.children if c is not record])
        self._record = object_writer(CreditTransfer, record.children, [name for name, _ in record.up])
        self._has_patterns = not varies(record.children)

    def write(self, initiation: Initiation, out: BinaryIO) -> None:
        """The whole initiation; equal instructions that follow each other are one group."""
        self.stream(initiation, groups_of(initiation), out)

    def pattern(self, like: CreditTransfer) -> Pattern | None:
        """What writes payments that differ from this one in ``pattern.Gaps`` only; None if each is to be written."""
        if not self._has_patterns:
            return None
        return pattern_of(lambda transfer: f"<{self._record_tag}>{self._record(transfer)}</{self._record_tag}>\n", like)

    def stream(self, header: Initiation, groups: Iterable[Group], out: BinaryIO) -> None:
        """*groups* gives, for each instruction, how many transactions, their sum, and the transactions one by one.

        ``Refused`` if a value has no place, a character is illegal, or a count or sum is not what it was said to be:
        then *out* holds a part of a document and must be thrown away.
        """
        known = list(groups)
        count, total = sum(g[1] for g in known), sum((g[2] for g in known), Decimal(0))
        _agree("NbOfTxs", "GrpHdr", header.stated_transaction_count, count)
        _agree("CtrlSum", "GrpHdr", header.stated_control_sum, total)
        header = dataclasses.replace(header, stated_transaction_count=count, stated_control_sum=total)
        in_blocks(self._document(header, known), out)

    def areas(self, document: bytes) -> list[tuple[int, int]]:
        """Where in a document of ours each instruction's transactions begin and end."""
        # What is data in a document holds no "<".
        starts, end = f"<{self._record_tag}>".encode(), f"</{self._group_tag}>\n".encode()
        found: list[tuple[int, int]] = []
        at = document.find(f"<{self._group_tag}>\n".encode())
        while at >= 0:
            stop = document.index(end, at)
            found.append((document.index(starts, at), stop))
            at = document.find(f"<{self._group_tag}>\n".encode(), stop)
        return found

    def frame(self, header: Initiation, groups: Iterable[Group]) -> bytes:
        """The document with all its counts and sums, but only the first transaction of each instruction."""
        end = f"</{self._record_tag}>\n"
        parts = [self._start, written(self._header, header, "", _WHO)]
        for at, (instruction, count, total, transactions) in enumerate(groups, 1):
            first = next(iter(transactions))
            text = first.text if isinstance(first, Records) else f"<{self._record_tag}>{self._record(first)}{end}"
            stated = dataclasses.replace(instruction, stated_transaction_count=count, stated_control_sum=total)
            parts.append(f"<{self._group_tag}>{written(self._group, stated, f'{self._group_tag}[{at}]', _WHO)}")
            parts.append(f"{text[: text.index(end) + len(end)]}</{self._group_tag}>\n")
        return "".join([*parts, self._end]).encode()

    def _document(self, header: Initiation, groups: Sequence[Group]) -> Iterator[str]:
        yield self._start
        yield written(self._header, header, "", _WHO) + "\n"
        number = 0
        start, end = f"<{self._record_tag}>", f"</{self._record_tag}>\n"
        write = self._record
        for at, (instruction, count, total, transactions) in enumerate(groups, 1):
            where = f"{self._group_tag}[{at}]"
            _agree("NbOfTxs", where, instruction.stated_transaction_count, count)
            _agree("CtrlSum", where, instruction.stated_control_sum, total)
            instruction = dataclasses.replace(instruction, stated_transaction_count=count, stated_control_sum=total)
            yield f"<{self._group_tag}>\n{written(self._group, instruction, where, _WHO)}\n"
            seen, seen_sum = 0, Decimal(0)
            for transaction in transactions:
                if isinstance(transaction, Records):
                    number += transaction.number
                    seen += transaction.number
                    seen_sum += transaction.total
                    yield transaction.text
                    continue
                number += 1
                seen += 1
                seen_sum += transaction.amount
                try:
                    yield f"{start}{write(transaction)}{end}"
                except CannotWriteError as problem:
                    raise refusal(problem, transaction, f"{self._record_tag}[{number}]", _WHO) from problem
            _agree("NbOfTxs", where, count, seen)
            _agree("CtrlSum", where, total, seen_sum)
            yield f"</{self._group_tag}>\n"
        yield self._end


def groups_of(initiation: Initiation) -> list[Group]:
    """The transactions under their instructions, in order; an instruction without transactions is refused."""
    groups: list[tuple[PaymentInstruction, list[CreditTransfer]]] = []
    for transaction in initiation.transactions:
        last = groups[-1][0] if groups else None
        if last is not transaction.instruction and last != transaction.instruction:
            groups.append((transaction.instruction, []))
        groups[-1][1].append(transaction)
    if not groups:
        raise Refused([error("H2H-NO-TRANSACTIONS", "the file", "there is no transaction to write", WhoActs.ERP_TEAM)])
    return [(i, len(many), sum((t.amount for t in many), Decimal(0)), many) for i, many in groups]


def _agree(tag: str, where: str, stated: int | Decimal | None, found: int | Decimal) -> None:
    if stated is not None and stated != found:
        text = f"{where}: {tag} was given as {stated}, and the transactions make {found}"
        raise Refused([error("H2H-COUNT" if tag == "NbOfTxs" else "H2H-SUM", f"{where}/{tag}", text, WhoActs.ERP_TEAM)])
