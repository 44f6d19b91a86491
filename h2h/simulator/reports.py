"""The bank's status reports: pain.002.001.03 to a pain.001.001.03, pain.002.001.10 to later versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from h2h.simulator.payments import Initiation, Payment
from h2h.simulator.xml import Node, document, element


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the bank says of one payment."""

    payment: Payment
    status: str  # ACSP, ACSC, PDNG, RJCT
    code: str = ""
    text: str = ""
    returned: bool = False  # will come back after it was booked


def group_report(
    initiation: Initiation, message_id: str, at: datetime, status: str, code: str = "", text: str = ""
) -> bytes:
    """A report on the file as a whole."""
    return _report(initiation, message_id, at, status, _reason(code, text), [])


def payment_report(initiation: Initiation, message_id: str, at: datetime, verdicts: Sequence[Verdict]) -> bytes:
    """A report on every payment: all accepted, all rejected, or PART."""
    instructions = []
    for identification, group in groupby(verdicts, key=lambda v: v.payment.payment_information_id):
        members = list(group)
        instructions.append(
            element(
                "OrgnlPmtInfAndSts",
                element("OrgnlPmtInfId", identification),
                element("OrgnlNbOfTxs", len(members)),
                element("PmtInfSts", _together(members)),
                *(_transaction(initiation, verdict, number) for number, verdict in enumerate(members, 1)),
            )
        )
    return _report(initiation, message_id, at, _together(verdicts), None, instructions)


def report_name(initiation: Initiation) -> str:
    """The version that answers *initiation*."""
    return "pain.002.001.03" if initiation.message_name == "pain.001.001.03" else "pain.002.001.10"


def _report(
    initiation: Initiation,
    message_id: str,
    at: datetime,
    status: str,
    reason: Node | None,
    instructions: Sequence[Node | None],
) -> bytes:
    readable = bool(initiation.payments)
    return document(
        report_name(initiation),
        element(
            "CstmrPmtStsRpt",
            element("GrpHdr", element("MsgId", message_id), element("CreDtTm", at.isoformat(timespec="seconds"))),
            element(
                "OrgnlGrpInfAndSts",
                element("OrgnlMsgId", initiation.message_id),
                element("OrgnlMsgNmId", initiation.message_name),
                element("OrgnlNbOfTxs", len(initiation.payments) if readable else None),
                element("OrgnlCtrlSum", f"{initiation.total:f}" if readable else None),
                element("GrpSts", status),
                reason,
            ),
            *instructions,
        ),
    )


def _transaction(initiation: Initiation, verdict: Verdict, number: int) -> Node | None:
    payment = verdict.payment
    has_uetr = report_name(initiation) == "pain.002.001.10"
    return element(
        "TxInfAndSts",
        element("StsId", f"{number:06d}"),
        element("OrgnlInstrId", payment.instruction_id),
        element("OrgnlEndToEndId", payment.end_to_end_id),
        element("OrgnlUETR", payment.uetr if has_uetr else None),
        element("TxSts", verdict.status),
        _reason(verdict.code, verdict.text) if verdict.status == "RJCT" else None,
        element(
            "OrgnlTxRef",
            element("Amt", element("InstdAmt", f"{payment.amount:f}", Ccy=payment.currency)),
            element("CdtrAcct", element("Id", account(payment.creditor_account))),
        ),
    )


def account(number: str) -> Node | None:
    """IBAN or another number, as the schemas distinguish them."""
    if len(number) >= 15 and number[:2].isalpha() and number[2:4].isdigit():
        return element("IBAN", number)
    return element("Othr", element("Id", number))


def _reason(code: str, text: str) -> Node | None:
    if not code and not text:
        return None
    return element(
        "StsRsnInf", element("Rsn", element("Cd", code)) if code else None, element("AddtlInf", text[:105] or None)
    )


def _together(verdicts: Sequence[Verdict]) -> str:
    statuses = {verdict.status for verdict in verdicts}
    return statuses.pop() if len(statuses) == 1 else "PART"
