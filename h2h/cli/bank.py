"""`h2h bank test` tries a bank's server; `h2h bank simulate` is a bank."""

from __future__ import annotations

import json
import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from h2h.cli.configuration import bank_named, environment, settings_of
from h2h.cli.errors import tell
from h2h.cli.objects import print_json
from h2h.cli.options import config_option, json_option
from h2h.cli.verbs import Verbs

if TYPE_CHECKING:
    from h2h.cli.bank_probe import Probe, Step
    from h2h.settings import BankProfile, Settings
    from h2h.simulator import Behaviour, SimulatedBank
    from h2h.simulator.server import Login

# Written out, so that `--help` imports no simulator; a test compares.
_BEHAVIOURS = (
    "accept, cents, reject-account, reject-file, silent, return-later, duplicate-ack, late, out-of-order, "
    "statement-gap, foreign-ack, half-written, notify, no-recall, takes-temporaries"
)
_MARKS = {"yes": ("✓", "green"), "no": ("✗", "red"), "note": ("!", "yellow")}


@click.group(cls=Verbs)
def bank() -> None:
    """Try a bank's server, or be a bank."""


@bank.command("test")
@click.argument("name", metavar="BANK")
@config_option
@click.option("--look-only", is_flag=True, help="Write nothing; rename, read-back and removal stay untried.")
@click.option(
    "--wait",
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="So long the bank must leave a file with a temporary name alone; longer than its own programs sleep is best.",
)
@json_option
def test(name: str, config: Path, look_only: bool, wait: float, as_json: bool) -> None:
    """Reach BANK's server, prove it, and find out what it can do.

    A small file with a temporary name is written, read back, renamed and removed; a bank does not take it for a
    payment. Exit status 0 if all that h2h needs works, 1 if not.
    """
    import os

    from h2h.adapters.secrets import Secrets
    from h2h.cli.bank_probe import Probe
    from h2h.core.errors import H2HError

    try:
        profile = bank_named(settings_of(config), name)
        secrets = Secrets.of_environment(environment())
    except H2HError as problem:
        tell(problem)
        raise SystemExit(1) from problem
    probe = Probe(profile, secrets.read, os.urandom(4).hex(), (lambda _: None) if as_json else _show, wait)
    good = probe.run(write=not look_only)
    if as_json:
        print_json({"bank": name, "ok": good, "steps": [asdict(s) for s in probe.steps], "submission": probe.found})
    else:
        _conclude(name, good, probe)
    raise SystemExit(0 if good else 1)


@bank.command()
@config_option
@click.option("--bank", "name", metavar="BANK", help="Which one to be; not needed if there is only one.")
@click.option("--directory", type=click.Path(file_okay=False, path_type=Path), help="Where it keeps its things.")
@click.option("--port", default=0, show_default="a free one", help="Where it listens, on 127.0.0.1.")
@click.option("--behaviour", default="cents", show_default=True, help=f"A TOML file, or one of: {_BEHAVIOURS}.")
def simulate(config: Path, name: str | None, directory: Path | None, port: int, behaviour: str) -> None:
    """Be a bank, with the folders and keys of your own profile, until Ctrl-C.

    It listens on this machine only, takes files as the real bank would, and answers with status reports and
    statements. Point a copy of the profile at it with the lines it prints; your real bank is never contacted.
    """
    from h2h.core.errors import H2HError, Misconfigured
    from h2h.simulator import load_behaviour
    from h2h.simulator.pgp import PgpProblem

    try:
        how = load_behaviour(behaviour)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--behaviour") from problem
    try:
        settings = settings_of(config)
        profile = _chosen(settings, name)
        place = directory or settings.paths.state / "simulated-banks" / profile.name
        simulated = _simulated(profile, place, port, how)
    except (PgpProblem, OSError) as problem:
        tell(Misconfigured(str(problem)))
        raise SystemExit(1) from problem
    except H2HError as problem:
        tell(problem)
        raise SystemExit(1) from problem
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with simulated:
        _introduce(profile, simulated)
        simulated.serve(stop)
    click.echo("The bank has closed.")


# ---------------------------------------------------------------------------------------------- test


def _show(step: Step) -> None:
    mark, colour = _MARKS[step.mark]
    click.echo(f"{click.style(mark, fg=colour)} {step.name}: {step.text}")
    if step.next_step:
        click.echo(f"    Next: {step.next_step}")


