"""An entry whose text is taken apart when somebody asks: a file of many entries is read in half the time."""

from __future__ import annotations

from typing import Any

from h2h.core.codecs.mt_detail import add_text, unfolded
from h2h.core.codecs.mt_german import structured_by
from h2h.core.codecs.mt_narrative import describe
from h2h.core.model.statement import Entry

# What the text says; until somebody asks for one of them, they are not set.
_FROM_TEXT = ("bank_transaction_code", "additional_information", "details", "batch_payment_information_id")
_UNSET = frozenset((*_FROM_TEXT, "batch_message_id", "batch_transaction_count"))


class LazyEntry(Entry):
    """An entry of an MT940 or MT942.

    ``line`` holds what was not taken apart yet: type, the account owner's reference, the text (:86:) and the
    supplementary details (the second line of :61:); then it is None.
    """

    __slots__ = ("line",)
    line: tuple[str | None, str, str | None, str] | None

    def __getattr__(self, name: str) -> Any:
        """Called for what is not set: take the text apart once."""
        if name not in _UNSET or self.line is None:
            raise AttributeError(name)
        type_, reference, text, more = self.line
        self.line = None
        self.bank_transaction_code = type_.rstrip() if type_ else None
        self.additional_information = ""
        self.batch_message_id = self.batch_payment_information_id = self.batch_transaction_count = None
        self.details = []
        describe(self, text or "", reference)
        if more:
            add_text(self, unfolded(more))
        return object.__getattribute__(self, name)

    def goes_on(self, text: str) -> None:
        """Another :86: behind the first."""
        if self.line is None:
            add_text(self, unfolded(text))
            return
        type_, reference, before, more = self.line
        if before is None:
            self.line = (type_, reference, text, more)
            return
        sign = structured_by(before)
        if text.startswith(before.strip()):
            self.line = (type_, reference, text, more)  # the code alone first, and then the text with the code
        elif sign and not text.startswith(sign):
            add_text(self, unfolded(text))
        else:
            self.line = (type_, reference, f"{before}\n{text}", more)
