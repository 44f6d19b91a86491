"""Statement → the IDoc FINSTA01 (message type FINSTA) as XML, an IDoc a statement.

    EDI_DC40 · E1IDKU1 {BGMREF number} · E1EDK03 {026, day} · E1IDB02 {bank key, account, country, currency}
    then a line an entry: E1IDPF1 {number, LINACTION} · E1EDP02 {009, reference} · E1IDT01 {TXT01…14} · E1IDPU5 {amount}
    and a last line with the balances: 019 opening, 021 closing, 023 and 024 all debits and credits

SAP has no field for the direction and none for a return. The sign of an amount is the direction (a minus behind it by
default), and LINACTION says of a credit whether a payment of ours came back (RET) or money arrived (RCV): a credit that
is taken for a return because of its sign alone reopens an invoice that is paid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

from h2h.core.erp.lines import Entries, Line, Speller, Stated, lines_of, own_entries, pieces, plain, stated
from h2h.core.erp.options import FinstaOptions, LineOptions
from h2h.core.erp.told import Told
from h2h.core.findings import Finding
from h2h.core.mapping.blocks import in_blocks
from h2h.core.model.statement import Balance, Statement, StatementMessage, signed

_TEXTS, _TEXT, _AMOUNT, _REFERENCE = 14, 70, 18, 35
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write_finsta01(
    message: StatementMessage,
    out: BinaryIO,
    options: FinstaOptions,
    lines: LineOptions,
    entries: Entries = own_entries,
) -> list[Finding]:
    """Write it; what was left out. ``Refused`` with the place of what cannot be carried exactly: throw *out* away."""
    told = Told("FINSTA01")
    in_blocks(_Writer(options, lines, entries, told).document(message), out)
    return told.findings()


class _Writer:
    def __init__(self, options: FinstaOptions, lines: LineOptions, entries: Entries, told: Told) -> None:
        self._options, self._lines, self._entries, self._told = options, lines, entries, told
        self._speller = Speller(lines, told)

    def document(self, message: StatementMessage) -> Iterator[str]:
        """The whole document, piece by piece."""
        yield '<?xml version="1.0" encoding="UTF-8"?>\n<FINSTA01>\n'
        for number, statement in enumerate(message.statements, 1):
            yield from self._idoc(statement, f"Stmt[{number}]")
        yield "</FINSTA01>\n"

    def _idoc(self, statement: Statement, where: str) -> Iterator[str]:
        head = stated(statement, where, self._lines, self._told)
        country, bank_key, account = self._account(head)
        partners = (("SNDPRN", self._options.sender_partner), ("RCVPRN", self._options.receiver_partner))
        control = _fields(("IDOCTYP", "FINSTA01"), ("MESTYP", "FINSTA"), *partners)
        bank = (("FIIBKENN", bank_key), ("FIIKONTO", account), ("FIIBLAND", country), ("FIIKWAER", head.currency))
        yield f'<IDOC BEGIN="1">\n{_segment("EDI_DC40", control)}\n'
        yield f'<E1IDKU1 SEGMENT="1">{_fields(("BGMREF", str(head.number)))}\n'
        yield _segment("E1EDK03", _fields(("IDDAT", "026"), ("DATUM", f"{head.closing_day:%Y%m%d}"))) + "\n"
        yield _segment("E1IDB02", _fields(*bank)) + "\n"
        taken = given = Decimal(0)
        number = 0
        for number, line in enumerate(lines_of(self._entries(statement), head, self._lines, self._told), 1):
            if line.entry.credit_debit == "DBIT":
                taken += line.entry.amount
            else:
                given += line.entry.amount
            yield self._entry(number, line) + "\n"
        amounts = (("019", _of(head.opening)), ("021", _of(head.closing)), ("023", taken), ("024", given))
        balances = "".join(self._amount(qualifier, amount, head.currency, where) for qualifier, amount in amounts)
        yield _segment("E1IDPF1", f"<LINLINEIT>{number + 1:06d}</LINLINEIT>{balances}") + "\n"
        for balance in statement.balances:
            if balance is not head.opening and balance is not head.closing:
                self._told.left_out(where, f"the balance {balance.type}")
        if statement.account_owner:
            self._told.left_out(where, "the owner's name")
        if statement.additional_information:
            self._told.left_out(where, "the statement's own text")
        yield "</E1IDKU1>\n</IDOC>\n"

    def _account(self, head: Stated) -> tuple[str, str, str]:
        """(country, bank key, account) as the ERP knows them."""
        declared = self._options.accounts.get(head.account, head.account)
        iban = re.match("[A-Z]{2}[0-9]{2}", head.account)
        country = head.account[:2] if iban else ""
        if re.fullmatch("DE[0-9]{20}", declared):
            return country, declared[4:12], declared[12:]
        bank_key, parted, account = declared.partition("/")
        return (country, bank_key, account) if parted else (country, "", declared)

    def _entry(self, number: int, line: Line) -> str:
        entry, detail, where = line.entry, line.detail, line.where
        reference = detail.end_to_end_id or ""
        if reference == "NOTPROVIDED":
            reference = ""
        action = "" if entry.credit_debit == "DBIT" else "RET" if detail.returned or entry.reversal else "RCV"
        for what, held in (
            ("the value date and the booking date of an entry", line.value_date),
            ("the bank's reference", entry.account_servicer_reference or detail.account_servicer_reference),
            ("the bank transaction code", entry.bank_transaction_code),
            ("the UETR", detail.uetr),
            ("the reason of a return", detail.return_reason),
            ("that a debit takes back a credit", entry.reversal and not action),
            ("the ids of a batch", entry.batch_payment_information_id or detail.payment_information_id),
            ("the instruction's id (InstrId)", detail.instruction_id),
        ):
            if held:
                self._told.left_out(where, what)
        text = " ".join(t for t in (line.text or entry.additional_information, line.name, line.account) if t)
        told = self._speller.fitting(text, _TEXTS * _TEXT, f"{where}/RmtInf", "the text of the entry")
        texts = _fields(*((f"TXT{n:02d}", piece) for n, piece in enumerate(pieces(told, _TEXT)[:_TEXTS], 1)))
        named = self._speller.fitting(reference, _REFERENCE, where, "the reference")
        content = [
            f"<LINLINEIT>{number:06d}</LINLINEIT>{_fields(('LINACTION', action))}",
            _segment("E1EDP02", _fields(("QUALF", "009"), ("BELNR", named))) if named else "",
            _segment("E1IDT01", texts) if texts else "",
            self._amount(
                self._options.amount_qualifier, signed(entry.amount, entry.credit_debit), entry.currency, where
            ),
        ]
        return _segment("E1IDPF1", "".join(content))

    def _amount(self, qualifier: str, amount: Decimal, currency: str, where: str) -> str:
        text = plain(abs(amount))
        if amount < 0:
            text = f"{text}-" if self._options.debit_sign == "trailing" else f"-{text}"
        if len(text) > _AMOUNT:
            raise self._told.refuse("H2H-VALUE", f"{where}/Amt", f"{plain(amount)} has more than {_AMOUNT} characters")
        return _segment("E1IDPU5", _fields(("MOAQUAL", qualifier), ("MOABETR", text), ("CUXWAERZ", currency)))


def _of(balance: Balance) -> Decimal:
    return signed(balance.amount, balance.credit_debit)


def _segment(tag: str, content: str) -> str:
    return f'<{tag} SEGMENT="1">{content}</{tag}>'


def _fields(*fields: tuple[str, str]) -> str:
    return "".join(f"<{tag}>{value.translate(_ESCAPES)}</{tag}>" for tag, value in fields if value)
