"""1CClientBankExchange, as the accounting system 1C writes payment orders for a bank → the canonical payments.

Lines of ``key=value``; a document stands between СекцияДокумент and КонецДокумента, and КонецФайла ends the file. One
with СекцияРасчСчет is a statement, which comes from the bank: ``statement_1c`` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from h2h.core.codecs.assemble import NO_AGENT
from h2h.core.codecs.text_1c import ENCODINGS, MARK, day_of, is_statement, with_line_feeds
from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, info
from h2h.core.format import Card, Read, ReadingCodec
from h2h.core.model.parties import Account, Agent, Party
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction, Place
from h2h.core.rules.judge import shown

_ORDER = "Платежное поручение"
#: Positions 6 to 8 of a Russian account: 810 and 643 are the rouble; a payment order is in no other currency.
_ROUBLE = ("810", "643")
# What is read of a document; the second names are those of older versions.
_READ = frozenset((
    "Номер", "Дата", "Сумма", "Плательщик", "Плательщик1", "ПлательщикИНН", "ПлательщикСчет", "ПлательщикРасчСчет",
    "ПлательщикБИК", "ПлательщикБанк1", "ПлательщикБанк2", "ПлательщикКорсчет", "Получатель", "Получатель1",
    "ПолучательИНН", "ПолучательСчет", "ПолучательРасчСчет", "ПолучательБИК", "ПолучательБанк1", "ПолучательБанк2",
    "ПолучательКорсчет", "НазначениеПлатежа",
))  # fmt: skip
# A value that says what every payment order is.
_USUAL = {"ВидОплаты": "01", "ВидПлатежа": "Электронно", "Очередность": "5"}


class ClientBank1C(ReadingCodec):
    """Reads the payment orders of a file."""

    def __init__(self, card: Card) -> None:
        self._id = card.id

    def identify(self, head: bytes) -> bool:
        """By the first line, unless it is a statement."""
        return head.removeprefix(b"\xef\xbb\xbf").startswith(MARK) and not is_statement(head)

    def read(self, data: bytes) -> Read:
        """The payments; ``Refused`` if the encoding does not agree with what the file says, or there is none."""
        lines = _decoded(data).split("\n")
        findings: list[Finding] = []
        documents = _documents(lines, findings)
        if not documents:
            raise Refused([_error("the file", "the file holds no payment order"), *findings])
        instructions: dict[PaymentInstruction, PaymentInstruction] = {}
        transactions = [_Document(line, values, findings).payment(instructions) for line, values in documents]
        initiation = Initiation("", None, Party(), transactions=transactions)
        initiation.instructions = list(instructions.values())
        return Read(initiation, findings)


def _decoded(data: bytes) -> str:
    """The text in the encoding that it names, in that encoding."""
    for name, encoding in ENCODINGS.items():
        try:
            text = with_line_feeds(data.decode("utf-8-sig" if encoding == "utf-8" else encoding))
        except UnicodeDecodeError:
            continue
        if re.search(rf"^Кодировка={name}\s*$", text, re.MULTILINE):
            odd = next((n for n, c in enumerate(text) if c < " " and c not in "\r\n\t"), None)
            if odd is not None:
                line = text.count("\n", 0, odd) + 1
                raise Refused([_error(f"line {line}", f"the control character U+{ord(text[odd]):04X}", line)])
            return text
    raise Refused([_error("the file", "the file is in no encoding that it names itself (Кодировка=Windows or DOS)")])


def _documents(lines: list[str], findings: list[Finding]) -> list[tuple[int, dict[str, str]]]:
    """(line, values) of every document that is closed."""
    walk = _Lines(findings)
    for number, raw in enumerate(lines, 1):
        key, _, value = raw.strip().partition("=")
        if key and walk.ended:
            findings.append(
                _error(f"line {number}", "something stands behind the end of the file (КонецФайла)", number)
            )
            break
        walk.line(number, key, value.strip())
    walk.close()
    return walk.found


class _Lines:
    def __init__(self, findings: list[Finding]) -> None:
        self.found: list[tuple[int, dict[str, str]]] = []
        self.ended = False
        self._opened: tuple[int, dict[str, str]] | None = None
        self._kinds: set[str] = set()
        self._findings = findings

    def line(self, number: int, key: str, value: str) -> None:
        if key == "СекцияДокумент":
            self._open(number, value)
        elif key == "КонецДокумента" and self._opened is not None:
            self.found.append(self._opened)
            self._opened = None
        elif key == "КонецФайла":
            self.ended = True
        elif self._opened is None:
            if key == "Документ":
                self._kinds.add(value)
        elif key:
            if key in self._opened[1]:
                self._tell(number, f"{key} stands twice in one document")
            self._opened[1][key] = value

    def close(self) -> None:
        if self._opened is not None:
            self._tell(self._opened[0], "the document that begins here is not closed")
        if not self.ended:
            self._findings.append(_error("the file", "the file has no end (КонецФайла): it is cut off"))

    def _open(self, number: int, value: str) -> None:
        if self._opened is not None:
            self._tell(self._opened[0], "the document that begins here is not closed")
        self._opened = (number, {})
        # Older versions name the kind once, above all documents.
        kind = value or (next(iter(self._kinds)) if len(self._kinds) == 1 else "")
        if kind != _ORDER:
            self._tell(number, f"{shown(kind)} is no payment order ({_ORDER})")

    def _tell(self, line: int, text: str) -> None:
        self._findings.append(_error(f"line {line}", text, line))


class _Document:
    def __init__(self, line: int, values: Mapping[str, str], findings: list[Finding]) -> None:
        self._line, self._values, self._findings = line, values, findings

    def payment(self, instructions: dict[PaymentInstruction, PaymentInstruction]) -> CreditTransfer:
        """The payment of one document, with what was found on the way."""
        account = self._account("Плательщик")
        made = PaymentInstruction(
            id=None,
            debtor=self._party("Плательщик"),
            debtor_account=account or Account(),
            debtor_agent=self._agent("Плательщик") or NO_AGENT,
            requested_execution_date=self._day(),
        )
        instruction = instructions.setdefault(made, made)
        self._tell_of_the_rest()
        text = self._values.get("НазначениеПлатежа", "")
        return CreditTransfer(
            instruction=instruction,
            end_to_end_id=self._needed("Номер"),
            amount=self._amount(),
            currency=self._currency(account),
            creditor=self._party("Получатель"),
            creditor_account=self._account("Получатель"),
            creditor_agent=self._agent("Получатель"),
            remittance_unstructured=(text,) if text else (),
            place=Place(f"line {self._line}", self._line),
        )

    def _party(self, who: str) -> Party:
        name = self._values.get(f"{who}1") or self._values.get(who)
        return Party(name=name or None, identification=self._values.get(f"{who}ИНН") or None)

    def _account(self, who: str) -> Account | None:
        """Счет, or РасчСчет as other versions call it; if both are there, they are one account."""
        numbers = {n for key in ("РасчСчет", "Счет") if (n := self._values.get(f"{who}{key}", ""))}
        if len(numbers) > 1:
            self._wrong(f"{who}Счет", "Счет and РасчСчет are two accounts; which one is meant is not certain")
            return None
        number = next(iter(numbers), "")
        if not re.fullmatch(r"[0-9]{20}", number):
            self._wrong(f"{who}Счет", f"{shown(number)} is no account of 20 digits")
            return None
        return Account(other=number)

    def _agent(self, who: str) -> Agent | None:
        code = self._values.get(f"{who}БИК", "")
        if not re.fullmatch(r"[0-9]{9}", code):
            self._wrong(f"{who}БИК", f"{shown(code)} is no bank code of nine digits")
            return None
        name = " ".join(part for n in "12" if (part := self._values.get(f"{who}Банк{n}", "")))
        return Agent(clearing_system="RUCBC", member_id=code, name=name or None)

    def _amount(self) -> Decimal:
        text = self._needed("Сумма")
        if not re.fullmatch(r"[0-9]{1,15}(?:[.-][0-9]{2})?", text):
            self._wrong("Сумма", f"{shown(text)} is no amount")
            return Decimal(0)
        return Decimal(text.replace("-", "."))

    def _currency(self, account: Account | None) -> str:
        if account is None or account.other is None:
            return ""
        if account.other[5:8] not in _ROUBLE:
            self._wrong("ПлательщикСчет", f"the account is not in roubles ({account.other[5:8]})")
            return ""
        return "RUB"

    def _day(self) -> date | None:
        text = self._needed("Дата")
        day = day_of(text)
        if day is None:
            self._wrong("Дата", f"{shown(text)} is no day (DD.MM.YYYY)")
        return day

    def _needed(self, key: str) -> str:
        value = self._values.get(key, "")
        if not value:
            self._wrong(key, f"{key} is missing")
        return value

    def _tell_of_the_rest(self) -> None:
        for key, value in self._values.items():
            repeats = re.fullmatch(r"НазначениеПлатежа[1-6]", key) and value in self._values.get(
                "НазначениеПлатежа", ""
            )
            if value and key not in _READ and _USUAL.get(key) != value and not repeats:
                where = f"line {self._line}, {key}"
                text = f"{key} ({shown(value)}) has no place in a payment"
                self._findings.append(info("H2H-UNREAD", where, text, line=self._line))

    def _wrong(self, key: str, text: str) -> None:
        self._findings.append(_error(f"line {self._line}, {key}", text, self._line))


def _error(where: str, text: str, line: int | None = None) -> Finding:
    step = "correct it in 1C and export again"
    return error("H2H-1C", where, text, WhoActs.ERP_TEAM, line=line, next_step=step)
