"""A bank with XML of its own, in GBK: the ERP's CSV in GB18030 goes out as its batch, and its answer comes home."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from lxml import etree

from h2h.core.lifecycle import State
from tests.journeys.site import Site

ACCOUNT = "117010100100000001"
FACTS = {"customer_id": "1100000001", "user_id": "h2h01", "same_city": "N", "purpose": "货款"}
COLUMNS: dict[str, Any] = {
    "encoding": "gb18030",
    "delimiter": ",",
    "decimal_separator": ".",
    "date_format": "%Y-%m-%d",
    "fields": {
        "debtor_name": {"constant": "福州示例集团有限公司"},
        "debtor_account": "付款账号",
        "requested_execution_date": "付款日期",
        "end_to_end_id": "单据号",
        "amount": "付款金额",
        "currency": {"constant": "CNY"},
        "creditor_name": "收款方户名",
        "creditor_account": "收款方账号",
        "creditor_agent_member_id": "行号",
        "creditor_agent_name": "收款方开户行",
        "remittance": "用途",
    },
}
HEADER = "单据号,付款账号,付款日期,付款金额,收款方户名,收款方账号,行号,收款方开户行,用途\n"
ROWS = (
    ("T-2026-001", "100.50", "福州示例物流有限公司", "117010100100000888", "309391000011", "兴业银行福州分行", "运费"),
    ("T-2026-002", "7000.00", "北京示例科技有限公司", "6222000000000000002", "105100000017", "中国建设银行", "货款"),
    ("T-2026-003", "45.00", "李雷", "6214830000000003", "308584000013", "招商银行深圳分行", "报销"),
    ("T-2026-004", "1.00", "广州示例贸易有限公司", "6222000000000000004", "102581000013", "工行广州分行", "货款"),
)


def table(*rows: tuple[str, ...], day: str = "2026-11-23") -> bytes:
    """A finance-sharing export, in GB18030."""
    lines = [
        f"{ref},{ACCOUNT},{day},{amount},{name},{account},{number},{bank},{text}\n"
        for ref, amount, name, account, number, bank, text in rows
    ]
    return (HEADER + "".join(lines)).encode("gb18030")


def cib_site(tmp_path: Path, **facts: str) -> Site:
    """An installation whose bank is CIB."""
    bank = {
        "format": "cib.batch",
        "accepts": [],
        "accounts": [ACCOUNT],
        "rules": {"charset": "gb18030"},
        "facts": FACTS | facts,
        "submission": {"remote_name": "{message_id}.xml"},
    }
    erp = {"delimited": COLUMNS}
    return Site(tmp_path, bank=bank, erp=erp)


def answer(document: etree._Element, *became: tuple[str, str]) -> bytes:
    """What CIB answers to the batch it read: each row with a status and a text."""
    body = document.find(".//RQBODY")
    assert body is not None
    rows = [line for line in str(body.findtext("XFERINFOTEXT")).split("\n") if line]
    said = "\n".join(f"{row}{status}|{text}|" for row, (status, text) in zip(rows, became, strict=True))
    return (
        '<?xml version="1.0" encoding="GBK"?>\n<FOX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE>'
        "<SEVERITY>INFO</SEVERITY></STATUS><DTSERVER>2026-11-23 17:20:00</DTSERVER></SONRS></SIGNONMSGSRSV1>"
        "<SECURITIES_MSGSRSV1>"
        f"<ASYNBATCHTRSFRTRNRS><TRNUID>{document.findtext('.//TRNUID')}</TRNUID>"
        "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<RSBODY><ACCTFROM><ACCTID>{ACCOUNT}</ACCTID></ACCTFROM><TOTALCOUNT>{len(rows)}</TOTALCOUNT>"
        f"<TOTALAMOUNT>{body.findtext('TOTALAMOUNT')}</TOTALAMOUNT>"
        f'<XFERINFOTEXT size="{len(rows)}"><![CDATA[\n{said}\n]]></XFERINFOTEXT></RSBODY>'
        "</ASYNBATCHTRSFRTRNRS></SECURITIES_MSGSRSV1></FOX>\n"
    ).encode("gbk")


def test_a_csv_goes_out_as_the_banks_batch_and_each_payment_gets_the_outcome_the_bank_gave_it(tmp_path: Path) -> None:
    site = cib_site(tmp_path)
    site.drop("付款.csv", table(*ROWS))
    assert site.once(), site.outbox()

    (data,) = site.bank_takes().values()
    assert data.startswith(b'<?xml version="1.0" encoding="GBK"?>')
    document = etree.fromstring(data)  # a reader that is not h2h's
    rows = [line.split("|") for line in str(document.findtext(".//XFERINFOTEXT")).split("\n") if line]
    assert [row[:6] for row in rows[:2]] == [
        ["1", "117010100100000888", "福州示例物流有限公司", "Y", "N", "309391000011"],
        ["2", "6222000000000000002", "北京示例科技有限公司", "N", "N", "105100000017"],
    ]
    assert all(len(row) == 12 for row in rows), "eleven bars a row"
    assert document.findtext(".//TOTALAMOUNT") == "7146.50"

    became = (("PAYOUT", "支付成功"), ("FAIL", "余额不足"), ("PROCESSING", ""), ("PENDING", "状态未知"))
    site.bank_says("answer.xml", answer(document, *became))
    site.once()

    assert site.outcomes("付款.csv") == {
        "T-2026-001": "settled",
        "T-2026-002": "rejected",
        "T-2026-003": "processing",
        "T-2026-004": "unknown",
    }
    assert site.submission("付款.csv").state is State.PARTIALLY_ACCEPTED
    refused = site.payments("付款.csv")[1]
    assert (refused.bank_status, refused.reason_list, refused.reason_text) == ("FAIL", "cib-payment", "余额不足")
    assert site.waiting() == ["unknown-status"], "a person is told of the one the bank does not know itself"
    given = [data for name, data in site.inbox().items() if name.endswith(".csv")]
    delivered = list(csv.DictReader(io.StringIO(given[0].decode())))
    assert [row["outcome"] for row in delivered] == ["settled", "rejected", "processing", "unknown"]


def test_what_becomes_known_later_moves_the_payments_on_and_a_repetition_changes_nothing(tmp_path: Path) -> None:
    site = cib_site(tmp_path)
    site.drop("付款.csv", table(*ROWS[:2]))
    site.once()
    document = etree.fromstring(next(iter(site.bank_takes().values())))
    first = answer(document, ("PENDING", ""), ("PROCESSING", ""))
    for number, data in enumerate((first, answer(document, ("PAYOUT", ""), ("PAYOUT", "")), first)):
        site.bank_says(f"answer-{number}.xml", data)
        site.once()
    assert set(site.outcomes("付款.csv").values()) == {"settled"}


def test_an_answer_whose_row_is_another_payment_moves_nothing(tmp_path: Path) -> None:
    site = cib_site(tmp_path)
    site.drop("付款.csv", table(*ROWS[:1]))
    site.once()
    document = etree.fromstring(next(iter(site.bank_takes().values())))
    site.bank_says("answer.xml", answer(document, ("PAYOUT", "")).replace(b"|100.50|", b"|100.05|"))
    site.once()
    assert site.outcomes("付款.csv") == {"T-2026-001": "pending"}
    assert site.waiting() == ["unmatched-status"]


def test_a_name_with_too_many_bytes_and_a_rare_character_are_refused_before_anything_leaves(tmp_path: Path) -> None:
    site = cib_site(tmp_path)
    for name, payee in (("long.csv", "有" * 31), ("rare.csv", "䶮示例公司")):
        site.drop(name, table((*ROWS[0][:2], payee, *ROWS[0][3:])))
        site.once()
    assert site.at_bank() == {}
    assert "62 bytes in GBK" in site.findings("long.csv")[0]["text"]
    assert "is not in GBK" in site.findings("rare.csv")[0]["text"]


def test_a_batch_is_executed_when_it_arrives_so_a_later_day_is_refused(tmp_path: Path) -> None:
    site = cib_site(tmp_path)
    site.drop("later.csv", table(ROWS[0], day="2026-11-30"))
    site.once()
    assert site.at_bank() == {}
    assert "no place for instruction requested execution date" in site.findings("later.csv")[0]["text"]


def test_an_answer_about_the_only_payment_says_nothing_of_a_file_with_two_nor_does_a_second_row_of_one_number(
    tmp_path: Path,
) -> None:
    site = cib_site(tmp_path)
    site.drop("付款.csv", table(*ROWS[:2]))
    site.once()
    document = etree.fromstring(next(iter(site.bank_takes().values())))
    id_ = document.findtext(".//TRNUID")
    one = (
        '<?xml version="1.0" encoding="GBK"?>\n<FOX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE>'
        "<SEVERITY>INFO</SEVERITY></STATUS>"
        "<DTSERVER>2026-11-23 17:20:00</DTSERVER></SONRS></SIGNONMSGSRSV1><SECURITIES_MSGSRSV1><XFERTRNRS>"
        f"<TRNUID>{id_}</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS><XFERRS><SRVRID>1</SRVRID>"
        "<XFERPRCSTS><XFERPRCCODE>PAYOUT</XFERPRCCODE><DTXFERPRC>2026-11-23 17:20:00</DTXFERPRC></XFERPRCSTS></XFERRS>"
        "</XFERTRNRS></SECURITIES_MSGSRSV1></FOX>\n"
    )
    site.bank_says("one.xml", one)
    site.once()
    assert set(site.outcomes("付款.csv").values()) == {"pending"}
    twice = answer(document, ("PROCESSING", ""), ("PAYOUT", "")).replace(b"\n2|", b"\n1|")
    site.bank_says("twice.xml", twice)
    site.once()
    assert site.outcomes("付款.csv") == {"T-2026-001": "processing", "T-2026-002": "pending"}
    assert set(site.waiting()) == {"unmatched-status"}
