"""`h2h schema`: list the schemas; add one that a bank or the standard's site handed out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from h2h.cli.options import own_config_option
from h2h.cli.verbs import Verbs

if TYPE_CHECKING:
    from h2h.adapters.schema_sources import Provenance

CONFIG = own_config_option("its schema directories are used")


@click.group(cls=Verbs)
def schema() -> None:
    """List schemas; add one that a bank handed out."""


@schema.command("list")
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_(config: Path | None, as_json: bool) -> None:
    """All schemas that are installed, where each comes from, and whether it still is what was installed.

    Exit status 1 if one was changed since.
    """
    from h2h.adapters.schema_sources import provenance_of
    from h2h.cli.desk import Desk
    from h2h.core.errors import H2HError

    try:
        known = [(name, provenance_of(file)) for name, file in Desk(config).schemas.names()]
    except H2HError as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        rows = [
            {"name": name, "file": str(p.file), "origin": _origin(p), "sha256": p.sha256, "recorded": p.recorded}
            for name, p in known
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        for name, p in known:
            mark = "CHANGED since it was installed" if p.changed else f"sha256 {p.sha256[:12]}…"
            click.echo(f"{name:28} {mark}  {_origin(p) or 'origin not recorded'}  ({p.file.parent})")
    if not known:
        click.echo("no schema is installed; `make setup` fetches the official ones", err=True)
    sys.exit(1 if any(p.changed for _, p in known) else 0)


def _origin(known: Provenance) -> str | None:
    """As it was recorded; of a schema that has no record and lies in the program's own folder, that."""
    from h2h.data import data_dir

    own = data_dir("xsd").resolve() in known.file.resolve().parents
    return known.origin or ("written for h2h, delivered with it" if own else None)


@schema.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--origin", help="Where it comes from (default: its path).")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to install it (default: the first of the configuration's schema_directories).",
)
@CONFIG
def add(files: tuple[Path, ...], origin: str | None, directory: Path | None, config: Path | None) -> None:
    """Install FILES, with origin, day and sha256 in SOURCES.toml beside them. A bank's profile may then name them.

    A schema that another one includes must lie beside it. Nothing is overwritten.
    """
    from h2h.adapters.clock import SystemClock
    from h2h.adapters.schema import add_schema
    from h2h.core.errors import H2HError

    try:
        target = directory or _own_directory(config)
        today = SystemClock().now().date()
        for file in files:
            click.echo(f"{add_schema(file, target, origin or str(file.resolve()), today)}: installed")
    except H2HError as problem:
        raise click.ClickException(str(problem)) from problem


def _own_directory(config: Path | None) -> Path:
    from h2h.settings import load

    directories = load(config).schema_directories if config is not None else ()
    if not directories:
        raise click.UsageError("say where: --directory, or -c with schema_directories in the configuration")
    return directories[0]
