"""`h2h identify`, `inspect`, `validate`: which format a file has, what it says, whether it is sound."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from h2h.cli.options import own_config_option
from h2h.cli.screen import printable

if TYPE_CHECKING:
    from h2h.cli.desk import Desk, Looked

F = TypeVar("F", bound=Callable[..., Any])

FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="JSON: one object, or for several files one a line.")
CONFIG = own_config_option("its own formats, schemas and banks are used too")


@click.command()
@FILES
@JSON
@CONFIG
def identify(files: tuple[Path, ...], as_json: bool, config: Path | None) -> None:
    """Say which format each of FILES has.

    Exit status 0 if all are known, 1 if one is refused, 3 if no format knows one.
    """

    def tell(looked: Looked) -> None:
        if looked.format is not None:
            click.echo(f"{printable(str(looked.file))}: {looked.format.id} ({looked.format.kind})")
        for finding in looked.findings:
            click.echo(f"{printable(str(looked.file))}: {printable(finding.text)}", err=True)

    _each(files, as_json, _desk(config), lambda desk, file: desk.identify(file), tell)


@click.command()
@FILES
@JSON
@CONFIG
@click.option("--all", "everything", is_flag=True, help="All rows and all findings, not only the first.")
def inspect(files: tuple[Path, ...], as_json: bool, config: Path | None, everything: bool) -> None:
    """Show what FILES say: header, totals, rows, and every finding beside its place.

    Exit status 0 if all are sound, 1 if there are findings of severity error, 3 if no format knows one.
    """

    def tell(looked: Looked) -> None:
        from h2h.cli.show_message import show

        show(looked, everything=everything)

    _each(files, as_json, _desk(config), lambda desk, file: desk.look(file), tell)


@click.command()
@FILES
@JSON
@CONFIG
@click.option("--bank", help="Check by this bank's schema and rules too.")
@click.option("--profile", help="Check by this scheme's usage rules too (h2h format profiles lists them).")
def validate(
    files: tuple[Path, ...], as_json: bool, config: Path | None, bank: str | None, profile: str | None
) -> None:
    """Say whether FILES are sound: schema, sums, and with --bank that bank's rules and its ERP's tables.

    With --profile payments are checked by a scheme's usage rules; each finding says which clause makes it.

    Exit status 0 if all are sound, 1 if there are findings of severity error, 3 if no format knows one.
    """

    def look(desk: Desk, file: Path) -> Looked:
        looked = desk.look(file, strict=True) if desk.table_of(file) is None else None
        if looked is not None and not (looked.unknown and desk.bank is not None):
            return looked
        import tempfile

        with tempfile.TemporaryFile() as nowhere:
            return desk.from_table(file, nowhere)

    def tell(looked: Looked) -> None:
        from h2h.cli.show_message import show_findings

        name = looked.table or (looked.without_format if looked.format is None else looked.format.id)
        click.echo(f"{printable(str(looked.file))}: {name}: {_verdict(looked, rules=bool(bank or profile))}")
        show_findings(looked.findings, everything=True)

    _each(files, as_json, _desk(config, bank, profile), look, tell, content=False)


def _verdict(looked: Looked, *, rules: bool) -> str:
    """Sound or not, and what a payment file was not asked."""
    from h2h.core.findings import holding

    if looked.exit_status != 0:
        return "not sound"
    if holding(looked.findings):
        return "sound, but it would be held for a person to look at"
    payments = looked.format is not None and looked.format.kind in ("credit-transfer", "direct-debit")
    return "sound" if rules or not payments else "sound in its form; --bank or --profile asks the rules too"


def _desk(config: Path | None, bank: str | None = None, profile: str | None = None) -> Desk:
    from h2h.cli.desk import Desk
    from h2h.core.errors import H2HError

    try:
        return Desk(config, bank, profile)
    except H2HError as problem:
        raise click.ClickException(str(problem)) from problem


def _each(
    files: Iterable[Path],
    as_json: bool,
    desk: Desk,
    look: Callable[[Desk, Path], Looked],
    tell: Callable[[Looked], None],
    *,
    content: bool = True,
) -> None:
    """Look at every file and print it; the worst exit status of all is the command's."""
    from h2h.core.errors import H2HError

    worst, several = 0, len(tuple(files)) > 1
    for file in files:
        try:
            looked = look(desk, file)
        except H2HError as problem:
            raise click.ClickException(str(problem)) from problem
        worst = max(worst, looked.exit_status)
        if as_json:
            click.echo(json.dumps(_as_json(looked, content=content, name=several), ensure_ascii=False))
        else:
            tell(looked)
    raise SystemExit(worst)


def _as_json(looked: Looked, *, content: bool, name: bool) -> dict[str, Any]:
    from h2h.core.view.message import message_json, refused_json

    if content and looked.read is not None and looked.format is not None:
        made = message_json(looked.format, looked.read)
    else:
        made = refused_json(looked.format, looked.findings)
    return {"file": str(looked.file), **made} if name else made
