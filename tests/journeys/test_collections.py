"""Direct debits end to end: a CSV becomes the bank's pain.008, its credit settles them, and a debit brings one back."""

from __future__ import annotations

from pathlib import Path

from tests.core.test_collections import FIELDS_OF_ROWS, SOUND
from tests.journeys.answers import Line, camt053, camt054
from tests.journeys.site import OUR_ACCOUNT, Site

FIELDS = {**FIELDS_OF_ROWS, "creditor_account": {"constant": OUR_ACCOUNT}}
DECLARED = {"delimiter": ",", "decimal_separator": ".", "kind": "direct-debit", "fields": FIELDS}


def rows(*changes: dict[str, str]) -> str:
    lines = [",".join({**SOUND, **change}.values()) for change in changes]
    return "\n".join([",".join(SOUND), *lines, ""])


def test_a_csv_of_collections_is_sent_settled_by_credits_and_returned_by_a_debit(tmp_path: Path) -> None:
    bank = {"collection_format": "pain.008.001.08", "rules": {"profile": "epc-sdd-core"}}
    site = Site(tmp_path, erp={"delimited": DECLARED}, bank=bank)
    site.drop("fees.csv", rows({"ref": "D-1"}, {"ref": "D-2", "mandate": "M-2", "amount": "12.34"}))
    assert site.once()
    (data,) = site.bank_takes().values()
    assert b"pain.008.001.08" in data
    assert data.count(b"<DrctDbtTxInf>") == 2

    lines = [Line("30.00", "D-1", "CRDT"), Line("12.34", "D-2", "CRDT")]
    site.bank_says("statement.xml", camt053(lines))
    assert site.once()
    assert site.outcomes("fees.csv") == {"D-1": "settled", "D-2": "settled"}

    site.bank_says("return.xml", camt054([Line("12.34", "D-2", "DBIT", "MD06")]))
    assert site.once()
    assert site.outcomes("fees.csv") == {"D-1": "settled", "D-2": "returned"}


def test_a_bank_that_takes_no_collections_is_sent_none(tmp_path: Path) -> None:
    site = Site(tmp_path, erp={"delimited": DECLARED})
    site.drop("fees.csv", rows({}))
    site.once()
    assert site.at_bank() == {}
    assert any("takes no direct debits" in item.text for item in site.attention())
