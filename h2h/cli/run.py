"""`h2h run` and `h2h once`: the daemon, and one pass of what it does."""

from __future__ import annotations

from pathlib import Path

import click

from h2h.cli.common import config_option, environment, settings_of


@click.command()
@config_option
def run(config: Path) -> None:
    """The daemon: watch, convert, seal, send, fetch, deliver, until told to stop."""
    from h2h.daemon import Daemon

    settings = settings_of(config)
    raise SystemExit(Daemon(config, settings, environment()).run())


@click.command()
@config_option
def once(config: Path) -> None:
    """One pass over all that is due, then exit; 1 if something was refused or is in doubt."""
    from h2h.pipeline.rounds import once as one_pass
    from h2h.wiring import open_house

    settings = settings_of(config)
    with open_house(settings, environment()) as house:
        raise SystemExit(0 if one_pass(house) else 1)
