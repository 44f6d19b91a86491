"""`h2h journal verify`: the journal and the ledger against each other, and each against itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from h2h.adapters.journal.audit import Report
    from h2h.settings import Settings


@click.group()
def journal() -> None:
    """The journal and the ledger."""


@journal.command()
@click.option(
    "-c",
    "--config",
    "config",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The installation's h2h.toml.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(config: Path, as_json: bool) -> None:
    """Check the database, every history, the ledger's chain, and that both witnesses agree. Changes nothing.

    Exit status 0 if all is sound, 1 if anything is not.
    """
    from h2h.core.errors import H2HError
    from h2h.settings import load

    try:
        settings = load(config)
        report = _audit(settings)
    except H2HError as problem:
        if as_json:
            click.echo(json.dumps({"sound": False, "faults": [{"where": "journal", "text": str(problem)}]}))
            raise SystemExit(1) from problem
        raise click.ClickException(str(problem)) from problem
    if as_json:
        click.echo(json.dumps(_as_json(report), indent=2))
    else:
        _tell(report, settings)
    if report.faults:
        raise SystemExit(1)


def _audit(settings: Settings) -> Report:
    from h2h.adapters.clock import SystemClock
    from h2h.adapters.journal import default_url, open_journal
    from h2h.adapters.journal.audit import verify as audit
    from h2h.adapters.secrets import Secrets

    secret = settings.journal.password
    password = Secrets.of_environment(os.environ).text(secret) if secret else None
    url = settings.journal.url or default_url(settings.paths.state)
    now = SystemClock().now()
    with open_journal(url, instance=settings.instance, now=now, password=password, must_exist=True) as opened:
        return audit(opened, settings.paths.ledger)


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "sound": not report.faults,
        "submissions": report.submissions,
        "events": report.events,
        "ledger": {"records": report.records, "head": report.head},
        "faults": [{"where": where, "text": text} for where, text in report.faults],
        "notes": [{"where": where, "text": text} for where, text in report.notes],
    }


def _tell(report: Report, settings: Settings) -> None:
    click.echo(f"journal  {report.submissions} submissions, {report.events} events")
    click.echo(f"ledger   {settings.paths.ledger}: {report.records} records, head {report.head[:16] or 'none'}")
    for where, text in report.notes:
        click.echo(f"note     {where}: {text}")
    for where, text in report.faults:
        click.secho(f"FAULT    {where}: {text}", fg="red")
    if report.faults:
        click.echo(
            f"{len(report.faults)} faults. Next: the system administrator stops h2h, keeps a copy of both files, "
            "and compares with the backup; see the operator's guide."
        )
    else:
        click.echo("Sound: every history leads to its row, the ledger's chain is whole, and both say the same.")
