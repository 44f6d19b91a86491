"""The proofs of a format folder: cards compile, goldens read and write as their neighbours say, garbage is refused.

A golden is a document with its neighbours: ``NAME.xml`` (or another suffix), what it says as ``NAME.json``, and, where
the card writes, the same message written again as ``NAME.written.xml`` (the golden's own suffix). A golden without its
neighbour fails, and so does a folder without goldens.
"""

from __future__ import annotations

import difflib
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from h2h.cli.desk import Desk, Looked
from h2h.core import xml
from h2h.core.errors import H2HError, Refused
from h2h.core.findings import refuses
from h2h.core.format import Format
from h2h.core.model.payment import Initiation
from h2h.core.model.statement import StatementMessage
from h2h.core.view.message import message_json, refused_json


@dataclass(frozen=True)
class Proof:
    """One thing that was proved, or not: then ``fault`` says why. ``note`` is what a reader should look at."""

    about: str
    fault: str | None = None
    note: str = ""


def prove(folder: Path, desk: Desk) -> Iterator[Proof]:
    """All proofs of one folder; *desk* knows its formats from then on."""
    try:
        ids = desk.take_in(folder)
        for id_ in sorted(ids):
            yield _compiles(desk.book.get(id_), desk)
    except H2HError as problem:
        yield Proof(folder.name, str(problem))
        return
    goldens = list(goldens_of(folder))
    if not goldens:
        yield Proof(f"{folder.name}/golden", "there is no golden document; a format without one proves nothing")
    for golden in goldens:
        yield from _golden(golden, desk, ids)
    if goldens:
        yield _garbage(goldens[0], desk)


def goldens_of(folder: Path) -> Iterator[Path]:
    """The documents of a folder's goldens (not their neighbours), by name."""
    for file in sorted((folder / "golden").glob("*")):
        if file.suffix != ".json" and ".written." not in file.name and not file.name.startswith("."):
            yield file


def neighbours(golden: Path, desk: Desk) -> dict[Path, str]:
    """What the neighbours of a golden should hold."""
    looked = desk.look(golden)
    expected = {golden.with_suffix(".json"): _said(looked)}
    written = _written(looked)
    if written is not None:
        expected[golden.with_suffix(f".written{golden.suffix}")] = written.decode("utf-8", "surrogateescape")
    return expected


def read_text(neighbour: Path) -> str:
    """A neighbour's bytes as text, whatever their encoding: line ends and foreign bytes stay what they are."""
    return neighbour.read_bytes().decode("utf-8", "surrogateescape")


def errors_in(neighbour: Path) -> str:
    """How many errors a golden's neighbour holds and the first of them: meant for a damaged golden only."""
    if neighbour.suffix != ".json" or not neighbour.exists():
        return ""
    said = json.loads(read_text(neighbour)).get("findings", [])
    errors = [finding["text"] for finding in said if finding["severity"] == "error"]
    if not errors:
        return ""
    return f"with {len(errors)} error{'s' if len(errors) > 1 else ''} in it: {errors[0]}"


def _compiles(format_: Format, desk: Desk) -> Proof:
    format_.prepare()
    if format_.schema is not None:
        try:
            desk.schemas.path(format_.schema)
        except H2HError:
            # Not every version's schema may be shipped; such a format is read, and never sent.
            if format_.writes:
                raise
            return Proof(f"{format_.id} (its schema {format_.schema} is not installed)")
        desk.schemas.prepare(format_.schema)
    return Proof(format_.id)


def _golden(golden: Path, desk: Desk, ids: set[str]) -> Iterator[Proof]:
    about = f"{golden.parent.parent.name}/golden/{golden.name}"
    looked = desk.look(golden)
    if looked.format is not None and looked.format.id not in ids:
        yield Proof(about, f"it is identified as {looked.format.id}, a format of another folder")
        return
    for neighbour, expected in neighbours(golden, desk).items():
        yield Proof(f"{about} → {neighbour.name}", _difference(neighbour, expected), errors_in(neighbour))
    if _written(looked) is not None:
        yield Proof(f"{about}: written and read again", _again(looked, desk))


