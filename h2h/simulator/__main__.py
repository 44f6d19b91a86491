"""``python -m h2h.simulator DIRECTORY``: a bank as a process of its own."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

import click

from h2h.simulator.bank import SimulatedBank
from h2h.simulator.behaviour import BEHAVIOURS, load_behaviour


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--port", default=0, show_default="a free one", help="Where the SFTP server listens, on 127.0.0.1.")
@click.option("--behaviour", default="cents", show_default=True, help=f"A TOML file, or: {', '.join(BEHAVIOURS)}.")
@click.option("--pgp/--no-pgp", default=True, show_default=True, help="Sealed by PGP both ways.")
@click.option("--every", default=0.2, show_default=True, help="Seconds between two looks at the folder.")
def main(directory: Path, port: int, behaviour: str, pgp: bool, every: float) -> None:
    """Be a bank in DIRECTORY until told to stop. The first line printed says in JSON how to reach it."""
    try:
        how = load_behaviour(behaviour)
    except ValueError as problem:
        raise click.UsageError(str(problem)) from problem
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with SimulatedBank(directory, port=port, behaviour=how, pgp=pgp) as bank:
        click.echo(json.dumps(described(bank)))
        bank.serve(stop, every)


def described(bank: SimulatedBank) -> dict[str, object]:
    """How to reach *bank*, and where it keeps what it got."""
    channel, keys = bank.channel(), bank.keys
    return {
        "host": channel.host,
        "port": channel.port,
        "username": channel.username,
        "host_key": keys.host_key_fingerprint,
        "client_key": str(keys.client_key),
        "keyring": str(keys.client_keyring) if keys.client_keyring else None,
        "own_fingerprint": keys.client_fingerprint,
        "bank_fingerprint": keys.bank_fingerprint,
        "received": str(bank.oracle.path),
        "folders": {"to_bank": bank.folders.to_bank, "from_bank": list(bank.folders.from_bank)},
    }


if __name__ == "__main__":
    main()
