"""Ping An: the ERP's CSV goes out behind a header of 222 bytes; what the bank answers comes home in words."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from h2h.core.lifecycle import State
from tests.journeys.people import Person
from tests.journeys.site import Site
from tests.journeys.test_chinese_bank import COLUMNS, HEADER

ACCOUNT = "11002873403401"
ROWS = (
    ("T-2026-001", "100.50", "广州示例贸易有限公司", "11002873390701", "307584007998", "平安银行广州分行", "运费"),
    ("T-2026-002", "7000.00", "北京示例科技有限公司", "6222000000000000002", "105100000017", "中国建设银行", "货款"),
    ("T-2026-003", "45.00", "李雷", "6214830000000003", "308584000013", "招商银行深圳分行", "报销"),
)


def ping_an_site(tmp_path: Path, format_: str = "pingan.batch") -> Site:
    """An installation whose bank is Ping An, with the facts of its example profile."""
    example = tomllib.loads(Path("config/banks/pingan.toml").read_text("utf-8"))
    bank = {key: example[key] for key in ("accepts", "accounts", "rules", "facts")}
    bank["submission"] = {"remote_name": "{message_id}.txt"}
    if format_ == "pingan.payment":
        bank["facts"] = {k: v for k, v in bank["facts"].items() if k != "urgency"}
    erp: dict[str, Any] = {"delimited": COLUMNS}
    return Site(tmp_path, bank={"format": format_, **bank}, erp=erp)


def table(*rows: tuple[str, ...]) -> bytes:
    lines = [
        f"{ref},{ACCOUNT},2026-11-23,{amount},{name},{account},{number},{bank},{text}\n"
        for ref, amount, name, account, number, bank, text in rows
    ]
    return (HEADER + "".join(lines)).encode("gb18030")


def request(data: bytes) -> tuple[dict[str, bytes], etree._Element]:
    """What the bank's front-end reads: by positions, and by a reader of XML that is not h2h's."""
    length = int(data[30:40])
    assert len(data) == 222 + length
    header = {"class": data[:6], "company": data[10:30], "code": data[40:46], "way": data[51:53], "serial": data[67:87]}
    return header, etree.fromstring(data[222:])


def answer(
    code: str, document: str, *, said: str = ":交易受理成功", returned: str = "000000", serial: str = "1"
) -> bytes:
    """What the front-end lays down."""
    body = f'<?xml version="1.0" encoding="GBK"?>{document}'.encode("gbk")
    text = said.encode("gbk").ljust(100).decode("latin-1")
    header = (
        f"A00101{'01'}{'01'}{'00901079900009999000'}{len(body):010d}{code:6}{'12345'}02{'20261123'}{'172000'}"
        f"{serial:20}{returned:6}{text}0000{'0'}{' '}{' ' * 12}{'0' * 10}0"
    )
    return header.encode("latin-1") + body


def rows_answered(*became: tuple[int, str, str, str, str]) -> str:
    """4015: (position, amount, Stt, IsBack, Yhcljg)."""
    rows = "".join(
        f"<list><SThirdVoucher>{n}</SThirdVoucher><CstInnerFlowNo>T-2026-00{n}</CstInnerFlowNo>"
        f"<FrontLogNo>804343160713510116000{n}</FrontLogNo><CcyCode>RMB</CcyCode><TranAmount>{amount}</TranAmount>"
        f"<Stt>{stt}</Stt><IsBack>{back}</IsBack><BackRem/><Yhcljg>{said}</Yhcljg></list>"
        for n, amount, stt, back, said in became
    )
    return f"<Result><TotalCts>3</TotalCts><IsEnd>Y</IsEnd>{rows}</Result>"


def test_a_csv_goes_out_behind_the_banks_header_and_each_payment_gets_what_became_of_it(tmp_path: Path) -> None:
    site = ping_an_site(tmp_path)
    site.drop("付款.csv", table(*ROWS))
    assert site.once(), site.outbox()

    ((name, data),) = site.bank_takes().items()
    header, document = request(data)
    assert header["class"] == b"A00101"
    assert header["code"] == b"4018  "
    assert header["way"] == b"01"
    id_ = document.findtext("ThirdVoucher") or ""
    assert header["serial"].decode() == id_ == name.removesuffix(".txt")
    assert [r.findtext("UnionFlag") for r in document.iterfind("HOResultSet4018R")] == ["1", "0", "0"]
    assert document.findtext("totalAmt") == "7145.50"

    taken = f"<Result><ThirdVoucher>{id_}</ThirdVoucher><BussFlowNo>1</BussFlowNo></Result>"
    site.bank_says("taken.txt", answer("4018", taken))
    site.once()
    assert set(site.outcomes("付款.csv").values()) == {"accepted"}, "taken is not paid"

    became = rows_answered(
        (1, "100.50", "20", "0", "000000:转账成功"),
        (2, "7000.00", "30", "0", "EB4069:账号不存在"),
        (3, "45.00", "41", "0", "MA9112:处理中"),
    )
    site.bank_says(f"{id_}.4015.txt", answer("4015", became))
    site.once()
    # Whoever works on a payment has accepted it: the third stays what it was.
    assert site.outcomes("付款.csv") == {"T-2026-001": "settled", "T-2026-002": "rejected", "T-2026-003": "accepted"}
    assert site.submission("付款.csv").state is State.PARTIALLY_ACCEPTED
    said = {p["end_to_end_id"]: p for p in site.receipt("付款.csv")["payments"]}
    assert said["T-2026-001"]["outcome"] == "settled"
    assert said["T-2026-002"]["meaning"] == "not paid; the bank's text says why"
    assert said["T-2026-002"]["reason_text"] == "EB4069:账号不存在"
    assert said["T-2026-002"]["who_acts"] == "treasury"

    back = rows_answered((1, "100.50", "20", "1", "RJ02:账号、户名不符"))
    site.bank_says(f"{id_}.returned.txt", answer("4015", back))
    site.once()
    assert site.outcomes("付款.csv")["T-2026-001"] == "returned"


@pytest.mark.parametrize(
    ("returned", "document", "outcome"),
    [
        ("000000", "<Result><ThirdVoucher>{id}</ThirdVoucher><UnionFlag>0</UnionFlag></Result>", "accepted"),
        ("YQ9982", "<Result><ThirdVoucher>{id}</ThirdVoucher></Result>", "rejected"),
        ("AFE003", "<Result><ThirdVoucher>{id}</ThirdVoucher></Result>", "unknown"),
        ("ZZ9999", "<Result/>", "unknown"),
    ],
)
def test_one_payment_is_accepted_failed_or_unknown_as_the_return_code_says(
    tmp_path: Path, returned: str, document: str, outcome: str
) -> None:
    site = ping_an_site(tmp_path, "pingan.payment")
    site.drop("付款.csv", table(ROWS[1]))
    site.once()
    ((name, data),) = site.bank_takes().items()
    _, sent = request(data)
    id_ = sent.findtext("ThirdVoucher") or ""
    site.bank_says(f"{name}.answer", answer("4004", document.format(id=id_), said=":见附注", returned=returned))
    site.once()
    assert site.outcomes("付款.csv") == {"T-2026-002": outcome}
    (payment,) = site.receipt("付款.csv")["payments"]
    assert payment["outcome"] == outcome
    waiting = {"unknown": ["unknown-status"], "rejected": [], "accepted": []}
    assert [kind for kind in site.waiting() if kind == "unknown-status"] == waiting[outcome]


def test_explain_tells_the_banks_own_code_in_words_in_both_languages(tmp_path: Path) -> None:
    site = ping_an_site(tmp_path, "pingan.payment")
    site.drop("付款.csv", table(ROWS[1]))
    site.once()
    ((name, _),) = site.bank_takes().items()
    document = f"<Result><ThirdVoucher>{name.removesuffix('.txt')}</ThirdVoucher></Result>"
    site.bank_says("answer.txt", answer("4004", document, said=":收款人户名不符", returned="YQ9982"))
    site.once()
    alice = Person(site)
    said = " ".join(alice.types("explain", "T-2026-002").out.split())
    assert "YQ9982, the payee's name does not fit the account; a fee is due, 收款人户名不符" in said
    assert "Where the money is: not paid; what was debited is booked back" in said
    assert "Who must act: accounts payable" in said
    assert "May it be sent again: yes, corrected and under a new reference" in said
    assert "complete or correct the payee's data" in said
    chinese = "".join(alice.types("explain", "T-2026-002", "--lang", "zh").out.split())
    assert "收款户名不符，收取手续费" in chinese
    assert "资金状态:未付款" in chinese
    told = alice.says("explain", "T-2026-002", "--json").json["payment"]["meaning"]
    assert (told["list"], told["code"], told["resend"], told["money"]) == (
        "pingan-return",
        "YQ9982",
        "yes",
        "not-moved",
    )
    whole = " ".join(alice.types("explain", "付款.csv").out.split())
    assert "the payee's name does not fit the account" in whole


def test_bookings_come_home_as_the_erps_table_with_the_other_side_of_each(tmp_path: Path) -> None:
    site = ping_an_site(tmp_path)
    one = (
        "<list><AcctDate>20261123</AcctDate><TxTime>172000</TxTime><HostTrace>3240</HostTrace>"
        "<BussSeqNo>8043431607135101160002</BussSeqNo><OutAcctNo>{out}</OutAcctNo><OutAcctName>{payer}</OutAcctName>"
        "<CcyCode>RMB</CcyCode><TranAmount>{amount}</TranAmount><InAcctNo>{into}</InAcctNo>"
        "<InAcctName>{payee}</InAcctName><DcFlag>{way}</DcFlag><Purpose>货款</Purpose></list>"
    )
    ours = {
        "out": ACCOUNT,
        "payer": "福州示例集团有限公司",
        "into": "6222000000000000002",
        "payee": "北京示例科技有限公司",
    }
    theirs = {
        "out": "6222000000000000009",
        "payer": "杭州示例客户有限公司",
        "into": ACCOUNT,
        "payee": "福州示例集团有限公司",
    }
    document = (
        f"<Result><AcctNo>{ACCOUNT}</AcctNo><CcyCode>RMB</CcyCode><EndFlag>Y</EndFlag><PageRecCount>2</PageRecCount>"
        + one.format(amount="7000.00", way="D", **ours)
        + one.format(amount="880.00", way="C", **theirs)
        + "</Result>"
    )
    site.bank_says("detail.txt", answer("4013", document))
    site.once()
    assert site.waiting() == []
    (given,) = [data for name, data in site.inbox().items() if name.endswith(".csv")]
    rows = list(csv.DictReader(io.StringIO(given.decode("utf-8-sig"))))
    assert [(r["credit_debit"], r["amount"], r["counterparty"]) for r in rows] == [
        ("DBIT", "7000.00", "北京示例科技有限公司"),
        ("CRDT", "880.00", "杭州示例客户有限公司"),
    ]


def test_an_answer_that_is_cut_off_is_set_aside_and_changes_nothing(tmp_path: Path) -> None:
    site = ping_an_site(tmp_path)
    site.drop("付款.csv", table(*ROWS))
    site.once()
    ((name, _),) = site.bank_takes().items()
    became = rows_answered((1, "100.50", "20", "0", ""), (2, "7000.00", "20", "0", ""), (3, "45.00", "20", "0", ""))
    site.bank_says(f"{name}.4015.txt", answer("4015", became)[:-60])
    site.once()
    assert set(site.outcomes("付款.csv").values()) == {"pending"}
    (file,) = [f for f in site.files() if f.state == "QUARANTINED"]
    assert "cut off" in json.dumps(file.reason_text, ensure_ascii=False)
