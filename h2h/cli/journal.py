"""`h2h journal verify`: the journal and the ledger against each other, and each against itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from h2h.cli import options
from h2h.cli.objects import print_json
from h2h.cli.site import site_of
from h2h.cli.to_type import with_config
from h2h.cli.verbs import Verbs

if TYPE_CHECKING:
    from h2h.adapters.journal.audit import Report
    from h2h.settings import Settings


@click.group(cls=Verbs)
def journal() -> None:
    """The journal and the ledger."""


@journal.command()
@options.config_option
@options.json_option
def verify(config: Path, as_json: bool) -> None:
    """Check the database, every history, the ledger's chain, and that both witnesses agree.

    Changes nothing and works while the daemon runs. Exit status 0 if all is sound, 1 if anything is not.
    """
    from h2h.core.errors import Misconfigured

    try:
        report, settings = _audited(config)
    except Misconfigured as problem:
        if not as_json:
            raise
        # Too damaged to be opened is an answer, too.
        print_json({"sound": False, "faults": [{"where": "journal", "text": str(problem)}], "notes": []})
        raise SystemExit(1) from problem
    if as_json:
        print_json(_as_object(report))
    else:
        _print(report, settings)
    if report.faults:
        raise SystemExit(1)


def _audited(config: Path) -> tuple[Report, Settings]:
    from h2h.adapters.journal.audit import verify as audit
    from h2h.adapters.journal.beside import ledgers
    from h2h.adapters.journal.heads import contradiction

    with site_of(config) as site:
        paths, there = site.settings.paths, ledgers(site.settings.paths.ledger, site.settings.ledgers)
        report = audit(site.journal, *there)
        for node in site.journal.nodes(at=site.clock.now()):
            name = site.settings.ledger_of(node.name)
            if site.settings.ledgers and name not in [path.name for path in there]:
                report.faults.append((f"ledger {name}", f"it is not there, and node '{node.name}' has worked"))
        for ledger in there:
            if paths.heads is not None and (words := contradiction(paths.heads, ledger)):
                report.faults.append(("heads", words))
        return report, site.settings


@journal.command("accept-older")
@options.reason_option()
@options.actor_option
@options.config_option
@options.json_option
def accept_older(reason: str, actor: str, config: Path, as_json: bool) -> None:
    """Go on from journal and ledger that are older than paths.heads knows, because nothing newer is left.

    Stop the daemon first. Everything that has not been sent, as far as this copy knows, is held: it may have been sent
    after the copy was made. Exit status 0, or 1 if the copy is not older, or a daemon runs.
    """
    from h2h.cli.older import accept
    from h2h.cli.screen import plural

    with site_of(config) as site:
        held, lost = accept(site, actor=actor, reason=reason)
    if as_json:
        print_json({"held": held, "records_lost": lost, "actor": actor, "reason": reason})
        return
    click.echo(f"h2h goes on from the older copy, by {actor}: {reason}. Lost: {plural(lost, 'record')} of the ledger.")
    click.echo(f"Held: {plural(len(held), 'file')}. Each may have been sent after the copy was made.")
    click.echo(
        "Files that were dropped after the copy was made are not known any more: the ERP must not drop them again "
        "before somebody has looked into the archive."
    )
    click.echo(f"Next: {with_config('h2h status', config)}")


def _as_object(report: Report) -> dict[str, Any]:
    return {
        "sound": not report.faults,
        "submissions": report.submissions,
        "events": report.events,
        "ledger": {"records": report.records, "head": report.head},
        "faults": [{"where": where, "text": text} for where, text in report.faults],
        "notes": [{"where": where, "text": text} for where, text in report.notes],
    }


def _print(report: Report, settings: Settings) -> None:
    click.echo(f"journal  {report.submissions} submissions, {report.events} events")
    ledger = settings.paths.ledger.with_name(Path(settings.ledgers or settings.paths.ledger).name)
    click.echo(f"ledger   {ledger}: {report.records} records, head {report.head[:16] or 'none'}")
    for where, text in report.notes:
        click.echo(f"note     {where}: {text}")
    for where, text in report.faults:
        click.secho(f"FAULT    {where}: {text}", fg="red")
    if report.faults:
        click.echo(
            f"{len(report.faults)} faults. Next: the system administrator stops h2h, keeps a copy of the journal and "
            "the ledger, and compares with the backup."
        )
    else:
        click.echo("Sound: every history leads to its row, the ledger's chain is whole, and both say the same.")
