"""Payments and questions for banks with documents of their own, invented by hypothesis and by hand."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from h2h.core.model.enquiry import Enquiry
from h2h.core.model.parties import Account, Agent, Party, PostalAddress
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction
from tests.checkout import BOOK

NOW = datetime(2026, 3, 2, 1, 15, tzinfo=UTC)
FACTS = {"customer_id": "1100000001", "user_id": "h2h01", "same_city": "N", "purpose": "货款"}
#: What each bank's own format wants to be told of a payment, beside what every payment says.
WANTED: dict[str, dict[str, str]] = {
    "cib.payment": {"same_city": "Y"},
    "cib.batch": {"same_city": "N"},
    "citic.payment": {"user_name": "H2H", "same_city": "N", "pay_type": "03"},
    "citic.batch": {"pay_type": "02"},
    "cmb.payment": {"branch": "59", "channel": "N"},
    "icbc.payment": {"same_city": "Y", "pay_type": "2"},
    "ccb.payment-elsewhere": {},
    "boc.payment": {"own_bank_number": "40142", "priority": "NORM"},
}
#: And of the file.
OF_FILE: dict[str, dict[str, str]] = {
    "citic.batch": {"user_name": "H2H"},
    "cmb.payment": {"user_id": "h2h01", "business": "N02031"},
    "ccb.payment-elsewhere": {"customer_id": "P35000001", "user_id": "WLPT01"},
    "boc.payment": {"terminal": "E1", "customer_id": "12345678", "user_id": "87654321"},
    "icbc.payment": {"customer_id": "0202", "user_id": "h2h01", "online": "1", "settlement": "0"},
}

#: What GBK holds and no bank forbids; no blank at the ends, which a reader may not keep.
_TEXT = st.text("示例商贸有限公司货款（）ABCabc019-/.", min_size=1, max_size=14)
_DIGITS = "0123456789"
AMOUNTS = st.decimals("0.01", "9999999999.99", places=2, allow_nan=False)


def payment(**changes: Any) -> CreditTransfer:
    """One payment from an account at CIB to another bank."""
    agent = Agent(member_id="102290000000", name="中国工商银行上海分行")
    instruction = PaymentInstruction(
        None, Party("福州示例集团有限公司"), Account(other="117010100100000001"), Agent(), None
    )
    made = CreditTransfer(
        *(instruction, "PO4500012", Decimal("12500.00"), "CNY", Party("上海示例商贸有限公司")),
        creditor_account=Account(other="6222000000000000001"),
        creditor_agent=agent,
        remittance_unstructured=("货款",),
    )
    return replace(made, **changes)


def initiation(*payments: CreditTransfer, **changes: Any) -> Initiation:
    """Those payments (or one) in one file."""
    some = [*payments] or [payment()]
    made = Initiation("20260302H2H0000017", NOW, Party(), transactions=some, supplementary=FACTS)
    return replace(made, **changes)


def written(format_id: str, message: Any) -> bytes:
    """The message in that format."""
    out = io.BytesIO()
    BOOK.get(format_id).write(message, out)
    return out.getvalue()


def plain(message: Any) -> Any:
    """A message without what says where it stood and what is counted anew."""
    if not isinstance(message, Initiation):
        return message
    some = [replace(t, place=None, supplementary=dict(t.supplementary)) for t in message.transactions]
    return replace(
        *(message,),
        transactions=some,
        instructions=(),
        supplementary=dict(message.supplementary),
        stated_transaction_count=None,
        stated_control_sum=None,
    )


@st.composite
def payments(draw: st.DrawFn) -> CreditTransfer:
    """Payments that CIB's batch can carry, whatever the payee's bank."""
    number = draw(st.none() | st.sampled_from(["102290000000", "309391000011"]))
    agent = Agent(member_id=number, name=draw(_TEXT))
    town = draw(st.none() | _TEXT)
    return payment(
        end_to_end_id=draw(_TEXT),
        amount=draw(AMOUNTS),
        creditor=Party(draw(_TEXT), PostalAddress(town_name=town) if town else None),
        creditor_account=Account(other=draw(st.text(_DIGITS, min_size=6, max_size=32))),
        creditor_agent=agent,
        remittance_unstructured=(draw(_TEXT),),
        supplementary={"same_city": draw(st.sampled_from("YN"))},
    )


def enquiries(about: str) -> st.SearchStrategy[Enquiry]:
    """Questions about one account (or, of a status, one payment)."""
    days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
    status, detail = about == "status", about == "detail"
    return st.builds(
        Enquiry,
        about=st.just(about),
        message_id=st.text(_DIGITS, min_size=1, max_size=30),
        creation_date_time=st.just(NOW),
        accounts=st.just([]) if status else st.just([Account(other="117010100100000001")]),
        references=st.tuples(st.text(_DIGITS, min_size=1, max_size=30)) if status else st.just(()),
        from_date=days if detail else st.none(),
        to_date=days if detail else st.none(),
        page=st.sampled_from([None, "1", "27"]) if detail else st.none(),
        supplementary=st.just({k: FACTS[k] for k in ("customer_id", "user_id")}),
    )
