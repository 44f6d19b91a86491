"""A long MT940 on its way home is read entry by entry, and becomes what it becomes when it is held whole."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from h2h.core.codecs.mt940_write import write_mt940
from h2h.core.codecs.mt_walk import Walk as MtWalk
from h2h.core.erp.options import Mt940Options
from h2h.core.findings import Finding
from h2h.core.model.statement import Statement, StatementMessage
from h2h.core.streamed import Walk
from h2h.pipeline import content
from tests.checkout import BOOK, FORMATS
from tests.journeys.site import MONDAY, OUR_ACCOUNT, Site
from tests.journeys.test_long_inbound import STATEMENTS, became

GOLDENS = {file.stem: file for file in sorted((FORMATS / "mt940/golden").glob("*.sta"))}
LIKE_CAMT = ("all is well", "another ERP's account is in it", "one payment is there twice", "nothing is in it")
TOLD = ("pages-of-one-statement", "several-days-in-one-message", "several-types-in-one-transfer-file")
ODD = ("oddities-are-kept-and-said", "a-line-that-cannot-be-read", "cut-off-before-the-closing-balance")


def as_mt940(camt: str) -> bytes:
    """The same as MT940."""
    message = BOOK.read(camt.encode()).message
    assert isinstance(message, StatementMessage)
    out = io.BytesIO()
    write_mt940(message, out, Mt940Options())
    return out.getvalue()


FILES = {
    **{what: as_mt940(STATEMENTS[what]) for what in LIKE_CAMT},
    **{name: GOLDENS[name].read_bytes() for name in (*TOLD, *ODD)},
    "the whole file is there twice": as_mt940(STATEMENTS["all is well"]) * 2,
    "it names no account": as_mt940(STATEMENTS["all is well"]).replace(f":25:{OUR_ACCOUNT}".encode(), b":25:"),
    "it is in UTF-16": as_mt940(STATEMENTS["all is well"]).decode().encode("utf-16"),
}


@pytest.mark.parametrize("what", FILES)
def test_it_becomes_what_it_becomes_when_it_is_held_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr("h2h.core.codecs.mt_walk.BATCH", 3)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    walked = became(tmp_path / "a", FILES[what], long=True, monkeypatch=monkeypatch, name="stm.sta")
    whole = became(tmp_path / "b", FILES[what], long=False, monkeypatch=monkeypatch, name="stm.sta")
    for told in whole:
        assert walked[told] == whole[told], told


def test_its_entries_are_not_held_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LONG_BYTES", 0)
    site = Site(tmp_path)
    site.bank_says("stm.sta", FILES["all is well"], mtime=MONDAY)
    site.once()
    with site.house() as house:
        (file,) = house.journal.files()
        said = content.content_of(house, file)
        assert [s.entries for s in said.message.statements] == [[]]  # type: ignore[union-attr]
        assert sum(len(part.entries) for batch in said.batches() for part in batch) == 34


@pytest.mark.parametrize("name", GOLDENS)
def test_a_golden_file_says_entry_by_entry_what_it_says_as_a_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("h2h.core.codecs.mt_walk.BATCH", 2)
    data = GOLDENS[name].read_bytes()
    format_ = BOOK.identify(data)
    told: list[Finding] = []
    whole = format_.read(data)
    walk = Walk(format_.stream(data, told))
    entries: dict[int, list[object]] = {}
    held: list[Statement] = []
    for statement, _, some in walk:
        held.append(statement)
        entries.setdefault(id(statement), []).extend(some)
    assert isinstance(whole.message, StatementMessage)
    assert told == whole.findings
    assert [entries.get(id(s), []) for s in walk.message.statements] == [s.entries for s in whole.message.statements]
    for statement in whole.message.statements:
        statement.entries = []
    assert walk.message == whole.message


def test_a_walk_that_is_over_has_let_the_text_go() -> None:
    text = GOLDENS["pages-of-one-statement"].read_text(encoding="utf-8")
    walk = MtWalk(text, "940", [])
    assert sum(len(entries) for _, entries in walk) > 1
    parts = [walk, *(part for part in vars(walk).values() if hasattr(part, "__dict__"))]
    assert not any(isinstance(held, str) and len(held) > 100 for part in parts for held in vars(part).values())
