"""The examples of docs/erp-answers.md are what `h2h convert` makes of one statement."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from h2h.cli.main import main

BOOKED = "<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-24</Dt></BookgDt><ValDt><Dt>2026-11-24</Dt></ValDt>"


def balance(code: str, amount: str, day: str) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def entry(amount: str, way: str, reference: str, family: str, details: str) -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><RvslInd>false</RvslInd>{BOOKED}'
        f"<AcctSvcrRef>{reference}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd>"
        f"<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>{details}</TxDtls></NtryDtls></Ntry>"
    )


OUT = (
    "<Refs><EndToEndId>INV-88213</EndToEndId></Refs><RltdPties><Cdtr><Pty><Nm>Ateliers Müller &amp; Fils</Nm></Pty>"
    "</Cdtr><CdtrAcct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id></CdtrAcct></RltdPties>"
    "<RmtInf><Ustrd>Invoice 88213 of 2026-10-30</Ustrd></RmtInf>"
)
IN = (
    "<Refs><EndToEndId>CUST-99</EndToEndId></Refs><RltdPties><Dbtr><Pty><Nm>=HYPERLINK(A1)</Nm></Pty></Dbtr></RltdPties>"
    "<RmtInf><Ustrd>Thank you</Ustrd></RmtInf>"
)
STATEMENT = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M-1</MsgId>'
    "<CreDtTm>2026-11-24T20:00:00Z</CreDtTm></GrpHdr><Stmt><Id>STMT-20261124-1</Id><ElctrncSeqNb>224</ElctrncSeqNb>"
    "<CreDtTm>2026-11-24T20:00:00Z</CreDtTm><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy>"
    "<Ownr><Nm>Nordlicht Maschinenbau GmbH</Nm></Ownr></Acct>"
    + balance("OPBD", "10000.00", "2026-11-23")
    + balance("CLBD", "9089.45", "2026-11-24")
    + entry("1210.55", "DBIT", "BK-2001", "ICDT", OUT)
    + entry("300.00", "CRDT", "BK-2002", "RCDT", IN)
    + "</Stmt></BkToCstmrStmt></Document>"
)


def shown(root: Path, section: str) -> list[str]:
    """The lines of the examples under a heading of the page."""
    page = (root / "docs" / "erp-answers.md").read_text(encoding="utf-8")
    body = page[page.index(f"\n## {section}") + 4 :].partition("\n## ")[0]
    return [line for block in re.findall(r"```(?:xml)?\n(.*?)```", body, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize(
    ("section", "form"),
    [
        ("The table (csv)", "csv"),
        ("MT940", "mt940"),
        ("The MultiCash pair", "multicash"),
        ("FINSTA01", "finsta01"),
        ("camt.053", "camt.053"),
    ],
)
def test_an_example_of_the_page_is_what_convert_writes(root: Path, tmp_path: Path, section: str, form: str) -> None:
    (tmp_path / "bank.xml").write_text(STATEMENT, encoding="utf-8")
    out = tmp_path if form == "multicash" else tmp_path / "out"
    done = CliRunner().invoke(main, ["convert", str(tmp_path / "bank.xml"), "--to", form, "-o", str(out)])
    assert done.exit_code == 0, done.output
    made = [file.read_bytes().decode() for file in tmp_path.iterdir() if file.name != "bank.xml"]
    lines = [line for text in made for line in text.splitlines()]
    assert len(shown(root, section)) > 0
    for example in shown(root, section):
        start, left_out, end = example.partition("…")
        fits = [
            line for line in lines if (line.startswith(start) and line.endswith(end) if left_out else line == start)
        ]
        assert fits, f"{example}\nis not among\n" + "\n".join(lines)
