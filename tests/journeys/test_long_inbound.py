"""A long statement on its way home is never held whole, and becomes what it becomes when it is held whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from h2h.pipeline import content
from tests.benchmarks.statements import write_file
from tests.contracts.pain import IBANS
from tests.journeys.answers import Line, camt053, camt054
from tests.journeys.site import MONDAY, OUR_ACCOUNT, Site, salaries
from tests.journeys.test_bad_input import TELLS_ITS_PEAK, within

OTHER_ACCOUNT = "FR1420041010050500013M02606"
PAID = [(f"SAL-{n}", f"{n + 1},10", IBANS[n % 2]) for n in range(30)]
SETTLED = [Line(f"{n + 1}.10", f"SAL-{n}") for n in range(25)]
OTHERS = [Line("7.00", f"X-{n}", "CRDT") for n in range(9)]


def _twice(document: str) -> str:
    start, end = document.index("<Stmt>"), document.index("</Stmt>") + len("</Stmt>")
    return document[:end] + document[start:]


STATEMENTS = {
    "all is well": camt053([*SETTLED, *OTHERS]),
    "another ERP's account is in it": camt053(SETTLED, more=[(OTHER_ACCOUNT, OTHERS)]),
    "one payment is there twice": camt053([*SETTLED, SETTLED[0], *OTHERS, Line("5.00", "SAL-26")]),
    "a statement is there twice": _twice(camt053(SETTLED)),
    "something follows the entries": camt053([*SETTLED, *OTHERS]).replace(
        "</Stmt>", "<AddtlStmtInf>and more</AddtlStmtInf></Stmt>"
    ),
    "nothing is in it": camt053([]),
    "it is a notification": camt054(SETTLED),
    "it is not valid": camt053([*SETTLED, *OTHERS]).replace("<Sts>", "<Odd/><Sts>", 1),
    "it is cut off": camt053([*SETTLED, *OTHERS])[:-40],
    "an amount is none": camt053(SETTLED).replace(">3.10<", ">3,10<", 1),
    "it names the accounts of many": camt053(
        SETTLED, more=[(f"DE{10 + n}3704004405320130{n:02}", OTHERS[:1]) for n in range(content.ACCOUNTS_MAX + 2)]
    ),
}


#: Forms that are written an entry at a time → how an entry begins there.
ONE_BY_ONE = {"mt940": b":61:", "camt.053": b"<Ntry>"}


def became(
    root: Path, statement: str | bytes, *, long: bool, monkeypatch: pytest.MonkeyPatch, name: str = "stm.xml"
) -> dict[str, Any]:
    """All that is known and given of it in the end."""
    monkeypatch.setattr(content, "LONG_BYTES", 0 if long else 1 << 40)
    monkeypatch.setattr(content, "_BLOCK_BYTES", 700)
    monkeypatch.setattr("h2h.core.streamed.ENTRIES_AT_ONCE", 4)
    monkeypatch.setattr("h2h.core.mapping.reader.Reader.stream.__defaults__", (None, 900))
    other: dict[str, Any] = {
        "name": "other",
        "outbound": "other/out",
        "inbound": "other/in",
        "accounts": [OTHER_ACCOUNT],
    }
    other |= {"completeness": {"by": "rename"}}
    site = Site(
        root,
        erp={"accounts": [OUR_ACCOUNT], "deliver": ["csv", "json", "original", "mt940", "finsta01", "multicash"]},
        bank={"accounts": [OUR_ACCOUNT, OTHER_ACCOUNT]},
        more_erps=({**other, "deliver": ["json", "csv", "camt.053", "camt.053.001.02"]},),
    )
    site.drop("salaries.csv", salaries(*PAID))
    assert site.once()
    site.bank_takes()
    site.bank_says(name, statement, mtime=MONDAY)
    site.once()
    with site.house() as house:
        (file,) = house.journal.files()
        kept = {path.name: path.read_bytes() for path in house.archive.list(file.fid, file.fetched_at)}
        payments = [p for s in house.journal.submissions() for p in house.journal.payments(s.sid)]
        chain = [s for a in (OUR_ACCOUNT, OTHER_ACCOUNT) for s in house.journal.statements(a, "statement")]
        attention = sorted((a.kind, a.subject, a.text) for a in house.journal.attention())
    outcomes = [(p.end_to_end_id, p.outcome, p.settled_on, p.statement_reference) for p in payments]
    return {
        "state": file.state,
        "reason": (file.reason, file.reason_text),
        "kept": kept,
        "payments": outcomes,
        "chain": chain,
        "attention": attention,
        "given": (site.inbox(), site.inbox("other/in")),
    }


@pytest.mark.parametrize("what", STATEMENTS)
def test_it_becomes_what_it_becomes_when_it_is_held_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    walked = became(tmp_path / "a", STATEMENTS[what], long=True, monkeypatch=monkeypatch)
    whole = became(tmp_path / "b", STATEMENTS[what], long=False, monkeypatch=monkeypatch)
    for told in whole:
        assert walked[told] == whole[told], told


def test_its_entries_are_not_held_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LONG_BYTES", 0)
    with_house = Site(tmp_path)
    with_house.bank_says("stm.xml", camt053(SETTLED), mtime=MONDAY)
    with_house.once()
    with with_house.house() as house:
        (file,) = house.journal.files()
        said = content.content_of(house, file)
        assert [s.entries for s in said.message.statements] == [[]]  # type: ignore[union-attr]
        assert sum(len(part.entries) for batch in said.batches() for part in batch) == len(SETTLED)


def peak(root: Path, entries: int) -> int:
    """Kilobytes that `h2h once` needed at the most to fetch, read, match and deliver a statement of so many entries."""
    root.mkdir()
    site = Site(root, erp={"deliver": ["csv", *ONE_BY_ONE]})
    write_file(root / "statement", entries)
    text = (root / "statement").read_text(encoding="utf-8").replace("DE89370400440532013000", OUR_ACCOUNT)
    site.bank_says("stm.xml", text)
    told = root / "peak"
    command = [sys.executable, "-c", TELLS_ITS_PEAK, str(told), "once", "-c", str(site.config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ})
    with within(120):
        assert process.wait() == 0
    (table,) = [data for name, data in site.inbox().items() if name.endswith(".csv")]
    assert table.count(b"\n") == entries + 1
    for form, begins in ONE_BY_ONE.items():
        (given,) = [data for name, data in site.inbox().items() if form in name]
        assert given.count(begins) == entries
    return int(told.read_text())


@pytest.mark.timeout(300)
def test_memory_does_not_grow_with_it(tmp_path: Path) -> None:
    short, long = peak(tmp_path / "short", 4_000), peak(tmp_path / "long", 24_000)
    assert long < short * 1.15
