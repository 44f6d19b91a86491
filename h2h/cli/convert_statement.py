"""`h2h convert` of a statement into what an ERP imports; a pair of files goes into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from h2h.cli.desk import Desk, Looked
    from h2h.core.erp.statement_files import Options, Written


def written(desk: Desk, looked: Looked, target: str) -> Written:
    """The files of that form, as the bank's ERP folder declares it; what it has no place for joins the findings."""
    from h2h.core.erp.statement_files import write_statements
    from h2h.core.model.statement import StatementMessage

    message = looked.read.message if looked.read else None
    if not isinstance(message, StatementMessage):
        raise click.UsageError(f"{looked.file} holds no statement that {target} could carry; csv and json can")
    made = write_statements(message, target, _options(desk, target), desk.book, desk.schemas.validate)
    looked.findings += made.findings
    return made


def _options(desk: Desk, target: str) -> Options:
    """Those of the first ERP folder of the bank that wants the form, else of its first folder; else the defaults."""
    from h2h.core.erp.statement_files import Options

    if desk.settings is None or desk.bank is None:
        return Options()
    folders = [f for f in desk.settings.erp if f.bank == desk.bank.name]
    for folder in (*(f for f in folders if target in f.deliver), *folders):
        return Options(folder.mt940, folder.multicash, folder.finsta01)
    return Options()


def targets(file: Path, made: Written, output: Path | None) -> list[tuple[Path | None, bytes]]:
    """(where to put it, content) in the order in which the files are to appear; None is standard output."""
    if len(made.files) == 1 and (output is None or not output.is_dir()):
        return [(output, made.files[0].content)]
    if output is None or not output.is_dir():
        endings = " and ".join(f.ending.lstrip(".") for f in made.files)
        raise click.UsageError(f"these are {len(made.files)} files ({endings}); name a folder that exists with -o")
    return [(output / f"{file.stem}{f.ending}", f.content) for f in made.files]
