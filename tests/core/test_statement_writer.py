"""A statement that is written reads back as what it was, is valid, and what has no place is refused with its path."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from h2h.adapters.schema import SchemaBook
from h2h.core.errors import Misconfigured, Refused
from h2h.core.model.parties import Account, Party
from h2h.core.model.payment import Initiation
from h2h.core.model.statement import Balance, Entry, EntryDetail, Statement, StatementMessage
from tests.checkout import BOOK, ROOT

SCHEMAS = SchemaBook([ROOT / "xsd"])
VERSIONS = ["camt.053.001.02", "camt.053.001.08"]

DAY, MOMENT = date(2026, 11, 24), datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
LETTERS = "abz AZ 09 &<>\"'/-?:().,+;=@#%\t\n\r äöüßéçøŁžğ€ 中文付款 Ωмир 😀 \u00a0\u2028]]>"
IBAN = "DE89370400440532013000"
CODES = (None, "PMNT/ICDT/ESCT", "NTRF+166+931", "own/code", "PMNT")
WORDS = ("", "Invoice 88213", "a\u00a0b & <c>", "中文 付款 " * 40, "ten chars. " * 15, "twice  blank " * 30)


class Made:
    """Statements by chance, the same for the same seed."""

    def __init__(self, seed: int, *, newer: bool) -> None:
        self._random, self._newer = Random(seed), newer

    def text(self, longest: int = 35) -> str:
        made = "".join(self._random.choices(LETTERS, k=self._random.randint(1, longest))).strip()
        return made or "x"

    def maybe(self, make: Callable[[], Any]) -> Any:
        return make() if self._random.random() < 0.5 else None

    def of(self, *values: Any) -> Any:
        return self._random.choice(values)

    def amount(self) -> Decimal:
        return Decimal(self._random.randint(0, 10**12)).scaleb(-self._random.randint(0, 5))

    def day(self) -> date:
        return date(1970, 1, 1) + timedelta(days=self._random.randint(0, 40_000))

    def detail(self) -> EntryDetail:
        amount = self.maybe(self.amount)
        detail = EntryDetail(amount=amount, currency=None if amount is None else "CNY")
        for name in ("message_id", "payment_information_id", "instruction_id", "end_to_end_id", "debtor_name"):
            setattr(detail, name, self.maybe(self.text))
        for name in ("account_servicer_reference", "creditor_name", "creditor_reference"):
            setattr(detail, name, self.maybe(self.text))
        detail.debtor_account = self.of(None, IBAN, "40127755", "6222 0210", self.text(34))
        detail.creditor_account = self.of(None, IBAN, self.text(34))
        detail.remittance = self.of(*WORDS).strip()
        if self._newer:
            detail.uetr = self.of(None, "3f2a1c58-6f0e-4a55-9d10-0c6a4c1b7e21")
            detail.credit_debit = self.of(None, "CRDT", "DBIT")
        detail.returned = self.of(True, False)
        if detail.returned:
            detail.return_reason = self.of(None, "AC04", "BANK-OWN-7")
            detail.return_text = self.of(*WORDS).strip()
        return detail

    def entry(self) -> Entry:
        statuses = ("BOOK", "PDNG", "INFO", *(("OTHER",) if self._newer else ()))
        return Entry(
            *(self.amount(), self.of("EUR", "JPY"), self.of("CRDT", "DBIT"), self.of(True, False), self.of(*statuses)),
            *(self.maybe(self.day), self.maybe(self.day), self.maybe(self.text), self.maybe(self.text)),
            *(self.of(*CODES, self.text()), self.of("", self.text(500)), self.maybe(self.text), self.maybe(self.text)),
            *(self.of(None, 0, 10**9), [self.detail() for _ in range(self.of(0, 1, 3))]),
        )

    def statement(self) -> Statement:
        other = Account(other=self.text(34), scheme=self.of(None, "BBAN", "our own"), name=self.maybe(self.text))
        made = Statement("statement", self.text(), self.of(Account(iban=IBAN, currency="EUR"), other))
        made.account_owner = self.maybe(self.text)
        made.electronic_sequence_number = self.of(None, Decimal(0), Decimal(10**9))
        made.legal_sequence_number = self.of(None, Decimal(7))
        made.creation_date_time = self.of(MOMENT, None) if self._newer else MOMENT
        if self.of(True, False):
            made.from_date_time = made.to_date_time = MOMENT
        made.stated_entry_count, made.stated_debit_sum = self.of(None, 0, 999), self.maybe(self.amount)
        made.additional_information = self.of("", self.text(500))
        made.balances = [
            Balance(type_, self.amount(), "EUR", self.of("CRDT", "DBIT"), self.day())
            for type_ in ("OPBD", *self.of((), ("CLBD", "CLAV"), ("PRCD", "bank's own")))
        ]
        made.entries = [self.entry() for _ in range(self.of(0, 1, 4))]
        return made

    def message(self) -> StatementMessage:
        return StatementMessage(self.text(), MOMENT, [self.statement() for _ in range(self.of(1, 2))])


def written(message: StatementMessage, version: str) -> bytes:
    out = io.BytesIO()
    BOOK.get(version).write(message, out)
    return out.getvalue()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_statement_reads_back_as_what_it_was_and_is_valid(version: str) -> None:
    for seed in range(150):
        message = Made(seed, newer=version == "camt.053.001.08").message()
        document = written(message, version)
        assert SCHEMAS.validate(f"{version}.xsd", document) == [], f"seed {seed}"
        read = BOOK.read(document)
        assert read.message == message, f"seed {seed}"
        assert read.findings == [], "h2h reads all that it writes"


def statement(**changes: Any) -> Statement:
    balances = [Balance("OPBD", Decimal(1), "EUR", "CRDT", DAY), Balance("CLBD", Decimal(2), "EUR", "CRDT", DAY)]
    made = Statement("statement", "S-1", Account(iban=IBAN), creation_date_time=MOMENT, balances=balances)
    made.entries = [Entry(Decimal("1.00"), "EUR", "CRDT", status="BOOK")]
    return replace(made, **changes)


def refusal(message: StatementMessage, version: str = "camt.053.001.02") -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        written(message, version)
    (finding,) = caught.value.findings
    return finding.code, finding.where


def of(made: Statement) -> StatementMessage:
    return StatementMessage("M-1", MOMENT, [made])


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"id": None}, "H2H-MISSING", "Stmt[1]/Id"),
        ({"kind": "report"}, "H2H-KIND", "Stmt[1]"),
        ({"continues": True}, "H2H-NO-PLACE", "Stmt[1]/continues"),
        ({"account": Account(iban=IBAN, other="1")}, "H2H-NO-PLACE", "Stmt[1]/Acct/other"),
        ({"account_owner": "A\x07"}, "H2H-CHARACTER", "Stmt[1]/Acct/Ownr/Nm"),
    ],
)
def test_what_is_missing_or_has_no_place_is_refused_with_its_path(
    changes: dict[str, Any], code: str, where: str
) -> None:
    assert refusal(of(statement(**changes))) == (code, where)


@pytest.mark.parametrize(
    ("detail", "where"),
    [
        (EntryDetail(uetr="3f2a1c58-6f0e-4a55-9d10-0c6a4c1b7e21"), "Ntry[2]/NtryDtls/TxDtls[2]/uetr"),
        (EntryDetail(credit_debit="CRDT"), "Ntry[2]/NtryDtls/TxDtls[2]/credit_debit"),
        (EntryDetail(currency="EUR"), "Ntry[2]/NtryDtls/TxDtls[2]/currency"),
        (EntryDetail(return_reason="AC04"), "Ntry[2]/NtryDtls/TxDtls[2]/return_reason"),
        (EntryDetail(remittance="x" * 141), "Ntry[2]/NtryDtls/TxDtls[2]/RmtInf/Ustrd"),
    ],
)
def test_what_a_transaction_holds_and_this_version_has_no_place_for_is_refused(detail: EntryDetail, where: str) -> None:
    made = statement()
    made.entries.append(Entry(Decimal(1), "EUR", "CRDT", status="BOOK", details=[EntryDetail(), detail]))
    assert refusal(of(made))[1] == where


def test_a_long_text_is_parted_at_blanks_and_none_is_lost() -> None:
    made = statement()
    words = " ".join(f"invoice-{n}" for n in range(60))
    made.entries[0].details = [EntryDetail(remittance=words)]
    document = written(of(made), "camt.053.001.08")
    assert document.count(b"<Ustrd>") == 5
    read = BOOK.read(document).message
    assert isinstance(read, StatementMessage)
    assert read.statements[0].entries[0].details[0].remittance == words


def test_a_balance_that_the_schema_demands_is_not_made_up() -> None:
    findings = SCHEMAS.validate("camt.053.001.02.xsd", written(of(statement(balances=[])), "camt.053.001.02"))
    assert any("Bal" in f.text for f in findings)


def test_a_payment_is_never_written_as_a_statement_nor_a_statement_as_a_payment() -> None:
    with pytest.raises(Misconfigured):
        BOOK.get("pain.001.001.09").write(of(statement()), io.BytesIO())
    payment = Initiation("M-1", MOMENT, Party("Us"))
    with pytest.raises(Refused):
        BOOK.get("camt.053.001.08").write(payment, io.BytesIO())


def test_entries_may_come_one_by_one() -> None:
    entry = Entry(Decimal("1.00"), "EUR", "CRDT", status="BOOK")
    out = io.BytesIO()
    header = StatementMessage("M-1", MOMENT)
    BOOK.get("camt.053.001.08").write_statements(header, [(statement(), (entry for _ in range(3)))], out)
    assert out.getvalue().count(b"<Ntry>") == 3
