"""A long file that passes through is never held whole, and becomes what it becomes when it is held whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from h2h.pipeline import content
from tests.journeys.site import Site, iso

GOOD = iso("ERP-1", [f"{n}.10" for n in range(1, 61)])


def twice(data: bytes) -> bytes:
    """The 50th payment bears the id of the 10th."""
    ids = [line.split(b"</EndToEndId>")[0] for line in data.split(b"<EndToEndId>")[1:]]
    return data.replace(b"<EndToEndId>" + ids[49] + b"<", b"<EndToEndId>" + ids[9] + b"<")


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": bytes,
    "an id is there twice": twice,
    "a payment is there twice": lambda data: twice(data).replace(b">50.10<", b">10.10<"),
    "the sum is another": lambda data: data.replace(b"<CtrlSum>", b"<CtrlSum>1", 1),
    "the number is another": lambda data: data.replace(b"<NbOfTxs>60<", b"<NbOfTxs>59<", 1),
    "an account is none": lambda data: data.replace(b"<IBAN>DE", b"<IBAN>FR", 3),
    "two currencies": lambda data: data.replace(b'Ccy="EUR">7.10', b'Ccy="USD">7.10'),
    "an element nobody reads": lambda data: data.replace(
        b"</CdtTrfTxInf>", b"<RltdRmtInf><RmtId>1</RmtId></RltdRmtInf></CdtTrfTxInf>", 1
    ),
    "it is not valid": lambda data: data.replace(b"<Amt>", b"<Odd/><Amt>", 1),
    "it is cut off": lambda data: data[:-60],
    "it has a comment": lambda data: data.replace(b"<PmtInf>", b"<!-- a run --><PmtInf>", 1),
}


def became(root: Path, data: bytes, *, long: bool, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """All that is known of it, and all that left the house."""
    monkeypatch.setattr(content, "LONG_BYTES", 0 if long else 1 << 40)
    monkeypatch.setattr(content, "_BLOCK_BYTES", 700)
    monkeypatch.setattr("h2h.core.mapping.reader.Reader.stream.__defaults__", (None, 3000))
    root.mkdir()
    site = Site(root)
    site.drop("run.xml", data)
    site.once()
    sub = site.submission("run.xml")
    with site.house() as house:
        kept = {p.name: p.read_bytes() for p in house.archive.list(sub.sid, sub.received_at)}
        attention = [(a.kind, a.subject, a.text) for a in house.journal.attention()]
    return {
        "submission": (sub.state, sub.message_id, sub.transaction_count, sub.control_sum, sub.reason),
        "findings": site.findings("run.xml")
        if "run.xml" in str(list((root / "erp/out").rglob("*.error.json")))
        else [],
        "payments": site.payments("run.xml"),
        "kept": {name: data for name, data in kept.items() if not name.startswith("50-")},
        "at the bank": site.at_bank(),
        "attention": attention,
    }


@pytest.mark.parametrize("what", CHANGES)
def test_it_becomes_what_it_becomes_when_it_is_held_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    data = CHANGES[what](GOOD)
    assert (data == GOOD) is (what == "nothing")
    walked = became(tmp_path / "a", data, long=True, monkeypatch=monkeypatch)
    whole = became(tmp_path / "b", data, long=False, monkeypatch=monkeypatch)
    for told in whole:
        assert walked[told] == whole[told], told
    assert whole["at the bank"] or whole["findings"]


def test_its_payments_are_not_held_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LONG_BYTES", 0)
    monkeypatch.setattr("h2h.pipeline.convert.Format.read", None, raising=False)
    site = Site(tmp_path)
    site.drop("run.xml", GOOD)
    assert site.once()
    (sent,) = site.at_bank().values()
    assert sent == GOOD
