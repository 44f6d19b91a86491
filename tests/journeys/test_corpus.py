"""Files that nobody of this project wrote: what h2h reads in them is what an independent reader finds there."""

from __future__ import annotations

import csv
import importlib.util
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from h2h.cli.desk import Desk
from h2h.core.view.message import message_json, refused_json

SHARED = Path(__file__).resolve().parents[3] / "shared"
CORPUS, SCORER = SHARED / "corpora", SHARED / "tools" / "corpus_score.py"
KINDS = ("camt.052", "camt.053", "camt.054", "pain.001", "pain.002", "pain.008", "iso-nonamespace")

pytestmark = pytest.mark.skipif(
    not (CORPUS.is_dir() and SCORER.is_file()), reason="the corpus of foreign files does not lie beside the checkout"
)


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    """The independent reading."""
    spec = importlib.util.spec_from_file_location("corpus_score", SCORER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rows(*kinds: str) -> Iterator[dict[str, str]]:
    with (CORPUS / "SOURCES.tsv").open(encoding="utf-8") as table:
        yield from (row for row in csv.DictReader(table, delimiter="\t") if row["kind"] in kinds)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


def _said(desk: Desk, file: Path) -> tuple[dict[str, Any], int]:
    looked = desk.look(file)
    if looked.read is not None and looked.format is not None:
        made = message_json(looked.format, looked.read)
    else:
        made = refused_json(looked.format, looked.findings)
    return json.loads(json.dumps(made)), looked.exit_status


def _verdict(scorer: ModuleType, desk: Desk, row: dict[str, str]) -> str:
    file = CORPUS / row["file"]
    want = scorer.independent(row["kind"], file.read_bytes())
    damaged = row["class"] not in ("valid-xsd", "assumed-valid") or want is None
    got, status = _said(desk, file)
    if status and not any(got.get(part) for part in ("statements", "instructions", "transactions")):
        return "refused" if damaged and got["findings"] else f"a sound file was refused: {got['findings'][:1]}"
    differences = scorer.compare(want, got) if want is not None else []
    if differences and damaged and got["findings"]:
        return "refused"
    return "; ".join(differences) or "right"


@pytest.mark.parametrize("kind", KINDS)
def test_every_foreign_file_is_read_right_or_refused_with_a_reason(scorer: ModuleType, desk: Desk, kind: str) -> None:
    verdicts = {row["file"]: _verdict(scorer, desk, row) for row in _rows(kind)}
    tally = Counter(verdict if verdict in ("right", "refused") else "wrong" for verdict in verdicts.values())
    wrong = {file: verdict for file, verdict in verdicts.items() if verdict not in ("right", "refused")}
    assert wrong == {}, tally
    assert tally["right"] + tally["refused"] > 0


def test_the_schemas_verdict_on_foreign_files_is_the_known_one(desk: Desk) -> None:
    odd = []
    for row in _rows("camt.052", "camt.053", "camt.054", "pain.001", "pain.008"):
        looked = desk.look(CORPUS / row["file"])
        codes = {f.code for f in looked.findings}
        if looked.format is None or looked.format.namespace is None or "H2H-NO-SCHEMA" in codes:
            continue
        if ("H2H-SCHEMA" in codes) != (row["class"] == "invalid-xsd"):
            odd.append((row["file"], row["class"], sorted(codes)))
    assert odd == []
