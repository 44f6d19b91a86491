"""`h2h reread`: a bank's file that was set aside is taken again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from h2h.cli import options
from h2h.cli.objects import print_json
from h2h.cli.site import daemon_runs, house_of
from h2h.cli.to_type import with_config

if TYPE_CHECKING:
    from h2h.core.records import InboundFile
    from h2h.pipeline.house import House


@click.command()
@click.argument("file", metavar="FILE")
@options.reason_option()
@options.actor_option
@options.config_option
@options.json_option
def reread(file: str, reason: str, actor: str, config: Path, as_json: bool) -> None:
    """Take FILE of a bank, which was set aside, again from the archive, when the cause is mended.

    FILE is its id (or its start), or its name at the bank. Every check is made anew, from the signature on. Exit status
    0, or 1 if nothing of that name is set aside.
    """
    from h2h.cli.objects import file_object
    from h2h.cli.screen import console, say
    from h2h.pipeline.reread import reread as take_again

    with house_of(config) as house:
        done = take_again(house, _one(house, file).fid, actor=actor, reason=reason)
        runs = daemon_runs(house.settings)
    if as_json:
        print_json(file_object(done) | {"actor": actor, "reason": reason})
        return
    out = console()
    say(out, f"{done.remote_name} ({done.fid}) is read again, by {actor}: {reason}", "strong")
    if runs is False:
        say(out, f"Next: {with_config('h2h once', config)}  (the daemon is not running)")
    else:
        say(out, f"Next: {with_config(f'h2h explain {done.fid}', config)}")


def _one(house: House, what: str) -> InboundFile:
    """The one file that was set aside and is called so; ``NotFound`` with those that may have been meant."""
    from h2h.core.errors import IllegalTransition, NotFound
    from h2h.core.records import FileState

    aside = house.journal.files(states=(FileState.QUARANTINED,))
    found = [f for f in aside if f.fid == what] or [f for f in aside if f.fid.startswith(what) or f.remote_name == what]
    if len(found) == 1:
        return found[0]
    if found:
        told = ", ".join(f"{f.fid} ({f.remote_name}, {f.bank})" for f in found[:5])
        raise NotFound(f"{len(found)} files that were set aside are called '{what}'", hint=f"give the id: {told}")
    elsewhere = [f for f in house.journal.files() if f.fid.startswith(what) or f.remote_name == what]
    if elsewhere:
        there = f"{elsewhere[0].remote_name} ({elsewhere[0].fid}) is {elsewhere[0].state}"
        raise IllegalTransition(f"{there}; only what was set aside is read again")
    raise NotFound(
        f"no file of a bank that was set aside is called '{what}'",
        hint=f"{with_config('h2h status', house.settings.source)} lists them",
    )
