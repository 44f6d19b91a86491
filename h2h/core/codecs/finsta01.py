"""SAP IDoc FINSTA01 (message type FINSTA) in XML → the canonical statement; one IDoc is one statement.

    EDI_DC40 · E1IDKU1 {BGMREF number} · E1EDK03 {026, day} · E1IDB02 {bank key, account, country, currency}
    then lines, E1IDPF1: E1EDP02 {009, reference} · E1IDT01 {TXT01…14} · E1IDPU5 {amount}; or the balances alone

What has no field in SAP is agreed with its people, and this is the usual agreement, which ``core.erp.finsta01`` writes:
the sign of an amount, before or behind it, is its direction, and LINACTION RET calls a credit the return of a payment.
"""

from __future__ import annotations

import re
from decimal import Decimal

from lxml import etree

from h2h.core.codecs.idoc import day_of, idocs_of, is_idoc, segments, text_of, unread
from h2h.core.codecs.mt_parties import account_of
from h2h.core.findings import Finding, WhoActs, error, info
from h2h.core.format import Card, Read, ReadingCodec
from h2h.core.model.parties import Account
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from h2h.core.rules.judge import shown

_MONEY = re.compile(r"(-?)([0-9]{1,15}(?:\.[0-9]{1,5})?)(-?)")
#: MOAQUAL of what a line without an entry states → ISO 20022 balance type.
_BALANCES = {"019": "OPBD", "021": "CLBD", "022": "ITBD"}
_INTERIM_OPENING, _DEBITS, _CREDITS = "020", "023", "024"
_STATED = frozenset((*_BALANCES, _INTERIM_OPENING, _DEBITS, _CREDITS))
_KNOWN = frozenset(
    ("EDI_DC40", "E1IDKU1", "E1EDK03", "E1IDB02", "E1IDPF1", "E1EDP02", "E1IDT01", "E1IDPU5"),
)
_TEXTS, _TEXT = 14, 70


class Finsta01(ReadingCodec):
    """Reads all IDocs of a file."""

    def __init__(self, card: Card) -> None:
        self._id = card.id

    def identify(self, head: bytes) -> bool:
        """By the root, which has no namespace."""
        return is_idoc("FINSTA01", head)

    def read(self, data: bytes) -> Read:
        """The statements; ``Refused`` if it is no XML or holds no IDoc."""
        nodes = idocs_of(data, "FINSTA01", WhoActs.BANK)
        idocs = [_Idoc(node, number) for number, node in enumerate(nodes, 1)]
        message = StatementMessage(None, None, [idoc.statement() for idoc in idocs])
        return Read(message, [finding for idoc in idocs for finding in idoc.findings])


