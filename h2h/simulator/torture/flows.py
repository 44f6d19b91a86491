"""The reference flows: one story each, with the bank's behaviour, what people will say, and how it must end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from h2h.core.lifecycle import State
from h2h.simulator.torture.oracle import Drop, Payment

IBANS = ("DE89370400440532013000", "FR1420041010050500013M02606", "NL91ABNA0417164300")
OUR_ACCOUNT = "DE75512108001245126199"
_HEADER = "Reference;Our account;Date;Amount;Payee;IBAN;Text\n"
COLUMNS: dict[str, Any] = {
    "delimiter": ";",
    "decimal_separator": ",",
    "date_format": "%d.%m.%Y",
    "fields": {
        "debtor_name": {"constant": "Example Ltd"},
        "debtor_account": "Our account",
        "debtor_bic": {"constant": "DEUTDEFF"},
        "requested_execution_date": "Date",
        "end_to_end_id": "Reference",
        "amount": "Amount",
        "currency": {"constant": "EUR"},
        "creditor_name": "Payee",
        "creditor_account": "IBAN",
        "remittance": "Text",
    },
}


@dataclass(frozen=True, slots=True)
class Flow:
    """*drops* are (turn, the file). *bank* and *erp* are laid over the defaults. *plan* is what must go wrong."""

    name: str
    drops: tuple[tuple[int, Drop], ...] = ()
    behaviour: str = "accept"
    bank: dict[str, Any] = field(default_factory=dict)
    erp: dict[str, Any] = field(default_factory=dict)
    banks: tuple[str, ...] = ("bank",)
    plan: str = ""
    hands: str = ""  # what a person does of his own accord: hold, take over
    said: tuple[tuple[int, str, bytes], ...] = ()  # (turn, name, bytes) of what a bank says unasked
    ends: frozenset[State] = frozenset({State.ACCEPTED})
    purges: bool = False  # the bank clears away temporary names
    start: str = "2026-11-23T09:00:00+00:00"
    step_seconds: float = 181.0  # a turn when all is calm
    drawn: bool = True  # False: it came later, and the seeds of before are to stay what they were

    def fresh(self) -> tuple[tuple[int, Drop], ...]:
        """The drops, not dropped yet."""
        return tuple((turn, Drop(d.name, d.data, d.payments, d.answer, d.folder, d.rival)) for turn, d in self.drops)


def csv(
    name: str,
    *lines: tuple[str, str, int],
    answer: str = "pay",
    day: str = "01.12.2026",
    erp: str = "erp",
    rival: str = "",
) -> Drop:
    """A CSV of (reference, amount, which payee)."""
    rows = [f"{r};{OUR_ACCOUNT};{day};{amount};Payee {r};{IBANS[n]};Invoice {r}\n" for r, amount, n in lines]
    payments = tuple((r, amount.replace(",", "."), IBANS[n]) for r, amount, n in lines)
    return Drop(name, (_HEADER + "".join(rows)).encode(), payments, answer, erp, rival)


def iso(name: str, message_id: str, *lines: tuple[str, str, int], answer: str = "pay", rival: str = "") -> Drop:
    """A pain.001.001.09 as an ERP writes it that knows ISO 20022."""
    payments: tuple[Payment, ...] = tuple((r, amount, IBANS[n]) for r, amount, n in lines)
    total = sum(int(a.replace(".", "")) for _, a, _ in payments)
    body = "".join(
        f'<CdtTrfTxInf><PmtId><EndToEndId>{r}</EndToEndId></PmtId><Amt><InstdAmt Ccy="EUR">{a}</InstdAmt></Amt>'
        f"<Cdtr><Nm>Payee {r}</Nm></Cdtr><CdtrAcct><Id><IBAN>{i}</IBAN></Id></CdtrAcct></CdtTrfTxInf>"
        for r, a, i in payments
    )
    data = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">'
        f"<CstmrCdtTrfInitn><GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-11-22T08:00:00</CreDtTm>"
        f"<NbOfTxs>{len(payments)}</NbOfTxs><CtrlSum>{total // 100}.{total % 100:02d}</CtrlSum>"
        f"<InitgPty><Nm>Example Ltd</Nm></InitgPty></GrpHdr><PmtInf><PmtInfId>{message_id}-P</PmtInfId>"
        "<PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2026-12-01</Dt></ReqdExctnDt><Dbtr><Nm>Example Ltd</Nm></Dbtr>"
        f"<DbtrAcct><Id><IBAN>{OUR_ACCOUNT}</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>DEUTDEFF</BICFI>"
        f"</FinInstnId></DbtrAgt>{body}</PmtInf></CstmrCdtTrfInitn></Document>"
    )
    return Drop(name, data.encode(), payments, answer, rival=rival)


def statement(sequence: int, opening: str, closing: str, amount: str, reference: str) -> bytes:
    """A camt.053.001.08 with one credit from somebody."""

    def balance(kind: str, of: str) -> str:
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{of}</Amt>'
            "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-12-01</Dt></Dt></Bal>"
        )

    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>STM-{sequence}</MsgId><CreDtTm>2026-12-01T22:0{sequence}:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>S-{sequence}</Id><ElctrncSeqNb>{sequence}</ElctrncSeqNb><CreDtTm>2026-12-01T22:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{OUR_ACCOUNT}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balance('OPBD', opening)}"
        f'{balance("CLBD", closing)}<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">{amount}</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-12-01</Dt></BookgDt>"
        "<ValDt><Dt>2026-12-01</Dt></ValDt><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd>"
        f'</Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs><Amt Ccy="EUR">'
        f"{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
    ).encode()


_ONE = csv("pay.csv", ("R-1", "1250,00", 0), ("R-2", "0,50", 1))
_SENT = frozenset({State.SENT})
_RENAME = {"submission": {"rename": "fxp"}}

FLOWS: dict[str, Flow] = {
    flow.name: flow
    for flow in (
        Flow("csv", ((0, _ONE),), behaviour="brief"),
        Flow("send", ((0, _ONE),), behaviour="silent", ends=_SENT),
        Flow("pass-through", ((0, iso("pay.xml", "MSG-1", ("E-1", "10.00", 0), ("E-2", "0.20", 1))),)),
        Flow(
            "refused",
            ((0, Drop("bad.csv", _ONE.data.replace(b"1250,00", b"12x"), (), "never")),),
            ends=frozenset({State.REFUSED}),
        ),
        Flow(
            "same-bytes",
            ((0, _ONE), (2, Drop("copy.csv", _ONE.data, (), "never"))),
            behaviour="brief",
            ends=frozenset({State.ACCEPTED, State.DUPLICATE}),
        ),
        Flow("same-name", ((0, _ONE), (2, csv("pay.csv", ("R-7", "70,00", 2)))), behaviour="brief"),
        Flow(
            "same-name-by-mistake",
            ((0, _ONE), (2, csv("pay.csv", ("R-7", "70,00", 2), answer="cancel"))),
            behaviour="brief",
            ends=frozenset({State.ACCEPTED, State.CANCELLED}),
        ),
        Flow(
            "same-message-id",
            (
                (0, iso("a.xml", "MSG-1", ("E-1", "10.00", 0))),
                (2, iso("b.xml", "MSG-1", ("E-9", "90.00", 1), answer="cancel", rival="a.xml")),
            ),
            behaviour="brief",
            ends=frozenset({State.ACCEPTED, State.CANCELLED}),
        ),
        Flow(
            "overlap",
            (
                (0, _ONE),
                (2, csv("more.csv", ("R-1", "1250,00", 0), ("R-8", "8,00", 2), answer="cancel", rival="pay.csv")),
            ),
            behaviour="brief",
            ends=frozenset({State.ACCEPTED, State.CANCELLED}),
        ),
        Flow("marker", ((0, _ONE),), behaviour="brief", erp={"completeness": {"by": "marker"}}),
        Flow("release", ((0, _ONE),), behaviour="brief", erp={"release_required": True}),
        Flow("hold", ((0, _ONE),), behaviour="brief", erp={"release_required": True}, hands="hold"),
        Flow(
            "cut-off",
            ((0, _ONE),),
            behaviour="brief",
            bank={"cutoff": {"timezone": "Europe/Berlin", "latest": "19:30", "earliest": "08:00"}},
            start="2026-11-23T06:51:00+00:00",
        ),
        Flow(
            "doubt-sent",
            ((0, _ONE),),
            behaviour="silent",
            plan="session.rename#1:reply_lost session.stat#3:bank",
            ends=_SENT,
            purges=True,
        ),
        Flow(
            "doubt-not-sent",
            ((0, _ONE),),
            behaviour="brief",
            plan="session.rename#1:unavailable session.stat#3:bank",
            purges=True,
        ),
        Flow(
            "take-over",
            ((0, csv("pay.csv", ("R-1", "1250,00", 0), answer="take over")),),
            erp={"release_required": True},
            hands="take over",
            ends=frozenset({State.TAKEN_OVER}),
        ),
        Flow(
            "rejected",
            ((0, csv("pay.csv", ("R-1", "5,04", 0), ("R-2", "1,00", 1))),),
            behaviour="cents",
            ends=frozenset({State.PARTIALLY_ACCEPTED}),
        ),
        Flow("returned", ((0, csv("pay.csv", ("R-1", "5,07", 0), ("R-2", "1,00", 1))),), behaviour="return-later"),
        Flow("answers-twice", ((0, _ONE),), behaviour="duplicate-ack"),
        Flow("out-of-order", ((0, _ONE),), behaviour="out-of-order"),
        Flow("statement", said=((0, "s1.xml", statement(1, "100.00", "107.00", "7.00", "THEIR-1")),)),
        Flow(
            "statement-gap",
            said=(
                (0, "s1.xml", statement(1, "100.00", "107.00", "7.00", "THEIR-1")),
                (1, "s3.xml", statement(3, "108.00", "109.00", "1.00", "THEIR-3")),
                (3, "s2.xml", statement(2, "107.00", "108.00", "1.00", "THEIR-2")),
            ),
        ),
        Flow(
            "quarantined",
            said=(
                (0, "odd.xml", b"<Document>half"),
                (0, "s1.xml", statement(1, "100.00", "107.00", "7.00", "THEIR-1")),
            ),
        ),
        Flow(
            "two-banks",
            ((0, _ONE), (0, csv("other.csv", ("Q-1", "3,00", 2), erp="erp2"))),
            behaviour="brief",
            banks=("bank", "bank2"),
        ),
        Flow("fxp", ((0, _ONE),), behaviour="brief", bank=_RENAME),
        Flow("fxp-purged", ((0, _ONE),), behaviour="brief", bank=_RENAME, purges=True),
        Flow("send-purged", ((0, _ONE),), behaviour="silent", ends=_SENT, purges=True, drawn=False),
    )
}
