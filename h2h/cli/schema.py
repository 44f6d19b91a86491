"""`h2h schema`: list the schemas; add one that a bank or the standard's site handed out."""

from __future__ import annotations

import json
from pathlib import Path

import click

CONFIG = click.option(
    "-c",
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The installation's h2h.toml: its schema directories are used.",
)


@click.group()
def schema() -> None:
    """List schemas; add one that a bank handed out."""


@schema.command("list")
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_(config: Path | None, as_json: bool) -> None:
    """All schemas that are installed, by name."""
    from h2h.cli.desk import Desk
    from h2h.core.errors import H2HError

    try:
        names = Desk(config).schemas.names()
    except H2HError as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        click.echo(json.dumps([{"name": name, "file": str(file)} for name, file in names]))
        return
    for name, file in names:
        click.echo(f"{name:28} {file.parent}")
    if not names:
        click.echo("no schema is installed; `make setup` fetches the official ones", err=True)


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
