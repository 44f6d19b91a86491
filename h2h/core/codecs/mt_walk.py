"""Through the lines of an MT940 or MT942 file, message after message, in one pass.

An expression takes an entry with its text at once (nine tenths of a large file are entries), all other fields come one
by one. A line that cannot be read is a finding of severity error with its line; the others are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

from h2h.core.codecs.mt_detail import NO_REFERENCE, unfolded
from h2h.core.codecs.mt_entry import LazyEntry
from h2h.core.codecs.mt_lines import ENTRY, ENVELOPE, FIELD, FOREIGN, NUMBER, first_line
from h2h.core.codecs.mt_remarks import Remarks
from h2h.core.codecs.mt_text import INTERIM
from h2h.core.codecs.mt_values import (
    MARKS,
    Days,
    account,
    balance,
    count_and_sum,
    floor_limit,
    moment,
    unusual_amount,
)
from h2h.core.findings import Finding, WhoActs, error, info, warning
from h2h.core.model.parties import Account
from h2h.core.model.statement import Statement
from h2h.core.rules.lists import named_money

#: So many entries are given out together when a file is streamed.
BATCH = 500

_BALANCES = {"60F": "OPBD", "60": "OPBD", "60M": "PRCD", "62F": "CLBD", "62M": "CLBD", "62": "CLBD", "64": "CLAV"}
_BALANCES["65"] = "FWAV"
_CLOSINGS = frozenset(("62", "62F", "62M"))
_TEXTS = frozenset(("25P", "61", "86", "NS", "NSF"))


class Walk:
    """The statements of one text. ``reference`` is the first message's :20:."""

    def __init__(self, text: str, type_: str, findings: list[Finding]) -> None:
        self.reference: str | None = None
        self._text, self._type, self._remarks = text, type_, Remarks(text, findings)
        self._days = Days()
        self._dates: dict[str, tuple[date | None, date | None]] = {}
        self._block_at: int | None = None
        self._fields: dict[str, Callable[[str, str, int], None]] = {
            "20": self._reference, "25": self._account, "25P": self._account, "28": self._number, "28C": self._number,
            "13": self._moment, "13D": self._moment, "34F": self._limit, "90C": self._sums, "90D": self._sums,
            "61": self._unreadable, "86": self._text_field, "NS": self._non_swift,
            **dict.fromkeys(_BALANCES, self._balance),
        }  # fmt: skip
        self._statement: Statement | None = None
        self._entries: list[LazyEntry] = []
        self._forget()

    def _forget(self) -> None:
        """Nothing of a message is known yet."""
        self._seen: dict[str, int] = {}
        self._currency = ""
        self._account_text = self._message_reference = self._message_number = ""
        self._ended = self._orphan = False
        self._listed_from = dict.fromkeys("CD", Decimal(0))

    def __iter__(self) -> Iterator[tuple[Statement, list[LazyEntry]]]:
        """(statement as far as it is known, its next entries); at the end of a statement once more."""
        text, position, end = self._text, 0, len(self._text)
        match_entry, match_field = ENTRY.match, FIELD.match
        while position < end:
            found = match_entry(text, position)
            if found is not None:
                statement = self._statement or self._begin()
                if len(self._entries) >= BATCH:
                    yield statement, self._entries
                    self._entries = []
                self._entry(found)
                position = found.end()
                continue
            found = match_field(text, position)
            if found is None:
                position = self._other_line(position)
                continue
            tag = found[1]
            if self._begins(tag, found[2]) and self._statement is not None:
                yield self._close()
            _ = self._now
            self._seen.setdefault(tag, position)
            known = self._fields.get(tag)
            if known is not None:
                known(tag, found[2], position)
            elif tag != "21":
                self._remarks.foreign(tag, position)
            # Of a field that has one line, further ones are not a part: a bank's own tag, or noise.
            position = found.end() if tag in _TEXTS or "\n" not in found[2] else text.find("\n", position) + 1
        if self._statement is not None:
            yield self._close()
        self._tell_of_open_block()
        self._remarks.of_the_rest()
        # The methods in ``_fields`` make a ring: a long text must not wait for the collector.
        self._text = self._remarks.text = ""

    # ------------------------------------------------------------------------------------------------ messages

    def _begins(self, tag: str, text: str) -> bool:
        """A message begins with :20:; where a bank leaves it out, with the first field after the end of the last.

        Nor can an account follow a closing balance: it is the next message's, if that one is another account's or
        such messages have no :20: at all.
        """
        if tag == "20":
            return True
        if tag in ("25", "25P") and self._seen.keys() & _CLOSINGS:
            return "20" not in self._seen or text != self._account_text
        return self._ended and tag in ("21", "25", "25P", "28", "28C", "60F", "60M", "34F")

    def _begin(self) -> Statement:
        self._statement = Statement("statement" if self._type == "940" else "report", None, Account())
        self._ended = False
        return self._statement

    def _close(self) -> tuple[Statement, list[LazyEntry]]:
        statement, entries = self._now, self._entries
        statement.id = " ".join(p for p in (self._message_reference, self._message_number) if p) or None
        if self._account_text:
            statement.account = account(self._account_text, self._currency or None)
        for entry in entries:
            entry.currency = entry.currency or self._currency
        has_balance = any(tag in _BALANCES for tag in self._seen)
        interim = self._seen.keys() & INTERIM
        if statement.kind == "statement" and not has_balance and interim:
            statement.kind = "report"
        elif statement.kind == "report" and has_balance and not interim:
            statement.kind = "statement"  # of another type than the file's first message
        if not entries and "61" not in self._seen and statement.stated_entry_count:
            self._tell_of_counted(statement)
        self._tell_of_missing(statement, bool(entries))
        self._statement, self._entries = None, []
        self._forget()
        return statement, entries

    @property
    def _now(self) -> Statement:
        return self._statement or self._begin()

    def _tell_of_counted(self, statement: Statement) -> None:
        """A balance report (MT941) counts entries and lists none, as an interim report may that is only of sums."""
        statement.entries_elsewhere = True
        where = f"statement {statement.id or ''}".strip()
        told = f"{statement.stated_entry_count} entries are counted and none is listed; it is a report of sums"
        self._remarks.add(info("H2H-MT-COUNTED", where, f"{where}: {told}"))

    def _tell_of_missing(self, statement: Statement, entries: bool) -> None:
        where = f"statement {statement.id or ''}".strip()
        seen = {tag[:2] for tag in self._seen}
        if not (statement.account.iban or statement.account.other):
            seen.discard("25")
        needed = [("25", "account"), ("60", "opening balance"), ("62", "closing balance")]
        if statement.kind == "report":
            needed = needed[:1]
        for tag, what in needed:
            if tag not in seen:
                more = "; the file may be cut off" if tag == "62" else ""
                text = f"{where} states no {what} (:{tag}:){more}"
                self._remarks.add(error("H2H-MT-MISSING", where, text, WhoActs.BANK))
        for tag, what in (("20", "reference"), ("28", "statement number")):
            if tag not in seen:
                text = f"{where} has no {what} (:{tag}:)"
                self._remarks.add(warning("H2H-MT-DIALECT", where, text, WhoActs.BANK))
        if entries and not self._currency:
            text = f"{where}: nothing says in which currency it is"
            self._remarks.add(error("H2H-MT-CURRENCY", where, text, WhoActs.BANK))

    # ------------------------------------------------------------------------------------------------ fields

    def _entry(self, found: re.Match[str]) -> None:
        when, mark, broken, money, apart, type_, reference, bank_reference, more, text = found.groups()
        try:
            usual = type_ is not None and "," in money[-3:] and "." not in money
            decimal = Decimal(money.replace(",", ".")) if usual else self._unusual(found)
        except ArithmeticError:
            decimal = None
        if decimal is None:
            self._unreadable("61", found[0].strip()[4:], found.start())
            return
        entry = LazyEntry.__new__(LazyEntry)
        entry.amount, entry.currency = decimal, self._currency
        entry.credit_debit, entry.reversal, entry.status = MARKS[mark]
        entry.value_date, entry.booking_date = self._dates.get(when) or self._dates_of(when, found)
        entry.entry_reference = None
        entry.account_servicer_reference = bank_reference.strip() or None if bank_reference else None
        reference = reference.strip()
        if reference.startswith("NONREF "):
            more = f"\n{reference[7:].strip()}{more or ''}"  # Dutch banks wrote the other side's name behind it
            reference = ""
        if type_ is None and reference.endswith("NONREF"):
            reference = ""  # behind a type that SWIFT does not have
        if apart:
            told = "a blank stands between the amount and the type"
            self._remarks.odd_once(found.start(), told, found[0].split("\n", 1)[0])
        if broken:
            self._remarks.odd_once(found.start(), "the amount stands on a line of its own", found[0])
        entry.line = (type_, "" if reference in NO_REFERENCE else reference, text, more)
        self._entries.append(entry)
        self._orphan = False

    def _dates_of(self, when: str, found: re.Match[str]) -> tuple[date | None, date | None]:
        """(value date, entry date). A statement has few days and many entries, so good ones are remembered."""
        value, booked = when[:6], when[6:]
        made = self._days.value(value), self._days.entry(value, booked) if booked else None
        if made[0] is None:
            self._remarks.odd(found.start(), f"the value date {value} is no date; the entry has none", found[0])
        elif booked and made[1] is None:
            self._remarks.odd(found.start(), f"the entry date {booked} is no date; the entry has none", found[0])
        else:
            self._dates[when] = made
        return made

    def _unusual(self, found: re.Match[str]) -> Decimal | None:
        """An amount that is written in another way; None if it could mean another one."""
        value, odd = unusual_amount(found[4], found[6], found[7], self._currency)
        if odd:
            self._remarks.odd_once(found.start(), odd, found[0].split("\n", 1)[0])
        return value

    def _unreadable(self, _tag: str, text: str, position: int) -> None:
        self._remarks.unreadable(position, "61", "entry", text)
        self._orphan = True

    def _text_field(self, tag: str, text: str, position: int) -> None:
        """A text that does not stand directly behind its entry."""
        closed = any((t in _BALANCES and t[:2] != "60") or t in ("90C", "90D") for t in self._seen)
        if closed or not self._entries or self._orphan:
            statement = self._now
            told = unfolded(text)
            statement.additional_information = f"{statement.additional_information} {told}".strip()
            if not closed:
                told = "this text stands behind no entry; it is kept as the statement's"
                self._remarks.odd_once(position, told, f":{tag}:{text}")
            return
        self._entries[-1].goes_on(text)

    def _non_swift(self, tag: str, text: str, position: int) -> None:
        """:NS: two digits and a text a line: 22 and 23 name the owner, 01 to 14 are an entry's text."""
        lines = [(line[:2], line[2:].strip()) for line in text.split("\n")]
        if self._entries and not self._orphan:
            self._entries[-1].goes_on(" ".join(told for key, told in lines if told and not key.startswith("3")))
        else:
            self._now.account_owner = next((told for key, told in lines if key == "22"), None)
        rest = [key for key, told in lines if told and (key.startswith("3") or (not self._entries and key != "22"))]
        for key in rest:
            self._remarks.foreign(f"{tag}:{key}", position)

    def _reference(self, _tag: str, text: str, _position: int) -> None:
        self._message_reference = first_line(text)
        self.reference = self.reference or self._message_reference or None

    def _account(self, _tag: str, text: str, _position: int) -> None:
        self._account_text = text
        self._now.account = account(text, None)

    def _number(self, tag: str, text: str, position: int) -> None:
        told = first_line(text)
        found = NUMBER.fullmatch(told)
        if found is None:
            self._remarks.odd(position, "the statement number is not a number", f":{tag}:{told}")
        elif found[1]:
            self._now.electronic_sequence_number = Decimal(found[1])
        self._message_number = told

    def _balance(self, tag: str, text: str, position: int) -> None:
        known = self._now.balances
        made, odd = balance(_BALANCES[tag], first_line(text), self._days, known[-1] if known else None)
        if made is None:
            self._remarks.unreadable(position, tag, "balance", text)
            return
        for told in odd:
            self._remarks.odd_once(position, told, f":{tag}:{text}")
        self._is_in(made.currency, position, f":{tag}:{text}")
        self._now.continues = self._now.continues or (tag == "60M" and "60F" not in self._seen)
        if tag in ("62F", "62") and "62M" in self._seen:
            for carried in known:  # one message with several days: only the last balance closes it
                carried.type = "ITBD" if carried.type == "CLBD" else carried.type
        known.append(made)

    def _is_in(self, currency: str, position: int, raw: str) -> None:
        """All fields of a message have one currency (the handbook's rule C27)."""
        if self._currency and currency != self._currency:
            self._remarks.odd(position, f"it is in {currency}, and what stands before it in {self._currency}", raw)
        elif not named_money(currency):
            self._remarks.odd_once(position, f"{currency} is no currency", raw)
        self._currency = self._currency or currency

    def _limit(self, tag: str, text: str, position: int) -> None:
        found = floor_limit(first_line(text))
        if found is None:
            self._remarks.odd(position, "this floor limit cannot be read", f":{tag}:{text}")
            return
        self._is_in(found[0], position, f":{tag}:{text}")
        for direction in found[1] or "CD":
            self._listed_from[direction] = max(self._listed_from[direction], found[2])

    def _moment(self, tag: str, text: str, position: int) -> None:
        self._now.creation_date_time = moment(first_line(text))
        if self._now.creation_date_time is None:
            self._remarks.odd(position, "this is no date and time", f":{tag}:{text}")

    def _sums(self, tag: str, text: str, position: int) -> None:
        found = count_and_sum(first_line(text))
        if found is None:
            self._remarks.odd(position, "this number and sum of entries cannot be read", f":{tag}:{text}")
            return
        count, currency, total = found
        self._is_in(currency, position, f":{tag}:{text}")
        statement = self._now
        if any(self._listed_from.values()):
            count = None  # entries below the limit are in the numbers and the sum, and not in the list
        if self._listed_from[tag[2]]:
            return
        if tag == "90C":
            statement.stated_credit_sum = total
        else:
            statement.stated_debit_sum = total
        if count is not None:
            statement.stated_entry_count = (statement.stated_entry_count or 0) + count

    # ------------------------------------------------------------------------------------------------ the rest

    def _other_line(self, position: int) -> int:
        """A line that is no field: an envelope, a bank's own tag, or what belongs nowhere."""
        stop = self._text.find("\n", position)
        stop = len(self._text) if stop < 0 else stop
        line = self._text[position:stop]
        bare = line.lstrip()
        if bare.startswith(("-", "{")):
            self._ended = self._ended or bare.startswith("-") or "{4:" in line
            self._block(bare, position)
            first = line.partition("{4:")[2]
            if first.lstrip().startswith(":"):  # the block's first field stands on the line that opens it
                return stop - len(first)
        elif (foreign := FOREIGN.match(line)) and not ENVELOPE.fullmatch(line):
            self._remarks.foreign(foreign[1], position)
        elif not ENVELOPE.fullmatch(line) or (self._statement is not None and not self._ended and line.strip()):
            self._remarks.outside(position)
        return stop + 1

    def _block(self, line: str, position: int) -> None:
        """SWIFT's block 4 begins with ``{4:`` and ends with ``-}``; one that does not end is cut off."""
        if line.startswith("-"):
            self._block_at = None
        if "{4:" in line:
            self._tell_of_open_block()
            self._block_at = position

    def _tell_of_open_block(self) -> None:
        if self._block_at is not None:
            self._remarks.cut(self._block_at)
