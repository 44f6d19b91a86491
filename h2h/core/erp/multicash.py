"""Statement → the MultiCash pair that SAP imports (SAP note 36833): AUSZUG, a row a statement, UMSATZ, a row an entry.

Fields are parted by ``;`` and never quoted, rows end with CRLF, days are DD.MM.YY, amounts have a decimal point and a
leading minus. Before anything is handed over: opening balance − debits + credits is the closing balance, and AUSZUG
says how many rows UMSATZ has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from h2h.core.erp.keys import PRIMANOTA_MAX, Keys
from h2h.core.erp.lines import SEPA_WORD, Line, Speller, Stated, lines_of, pieces, plain, sepa_words, stated
from h2h.core.erp.options import MultiCashOptions
from h2h.core.erp.told import Told
from h2h.core.findings import Finding, WhoActs
from h2h.core.model.statement import Balance, Statement, StatementMessage, signed

# Numbers of fields in the note, and their lengths.
_NOTES, _TEXT, _NAME, _BANK_KEY, _ACCOUNT, _CENTS = 14, 27, 35, 12, 24, 2
_WHOLE_DIGITS_MAX = 16  # 18.2
_RECORDS_MAX = 99_999
_PARTED = re.compile('[;"]')


@dataclass(frozen=True, slots=True)
class Pair:
    """The two files; ``rows`` are those of UMSATZ."""

    auszug: bytes
    umsatz: bytes
    rows: int
    findings: list[Finding]


def write_multicash(message: StatementMessage, options: MultiCashOptions) -> Pair:
    """The pair; ``Refused`` with the place of what cannot be carried exactly."""
    told = Told("MultiCash")
    writer = _Writer(options, told)
    heads: list[str] = []
    rows: list[str] = []
    for number, statement in enumerate(message.statements, 1):
        head, own = writer.statement(statement, f"Stmt[{number}]")
        heads.append(head)
        rows += own
    encoding = writer.speller.encoding
    return Pair("".join(heads).encode(encoding), "".join(rows).encode(encoding), len(rows), told.findings())


class _Writer:
    def __init__(self, options: MultiCashOptions, told: Told) -> None:
        self._options, self._told = options, told
        self._keys = Keys(options.text_keys)
        self.speller = Speller(options, told)

    def statement(self, statement: Statement, where: str) -> tuple[str, list[str]]:
        """(its row in AUSZUG, its rows in UMSATZ)."""
        head = stated(statement, where, self._options, self._told)
        if head.number >= 10**self._options.number_digits:
            text = (
                f"the statement number {head.number} has more than {self._options.number_digits} digits (number_digits)"
            )
            raise self._told.refuse("H2H-NO-PLACE", f"{where}/ElctrncSeqNb", text)
        bank_key, account = self._account(head)
        lines = list(lines_of(statement.entries, head, self._options, self._told))
        taken = sum((e.entry.amount for e in lines if e.entry.credit_debit == "DBIT"), Decimal(0))
        given = sum((e.entry.amount for e in lines if e.entry.credit_debit == "CRDT"), Decimal(0))
        self._check(head, taken, given, len(lines))
        for balance in statement.balances:
            if balance is not head.opening and balance is not head.closing:
                self._told.left_out(where, f"the balance {balance.type}")
        if statement.additional_information:
            self._told.left_out(where, "the statement's own text")
        owner = self._text(statement.account_owner or "", _NAME, f"{where}/Acct/Ownr", "the owner's name")
        row = [
            *(bank_key, account, str(head.number), _day(head.closing_day), head.currency),
            *(self._balance(head.opening, where), self._money(taken, where), self._money(given, where)),
            *(self._balance(head.closing, where), owner, "", "", "", "", "", "", "", str(len(lines))),
        ]
        return _row(row), [_row(self._entry(line, head, bank_key, account)) for line in lines]

    def _check(self, head: Stated, taken: Decimal, given: Decimal, rows: int) -> None:
        start, end = (signed(b.amount, b.credit_debit) for b in (head.opening, head.closing))
        if start - taken + given != end:
            text = f"{plain(start)} − {plain(taken)} + {plain(given)} is not {plain(end)}, and the pair must add up"
            raise self._told.refuse("H2H-BALANCE", f"{head.where}/Bal", text, WhoActs.BANK)
        if rows > _RECORDS_MAX:
            raise self._told.refuse("H2H-NO-PLACE", head.where, f"{rows} entries, and {_RECORDS_MAX} fit")

    def _account(self, head: Stated) -> tuple[str, str]:
        """(bank key, account) as the ERP knows them: declared, of a German IBAN, or parted by the bank itself."""
        declared = self._options.accounts.get(head.account, head.account)
        if re.fullmatch("DE[0-9]{20}", declared):
            return declared[4:12], declared[12:]
        bank_key, parted, account = declared.partition("/")
        if not parted or not (0 < len(bank_key) <= _BANK_KEY and 0 < len(account) <= _ACCOUNT):
            text = (
                f"declare the account {head.account} as 'bank key/account' in accounts: MultiCash has two fields for it"
            )
            raise self._told.refuse("H2H-NO-PLACE", f"{head.where}/Acct", text)
        where = f"{head.where}/Acct"
        if _PARTED.search(declared):
            raise self._told.refuse("H2H-NO-PLACE", where, f"the account {declared!r} holds what parts the fields")
        return (
            self.speller.exact(bank_key, _BANK_KEY, where, "the bank key"),
            self.speller.exact(account, _ACCOUNT, where, "the account"),
        )

    # ------------------------------------------------------------------------------------------------ entries

    def _entry(self, line: Line, head: Stated, bank_key: str, account: str) -> list[str]:
        entry, where, detail = line.entry, line.where, line.detail
        if entry.booking_date is None:
            self._told.completed(where, "the posting date is the value date where the bank gives no other")
        for what, held in (
            ("the bank's reference", entry.account_servicer_reference or detail.account_servicer_reference),
            ("the UETR", detail.uetr),
            ("that it is a return, and why", detail.returned),
            ("that it takes back another entry", entry.reversal),
        ):
            if held:
                self._told.left_out(where, what)
        notes = [
            part for word, value in sepa_words(line) for part in pieces(f"{word}+{self._value(value, where)}", _TEXT)
        ]
        if len(notes) > _NOTES:
            self.speller.fitting("".join(notes), _NOTES * _TEXT - 1, f"{where}/RmtInf", "the text of the entry")
            notes = notes[:_NOTES]
        notes += [""] * (_NOTES - len(notes))
        posting = self.speller.whole(
            self._value(entry.additional_information, where), _TEXT, where, "the bank's own text of the booking"
        )
        batch = self.speller.whole(
            self._value(self._keys.primanota(entry), where), PRIMANOTA_MAX, where, "the number of the bank's batch"
        )
        name = [
            *pieces(self._text(self._value(line.name, where), 2 * _TEXT, where, "the other side's name"), _TEXT),
            "",
            "",
        ]
        key = self._keys.text_key(entry) or ""
        if len(key) > 4:
            raise self._told.refuse(
                "H2H-NO-PLACE", f"{where}/BkTxCd", f"the text key {key} has more than four characters"
            )
        amount = self._money(signed(entry.amount, entry.credit_debit), where)
        return [
            *(bank_key, account, str(head.number), _day(line.value_date), batch),
            *(notes[0], posting, "", key, "", amount, "", ""),
            *(_day(entry.booking_date or line.value_date), "", "", *notes[1:], name[0], name[1]),
            *(
                "",
                self._text(self._value(line.account, where), _NAME, where, "the other side's account"),
                "",
                "",
                "",
                "",
            ),
        ]

    def _value(self, value: str, where: str) -> str:
        return self.speller.harmless(SEPA_WORD, r"\1 +", self._text(value, len(value) * 3, where, "a text"), where)

    def _text(self, value: str, length_max: int, where: str, what: str) -> str:
        text = self.speller.fitting(value, length_max, where, what)
        return self.speller.harmless(_PARTED, ",", text, where)

    def _balance(self, balance: Balance, where: str) -> str:
        return self._money(signed(balance.amount, balance.credit_debit), where)

    def _money(self, amount: Decimal, where: str) -> str:
        """Two decimals, or ``Refused``: nothing is rounded."""
        whole, _, cents = plain(abs(amount)).partition(".")
        if len(cents.rstrip("0")) > _CENTS or len(whole) > _WHOLE_DIGITS_MAX:
            raise self._told.refuse("H2H-VALUE", f"{where}/Amt", f"{plain(amount)} does not fit into 18.2 digits")
        return f"{'-' if amount < 0 else ''}{whole}.{cents[:_CENTS].ljust(_CENTS, '0')}"


def _day(day: date) -> str:
    return f"{day:%d.%m.%y}"


def _row(fields: Iterable[str]) -> str:
    return ";".join(fields) + "\r\n"
