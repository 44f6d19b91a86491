"""What is asked of a bank is written whole or refused: nothing that a request holds is left out silently."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from h2h.cli.desk import Desk
from h2h.core.errors import Misconfigured, Refused
from h2h.core.model.cancellation import CancellationAnswer, CancellationDetail, CancellationRequest
from h2h.core.model.enquiry import Enquiry, ReportingRequest, RequestedBalance
from h2h.core.model.parties import Account, Agent, Party
from h2h.core.model.status import StatusReason
from tests.core.called_back import part_of

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
RECALLS = ("camt.055.001.05", "camt.055.001.08", "camt.055.001.09", "camt.055.001.12")


def request(**of_payment: object) -> CancellationRequest:
    values: dict[str, object] = {
        "end_to_end_id": "INV-1",
        "reasons": (StatusReason("DUPL", text="Paid <twice> & more"),),
    }
    payment = CancellationDetail("payment", **{**values, **of_payment})  # type: ignore[arg-type]
    around = CancellationDetail("instruction", payment_information_id="B-1", payments=[payment])
    return CancellationRequest(
        "REQ-1",
        AT,
        assigner=Party(name="Example Ltd"),
        assignee_agent=Agent(bic="COBADEFFXXX"),
        parts=[part_of([around])],
    )


def written(format_id: str, message: CancellationRequest | CancellationAnswer | Enquiry) -> bytes:
    out = io.BytesIO()
    Desk().book.get(format_id).write(message, out)
    return out.getvalue()


@pytest.mark.parametrize("format_id", RECALLS)
def test_a_request_reads_as_it_was_written_and_keeps_to_the_schema(format_id: str) -> None:
    desk = Desk()
    message = request(amount=Decimal("10.00"), currency="EUR", requested_execution_date=date(2026, 11, 26))
    data = written(format_id, message)
    assert desk.schemas.validate(f"{format_id}.xsd", data) == []
    read = desk.book.get(format_id).read(data)
    assert (read.message, read.findings) == (message, [])


@pytest.mark.parametrize(
    ("format_id", "spoil", "said"),
    [
        ("camt.055.001.05", lambda m: m.details and m.parts[0].instructions[0].payments.append(_uetr()), "uetr"),
        ("camt.055.001.08", lambda m: setattr(m.parts[0].instructions[0].payments[0], "status", "ACCR"), "status"),
        ("camt.055.001.08", lambda m: setattr(m.parts[0].instructions[0], "level", "payment"), "level"),
        ("camt.055.001.08", lambda m: m.parts[0].payments.append(CancellationDetail("payment")), "payments"),
    ],
)
def test_what_has_no_place_is_refused_with_its_name(
    format_id: str, spoil: Callable[[CancellationRequest], object], said: str
) -> None:
    message = request()
    spoil(message)
    with pytest.raises(Refused, match=said):
        written(format_id, message)


def test_a_message_of_another_kind_is_never_written_as_a_request() -> None:
    with pytest.raises(Misconfigured, match="not written from a CancellationAnswer"):
        written("camt.055.001.08", CancellationAnswer("A"))
    with pytest.raises(Refused, match="about status"):
        written("camt.060.001.05", Enquiry("status", "ASK-1"))


def test_each_account_is_asked_about_with_its_own_days() -> None:
    asked = [
        ReportingRequest("1", "camt.053.001.08", Account(iban=iban), Party(name="Example Ltd"), None, day, day, "ALLL")
        for iban, day in (("DE75512108001245126199", date(2026, 11, 1)), ("DE02120300000000202051", date(2026, 11, 2)))
    ]
    asked[1].balances = [RequestedBalance("ITBD"), RequestedBalance(proprietary="POOL")]
    message = Enquiry("detail", "ASK-1", AT, requests=asked)
    desk = Desk()
    data = written("camt.060.001.05", message)
    assert desk.schemas.validate("camt.060.001.05.xsd", data) == []
    assert desk.book.get("camt.060.001.05").read(data).message == message


def _uetr() -> CancellationDetail:
    return CancellationDetail("payment", uetr="3f2a1c58-6f0e-4a55-9d10-0c6a4c1b7e21")
