"""A long statement is read piece by piece, and says what it says when it is read whole."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from h2h.cli.main import main
from h2h.pipeline import reading
from tests.checkout import FORMATS

GOLDENS = sorted((FORMATS / "camt" / "golden").glob("*05[234]*.xml"))
BATCH = (FORMATS / "camt/golden/batch-entry-and-return-053-08.xml").read_text(encoding="utf-8")


def table(file: Path, monkeypatch: pytest.MonkeyPatch, *, in_pieces: bool) -> Result:
    monkeypatch.setattr("h2h.cli.desk.LONG_BYTES", 0 if in_pieces else 1 << 40)
    monkeypatch.setattr("h2h.cli.desk._BLOCK_BYTES", 700)
    monkeypatch.setattr("h2h.adapters.schema._EXPLAIN_SECONDS", 600.0)  # a busy machine must not say less
    monkeypatch.setattr("h2h.core.mapping.reader.PIECE_BYTES", 900)
    monkeypatch.setattr("h2h.core.mapping.reader.Reader.stream.__defaults__", (None, 900))
    return CliRunner().invoke(main, ["convert", str(file), "--to", "csv"])


def same(file: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    whole, pieces = table(file, monkeypatch, in_pieces=False), table(file, monkeypatch, in_pieces=True)
    assert (pieces.exit_code, pieces.stdout) == (whole.exit_code, whole.stdout)
    assert sorted(pieces.stderr.splitlines()) == sorted(whole.stderr.splitlines())
    return pieces


@pytest.mark.parametrize("file", GOLDENS, ids=lambda file: file.stem)
def test_a_statement_in_pieces_is_the_table_that_it_is_as_a_whole(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert same(file, monkeypatch).stdout.count("\n") > 1


def test_entries_of_several_statements_are_counted_and_added_up_each_in_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, end = BATCH.index("<Stmt>"), BATCH.index("</Stmt>") + len("</Stmt>")
    statement = BATCH[start:end]
    other = statement.replace("<CdtDbtInd>CRDT</CdtDbtInd>", "<CdtDbtInd>DBIT</CdtDbtInd>", 1)
    file = tmp_path / "several.xml"
    file.write_text(BATCH[:start] + statement + other + statement * 3 + BATCH[end:], encoding="utf-8")
    said = same(file, monkeypatch)
    assert said.exit_code == 0
    assert "opening balance" in said.stderr


@pytest.mark.parametrize("change", [("<Sts>", "<Sts><Odd/>"), ("</Stmt>", ""), ("<Stmt>", "<!-- a note --><Stmt>")])
def test_what_is_wrong_with_it_is_said_and_no_table_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str]
) -> None:
    file, out = tmp_path / "odd.xml", tmp_path / "out.csv"
    file.write_text(BATCH.replace(*change), encoding="utf-8")
    said = same(file, monkeypatch)
    monkeypatch.setattr("h2h.cli.desk.LONG_BYTES", 0)
    again = CliRunner().invoke(main, ["convert", str(file), "--to", "csv", "-o", str(out)])
    assert again.exit_code == said.exit_code
    assert sorted(p.name for p in tmp_path.iterdir()) == (
        ["odd.xml", "out.csv"] if said.exit_code == 0 else ["odd.xml"]
    )


@pytest.mark.parametrize(
    "findings", [[], [{"text": 'says\n "findings": [1]'}], [{"text": "é" * 50, "n": n} for n in range(90)]]
)
@pytest.mark.parametrize("block", [40, 1 << 20])
def test_a_message_is_kept_as_it_comes_and_its_findings_are_found_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, findings: list[Any], block: int
) -> None:
    monkeypatch.setattr(reading, "_PARTS_AT_ONCE", 7)
    monkeypatch.setattr(reading, "_BLOCK_BYTES", block)
    message = {
        "statements": [{"findings": [2], "entries": [{"amount": "1.00"}] * 30}],
        "findings": findings,
        "about": "é",
    }
    out = io.BytesIO()
    reading.dump_into(message, out)
    assert out.getvalue() == reading.dumped(message)
    (tmp_path / "message.json").write_bytes(out.getvalue())
    assert reading.findings_of(tmp_path / "message.json") == json.loads(out.getvalue())["findings"] == findings
