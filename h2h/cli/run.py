"""`h2h run` and `h2h once`: the daemon, and one pass of what it does."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from h2h.cli import options
from h2h.cli.configuration import environment, settings_of
from h2h.cli.logs import log_as_configured
from h2h.cli.objects import print_json
from h2h.cli.site import daemon_runs, site_of
from h2h.cli.to_type import with_config

if TYPE_CHECKING:
    from h2h.core.records import InboundFile, Submission


@click.command()
@options.config_option
def run(config: Path) -> None:
    """Run the daemon: watch, convert, seal, send, fetch, deliver, until told to stop.

    SIGTERM ends it after the step in flight; SIGHUP reads the configuration again. Exit status 0 when it was told to
    stop, 1 if it cannot start.
    """
    from h2h.daemon import Daemon

    settings = settings_of(config)
    log_as_configured(settings)
    raise SystemExit(Daemon(config, settings, environment()).run())


@click.command()
@options.config_option
@options.json_option
def once(config: Path, as_json: bool) -> None:
    """Do one pass over all that is due, then exit.

    Exit status 0; 1 if something was refused, held, set aside or is in doubt, or if the daemon is running (it does all
    this by itself).
    """
    from h2h.core.errors import Unavailable
    from h2h.pipeline.rounds import once as one_pass
    from h2h.wiring import open_house

    settings = settings_of(config)
    if daemon_runs(settings):
        raise Unavailable("the daemon is running, and does by itself what is due", hint=_status(config))
    log_as_configured(settings)
    with open_house(settings, environment(), daemon=True) as house:
        began = house.now()
        sound = one_pass(house)
    _tell(config, began, as_json)
    raise SystemExit(0 if sound else 1)


def _status(config: Path) -> str:
    return with_config("h2h status", config)


def _tell(config: Path, began: datetime, as_json: bool) -> None:
    """What the pass did, file by file."""
    from h2h.adapters.journal.tally import changed_since

    with site_of(config) as site:
        subs, files = changed_since(site.journal, began)
    if as_json:
        print_json(
            {"submissions": [_submission(s) for s in subs], "files": [_file(f) for f in files]},
        )
        return
    from h2h.cli.screen import console, grid, plural, row, say, style_of, who
    from h2h.core.story import present, present_of_file

    out = console()
    if not subs and not files:
        say(out, "Nothing was due.")
        return
    table = grid("!", "file", "!state", "who must act", indent=0)
    for sub in subs:
        at = present(sub)
        row(table, f"→ {sub.bank}", sub.source_name, (str(sub.state), style_of(sub.state)), who(at.who_acts), indent=0)
    for file in files:
        at = present_of_file(file)
        row(table, f"← {file.bank}", file.remote_name, str(file.state), who(at.who_acts), indent=0)
    out.print(table)
    say(out, f"{plural(len(subs), 'file')} to banks, {len(files)} from banks. Next: {_status(config)}")


def _submission(sub: Submission) -> dict[str, Any]:
    from h2h.cli.objects import submission_object

    return submission_object(sub)


def _file(file: InboundFile) -> dict[str, Any]:
    from h2h.cli.objects import file_object

    return file_object(file)