class _Idoc:
    def __init__(self, node: etree._Element, number: int) -> None:
        self.findings: list[Finding] = []
        self._node, self._at = node, f"IDOC[{number}]"

    def statement(self) -> Statement:
        """The statement, with what was found on the way."""
        kind = self._header("EDI_DC40", "MESTYP")
        if kind != "FINSTA":
            self._error("EDI_DC40/MESTYP", f"it is {shown(kind or 'nothing')}; only FINSTA is a statement of account")
        bank_key, number, currency = (self._header("E1IDB02", n) for n in ("FIIBKENN", "FIIKONTO", "FIIKWAER"))
        made = account_of(f"{bank_key}/{number}" if bank_key else number)
        account = Account(made.iban, made.other, currency=currency or None)
        if not number:
            self._error("E1IDB02/FIIKONTO", "the statement does not say of which account it is")
        of_account = self._header("E1IDKU1", "BGMREF")
        statement = Statement("statement", " ".join(p for p in (number, of_account) if p) or None, account)
        if re.fullmatch("[0-9]{1,9}", of_account):
            statement.electronic_sequence_number = Decimal(of_account)
        for place, line in enumerate(segments(self._node, "E1IDPF1"), 1):
            self._line(statement, line, f"E1IDPF1[{place}]")
        self._date_balances(statement)
        self.findings += unread(self._node, _KNOWN, self._at)
        return statement

    def _line(self, statement: Statement, line: etree._Element, where: str) -> None:
        amounts = list(segments(line, "E1IDPU5"))
        of_entry = [s for s in amounts if text_of(s, "MOAQUAL") not in _STATED]
        for segment in amounts:
            if segment not in of_entry:
                self._stated(statement, segment, where)
        if len(of_entry) == 1:
            self._entry(statement, line, of_entry[0], where)
        elif of_entry or not amounts:
            self._error(where, f"the line has {len(of_entry) or 'no'} amounts (E1IDPU5); an entry has one")

    def _entry(self, statement: Statement, line: etree._Element, segment: etree._Element, where: str) -> None:
        amount = self._money(segment, where)
        if amount is None:
            return
        currency = text_of(segment, "CUXWAERZ") or statement.account.currency or ""
        entry = Entry(abs(amount), currency, "DBIT" if amount < 0 else "CRDT")
        detail = EntryDetail(remittance=self._texts(line), returned=self._is_return(line, entry, where))
        for reference in segments(line, "E1EDP02"):
            qualifier, value = text_of(reference, "QUALF"), text_of(reference, "BELNR")
            if qualifier == "009" and value and detail.end_to_end_id is None:
                detail.end_to_end_id = value
            elif value:
                self._unread(f"{where}/E1EDP02", f"the reference {shown(value)} (QUALF {qualifier}) is not read")
        entry.details.append(detail)
        statement.entries.append(entry)

    def _is_return(self, line: etree._Element, entry: Entry, where: str) -> bool:
        action = text_of(line, "LINACTION")
        if action not in ("", "RCV", "RET"):
            self._unread(f"{where}/LINACTION", f"{shown(action)} has no agreed meaning")
        return action == "RET" and entry.credit_debit == "CRDT"

    def _stated(self, statement: Statement, segment: etree._Element, where: str) -> None:
        qualifier, amount = text_of(segment, "MOAQUAL"), self._money(segment, where)
        if amount is None:
            return
        if qualifier == _DEBITS:
            statement.stated_debit_sum = abs(amount)
        elif qualifier == _CREDITS:
            statement.stated_credit_sum = abs(amount)
        elif qualifier in _BALANCES:
            currency = text_of(segment, "CUXWAERZ") or statement.account.currency or ""
            direction = "DBIT" if amount < 0 else "CRDT"
            statement.balances.append(Balance(_BALANCES[qualifier], abs(amount), currency, direction))
        else:
            self._unread(f"{where}/E1IDPU5", "the balance before an interim statement (020) is not read")

    def _date_balances(self, statement: Statement) -> None:
        """The day is the closing balance's; SAP does not say when the opening one was booked."""
        for segment in segments(self._node, "E1EDK03"):
            if text_of(segment, "IDDAT") != "026":
                continue
            day = day_of(text_of(segment, "DATUM"))
            if day is None:
                self._error("E1EDK03/DATUM", f"{shown(text_of(segment, 'DATUM'))} is no day (YYYYMMDD)")
            for balance in statement.balances:
                if balance.type != "OPBD":
                    balance.date = day

    def _texts(self, line: etree._Element) -> str:
        """One text of its pieces: one that does not fill its field ended at a blank."""
        # Not stripped: a text that is cut before a blank goes on with it.
        pieces = [s.findtext(f"TXT{n:02d}") or "" for s in segments(line, "E1IDT01") for n in range(1, _TEXTS + 1)]
        text = ""
        for piece in pieces:
            text += piece if len(piece) in (0, _TEXT) else f"{piece} "
        return " ".join(text.split())

    def _money(self, segment: etree._Element, where: str) -> Decimal | None:
        text = text_of(segment, "MOABETR")
        found = _MONEY.fullmatch(text)
        if found is None or (found[1] and found[3]):
            self._error(f"{where}/E1IDPU5/MOABETR", f"{shown(text)} is no amount")
            return None
        return Decimal(found[2]) * (-1 if found[1] or found[3] else 1)

    def _header(self, segment: str, name: str) -> str:
        return next((text_of(s, name) for s in segments(self._node, segment)), "")

    def _unread(self, path: str, text: str) -> None:
        self.findings.append(info("H2H-UNREAD", f"{self._at}/{path}", text))

    def _error(self, path: str, text: str) -> None:
        self.findings.append(error("H2H-FINSTA", f"{self._at}/{path}", text, WhoActs.BANK))
