"""What the bank really got, for those who must know: one JSON line a payment, kept in ``received.jsonl``."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from h2h.simulator.payments import Initiation
from h2h.simulator.questions import Question, Recall


class Oracle:
    """Written before anything else happens with a file, never changed. Amounts are text."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def payments(self, at: datetime, name: str, sealed: bytes, plain: bytes, initiation: Initiation) -> None:
        """Every payment of a file that could be read; ``refusal`` says that the bank will not pay."""
        shared = {
            **_file(at, name, sealed),
            "plain_sha256": hashlib.sha256(plain).hexdigest(),
            "message_name": initiation.message_name,
            "message_id": initiation.message_id,
            "refusal": initiation.refusal[0] if initiation.refusal else None,
        }
        lines = [
            {
                **shared,
                "ordinal": ordinal,
                "end_to_end_id": payment.end_to_end_id,
                "instruction_id": payment.instruction_id,
                "payment_information_id": payment.payment_information_id,
                "amount": str(payment.amount),
                "currency": payment.currency,
                "creditor_name": payment.creditor_name,
                "creditor_account": payment.creditor_account,
                "debtor_account": payment.debtor_account,
                "requested_execution_date": payment.requested_execution_date,
            }
            for ordinal, payment in enumerate(initiation.payments, 1)
        ]
        self._append(lines or [{**shared, "problem": initiation.refusal[1] if initiation.refusal else "empty"}])

    def question(self, at: datetime, name: str, sealed: bytes, question: Recall | Question) -> None:
        """A file that asks for something and pays nothing."""
        asked = {"message_name": question.message_name, "message_id": question.message_id}
        self._append([{**_file(at, name, sealed), **asked}])

    def untrusted(self, at: datetime, name: str, sealed: bytes, problem: str) -> None:
        """A file that could not be opened; the bank does nothing with it."""
        self._append([{**_file(at, name, sealed), "problem": problem}])

    def lines(self) -> Iterator[dict[str, Any]]:
        """Everything written so far, oldest first."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)

    def _append(self, lines: list[dict[str, Any]]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())


def _file(at: datetime, name: str, sealed: bytes) -> dict[str, Any]:
    return {"at": at.isoformat(), "file": name, "size": len(sealed), "sha256": hashlib.sha256(sealed).hexdigest()}
