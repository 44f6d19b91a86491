"""What a bank says, written down by hand: pain.002, camt.053 and camt.054, valid against the official schemas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from tests.journeys.site import OUR_ACCOUNT

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True)
class Sent:
    """What the bank reads of a payment file that it received."""

    message_id: str
    message_name: str
    payments: tuple[tuple[str, str, str], ...]  # (PmtInfId, EndToEndId, amount)

    @classmethod
    def of(cls, data: bytes) -> Sent:
        """Read with another parser than h2h's."""
        root = etree.fromstring(data)
        namespace = root.nsmap[None]
        assert namespace is not None

        def texts(node: Any, path: str) -> list[str]:
            return [str(t) for t in node.xpath(path, namespaces={"p": namespace})]

        payments = [
            (
                texts(info, "p:PmtInfId/text()")[0],
                texts(tx, "p:PmtId/p:EndToEndId/text()")[0],
                texts(tx, "p:Amt/p:InstdAmt/text()")[0],
            )
            for info in root.xpath("//p:PmtInf", namespaces={"p": namespace})
            for tx in info.xpath("p:CdtTrfTxInf", namespaces={"p": namespace})
        ]
        return cls(
            texts(root, "//p:GrpHdr/p:MsgId/text()")[0], namespace.removeprefix("urn:iso:std:iso:20022:tech:xsd:"),
            tuple(payments),
        )  # fmt: skip


def pain002(
    sent: Sent,
    group: str | None,
    *,
    statuses: dict[str, tuple[str, str | None]] | None = None,
    message_id: str = "BANK-STATUS-1",
    version: str = "10",
) -> str:
    """A status report; *statuses* is EndToEndId → (status, reason code or None)."""
    groups: dict[str, list[str]] = {}
    for number, (info, end_to_end_id, _) in enumerate(sent.payments, 1):
        if statuses and end_to_end_id in statuses:
            status, code = statuses[end_to_end_id]
            reason = f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>" if code else ""
            groups.setdefault(info, []).append(
                f"<TxInfAndSts><StsId>S{number}</StsId><OrgnlEndToEndId>{end_to_end_id}</OrgnlEndToEndId>"
                f"<TxSts>{status}</TxSts>{reason}</TxInfAndSts>"
            )
    infos = "".join(
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{info}</OrgnlPmtInfId>{''.join(lines)}</OrgnlPmtInfAndSts>"
        for info, lines in groups.items()
    )
    stated = f"<GrpSts>{group}</GrpSts>" if group else ""
    return (
        f'{HEAD}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-11-23T10:00:00</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{sent.message_id}</OrgnlMsgId><OrgnlMsgNmId>{sent.message_name}"
        f"</OrgnlMsgNmId>{stated}</OrgnlGrpInfAndSts>{infos}</CstmrPmtStsRpt></Document>\n"
    )


@dataclass(frozen=True)
class Line:
    """One entry of a statement; a return is a credit with its reason."""

    amount: str
    end_to_end_id: str | None
    credit_debit: str = "DBIT"
    return_reason: str | None = None
    counterparty: str = "Payee"
    remittance: str = "Invoice"


def camt053(
    lines: Sequence[Line],
    *,
    sequence: int = 1,
    opening: str = "10000.00",
    account: str = OUR_ACCOUNT,
    more: Sequence[tuple[str, Sequence[Line]]] = (),
    message_id: str | None = None,
) -> str:
    """An end-of-day statement (.08) of *account*, and of each of *more* (account, lines) in the same message."""
    stated = "".join(_statement(of, entries, sequence, opening) for of, entries in ((account, lines), *more))
    return (
        f'{HEAD}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr>'
        f"<MsgId>{message_id or f'STM-{sequence}'}</MsgId><CreDtTm>2026-12-01T22:00:00</CreDtTm></GrpHdr>{stated}"
        "</BkToCstmrStmt></Document>\n"
    )


def closing_after(opening: str, lines: Sequence[Line]) -> str:
    """Opening balance plus the entries."""
    signs = {"CRDT": 1, "DBIT": -1}
    return f"{Decimal(opening) + sum(signs[line.credit_debit] * Decimal(line.amount) for line in lines):.2f}"


def camt054(lines: Sequence[Line], *, message_id: str = "NTF-1", account: str = OUR_ACCOUNT) -> str:
    """A debit credit notification (.08)."""
    return (
        f'{HEAD}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><GrpHdr>'
        f"<MsgId>{message_id}</MsgId><CreDtTm>2026-12-01T12:00:00</CreDtTm></GrpHdr><Ntfctn><Id>{message_id}</Id>"
        f"<CreDtTm>2026-12-01T12:00:00</CreDtTm><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{_entries(lines)}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>\n"
    )


def _statement(account: str, lines: Sequence[Line], sequence: int, opening: str) -> str:
    return (
        f"<Stmt><Id>{account[-6:]}-{sequence}</Id><ElctrncSeqNb>{sequence}</ElctrncSeqNb>"
        f"<CreDtTm>2026-12-01T22:00:00</CreDtTm><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{_balance('OPBD', opening)}{_balance('CLBD', closing_after(opening, lines))}{_entries(lines)}</Stmt>"
    )


def _balance(kind: str, amount: str) -> str:
    sign = "DBIT" if amount.startswith("-") else "CRDT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{amount.lstrip("-")}</Amt><CdtDbtInd>{sign}</CdtDbtInd>'
        "<Dt><Dt>2026-12-01</Dt></Dt></Bal>"
    )


def _entries(lines: Sequence[Line]) -> str:
    return "".join(_entry(number, line) for number, line in enumerate(lines, 1))


def _entry(number: int, line: Line) -> str:
    family = (
        "<Cd>RCDT</Cd><SubFmlyCd>RRTN</SubFmlyCd>" if line.return_reason else "<Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd>"
    )
    reference = f"<EndToEndId>{line.end_to_end_id}</EndToEndId>" if line.end_to_end_id else ""
    back = f"<RtrInf><Rsn><Cd>{line.return_reason}</Cd></Rsn></RtrInf>" if line.return_reason else ""
    other = "Cdtr" if line.credit_debit == "DBIT" or line.return_reason else "Dbtr"
    return (
        f'<Ntry><NtryRef>{number}</NtryRef><Amt Ccy="EUR">{line.amount}</Amt><CdtDbtInd>{line.credit_debit}</CdtDbtInd>'
        "<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-12-01</Dt></BookgDt><ValDt><Dt>2026-12-01</Dt></ValDt>"
        f"<AcctSvcrRef>REF{number}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly>{family}</Fmly></Domn></BkTxCd>"
        f'<NtryDtls><TxDtls><Refs>{reference}</Refs><Amt Ccy="EUR">{line.amount}</Amt>'
        f"<CdtDbtInd>{line.credit_debit}</CdtDbtInd>"
        f"<RltdPties><{other}><Pty><Nm>{line.counterparty}</Nm></Pty></{other}></RltdPties>"
        f"<RmtInf><Ustrd>{line.remittance}</Ustrd></RmtInf>{back}</TxDtls></NtryDtls></Ntry>"
    )
