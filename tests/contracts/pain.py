"""Small pain.001 files for the simulated bank's tests, written by hand and valid against the official schemas."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

IBANS = ("DE89370400440532013000", "FR1420041010050500013M02606", "NL91ABNA0417164300", "GB29NWBK60161331926819")


def pain001(
    message_id: str, amounts: Sequence[str], *, version: str = "09", count: int | None = None, batch: bool = False
) -> bytes:
    """One payment an amount; *count* overrides the stated number."""
    total = sum((Decimal(amount) for amount in amounts), Decimal(0))
    day = (
        "<ReqdExctnDt><Dt>2026-12-01</Dt></ReqdExctnDt>" if version >= "08" else "<ReqdExctnDt>2026-12-01</ReqdExctnDt>"
    )
    bic = "BICFI" if version != "03" else "BIC"
    transactions = "".join(
        f"<CdtTrfTxInf><PmtId><InstrId>I{n}</InstrId><EndToEndId>{message_id}-{n}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt><Cdtr><Nm>Payee {n} &amp; Co</Nm></Cdtr>'
        f"<CdtrAcct><Id><IBAN>{IBANS[n % len(IBANS)]}</IBAN></Id></CdtrAcct>"
        f"<RmtInf><Ustrd>Invoice {n}</Ustrd></RmtInf></CdtTrfTxInf>"
        for n, amount in enumerate(amounts, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}">'
        f"<CstmrCdtTrfInitn><GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-11-22T08:00:00</CreDtTm>"
        f"<NbOfTxs>{len(amounts) if count is None else count}</NbOfTxs><CtrlSum>{total}</CtrlSum>"
        f"<InitgPty><Nm>Customer</Nm></InitgPty></GrpHdr><PmtInf><PmtInfId>{message_id}-P</PmtInfId>"
        f"<PmtMtd>TRF</PmtMtd><BtchBookg>{str(batch).lower()}</BtchBookg>{day}<Dbtr><Nm>Customer</Nm></Dbtr>"
        f"<DbtrAcct><Id><IBAN>DE75512108001245126199</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId><{bic}>DEUTDEFF</{bic}></FinInstnId></DbtrAgt>{transactions}</PmtInf>"
        "</CstmrCdtTrfInitn></Document>"
    ).encode()
