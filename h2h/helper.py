"""A process that converts parts of a long file for h2h: `python -m h2h.helper`, started by ``adapters.helpers`` only.

It reads one JSON object a line and answers each with one; it ends when nobody writes to it any more.
"""

from __future__ import annotations

import json
import marshal
import signal
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from h2h.adapters.format_files import load_formats
from h2h.adapters.schema import SchemaBook
from h2h.core.convert import Stamp
from h2h.core.declared import Delimited, Rules
from h2h.core.directory import BankDirectory
from h2h.core.format import Format
from h2h.core.parts import Part, convert_part


@dataclass(frozen=True, slots=True)
class _Bank:
    rules: Rules
    accounts: tuple[str, ...]
    initiating_party: str | None
    banks: BankDirectory | None = None  # files of a bank that has one are not converted in parts


def main() -> None:
    """Answer until the end of the input."""
    # A step in flight finishes: whoever started this process decides when it is over.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    said = json.loads(sys.stdin.readline() or "null")
    if said is None:
        return
    formats = load_formats(*map(Path, said["formats"]))
    schemas = SchemaBook([*map(Path, said["schemas"])])
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(_answer(task, formats.get(task["format"]), schemas)), flush=True)


def _answer(task: dict[str, Any], target: Format, schemas: SchemaBook) -> dict[str, Any] | None:
    """What became of the part; None if the file must be converted in one go."""
    out, rows = Path(task["out"]), Path(task["rows"])
    delimited = Delimited.model_validate_json(task["delimited"])
    bank = _Bank(Rules.model_validate_json(task["rules"]), tuple(task["accounts"]), task["initiating_party"])
    created, today = datetime.fromisoformat(task["created"]), date.fromisoformat(task["today"])
    stamp = Stamp(task["message_id"], created, today)
    # Closed, the source gives its memory back at once, whoever still knows it.
    with BytesIO(_source(task)) as source, out.open("wb") as file:
        part = convert_part(source, delimited, bank, target, stamp, scratch=tempfile.TemporaryFile, out=file)
    if part is None:
        return None
    try:
        if schemas.validate_file(task["schema"], out, target.as_schema_sees_it):
            return None
        return {
            "width": part.width,
            "groups": [[list(g.instruction), g.currency, g.count, str(g.total)] for g in part.groups],
            "areas": target.areas(out.read_bytes()),
            **_kept(part, rows),
        }
    finally:
        part.close()


def _source(task: dict[str, Any]) -> bytes:
    """The header and the rows of the part."""
    with Path(task["source"]).open("rb") as file:
        header = file.read(task["header"])
        file.seek(task["offset"])
        rows = file.read(task["length"])
    return rows if task["offset"] == 0 else header + rows


def _kept(part: Part, file: Path) -> dict[str, Any]:
    """Write what the parent may want to read: the rows of each group, and the marks."""
    places: list[tuple[int, int]] = []
    marks: dict[str, tuple[int, int]] = {}
    with file.open("wb") as out:
        for number in range(len(part.groups)):
            block = marshal.dumps([tuple(row) for row in part.rows(number)], 2)
            places.append((out.tell(), out.write(block)))
        for kind, own in part.marks.as_bytes().items():
            marks[kind] = (out.tell(), out.write(own))
    return {"rows": places, "marks": marks}


if __name__ == "__main__":
    main()
