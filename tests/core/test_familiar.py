"""Records that look like earlier ones are read by their texts alone: what is read must be the same as by the parser."""

from __future__ import annotations

import random
from typing import Any

import pytest

from h2h.core.errors import Refused
from h2h.core.findings import Finding
from h2h.core.mapping import familiar
from h2h.core.mapping.familiar import Familiar, Run
from h2h.core.mapping.pieces import pieces
from tests.checkout import BOOK
from tests.core.test_mapping_reader import statement

READER = BOOK.get("camt.053.001.08")._reader
WHOLE = 1 << 30

PLAIN = (
    '<Ntry><NtryRef>{n}</NtryRef><Amt Ccy="EUR">{n}.10</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
    "<BookgDt><Dt>2026-11-23</Dt></BookgDt><BkTxCd/><NtryDtls><TxDtls><Refs><EndToEndId>E-{n}</EndToEndId></Refs>"
    "{more}</TxDtls></NtryDtls></Ntry>"
)
#: What makes a record another one, or one that must be looked at more closely.
ODD = {
    "the five references": ("Invoice {n}", "R&amp;D &lt;{n}&gt; &quot;x&quot; &apos;y&apos; &amp;lt;"),
    "a reference by number": ("Invoice {n}", "B&#228;ume {n}"),
    "several lines": ("<Ustrd>Invoice {n}</Ustrd>", "<Ustrd>one {n} </Ustrd><Ustrd> two </Ustrd><Ustrd>three</Ustrd>"),
    "an empty line among them": ("<Ustrd>Invoice {n}</Ustrd>", "<Ustrd>one {n}</Ustrd><Ustrd/><Ustrd> </Ustrd>"),
    "letters of other scripts": ("Invoice {n}", "发票 {n} Ärger \U0001f600"),
    "a blank that is none of XML's": ("Invoice {n}", "\u00a0Invoice {n}\u00a0"),
    "blanks around a text": ("Invoice {n}", "  Invoice {n}\n "),
    "an end of a tag in a text": ("Invoice {n}", "a > b {n}"),
    "a mark of ours": ("Invoice {n}", "\ue0000\ue001 {n}"),
    "an element nobody reads": ("<RmtInf>", "<Tp>{n}</Tp><Unknown><Deep>{n}</Deep></Unknown><RmtInf>"),
    "an element in a text": ("Invoice {n}", "In<b>voice</b> {n}"),
    "an attribute nobody reads": ("<Refs>", "<Refs odd='{n}>'>"),
    "the same attribute always": ("<Refs>", "<Refs odd='x'>"),
    "another currency": ('Ccy="EUR"', "Ccy = 'USD'"),
    "a prefix of its own": ("<RmtInf>", '<x:Strd xmlns:x="urn:x"><x:a>{n}</x:a></x:Strd><RmtInf>'),
    "no amount": ("{n}.10", ""),
    "an amount that is none": ("{n}.10", "{n},10"),
    "a day that is none": ("2026-11-23", "2026-11-31"),
    "another day": ("2026-11-23", "2026-11-24+01:00"),
    "two statuses": ("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK<Cd>PDNG</Cd></Sts><Sts><Cd>INFO</Cd></Sts>"),
    "something behind the details": ("</NtryDtls>", "</NtryDtls><AddtlNtryInf>more {n}</AddtlNtryInf>"),
    "two transactions": (
        "</NtryDtls>",
        "</NtryDtls><NtryDtls><TxDtls><Refs><EndToEndId>F-{n}</EndToEndId></Refs></TxDtls></NtryDtls>",
    ),
    "a batch": ("<NtryDtls>", "<NtryDtls><Btch><MsgId>{n}</MsgId><NbOfTxs>2</NbOfTxs></Btch>"),
    "a return": ("<RmtInf>", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>a {n}</AddtlInf></RtrInf><RmtInf>"),
    "two names": ("<RmtInf>", "<RltdPties><Dbtr><Nm>A</Nm><Pty><Nm>{n}</Nm></Pty></Dbtr></RltdPties><RmtInf>"),
    "lines": ("><", ">\n  <"),
    "lines as Windows has them": ("><", ">\r\n\t<"),
    "an old end of line in a text": ("Invoice {n}", "Invoice\r{n}"),
}
REMITTANCE = "<RmtInf><Ustrd>Invoice {n}</Ustrd></RmtInf>"


def record(n: int, odd: str | None = None) -> str:
    text = PLAIN.replace("{more}", REMITTANCE)
    if odd is not None:
        before, after = ODD[odd]
        assert before in text
        text = text.replace(before, after)
    return text.replace("{n}", str(n))


def both(data: bytes, piece_bytes: int = 4000) -> tuple[Any, Any]:
    return READER.read(data, piece_bytes), READER.read(data, WHOLE)


@pytest.mark.parametrize("odd", ODD)
def test_a_record_that_is_odd_in_one_way_is_read_as_the_parser_reads_it(odd: str) -> None:
    lines = [record(n, odd if n % 3 else None) for n in range(1, 100)]
    in_pieces, whole = both(statement("\n".join(lines)))
    assert in_pieces == whole


@pytest.mark.parametrize("seed", range(20))
def test_whatever_follows_what_is_read_as_the_parser_reads_it(seed: int) -> None:
    chance = random.Random(seed)
    some = chance.sample(sorted(ODD), 6)
    odds = [chance.choice(some) if chance.random() < 0.2 else None for _ in range(300)]
    between = chance.choice(["", "\n", " \r\n"])
    data = statement(between.join(record(n, odd) for n, odd in enumerate(odds)))
    in_pieces, whole = both(data, chance.choice([900, 5000, 20_000]))
    assert in_pieces == whole


def test_a_stream_gives_what_was_not_read_as_often_as_the_whole_document() -> None:
    odds = ["an element nobody reads", "the same attribute always", "two statuses", None]
    data = statement("\n".join(record(n, odds[n % 4]) for n in range(200)))
    counted: list[Finding] = []
    entries = [entry for _, records in READER.stream(data, counted, 4000) for entry in records]
    message, findings = READER.read(data, WHOLE)
    assert (entries, counted) == (message.statements[0].entries, findings)


def test_an_attribute_around_the_records_is_told_once_however_long_the_document_is() -> None:
    data = statement("\n".join(map(record, range(200)))).replace(b"<Stmt>", b"<Stmt odd='1'>")
    in_pieces, whole = both(data)
    assert in_pieces == whole
    assert [f.text for f in whole[1] if "@odd" in f.where] == ["Stmt/@odd was not read (1 time)"]


PAYMENT = (
    "<CdtTrfTxInf><PmtId><InstrId>I-{n}</InstrId><EndToEndId>E-{n}</EndToEndId></PmtId><Amt><InstdAmt Ccy='EUR'>{n}.10"
    "</InstdAmt></Amt><Cdtr><Nm>Payee {n}</Nm></Cdtr>\n<CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct>"
    "<RmtInf><Ustrd>Invoice {n}</Ustrd></RmtInf></CdtTrfTxInf>".replace("{iban}", "DE02200505501015871393")
)
INSTRUCTION = (
    "<PmtInf><PmtInfId>{n}</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2026-12-01</Dt></ReqdExctnDt><Dbtr><Nm>We</Nm>"
    "</Dbtr><DbtrAcct><Id><IBAN>DE75512108001245126199</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>DEUTDEFF"
    "</BICFI></FinInstnId></DbtrAgt>"
)


@pytest.mark.parametrize("seed", range(8))
def test_payments_have_their_instruction_and_their_place(seed: int) -> None:
    chance = random.Random(seed)
    parts = []
    for n in range(4):
        begins = INSTRUCTION.replace("<Dbtr><Nm>We</Nm></Dbtr>", "") if chance.random() < 0.2 else INSTRUCTION
        parts.append(begins.replace("{n}", f"{n}"))
        for m in range(chance.choice([1, 2, 40, 80]) if n else 60):
            text = PAYMENT.replace("{n}", f"{m}")
            if chance.random() < 0.1:
                text = text.replace("<Cdtr>", "\n<Odd/><Cdtr>").replace(".10", chance.choice([".10", ",10", ""]))
            parts.append(text + chance.choice(["", "\n", "\n\n  "]))
        parts.append("</PmtInf>")
    data = (
        '<?xml version="1.0"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">\n<CstmrCdtTrfInitn>'
        "<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-20T10:00:00</CreDtTm><NbOfTxs>4</NbOfTxs><InitgPty><Nm>We</Nm>"
        f"</InitgPty></GrpHdr>{''.join(parts)}</CstmrCdtTrfInitn></Document>"
    ).encode()
    reader = BOOK.get("pain.001.001.09")._reader
    in_pieces, whole = reader.read(data, chance.choice([900, 4000])), reader.read(data, WHOLE)
    assert in_pieces == whole
    assert len(whole[0].transactions) > 10
    known = Familiar(*reader._ready())
    runs = [run for piece in pieces(data, reader._plan, 2000) for run in known.runs(piece)]
    assert any(isinstance(run, Run) for run in runs)


def test_most_records_of_a_long_statement_are_not_parsed() -> None:
    data = statement("\n".join(record(n, "another currency" if n % 2 else None) for n in range(300)))
    known = Familiar(*READER._ready())
    runs = [run for piece in pieces(data, READER._plan, 4000) for run in known.runs(piece)]
    assert sum(len(run.made) for run in runs if isinstance(run, Run)) > 250


def test_what_is_said_of_each_record_is_its_own() -> None:
    message, _ = READER.read(statement("\n".join(map(record, range(300)))), 4000)
    said = [(e.entry_reference, f"{e.amount:f}", e.details[0].end_to_end_id) for e in message.statements[0].entries]
    assert said == [(str(n), f"{n}.10", f"E-{n}") for n in range(300)]


def test_a_record_that_closes_what_is_around_it_is_no_record_of_the_first_statement() -> None:
    inner = "\n".join(map(record, range(60)))
    middle = "</Stmt><Stmt><Id>T</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>"
    message, _ = READER.read(statement(inner + middle + inner), 3000)
    assert [(s.id, len(s.entries)) for s in message.statements] == [("S", 60), ("T", 60)]


@pytest.mark.parametrize("wrong", ["<Odd>", "</TxDtls>", "<Ntry>", "\x01", "<Cd>&nothing;</Cd>", "<a b=c/>"])
def test_what_is_not_well_formed_is_refused_though_the_rest_is_familiar(wrong: str) -> None:
    lines = [*map(record, range(80)), record(80).replace("<Refs>", f"{wrong}<Refs>"), *map(record, range(81, 160))]
    data = statement("\n".join(lines))
    for size in (3000, WHOLE):
        with pytest.raises(Refused) as raised:
            READER.read(data, size)
        assert raised.value.findings[0].code == "H2H-NOT-WELL-FORMED"


@pytest.mark.parametrize("texts", ["\ufdd0", "\ufdd1"])
def test_the_separators_of_tokens_are_refused_in_a_record_that_looks_familiar(texts: str) -> None:
    lines = [*map(record, range(80)), record(80).replace("Invoice", texts), *map(record, range(81, 160))]
    with pytest.raises(Refused, match="noncharacter"):
        READER.read(statement("\n".join(lines)), 3000)


def test_a_document_with_ever_new_looks_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(familiar, "LOOKS_MAX", 5)
    lines = [record(n).replace("<Refs>", f"<Refs a='{n % 40}'>") for n in range(400)]
    known = Familiar(*READER._ready())
    data = statement("\n".join(lines))
    for piece in pieces(data, READER._plan, 4000):
        known.runs(piece)
    assert len(known._sorts) <= 5
    in_pieces, whole = both(data)
    assert in_pieces == whole
