"""What an installation's configuration says, read with the right rights: its banks, its secrets, their codes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from h2h.cli.options import CONFIG_VARIABLE, DEFAULT_CONFIG
from h2h.cli.owner import become_owner
from h2h.cli.to_type import again

if TYPE_CHECKING:
    from h2h.core.answers import BankCode
    from h2h.settings import BankProfile, Secret, Settings

#: Where systemd keeps the service's credentials; root and the service's user can read them from outside, too.
SERVICE_CREDENTIALS = Path("/run/credentials/h2h.service")


def settings_of(config: Path) -> Settings:
    """The configuration, read with the rights of the caller; from then on with those of the installation's owner.

    A missing file is a usage error; ``Misconfigured`` names every mistake in it.
    """
    from h2h.core.errors import Misconfigured
    from h2h.settings import load

    try:
        config.stat()
    except (FileNotFoundError, NotADirectoryError):
        hint = f" Name yours with -c FILE or in ${CONFIG_VARIABLE}." if config == DEFAULT_CONFIG else ""
        raise click.BadParameter(f"{config} does not exist.{hint}", param_hint="'-c' / '--config'") from None
    except PermissionError as problem:
        raise Misconfigured(f"{config}: you may not read it", hint=f"as root: {again('sudo')}") from problem
    settings = load(config)
    become_owner(settings.paths.state)
    return settings


def bank_named(settings: Settings, name: str) -> BankProfile:
    """The profile of the bank that a person named; ``Misconfigured`` says which there are."""
    from h2h.core.errors import Misconfigured

    if name not in settings.banks:
        known = ", ".join(sorted(settings.banks)) or "none"
        raise Misconfigured(f"there is no bank {name!r} in {settings.source}", hint=f"name one of these: {known}")
    return settings.banks[name]


def environment() -> dict[str, str]:
    """The environment, with the service's credentials where they can be read from here."""
    own = dict(os.environ)
    if "CREDENTIALS_DIRECTORY" not in own and os.access(SERVICE_CREDENTIALS, os.R_OK | os.X_OK):
        own["CREDENTIALS_DIRECTORY"] = str(SERVICE_CREDENTIALS)
    return own


def secrets_named(settings: Settings) -> list[tuple[str, Secret]]:
    """(place in the configuration, reference) of every secret."""
    from h2h.settings import PgpSeal, SftpChannel

    found = [("journal.password", settings.journal.password)]
    for name, bank in settings.banks.items():
        if isinstance(bank.channel, SftpChannel):
            for field in ("key", "key_passphrase", "password"):
                found.append((f"banks/{name}: channel.{field}", getattr(bank.channel, field)))
        if isinstance(bank.seal, PgpSeal):
            found.append((f"banks/{name}: seal.passphrase", bank.seal.passphrase))
    return [(where, secret) for where, secret in found if secret is not None]


def codes_of_banks(settings: Settings | None) -> list[BankCode]:
    """The codes in the tables of banks with documents of their own; ``Misconfigured`` if a table cannot be read."""
    from h2h.adapters.format_files import load_answers
    from h2h.data import data_dir

    return load_answers(data_dir("formats"), *(settings.formats_directories if settings else ()))
