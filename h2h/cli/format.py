"""`h2h format`: list the formats, prove a format folder, accept what its goldens say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from h2h.cli.options import own_config_option
from h2h.cli.screen import printable
from h2h.cli.verbs import Verbs

if TYPE_CHECKING:
    from h2h.cli.desk import Desk

CONFIG = own_config_option("its own formats and schemas are used too")


@click.group("format", cls=Verbs)
def format_() -> None:
    """List formats; prove a format folder."""


@format_.command("list")
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_(config: Path | None, as_json: bool) -> None:
    """All formats: what they are, whether h2h writes them, whether their schema is installed."""
    from h2h.core.errors import H2HError

    desk = _desk(config)
    rows = []
    for entry in desk.book:
        try:
            schema = str(desk.schemas.path(entry.schema).name) if entry.schema else None
            absent = False
        except H2HError:
            schema, absent = entry.schema, True
        rows.append(
            {"id": entry.id, "kind": entry.kind, "writes": entry.writes, "schema": schema, "schema_missing": absent}
        )
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        does = "reads, writes" if row["writes"] else "reads"
        missing = " (missing)" if row["schema_missing"] else ""
        about = f"schema {row['schema']}{missing}" if row["schema"] else "no schema"
        click.echo(f"{row['id']:28} {row['kind']:16} {does:14} {about}")


@format_.command()
@click.argument("id_", metavar="ID")
@click.option(
    "--from",
    "sample",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A document of the bank's own: it becomes the mapping and the first golden.",
)
@click.option("--kind", default="credit-transfer", show_default=True, help="What its documents say.")
@click.option("--record", help="The element that is one payment, entry or status (default: the one that repeats most).")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="here",
    help="Where the folder ID is made.",
)
def new(id_: str, sample: Path, kind: str, record: str | None, directory: Path) -> None:
    """Make a format folder ID with a starting mapping, drawn from a sample document.

    What the sample's names say for certain is annotated; every other value stands as a comment that a person replaces.
    Nothing that exists is overwritten.
    """
    from h2h.cli.new_format import new_folder
    from h2h.core.errors import Refused

    try:
        folder, draft = new_folder(id_, sample, kind, record, directory)
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
    except OSError as problem:
        raise click.ClickException(f"{directory / id_}: {problem.strerror}") from problem
    click.echo(f"{folder}: made; {len(draft.known)} elements are annotated, {len(draft.blanks)} are left to you")
    click.echo(f"taken for one of many: {draft.record} (--record names another)")
    for path in draft.blanks:
        click.echo(f"  blank: {path}")
    click.echo(f"Next: fill in {folder / 'mapping.xml'}, then h2h format accept {folder}, h2h format check {folder}")


@format_.command()
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def profiles(config: Path | None, as_json: bool) -> None:
    """Scheme profiles: usage rules over the formats, with their source and since when they hold."""
    from h2h.core.errors import H2HError
    from h2h.settings.scheme import scheme_profiles

    settings = _desk(config).settings
    try:
        known = scheme_profiles(settings.formats_directories if settings else ())
    except H2HError as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        click.echo(json.dumps([p.model_dump(mode="json") for p in known], ensure_ascii=False))
        return
    for profile in known:
        click.echo(f"{profile.name:18} {profile.title}")
        click.echo(f"{'':18} since {profile.valid_from}, {len(profile.usage)} usage rules; {profile.source}")


@format_.command()
@click.argument("folders", nargs=-1, metavar="[DIR|ID]…")
@CONFIG
def check(folders: tuple[str, ...], config: Path | None) -> None:
    """Prove format folders (all that are delivered, if none is named): cards, goldens both ways, garbage refused.

    Exit status 0 if everything is proved, 1 if not.
    """
    from h2h.cli.proof import prove

    desk = _desk(config)
    faults = 0
    for folder in _folders(desk, folders):
        for proof in prove(folder, desk):
            faults += proof.fault is not None
            verdict, why = (
                ("not ok", f": {proof.fault}") if proof.fault else ("ok", f" ({proof.note})" * bool(proof.note))
            )
            click.echo(printable(f"{verdict:7} {proof.about}{why}", lines=True))
    if faults:
        raise SystemExit(1)


@format_.command()
@click.argument("folder", metavar="DIR|ID")
@click.option("--force", is_flag=True, help="Overwrite neighbours that exist and differ.")
@CONFIG
def accept(folder: str, force: bool, config: Path | None) -> None:
    """Write the missing neighbours of a folder's goldens: what h2h reads in them today.

    Read them before you keep them: they are what the format promises from now on.
    """
    from h2h.cli.proof import errors_in, goldens_of, neighbours, read_text

    desk = _desk(config)
    refused = 0
    (path,) = _folders(desk, (folder,))
    _take_in(desk, path)
    for golden in goldens_of(path):
        for file, content in neighbours(golden, desk).items():
            if file.exists() and read_text(file) == content:
                continue
            if file.exists() and not force:
                click.echo(f"{file}: differs; --force overwrites it", err=True)
                refused += 1
                continue
            file.write_bytes(content.encode("utf-8", "surrogateescape"))
            noted = errors_in(file)
            click.echo(printable(f"{file}: written" + (f", {noted}" if noted else "")))
    if refused:
        raise SystemExit(1)


def _desk(config: Path | None) -> Desk:
    from h2h.cli.desk import Desk
    from h2h.core.errors import H2HError

    try:
        return Desk(config)
    except H2HError as problem:
        raise click.ClickException(str(problem)) from problem


def _take_in(desk: Desk, folder: Path) -> None:
    from h2h.core.errors import H2HError

    try:
        desk.take_in(folder)
    except H2HError as problem:
        raise click.ClickException(str(problem)) from problem


def _folders(desk: Desk, named: tuple[str, ...]) -> list[Path]:
    """The folders of these paths or format ids; without any, all folders."""
    by_id = {f.id: Path(f.family.folder) for f in desk.book if f.family is not None}
    known = {path.name: path for path in by_id.values()}
    if not named:
        return list(known.values())
    found = []
    for name in named:
        path = Path(name)
        chosen = path if (path / "format.toml").is_file() else by_id.get(name) or known.get(name)
        if chosen is None:
            raise click.UsageError(f"{name} is neither a format folder nor the id of a format")
        found.append(chosen)
    return found
