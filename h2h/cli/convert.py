"""`h2h convert`: one file into another format, through the canonical model. Nothing is lost silently."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from h2h.cli.options import own_config_option
from h2h.cli.screen import not_read, printable

if TYPE_CHECKING:
    from h2h.cli.desk import Desk, Looked
    from h2h.core.findings import Finding
    from h2h.core.format import Format

# What every message can become, besides the formats that h2h writes.
PLAIN = ("csv", "json")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "target",
    required=True,
    metavar="FORMAT",
    help="csv, json, a format that h2h writes; a statement also: mt940, multicash, finsta01, camt.053.",
)
@click.option("--bank", help="Read a table as this bank's ERP folder declares it, and keep the bank's rules.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file, or a folder. Default: standard output.")
@own_config_option("its own formats, schemas and banks are used too")
def convert(file: Path, target: str, bank: str | None, output: Path | None, config: Path | None) -> None:
    """Convert FILE. Findings go to standard error; with one of severity error nothing is written.

    Exit status 0 if it was converted, 1 if it was refused, 3 if no format knows FILE.
    """
    from h2h.cli.desk import Desk
    from h2h.core.errors import H2HError, Refused

    try:
        desk = Desk(config, bank)
        if target not in PLAIN and not _is_statement_form(target):
            desk.book.get(target)
        long = desk.long_statement(file) if target == "csv" else None
        if long is not None and _statement_streamed(desk, file, long, output):
            return
        table = _table_streamed(desk, file, target, output)
        looked, made = _converted(desk, file, target, output) if table is None else (table, [])
    except Refused as refused:
        _tell(refused.findings)
        raise SystemExit(1) from refused
    except H2HError as problem:
        raise click.ClickException(str(problem)) from problem
    _tell(looked.findings)
    if not made and (table is None or looked.exit_status):
        raise SystemExit(looked.exit_status or 1)
    for place, content in made:
        _put(place, content)


def _is_statement_form(target: str) -> bool:
    from h2h.core.erp.statement_files import FORMS

    return target in FORMS


def _converted(
    desk: Desk, file: Path, target: str, output: Path | None
) -> tuple[Looked, list[tuple[Path | None, bytes]]]:
    """What was found, and the new files with their places; none if the file is refused."""
    if _is_statement_form(target):
        from h2h.cli.convert_statement import targets, written

        looked = desk.look(file)
        if looked.exit_status or looked.read is None:
            return looked, []
        return looked, targets(file, written(desk, looked, target), output)
    looked, content = _one(desk, file, target)
    if output is not None and output.is_dir():
        raise click.UsageError(f"{output} is a folder; name the file")
    return looked, [] if content is None else [(output, content)]


def _one(desk: Desk, file: Path, target: str) -> tuple[Looked, bytes | None]:
    """What was found, and the new content; None if the file is refused."""
    looked = desk.look(file)
    if looked.exit_status or looked.read is None:
        return looked, None
    if target == "json" and looked.format is not None:
        from h2h.core.view.message import message_json

        made = message_json(looked.format, looked.read)
        return looked, (json.dumps(made, ensure_ascii=False, indent=1) + "\n").encode()
    if target == "csv":
        return looked, _csv(looked)
    return looked, _document(desk, looked, target)


def _table_streamed(desk: Desk, file: Path, target: str, output: Path | None) -> Looked | None:
    """A table-like file as the bank's; None, and nothing was written, if it says itself what it is."""
    if target in PLAIN or _is_statement_form(target):
        return None
    if desk.table_of(file) is None and not (desk.bank is not None and desk.identify(file).unknown):
        return None

    def make(part: Path) -> Looked:
        with part.open("wb") as out:
            looked = desk.from_table(file, out, target)
        if looked.exit_status == 0:
            format_ = desk.book.get(target)
            schema = desk.bank.schemas.get(target, format_.schema) if desk.bank else format_.schema
            looked.findings += desk.schemas.validate_file(schema or "", part, format_.as_schema_sees_it)
        return looked

    return _streamed(output, make)


