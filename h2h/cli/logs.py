"""What a command writes to the log: the daemon's own commands all of it, every other one its errors."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from h2h.cli.configuration import environment, secrets_named

if TYPE_CHECKING:
    from h2h.settings import Settings


def log_as_configured(settings: Settings) -> None:
    """The log goes to standard error, as ``[logging]`` says; secrets that can be read now never appear in it."""
    from h2h.adapters.secrets import Secrets
    from h2h.core.errors import Misconfigured
    from h2h.log import configure, hide

    configure(settings.logging.format, settings.logging.level, sys.stderr)
    secrets = Secrets.of_environment(environment())
    for _, secret in secrets_named(settings):
        try:
            hide(secrets.read(secret))
        except Misconfigured:
            continue  # whoever needs it says so, with what to do; one that cannot be read cannot be logged either


def only_errors() -> None:
    """The pipeline's log lines are the daemon's; beside the words of a command only its errors are of use."""
    from h2h.log import configure

    configure("auto", "error", sys.stderr)