def _difference(neighbour: Path, expected: str) -> str | None:
    if not neighbour.exists():
        return f"{neighbour.name} is missing; `h2h format accept` writes it, then read it before you keep it"
    actual = read_text(neighbour)
    if actual == expected:
        return None
    lines = difflib.unified_diff(actual.splitlines(), expected.splitlines(), neighbour.name, "now", lineterm="", n=1)
    return "it reads otherwise now:\n" + "\n".join(list(lines)[:40])


def _said(looked: Looked) -> str:
    if looked.read is not None and looked.format is not None:
        made = message_json(looked.format, looked.read)
    else:
        made = refused_json(looked.format, looked.findings)
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def _written(looked: Looked) -> bytes | None:
    """The payment written again; None where the format does not write or the document is not sound."""
    if looked.format is None or looked.read is None or not looked.format.writes or refuses(looked.findings):
        return None
    out = io.BytesIO()
    try:
        looked.format.write(looked.read.message, out)
    except Refused:
        if not _in_lines(looked):
            raise
        return None  # it cannot carry every statement that it can read
    return out.getvalue()


def _in_lines(looked: Looked) -> bool:
    """Whether it is a statement in a form of one line an entry, which condenses what it says."""
    read, format_ = looked.read, looked.format
    return read is not None and isinstance(read.message, StatementMessage) and bool(format_ and format_.codec)


def _again(looked: Looked, desk: Desk) -> str | None:
    """Written, valid, and read back as the same payment."""
    written = _written(looked)
    if written is None or looked.format is None or looked.read is None:
        return "it cannot be written"
    seen = looked.format.as_schema_sees_it(written)
    invalid = desk.schemas.validate(looked.format.schema, seen) if looked.format.schema else []
    if invalid:
        return f"what was written is not valid: {invalid[0].text}"
    plain = _money if _in_lines(looked) else _plain
    first, second = plain(looked.read.message), plain(looked.format.read(written).message)
    return None if first == second else "what was written reads otherwise"


def _plain(message: Any) -> Any:
    """The payments of a message without the places where they stood, and without the sums that the writer adds."""
    if not isinstance(message, Initiation):
        return message
    uncounted: dict[str, Any] = {"stated_transaction_count": None, "stated_control_sum": None}
    transactions = [
        replace(t, place=None, instruction=replace(t.instruction, **uncounted)) for t in message.transactions
    ]
    instructions = [replace(i, **uncounted) for i in message.instructions]
    return replace(message, transactions=transactions, instructions=instructions, stated_control_sum=None)


def _money(message: Any) -> Any:
    """What a form of lines must carry exactly; texts and references it may hold in another place."""
    return [
        (
            (s.account.number, s.opening, s.closing),
            [(e.amount, e.currency, e.credit_debit, e.reversal, e.booking_date, e.value_date) for e in s.entries],
        )
        for s in message.statements
    ]


_DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "cut in the middle": lambda data: data[: len(data) // 2],
    "a NUL byte": lambda data: data[:200] + b"\0" + data[200:],
    "a DOCTYPE": lambda data: re.sub(rb"(<[A-Za-z])", rb"<!DOCTYPE d>\1", data, count=1),
    "twice": lambda data: data + data,
    "UTF-32": lambda data: data.decode("utf-8", "replace").encode("utf-32"),
    "another namespace": lambda data: re.sub(rb"""(\bxmlns(?::[\w.-]+)?=["'])""", rb"\1urn:other:", data),
    "not XML": lambda data: bytes(255 - b for b in data),
}
# Text has no root that must end: half of it may be a whole message, and what else is wrong with it are findings.
_REFUSED_OF_TEXT = ("nothing", "UTF-32", "not XML")


def _garbage(golden: Path, desk: Desk) -> Proof:
    """Damaged documents are refused with findings; anything else that happens is a fault."""
    data = golden.read_bytes()
    markup = xml.looks_like_xml(data[: xml.HEAD_BYTES])
    for name, damage in _DAMAGE.items():
        damaged = damage(data)
        if damaged == data:
            continue
        try:
            desk.book.read(damaged)
        except Refused as refused:
            if refused.findings:
                continue
        except Exception as problem:  # That nothing else comes out is what is proved here.
            return Proof(f"{golden.name} damaged", f"{name}: {type(problem).__name__} came out: {problem}")
        if markup or name in _REFUSED_OF_TEXT:
            return Proof(f"{golden.name} damaged", f"{name}: it was not refused")
    return Proof(f"{golden.name} damaged in {len(_DAMAGE)} ways: nothing but findings comes out")
