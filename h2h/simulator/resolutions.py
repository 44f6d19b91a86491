"""What the simulated bank answers to a request to call payments back: camt.029.001.14."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from h2h.simulator.payments import Payment
from h2h.simulator.questions import Recall
from h2h.simulator.xml import Node, document, element

#: What the answer says as a whole, if all of it is the same.
_WHOLE = {"ACCR": "CNCL", "RJCR": "RJCR", "PDCR": "PDCR"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What the bank says of one payment that is called back. Without one, of something that it does not know."""

    message_id: str
    message_name: str
    payment: Payment | None
    status: str  # ACCR, RJCR, PDCR
    code: str = ""
    text: str = ""


def resolution(recall: Recall, decisions: Sequence[Decision], message_id: str, at: datetime) -> bytes:
    """The answer to *recall*, payment by payment."""
    bank, customer = element("Pty", element("Nm", "Simulated Bank")), element("Pty", element("Nm", "Customer"))
    said = {decision.status for decision in decisions}
    case = recall.case_id
    return document(
        "camt.029.001.14",
        element(
            "RsltnOfInvstgtn",
            element(
                "Assgnmt",
                element("Id", message_id),
                element("Assgnr", bank),
                element("Assgne", customer),
                element("CreDtTm", at.isoformat(timespec="seconds")),
            ),
            element("RslvdCase", element("Id", case), element("Cretr", customer)) if case else None,
            element("Sts", element("Conf", _WHOLE.get(said.pop(), "PECR") if len(said) == 1 else "PECR")),
            element("CxlDtls", *_instructions(decisions)),
        ),
    )


def _instructions(decisions: Sequence[Decision]) -> list[Node | None]:
    known = [d for d in decisions if d.payment is not None]
    made = []
    for (message_id, message_name, identification), group in groupby(known, key=_place):
        made.append(
            element(
                "OrgnlPmtInfAndSts",
                element("OrgnlPmtInfId", identification),
                element("OrgnlGrpInf", element("OrgnlMsgId", message_id), element("OrgnlMsgNmId", message_name)),
                *(_transaction(decision) for decision in group),
            )
        )
    return made


def _place(decision: Decision) -> tuple[str, str, str]:
    identification = decision.payment.payment_information_id if decision.payment is not None else ""
    return decision.message_id, decision.message_name, identification


def _transaction(decision: Decision) -> Node | None:
    payment = decision.payment
    if payment is None:
        return None
    reason = element("Rsn", element("Cd", decision.code)) if decision.code else None
    return element(
        "TxInfAndSts",
        element("OrgnlInstrId", payment.instruction_id),
        element("OrgnlEndToEndId", payment.end_to_end_id),
        element("TxCxlSts", decision.status),
        element("CxlStsRsnInf", reason, element("AddtlInf", decision.text or None)) if reason else None,
        element("OrgnlInstdAmt", f"{payment.amount:f}", Ccy=payment.currency),
    )