def _statement_streamed(desk: Desk, file: Path, format_: Format, output: Path | None) -> bool:
    """A long statement as CSV. False, and nothing was said or written: something is wrong with it, and reading it

    whole tells all of that.
    """

    def make(part: Path) -> Looked:
        with part.open("wb") as out:
            return desk.statement_table(file, format_, out)

    looked = _streamed(output, make)
    if looked.exit_status == 0:
        _tell(looked.findings)
    return looked.exit_status == 0


def _streamed(output: Path | None, make: Callable[[Path], Looked]) -> Looked:
    """What *make* writes is put where it belongs once it is whole and sound, in memory that does not grow with it."""
    import shutil
    import tempfile

    if output is not None and output.is_dir():
        raise click.UsageError(f"{output} is a folder; name the file")
    try:
        with tempfile.TemporaryDirectory(dir=None if output is None else output.parent, prefix=".h2h-") as place:
            part = Path(place) / "part"
            looked = make(part)
            if looked.exit_status == 0 and output is not None:
                part.replace(output)
            elif looked.exit_status == 0:
                with part.open("rb") as made:
                    shutil.copyfileobj(made, sys.stdout.buffer)
    except OSError as problem:
        raise click.ClickException(f"{output or 'the table'} cannot be written: {problem.strerror}") from problem
    return looked


def _csv(looked: Looked) -> bytes:
    from h2h.core.rows import write_csv
    from h2h.core.view.message import message_rows

    if looked.read is None:
        return b""
    header, rows = message_rows(looked.read.message)
    text = io.StringIO(newline="")
    write_csv(text, header, rows)
    return text.getvalue().encode()


def _document(desk: Desk, looked: Looked, target: str) -> bytes | None:
    """The payment in another version; what the reader has no place for would be lost on the way: refused."""
    from dataclasses import replace

    from h2h.core.findings import Severity
    from h2h.core.model.payment import Initiation

    format_ = desk.book.get(target)
    message = looked.read.message if looked.read else None
    if not isinstance(message, Initiation) or message.kind != format_.kind:
        raise click.UsageError(f"{looked.file} holds no payments that {target} could carry; csv and json can")
    lost = [f for f in looked.findings if f.code == "H2H-UNREAD"]
    if lost:
        looked.findings = [
            replace(f, severity=Severity.ERROR, text=f"{f.where} would be lost in {target}") if f in lost else f
            for f in looked.findings
        ]
        return None
    out = io.BytesIO()
    format_.write(desk.completed(message), out)
    return _valid(desk, looked, target, out.getvalue())


def _valid(desk: Desk, looked: Looked, target: str, content: bytes) -> bytes | None:
    format_ = desk.book.get(target)
    schema = desk.bank.schemas.get(target, format_.schema) if desk.bank else format_.schema
    invalid = desk.schemas.validate(schema or "", content)
    looked.findings += invalid
    return None if invalid else content


def _tell(findings: Sequence[Finding]) -> None:
    for finding in findings:
        if finding.severity != "info":
            where = "" if finding.where in finding.text else f"{finding.where}: "
            click.echo(printable(f"{finding.severity}: {where}{finding.text}"), err=True)
    unread = sum(1 for f in findings if f.code == "H2H-UNREAD" and f.severity == "info")
    if unread:
        click.echo(f"info: {not_read(unread)} (h2h inspect --all names them)", err=True)


def _put(output: Path | None, content: bytes) -> None:
    if output is None:
        sys.stdout.buffer.write(content)
        return
    # Under another name until it is whole: nobody may take half a file.
    part = output.with_name(f".{output.name}.part")
    try:
        part.write_bytes(content)
        part.replace(output)
    except OSError as problem:
        raise click.ClickException(f"{output} cannot be written: {problem.strerror}") from problem