def _conclude(name: str, good: bool, probe: Probe) -> None:
    if probe.found:
        click.echo(f"\nWhat this server can do, for banks/{name}.toml:\n\n[submission]")
        for key, value in sorted(probe.found.items()):
            click.echo(f"{key} = {json.dumps(value)}")
    click.echo()
    click.echo(f"{name} can be used." if good else f"{name} cannot be used like this.")


# ---------------------------------------------------------------------------------------------- simulate


def _chosen(settings: Settings, name: str | None) -> BankProfile:
    from h2h.core.errors import Misconfigured

    if name is not None:
        return bank_named(settings, name)
    if len(settings.banks) != 1:
        raise Misconfigured(f"which bank? --bank NAME, one of: {', '.join(settings.banks)}")
    return next(iter(settings.banks.values()))


def _simulated(profile: BankProfile, directory: Path, port: int, how: Behaviour) -> SimulatedBank:
    from h2h.settings import DirectoryChannel, PgpSeal
    from h2h.simulator import Agreement, SimulatedBank
    from h2h.simulator.keys import prepare_for

    seal = profile.seal
    sealed = isinstance(seal, PgpSeal)
    keyring, own = (seal.keyring, seal.own_fingerprint) if isinstance(seal, PgpSeal) else (None, None)
    return SimulatedBank(
        directory,
        port=port,
        behaviour=how,
        keys=prepare_for(directory / "keys", keyring, own),
        pgp=sealed,
        agreement=Agreement(
            folders=profile.folders,
            login=_login(profile),
            root=profile.channel.root if isinstance(profile.channel, DirectoryChannel) else None,
            suffix=seal.suffix,
        ),
        tell=click.echo,
    )


def _login(profile: BankProfile) -> Login:
    """The profile's own key and password; where they cannot be read here, anybody on this machine may log in."""
    from h2h.adapters.secrets import Secrets
    from h2h.adapters.sftp.keys import credentials_of
    from h2h.core.errors import Misconfigured
    from h2h.settings import SftpChannel
    from h2h.simulator.server import Login

    channel = profile.channel
    if not isinstance(channel, SftpChannel):
        return Login("customer")
    try:
        credentials = credentials_of(channel, Secrets.of_environment(environment()).read)
    except Misconfigured as problem:
        click.echo(f"Any key is accepted, because the profile's cannot be read here: {problem.message}")
        return Login(channel.username)
    return Login(channel.username, (credentials.key,) if credentials.key else (), credentials.password)


def _points_here(profile: BankProfile, bank: SimulatedBank) -> bool:
    """Whether the profile is one for this very bank, such as the demo's."""
    from h2h.settings import PgpSeal, SftpChannel

    channel, seal, keys = profile.channel, profile.seal, bank.keys
    return (
        isinstance(channel, SftpChannel)
        and (channel.host, channel.port) == ("127.0.0.1", bank.port)
        and keys.host_key_fingerprint in channel.host_keys
        and (not isinstance(seal, PgpSeal) or keys.bank_fingerprint in seal.bank_encryption_fingerprints)
    )


def _introduce(profile: BankProfile, bank: SimulatedBank) -> None:
    keys = bank.keys
    click.echo(f"A simulated {profile.name} listens on 127.0.0.1, port {bank.port}.")
    click.echo(f"Files go to {bank.root / profile.folders.to_bank}; what it got is in {bank.oracle.path}.\n")
    if _points_here(profile, bank):
        click.echo(f"The profile {profile.name} names this bank's port and keys already. Ctrl-C closes the bank.")
        return
    click.echo('In a copy of the profile, with environment = "test":\n')
    click.echo(f'[channel]\nhost = "127.0.0.1"\nport = {bank.port}\nhost_keys = ["{keys.host_key_fingerprint}"]\n')
    if keys.bank_fingerprint is not None:
        click.echo(f'[seal]\nbank_encryption_fingerprints = ["{keys.bank_fingerprint}"]')
        click.echo(f'bank_signing_fingerprints = ["{keys.bank_fingerprint}"]\n')
        click.echo(
            f"and its key: gpg --homedir {keys.client_keyring} --import {bank.directory / 'keys' / 'bank.asc'}\n"
        )
    click.echo("Ctrl-C closes the bank.")
