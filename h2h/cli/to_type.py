"""Commands for a person to type: whole, with the configuration that they are about."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from h2h.cli.options import CONFIG_VARIABLE, DEFAULT_CONFIG


def with_config(text: str, config: Path) -> str:
    """*text*, a command, with ``-c`` if the configuration is not the one that is found without it."""
    named = os.environ.get(CONFIG_VARIABLE)
    found = Path(named) if named else DEFAULT_CONFIG
    if not text.startswith("h2h ") or config == found:
        return text
    return f"{text} -c {shlex.quote(str(config))}"


def again(how: str) -> str:
    """The command that was typed, once more; *how*, for example with ``sudo``, before it."""
    return f"{how} {shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])}"
