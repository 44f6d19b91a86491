"""Writing by a mapping: exact, deterministic, streamed; what has no place is refused by name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from h2h.core.errors import Misconfigured, Refused
from h2h.core.model.parties import Account, Agent, Party, PostalAddress
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction, Place
from tests.checkout import BOOK

OLD, NEW = "pain.001.001.03", "pain.001.001.09"

INSTRUCTION = PaymentInstruction(
    id="P-1",
    debtor=Party(name="Payer"),
    debtor_account=Account(iban="DE89370400440532013000"),
    debtor_agent=Agent(bic="COBADEFFXXX"),
    requested_execution_date=date(2026, 11, 24),
)
PAYMENT = CreditTransfer(
    instruction=INSTRUCTION,
    end_to_end_id="E-1",
    amount=Decimal("12.50"),
    currency="EUR",
    creditor=Party(name="Payee"),
    creditor_account=Account(iban="FR1420041010050500013M02606"),
)


def initiation(*payments: CreditTransfer) -> Initiation:
    return Initiation(
        message_id="M-1",
        creation_date_time=datetime(2026, 11, 20, 10, tzinfo=UTC),
        initiating_party=Party(name="Payer"),
        transactions=list(payments),
    )


def written(version: str, made: Initiation) -> str:
    out = io.BytesIO()
    BOOK.get(version).write(made, out)
    return out.getvalue().decode()


def refusal(version: str, made: Initiation) -> tuple[str, str]:
    with pytest.raises(Refused) as raised:
        written(version, made)
    (finding,) = raised.value.findings
    return finding.code, finding.where


# ------------------------------------------------------------------------------------------------ nothing is lost


@pytest.mark.parametrize(
    ("version", "change", "where"),
    [
        (OLD, {"uetr": "3f2a1c58-6f0e-4a55-9d10-0c6a4c1b7e21"}, "CdtTrfTxInf[1]/uetr"),
        (OLD, {"creditor": Party(name="P", lei="529900T8BM49AURSDO55")}, "CdtTrfTxInf[1]/Cdtr/lei"),
        (
            OLD,
            {"creditor": Party(postal_address=PostalAddress(building_name="Tower"))},
            "CdtTrfTxInf[1]/Cdtr/PstlAdr/building_name",
        ),
        (NEW, {"creditor": Party(any_bic="COBADEFFXXX", private=True)}, "CdtTrfTxInf[1]/Cdtr/any_bic"),
        (NEW, {"creditor_account": Account(iban="X", other="Y")}, "CdtTrfTxInf[1]/CdtrAcct/other"),
        (NEW, {"currency_of_transfer": "USD"}, "CdtTrfTxInf[1]/currency_of_transfer"),
        (NEW, {"supplementary": {"bank fact": "7"}}, "CdtTrfTxInf[1]/supplementary"),
    ],
)
def test_a_value_without_a_place_is_refused_by_its_name(version: str, change: dict[str, object], where: str) -> None:
    assert refusal(version, initiation(replace(PAYMENT, **change))) == ("H2H-NO-PLACE", where)  # type: ignore[arg-type]


def test_a_time_of_execution_has_no_place_in_the_older_version_and_a_day_beside_it_in_none() -> None:
    timed = replace(INSTRUCTION, requested_execution_date_time=datetime(2026, 11, 24, 12, tzinfo=UTC))
    made = initiation(replace(PAYMENT, instruction=timed))
    assert refusal(OLD, made) == ("H2H-NO-PLACE", "PmtInf[1]/requested_execution_date_time")
    assert refusal(NEW, made) == ("H2H-NO-PLACE", "PmtInf[1]/requested_execution_date")


def test_a_refusal_points_at_the_source_of_the_payment() -> None:
    made = initiation(replace(PAYMENT, uetr="x", place=Place("line 14", line=14, column=3)))
    with pytest.raises(Refused) as raised:
        written(OLD, made)
    assert (raised.value.findings[0].line, raised.value.findings[0].column) == (14, 3)


def test_what_the_format_demands_and_the_payment_lacks_is_refused() -> None:
    assert refusal(NEW, replace(initiation(PAYMENT), creation_date_time=None)) == ("H2H-MISSING", "GrpHdr/CreDtTm")


# ------------------------------------------------------------------------------------------------ texts and amounts


def test_markup_in_a_text_is_escaped_in_every_record_that_has_it_and_in_no_other() -> None:
    plain, odd = replace(PAYMENT, end_to_end_id="E-2"), replace(PAYMENT, creditor=Party(name="A & B <C> \"D\" 'E'\r"))
    text = written(NEW, initiation(plain, odd))
    assert "<Nm>A &amp; B &lt;C&gt; \"D\" 'E'&#13;</Nm>" in text
    assert "<Nm>Payee</Nm>" in text


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x0c", "\ud800", "\ufffe", "\ufdd0"])
def test_a_character_that_xml_cannot_carry_is_refused_with_its_place(character: str) -> None:
    made = initiation(replace(PAYMENT, remittance_unstructured=("fine", f"ab{character}")))
    with pytest.raises(Refused) as raised:
        written(NEW, made)
    (finding,) = raised.value.findings
    assert (finding.code, finding.where) == ("H2H-CHARACTER", "CdtTrfTxInf[1]/RmtInf/Ustrd")
    assert f"U+{ord(character):04X} at position 3" in finding.text


def test_a_currency_cannot_break_out_of_its_attribute() -> None:
    assert 'Ccy="E&quot;&lt;R"' in written(NEW, initiation(replace(PAYMENT, currency='E"<R')))


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1E+3", "1000"), ("1E-5", "0.00001"), ("12.500", "12.500"), ("0", "0"), ("100000000000000000", "1" + "0" * 17)],
)
def test_an_amount_is_written_with_all_its_decimals_and_never_an_exponent(amount: str, text: str) -> None:
    made = written(NEW, initiation(replace(PAYMENT, amount=Decimal(amount))))
    assert f'<InstdAmt Ccy="EUR">{text}</InstdAmt>' in made
    assert f"<CtrlSum>{text}</CtrlSum>" in made


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_an_amount_that_is_no_number_is_refused(amount: str) -> None:
    with pytest.raises(Refused):
        written(NEW, initiation(replace(PAYMENT, amount=Decimal(amount))))


# ------------------------------------------------------------------------------------------------ counts and streams


def test_counts_and_sums_are_of_the_transactions_at_both_levels() -> None:
    other = replace(INSTRUCTION, id="P-2")
    made = initiation(PAYMENT, replace(PAYMENT, amount=Decimal("7.25")), replace(PAYMENT, instruction=other))
    text = written(NEW, made)
    assert text.count("<NbOfTxs>3</NbOfTxs><CtrlSum>32.25</CtrlSum>") == 1
    assert text.count("<NbOfTxs>2</NbOfTxs><CtrlSum>19.75</CtrlSum>") == 1
    assert text.count("<NbOfTxs>1</NbOfTxs><CtrlSum>12.50</CtrlSum>") == 1


def test_a_count_or_sum_that_was_stated_otherwise_is_refused() -> None:
    assert refusal(NEW, replace(initiation(PAYMENT), stated_transaction_count=2)) == ("H2H-COUNT", "GrpHdr/NbOfTxs")
    assert refusal(NEW, replace(initiation(PAYMENT), stated_control_sum=Decimal(1))) == ("H2H-SUM", "GrpHdr/CtrlSum")


@pytest.mark.parametrize(("count", "total", "code"), [(3, "25.00", "H2H-COUNT"), (2, "25.01", "H2H-SUM")])
def test_a_stream_that_yields_other_than_was_said_is_refused(count: int, total: str, code: str) -> None:
    groups = [(INSTRUCTION, count, Decimal(total), iter([PAYMENT, PAYMENT]))]
    with pytest.raises(Refused) as raised:
        BOOK.get(NEW).write_stream(initiation(), groups, io.BytesIO())
    assert raised.value.findings[0].code == code


def test_transactions_are_written_while_they_come() -> None:
    class Counting(io.BytesIO):
        ahead = 0

        def write(self, data: object) -> int:
            self.ahead = max(self.ahead, produced - self.getvalue().count(b"</CdtTrfTxInf>"))
            return super().write(data)  # type: ignore[arg-type]

    produced, out, total = 0, Counting(), 20_000

    def payments() -> Iterator[CreditTransfer]:
        nonlocal produced
        for _ in range(total):
            produced += 1
            yield PAYMENT

    BOOK.get(NEW).write_stream(initiation(), [(INSTRUCTION, total, PAYMENT.amount * total, payments())], out)
    assert out.getvalue().count(b"</CdtTrfTxInf>") == total
    assert out.ahead < 1000, "no more than a block of transactions is held at a time"


def test_nothing_to_write_is_refused() -> None:
    assert refusal(NEW, initiation()) == ("H2H-NO-TRANSACTIONS", "the file")


def test_a_format_that_only_reads_says_so() -> None:
    with pytest.raises(Misconfigured, match="reads, not one that it writes"):
        BOOK.get("pain.001").write(initiation(PAYMENT), io.BytesIO())
